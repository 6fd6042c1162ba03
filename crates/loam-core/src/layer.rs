//! What of a map can be drawn.

use serde::{Deserialize, Serialize};

/// What a layer shows of a channel, in the channel's unit where no other is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// SMAP as it is, 36 km cells.
    Coarse,
    /// The estimate.
    Estimate,
    /// The estimate with the weights from before the last training.
    Before,
    /// Estimate minus [`LayerKind::Before`].
    Change,
    /// Half the width of the estimate's 90 % interval.
    HalfWidth,
    /// The product of the date that the estimate is scored against.
    Reference,
    /// How uncertain the reference's product says it is; not the estimate's.
    ReferenceUncertainty,
    /// Estimate minus reference.
    Difference,
    /// The coarse input, interpolated bilinearly.
    Bilinear,
    /// Backscatter VV at 3 km, averaged in linear power. dB.
    BackscatterVv,
    /// Backscatter VH. dB.
    BackscatterVh,
    /// Land surface temperature. K.
    SurfaceTemperature,
    /// Mean over the dates of a season.
    SeasonMean,
    /// Linear trend over a season, the unit a year.
    SeasonTrend,
    /// Its standard error.
    SeasonTrendError,
    /// Time constant of drying, days.
    SeasonDrydown,
    /// Dates of a season with a value.
    SeasonCount,
}

impl LayerKind {
    /// Of a season, not of a date.
    #[must_use]
    pub fn is_of_season(self) -> bool {
        use LayerKind::{SeasonCount, SeasonDrydown, SeasonMean, SeasonTrend, SeasonTrendError};
        matches!(self, SeasonMean | SeasonTrend | SeasonTrendError | SeasonDrydown | SeasonCount)
    }
}

/// A layer of a map: what it shows, and of which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayerKey {
    /// What it shows.
    pub kind: LayerKind,
    /// Of which channel, from 0.
    pub channel: u8,
}

impl From<LayerKind> for LayerKey {
    /// Of the first channel.
    fn from(kind: LayerKind) -> Self {
        Self { kind, channel: 0 }
    }
}
