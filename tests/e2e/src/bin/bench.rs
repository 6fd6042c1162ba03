//! The browser's half of `cargo xtask bench`: one network, two runtimes, one Chromium, taking turns.
//!
//! Argument: the folder with our module (`web_bench.js`) and onnxruntime-web (`ort/`). Adds model, weights and page, serves it, runs,
//! and prints medians. Fails where our prediction takes more than 1.3 times the peer's better form.

use std::path::Path;
use std::process::ExitCode;

use e2e::onnx::{self, Form};
use e2e::webdriver::{Error, Result, Session};
use e2e::weights::Weights;
use serde_json::json;
use xtask::browser::{self, Driver};
use xtask::server::Server;

const SIDE: u64 = 100;
const ROUNDS: u32 = 20;
/// The bar: our median over the peer's.
const BAR: f64 = 1.3;

/// Runs in a worker, as the app does. One round each in turn, so that a busy machine disturbs all alike.
const WORKER: &str = r#"
import init, { Network } from './web_bench.js';
import * as ort from './ort/ort.wasm.min.mjs';
const { side, rounds } = await (await fetch('./setting.json')).json();
const cells = side * side;
const wave = (n, a, b) => Float32Array.from({ length: n }, (_, k) => a + b * Math.sin(k * 0.37) * Math.cos(k * 0.011));
const i = wave(cells, 0.25, 0.1), d = wave(4 * cells, 0, 0.05);
await init();
const ours = Network.from_safetensors(new Uint8Array(await (await fetch('./weights.safetensors')).arrayBuffer()));
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL('./ort/', location.href).href;
const peers = {};
for (const [form, si, sd] of [['conv2d', [1, 1, side, side], [4, 1, side, side]], ['conv3d', [1, 1, 1, side, side], [1, 1, 4, side, side]]]) {
  const session = await ort.InferenceSession.create('./' + form + '.onnx', { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  peers[form] = async () => (await session.run({ i: new ort.Tensor('float32', i, si), d: new ort.Tensor('float32', d, sd) })).estimate.data;
}
const runs = { loam: () => ours.forward(i, d, side, side), ...peers };
const times = {}, results = {};
for (const [name, run] of Object.entries(runs)) { times[name] = []; for (let k = 0; k < 3; k++) results[name] = await run(); }
for (let k = 0; k < rounds; k++)
  for (const [name, run] of Object.entries(runs)) { const t = performance.now(); await run(); times[name].push(performance.now() - t); }
const median = v => v.sort((a, b) => a - b)[v.length >> 1];
const gap = (a, b) => a.reduce((m, x, k) => Math.max(m, Math.abs(x - b[k])), 0);
postMessage({
  median: Object.fromEntries(Object.entries(times).map(([n, v]) => [n, median(v)])),
  least: Object.fromEntries(Object.entries(times).map(([n, v]) => [n, v[0]])),
  gap: { conv2d: gap(results.loam, results.conv2d), conv3d: gap(results.loam, results.conv3d) },
  size: Math.max(...results.loam.map(Math.abs)),
});
"#;

const PAGE: &str = "<!DOCTYPE html><meta charset=\"utf-8\"><title>bench</title><link rel=\"icon\" href=\"data:,\"><script type=\"module\" src=\"page.js\"></script>";
const SCRIPT: &str = "const w = new Worker('./bench-worker.js', { type: 'module' });
w.onmessage = e => { window.result = e.data };
w.onerror = e => { window.result = { error: String(e.message || 'the worker failed to load') } };
";

fn main() -> ExitCode {
    let run = std::env::args()
        .nth(1)
        .ok_or_else(|| Error("usage: bench FOLDER (call it through `cargo xtask bench`)".into()))
        .and_then(|dir| bench(Path::new(&dir)));
    match run {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn bench(dir: &Path) -> Result<bool> {
    let weights = Weights::made_up();
    let put =
        |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).map_err(|e| Error(format!("{}: {e}", dir.join(name).display())));
    put("weights.safetensors", &weights.safetensors())?;
    put("conv2d.onnx", &onnx::smen(&weights, Form::Conv2d, SIDE, SIDE))?;
    put("conv3d.onnx", &onnx::smen(&weights, Form::Conv3d, SIDE, SIDE))?;
    put("setting.json", json!({ "side": SIDE, "rounds": ROUNDS }).to_string().as_bytes())?;
    put("bench-worker.js", WORKER.as_bytes())?;
    put("page.js", SCRIPT.as_bytes())?;
    put("index.html", PAGE.as_bytes())?;

    let text = |e: xtask::Failure| Error(e.0);
    let browser = browser::ensure().map_err(text)?;
    let server = Server::start(dir, 0).map_err(text)?;
    let driver = Driver::start(&browser).map_err(text)?;
    let options = json!({ "binary": browser.chromium, "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"] });
    let session = Session::open(driver.port, &json!({ "browserName": "chrome", "goog:chromeOptions": options }))?;
    session.navigate(&server.url())?;
    let mut result = serde_json::Value::Null;
    for _ in 0..600 {
        result = session.script("return window.result || null", &[])?;
        if !result.is_null() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    if let Some(error) = result["error"].as_str() {
        return Err(Error(format!("the bench's worker stopped: {error}")));
    }
    let figure = |table: &str, name: &str| {
        result[table][name].as_f64().ok_or_else(|| Error(format!("no {table} of {name} within two minutes: {result}")))
    };
    println!("SMEN, one {SIDE} x {SIDE} sample, headless Chromium, one thread, {ROUNDS} rounds in turn, milliseconds\n");
    println!("{:<32} {:>8} {:>8}", "", "median", "least");
    for (name, label) in
        [("loam", "Loam, burn flex"), ("conv2d", "onnxruntime-web wasm, conv2d"), ("conv3d", "onnxruntime-web wasm, conv3d")]
    {
        println!("{label:<32} {:>8.1} {:>8.1}", figure("median", name)?, figure("least", name)?);
    }
    let peer = figure("median", "conv2d")?.min(figure("median", "conv3d")?);
    let ratio = figure("median", "loam")? / peer;
    let gap = figure("gap", "conv2d")?.max(figure("gap", "conv3d")?);
    println!("\nlargest difference of the results: {gap:.2e}");
    println!("Loam over the peer's better form: {ratio:.2} (bar {BAR}: {})", if ratio <= BAR { "held" } else { "BROKEN" });
    if gap > 1e-4 * result["size"].as_f64().unwrap_or(1.0).max(1.0) {
        return Err(Error("the two runtimes do not compute the same thing: the times above mean nothing".into()));
    }
    Ok(ratio <= BAR)
}
