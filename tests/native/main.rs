//! The app without a browser: sessions, command line, experiments. One program, because each links all of burn.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod archives;
mod baselines;
mod best;
mod bundle;
mod command_line;
mod dask;
mod edges;
mod experiment;
mod frozen;
mod look;
mod own_maps;
mod pipeline;
mod refusals;
mod season;
mod session;
mod shipped_weights;
mod stations;
mod tb_cnn_files;
mod validate;
