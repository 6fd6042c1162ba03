//! Pixel regression (best-map.md, section 1): what bilinear SMAP misses at a pixel, from the pixel's own past. In closed form: nothing is
//! trained, a new date costs one pass, and any region has it at once.
//!
//! ```text
//! r(p, t) = J - B                         3 km map less bilinear SMAP, the date's mean over its valid pixels taken out
//! x(p, t) = [1, W, dW]                    W = B smoothed (8 cells) - 0.2;  dW = (B - E) smoothed (4 cells)
//!                                         E = exponential mean of B over SMAP's days, time constant 6 days
//! F                                       SMAP of all days so far, filtered; kappa: the share of F - B that 3 km maps follow
//! theta(p) = argmin  sum over earlier dates of (r - kappa (F - B) - theta.x)^2 + (theta - theta0)' L (theta - theta0)
//! theta0 = [mean residual of the neighbourhood (Gaussian, 1.5 cells), shrunk by n / (n + 1); slopes of the whole region]
//! estimate = B + kappa (F - B) + theta.x + mean level     spread^2 = x' (X'X + L)^-1 x
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`filter`] | F: a Kalman filter of each of SMAP's cells |
//! | `smap` | SMAP of a day without gaps |
//! | `observed` | W, dW and E; a 3 km map as its residual |
//! | this one | sums of every pixel, and a date predicted from them |
//! | `strength` | L, chosen by the dates at hand |
//! | [`interval`] | how wide an interval is |
//!
//! L, how strongly a pixel is held to its prior, belongs to the data: every date is predicted from those before it under each of twelve
//! choices, and the choice whose predictions were best answers (`strength`). The same predictions say how wrong a pixel usually is
//! ([`interval`]). Kappa is chosen by least squares on the same predictions: a 3 km map made from the day's SMAP inherits a part of its
//! noise, and which part the files do not say.

mod days;
pub mod filter;
pub mod interval;
mod observed;
mod smap;
mod smooth;
mod solve;
mod strength;

use std::collections::VecDeque;

pub use days::days_between;
pub use observed::{Mapped, Observed, SmapMemory, Wetness};
pub use smap::SmapPlanes;
pub use smooth::gaussian;
pub use strength::Strength;

use interval::{Calibration, Ratios};
use solve::{Symmetric, inverse, quadratic, times};
use strength::Strengths;

/// Smoothing of the neighbourhood's mean residual, cells.
const NEIGHBOURHOOD_SIGMA: f32 = 1.5;
/// Share of a map that a neighbourhood must know for a mean of its own.
const LEAST_KNOWN: f32 = 0.05;
/// The slopes of the whole region are held to 0 by this much a pixel: one map alone must not make them large.
const SLOPES_HELD: f64 = 1e-3;
/// Maps after which half of the mean level is believed.
const LEVEL_HELD: f64 = 4.0;
/// Predicted dates after which a pixel's own errors weigh as much as the region's.
const OWN_ERRORS_HELD: f64 = 5.0;
/// Share of the residuals' variance that is error while no date was predicted: texture that does not come again.
const FIRST_ERROR_SHARE: f64 = 0.7;
/// Dates that count as predicted with that share.
const FIRST_ERRORS: f64 = 2.0;
/// Predicted dates after which half of kappa is believed.
const KAPPA_HELD: f64 = 1.0;
/// Maps kept whole, the newest.
pub const RECENT: usize = 4;

/// A date predicted from those before it.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// B + kappa (F - B) + theta.x + mean level, m3/m3.
    pub estimate: Vec<f32>,
    /// kappa (F - B), m3/m3.
    pub filtered: Vec<f32>,
    /// theta.x, m3/m3.
    pub residual: Vec<f32>,
    /// The three parts of it: theta times [1, W, dW].
    pub parts: [Vec<f32>; 3],
    /// Square root of x' (X'X + L)^-1 x: 1 is the error of a single map.
    pub spread: Vec<f32>,
    /// One standard deviation of the error, the date's mean error taken out, m3/m3; before calibration.
    pub sigma: Vec<f32>,
    /// x.
    pub wetness: Wetness,
}

/// Sums over the maps of a pixel.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    xx: Symmetric,
    xr: [f64; 3],
    /// Predicted dates, and the sum of their squared errors over 1 + spread^2.
    predicted: f64,
    errors: f64,
}

impl Sums {
    fn maps(&self) -> f64 {
        self.xx[0]
    }
}

/// theta0 of every pixel.
struct Prior {
    level: Vec<f32>,
    slopes: [f64; 2],
}

impl Prior {
    fn at(&self, pixel: usize) -> [f64; 3] {
        [f64::from(self.level[pixel]), self.slopes[0], self.slopes[1]]
    }
}

/// The regression of every pixel of a region, after some dates.
#[derive(Debug, Clone)]
pub struct PixelRegression {
    columns: usize,
    sums: Vec<Sums>,
    recent: VecDeque<Mapped>,
    maps: usize,
    /// Sum of the maps' mean residuals.
    levels: f64,
    /// Sum of the maps' mean squared residuals.
    squares: f64,
    /// Sum over predicted dates of the mean squared error over 1 + spread^2.
    errors: f64,
    /// Over predicted dates, means of (F - B) times what theta.x left, and of (F - B)^2; less their means over the date.
    filtered: [f64; 2],
    strengths: Strengths,
    calibration: Calibration,
}

impl PixelRegression {
    /// Before any date, for a region of so many columns and pixels.
    #[must_use]
    pub fn new(columns: usize, pixels: usize) -> Self {
        Self {
            columns,
            sums: vec![Sums::default(); pixels],
            recent: VecDeque::with_capacity(RECENT),
            maps: 0,
            levels: 0.0,
            squares: 0.0,
            errors: 0.0,
            filtered: [0.0; 2],
            strengths: Strengths::default(),
            calibration: Calibration::default(),
        }
    }

    /// 3 km maps that went in.
    #[must_use]
    pub fn maps(&self) -> usize {
        self.maps
    }

    /// The newest maps, oldest first; at most [`RECENT`].
    #[must_use]
    pub fn recent(&self) -> &VecDeque<Mapped> {
        &self.recent
    }

    /// How strongly pixels are held to their prior.
    #[must_use]
    pub fn strength(&self) -> Strength {
        self.strengths.chosen()
    }

    /// The share of F - B that 3 km maps follow, 0..1.
    #[must_use]
    pub fn kappa(&self) -> f64 {
        let ([product, square], dates) = (self.filtered, self.calibration.dates() as f64);
        let found = if square > 0.0 { product / square } else { 0.0 };
        found.clamp(0.0, 1.0) * dates / (dates + KAPPA_HELD)
    }

    /// How far its predictions of the dates so far were off.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Maps that a pixel is known from.
    #[must_use]
    pub fn maps_of(&self, pixel: usize) -> f32 {
        self.sums[pixel].maps() as f32
    }

    /// The mean of a pixel's residuals, m3/m3; 0 without any.
    #[must_use]
    pub fn mean_residual(&self, pixel: usize) -> f32 {
        (self.sums[pixel].xr[0] / self.sums[pixel].maps().max(1.0)) as f32
    }

    /// Adds the next 3 km map. Dates come in order.
    pub fn add(&mut self, observed: &Observed) {
        let wetness = &observed.wetness;
        let (mapped, level) = observed.without_noise(self.kappa());
        if self.maps > 0 {
            self.learn_from_prediction(wetness, &mapped);
        }
        let mut squares = 0.0;
        for pixel in mapped.pixels() {
            let ([one, w, d], r) = (wetness.x(pixel), f64::from(mapped.residual[pixel]));
            let sums = &mut self.sums[pixel];
            for (sum, term) in sums.xx.iter_mut().zip([one, w, d, w * w, w * d, d * d]) {
                *sum += term;
            }
            for (sum, term) in sums.xr.iter_mut().zip([r, w * r, d * r]) {
                *sum += term;
            }
            squares += r * r;
        }
        self.maps += 1;
        self.levels += f64::from(level);
        self.squares += squares / mapped.pixels().count().max(1) as f64;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(mapped);
    }

    /// The date as it would have been predicted, before it goes in: which strength is best, and how wrong the predictions are.
    fn learn_from_prediction(&mut self, wetness: &Wetness, mapped: &Mapped) {
        let Mapped { residual, known, .. } = mapped;
        let prior = self.prior();
        let thinned = strength::thinned(self.columns, known);
        let error = |strength: &Strength| {
            let of = |&pixel: &usize| {
                self.solved(pixel, &prior, strength, wetness.x(pixel)).0 - f64::from(residual[pixel])
            };
            strength::spread_of(thinned.iter().map(of))
        };
        let errors = Strength::CHOICES.map(|strength| error(&strength));
        let chosen = self.strengths.chosen();
        let (mut off, mut spreads) = (Vec::new(), Vec::new());
        let pixels: Vec<usize> = mapped.pixels().collect();
        for &pixel in &pixels {
            let (estimate, spread, _) = self.solved(pixel, &prior, &chosen, wetness.x(pixel));
            off.push(estimate - f64::from(residual[pixel]));
            spreads.push(spread);
        }
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        self.learn_kappa(wetness, &pixels, &off);
        let noise = self.noise();
        let ratios = pixels.iter().zip(off.iter().zip(&spreads)).map(|(&pixel, (off, spread))| {
            ((off - mean).abs() / (self.variance(pixel, noise) * (1.0 + spread)).sqrt()) as f32
        });
        self.calibration.add(Ratios::of(self.maps, ratios));
        self.strengths.add(errors);
        let mut sum = 0.0;
        for (&pixel, (off, spread)) in pixels.iter().zip(off.iter().zip(&spreads)) {
            let square = (off - mean).powi(2) / (1.0 + spread);
            let sums = &mut self.sums[pixel];
            (sums.predicted, sums.errors) = (sums.predicted + 1.0, sums.errors + square);
            sum += square;
        }
        self.errors += sum / pixels.len() as f64;
    }

    /// `off`: theta.x less what was left of the residual after the present kappa.
    fn learn_kappa(&mut self, wetness: &Wetness, pixels: &[usize], off: &[f64]) {
        let (kappa, n) = (self.kappa(), pixels.len() as f64);
        let of = |pixel: &usize| f64::from(wetness.filtered[*pixel]);
        let mean = pixels.iter().map(of).sum::<f64>() / n;
        for (pixel, off) in pixels.iter().zip(off) {
            let filtered = of(pixel) - mean;
            self.filtered[0] += filtered * (kappa * filtered - off) / n;
            self.filtered[1] += filtered * filtered / n;
        }
    }

    /// Variance of a map's error where the pixel is known perfectly, (m3/m3)^2: of the region.
    fn noise(&self) -> f64 {
        let first = FIRST_ERROR_SHARE * self.squares / self.maps.max(1) as f64;
        let predicted = self.maps.saturating_sub(1) as f64;
        (FIRST_ERRORS * first + self.errors) / (FIRST_ERRORS + predicted)
    }

    /// The same of a pixel.
    fn variance(&self, pixel: usize, noise: f64) -> f64 {
        let sums = &self.sums[pixel];
        (OWN_ERRORS_HELD * noise + sums.errors) / (OWN_ERRORS_HELD + sums.predicted)
    }

    /// (theta.x, x' M^-1 x, theta) of a pixel.
    fn solved(&self, pixel: usize, prior: &Prior, strength: &Strength, x: [f64; 3]) -> (f64, f64, [f64; 3]) {
        let (sums, held, first) = (&self.sums[pixel], strength.held(), prior.at(pixel));
        let mut matrix = sums.xx;
        for (diagonal, held) in [0, 3, 5].into_iter().zip(held) {
            matrix[diagonal] += held;
        }
        let inverse = inverse(&matrix);
        let right = [0, 1, 2].map(|k| sums.xr[k] + held[k] * first[k]);
        let theta = times(&inverse, right);
        (theta.iter().zip(x).map(|(t, x)| t * x).sum(), quadratic(&inverse, x), theta)
    }

    fn prior(&self) -> Prior {
        let plane = |of: &dyn Fn(&Sums) -> f64| -> Vec<f32> {
            self.sums.iter().map(|sums| of(sums) as f32).collect()
        };
        let sum = gaussian(&plane(&|sums| sums.xr[0]), self.columns, NEIGHBOURHOOD_SIGMA);
        let maps = gaussian(&plane(&Sums::maps), self.columns, NEIGHBOURHOOD_SIGMA);
        let level = sum
            .iter()
            .zip(&maps)
            .map(|(sum, maps)| if *maps > LEAST_KNOWN { sum / maps * (maps / (maps + 1.0)) } else { 0.0 })
            .collect();
        let held = SLOPES_HELD * self.sums.len() as f64;
        let (mut xx, mut xr) = ([1e-3, 0.0, 0.0, held, 0.0, held], [0f64; 3]);
        for sums in &self.sums {
            xx.iter_mut().zip(sums.xx).for_each(|(all, own)| *all += own);
            xr.iter_mut().zip(sums.xr).for_each(|(all, own)| *all += own);
        }
        let [_, wet, change] = times(&inverse(&xx), xr);
        Prior { level, slopes: [wet, change] }
    }

    /// A day predicted from the maps so far, which must all lie before it; `wetness` of the day.
    #[must_use]
    pub fn predict(&self, smap: &SmapPlanes, wetness: Wetness) -> Prediction {
        let (prior, strength) = (self.prior(), self.strength());
        let (noise, level) = (self.noise(), self.levels / (self.maps as f64 + LEVEL_HELD));
        let kappa = self.kappa();
        let plane = || Vec::with_capacity(self.sums.len());
        let mut made = Prediction {
            estimate: plane(),
            filtered: plane(),
            residual: plane(),
            parts: [plane(), plane(), plane()],
            spread: plane(),
            sigma: plane(),
            wetness,
        };
        for (pixel, bilinear) in smap.bilinear.iter().enumerate() {
            let x = made.wetness.x(pixel);
            let (residual, spread, theta) = self.solved(pixel, &prior, &strength, x);
            let filtered = kappa * f64::from(made.wetness.filtered[pixel]);
            made.estimate.push((f64::from(*bilinear) + filtered + residual + level) as f32);
            made.filtered.push(filtered as f32);
            made.residual.push(residual as f32);
            for (part, (theta, x)) in made.parts.iter_mut().zip(theta.iter().zip(x)) {
                part.push((theta * x) as f32);
            }
            made.spread.push(spread.sqrt() as f32);
            made.sigma.push((self.variance(pixel, noise) * (1.0 + spread)).sqrt() as f32);
        }
        made
    }
}
