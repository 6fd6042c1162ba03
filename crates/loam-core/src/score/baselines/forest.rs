//! Random forest per pixel (model.md, section 3; the paper's related work [9]): smartcore's regression forest.
//!
//! It learns what bilinear SMAP misses, each date's own mean taken out as in the loss of SMEN. Its features are all that SMEN sees of the
//! pixel, and what a forest is usually given beside: position, and statistics of the training dates, in which a training pixel's own
//! target is left out. Settings are fixed in advance and never tuned on test dates.

use rayon::prelude::*;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::residuals::{Usual, residuals};
use super::{Case, HISTORY};

/// Trees in all.
pub const TREES: usize = 60;
/// Groups of trees that grow side by side.
const GROUPS: usize = 6;
/// Fewest training pixels in a leaf.
const LEAF: usize = 20;
/// Features looked at for one split: a third of them, the usual choice for regression (Breiman 2001).
const TRIED: usize = 5;
/// Training pixels; more are thinned evenly.
const MOST_PIXELS: usize = 50_000;

type Regressor = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

/// Why there is no forest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the random forest could not be grown or asked ({0}): give it more training dates")]
pub struct ForestError(String);

/// A grown forest.
#[derive(Debug)]
pub struct Forest {
    groups: Vec<Regressor>,
    usual: Usual,
}

/// Features of a pixel.
fn features(case: &Case, pixel: usize, usual: (f64, f64, f64)) -> Vec<f64> {
    let residual = |n| case.residual(n, pixel).map(f64::from);
    let known: Vec<f64> = (0..HISTORY).filter_map(residual).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let mut row = vec![
        f64::from(case.bilinear[pixel]),
        f64::from(case.coarse[pixel]) - f64::from(case.bilinear[pixel]),
    ];
    row.extend((0..HISTORY).map(|n| residual(n).unwrap_or(0.0)));
    row.extend([known.last().copied().unwrap_or(0.0), mean, known.len() as f64]);
    row.extend([usual.0, usual.1, usual.2]);
    row.extend([(pixel % case.columns) as f64, (pixel / case.columns) as f64]);
    row
}

impl Forest {
    /// Grows a forest on the training dates. The same cases and seed give the same forest.
    ///
    /// # Errors
    /// [`ForestError`], for example without a training pixel.
    pub fn fit(cases: &[Case], seed: u64) -> Result<Self, ForestError> {
        let usual = Usual::of(cases);
        let pixels: usize = cases.iter().map(Case::scored_pixels).sum();
        let stride = pixels.div_ceil(MOST_PIXELS).max(1);
        let (mut rows, mut wanted, mut at) = (Vec::new(), Vec::new(), 0usize);
        for case in cases {
            for (pixel, residual) in residuals(case) {
                if at.is_multiple_of(stride) {
                    rows.push(features(case, pixel, usual.at(pixel, Some(residual))));
                    wanted.push(residual);
                }
                at += 1;
            }
        }
        let rows = DenseMatrix::from_2d_vec(&rows).map_err(|e| ForestError(e.to_string()))?;
        let grow = |group: usize| {
            let settings = RandomForestRegressorParameters::default()
                .with_n_trees(TREES / GROUPS)
                .with_min_samples_leaf(LEAF)
                .with_m(TRIED)
                .with_seed(seed.wrapping_mul(1_000).wrapping_add(100 * group as u64));
            Regressor::fit(&rows, &wanted, settings).map_err(|e| ForestError(e.to_string()))
        };
        let groups = (0..GROUPS).into_par_iter().map(grow).collect::<Result<_, _>>()?;
        Ok(Self { groups, usual })
    }

    /// The estimate of a date on the pixels that count, m3/m3; NaN elsewhere.
    ///
    /// # Errors
    /// [`ForestError`].
    pub fn estimate(&self, case: &Case) -> Result<Vec<f32>, ForestError> {
        let mut estimate = vec![f32::NAN; case.len()];
        let pixels: Vec<usize> = case.pixels().collect();
        if pixels.is_empty() {
            return Ok(estimate);
        }
        let rows: Vec<Vec<f64>> =
            pixels.iter().map(|&pixel| features(case, pixel, self.usual.at(pixel, None))).collect();
        let rows = DenseMatrix::from_2d_vec(&rows).map_err(|e| ForestError(e.to_string()))?;
        let ask = |group: &Regressor| group.predict(&rows).map_err(|e| ForestError(e.to_string()));
        let answers: Vec<Vec<f64>> = self.groups.par_iter().map(ask).collect::<Result<_, _>>()?;
        for (n, &pixel) in pixels.iter().enumerate() {
            let mean = answers.iter().filter_map(|a| a.get(n)).sum::<f64>() / answers.len() as f64;
            estimate[pixel] = case.bilinear[pixel] + mean as f32;
        }
        Ok(estimate)
    }
}
