//! The images of a training run, and why there are none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use loam_core::stack::StackError;
use loam_core::training::{DateRole, PlannedDate, Start, TrainPlan, TrainSettings, UnusableDate};

use crate::{Candidate, FirstDates, Stage, TRAINED_ON, TRAINED_UNTIL, TrainError, Weights};

/// Metadata key of the regions, parted by commas: presets' names, or their places and sizes.
const REGION: &str = "region";

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
    /// Takes a date out of the plan whose pixels do not do.
    pub(crate) fn take_out(&mut self, date: Date, why: String) {
        self.plan.dates.retain(|planned| planned.date != date);
        self.plan.unusable.push(UnusableDate { date, why });
    }

    /// Of maps as targets, once all images are made: says it where Loam made some, and asks that no side of the split has lost its last date
    /// of so many `planned` ones. `history`: the earlier dates that a date is made from, where they must stay on its side of the split.
    pub(crate) fn complete(
        mut self,
        planned: usize,
        history: impl Fn(Date) -> Vec<Date>,
    ) -> Result<Self, GatherError> {
        let [train, validate, test, gap] =
            [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap]
                .map(|role| self.plan.count(role));
        if train == 0 || validate == 0 || test == 0 {
            let left = |day: &PlannedDate| Candidate { date: day.date, history: history(day.date) };
            let possible = FirstDates::of(&self.plan.dates.iter().map(left).collect::<Vec<_>>());
            let split = TrainError::EmptySplit { train, validate, test, gap, possible };
            let why = self.plan.unusable.last().map(|day| day.why.clone()).unwrap_or_default();
            return Err(GatherError::TakenOut { split, taken: planned - self.plan.dates.len(), why });
        }
        let note = "some targets are maps that Loam made, chosen by hand: the network learns its own errors";
        self.notes.extend(self.own_maps.then(|| note.to_owned()));
        Ok(self)
    }

    /// What the weights of a run with maps as targets say of themselves: `region` (of the presets or the places, as the weights file names
    /// them), what they were trained on until when, the split and the settings. `region` in words is that of the user.
    pub(crate) fn metadata(
        &self,
        keys: &[String],
        region: &str,
        base: &Weights,
        settings: &TrainSettings,
    ) -> BTreeMap<String, String> {
        let training = self.plan.of(DateRole::Train);
        let (Some(first), Some(last)) = (training.first(), training.last()) else { return BTreeMap::new() };
        let what = match (self.simulated, self.own_maps) {
            (true, _) => "simulated scenes",
            (false, true) => "SMAP files and maps that Loam made",
            (false, false) => "SMAP and SPL2SMAP_S files",
        };
        let tuned = settings.start == Start::Current;
        let before = base.metadata.get(TRAINED_ON).filter(|_| tuned);
        let before = before.map(|text| format!("; before: {text}")).unwrap_or_default();
        let stages = if tuned { Stage::list(&base.metadata) } else { Vec::new() };
        let mut metadata = BTreeMap::from([
            (REGION.to_owned(), keys.join(",")),
            (TRAINED_ON.to_owned(), format!("{what} of {region}, {first} to {last}{before}")),
            (TRAINED_UNTIL.to_owned(), last.to_string()),
        ]);
        metadata.extend(Stage::of(keys, &self.plan, settings).map(|stage| stage.entry(stages)));
        metadata
    }

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
