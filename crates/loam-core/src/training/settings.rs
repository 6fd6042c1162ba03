//! How to train: the settings of a run, their ranges and defaults, in one place for page, worker and command line.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::recipe::Recipe;
use super::schedule::Schedule;
use crate::iso_date;
use crate::network::{Inputs, Network, Part, TbCase};

/// What a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The weights in use: shipped, or the user's own.
    Current,
    /// First weights of the seed.
    #[default]
    Scratch,
}

/// Allowed values of a setting, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Name, as errors say it.
    pub name: &'static str,
    /// Least.
    pub least: f64,
    /// Most.
    pub most: f64,
}

impl Range {
    /// Checks a value against the range. NaN lies outside.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(self, value: f64) -> Result<(), SettingError> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(SettingError::OutOfRange { setting: self.name, value, least: self.least, most: self.most })
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// Outside its range.
    #[error("{setting} is {value}, it must lie between {least} and {most}")]
    OutOfRange {
        /// Name.
        setting: &'static str,
        /// Value given.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// Parts of SMEN, where another network is trained.
    #[error("parts of SMEN cannot be frozen in the {network}: name none")]
    NoSuchParts {
        /// The network.
        network: &'static str,
    },
    /// Every part is frozen.
    #[error("every part of the network is frozen, so nothing could be learnt: free at least one")]
    AllFrozen,
    /// Test dates before validation dates.
    #[error(
        "the first test date ({test_from}) does not lie after the first validation date ({validate_from}): time runs train, validate, test"
    )]
    Order {
        /// First validation date.
        validate_from: Date,
        /// First test date.
        test_from: Date,
    },
}

/// How to train. The default is the paper's training from scratch; [`TrainSettings::fine_tune`] is for a region of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// Which network.
    pub network: Network,
    /// What the run starts from.
    pub start: Start,
    /// Inputs of SMEN; with [`Start::Current`] they must be those of the weights.
    pub inputs: Inputs,
    /// Passes over the training images. The paper: 1000.
    pub epochs: usize,
    /// Adam's learning rate. The paper: 1e-4.
    pub learning_rate: f64,
    /// How the rate changes over the run.
    pub schedule: Schedule,
    /// Largest norm of all gradients together, those of a step with a larger one are shortened to it; 0 shortens none.
    pub clip: f64,
    /// Images per step. The paper does not say.
    pub batch: usize,
    /// Seed of first weights, shuffles and flips.
    pub seed: u64,
    /// Mirror each image east-west and north-south by chance. Off in the paper.
    pub flips: bool,
    /// Parts of SMEN left as they are.
    pub frozen: Vec<Part>,
    /// Stop after this many epochs without a better validation loss; 0 never stops early.
    pub patience: usize,
    /// Steps between two checkpoints.
    pub checkpoint_steps: usize,
    /// First validation date; none: such that about 15 % of the images validate.
    #[serde(with = "iso_date")]
    pub validate_from: Option<Date>,
    /// First test date; none: such that about 15 % of the images test.
    #[serde(with = "iso_date")]
    pub test_from: Option<Date>,
}

impl TrainSettings {
    /// Range of [`TrainSettings::epochs`].
    pub const EPOCHS: Range = Range { name: "the number of epochs", least: 1.0, most: 100_000.0 };
    /// Range of [`TrainSettings::learning_rate`].
    pub const LEARNING_RATE: Range = Range { name: "the learning rate", least: 1e-7, most: 1.0 };
    /// Range of [`TrainSettings::batch`].
    pub const BATCH: Range = Range { name: "the batch", least: 1.0, most: 256.0 };
    /// Range of [`TrainSettings::seed`]: what a number of JavaScript holds exactly, so that the page and a settings file agree.
    pub const SEED: Range = Range { name: "the seed", least: 0.0, most: 9_007_199_254_740_991.0 };
    /// Range of [`TrainSettings::clip`].
    pub const CLIP: Range = Range { name: "the largest gradient norm", least: 0.0, most: 1e6 };
    /// Range of [`TrainSettings::patience`].
    pub const PATIENCE: Range = Range { name: "the patience", least: 0.0, most: 100_000.0 };
    /// Range of [`TrainSettings::checkpoint_steps`].
    pub const CHECKPOINT_STEPS: Range =
        Range { name: "the number of steps between checkpoints", least: 1.0, most: 10_000.0 };
    /// Share of the images held back for validation, and again for the test, where no dates are given.
    pub const HELD_SHARE: f64 = 0.15;

    /// For adapting SMEN's trained weights to a region.
    #[must_use]
    pub fn fine_tune() -> Self {
        Self::proposed(Network::default())
    }

    /// A training of first weights, as the network's row in the registry has it.
    #[must_use]
    pub fn from_scratch(network: Network) -> Self {
        Self::of(network, Start::Scratch, &network.about().first)
    }

    /// What a run in the page proposes for a network: adapting its shipped weights to the region, or a training of first weights where none
    /// are shipped.
    #[must_use]
    pub fn proposed(network: Network) -> Self {
        let start = if network.is_shipped() { Start::Current } else { Start::Scratch };
        Self::of(network, start, &network.about().proposed)
    }

    fn of(network: Network, start: Start, recipe: &Recipe) -> Self {
        let &Recipe {
            epochs,
            learning_rate,
            schedule,
            clip,
            batch,
            flips,
            frozen,
            patience,
            checkpoint_steps,
        } = recipe;
        Self {
            network,
            start,
            inputs: Inputs::Spatiotemporal,
            epochs,
            learning_rate,
            schedule,
            clip,
            batch,
            seed: 0,
            flips,
            frozen: frozen.to_vec(),
            patience,
            checkpoint_steps,
            validate_from: None,
            test_from: None,
        }
    }

    /// [`TrainSettings::proposed`] for the TB CNN of a case.
    #[must_use]
    pub fn tb_cnn(case: TbCase) -> Self {
        Self::proposed(Network::Tb(case))
    }

    /// Whether a part is left as it is.
    #[must_use]
    pub fn freezes(&self, part: Part) -> bool {
        self.frozen.contains(&part)
    }

    /// Checks every setting against its range, and the settings against each other.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(&self) -> Result<(), SettingError> {
        Self::EPOCHS.check(self.epochs as f64)?;
        Self::LEARNING_RATE.check(self.learning_rate)?;
        Self::CLIP.check(self.clip)?;
        Self::BATCH.check(self.batch as f64)?;
        Self::SEED.check(self.seed as f64)?;
        Self::PATIENCE.check(self.patience as f64)?;
        Self::CHECKPOINT_STEPS.check(self.checkpoint_steps as f64)?;
        let parts = self.network.about().parts;
        if self.frozen.iter().any(|part| !parts.contains(part)) {
            return Err(SettingError::NoSuchParts { network: self.network.words() });
        }
        if !parts.is_empty()
            && parts.iter().filter(|part| part.present(self.inputs)).all(|part| self.freezes(*part))
        {
            return Err(SettingError::AllFrozen);
        }
        if let (Some(validate_from), Some(test_from)) = (self.validate_from, self.test_from)
            && test_from <= validate_from
        {
            return Err(SettingError::Order { validate_from, test_from });
        }
        Ok(())
    }
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self::from_scratch(Network::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_settings_are_refused_by_name() {
        let refused = |settings: TrainSettings| settings.check().expect_err("refused").to_string();
        let zero = refused(TrainSettings { learning_rate: 0.0, ..TrainSettings::fine_tune() });
        assert_eq!(zero, "the learning rate is 0, it must lie between 0.0000001 and 1");
        assert!(
            refused(TrainSettings { learning_rate: f64::NAN, ..TrainSettings::fine_tune() }).contains("NaN")
        );
        assert!(refused(TrainSettings { epochs: 0, ..TrainSettings::default() }).contains("epochs"));
        assert!(
            refused(TrainSettings { frozen: Part::ALL.to_vec(), ..TrainSettings::default() })
                .contains("frozen")
        );
        let alone = TrainSettings {
            inputs: Inputs::Spatial,
            frozen: vec![Part::Coarse, Part::Fusion],
            ..TrainSettings::default()
        };
        assert_eq!(alone.check(), Err(SettingError::AllFrozen));
        let order = TrainSettings {
            validate_from: Some(Date::constant(2018, 1, 1)),
            test_from: Some(Date::constant(2017, 1, 1)),
            ..TrainSettings::default()
        };
        assert!(refused(order).contains("time runs"));
        assert_eq!(TrainSettings::fine_tune().check(), Ok(()));
    }

    #[test]
    fn a_settings_file_may_name_only_what_differs_and_nothing_unknown() {
        let settings: Result<TrainSettings, _> =
            serde_json::from_str(r#"{"epochs": 7, "frozen": ["norms"], "test_from": "2018-06-01"}"#);
        let wanted = TrainSettings {
            epochs: 7,
            frozen: vec![Part::Norms],
            test_from: Some(Date::constant(2018, 6, 1)),
            ..TrainSettings::default()
        };
        assert_eq!(settings.ok(), Some(wanted));
        assert!(serde_json::from_str::<TrainSettings>(r#"{"epoch": 7}"#).is_err());
    }
}
