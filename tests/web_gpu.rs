//! SMEN on WebGPU against PyTorch and the CPU: the tests of `web_model`, built with the GPU worker's features.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(all(feature = "gpu", target_arch = "wasm32"))]

#[path = "web_model.rs"]
mod web_model;
