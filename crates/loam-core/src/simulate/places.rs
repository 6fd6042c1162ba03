//! Simulated places beside the paper's three regions: those that the general weights are trained on too, and those that no weights are
//! trained on, which say what the general weights do at a place they have never seen.
//!
//! The names are of places where SMAP was validated, or of their climates' textbook examples; the scenes are no maps of them. Every number is
//! **chosen**, as those of the presets are ([`Climate`]): from the seasons, temperatures and soils that a climate of this class is known for, not
//! fitted to a station. What can be measured of them is in docs/cards.md beside the ranges of [`super::properties`].

use super::climate::Climate;
use crate::stack::{PRESETS, Preset};

const fn preset(
    key: &'static str,
    name: &'static str,
    longitude: f64,
    latitude: f64,
    climate: &'static str,
) -> Preset {
    Preset { key, name, longitude, latitude, climate }
}

/// Places that only training knows: with the three regions they make the general weights.
pub const TRAINING_PLACES: [Preset; 5] = [
    preset("tifton", "Tifton", -83.6, 31.5, "humid subtropical, rain in all seasons"),
    preset("kenaston", "Kenaston", -106.4, 51.4, "steppe"),
    preset("salamanca", "Salamanca", -5.4, 41.3, "Mediterranean"),
    preset("nagpur", "Nagpur", 79.1, 21.1, "monsoon"),
    preset("sodankyla", "Sodankyla", 26.6, 67.4, "boreal"),
];

/// Places that no weights are trained on.
pub const UNSEEN_PLACES: [Preset; 2] = [
    preset("south-fork", "South Fork", -93.4, 42.4, "humid continental, hot summer"),
    preset("niamey", "Niamey", 2.1, 13.5, "hot steppe"),
];

/// A place that has simulated scenes, by key or name, whatever the case: a preset or one of this page.
#[must_use]
pub fn place(text: &str) -> Option<Preset> {
    let wanted = text.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    Preset::find(text).or_else(|| TRAINING_PLACES.into_iter().chain(UNSEEN_PLACES).find(|p| p.key == wanted))
}

/// All places that have simulated scenes.
pub(super) fn all_places() -> impl Iterator<Item = Preset> {
    PRESETS.into_iter().chain(TRAINING_PLACES).chain(UNSEEN_PLACES)
}

/// The climate of a place of this page; `None` for another key.
pub(super) fn climate(key: &str) -> Option<Climate> {
    let name = place(key)?.climate.to_owned();
    Some(match key {
        // Little River, Georgia: sandy soil, warm, storms in summer and fronts in winter, pine woods.
        "tifton" => Climate {
            name,
            rain_days: 0.38,
            rain_seasons: [0.15, 0.10],
            rain_peak_day: 200.0,
            rain_mm: 15.0,
            rain_threshold: 0.1,
            convective: 0.55,
            half_filling_mm: 14.0,
            drydown_days: 6.5,
            residual: 0.05,
            filled: 0.34,
            contrast: 1.0,
            height_m: 100.0,
            relief_m: 25.0,
            temperature: 19.5,
            temperature_swing: 8.5,
            lakes: 0.02,
            mountains: 0.0,
            vegetation: 0.12,
            retrieval_error: 0.020,
            retrieval_pattern: 0.012,
            speckle: 0.015,
            acquired: 0.95,
            mapped: 0.80,
        },
        // The prairies of Saskatchewan: rain in early summer, frozen from November to March, flat farmland with ponds.
        "kenaston" => Climate {
            name,
            rain_days: 0.25,
            rain_seasons: [0.50, 0.10],
            rain_peak_day: 175.0,
            rain_mm: 11.0,
            rain_threshold: 0.1,
            convective: 0.50,
            half_filling_mm: 13.0,
            drydown_days: 8.0,
            residual: 0.08,
            filled: 0.42,
            contrast: 0.9,
            height_m: 580.0,
            relief_m: 40.0,
            temperature: 3.0,
            temperature_swing: 16.5,
            lakes: 0.03,
            mountains: 0.0,
            vegetation: 0.0,
            retrieval_error: 0.018,
            retrieval_pattern: 0.010,
            speckle: 0.015,
            acquired: 0.90,
            mapped: 0.80,
        },
        // The basin of the Duero: frontal rain from autumn to spring, a dry summer.
        "salamanca" => Climate {
            name,
            rain_days: 0.25,
            rain_seasons: [0.50, 0.10],
            rain_peak_day: 345.0,
            rain_mm: 12.0,
            rain_threshold: 0.0,
            convective: 0.30,
            half_filling_mm: 14.0,
            drydown_days: 7.0,
            residual: 0.06,
            filled: 0.36,
            contrast: 1.1,
            height_m: 850.0,
            relief_m: 150.0,
            temperature: 12.5,
            temperature_swing: 9.0,
            lakes: 0.005,
            mountains: 0.04,
            vegetation: 0.01,
            retrieval_error: 0.017,
            retrieval_pattern: 0.010,
            speckle: 0.014,
            acquired: 0.95,
            mapped: 0.80,
        },
        // Central India: heavy rain on most days of July and August, almost none from December to April, clay that holds much.
        "nagpur" => Climate {
            name,
            rain_days: 0.35,
            rain_seasons: [1.10, 0.20],
            rain_peak_day: 215.0,
            rain_mm: 20.0,
            rain_threshold: 0.0,
            convective: 0.60,
            half_filling_mm: 16.0,
            drydown_days: 6.0,
            residual: 0.08,
            filled: 0.44,
            contrast: 1.0,
            height_m: 310.0,
            relief_m: 90.0,
            temperature: 26.5,
            temperature_swing: 6.0,
            lakes: 0.01,
            mountains: 0.02,
            vegetation: 0.05,
            retrieval_error: 0.022,
            retrieval_pattern: 0.012,
            speckle: 0.016,
            acquired: 0.95,
            mapped: 0.80,
        },
        // Lapland: frozen half of the year, light rain on many days, forest and lakes.
        "sodankyla" => Climate {
            name,
            rain_days: 0.38,
            rain_seasons: [0.20, 0.10],
            rain_peak_day: 205.0,
            rain_mm: 9.0,
            rain_threshold: 0.0,
            convective: 0.30,
            half_filling_mm: 17.0,
            drydown_days: 10.0,
            residual: 0.10,
            filled: 0.46,
            contrast: 0.9,
            height_m: 200.0,
            relief_m: 70.0,
            temperature: -0.2,
            temperature_swing: 14.5,
            lakes: 0.05,
            mountains: 0.0,
            vegetation: 0.30,
            retrieval_error: 0.025,
            retrieval_pattern: 0.015,
            speckle: 0.018,
            acquired: 0.95,
            mapped: 0.80,
        },
        // Iowa: rain in early summer, cold winters, drained farmland.
        "south-fork" => Climate {
            name,
            rain_days: 0.32,
            rain_seasons: [0.35, 0.10],
            rain_peak_day: 165.0,
            rain_mm: 14.0,
            rain_threshold: 0.1,
            convective: 0.50,
            half_filling_mm: 15.0,
            drydown_days: 8.5,
            residual: 0.09,
            filled: 0.44,
            contrast: 0.85,
            height_m: 340.0,
            relief_m: 25.0,
            temperature: 8.5,
            temperature_swing: 15.0,
            lakes: 0.005,
            mountains: 0.0,
            vegetation: 0.02,
            retrieval_error: 0.020,
            retrieval_pattern: 0.011,
            speckle: 0.015,
            acquired: 0.95,
            mapped: 0.85,
        },
        // The Sahel: isolated storms from June to September, sand, hot and dry otherwise.
        "niamey" => Climate {
            name,
            rain_days: 0.18,
            rain_seasons: [1.00, 0.30],
            rain_peak_day: 222.0,
            rain_mm: 18.0,
            rain_threshold: 0.2,
            convective: 0.75,
            half_filling_mm: 13.0,
            drydown_days: 4.5,
            residual: 0.04,
            filled: 0.28,
            contrast: 1.1,
            height_m: 230.0,
            relief_m: 30.0,
            temperature: 29.0,
            temperature_swing: 4.0,
            lakes: 0.002,
            mountains: 0.0,
            vegetation: 0.0,
            retrieval_error: 0.014,
            retrieval_pattern: 0.008,
            speckle: 0.012,
            acquired: 0.95,
            mapped: 0.70,
        },
        _ => return None,
    })
}

impl Climate {
    /// Parameters of a place by its key: a preset region ([`crate::stack::PRESETS`]) or another simulated place ([`super::place`]).
    #[must_use]
    pub fn preset(key: &str) -> Option<Self> {
        match key {
            "oklahoma-city" => Some(Self::humid_subtropical()),
            "tucson" => Some(Self::hot_desert()),
            "geneva" => Some(Self::moderately_continental()),
            other => climate(other),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::stack::PRESETS;

    #[test]
    fn every_place_has_a_climate_and_a_region_of_its_own() {
        let all: Vec<Preset> = PRESETS.into_iter().chain(TRAINING_PLACES).chain(UNSEEN_PLACES).collect();
        for (n, one) in all.iter().enumerate() {
            assert_eq!(place(&one.name.to_uppercase()).map(|p| p.key), Some(one.key));
            assert_eq!(Climate::preset(one.key).unwrap().name, one.climate);
            let here = one.region().unwrap().window();
            for other in &all[..n] {
                let there = other.region().unwrap().window();
                let apart = |a: usize, b: usize| a.abs_diff(b) >= 100;
                assert!(
                    apart(here.first_column, there.first_column) || apart(here.first_row, there.first_row),
                    "{} meets {}",
                    one.key,
                    other.key
                );
            }
        }
        assert!(place("Atlantis").is_none());
    }
}
