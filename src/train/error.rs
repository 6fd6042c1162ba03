//! What can go wrong in a training run.

use jiff::civil::Date;

use crate::model::ModelError;

/// Errors of the folder [`crate::train`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A setting outside its range.
    #[error("{setting} is {value}, it must lie between {least} and {most}")]
    Setting {
        /// Name.
        setting: &'static str,
        /// Value given.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
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
    #[error("sample {sample} has no observed target pixel, so there is nothing to learn from it: leave it out")]
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
    #[error("the loss is no longer a number (epoch {epoch}, step {step}): {kept}. Start again with a smaller learning rate")]
    LossNotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Step within it, from 1.
        step: usize,
        /// What remains of the run, in words.
        kept: &'static str,
    },
    /// One side of the split is empty.
    #[error("splitting at {first_test} leaves {train} dates to train on and {test} to test on: choose another date")]
    EmptySplit {
        /// First day of the test side.
        first_test: Date,
        /// Dates left for training.
        train: usize,
        /// Dates left for testing.
        test: usize,
    },
    /// Weights or device.
    #[error(transparent)]
    Model(#[from] ModelError),
}
