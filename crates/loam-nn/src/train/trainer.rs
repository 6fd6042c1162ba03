//! A training run as a stream of typed events.
//!
//! The caller pulls events one by one; between two of them it may stop, show progress, take a [`Checkpoint`] or hand the thread back. One
//! event is at most one batch of work. Losses are in [`loam_core::network::Network::unit`]. The same samples, weights and settings
//! give the same bits on the CPU, with or without a break.

use std::collections::VecDeque;

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::persistent::PersistentBuffers;
use super::{Adam, Checkpoint, Example, Position, TrainError, TrainSample, TrainSettings};
use crate::{ModelError, PRECISION, Random, Weights, read_back};
use loam_core::network::Part;
use loam_core::training::EpochReport;

/// Bytes of images that stay on a device at most.
const PLACED_BYTES: usize = 256 << 20;
/// Planes of an image, at most: history, input, target, mask.
const PLANES: usize = 7;

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
        /// Loss of the batch before the step: mean uRMSE, or mean absolute error.
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
    /// All images were seen once. The weights of the best epoch so far are kept.
    EpochDone(EpochReport),
    /// A warning; the run continues.
    Warning(String),
    /// All epochs are done, or validation no longer improved. Last event.
    Finished {
        /// Stopped before the last epoch, because [`TrainSettings::patience`] ran out.
        early: bool,
        /// Epoch whose weights are kept, from 1.
        best_epoch: usize,
        /// Its validation (without validation images: training) loss.
        best_loss: f64,
    },
    /// The run stopped; the best weights so far are kept. Last event.
    Failed(TrainError),
}

/// A step that was sent off, and whose loss is not read yet.
struct Made<N> {
    loss: Tensor<1>,
    /// Within the epoch, from 1.
    step: usize,
    images: usize,
    /// The network before it.
    before: N,
}

/// The weights of the best epoch.
#[derive(Debug, Clone)]
struct Best {
    epoch: usize,
    loss: f64,
    weights: Weights,
}

/// A training run on images of one kind, and so of the network that learns from them.
#[derive(Debug)]
pub struct Trainer<E: Example = TrainSample> {
    settings: TrainSettings,
    device: Device,
    metadata: Weights,
    network: E::Network,
    adam: Adam,
    train: Vec<E>,
    validation: Vec<E>,
    /// What a loss is multiplied by to be in the network's unit.
    unit: f64,
    random: Random,
    order: Vec<usize>,
    epoch: usize,
    steps: usize,
    position: Position,
    /// Sum of losses times images, and images, of the present epoch: training, validation.
    sums: [(f64, usize); 2],
    best: Option<Best>,
    history: Vec<EpochReport>,
    losses: Vec<f64>,
    events: VecDeque<TrainEvent>,
    /// See [`Trainer::read_every`].
    unread: usize,
    /// Training images that stay on the device.
    placed: Vec<Option<E::Batch>>,
    /// Last, so that it is dropped when network and optimiser have given up their buffers.
    persistent: PersistentBuffers,
}

impl<E: Example> Trainer<E> {
    /// A run from these weights (their metadata is carried over: put `region` and `trained_on` there) on this device.
    ///
    /// All samples have one size. Validation images are never trained on; without them the training loss decides which epoch is best.
    ///
    /// # Errors
    /// Settings out of range, weights that do not fit, samples that cannot be used: see [`TrainError`].
    pub fn new(
        weights: &Weights,
        train: Vec<E>,
        validation: Vec<E>,
        settings: TrainSettings,
        device: &Device,
    ) -> Result<Self, TrainError> {
        settings.check()?;
        let (first_columns, first_rows) = train.first().map(Example::size).ok_or(TrainError::NoSamples)?;
        for (sample, one) in train.iter().chain(&validation).enumerate() {
            let (columns, rows) = one.size();
            if (columns, rows) != (first_columns, first_rows) {
                return Err(TrainError::UnequalSizes { sample, columns, rows, first_columns, first_rows });
            }
        }
        let check = |samples: Vec<E>, first: usize| -> Result<Vec<_>, TrainError> {
            samples.into_iter().enumerate().map(|(index, sample)| sample.checked(first + index)).collect()
        };
        let first_validation = train.len();
        let (train, validation) = (check(train, 0)?, check(validation, first_validation)?);
        let device = device.clone().without_autodiff().autodiff();
        let mut metadata = Weights { tensors: Default::default(), metadata: weights.metadata.clone() };
        // Trained weights are whole again.
        metadata.metadata.remove(PRECISION);
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
                "only {} training images: the network will overfit them{}",
                train.len(),
                if settings.network.about().parts.contains(&Part::Norms) {
                    "; frozen norms help"
                } else {
                    ""
                }
            )));
        }
        let network = E::network(weights, &settings, &device)?;
        let mut trainer = Self {
            unit: E::unit(&network),
            network,
            adam: Adam::new().clipped(settings.clip),
            random: Random::new(settings.seed),
            order: (0..train.len()).collect(),
            settings,
            persistent: PersistentBuffers::on(&device),
            device,
            metadata,
            train,
            validation,
            epoch: 1,
            steps: 0,
            position: Position::Train(0),
            sums: [(0.0, 0); 2],
            best: None,
            history: Vec::new(),
            losses: Vec::new(),
            events,
            unread: 1,
            placed: Vec::new(),
        };
        trainer.random.shuffle(&mut trainer.order);
        Ok(trainer)
    }

    /// The same run, gone on from a checkpoint: losses and weights are those of a run that never stopped.
    ///
    /// # Errors
    /// As [`Trainer::new`], and [`TrainError::Checkpoint`] where the checkpoint is of other images or another network.
    pub fn resumed(
        checkpoint: Checkpoint,
        weights: &Weights,
        train: Vec<E>,
        validation: Vec<E>,
        settings: TrainSettings,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let mut trainer = Self::new(weights, train, validation, settings, device)?;
        let broken = |reason: &str| TrainError::Checkpoint { reason: reason.to_owned() };
        let mut places = checkpoint.order.clone();
        places.sort_unstable();
        let same =
            (checkpoint.now.network(), checkpoint.now.inputs()) == (weights.network(), weights.inputs());
        if places != (0..trainer.train.len()).collect::<Vec<_>>() || !same {
            return Err(broken("it is of other images or of another network"));
        }
        trainer.network = E::network(&checkpoint.now, &trainer.settings, &trainer.device)?;
        let plain = trainer.device.clone().without_autodiff();
        let place = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), &plain)
        };
        let trained = E::trained(&trainer.network);
        let mut moments = std::collections::HashMap::new();
        for (name, first, second) in checkpoint.moments {
            let known = trained
                .iter()
                .find(|(known, _, length)| *known == name && [first.len(), second.len()] == [*length; 2]);
            let (_, number, _) = known.ok_or_else(|| broken("its optimiser is of another network"))?;
            moments.insert(*number, (place(first), place(second)));
        }
        trainer.adam = Adam::restored(checkpoint.steps, moments).clipped(trainer.settings.clip);
        trainer.random = Random::new(checkpoint.random);
        trainer.order = checkpoint.order;
        trainer.epoch = checkpoint.epoch;
        trainer.steps = checkpoint.steps;
        trainer.position = checkpoint.position;
        trainer.sums = checkpoint.sums;
        trainer.best = checkpoint.best.map(|(epoch, loss, weights)| Best { epoch, loss, weights });
        trainer.history = checkpoint.history;
        trainer.losses = checkpoint.losses;
        if trainer.position == Position::Done {
            trainer.finish(trainer.epoch < trainer.settings.epochs);
        }
        Ok(trainer)
    }

    /// From now on up to so many steps are sent off before their losses are read, together: a graphics card that makes a step in less time
    /// than it takes to say so would wait for the reading most of the time. Numbers and events stay the same; events of steps come in
    /// bursts, the state is that after the last of them, and an epoch is never left over. Images that are trained on one by one and not
    /// mirrored stay on the device, the first 256 MB of them. 1 at first.
    pub fn read_every(&mut self, steps: usize) {
        self.unread = steps.max(1);
        let (columns, rows) = self.train.first().map_or((1, 1), Example::size);
        let fit = PLACED_BYTES / (columns * rows * PLANES * size_of::<f32>()).max(1);
        self.placed.resize_with(self.train.len().min(fit), || None);
    }

    /// The state between two pieces of work; `seconds`: of training so far, by the caller's clock.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn checkpoint(&self, seconds: f64) -> Result<Checkpoint, ModelError> {
        let mut moments = Vec::new();
        for (name, number, _) in E::trained(&self.network) {
            if let Some((first, second)) = self.adam.moments(number) {
                moments.push((name, read_back(first.clone()).await?, read_back(second.clone()).await?));
            }
        }
        moments.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Checkpoint {
            epoch: self.epoch,
            steps: self.steps,
            seconds,
            position: self.position,
            order: self.order.clone(),
            random: self.random.state(),
            sums: self.sums,
            now: self.current().await?,
            best: self.best.as_ref().map(|best| (best.epoch, best.loss, best.weights.clone())),
            moments,
            history: self.history.clone(),
            losses: self.losses.clone(),
        })
    }

    /// Steps done in all.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Steps of one epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.settings.batch)
    }

    /// Epochs done.
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Loss of every step done.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The present estimate of the n-th validation image ([`Example::estimate`]); none without such an image.
    ///
    /// # Errors
    /// Those of a prediction.
    pub async fn preview(&self, n: usize) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(sample) = self.validation.get(n) else { return Ok(None) };
        let plain = self.device.clone().without_autodiff();
        sample.estimate(&burn::module::Module::valid(&self.network), &plain).await.map(Some)
    }

    /// Does the next piece of work and says what happened; none after [`TrainEvent::Finished`] or [`TrainEvent::Failed`].
    pub async fn step(&mut self) -> Option<TrainEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let done = match self.position {
            Position::Train(at) => self.train_batches(at).await,
            Position::Validate(at) => self.validate_batch(at).await,
            Position::Done => return None,
        };
        if let Err(error) = done {
            self.position = Position::Done;
            self.events.push_back(TrainEvent::Failed(error));
        }
        self.events.pop_front()
    }

    /// Weights of the best epoch so far; none before the first epoch ended.
    pub fn best(&self) -> Option<&Weights> {
        self.best.as_ref().map(|best| &best.weights)
    }

    /// The best epoch so far, from 1, and its validation (without validation images: training) loss.
    pub fn best_epoch(&self) -> Option<(usize, f64)> {
        self.best.as_ref().map(|best| (best.epoch, best.loss))
    }

    /// What a run leaves: the weights of the best epoch; where none was finished, those of now.
    ///
    /// # Errors
    /// As [`Trainer::current`].
    pub async fn kept(&self) -> Result<Weights, ModelError> {
        match self.best() {
            Some(best) => Ok(best.clone()),
            None => self.current().await,
        }
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn current(&self) -> Result<Weights, ModelError> {
        let mut weights = E::weights(&self.network).await?;
        let own = std::mem::take(&mut weights.metadata);
        weights.metadata = self.metadata.metadata.clone();
        weights.metadata.extend(own);
        weights.metadata.insert("epochs".into(), self.epoch.to_string());
        Ok(weights)
    }

    /// The next batches of the epoch: for each forward, loss and one step of Adam. The network of the last batch before a loss that is no
    /// number stays.
    async fn train_batches(&mut self, at: usize) -> Result<(), TrainError> {
        let batch = self.settings.batch;
        let end = at.saturating_add(batch * self.unread).min(self.order.len());
        let mut made = Vec::new();
        for first in (at..end).step_by(batch) {
            let last = (first + batch).min(end);
            let images = self.batch(first..last);
            let (loss, statistics) =
                self.persistent.within((&self.network, images, &self.settings), |(network, images, s)| {
                    E::loss(network, images, s)
                });
            made.push(Made {
                loss: loss.clone().without_autodiff(),
                step: first / batch + 1,
                images: last - first,
                before: self.network.clone(),
            });
            let steps = self.settings.epochs * self.steps_per_epoch();
            let TrainSettings { schedule, learning_rate, .. } = self.settings;
            let rate = schedule.rate(learning_rate, self.steps + made.len() - 1, steps);
            let input = (loss, statistics, self.network.clone(), &mut self.adam);
            self.network = self.persistent.within(input, |(loss, statistics, network, adam)| {
                let gradients = loss.backward();
                let mut network = adam.step(network, &gradients, rate);
                E::absorb(&mut network, statistics);
                network
            });
        }
        let losses = scalars(made.iter().map(|made| made.loss.clone())).await?;
        for (Made { step, images, before, .. }, loss) in made.into_iter().zip(losses) {
            let value = self.in_unit(loss);
            if !value.is_finite() {
                self.network = before;
                return Err(self.not_finite(step));
            }
            add(&mut self.sums[0], value, images);
            self.steps += 1;
            self.losses.push(value);
            self.events.push_back(TrainEvent::StepDone { epoch: self.epoch, step, loss: value });
        }
        if end < self.order.len() {
            self.position = Position::Train(end);
            Ok(())
        } else if self.validation.is_empty() {
            self.close_epoch().await
        } else {
            self.position = Position::Validate(0);
            Ok(())
        }
    }

    /// Images of the epoch's order on the device.
    fn batch(&mut self, of: std::ops::Range<usize>) -> E::Batch {
        let indices = &self.order[of];
        if let (&[index], true) = (indices, self.unread > 1 && !self.settings.flips)
            && let Some(place) = self.placed.get_mut(index)
        {
            return place.get_or_insert_with(|| E::batch(&self.train[index..=index], &self.device)).clone();
        }
        let mut samples: Vec<E> = indices.iter().map(|&index| self.train[index].clone()).collect();
        if self.settings.flips {
            samples = samples.iter().map(|sample| sample.flipped(&mut self.random)).collect();
        }
        self.persistent.within((&samples, &self.device), |(samples, device)| E::batch(samples, device))
    }

    /// Scores one batch of validation images.
    async fn validate_batch(&mut self, at: usize) -> Result<(), TrainError> {
        let end = (at + self.settings.batch).min(self.validation.len());
        let plain = self.device.clone().without_autodiff();
        let loss = self.persistent.within(
            (&self.network, &self.validation[at..end], &plain),
            |(network, samples, plain)| {
                E::error(&burn::module::Module::valid(network), E::batch(samples, plain))
            },
        );
        let value = self.in_unit(scalars([loss]).await?.first().copied().unwrap_or(f64::NAN));
        add(&mut self.sums[1], value, end - at);
        self.events.push_back(TrainEvent::Validated {
            epoch: self.epoch,
            done: end,
            total: self.validation.len(),
        });
        if end < self.validation.len() {
            self.position = Position::Validate(end);
            Ok(())
        } else {
            self.close_epoch().await
        }
    }

    /// A loss in the network's unit, as float32 keeps it: so do checkpoints.
    fn in_unit(&self, loss: f64) -> f64 {
        f64::from((loss * self.unit) as f32)
    }

    /// The error of a run that left the numbers.
    fn not_finite(&self, step: usize) -> TrainError {
        let kept = if self.best.is_some() {
            "the best weights so far are kept"
        } else {
            "no epoch was finished before"
        };
        TrainError::LossNotFinite { epoch: self.epoch, step, kept }
    }

    /// Reports the epoch, keeps its weights where it is the best, and continues with the next.
    async fn close_epoch(&mut self) -> Result<(), TrainError> {
        let [train, validation] =
            std::mem::take(&mut self.sums).map(|(sum, images)| (images > 0).then(|| sum / images as f64));
        let train_loss = train.unwrap_or(f64::NAN);
        let loss = validation.unwrap_or(train_loss);
        let best = loss.is_finite() && self.best.as_ref().is_none_or(|best| loss < best.loss);
        if best {
            let weights = self.current().await?;
            // The last step may have left the numbers after its loss was still one.
            weights.check().map_err(|_| self.not_finite(self.order.len().div_ceil(self.settings.batch)))?;
            self.best = Some(Best { epoch: self.epoch, loss, weights });
        }
        let report = EpochReport { epoch: self.epoch, train_loss, validation, best };
        self.history.push(report);
        self.events.push_back(TrainEvent::EpochDone(report));
        let since_best = self.best.as_ref().map_or(0, |best| self.epoch - best.epoch);
        let early = self.settings.patience > 0 && since_best >= self.settings.patience;
        if self.epoch < self.settings.epochs && !early {
            self.epoch += 1;
            self.random.shuffle(&mut self.order);
            self.position = Position::Train(0);
        } else {
            self.finish(self.epoch < self.settings.epochs);
        }
        Ok(())
    }

    /// Says that nothing more is to be done.
    fn finish(&mut self, early: bool) {
        self.position = Position::Done;
        let (best_epoch, best_loss) =
            self.best.as_ref().map_or((self.epoch, f64::NAN), |best| (best.epoch, best.loss));
        self.events.push_back(TrainEvent::Finished { early, best_epoch, best_loss });
    }
}

/// Adds the mean loss of some images.
fn add(sum: &mut (f64, usize), mean: f64, images: usize) {
    sum.0 += mean * images as f64;
    sum.1 += images;
}

/// Tensors of one value each, read back together.
async fn scalars(tensors: impl IntoIterator<Item = Tensor<1>>) -> Result<Vec<f64>, ModelError> {
    let all = tensors
        .into_iter()
        .fold(Transaction::default(), |all, tensor| all.register(tensor.without_autodiff()));
    let failed = |reason: String| ModelError::Readback { reason };
    let read = all.execute_async().await.map_err(|error| failed(error.to_string()))?;
    read.into_iter()
        .map(|data| data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}"))))
        .map(|values| Ok(values?.first().copied().map_or(f64::NAN, f64::from)))
        .collect()
}
