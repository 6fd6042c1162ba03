//! The worker that computes on the CPU: reads files, predicts, trains.

#[cfg(target_arch = "wasm32")]
fn main() -> Result<(), wasm_bindgen::JsValue> {
    loam::worker::start()
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
