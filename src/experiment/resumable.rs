//! An interrupted training of an experiment resumes from its last checkpoint, to the same bits: the paper's whole training takes up to an
//! hour on a slow machine.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::ExperimentError;
use super::cell::write_bytes;
use loam_core::training::TrainSettings;
use loam_nn::{Checkpoint, Example, TrainError, TrainEvent, Trainer};
use loam_nn::{Weights, block_on};

/// How often a training is kept, as a rule.
pub const KEPT_EVERY: Duration = Duration::from_secs(60);

/// A training, and the file that it is kept in while it runs.
pub(super) struct Resumable<E: Example> {
    /// Trains.
    pub trainer: Trainer<E>,
    /// Whether it was resumed, for the line with the training's name.
    pub words: String,
    path: PathBuf,
    every: Duration,
    kept: Instant,
    begun: Instant,
    seconds_before: f64,
}

impl<E: Example> Resumable<E> {
    /// From the file, where there is one of this training; else from the weights.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn new(
        path: PathBuf,
        every: Duration,
        (weights, train, validation): (&Weights, Vec<E>, Vec<E>),
        settings: TrainSettings,
        device: &Device,
    ) -> Result<Self, ExperimentError> {
        let kept = std::fs::read(&path).ok().map(|bytes| -> Result<_, TrainError> {
            let checkpoint = Checkpoint::from_bytes(&bytes)?;
            // A file's name holds what a training depends on, but not what made its images: what they are, until when they go and the range
            // of the inputs are in the metadata of the first weights.
            if let Some((key, _)) =
                weights.metadata.iter().find(|(key, value)| checkpoint.now.metadata.get(*key) != Some(*value))
            {
                return Err(TrainError::Checkpoint {
                    reason: format!("it is of other images (it has another \"{key}\")"),
                });
            }
            let seconds = checkpoint.seconds;
            Ok((
                Trainer::resumed(
                    checkpoint,
                    weights,
                    train.clone(),
                    validation.clone(),
                    settings.clone(),
                    device,
                )?,
                seconds,
            ))
        });
        let (trainer, seconds_before, words) = match kept {
            Some(Ok((trainer, seconds))) => {
                let words = format!(", resumed after step {}", trainer.steps());
                (trainer, seconds, words)
            }
            Some(Err(error)) => (
                Trainer::new(weights, train, validation, settings, device)?,
                0.0,
                format!(", from the beginning: {error}"),
            ),
            None => (Trainer::new(weights, train, validation, settings, device)?, 0.0, String::new()),
        };
        let now = Instant::now();
        Ok(Self { trainer, words, path, every, kept: now, begun: now, seconds_before })
    }

    /// The trainer's next event; now and then the state after it is kept.
    ///
    /// # Errors
    /// What made the training fail, and [`ExperimentError::File`].
    pub fn step(&mut self) -> Result<Option<TrainEvent>, ExperimentError> {
        let event = block_on(self.trainer.step());
        match event {
            None => {}
            Some(TrainEvent::Failed(error)) => return Err(error.into()),
            Some(_) if self.kept.elapsed() >= self.every => {
                write_bytes(&self.path, &block_on(self.trainer.checkpoint(self.seconds()))?.to_bytes())?;
                self.kept = Instant::now();
            }
            Some(_) => {}
        }
        Ok(event)
    }

    /// Seconds of training so far, breaks left out.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.begun.elapsed().as_secs_f64()
    }

    /// Takes the file away; what came out is kept elsewhere by now.
    pub fn over(self) {
        // Where it cannot be, nothing is lost: the finished cell is looked for first.
        let _ = std::fs::remove_file(self.path);
    }
}
