//! The brightness-temperature CNN of the poster, in its two cases: model, prediction in strips, training images, estimate of a date.

pub mod error;
pub mod estimate;
pub(crate) mod example;
pub mod images;
pub mod model;
pub(crate) mod onnx;
pub(crate) mod predict;
pub mod sample;
pub mod schema;
pub mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::Reason;
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::network::{Inputs, Network, TbCase};
use loam_core::score::{ScoreReport, ScoreRow, Scores};
use loam_core::stack::{Library, dates_with};
use loam_core::training::{TrainPlan, TrainSettings};

use self::model::TbCnn;
use crate::gathered::Gathered;
use crate::onnx::{Graph, Signature};
use crate::weights::MODEL;
use crate::{Asked, Data, DateScores, ModelError, Needs, NetworkModel, Preview, TbImage, Weights, WorkError};

/// Parameters, about.
const PARAMETERS: u64 = 1_680_000;
/// Bytes of one step for one cell of one image, about: seven groups of 128 channels, each with both convolutions, their concatenation and
/// ReLU, as many gradients, float32, and a tenth for what the allocator keeps.
const BYTES_PER_CELL: u64 = 7 * 128 * 3 * 2 * 4 * 11 / 10;
/// Bytes of an image: two inputs, and at most two targets, masks and baselines.
const BYTES_PER_IMAGE_CELL: u64 = 8 * 4;
/// Channels between two groups.
const CHANNELS: u64 = 128;

/// The case that settings or weights name; the registry brings no other network here.
fn case_of(network: Network) -> TbCase {
    match network {
        Network::Tb(case) => case,
        _ => TbCase::SoilMoisture,
    }
}

impl NetworkModel for TbCnn {
    type Image = TbImage;

    fn load(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
        Self::from_weights(weights, device).map(|(network, _)| network)
    }

    fn recognises(bytes: &[u8]) -> bool {
        weights::is_tb_cnn(bytes)
    }

    fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
        weights::read(bytes).map(|(weights, _)| weights)
    }

    fn first_weights(network: Network, _: Inputs, seed: u64) -> Weights {
        weights::first_weights(case_of(network), seed)
    }

    fn named_in(weights: &Weights) -> Option<Network> {
        let named = weights.metadata.get(MODEL).is_some_and(|name| name == schema::NAME);
        named.then(|| Network::Tb(weights::case_of(weights)))
    }

    fn check(weights: &Weights) -> Result<(), ModelError> {
        weights::checked(weights).map(|_| ())
    }

    fn onnx(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
        onnx::graph(weights)
    }

    async fn estimate(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Estimate, WorkError> {
        let margin = asked.weights.margin();
        let preparing = async |_| progress(0, 0, "preparing temperatures").await;
        let (sample, failures) =
            estimate::sample(data.library, data.series, self.case(), margin, asked.date, preparing).await?;
        let computing = async |done: usize, total: usize| progress(done, total, "computing the map").await;
        let mut outcome = estimate::predict(self, asked.device, sample, computing).await?;
        let left_out = |(file, why): (String, String)| {
            format!("{file}: {why}. It is left out; the other files are used.")
        };
        outcome.warnings.extend(failures.into_iter().map(left_out));
        if let Some(place) =
            asked.weights.metadata.get("region").filter(|place| asked.region != Some(place.as_str()))
        {
            outcome.warnings.push(format!(
                "These weights were trained for {place}. The TB CNN is trained for a place at a time: elsewhere its pattern is that of \
                 another place."
            ));
        }
        if let Some(until) = asked.weights.seen_until(asked.date, outcome.sample.simulated) {
            outcome.warnings.push(format!(
                "These weights were trained on dates up to {until}: scores of this date flatter the network."
            ));
        }
        Ok(outcome.into_estimate()?)
    }

    async fn evaluate(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        to: Date,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<DateScores, WorkError> {
        let case = self.case();
        let (inputs, targets) = dates_with(data.library, case);
        let dates: BTreeSet<Date> = targets.range(asked.date..=to).copied().collect();
        let preparing = async |date| progress(0, 0, &format!("preparing {date}")).await;
        let gathered =
            images::images(data.library, data.series, case, asked.weights.margin(), &dates, preparing)
                .await?;
        if gathered.images.is_empty() {
            return Err(error::too_few(case, 0, 1, inputs.len(), dates.len(), &gathered.plan.unusable).into());
        }
        let (simulated, notes, failures) = (gathered.simulated, gathered.notes, gathered.failures);
        let mut found = DateScores { simulated, notes, failures, ..DateScores::default() };
        for image in &gathered.images {
            found.dates.push(image.date);
            found
                .by_date
                .push(Self::score(&[(ScoreRow::Estimate, self)], asked.device, image, progress).await?);
        }
        Ok(found)
    }

    async fn tile(&self, _: &Device, _: impl Fn() -> f64) -> Result<Option<usize>, ModelError> {
        Ok(None)
    }

    fn dates(network: Network, library: &Library) -> Option<(BTreeSet<Date>, &'static str)> {
        let case = case_of(network);
        let otherwise = match case {
            TbCase::BrightnessTemperature => "No 36 km brightness temperature (SPL3SMP) on this date.",
            TbCase::SoilMoisture => "The TB CNN needs SMAP and land surface temperature of this date.",
        };
        Some((dates_with(library, case).0, otherwise))
    }

    fn plan(data: &Data<'_>, settings: &TrainSettings) -> Result<TrainPlan, WorkError> {
        Ok(images::plan(data.library, case_of(settings.network), settings)?)
    }

    async fn gather(
        data: Data<'_>,
        base: &Weights,
        settings: &TrainSettings,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Gathered<TbImage>, WorkError> {
        let split = (settings.validate_from, settings.test_from);
        let preparing = async |date| progress(0, 0, &format!("preparing {date}")).await;
        let case = case_of(settings.network);
        Ok(images::gather(data.library, data.series, case, base.margin(), split, preparing).await?)
    }

    fn metadata(
        keys: &[String],
        region: &str,
        base: &Weights,
        settings: &TrainSettings,
        gathered: &Gathered<TbImage>,
    ) -> BTreeMap<String, String> {
        images::metadata(&keys.join(","), region, base, settings, gathered)
    }

    async fn set_offset(
        _: &mut Weights,
        _: &[TbImage],
        _: &Device,
        _: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<f64>, ModelError> {
        Ok(None)
    }

    async fn score(
        networks: &[(ScoreRow, &Self)],
        device: &Device,
        image: &TbImage,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Vec<ScoreReport>, ModelError> {
        if progress(0, 0, "scoring").await.is_break() {
            return Err(ModelError::Cancelled);
        }
        let mut estimates = Vec::new();
        for (row, network) in networks {
            estimates.push((*row, images::estimate(network, device, image).await?));
        }
        estimates
            .extend([(ScoreRow::Bilinear, image.bilinear.clone()), (ScoreRow::AsIs, image.input.clone())]);
        let Some((_, network)) = networks.first() else { return Ok(Vec::new()) };
        let case = network.case();
        let cells = image.size.0 * image.size.1;
        let mut scores = Vec::new();
        for ((channel, (centre, spread)), _) in (0u8..).zip(case.scales()).zip(0..case.outputs()) {
            let n = usize::from(channel);
            let plane = |values: &[f32]| -> Vec<f32> {
                let range = n * cells..(n + 1) * cells;
                values.get(range).unwrap_or_default().iter().map(|v| v * spread + centre).collect()
            };
            let valid: Vec<bool> =
                image.mask.chunks(cells).nth(n).unwrap_or_default().iter().map(|m| *m > 0.0).collect();
            let target = plane(&image.target);
            for (row, values) in &estimates {
                // An image without a pixel to score was not made.
                let Ok(of) = Scores::of(&plane(values), &target, &valid) else { return Ok(Vec::new()) };
                scores.push(of.report(Network::Tb(case), *row, channel));
            }
        }
        Ok(scores)
    }

    /// Of brightness temperatures there is none: the preview's colours are those of soil moisture. Where there is no target, the estimate
    /// is not shown: an image does not keep why an input is missing.
    fn preview(image: &TbImage, estimate: Vec<f32>) -> Option<Preview> {
        let cells = image.size.0 * image.size.1;
        if image.target.len() > cells {
            return None;
        }
        let (centre, spread) = TbCase::SoilMoisture.scales()[0];
        let valid: Vec<bool> = image.mask.iter().map(|mask| *mask > 0.0).collect();
        Some(Preview {
            size: image.size,
            estimate,
            target: image.target.iter().map(|v| v * spread + centre).collect(),
            reasons: valid
                .iter()
                .map(|valid| if *valid { Reason::Valid } else { Reason::NotObserved } as u8)
                .collect(),
            valid,
        })
    }

    fn needs(columns: usize, rows: usize, images: usize, batch: usize) -> Needs {
        let (cells, images, batch) = ((columns * rows) as u64, images as u64, batch as u64);
        Needs {
            // Weights, gradients, both moments and the best weights beside them.
            memory: cells * (batch * BYTES_PER_CELL + 2 * images * BYTES_PER_IMAGE_CELL) + 5 * 4 * PARAMETERS,
            largest_tensor: cells * batch * CHANNELS * 4,
            storage: cells * images * BYTES_PER_IMAGE_CELL + 2 * 4 * 4 * PARAMETERS,
        }
    }

    #[cfg(feature = "gpu")]
    async fn check_training(network: Network, device: &Device) -> Result<Option<String>, String> {
        crate::check_tb_training(device, case_of(network)).await.map_or(Ok(None), Err)
    }
}
