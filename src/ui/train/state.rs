//! What the page knows about training: settings, the run under way, its curves, the runs of before.

use std::sync::Arc;

use super::recall::{RecalledRun, Remembered};
use crate::protocol::{PreviewReport, StepReport, TrainEstimate, TrainStarted};
use crate::ui::page_signal::PageSignal;
use crate::ui::state::Job;
use loam_core::network::Network;
use loam_core::training::{CheckpointReport, EpochReport, RunId, RunReport, TrainPlan, TrainSettings};
use loam_core::weights_report::WeightsReport;

/// The present estimate of a validation date with its pixels.
pub struct Preview {
    /// What it is.
    pub report: PreviewReport,
    /// m3/m3, row-major.
    pub values: Vec<f32>,
    /// [`ease_grid::Reason`] by number.
    pub reasons: Vec<u8>,
}

/// All of it. `Copy`: signals are handles.
#[derive(Clone, Copy)]
pub struct Training {
    /// How to train.
    pub settings: PageSignal<TrainSettings>,
    /// Fields whose text is no allowed number, by id, with the refusal. Their old value stays in `settings`.
    pub typed: PageSignal<Vec<(&'static str, String)>>,
    /// Counts up when the settings were replaced as a whole: fields drop what was typed.
    pub replaced: PageSignal<u32>,
    /// Which dates do what.
    pub plan: PageSignal<Option<TrainPlan>>,
    /// Why there is no plan.
    pub plan_problem: PageSignal<Option<String>>,
    /// What a run would take.
    pub estimate: PageSignal<Option<TrainEstimate>>,
    /// The estimate under way.
    pub estimating: PageSignal<Option<Job>>,
    /// The run under way, from the request to its end.
    pub job: PageSignal<Option<Job>>,
    /// The run whose curves are shown; its losses and history are in `losses` and `epochs`.
    pub started: PageSignal<Option<TrainStarted>>,
    /// Loss of every step, in the unit of its network; NaN where unknown. Read untracked: `tick` says when to draw.
    pub losses: PageSignal<Vec<f64>>,
    /// Every epoch done.
    pub epochs: PageSignal<Vec<EpochReport>>,
    /// The latest step.
    pub step: PageSignal<Option<StepReport>>,
    /// Counts up a few times a second while steps come in.
    pub tick: PageSignal<u32>,
    /// The latest checkpoint.
    pub checkpoint: PageSignal<Option<CheckpointReport>>,
    /// The latest estimate of a validation date.
    pub preview: PageSignal<Option<Arc<Preview>>>,
    /// The run stands still.
    pub paused: PageSignal<bool>,
    /// The user asked it to end.
    pub stopping: PageSignal<bool>,
    /// The last run of this session that came to an end.
    pub done: PageSignal<Option<RunReport>>,
    /// Runs in the browser's storage (and of this session, where there is no storage), newest first.
    pub runs: PageSignal<Vec<RunReport>>,
    /// Why no run can be kept.
    pub unsaved: PageSignal<Option<String>>,
    /// The run under way, as soon as it has a name; empty before.
    pub current: PageSignal<RunId>,
    /// The run that was under way when the worker was lost; empty where it had no name yet.
    pub broken: PageSignal<Option<RunId>>,
    /// What was in use before the page was loaded; None once it was asked for, or something else was.
    pub recall: PageSignal<Option<Remembered>>,
    /// The run whose weights were asked for again.
    pub recalled: PageSignal<Option<RecalledRun>>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            settings: PageSignal::new(TrainSettings::fine_tune()),
            typed: PageSignal::new(Vec::new()),
            replaced: PageSignal::new(0),
            plan: PageSignal::new(None),
            plan_problem: PageSignal::new(None),
            estimate: PageSignal::new(None),
            estimating: PageSignal::new(None),
            job: PageSignal::new(None),
            started: PageSignal::new(None),
            losses: PageSignal::new(Vec::new()),
            epochs: PageSignal::new(Vec::new()),
            step: PageSignal::new(None),
            tick: PageSignal::new(0),
            checkpoint: PageSignal::new(None),
            preview: PageSignal::new(None),
            paused: PageSignal::new(false),
            stopping: PageSignal::new(false),
            done: PageSignal::new(None),
            runs: PageSignal::new(Vec::new()),
            unsaved: PageSignal::new(None),
            current: PageSignal::new(RunId::new()),
            broken: PageSignal::new(None),
            recall: PageSignal::new(None),
            recalled: PageSignal::new(None),
        }
    }
}

/// Whether two hashes name the same weights: one may be the beginning of the other.
fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a))
}

/// Whether these are the weights that came out of a run.
#[must_use]
pub fn is_of(weights: &WeightsReport, run: &RunReport) -> bool {
    run.result.as_ref().is_some_and(|r| same(&weights.hash, &r.hash))
}

impl Training {
    /// Why the settings cannot be used; `None` where they can. Tracked.
    #[must_use]
    pub fn refusal(self) -> Option<String> {
        let typed = self.typed.with(|t| t.first().map(|(_, why)| why.clone()));
        typed.or_else(|| self.settings.with(|s| s.check().err().map(|e| e.to_string())))
    }

    /// The network whose curves are shown; SMEN where none are. Tracked.
    #[must_use]
    pub fn shown_network(self) -> Network {
        self.started.with(|s| s.as_ref().map_or(Network::default(), |s| s.settings.network))
    }

    /// Share (0..1) of the planned steps that is done. Tracked.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        let all = self
            .started
            .with(|s| s.as_ref().map(|s| (s.settings.epochs * s.steps_per_epoch, s.steps_per_epoch)));
        let (total, per_epoch) = all.filter(|(total, _)| *total > 0)?;
        let step = self.step.get()?;
        Some((((step.epoch.saturating_sub(1)) * per_epoch + step.step) as f64 / total as f64).clamp(0.0, 1.0))
    }

    /// The finished run whose weights these are.
    #[must_use]
    pub fn run_of(self, weights: &WeightsReport) -> Option<RunReport> {
        let kept = self.runs.with_untracked(|runs| runs.iter().find(|r| is_of(weights, r)).cloned());
        kept.or_else(|| self.done.with_untracked(|d| d.clone()).filter(|r| is_of(weights, r)))
    }

    /// No request is under way any more, because the worker is gone.
    pub fn worker_gone(self) {
        if self.job.with_untracked(Option::is_some) {
            self.broken.set(Some(self.current.get_untracked()));
        }
        self.job.set(None);
        self.estimating.set(None);
        self.paused.set(false);
        self.stopping.set(false);
    }

    /// Forgets the curves of the last run.
    pub fn clear(self) {
        self.started.set(None);
        self.losses.set(Vec::new());
        self.epochs.set(Vec::new());
        self.step.set(None);
        self.checkpoint.set(None);
        self.preview.set(None);
        self.paused.set(false);
        self.stopping.set(false);
    }
}
