//! The registry of networks: SMEN, the regression-correcting network (best-map.md, section 2), and the poster's brightness-temperature CNN in its two cases (model.md, section 2). A new network is a
//! row here and a folder in `loam-nn`.

use serde::{Deserialize, Serialize};

use crate::output::Output;
use crate::score::ScoreRow;

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

/// The network that weights are of. Its row in the registry is [`Network::about`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// SMEN.
    #[default]
    Smen,
    /// The regression-correcting network.
    Rcn,
    /// The TB CNN.
    Tb(TbCase),
}

/// What page, command line, session and exports need to know of a network: a row of the registry. What computes it is its folder in
/// `loam-nn`.
#[derive(Debug)]
pub struct About {
    /// On the command line and in forms.
    pub key: &'static str,
    /// In score tables: `SMEN`.
    pub name: &'static str,
    /// In a choice: what it makes of what.
    pub choice: &'static str,
    /// In short, in a table of runs.
    pub short: &'static str,
    /// In a sentence.
    pub words: &'static str,
    /// What the interpolated input is called.
    pub bilinear: &'static str,
    /// What the input itself is called.
    pub as_is: &'static str,
    /// What it gives, channel by channel.
    pub outputs: &'static [Output],
    /// What a day must have to be trained on.
    pub target: &'static str,
    /// What it is trained to make small.
    pub loss_name: &'static str,
    /// Variants by input that can be trained; one where there is no choice.
    pub inputs: &'static [Inputs],
    /// Parts that can be left as they are in a training.
    pub parts: &'static [Part],
    /// It looks at the maps of earlier dates.
    pub uses_history: bool,
    /// At all of them, and it has a map without any.
    pub whole_past: bool,
    /// Its estimates can be shifted to SMAP's means over 36 km blocks.
    pub can_shift: bool,
    /// Weights come with the page.
    pub shipped: bool,
    /// Its weights are for one place of about 100 x 100 km; a preset stands for its middle.
    pub one_place: bool,
    /// How its dates are split, in a sentence.
    pub split: &'static str,
    /// Stem of an exported file, where the name alone does not say what it is.
    pub file: Option<&'static str>,
}

const SMEN: About = About {
    key: "smen",
    name: "SMEN",
    choice: "SMEN: soil moisture at 3 km",
    short: "SMEN",
    words: "SMEN",
    bilinear: "bilinear SMAP",
    as_is: "SMAP as is (36 km)",
    outputs: &[Output::SoilMoisture],
    target: "a 3 km map",
    loss_name: "uRMSE",
    inputs: &[Inputs::Spatiotemporal, Inputs::Spatial, Inputs::Temporal],
    parts: &Part::ALL,
    uses_history: true,
    whole_past: false,
    can_shift: true,
    shipped: true,
    one_place: false,
    split: "Split by time; dates that are history of a held-out date are left out.",
    file: None,
};

const RCN: About = About {
    key: "rcn",
    name: "RCN",
    choice: "RCN: pixel regression, corrected by a network, to 3 km",
    short: "RCN",
    words: "RCN, the regression-correcting network",
    bilinear: "bilinear SMAP",
    as_is: "SMAP as is (36 km)",
    outputs: &[Output::SoilMoisture],
    target: "a 3 km map",
    loss_name: "uRMSE and spread",
    inputs: &[Inputs::Spatiotemporal],
    parts: &[],
    uses_history: true,
    whole_past: true,
    can_shift: false,
    shipped: true,
    one_place: false,
    split: "Split by time; every date is made from what is strictly earlier.",
    file: Some("rcn"),
};

const TB_BRIGHTNESS: About = About {
    key: "tb-brightness",
    name: "TB CNN",
    choice: "TB CNN: brightness temperature, 36 to 9 km",
    short: "TB CNN (brightness temperature)",
    words: TbCase::BrightnessTemperature.words(),
    bilinear: "bilinear",
    as_is: "input as is (36 km)",
    outputs: &[Output::BrightnessV, Output::BrightnessH],
    target: "brightness temperature at 36 and 9 km",
    loss_name: "mean absolute error",
    inputs: &[Inputs::Spatiotemporal],
    parts: &[],
    uses_history: false,
    whole_past: false,
    can_shift: false,
    shipped: false,
    one_place: true,
    split: "Split by time. The TB CNN looks at no earlier dates.",
    file: Some("tbcnn"),
};

const TB_SOIL_MOISTURE: About = About {
    key: "tb-soil-moisture",
    choice: "TB CNN: soil moisture and surface temperature, to 3 km",
    short: "TB CNN (soil moisture)",
    words: TbCase::SoilMoisture.words(),
    outputs: &[Output::SoilMoisture],
    target: "a 3 km map",
    ..TB_BRIGHTNESS
};

impl Network {
    /// Every network, in the order of a choice.
    pub const ALL: [Self; 4] =
        [Self::Rcn, Self::Smen, Self::Tb(TbCase::BrightnessTemperature), Self::Tb(TbCase::SoilMoisture)];

    /// Its row in the registry.
    #[must_use]
    pub const fn about(self) -> &'static About {
        match self {
            Self::Smen => &SMEN,
            Self::Rcn => &RCN,
            Self::Tb(TbCase::BrightnessTemperature) => &TB_BRIGHTNESS,
            Self::Tb(TbCase::SoilMoisture) => &TB_SOIL_MOISTURE,
        }
    }

    /// By its key.
    #[must_use]
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.about().key == key)
    }

    /// What its first channel is of: losses and scores are in its unit.
    #[must_use]
    pub fn output(self) -> Output {
        self.about().outputs[0]
    }

    /// Unit of what comes out, and of losses and scores.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.output().unit()
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.about().words
    }

    /// Name of a row of scores: `SMEN before training`, `bilinear, TB H`.
    #[must_use]
    pub fn row_name(self, row: ScoreRow, channel: u8) -> String {
        let About { name, bilinear, as_is, outputs, .. } = self.about();
        let row = match row {
            ScoreRow::Estimate => (*name).to_owned(),
            ScoreRow::Shifted => format!("{name}, blocks shifted to SMAP's mean"),
            ScoreRow::Before => format!("{name} before training"),
            ScoreRow::InUse => format!("{name} in use before the run"),
            ScoreRow::Regression => "pixel regression".to_owned(),
            ScoreRow::Bilinear => (*bilinear).to_owned(),
            ScoreRow::AsIs => (*as_is).to_owned(),
            ScoreRow::Persistence => "persistence (where it exists)".to_owned(),
            ScoreRow::EstimateThere => format!("{name} on those pixels"),
        };
        // Of one channel nothing needs to be said.
        let channel = outputs.get(usize::from(channel)).filter(|_| outputs.len() > 1);
        channel.map_or_else(|| row.clone(), |output| format!("{row}, {}", output.short()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_found() {
        for network in Network::ALL {
            assert_eq!(Network::find(network.about().key), Some(network));
            assert!(!network.about().outputs.is_empty() && !network.about().inputs.is_empty());
        }
        assert_eq!(Network::find("smen2"), None);
    }

    #[test]
    fn rows_of_two_channels_are_told_apart() {
        let tb = Network::Tb(TbCase::BrightnessTemperature);
        assert_eq!(tb.row_name(ScoreRow::Bilinear, 1), "bilinear, TB H");
        assert_eq!(Network::Smen.row_name(ScoreRow::Before, 0), "SMEN before training");
    }
}
