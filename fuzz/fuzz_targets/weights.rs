#![no_main]
//! Safetensors and PyTorch's pickle: told apart by their first bytes.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = loam_nn::Weights::of_any_network(bytes);
});
