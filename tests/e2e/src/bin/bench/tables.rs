//! Prints what was measured, and says which bars are met.

use e2e::webdriver::{Error, Result};
use serde_json::Value;

use super::SIDE_OF_BARS;

/// Allowed difference of two runtimes, relative to the largest value: of estimates, and of the losses of three steps (TensorFlow.js
/// computes Adam's 1 - beta2^t in float32).
const FORWARD_GAP: f64 = 1e-4;
const STEP_GAP: f64 = 1e-3;
/// On WebGPU: least that the better of onnxruntime-web and TensorFlow.js must take for a prediction of one image, and TensorFlow.js for a training
/// step of four, over ours.
const GPU_FORWARD_BAR: f64 = 6.0;
const GPU_STEP_BAR: f64 = 10.0;
/// Least share of the matrix product's rate in the prediction of eight images, and most dispatches of a training step.
const GPU_RATE_BAR: f64 = 0.6;
const DISPATCHES_BAR: u64 = 40;
/// Floating-point operations of SMEN's prediction for one pixel: 2 for each multiply-add, without the norms.
const FLOP: f64 = 2.0 * (32.0 * 18.0 * 3.0 + 32.0 * 32.0 * 18.0 * (2.0 + 1.0) + 32.0 * 9.0 * 2.0);

/// What is measured.
pub struct Work<'a> {
    pub network: &'a str,
    pub task: &'a str,
    pub batch: u64,
    pub side: u64,
}

impl Work<'_> {
    fn words(&self) -> String {
        match (self.network, self.task) {
            (_, "date") => "regression, a new date".to_owned(),
            (_, "learn") => "regression, one more 3 km map".to_owned(),
            (network, "step") => format!("{network}, training step, batch of {}", self.batch),
            (network, _) => format!("{network}, prediction, batch of {}", self.batch),
        }
    }

    /// Bars of the CPU, for one image of the side they are for: most milliseconds; most over the better form of the peer.
    fn bars(&self) -> (Option<f64>, Option<f64>) {
        if self.batch != 1 || self.side != SIDE_OF_BARS {
            return (None, None);
        }
        match (self.network, self.task) {
            ("smen", "forward") => (None, Some(1.0)),
            ("smen", "step") => (None, Some(1.0 / 1.3)),
            ("rcn", "forward") => (Some(60.0), Some(0.6)),
            ("rcn", "step") => (Some(250.0), Some(0.3)),
            ("regression", "date") => (Some(10.0), None),
            _ => (None, None),
        }
    }
}

fn figure(row: &Value, name: &str) -> Result<f64> {
    row[name].as_f64().ok_or_else(|| Error(format!("no {name} in {row}")))
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

fn outcome(holds: bool) -> &'static str {
    if holds { "met" } else { "MISSED" }
}

/// Two runtimes that compute different things are not compared.
fn same(label: &str, gap: f64, allowed: f64) -> Result<()> {
    if gap.is_nan() || gap > allowed {
        return Err(Error(format!(
            "{label} does not compute what we compute ({gap:.1e} apart): the times mean nothing"
        )));
    }
    Ok(())
}

/// Prints one task on the CPU; false where a bar of it is broken.
pub fn cpu_table(work: &Work<'_>, rows: &[&Value]) -> Result<bool> {
    println!("\n{:<40} {:>8} {:>8} {:>15} {:>9}", work.words(), "median", "least", "middle half", "gap");
    let step = work.task == "step";
    let (mut ours, mut onnx, mut tfjs, mut jax) = (f64::NAN, f64::INFINITY, f64::INFINITY, f64::INFINITY);
    for row in rows {
        let (name, label) = (text(row, "name"), text(row, "label"));
        let (median, gap) = (figure(row, "median")?, figure(row, "gap")?);
        let half = format!("{:.1} - {:.1}", figure(row, "quarter")?, figure(row, "three_quarters")?);
        println!("{label:<40} {median:>8.1} {:>8.1} {half:>15} {gap:>9.1e}", figure(row, "least")?);
        same(label, gap, if step { STEP_GAP } else { FORWARD_GAP })?;
        match name {
            "loam" => ours = median,
            "plain" => {}
            _ if name.starts_with("ort") => onnx = onnx.min(median),
            "jax" => jax = median,
            _ => tfjs = tfjs.min(median),
        }
    }
    let (most, most_share) = work.bars();
    let mut all_met = true;
    if let Some(most) = most {
        all_met &= ours <= most;
        println!("at most {most} ms: {}", outcome(ours <= most));
    }
    // A prediction's bar is against onnxruntime-web, a step's against TensorFlow.js.
    let peers = [
        (onnx, "onnxruntime-web's better form", !step),
        (tfjs, "TensorFlow.js's better form", step),
        (jax, "jax-js", false),
    ];
    for (peer, words, barred) in peers.into_iter().filter(|p| p.0.is_finite()) {
        let share = ours / peer;
        let bar = most_share.filter(|_| barred).map_or_else(String::new, |bar| {
            all_met &= share <= bar;
            format!(", at most {bar:.2}: {}", outcome(share <= bar))
        });
        println!("{share:.2} of {words}{bar}");
    }
    Ok(all_met)
}

/// Prints one task on WebGPU; false where a bar is broken.
pub fn gpu_table(&Work { task, batch, side, .. }: &Work<'_>, peak: f64, rows: &[&Value]) -> Result<bool> {
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
    let allowed = if task == "step" { STEP_GAP } else { FORWARD_GAP };
    let (mut ours, mut peer, mut jax, mut dispatches, mut reserved) =
        (f64::NAN, f64::INFINITY, f64::NAN, 0, None);
    for row in rows {
        let (name, label) = (text(row, "name"), text(row, "label"));
        let (median, gap) = (figure(row, "median")?, figure(row, "gap")?);
        let half = format!("{:.0} - {:.0}", figure(row, "quarter")?, figure(row, "three_quarters")?);
        let (count, megabytes) = (row["dispatches"].as_u64().unwrap_or(0), figure(row, "bytes")? / 1e6);
        println!(
            "{label:<34} {median:>9.0} {:>9.0} {half:>19} {count:>10} {megabytes:>9.0} {gap:>9.1e}",
            figure(row, "least")?
        );
        same(label, gap, allowed)?;
        match name {
            "loam" => (ours, dispatches, reserved) = (median, count, row["reserved"].as_f64()),
            "plain" => {}
            "jax" => jax = median,
            _ => peer = peer.min(median),
        }
    }
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
            format!(
                "{ratio:.1} better of onnxruntime-web and TensorFlow.js over ours, bar {GPU_FORWARD_BAR}"
            ),
            Some(ratio >= GPU_FORWARD_BAR),
        ),
        ("step", 4) => bar(
            format!("{ratio:.1} TensorFlow.js over ours, bar {GPU_STEP_BAR}"),
            Some(ratio >= GPU_STEP_BAR),
        ),
        _ => bar(format!("{ratio:.1} better of onnxruntime-web and TensorFlow.js over ours"), None),
    }
    bar(format!("{:.1} jax-js over ours", jax / ours), None);
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
