//! A run: how far it is, how it ended, what came out of it.

use serde::{Deserialize, Serialize};

use crate::nan_json::null_as_nan;
use crate::score::{Gain, ScoreReport, ScoreRow};
use crate::training::TrainSettings;
use crate::weights_report::WeightsReport;

/// Name of a run: letters, digits, hyphens.
pub type RunId = String;

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training images as they were met, in the network's unit.
    #[serde(deserialize_with = "null_as_nan")]
    pub train_loss: f64,
    /// Mean loss over the validation images, without a penalty, in the network's unit.
    pub validation: Option<f64>,
    /// The best so far.
    pub best: bool,
}

/// A checkpoint was kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheckpointReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done in all.
    pub steps: usize,
    /// Bytes.
    pub bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainEnd {
    /// All epochs.
    Finished,
    /// Validation no longer improved.
    Early,
    /// The user stopped it and kept the best.
    Stopped,
    /// The loss left the numbers; the best weights before are kept.
    NotFinite,
}

/// A run in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Its name.
    pub run: RunId,
    /// When it began, milliseconds since 1970.
    pub begun_ms: f64,
    /// For people.
    pub region: String,
    /// Settings.
    pub settings: TrainSettings,
    /// Weights it started from.
    pub from: WeightsReport,
    /// Device.
    pub device: String,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// None while it is unfinished.
    pub result: Option<TrainResult>,
    /// Where an unfinished run stands: epochs done and steps done in all.
    pub progress: Option<CheckpointReport>,
    /// Another tab is training it.
    pub in_use: bool,
}

/// Which weights are in use after a run: those that are better on the test dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The trained ones; else those from before.
    pub trained: bool,
    /// Which, and why, with both numbers.
    pub sentence: String,
}

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainResult {
    /// How it ended.
    pub end: TrainEnd,
    /// Epochs done.
    pub epochs: usize,
    /// Epoch whose weights are kept.
    pub best_epoch: usize,
    /// Its validation (else training) loss, in the network's unit.
    #[serde(deserialize_with = "null_as_nan")]
    pub best_loss: f64,
    /// Seconds of training, breaks left out.
    pub seconds: f64,
    /// Counts: train, validate, test, left in the gap.
    pub images: [usize; 4],
    /// Means over the test dates on common pixels, by [`ScoreRow`]; of the TB CNN for each channel, and the input as is. Empty without test
    /// dates.
    pub scores: Vec<ScoreReport>,
    /// Test dates scored.
    pub dates: usize,
    /// uRMSE of bilinear SMAP minus after, of two channels V's; the sentence has both.
    pub over_bilinear: Option<Gain>,
    /// uRMSE before minus after, of two channels V's.
    pub over_before: Option<Gain>,
    /// In words.
    pub sentence: String,
    /// Hash of the trained weights.
    pub hash: String,
    /// Which weights were in use then. None from the command line, and in runs kept before there was a choice.
    #[serde(default)]
    pub choice: Option<Choice>,
}

impl TrainResult {
    /// Test uRMSE of a row, of two channels the first's.
    #[must_use]
    pub fn urmse(&self, row: ScoreRow) -> Option<f64> {
        let keyed = self.scores.iter().any(|score| score.row.is_some());
        let named =
            |part: &str| self.scores.iter().find(|score| score.name.to_ascii_lowercase().contains(part));
        let found = match row {
            _ if keyed => self.scores.iter().find(|score| score.is(row, 0)),
            // A run kept before rows had a key.
            ScoreRow::Estimate => self.scores.first(),
            ScoreRow::Before => named("before"),
            ScoreRow::Bilinear => named("bilinear"),
            _ => None,
        };
        found.and_then(|score| score.urmse)
    }
}
