//! SMEN, the 3D CNN of the paper: model, prediction over a raster of any size, training images, estimate of a date.

pub mod applicability;
pub mod estimate;
pub(crate) mod example;
pub(crate) mod golden;
pub(crate) mod image;
pub mod images;
pub mod model;
pub(crate) mod norm;
pub(crate) mod offset;
pub(crate) mod onnx;
pub(crate) mod predict;
pub mod schema;
pub(crate) mod span;
pub(crate) mod stream;
pub(crate) mod tile;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::Edges;
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::network::{Inputs, Network};
use loam_core::score::{ScoreReport, ScoreRow, Scores};
use loam_core::stack::{Library, MARGIN};
use loam_core::training::{DateRole, TrainPlan, TrainSettings};

use crate::gathered::Gathered;
use crate::onnx::{Graph, Signature};
use crate::weights::MODEL;
use crate::{
    Asked, CHANNELS, Data, DateScores, KeptImage, ModelError, Needs, NetworkModel, Planes, Preview, RunImage,
    SeenInputs, Smen, Weights, WorkError,
};

/// Bytes of one step's tensors for one cell of one image, about: 640 activations (three blocks of 3, 2 and 1 frames with convolution, ReLU
/// and norm; g and the sum), as many gradients, float32, and a tenth for what the allocator keeps.
const BYTES_PER_CELL: u64 = 640 * 2 * 4 * 11 / 10;
/// Bytes of an image kept: input, history, target, mask, bilinear, reasons.
const BYTES_PER_IMAGE_CELL: u64 = 9 * 4;
/// Weights, both moments, best weights, in two slots.
const CHECKPOINT_BYTES: u64 = 2 * 4 * 160_000;

impl NetworkModel for Smen {
    type Image = RunImage;

    fn load(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
        Self::from_weights(weights, device)
    }

    /// Its files need not name it, and are read where no other network recognises them: the table of mismatches is then SMEN's.
    fn recognises(_: &[u8]) -> bool {
        false
    }

    fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
        Weights::from_bytes(bytes)
    }

    fn first_weights(_: Network, inputs: Inputs, seed: u64) -> Weights {
        Weights::init(inputs, seed)
    }

    fn named_in(weights: &Weights) -> Option<Network> {
        weights.metadata.get(MODEL).is_some_and(|name| name == "smen").then_some(Network::Smen)
    }

    fn check(weights: &Weights) -> Result<(), ModelError> {
        match weights.mismatches() {
            rows if rows.is_empty() => Ok(()),
            rows => Err(ModelError::UnfitWeights { rows }),
        }
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
        let Data { library, series, rule } = data;
        let (device, tile) = (asked.device, asked.tile.unwrap_or(estimate::TILE));
        let engine = estimate::Engine { model: self, before: asked.before, device, tile };
        let computing =
            async |done: usize, total: usize| progress(done, total, "computing the 3 km map").await;
        let mut outcome =
            estimate::predict(library, series, asked.date, rule, asked.shift, engine, computing).await?;
        if let Some(until) = asked.weights.seen_until(asked.date, outcome.sample.simulated) {
            outcome.warnings.push(format!(
                "These weights were trained on dates up to {until}: scores of this date flatter the network. Choose a later date for an \
                 honest score."
            ));
        }
        let within = applicability::applicability(asked.weights, &outcome.sample);
        outcome.warnings.extend(within.warning);
        Ok(outcome.into_estimate(
            asked.shift,
            series.sensitivity.as_ref().map(|s| s.beta as f32),
            within.words,
        ))
    }

    async fn seen_inputs(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        _: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<SeenInputs>, WorkError> {
        let sample = data.series.sample(data.library, asked.date, data.rule)?;
        // The same cells on every date, though files may end sooner on some.
        let window = sample.region.window().widened(&Edges::all(MARGIN));
        let margin = Edges::between(&sample.input, &window);
        let laid = |plane: &[f32]| margin.laid(plane, sample.input.columns, f32::NAN);
        let inputs = asked.weights.inputs();
        let mut planes = Vec::new();
        if inputs.uses_coarse() {
            planes.extend(laid(&sample.coarse_input));
        }
        if inputs.uses_history() {
            sample.residuals.chunks_exact(sample.input.len()).for_each(|plane| planes.extend(laid(plane)));
        }
        Ok(Some(SeenInputs { window, planes, half_width_factor: None }))
    }

    async fn evaluate(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        to: Date,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<DateScores, WorkError> {
        let Data { library, series, rule } = data;
        let dates = series.scorable(asked.date..=to);
        let mut found = DateScores::default();
        let engine = estimate::Engine {
            model: self,
            before: None,
            device: asked.device,
            tile: asked.tile.unwrap_or(estimate::TILE),
        };
        for (done, date) in dates.iter().enumerate() {
            let scoring = async |_, _| progress(done, dates.len(), &format!("scoring {date}")).await;
            match estimate::predict(library, series, *date, rule, asked.shift, engine, scoring).await {
                Ok(outcome) => {
                    found.simulated |= outcome.sample.simulated;
                    found.dates.push(*date);
                    found.by_date.push(outcome.scores);
                }
                Err(estimate::PredictError::NoHistory { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    async fn tile(&self, device: &Device, now: impl Fn() -> f64) -> Result<Option<usize>, ModelError> {
        crate::tile_edge(self, device, now).await.map(Some)
    }

    fn dates(_: Network, _: &Library) -> Option<(BTreeSet<Date>, &'static str)> {
        None
    }

    fn plan(data: &Data<'_>, settings: &TrainSettings) -> Result<TrainPlan, WorkError> {
        Ok(images::plan(data.series, data.rule, settings)?)
    }

    async fn gather(
        data: Data<'_>,
        _base: &Weights,
        settings: &TrainSettings,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Gathered<RunImage>, WorkError> {
        let preparing = async |done, total, date| progress(done, total, &format!("preparing {date}")).await;
        Ok(images::gather(data.library, data.series, data.rule, settings, preparing).await?)
    }

    fn metadata(
        keys: &[String],
        region: &str,
        base: &Weights,
        settings: &TrainSettings,
        gathered: &Gathered<RunImage>,
    ) -> BTreeMap<String, String> {
        images::metadata(keys, region, base, settings, gathered)
    }

    async fn set_offset(
        trained: &mut Weights,
        images: &[RunImage],
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<f64>, ModelError> {
        let train: Vec<_> = RunImage::samples(images, DateRole::Train).collect();
        let setting = async |done: usize, total: usize| {
            progress(done, total, "setting the offset, which the loss cannot see").await
        };
        crate::set_bias(trained, &train, device, setting).await.map(Some)
    }

    async fn score(
        networks: &[(ScoreRow, &Self)],
        device: &Device,
        image: &RunImage,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Vec<ScoreReport>, ModelError> {
        let valid: Vec<bool> = image
            .sample
            .mask
            .iter()
            .zip(&image.bilinear)
            .map(|(mask, b)| *mask > 0.0 && b.is_finite())
            .collect();
        let mut estimates = Vec::new();
        for (row, network) in networks {
            let values = image_estimate(network, device, image, async |done, total| {
                progress(done, total, "scoring").await
            })
            .await?;
            estimates.push((*row, values));
        }
        estimates.push((ScoreRow::Bilinear, image.bilinear.clone()));
        let scored = |(row, values): &(ScoreRow, Vec<f32>)| {
            Scores::of(values, &image.sample.target, &valid)
                .ok()
                .map(|scores| scores.report(Network::Smen, *row, 0))
        };
        Ok(estimates.iter().map(scored).collect::<Option<_>>().unwrap_or_default())
    }

    fn preview(image: &RunImage, estimate: Vec<f32>) -> Option<Preview> {
        let sample = &image.sample;
        Some(Preview {
            size: image.region_size(),
            estimate: image.in_region(&estimate),
            target: image.in_region(&sample.target),
            valid: image.in_region(&sample.mask).iter().map(|mask| *mask > 0.0).collect(),
            reasons: image.in_region(&image.reasons),
        })
    }

    fn needs(columns: usize, rows: usize, images: usize, batch: usize) -> Needs {
        let (cells, images, batch) = ((columns * rows) as u64, images as u64, batch as u64);
        Needs {
            // Images are in memory twice: for the trainer and for the scores.
            memory: cells * (batch * BYTES_PER_CELL + 2 * images * BYTES_PER_IMAGE_CELL),
            // The first block's features.
            largest_tensor: cells * batch * CHANNELS as u64 * 3 * 4,
            storage: cells * images * BYTES_PER_IMAGE_CELL + CHECKPOINT_BYTES,
        }
    }

    #[cfg(feature = "gpu")]
    async fn check_training(_: Network, device: &Device) -> Result<Option<String>, String> {
        Ok(crate::check_training(device).await)
    }
}

/// The network's estimate of an image, with its margin.
///
/// # Errors
/// Those of a prediction.
pub async fn image_estimate(
    network: &Smen,
    device: &Device,
    image: &RunImage,
    progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<f32>, ModelError> {
    let sample = &image.sample;
    let planes = Planes {
        columns: sample.columns,
        rows: sample.rows,
        coarse_input: sample.coarse_input.clone(),
        residuals: sample.residuals.clone(),
    };
    crate::predict(network, device, &planes, estimate::TILE, progress).await
}
