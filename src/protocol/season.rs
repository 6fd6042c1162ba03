//! A season, date by date and as a whole.

use ease_grid::{EaseWindow, Edges};
use jiff::civil::Date;
use loam_core::iso_date;
use loam_core::method::Method;
use loam_core::season::SeasonDay;
use loam_core::weights_report::WeightsReport;
use serde::{Deserialize, Serialize};

use super::Attachment;

/// Key of the [`loam_core::season::sidecar`] in which dates that are done go back to the worker: the page knows what they are of.
pub const SEASON_KEY: &str = "page";
/// Said of a date whose planes lack something.
const NOT_WHOLE: &str = "its map did not arrive whole";

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

impl SeasonDayReport {
    /// The map with the weights that made it.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn map(self, mut attachments: Vec<Attachment>) -> Result<(SeasonDay, WeightsReport), String> {
        let cells = self.window.len();
        let mut take =
            |n: Option<usize>| Some(std::mem::replace(attachments.get_mut(n?)?, Attachment::U8(Vec::new())));
        let planes = (take(self.values), take(self.flags), take(self.half_width), self.weights);
        let (Some(Attachment::F32(values)), Some(Attachment::U8(bits)), half_width, Some(weights)) = planes
        else {
            return Err(self.left_out.unwrap_or_else(|| NOT_WHOLE.to_owned()));
        };
        if (values.len(), bits.len()) != (cells, 2 * cells) {
            return Err(NOT_WHOLE.to_owned());
        }
        let half_width = match half_width {
            Some(Attachment::F32(plane)) if plane.len() == cells => Some(plane),
            _ => None,
        };
        let flags = bits.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
        let Self { date, files, simulated, .. } = self;
        Ok((SeasonDay { date, values, half_width, flags, files, simulated }, weights))
    }
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
