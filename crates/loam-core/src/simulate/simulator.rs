//! The simulator: one day after the other, so that whoever drives it can pause, report progress or stop between two days.

use jiff::civil::{Date, date};

use super::brightness;
use super::climate::Climate;
use super::land::{Land, region_indices};
use super::observe::{Frost, Observer};
use super::orbit::Orbits;
use super::places::{all_places, place};
use super::rng::{Key, cos_turns};
use super::weather::Weather;
use crate::stack::{Preset, Region};
use ease_grid::{EaseWindow, Edges, Raster, Reason, Resolution};
use smap_files::Overpass;

/// First default date.
pub const FIRST: Date = date(2016, 1, 1);
/// Last default date: 2016 and 2017 to train, 2018 to test (model.md).
pub const LAST: Date = date(2018, 12, 31);
/// Day 0 of the simulator's clock. Orbits and weather hang on it, not on the first date asked for.
const EPOCH: Date = date(2015, 1, 1);
/// Days simulated before the first date, so that the ground has forgotten its made-up initial state (at least 5 dry-down times).
const SPIN_UP: i64 = 90;
/// Days of the year whose growing season is at its height.
const HIGH_SUMMER: f64 = 196.0;
/// A 3 km map or backscatter that covers less of the region than this is not made (0..1).
const SMALLEST_COVER: f64 = 0.02;

/// What to simulate. Two scenes that are equal give the same bits on every platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Which 3 km cells.
    pub region: Region,
    /// What kind of place.
    pub climate: Climate,
    /// Everything random hangs on it.
    pub seed: u64,
    /// First date.
    pub first: Date,
    /// Last date.
    pub last: Date,
}

impl Scene {
    /// A place with its climate and the default dates: a preset region or another simulated place ([`super::place`]); `None` for an unknown name.
    #[must_use]
    pub fn preset(name: &str, seed: u64) -> Option<Self> {
        let preset = place(name)?;
        let climate = Climate::preset(preset.key)?;
        let region = preset.region().ok()?;
        Some(Self { region, climate, seed, first: FIRST, last: LAST })
    }

    /// The place it is of, whatever its seed and dates; `None` for a region or a climate of its own.
    #[must_use]
    pub fn place(&self) -> Option<Preset> {
        let own = |place: &Preset| {
            Self::preset(place.key, self.seed)
                .is_some_and(|known| known.region == self.region && known.climate == self.climate)
        };
        all_places().find(own)
    }

    /// One sentence for file lists, tags and figures.
    #[must_use]
    pub fn description(&self) -> String {
        let window = self.region.window();
        format!(
            "SIMULATED scene, not observed: {} climate, {} x {} cells of 3 km, {} to {}, seed {}",
            self.climate.name, window.columns, window.rows, self.first, self.last, self.seed
        )
    }

    /// Days in it; 0 where the last date lies before the first.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(day_number(self.last) - day_number(self.first) + 1).unwrap_or(0)
    }

    /// True for a scene without a day.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One simulated day. Coarse rasters lie on the 36 km cells that cover the region and its margin ([`Simulator::with_margin`]), all others on
/// the 3 km cells of both.
#[derive(Debug, Clone)]
pub struct SimulatedDay {
    /// The date.
    pub date: Date,
    /// True soil moisture, m3/m3; masked under lakes only. No satellite sees this.
    pub truth: Raster,
    /// SMAP's 6 am footprints, m3/m3; `None` where the swath misses the whole region.
    pub am: Option<Raster>,
    /// SMAP's 6 pm footprints.
    pub pm: Option<Raster>,
    /// The 3 km map, m3/m3.
    pub fine: Option<Raster>,
    /// Backscatter VV, dB.
    pub vv: Option<Raster>,
    /// Backscatter VH, dB.
    pub vh: Option<Raster>,
}

impl SimulatedDay {
    /// The day's footprints: am, and pm where am saw nothing; `None` where neither saw anything.
    #[must_use]
    pub fn coarse(&self) -> Option<Raster> {
        let (Some(am), Some(pm)) = (&self.am, &self.pm) else {
            return self.am.clone().or_else(|| self.pm.clone());
        };
        let (grid, mut values, mut reasons) = am.clone().into_parts();
        for (i, (value, reason)) in values.iter_mut().zip(&mut reasons).enumerate() {
            if *reason == Reason::NoSmap {
                *value = pm.values()[i];
                *reason = pm.reasons()[i];
            }
        }
        Raster::new(grid, values, reasons).ok()
    }

    /// Which overpass each cell of [`SimulatedDay::coarse`] is of: 0 for 6 am, 1 for 6 pm.
    #[must_use]
    pub fn overpass(&self) -> Option<Raster> {
        let coarse = self.coarse()?;
        let of_am = |i: usize| self.am.as_ref().is_some_and(|am| am.reasons()[i] != Reason::NoSmap);
        let values = (0..coarse.values().len()).map(|i| if of_am(i) { 0.0 } else { 1.0 }).collect();
        Raster::new(coarse.grid().clone(), values, coarse.reasons().to_vec()).ok()
    }

    /// The footprints laid on the region's 3 km cells, each cell with the value or mask of the 36 km cell it lies in.
    #[must_use]
    pub fn coarse_on_fine_cells(&self, region: &Region) -> Option<Raster> {
        let coarse = self.coarse()?;
        let window = region.window();
        let first = coarse.grid().ease_window()?;
        let (mut values, mut reasons) = (Vec::with_capacity(window.len()), Vec::with_capacity(window.len()));
        for row in 0..window.rows {
            for column in 0..window.columns {
                let (c, r) = (
                    (window.first_column + column) / 12 - first.first_column,
                    (window.first_row + row) / 12 - first.first_row,
                );
                let cell = coarse.at(c, r);
                values.push(cell.unwrap_or(f32::NAN));
                reasons.push(cell.err().unwrap_or(Reason::Valid));
            }
        }
        Raster::new(window.grid(), values, reasons).ok()
    }
}

/// Brightness temperature and land surface temperature of a day, K.
#[derive(Debug, Clone, PartialEq)]
pub struct Brightness {
    /// The 3 km cells: [`Simulator::truth_window`], which is made of whole 36 km cells.
    pub window: EaseWindow,
    /// TB V of every 3 km cell, without noise.
    pub v: Vec<f32>,
    /// TB H of every 3 km cell, without noise.
    pub h: Vec<f32>,
    /// Land surface temperature of every 3 km cell.
    pub surface: Vec<f32>,
    /// TB V and H of the 36 km footprints, noise included.
    pub footprints: [Vec<f32>; 2],
}

/// Runs a scene. An iterator: nothing is computed before [`Iterator::next`] asks for a day.
pub struct Simulator {
    scene: Scene,
    /// The region and its margin.
    made: EaseWindow,
    window: EaseWindow,
    coarse: EaseWindow,
    land: Land,
    weather: Weather,
    orbits: Orbits,
    observer: Observer,
    passes: Key,
    truth: Vec<f32>,
    frozen: Vec<bool>,
    /// The day to be made next.
    day: i64,
    end: i64,
}

impl Simulator {
    /// Prepares a scene: static maps, orbits, and the ground's state before the first date.
    #[must_use]
    pub fn new(scene: Scene) -> Self {
        Self::with_margin(scene, 0)
    }

    /// The same, with rasters that reach this many 3 km cells beyond the region on each side. Nothing inside the region changes: all fields
    /// are those of the global grid, and what depends on a region (swaths, shares of masks, which maps are worth making) hangs on the
    /// scene's own.
    #[must_use]
    pub fn with_margin(scene: Scene, margin: usize) -> Self {
        let region = scene.region.window();
        let made = region.widened(&Edges::all(margin));
        let coarse = made.covering(Resolution::M36);
        let window = coarse.covering(Resolution::M03);
        let (first, end) = (day_number(scene.first), day_number(scene.last) + 1);
        let mut simulator = Self {
            made,
            window,
            coarse,
            land: Land::new(&scene.climate, scene.seed, &window, &region),
            weather: Weather::new(scene.seed, &window),
            orbits: Orbits::new(scene.seed, &region),
            observer: Observer::new(scene.seed),
            passes: Key::new(scene.seed, 0x9A55),
            truth: vec![0.0; window.len()],
            frozen: vec![false; window.len()],
            day: first - SPIN_UP,
            end,
            scene,
        };
        while simulator.day < first.min(end) {
            simulator.ground();
            simulator.day += 1;
        }
        simulator
    }

    /// What is simulated.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// The window the truth is made on: the region and its margin, widened to whole 36 km cells.
    #[must_use]
    pub fn truth_window(&self) -> EaseWindow {
        self.window
    }

    /// True soil moisture of the last day made, m3/m3, over [`Simulator::truth_window`], lakes included (as if they were land).
    #[must_use]
    pub fn truth(&self) -> &[f32] {
        &self.truth
    }

    /// Why a cell of [`Simulator::truth_window`] is masked on every date, or `Valid`.
    #[must_use]
    pub fn land_reasons(&self) -> &[Reason] {
        &self.land.reason
    }

    /// Brightness temperature and land surface temperature of the last day made; none before the first.
    #[must_use]
    pub fn brightness(&self) -> Option<Brightness> {
        let day = self.day - 1;
        let day_of_year = EPOCH.saturating_add(jiff::Span::new().days(day)).day_of_year();
        if self.truth.iter().all(|v| *v == 0.0) {
            return None;
        }
        let air = self.weather.temperature(&self.scene.climate, day, day_of_year);
        let n = self.window.len();
        let zeros = || vec![0.0; n];
        let mut made = Brightness {
            window: self.window,
            v: zeros(),
            h: zeros(),
            surface: zeros(),
            footprints: [Vec::new(), Vec::new()],
        };
        for i in 0..n {
            let height = f64::from(self.land.height_km[i]);
            let surface = brightness::surface_temperature(
                air - super::weather::LAPSE * height,
                self.weather.filling[i],
            );
            let (v, h) = brightness::tau_omega(
                f64::from(self.truth[i]),
                surface,
                brightness::vwc(self.land.vegetation[i]),
            );
            (made.v[i], made.h[i], made.surface[i]) = (v as f32, h as f32, surface as f32);
        }
        for (n, (footprints, plane)) in made.footprints.iter_mut().zip([&made.v, &made.h]).enumerate() {
            let noise = Key::new(self.scene.seed, 0xB216 + n as u64).day(day);
            for row in 0..self.coarse.rows {
                for column in 0..self.coarse.columns {
                    let cells = (0..144).filter_map(|k| {
                        plane.get((row * 12 + k / 12) * self.window.columns + column * 12 + k % 12)
                    });
                    let mean = cells.map(|v| f64::from(*v)).sum::<f64>() / 144.0;
                    let at =
                        ((self.coarse.first_column + column) as i64, (self.coarse.first_row + row) as i64);
                    footprints.push(mean as f32 + brightness::TB_NOISE * noise.normal(at.0, at.1));
                }
            }
        }
        Some(made)
    }

    /// Lets the next day pass without observing it, for who only wants [`Simulator::brightness`] of a later one. False after the last day.
    pub fn pass(&mut self) -> bool {
        if self.day >= self.end {
            return false;
        }
        self.ground();
        self.day += 1;
        true
    }

    /// The day that comes next.
    #[must_use]
    pub fn next_date(&self) -> Date {
        self.date()
    }

    /// Days still to come.
    #[must_use]
    pub fn remaining(&self) -> usize {
        usize::try_from(self.end - self.day).unwrap_or(0)
    }

    fn date(&self) -> Date {
        EPOCH.saturating_add(jiff::Span::new().days(self.day))
    }

    /// Moves the ground on to `self.day`.
    fn ground(&mut self) -> i16 {
        let day_of_year = self.date().day_of_year();
        self.weather.step(&self.scene.climate, &self.land, &self.window, self.day, day_of_year);
        day_of_year
    }

    fn observe(&mut self, day_of_year: i16) -> Option<SimulatedDay> {
        let (day, climate) = (self.day, &self.scene.climate);
        let (window, region, coarse) = (&self.window, &self.made, &self.coarse);
        for (((truth, residual), capacity), filling) in
            self.truth.iter_mut().zip(&self.land.residual).zip(&self.land.capacity).zip(&self.weather.filling)
        {
            *truth = residual + capacity * filling;
        }
        let temperature = self.weather.temperature(climate, day, day_of_year);
        let mut any_frozen = false;
        for (frozen, height) in self.frozen.iter_mut().zip(&self.land.height_km) {
            *frozen = Weather::frozen(temperature, *height);
            any_frozen |= *frozen;
        }
        let frost = Frost(any_frozen.then_some(self.frozen.as_slice()));
        let land = (&self.land, &frost);

        let sees = |overpass, column, row| self.orbits.smap_sees(overpass, day, column, row);
        let footprints = |number, overpass| {
            let (values, reasons) =
                self.observer.footprints(number, day, (window, coarse), &self.truth, land, |column, row| {
                    sees(overpass, column, row)
                });
            let seen = reasons.iter().any(|r| *r != Reason::NoSmap);
            Raster::new(coarse.grid(), values, reasons).ok().filter(|_| seen)
        };
        let (am, pm) = (footprints(0, Overpass::Am), footprints(1, Overpass::Pm));

        let luck = self.passes.day(day);
        let pass = self.orbits.sentinel1_pass(day).filter(|_| luck.uniform(0, 0) < climate.acquired);
        let (mut fine, mut vv, mut vh) = (None, None, None);
        if let Some(pass) = pass {
            let swath = |column, row| self.orbits.sentinel1_sees(pass, column, row);
            let season = cos_turns((f64::from(day_of_year) - HIGH_SUMMER) / 365.25) as f32;
            let ([v, h], reasons) = self.observer.backscatter(
                climate,
                (day, season),
                (window, region),
                &self.truth,
                &self.land,
                swath,
            );
            let own = self.scene.region.window();
            let enough = |r: &Raster| {
                r.cropped(&own)
                    .is_ok_and(|inside| inside.valid_count() as f64 >= SMALLEST_COVER * own.len() as f64)
            };
            vv = Raster::new(region.grid(), v, reasons.clone()).ok().filter(enough);
            vh = Raster::new(region.grid(), h, reasons).ok().filter(enough);
            if luck.uniform(1, 0) < climate.mapped {
                let from = |column: usize, row: usize| {
                    if !swath(column as f64 + 0.5, row as f64 + 0.5) {
                        return Err(Reason::NoSentinel1);
                    }
                    // SMAP sees or misses whole 36 km cells.
                    let centre36 = |index: usize| (index / 12 * 12) as f64 + 6.0;
                    let (column, row) = (centre36(column), centre36(row));
                    let seen = [Overpass::Am, Overpass::Pm]
                        .into_iter()
                        .position(|overpass| sees(overpass, column, row));
                    seen.ok_or(Reason::NoSmap)
                };
                let (values, reasons) =
                    self.observer.retrieval(climate, day, (window, region), &self.truth, land, from);
                fine = Raster::new(region.grid(), values, reasons).ok().filter(enough);
            }
        }
        let (truth, reasons) = region_indices(window, region)
            .map(|i| {
                let reason = self.land.reason[i];
                (self.truth[i], if reason == Reason::Water { reason } else { Reason::Valid })
            })
            .unzip();
        let truth = Raster::new(region.grid(), truth, reasons).ok()?;
        Some(SimulatedDay { date: self.date(), truth, am, pm, fine, vv, vh })
    }
}

impl Iterator for Simulator {
    type Item = SimulatedDay;

    fn next(&mut self) -> Option<SimulatedDay> {
        if self.day >= self.end {
            return None;
        }
        let day_of_year = self.ground();
        let day = self.observe(day_of_year);
        self.day += 1;
        day
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

fn day_number(date: Date) -> i64 {
    i64::from(EPOCH.until(date).map_or(0, |span| span.get_days()))
}
