//! What an estimate is of.

use ease_grid::Resolution;
use serde::{Deserialize, Serialize};

/// A quantity that a map gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Surface soil moisture at 3 km. m3/m3.
    SoilMoisture,
    /// Brightness temperature, vertical polarisation, at 9 km. K.
    BrightnessV,
    /// Brightness temperature, horizontal polarisation, at 9 km. K.
    BrightnessH,
}

impl Output {
    /// Unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SoilMoisture => "m3/m3",
            Self::BrightnessV | Self::BrightnessH => "K",
        }
    }

    /// True for a temperature.
    #[must_use]
    pub const fn is_kelvin(self) -> bool {
        !matches!(self, Self::SoilMoisture)
    }

    /// In a table: `TB V`.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::SoilMoisture => "soil moisture",
            Self::BrightnessV => "TB V",
            Self::BrightnessH => "TB H",
        }
    }

    /// As an export's product.
    #[must_use]
    pub const fn product(self) -> &'static str {
        match self {
            Self::SoilMoisture => "soil moisture, 3 km estimate",
            Self::BrightnessV => "brightness temperature TB V, 9 km estimate",
            Self::BrightnessH => "brightness temperature TB H, 9 km estimate",
        }
    }

    /// Behind an export's name, where several outputs make several files: `_TB_V_9km`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::SoilMoisture => "",
            Self::BrightnessV => "_TB_V_9km",
            Self::BrightnessH => "_TB_H_9km",
        }
    }

    /// Behind a name that the user gave: `map_V.tif`.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::SoilMoisture => "",
            Self::BrightnessV => "_V",
            Self::BrightnessH => "_H",
        }
    }

    /// Cells of the estimate.
    #[must_use]
    pub const fn resolution(self) -> Resolution {
        match self {
            Self::SoilMoisture => Resolution::M03,
            Self::BrightnessV | Self::BrightnessH => Resolution::M09,
        }
    }
}
