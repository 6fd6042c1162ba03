//! The dates of a region.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use loam_core::file::FineOrigin;
use loam_core::iso_date;

/// The dates of the loaded files, for a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// By date.
    pub days: Vec<DayReport>,
}

/// One date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DayReport {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Share of the region SMAP saw (0..1); `None` without a SMAP file.
    pub coarse: Option<f32>,
    /// Share of the region the 3 km map covers; `None` without one.
    pub fine: Option<f32>,
    /// Where the 3 km map comes from.
    pub fine_origin: Option<FineOrigin>,
    /// Share of the region with backscatter.
    pub backscatter: Option<f32>,
    /// History dates a prediction here would use, oldest first.
    #[serde(with = "iso_date")]
    pub history: Vec<Date>,
    /// Earlier 3 km maps, for a method that learns from all of them instead of a history.
    pub earlier: Option<usize>,
    /// Why no prediction can be made here; `None` where one can.
    pub blocked: Option<String>,
    /// Simulated data.
    pub simulated: bool,
}
