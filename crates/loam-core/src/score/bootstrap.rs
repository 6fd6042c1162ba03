//! 95 % interval of a mean over dates, by resampling dates (model.md, section 3). Dates, not pixels: the pixels of one map share their
//! errors, so resampling pixels would give intervals far too narrow.

use crate::simulate::rng::Sequence;

/// A mean with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean over the dates.
    pub mean: f64,
    /// 2.5 % quantile of the resampled means.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
    /// Dates.
    pub dates: usize,
}

/// Percentile bootstrap of the mean: `draws` times as many dates as there are, drawn with replacement. The same seed gives the same
/// interval. `None` below 2 dates, for 0 draws, or where a value is not finite.
#[must_use]
pub fn bootstrap_mean(values: &[f64], draws: usize, seed: u64) -> Option<Interval> {
    if values.len() < 2 || draws == 0 || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let n = values.len();
    let mut random = Sequence::new(seed);
    let mut means: Vec<f64> = (0..draws)
        .map(|_| (0..n).map(|_| values.get(random.below(n)).copied().unwrap_or(0.0)).sum::<f64>() / n as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let place = q * (means.len() - 1) as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        let fraction = place - place.floor();
        Some(means.get(below)? * (1.0 - fraction) + means.get(above)? * fraction)
    };
    Some(Interval {
        mean: values.iter().sum::<f64>() / n as f64,
        low: quantile(0.025)?,
        high: quantile(0.975)?,
        dates: n,
    })
}
