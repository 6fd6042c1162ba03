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

/// Half-width over sigma of a 90 % interval while too few errors are known to calibrate it, for predictions from up to 2 maps, up to 9, and more.
pub type Nominal = [f32; 3];

/// As if errors were normal.
pub const NORMAL: Nominal = [NOMINAL_90; 3];

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
            // NaN as a number is 0: what is not known must not count as exactly right.
            let step = if ratio.is_nan() { STEPS } else { (ratio / LARGEST * STEPS as f32) as usize };
            if let Some(count) = within.get_mut(step) {
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

    /// Dates in it.
    #[must_use]
    pub fn dates(&self) -> usize {
        self.dates.len()
    }

    /// Of the newest dates alone, at most so many.
    #[must_use]
    pub fn newest(&self, most: usize) -> Self {
        Self { dates: self.dates[self.dates.len().saturating_sub(most)..].to_vec() }
    }

    /// The width that covers `level` (0..1) of the pixels, for a prediction from so many maps. Nominal with fewer than [`FEWEST_DATES`].
    #[must_use]
    pub fn width(&self, level: f64, maps: usize, nominal: &Nominal) -> Width {
        let like: Vec<&Ratios> =
            self.dates.iter().filter(|ratios| group(ratios.maps) == group(maps)).collect();
        let dates = like.len();
        if dates < FEWEST_DATES {
            return Width { sigmas: nominal[group(maps)], dates: 0 };
        }
        let wanted = (level * (dates + 1) as f64 / dates as f64).min(1.0);
        let reached = |step: &usize| {
            like.iter().map(|ratios| ratios.share(*step)).sum::<f64>() / dates as f64 >= wanted
        };
        let step = (0..STEPS).find(reached).unwrap_or(STEPS - 1);
        Width { sigmas: (step + 1) as f32 * LARGEST / STEPS as f32, dates }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred pixels that are (n + 0.5) / 20 sigmas off, scaled.
    fn even(maps: usize, scale: f32) -> Ratios {
        Ratios::of(maps, (0..100).map(|n| scale * (n as f32 + 0.5) / 20.0))
    }

    fn of(dates: impl Iterator<Item = Ratios>) -> Calibration {
        let mut calibration = Calibration::default();
        dates.for_each(|ratios| calibration.add(ratios));
        calibration
    }

    #[test]
    fn few_dates_and_dates_from_other_numbers_of_maps_give_a_nominal_width() {
        let (given, nominal) = ([3.0, 2.0, 1.0], |sigmas| Width { sigmas, dates: 0 });
        assert_eq!(of((0..19).map(|_| even(30, 1.0))).width(0.9, 30, &given), nominal(1.0));
        assert_eq!(of((0..40).map(|_| even(30, 1.0))).width(0.9, 9, &given), nominal(2.0));
        assert_eq!(Calibration::NONE.width(0.9, 2, &given), nominal(3.0));
        assert!(!nominal(1.0).is_calibrated());
        let known = of((0..20).map(|_| even(30, 1.0))).width(0.9, 12, &given);
        assert!(known.is_calibrated() && known.dates == 20);
    }

    /// The share counted over all dates reaches level (d + 1) / d, and a step less does not.
    #[test]
    fn the_width_is_the_smallest_that_covers_the_level_and_one_date_more() {
        for (dates, scale) in [(20, 1.0), (50, 0.4), (400, 1.7)] {
            // Dates differ: what counts is the mean share.
            let calibration = of((0..dates).map(|n| even(20, scale * if n % 2 == 0 { 0.8 } else { 1.1 })));
            let width = calibration.width(0.9, 20, &NORMAL);
            let share = |sigmas: f32| {
                let of = |factor: f32| {
                    (0..100).filter(|n| scale * factor * (*n as f32 + 0.5) / 20.0 < sigmas).count() as f64
                        / 100.0
                };
                (of(0.8) + of(1.1)) / 2.0
            };
            let wanted = 0.9 * (dates as f64 + 1.0) / dates as f64;
            assert!(share(width.sigmas) >= wanted, "{dates}: {} of {wanted}", share(width.sigmas));
            assert!(share(width.sigmas - 2.0 * LARGEST / STEPS as f32) < wanted, "{dates}: {width:?}");
        }
    }

    #[test]
    fn the_newest_dates_are_those_added_last() {
        let wide = of((0..40).map(|n| even(20, if n < 15 { 2.0 } else { 1.0 })));
        assert_eq!(wide.newest(25), of((0..25).map(|_| even(20, 1.0))));
        assert_eq!(wide.newest(90), wide);
        assert!(wide.newest(25).width(0.9, 20, &NORMAL).sigmas < wide.width(0.9, 20, &NORMAL).sigmas);
    }

    #[test]
    fn unknown_errors_lie_in_no_interval() {
        let ratios = Ratios::of(20, [0.1, f32::NAN, f32::INFINITY, 0.1].into_iter());
        assert_eq!(ratios.share(STEPS - 1), 0.5);
        let mut none = Calibration::default();
        none.add(Ratios::of(20, std::iter::empty()));
        assert_eq!(none, Calibration::NONE);
    }
}
