//! How a network is trained unless told otherwise: part of its row in the registry.

use super::schedule::Schedule;
use crate::network::parts::Part;

/// Settings that depend on the network; [`super::TrainSettings`] has the meaning of each.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Passes over the training images.
    pub epochs: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// How it changes over the run.
    pub schedule: Schedule,
    /// Largest norm of all gradients together; 0 shortens none.
    pub clip: f64,
    /// Images per step.
    pub batch: usize,
    /// Mirror images by chance.
    pub flips: bool,
    /// Parts left as they are.
    pub frozen: &'static [Part],
    /// Stop after this many epochs without a better validation loss; 0 never stops early.
    pub patience: usize,
    /// Steps between two checkpoints.
    pub checkpoint_steps: usize,
}

impl Recipe {
    /// The paper's training of SMEN from first weights. It does not say how many images make a step.
    pub const PAPER: Self = Self {
        epochs: 1000,
        learning_rate: 1e-4,
        schedule: Schedule::Constant,
        clip: 0.0,
        batch: 4,
        flips: false,
        frozen: &[],
        patience: 0,
        checkpoint_steps: 10,
    };
}
