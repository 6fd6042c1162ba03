//! What happens on each request.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::civil::Date;

use super::network::LoadedTb;
use super::open::{open, report};
use super::timeline::timeline;
use super::training::{InUse, Job};
use super::{Host, provenance};
use crate::protocol::{
    Attachment, Event, ExportForm, Failure, FileReport, FileTicket, HistoryReport, LayerHead, MapReport, Request, Timeline,
};
use ease_grid::EaseWindow;
use loam_core::device_report::{AdapterReport, DevicePreference, DeviceReport};
use loam_core::export;
use loam_core::file::{Correction, DEMO_FILE, FileId, FineOrigin};
use loam_core::region_settings::Settings;
use loam_core::simulate;
use loam_core::stack::{Content, Entry, HistoryRule, Library, MARGIN, Preset, Region, SceneDay, Series, Shipped, StackError};
use loam_core::training::TrainSettings;
use loam_core::weights_report::WeightsReport;
use loam_nn::networks::smen::applicability::applicability;
use loam_nn::networks::smen::estimate::{Engine, Outcome, PredictError, TILE, predict};
use loam_nn::networks::tb_cnn::steps::TbOutcome;
use loam_nn::tb_cnn::is_tb_cnn;
use loam_nn::{ModelError, Processor, Smen, Weights, device, tile_edge};
use smap_files::{QualityRule, ReadOptions};

/// Longest time of reading, ms, before other messages are let in: less than the 50 that a host is promised, for the day under way.
pub(super) const LONGEST_WORK_MS: f64 = 20.0;
/// Simulated days between two looks for other messages: one of 100 x 100 cells takes about a millisecond.
pub(super) const DAYS_PER_BREATH: usize = 8;

/// Everything the worker owns.
pub struct Session<H: Host> {
    pub(super) host: H,
    pub(super) library: Library,
    pub(super) series: Option<Series>,
    pub(super) settings: Option<Settings>,
    pub(super) processor: Option<Processor>,
    pub(super) device: Option<DeviceReport>,
    /// The adapter is a CPU posing as a GPU.
    pub(super) software: bool,
    /// Largest buffer the adapter can bind, bytes.
    pub(super) buffer_limit: Option<u64>,
    /// Edge of a prediction's tiles on the device, cells; none before the first prediction.
    pub(super) tile: Option<usize>,
    /// Networks whose training stood the check of the GPU.
    #[cfg(feature = "gpu")]
    pub(super) training_checked: Vec<loam_core::network::Network>,
    pub(super) weights: Option<Loaded>,
    /// Weights from before the last run, and those it trained: kept until another choice is made.
    pub(super) before: Option<InUse>,
    pub(super) trained: Option<InUse>,
    pub(super) job: Option<Job<H>>,
    /// The TB CNN's weights, beside SMEN's, and whether it answers.
    pub(super) tb: Option<LoadedTb>,
    pub(super) use_tb: bool,
    pub(super) last: Option<(MapReport, Last)>,
}

/// The prediction behind the map last shown.
pub(super) enum Last {
    Smen(Box<Outcome>),
    Tb(Box<TbOutcome>),
}

/// Weights on the device.
#[derive(Clone)]
pub(super) struct Loaded {
    pub key: String,
    pub weights: Weights,
    pub report: WeightsReport,
    pub model: Smen,
    /// The user's, so that another region does not replace them.
    pub own: bool,
}

/// A request that did not end well.
pub(super) enum Stop {
    Cancelled,
    Failed(Failure),
    /// The device gives no results any more: a new worker is needed.
    Lost(String),
}

impl Stop {
    pub(super) fn failed(what: impl ToString, remedy: &str) -> Self {
        Self::Failed(Failure { what: what.to_string(), remedy: remedy.to_owned() })
    }
}

impl From<StackError> for Stop {
    fn from(error: StackError) -> Self {
        Self::failed(error, "")
    }
}

impl From<ModelError> for Stop {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled => Self::Cancelled,
            ModelError::Readback { reason } => Self::Lost(format!("the device gave no result, it may be lost: {reason}")),
            other => Self::failed(other, ""),
        }
    }
}

impl From<PredictError> for Stop {
    fn from(error: PredictError) -> Self {
        match error {
            PredictError::Model(error) => error.into(),
            other => Self::failed(other, ""),
        }
    }
}

impl<H: Host> Session<H> {
    /// An empty session.
    pub fn new(host: H) -> Self {
        Self {
            host,
            library: Library::default(),
            series: None,
            settings: None,
            processor: None,
            device: None,
            software: false,
            buffer_limit: None,
            tile: None,
            #[cfg(feature = "gpu")]
            training_checked: Vec::new(),
            weights: None,
            before: None,
            trained: None,
            job: None,
            tb: None,
            use_tb: false,
            last: None,
        }
    }

    /// Carries a request out. Every way out emits one last event: `Finished`, `Cancelled` or `Failed`. Only a training that began goes on
    /// in [`Session::work`], which emits its last event.
    pub async fn handle(&mut self, id: u64, request: Request) {
        match self.run(id, request).await {
            Ok(()) if self.training_id() == Some(id) => {}
            ended => self.end(id, ended),
        }
    }

    /// The last event of a request.
    pub(super) fn end(&self, id: u64, ended: Result<(), Stop>) {
        match ended {
            Ok(()) => self.emit(id, Event::Finished),
            Err(Stop::Cancelled) => self.emit(id, Event::Cancelled),
            Err(Stop::Failed(failure)) => self.emit(id, Event::Failed(failure)),
            // Under id 0: the page starts another worker and reads everything again.
            Err(Stop::Lost(what)) => self.emit(0, Event::Failed(Failure { what, remedy: String::new() })),
        }
    }

    pub(super) fn emit(&self, id: u64, event: Event) {
        self.host.emit(id, event, Vec::new());
    }

    async fn breathe(&self, id: u64) -> Result<(), Stop> {
        self.host.breathe().await;
        if self.host.cancelled(id) { Err(Stop::Cancelled) } else { Ok(()) }
    }

    async fn run(&mut self, id: u64, request: Request) -> Result<(), Stop> {
        match request {
            Request::Start { preference, adapter } => {
                self.start(preference, adapter.as_ref()).await;
                self.report_device(id);
            }
            Request::SelfCheck => {
                self.check().await;
                self.report_device(id);
            }
            Request::Open { tickets } => self.open_files(id, &tickets).await?,
            Request::Demo { region } => self.demo(id, &region).await?,
            Request::Forget { file } => {
                self.library.remove(file);
                self.series = None;
                self.emit(id, Event::FileGone(file));
                self.report_files(id, None);
                self.send_timeline(id).await?;
            }
            Request::ForgetAll => {
                self.library.clear();
                self.series = None;
                self.last = None;
                self.emit(id, Event::Timeline(Timeline::default()));
            }
            Request::Correct { file, correction } => self.correct(id, file, correction).await?,
            Request::Timeline { settings } => {
                let quality_changed = self.settings.as_ref().is_none_or(|s| s.quality != settings.quality);
                self.settings = Some(settings);
                if quality_changed {
                    self.report_files(id, None);
                }
                self.send_timeline(id).await?;
            }
            Request::Predict { date, settings } if self.use_tb => self.predict_tb(id, date, settings).await?,
            Request::Predict { date, settings } => self.predict(id, date, settings).await?,
            Request::UseNetwork { tb } => {
                self.use_tb = tb;
                self.emit(id, Event::Weights(self.network_report()));
            }
            Request::LoadWeights { name } => {
                let bytes = self.host.bytes(id, 0).ok_or_else(|| Stop::failed("the weights file did not arrive", "Choose it again."))?;
                if is_tb_cnn(&bytes) {
                    let processor = self.processor.as_ref().ok_or_else(|| Stop::failed("no device was started", "Reload the page."))?;
                    self.tb = Some(
                        LoadedTb::new(&name, &bytes, processor).map_err(|e| Stop::failed(e, "The weights in use stay as they were."))?,
                    );
                    self.use_tb = true;
                } else {
                    self.use_weights(&name, &name, &bytes, true)?;
                    (self.before, self.trained) = (None, None);
                    self.use_tb = false;
                }
                self.report_weights(id);
            }
            Request::ShippedWeights => {
                self.weights = None;
                self.use_tb = false;
                (self.before, self.trained) = (None, None);
                if let Some(window) = self.settings.as_ref().map(|s| s.window) {
                    self.ensure_weights(&window).await?;
                }
                self.report_weights(id);
            }
            Request::Export { form } => self.export(id, form)?,
            Request::TrainPlan { train, settings } => self.train_plan(id, &train, settings).await?,
            Request::TrainEstimate { train, settings } => self.train_estimate(id, &train, settings).await?,
            Request::Train { train, settings } => self.train(id, train, settings).await?,
            Request::ResumeRun { run } => self.resume_run(id, &run).await?,
            Request::PauseTraining { pause } => self.pause_training(pause).await?,
            Request::StopTraining => self.stop_training()?,
            Request::WriteSettings { train } => {
                let text =
                    serde_json::to_vec_pretty(&train).map_err(|e| Stop::failed(format!("the settings could not be written ({e})"), ""))?;
                let (name, mime) = ("loam_training.json".into(), "application/json".into());
                self.host.emit(id, Event::Exported { name, mime }, vec![Attachment::U8(text)]);
            }
            Request::ReadSettings { name } => {
                let refused = |why: String| {
                    Stop::failed(format!("{name} holds no training settings: {why}"), "Give a JSON file that “Save settings” made.")
                };
                let bytes = self.host.bytes(id, 0).ok_or_else(|| refused("it did not arrive".into()))?;
                let train: TrainSettings = serde_json::from_slice(&bytes).map_err(|e| refused(e.to_string()))?;
                train.check().map_err(|e| refused(e.to_string()))?;
                self.emit(id, Event::TrainSettings(Box::new(train)));
            }
            Request::KeepTrained { keep } => self.keep_trained(id, keep)?,
            Request::Runs => self.report_runs(id).await?,
            Request::ForgetRun { run } => self.forget_run(id, &run).await?,
            Request::UseRun { run } => self.use_run(id, &run).await?,
            Request::Cancel { .. } => {} // The host marks it before a session sees it.
        }
        Ok(())
    }

    // ---- device ----------------------------------------------------------------------------------------------------------------

    /// Opens the device that preference and adapter decide on. A GPU that cannot be opened, or fails the golden tile, leaves the work
    /// to the CPU, and the report says so.
    async fn start(&mut self, preference: DevicePreference, adapter: Option<&AdapterReport>) {
        let mut decision = device::decide(preference, adapter);
        let processor = if decision.gpu { self.open_gpu(&mut decision).await } else { Processor::open_cpu().await };
        self.device = Some(device::report(&decision, adapter, None));
        self.processor = Some(processor);
        self.buffer_limit = adapter.map(|a| a.buffer_limit);
        self.software = adapter.is_some_and(AdapterReport::is_software);
        self.weights = None;
        (self.tb, self.use_tb) = (None, false);
        (self.before, self.trained) = (None, None);
        self.check().await;
    }

    #[cfg(feature = "gpu")]
    async fn open_gpu(&self, decision: &mut device::Decision) -> Processor {
        match Processor::open_gpu().await {
            Ok(processor) => processor,
            Err(error) => on_cpu(decision, &error.to_string()).await,
        }
    }

    #[cfg(not(feature = "gpu"))]
    async fn open_gpu(&self, decision: &mut device::Decision) -> Processor {
        on_cpu(decision, "its program is not there").await
    }

    /// The golden tile, three times.
    async fn check(&mut self) {
        self.tile = None;
        let (Some(processor), Some(report)) = (&mut self.processor, &mut self.device) else { return };
        #[cfg(feature = "gpu")]
        let verdict = if processor.is_gpu() {
            self.training_checked.clear();
            use loam_kernels::gpu::{KERNELS, faster, form_in_use};
            // A form that the device refuses is not to end the worker while it is measured.
            let _trial = loam_nn::refusals::Trial::begin();
            // A CPU posing as a GPU pays for barriers, and for another shader to compile: not measured there.
            let kernels = if self.software { &KERNELS } else { faster(processor.device(), || self.host.now_ms()).await };
            let (verdict, warning) = loam_nn::check_gpu(processor.device(), &[kernels, &KERNELS]).await;
            report.warning = warning.or(report.warning.take());
            report.kernels = form_in_use().map(Into::into);
            verdict
        } else {
            device::self_check(processor.device()).await
        };
        #[cfg(not(feature = "gpu"))]
        let verdict = device::self_check(processor.device()).await;
        let passed = verdict.as_ref().is_ok_and(|check| check.passed);
        report.check = verdict.as_ref().ok().cloned();
        if passed {
            return;
        }
        let numbers = match &verdict {
            Ok(check) if check.largest_difference.is_finite() => {
                format!("differs from the CPU by {:.1e} m3/m3, {:.0e} is allowed", check.largest_difference, check.tolerance)
            }
            Ok(_) => "gave values that are not numbers".into(),
            Err(error) => format!("could not be run ({error})"),
        };
        report.warning = Some(if processor.is_gpu() {
            format!("{} failed the self-check (the golden tile {numbers}), so the CPU is used", report.name)
        } else {
            format!("this browser's CPU path failed the self-check (the golden tile {numbers}): do not trust its maps")
        });
        if processor.is_gpu() {
            *processor = Processor::open_cpu().await;
            report.gpu = false;
            report.name = device::CPU_NAME.into();
            report.why = "the GPU failed the self-check".into();
            report.kernels = None;
            // The weights in use, the user's own among them, move to the CPU.
            if let Some(loaded) = &mut self.weights {
                match Smen::from_weights(&loaded.weights, processor.device()) {
                    Ok(model) => loaded.model = model,
                    Err(_) => self.weights = None,
                }
            }
            self.tb = self.tb.take().and_then(|loaded| loaded.moved(processor).ok());
        }
    }

    fn report_device(&self, id: u64) {
        if let Some(report) = &self.device {
            self.emit(id, Event::Device(report.clone()));
        }
    }

    // ---- files -----------------------------------------------------------------------------------------------------------------

    fn options(&self) -> ReadOptions {
        ReadOptions { quality: self.quality(), scale: None }
    }

    fn quality(&self) -> QualityRule {
        self.settings.as_ref().map_or_else(QualityRule::default, |s| s.quality)
    }

    async fn open_files(&mut self, id: u64, tickets: &[FileTicket]) -> Result<(), Stop> {
        self.series = None;
        for (n, ticket) in tickets.iter().enumerate() {
            self.emit(id, Event::Progress { done: n as u64, total: tickets.len() as u64, what: format!("reading {}", ticket.name) });
            let event = match self.host.source(id, n) {
                None => Event::FileRead(FileReport {
                    refused: Some("it did not arrive here: open it again.".to_owned()),
                    ..FileReport::blank(ticket.id, &ticket.name, ticket.bytes)
                }),
                Some(source) => match open(ticket, source).await {
                    Err(refused) => Event::FileRead(*refused),
                    Ok(entry) => {
                        let file = report(&self.library, &entry, &self.options());
                        self.library.insert(entry);
                        Event::FileRead(file)
                    }
                },
            };
            self.emit(id, event);
            self.breathe(id).await?;
        }
        // A new file may supersede an older one, or put simulated ones aside, so the others' rows can change.
        self.report_left_out(id);
        self.send_timeline(id).await
    }

    /// Rows of all files (or of one) again.
    fn report_files(&self, id: u64, only: Option<FileId>) {
        for entry in self.library.iter().filter(|e| only.is_none_or(|o| o == e.id)) {
            self.emit(id, Event::FileRead(report(&self.library, entry, &self.options())));
        }
    }

    /// Rows of the files that others keep from being used.
    fn report_left_out(&self, id: u64) {
        let left_out = |entry: &&Entry| self.library.superseded_by(entry).is_some() || self.library.left_out_as_simulated(entry);
        for entry in self.library.iter().filter(left_out) {
            self.emit(id, Event::FileRead(report(&self.library, entry, &self.options())));
        }
    }

    async fn correct(&mut self, id: u64, file: FileId, correction: Correction) -> Result<(), Stop> {
        let entry = self.library.get_mut(file).ok_or_else(|| Stop::failed("this file is no longer open", "Open it again."))?;
        entry.correct(correction);
        self.series = None;
        self.report_files(id, Some(file));
        self.send_timeline(id).await
    }

    async fn demo(&mut self, id: u64, key: &str) -> Result<(), Stop> {
        let unknown = || Stop::failed(format!("there is no demo region \"{key}\""), "Choose one of the three buttons.");
        let preset = Preset::find(key).ok_or_else(unknown)?;
        let scene = simulate::Scene::preset(preset.key, simulate::DEMO_SEED).ok_or_else(unknown)?;
        let (total, kept) = (scene.len(), scene.clone());
        let mut simulator = simulate::Simulator::with_margin(scene, MARGIN);
        let mut days: Vec<SceneDay> = Vec::new();
        while let Some(day) = simulator.next() {
            days.push(day.into());
            let done = total - simulator.remaining();
            if done.is_multiple_of(DAYS_PER_BREATH) {
                let what = format!("simulating {}", preset.name);
                self.emit(id, Event::Progress { done: done as u64, total: total as u64, what });
                self.breathe(id).await?;
            }
        }
        self.library.clear();
        self.library.scene = Some(kept);
        self.series = None;
        self.last = None;
        let entry = Entry {
            id: DEMO_FILE,
            name: format!("Simulated scenes: {}", preset.name),
            content: Content::Simulated(Arc::new(days)),
            correction: Correction::default(),
        };
        let file = report(&self.library, &entry, &self.options());
        self.library.insert(entry);
        self.emit(id, Event::FileRead(file));
        let window = preset.region().map_err(|e| Stop::failed(e, ""))?.window();
        let rule = self.settings.as_ref().map_or_else(HistoryRule::default, HistoryRule::from);
        self.settings = Some(Settings {
            window,
            region: Some(preset.key.to_owned()),
            quality: self.quality(),
            history_cover: rule.cover,
            history_disaggregated: rule.disaggregated,
            mass_correction: self.settings.as_ref().is_some_and(|s| s.mass_correction),
        });
        self.send_timeline(id).await
    }

    // ---- time line -------------------------------------------------------------------------------------------------------------

    /// Makes sure the series is that of the present settings.
    pub(super) async fn ensure_series(&mut self, id: u64) -> Result<Option<HistoryRule>, Stop> {
        let Some(settings) = self.settings.clone() else { return Ok(None) };
        let region = Region::new(settings.window).map_err(|e| Stop::failed(e, "Choose a region of 9 x 9 cells or more."))?;
        let current = self.series.as_ref().is_some_and(|s| s.region == region && s.quality == settings.quality);
        if !current {
            let mut series = Series::new(region, settings.quality);
            let dates = self.library.dates();
            let total = dates.len() as u64;
            let mut yielded = self.host.now_ms();
            for (n, date) in dates.into_iter().enumerate() {
                // A simulated day takes a tenth of a millisecond, a granule a hundred times that: what counts is the time.
                if n == 0 || self.host.now_ms() - yielded > LONGEST_WORK_MS {
                    self.emit(id, Event::Progress { done: n as u64, total, what: format!("reading {date}") });
                    self.breathe(id).await?;
                    yielded = self.host.now_ms();
                }
                series.load(&self.library, date)?;
            }
            for (file, why) in &series.failures {
                self.emit(id, Event::Warning(format!("{file}: {why}. It is left out; the other files are used.")));
            }
            if let Some(Err(error)) = series.fill_gaps() {
                self.emit(id, Event::Warning(error.to_string()));
            }
            self.series = Some(series);
        }
        Ok(Some(HistoryRule::from(&settings)))
    }

    async fn send_timeline(&mut self, id: u64) -> Result<(), Stop> {
        if let Some(rule) = self.ensure_series(id).await?
            && let Some(series) = &self.series
        {
            let mut timeline = timeline(series, rule);
            self.blocked_for_tb(&mut timeline);
            self.emit(id, Event::Timeline(timeline));
        }
        Ok(())
    }

    // ---- weights ---------------------------------------------------------------------------------------------------------------

    fn use_weights(&mut self, key: &str, name: &str, bytes: &[u8], own: bool) -> Result<(), Stop> {
        let fail = |e: ModelError| Stop::failed(e, "The weights in use stay as they were.");
        let weights = Weights::from_bytes(bytes).map_err(fail)?;
        let processor = self.processor.as_ref().ok_or_else(|| Stop::failed("no device was started", "Reload the page."))?;
        let model = Smen::from_weights(&weights, processor.device()).map_err(fail)?;
        let shipped = (!own).then(|| key.to_owned());
        let report = WeightsReport { shipped, ..provenance::weights_report(name, &weights) };
        self.weights = Some(Loaded { key: key.to_owned(), weights, report, model, own });
        Ok(())
    }

    /// The shipped weights for the region, unless the user brought their own.
    pub(super) async fn ensure_weights(&mut self, window: &EaseWindow) -> Result<&Loaded, Stop> {
        let shipped = Shipped::for_window(window);
        if !self.weights.as_ref().is_some_and(|w| w.own || w.key == shipped.key) {
            let bytes = self.host.shipped_weights(shipped.key).await.map_err(|e| {
                Stop::failed(
                    format!("the shipped weights \"{}\" could not be loaded ({e})", shipped.name),
                    "Reload the page, or load your own weights.",
                )
            })?;
            self.use_weights(shipped.key, &format!("{} (shipped)", shipped.name), &bytes, false)?;
        }
        self.weights.as_ref().ok_or_else(|| Stop::failed("no weights are loaded", "Reload the page."))
    }

    fn report_weights(&self, id: u64) {
        if self.use_tb || self.weights.is_some() {
            self.emit(id, Event::Weights(self.network_report()));
        }
    }

    // ---- prediction ------------------------------------------------------------------------------------------------------------

    async fn predict(&mut self, id: u64, date: Date, settings: Settings) -> Result<(), Stop> {
        let begun = self.host.now_ms();
        let window = settings.window;
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        self.ensure_weights(&window).await?;
        let ready = (&mut self.series, &self.weights, &self.device, &self.processor);
        let (Some(series), Some(loaded), Some(device), Some(processor)) = ready else {
            return Err(Stop::failed("the session is not ready", "Reload the page."));
        };
        let host = &self.host;
        let progress = async |done: usize, total: usize| {
            host.emit(id, Event::Progress { done: done as u64, total: total as u64, what: "computing the 3 km map".into() }, Vec::new());
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // After a run here the estimate from before it stands beside the new one.
        let tried = self.trained.as_ref().and_then(InUse::trained_smen).is_some_and(|trained| trained.key == loaded.key);
        let before = self.before.as_ref().and_then(|before| before.smen.as_ref()).filter(|_| tried).map(|before| &before.model);
        let tile = match self.tile {
            Some(tile) => tile,
            // The CPU's tile is cut small enough for every machine; a GPU's dispatches must be short, and how long they take only it can tell.
            None if processor.is_gpu() => tile_edge(&loaded.model, processor.device(), || host.now_ms()).await?,
            None => TILE,
        };
        self.tile = Some(tile);
        let engine = Engine { model: &loaded.model, before, device: processor.device(), tile };
        let mut outcome = predict(&self.library, series, date, rule, settings.mass_correction, engine, progress).await?;
        if !loaded.own {
            outcome.warnings.extend(Shipped::for_window(&window).note(settings.region.as_deref()));
        }
        if let Some(until) = loaded.weights.seen_until(date, outcome.sample.simulated) {
            outcome.warnings.push(format!(
                "These weights were trained on dates up to {until}: scores of this date flatter the network. Choose a later date for an honest score."
            ));
        }
        let within = applicability(&loaded.weights, &outcome.sample);
        outcome.warnings.extend(within.warning);
        let mut attachments = Vec::new();
        let layers: Vec<LayerHead> = outcome
            .layers
            .iter()
            .map(|(kind, raster)| {
                let values = attachments.len();
                attachments.push(Attachment::F32(raster.values().to_vec()));
                attachments.push(Attachment::U8(raster.reasons().iter().map(|r| *r as u8).collect()));
                LayerHead { kind: *kind, values, reasons: values + 1, statistics: raster.statistics() }
            })
            .collect();
        let sample = &outcome.sample;
        let overpasses = sample.overpass.as_ref().map(|raster| {
            let codes = raster.values().iter().map(|v| if v.is_finite() { 1 + *v as u8 } else { 0 }).collect();
            attachments.push(Attachment::U8(codes));
            attachments.len() - 1
        });
        let made = Some(FineOrigin::Disaggregated);
        let made_here = sample.history.iter().any(|slot| slot.origin == made) || sample.reference == made;
        let map = MapReport {
            date,
            settings,
            layers,
            history: sample.history.iter().map(|s| HistoryReport { date: s.date, known: s.known, origin: s.origin }).collect(),
            scores: outcome.scores.clone(),
            mass: outcome.mass,
            weights: loaded.report.clone(),
            device: device.clone(),
            overpass: sample.overpass_words(),
            overpasses,
            frame: sample.frame(),
            reference: sample.reference,
            inputs: sample.files.clone(),
            sensitivity: series.sensitivity.as_ref().filter(|_| made_here).map(|s| s.beta as f32),
            out_of_range: outcome.out_of_range,
            applicability: within.words,
            simulated: sample.simulated,
            warnings: outcome.warnings.clone(),
            milliseconds: self.host.now_ms() - begun,
        };
        self.host.emit(id, Event::Map(Box::new(map.clone())), attachments);
        self.last = Some((map, Last::Smen(Box::new(outcome))));
        Ok(())
    }

    fn export(&self, id: u64, form: ExportForm) -> Result<(), Stop> {
        let nothing = || Stop::failed("there is no map to export yet", "Press Predict first.");
        if form != ExportForm::Weights && matches!(self.last, Some((_, Last::Tb(_)))) {
            return self.export_tb(id, form);
        }
        let smen = || match &self.last {
            Some((map, Last::Smen(outcome))) => Ok((map, outcome)),
            _ => Err(nothing()),
        };
        let (name, mime, bytes) = match form {
            ExportForm::Weights if self.use_tb => {
                let (name, bytes) = self.tb_weights().ok_or_else(nothing)?;
                (name, "application/octet-stream", bytes)
            }
            ExportForm::Weights => {
                let loaded = self.weights.as_ref().ok_or_else(nothing)?;
                let bytes = loaded.weights.to_bytes();
                (format!("loam_smen_{}.safetensors", provenance::file_stem(&loaded.key)), "application/octet-stream", bytes)
            }
            ExportForm::GeoTiff => {
                let (map, outcome) = smen()?;
                let bytes = export::geotiff::write(&outcome.estimate, &provenance::of(map), None).map_err(|e| Stop::failed(e, ""))?;
                (provenance::name(map, "tif"), "image/tiff", bytes)
            }
            ExportForm::Csv => {
                let (map, outcome) = smen()?;
                let sample = &outcome.sample;
                let text = export::csv::write(&outcome.estimate, Some(&sample.coarse), sample.target.as_ref(), &provenance::of(map))
                    .map_err(|e| Stop::failed(e, ""))?;
                (provenance::name(map, "csv"), "text/csv", text.into_bytes())
            }
        };
        self.host.emit(id, Event::Exported { name, mime: mime.to_owned() }, vec![Attachment::U8(bytes)]);
        Ok(())
    }
}

async fn on_cpu(decision: &mut device::Decision, reason: &str) -> Processor {
    decision.gpu = false;
    decision.warning = Some(format!("the GPU could not be opened ({reason}), so the CPU is used"));
    Processor::open_cpu().await
}
