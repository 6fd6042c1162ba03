//! The images of a training run, and why there are none.

use std::collections::BTreeSet;

use loam_core::stack::StackError;
use loam_core::training::TrainPlan;

use crate::TrainError;

/// Why the images of a run could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The split, or what the pixels left of it.
    #[error(transparent)]
    Split(#[from] TrainError),
    /// A side of the split that the files' covers promised and the pixels did not keep.
    #[error("{split}. {taken} dates were taken out, the last of them because {why}")]
    TakenOut {
        /// What was left.
        split: TrainError,
        /// Dates whose pixels do not do.
        taken: usize,
        /// Of the last of them.
        why: String,
    },
    /// A file could not be read.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The user no longer wants it.
    #[error("cancelled")]
    Cancelled,
}

/// The images of a run.
#[derive(Debug, Clone)]
pub struct Gathered<I> {
    /// What each date is used for; dates whose pixels do not do are among the unusable ones.
    pub plan: TrainPlan,
    /// In the order of the plan, without the gap.
    pub images: Vec<I>,
    /// Made from simulated scenes, some or all.
    pub simulated: bool,
    /// Some targets are estimates that Loam made, chosen by hand.
    pub own_maps: bool,
    /// What the targets are, where the network has several kinds.
    pub targets: BTreeSet<String>,
    /// What the reader of losses and scores must know, as clauses.
    pub notes: Vec<String>,
    /// Files that failed, and why.
    pub failures: Vec<(String, String)>,
}

impl<I> Default for Gathered<I> {
    fn default() -> Self {
        Self {
            plan: TrainPlan::default(),
            images: Vec::new(),
            simulated: false,
            own_maps: false,
            targets: BTreeSet::new(),
            notes: Vec::new(),
            failures: Vec::new(),
        }
    }
}

impl<I> Gathered<I> {
    /// The images of several regions as those of one run, dates in order.
    #[must_use]
    pub fn joined(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.plan.dates.extend(part.plan.dates);
            all.plan.unusable.extend(part.plan.unusable);
            all.images.extend(part.images);
            all.simulated |= part.simulated;
            all.own_maps |= part.own_maps;
            all.targets.extend(part.targets);
            for note in part.notes {
                if !all.notes.contains(&note) {
                    all.notes.push(note);
                }
            }
            all.failures.extend(part.failures);
        }
        all.plan.dates.sort_by_key(|day| day.date);
        all
    }
}
