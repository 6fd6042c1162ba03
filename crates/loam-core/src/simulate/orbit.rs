//! When and where the satellites look.
//!
//! SMAP: the geometry of an 8-day repeat cycle of 117 orbits with a 1000 km swath (the mission's published orbit, from general
//! knowledge, not in formats.md), so that one overpass direction sees about half of the land each day in stripes (formats.md 2.2:
//! 202 934 of 391 384 cells in one AM) and any one place every 1 to 3 days, 2 on average; both directions together leave few days out.
//!
//! Sentinel-1: 250 km swaths on a 12-day cycle (formats.md 2.1). **Chosen**: neighbouring tracks pass 6 days apart, two of them share
//! a 100-cell region, so a place is seen every 6 days where they overlap and every 12 days elsewhere. Tracks lean as the orbit does.

use super::rng::Key;
use ease_grid::{EaseWindow, Resolution};
use smap_files::Overpass;

/// Days until SMAP's ground tracks repeat, and orbits in them.
const SMAP_CYCLE: (i64, f64) = (8, 117.0);
/// Width of SMAP's swath on the ground, km.
const SMAP_SWATH_KM: f64 = 1000.0;
/// Days until a Sentinel-1 satellite's ground tracks repeat, and orbits in them.
const SENTINEL1_CYCLE: (i64, f64) = (12, 175.0);
/// Width of the interferometric wide swath on the ground, km.
const SENTINEL1_SWATH_KM: f64 = 250.0;
/// Lean of a track on the map: columns per row; about 13 degrees off north in mid-latitudes.
const LEAN: f64 = 0.25;

/// Swaths over one region. Lengths are in 3 km cells; places are fractional indices of the global 3 km grid.
#[derive(Debug, Clone)]
pub(super) struct Orbits {
    middle: (f64, f64),
    smap_spacing: f64,
    smap_half: f64,
    smap_phase: [f64; 2],
    smap_step: f64,
    sentinel1_spacing: f64,
    sentinel1_half: f64,
    sentinel1_offset: f64,
    sentinel1_day: i64,
}

impl Orbits {
    pub(super) fn new(seed: u64, region: &EaseWindow) -> Self {
        let cell_km = Resolution::M03.cell_m() / 1000.0;
        let equator_km = Resolution::M03.columns() as f64 * cell_km;
        let (_, latitude) = region.lonlat(region.columns / 2, region.rows / 2);
        // East-west lengths on the map are stretched by cos 30 / cos lat (formats.md 2.4). Rounded, because cos comes from the
        // platform's library and the swaths must not depend on its last bit.
        let stretch = 30f64.to_radians().cos() / latitude.to_radians().cos();
        let half = |swath_km: f64| {
            (swath_km * stretch * (1.0 + LEAN * LEAN).sqrt() / cell_km / 2.0 * 64.0).round() / 64.0
        };
        let key = Key::new(seed, 0x0B17);
        let per_day = SMAP_CYCLE.1 / SMAP_CYCLE.0 as f64;
        let smap_spacing = equator_km / per_day / cell_km;
        let sentinel1_spacing = equator_km / SENTINEL1_CYCLE.1 / cell_km;
        Self {
            middle: (
                region.first_column as f64 + region.columns as f64 / 2.0,
                region.first_row as f64 + region.rows as f64 / 2.0,
            ),
            smap_spacing,
            smap_half: half(SMAP_SWATH_KM),
            smap_phase: [key.uniform(0, 0) * smap_spacing, key.uniform(1, 0) * smap_spacing],
            // 14.625 orbits a day: each day's tracks lie 0.625 of a spacing beside the day before's.
            smap_step: (per_day - per_day.floor()) * smap_spacing,
            sentinel1_spacing,
            sentinel1_half: half(SENTINEL1_SWATH_KM),
            // Half a spacing to the west of the middle, give or take 6 cells: the two tracks share the region about evenly.
            sentinel1_offset: -sentinel1_spacing / 2.0 + 12.0 * (key.uniform(2, 0) - 0.5),
            sentinel1_day: (key.uniform(3, 0) * SENTINEL1_CYCLE.0 as f64) as i64,
        }
    }

    /// Whether SMAP's swath of the day (counted from any fixed date) covers the place.
    pub(super) fn smap_sees(&self, overpass: Overpass, day: i64, column: f64, row: f64) -> bool {
        let (phase, lean) = match overpass {
            Overpass::Am => (self.smap_phase[0], -LEAN),
            Overpass::Pm => (self.smap_phase[1], LEAN),
        };
        let track = phase + day.rem_euclid(SMAP_CYCLE.0) as f64 * self.smap_step;
        let x = column - self.middle.0 - lean * (row - self.middle.1);
        distance(x - track, self.smap_spacing) <= self.smap_half
    }

    /// Which of the two alternating sets of tracks (0 or 1) passes on the day, if any.
    pub(super) fn sentinel1_pass(&self, day: i64) -> Option<usize> {
        match (day - self.sentinel1_day).rem_euclid(SENTINEL1_CYCLE.0) {
            0 => Some(0),
            6 => Some(1),
            _ => None,
        }
    }

    /// Whether a swath of the pass covers the place. Both sets descend.
    pub(super) fn sentinel1_sees(&self, pass: usize, column: f64, row: f64) -> bool {
        let track = self.sentinel1_offset + pass as f64 * self.sentinel1_spacing;
        let x = column - self.middle.0 + LEAN * (row - self.middle.1);
        distance(x - track, 2.0 * self.sentinel1_spacing) <= self.sentinel1_half
    }
}

/// Distance to the nearest multiple of `period`.
fn distance(x: f64, period: f64) -> f64 {
    let within = x.rem_euclid(period);
    within.min(period - within)
}
