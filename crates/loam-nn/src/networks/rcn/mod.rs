//! RCN, the regression-correcting network (best-map.md, section 2): planes from the pixel regression, model, training images, estimate.

pub mod estimate;
pub mod example;
pub mod images;
pub mod model;
pub(crate) mod onnx;
pub mod planes;
pub mod prepared;
pub mod schema;
pub mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::network::{Inputs, Network};
use loam_core::score::{ScoreReport, ScoreRow, Scores};
use loam_core::stack::Library;
use loam_core::training::{TrainPlan, TrainSettings};

use self::example::RcnImage;
use self::model::Rcn;
use self::schema::{DILATIONS, NAME, WIDTH};
use crate::gathered::Gathered;
use crate::onnx::{Graph, Signature};
use crate::weights::MODEL;
use crate::{
    Asked, Data, DateScores, ModelError, Needs, NetworkModel, Preview, SeenInputs, Weights, WorkError,
};

/// Bytes of one step for one cell of one image, about: a block keeps its input laid out for the kernel, and the slope of SiLU; as much again
/// for gradients.
const BYTES_PER_CELL: u64 = (DILATIONS.len() as u64 + 2) * 3 * WIDTH as u64 * 4 * 2;
/// Bytes of an image: both histories' planes, target, mask, bilinear, reasons.
const BYTES_PER_IMAGE_CELL: u64 = (2 * (planes::COUNT as u64 + 1) + 4) * 4;
/// Parameters, about.
const PARAMETERS: u64 = 73_000;

impl NetworkModel for Rcn {
    type Image = RcnImage;

    fn load(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
        Self::from_weights(weights, device)
    }

    fn recognises(bytes: &[u8]) -> bool {
        weights::is_rcn(bytes)
    }

    fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
        weights::read(bytes)
    }

    fn first_weights(_: Network, _: Inputs, seed: u64) -> Weights {
        weights::first_weights(seed)
    }

    fn named_in(weights: &Weights) -> Option<Network> {
        weights.metadata.get(MODEL).is_some_and(|name| name == NAME).then_some(Network::Rcn)
    }

    fn check(weights: &Weights) -> Result<(), ModelError> {
        weights::checked(weights)
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
        estimate::estimate(self, data, asked, progress).await
    }

    async fn seen_inputs(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<SeenInputs>, WorkError> {
        let made = prepared::prepared(self, data.library, data.series, data.rule, asked, progress).await?;
        let mut planes = made.planes.inputs;
        planes.extend(made.planes.base);
        let window = made.sample.region.window();
        Ok(Some(SeenInputs { window, planes, half_width_factor: Some(made.width.sigmas) }))
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
        for (done, date) in dates.iter().enumerate() {
            let words = format!("scoring {date}");
            let mut scoring = async |_: usize, _: usize, _: &str| progress(done, dates.len(), &words).await;
            let asked = Asked { date: *date, before: None, ..*asked };
            let data = Data { library, series, rule };
            let made = estimate::estimate(self, data, &asked, &mut scoring).await?;
            if made.history.is_empty() {
                continue;
            }
            found.simulated |= made.simulated;
            found.dates.push(*date);
            found.by_date.push(made.scores());
        }
        Ok(found)
    }

    async fn tile(&self, _: &Device, _: impl Fn() -> f64) -> Result<Option<usize>, ModelError> {
        Ok(None)
    }

    fn dates(_: Network, _: &Library) -> Option<(BTreeSet<Date>, &'static str)> {
        None
    }

    fn plan(data: &Data<'_>, settings: &TrainSettings) -> Result<TrainPlan, WorkError> {
        Ok(images::plan(data.series, data.rule, settings)?)
    }

    async fn gather(
        data: Data<'_>,
        base: &Weights,
        settings: &TrainSettings,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Gathered<RcnImage>, WorkError> {
        let preparing = async |done, total, date| progress(done, total, &format!("preparing {date}")).await;
        Ok(images::gather(data.library, data.series, data.rule, base, settings, preparing).await?)
    }

    fn metadata(
        keys: &[String],
        region: &str,
        base: &Weights,
        settings: &TrainSettings,
        gathered: &Gathered<RcnImage>,
    ) -> BTreeMap<String, String> {
        gathered.metadata(keys, region, base, settings)
    }

    /// There is none: the correction's mean is taken out of every map.
    async fn set_offset(
        _: &mut Weights,
        _: &[RcnImage],
        _: &Device,
        _: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<f64>, ModelError> {
        Ok(None)
    }

    async fn score(
        networks: &[(ScoreRow, &Self)],
        device: &Device,
        image: &RcnImage,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Vec<ScoreReport>, ModelError> {
        let valid: Vec<bool> = image.mask.iter().map(|mask| *mask > 0.0).collect();
        let mut estimates = Vec::new();
        for (done, (row, network)) in networks.iter().enumerate() {
            if progress(done, networks.len(), "scoring").await.is_break() {
                return Err(ModelError::Cancelled);
            }
            estimates.push((*row, image.seen.map(network, device, image.size).await?.0));
        }
        estimates.push((ScoreRow::Regression, image.seen.base.clone()));
        estimates.push((ScoreRow::Bilinear, image.bilinear.clone()));
        let scored = |(row, values): &(ScoreRow, Vec<f32>)| {
            Scores::of(values, &image.target, &valid).ok().map(|scores| scores.report(Network::Rcn, *row, 0))
        };
        Ok(estimates.iter().map(scored).collect::<Option<_>>().unwrap_or_default())
    }

    fn preview(image: &RcnImage, estimate: Vec<f32>) -> Option<Preview> {
        Some(Preview {
            size: image.size,
            estimate,
            target: image.target.clone(),
            valid: image.mask.iter().map(|mask| *mask > 0.0).collect(),
            reasons: image.reasons.clone(),
        })
    }

    fn needs(columns: usize, rows: usize, images: usize, batch: usize) -> Needs {
        let (cells, images, batch) = ((columns * rows) as u64, images as u64, batch as u64);
        Needs {
            // Images are in memory twice: for the trainer and for the scores.
            memory: cells * (batch * BYTES_PER_CELL + 2 * images * BYTES_PER_IMAGE_CELL),
            largest_tensor: cells * batch * WIDTH as u64 * 4 * 2,
            storage: cells * images * BYTES_PER_IMAGE_CELL + 2 * 4 * 4 * PARAMETERS,
        }
    }

    #[cfg(feature = "gpu")]
    async fn check_training(_: Network, device: &Device) -> Result<Option<String>, String> {
        crate::check_rcn_training(device).await.map_or(Ok(None), Err)
    }
}
