//! The settings of a training run, with their ranges and defaults in one place.

use serde::{Deserialize, Serialize};

use super::TrainError;

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
    fn check(self, value: f64) -> Result<(), TrainError> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(TrainError::Setting { setting: self.name, value, least: self.least, most: self.most })
    }
}

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainSettings {
    /// Passes over the training images. The paper: 1000.
    pub epochs: usize,
    /// Adam's learning rate. The paper: 1e-4.
    pub learning_rate: f64,
    /// Images per step. The paper does not say.
    pub batch: usize,
    /// Seed of shuffles and flips.
    pub seed: u64,
    /// Mirror each image east-west and north-south by chance. Off in the paper.
    pub flips: bool,
    /// Norms use their running statistics and leave them as they are (fine-tuning on few images).
    pub freeze_norms: bool,
}

impl TrainSettings {
    /// Range of [`TrainSettings::epochs`].
    pub const EPOCHS: Range = Range { name: "the number of epochs", least: 1.0, most: 100_000.0 };
    /// Range of [`TrainSettings::learning_rate`].
    pub const LEARNING_RATE: Range = Range { name: "the learning rate", least: 1e-7, most: 1.0 };
    /// Range of [`TrainSettings::batch`].
    pub const BATCH: Range = Range { name: "the batch", least: 1.0, most: 256.0 };

    /// Holds every setting against its range.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn check(&self) -> Result<(), TrainError> {
        Self::EPOCHS.check(self.epochs as f64)?;
        Self::LEARNING_RATE.check(self.learning_rate)?;
        Self::BATCH.check(self.batch as f64)
    }
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { epochs: 1000, learning_rate: 1e-4, batch: 4, seed: 0, flips: false, freeze_norms: false }
    }
}
