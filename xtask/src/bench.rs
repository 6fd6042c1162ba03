//! Prediction and training in Chromium beside onnxruntime-web and TensorFlow.js: the same network, the same browser; on the CPU one thread
//! each, then on WebGPU. Or natively, beside PyTorch.
//!
//! Our half is `examples/web_bench.rs`, built, bound and optimised as the worker is, both backends in it. The peers come from the npm registry into
//! `target/bench/`. The measuring is done by the `bench` program of `tests/e2e`.

use std::path::Path;
use std::process::Command;

use crate::process::{self, cargo};
use crate::tools::{self, WASM};
use crate::{Result, app, browser, failure, target_dir};

/// A package of the npm registry, and the files of its `dist` folder that the bench serves.
struct Peer {
    /// Folder under `target/bench/`.
    folder: &'static str,
    package: &'static str,
    /// Without the scope.
    name: &'static str,
    /// The release that the bars were set against.
    version: &'static str,
    files: &'static [&'static str],
}

const PEERS: [Peer; 4] = [
    Peer {
        folder: "ort",
        package: "onnxruntime-web",
        name: "onnxruntime-web",
        version: "1.30.0",
        files: &[
            "ort.wasm.min.mjs",
            "ort-wasm-simd-threaded.mjs",
            "ort-wasm-simd-threaded.wasm",
            "ort.webgpu.min.mjs",
            "ort-wasm-simd-threaded.asyncify.mjs",
            "ort-wasm-simd-threaded.asyncify.wasm",
        ],
    },
    Peer {
        folder: "tfjs",
        package: "@tensorflow/tfjs",
        name: "tfjs",
        version: "4.22.0",
        files: &["tf.min.js"],
    },
    Peer {
        folder: "tfjs-webgpu",
        package: "@tensorflow/tfjs-backend-webgpu",
        name: "tfjs-backend-webgpu",
        version: "4.22.0",
        files: &["tf-backend-webgpu.min.js"],
    },
    Peer {
        folder: "tfjs-wasm",
        package: "@tensorflow/tfjs-backend-wasm",
        name: "tfjs-backend-wasm",
        version: "4.22.0",
        files: &[
            "tf-backend-wasm.min.js",
            "tfjs-backend-wasm.wasm",
            "tfjs-backend-wasm-simd.wasm",
            "tfjs-backend-wasm-threaded-simd.wasm",
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
    /// Natively without a graphics adapter.
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
        fetch(peer, &dir)?;
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
        "worker,gpu",
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
    if let Some(file) = &choice.json {
        measure.args(["--json", file]);
    }
    process::run(&mut measure).map(|_| ())
}

/// A peer's files, from the npm registry where they are not there yet.
fn fetch(peer: &Peer, dir: &Path) -> Result<()> {
    let to = dir.join(peer.folder);
    let version = to.join("version");
    if std::fs::read_to_string(&version).is_ok_and(|there| there == peer.version)
        && peer.files.iter().all(|file| to.join(file).is_file())
    {
        return Ok(());
    }
    let unpacked = dir.join("unpacked").join(peer.folder);
    std::fs::create_dir_all(&unpacked).map_err(process::at(&unpacked))?;
    let archive = dir.join(format!("{}.tgz", peer.folder));
    let Peer { package, name, version: release, .. } = peer;
    let url = format!("https://registry.npmjs.org/{package}/-/{name}-{release}.tgz");
    let missing = |e| {
        failure(format!(
            "{e}\nThe bench fetches {url} with curl and unpacks it with tar; both and a network are needed once."
        ))
    };
    process::run(Command::new("curl").args(["-fsSL", "-o"]).arg(&archive).arg(&url)).map_err(missing)?;
    process::run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&unpacked)).map_err(missing)?;
    std::fs::create_dir_all(&to).map_err(process::at(&to))?;
    for file in peer.files {
        let from = unpacked.join("package").join("dist").join(file);
        std::fs::copy(&from, to.join(file)).map_err(process::at(&from))?;
    }
    std::fs::write(&version, peer.version).map_err(process::at(&version))
}
