//! The worker with WebGPU. Loaded only where the browser shows a hardware adapter, or the user insists.

#[cfg(target_arch = "wasm32")]
fn main() -> Result<(), wasm_bindgen::JsValue> {
    loam::worker::start()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
