//! Loss, trainer, split by time.
//!
//! A training run is a [`Trainer`]: a stream of typed events that the caller pulls one by one ([`Trainer::step`]), so that a worker can
//! hear a cancel between steps and the command line can draw a bar. It owns the network, the optimiser and the samples.

mod adam;
mod bias;
mod error;
mod loss;
mod sample;
mod settings;
mod split;
mod trainer;

pub use adam::Adam;
pub use bias::set_bias;
pub use error::TrainError;
pub use loss::urmse_loss;
pub use sample::TrainSample;
pub use settings::{Range, TrainSettings};
pub use split::{Split, split_by_date, split_last_share};
pub use trainer::{TrainEvent, Trainer};
