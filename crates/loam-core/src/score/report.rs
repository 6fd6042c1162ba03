//! Scores as page, exports and kept runs carry them.

use serde::{Deserialize, Serialize};

use crate::training::RunRow;

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
    /// Which row of a run's table it is; None in other tables, and in runs kept before rows had this key ([`TrainResult::urmse`]).
    #[serde(default)]
    pub row: Option<RunRow>,
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

/// Mass consistency: the means of an estimate over 36 km cells, against SMAP's own values there (model.md, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MassReport {
    /// Root mean square difference, m3/m3.
    pub rmse: f64,
    /// Mean difference, m3/m3.
    pub bias: f64,
    /// 36 km cells of which at least half is known.
    pub cells: usize,
}
