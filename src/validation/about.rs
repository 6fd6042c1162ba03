//! What a report says of itself, and the coastlines on its map.

use ease_grid::{EaseWindow, Resolution, ease2};
use ground_stations::matching::Matched;
use loam_core::map::Coastline;
use loam_core::stack::Region;

use super::Notes;

/// Cells between two points of a line that is drawn.
const STEP: f64 = 1.0;

/// What a report says of itself besides its numbers.
#[derive(Debug, Clone, Default)]
pub struct About<'a> {
    /// Date of making, UTC: `2026-01-31`.
    pub made: String,
    /// Archives and tables of the stations.
    pub stations: Vec<String>,
    /// Regions that were predicted.
    pub regions: &'a [Region],
    /// What computed.
    pub device: String,
    /// Files of maps.
    pub maps: Vec<String>,
}

/// Names and versions that a report carries, with what made the maps.
#[must_use]
pub fn about(of: &About<'_>, notes: &Notes) -> Vec<(String, String)> {
    let entry = |name: &str, text: String| (name.to_owned(), text);
    let mut about = vec![
        entry("software", format!("Loam {}", env!("CARGO_PKG_VERSION"))),
        entry("scores", "QA4SM 4.0, pytesmo 0.18".to_owned()),
        entry("made", format!("{} (UTC)", of.made)),
        entry("stations from", of.stations.join(", ")),
    ];
    about.extend(notes.used.iter().map(|(name, words)| entry(name, words.join("; "))));
    about.push(entry("regions", of.regions.iter().map(words).collect::<Vec<_>>().join("; ")));
    about.push(entry("device", of.device.clone()));
    about.push(entry("map files", listed(&of.maps)));
    about.retain(|(_, text)| !text.is_empty());
    about
}

/// A region in words.
fn words(region: &Region) -> String {
    let w = region.window();
    format!(
        "columns {} to {}, rows {} to {}",
        w.first_column,
        w.first_column + w.columns - 1,
        w.first_row,
        w.first_row + w.rows - 1
    )
}

/// Names, and how many more.
fn listed(names: &[String]) -> String {
    const NAMED: usize = 200;
    let more = names.len().saturating_sub(NAMED);
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
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
