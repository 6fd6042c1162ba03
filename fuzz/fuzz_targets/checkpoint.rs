#![no_main]
//! What stands behind a checkpoint's hash, with the hash that belongs to it: without that every input would be refused at once.

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Sha256::digest(bytes).to_vec();
    whole.extend_from_slice(bytes);
    let _ = loam_nn::Checkpoint::from_bytes(&whole);
});
