//! How moisture follows backscatter, as the disaggregation fitted it.

/// The fitted sensitivity, to be shown beside every map made with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// Soil moisture per backscatter, m3/m3 per dB.
    pub beta: f64,
    /// Mean of Gamma over the 36 km cells, dB VV per dB VH.
    pub gamma: f64,
    /// Pairs (36 km cell, date) in the regression.
    pub pairs: usize,
    /// Correlation of the changes.
    pub r: f64,
}
