//! What a band's values look like: counts, extremes, a median. Classification and scale detection rest on it, and the statistics a
//! user sees are taken from it.

use std::collections::BTreeSet;

use ease_grid::{Reason, Statistics};

/// Which stored values are no values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BandMask {
    /// The file's declared nodata value.
    pub(crate) nodata: Option<f64>,
    /// SMAP's uint8 fill 254, which its GeoTIFFs do not declare.
    pub(crate) fill_254: bool,
    /// Linear backscatter has no power where there is no image: zeros (ASF HyP3, Planetary Computer borders) and what noise
    /// removal left below zero are no values.
    pub(crate) positive: bool,
    /// Values outside are impossible (in the unit, where values are packed).
    pub(crate) range: Option<(f64, f64)>,
    /// (factor, offset) from stored values to the unit.
    pub(crate) linear: Option<(f64, f64)>,
}

/// SMAP's fill value, declared or not.
const SMAP_FILL: f64 = -9999.0;

impl BandMask {
    /// Whether a stored value counts, and if not, why.
    pub(crate) fn reason(&self, value: f64) -> Reason {
        let declared = |nodata: f64| value == nodata || value as f32 == nodata as f32;
        let fill =
            value == SMAP_FILL || self.nodata.is_some_and(declared) || (self.fill_254 && value == 254.0);
        if fill || !value.is_finite() || (self.positive && value <= 0.0) {
            Reason::NotObserved
        } else if self.range.is_some_and(|(low, high)| !(low..=high).contains(&self.physical(value))) {
            Reason::OutOfRange
        } else {
            Reason::Valid
        }
    }

    /// A stored value in its unit.
    pub(crate) fn physical(&self, value: f64) -> f64 {
        self.linear.map_or(value, |(factor, offset)| value * factor + offset)
    }
}

/// Distinct values are counted up to here: class labels have fewer.
const DISTINCT: usize = 32;
/// Values kept for the median.
const KEPT: usize = 8192;

/// Running description of a band.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    mask: BandMask,
    cells: usize,
    valid: usize,
    /// Values in 0..=1.
    unit: usize,
    negative: usize,
    min: f64,
    max: f64,
    sum: f64,
    distinct: BTreeSet<i64>,
    whole: bool,
    kept: Vec<f64>,
    every: usize,
}

impl Summary {
    pub(super) fn new(mask: BandMask) -> Self {
        Self {
            mask,
            cells: 0,
            valid: 0,
            unit: 0,
            negative: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
            distinct: BTreeSet::new(),
            whole: true,
            kept: Vec::new(),
            every: 1,
        }
    }

    pub(super) fn add(&mut self, values: &[f64]) {
        self.cells += values.len();
        for &value in values {
            if self.mask.reason(value) != Reason::Valid {
                continue;
            }
            let value = self.mask.physical(value);
            if self.valid.is_multiple_of(self.every) {
                self.kept.push(value);
                if self.kept.len() > KEPT {
                    let mut keep = false;
                    self.kept.retain(|_| {
                        keep = !keep;
                        keep
                    });
                    self.every *= 2;
                }
            }
            self.valid += 1;
            self.unit += usize::from((0.0..=1.0).contains(&value));
            self.negative += usize::from(value < 0.0);
            self.sum += value;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            if value.fract() != 0.0 {
                self.whole = false;
            } else if self.whole && self.distinct.len() <= DISTINCT {
                self.distinct.insert(value as i64);
            }
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        let some = |v: f64| (self.valid > 0).then_some(v);
        Statistics {
            valid: self.valid,
            cells: self.cells,
            min: some(self.min),
            max: some(self.max),
            mean: some(self.sum / self.valid.max(1) as f64),
        }
    }

    pub(super) fn any_valid(&self) -> bool {
        self.valid > 0
    }

    /// Largest value; minus infinity where nothing is valid.
    pub(super) fn max(&self) -> f64 {
        self.max
    }

    /// Share of the valid values in 0..=1.
    pub(super) fn unit_share(&self) -> f64 {
        self.unit as f64 / self.valid.max(1) as f64
    }

    /// Share of the valid values below zero.
    pub(super) fn negative_share(&self) -> f64 {
        self.negative as f64 / self.valid.max(1) as f64
    }

    /// Few whole numbers and nothing else.
    pub(super) fn looks_like_labels(&self) -> bool {
        self.valid > 0 && self.whole && self.distinct.len() <= DISTINCT
    }

    /// Median of the values that are not zero (zero is the border of linear backscatter).
    pub(super) fn median_nonzero(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.kept.iter().copied().filter(|v| *v != 0.0).collect();
        if values.is_empty() {
            return None;
        }
        let middle = values.len() / 2;
        Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}
