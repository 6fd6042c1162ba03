//! A layer of a file, looked at by itself.

use ease_grid::{EaseWindow, Statistics};
use jiff::civil::Date;
use loam_core::file::FileId;
use loam_core::iso_date;
use serde::{Deserialize, Serialize};
use smap_files::{Overpass, Role};

use super::Failure;

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAt {
    /// The file.
    pub file: FileId,
    /// Name of the layer; `None` for the one that the file is used for.
    pub layer: Option<String>,
    /// Of a layer of several days which; the first where it has no such day.
    pub step: LookStep,
    /// The layer where it lies, not what of it lies in the region.
    pub whole: bool,
}

/// One of the days of a layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookStep {
    /// The day; `None` where nothing says it.
    #[serde(with = "iso_date")]
    pub date: Option<Date>,
    /// SMAP's overpass, where a day has two.
    pub overpass: Option<Overpass>,
}

/// What there is to see of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookReport {
    /// Name of the file.
    pub name: String,
    /// Its layers.
    pub layers: Vec<LookLayer>,
    /// Number of the one that is drawn.
    pub layer: usize,
    /// Its days.
    pub steps: Vec<LookStep>,
    /// Number of the one that is drawn.
    pub step: usize,
    /// Simulated, not observed.
    pub simulated: bool,
    /// The picture, or why there is none.
    pub picture: Result<LookPicture, Failure>,
}

/// A layer of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookLayer {
    /// Its name in the file.
    pub name: String,
    /// What it is, or why it cannot be drawn.
    pub about: String,
    /// It can be.
    pub drawable: bool,
}

/// A layer's pixels, resampled (nearest) to what is drawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookPicture {
    /// Cells that it covers.
    pub window: EaseWindow,
    /// Pixels along a cell's edge.
    pub per: usize,
    /// It is the whole layer.
    pub whole: bool,
    /// Some of the layer lies in the region.
    pub in_region: bool,
    /// 3 km cells that the layer covers.
    pub extent: EaseWindow,
    /// What the values are.
    pub role: Role,
    /// Their unit; empty where nothing says it.
    pub unit: String,
    /// The layer's own grid, for people.
    pub grid: String,
    /// Statistics of the pixels drawn.
    pub statistics: Statistics,
    /// Their 2nd and 98th percentile, rounded outwards.
    pub limits: (f64, f64),
    /// Attachment (`F32`): row-major values, NaN where there is none.
    pub values: usize,
    /// Attachment (`U8`): [`ease_grid::Reason`] by number.
    pub reasons: usize,
    /// Attachment (`F32`): the edge of the layer's grid in pixels, x and y in turn; empty where it goes around the globe.
    pub footprint: usize,
}

impl LookPicture {
    /// Pixels across and down.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.window.columns * self.per, self.window.rows * self.per)
    }
}
