//! The worker without WebGPU: 0.5 MB where the GPU build is 2.7 MB (as brotli), so a page without a hardware adapter starts fast.

#[cfg(target_arch = "wasm32")]
fn main() -> Result<(), wasm_bindgen::JsValue> {
    loam::worker::start()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
