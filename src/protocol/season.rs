//! A season, date by date and as a whole.

use ease_grid::{EaseWindow, Edges};
use jiff::civil::Date;
use loam_core::iso_date;
use loam_core::method::Method;
use loam_core::weights_report::WeightsReport;
use serde::{Deserialize, Serialize};

/// Key of the [`loam_core::season::sidecar`] in which dates that are done go back to the worker: the page knows what they are of.
pub const SEASON_KEY: &str = "page";

/// A date of a season.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeasonDayReport {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Dates done, this one among them.
    pub done: u64,
    /// Dates in all.
    pub total: u64,
    /// Cells of the maps.
    pub window: EaseWindow,
    /// Attachment (`F32`): row-major values, NaN where masked; none where there is no map.
    pub values: Option<usize>,
    /// Attachment (`U8`): [`loam_core::export::flags`] of each cell, two bytes each, the lower one first.
    pub flags: Option<usize>,
    /// Attachment (`F32`): half-width of the 90 % interval, where the method says how sure it is.
    pub half_width: Option<usize>,
    /// Cells along the edges that lack their surroundings.
    pub frame: Edges,
    /// Why there is no map.
    pub left_out: Option<String>,
    /// Files that went in.
    pub files: Vec<String>,
    /// Weights, where there is a map.
    pub weights: Option<WeightsReport>,
    /// Simulated data.
    pub simulated: bool,
    /// Seconds that the rest will take, from the dates so far.
    pub seconds_left: f64,
}

/// What the values of a season say, pixel by pixel. Attachments are row-major over the window, NaN where there is no value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeasonReport {
    /// What made the maps.
    pub method: Method,
    /// Cells.
    pub window: EaseWindow,
    /// Dates with a map.
    #[serde(with = "iso_date")]
    pub dates: Vec<Date>,
    /// Unit of the values.
    pub unit: String,
    /// Attachment (`F32`): mean over the dates with a value.
    pub mean: usize,
    /// Attachment (`F32`): linear trend, unit a year.
    pub trend: usize,
    /// Attachment (`F32`): its standard error.
    pub trend_error: usize,
    /// Attachment (`F32`): dry-down time constant, days.
    pub drydown: usize,
    /// Attachment (`F32`): dates with a value.
    pub count: usize,
    /// Attachment (`F32`): events that the dry-down rests on.
    pub events: usize,
    /// Any of the maps simulated.
    pub simulated: bool,
    /// Workers that made dates, this one among them.
    pub workers: usize,
    /// Time from request to result.
    pub milliseconds: f64,
}
