//! What can go wrong in a training run.

use super::candidates::FirstDates;
use crate::ModelError;
use loam_core::training::SettingError;

/// Errors of a training.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A setting that cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The weights to start from have other inputs.
    #[error(
        "the weights to start from use the inputs \"{found}\", the settings ask for \"{wanted}\": start from scratch, or choose \"{found}\""
    )]
    OtherInputs {
        /// Of the weights.
        found: &'static str,
        /// Of the settings.
        wanted: &'static str,
    },
    /// Weights or images of another network.
    #[error(
        "these are weights or images of the {found}, the settings ask for the {wanted}: start from scratch, or choose the former"
    )]
    OtherNetwork {
        /// Of the weights.
        found: &'static str,
        /// Of the settings.
        wanted: &'static str,
    },
    /// A checkpoint that does not belong to this run, or is damaged.
    #[error("the checkpoint cannot be used: {reason}")]
    Checkpoint {
        /// Why.
        reason: String,
    },
    /// Nothing to train on.
    #[error("there are no training samples. Load dates that have a 3 km map and enough history")]
    NoSamples,
    /// A sample of another size than the first.
    #[error(
        "training sample {sample} has {columns} x {rows} cells, the first has {first_columns} x {first_rows}: cut all samples to one size"
    )]
    UnequalSizes {
        /// Which, from 0.
        sample: usize,
        /// Its columns.
        columns: usize,
        /// Its rows.
        rows: usize,
        /// Columns of the first.
        first_columns: usize,
        /// Rows of the first.
        first_rows: usize,
    },
    /// A sample whose target was observed nowhere.
    #[error(
        "sample {sample} has no observed target pixel, so there is nothing to learn from it: leave it out"
    )]
    EmptyMask {
        /// Which, from 0.
        sample: usize,
    },
    /// A sample that the network cannot take.
    #[error("sample {sample}: {source}")]
    Sample {
        /// Which, from 0.
        sample: usize,
        /// Why.
        source: ModelError,
    },
    /// The loss became NaN or infinite.
    #[error(
        "the loss is no longer a number (epoch {epoch}, step {step}): {kept}. Start again with a smaller learning rate, or look for wrong values in the 3 km maps"
    )]
    LossNotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Step within it, from 1.
        step: usize,
        /// What remains of the run, in words.
        kept: &'static str,
    },
    /// Too few images to split.
    #[error(
        "{found} dates have SMAP, a 3 km product and a full history in this region; at least {needed} are needed to train, validate and \
         test on different dates: open more files, or choose another region"
    )]
    TooFewDates {
        /// Images found.
        found: usize,
        /// Images needed.
        needed: usize,
    },
    /// One side of the split is empty.
    #[error(
        "this split leaves {train} dates to train on, {validate} to validate and {test} to test ({gap} left out, because held-out dates look \
         back at them): {}",
        FirstDates::words(.possible.as_ref())
    )]
    EmptySplit {
        /// Dates left for training.
        train: usize,
        /// Dates left for validation.
        validate: usize,
        /// Dates left for testing.
        test: usize,
        /// Dates left out.
        gap: usize,
        /// First dates that leave each side something; `None` where there are none.
        possible: Option<FirstDates>,
    },
    /// Weights or device.
    #[error(transparent)]
    Model(#[from] ModelError),
}
