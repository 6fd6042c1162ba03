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
    values.sort_by(f32::total_cmp);
    let at = |q: f64| values.get((q * values.len().saturating_sub(1) as f64).round() as usize).copied();
    Some((at(ENDS.0)?, at(ENDS.1)?))
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

    /// Shares (0..1) of an input's pixels outside the range: (I, D).
    #[must_use]
    pub fn outside(&self, i: &[f32], d: &[f32]) -> (f64, f64) {
        (share(i.iter().copied(), self.coarse), share(d.iter().copied().filter(|d| *d != 0.0), self.residuals))
    }

    /// A warning for people, where an input lies clearly outside.
    #[must_use]
    pub fn warning(&self, i: &[f32], d: &[f32]) -> Option<String> {
        let (coarse, residuals) = self.outside(i, d);
        let (what, share, (low, high)) = if coarse >= residuals {
            ("of SMAP's values", coarse, self.coarse)
        } else {
            ("of the history's residuals", residuals, self.residuals)
        };
        (share > WARN_SHARE).then(|| {
            format!(
                "{:.0} % {what} lie outside the range these weights were trained on ({low:.2} to {high:.2} m3/m3): the estimate extrapolates \
                 there; fine-tune on this region, or judge it by its scores",
                100.0 * share
            )
        })
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
