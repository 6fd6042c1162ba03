//! What a report says of itself, and the coastlines on its map.

use ease_grid::{EaseWindow, Resolution, ease2};
use ground_stations::matching::Matched;
use loam_core::map::Coastline;

/// Cells between two points of a line that is drawn.
const STEP: f64 = 1.0;

/// Names and versions that every report carries.
#[must_use]
pub fn software() -> Vec<(String, String)> {
    let entry = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    vec![
        entry("software", &format!("Loam {}", env!("CARGO_PKG_VERSION"))),
        entry("scores", "QA4SM 4.0, pytesmo 0.18"),
    ]
}

/// Coastlines and borders around the stations that have pairs (around all, where none has): longitudes and latitudes in degrees.
#[must_use]
pub fn coastline(lines: &Coastline, matched: &Matched) -> Vec<Vec<(f64, f64)>> {
    let with_pairs = || matched.stations.iter().filter(|station| !station.pairs.is_empty());
    let any = with_pairs().next().is_some();
    let shown = matched.stations.iter().filter(|station| !any || !station.pairs.is_empty());
    let cells: Vec<(usize, usize)> = shown.filter_map(|station| station.cell).collect();
    let bounds = |of: fn(&(usize, usize)) -> usize, all: usize| {
        let low = cells.iter().map(of).min()?;
        let high = cells.iter().map(of).max()?;
        // The map is widened to a handy shape.
        let margin = (high - low).max(100);
        Some((low.saturating_sub(margin), (high + margin + 1).min(all)))
    };
    let resolution = Resolution::M03;
    let (Some((left, right)), Some((top, bottom))) =
        (bounds(|c| c.0, resolution.columns()), bounds(|c| c.1, resolution.rows()))
    else {
        return Vec::new();
    };
    let window = EaseWindow {
        resolution,
        first_column: left,
        first_row: top,
        columns: right - left,
        rows: bottom - top,
    };
    let s = resolution.cell_m();
    let degrees = |(column, row): (f64, f64)| {
        ease2::inverse(ease2::X0 + (left as f64 + column) * s, ease2::Y0 - (top as f64 + row) * s)
    };
    let drawn = lines.in_window(&window, STEP).into_iter();
    drawn.map(|(_, points)| points.into_iter().map(degrees).collect()).collect()
}
