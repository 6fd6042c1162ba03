//! What a training run leaves in its weights file for whoever evaluates the weights later: the split and the settings, run after run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use loam_core::training::{DateRole, TrainPlan, TrainSettings};

/// Metadata key of the stages, oldest first, as JSON.
const STAGES: &str = "stages";

/// A training run in a weights file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Keys of the regions, or their places and sizes.
    pub regions: Vec<String>,
    /// Images that trained, that validated, that were kept for testing, and that were left out between them.
    pub images: [usize; 4],
    /// First and last training date, first validation date, first test date: `2016-02-27`.
    pub dates: [String; 4],
    /// Passes over the training images that were asked for.
    pub epochs: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Images per step.
    pub batch: usize,
    /// Of first weights, order and flips.
    pub seed: u64,
    /// Mirrored images were shown too.
    pub flips: bool,
}

impl Stage {
    /// Of a plan and its settings. `None` where a side of the plan is empty.
    #[must_use]
    pub fn of(regions: &[String], plan: &TrainPlan, settings: &TrainSettings) -> Option<Self> {
        let [train, validate, test] =
            [DateRole::Train, DateRole::Validate, DateRole::Test].map(|role| plan.of(role));
        let dates = [*train.first()?, *train.last()?, *validate.first()?, *test.first()?]
            .map(|date| date.to_string());
        Some(Self {
            regions: regions.to_vec(),
            images: [train.len(), validate.len(), test.len(), plan.count(DateRole::Gap)],
            dates,
            epochs: settings.epochs,
            learning_rate: settings.learning_rate,
            batch: settings.batch,
            seed: settings.seed,
            flips: settings.flips,
        })
    }

    /// The stages that a weights file names, oldest first; none where it does not say.
    #[must_use]
    pub fn list(metadata: &BTreeMap<String, String>) -> Vec<Self> {
        metadata.get(STAGES).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// As an entry of the metadata, after those of the weights a run started from.
    #[must_use]
    pub fn entry(self, before: Vec<Self>) -> (String, String) {
        let mut stages = before;
        stages.push(self);
        (STAGES.to_owned(), serde_json::to_string(&stages).unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::civil::date;

    use super::*;
    use loam_core::training::PlannedDate;

    #[test]
    fn stages_follow_each_other_in_a_weights_file() {
        let roles = [DateRole::Train, DateRole::Train, DateRole::Gap, DateRole::Validate, DateRole::Test];
        let dates = roles
            .into_iter()
            .zip(1..)
            .map(|(role, day)| PlannedDate { date: date(2017, 1, day), role })
            .collect();
        let plan = TrainPlan { dates, unusable: Vec::new() };
        let settings = TrainSettings { epochs: 7, seed: 3, ..TrainSettings::default() };
        let first = Stage::of(&["tucson".into(), "geneva".into()], &plan, &settings).unwrap();
        assert_eq!(first.images, [2, 1, 1, 1]);
        assert_eq!(first.dates, ["2017-01-01", "2017-01-02", "2017-01-04", "2017-01-05"]);
        let metadata = BTreeMap::from([first.clone().entry(Vec::new())]);
        let second = Stage { epochs: 2, ..first.clone() };
        let metadata = BTreeMap::from([second.clone().entry(Stage::list(&metadata))]);
        assert_eq!(Stage::list(&metadata), [first, second]);
        assert!(Stage::list(&BTreeMap::new()).is_empty());
        assert!(Stage::of(&[], &TrainPlan { dates: Vec::new(), unusable: Vec::new() }, &settings).is_none());
    }
}
