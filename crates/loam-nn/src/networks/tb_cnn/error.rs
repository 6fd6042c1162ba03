//! Why the TB CNN's work failed.

use std::collections::BTreeMap;

use loam_core::network::TbCase;
use loam_core::score::ScoreError;
use loam_core::stack::StackError;
use loam_core::training::UnusableDate;

use crate::{FirstDates, ModelError, TrainError};

/// Why the TB CNN's work failed.
#[derive(Debug, thiserror::Error)]
pub enum TbError {
    /// Input could not be put together.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The network failed or was cancelled.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Scores could not be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Too few dates for what is asked.
    #[error(
        "{found} dates can be used for the {}, {needed} are needed: {inputs} dates have {}, {targets} of them {}{}. Open more files, or choose \
         another region or other dates",
        .case.words(), inputs_of(*.case), target_of(*.case), left_out(*.unusable, .why)
    )]
    TooFew {
        /// Which case.
        case: TbCase,
        /// Usable dates.
        found: usize,
        /// Needed.
        needed: usize,
        /// Dates whose files have the inputs.
        inputs: usize,
        /// Dates of these whose files have the target, too.
        targets: usize,
        /// Dates of these that were left out after a look at their pixels.
        unusable: usize,
        /// The commonest reason.
        why: String,
    },
    /// One side of the split is empty.
    #[error(
        "of {found} usable dates, this split leaves {train} to train on, {validate} to validate and {test} to test: {}",
        FirstDates::words(.possible.as_ref())
    )]
    EmptySplit {
        /// All.
        found: usize,
        /// To train on.
        train: usize,
        /// To validate on.
        validate: usize,
        /// To test on.
        test: usize,
        /// First dates that leave each side something; `None` where there are none.
        possible: Option<FirstDates>,
    },
}

fn inputs_of(case: TbCase) -> &'static str {
    match case {
        TbCase::BrightnessTemperature => "36 km brightness temperature (SPL3SMP, SPL2SMP)",
        TbCase::SoilMoisture => "both SMAP soil moisture and land surface temperature",
    }
}

fn target_of(case: TbCase) -> &'static str {
    match case {
        TbCase::BrightnessTemperature => "brightness temperature at 9 km (SPL3SMAP, SPL2SMAP, SPL3SMP_E)",
        TbCase::SoilMoisture => "a 3 km map (SPL2SMAP_S)",
    }
}

fn left_out(unusable: usize, why: &str) -> String {
    if unusable == 0 { String::new() } else { format!(", and {unusable} were left out (mostly: {why})") }
}

impl From<ease_grid::GridError> for TbError {
    fn from(error: ease_grid::GridError) -> Self {
        Self::Stack(error.into())
    }
}

/// [`TbError::TooFew`] with the commonest reason.
#[must_use]
pub fn too_few(
    case: TbCase,
    found: usize,
    needed: usize,
    inputs: usize,
    targets: usize,
    unusable: &[UnusableDate],
) -> TbError {
    let mut counts = BTreeMap::<&str, usize>::new();
    for day in unusable {
        *counts.entry(&day.why).or_default() += 1;
    }
    let why = counts.into_iter().max_by_key(|(_, n)| *n).map_or_else(String::new, |(why, _)| why.to_owned());
    TbError::TooFew { case, found, needed, inputs, targets, unusable: unusable.len(), why }
}
