//! What happens on each request.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::civil::Date;

use super::Host;
use super::auto::Auto;
use super::beside::beside;
use super::ground::Ground;
use super::open::{Opened, Opener, companions, report};
use super::state::{LONGEST_WORK_MS, RequestError, Session};
use super::timeline::timeline;
use crate::protocol::{
    Attachment, BundleRequest, Event, ExportForm, Failure, FileReport, FileTicket, GroundEvent, Request,
    Timeline,
};
use loam_core::device_report::{AdapterReport, DevicePreference};
use loam_core::file::{Correction, DEMO_FILE, FileId};
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::ranking::OTHERWISE;
use loam_core::region_settings::RegionSettings;
use loam_core::regression::interval::Ratios;
use loam_core::regression::{Observed, PixelRegression, SmapPlanes};
use loam_core::simulate;
use loam_core::stack::{Content, Entry, HistoryRule, MARGIN, Preset, Region, SceneDay, Series, Watcher};
use loam_core::training::TrainSettings;
use loam_nn::{Processor, device};
use smap_files::companion::Beside;
use smap_files::{QualityRule, ReadOptions, auxiliary_counts, names, with_beside};

/// Simulated days between two looks for other messages: one of 100 x 100 cells takes about a millisecond.
pub(super) const DAYS_BETWEEN_YIELDS: usize = 8;

impl<H: Host> Session<H> {
    /// Carries a request out. Every way out emits one last event: `Finished`, `Cancelled` or `Failed`. Only a training that began goes on
    /// in [`Session::work`], which emits its last event.
    pub async fn handle(&mut self, id: u64, request: Request) {
        if request.needs_part() {
            self.handle_in_part(id, request).await;
        } else {
            self.handle_other(id, request).await;
        }
    }

    /// A request that needs the part of the program which the page's worker fetches when it is asked for ([`Request::needs_part`]).
    pub async fn handle_in_part(&mut self, id: u64, request: Request) {
        let ended = match request {
            Request::TrainEstimate { train, settings } => self.train_estimate(id, &train, settings).await,
            Request::Train { train, settings } => self.train(id, train, settings).await,
            Request::ResumeRun { run } => self.resume_run(id, &run).await,
            Request::PauseTraining { pause } => self.pause_training(pause).await,
            Request::Season { from, to, settings } => self.season(id, from, to, settings).await,
            Request::LoadWeights { name } => self.weights_of_file(id, &name),
            Request::UseRun { run } => self.use_run(id, &run).await,
            Request::WriteSettings { train } => self.write_settings(id, &train),
            Request::ReadSettings { name } => self.read_settings(id, &name),
            Request::SeasonDate { date, method, settings } => {
                self.season_date(id, date, method, settings).await
            }
            Request::Ground(request) => self.stations(id, request).await,
            Request::Look { at, settings } => self.look(id, at, settings).await,
            Request::Bundle(BundleRequest::Open { in_use }) => self.open_bundle(id, in_use).await,
            Request::Bundle(BundleRequest::Compare) => self.compare_bundle(id).await,
            Request::Bundle(BundleRequest::Close) => {
                self.bundle = None;
                Ok(())
            }
            Request::Export { form: ExportForm::SeasonLayers } => self.export_season_layers(id),
            Request::Export { form: ExportForm::SeasonCube } => self.export_season_cube(id),
            Request::Export { form: ExportForm::Bundle } => self.export_bundle(id).await,
            Request::Export { form } => self.export(id, form),
            _ => Ok(()),
        };
        self.end_unless_training(id, ended);
    }

    /// Any other request.
    pub async fn handle_other(&mut self, id: u64, request: Request) {
        let ended = self.run(id, request).await;
        self.end_unless_training(id, ended);
    }

    fn end_unless_training(&self, id: u64, ended: Result<(), RequestError>) {
        match ended {
            Ok(()) if self.training_id() == Some(id) => {}
            ended => self.end(id, ended),
        }
    }

    /// The last event of a request.
    pub(super) fn end(&self, id: u64, ended: Result<(), RequestError>) {
        match ended {
            Ok(()) => self.emit(id, Event::Finished),
            Err(RequestError::Cancelled) => self.emit(id, Event::Cancelled),
            Err(RequestError::Failed(failure)) => self.emit(id, Event::Failed(failure)),
            // Under id 0: the page starts another worker and reads everything again.
            Err(RequestError::Lost(what)) => {
                self.emit(0, Event::Failed(Failure { what, remedy: String::new() }))
            }
        }
    }

    async fn run(&mut self, id: u64, request: Request) -> Result<(), RequestError> {
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
                if self.ground.forget(file) {
                    self.emit(id, Event::FileGone(file));
                    self.tell_waiting(id);
                    return Ok(());
                }
                let left_out = self.left_out();
                self.changed(file);
                let removed = self.library.remove(file);
                self.emit(id, Event::FileGone(file));
                if let Some(entry) = removed {
                    self.beside_changed(id, &entry.name, None).await?;
                }
                // It may have kept them from being used.
                self.report_files(id, left_out).await?;
                self.send_timeline(id).await?;
            }
            Request::ForgetAll => {
                self.library.clear();
                self.auto.forget();
                self.series = None;
                self.last = None;
                self.ground = Ground::default();
                self.season = None;
                self.emit(id, Event::Timeline(Timeline::default()));
            }
            Request::Correct { file, correction } => self.correct(id, file, correction).await?,
            Request::Timeline { settings } => {
                let quality_changed = self.settings.as_ref().is_none_or(|s| s.quality != settings.quality);
                self.settings = Some(settings);
                if quality_changed {
                    self.report_files(id, self.library.iter().map(|e| e.id).collect()).await?;
                }
                self.send_timeline(id).await?;
            }
            Request::Predict { date, settings } => self.predict(id, date, settings).await?,
            Request::Rank { settings } => {
                self.rank(id, settings).await?;
            }
            Request::UseMethod { method } => {
                (self.active, self.auto.on) = (method, false);
                self.report_weights(id);
            }
            Request::UseBest => {
                // Known after the next prediction; until then what answers where there are too few dates.
                (self.active, self.auto.on) = (OTHERWISE, true);
                self.report_weights(id);
            }
            Request::ShippedWeights => {
                let network = Network::default();
                (self.active, self.auto.on) = (network.into(), false);
                self.networks.remove(&network);
                (self.before, self.trained) = (None, None);
                if let Some(window) = self.settings.as_ref().map(|s| s.window) {
                    self.ensure_weights(network, &window).await?;
                }
                self.report_weights(id);
            }
            Request::TrainPlan { train, settings } => self.train_plan(id, &train, settings).await?,
            // Those go to `handle_in_part`.
            Request::Export { .. }
            | Request::Ground(_)
            | Request::Bundle(_)
            | Request::Look { .. }
            | Request::TrainEstimate { .. }
            | Request::Train { .. }
            | Request::ResumeRun { .. }
            | Request::PauseTraining { .. }
            | Request::LoadWeights { .. }
            | Request::UseRun { .. }
            | Request::WriteSettings { .. }
            | Request::ReadSettings { .. }
            | Request::Season { .. }
            | Request::SeasonDate { .. } => {}
            Request::StopTraining => self.stop_training()?,
            Request::KeepTrained { keep } => self.keep_trained(id, keep)?,
            Request::Runs => self.report_runs(id).await?,
            Request::ForgetRun { run } => self.forget_run(id, &run).await?,
            Request::Cancel { .. } => {} // The host marks it before a session sees it.
        }
        Ok(())
    }

    /// Uses weights from a file.
    fn weights_of_file(&mut self, id: u64, name: &str) -> Result<(), RequestError> {
        let bytes = self
            .host
            .bytes(id, 0)
            .ok_or_else(|| RequestError::failed("the weights file did not arrive", "Choose it again."))?;
        self.active = self.load_weights(name, name, &bytes, true)?.into();
        self.auto.on = false;
        (self.before, self.trained) = (None, None);
        self.report_weights(id);
        Ok(())
    }

    /// Training settings as a file.
    fn write_settings(&self, id: u64, train: &TrainSettings) -> Result<(), RequestError> {
        let text = serde_json::to_vec_pretty(train)
            .map_err(|e| RequestError::failed(format!("the settings could not be written ({e})"), ""))?;
        let (name, mime) = ("loam_training.json".into(), "application/json".into());
        self.host.emit(id, Event::Exported { name, mime }, vec![Attachment::U8(text)]);
        Ok(())
    }

    /// Training settings from a file.
    fn read_settings(&self, id: u64, name: &str) -> Result<(), RequestError> {
        let refused = |why: String| {
            RequestError::failed(
                format!("{name} holds no training settings: {why}"),
                "Give a JSON file that “Save settings” made.",
            )
        };
        let bytes = self.host.bytes(id, 0).ok_or_else(|| refused("it did not arrive".into()))?;
        let train: TrainSettings = serde_json::from_slice(&bytes).map_err(|e| refused(e.to_string()))?;
        train.check().map_err(|e| refused(e.to_string()))?;
        self.emit(id, Event::TrainSettings(Box::new(train)));
        Ok(())
    }

    // ---- device ----------------------------------------------------------------------------------------------------------------

    /// Opens the device that preference and adapter decide on. A GPU that cannot be opened, or fails the golden tile, leaves the work
    /// to the CPU, and the report says so.
    async fn start(&mut self, preference: DevicePreference, adapter: Option<&AdapterReport>) {
        let mut decision = device::decide(preference, adapter);
        let processor =
            if decision.gpu { self.open_gpu(&mut decision).await } else { Processor::open_cpu().await };
        self.device = Some(device::report(&decision, adapter, None));
        self.processor = Some(processor);
        self.buffer_limit = adapter.map(|a| a.buffer_limit);
        self.software = adapter.is_some_and(AdapterReport::is_software);
        self.networks.clear();
        (self.active, self.auto) = (Method::default(), Auto::default());
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
        let checked = if processor.is_gpu() {
            self.training_checked.clear();
            use loam_kernels::gpu::{REGISTER_KERNELS, faster, variant_in_use};
            // A form that the device refuses is not to end the worker while it is measured.
            let _trial = loam_nn::refusals::Trial::begin();
            // A CPU posing as a GPU pays for barriers, and for another shader to compile: not measured there.
            let kernels = if self.software {
                &REGISTER_KERNELS
            } else {
                faster(processor.device(), || self.host.now_ms()).await
            };
            let (checked, warning) =
                loam_nn::check_gpu(processor.device(), &[kernels, &REGISTER_KERNELS]).await;
            report.warning = warning.or(report.warning.take());
            report.kernels = variant_in_use().map(Into::into);
            checked
        } else {
            device::self_check(processor.device()).await
        };
        #[cfg(not(feature = "gpu"))]
        let checked = device::self_check(processor.device()).await;
        let passed = checked.as_ref().is_ok_and(|check| check.passed);
        report.check = checked.as_ref().ok().cloned();
        if passed {
            return;
        }
        let numbers = match &checked {
            Ok(check) if check.largest_difference.is_finite() => {
                format!(
                    "differs from the CPU by {:.1e} m3/m3, {:.0e} is allowed",
                    check.largest_difference, check.tolerance
                )
            }
            Ok(_) => "gave values that are not numbers".into(),
            Err(error) => format!("could not be run ({error})"),
        };
        report.warning = Some(if processor.is_gpu() {
            format!("{} failed the self-check (the golden tile {numbers}), so the CPU is used", report.name)
        } else {
            format!(
                "this browser's CPU path failed the self-check (the golden tile {numbers}): do not trust its maps"
            )
        });
        if processor.is_gpu() {
            *processor = Processor::open_cpu().await;
            report.gpu = false;
            report.name = device::CPU_NAME.into();
            report.why = "the GPU failed the self-check".into();
            report.kernels = None;
            // The weights in use, the user's own among them, move to the CPU.
            self.networks.retain(|_, loaded| loaded.move_to(processor.device()).is_ok());
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

    async fn open_files(&mut self, id: u64, tickets: &[FileTicket]) -> Result<(), RequestError> {
        let counts = |n| self.host.source(id, n).is_some_and(|file| auxiliary_counts(file.as_ref()));
        let companions = companions(tickets, counts);
        if !companions.files.is_empty() {
            self.emit(id, Event::SetAside(companions.clone()));
        }
        let beside = beside(tickets);
        let mut opener = Opener::default();
        let dates: Vec<Option<Date>> = tickets.iter().map(|t| names::parse(&t.name).date).collect();
        let mut told = f64::NEG_INFINITY;
        let data = |(_, ticket): &(usize, &FileTicket)| !companions.files.contains(&ticket.id);
        for (n, ticket) in tickets.iter().enumerate().filter(data) {
            // Of small files hundreds a second are read, more than a page can show.
            if self.host.now_ms() - told > LONGEST_WORK_MS {
                told = self.host.now_ms();
                let (done, total) = (n as u64, tickets.len() as u64);
                self.emit(id, Event::Progress { done, total, what: format!("reading {}", ticket.name) });
            }
            let mut source = self.host.source(id, n);
            for what in Beside::ALL {
                let here =
                    beside.get(&(what, ticket.name.to_ascii_lowercase())).filter(|_| ticket.member.is_none());
                let file = here.and_then(|file| self.host.source(id, *file));
                let file = file.or_else(|| self.earlier_beside(what, ticket));
                source = source.map(|source| match file {
                    Some(file) => with_beside(source, what, file),
                    None => source,
                });
            }
            let answer = match source {
                None => Some(Event::FileRead(FileReport {
                    refused: Some("it did not arrive here: open it again.".to_owned()),
                    ..FileReport::blank(ticket.id, &ticket.name, ticket.bytes)
                })),
                Some(source) => match opener.open(ticket, source).await {
                    Opened::Refused(refused) => Some(Event::FileRead(*refused)),
                    Opened::Archive(archive) => Some(Event::SetAside(archive)),
                    Opened::Stations(source, otherwise) => {
                        Some(Event::FileRead(self.ground.found(ticket, source, otherwise)))
                    }
                    Opened::Entry(mut entry) => {
                        // A bundle that is open knows what its maker said of its files.
                        if let Some(said) = self.correction_in_bundle(&ticket.name)
                            && ticket.correction == Correction::default()
                        {
                            let text = match entry.correct(said) {
                                Ok(()) => format!("{} is used as the bundle says", ticket.name),
                                Err(error) => format!("{}: {error}", ticket.name),
                            };
                            self.emit(id, Event::Warning(text));
                        }
                        self.library.insert(*entry);
                        self.changed(ticket.id);
                        None
                    }
                },
            };
            match answer {
                Some(answer) => self.emit(id, answer),
                None => self.report_file(id, ticket.id),
            }
            if let Some(file) = self.library.get(ticket.id).and_then(Entry::granule) {
                let (name, file) = (ticket.name.clone(), file.source.clone());
                self.beside_changed(id, &name, Some(file)).await?;
            }
            // While its chunks are still decoded: a day is read with the last of its files.
            if let Some((Some(date), later)) =
                dates.get(n..).and_then(<[_]>::split_first).map(|(d, l)| (*d, l))
                && !later.contains(&Some(date))
                // A file that was refused, or is of stations, has a name with a date too.
                && !self.library.on(date).is_empty()
                && let Some((mut series, _)) = self.present_series()?
            {
                let read = self.load_day(id, &mut series, date).await;
                self.series = Some(series);
                read?;
            }
            self.yield_now(id).await?;
        }
        if !self.ground.waiting().is_empty() {
            self.tell_waiting(id);
        }
        // A new file may supersede an older one, or put simulated ones aside, so the others' rows can change.
        self.report_files(id, self.left_out()).await?;
        self.send_timeline(id).await
    }

    /// Which files of stations wait to be read.
    fn tell_waiting(&self, id: u64) {
        self.emit(id, Event::Ground(Box::new(GroundEvent::Found(self.ground.waiting()))));
    }

    /// A file came, goes or is corrected: its day is to be read again, and all days where simulated ones are put aside or come back by it.
    pub(super) fn changed(&mut self, file: FileId) {
        self.auto.forget();
        (self.outdated, self.files_changed) = (true, true);
        if self.library.iter().any(Entry::simulated) {
            self.series = None;
        }
        let dates = self.library.get(file).map(Entry::dates).unwrap_or_default();
        if let Some(series) = &mut self.series {
            dates.into_iter().for_each(|date| series.forget(date));
        }
    }

    /// Rows of files again.
    async fn report_files(&self, id: u64, files: Vec<FileId>) -> Result<(), RequestError> {
        for file in files {
            self.report_file(id, file);
            self.yield_now(id).await?;
        }
        Ok(())
    }

    pub(super) fn report_file(&self, id: u64, file: FileId) {
        if let Some(entry) = self.library.get(file) {
            self.emit(id, Event::FileRead(report(&self.library, entry, &self.options())));
        }
    }

    /// The files that others keep from being used.
    fn left_out(&self) -> Vec<FileId> {
        let left_out = |entry: &&Entry| {
            self.library.superseded_by(entry).is_some() || self.library.left_out_as_simulated(entry)
        };
        self.library.iter().filter(left_out).map(|entry| entry.id).collect()
    }

    pub(super) async fn correct(
        &mut self,
        id: u64,
        file: FileId,
        correction: Correction,
    ) -> Result<(), RequestError> {
        self.changed(file);
        let entry = self
            .library
            .get_mut(file)
            .ok_or_else(|| RequestError::failed("this file is no longer open", "Open it again."))?;
        let refused = entry.correct(correction).err();
        let name = entry.name.clone();
        self.changed(file);
        self.report_file(id, file);
        self.send_timeline(id).await?;
        refused.map_or(Ok(()), |error| Err(RequestError::failed(format!("{name}: {error}"), "")))
    }

    async fn demo(&mut self, id: u64, key: &str) -> Result<(), RequestError> {
        let unknown = || {
            RequestError::failed(
                format!("there is no demo region \"{key}\""),
                "Choose one of the three buttons.",
            )
        };
        let preset = Preset::find(key).ok_or_else(unknown)?;
        let scene = simulate::Scene::preset(preset.key, simulate::DEMO_SEED).ok_or_else(unknown)?;
        let (total, kept) = (scene.len(), scene.clone());
        let mut simulator = simulate::Simulator::with_margin(scene, MARGIN);
        let mut days: Vec<SceneDay> = Vec::new();
        while let Some(day) = simulator.next() {
            days.push(day.into());
            let done = total - simulator.remaining();
            if done.is_multiple_of(DAYS_BETWEEN_YIELDS) {
                let what = format!("simulating {}", preset.name);
                self.emit(id, Event::Progress { done: done as u64, total: total as u64, what });
                self.yield_now(id).await?;
            }
        }
        self.library.clear();
        self.auto.forget();
        self.library.scene = Some(kept);
        self.series = None;
        self.last = None;
        self.ground = Ground::default();
        let entry = Entry {
            id: DEMO_FILE,
            name: format!("Simulated scenes: {}", preset.name),
            content: Content::Simulated(Arc::new(days)),
            correction: Correction::default(),
        };
        let file = report(&self.library, &entry, &self.options());
        self.library.insert(entry);
        self.emit(id, Event::FileRead(file));
        let window = preset.region().map_err(|e| RequestError::failed(e, ""))?.window();
        let rule = self.settings.as_ref().map_or_else(HistoryRule::default, HistoryRule::from);
        self.settings = Some(RegionSettings {
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

    /// Makes sure the series is that of the present settings and files.
    pub(super) async fn ensure_series(&mut self, id: u64) -> Result<Option<HistoryRule>, RequestError> {
        let Some((mut series, rule)) = self.present_series()? else { return Ok(None) };
        let read = if self.outdated { self.read_days(id, &mut series).await } else { Ok(()) };
        self.series = Some(series);
        read?;
        self.outdated = false;
        Ok(Some(rule))
    }

    /// Takes the series of the present settings, or a new one that is empty.
    fn present_series(&mut self) -> Result<Option<(Series, HistoryRule)>, RequestError> {
        let Some(settings) = &self.settings else { return Ok(None) };
        let region = Region::new(settings.window)
            .map_err(|e| RequestError::failed(e, "Choose a region of 9 x 9 cells or more."))?;
        let present = self.series.take().filter(|s| s.region == region && s.quality == settings.quality);
        self.outdated |= present.is_none();
        let series = present.unwrap_or_else(|| Series::new(region, settings.quality));
        Ok(Some((series, HistoryRule::from(settings))))
    }

    /// Reads one day; where it takes long, other messages are heard in between, a cancel among them.
    async fn load_day(&self, id: u64, series: &mut Series, date: Date) -> Result<(), RequestError> {
        let mut since = self.host.now_ms();
        let between = &mut async || {
            if self.host.now_ms() - since > LONGEST_WORK_MS {
                self.host.yield_now().await;
                since = self.host.now_ms();
            }
            if self.host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match series.load_in_steps(&self.library, date, between).await? {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RequestError::Cancelled),
        }
    }

    /// Has the pixel regression see every date before `date`; other messages are heard in between.
    pub(super) async fn learn_the_past(
        &mut self,
        id: u64,
        date: Date,
        rule: HistoryRule,
    ) -> Result<(), RequestError> {
        let Some(series) = &mut self.series else { return Ok(()) };
        let watcher = &mut Learning { host: &self.host, id, since: self.host.now_ms() };
        match series.remember_in_steps(&self.library, date, rule, watcher).await? {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RequestError::Cancelled),
        }
    }

    /// Reads the days that are new or whose files changed.
    async fn read_days(&self, id: u64, series: &mut Series) -> Result<(), RequestError> {
        let dates = series.missing(&self.library);
        let total = dates.len() as u64;
        let mut yielded = self.host.now_ms();
        for (n, date) in dates.into_iter().enumerate() {
            // A simulated day takes a tenth of a millisecond, a granule a hundred times that: what counts is the time.
            if n == 0 || self.host.now_ms() - yielded > LONGEST_WORK_MS {
                self.emit(id, Event::Progress { done: n as u64, total, what: format!("reading {date}") });
                self.yield_now(id).await?;
                yielded = self.host.now_ms();
            }
            self.load_day(id, series, date).await?;
        }
        for (file, why) in std::mem::take(&mut series.failures) {
            self.emit(
                id,
                Event::Warning(format!("{file}: {why}. It is left out; the other files are used.")),
            );
        }
        if let Some(note) = series.note_shadowed() {
            self.emit(id, Event::Warning(note));
        }
        series.shadowed.clear();
        if let Some(Err(error)) = series.fill_gaps() {
            self.emit(id, Event::Warning(error.to_string()));
        }
        Ok(())
    }

    async fn send_timeline(&mut self, id: u64) -> Result<(), RequestError> {
        if let Some(rule) = self.ensure_series(id).await?
            && let Some(series) = &self.series
        {
            let mut timeline = timeline(series, rule);
            self.blocked_by_method(&mut timeline, rule);
            self.emit(id, Event::Timeline(timeline));
        }
        Ok(())
    }
}

async fn on_cpu(decision: &mut device::Decision, reason: &str) -> Processor {
    decision.gpu = false;
    decision.warning = Some(format!("the GPU could not be opened ({reason}), so the CPU is used"));
    Processor::open_cpu().await
}

/// Says how far the regression has come, and hears other messages in between.
struct Learning<'a, H> {
    host: &'a H,
    id: u64,
    since: f64,
}

impl<H: Host> Watcher for Learning<'_, H> {
    fn method(&self) -> Option<&str> {
        None
    }

    async fn off(&mut self, _: &PixelRegression, _: &SmapPlanes, _: &Observed, _: usize) -> Option<Ratios> {
        None
    }

    async fn between(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        if self.host.now_ms() - self.since > LONGEST_WORK_MS {
            let what = "learning from earlier dates".to_owned();
            self.host.emit(
                self.id,
                Event::Progress { done: done as u64, total: total as u64, what },
                Vec::new(),
            );
            self.host.yield_now().await;
            self.since = self.host.now_ms();
        }
        if self.host.cancelled(self.id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
