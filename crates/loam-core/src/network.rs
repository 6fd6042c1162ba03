//! Which network: SMEN, or the poster's brightness-temperature CNN in one of its two cases (model.md, section 2).

use serde::{Deserialize, Serialize};

/// What goes into the TB CNN and comes out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    pub fn words(self) -> &'static str {
        match self {
            Self::BrightnessTemperature => "TB CNN, case 1 (brightness temperature, 36 to 9 km)",
            Self::SoilMoisture => "TB CNN, case 2 (soil moisture and land surface temperature to 3 km)",
        }
    }
}

/// The network that weights are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// SMEN.
    #[default]
    Smen,
    /// The TB CNN.
    Tb(TbCase),
}

impl Network {
    /// Unit of what comes out, and of losses and scores.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Smen => "m3/m3",
            Self::Tb(case) => case.unit(),
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Smen => "SMEN",
            Self::Tb(case) => case.words(),
        }
    }

    /// What a run reports as its loss.
    #[must_use]
    pub fn loss_name(self) -> &'static str {
        match self {
            Self::Smen => "uRMSE",
            Self::Tb(_) => "mean absolute error",
        }
    }

    /// True where the result is a brightness temperature, K, at 9 km.
    #[must_use]
    pub fn is_brightness(self) -> bool {
        self == Self::Tb(TbCase::BrightnessTemperature)
    }
}

/// Which inputs a network uses (the paper's Table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// `h(g(I))`: today's 36 km image alone.
    Spatial,
    /// `h(f(D))`: the residuals alone.
    Temporal,
    /// `h(g(I) + f(D))`: both.
    #[default]
    Spatiotemporal,
}

impl Inputs {
    /// Every variant.
    pub const ALL: [Inputs; 3] = [Inputs::Spatial, Inputs::Temporal, Inputs::Spatiotemporal];

    /// As in the metadata of a weights file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Inputs::Spatial => "spatial",
            Inputs::Temporal => "temporal",
            Inputs::Spatiotemporal => "spatiotemporal",
        }
    }

    /// From that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|inputs| inputs.name() == name)
    }

    /// Uses I(t), so has g.
    #[must_use]
    pub fn uses_coarse(self) -> bool {
        self != Inputs::Temporal
    }

    /// Uses D(t), so has f.
    #[must_use]
    pub fn uses_history(self) -> bool {
        self != Inputs::Spatial
    }
}

/// A part of the network that can be left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The norms: scale, offset and running statistics.
    Norms,
    /// f, the convolutions over the residuals.
    History,
    /// g, the convolution over today's 36 km image.
    Coarse,
    /// h, the fusing convolution.
    Fusion,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 4] = [Part::Norms, Part::History, Part::Coarse, Part::Fusion];

    /// Whether a network of these inputs has it.
    #[must_use]
    pub fn present(self, inputs: Inputs) -> bool {
        match self {
            Part::Norms | Part::History => inputs.uses_history(),
            Part::Coarse => inputs.uses_coarse(),
            Part::Fusion => true,
        }
    }
}
