//! Scores as page, exports and kept runs carry them.

use serde::{Deserialize, Serialize};

/// Scores of one estimate, over the pixels where reference and every estimate exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// `SMEN`, `bilinear SMAP`, ...
    pub name: String,
    /// Unbiased RMSE, m3/m3.
    pub urmse: Option<f64>,
    /// Mean difference, m3/m3.
    pub bias: Option<f64>,
    /// RMSE, m3/m3.
    pub rmse: Option<f64>,
    /// Pearson correlation.
    pub r: Option<f64>,
    /// Pixels.
    pub pixels: usize,
    /// What it is of. None in runs kept before rows had this key ([`crate::training::TrainResult::urmse`]).
    #[serde(default)]
    pub row: Option<ScoreRow>,
    /// Which channel of the network, from 0.
    #[serde(default)]
    pub channel: u8,
}

impl ScoreReport {
    /// True for this row of this channel.
    #[must_use]
    pub fn is(&self, row: ScoreRow, channel: u8) -> bool {
        self.row == Some(row) && self.channel == channel
    }
}

/// What a row of scores is of. [`crate::network::Network::row_name`] has the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreRow {
    /// The network's estimate; in a run's table that of the trained weights.
    #[serde(rename = "after")]
    Estimate,
    /// The same, each 36 km block shifted to SMAP's mean.
    Shifted,
    /// With the weights from before the training.
    Before,
    /// Of a run from scratch: with the weights that were in use before it.
    InUse,
    /// The pixel regression, which the network corrects.
    Regression,
    /// The interpolated input.
    Bilinear,
    /// The input as is.
    AsIs,
    /// The last 3 km map and what SMAP changed since. It has pixels of its own.
    Persistence,
    /// The network's estimate on the pixels of persistence.
    EstimateThere,
}

/// A mean over dates with its 95 % bootstrap interval, in the network's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}
