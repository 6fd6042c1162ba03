#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = loam_nn::Checkpoint::from_bytes(bytes);
});
