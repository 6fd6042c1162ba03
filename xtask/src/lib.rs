//! What a newcomer or CI types: `cargo xtask serve | dev | build | sizes | test | check | bench`.
//!
//! | module | what it does |
//! |---|---|
//! | [`tools`] | finds, checks and installs the wasm target, wasm-bindgen, trunk and wasm-opt |
//! | [`browser`] | finds or installs Chromium and its driver |
//! | [`app`] | builds the app: quickly, or small into `dist/` |
//! | [`dev`] | builds again what was edited, and has the page reloaded |
//! | [`split`] | cuts the page in two, at a function marked in its source |
//! | [`sizes`] | raw and brotli sizes, and the bars they are held to |
//! | [`server`] | the small static server behind `serve` and the end-to-end tests |
//! | [`check`] | formatting, lints for host and wasm, documentation |
//! | [`architecture`] | who imports whom: the table in ARCHITECTURE.md and two rules |
//! | [`mod@test`] | every test suite, with one table at the end |
//! | [`mod@bench`] | prediction time in Chromium beside onnxruntime-web |
//!
//! It is a library too, because the end-to-end tests serve the built app with the same [`server`].

pub mod app;
pub mod architecture;
pub mod bench;
pub mod browser;
pub mod check;
pub mod dev;
pub mod files;
pub mod npm;
pub mod process;
pub mod results;
pub mod server;
pub mod sizes;
pub mod split;
pub mod test;
pub mod tools;
pub mod weights;

use std::path::PathBuf;

/// Something that stops a command: what happened, why, and what to do.
#[derive(Debug)]
pub struct Failure(pub String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Builds a [`Failure`] from anything that reads as a sentence.
pub fn failure(what: impl Into<String>) -> Failure {
    Failure(what.into())
}

/// Result of every step.
pub type Result<T> = std::result::Result<T, Failure>;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// Where cargo writes: `CARGO_TARGET_DIR`, or `target/`.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The app as `serve` and `dev` build it.
pub fn served_dir() -> PathBuf {
    target_dir().join("serve")
}

/// The small app.
pub fn dist_dir() -> PathBuf {
    root().join("dist")
}
