//! Correlated random fields: white noise on a coarse lattice, interpolated by cubic B-splines.
//!
//! A lattice of spacing s (in 3 km cells) gives a smooth field whose correlation falls to 1/e at about 1.1 s and to 0 at 4 s. The
//! lattice is fixed to the global 3 km EASE-Grid, so a field does not depend on the window it is looked at through. The weights
//! are normalised at every cell, so the variance is 1 everywhere and no lattice shows in it.

use super::rng::Key;
use ease_grid::EaseWindow;

/// One row or column's four B-spline weights and the first node they belong to.
struct Taps {
    node: i64,
    weights: [f32; 4],
}

fn taps(first: usize, count: usize, spacing: f64, shift: f64) -> Vec<Taps> {
    (0..count)
        .map(|i| {
            let u = ((first + i) as f64 + 0.5 - shift) / spacing;
            let whole = u.floor();
            let f = u - whole;
            let g = 1.0 - f;
            let w = [
                g * g * g,
                3.0 * f * f * f - 6.0 * f * f + 4.0,
                3.0 * g * g * g - 6.0 * g * g + 4.0,
                f * f * f,
            ];
            let norm = (w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]).sqrt();
            Taps { node: whole as i64 - 1, weights: w.map(|v| (v / norm) as f32) }
        })
        .collect()
}

/// Adds `weight` times a field of variance 1 to `out` (row-major over `window`, a window of any of the grids; its cells are the
/// unit of `spacing` and `shift`). `shift` moves the whole field by (columns, rows).
pub(super) fn add(
    out: &mut [f32],
    window: &EaseWindow,
    key: Key,
    spacing: f64,
    shift: (f64, f64),
    weight: f32,
) {
    let across = taps(window.first_column, window.columns, spacing, shift.0);
    let down = taps(window.first_row, window.rows, spacing, shift.1);
    let (Some(left), Some(right), Some(top), Some(bottom)) =
        (across.first(), across.last(), down.first(), down.last())
    else {
        return;
    };
    let (nodes_x, nodes_y) = ((right.node + 4 - left.node) as usize, (bottom.node + 4 - top.node) as usize);
    let columns = window.columns;
    let mut nodes = vec![0f32; nodes_x];
    // Every lattice row, interpolated to the window's columns.
    let mut rows = vec![0f32; nodes_y * columns];
    for (j, line) in rows.chunks_exact_mut(columns).enumerate() {
        for (i, node) in nodes.iter_mut().enumerate() {
            *node = key.normal(left.node + i as i64, top.node + j as i64);
        }
        for (value, tap) in line.iter_mut().zip(&across) {
            let from = (tap.node - left.node) as usize;
            *value = nodes[from..from + 4].iter().zip(&tap.weights).map(|(n, w)| n * w).sum();
        }
    }
    for (line, tap) in out.chunks_exact_mut(columns).zip(&down) {
        let from = (tap.node - top.node) as usize * columns;
        let (a, rest) = rows[from..from + 4 * columns].split_at(columns);
        let (b, rest) = rest.split_at(columns);
        let (c, d) = rest.split_at(columns);
        let [wa, wb, wc, wd] = tap.weights.map(|w| w * weight);
        for ((((value, a), b), c), d) in line.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *value += wa * a + wb * b + wc * c + wd * d;
        }
    }
}

/// A field of variance 1 as the sum of several scales: (spacing in cells, share of the variance). The shares add up to 1.
pub(super) fn sum(window: &EaseWindow, key: Key, scales: &[(f64, f32)]) -> Vec<f32> {
    let mut out = vec![0f32; window.len()];
    for (index, &(spacing, share)) in scales.iter().enumerate() {
        add(&mut out, window, key.day(index as i64), spacing, (0.0, 0.0), share.sqrt());
    }
    out
}
