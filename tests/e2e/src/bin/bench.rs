//! The browser's half of `cargo xtask bench`: one network, three runtimes, one Chromium, taking turns, on the CPU and on WebGPU.
//!
//! Arguments: the folder with our module (`web_bench.js`) and the peers' (`ort/`, `tfjs/`, `tfjs-wasm/`), `--side N`, `--quick`, `--json FILE`. Adds
//! models, weights and page, serves it, runs, and prints medians. Fails where two runtimes disagree, or, with images of the side the bars are for, where
//! a bar is broken.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use e2e::onnx::{self, Form};
use e2e::webdriver::{Error, Result, Session};
use e2e::weights::Weights;
use serde_json::{Value, json};
use xtask::browser::{self, Driver};
use xtask::server::Server;

/// Edge of the images that the bars are for, pixels.
const SIDE_OF_BARS: u64 = 100;
/// Most that our prediction of one image may take, over the better form of onnxruntime-web.
const FORWARD_BAR: f64 = 1.0;
/// Least that TensorFlow.js must take for a training step of one image, over ours.
const STEP_BAR: f64 = 1.3;
/// Allowed difference of two runtimes, relative to the largest value: of estimates, and of the losses of three steps (TensorFlow.js
/// computes Adam's 1 - beta2^t in float32).
const GAPS: [(&str, f64); 2] = [("forward", 1e-4), ("step", 1e-3)];
/// On WebGPU: least that the better peer must take for a prediction of one image, and TensorFlow.js for a training step of four, over ours.
const GPU_FORWARD_BAR: f64 = 6.0;
const GPU_STEP_BAR: f64 = 10.0;
/// Least share of the matrix product's rate in the prediction of eight images, and most dispatches of a training step.
const GPU_RATE_BAR: f64 = 0.6;
const DISPATCHES_BAR: u64 = 40;
/// Floating-point operations of a prediction for one pixel: 2 for each multiply-add, without the norms.
const FLOP: f64 = 2.0 * (32.0 * 18.0 * 3.0 + 32.0 * 32.0 * 18.0 * (2.0 + 1.0) + 32.0 * 9.0 * 2.0);
/// After this the workers are taken for lost: the peers need ten seconds and more for a pass on a software adapter.
const PATIENCE: Duration = Duration::from_secs(3600);

const WORKER: &str = include_str!("../../bench/worker.js");
const GPU: &str = include_str!("../../bench/gpu.js");
const TFJS: &str = include_str!("../../bench/tfjs.js");
const PAGE: &str = "<!DOCTYPE html><meta charset=\"utf-8\"><title>bench</title><link rel=\"icon\" href=\"data:,\"><script type=\"module\" src=\"page.js\"></script>";
const SCRIPT: &str = "const results = {};
const run = (name, next) => {
  const w = new Worker(`./bench-${name}.js`, { type: 'module' });
  w.onmessage = e => { results[name] = e.data; w.terminate(); next(); };
  w.onerror = e => { window.result = { error: String(e.message || `the ${name} worker failed to load`) } };
};
const gpu = () => run('gpu', () => { window.result = results; });
run('worker', navigator.gpu ? gpu : () => { window.result = results; });
";

/// What to measure.
struct Choice {
    dir: PathBuf,
    side: u64,
    quick: bool,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match arguments().and_then(|choice| bench(&choice)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Choice> {
    let usage = || {
        Error(
            "usage: bench FOLDER [--side N] [--quick] [--json FILE] (call it through `cargo xtask bench`)"
                .into(),
        )
    };
    let mut words = std::env::args().skip(1);
    let dir = words.next().ok_or_else(usage)?;
    let mut choice = Choice { dir: dir.into(), side: SIDE_OF_BARS, quick: false, json: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => choice.quick = true,
            "--side" => choice.side = words.next().and_then(|text| text.parse().ok()).ok_or_else(usage)?,
            "--json" => choice.json = Some(PathBuf::from(words.next().ok_or_else(usage)?)),
            _ => return Err(usage()),
        }
    }
    Ok(choice)
}

/// Measures; false where a bar is broken.
fn bench(Choice { dir, side, quick, json }: &Choice) -> Result<bool> {
    let (side, quick) = (*side, *quick);
    let (batches, rounds): (&[(&str, u64)], u64) = if quick {
        (&[("forward", 1), ("step", 1)], 15)
    } else {
        (&[("forward", 1), ("forward", 8), ("step", 1), ("step", 4), ("step", 8)], 15)
    };
    let weights = Weights::made_up();
    let write = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes).map_err(|e| Error(format!("{}: {e}", path.display())))
    };
    let put = |name: &str, bytes: &[u8]| write(&dir.join(name), bytes);
    put("weights.safetensors", &weights.safetensors())?;
    for (_, batch) in batches.iter().filter(|(task, _)| *task == "forward") {
        put(&format!("conv2d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv2d, *batch, side, side))?;
        put(&format!("conv3d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv3d, *batch, side, side))?;
    }
    let tasks: Vec<Value> =
        batches.iter().map(|(task, batch)| json!({ "task": task, "batch": batch })).collect();
    // With burn's own operations beside ours where a pass of theirs is bearable.
    let gpu_task =
        |task: &str, batch: u64, plain: bool| json!({ "task": task, "batch": batch, "plain": plain });
    let (gpu_tasks, gpu_rounds) = if quick {
        (vec![gpu_task("forward", 1, true), gpu_task("step", 1, true)], 2)
    } else {
        let forward = [gpu_task("forward", 1, true), gpu_task("forward", 8, false)];
        (
            forward
                .into_iter()
                .chain([gpu_task("step", 1, true), gpu_task("step", 4, false), gpu_task("step", 8, false)])
                .collect(),
            3,
        )
    };
    let gpu = json!({ "tasks": gpu_tasks, "rounds": gpu_rounds });
    let setting = json!({ "side": side, "rounds": rounds, "learningRate": 1e-4, "tasks": tasks, "gpu": gpu });
    put("setting.json", setting.to_string().as_bytes())?;
    put("bench-worker.js", WORKER.as_bytes())?;
    put("bench-gpu.js", GPU.as_bytes())?;
    put("tfjs.js", TFJS.as_bytes())?;
    put("page.js", SCRIPT.as_bytes())?;
    put("index.html", PAGE.as_bytes())?;

    let text = |e: xtask::Failure| Error(e.0);
    let browser = browser::ensure().map_err(text)?;
    let server = Server::start(dir, 0).map_err(text)?;
    let driver = Driver::start(&browser).map_err(text)?;
    let options = json!({ "binary": browser.chromium, "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-webgpu"] });
    let session =
        Session::open(driver.port, &json!({ "browserName": "chrome", "goog:chromeOptions": options }))?;
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
    let Some(results) = result["worker"]["results"].as_array() else {
        return Err(Error(format!(
            "the bench's worker gave no figures within {} s: {result}",
            PATIENCE.as_secs()
        )));
    };
    if let Some(file) = json {
        write(
            file,
            json!({ "setting": setting, "results": results, "gpu": result["gpu"] }).to_string().as_bytes(),
        )?;
    }
    println!(
        "SMEN, {side} x {side} images, headless Chromium, one CPU thread each, {rounds} rounds in turn, milliseconds"
    );
    let mut all_met = true;
    for (task, batch) in batches {
        let rows: Vec<&Value> =
            results.iter().filter(|row| row["task"] == *task && row["batch"] == *batch).collect();
        all_met &= table(&Work { task, batch: *batch, side }, &rows)?;
    }
    if let Some(bytes) = result["worker"]["memory"].as_f64() {
        println!(
            "\nmemory of Loam's wasm instance after all of it: {:.0} MB (it never shrinks)",
            bytes / 1e6
        );
    }
    match result["gpu"]["results"].as_array() {
        Some(rows) => {
            let peak = result["gpu"]["peak"].as_f64().unwrap_or(f64::NAN);
            println!(
                "\nWebGPU in the same browser, {gpu_rounds} rounds; a matrix product of 1024 in WGSL makes {peak:.1} GFLOP/s"
            );
            for task in &gpu_tasks {
                let own: Vec<&Value> = rows
                    .iter()
                    .filter(|row| row["task"] == task["task"] && row["batch"] == task["batch"])
                    .collect();
                let work = Work {
                    task: task["task"].as_str().unwrap_or_default(),
                    batch: task["batch"].as_u64().unwrap_or(1),
                    side,
                };
                all_met &= gpu_table(&work, peak, &own)?;
            }
        }
        None => println!("\nWebGPU: this browser has none"),
    }
    if side != SIDE_OF_BARS {
        println!(
            "\nthe bars are for images of {SIDE_OF_BARS} x {SIDE_OF_BARS}: none was compared with these"
        );
        return Ok(true);
    }
    Ok(all_met)
}

/// What is measured.
struct Work<'a> {
    task: &'a str,
    batch: u64,
    side: u64,
}

/// Prints one task on WebGPU; false where a bar is broken.
fn gpu_table(&Work { task, batch, side }: &Work<'_>, peak: f64, rows: &[&Value]) -> Result<bool> {
    let figure =
        |row: &Value, name: &str| row[name].as_f64().ok_or_else(|| Error(format!("no {name} in {row}")));
    let what = if task == "forward" { "prediction" } else { "training step" };
    println!(
        "\n{:<34} {:>9} {:>9} {:>19} {:>10} {:>9} {:>9}",
        format!("{what}, batch of {batch}"),
        "median",
        "least",
        "middle half",
        "dispatches",
        "MB grown",
        "gap"
    );
    let allowed = GAPS.iter().find(|(name, _)| *name == task).map_or(0.0, |(_, gap)| *gap);
    let (mut ours, mut peer, mut dispatches, mut reserved) = (f64::NAN, f64::INFINITY, 0, None);
    for row in rows {
        let (name, label) =
            (row["name"].as_str().unwrap_or_default(), row["label"].as_str().unwrap_or_default());
        let (median, gap) = (figure(row, "median")?, figure(row, "gap")?);
        let half = format!("{:.0} - {:.0}", figure(row, "quarter")?, figure(row, "three_quarters")?);
        let (count, megabytes) = (row["dispatches"].as_u64().unwrap_or(0), figure(row, "bytes")? / 1e6);
        println!(
            "{label:<34} {median:>9.0} {:>9.0} {half:>19} {count:>10} {megabytes:>9.0} {gap:>9.1e}",
            figure(row, "least")?
        );
        if gap.is_nan() || gap > allowed {
            return Err(Error(format!(
                "{label} does not compute what we compute ({gap:.1e} apart): the times mean nothing"
            )));
        }
        match name {
            "loam" => (ours, dispatches, reserved) = (median, count, row["reserved"].as_f64()),
            "plain" => {}
            _ => peer = peer.min(median),
        }
    }
    let outcome = |holds: bool| if holds { "met" } else { "MISSED" };
    let mut all_met = true;
    let mut bar = |text: String, holds: Option<bool>| {
        let holds = holds.filter(|_| side == SIDE_OF_BARS);
        println!("{text}{}", holds.map_or(String::new(), |holds| format!(": {}", outcome(holds))));
        all_met &= holds != Some(false);
    };
    if let Some(bytes) = reserved {
        bar(format!("Loam's pools hold {:.1} MB after it", bytes / 1e6), None);
    }
    let ratio = peer / ours;
    match (task, batch) {
        ("forward", 1) => bar(
            format!("{ratio:.1} better peer over ours, bar {GPU_FORWARD_BAR}"),
            Some(ratio >= GPU_FORWARD_BAR),
        ),
        ("step", 4) => bar(
            format!("{ratio:.1} TensorFlow.js over ours, bar {GPU_STEP_BAR}"),
            Some(ratio >= GPU_STEP_BAR),
        ),
        _ => bar(format!("{ratio:.1} better peer over ours"), None),
    }
    if task == "forward" {
        let rate = FLOP * (side * side * batch) as f64 / ours / 1e6;
        let share = rate / peak;
        let text = format!("{rate:.1} GFLOP/s, {:.0} % of the matrix product's rate", share * 100.0);
        bar(text, (batch == 8).then_some(share >= GPU_RATE_BAR));
    } else {
        bar(format!("{dispatches} dispatches, at most {DISPATCHES_BAR}"), Some(dispatches <= DISPATCHES_BAR));
    }
    Ok(all_met)
}

/// Prints one task; false where its bar is broken.
fn table(&Work { task, batch, side }: &Work<'_>, rows: &[&Value]) -> Result<bool> {
    let figure =
        |row: &Value, name: &str| row[name].as_f64().ok_or_else(|| Error(format!("no {name} in {row}")));
    let what = if task == "forward" { "prediction" } else { "training step" };
    println!(
        "\n{:<40} {:>8} {:>8} {:>15} {:>9}",
        format!("{what}, batch of {batch}"),
        "median",
        "least",
        "middle half",
        "gap"
    );
    let allowed = GAPS.iter().find(|(name, _)| *name == task).map_or(0.0, |(_, gap)| *gap);
    let (mut ours, mut peer) = (f64::NAN, f64::INFINITY);
    for row in rows {
        let (name, label) =
            (row["name"].as_str().unwrap_or_default(), row["label"].as_str().unwrap_or_default());
        let (median, gap) = (figure(row, "median")?, figure(row, "gap")?);
        let half = format!("{:.1} - {:.1}", figure(row, "quarter")?, figure(row, "three_quarters")?);
        println!("{label:<40} {median:>8.1} {:>8.1} {half:>15} {gap:>9.1e}", figure(row, "least")?);
        if gap.is_nan() || gap > allowed {
            return Err(Error(format!(
                "{label} does not compute what we compute ({gap:.1e} apart): the times mean nothing"
            )));
        }
        match name {
            "loam" => ours = median,
            "plain" => {}
            _ if task == "step" || name.starts_with("ort") => peer = peer.min(median),
            _ => {}
        }
    }
    let (ratio, bar, holds) = match task {
        "forward" => (
            ours / peer,
            format!("ours over onnxruntime-web's better form, bar {FORWARD_BAR}"),
            ours / peer <= FORWARD_BAR,
        ),
        _ => (
            peer / ours,
            format!("TensorFlow.js's better form over ours, bar {STEP_BAR}"),
            peer / ours >= STEP_BAR,
        ),
    };
    let has_bar = batch == 1 && side == SIDE_OF_BARS;
    let outcome = match (has_bar, holds) {
        (false, _) => " for single images of 100 x 100",
        (true, true) => ": met",
        (true, false) => ": MISSED",
    };
    println!("{ratio:.2} {bar}{outcome}");
    Ok(!has_bar || holds)
}
