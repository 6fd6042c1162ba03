//! Networks, kernels and training against PyTorch and against themselves.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod dilated_kernels;
#[path = "../shared/goldens.rs"]
mod goldens;
mod kernels;
mod model_goldens;
mod onnx;
mod pytorch;
mod rcn;
mod resume;
mod tb_cnn;
mod train;
