//! What tells one simulated place from another: rain, dry-down, soil, relief, masks, retrieval error.
//!
//! Every number is **chosen** so that the scenes look and score plausibly; none is fitted to a station or a granule. What is
//! anchored: the three regions and their climates (model.md, table 1), the order of their errors there (hot desert smallest), and
//! Sentinel-1's 12-day cycle (formats.md 2.1). The simulated places are not maps of the real ones.

use serde::{Deserialize, Serialize};

/// Parameters of a simulated place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Climate {
    /// As the paper names it.
    pub name: String,
    /// Probability that a day brings rain somewhere near, mean over the year (0..1).
    pub rain_days: f64,
    /// Relative amplitudes of the yearly and the half-yearly wave of that probability.
    pub rain_seasons: [f64; 2],
    /// Day of the year of the wettest time.
    pub rain_peak_day: f64,
    /// Rain on a rain day where the storm field exceeds its threshold by one standard deviation, mm.
    pub rain_mm: f32,
    /// Threshold of the storm field in standard deviations: 0 wets half of the area, 1 wets 16 %.
    pub rain_threshold: f32,
    /// Share of the storm field's variance in convective cells (about 20 km); the rest is frontal (about 150 km). 0..1.
    pub convective: f32,
    /// Rain that fills half of what the surface layer can still take, mm.
    pub half_filling_mm: f32,
    /// Dry-down: time in which moisture above the residual falls to 1/e, days, at mean texture.
    pub drydown_days: f32,
    /// Residual soil moisture at mean texture, m3/m3.
    pub residual: f32,
    /// Soil moisture of the filled layer at mean texture, m3/m3.
    pub filled: f32,
    /// How strongly soil and terrain shape moisture: 1 = the contrasts in `land.rs`.
    pub contrast: f32,
    /// Mean height, m.
    pub height_m: f32,
    /// Standard deviation of height, m.
    pub relief_m: f32,
    /// Mean yearly temperature at the mean height, degrees C.
    pub temperature: f64,
    /// Half the difference between summer and winter, K.
    pub temperature_swing: f64,
    /// Share of the region under lakes (0..1).
    pub lakes: f64,
    /// Share of the region masked as mountains.
    pub mountains: f64,
    /// Share of the region masked as dense vegetation.
    pub vegetation: f64,
    /// 3 km retrieval: standard deviation of the error that is correlated over about 15 km and new on every date, m3/m3.
    pub retrieval_error: f32,
    /// 3 km retrieval: standard deviation of the error that stays (vegetation, roughness), m3/m3. A network learns it as if it were soil.
    pub retrieval_pattern: f32,
    /// 3 km retrieval: standard deviation of speckle after averaging to 3 km, m3/m3; the same speckle is in sigma0 VV.
    pub speckle: f32,
    /// Share of Sentinel-1 passes that were acquired (0..1).
    pub acquired: f64,
    /// Share of the acquired passes from which a 3 km soil-moisture map was made; the rest leaves sigma0 only.
    pub mapped: f64,
}

impl Climate {
    /// Oklahoma City: storms in May and June, fast enough dry-down for strong contrasts, gentle relief.
    #[must_use]
    pub fn humid_subtropical() -> Self {
        Self {
            name: "humid subtropical".into(),
            rain_days: 0.30,
            rain_seasons: [0.35, 0.10],
            rain_peak_day: 155.0,
            rain_mm: 16.0,
            rain_threshold: 0.1,
            convective: 0.45,
            half_filling_mm: 14.0,
            drydown_days: 8.0,
            residual: 0.07,
            filled: 0.38,
            contrast: 1.0,
            height_m: 350.0,
            relief_m: 90.0,
            temperature: 15.5,
            temperature_swing: 12.0,
            lakes: 0.02,
            mountains: 0.01,
            vegetation: 0.03,
            retrieval_error: 0.018,
            retrieval_pattern: 0.010,
            speckle: 0.015,
            acquired: 0.95,
            mapped: 0.85,
        }
    }

    /// Tucson: a summer monsoon of isolated cells, weaker winter rain, fast dry-down, ranges between basins.
    #[must_use]
    pub fn hot_desert() -> Self {
        Self {
            name: "hot desert".into(),
            rain_days: 0.20,
            rain_seasons: [0.45, 0.55],
            rain_peak_day: 215.0,
            rain_mm: 16.0,
            rain_threshold: 0.4,
            convective: 0.70,
            half_filling_mm: 14.0,
            drydown_days: 5.0,
            residual: 0.055,
            filled: 0.32,
            contrast: 1.3,
            height_m: 1000.0,
            relief_m: 350.0,
            temperature: 20.0,
            temperature_swing: 10.0,
            lakes: 0.003,
            mountains: 0.12,
            vegetation: 0.0,
            retrieval_error: 0.013,
            retrieval_pattern: 0.007,
            speckle: 0.011,
            acquired: 0.95,
            mapped: 0.70,
        }
    }

    /// Geneva: frequent frontal rain the whole year, slow dry-down, lakes, mountains and frost.
    #[must_use]
    pub fn moderately_continental() -> Self {
        Self {
            name: "moderately continental".into(),
            rain_days: 0.40,
            rain_seasons: [0.15, 0.15],
            rain_peak_day: 140.0,
            rain_mm: 10.0,
            rain_threshold: 0.0,
            convective: 0.40,
            half_filling_mm: 16.0,
            drydown_days: 11.0,
            residual: 0.10,
            filled: 0.44,
            contrast: 0.95,
            height_m: 750.0,
            relief_m: 400.0,
            temperature: 9.5,
            temperature_swing: 9.5,
            lakes: 0.03,
            mountains: 0.22,
            vegetation: 0.06,
            retrieval_error: 0.023,
            retrieval_pattern: 0.014,
            speckle: 0.018,
            acquired: 0.95,
            mapped: 0.75,
        }
    }
}
