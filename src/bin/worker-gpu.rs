//! The same worker with WebGPU beside the CPU: started where there is a graphics card, or the user insists.

#[cfg(target_arch = "wasm32")]
fn main() -> Result<(), wasm_bindgen::JsValue> {
    loam::worker::start()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
