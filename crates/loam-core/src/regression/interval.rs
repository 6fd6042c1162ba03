//! How sure: intervals whose width is set by how wrong earlier predictions were (best-map.md, section 4).
//!
//! Pixels of a date are not exchangeable, dates nearly are. So the share of a date's pixels within lambda sigmas counts as one observation,
//! and lambda is the smallest for which the mean share over d dates reaches `level (d + 1) / d`: the rank ceil((d + 1) level) of split
//! conformal prediction (Vovk et al. 2005), pooled over dates (Dunn, Wasserman and Ramdas 2023, "Distribution-free prediction sets for
//! two-layer hierarchical models"). A quantile within each date and then a quantile over dates, which the document proposes, covers 90 % of
//! the pixels on 90 % of the dates: more than the 90 % of pixels that is said.

/// Largest ratio told apart, and steps up to it.
const LARGEST: f32 = 10.0;
const STEPS: usize = 400;

/// Fewest dates for a calibrated interval.
pub const FEWEST_DATES: usize = 20;

/// Of normal errors 90 % lie within this many sigmas.
pub const NOMINAL_90: f32 = 1.645;

/// How many maps a prediction was made from: errors of different groups are not compared.
fn group(maps: usize) -> usize {
    match maps {
        0..=2 => 0,
        3..=9 => 1,
        _ => 2,
    }
}

/// A predicted date: how many of its pixels lie within how many sigmas.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratios {
    maps: usize,
    /// Pixels with |error| / sigma up to (n + 1) steps.
    within: Vec<u32>,
    pixels: u32,
}

impl Ratios {
    /// Of |error| / sigma of a date's pixels, the date's mean error taken out, predicted from so many maps.
    #[must_use]
    pub fn of(maps: usize, ratios: impl Iterator<Item = f32>) -> Self {
        let (mut within, mut pixels) = (vec![0u32; STEPS], 0);
        for ratio in ratios {
            pixels += 1;
            if let Some(count) = within.get_mut((ratio / LARGEST * STEPS as f32) as usize) {
                *count += 1;
            }
        }
        for at in 1..STEPS {
            within[at] += within[at - 1];
        }
        Self { maps, within, pixels }
    }

    fn share(&self, step: usize) -> f64 {
        f64::from(self.within[step]) / f64::from(self.pixels.max(1))
    }
}

/// How wide an interval is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Width {
    /// Half-width over sigma.
    pub sigmas: f32,
    /// Dates it was calibrated on; 0 for a nominal one.
    pub dates: usize,
}

impl Width {
    /// Set by earlier errors, not by a normal distribution.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.dates > 0
    }
}

/// The predicted dates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    dates: Vec<Ratios>,
}

impl Calibration {
    /// No date.
    pub const NONE: Self = Self { dates: Vec::new() };

    /// Adds a date.
    pub fn add(&mut self, ratios: Ratios) {
        if ratios.pixels > 0 {
            self.dates.push(ratios);
        }
    }

    /// Dates predicted from about as many maps.
    #[must_use]
    pub fn dates_like(&self, maps: usize) -> usize {
        self.dates.iter().filter(|ratios| group(ratios.maps) == group(maps)).count()
    }

    /// The width that covers `level` (0..1) of the pixels, for a prediction from so many maps. Nominal with fewer than [`FEWEST_DATES`].
    #[must_use]
    pub fn width(&self, level: f64, maps: usize) -> Width {
        let like: Vec<&Ratios> =
            self.dates.iter().filter(|ratios| group(ratios.maps) == group(maps)).collect();
        let dates = like.len();
        if dates < FEWEST_DATES {
            return Width { sigmas: NOMINAL_90, dates: 0 };
        }
        let wanted = (level * (dates + 1) as f64 / dates as f64).min(1.0);
        let reached = |step: &usize| {
            like.iter().map(|ratios| ratios.share(*step)).sum::<f64>() / dates as f64 >= wanted
        };
        let step = (0..STEPS).find(reached).unwrap_or(STEPS - 1);
        Width { sigmas: (step + 1) as f32 * LARGEST / STEPS as f32, dates }
    }
}
