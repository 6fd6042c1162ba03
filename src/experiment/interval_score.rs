//! How good intervals are: how often they hold what they say, how wide they are, and the reliability curve.

use serde::Serialize;

use loam_core::estimate::Interval as MapInterval;
use loam_core::regression::interval::{Calibration, NOMINAL_90, Nominal};
use loam_core::score::baselines::Case;
use loam_core::score::{DRAW_SEED, DRAWS, bootstrap_mean};

/// Levels of the reliability curve, each with the sigmas within which so much of a normal distribution lies.
pub const LEVELS: [(f64, f32); 6] =
    [(0.5, 0.6745), (0.6, 0.8416), (0.7, 1.0364), (0.8, 1.2816), (0.9, NOMINAL_90), (0.95, 1.96)];

/// A map of a date, and half the width of its 90 % interval where the method has one.
pub struct Map {
    /// m3/m3.
    pub estimate: Vec<f32>,
    /// m3/m3.
    pub half_width: Option<Vec<f32>>,
    /// The half-width of each of [`LEVELS`] over that of 90 %.
    pub widths: [f32; LEVELS.len()],
}

impl Map {
    /// Without an interval.
    #[must_use]
    pub fn alone(estimate: Vec<f32>) -> Self {
        Self { estimate, half_width: None, widths: [0.0; LEVELS.len()] }
    }

    /// With one as wide as earlier errors say, where there are enough of them, for a map from so many maps.
    #[must_use]
    pub fn calibrated(
        estimate: Vec<f32>,
        sigma: &[f32],
        errors: &Calibration,
        maps: usize,
        nominal: &Nominal,
    ) -> Self {
        let width = errors.width(MapInterval::LEVEL, maps, nominal);
        let of = |(level, normal): (f64, f32)| {
            if width.is_calibrated() {
                errors.width(level, maps, nominal).sigmas / width.sigmas
            } else {
                normal / NOMINAL_90
            }
        };
        let half_width = sigma.iter().map(|sigma| sigma * width.sigmas).collect();
        Self { estimate, half_width: Some(half_width), widths: LEVELS.map(of) }
    }
}

/// How good an interval is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntervalScore {
    /// Share of the pixels within it, the date's mean error taken out; mean over dates.
    pub coverage90: f64,
    /// The 95 % interval of that over dates.
    pub coverage90_range: Option<[f64; 2]>,
    /// Mean whole width, m3/m3.
    pub width: f64,
    /// Continuous ranked probability score of a normal distribution of this width, m3/m3; less is better.
    pub crps: f64,
    /// The reliability curve: what is said ([`LEVELS`]) and the share of the pixels that is covered.
    pub reliability: Vec<[f64; 2]>,
}

impl IntervalScore {
    /// Of one date; `None` without pixels or without an interval.
    #[must_use]
    pub fn of(case: &Case, map: &Map) -> Option<Self> {
        let half_width = map.half_width.as_ref()?;
        let pixels: Vec<usize> = case.pixels().collect();
        let n = pixels.len() as f64;
        let error = |pixel: &usize| f64::from(map.estimate[*pixel]) - f64::from(case.target[*pixel]);
        let mean = pixels.iter().map(error).sum::<f64>() / n;
        let (mut within, mut width, mut crps) = (0.0, 0.0, 0.0);
        let mut covered = [0.0; LEVELS.len()];
        for pixel in &pixels {
            let (off, half) = ((error(pixel) - mean).abs(), f64::from(half_width[*pixel]));
            within += f64::from(u8::from(off <= half));
            for (covered, scale) in covered.iter_mut().zip(map.widths) {
                *covered += f64::from(u8::from(off <= half * f64::from(scale)));
            }
            width += 2.0 * half;
            crps += normal_crps(off, half / f64::from(NOMINAL_90));
        }
        (n > 0.0).then(|| Self {
            coverage90: within / n,
            coverage90_range: None,
            width: width / n,
            crps: crps / n,
            reliability: LEVELS.iter().zip(covered).map(|(level, covered)| [level.0, covered / n]).collect(),
        })
    }

    /// Over dates.
    #[must_use]
    pub fn mean(of: &[Self]) -> Option<Self> {
        let mean = |get: &dyn Fn(&Self) -> f64| of.iter().map(get).sum::<f64>() / of.len() as f64;
        let coverage: Vec<f64> = of.iter().map(|score| score.coverage90).collect();
        let range = bootstrap_mean(&coverage, DRAWS, DRAW_SEED).map(|range| [range.low, range.high]);
        (!of.is_empty()).then(|| Self {
            coverage90: mean(&|s| s.coverage90),
            coverage90_range: range,
            width: mean(&|s| s.width),
            crps: mean(&|s| s.crps),
            reliability: (0..LEVELS.len())
                .map(|level| [LEVELS[level].0, mean(&|s| s.reliability[level][1])])
                .collect(),
        })
    }

    /// `91.2 % (90.1 to 92.4)`.
    #[must_use]
    pub fn coverage_words(&self) -> String {
        let range = self
            .coverage90_range
            .map_or_else(String::new, |[low, high]| format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high));
        format!("{:.1} %{range}", 100.0 * self.coverage90)
    }
}

/// CRPS of a normal distribution about 0 for an observation at `off` (Gneiting and Raftery 2007, equation 21).
fn normal_crps(off: f64, sigma: f64) -> f64 {
    let z = off / sigma.max(1e-9);
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    sigma * (z * (2.0 * normal_below(z) - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt())
}

/// Share of a normal distribution below `z` >= 0 (Abramowitz and Stegun 26.2.17, error below 1e-7).
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let polynomial = t
        * (0.319_381_53
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    1.0 - (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial
}

/// The reliability curve of some methods as a picture: what is said along, what is covered upwards; the straight line holds what it says. SVG of
/// 420 x 420.
#[must_use]
pub fn reliability_svg(curves: &[(&str, Vec<[f64; 2]>)]) -> String {
    const COLOURS: [&str; 4] = ["#0b5fa5", "#b5521b", "#3c7a1f", "#7a3c8f"];
    let (left, top, size) = (60.0, 20.0, 330.0);
    let at = |[said, covered]: [f64; 2]| {
        (left + size * (said - 0.4) / 0.6, top + size * (1.0 - (covered - 0.4) / 0.6))
    };
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 420 420\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"420\" height=\"420\" fill=\"#fff\"/>\n",
    );
    for tick in [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0] {
        let ((x, y), words) = (at([tick, tick]), format!("{:.0} %", 100.0 * tick));
        let (bottom, right) = (top + size, left + size);
        svg.push_str(&format!(
            "<path d=\"M{x:.1} {top}V{bottom}M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{words}</text>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>\n",
            bottom + 16.0,
            left - 6.0,
            y + 4.0,
        ));
    }
    let ((x, y), (end_x, end_y)) = (at([0.4, 0.4]), at([1.0, 1.0]));
    svg.push_str(&format!(
        "<path d=\"M{x:.1} {y:.1}L{end_x:.1} {end_y:.1}\" stroke=\"#777\" stroke-dasharray=\"4 3\"/>\n\
         <text x=\"225\" y=\"392\" text-anchor=\"middle\">said</text>\
         <text x=\"14\" y=\"185\" transform=\"rotate(-90 14 185)\" text-anchor=\"middle\">covered</text>\n"
    ));
    for (n, ((name, curve), colour)) in curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let points: Vec<String> =
            curve.iter().map(|point| at(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        svg.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"74\" y=\"{}\" fill=\"{colour}\">{name}</text>\n",
            points.join(" "),
            42 + 18 * n,
        ));
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use loam_core::regression::interval::NORMAL;

    use super::*;

    /// scoringRules::crps_norm(0.03, 0, 0.02) and (0, 0, 1), R.
    #[test]
    fn crps_of_a_normal_distribution() {
        // sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)) with Phi(1.5) = 0.9331927987, phi(1.5) = 0.1295175957.
        assert!((normal_crps(0.03, 0.02) - 0.019_888).abs() < 1e-5, "{}", normal_crps(0.03, 0.02));
        assert!((normal_crps(0.0, 1.0) - 0.233_695).abs() < 1e-5);
    }

    /// Without enough dates the widths are those of a normal distribution; a curve that holds what it says lies on the diagonal.
    #[test]
    fn widths_of_all_levels() {
        let map = Map::calibrated(vec![0.2; 4], &[0.02; 4], &Calibration::NONE, 30, &NORMAL);
        assert_eq!(map.widths[4], 1.0);
        assert!((map.widths[0] - 0.6745 / NOMINAL_90).abs() < 1e-6);
        assert!((map.half_width.as_ref().unwrap()[0] - 0.02 * NOMINAL_90).abs() < 1e-7);
        let svg = reliability_svg(&[("made up", vec![[0.5, 0.5], [0.9, 0.9]])]);
        assert!(svg.contains("115.0,295.0 335.0,75.0"), "{svg}");
    }
}
