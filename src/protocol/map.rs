//! The map of a date.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use ease_grid::{Edges, Statistics};
use loam_core::device_report::DeviceReport;
use loam_core::file::FineOrigin;
use loam_core::iso_date;
use loam_core::layer::LayerKind;
use loam_core::region_settings::RegionSettings;
use loam_core::score::{MassReport, ScoreReport};
use loam_core::stack::HistorySlot;
use loam_core::weights_report::WeightsReport;

/// A finished map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MapReport {
    /// The date t.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Region and rules.
    pub settings: RegionSettings,
    /// What can be drawn, in order.
    pub layers: Vec<LayerHead>,
    /// Dates used, oldest first.
    pub history: Vec<HistorySlot>,
    /// Estimate first, then the baselines, all on the same pixels. Empty without a reference.
    pub scores: Vec<ScoreReport>,
    /// How far the 36 km means of the estimate are from SMAP's; `None` where no block is known well enough, and for
    /// networks whose estimates are no moisture to compare.
    pub mass: Option<MassReport>,
    /// Weights.
    pub weights: WeightsReport,
    /// Device.
    pub device: DeviceReport,
    /// Which overpass of SMAP went in, and what fills it, in words.
    pub overpass: String,
    /// Attachment (`U8`) over the window: 1 where SMAP's value is of 6 am, 2 of 6 pm, 0 where there is none or the file does not say.
    pub overpasses: Option<usize>,
    /// What the half-width beside the estimate is, and what it rests on, in words; empty without one.
    pub interval: String,
    /// Cells along the region's edges, 3 km, whose estimate the network made without what lies outside. Not in the scores.
    pub frame: Edges,
    /// Where the reference comes from; `None` without one.
    pub reference: Option<FineOrigin>,
    /// Files that went in.
    pub inputs: Vec<String>,
    /// Fitted sensitivity of the disaggregation, m3/m3 per dB, where it was used.
    pub sensitivity: Option<f32>,
    /// How the inputs lie to those of the training, in words; empty where there is nothing to compare them with (TB CNN).
    pub applicability: String,
    /// Inputs are simulated.
    pub simulated: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Time from request to result.
    pub milliseconds: f64,
}

/// A layer of a map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerHead {
    /// What it shows.
    pub kind: LayerKind,
    /// Of which channel.
    pub channel: u8,
    /// Attachment (`F32`): row-major values over the window, NaN where masked.
    pub values: usize,
    /// Attachment (`U8`): [`ease_grid::Reason`] by number.
    pub reasons: usize,
    /// Statistics of the valid cells.
    pub statistics: Statistics,
}
