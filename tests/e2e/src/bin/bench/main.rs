//! The browser's half of `cargo xtask bench`: SMEN and RCN, four runtimes, one Chromium, taking turns, on the CPU and (SMEN) on WebGPU; and the
//! pixel regression, which nobody else has.
//!
//! Arguments: the folder with our module (`web_bench.js`) and the peers' (`ort/`, `tfjs/`, `tfjs-wasm/`, `jax/`), `--side N`, `--quick`, `--cpu-only`,
//! `--json FILE`. Adds models, weights and page, serves it, runs, and prints medians. Fails where two runtimes disagree, or, with images of the side
//! the bars are for, where a bar is broken.

mod tables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use e2e::onnx::{self, Form};
use e2e::webdriver::{Error, Result, Session};
use e2e::weights::Weights;
use serde_json::{Value, json};
use tables::{Work, cpu_table, gpu_table};
use xtask::browser::{self, Driver};
use xtask::server::Server;

/// Edge of the images that the bars are for, pixels.
const SIDE_OF_BARS: u64 = 100;
/// RCN's weights, as they are shipped: from the first ones no correction would come, whatever is computed.
const RCN: &str = "public/weights/rcn.safetensors";
/// After this the workers are taken for lost: the peers need ten seconds and more for a pass on a software adapter.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The workers and what they import.
const SCRIPTS: [(&str, &str); 8] = [
    ("bench-worker.js", include_str!("../../../bench/worker.js")),
    ("bench-gpu.js", include_str!("../../../bench/gpu.js")),
    ("rcn.js", include_str!("../../../bench/rcn.js")),
    ("tfjs.js", include_str!("../../../bench/tfjs.js")),
    ("tfjs-rcn.js", include_str!("../../../bench/tfjs-rcn.js")),
    ("jax.js", include_str!("../../../bench/jax.js")),
    ("jax-rcn.js", include_str!("../../../bench/jax-rcn.js")),
    ("turns.js", include_str!("../../../bench/turns.js")),
];
const PAGE: &str = "<!DOCTYPE html><meta charset=\"utf-8\"><title>bench</title><link rel=\"icon\" href=\"data:,\"><script type=\"module\" src=\"page.js\"></script>";
const SCRIPT: &str = "const results = {};
const run = (name, next) => {
  const w = new Worker(`./bench-${name}.js`, { type: 'module' });
  w.onmessage = e => { results[name] = e.data; w.terminate(); next(); };
  w.onerror = e => { window.result = { error: String(e.message || `the ${name} worker failed to load`) } };
};
const gpu = () => run('gpu', () => { window.result = results; });
const { gpu: wanted } = await (await fetch('./setting.json')).json();
run('worker', wanted && navigator.gpu ? gpu : () => { window.result = results; });
";

/// What to measure.
struct Choice {
    dir: PathBuf,
    side: u64,
    quick: bool,
    cpu_only: bool,
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
            "usage: bench FOLDER [--side N] [--quick] [--cpu-only] [--json FILE] (call it through `cargo xtask bench`)"
                .into(),
        )
    };
    let mut words = std::env::args().skip(1);
    let dir = words.next().ok_or_else(usage)?;
    let mut choice =
        Choice { dir: dir.into(), side: SIDE_OF_BARS, quick: false, cpu_only: false, json: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => choice.quick = true,
            "--cpu-only" => choice.cpu_only = true,
            "--side" => choice.side = words.next().and_then(|text| text.parse().ok()).ok_or_else(usage)?,
            "--json" => choice.json = Some(PathBuf::from(words.next().ok_or_else(usage)?)),
            _ => return Err(usage()),
        }
    }
    Ok(choice)
}

/// Measures; false where a bar is broken.
fn bench(Choice { dir, side, quick, cpu_only, json }: &Choice) -> Result<bool> {
    let (side, quick, rounds) = (*side, *quick, 15);
    let smen: &[(&str, u64)] = if quick {
        &[("forward", 1), ("step", 1)]
    } else {
        &[("forward", 1), ("forward", 8), ("step", 1), ("step", 4), ("step", 8)]
    };
    let work = |network, &(task, batch)| Work { network, task, batch, side };
    let works: Vec<Work<'_>> = smen
        .iter()
        .map(|of| work("smen", of))
        .chain([("forward", 1), ("step", 1)].iter().map(|of| work("rcn", of)))
        .chain([("date", 1), ("learn", 1)].iter().map(|of| work("regression", of)))
        .collect();
    let weights = Weights::made_up();
    let write = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes).map_err(|e| Error(format!("{}: {e}", path.display())))
    };
    let put = |name: &str, bytes: &[u8]| write(&dir.join(name), bytes);
    put("weights.safetensors", &weights.safetensors())?;
    put(
        "rcn.safetensors",
        &std::fs::read(xtask::root().join(RCN)).map_err(|e| Error(format!("{RCN}: {e}")))?,
    )?;
    for (_, batch) in smen.iter().filter(|(task, _)| *task == "forward") {
        put(&format!("conv2d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv2d, *batch, side, side))?;
        put(&format!("conv3d-{batch}.onnx"), &onnx::smen(&weights, Form::Conv3d, *batch, side, side))?;
    }
    let tasks: Vec<Value> = works
        .iter()
        .map(|work| json!({ "network": work.network, "task": work.task, "batch": work.batch }))
        .collect();
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
    let gpu = (!cpu_only).then(|| json!({ "tasks": gpu_tasks, "rounds": gpu_rounds }));
    let setting = json!({ "side": side, "rounds": rounds, "learningRate": 1e-4, "tasks": tasks, "gpu": gpu });
    put("setting.json", setting.to_string().as_bytes())?;
    for (name, script) in SCRIPTS {
        put(name, script.as_bytes())?;
    }
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
        "{side} x {side} images, headless Chromium, one CPU thread each, {rounds} rounds in turn, milliseconds"
    );
    let mut all_met = true;
    for work in &works {
        let rows: Vec<&Value> = results
            .iter()
            .filter(|row| {
                row["network"] == work.network && row["task"] == work.task && row["batch"] == work.batch
            })
            .collect();
        all_met &= cpu_table(work, &rows)?;
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
                    network: "smen",
                    task: task["task"].as_str().unwrap_or_default(),
                    batch: task["batch"].as_u64().unwrap_or(1),
                    side,
                };
                all_met &= gpu_table(&work, peak, &own)?;
            }
        }
        None if *cpu_only => {}
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
