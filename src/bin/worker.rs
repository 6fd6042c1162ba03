//! The worker: reads files, owns the device, computes. One program for CPU and GPU; `cargo xtask build` cuts it in parts, and the GPU's is
//! fetched only where it is used (`worker/parts.rs`).

#[cfg(target_arch = "wasm32")]
fn main() -> Result<(), wasm_bindgen::JsValue> {
    loam::worker::start()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
