//! The simplest learners: interpolated SMAP plus a mean residual. They know where it is usually wetter than SMAP says, and nothing else;
//! a network that does not beat them has learnt nothing more.

use super::{Case, HISTORY};

/// Bilinear SMAP plus the mean of the known residuals of the history dates; bilinear SMAP alone where none is known. m3/m3.
#[must_use]
pub fn history_mean(case: &Case) -> Vec<f32> {
    let estimate = |(pixel, bilinear): (usize, &f32)| {
        let (sum, known) = (0..HISTORY)
            .filter_map(|n| case.residual(n, pixel))
            .fold((0f32, 0f32), |(s, n), r| (s + r, n + 1.0));
        if known > 0.0 { bilinear + sum / known } else { *bilinear }
    };
    case.bilinear.iter().enumerate().map(estimate).collect()
}

/// Sums over the training dates of what bilinear SMAP misses at each pixel, each date's own mean taken out: uRMSE is blind to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usual {
    sums: Vec<[f64; 3]>,
}

impl Usual {
    /// From the training dates; all of one region.
    #[must_use]
    pub fn of(cases: &[Case]) -> Self {
        let mut sums = vec![[0f64; 3]; cases.first().map_or(0, Case::len)];
        for case in cases {
            for (pixel, residual) in residuals(case) {
                if let Some(sum) = sums.get_mut(pixel) {
                    *sum = [sum[0] + 1.0, sum[1] + residual, sum[2] + residual * residual];
                }
            }
        }
        Self { sums }
    }

    /// (dates, mean, standard deviation) of a pixel's residual; `without` is left out of them, so that a training pixel does not see its
    /// own target.
    #[must_use]
    pub fn at(&self, pixel: usize, without: Option<f64>) -> (f64, f64, f64) {
        let [mut n, mut sum, mut squares] = self.sums.get(pixel).copied().unwrap_or_default();
        if let Some(own) = without.filter(|_| n > 0.0) {
            (n, sum, squares) = (n - 1.0, sum - own, squares - own * own);
        }
        if n < 1.0 {
            return (0.0, 0.0, 0.0);
        }
        let mean = sum / n;
        (n, mean, (squares / n - mean * mean).max(0.0).sqrt())
    }

    /// Bilinear SMAP plus the pixel's mean training residual, m3/m3.
    #[must_use]
    pub fn estimate(&self, case: &Case) -> Vec<f32> {
        case.bilinear
            .iter()
            .enumerate()
            .map(|(pixel, bilinear)| bilinear + self.at(pixel, None).1 as f32)
            .collect()
    }
}

/// What bilinear SMAP misses at each pixel that counts, less the date's mean.
pub fn residuals(case: &Case) -> Vec<(usize, f64)> {
    let all: Vec<(usize, f64)> = case
        .pixels()
        .map(|pixel| (pixel, f64::from(case.target[pixel]) - f64::from(case.bilinear[pixel])))
        .collect();
    let mean = all.iter().map(|(_, r)| r).sum::<f64>() / all.len().max(1) as f64;
    all.into_iter().map(|(pixel, r)| (pixel, r - mean)).collect()
}
