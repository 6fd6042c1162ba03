//! Days, samples, scores, simulated scenes and exports.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod backscatter;
mod disaggregate;
mod export;
#[cfg(feature = "netcdf")]
mod formats;
mod many;
mod nisar;
mod regression;
mod score;
mod simulate;
mod simulated_properties;
mod stack;
mod superseding;
