//! The parts of the worker's program that are fetched when they are called for.
//!
//! `cargo xtask build` cuts the program (`xtask/src/cut.rs`): what the demo's first prediction on the CPU calls stays in the main program,
//! all else goes to parts. A call into a part that is not there yet fetches it and waits, so nothing depends on asking first; who asks first
//! gets an error to say instead of a worker that ends.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::session::ProgramPart;

#[wasm_bindgen(module = "/src/worker/parts.js")]
extern "C" {
    fn begin(exports: &JsValue);

    #[wasm_bindgen(catch, js_name = fetchPart)]
    async fn fetch_part(part: u32) -> Result<JsValue, JsValue>;

    // Found by its name in the program that is cut.
    #[wasm_bindgen(js_name = loadPart)]
    fn load_part(part: u32);
}

/// Tells the parts' script what they may use. Called first.
pub fn set_up() {
    begin(&wasm_bindgen::exports());
}

/// Fetches a part, where it is not there yet.
///
/// # Errors
/// The browser's words.
pub async fn fetch(part: ProgramPart) -> Result<(), String> {
    let number = match part {
        ProgramPart::Rest => 0,
        ProgramPart::Gpu => 1,
    };
    let fetched = fetch_part(number).await;
    fetched.map_err(|why| why.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{why:?}"), |e| String::from(e.message())))?;
    // Does nothing any more; but what the cut program calls must be named somewhere.
    load_part(number);
    Ok(())
}
