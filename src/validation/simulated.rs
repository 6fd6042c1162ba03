//! A network of simulated stations over a simulated scene.

use ease_grid::{EaseWindow, Resolution};
use ground_stations::simulate::{Errors, SimulatedNetwork};
use ground_stations::{Stations, time};
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{Library, MARGIN, SceneDay};

/// Stations along each edge of the region.
const ALONG: usize = 4;

/// The days of a scene, and stations on a lattice of its region that saw its truth: with errors as [`Errors::default`] says, drawn from
/// the scene's seed. `tell` hears of every day.
#[must_use]
pub fn network_over(scene: Scene, name: &str, mut tell: impl FnMut()) -> (Library, Stations) {
    let window = scene.region.window();
    let at = |n: usize, edge: usize| (2 * n + 1) * edge / (2 * ALONG);
    let places: Vec<(f64, f64)> = (0..ALONG * ALONG)
        .map(|n| window.lonlat(at(n % ALONG, window.columns), at(n / ALONG, window.rows)))
        .collect();
    let mut network = SimulatedNetwork::new(&places, Errors::default(), scene.seed);
    let kept = scene.clone();
    let mut days = Vec::with_capacity(scene.len());
    for day in Simulator::with_margin(scene, MARGIN) {
        if let Some(of) = day.truth.grid().ease_window() {
            let truth = |station: usize| {
                let (longitude, latitude) = *places.get(station)?;
                let cell = EaseWindow::around(Resolution::M03, longitude, latitude, 1, 1).ok()?;
                let column = cell.first_column.checked_sub(of.first_column)?;
                let row = cell.first_row.checked_sub(of.first_row)?;
                day.truth.at(column, row).ok().map(f64::from)
            };
            network.day(time::of_date(day.date), truth);
        }
        days.push(SceneDay::from(day));
        tell();
    }
    (Library::simulated(kept, format!("Simulated scenes: {name}"), days), network.finish())
}
