//! Rain and dry-down: the daily truth.
//!
//! Moisture is `residual + capacity * w`; the filling w (0..1) decays exponentially, w(t+1) = w(t) exp(-1/tau), and rain P fills the
//! share P / (P + half_filling) of what is empty. A rain day's storm field is frontal (large blobs) plus convective (small blobs that
//! move a few tens of kilometres during the day and leave streaks). **Chosen** throughout; the exponential form is the field's
//! usual description of a dry-down.

use super::climate::Climate;
use super::field;
use super::land::Land;
use super::rng::{Key, cos_turns};
use ease_grid::EaseWindow;

/// Lattice spacing of fronts, 3 km cells.
const FRONT_SPACING: f64 = 45.0;
/// Lattice spacing of convective cells, 3 km cells.
const CELL_SPACING: f64 = 6.0;
/// Positions of a moving storm that are added up over the day.
const STEPS: usize = 3;
/// Movement between two positions, 3 km cells: eastward from..to, and at most this much north or south.
const MOVE_EAST: (f64, f64) = (1.5, 5.0);
const MOVE_NORTH: f64 = 2.5;
/// Days in a year, for the seasons.
const YEAR: f64 = 365.25;
/// Sd of the day-to-day temperature, K.
const WEATHER_TEMPERATURE: f64 = 3.5;
/// Fall of temperature with height, K per km.
pub(super) const LAPSE: f64 = 6.5;
/// Ground counts as frozen below this mean temperature of the day, degrees C.
const FREEZING: f64 = -1.0;

/// The state of the surface layer, day by day.
pub(super) struct Weather {
    /// Filling 0..1.
    pub filling: Vec<f32>,
    storm: Vec<f32>,
    rain: Vec<f32>,
    occurrence: Key,
    storms: Key,
    temperature: Key,
}

impl Weather {
    pub(super) fn new(seed: u64, window: &EaseWindow) -> Self {
        let key = |purpose: u64| Key::new(seed, 0x5EA5_0000 + purpose);
        Self {
            filling: vec![0.3; window.len()],
            storm: vec![0.0; window.len()],
            rain: vec![0.0; window.len()],
            occurrence: key(1),
            storms: key(2),
            temperature: key(3),
        }
    }

    /// Whether it rains somewhere near on the day. `day_of_year` is 1..=366, `day` counts from any fixed date.
    pub(super) fn rains(&self, climate: &Climate, day: i64, day_of_year: i16) -> bool {
        let turns = (f64::from(day_of_year) - climate.rain_peak_day) / YEAR;
        let wave = 1.0
            + climate.rain_seasons[0] * cos_turns(turns)
            + climate.rain_seasons[1] * cos_turns(2.0 * turns);
        self.occurrence.day(day).uniform(0, 0) < climate.rain_days * wave
    }

    /// One day on: dry-down, then rain.
    pub(super) fn step(
        &mut self,
        climate: &Climate,
        land: &Land,
        window: &EaseWindow,
        day: i64,
        day_of_year: i16,
    ) {
        for (filling, daily) in self.filling.iter_mut().zip(&land.daily) {
            *filling *= daily;
        }
        if !self.rains(climate, day, day_of_year) {
            return;
        }
        let key = self.storms.day(day);
        let east = MOVE_EAST.0 + (MOVE_EAST.1 - MOVE_EAST.0) * key.uniform(1, -7);
        let south = MOVE_NORTH * (2.0 * key.uniform(2, -7) - 1.0);
        self.rain.fill(0.0);
        for step in 0..STEPS {
            self.storm.fill(0.0);
            let at = |factor: f64| (east * step as f64 * factor, south * step as f64 * factor);
            field::add(
                &mut self.storm,
                window,
                key.day(1),
                FRONT_SPACING,
                at(3.0),
                (1.0 - climate.convective).sqrt(),
            );
            field::add(&mut self.storm, window, key.day(2), CELL_SPACING, at(1.0), climate.convective.sqrt());
            for (rain, storm) in self.rain.iter_mut().zip(&self.storm) {
                *rain += (storm - climate.rain_threshold).max(0.0);
            }
        }
        let scale = climate.rain_mm / STEPS as f32;
        for ((filling, rain), factor) in self.filling.iter_mut().zip(&self.rain).zip(&land.rain) {
            let mm = rain * factor * scale;
            *filling += (1.0 - *filling) * mm / (mm + climate.half_filling_mm);
        }
    }

    /// Temperature of the day at the climate's mean height, degrees C. Coldest in the middle of January.
    pub(super) fn temperature(&self, climate: &Climate, day: i64, day_of_year: i16) -> f64 {
        let season = cos_turns((f64::from(day_of_year) - 15.0) / YEAR);
        climate.temperature - climate.temperature_swing * season
            + WEATHER_TEMPERATURE * f64::from(self.temperature.day(day).normal(0, 0))
    }

    /// Whether ground at a height above the mean (km) is frozen at that temperature.
    pub(super) fn frozen(temperature: f64, height_km: f32) -> bool {
        temperature - LAPSE * f64::from(height_km) < FREEZING
    }
}
