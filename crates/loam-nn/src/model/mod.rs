//! The networks, their weights on disk, and the device they run on.
//!
//! [`Smen`] is the network of `model.md`, [`Weights`] its parameters as plain values, written as a
//! safetensors file and read from one or from a PyTorch checkpoint, [`Processor`] the
//! device it runs on with the reason why, [`predict()`] the network over a raster of any size, [`stream()`] over one that does not fit in
//! memory. Everything that reads a device back is `async`, because a browser has no other way; natively [`block_on`] waits for it.

mod archive;
mod error;
mod golden;
mod norm;
mod pickle;
mod precision;
mod predict;
mod pytorch;
mod random;
#[cfg(any(feature = "gpu", test))]
pub mod refusals;
mod stored;
mod stream;
mod tb_predict;
mod tile;
mod weights;
mod zip;

pub mod device;
pub mod smen;
pub mod tb_cnn;

#[cfg(not(target_arch = "wasm32"))]
mod wait;

pub use archive::Archive;
pub use device::Processor;
pub use error::{Mismatch, ModelError};
pub use golden::{GoldenTile, golden_weights};
pub use loam_core::network::Inputs;
pub use norm::{BatchStatistics, Norm};
pub use precision::rounded;
pub use predict::{HALO, Planes, predict};
pub use random::Random;
pub use smen::read_back;
pub use smen::{CHANNELS, Conv, HISTORY, SMALLEST_SIDE, Smen};
pub use stream::{IN_FLIGHT, PLANES, Sink, Source, Streamed, stream};
pub use tb_predict::{TB_HALO, predict_tb};
pub use tile::{DISPATCH_MS, tile_edge};
#[cfg(not(target_arch = "wasm32"))]
pub use wait::block_on;
pub use weights::{PRECISION, TRAINED_ON, TRAINED_UNTIL, WeightTensor, Weights};
