//! What the worker computes, in headless Chromium: SMEN against PyTorch on both backends, the kernels and training on WebGPU.
//!
//! `wasm-bindgen-test`, one program: linking takes longer than running. SwiftShader, a software adapter, takes seconds for a gradient
//! of the 12 x 14 batch, so shapes stay small.
#![cfg(all(feature = "compute", target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

#[cfg(feature = "gpu")]
mod gpu_kernels;
#[cfg(feature = "gpu")]
mod gpu_train;
mod model;

use burn::tensor::Device;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn the_cpu_backend_agrees_with_pytorch() {
    model::agrees_with_pytorch(&Device::flex()).await;
}

/// One test: the runtime opens once per instance.
#[cfg(feature = "gpu")]
#[wasm_bindgen_test]
async fn webgpu_agrees_with_pytorch_trains_and_its_kernels_are_burns() {
    gpu_train::watch_buffers();
    let processor = loam_nn::Processor::open_gpu().await.unwrap();
    assert!(processor.is_gpu());
    let gpu = processor.device();
    gpu_train::trains_like_the_cpu_and_keeps_its_memory(gpu).await;
    model::agrees_with_pytorch(gpu).await;
    // Last: it breaks kernels on purpose.
    gpu_kernels::are_burns(gpu).await;
}
