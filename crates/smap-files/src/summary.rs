//! What a layer's values look like: counts, extremes, a median. Classification and scale detection rest on it, and the statistics a
//! user sees are taken from it.

use std::collections::BTreeSet;

use ease_grid::{Reason, Statistics};

use crate::values::ValueRule;

/// Distinct values are counted up to here: class labels have fewer.
const DISTINCT: usize = 32;
/// Values kept for the median.
const KEPT: usize = 8192;

/// Running description of a layer.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    rule: ValueRule,
    cells: usize,
    valid: usize,
    /// Values in 0..=1.
    unit: usize,
    negative: usize,
    zeros: usize,
    min: f64,
    max: f64,
    sum: f64,
    distinct: BTreeSet<i64>,
    whole: bool,
    kept: Vec<f64>,
    every: usize,
}

impl Summary {
    pub(crate) fn new(rule: ValueRule) -> Self {
        Self {
            rule,
            cells: 0,
            valid: 0,
            unit: 0,
            negative: 0,
            zeros: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
            distinct: BTreeSet::new(),
            whole: true,
            kept: Vec::new(),
            every: 1,
        }
    }

    pub(crate) fn add(&mut self, values: &[f64]) {
        self.cells += values.len();
        for &value in values {
            if self.rule.reason(value) != Reason::Valid {
                continue;
            }
            let value = self.rule.physical(value);
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
            self.zeros += usize::from(value == 0.0);
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

    pub(crate) fn statistics(&self) -> Statistics {
        let some = |v: f64| (self.valid > 0).then_some(v);
        Statistics {
            valid: self.valid,
            cells: self.cells,
            min: some(self.min),
            max: some(self.max),
            mean: some(self.sum / self.valid.max(1) as f64),
        }
    }

    pub(crate) fn any_valid(&self) -> bool {
        self.valid > 0
    }

    /// Values that count.
    pub(crate) fn valid(&self) -> usize {
        self.valid
    }

    /// Largest value; minus infinity where nothing is valid.
    pub(crate) fn max(&self) -> f64 {
        self.max
    }

    /// Smallest value; infinity where nothing is valid.
    pub(crate) fn min(&self) -> f64 {
        self.min
    }

    /// Share of the valid values in 0..=1.
    pub(crate) fn unit_share(&self) -> f64 {
        self.unit as f64 / self.valid.max(1) as f64
    }

    /// Share of the valid values below zero.
    pub(crate) fn negative_share(&self) -> f64 {
        self.negative as f64 / self.valid.max(1) as f64
    }

    /// Exact zeros among values that are otherwise negative: dB holds none, so they stand for no value.
    pub(crate) fn zeros_among_negatives(&self) -> bool {
        self.zeros > 0 && 2 * self.negative > self.valid - self.zeros
    }

    /// Exact zeros.
    pub(crate) fn zeros(&self) -> usize {
        self.zeros
    }

    /// Few whole numbers and nothing else.
    pub(crate) fn looks_like_labels(&self) -> bool {
        self.valid > 0 && self.whole && self.distinct.len() <= DISTINCT
    }

    /// Median of the values that are not zero (zero is the border of linear backscatter).
    pub(crate) fn median_nonzero(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.kept.iter().copied().filter(|v| *v != 0.0).collect();
        if values.is_empty() {
            return None;
        }
        let middle = values.len() / 2;
        Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}
