//! The browser's half of `cargo xtask bench`: one network, three runtimes, one Chromium, taking turns.
//!
//! Arguments: the folder with our module (`web_bench.js`) and the peers' (`ort/`, `tfjs/`, `tfjs-wasm/`), `--quick`, `--json FILE`. Adds
//! models, weights and page, serves it, runs, and prints medians. Fails where a bar is broken or two runtimes disagree.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use e2e::onnx::{self, Form};
use e2e::webdriver::{Error, Result, Session};
use e2e::weights::Weights;
use serde_json::{Value, json};
use xtask::browser::{self, Driver};
use xtask::server::Server;

const SIDE: u64 = 100;
/// Most that our prediction of one image may take, over the better form of onnxruntime-web.
const FORWARD_BAR: f64 = 1.0;
/// Least that TensorFlow.js must take for a training step of one image, over ours.
const STEP_BAR: f64 = 1.3;
/// Allowed difference of two runtimes, relative to the largest value: of estimates, and of the losses of three steps (TensorFlow.js
/// computes Adam's 1 - beta2^t in float32).
const GAPS: [(&str, f64); 2] = [("forward", 1e-4), ("step", 1e-3)];
/// After this the worker is taken for lost.
const PATIENCE: Duration = Duration::from_secs(900);

const WORKER: &str = include_str!("../../bench/worker.js");
const TFJS: &str = include_str!("../../bench/tfjs.js");
const PAGE: &str = "<!DOCTYPE html><meta charset=\"utf-8\"><title>bench</title><link rel=\"icon\" href=\"data:,\"><script type=\"module\" src=\"page.js\"></script>";
const SCRIPT: &str = "const w = new Worker('./bench-worker.js', { type: 'module' });
w.onmessage = e => { window.result = e.data };
w.onerror = e => { window.result = { error: String(e.message || 'the worker failed to load') } };
";

fn main() -> ExitCode {
    match arguments().and_then(|(dir, quick, json)| bench(&dir, quick, json.as_deref())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(PathBuf, bool, Option<PathBuf>)> {
    let usage = || Error("usage: bench FOLDER [--quick] [--json FILE] (call it through `cargo xtask bench`)".into());
    let mut words = std::env::args().skip(1);
    let dir = words.next().ok_or_else(usage)?;
    let (mut quick, mut json) = (false, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => quick = true,
            "--json" => json = Some(PathBuf::from(words.next().ok_or_else(usage)?)),
            _ => return Err(usage()),
        }
    }
    Ok((dir.into(), quick, json))
}

/// Measures; false where a bar is broken.
fn bench(dir: &Path, quick: bool, json: Option<&Path>) -> Result<bool> {
    let (batches, rounds): (&[(&str, u64)], u64) = if quick {
        (&[("forward", 1), ("step", 1)], 15)
    } else {
        (&[("forward", 1), ("forward", 4), ("forward", 8), ("step", 1), ("step", 4)], 15)
    };
    let weights = Weights::made_up();
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).map_err(|e| Error(format!("{}: {e}", path.display())));
    let put = |name: &str, bytes: &[u8]| write(&dir.join(name), bytes);
    put("weights.safetensors", &weights.safetensors())?;
    for (_, batch) in batches.iter().filter(|(task, _)| *task == "forward") {
        put(&format!("conv2d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv2d, *batch, SIDE, SIDE))?;
        put(&format!("conv3d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv3d, *batch, SIDE, SIDE))?;
    }
    let tasks: Vec<Value> = batches.iter().map(|(task, batch)| json!({ "task": task, "batch": batch })).collect();
    let setting = json!({ "side": SIDE, "rounds": rounds, "learningRate": 1e-4, "tasks": tasks });
    put("setting.json", setting.to_string().as_bytes())?;
    put("bench-worker.js", WORKER.as_bytes())?;
    put("tfjs.js", TFJS.as_bytes())?;
    put("page.js", SCRIPT.as_bytes())?;
    put("index.html", PAGE.as_bytes())?;

    let text = |e: xtask::Failure| Error(e.0);
    let browser = browser::ensure().map_err(text)?;
    let server = Server::start(dir, 0).map_err(text)?;
    let driver = Driver::start(&browser).map_err(text)?;
    let options = json!({ "binary": browser.chromium, "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"] });
    let session = Session::open(driver.port, &json!({ "browserName": "chrome", "goog:chromeOptions": options }))?;
    session.navigate(&server.url())?;
    let start = Instant::now();
    let mut result = Value::Null;
    while result.is_null() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(500));
        result = session.script("return window.result || null", &[])?;
    }
    if let Some(error) = result["error"].as_str() {
        return Err(Error(format!("the bench's worker stopped: {error}")));
    }
    let Some(results) = result["results"].as_array() else {
        return Err(Error(format!("the bench's worker gave no figures within {} s: {result}", PATIENCE.as_secs())));
    };
    if let Some(file) = json {
        write(file, json!({ "setting": setting, "results": results }).to_string().as_bytes())?;
    }
    println!("SMEN, {SIDE} x {SIDE} images, headless Chromium, one CPU thread each, {rounds} rounds in turn, milliseconds");
    let mut held = true;
    for (task, batch) in batches {
        let rows: Vec<&Value> = results.iter().filter(|row| row["task"] == *task && row["batch"] == *batch).collect();
        held &= table(task, *batch, &rows)?;
    }
    Ok(held)
}

/// Prints one task; false where its bar is broken.
fn table(task: &str, batch: u64, rows: &[&Value]) -> Result<bool> {
    let figure = |row: &Value, name: &str| row[name].as_f64().ok_or_else(|| Error(format!("no {name} in {row}")));
    let what = if task == "forward" { "prediction" } else { "training step" };
    println!("\n{:<40} {:>8} {:>8} {:>15} {:>9}", format!("{what}, batch of {batch}"), "median", "least", "middle half", "gap");
    let allowed = GAPS.iter().find(|(name, _)| *name == task).map_or(0.0, |(_, gap)| *gap);
    let (mut ours, mut peer) = (f64::NAN, f64::INFINITY);
    for row in rows {
        let (name, label) = (row["name"].as_str().unwrap_or_default(), row["label"].as_str().unwrap_or_default());
        let (median, gap) = (figure(row, "median")?, figure(row, "gap")?);
        let half = format!("{:.1} - {:.1}", figure(row, "quarter")?, figure(row, "three_quarters")?);
        println!("{label:<40} {median:>8.1} {:>8.1} {half:>15} {gap:>9.1e}", figure(row, "least")?);
        if gap.is_nan() || gap > allowed {
            return Err(Error(format!("{label} does not compute what we compute ({gap:.1e} apart): the times mean nothing")));
        }
        match name {
            "loam" => ours = median,
            "plain" => {}
            _ if task == "step" || name.starts_with("ort") => peer = peer.min(median),
            _ => {}
        }
    }
    let (ratio, bar, holds) = match task {
        "forward" => (ours / peer, format!("ours over onnxruntime-web's better form, bar {FORWARD_BAR}"), ours / peer <= FORWARD_BAR),
        _ => (peer / ours, format!("TensorFlow.js's better form over ours, bar {STEP_BAR}"), peer / ours >= STEP_BAR),
    };
    let held = batch > 1 || holds;
    println!(
        "{ratio:.2} {bar}{}",
        if batch > 1 {
            " for single images"
        } else if held {
            ": held"
        } else {
            ": BROKEN"
        }
    );
    Ok(held)
}
