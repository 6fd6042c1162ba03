//! What `loam::simulate` claims about its scenes, measured.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::OnceLock;

use loam::grid::{EaseWindow, Reason, Resolution};
use loam::simulate::{COARSE_RANGE, Climate, FINE_RANGE, PERSISTENT_SHARE, RADIOMETER_NOISE, Scene, SimulatedDay, Simulator};
use loam::stack::Region;

const SEED: u64 = 1;

/// Three years of a preset, made once for all tests.
struct Run {
    region: EaseWindow,
    window: EaseWindow,
    land: Vec<Reason>,
    days: Vec<SimulatedDay>,
    /// Truth over `window`, by day.
    truth: Vec<Vec<f32>>,
}

fn run(scene: Scene) -> Run {
    let mut simulator = Simulator::new(scene);
    let (mut days, mut truth) = (Vec::new(), Vec::new());
    while let Some(day) = simulator.next() {
        truth.push(simulator.truth().to_vec());
        days.push(day);
    }
    Run {
        region: simulator.scene().region.window(),
        window: simulator.truth_window(),
        land: simulator.land_reasons().to_vec(),
        days,
        truth,
    }
}

fn preset(index: usize) -> &'static Run {
    static RUNS: [OnceLock<Run>; 3] = [const { OnceLock::new() }; 3];
    RUNS[index].get_or_init(|| run(Scene::preset(PERSISTENT_SHARE[index].0, SEED).unwrap()))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0usize);
    for v in values {
        sum += v;
        n += 1;
    }
    sum / n as f64
}

fn sd(values: &[f64]) -> f64 {
    let m = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - m) * (v - m))).sqrt()
}

/// Means of the truth over each 36 km block's cells that are not water.
fn block_means(run: &Run, truth: &[f32]) -> Vec<f64> {
    let (columns, rows) = (run.window.columns / 12, run.window.rows / 12);
    let mut out = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            out.push(mean(
                (0..144)
                    .map(|k| (row * 12 + k / 12) * run.window.columns + column * 12 + k % 12)
                    .filter(|&i| run.land[i] != Reason::Water)
                    .map(|i| f64::from(truth[i])),
            ));
        }
    }
    out
}

/// (sub-grid variance over cells and dates, variance of its temporal mean)
fn sub_grid(run: &Run) -> (f64, f64) {
    let columns = run.window.columns;
    let mut sum = vec![0f64; run.window.len()];
    let mut squares = 0.0;
    for truth in &run.truth {
        let blocks = block_means(run, truth);
        for (i, s) in sum.iter_mut().enumerate() {
            let a = f64::from(truth[i]) - blocks[(i / columns / 12) * (columns / 12) + i % columns / 12];
            *s += a;
            squares += a * a;
        }
    }
    let n = run.truth.len() as f64;
    let cells = run.window.len() as f64;
    (squares / n / cells, sum.iter().map(|s| (s / n) * (s / n)).sum::<f64>() / cells)
}

#[test]
fn print_statistics() {
    for (index, (name, _)) in PERSISTENT_SHARE.iter().enumerate() {
        let run = preset(index);
        let (total, lasting) = sub_grid(run);
        let daily: Vec<f64> = run.truth.iter().map(|t| mean(t.iter().map(|&v| f64::from(v)))).collect();
        let large = mean(run.truth.iter().map(|t| sd(&block_means(run, t))));
        let fine: Vec<_> = run.days.iter().filter_map(|d| d.fine.as_ref()).collect();
        let coarse = run.days.iter().filter(|d| d.coarse().is_some()).count();
        let both = run.days.iter().filter(|d| d.fine.is_some() && d.coarse().is_some()).count();
        let cover = mean(fine.iter().map(|f| f.valid_count() as f64 / f.grid().len() as f64));
        let error: Vec<f64> = run
            .days
            .iter()
            .filter_map(|d| d.fine.as_ref().map(|f| (f, &d.truth)))
            .flat_map(|(f, t)| f.values().iter().zip(t.values()).map(|(a, b)| f64::from(a - b)).filter(|v| v.is_finite()))
            .collect();
        // Bilinear-free floor: uRMSE of the block mean (nearest, without noise) against the 3 km map.
        let mut u = Vec::new();
        for d in &run.days {
            let (Some(f), Some(c)) = (&d.fine, d.coarse_on_fine_cells(&Region::new(run.region).unwrap())) else { continue };
            let e: Vec<f64> = f.values().iter().zip(c.values()).map(|(a, b)| f64::from(b - a)).filter(|v| v.is_finite()).collect();
            if e.len() > 1000 {
                u.push(sd(&e));
            }
        }
        let mut reasons = std::collections::BTreeMap::new();
        for f in &fine {
            for r in f.reasons() {
                *reasons.entry(format!("{r:?}")).or_insert(0usize) += 1;
            }
        }
        eprintln!(
            "{name}: truth mean {:.3} temporal sd {:.3} min {:.3} max {:.3} | sub-grid sd {:.4} lasting share {:.2} | between blocks {:.3} | {} fine, {} coarse days, {} both, cover {:.2}, error sd {:.4} bias {:.4} | nearest uRMSE {:.4}\n  {reasons:?}",
            mean(daily.iter().copied()),
            sd(&daily),
            run.truth.iter().flatten().copied().fold(f32::INFINITY, f32::min),
            run.truth.iter().flatten().copied().fold(0f32, f32::max),
            total.sqrt(),
            lasting / total,
            large,
            fine.len(),
            coarse,
            both,
            cover,
            sd(&error),
            mean(error.iter().copied()),
            mean(u),
        );
    }
    let _ = (COARSE_RANGE, FINE_RANGE, RADIOMETER_NOISE, Resolution::M36, Climate::preset("tucson"));
}
