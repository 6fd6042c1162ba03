//! What the regression is given: SMAP of a day beside what it said before, and a 3 km map as its residual.

use ease_grid::{EaseWindow, GridError, Raster};
use jiff::civil::Date;

use super::filter::{Looks, SmapFilter};
use super::{SmapPlanes, days_between, gaussian, smap};

/// W is counted from here, m3/m3.
const DRY: f32 = 0.2;
/// Time constant of E, days.
const MEMORY: f32 = 6.0;
/// Smoothing of W and of dW, cells.
const WETNESS_SIGMA: f32 = 8.0;
const CHANGE_SIGMA: f32 = 4.0;

/// What SMAP says of a date, smoothed: the regression's x. m3/m3.
#[derive(Debug, Clone)]
pub struct Wetness {
    /// W.
    pub smooth: Vec<f32>,
    /// dW.
    pub change: Vec<f32>,
    /// B - E, not smoothed.
    pub departure: Vec<f32>,
    /// F - B.
    pub filtered: Vec<f32>,
}

impl Wetness {
    pub(super) fn x(&self, pixel: usize) -> [f64; 3] {
        [1.0, f64::from(self.smooth[pixel]), f64::from(self.change[pixel])]
    }
}

/// What SMAP said before a day: E, the exponential mean of bilinear SMAP over its days, and the filter.
#[derive(Debug, Clone, Default)]
pub struct SmapMemory {
    mean: Option<(Date, Vec<f32>)>,
    filter: SmapFilter,
}

impl SmapMemory {
    /// SMAP of the day that comes next; `None` where it saw nothing.
    ///
    /// # Errors
    /// [`GridError`] where the rasters do not lie on the global EASE-Grid.
    pub fn planes(
        &self,
        date: Date,
        coarse: &Raster,
        looks: &Looks<'_>,
        window: &EaseWindow,
    ) -> Result<Option<SmapPlanes>, GridError> {
        SmapPlanes::of(date, coarse, looks, window, self.filter.clone())
    }

    /// Adds the next day of SMAP. Days come in order.
    pub fn add(&mut self, date: Date, smap: &SmapPlanes) {
        self.add_mean(date, &smap.bilinear);
        self.filter.clone_from(&smap.filter);
    }

    /// The same of a day of which nothing else is asked: its other planes are not made. A day on which SMAP saw nothing is none.
    ///
    /// # Errors
    /// As [`SmapMemory::planes`].
    pub fn pass(
        &mut self,
        date: Date,
        coarse: &Raster,
        looks: &Looks<'_>,
        window: &EaseWindow,
    ) -> Result<bool, GridError> {
        if !coarse.values().iter().any(|v| v.is_finite()) {
            return Ok(false);
        }
        let Some(bilinear) = smap::bilinear(looks.first, window)? else { return Ok(false) };
        self.filter.add(date, looks)?;
        self.add_mean(date, &bilinear);
        Ok(true)
    }

    /// No day was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mean.is_none()
    }

    fn add_mean(&mut self, date: Date, bilinear: &[f32]) {
        let after = match self.mean.take() {
            None => bilinear.to_vec(),
            Some((before, mut mean)) => {
                // Rounded from float64, exp is the same in a browser and natively.
                let kept = f64::from(-(days_between(before, date) / MEMORY)).exp() as f32;
                for (mean, now) in mean.iter_mut().zip(bilinear) {
                    *mean = kept * *mean + (1.0 - kept) * now;
                }
                mean
            }
        };
        self.mean = Some((date, after));
    }

    /// x of a day that comes after those added; of the first day dW is 0.
    #[must_use]
    pub fn wetness(&self, smap: &SmapPlanes, columns: usize) -> Wetness {
        let departure: Vec<f32> = match &self.mean {
            None => vec![0.0; smap.bilinear.len()],
            Some((_, mean)) => smap.bilinear.iter().zip(mean).map(|(b, e)| b - e).collect(),
        };
        let mut smooth = gaussian(&smap.bilinear, columns, WETNESS_SIGMA);
        smooth.iter_mut().for_each(|w| *w -= DRY);
        let filtered = smap.filtered.iter().zip(&smap.bilinear).map(|(f, b)| f - b).collect();
        Wetness { smooth, change: gaussian(&departure, columns, CHANGE_SIGMA), departure, filtered }
    }
}

/// A 3 km map less bilinear SMAP.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// Its date.
    pub date: Date,
    /// J - B less its mean, m3/m3; 0 where unknown.
    pub residual: Vec<f32>,
    /// Known pixels.
    pub known: Vec<bool>,
}

impl Mapped {
    /// The known pixels.
    pub fn pixels(&self) -> impl Iterator<Item = usize> + '_ {
        self.known.iter().enumerate().filter(|(_, known)| **known).map(|(pixel, _)| pixel)
    }
}

/// A 3 km map beside what SMAP said that day.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The map.
    pub mapped: Mapped,
    /// SMAP.
    pub wetness: Wetness,
    /// The mean that was taken out of the residual, m3/m3.
    pub level: f32,
}

impl Observed {
    /// From a 3 km map (m3/m3, NaN where unknown); `None` where SMAP saw none of its pixels.
    #[must_use]
    pub fn new(date: Date, smap: &SmapPlanes, wetness: Wetness, map: &[f32]) -> Option<Self> {
        let known: Vec<bool> = map.iter().zip(&smap.seen).map(|(j, seen)| j.is_finite() && *seen).collect();
        let count = known.iter().filter(|known| **known).count();
        let of = |((j, b), known): ((&f32, &f32), &bool)| if *known { j - b } else { 0.0 };
        let mut residual: Vec<f32> = map.iter().zip(&smap.bilinear).zip(&known).map(of).collect();
        let level = (residual.iter().map(|r| f64::from(*r)).sum::<f64>() / count.max(1) as f64) as f32;
        residual.iter_mut().zip(&known).filter(|(_, known)| **known).for_each(|(r, _)| *r -= level);
        (count > 0).then_some(Self { mapped: Mapped { date, residual, known }, wetness, level })
    }

    /// The residual of B + kappa (F - B) instead of that of B, and its mean.
    pub(super) fn without_noise(&self, kappa: f64) -> (Mapped, f32) {
        let (mut mapped, filtered) = (self.mapped.clone(), &self.wetness.filtered);
        let pixels: Vec<usize> = mapped.pixels().collect();
        let sum: f64 = pixels.iter().map(|pixel| f64::from(filtered[*pixel])).sum();
        let mean = (sum / pixels.len().max(1) as f64) as f32;
        let kappa = kappa as f32;
        for pixel in pixels {
            mapped.residual[pixel] -= kappa * (filtered[pixel] - mean);
        }
        (mapped, self.level - kappa * mean)
    }
}
