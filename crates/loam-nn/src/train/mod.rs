//! Loss, trainer, split by time, checkpoints.
//!
//! A training run is a [`Trainer`]: a stream of typed events that the caller pulls one by one ([`Trainer::step`]), so that a worker can
//! hear a cancel between steps and the command line can draw a bar. It owns the network, the optimiser and the samples. A [`Keeper`]
//! keeps what a run needs to resume after a crash, in a folder on disk or in the browser's own file system.

mod adam;
mod candidates;
#[cfg(feature = "gpu")]
mod check;
mod checkpoint;
mod error;
pub(crate) mod example;
mod loss;
pub(crate) mod parameters;
mod persistent;
mod split;
mod stage;
mod store;
mod trainer;

pub mod keeper;

pub use crate::networks::smen::example::TrainSample;
pub use crate::networks::smen::image::RunImage;
pub use crate::networks::smen::offset::set_bias;
pub use crate::networks::tb_cnn::example::TbImage;
pub use adam::Adam;
pub use candidates::{Candidate, FirstDates};
#[cfg(feature = "gpu")]
pub use check::{check_gpu, check_rcn_training, check_tb_training, check_training, trusted_gpu};
pub use checkpoint::{Checkpoint, Position};
pub use error::TrainError;
pub use example::{Example, Trained, batched};
pub use keeper::{Keeper, KeptRun, RunHead};
pub use loam_core::training::{Range, TrainSettings};
pub use loss::urmse_loss;
pub use split::split_by_time;
pub use stage::Stage;
#[cfg(not(target_arch = "wasm32"))]
pub use store::FolderStore;
pub use store::{Lock, MemoryStore, Store, StoreError};
pub use trainer::{TrainEvent, Trainer};
