//! A training run under way in a session: what happens on the training requests, and one piece of work at a time between other requests.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use loam_core::method::Method;
#[cfg(feature = "gpu")]
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::score::ScoreRow;
use loam_core::training::{
    CheckpointReport, DateRole, PlannedDate, RunReport, Start, TrainEnd, TrainPlan, TrainSettings,
};
#[cfg(feature = "gpu")]
use loam_nn::NetworkModel;
use loam_nn::evaluation::{Earlier, choice};
use loam_nn::run::{Evaluated, Run, from_scratch};
use loam_nn::{
    AnyNetwork, AnyRun, Keeper, KeptImage, ModelError, Registered, RunHead, StoreError, TrainError,
    TrainEvent, Weights, for_network, keeper, of_run,
};

use super::Host;
use super::auto::Auto;
use super::job::{Job, head};
use super::loaded::{LoadedNetwork, Snapshot};
use super::prepare::Prepared;
use super::state::{RequestError, Session};
use crate::protocol::{Attachment, Event, PreviewReport, StepReport, TrainStarted};

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

impl<H: Host> Session<H> {
    /// Id of the request that trains, paused or not.
    pub fn training_id(&self) -> Option<u64> {
        self.job.as_ref().map(|job| job.id)
    }

    // ---- begin and go on -------------------------------------------------------------------------------------------------------

    pub(super) async fn train(
        &mut self,
        id: u64,
        train: TrainSettings,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        self.refuse_second_run()?;
        for_network!(train.network, N => self.train_as::<N>(id, &train, settings).await)
    }

    async fn train_as<N: Registered>(
        &mut self,
        id: u64,
        train: &TrainSettings,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let Prepared { base, train, images, plan, simulated, region, settings, metadata, estimate } =
            self.prepare::<N>(id, train, settings).await?;
        for warning in &estimate.warnings {
            self.emit(id, Event::Warning(warning.clone()));
        }
        let storage_bytes = estimate.storage_bytes;
        self.emit(id, Event::TrainEstimate(Box::new(estimate)));
        let begun_ms = self.host.wall_ms();
        let from = match train.start {
            Start::Current => {
                self.networks.get(&train.network).map(|loaded| loaded.report.clone()).unwrap_or_default()
            }
            Start::Scratch => from_scratch(train.network, train.seed),
        };
        let report = RunReport {
            run: format!("{begun_ms:.0}"),
            begun_ms,
            region,
            settings: train,
            from,
            device: self.device.as_ref().map_or_else(String::new, |d| d.name.clone()),
            simulated,
            result: None,
            progress: None,
            in_use: true,
        };
        let left_out = plan.count(DateRole::Gap);
        let head = RunHead { report, settings, images: plan.dates.len() - left_out, left_out, metadata };
        let Some(processor) = &self.processor else {
            return Err(RequestError::failed("no device was started", "Reload the page."));
        };
        let run = Run::new(head, base, images, processor.device())?;
        let (keeper, unsaved) = match self.keep(&run, storage_bytes).await {
            Ok(keeper) => (Some(keeper), None),
            Err(error) => (None, Some(format!("This run cannot be resumed after a reload. {error}"))),
        };
        self.begin(id, N::any_run(run), keeper, plan, false, unsaved);
        Ok(())
    }

    /// Before a network's first training on a GPU: its steps against the CPU's. Kernels of our own give way to burn's operations where they
    /// fail, which is said; a network that has burn's already is refused.
    #[cfg(feature = "gpu")]
    pub(super) async fn check_training<N: NetworkModel>(
        &mut self,
        id: u64,
        network: Network,
    ) -> Result<(), RequestError> {
        let Some(processor) = self.processor.as_ref().filter(|processor| processor.is_gpu()) else {
            return Ok(());
        };
        if self.training_checked.contains(&network) {
            return Ok(());
        }
        let what = "checking the GPU's training against the CPU".into();
        self.emit(id, Event::Progress { done: 0, total: 1, what });
        match N::check_training(network, processor.device()).await {
            Ok(warning) => warning.into_iter().for_each(|warning| self.emit(id, Event::Warning(warning))),
            Err(reason) => {
                let name = network.about().name;
                let what =
                    format!("this graphics device does not train the {name} as the CPU does ({reason})");
                return Err(RequestError::failed(what, "Choose “CPU” under Device, and start again."));
            }
        }
        self.training_checked.push(network);
        Ok(())
    }

    fn refuse_second_run(&self) -> Result<(), RequestError> {
        if self.job.is_some() {
            return Err(RequestError::failed("a run is under way", "RequestError or cancel it first."));
        }
        Ok(())
    }

    async fn keep<I: KeptImage>(&self, run: &Run<I>, bytes: u64) -> Result<Keeper<H::Store>, StoreError> {
        let store = self.host.store().await?;
        if let Some(left) = self.host.storage_left().await.filter(|left| *left < bytes) {
            let why = format!(
                "{} MB are free in this browser's storage, {} MB are needed",
                left >> 20,
                bytes.div_ceil(1 << 20)
            );
            return Err(StoreError::Unavailable { why });
        }
        let Run { head, base, images, .. } = run;
        let held = || StoreError::Failed {
            path: head.report.run.clone(),
            why: "another tab holds a run of this name".into(),
        };
        Keeper::begin(store, head, base, images, async || self.host.yield_now().await).await?.ok_or_else(held)
    }

    pub(super) async fn resume_run(&mut self, id: u64, run: &str) -> Result<(), RequestError> {
        self.refuse_second_run()?;
        let store = self.host.store().await.map_err(|e| RequestError::failed(e, ""))?;
        let network = keeper::head(&store, run).await?.report.settings.network;
        for_network!(network, N => self.resume_as::<N>(id, store, run).await)
    }

    async fn resume_as<N: Registered>(
        &mut self,
        id: u64,
        store: H::Store,
        run: &str,
    ) -> Result<(), RequestError> {
        let Some((keeper, kept)) = Keeper::resume::<N::Image>(store, run).await? else {
            return Err(RequestError::failed(
                "another tab is training this run",
                "Go on there, or close that tab first.",
            ));
        };
        #[cfg(feature = "gpu")]
        self.check_training::<N>(id, kept.head.report.settings.network).await?;
        let Some(processor) = &self.processor else {
            return Err(RequestError::failed("no device was started", "Reload the page."));
        };
        let run = Run::resumed(kept, processor.device())?;
        let dates =
            run.images.iter().map(|image| PlannedDate { date: image.date(), role: image.role() }).collect();
        let plan = TrainPlan { dates, unusable: Vec::new() };
        self.begin(id, N::any_run(run), Some(keeper), plan, true, None);
        Ok(())
    }

    fn begin(
        &mut self,
        id: u64,
        run: AnyRun,
        keeper: Option<Keeper<H::Store>>,
        plan: TrainPlan,
        resumed: bool,
        unsaved: Option<String>,
    ) {
        let head = head(&run);
        let (steps_per_epoch, history, losses) = of_run!(&run, run => {
            let trainer = &run.trainer;
            (trainer.steps_per_epoch(), trainer.history().to_vec(), trainer.losses().to_vec())
        });
        let started = TrainStarted {
            run: head.report.run.clone(),
            settings: head.report.settings.clone(),
            region: head.report.region.clone(),
            plan,
            steps_per_epoch,
            history,
            losses,
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
            self.throw_away(id, job.keeper).await;
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
            self.host.yield_now().await;
            return Work::Goes;
        };
        let ended = match end {
            Ok(end) => self.finish(job, end).await,
            Err(error) => match error.into() {
                // The run stays where its last checkpoint left it.
                lost @ RequestError::Lost(_) => Err(lost),
                other => {
                    self.throw_away(id, job.keeper).await;
                    Err(other)
                }
            },
        };
        self.end(id, ended);
        Work::Over(id)
    }

    async fn throw_away(&self, id: u64, keeper: Option<Keeper<H::Store>>) {
        if let Some(keeper) = keeper
            && let Err(error) = keeper.discard().await
        {
            self.emit(id, Event::Warning(format!("The run could not be taken out of the storage: {error}.")));
        }
    }

    /// The next event of the trainer. Some at the end of the run.
    async fn advance(&self, job: &mut Job<H>) -> Option<Result<TrainEnd, TrainError>> {
        let begun = self.host.now_ms();
        let event = of_run!(&mut job.run, run => run.trainer.step().await);
        let now = self.host.now_ms();
        of_run!(&mut job.run, run => run.seconds += (now - begun) / 1000.0);
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
                let steps = of_run!(&job.run, run => run.trainer.steps());
                if steps.is_multiple_of(head(&job.run).report.settings.checkpoint_steps) {
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
            Some(TrainEvent::Finished { early, .. }) => {
                return Some(Ok(if early { TrainEnd::Early } else { TrainEnd::Finished }));
            }
            Some(TrainEvent::Failed(error)) => {
                let kept = of_run!(&job.run, run => run.trainer.best().is_some())
                    && matches!(error, TrainError::LossNotFinite { .. });
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
        let checkpoint = match of_run!(&job.run, run => run.trainer.checkpoint(run.seconds).await) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                return self.emit(job.id, Event::Warning(format!("No checkpoint could be made: {error}.")));
            }
        };
        match keeper.save(&checkpoint).await {
            Ok(bytes) => {
                let report = CheckpointReport { epoch: checkpoint.epoch, steps: checkpoint.steps, bytes };
                self.emit(job.id, Event::TrainCheckpoint(report));
            }
            Err(error) => {
                let text = format!(
                    "The checkpoint at step {} was not kept ({error}); the last one before it stands.",
                    checkpoint.steps
                );
                self.emit(job.id, Event::Warning(text));
            }
        }
    }

    async fn preview(&self, job: &Job<H>, epoch: usize) {
        let shown = of_run!(&job.run, run => match run.of(DateRole::Validate).next() {
            Some(image) => match run.trainer.preview(0).await {
                Ok(values) => Ok(values.and_then(|values| image.preview_of(values)).map(|shown| (image.date(), shown))),
                Err(error) => Err(error),
            },
            None => Ok(None),
        });
        let (date, shown) = match shown {
            Ok(Some(shown)) => shown,
            Ok(None) => return,
            Err(error) => {
                return self
                    .emit(job.id, Event::Warning(format!("The preview could not be computed: {error}.")));
            }
        };
        let scores =
            loam_core::score::Scores::of(&shown.estimate, &shown.target, &shown.valid).unwrap_or_default();
        let masked = shown
            .estimate
            .iter()
            .zip(&shown.reasons)
            .map(|(v, reason)| if *reason == 0 { *v } else { f32::NAN })
            .collect();
        let (columns, rows) = shown.size;
        let report = PreviewReport { date, epoch, columns, rows, urmse: scores.urmse.unwrap_or(f64::NAN) };
        let attachments = vec![Attachment::F32(masked), Attachment::U8(shown.reasons)];
        self.host.emit(job.id, Event::TrainPreview(report), attachments);
    }

    pub(super) async fn pause_training(&mut self, pause: bool) -> Result<(), RequestError> {
        let Some(mut job) = self.job.take() else {
            return Err(RequestError::failed("no run is under way", ""));
        };
        if pause && !job.paused {
            self.save(&mut job).await;
        }
        job.paused = pause;
        job.last_ms = self.host.now_ms();
        self.emit(job.id, Event::TrainPaused(pause));
        self.job = Some(job);
        Ok(())
    }

    pub(super) fn stop_training(&mut self) -> Result<(), RequestError> {
        match &mut self.job {
            Some(job) => {
                job.stop = true;
                Ok(())
            }
            None => Err(RequestError::failed("no run is under way", "")),
        }
    }

    // ---- afterwards ------------------------------------------------------------------------------------------------------------

    /// Scores before and after on the test dates, and the run's row. Of its weights and those from before the better are in use from now
    /// on.
    async fn finish(&mut self, job: Job<H>, end: TrainEnd) -> Result<(), RequestError> {
        let Job { id, run, keeper, .. } = job;
        let in_use = self.in_use_before(id, head(&run)).await?;
        let network = head(&run).report.settings.network;
        let active = Method::Network(network);
        let start = head(&run).report.settings.start;
        let (row, base, trained) =
            of_run!(run, run => self.evaluated(id, *run, end, in_use.as_ref(), keeper).await?);
        let with = |loaded: Option<LoadedNetwork>| {
            let mut networks = self.networks.clone();
            networks.extend(loaded.map(|loaded| (network, loaded)));
            networks
        };
        let (before, trained) = match start {
            Start::Current => (Snapshot { networks: with(Some(base)), active }, with(Some(trained))),
            Start::Scratch => (Snapshot { networks: with(None), active: self.active }, with(Some(trained))),
        };
        self.before = Some(before);
        self.trained = Some(Snapshot { networks: trained, active });
        let keep =
            row.result.as_ref().and_then(|result| result.choice.as_ref()).is_none_or(|choice| choice.trained);
        self.keep_trained(id, keep)?;
        self.emit(id, Event::TrainDone(Box::new(row)));
        Ok(())
    }

    /// The weights that were in use before a run from scratch, where they are of its network: its own first weights, random ones, are no
    /// comparison.
    async fn in_use_before(&mut self, id: u64, head: &RunHead) -> Result<Option<Weights>, RequestError> {
        let settings = &head.report.settings;
        if settings.start != Start::Scratch {
            return Ok(None);
        }
        let network = settings.network;
        if self.active != network.into() {
            return Ok(None);
        }
        if !network.is_shipped() {
            return Ok(self.networks.get(&network).map(|loaded| loaded.weights.clone()));
        }
        match self.ensure_weights(network, &head.settings.window).await {
            Ok(loaded) => Ok(Some(loaded.weights.clone())),
            // The run itself needs them not.
            Err(RequestError::Failed(failure)) => {
                let text = format!(
                    "The trained weights are compared with none from before the run: {}.",
                    failure.what
                );
                self.emit(id, Event::Warning(text));
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// A run that ended: its row with scores, which is kept, the weights it started from, and those it trained. One that is cancelled while
    /// it is scored is thrown away.
    async fn evaluated<I: KeptImage>(
        &self,
        id: u64,
        run: Run<I>,
        end: TrainEnd,
        in_use: Option<&Weights>,
        keeper: Option<Keeper<H::Store>>,
    ) -> Result<(RunReport, LoadedNetwork, LoadedNetwork), RequestError>
    where
        I::Model: Registered,
    {
        let Some(processor) = &self.processor else {
            return Err(RequestError::failed("no device was started", "Reload the page."));
        };
        let device = processor.device();
        let host = &self.host;
        let mut progress = async |done: usize, total: usize, what: &str| {
            host.emit(
                id,
                Event::Progress { done: done as u64, total: total as u64, what: what.to_owned() },
                Vec::new(),
            );
            host.yield_now().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let Evaluated { trained, model, mut result, .. } =
            match run.evaluate(end, in_use, device, &mut progress).await {
                Ok(evaluated) => evaluated,
                Err(ModelError::Cancelled) => {
                    self.throw_away(id, keeper).await;
                    return Err(RequestError::Cancelled);
                }
                Err(error) => return Err(error.into()),
            };
        let report = &run.head.report;
        let earlier = match report.settings.start {
            Start::Current => Some((ScoreRow::Before, &run.base)),
            Start::Scratch => in_use.map(|weights| (ScoreRow::InUse, weights)),
        };
        let first = run.of(DateRole::Test).map(KeptImage::date).min();
        let earlier = earlier.map(|(row, weights)| Earlier {
            row,
            seen_until: first.and_then(|d| weights.seen_until(d, report.simulated)),
        });
        result.choice = Some(choice(&result.scores, report.settings.network.unit(), earlier));
        if let Some(keeper) = &keeper
            && let Err(error) = keeper.finish(&result, &trained).await
        {
            self.emit(
                id,
                Event::Warning(format!(
                    "The result could not be kept in the browser ({error}): export the weights now."
                )),
            );
        }
        let report = trained.report(&format!("{} (fine-tuned here)", run.head.report.region));
        let row = RunReport { result: Some(result), progress: None, in_use: false, ..run.head.report };
        let model = model.into_any();
        let trained = LoadedNetwork { key: row.run.clone(), report, weights: trained, model, own: true };
        let (key, model) = (format!("before {}", row.run), AnyNetwork::load(&run.base, device)?);
        let base = LoadedNetwork { key, report: row.from.clone(), weights: run.base, model, own: true };
        Ok((row, base, trained))
    }

    /// The weights of the last run, or those from before it.
    pub(super) fn keep_trained(&mut self, id: u64, keep: bool) -> Result<(), RequestError> {
        let chosen = if keep { &self.trained } else { &self.before };
        let Snapshot { networks, active } = chosen.clone().ok_or_else(|| {
            RequestError::failed("there is no finished run in this session", "Choose one from the table.")
        })?;
        (self.networks, self.active) = (networks, active);
        self.auto = Auto::default();
        self.emit(id, Event::Weights(self.method_report()));
        Ok(())
    }

    // ---- runs kept -------------------------------------------------------------------------------------------------------------

    pub(super) async fn report_runs(&self, id: u64) -> Result<(), RequestError> {
        let listed = match self.host.store().await {
            Ok(store) => keeper::list(&store).await,
            Err(error) => Err(error),
        };
        self.emit(
            id,
            match listed {
                Ok(mut runs) => {
                    // Our own lock is no other tab's.
                    let own = self.job.as_ref().map(|job| head(&job.run).report.run.clone());
                    runs.retain(|run| Some(&run.run) != own.as_ref());
                    Event::Runs { runs, unsaved: None }
                }
                Err(error) => Event::Runs { runs: Vec::new(), unsaved: Some(error.to_string()) },
            },
        );
        Ok(())
    }

    pub(super) async fn forget_run(&self, id: u64, run: &str) -> Result<(), RequestError> {
        let store = self.host.store().await.map_err(|e| RequestError::failed(e, ""))?;
        if !keeper::forget(&store, run).await.map_err(|e| RequestError::failed(e, ""))? {
            return Err(RequestError::failed("this run is being trained", "Cancel it where it is trained."));
        }
        self.report_runs(id).await
    }

    pub(super) async fn use_run(&mut self, id: u64, run: &str) -> Result<(), RequestError> {
        let store = self.host.store().await.map_err(|e| RequestError::failed(e, ""))?;
        let weights = keeper::trained(&store, run).await?;
        let Some(processor) = &self.processor else {
            return Err(RequestError::failed("no device was started", "Reload the page."));
        };
        let name = weights.metadata.get("region").cloned().unwrap_or_else(|| "own region".to_owned());
        let report = weights.report(&format!("{name} (fine-tuned here)"));
        let model = AnyNetwork::load(&weights, processor.device())?;
        let network = weights.network();
        (self.active, self.auto) = (network.into(), Auto::default());
        self.networks.insert(
            network,
            LoadedNetwork { key: run.to_owned(), weights, report: report.clone(), model, own: true },
        );
        (self.before, self.trained) = (None, None);
        self.emit(id, Event::Weights(report));
        Ok(())
    }
}
