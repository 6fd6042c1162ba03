//! Loam's neural networks on burn: the networks, their weights on disk, the device they run on, and their training.

pub mod model;
pub mod train;
