//! A season: the maps of all dates of a period on the same cells, and what a pixel's values over time say ([`statistics`]).

pub mod sidecar;
pub mod statistics;

use std::ops::RangeInclusive;

use ease_grid::EaseWindow;
use jiff::civil::Date;

use crate::estimate::{Channel, Estimate};
use crate::export::{Provenance, flags};
use crate::output::Output;
use crate::stack::Series;

pub use statistics::{Layers, Statistics};

/// The map of a date, without what only a single map needs.
#[derive(Debug, Clone, PartialEq)]
pub struct SeasonDay {
    /// The date.
    pub date: Date,
    /// Row-major, NaN where masked.
    pub values: Vec<f32>,
    /// Half-width of the 90 % interval, in the unit of the values; none where the method does not say how sure it is.
    pub half_width: Option<Vec<f32>>,
    /// Why a cell has no value ([`flags`]).
    pub flags: Vec<u16>,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
}

impl SeasonDay {
    /// Of a channel of an estimate.
    #[must_use]
    pub fn of(estimate: &Estimate, channel: &Channel) -> Self {
        Self {
            date: estimate.date,
            values: channel.estimate.values().to_vec(),
            half_width: channel.half_width().map(|raster| raster.values().to_vec()),
            flags: flags::plane(&channel.estimate, estimate.frame),
            files: estimate.files.clone(),
            simulated: estimate.simulated,
        }
    }
}

/// The maps of a period, all of one quantity on one window.
#[derive(Debug, Clone)]
pub struct Season {
    /// What the maps are of.
    pub output: Output,
    /// Their cells.
    pub window: EaseWindow,
    /// In the order of time.
    pub days: Vec<SeasonDay>,
}

impl Season {
    /// Mean, trend and dry-down of every pixel.
    #[must_use]
    pub fn layers(&self) -> Layers {
        let mut statistics = Statistics::new(self.window.len());
        for day in &self.days {
            statistics.add(day.date, &day.values);
        }
        statistics.layers()
    }
}

/// The dates of a period on which SMAP saw any of the region, in the order of time; none where it ends before it begins.
#[must_use]
pub fn dates(series: &Series, period: &RangeInclusive<Date>) -> Vec<Date> {
    if period.is_empty() {
        return Vec::new();
    }
    let seen = series.covers().range(period.clone());
    seen.filter(|(_, cover)| cover.coarse.is_some_and(|share| share > 0.0)).map(|(date, _)| *date).collect()
}

/// Names of input files in the metadata of a season at most; of more the first ones and the count.
const NAMED: usize = 20;

/// Provenance of all dates from one's: without what is of that date alone. `inputs` are the files of all dates.
#[must_use]
pub fn in_common(of_one: Provenance, mut inputs: Vec<String>, simulated: bool) -> Provenance {
    inputs.sort_unstable();
    inputs.dedup();
    if inputs.len() > NAMED {
        let more = inputs.split_off(NAMED).len();
        inputs.push(format!("and {more} more"));
    }
    Provenance {
        date: None,
        simulated: of_one.simulated || simulated,
        training_range: None,
        overpass: None,
        history: Vec::new(),
        history_disaggregated: Vec::new(),
        history_own_maps: Vec::new(),
        history_nisar: Vec::new(),
        scores: Vec::new(),
        interval: of_one.interval.map(|words| format!("on the last date: {words}")),
        inputs,
        ..of_one
    }
}
