//! What of a map can be drawn.

use serde::{Deserialize, Serialize};

/// What a layer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// SMAP as it is, 36 km cells. m3/m3.
    Coarse,
    /// SMEN's estimate. m3/m3.
    Estimate,
    /// SMEN's estimate with the weights from before the last training. m3/m3.
    Before,
    /// Estimate minus [`LayerKind::Before`]. m3/m3.
    Change,
    /// The 3 km product of the date. m3/m3.
    Reference,
    /// Estimate minus reference. m3/m3.
    Difference,
    /// Bilinear SMAP. m3/m3.
    Bilinear,
    /// Backscatter VV at 3 km, averaged in linear power. dB.
    BackscatterVv,
    /// Backscatter VH. dB.
    BackscatterVh,
    /// The TB CNN's second channel (case 1; the kinds above then hold TB V): TB H, 36 km. K.
    CoarseH,
    /// Its estimate. K.
    EstimateH,
    /// The 9 km product's. K.
    ReferenceH,
    /// Estimate minus reference. K.
    DifferenceH,
    /// Bilinear. K.
    BilinearH,
    /// Land surface temperature, input of the TB CNN's case 2. K.
    SurfaceTemperature,
}
