//! The registry of networks: SMEN, the regression-correcting network (best-map.md, section 2), and the poster's brightness-temperature CNN
//! in its two cases (model.md, section 2). A new network is a row here and a folder in `loam-nn`.

pub mod parts;
mod tb_case;

use serde::{Deserialize, Serialize};

use crate::output::Output;
use crate::score::ScoreRow;
use crate::training::recipe::Recipe;
use crate::training::schedule::Schedule;

pub use parts::{Inputs, Part};
pub use tb_case::TbCase;

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
    /// Which weights come with the page.
    pub shipped: ShippedWeights,
    /// Training of first weights.
    pub first: Recipe,
    /// What the page proposes: adapting the shipped weights to a region, or first weights where none are shipped.
    pub proposed: Recipe,
    /// Its weights are for one place of about 100 x 100 km; a preset stands for its middle.
    pub one_place: bool,
    /// How its dates are split, in a sentence.
    pub split: &'static str,
    /// Stem of an exported file, where the name alone does not say what it is.
    pub file: Option<&'static str>,
}

/// Which weights of a network come with the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShippedWeights {
    /// None: it is trained from first weights.
    None,
    /// Those of each preset region, and general ones for every other place.
    ByPreset,
    /// One file for every place.
    One {
        /// The file's name without its ending.
        key: &'static str,
        /// For people.
        name: &'static str,
        /// What a user should know of them where the region is none of the presets.
        note: &'static str,
    },
}

/// Weights for a handful of images: few epochs, norms as they are (their statistics over so few are noise), mirrored images too (a network
/// that sees 9 x 9 cells knows no valley to mistake for its mirror image), stopped where validation no longer improves.
const ADAPT_SMEN: Recipe =
    Recipe { epochs: 20, batch: 1, flips: true, frozen: &[Part::Norms], patience: 8, ..Recipe::PAPER };

/// Largest norm of RCN's gradients: without it a rate of 2e-3 diverges and never recovers.
const RCN_CLIP: f64 = 0.02;

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
    shipped: ShippedWeights::ByPreset,
    first: Recipe::PAPER,
    proposed: ADAPT_SMEN,
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
    shipped: ShippedWeights::One {
        key: "rcn",
        name: "RCN",
        note: "RCN's weights were trained on simulated scenes of other places; what it adds to the regression here is in its scores.",
    },
    // One cycle of single images, gradients shortened (best-map.md, section 2).
    first: Recipe {
        epochs: 12,
        learning_rate: 6e-4,
        schedule: Schedule::OneCycle,
        clip: RCN_CLIP,
        batch: 1,
        flips: true,
        ..Recipe::PAPER
    },
    proposed: Recipe { frozen: &[], learning_rate: 2e-4, clip: RCN_CLIP, ..ADAPT_SMEN },
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
    shipped: ShippedWeights::None,
    first: Recipe::PAPER,
    // Few images of few cells, and forty times SMEN's parameters, so validation decides when it ends.
    proposed: Recipe { epochs: 20, batch: 1, patience: 8, checkpoint_steps: 100, ..Recipe::PAPER },
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

    /// Weights of it come with the page.
    #[must_use]
    pub fn is_shipped(self) -> bool {
        self.about().shipped != ShippedWeights::None
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
