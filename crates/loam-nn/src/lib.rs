//! Loam's neural networks on burn: the networks, their weights on disk, the device they run on, and their training.
//!
//! | folder | what it holds |
//! |---|---|
//! | [`networks`] | one network a folder |
//! | `weights` | parameters as plain values, read from safetensors and PyTorch files |
//! | [`device`] | CPU or GPU with the reason why, and its self-check |
//! | `train` | loss, Adam, trainer, split by time, checkpoints |
//! | [`run`], [`evaluation`] | a training run from its images to its scores |
//! | `network_model` | the interface that every network implements |
//! | `registry` | the table of networks, one line each |
//!
//! Everything that reads a device back is `async`, because a browser has no other way; natively [`block_on`] waits for it.

pub mod device;
mod error;
pub mod evaluation;
mod network_model;
pub mod networks;
mod random;
mod registry;
pub mod run;
mod train;
mod weights;

pub use device::Processor;
#[cfg(any(feature = "gpu", test))]
pub use device::refusals;
#[cfg(not(target_arch = "wasm32"))]
pub use device::wait::block_on;
pub use error::{Mismatch, ModelError};
pub use loam_core::network::{Inputs, TbCase};
pub use network_model::{Asked, Data, DateScores, Needs, NetworkModel, Preview, WorkError};
pub use networks::smen::golden::{GoldenTile, golden_weights};
pub use networks::smen::model::{self as smen, CHANNELS, Conv, HISTORY, SMALLEST_SIDE, Smen, read_back};
pub use networks::smen::norm::{BatchStatistics, Norm};
pub use networks::smen::predict::{HALO, Planes, predict};
pub use networks::smen::stream::{IN_FLIGHT, PLANES, Sink, Source, Streamed, stream};
pub use networks::smen::tile::{DISPATCH_MS, tile_edge};
pub use networks::tb_cnn::model as tb_cnn;
pub use networks::tb_cnn::predict::{TB_HALO, predict_tb};
pub use random::Random;
pub use registry::{AnyNetwork, AnyRun, Registered};
pub use train::*;
pub use weights::precision::rounded;
pub(crate) use weights::stored;
pub use weights::{Archive, MARGIN_KEY, PRECISION, TRAINED_ON, TRAINED_UNTIL, WeightTensor, Weights};
