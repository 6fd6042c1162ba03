//! Quantiles and tail probabilities of the normal, Student's t and chi-squared distributions, to about 1e-12.

/// Natural logarithm of the gamma function for x > 0 (Lanczos, g = 7, nine terms).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    for (n, term) in (1u32..).zip(TERMS) {
        sum += term / (x + f64::from(n));
    }
    let t = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Steps of a continued fraction or a series at most: they need about the square root of their largest argument.
const STEPS: u32 = 200_000;
const TINY: f64 = 1e-300;

/// The regularised incomplete beta function I_x(a, b).
pub(super) fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return if x.is_nan() { f64::NAN } else { 0.0 };
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges below the mean; above it the other tail does.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..STEPS {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / nonzero(1.0 + numerator * d);
            c = nonzero(1.0 + numerator / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * fraction
}

/// The regularised lower incomplete gamma function P(a, x).
fn gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..STEPS {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return front * sum;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for n in 1..STEPS {
        let n = f64::from(n);
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    1.0 - front * fraction
}

/// Where an increasing function passes `level`, between 0 and infinity.
fn solve(level: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while of(high) < level && high < 1e300 {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if of(middle) < level { low = middle } else { high = middle }
    }
}

/// Two-sided p of a correlation r of n pairs under no correlation: Student's t with n - 2 degrees of freedom.
pub(super) fn correlation_p(r: f64, n: usize) -> f64 {
    if r.is_nan() || n < 3 {
        return f64::NAN;
    }
    if r.abs() >= 1.0 {
        return 0.0;
    }
    let df = n as f64 - 2.0;
    let t_squared = r * r * (df / ((1.0 - r) * (1.0 + r)));
    beta(0.5 * df, 0.5, (df / (df + t_squared)).min(1.0))
}

/// Quantile of the normal distribution for p of 0.5 to 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    solve(2.0 * p - 1.0, |z| gamma(0.5, 0.5 * z * z))
}

/// Quantile of Student's t for p of 0.5 to 1.
pub(super) fn t_quantile(p: f64, df: f64) -> f64 {
    solve(2.0 * p - 1.0, |t| 1.0 - beta(0.5 * df, 0.5, df / (df + t * t)))
}

/// Quantile of chi-squared.
pub(super) fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    solve(p, |x| gamma(0.5 * df, 0.5 * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats 1.17.1: `norm.ppf`, `t.ppf`, `chi2.ppf`.
    #[test]
    fn as_scipy() {
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        for (df, t, low, high) in [
            (1.0, 12.706_204_736_174_694, 0.000_982_069_117_175_255_5, 5.023_886_187_314_888),
            (2.0, 4.302_652_729_749_462, 0.050_635_615_968_579_75, 7.377_758_908_227_871),
            (9.0, 2.262_157_162_798_205, 2.700_389_499_980_358_4, 19.022_767_798_641_63),
            (99.0, 1.984_216_951_586_417_4, 73.361_080_191_283_68, 128.421_988_643_840_3),
            (2999.0, 1.960_755_319_205_314_9, 2_849.110_243_104_465, 3_152.678_186_953_727),
            (100_000.0, 1.959_987_707_534_609_5, 99_125.373_300_647_35, 100_878.415_305_665_58),
        ] {
            near(t_quantile(0.975, df), t);
            near(chi_squared_quantile(0.025, df), low);
            near(chi_squared_quantile(0.975, df), high);
        }
    }
}
