//! Area of applicability: is an input inside the range of what a network was trained on? Outside it a network extrapolates, and its
//! scores on the training region say nothing.
//!
//! The range is that of the values between the 0.5 % and the 99.5 % quantile of the training inputs: single wild pixels do not widen it. By
//! construction about 1 % of the training pixels lie outside, so an input is warned of only where clearly more do ([`WARN_SHARE`]).

use std::collections::BTreeMap;

/// Quantiles that bound a range.
const ENDS: (f64, f64) = (0.005, 0.995);
/// Share of pixels outside from which on to warn: ten times what training inputs have.
pub const WARN_SHARE: f64 = 0.10;
/// Metadata keys of a weights file.
const KEYS: [&str; 2] = ["range_i", "range_d"];

/// Ranges of a network's training inputs, m3/m3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputRange {
    /// Of I(t), SMAP.
    pub coarse: (f32, f32),
    /// Of the known residuals D.
    pub residuals: (f32, f32),
}

fn ends(mut values: Vec<f32>) -> Option<(f32, f32)> {
    values.retain(|v| v.is_finite());
    let last = values.len().checked_sub(1)?;
    // Millions of values in a browser: found by selection, not by sorting.
    let mut at =
        |q: f64| *values.select_nth_unstable_by((q * last as f64).round() as usize, f32::total_cmp).1;
    Some((at(ENDS.0), at(ENDS.1)))
}

fn share(values: impl Iterator<Item = f32>, (low, high): (f32, f32)) -> f64 {
    let (mut outside, mut all) = (0usize, 0usize);
    for value in values {
        all += 1;
        outside += usize::from(!(low..=high).contains(&value));
    }
    outside as f64 / all.max(1) as f64
}

impl InputRange {
    /// From the planes (I, D) of training samples; a residual of 0 is an unknown one and does not count. `None` without values of both.
    #[must_use]
    pub fn of<'a>(samples: impl Iterator<Item = (&'a [f32], &'a [f32])> + Clone) -> Option<Self> {
        let coarse = ends(samples.clone().flat_map(|(i, _)| i.iter().copied()).collect())?;
        let residuals = ends(samples.flat_map(|(_, d)| d.iter().copied()).filter(|d| *d != 0.0).collect())?;
        Some(Self { coarse, residuals })
    }

    /// Shares (0..1) of an input's pixels outside the range: (I, D). NaN does not count in I, zeros not in D.
    #[must_use]
    pub fn outside(&self, i: &[f32], d: &[f32]) -> (f64, f64) {
        let known = |plane: &[f32]| plane.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>();
        (
            share(known(i).into_iter(), self.coarse),
            share(known(d).into_iter().filter(|d| *d != 0.0), self.residuals),
        )
    }

    /// As entries of a weights file's metadata.
    #[must_use]
    pub fn to_metadata(&self) -> [(String, String); 2] {
        let text = |(low, high): (f32, f32)| format!("{low} {high}");
        [(KEYS[0].to_owned(), text(self.coarse)), (KEYS[1].to_owned(), text(self.residuals))]
    }

    /// From such entries; `None` where a file does not say.
    #[must_use]
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        let pair = |key: &str| {
            let (low, high) = metadata.get(key)?.split_once(' ')?;
            let (low, high) = (low.parse::<f32>().ok()?, high.parse::<f32>().ok()?);
            (low <= high).then_some((low, high))
        };
        Some(Self { coarse: pair(KEYS[0])?, residuals: pair(KEYS[1])? })
    }
}
