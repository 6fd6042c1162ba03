//! What a GPU refuses: shaders that a browser rejects, and what is dispatched with them.
//!
//! Natively CubeCL waits for the device's word and makes a refusal the launch's error. A browser cannot wait: there the refusal comes as an
//! uncaptured error of the device, CubeCL's handler panics, and the worker is gone (cubecl-wgpu 0.11.3, `compute/device_poison.rs`). Here
//! it is collected while kernels are on trial, so that they fail their check and another variant takes over. At any other time it still
//! ends the worker: what was computed with a refused command are the numbers that memory held before, and nobody must see them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Trials under way, and the first refusal since the outermost of them began.
struct State {
    trials: usize,
    refused: Option<String>,
}

static STATE: Mutex<State> = Mutex::new(State { trials: 0, refused: None });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a device's word that it refuses something.
///
/// # Panics
/// Where nothing is on trial.
#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "natively CubeCL hears of it first"))]
pub(crate) fn refused(error: &str) {
    let mut state = state();
    if state.trials == 0 {
        drop(state);
        panic!("the graphics device refused a command: {error}");
    }
    state.refused.get_or_insert_with(|| error.to_owned());
}

/// As long as it lives, refusals are collected.
#[derive(Debug)]
pub struct Trial(());

impl Trial {
    /// Begins; trials may lie within each other.
    #[must_use]
    pub fn begin() -> Self {
        let mut state = state();
        if state.trials == 0 {
            state.refused = None;
        }
        state.trials += 1;
        Self(())
    }

    /// The first refusal since the last look, its first line.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        state()
            .refused
            .take()
            .map(|error| error.lines().next().unwrap_or_default().trim().trim_end_matches('.').to_owned())
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut state = state();
        state.trials = state.trials.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_heard_once_and_only_while_something_is_on_trial() {
        let outer = Trial::begin();
        drop(Trial::begin());
        assert_eq!(outer.refusal(), None);
        refused("[Invalid ShaderModule] is invalid.\n - While calling CreateComputePipeline");
        refused("another");
        assert_eq!(outer.refusal().as_deref(), Some("[Invalid ShaderModule] is invalid"));
        assert_eq!(outer.refusal(), None);
        drop(outer);
        assert!(std::panic::catch_unwind(|| refused("late")).is_err());
    }
}
