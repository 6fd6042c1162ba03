//! Prediction and training of SMEN and RCN in Chromium beside onnxruntime-web, TensorFlow.js and jax-js: the same network, the same browser; on
//! the CPU one thread each, then (SMEN) on WebGPU. Or natively, beside PyTorch.
//!
//! Our half is `examples/web_bench.rs`, built, bound and optimised as the worker is, with both backends in it or the CPU's alone. The peers come
//! from the npm registry into `target/bench/`. The measuring is done by the `bench` program of `tests/e2e`.

use std::process::Command;

use crate::npm::{self, Package};
use crate::process::{self, cargo};
use crate::tools::{self, WASM};
use crate::{Result, app, browser, target_dir};

/// Of the releases that the bars were set against.
const PEERS: [Package; 5] = [
    Package {
        folder: "ort",
        package: "onnxruntime-web",
        name: "onnxruntime-web",
        version: "1.30.0",
        files: &[
            "dist/ort.wasm.min.mjs",
            "dist/ort-wasm-simd-threaded.mjs",
            "dist/ort-wasm-simd-threaded.wasm",
            "dist/ort.webgpu.min.mjs",
            "dist/ort-wasm-simd-threaded.asyncify.mjs",
            "dist/ort-wasm-simd-threaded.asyncify.wasm",
        ],
    },
    Package {
        folder: "tfjs",
        package: "@tensorflow/tfjs",
        name: "tfjs",
        version: "4.22.0",
        files: &["dist/tf.min.js"],
    },
    Package {
        folder: "tfjs-webgpu",
        package: "@tensorflow/tfjs-backend-webgpu",
        name: "tfjs-backend-webgpu",
        version: "4.22.0",
        files: &["dist/tf-backend-webgpu.min.js"],
    },
    Package {
        folder: "tfjs-wasm",
        package: "@tensorflow/tfjs-backend-wasm",
        name: "tfjs-backend-wasm",
        version: "4.22.0",
        files: &[
            "dist/tf-backend-wasm.min.js",
            "dist/tfjs-backend-wasm.wasm",
            "dist/tfjs-backend-wasm-simd.wasm",
            "dist/tfjs-backend-wasm-threaded-simd.wasm",
        ],
    },
    // The parts have the hashes of their contents in their names.
    Package {
        folder: "jax",
        package: "@jax-js/jax",
        name: "jax",
        version: "0.1.25",
        files: &[
            "dist/index.js",
            "dist/backend-CnjgxpXq.js",
            "dist/rolldown-runtime-D7D4PA-g.js",
            "dist/webgpu-D5edCWOx.js",
        ],
    },
];

/// What to measure.
#[derive(Debug)]
pub struct Choice {
    /// Single images only, fewer rounds.
    pub quick: bool,
    /// Natively, beside PyTorch, instead of in Chromium.
    pub native: bool,
    /// Without a graphics adapter.
    pub cpu_only: bool,
    /// Edge of the images, pixels. The bars are for 100.
    pub side: usize,
    /// A file for the figures.
    pub json: Option<String>,
}

/// Builds what is to be measured, and measures it.
pub fn run(choice: &Choice) -> Result<()> {
    if choice.native { natively(choice) } else { in_browser(choice) }
}

/// `examples/native_bench.rs`: ours on a graphics adapter and the CPU, and PyTorch where it is.
fn natively(choice: &Choice) -> Result<()> {
    let mut measure = cargo();
    measure.args(["run", "--locked", "--release"]);
    if !choice.cpu_only {
        measure.args(["--features", "gpu"]);
    }
    measure.args(["--example", "native_bench", "--"]);
    measure.args(["--side", &choice.side.to_string(), "--rounds", if choice.quick { "5" } else { "15" }]);
    if let Some(file) = &choice.json {
        measure.args(["--json", file]);
    }
    process::run(&mut measure).map(|_| ())
}

fn in_browser(choice: &Choice) -> Result<()> {
    browser::ensure()?;
    let wasm_opt = tools::shrinkers()?.wasm_opt;
    let dir = target_dir().join("bench");
    std::fs::create_dir_all(&dir).map_err(process::at(&dir))?;
    for peer in &PEERS {
        npm::fetch(peer, &dir)?;
    }

    let mut build = cargo();
    build.args([
        "build",
        "--locked",
        "--profile",
        "worker",
        "--target",
        WASM,
        "--no-default-features",
        "--features",
        if choice.cpu_only { "worker" } else { "worker,gpu" },
    ]);
    process::run(build.args(["--example", "web_bench"]))?;
    let module = target_dir().join(WASM).join("worker/examples/web_bench.wasm");
    let mut bind = Command::new(tools::wasm_bindgen("wasm-bindgen")?);
    process::run(bind.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&dir).arg(module))?;
    if let Some(wasm_opt) = &wasm_opt {
        app::optimise(wasm_opt, &dir.join("web_bench_bg.wasm"), app::WORKER_LEVEL)?;
    }
    let mut measure = cargo();
    measure.args(["run", "--quiet", "--locked", "--package", "e2e", "--bin", "bench", "--"]).arg(&dir);
    measure.args(["--side", &choice.side.to_string()]);
    if choice.quick {
        measure.arg("--quick");
    }
    if choice.cpu_only {
        measure.arg("--cpu-only");
    }
    if let Some(file) = &choice.json {
        measure.args(["--json", file]);
    }
    process::run(&mut measure).map(|_| ())
}
