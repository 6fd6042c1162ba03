//! The two cases of the brightness-temperature CNN (model.md, section 2).

use serde::{Deserialize, Serialize};

/// What goes into the TB CNN and comes out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TbCase {
    /// Case 1: TB V and H, 36 km, to TB V and H, 9 km. K.
    BrightnessTemperature,
    /// Case 2: SMAP soil moisture (36 km) and land surface temperature to soil moisture, 3 km. m3/m3.
    SoilMoisture,
}

impl TbCase {
    /// Both.
    pub const ALL: [Self; 2] = [Self::BrightnessTemperature, Self::SoilMoisture];

    /// As in the metadata of a weights file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BrightnessTemperature => "brightness_temperature",
            Self::SoilMoisture => "soil_moisture",
        }
    }

    /// Output channels: V and H, or soil moisture.
    #[must_use]
    pub fn outputs(self) -> usize {
        match self {
            Self::BrightnessTemperature => 2,
            Self::SoilMoisture => 1,
        }
    }

    /// Unit of what comes out.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::BrightnessTemperature => "K",
            Self::SoilMoisture => "m3/m3",
        }
    }

    /// What the network's output is divided by (model.md, section 2): an error times this is one in [`TbCase::unit`].
    #[must_use]
    pub fn spread(self) -> f32 {
        match self {
            Self::BrightnessTemperature => 25.0,
            Self::SoilMoisture => 0.1,
        }
    }

    /// (centre, spread) of each of the two input channels, in their units.
    #[must_use]
    pub fn scales(self) -> [(f32, f32); 2] {
        match self {
            Self::BrightnessTemperature => [(250.0, self.spread()); 2],
            Self::SoilMoisture => [(0.2, self.spread()), (290.0, 15.0)],
        }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::BrightnessTemperature => "TB CNN, case 1 (brightness temperature, 36 to 9 km)",
            Self::SoilMoisture => "TB CNN, case 2 (soil moisture and land surface temperature to 3 km)",
        }
    }
}
