//! A training run as a stream of typed events.
//!
//! The caller pulls events one by one; between two of them it may stop, show progress or hand the thread back. One event stands for at
//! most one batch of work. The same samples, weights and settings give the same bits on the CPU.

use std::collections::VecDeque;

use burn::tensor::{Device, Tensor};

use super::sample::Batch;
use super::{Adam, TrainError, TrainSample, TrainSettings, urmse_loss};
use crate::model::{ModelError, Random, Smen, Weights};

/// What happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainEvent {
    /// The run begins.
    Started {
        /// Epochs to come.
        epochs: usize,
        /// Steps of each.
        steps_per_epoch: usize,
        /// Training images.
        train: usize,
        /// Validation images.
        validation: usize,
    },
    /// The weights moved once.
    StepDone {
        /// Epoch, from 1.
        epoch: usize,
        /// Step within it, from 1.
        step: usize,
        /// Loss of the batch before the step: mean uRMSE, m3/m3.
        loss: f64,
    },
    /// Some validation images were scored.
    Validated {
        /// Epoch, from 1.
        epoch: usize,
        /// Images scored so far.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// All images were seen once.
    EpochDone {
        /// Epoch, from 1.
        epoch: usize,
        /// Mean uRMSE over the training images as they were met, m3/m3.
        train_loss: f64,
        /// Mean uRMSE over the validation images with the norms' running statistics, m3/m3; none without such images.
        validation: Option<f64>,
        /// The best epoch so far: its weights are kept.
        best: bool,
    },
    /// Something to know; the run goes on.
    Warning(String),
    /// All epochs are done. Last event.
    Finished {
        /// Epoch whose weights are kept, from 1.
        best_epoch: usize,
        /// Its validation (without validation images: training) uRMSE, m3/m3.
        best_loss: f64,
    },
    /// The run stopped; the best weights so far are kept. Last event.
    Failed(TrainError),
}

/// The weights of the best epoch.
#[derive(Debug, Clone)]
struct Best {
    epoch: usize,
    loss: f64,
    weights: Weights,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Train { at: usize },
    Validate { at: usize },
    Done,
}

/// A training run.
#[derive(Debug)]
pub struct Trainer {
    settings: TrainSettings,
    device: Device,
    metadata: Weights,
    smen: Smen,
    adam: Adam,
    train: Vec<TrainSample>,
    validation: Vec<TrainSample>,
    random: Random,
    order: Vec<usize>,
    epoch: usize,
    phase: Phase,
    /// Sum of losses times images, and images, of the present epoch: training, validation.
    sums: [(f64, usize); 2],
    best: Option<Best>,
    events: VecDeque<TrainEvent>,
}

impl Trainer {
    /// A run from these weights (their metadata is carried over: put `region` and `trained_on` there) on this device.
    ///
    /// All samples have one size. Validation images are never trained on; without them the training loss decides which epoch is best.
    ///
    /// # Errors
    /// Settings out of range, weights that do not fit, samples that cannot be used: see [`TrainError`].
    pub fn new(
        weights: &Weights,
        train: Vec<TrainSample>,
        validation: Vec<TrainSample>,
        settings: TrainSettings,
        device: &Device,
    ) -> Result<Self, TrainError> {
        settings.check()?;
        let (columns, rows) = train.first().map(|sample| (sample.columns, sample.rows)).ok_or(TrainError::NoSamples)?;
        for (sample, one) in train.iter().chain(&validation).enumerate() {
            if (one.columns, one.rows) != (columns, rows) {
                return Err(TrainError::UnequalSizes {
                    sample,
                    columns: one.columns,
                    rows: one.rows,
                    first_columns: columns,
                    first_rows: rows,
                });
            }
        }
        let check = |samples: Vec<TrainSample>, first: usize| -> Result<Vec<_>, TrainError> {
            samples.into_iter().enumerate().map(|(index, sample)| sample.checked(first + index)).collect()
        };
        let first_validation = train.len();
        let (train, validation) = (check(train, 0)?, check(validation, first_validation)?);
        let device = device.clone().without_autodiff().autodiff();
        let mut metadata = Weights { tensors: Default::default(), metadata: weights.metadata.clone() };
        metadata.metadata.insert("seed".into(), settings.seed.to_string());
        metadata.metadata.insert("app_version".into(), env!("CARGO_PKG_VERSION").into());
        let mut events = VecDeque::from([TrainEvent::Started {
            epochs: settings.epochs,
            steps_per_epoch: train.len().div_ceil(settings.batch),
            train: train.len(),
            validation: validation.len(),
        }]);
        if train.len() < 10 {
            events.push_back(TrainEvent::Warning(format!(
                "only {} training images: the network will learn them by heart; frozen norms help",
                train.len()
            )));
        }
        let mut trainer = Self {
            smen: Smen::from_weights(weights, &device)?,
            adam: Adam::new(),
            random: Random::new(settings.seed),
            order: (0..train.len()).collect(),
            settings,
            device,
            metadata,
            train,
            validation,
            epoch: 1,
            phase: Phase::Train { at: 0 },
            sums: [(0.0, 0); 2],
            best: None,
            events,
        };
        trainer.random.shuffle(&mut trainer.order);
        Ok(trainer)
    }

    /// Does the next piece of work and says what happened; none after [`TrainEvent::Finished`] or [`TrainEvent::Failed`].
    pub async fn step(&mut self) -> Option<TrainEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let done = match self.phase {
            Phase::Train { at } => self.train_batch(at).await,
            Phase::Validate { at } => self.validate_batch(at).await,
            Phase::Done => return None,
        };
        if let Err(error) = done {
            self.phase = Phase::Done;
            self.events.push_back(TrainEvent::Failed(error));
        }
        self.events.pop_front()
    }

    /// Weights of the best epoch so far; none before the first epoch ended.
    pub fn best(&self) -> Option<&Weights> {
        self.best.as_ref().map(|best| &best.weights)
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn current(&self) -> Result<Weights, ModelError> {
        let mut weights = self.smen.to_weights().await?;
        let own = std::mem::take(&mut weights.metadata);
        weights.metadata = self.metadata.metadata.clone();
        weights.metadata.extend(own);
        weights.metadata.insert("epochs".into(), self.epoch.to_string());
        Ok(weights)
    }

    /// One batch: forward, loss, and, where the loss is a number, one step of Adam.
    async fn train_batch(&mut self, at: usize) -> Result<(), TrainError> {
        let end = (at + self.settings.batch).min(self.order.len());
        let mut samples: Vec<TrainSample> = self.order[at..end].iter().map(|&index| self.train[index].clone()).collect();
        if self.settings.flips {
            samples = samples.iter().map(|sample| sample.flipped(&mut self.random)).collect();
        }
        let batch = Batch::new(&samples, &self.device);
        let (estimate, statistics) = if self.settings.freeze_norms {
            (self.smen.forward(batch.i, batch.d), Vec::new())
        } else {
            self.smen.forward_train(batch.i, batch.d)
        };
        let loss = urmse_loss(estimate, batch.target, batch.mask);
        let value = scalar(loss.clone()).await?;
        let step = at / self.settings.batch + 1;
        if !value.is_finite() {
            return Err(self.not_finite(step));
        }
        let gradients = loss.backward();
        self.smen = self.adam.step(self.smen.clone(), &gradients, self.settings.learning_rate);
        self.smen.absorb(statistics);
        add(&mut self.sums[0], value, samples.len());
        self.events.push_back(TrainEvent::StepDone { epoch: self.epoch, step, loss: value });
        if end < self.order.len() {
            self.phase = Phase::Train { at: end };
            Ok(())
        } else if self.validation.is_empty() {
            self.close_epoch().await
        } else {
            self.phase = Phase::Validate { at: 0 };
            Ok(())
        }
    }

    /// Scores one batch of validation images.
    async fn validate_batch(&mut self, at: usize) -> Result<(), TrainError> {
        let end = (at + self.settings.batch).min(self.validation.len());
        let plain = self.device.clone().without_autodiff();
        let batch = Batch::new(&self.validation[at..end], &plain);
        let estimate = burn::module::Module::valid(&self.smen).forward(batch.i, batch.d);
        let value = scalar(urmse_loss(estimate, batch.target, batch.mask)).await?;
        add(&mut self.sums[1], value, end - at);
        self.events.push_back(TrainEvent::Validated { epoch: self.epoch, done: end, total: self.validation.len() });
        if end < self.validation.len() {
            self.phase = Phase::Validate { at: end };
            Ok(())
        } else {
            self.close_epoch().await
        }
    }

    /// The error of a run that left the numbers.
    fn not_finite(&self, step: usize) -> TrainError {
        let kept = if self.best.is_some() { "the best weights so far are kept" } else { "no epoch was finished before" };
        TrainError::LossNotFinite { epoch: self.epoch, step, kept }
    }

    /// Reports the epoch, keeps its weights where it is the best, and goes on to the next.
    async fn close_epoch(&mut self) -> Result<(), TrainError> {
        let [train, validation] = std::mem::take(&mut self.sums).map(|(sum, images)| (images > 0).then(|| sum / images as f64));
        let train_loss = train.unwrap_or(f64::NAN);
        let loss = validation.unwrap_or(train_loss);
        let best = loss.is_finite() && self.best.as_ref().is_none_or(|best| loss < best.loss);
        if best {
            let weights = self.current().await?;
            // The last step may have left the numbers after its loss was still one.
            weights.check().map_err(|_| self.not_finite(self.order.len().div_ceil(self.settings.batch)))?;
            self.best = Some(Best { epoch: self.epoch, loss, weights });
        }
        self.events.push_back(TrainEvent::EpochDone { epoch: self.epoch, train_loss, validation, best });
        if self.epoch < self.settings.epochs {
            self.epoch += 1;
            self.random.shuffle(&mut self.order);
            self.phase = Phase::Train { at: 0 };
        } else {
            self.phase = Phase::Done;
            let (best_epoch, best_loss) = self.best.as_ref().map_or((self.epoch, f64::NAN), |best| (best.epoch, best.loss));
            self.events.push_back(TrainEvent::Finished { best_epoch, best_loss });
        }
        Ok(())
    }
}

/// Adds the mean loss of some images.
fn add(sum: &mut (f64, usize), mean: f64, images: usize) {
    sum.0 += mean * images as f64;
    sum.1 += images;
}

/// A tensor of one value, read back.
async fn scalar(tensor: Tensor<1>) -> Result<f64, ModelError> {
    let values = crate::model::read_back(tensor.without_autodiff()).await?;
    Ok(values.first().copied().map_or(f64::NAN, f64::from))
}
