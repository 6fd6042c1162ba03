//! The readers, on fixtures, on real and hostile files.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod archive;
mod catalogue;
mod corpus_hdf5;
mod corpus_tiff;
mod foreign;
mod geotiff;
mod kinds;
mod layer_use;
mod mutations;
mod reads;
mod sample;
mod smap;
mod smap_synthetic;
