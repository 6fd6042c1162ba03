//! Training the TB CNN (model.md, section 2): mean absolute error over the mask plus an L2 penalty, Adam; epoch by epoch, the weights with the
//! smallest validation error kept.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use jiff::civil::Date;

use super::{Adam, TrainError};
use crate::model::tb_cnn::TbCnn;
use crate::model::{Archive, ModelError, Random, read_back};
use crate::protocol::{DateRole, TbCase};

/// One date to learn from or to test on: planes one after the other, each row-major, scaled as the network wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct TbImage {
    /// The date.
    pub date: Date,
    /// What for.
    pub role: DateRole,
    /// Columns and rows.
    pub size: (usize, usize),
    /// Both input channels, a number everywhere.
    pub input: Vec<f32>,
    /// Bilinear baseline, one plane an output; anything where the mask is 0.
    pub bilinear: Vec<f32>,
    /// Target, one plane an output; a number everywhere.
    pub target: Vec<f32>,
    /// 1 where the target counts, else 0.
    pub mask: Vec<f32>,
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TbSettings {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch: usize,
    /// Adam's learning rate. The poster: 1e-4.
    pub learning_rate: f64,
    /// Seed of the order of the images.
    pub seed: u64,
    /// Stop after this many epochs without a better validation error; 0 never.
    pub patience: usize,
}

/// An epoch's errors: mean absolute, scaled (in spreads of [`TbCase::scales`]).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct TbEpoch {
    /// From 1.
    pub epoch: usize,
    /// Mean loss of its steps, penalty included.
    pub train_loss: f64,
    /// Mean over the validation images; none without such images.
    pub validation: Option<f64>,
    /// The best so far.
    pub best: bool,
}

/// A training run of the TB CNN.
pub struct TbTrainer {
    case: TbCase,
    device: Device,
    network: TbCnn,
    adam: Adam,
    random: Random,
    settings: TbSettings,
    train: Vec<TbImage>,
    validate: Vec<TbImage>,
    order: Vec<usize>,
    epoch: usize,
    best: Option<(usize, f64, Archive)>,
    /// Files' words that the weights carry on.
    metadata: BTreeMap<String, String>,
}

/// Planes of several images as one batch.
pub(crate) fn batched<'a>(
    planes: impl Iterator<Item = &'a Vec<f32>>,
    channels: usize,
    (columns, rows): (usize, usize),
    device: &Device,
) -> Tensor<4> {
    let values: Vec<f32> = planes.flatten().copied().collect();
    let batch = values.len() / (channels * columns * rows).max(1);
    Tensor::from_data(TensorData::new(values, [batch, channels, rows, columns]), device)
}

impl TbTrainer {
    /// From these weights (of the case that is trained) and images of one size. `device` is one with autodiff.
    ///
    /// # Errors
    /// [`TrainError::NoSamples`], [`TrainError::UnequalSizes`], [`TrainError::EmptyMask`], or weights that do not fit.
    pub fn new(
        start: &Archive,
        train: Vec<TbImage>,
        validate: Vec<TbImage>,
        settings: TbSettings,
        device: Device,
    ) -> Result<Self, TrainError> {
        let (network, case) = TbCnn::from_weights(start, &device)?;
        let (first_columns, first_rows) = train.first().ok_or(TrainError::NoSamples)?.size;
        for (sample, image) in train.iter().chain(&validate).enumerate() {
            let (columns, rows) = image.size;
            if image.size != (first_columns, first_rows) {
                return Err(TrainError::UnequalSizes { sample, columns, rows, first_columns, first_rows });
            }
            let cells = columns * rows;
            let lengths = [(2, &image.input), (case.outputs(), &image.target), (case.outputs(), &image.mask)];
            if let Some((planes, values)) = lengths.into_iter().find(|(planes, values)| values.len() != planes * cells) {
                let source = ModelError::PlaneLength { plane: "the TB CNN's image", expected: planes * cells, found: values.len() };
                return Err(TrainError::Sample { sample, source });
            }
            if !image.mask.contains(&1.0) {
                return Err(TrainError::EmptyMask { sample });
            }
        }
        let order = (0..train.len()).collect();
        let random = Random::new(settings.seed);
        let metadata = start.metadata.clone();
        Ok(Self { case, device, network, adam: Adam::new(), random, settings, train, validate, order, epoch: 0, best: None, metadata })
    }

    /// Steps of one epoch.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.settings.batch.max(1))
    }

    /// The best epoch, its error, and the weights then.
    #[must_use]
    pub fn best(&self) -> Option<&(usize, f64, Archive)> {
        self.best.as_ref()
    }

    /// One epoch; `step` hears of each step. `None` once all are done, or patience is at its end.
    ///
    /// # Errors
    /// [`TrainError::LossNotFinite`] (the best weights so far stay), or a device's fault.
    pub async fn epoch(&mut self, mut step: impl FnMut(usize)) -> Result<Option<TbEpoch>, TrainError> {
        let waited = self.best.as_ref().map_or(0, |best| self.epoch - best.0);
        if self.epoch >= self.settings.epochs || (self.settings.patience > 0 && waited >= self.settings.patience) {
            return Ok(None);
        }
        self.epoch += 1;
        let mut order = std::mem::take(&mut self.order);
        self.random.shuffle(&mut order);
        let mut sum = 0.0;
        for (n, batch) in order.chunks(self.settings.batch.max(1)).enumerate() {
            let images: Vec<&TbImage> = batch.iter().filter_map(|i| self.train.get(*i)).collect();
            let loss = self.loss(&images, true);
            let value = f64::from(first(loss.clone().without_autodiff()).await?);
            if !value.is_finite() {
                self.order = order;
                let kept = if self.best.is_some() { "the best weights so far are kept" } else { "no epoch was finished" };
                return Err(TrainError::LossNotFinite { epoch: self.epoch, step: n + 1, kept });
            }
            self.network = self.adam.step(self.network.clone(), &loss.backward(), self.settings.learning_rate);
            sum += value * images.len() as f64;
            step(n + 1);
        }
        self.order = order;
        let train_loss = sum / self.train.len() as f64;
        let mut validation = None;
        for image in &self.validate {
            let error = f64::from(first(self.loss(&[image], false).without_autodiff()).await?);
            *validation.get_or_insert(0.0) += error / self.validate.len() as f64;
        }
        let judged = validation.unwrap_or(train_loss);
        // Without validation the last epoch is the one that counts.
        let best = validation.is_none() || self.best.as_ref().is_none_or(|(_, least, _)| judged < *least);
        if best {
            let weights = self.network.to_weights(self.case, self.metadata.clone()).await?;
            self.best = Some((self.epoch, judged, weights));
        }
        Ok(Some(TbEpoch { epoch: self.epoch, train_loss, validation, best }))
    }

    fn loss(&self, images: &[&TbImage], penalty: bool) -> Tensor<1> {
        let size = images.first().map_or((1, 1), |image| image.size);
        let of = |plane: fn(&TbImage) -> &Vec<f32>, channels| batched(images.iter().map(|i| plane(i)), channels, size, &self.device);
        let estimate = self.network.forward(of(|i| &i.input, 2));
        let (target, mask) = (of(|i| &i.target, self.case.outputs()), of(|i| &i.mask, self.case.outputs()));
        if penalty { self.network.loss(estimate, target, mask) } else { self.network.absolute_error(estimate, target, mask) }
    }
}

async fn first(value: Tensor<1>) -> Result<f32, ModelError> {
    Ok(read_back(value).await?.first().copied().unwrap_or(f32::NAN))
}
