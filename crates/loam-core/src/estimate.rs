//! The map of a date, by whichever network, with all that is known of it.

use ease_grid::{EaseWindow, Edges, Raster};
use jiff::civil::Date;

use crate::file::FineOrigin;
use crate::layer::LayerKind;
use crate::method::Method;
use crate::output::Output;
use crate::regression::interval::{FEWEST_DATES, Width};
use crate::score::{MassReport, ScoreReport};
use crate::stack::{HistorySlot, Library, Series};

/// One quantity of an estimate.
#[derive(Debug, Clone)]
pub struct Channel {
    /// What it is of.
    pub output: Output,
    /// The estimate.
    pub estimate: Raster,
    /// The coarse input as it is.
    pub coarse: Option<Raster>,
    /// What it is scored against.
    pub reference: Option<Raster>,
    /// How uncertain the reference's product says it is: of the reference, never of the estimate. Where the product gives it
    /// ([`Estimate::add_reference_uncertainty`]).
    pub reference_uncertainty: Option<Raster>,
    /// Scores on the common pixels; empty without a reference.
    pub scores: Vec<ScoreReport>,
    /// How sure it is, where the method says so.
    pub interval: Option<Interval>,
}

impl Channel {
    /// Half-width of its interval, where it has one.
    #[must_use]
    pub fn half_width(&self) -> Option<&Raster> {
        self.interval.as_ref().map(|interval| &interval.half_width)
    }
}

/// How sure an estimate is: 90 % of the pixels should lie within its half-width.
#[derive(Debug, Clone)]
pub struct Interval {
    /// In the channel's unit, masked where the estimate is.
    pub half_width: Raster,
    /// What its width rests on.
    pub width: Width,
}

impl Interval {
    /// Share of the pixels that should lie within.
    pub const LEVEL: f64 = 0.9;

    /// What its width rests on, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.width.dates {
            0 => "nominal 90 % interval: too few earlier dates to calibrate it".to_owned(),
            dates => format!("90 % interval calibrated on {dates} earlier dates"),
        }
    }

    /// What the user should know.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        (!self.width.is_calibrated()).then(|| {
            format!(
                "Too few dates for a 90 % interval ({FEWEST_DATES} predicted ones are needed): the one shown is nominal, as wide as errors of the method usually are."
            )
        })
    }
}

/// A layer that can be drawn.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What it shows.
    pub kind: LayerKind,
    /// Of which channel.
    pub channel: u8,
    /// On its own cells.
    pub raster: Raster,
}

/// A finished map.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// What made it.
    pub method: Method,
    /// The date.
    pub date: Date,
    /// Cells of the estimate.
    pub window: EaseWindow,
    /// One a quantity.
    pub channels: Vec<Channel>,
    /// All that can be drawn, in order.
    pub layers: Vec<Layer>,
    /// Earlier dates that went in, oldest first.
    pub history: Vec<HistorySlot>,
    /// Which overpass each value of the input is of: 0 for 6 am, 1 for 6 pm.
    pub overpass: Option<Raster>,
    /// The same in words.
    pub overpass_words: String,
    /// Cells along the edges, of `window`, whose estimate was made without what lies outside. Not in the scores.
    pub frame: Edges,
    /// Where the reference comes from; `None` without one.
    pub reference: Option<FineOrigin>,
    /// What the reference is, in words.
    pub reference_name: String,
    /// Each 36 km block was shifted to SMAP's mean.
    pub shifted: bool,
    /// How far the 36 km means are from SMAP's, where a block is known well enough.
    pub mass: Option<MassReport>,
    /// Fitted sensitivity of the disaggregation, m3/m3 per dB, where it was used.
    pub sensitivity: Option<f32>,
    /// How the inputs lie to those of the training, in words; empty where the weights do not say.
    pub applicability: String,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
    /// What to cite.
    pub citations: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Estimate {
    /// Puts how uncertain the reference's product says it is beside the reference, and among the layers; only NISAR's gives it. Of a file
    /// that cannot be read a warning says so.
    pub fn add_reference_uncertainty(&mut self, library: &Library, series: &Series) {
        if self.reference != Some(FineOrigin::Nisar) {
            return;
        }
        match series.uncertainty(library, self.date) {
            Ok(Some(raster)) => {
                let after = self.layers.iter().position(|layer| layer.kind == LayerKind::Reference);
                let at = after.map_or(self.layers.len(), |at| at + 1);
                let kind = LayerKind::ReferenceUncertainty;
                self.layers.insert(at, Layer { kind, channel: 0, raster: raster.clone() });
                if let Some(channel) = self.channels.first_mut() {
                    channel.reference_uncertainty = Some(raster);
                }
            }
            Ok(None) => {}
            Err(why) => self.warnings.push(format!("The reference's own uncertainty is left out: {why}")),
        }
    }

    /// Scores of all channels.
    #[must_use]
    pub fn scores(&self) -> Vec<ScoreReport> {
        self.channels.iter().flat_map(|channel| channel.scores.iter().cloned()).collect()
    }

    /// How sure it is: of the first channel that says so.
    #[must_use]
    pub fn interval(&self) -> Option<&Interval> {
        self.channels.iter().find_map(|channel| channel.interval.as_ref())
    }
}
