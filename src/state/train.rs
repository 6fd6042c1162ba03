//! Training: settings, plan and estimate, the run under way, its curves, the runs of before.

use std::sync::Arc;

use super::field::{Field, Fields};
use super::ledger::Kind;
use super::recall::RecalledRun;
use super::remembered::Remembered;
use super::{Attach, Chosen, Due, Job, State, words};
use crate::protocol::{
    Attachment, Event, ExportForm, Failure, PreviewReport, Request, StepReport, TrainEstimate, TrainStarted,
};
use loam_core::file::FileId;
use loam_core::network::{Inputs, Network};
use loam_core::training::{CheckpointReport, EpochReport, RunId, RunReport, Start, TrainPlan, TrainSettings};
use loam_core::weights_report::WeightsReport;

/// After the last change before the plan is asked for, milliseconds.
const PLAN_PAUSE: u32 = 300;
/// Between two drawings of the chart, milliseconds: steps may come many times a second.
const DRAW: u32 = 200;
/// Between two epochs read out, milliseconds: an epoch may take less than its sentence.
const SPOKEN: f64 = 5000.0;
/// How often the runs are asked for again while the lost worker's lock on its run is not yet free, and after how many milliseconds.
const RETRIES: u32 = 5;
const RETRY: u32 = 800;
/// A gap in the steps beyond what any run has is a mistake of the worker, not a reason to fill the memory.
const LONGEST_GAP: usize = 1_000_000;

/// The present estimate of a validation date with its pixels.
#[derive(Debug)]
pub struct Preview {
    /// What it is.
    pub report: PreviewReport,
    /// m3/m3, row-major.
    pub values: Vec<f32>,
    /// [`ease_grid::Reason`] by number.
    pub reasons: Vec<u8>,
}

/// A run's life.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Run {
    /// None was begun.
    #[default]
    Idle,
    /// It was asked for; images or a checkpoint are being read.
    Preparing {
        /// Its request.
        id: u64,
        /// Its name, where it resumes.
        run: Option<RunId>,
        /// How far the preparing is.
        job: Job,
        /// What is shown again if it comes to nothing.
        before: Option<Box<RunReport>>,
    },
    /// It takes steps.
    Running {
        /// Its request.
        id: u64,
        /// Its name.
        run: RunId,
        /// Something that is done between the steps.
        job: Option<Job>,
        /// It stands still.
        paused: bool,
        /// The user asked it to end.
        stopping: bool,
    },
    /// It came to its end.
    Done(Box<RunReport>),
    /// Its worker was lost.
    Lost {
        /// Its name, where it had one.
        run: Option<RunId>,
        /// How often it was looked for while its lock was not yet free.
        asked: u32,
    },
}

impl Run {
    /// It is being prepared, or takes steps.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Preparing { .. } | Self::Running { .. })
    }

    /// What is being done beside the steps.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        match self {
            Self::Preparing { job, .. } => Some(job),
            Self::Running { job, .. } => job.as_ref(),
            _ => None,
        }
    }

    /// It stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        matches!(self, Self::Running { paused: true, .. })
    }

    /// The user asked it to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        matches!(self, Self::Running { stopping: true, .. })
    }

    /// The report of the one that came to its end.
    #[must_use]
    pub fn report(&self) -> Option<&RunReport> {
        match self {
            Self::Done(report) => Some(report),
            _ => None,
        }
    }

    /// The name of the one that was lost.
    #[must_use]
    pub fn lost(&self) -> Option<&RunId> {
        match self {
            Self::Lost { run, .. } => run.as_ref(),
            _ => None,
        }
    }

    fn id(&self) -> Option<u64> {
        match self {
            Self::Preparing { id, .. } | Self::Running { id, .. } => Some(*id),
            _ => None,
        }
    }
}

/// What the page knows of training.
#[derive(Debug)]
pub struct TrainState {
    /// How to train.
    pub settings: Field<TrainSettings>,
    /// Fields whose text is no allowed number, by id, with the refusal. Their old value stays in `settings`.
    pub typed: Field<Vec<(&'static str, String)>>,
    /// Counts up when the settings were replaced as a whole: fields drop what was typed.
    pub replaced: Field<u32>,
    /// Which dates do what.
    pub plan: Field<Option<TrainPlan>>,
    /// Why there is no plan.
    pub plan_problem: Field<Option<String>>,
    /// What a run would take.
    pub estimate: Field<Option<TrainEstimate>>,
    /// The estimate under way.
    pub estimating: Field<Option<Job>>,
    /// The run.
    pub run: Field<Run>,
    /// The run whose curves are shown; its losses and history are in `losses` and `epochs`.
    pub started: Field<Option<TrainStarted>>,
    /// Loss of every step, in the unit of its network; NaN where unknown. `tick` says when to draw.
    pub losses: Field<Vec<f64>>,
    /// Every epoch done.
    pub epochs: Field<Vec<EpochReport>>,
    /// The latest step.
    pub step: Field<Option<StepReport>>,
    /// Counts up a few times a second while steps come in.
    pub tick: Field<u32>,
    /// The latest checkpoint.
    pub checkpoint: Field<Option<CheckpointReport>>,
    /// The latest estimate of a validation date.
    pub preview: Field<Option<Arc<Preview>>>,
    /// Runs in the browser's storage (and of this session, where there is no storage), newest first.
    pub runs: Field<Vec<RunReport>>,
    /// Why no run can be kept.
    pub unsaved: Field<Option<String>>,
    /// What was in use before the page was loaded; None once it was asked for, or something else was.
    pub recall: Field<Option<Remembered>>,
    /// The run whose weights were asked for again.
    pub recalled: Field<Option<RecalledRun>>,
    plan_turn: u32,
    drawing: bool,
    spoken: f64,
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

impl TrainState {
    pub(super) fn new(f: &mut Fields) -> Self {
        Self {
            settings: f.of(TrainSettings::fine_tune()),
            typed: f.of(Vec::new()),
            replaced: f.of(0),
            plan: f.of(None),
            plan_problem: f.of(None),
            estimate: f.of(None),
            estimating: f.of(None),
            run: f.of(Run::Idle),
            started: f.of(None),
            losses: f.of(Vec::new()),
            epochs: f.of(Vec::new()),
            step: f.of(None),
            tick: f.of(0),
            checkpoint: f.of(None),
            preview: f.of(None),
            runs: f.of(Vec::new()),
            unsaved: f.of(None),
            recall: f.of(None),
            recalled: f.of(None),
            plan_turn: 0,
            drawing: false,
            spoken: 0.0,
        }
    }

    /// Why the settings cannot be used; `None` where they can.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let typed = self.typed.first().map(|(_, why)| why.clone());
        typed.or_else(|| self.settings.check().err().map(|e| e.to_string()))
    }

    /// The finished run whose weights these are.
    #[must_use]
    pub fn run_of(&self, weights: &WeightsReport) -> Option<RunReport> {
        let kept = self.runs.iter().find(|r| is_of(weights, r));
        kept.or_else(|| self.run.report().filter(|r| is_of(weights, r))).cloned()
    }

    /// Share (0..1) of the planned steps that is done.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let started = self.started.as_ref()?;
        let (per_epoch, step) = (started.steps_per_epoch, self.step.as_ref()?);
        let total = started.settings.epochs * per_epoch;
        let done = step.epoch.saturating_sub(1) * per_epoch + step.step;
        (total > 0).then(|| (done as f64 / total as f64).clamp(0.0, 1.0))
    }

    /// Forgets the curves of the last run.
    fn clear_curves(&mut self) {
        self.started.put(None);
        self.losses.set(Vec::new());
        self.epochs.set(Vec::new());
        self.step.put(None);
        self.checkpoint.put(None);
        self.preview.set(None);
    }

    fn replace_settings(&mut self, settings: TrainSettings) {
        self.typed.put(Vec::new());
        self.settings.set(settings);
        *self.replaced += 1;
    }

    /// What was being prepared is done.
    fn quiet_job(&mut self) {
        if matches!(&*self.run, Run::Running { job: Some(_), .. })
            && let Run::Running { job, .. } = &mut *self.run
        {
            *job = None;
        }
    }
}

impl State {
    /// Another setting, or none of the numbers typed.
    pub(super) fn set_training(&mut self, settings: TrainSettings) {
        self.train.settings.put(settings);
        self.plan_later();
    }

    pub(super) fn train_typed(&mut self, field: &'static str, why: Option<String>) {
        if why.is_some() || self.train.typed.iter().any(|(id, _)| *id == field) {
            self.train.typed.retain(|(id, _)| *id != field);
            self.train.typed.extend(why.map(|why| (field, why)));
        }
    }

    /// Other settings for another network: those that are proposed for it.
    pub(super) fn train_network(&mut self, network: Network) {
        self.train.replace_settings(TrainSettings::proposed(network));
        self.plan_later();
    }

    /// What is frozen by default goes with the start: new weights have no norms worth keeping.
    pub(super) fn train_start(&mut self, start: Start) {
        let mut settings = self.train.settings.clone();
        settings.start = start;
        if !settings.network.about().parts.is_empty() {
            let scratch = start == Start::Scratch;
            settings.frozen =
                if scratch { TrainSettings::default() } else { TrainSettings::fine_tune() }.frozen;
            if !scratch {
                settings.inputs = self.inputs_in_use();
            }
        }
        self.set_training(settings);
    }

    /// What the weights in use expect: known for those that a run of this browser made, else both.
    fn inputs_in_use(&self) -> Inputs {
        self.train.run_of(&self.weights).map_or(Inputs::default(), |r| r.settings.inputs)
    }

    /// A run that starts from the weights in use has their inputs.
    pub(super) fn train_weights_changed(&mut self) {
        let inputs = self.inputs_in_use();
        if self.train.settings.start == Start::Current && self.train.settings.inputs != inputs {
            self.train.settings.inputs = inputs;
            self.plan_later();
        }
    }

    /// Another region, or other rules.
    pub(super) fn train_region_changed(&mut self) {
        self.plan_later();
    }

    /// Other dates.
    pub(super) fn train_dates_changed(&mut self) {
        self.plan_later();
    }

    /// The plan is asked for when the last change is a moment old.
    fn plan_later(&mut self) {
        self.train.estimate.put(None);
        self.train.plan_turn = self.train.plan_turn.wrapping_add(1);
        let network = self.train.settings.network;
        // The time line does not say which days have brightness temperature at 9 km: the worker does.
        if !self.timeline.days.iter().any(|d| d.fine.is_some() || network.output().is_kelvin()) {
            self.train.plan.put(None);
            let target = network.about().target;
            self.train.plan_problem.put(Some(format!("No date has {target} of this region to learn from.")));
            return;
        }
        self.train.plan_problem.put(None);
        let due = Due::Plan(self.train.plan_turn);
        self.later(PLAN_PAUSE, due);
    }

    /// Asks which dates would train, validate and test. Not with settings that are refused anyway.
    pub(super) fn plan_now(&mut self, turn: u32) {
        if turn == self.train.plan_turn && self.train.settings.check().is_ok() {
            let (train, settings) = (self.train.settings.clone(), self.settings.clone());
            self.send(Kind::Plan, Request::TrainPlan { train, settings });
        }
    }

    /// Asks what a run would take.
    pub(super) fn estimate(&mut self) {
        let (train, settings) = (self.train.settings.clone(), self.settings.clone());
        if let Some(id) = self.send(Kind::Estimate, Request::TrainEstimate { train, settings }) {
            self.train.estimating.set(Some(Job::new(id, "measuring three steps")));
        }
    }

    pub(super) fn cancel_estimate(&mut self) {
        if let Some(id) = self.train.estimating.as_ref().map(|job| job.id) {
            self.cancel(id);
        }
    }

    /// Trains.
    pub(super) fn train(&mut self) {
        if self.train.run.is_active() {
            return;
        }
        let (train, settings) = (self.train.settings.clone(), self.settings.clone());
        if let Some(id) = self.send(Kind::Train, Request::Train { train, settings }) {
            self.begin_run(id, None, "preparing the images");
        }
    }

    /// Resumes an unfinished run.
    pub(super) fn resume(&mut self, run: RunId) {
        if self.train.run.is_active() {
            return;
        }
        if let Some(id) = self.send(Kind::Train, Request::ResumeRun { run: run.clone() }) {
            self.begin_run(id, Some(run), "reading the checkpoint");
        }
    }

    fn begin_run(&mut self, id: u64, run: Option<RunId>, what: &str) {
        self.train.clear_curves();
        let before = match self.train.run.take() {
            Run::Done(report) => Some(report),
            _ => None,
        };
        self.train.run.set(Run::Preparing { id, run, job: Job::new(id, what), before });
        self.say("Training is being prepared.");
    }

    /// Pauses the run, or lets it continue.
    pub(super) fn pause(&mut self, pause: bool) {
        if self.train.run.is_active() {
            self.send(Kind::Files, Request::PauseTraining { pause });
        }
    }

    /// Ends the run with its best weights.
    pub(super) fn stop(&mut self) {
        if matches!(&*self.train.run, Run::Running { stopping: false, .. })
            && self.send(Kind::Files, Request::StopTraining).is_some()
            && let Run::Running { stopping, .. } = &mut *self.train.run
        {
            *stopping = true;
        }
    }

    /// Ends the run and throws it away.
    pub(super) fn cancel_run(&mut self) {
        if let Some(id) = self.train.run.id() {
            self.cancel(id);
        }
    }

    /// Uses the weights of the last run, or those from before it.
    pub(super) fn keep(&mut self, keep: bool) {
        self.choice.put(Chosen::Weights);
        self.send(Kind::Weights, Request::KeepTrained { keep });
    }

    pub(super) fn ask_runs(&mut self) {
        self.send(Kind::Runs, Request::Runs);
    }

    pub(super) fn forget_run(&mut self, run: RunId) {
        if matches!(&*self.train.run, Run::Lost { .. }) {
            self.train.run.set(Run::Idle);
        }
        self.send(Kind::Runs, Request::ForgetRun { run });
    }

    /// Uses the weights of a finished run.
    pub(super) fn use_run(&mut self, run: RunId) {
        self.train.recall.put(None);
        self.choice.put(Chosen::Weights);
        self.send(Kind::Weights, Request::UseRun { run });
    }

    pub(super) fn save_train_settings(&mut self) {
        let train = self.train.settings.clone();
        self.send(Kind::Export, Request::WriteSettings { train });
    }

    pub(super) fn read_train_settings(&mut self, file: FileId, name: String) {
        self.send_with(Kind::Files, Request::ReadSettings { name }, Attach::Files(vec![file]));
    }

    /// A file of the last map, or of the weights in use.
    pub(super) fn export(&mut self, form: ExportForm) {
        let attach = match form {
            ExportForm::SeasonCube => Attach::Bytes(self.season_records()),
            ExportForm::GeoTiff | ExportForm::Csv | ExportForm::Bundle if self.season.shown => {
                return self.no_file_of_season();
            }
            _ => Attach::Nothing,
        };
        if self.send_with(Kind::Export, Request::Export { form }, attach).is_some() {
            self.exporting.put(true);
        }
    }

    /// How far a request of training is.
    pub(super) fn training_progress(&mut self, kind: Kind, now: Job) {
        match (kind, &*self.train.run) {
            (Kind::Estimate, _) => self.train.estimating.set(Some(now)),
            (Kind::Train, run) if run.id() == Some(now.id) => match &mut *self.train.run {
                Run::Preparing { job, .. } => *job = now,
                Run::Running { job, .. } => *job = Some(now),
                _ => {}
            },
            _ => {}
        }
    }

    /// What the worker says of training.
    pub(super) fn training_answered(&mut self, id: u64, event: Event, attachments: Vec<Attachment>) {
        match event {
            Event::TrainSettings(settings) => {
                self.train.replace_settings(*settings);
                self.plan_later();
                self.say("The settings of the file are in the form.");
            }
            Event::TrainPlan(plan) => {
                self.train.plan_problem.put(None);
                self.train.plan.put(Some(plan));
            }
            Event::TrainEstimate(estimate) => {
                self.train.plan_problem.put(None);
                self.train.plan.put(Some(estimate.plan.clone()));
                self.train.estimate.set(Some(*estimate));
            }
            Event::TrainStarted(started) => self.begun(id, *started),
            Event::TrainStep(step) => self.stepped(step),
            Event::TrainEpoch(epoch) => self.epoch_done(epoch),
            Event::TrainCheckpoint(checkpoint) => self.train.checkpoint.set(Some(checkpoint)),
            Event::TrainPreview(report) => {
                let mut attachments = attachments.into_iter();
                if let (Some(Attachment::F32(values)), Some(Attachment::U8(reasons))) =
                    (attachments.next(), attachments.next())
                    && values.len() == report.columns * report.rows
                {
                    self.train.preview.set(Some(Arc::new(Preview { report, values, reasons })));
                }
            }
            Event::TrainPaused(now) => {
                if let Run::Running { paused, .. } = &mut *self.train.run {
                    *paused = now;
                }
                self.say(if now { "Training is paused." } else { "Training continues." });
            }
            Event::TrainDone(report) => {
                // Its weights, or those from before it, are in use now.
                self.choice.put(Chosen::Weights);
                self.run_done(*report);
            }
            Event::Runs { runs, unsaved } => self.runs_listed(runs, unsaved),
            _ => {}
        }
    }

    fn begun(&mut self, id: u64, mut started: TrainStarted) {
        let t = &mut self.train;
        t.clear_curves();
        t.losses.set(std::mem::take(&mut started.losses));
        t.epochs.set(std::mem::take(&mut started.history));
        let run = started.run.clone();
        let how = if started.resumed { "resumes from the last checkpoint" } else { "begins" };
        let said = format!("Training on {} {how}.", started.region);
        t.started.set(Some(started));
        t.run.set(Run::Running { id, run, job: None, paused: false, stopping: false });
        *t.tick += 1;
        self.say(said);
    }

    fn stepped(&mut self, step: StepReport) {
        let t = &mut self.train;
        let per_epoch = t.started.as_ref().map_or(0, |s| s.steps_per_epoch);
        let index = step.epoch.saturating_sub(1) * per_epoch + step.step.saturating_sub(1);
        // By place, not by order: a run that was set back to a checkpoint repeats steps.
        let losses = t.losses.quiet();
        if index < losses.len() + LONGEST_GAP {
            losses.resize(index, f64::NAN);
            losses.push(step.loss);
        }
        t.step.set(Some(step));
        t.quiet_job();
        if !std::mem::replace(&mut t.drawing, true) {
            self.later(DRAW, Due::Curves);
        }
    }

    /// The curves are drawn with what came in.
    pub(super) fn draw_curves(&mut self) {
        self.train.drawing = false;
        *self.train.tick += 1;
    }

    fn epoch_done(&mut self, epoch: EpochReport) {
        let t = &mut self.train;
        t.epochs.retain(|e| e.epoch < epoch.epoch);
        t.epochs.push(epoch);
        if self.now - t.spoken >= SPOKEN {
            t.spoken = self.now;
            let of = t.started.as_ref().map_or(0, |s| s.settings.epochs);
            let validation =
                epoch.validation.map(|v| format!(", validation {}", words::loss(v))).unwrap_or_default();
            let best = if epoch.best { ", the best so far" } else { "" };
            let loss = words::loss(epoch.train_loss);
            self.say(format!("Epoch {} of {of}: training {loss}{validation}{best}.", epoch.epoch));
        }
    }

    fn run_done(&mut self, report: RunReport) {
        if let Some(result) = &report.result {
            let choice = result.choice.as_ref().map_or("", |choice| choice.sentence.as_str());
            self.say(format!("Training is over. {choice} {}", result.sentence));
        }
        self.train.runs.retain(|r| r.run != report.run);
        self.train.runs.insert(0, report.clone());
        self.train.run.set(Run::Done(Box::new(report)));
        // The worker named the weights in use before the page knew of the run.
        self.remember_weights();
        self.train_weights_changed();
        self.follow_map();
    }

    /// A request of training is over. `cancelled`: by the user, so its curves go too.
    pub(super) fn training_over(&mut self, id: u64, kind: Kind, cancelled: bool) {
        match kind {
            Kind::Estimate => self.train.estimating.put(None),
            Kind::Train => {
                if self.train.run.id() == Some(id) {
                    let after = match self.train.run.take() {
                        Run::Preparing { before: Some(report), .. } => Run::Done(report),
                        _ => Run::Idle,
                    };
                    self.train.run.set(after);
                    if cancelled {
                        self.train.clear_curves();
                    }
                }
                self.ask_runs();
            }
            _ => {}
        }
    }

    /// No plan: said beside the form, because the page asked for it and not the user.
    pub(super) fn no_plan(&mut self, failure: &Failure) {
        let remedy = if failure.remedy.is_empty() { String::new() } else { format!(" {}", failure.remedy) };
        self.train.plan.put(None);
        self.train.plan_problem.put(Some(format!("{}.{remedy}", failure.what.trim_end_matches('.'))));
    }

    fn runs_listed(&mut self, mut runs: Vec<RunReport>, unsaved: Option<String>) {
        if unsaved.is_some() {
            // Runs of this session are known to the page alone.
            let here =
                self.train.runs.iter().filter(|r| r.result.is_some() && runs.iter().all(|k| k.run != r.run));
            let here: Vec<RunReport> = here.cloned().collect();
            runs.extend(here);
        }
        // What became of the run that was under way when the worker was lost.
        let lost = match &*self.train.run {
            Run::Lost { run, asked } => {
                let of = |r: &&RunReport| r.result.is_none() && Some(&r.run) == run.as_ref();
                Some((run.clone(), *asked, runs.iter().find(of).map(|r| r.in_use)))
            }
            _ => None,
        };
        self.train.runs.put(runs);
        self.train.unsaved.put(unsaved.clone());
        self.recall(unsaved.as_deref());
        match lost {
            None | Some((_, _, Some(false))) => {}
            Some((run, asked, Some(true))) => {
                if asked < RETRIES {
                    // The lost worker's lock on its run is given back a moment after its end.
                    self.train.run.set(Run::Lost { run, asked: asked + 1 });
                    self.later(RETRY, Due::Runs);
                }
            }
            Some((run, _, None)) => {
                self.train.run.set(Run::Idle);
                if run.is_some() {
                    let why = unsaved.unwrap_or_else(|| "it had no checkpoint yet".to_owned());
                    let remedy = "Start it again; nothing else is lost.";
                    self.fail("The run under way was lost with the worker", &why, remedy);
                }
            }
        }
    }
}
