//! Scores of one series against another on the same pairs.

use serde::{Serialize, Serializer};

use super::bootstrap::{SAMPLES, Sequence, percentiles};
use super::distributions::{chi_squared_quantile, correlation_p, normal_quantile, t_quantile};
use super::rank::ranks;

/// Confidence of the intervals.
pub const LEVEL: f64 = 0.95;
/// Pairs from which on intervals are bootstrapped (QA4SM).
pub const FEWEST_FOR_BOOTSTRAP: usize = 100;

/// A score and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// NaN where it is undefined.
    pub value: f64,
    /// From the formula or the bootstrap; `None` where there are too few pairs, and of [`pairwise_values`].
    pub interval: Option<(f64, f64)>,
}

/// QA4SM's pairwise metrics of x (a map) and y (the station). Signs are pytesmo's: BIAS = mean(x) - mean(y).
#[derive(Debug, Clone, PartialEq)]
pub struct Pairwise {
    /// Pairs.
    pub n_obs: usize,
    /// Pearson's correlation; interval of Bonett and Wright (2000).
    pub r: Score,
    /// Its two-sided p.
    pub p_r: f64,
    /// Spearman's rank correlation; interval as for R, wider by sqrt(1 + rho^2 / 2).
    pub rho: Score,
    /// Its two-sided p.
    pub p_rho: f64,
    /// Root mean square difference; bootstrapped interval.
    pub rmsd: Score,
    /// Difference of the means; interval by Student's t.
    pub bias: Score,
    /// Root mean square difference without the bias (ubRMSD); interval by chi-squared.
    pub urmsd: Score,
    /// Mean square difference: the sum of the following three; bootstrapped intervals.
    pub mse: Score,
    /// Its part by imperfect correlation: 2 sd(x) sd(y) (1 - R).
    pub mse_corr: Score,
    /// Its part by the means: BIAS^2.
    pub mse_bias: Score,
    /// Its part by the variances: (sd(x) - sd(y))^2.
    pub mse_var: Score,
    /// Residual sum of squares.
    pub rss: f64,
}

/// Means, variances (divided by n) and covariance.
struct Moments {
    mean_x: f64,
    mean_y: f64,
    var_x: f64,
    var_y: f64,
    cov: f64,
}

impl Moments {
    /// By Welford's recursion, as pytesmo.
    fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut n, mut mean_x, mut mean_y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y) in pairs {
            n += 1.0;
            let (old_x, old_y) = (mean_x, mean_y);
            mean_x += (x - mean_x) / n;
            mean_y += (y - mean_y) / n;
            xx += (x - mean_x) * (x - old_x);
            yy += (y - mean_y) * (y - old_y);
            xy += (x - mean_x) * (y - old_y);
        }
        Self { mean_x, mean_y, var_x: xx / n, var_y: yy / n, cov: xy / n }
    }

    /// mse_corr, mse_var, mse_bias.
    fn parts(&self) -> [f64; 3] {
        let (sd_x, sd_y) = (self.var_x.sqrt(), self.var_y.sqrt());
        [
            (2.0 * sd_x * sd_y - 2.0 * self.cov).max(0.0),
            (sd_x - sd_y) * (sd_x - sd_y),
            (self.mean_x - self.mean_y) * (self.mean_x - self.mean_y),
        ]
    }

    fn correlation(&self) -> f64 {
        if self.var_x == 0.0 || self.var_y == 0.0 {
            return f64::NAN;
        }
        (self.cov / (self.var_x * self.var_y).sqrt()).clamp(-1.0, 1.0)
    }
}

/// Scores of pairs that are all numbers, with their intervals. `None` for fewer than two, or slices of different lengths.
#[must_use]
pub fn pairwise(x: &[f64], y: &[f64]) -> Option<Pairwise> {
    let (moments, mut scores) = scored(x, y)?;
    let (n_obs, n) = (x.len(), x.len() as f64);
    let alpha = 1.0 - LEVEL;
    let spread = (n / (n - 1.0) * (moments.var_x + moments.var_y - 2.0 * moments.cov)).max(0.0).sqrt();
    let delta = spread / n.sqrt() * t_quantile(1.0 - alpha / 2.0, n - 1.0);
    scores.bias.interval = Some((scores.bias.value - delta, scores.bias.value + delta));
    let squares = n * scores.urmsd.value * scores.urmsd.value;
    scores.urmsd.interval = Some((
        (squares / chi_squared_quantile(1.0 - alpha / 2.0, n - 1.0)).sqrt(),
        (squares / chi_squared_quantile(alpha / 2.0, n - 1.0)).sqrt(),
    ));
    let z = normal_quantile(1.0 - alpha / 2.0);
    let correlation = |r: f64, widening: f64| {
        let (v, half) = (r.atanh(), z * widening / (n - 3.0).sqrt());
        (r.is_finite() && n_obs > 3).then(|| ((v - half).tanh(), (v + half).tanh()))
    };
    let rho = scores.rho.value;
    scores.r.interval = correlation(scores.r.value, 1.0);
    scores.rho.interval = correlation(rho, (1.0 + rho * rho / 2.0).sqrt());
    if let Some([corr, var, bias, mse, rmsd]) = bootstrapped(x, y, alpha) {
        scores.mse_corr.interval = Some(corr);
        scores.mse_var.interval = Some(var);
        scores.mse_bias.interval = Some(bias);
        scores.mse.interval = Some(mse);
        scores.rmsd.interval = Some(rmsd);
    }
    Some(scores)
}

/// The same without intervals, which are what takes time.
#[must_use]
pub fn pairwise_values(x: &[f64], y: &[f64]) -> Option<Pairwise> {
    Some(scored(x, y)?.1)
}

/// Pearson's correlation alone; NaN where it is undefined.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    Moments::of(x.iter().copied().zip(y.iter().copied())).correlation()
}

fn scored(x: &[f64], y: &[f64]) -> Option<(Moments, Pairwise)> {
    let n_obs = x.len();
    if n_obs < 2 || y.len() != n_obs {
        return None;
    }
    let moments = Moments::of(x.iter().copied().zip(y.iter().copied()));
    let [mse_corr, mse_var, mse_bias] = moments.parts();
    let mse = mse_corr + mse_var + mse_bias;
    let (r, rho) = (moments.correlation(), correlation(&ranks(x), &ranks(y)));
    let score = |value| Score { value, interval: None };
    let scores = Pairwise {
        n_obs,
        r: score(r),
        p_r: correlation_p(r, n_obs),
        rho: score(rho),
        p_rho: correlation_p(rho, n_obs),
        rmsd: score(mse.sqrt()),
        bias: score(moments.mean_x - moments.mean_y),
        urmsd: score((mse - mse_bias).max(0.0).sqrt()),
        mse: score(mse),
        mse_corr: score(mse_corr),
        mse_bias: score(mse_bias),
        mse_var: score(mse_var),
        rss: mse * n_obs as f64,
    };
    Some((moments, scores))
}

/// Intervals of mse_corr, mse_var, mse_bias, mse and RMSD; `None` for too few pairs.
fn bootstrapped(x: &[f64], y: &[f64], alpha: f64) -> Option<[(f64, f64); 5]> {
    if x.len() < FEWEST_FOR_BOOTSTRAP {
        return None;
    }
    let mut sequence = Sequence::new(0);
    let mut samples: [Vec<f64>; 5] = std::array::from_fn(|_| Vec::with_capacity(SAMPLES));
    for _ in 0..SAMPLES {
        let drawn = (0..x.len()).map(|_| {
            let place = sequence.below(x.len());
            (x[place], y[place])
        });
        let parts = Moments::of(drawn).parts();
        let mse: f64 = parts.iter().sum();
        for (all, value) in samples.iter_mut().zip(parts.into_iter().chain([mse, mse.sqrt()])) {
            all.push(value);
        }
    }
    Some(samples.map(|mut values| percentiles(&mut values, alpha)))
}

impl Pairwise {
    /// Scores with their intervals, under QA4SM's names, in its order.
    #[must_use]
    pub fn scores(&self) -> [(&'static str, Score); 12] {
        let plain = |value| Score { value, interval: None };
        [
            ("R", self.r),
            ("p_R", plain(self.p_r)),
            ("rho", self.rho),
            ("p_rho", plain(self.p_rho)),
            ("RMSD", self.rmsd),
            ("BIAS", self.bias),
            ("urmsd", self.urmsd),
            ("mse", self.mse),
            ("mse_corr", self.mse_corr),
            ("mse_bias", self.mse_bias),
            ("mse_var", self.mse_var),
            ("RSS", plain(self.rss)),
        ]
    }
}

/// One flat object with QA4SM's names: `R`, `R_ci_lower`, `R_ci_upper`, ...; what is undefined is null.
impl Serialize for Pairwise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let known = |value: f64| value.is_finite().then_some(value);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("n_obs", &self.n_obs)?;
        for (name, score) in self.scores() {
            map.serialize_entry(name, &known(score.value))?;
            if let Some((lower, upper)) = score.interval {
                map.serialize_entry(&format!("{name}_ci_lower"), &known(lower))?;
                map.serialize_entry(&format!("{name}_ci_upper"), &known(upper))?;
            }
        }
        map.end()
    }
}
