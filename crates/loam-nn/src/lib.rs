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
mod gathered;
mod network_model;
pub mod networks;
pub mod onnx;
mod random;
pub mod ranking;
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
pub use gathered::{GatherError, Gathered};
pub use loam_core::network::{Inputs, TbCase};
pub use network_model::{
    Asked, Data, DateScores, Hears, KeptImage, Listener, Needs, NetworkModel, Preview, SeenInputs, WorkError,
};
/// The format of weights' files: tests read others in it.
pub use safetensors;
/// SMEN's model and tensors.
pub mod smen {
    pub use crate::networks::smen::model::*;
    pub use crate::networks::smen::schema::*;
}

/// RCN's model, planes, tensors and weights.
pub mod rcn {
    pub use crate::networks::rcn::example::{RcnImage, Seen};
    pub use crate::networks::rcn::images::seen;
    pub use crate::networks::rcn::model::*;
    pub use crate::networks::rcn::planes::*;
    pub use crate::networks::rcn::schema::*;
    pub use crate::networks::rcn::weights::*;
}

/// The TB CNN's model, tensors and weights.
pub mod tb_cnn {
    pub use crate::networks::tb_cnn::model::*;
    pub use crate::networks::tb_cnn::schema::*;
    pub use crate::networks::tb_cnn::weights::*;
    pub use loam_core::network::TbCase;
}

pub use networks::rcn::model::Rcn;
pub use networks::smen::golden::{GoldenTile, golden_weights};
pub use networks::smen::model::{Conv, SMALLEST_SIDE, Smen, read_back};
pub use networks::smen::norm::{BatchStatistics, Norm};
pub use networks::smen::predict::{Planes, predict};
pub use networks::smen::schema::{CHANNELS, HISTORY};
pub use networks::smen::span::HALO;
pub use networks::smen::stream::{IN_FLIGHT, PLANES, Sink, Source, Streamed, stream};
pub use networks::smen::tile::{DISPATCH_MS, tile_edge};
pub use networks::tb_cnn::model::TbCnn;
pub use networks::tb_cnn::predict::{TB_HALO, predict_tb};
pub use random::Random;
pub use registry::{AnyNetwork, AnyRun, AskedOfAny, Registered};
pub use train::*;
pub use weights::precision::rounded;
pub use weights::{Archive, MARGIN_KEY, PRECISION, TRAINED_ON, TRAINED_UNTIL, WeightTensor, Weights};
