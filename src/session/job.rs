//! The training run under way.

use std::collections::VecDeque;

use loam_core::training::DateRole;
use loam_nn::{AnyRun, Keeper, RunHead, of_run};

use super::Host;

/// What is known of a run.
pub(super) fn head(run: &AnyRun) -> &RunHead {
    of_run!(run, run => &run.head)
}

/// The run under way.
pub(super) struct Job<H: Host> {
    pub id: u64,
    pub run: AnyRun,
    pub keeper: Option<Keeper<H::Store>>,
    pub paused: bool,
    pub stop: bool,
    /// Milliseconds of each of the latest steps.
    pub times: VecDeque<f64>,
    /// End of the last piece of work.
    pub last_ms: f64,
    pub previewed_ms: f64,
}

impl<H: Host> Job<H> {
    /// From the median of the latest steps; validation costs about a third of a step an image.
    pub fn seconds_left(&self) -> f64 {
        let mut times: Vec<f64> = self.times.iter().copied().collect();
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(0.0) / 1000.0;
        let settings = &head(&self.run).report.settings;
        let (steps, held, steps_done, epochs_done) = of_run!(&self.run, run => {
            let trainer = &run.trainer;
            (trainer.steps_per_epoch(), run.of(DateRole::Validate).count(), trainer.steps(), trainer.history().len())
        });
        let validation = held as f64 / settings.batch as f64 / 3.0;
        let all = settings.epochs as f64 * (steps as f64 + validation);
        let done = steps_done as f64 + epochs_done as f64 * validation;
        (all - done).max(0.0) * median
    }
}
