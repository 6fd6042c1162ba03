//! What page and worker say to each other about a training run under way.

use jiff::civil::Date;
use loam_core::iso_date;
use loam_core::nan_json::{null_as_nan, nulls_as_nan};
use loam_core::training::{EpochReport, RunId, TrainPlan, TrainSettings};
use serde::{Deserialize, Serialize};

/// What a run will take, from three real steps that are thrown away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainEstimate {
    /// Dates by role.
    pub plan: TrainPlan,
    /// Seconds of one training step.
    pub seconds_per_step: f64,
    /// Seconds of one epoch, validation included.
    pub seconds_per_epoch: f64,
    /// Steps of one epoch.
    pub steps_per_epoch: usize,
    /// Seconds of all epochs.
    pub seconds: f64,
    /// Bytes of images kept, and of one step's tensors, about.
    pub memory_bytes: u64,
    /// Bytes of the largest single tensor: what an adapter's buffer limit is compared with.
    pub largest_tensor_bytes: u64,
    /// That limit, where a GPU is used.
    pub buffer_limit_bytes: Option<u64>,
    /// Bytes of checkpoints and images that will be kept in the browser's storage, about.
    pub storage_bytes: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A run begins or resumes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainStarted {
    /// Its name.
    pub run: RunId,
    /// Settings.
    pub settings: TrainSettings,
    /// For people: `Tucson`, or a place.
    pub region: String,
    /// Dates by role.
    pub plan: TrainPlan,
    /// Steps of one epoch.
    pub steps_per_epoch: usize,
    /// The epochs done before (a resumed run).
    pub history: Vec<EpochReport>,
    /// Loss of each step done before.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub losses: Vec<f64>,
    /// From a checkpoint.
    pub resumed: bool,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// Whether checkpoints are kept; else why not, in words.
    pub unsaved: Option<String>,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Step within it, from 1.
    pub step: usize,
    /// Loss of the batch before the step (`About::loss_name`, in the network's unit): mean uRMSE, m3/m3, or mean absolute error.
    #[serde(deserialize_with = "null_as_nan")]
    pub loss: f64,
    /// Seconds left, from the median of the latest steps.
    #[serde(deserialize_with = "null_as_nan")]
    pub seconds_left: f64,
    /// Share (0..1) of the time since the last step in which the device computed.
    pub load: f64,
}

/// The present estimate of one validation date (attachment 0: `F32`, row-major, NaN where masked; attachment 1: `U8` reasons).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PreviewReport {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Epoch it was made after.
    pub epoch: usize,
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// uRMSE against the 3 km product, m3/m3.
    #[serde(deserialize_with = "null_as_nan")]
    pub urmse: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_left_the_numbers_arrives() -> Result<(), serde_json::Error> {
        let step = StepReport { epoch: 1, step: 2, loss: f64::NAN, seconds_left: f64::INFINITY, load: 0.5 };
        let back: StepReport = serde_json::from_str(&serde_json::to_string(&step)?)?;
        assert!(back.loss.is_nan() && back.seconds_left.is_nan() && back.step == 2);
        Ok(())
    }
}
