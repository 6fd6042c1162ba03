//! A training run under way in a session: what happens on the training requests, and one piece of work at a time between other requests.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use super::images::plan;
use super::requests::{Loaded, Session, Stop};
use super::run::{GatherError, Gathered, Judged, Run, facts, from_scratch, gather, overlap};
use super::{Host, cost};
#[cfg(feature = "gpu")]
use crate::model::Processor;
use crate::model::{ModelError, Smen, Weights};
use crate::protocol::{
    Attachment, CheckpointReport, DateRole, Event, PreviewReport, RunReport, Settings, Start, StepReport, TrainEnd, TrainEstimate,
    TrainPlan, TrainSettings, TrainStarted,
};
use crate::stack::{HistoryRule, Preset};
#[cfg(feature = "gpu")]
use crate::train::check_training;
use crate::train::{Keeper, RunHead, RunImage, StoreError, TrainError, TrainEvent, TrainSample, Trainer, keeper};

/// Steps whose median says how long a step takes.
const TIMED_STEPS: usize = 9;
/// Least time between two previews, ms: they should show movement, not cost it.
const PREVIEW_MS: f64 = 3000.0;

/// What a piece of work left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing to do until the next request.
    Idle,
    /// More to do.
    Goes,
    /// The request with this id is over.
    Over(u64),
}

/// The run under way.
pub(super) struct Job<H: Host> {
    pub id: u64,
    run: Run,
    keeper: Option<Keeper<H::Store>>,
    paused: bool,
    stop: bool,
    /// Milliseconds of each of the latest steps.
    times: VecDeque<f64>,
    /// End of the last piece of work.
    last_ms: f64,
    previewed_ms: f64,
}

/// Weights and images of a run that is about to begin.
struct Prepared {
    base: Weights,
    gathered: Gathered,
    region: String,
    facts: BTreeMap<String, String>,
    estimate: TrainEstimate,
}

impl From<TrainError> for Stop {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Model(error) => error.into(),
            other => Self::failed(other, ""),
        }
    }
}

impl From<GatherError> for Stop {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Cancelled => Self::Cancelled,
            GatherError::Split(error) => error.into(),
            other => Self::failed(other, ""),
        }
    }
}

impl<H: Host> Session<H> {
    /// Id of the request that trains, paused or not.
    pub fn training_id(&self) -> Option<u64> {
        self.job.as_ref().map(|job| job.id)
    }

    // ---- before a run ----------------------------------------------------------------------------------------------------------

    pub(super) async fn train_plan(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<(), Stop> {
        let rule = self.series_for(id, settings).await?;
        let Some(series) = &self.series else { return Ok(()) };
        // A split that leaves a side empty is refused when a run is asked for; here the strip only has nothing to show yet.
        let plan = plan(series, rule, train).map_err(|e| Stop::failed(e, ""))?;
        self.emit(id, Event::TrainPlan(plan));
        Ok(())
    }

    pub(super) async fn train_estimate(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<(), Stop> {
        let prepared = self.prepare(id, train, settings).await?;
        self.emit(id, Event::TrainEstimate(Box::new(prepared.estimate)));
        Ok(())
    }

    async fn series_for(&mut self, id: u64, settings: Settings) -> Result<HistoryRule, Stop> {
        let rule = HistoryRule { cover: settings.history_cover };
        self.settings = Some(settings);
        self.ensure_series(id).await?;
        Ok(rule)
    }

    /// Weights, images and three real steps. Everything that cannot work is refused here, before the first step that counts.
    async fn prepare(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<Prepared, Stop> {
        train.check().map_err(|e| Stop::failed(e, ""))?;
        let window = settings.window;
        let region = match settings.region.as_deref().and_then(Preset::find) {
            Some(preset) => preset.name.to_owned(),
            None => {
                let (longitude, latitude) = window.lonlat(window.columns / 2, window.rows / 2);
                format!("{longitude:.2}, {latitude:.2} ({} x {} cells)", window.columns, window.rows)
            }
        };
        let region_key = settings.region.clone().unwrap_or_else(|| region.clone());
        let rule = self.series_for(id, settings).await?;
        let base = match train.start {
            Start::Current => self.ensure_weights(&window).await?.weights.clone(),
            Start::Scratch => Weights::init(train.inputs, train.seed),
        };
        // Weights in use bring their inputs with them.
        let train = &TrainSettings { inputs: base.inputs(), ..train.clone() };
        let (Some(series), Some(processor)) = (&mut self.series, &self.processor) else {
            return Err(Stop::failed("the session is not ready", "Reload the page."));
        };
        let host = &self.host;
        let gathered = gather(&self.library, series, rule, train, async |done, total, date| {
            host.emit(id, Event::Progress { done: done as u64, total: total as u64, what: format!("preparing {date}") }, Vec::new());
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        let warnings = overlap(&base, train.start, &gathered.plan).into_iter().collect();
        #[cfg(feature = "gpu")]
        check_kernels(&mut self.training_checked, &self.host, id, processor).await;
        let facts = facts(&[region_key], &region, &base, train, &gathered);

        // Three real steps, thrown away. The least of them counts: the first compiles shaders on a GPU.
        let some: Vec<TrainSample> = RunImage::samples(&gathered.images, DateRole::Train).take(train.batch).cloned().collect();
        let needs = cost::of(window.columns, window.rows, gathered.images.len(), train.batch.min(some.len()));
        let limit = if processor.is_gpu() { self.buffer_limit } else { None };
        cost::hold(&needs, limit, &window, train.batch).map_err(|(what, remedy)| Stop::failed(what, &remedy))?;
        let settings = TrainSettings { epochs: 3, patience: 0, ..train.clone() };
        let mut trial = Trainer::new(&base, some, Vec::new(), settings, processor.device())?;
        let mut least = f64::INFINITY;
        let mut begun = self.host.now_ms();
        while let Some(event) = trial.step().await {
            match event {
                TrainEvent::StepDone { .. } => least = least.min(self.host.now_ms() - begun),
                TrainEvent::Failed(error) => return Err(error.into()),
                _ => {}
            }
            self.host.breathe().await;
            begun = self.host.now_ms();
        }
        let seconds_per_step = least / 1000.0;
        let steps_per_epoch = gathered.plan.count(DateRole::Train).div_ceil(train.batch);
        // Forward alone is about a third of a step.
        let validation = gathered.plan.count(DateRole::Validate) as f64 / train.batch as f64 / 3.0;
        let seconds_per_epoch = seconds_per_step * (steps_per_epoch as f64 + validation);
        let estimate = TrainEstimate {
            plan: gathered.plan.clone(),
            seconds_per_step,
            seconds_per_epoch,
            steps_per_epoch,
            seconds: seconds_per_epoch * train.epochs as f64,
            memory_bytes: needs.memory,
            largest_tensor_bytes: needs.largest_tensor,
            buffer_limit_bytes: limit,
            storage_bytes: needs.storage,
            warnings,
        };
        Ok(Prepared { base, gathered, region, facts, estimate })
    }

    // ---- begin and go on -------------------------------------------------------------------------------------------------------

    pub(super) async fn train(&mut self, id: u64, train: TrainSettings, settings: Settings) -> Result<(), Stop> {
        self.refuse_second_run()?;
        let Prepared { base, gathered: Gathered { plan, images, simulated }, region, facts, estimate } =
            self.prepare(id, &train, settings.clone()).await?;
        for warning in &estimate.warnings {
            self.emit(id, Event::Warning(warning.clone()));
        }
        let train = TrainSettings { inputs: base.inputs(), ..train };
        let storage_bytes = estimate.storage_bytes;
        self.emit(id, Event::TrainEstimate(Box::new(estimate)));
        let Some(processor) = &self.processor else { return Err(Stop::failed("no device was started", "Reload the page.")) };
        let device = self.device.as_ref().map_or_else(String::new, |d| d.name.clone());
        let begun_ms = self.host.wall_ms();
        let from = match train.start {
            Start::Current => self.weights.as_ref().map(|loaded| loaded.report.clone()).unwrap_or_default(),
            Start::Scratch => from_scratch(train.seed),
        };
        let report = RunReport {
            run: format!("{begun_ms:.0}"),
            begun_ms,
            region,
            settings: train,
            from,
            device,
            simulated,
            result: None,
            progress: None,
            in_use: true,
        };
        let head = RunHead { report, settings, images: images.len(), left_out: plan.count(DateRole::Gap), facts };
        let run = Run::new(head, base, images, processor.device())?;
        let mut unsaved = None;
        let keeper = match self.keep(&run, storage_bytes).await {
            Ok(keeper) => Some(keeper),
            Err(error) => {
                unsaved = Some(format!("This run cannot be resumed after a reload. {error}"));
                None
            }
        };
        self.begin(id, run, keeper, plan, false, unsaved);
        Ok(())
    }

    fn refuse_second_run(&self) -> Result<(), Stop> {
        if self.job.is_some() {
            return Err(Stop::failed("a run is under way", "Stop or cancel it first."));
        }
        Ok(())
    }

    async fn keep(&self, run: &Run, bytes: u64) -> Result<Keeper<H::Store>, StoreError> {
        let store = self.host.store().await?;
        if let Some(left) = self.host.storage_left().await.filter(|left| *left < bytes) {
            let why = format!("{} MB are free in this browser's storage, {} MB are needed", left >> 20, bytes.div_ceil(1 << 20));
            return Err(StoreError::Unavailable { why });
        }
        let Run { head, base, images, .. } = run;
        let held = || StoreError::Failed { path: head.report.run.clone(), why: "another tab holds a run of this name".into() };
        Keeper::begin(store, head, base, images, async || self.host.breathe().await).await?.ok_or_else(held)
    }

    pub(super) async fn resume_run(&mut self, id: u64, run: &str) -> Result<(), Stop> {
        self.refuse_second_run()?;
        let store = self.host.store().await.map_err(|e| Stop::failed(e, ""))?;
        let Some((keeper, kept)) = Keeper::resume(store, run).await? else {
            return Err(Stop::failed("another tab is training this run", "Go on there, or close that tab first."));
        };
        let Some(processor) = &self.processor else { return Err(Stop::failed("no device was started", "Reload the page.")) };
        #[cfg(feature = "gpu")]
        check_kernels(&mut self.training_checked, &self.host, id, processor).await;
        let run = Run::resumed(kept, processor.device())?;
        let dates = run.images.iter().map(|image| crate::protocol::PlannedDate { date: image.date, role: image.role }).collect();
        let plan = TrainPlan { dates, unusable: Vec::new() };
        self.begin(id, run, Some(keeper), plan, true, None);
        Ok(())
    }

    fn begin(&mut self, id: u64, run: Run, keeper: Option<Keeper<H::Store>>, plan: TrainPlan, resumed: bool, unsaved: Option<String>) {
        let Run { trainer, head, .. } = &run;
        let started = TrainStarted {
            run: head.report.run.clone(),
            settings: head.report.settings.clone(),
            region: head.report.region.clone(),
            plan,
            steps_per_epoch: trainer.steps_per_epoch(),
            history: trainer.history().to_vec(),
            losses: trainer.losses().to_vec(),
            resumed,
            simulated: head.report.simulated,
            unsaved,
        };
        self.emit(id, Event::TrainStarted(Box::new(started)));
        let now = self.host.now_ms();
        self.job = Some(Job {
            id,
            run,
            keeper,
            paused: false,
            stop: false,
            times: VecDeque::new(),
            last_ms: now,
            previewed_ms: f64::NEG_INFINITY,
        });
    }

    // ---- while it runs ---------------------------------------------------------------------------------------------------------

    /// One piece of the run under way: at most one batch, or the end of the run. Called between requests.
    pub async fn work(&mut self) -> Work {
        let Some(mut job) = self.job.take() else { return Work::Idle };
        let id = job.id;
        if self.host.cancelled(id) {
            self.throw_away(job).await;
            self.emit(id, Event::Cancelled);
            return Work::Over(id);
        }
        if job.paused && !job.stop {
            self.job = Some(job);
            return Work::Idle;
        }
        let end = if job.stop { Some(Ok(TrainEnd::Stopped)) } else { self.advance(&mut job).await };
        let Some(end) = end else {
            self.job = Some(job);
            self.host.breathe().await;
            return Work::Goes;
        };
        let ended = match end {
            Ok(end) => self.finish(job, end).await,
            Err(error) => match error.into() {
                // The run stays where its last checkpoint left it.
                lost @ Stop::Lost(_) => Err(lost),
                other => {
                    self.throw_away(job).await;
                    Err(other)
                }
            },
        };
        self.end(id, ended);
        Work::Over(id)
    }

    async fn throw_away(&self, job: Job<H>) {
        if let Some(keeper) = job.keeper
            && let Err(error) = keeper.discard().await
        {
            self.emit(job.id, Event::Warning(format!("The run could not be taken out of the storage: {error}.")));
        }
    }

    /// The next event of the trainer. Some at the end of the run.
    async fn advance(&self, job: &mut Job<H>) -> Option<Result<TrainEnd, TrainError>> {
        let begun = self.host.now_ms();
        let event = job.run.trainer.step().await;
        let now = self.host.now_ms();
        job.run.seconds += (now - begun) / 1000.0;
        match event {
            Some(TrainEvent::Started { .. } | TrainEvent::Validated { .. }) => {}
            Some(TrainEvent::Warning(text)) => self.emit(job.id, Event::Warning(text)),
            Some(TrainEvent::StepDone { epoch, step, loss }) => {
                job.times.push_back(now - begun);
                if job.times.len() > TIMED_STEPS {
                    job.times.pop_front();
                }
                let report = StepReport {
                    epoch,
                    step,
                    loss,
                    seconds_left: job.seconds_left(),
                    load: ((now - begun) / (now - job.last_ms).max(1e-3)).clamp(0.0, 1.0),
                };
                job.last_ms = now;
                self.emit(job.id, Event::TrainStep(report));
                if job.run.trainer.steps().is_multiple_of(job.run.head.report.settings.checkpoint_steps) {
                    self.save(job).await;
                }
            }
            Some(TrainEvent::EpochDone(report)) => {
                self.emit(job.id, Event::TrainEpoch(report));
                self.save(job).await;
                if now - job.previewed_ms >= PREVIEW_MS {
                    job.previewed_ms = now;
                    self.preview(job, report.epoch).await;
                }
            }
            Some(TrainEvent::Finished { early, .. }) => return Some(Ok(if early { TrainEnd::Early } else { TrainEnd::Finished })),
            Some(TrainEvent::Failed(error)) => {
                let kept = job.run.trainer.best().is_some() && matches!(error, TrainError::LossNotFinite { .. });
                if !kept {
                    return Some(Err(error));
                }
                self.emit(job.id, Event::Warning(error.to_string()));
                return Some(Ok(TrainEnd::NotFinite));
            }
            None => return Some(Ok(TrainEnd::Finished)),
        }
        None
    }

    /// Keeps a checkpoint. Where that fails the last one stands, and the run goes on.
    async fn save(&self, job: &mut Job<H>) {
        let Some(keeper) = &mut job.keeper else { return };
        let checkpoint = match job.run.trainer.checkpoint(job.run.seconds).await {
            Ok(checkpoint) => checkpoint,
            Err(error) => return self.emit(job.id, Event::Warning(format!("No checkpoint could be made: {error}."))),
        };
        match keeper.save(&checkpoint).await {
            Ok(bytes) => {
                let report = CheckpointReport { epoch: checkpoint.epoch, steps: checkpoint.steps, bytes };
                self.emit(job.id, Event::TrainCheckpoint(report));
            }
            Err(error) => {
                let text = format!("The checkpoint at step {} was not kept ({error}); the last one before it stands.", checkpoint.steps);
                self.emit(job.id, Event::Warning(text));
            }
        }
    }

    async fn preview(&self, job: &Job<H>, epoch: usize) {
        let Some(image) = job.run.images.iter().find(|image| image.role == DateRole::Validate) else { return };
        let values = match job.run.trainer.preview(0).await {
            Ok(Some(values)) => values,
            Ok(None) => return,
            Err(error) => return self.emit(job.id, Event::Warning(format!("The preview could not be computed: {error}."))),
        };
        let valid: Vec<bool> = image.sample.mask.iter().map(|mask| *mask > 0.0).collect();
        let scores = crate::score::Scores::of(&values, &image.sample.target, &valid).unwrap_or_default();
        let masked = values.iter().zip(&image.reasons).map(|(v, reason)| if *reason == 0 { *v } else { f32::NAN }).collect();
        let report = PreviewReport {
            date: image.date,
            epoch,
            columns: image.sample.columns,
            rows: image.sample.rows,
            urmse: scores.urmse.unwrap_or(f64::NAN),
        };
        let attachments = vec![Attachment::F32(masked), Attachment::U8(image.reasons.clone())];
        self.host.emit(job.id, Event::TrainPreview(report), attachments);
    }

    pub(super) async fn pause_training(&mut self, pause: bool) -> Result<(), Stop> {
        let Some(mut job) = self.job.take() else { return Err(Stop::failed("no run is under way", "")) };
        if pause && !job.paused {
            self.save(&mut job).await;
        }
        job.paused = pause;
        job.last_ms = self.host.now_ms();
        self.emit(job.id, Event::TrainPaused(pause));
        self.job = Some(job);
        Ok(())
    }

    pub(super) fn stop_training(&mut self) -> Result<(), Stop> {
        match &mut self.job {
            Some(job) => {
                job.stop = true;
                Ok(())
            }
            None => Err(Stop::failed("no run is under way", "")),
        }
    }

    // ---- afterwards ------------------------------------------------------------------------------------------------------------

    /// Offset, scores before and after on the test dates, the run's row; its weights are in use from now on.
    async fn finish(&mut self, job: Job<H>, end: TrainEnd) -> Result<(), Stop> {
        let id = job.id;
        let Some(processor) = &self.processor else { return Err(Stop::failed("no device was started", "Reload the page.")) };
        let device = processor.device().clone();
        let host = &self.host;
        let mut progress = async |done: usize, total: usize, what: &str| {
            host.emit(id, Event::Progress { done: done as u64, total: total as u64, what: what.to_owned() }, Vec::new());
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let judged = job.run.judge(end, &device, &mut progress).await;
        let Judged { trained, model, result, .. } = match judged {
            Ok(judged) => judged,
            Err(ModelError::Cancelled) => {
                self.throw_away(job).await;
                return Err(Stop::Cancelled);
            }
            Err(error) => return Err(error.into()),
        };
        let report = trained.report(&format!("{} (fine-tuned here)", job.run.head.report.region));
        if let Some(keeper) = &job.keeper
            && let Err(error) = keeper.finish(&result, &trained).await
        {
            self.emit(id, Event::Warning(format!("The result could not be kept in the browser ({error}): export the weights now.")));
        }
        let run = RunReport { result: Some(result), progress: None, in_use: false, ..job.run.head.report.clone() };
        let loaded = Loaded { key: run.run.clone(), weights: trained, report: report.clone(), model, own: true };
        self.before = match run.settings.start {
            Start::Current => {
                let model = Smen::from_weights(&job.run.base, &device)?;
                Some(Loaded { key: format!("before {}", run.run), report: run.from.clone(), weights: job.run.base, model, own: true })
            }
            Start::Scratch => self.weights.take(),
        };
        self.trained = Some(loaded.clone());
        self.weights = Some(loaded);
        self.use_tb = false;
        self.emit(id, Event::Weights(report));
        self.emit(id, Event::TrainDone(Box::new(run)));
        Ok(())
    }

    /// The weights of the last run, or those from before it.
    pub(super) fn keep_trained(&mut self, id: u64, keep: bool) -> Result<(), Stop> {
        let chosen = if keep { &self.trained } else { &self.before };
        let chosen =
            chosen.clone().ok_or_else(|| Stop::failed("there is no finished run in this session", "Choose one from the table."))?;
        self.emit(id, Event::Weights(chosen.report.clone()));
        self.weights = Some(chosen);
        self.use_tb = false;
        Ok(())
    }

    // ---- runs kept -------------------------------------------------------------------------------------------------------------

    pub(super) async fn report_runs(&self, id: u64) -> Result<(), Stop> {
        let listed = match self.host.store().await {
            Ok(store) => keeper::list(&store).await,
            Err(error) => Err(error),
        };
        self.emit(
            id,
            match listed {
                Ok(mut runs) => {
                    // Our own lock is no other tab's.
                    let own = self.job.as_ref().map(|job| job.run.head.report.run.clone());
                    runs.retain(|run| Some(&run.run) != own.as_ref());
                    Event::Runs { runs, unsaved: None }
                }
                Err(error) => Event::Runs { runs: Vec::new(), unsaved: Some(error.to_string()) },
            },
        );
        Ok(())
    }

    pub(super) async fn forget_run(&self, id: u64, run: &str) -> Result<(), Stop> {
        let store = self.host.store().await.map_err(|e| Stop::failed(e, ""))?;
        if !keeper::forget(&store, run).await.map_err(|e| Stop::failed(e, ""))? {
            return Err(Stop::failed("this run is being trained", "Cancel it where it is trained."));
        }
        self.report_runs(id).await
    }

    pub(super) async fn use_run(&mut self, id: u64, run: &str) -> Result<(), Stop> {
        let store = self.host.store().await.map_err(|e| Stop::failed(e, ""))?;
        let weights = keeper::trained(&store, run).await?;
        let Some(processor) = &self.processor else { return Err(Stop::failed("no device was started", "Reload the page.")) };
        let model = Smen::from_weights(&weights, processor.device())?;
        let name = weights.metadata.get("region").cloned().unwrap_or_else(|| "own region".to_owned());
        let report = weights.report(&format!("{name} (fine-tuned here)"));
        self.weights = Some(Loaded { key: run.to_owned(), weights, report: report.clone(), model, own: true });
        (self.before, self.trained) = (None, None);
        self.use_tb = false;
        self.emit(id, Event::Weights(report));
        Ok(())
    }
}

/// Before the first training on a GPU: its kernels against the CPU, burn's operations where they fail, which is said.
#[cfg(feature = "gpu")]
async fn check_kernels<H: Host>(checked: &mut bool, host: &H, id: u64, processor: &Processor) {
    if processor.is_gpu() && !std::mem::replace(checked, true) {
        host.emit(id, Event::Progress { done: 0, total: 1, what: "checking the GPU's training against the CPU".into() }, Vec::new());
        if let Some(warning) = check_training(processor.device()).await {
            host.emit(id, Event::Warning(warning), Vec::new());
        }
    }
}

impl<H: Host> Job<H> {
    /// From the median of the latest steps; validation costs about a third of a step an image.
    fn seconds_left(&self) -> f64 {
        let mut times: Vec<f64> = self.times.iter().copied().collect();
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(0.0) / 1000.0;
        let settings = &self.run.head.report.settings;
        let steps = self.run.trainer.steps_per_epoch();
        let validation =
            self.run.images.iter().filter(|image| image.role == DateRole::Validate).count() as f64 / settings.batch as f64 / 3.0;
        let all = settings.epochs as f64 * (steps as f64 + validation);
        let done = self.run.trainer.steps() as f64 + self.run.trainer.history().len() as f64 * validation;
        (all - done).max(0.0) * median
    }
}
