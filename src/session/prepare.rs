//! Before a run: which dates do what, its images, and what it takes, measured. Everything that cannot work is refused here.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use loam_core::region_settings::RegionSettings;
use loam_core::stack::{HistoryRule, Preset, Region, Series};
use loam_core::training::{DateRole, Start, TrainPlan, TrainSettings};
use loam_nn::run::overlap;
use loam_nn::{
    Data, Example, KeptImage, NetworkModel, Registered, TrainEvent, Trainer, Weights, for_network,
};

use super::state::{RequestError, Session};
use super::{Host, cost};
use crate::protocol::{Event, TrainEstimate};

/// Weights and images of a run that is about to begin.
pub(super) struct Prepared<I> {
    pub base: Weights,
    /// With what the weights bring with them.
    pub train: TrainSettings,
    pub images: Vec<I>,
    pub plan: TrainPlan,
    pub simulated: bool,
    pub region: String,
    /// Region and rules of the run; of a network for one place that place.
    pub settings: RegionSettings,
    pub metadata: BTreeMap<String, String>,
    pub estimate: TrainEstimate,
}

impl<H: Host> Session<H> {
    pub(super) async fn train_plan(
        &mut self,
        id: u64,
        train: &TrainSettings,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let rule = self.series_for(id, settings).await?;
        let Some(series) = &mut self.series else { return Ok(()) };
        let data = Data { library: &self.library, series, rule };
        // A split that leaves a side empty is refused when a run is asked for; here the strip only has nothing to show yet.
        let plan = for_network!(train.network, N => N::plan(&data, train)?);
        self.emit(id, Event::TrainPlan(plan));
        Ok(())
    }

    pub(super) async fn train_estimate(
        &mut self,
        id: u64,
        train: &TrainSettings,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let estimate =
            for_network!(train.network, N => self.prepare::<N>(id, train, settings).await?.estimate);
        self.emit(id, Event::TrainEstimate(Box::new(estimate)));
        Ok(())
    }

    async fn series_for(&mut self, id: u64, settings: RegionSettings) -> Result<HistoryRule, RequestError> {
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings);
        self.ensure_series(id).await?;
        Ok(rule)
    }

    /// The weights a run starts from, and its settings with what these weights bring with them.
    async fn start_from(
        &mut self,
        train: &TrainSettings,
        settings: &RegionSettings,
    ) -> Result<(Weights, TrainSettings), RequestError> {
        let about = train.network.about();
        let base = match train.start {
            Start::Scratch => Weights::first(train.network, train.inputs, train.seed),
            Start::Current if train.network.is_shipped() || self.networks.contains_key(&train.network) => {
                self.ensure_weights(train.network, &settings.window).await?.weights.clone()
            }
            Start::Current => {
                let what = format!("no weights of the {} are in use to start from", about.words);
                return Err(RequestError::failed(
                    what,
                    "Start from scratch, or load such weights under “Rules and weights”.",
                ));
            }
        };
        let inputs = if about.inputs.len() > 1 { base.inputs() } else { train.inputs };
        Ok((base, TrainSettings { inputs, ..train.clone() }))
    }

    /// Weights, images and three real steps. Everything that cannot work is refused here, before the first step that counts.
    pub(super) async fn prepare<N: Registered>(
        &mut self,
        id: u64,
        train: &TrainSettings,
        settings: RegionSettings,
    ) -> Result<Prepared<N::Image>, RequestError> {
        train.check().map_err(|e| RequestError::failed(e, ""))?;
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
        let about = train.network.about();
        // The page's series is that of the whole region; a network for one place of a preset has one of its own.
        let (settings, mut own) = match preset.filter(|_| about.one_place) {
            None => (settings, None),
            Some(preset) => {
                let place = Region::place(preset).map_err(|e| RequestError::failed(e, ""))?;
                let series = Series::new(place, settings.quality);
                (RegionSettings { window: place.window(), ..settings }, Some(series))
            }
        };
        let host = &self.host;
        let progress = &mut async |done: usize, total: usize, what: &str| {
            host.emit(
                id,
                Event::Progress { done: done as u64, total: total as u64, what: what.to_owned() },
                Vec::new(),
            );
            host.yield_now().await;
            if host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        if let Some(series) = own.as_mut().filter(|_| !train.network.output().is_kelvin()) {
            for date in self.library.dates() {
                series.load(&self.library, date)?;
                if progress(0, 0, &format!("preparing {date}")).await.is_break() {
                    return Err(RequestError::Cancelled);
                }
            }
        }
        let Some(series) = own.as_mut().or(self.series.as_mut()) else {
            return Err(RequestError::failed("the session is not ready", "Reload the page."));
        };
        let data = Data { library: &self.library, series, rule };
        let gathered = N::gather(data, &base, &train, progress).await?;
        for (file, why) in &gathered.failures {
            self.emit(
                id,
                Event::Warning(format!("{file}: {why}. It is left out; the other files are used.")),
            );
        }
        #[cfg(feature = "gpu")]
        self.check_training::<N>(id, train.network).await?;
        let metadata = N::metadata(&[key], &region, &base, &train, &gathered);
        let mut estimate = self
            .estimate(&base, &gathered.images, &gathered.plan, &train, &settings, gathered.simulated)
            .await?;
        estimate.warnings.extend(gathered.notes.iter().map(|note| format!("Mind that {note}.")));
        let (images, plan, simulated) = (gathered.images, gathered.plan, gathered.simulated);
        Ok(Prepared { base, train, images, plan, simulated, region, settings, metadata, estimate })
    }

    /// What a run takes, from three real steps that are thrown away. The least of them counts: the first compiles shaders on a GPU.
    async fn estimate<I: KeptImage>(
        &self,
        base: &Weights,
        images: &[I],
        plan: &TrainPlan,
        train: &TrainSettings,
        settings: &RegionSettings,
        simulated: bool,
    ) -> Result<TrainEstimate, RequestError> {
        let Some(processor) = &self.processor else {
            return Err(RequestError::failed("no device was started", "Reload the page."));
        };
        let window = settings.window;
        let warnings = overlap(base, train.start, plan, simulated).into_iter().collect();
        let some: Vec<I::Example> = I::samples(images, DateRole::Train).take(train.batch).cloned().collect();
        // With their margins.
        let (columns, rows) = some.first().map_or((window.columns, window.rows), Example::size);
        let needs = I::Model::needs(columns, rows, images.len(), train.batch.min(some.len()));
        let limit = if processor.is_gpu() { self.buffer_limit } else { None };
        cost::check(&needs, limit, &window, train.batch)
            .map_err(|(what, remedy)| RequestError::failed(what, &remedy))?;
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
            self.host.yield_now().await;
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
