//! The kernels on WebGPU against burn's own operations on the CPU: the tests of `kernels_gpu`, in a browser.

#[path = "../../crates/loam-nn/tests/shared/gpu_dilated.rs"]
mod dilated;
#[path = "../../crates/loam-nn/tests/shared/gpu_faults.rs"]
mod faults;
#[path = "../../crates/loam-nn/tests/shared/gpu_kernels.rs"]
pub mod shared;

use burn::tensor::Device;
use loam_kernels::gpu::REGISTER_KERNELS;
use loam_nn::{check_gpu, check_training};
use wasm_bindgen_test::console_log;

pub async fn are_burns(gpu: &Device) {
    let (report, warning) = check_gpu(gpu, &[&REGISTER_KERNELS]).await;
    assert!(report.unwrap().passed && warning.is_none(), "{warning:?}");
    assert_eq!(check_training(gpu).await, None);
    shared::convolution(gpu).await;
    shared::with_workgroup_memory(gpu).await;
    let (times, name) = shared::choice(gpu, js_sys::Date::now).await;
    console_log!("a block in registers and in workgroup memory, ms: {times:?}; chosen: {name}");
    shared::frozen_block(gpu).await;
    shared::block_of_batch(gpu).await;
    shared::small_print(gpu).await;
    dilated::dilated(gpu).await;
    shared::fusion(gpu).await;
    shared::loss(gpu).await;
    shared::training(gpu).await;
    let begun = js_sys::Date::now();
    shared::training_of_the_tb_cnn(gpu).await;
    console_log!(
        "the TB CNN, three steps of both cases and their checkpoints: {:.0} s",
        (js_sys::Date::now() - begun) / 1000.0
    );
    shared::adam(gpu).await;
    shared::steps(&mut shared::trainer(gpu, Vec::new()), 1).await;
    faults::faults(gpu).await;
}
