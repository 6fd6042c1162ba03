//! Prediction time in Chromium beside onnxruntime-web's wasm backend: the same network, the same browser, one thread each.
//!
//! Our half is `examples/web_bench.rs`, built, bound and optimised as the CPU worker is. The peer comes from the npm registry into
//! `target/bench/`. The measuring is done by the `bench` program of `tests/e2e`.

use std::path::Path;
use std::process::Command;

use crate::process::{self, cargo};
use crate::tools::{self, WASM};
use crate::{Result, app, browser, failure, target_dir};

/// The release the bar was set against.
const PEER: &str = "1.30.0";
const PEER_FILES: [&str; 3] = ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

/// Builds both halves and measures them.
pub fn run() -> Result<()> {
    browser::ensure()?;
    let tools = tools::for_build()?;
    let dir = target_dir().join("bench");
    std::fs::create_dir_all(&dir).map_err(process::at(&dir))?;
    peer(&dir)?;

    let features = ["--no-default-features", "--features", "worker"];
    process::run(cargo().args(["build", "--locked", "--release", "--target", WASM]).args(features).args(["--example", "web_bench"]))?;
    let module = target_dir().join(WASM).join("release/examples/web_bench.wasm");
    let mut bind = Command::new(tools::wasm_bindgen("wasm-bindgen")?);
    process::run(bind.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&dir).arg(module))?;
    if let Some(wasm_opt) = &tools.wasm_opt {
        app::optimise(wasm_opt, &dir.join("web_bench_bg.wasm"), "-O3")?;
    }
    process::run(cargo().args(["run", "--quiet", "--locked", "--package", "e2e", "--bin", "bench", "--"]).arg(&dir)).map(|_| ())
}

/// onnxruntime-web's single files, from the npm registry.
fn peer(dir: &Path) -> Result<()> {
    let to = dir.join("ort");
    if PEER_FILES.iter().all(|file| to.join(file).is_file()) {
        return Ok(());
    }
    let unpacked = dir.join("ort-package");
    std::fs::create_dir_all(&unpacked).map_err(process::at(&unpacked))?;
    let archive = dir.join("ort.tgz");
    let url = format!("https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{PEER}.tgz");
    let missing =
        |e| failure(format!("{e}\nThe bench fetches {url} with curl and unpacks it with tar; both and a network are needed once."));
    process::run(Command::new("curl").args(["-fsSL", "-o"]).arg(&archive).arg(&url)).map_err(missing)?;
    process::run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&unpacked)).map_err(missing)?;
    std::fs::create_dir_all(&to).map_err(process::at(&to))?;
    for file in PEER_FILES {
        let from = unpacked.join("package").join("dist").join(file);
        std::fs::copy(&from, to.join(file)).map_err(process::at(&from))?;
    }
    Ok(())
}
