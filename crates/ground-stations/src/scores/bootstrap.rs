//! Resampling with replacement: the same draws for everyone, so that scores compare and a run can be repeated.

/// Resamples of a bootstrap.
pub(super) const SAMPLES: usize = 1000;

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Sequence(u64);

impl Sequence {
    /// From a seed; the bootstrap's is 0.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Normal with mean 0 and variance 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let mut uniform = || ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (a, b) = (uniform(), uniform());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// What is between them lies within the interval: percentiles of the values that are numbers, interpolated linearly.
pub(super) fn percentiles(values: &mut Vec<f64>, alpha: f64) -> (f64, f64) {
    values.retain(|v| !v.is_nan());
    values.sort_by(f64::total_cmp);
    (quantile(values, alpha / 2.0), quantile(values, 1.0 - alpha / 2.0))
}

/// A quantile of sorted values, interpolated linearly; NaN of none.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() as f64 - 1.0);
    let below = at.floor().max(0.0);
    match (sorted.get(below as usize), sorted.get(below as usize + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (at - below),
        (Some(a), None) => *a,
        _ => f64::NAN,
    }
}
