//! Loss curves as plain numbers: smoothing, thinning, axes.

use loam_core::map::scale::ticks_between;

/// The running mean with exponential weights, without the pull of its first value: after n values the weights are divided by
/// `1 - weight^n`. NaN stays NaN and is not remembered.
#[must_use]
pub fn smooth(values: &[f64], weight: f64) -> Vec<f64> {
    let (mut sum, mut share) = (0.0, 0.0);
    values
        .iter()
        .map(|v| {
            if !v.is_finite() {
                return f64::NAN;
            }
            sum = sum * weight + v * (1.0 - weight);
            share = share * weight + (1.0 - weight);
            sum / share
        })
        .collect()
}

/// At most about `most` points (index, value) of a long series: least and greatest of each stretch, so that no spike is lost.
#[must_use]
pub fn thin(values: &[f64], most: usize) -> Vec<(f64, f64)> {
    let stretch = values.len().div_ceil((most / 2).max(1)).max(1);
    if stretch < 3 {
        return values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
    }
    let mut out = Vec::new();
    for (n, part) in values.chunks(stretch).enumerate() {
        let at = (n * stretch) as f64;
        let finite = || part.iter().copied().filter(|v| v.is_finite());
        let (low, high) =
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if low.is_finite() {
            out.extend([(at, low), (at + stretch as f64 / 2.0, high)]);
        } else {
            out.push((at, f64::NAN));
        }
    }
    out
}

/// The range of an axis that shows all values with a little air; `None` where there is nothing to show. On a logarithmic axis only
/// values above 0 count.
#[must_use]
pub fn limits(values: impl Iterator<Item = f64>, log: bool) -> Option<(f64, f64)> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for v in values.filter(|v| v.is_finite() && (!log || *v > 0.0)) {
        (low, high) = (low.min(v), high.max(v));
    }
    if low > high {
        return None;
    }
    if log {
        return Some((low / 1.1, high * 1.1));
    }
    let air = ((high - low) * 0.06).max(high.abs() * 0.02).max(1e-6);
    Some(((low - air).max(if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY }), high + air))
}

/// Round numbers (1, 2 or 5 times a power of ten) within a range, about as many as wanted.
#[must_use]
pub fn ticks(low: f64, high: f64, wanted: usize, log: bool) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Vec::new();
    }
    if log && low > 0.0 {
        let powers = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let all: Vec<f64> = powers
            .flat_map(|p| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(p)))
            .filter(|v| (low..=high).contains(v))
            .collect();
        // Within less than a decade hardly any of these lie: then as on a linear axis.
        if all.len() >= 2 {
            return all;
        }
    }
    ticks_between(low, high, wanted)
}

/// Where a value lies between the ends of an axis, 0..1.
#[must_use]
pub fn place(value: f64, (low, high): (f64, f64), log: bool) -> f64 {
    if log { (value.ln() - low.ln()) / (high.ln() - low.ln()) } else { (value - low) / (high - low) }
}
