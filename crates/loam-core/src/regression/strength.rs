//! How strongly a pixel is held to its prior: L, chosen by the dates at hand.
//!
//! Estimating L as noise variance over between-pixel variance (expectation maximisation) was tried on ten simulated places: better at
//! eight, worse where few wet dates carry the slopes (Tucson 0.0273 against 0.0267, Niamey 0.0247 against 0.0241). Predicting each date
//! from those before it asks what is wanted, and was as good or better at all ten.

/// L = diag(level, wetness, change), in units of one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// Of the mean residual.
    pub level: f64,
    /// Of the slope on wetness.
    pub wetness: f64,
    /// Of the slope on its change.
    pub change: f64,
}

impl Strength {
    /// While there is nothing to choose by.
    pub const START: Self = Self { level: 4.0, wetness: 0.1, change: 0.1 };

    /// What is chosen from.
    pub const CHOICES: [Self; 12] = {
        let (levels, slopes) = ([1.5, 4.0, 10.0], [(0.03, 0.03), (0.03, 0.1), (0.1, 0.1), (0.4, 0.4)]);
        let mut choices = [Self::START; 12];
        let mut at = 0;
        while at < 12 {
            let (wetness, change) = slopes[at % 4];
            choices[at] = Self { level: levels[at / 4], wetness, change };
            at += 1;
        }
        choices
    };

    pub(super) fn held(&self) -> [f64; 3] {
        [self.level, self.wetness, self.change]
    }
}

/// Predicted dates before the first choice.
const FEWEST_DATES: usize = 4;
/// Fewest pixels of a date that count.
const FEWEST_PIXELS: usize = 30;
/// Above so many pixels every third of every third row is looked at.
const MANY_PIXELS: usize = 3000;

/// Sums of errors over the predicted dates, one a choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Strengths {
    sums: [f64; Strength::CHOICES.len()],
    dates: usize,
}

impl Strengths {
    /// A date's error under each choice; a date without enough pixels does not count.
    pub(super) fn add(&mut self, errors: [Option<f64>; Strength::CHOICES.len()]) {
        if errors.iter().all(Option::is_some) {
            self.sums.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error.unwrap_or_default());
            self.dates += 1;
        }
    }

    pub(super) fn chosen(&self) -> Strength {
        if self.dates < FEWEST_DATES {
            return Strength::START;
        }
        let best = self.sums.iter().zip(Strength::CHOICES).min_by(|a, b| a.0.total_cmp(b.0));
        best.map_or(Strength::START, |(_, strength)| strength)
    }
}

/// The pixels that a choice is judged by.
pub(super) fn thinned(columns: usize, known: &[bool]) -> Vec<usize> {
    let step = if known.len() > MANY_PIXELS { 3 } else { 1 };
    let looked = |at: usize| (at % columns) % step == step / 2 && (at / columns) % step == step / 2;
    (0..known.len()).filter(|&at| known[at] && looked(at)).collect()
}

/// Standard deviation; `None` of fewer than [`FEWEST_PIXELS`].
pub(super) fn spread_of(errors: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum, squares) =
        errors.fold((0usize, 0.0, 0.0), |(n, sum, squares), e| (n + 1, sum + e, squares + e * e));
    let mean = sum / n as f64;
    (n >= FEWEST_PIXELS).then(|| (squares / n as f64 - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_with_the_smallest_errors_answers_after_enough_dates() {
        let best = 7;
        let of = |date: usize| {
            std::array::from_fn(|choice| Some(0.01 * (choice.abs_diff(best) + date % 2) as f64 + 0.02))
        };
        let mut strengths = Strengths::default();
        for date in 0..FEWEST_DATES {
            assert_eq!(strengths.chosen(), Strength::START, "after {date}");
            strengths.add(of(date));
        }
        assert_eq!(strengths.chosen(), Strength::CHOICES[best]);
        // A date that was too small for one of the choices counts for none.
        let mut partly: [Option<f64>; 12] = [Some(0.0); 12];
        partly[best] = None;
        for _ in 0..100 {
            strengths.add(partly);
        }
        assert_eq!(strengths.chosen(), Strength::CHOICES[best]);
    }

    #[test]
    fn every_choice_is_another_one() {
        for (at, one) in Strength::CHOICES.iter().enumerate() {
            assert!(Strength::CHOICES[at + 1..].iter().all(|other| other != one), "{one:?}");
        }
        assert!(Strength::CHOICES.contains(&Strength::START));
    }

    #[test]
    fn a_large_region_is_judged_by_every_ninth_pixel_and_few_pixels_by_none() {
        assert_eq!(thinned(10, &[true; 100]).len(), 100);
        assert_eq!(thinned(60, &[true; 3600]).len(), 400);
        assert!(thinned(60, &[false; 3600]).is_empty());
        assert_eq!(spread_of((0..29).map(f64::from)), None);
        let spread = spread_of((0..30).map(|n| f64::from(n % 2))).unwrap_or_default();
        assert!((spread - 0.5).abs() < 1e-12);
    }
}
