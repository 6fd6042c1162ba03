//! How values are spread, to choose a scale by.

/// Shares of the values that a histogram leaves to its end bins: a single wild pixel must not squeeze all others into one.
const ENDS: (f64, f64) = (0.001, 0.999);

/// Counts of values in bins of one width.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Values in each bin; those beyond the edges are in the end bins.
    pub counts: Vec<u32>,
}

impl Histogram {
    /// Of the finite ones of some values, in so many bins from where they begin (or `include` does) to where they end. `None` where there are
    /// no values.
    #[must_use]
    pub fn of(mut values: Vec<f32>, include: Option<(f64, f64)>, bins: usize) -> Option<Self> {
        let (mut low, mut high) = percentiles(&mut values, ENDS)?;
        if let Some(include) = include {
            (low, high) = (low.min(include.0), high.max(include.1));
        }
        (low, high) = apart(low, high);
        let mut counts = vec![0u32; bins.max(1)];
        let last = counts.len() - 1;
        for value in values.iter().filter(|v| v.is_finite()) {
            let share = (f64::from(*value) - low) / (high - low);
            let bin = ((share * counts.len() as f64).max(0.0) as usize).min(last);
            counts[bin] += 1;
        }
        Some(Self { low, high, counts })
    }

    /// Where a value lies between the edges, 0 to 1.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The value at a share, rounded to a thousandth of the whole.
    #[must_use]
    pub fn value(&self, share: f64) -> f64 {
        let span = self.high - self.low;
        round(self.low + share.clamp(0.0, 1.0) * span, span / 1000.0, f64::round)
    }

    /// Round limits that leave a share of the values out at either end, to a bin.
    #[must_use]
    pub fn fit(&self, out: f64) -> (f64, f64) {
        let most = self.counts.iter().map(|n| f64::from(*n)).sum::<f64>() * out;
        let left_out = |counts: &mut dyn Iterator<Item = &u32>| {
            let mut sum = 0.0;
            let within = |count: &&u32| {
                sum += f64::from(**count);
                sum <= most
            };
            counts.take_while(within).count() as f64
        };
        let bin = (self.high - self.low) / self.counts.len().max(1) as f64;
        let low = self.low + left_out(&mut self.counts.iter()) * bin;
        let high = self.high - left_out(&mut self.counts.iter().rev()) * bin;
        rounded(low, high.max(low + bin))
    }
}

/// The values below which two shares of the finite ones lie: `(0.02, 0.98)` for what all but the wildest lie between. The values are moved about;
/// those that are not finite go. `None` where none is finite.
#[must_use]
pub fn percentiles(values: &mut Vec<f32>, shares: (f64, f64)) -> Option<(f64, f64)> {
    values.retain(|v| v.is_finite());
    let last = values.len().checked_sub(1)?;
    let mut at = |share: f64| {
        let n = ((share * last as f64).round() as usize).min(last);
        f64::from(*values.select_nth_unstable_by(n, f32::total_cmp).1)
    };
    Some((at(shares.0), at(shares.1)))
}

/// Limits on round numbers, no closer than they were: a hundredth of what lies between them is kept.
#[must_use]
pub fn rounded(low: f64, high: f64) -> (f64, f64) {
    let kept = (high - low) / 100.0;
    (round(low, kept, f64::floor), round(high, kept, f64::ceil))
}

/// To a power of ten, of which `kept` has one or more.
fn round(value: f64, kept: f64, to: fn(f64) -> f64) -> f64 {
    let power = kept.log10().floor();
    if !power.is_finite() {
        return value;
    }
    // Multiplied or divided by a whole number, so that 0.13 is 0.13.
    let unit = 10f64.powf(power.abs());
    let rounded = if power < 0.0 { to(value * unit) / unit } else { to(value / unit) * unit };
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Two limits with room between them: a layer of one value has a scale about it.
#[must_use]
pub fn apart(low: f64, high: f64) -> (f64, f64) {
    let room = 1e-6 * low.abs().max(high.abs()).max(1e-6);
    if high - low > room { (low, high) } else { (low - 1e5 * room, high + 1e5 * room) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_between_the_percentiles_and_what_is_to_be_seen() {
        // NumPy: np.histogram(np.arange(1000) / 1000, bins=10, range=(0, 1)) counts 100 in each.
        let mut values: Vec<f32> = (0..1000).map(|n| n as f32 / 1000.0).collect();
        values.extend([f32::NAN, f32::INFINITY]);
        let histogram = Histogram::of(values.clone(), Some((0.0, 1.0)), 10).unwrap_or_else(|| panic!("none"));
        assert_eq!((histogram.low, histogram.high), (0.0, 1.0));
        assert!(histogram.counts.iter().all(|n| (99..=101).contains(n)), "{:?}", histogram.counts);
        assert_eq!(histogram.counts.iter().sum::<u32>(), 1000, "what is not finite is not counted");
        assert_eq!(Histogram::of(vec![f32::NAN], Some((0.0, 1.0)), 10), None);
        assert_eq!((histogram.share(0.25), histogram.share(-3.0), histogram.share(9.0)), (0.25, 0.0, 1.0));
        assert_eq!((histogram.value(0.3), histogram.value(0.123_456)), (0.3, 0.123));
    }

    #[test]
    fn limits_are_fitted_to_the_bulk_of_the_values() {
        // All but 2 in 100 at either end of 0.10 to 0.30: 0.104 to 0.296, by a bin of 1/64 wider at most.
        let mut values: Vec<f32> = (0..=1000).map(|n| 0.1 + n as f32 / 5000.0).collect();
        values.push(0.0);
        let histogram = Histogram::of(values, Some((0.0, 0.5)), 64).unwrap_or_else(|| panic!("none"));
        let (low, high) = histogram.fit(0.02);
        assert!((0.088..=0.104).contains(&low) && (0.296..=0.313).contains(&high), "{low} {high}");
        // A single value has room about it.
        let one = Histogram::of(vec![0.2; 9], Some((0.0, 0.5)), 64).unwrap_or_else(|| panic!("none"));
        let (low, high) = one.fit(0.02);
        assert!(low < high && low <= 0.2 && high >= 0.2, "{low} {high}");
    }

    #[test]
    fn one_wild_value_does_not_squeeze_the_others() {
        let mut values: Vec<f32> = (0..9999).map(|n| n as f32 / 10_000.0).collect();
        values.push(1e6);
        let histogram = Histogram::of(values, None, 20).unwrap_or_else(|| panic!("none"));
        assert!(histogram.high < 1.001 && histogram.counts[19] > 400, "{histogram:?}");
    }

    #[test]
    fn percentiles_are_values_and_one_value_has_a_scale() {
        // NumPy: np.percentile(np.arange(101), [2, 98]) is [2, 98].
        let mut values: Vec<f32> = (0..=100).rev().map(|n| n as f32).collect();
        assert_eq!(percentiles(&mut values, (0.02, 0.98)), Some((2.0, 98.0)));
        assert_eq!(percentiles(&mut vec![f32::NAN], (0.02, 0.98)), None);
        let (low, high) = apart(290.0, 290.0);
        assert!(low < 290.0 && high > 290.0 && high - low < 100.0);
        let (low, high) = apart(0.0, 0.0);
        assert!(low < 0.0 && high > 0.0);
        assert_eq!(apart(0.1, 0.2), (0.1, 0.2));
        assert_eq!(rounded(0.131_9, 0.412_1), (0.131, 0.413));
        assert_eq!(rounded(-23.456, -4.321), (-23.5, -4.3));
        assert_eq!(rounded(1234.0, 98_765.0), (1200.0, 98_800.0));
    }
}
