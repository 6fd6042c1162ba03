//! Before a run: which dates do what, its images, and what it takes, measured. Everything that cannot work is refused here.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::requests::{Session, Stop};
use super::{Host, cost};
use crate::protocol::{Event, TrainEstimate};
use loam_core::network::{Network, TbCase};
use loam_core::region_settings::Settings;
use loam_core::stack::{HistoryRule, Preset, Region, Series};
use loam_core::training::{DateRole, Start, TrainPlan, TrainSettings};
use loam_nn::Weights;
use loam_nn::networks::smen::images::plan;
use loam_nn::networks::tb_cnn::{run as tb_run, steps as tb};
use loam_nn::run::{Gathered, facts, gather, overlap};
use loam_nn::{Example, KeptImage, RunImage, TbImage, TrainEvent, Trainer};

/// Images of a run that is about to begin, of either network.
pub(super) enum Images {
    Smen(Vec<RunImage>),
    Tb(Vec<TbImage>),
}

/// Weights and images of a run that is about to begin.
pub(super) struct Prepared {
    pub base: Weights,
    /// With what the weights bring with them.
    pub train: TrainSettings,
    pub images: Images,
    pub plan: TrainPlan,
    pub simulated: bool,
    pub region: String,
    /// Region and rules of the run; of the TB CNN its place.
    pub settings: Settings,
    pub facts: BTreeMap<String, String>,
    pub estimate: TrainEstimate,
}

impl<H: Host> Session<H> {
    pub(super) async fn train_plan(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<(), Stop> {
        let rule = self.series_for(id, settings).await?;
        let Some(series) = &self.series else { return Ok(()) };
        let plan = match train.network {
            // A split that leaves a side empty is refused when a run is asked for; here the strip only has nothing to show yet.
            Network::Smen => plan(series, rule, train).map_err(|e| Stop::failed(e, ""))?,
            Network::Tb(case) => tb_run::plan(&self.library, case, train)?,
        };
        self.emit(id, Event::TrainPlan(plan));
        Ok(())
    }

    pub(super) async fn train_estimate(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<(), Stop> {
        let prepared = self.prepare(id, train, settings).await?;
        self.emit(id, Event::TrainEstimate(Box::new(prepared.estimate)));
        Ok(())
    }

    async fn series_for(&mut self, id: u64, settings: Settings) -> Result<HistoryRule, Stop> {
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings);
        self.ensure_series(id).await?;
        Ok(rule)
    }

    /// The weights a run starts from, and its settings with what these weights bring with them.
    async fn start_from(&mut self, train: &TrainSettings, settings: &Settings) -> Result<(Weights, TrainSettings), Stop> {
        let base = match (train.network, train.start) {
            (Network::Smen, Start::Current) => self.ensure_weights(&settings.window).await?.weights.clone(),
            (Network::Smen, Start::Scratch) => Weights::init(train.inputs, train.seed),
            (Network::Tb(case), Start::Scratch) => loam_nn::tb_cnn::first_weights(case, train.seed),
            (Network::Tb(case), Start::Current) => match self.tb.as_ref().filter(|loaded| loaded.case() == case) {
                Some(loaded) => loaded.weights().clone(),
                None => {
                    let what = format!("no weights of the {} are in use to start from", case.words());
                    return Err(Stop::failed(what, "Start from scratch, or load such weights under “Rules and weights”."));
                }
            },
        };
        let inputs = if train.network == Network::Smen { base.inputs() } else { train.inputs };
        Ok((base, TrainSettings { inputs, ..train.clone() }))
    }

    /// Weights, images and three real steps. Everything that cannot work is refused here, before the first step that counts.
    pub(super) async fn prepare(&mut self, id: u64, train: &TrainSettings, settings: Settings) -> Result<Prepared, Stop> {
        train.check().map_err(|e| Stop::failed(e, ""))?;
        let window = settings.window;
        let preset = settings.region.as_deref().and_then(Preset::find);
        let region = match preset {
            Some(preset) => preset.name.to_owned(),
            None => {
                let (longitude, latitude) = window.lonlat(window.columns / 2, window.rows / 2);
                format!("{longitude:.2}, {latitude:.2} ({} x {} cells)", window.columns, window.rows)
            }
        };
        let key = settings.region.clone().unwrap_or_else(|| region.clone());
        let rule = self.series_for(id, settings.clone()).await?;
        let (base, train) = self.start_from(train, &settings).await?;
        if let Network::Tb(case) = train.network {
            let place = Region::new(window).and_then(|region| tb_run::place(region, preset)).map_err(|e| Stop::failed(e, ""))?;
            let settings = Settings { window: place.window(), ..settings };
            return self.prepare_tb(id, case, base, train, settings, (key, region)).await;
        }
        let Some(series) = &mut self.series else { return Err(Stop::failed("the session is not ready", "Reload the page.")) };
        let host = &self.host;
        let gathered = gather(&self.library, series, rule, &train, async |done, total, date| {
            host.emit(id, Event::Progress { done: done as u64, total: total as u64, what: format!("preparing {date}") }, Vec::new());
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        #[cfg(feature = "gpu")]
        self.check_training(id, Network::Smen).await?;
        let facts = facts(&[key], &region, &base, &train, &gathered);
        let Gathered { plan, images, simulated, own_maps } = gathered;
        let mut estimate = self.estimate(&base, &images, &plan, &train, &settings, simulated).await?;
        if own_maps {
            estimate.warnings.push("Some targets are maps that Loam made, chosen by hand: the network learns its own errors.".to_owned());
        }
        Ok(Prepared { base, train, images: Images::Smen(images), plan, simulated, region, settings, facts, estimate })
    }

    /// The same for the TB CNN, on its place.
    async fn prepare_tb(
        &mut self,
        id: u64,
        case: TbCase,
        base: Weights,
        train: TrainSettings,
        settings: Settings,
        (key, region): (String, String),
    ) -> Result<Prepared, Stop> {
        let place = Region::new(settings.window).map_err(|e| Stop::failed(e, "Choose a region of 9 x 9 cells or more."))?;
        // The page's series is that of the whole region.
        let mut series = Series::new(place, settings.quality);
        let host = &self.host;
        let breathe = async |date: jiff::civil::Date| {
            host.emit(id, Event::Progress { done: 0, total: 0, what: format!("preparing {date}") }, Vec::new());
            host.breathe().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // Brightness temperature is read date by date.
        let loaded = if case == TbCase::SoilMoisture { self.library.dates() } else { Default::default() };
        for date in loaded {
            series.load(&self.library, date)?;
            if breathe(date).await.is_break() {
                return Err(Stop::Cancelled);
            }
        }
        let gathered =
            tb::gather(&self.library, &mut series, case, tb::halo(&base), (train.validate_from, train.test_from), breathe).await?;
        for (file, why) in &gathered.failures {
            self.emit(id, Event::Warning(format!("{file}: {why}. It is left out; the other files are used.")));
        }
        #[cfg(feature = "gpu")]
        self.check_training(id, train.network).await?;
        let plan = gathered.plan();
        let facts = tb_run::facts(&key, &region, &base, &train, &gathered);
        let mut estimate = self.estimate(&base, &gathered.images, &plan, &train, &settings, gathered.simulated).await?;
        estimate.warnings.extend(gathered.note().map(|note| format!("Mind that {note}.")));
        let simulated = gathered.simulated;
        Ok(Prepared { base, train, images: Images::Tb(gathered.images), plan, simulated, region, settings, facts, estimate })
    }

    /// What a run takes, from three real steps that are thrown away. The least of them counts: the first compiles shaders on a GPU.
    async fn estimate<I: KeptImage>(
        &self,
        base: &Weights,
        images: &[I],
        plan: &TrainPlan,
        train: &TrainSettings,
        settings: &Settings,
        simulated: bool,
    ) -> Result<TrainEstimate, Stop> {
        let Some(processor) = &self.processor else { return Err(Stop::failed("no device was started", "Reload the page.")) };
        let window = settings.window;
        let warnings = overlap(base, train.start, plan, simulated).into_iter().collect();
        let some: Vec<I::Example> = I::samples(images, DateRole::Train).take(train.batch).cloned().collect();
        // With their margins.
        let (columns, rows) = some.first().map_or((window.columns, window.rows), Example::size);
        let needs = cost::of(train.network, columns, rows, images.len(), train.batch.min(some.len()));
        let limit = if processor.is_gpu() { self.buffer_limit } else { None };
        cost::hold(&needs, limit, &window, train.batch).map_err(|(what, remedy)| Stop::failed(what, &remedy))?;
        let settings = TrainSettings { epochs: 3, patience: 0, ..train.clone() };
        let mut trial = Trainer::new(base, some, Vec::new(), settings, processor.device())?;
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
        let steps_per_epoch = plan.count(DateRole::Train).div_ceil(train.batch);
        // Forward alone is about a third of a step.
        let validation = plan.count(DateRole::Validate) as f64 / train.batch as f64 / 3.0;
        let seconds_per_epoch = seconds_per_step * (steps_per_epoch as f64 + validation);
        Ok(TrainEstimate {
            plan: plan.clone(),
            seconds_per_step,
            seconds_per_epoch,
            steps_per_epoch,
            seconds: seconds_per_epoch * train.epochs as f64,
            memory_bytes: needs.memory,
            largest_tensor_bytes: needs.largest_tensor,
            buffer_limit_bytes: limit,
            storage_bytes: needs.storage,
            warnings,
        })
    }
}
