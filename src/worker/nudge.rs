//! Firefox looks every 100 ms what the graphics card has finished, and at once when something is submitted. So while work is done
//! nothing is submitted, often (jax-js, issue 124; times in docs/performance.md).

use loam_nn::device::submit_nothing;
use wasm_bindgen::prelude::*;
use web_sys::DedicatedWorkerGlobalScope;

/// Between two of them. They run only while this thread waits: what it computes holds them up.
const EVERY_MS: i32 = 4;

/// Submits nothing, until it is dropped.
pub struct Nudges {
    scope: DedicatedWorkerGlobalScope,
    interval: i32,
    _submit: Closure<dyn FnMut()>,
}

impl Nudges {
    /// Begins; `None` in other browsers, which tell at once.
    pub fn begin() -> Option<Self> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().ok()?;
        if !scope.navigator().user_agent().is_ok_and(|agent| agent.contains("Firefox/")) {
            return None;
        }
        let submit = Closure::<dyn FnMut()>::new(submit_nothing);
        let interval = scope
            .set_interval_with_callback_and_timeout_and_arguments_0(submit.as_ref().unchecked_ref(), EVERY_MS)
            .ok()?;
        Some(Self { scope, interval, _submit: submit })
    }
}

impl Drop for Nudges {
    fn drop(&mut self) {
        self.scope.clear_interval_with_handle(self.interval);
    }
}
