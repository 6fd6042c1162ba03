#![no_main]
//! What page and worker say to each other.

use libfuzzer_sys::fuzz_target;
use loam::protocol::{Event, Request, wire};

fuzz_target!(|bytes: &[u8]| {
    let _ = wire::read::<Request>(bytes);
    let _ = wire::read::<Event>(bytes);
});
