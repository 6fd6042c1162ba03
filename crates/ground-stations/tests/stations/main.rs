//! Stations: reading, scores, matching, simulated networks.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod archives;
mod loggers;
mod matching;
mod mutations;
#[cfg(feature = "netcdf")]
mod netcdf;
mod report;
mod scores;
mod traps;
