//! A network of simulated stations over a simulated scene.

use ease_grid::{EaseWindow, Resolution};
use ground_stations::simulate::{Errors, SimulatedNetwork};
use ground_stations::{Stations, time};
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{Library, MARGIN, SceneDay};

/// Stations along each edge of the region.
const ALONG: usize = 4;

/// Stations on a lattice of a scene's region, and the scene, a day at a time. The stations saw its truth: with errors as [`Errors::default`] says,
/// drawn from the scene's seed.
pub struct OverScene {
    places: Vec<(f64, f64)>,
    network: SimulatedNetwork,
    simulator: Simulator,
}

impl OverScene {
    /// Over the days of a scene.
    #[must_use]
    pub fn new(scene: Scene) -> Self {
        let window = scene.region.window();
        let at = |n: usize, edge: usize| (2 * n + 1) * edge / (2 * ALONG);
        let places: Vec<(f64, f64)> = (0..ALONG * ALONG)
            .map(|n| window.lonlat(at(n % ALONG, window.columns), at(n / ALONG, window.rows)))
            .collect();
        let network = SimulatedNetwork::new(&places, Errors::default(), scene.seed);
        Self { places, network, simulator: Simulator::with_margin(scene, MARGIN) }
    }

    /// Simulates the next day; `None` once all are.
    pub fn step(&mut self) -> Option<SceneDay> {
        let day = self.simulator.next()?;
        if let Some(of) = day.truth.grid().ease_window() {
            let places = &self.places;
            let truth = |station: usize| {
                let (longitude, latitude) = *places.get(station)?;
                let cell = EaseWindow::around(Resolution::M03, longitude, latitude, 1, 1).ok()?;
                let column = cell.first_column.checked_sub(of.first_column)?;
                let row = cell.first_row.checked_sub(of.first_row)?;
                day.truth.at(column, row).ok().map(f64::from)
            };
            self.network.day(time::of_date(day.date), truth);
        }
        Some(SceneDay::from(day))
    }

    /// Days to come.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.simulator.remaining()
    }

    /// The stations, once all days are simulated.
    #[must_use]
    pub fn stations(self) -> Stations {
        self.network.finish()
    }
}

/// The days of a scene and the stations over it, without pause. `tell` hears of every day.
#[must_use]
pub fn network_over(scene: Scene, name: &str, mut tell: impl FnMut()) -> (Library, Stations) {
    let (kept, mut days) = (scene.clone(), Vec::with_capacity(scene.len()));
    let mut over = OverScene::new(scene);
    while let Some(day) = over.step() {
        days.push(day);
        tell();
    }
    (Library::simulated(kept, format!("Simulated scenes: {name}"), days), over.stations())
}
