//! A 3 km map from SMAP and Sentinel-1 where no product made one: the SMAP/Sentinel-1 disaggregation in its change form.
//!
//! formats.md 2.7 (Das et al. 2019) writes, for a coarse cell C and a fine cell Mj in it,
//!
//! ```text
//! TB_p(Mj) = TB_p(C) + beta(C) { [s_pp(Mj) - s_pp(C)] + Gamma(C) [s_pq(C) - s_pq(Mj)] }
//! ```
//!
//! Here it stands on soil moisture (SM for TB, so beta is positive) with s in dB, pp = VV, pq = VH, C the 36 km cell, and every s
//! replaced by its **change**: its difference to the cell's own mean over the dates of the fit.
//!
//! Why changes: within a coarse cell, vegetation and roughness move s by several dB from place to place, moisture by one or two. A beta
//! from the time series times differences in space would print the vegetation map as moisture. Own means remove what stays. The
//! price is stated: the persistent moisture pattern, which backscatter cannot tell from vegetation, drops out too, so the map shows
//! where it is wetter **than usual** relative to the rest of C.
//!
//! * beta (m3/m3 per dB, one for the region): regression of SM(C) on s_vv(C), per-cell means removed, all 36 km cells and dates
//!   pooled. Cells shift together in time, so one number is shown and few dates suffice.
//! * Gamma(C): slope of s_vv on s_vh over the fine cells of C, of their **means over time**: it says how vegetation moves both.
//!   (On changes it would be the ratio of the moisture responses, and the second term would cancel the first.) 0 without VH.
//! * s(C) in the regression is the mean in linear power (formats.md 2.6), over the fine cells that are not water.
//! * At the end each block is shifted so that the mean over its mapped cells is SM(C) exactly. Where a swath covers part of C, that
//!   part's mean is taken for the whole.
//!
//! The fit uses every day it is given. For an honest test, give it only days before the tested ones.

use super::sensitivity::Sensitivity;
use super::{Day, Region};
use ease_grid::{EaseWindow, GridError, Raster, Reason, Resolution};

/// beta outside 0..this (m3/m3 per dB) is clamped. **Chosen**: a rise of 10 dB per m3/m3 is the least that C band shows over bare soil.
pub const LARGEST_BETA: f64 = 0.1;
/// Gamma's range (formats.md 2.7).
pub const GAMMA_RANGE: (f64, f64) = (0.0, 2.0);
/// Fewest pairs (36 km cell, date) for beta. **Chosen**.
pub const FEWEST_PAIRS: usize = 20;
/// Fewest dates of a cell (coarse or fine) for its own mean. **Chosen**.
pub const FEWEST_DATES: u32 = 3;
/// Smallest share of a 36 km cell's fine cells inside the region that backscatter must cover (0..1). **Chosen**.
pub const SMALLEST_COVER: f64 = 0.5;
/// Fewest fine cells of a 36 km cell: the region's edge cuts cells. **Chosen**: a quarter of 144.
pub const FEWEST_FINE: u32 = 36;

/// Why no 3 km map can be made from backscatter.
#[derive(Debug, thiserror::Error)]
pub enum DisaggregationError {
    /// Too little to fit on.
    #[error(
        "only {pairs} pairs of SMAP and backscatter changes (36 km cells x dates), {needed} are needed: add dates that have both SMAP and Sentinel-1 over the region"
    )]
    FewPairs {
        /// Found.
        pairs: usize,
        /// Needed.
        needed: usize,
    },
    /// The regression says that backscatter does not rise with moisture.
    #[error(
        "backscatter does not rise with soil moisture here (fitted {beta:.4} m3/m3 per dB, r = {r:.2}), so it cannot split SMAP's cells: dense vegetation or a wrong backscatter scale would explain it"
    )]
    NotSensitive {
        /// Fitted, m3/m3 per dB.
        beta: f64,
        /// Correlation of the changes.
        r: f64,
    },
    /// The day has no SMAP or no VV backscatter.
    #[error(
        "the date has no {what}, which the disaggregation needs: choose a date with both SMAP and Sentinel-1 VV"
    )]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A raster that is not on the region's cells.
    #[error("{what} does not lie on the region's 3 km cells")]
    DifferentGrids {
        /// Which raster.
        what: &'static str,
    },
    /// A raster could not be made.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// A fitted disaggregation of one region.
#[derive(Debug, Clone)]
pub struct Disaggregation {
    window: EaseWindow,
    /// 36 km cell (index) of each fine cell.
    block: Vec<u32>,
    /// Fine cells of each 36 km cell inside the region.
    inside: Vec<u32>,
    /// Own means over time of VV and VH of each fine cell, dB; NaN where unknown.
    usual: [Vec<f64>; 2],
    /// Gamma of each 36 km cell.
    gamma: Vec<f64>,
    water: Vec<bool>,
    sensitivity: Sensitivity,
}

/// Sums for one mean and one slope.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: u32,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
    }

    /// Sums of squares and products about the means: (xx, xy, yy).
    fn centred(&self) -> (f64, f64, f64) {
        let n = f64::from(self.n.max(1));
        (self.xx - self.x * self.x / n, self.xy - self.x * self.y / n, self.yy - self.y * self.y / n)
    }
}

fn value(raster: Option<&Raster>, i: usize) -> Option<f64> {
    let raster = raster?;
    (raster.reasons().get(i) == Some(&Reason::Valid))
        .then(|| raster.values().get(i).copied().map(f64::from))
        .flatten()
}

fn decibel(power: f64) -> f64 {
    10.0 * power.log10()
}

fn power(decibel: f64) -> f64 {
    10f64.powf(decibel / 10.0)
}

impl Disaggregation {
    /// Fits beta, Gamma and the cells' own means to the days that have backscatter. Two passes over them.
    ///
    /// # Errors
    /// [`DisaggregationError::FewPairs`], [`DisaggregationError::NotSensitive`], [`DisaggregationError::DifferentGrids`].
    pub fn fit<'a>(
        region: &Region,
        days: impl Iterator<Item = &'a Day> + Clone,
    ) -> Result<Self, DisaggregationError> {
        let window = region.window();
        let coarse = window.covering(Resolution::M36);
        let (mut block, mut inside) = (Vec::with_capacity(window.len()), vec![0u32; coarse.len()]);
        for row in 0..window.rows {
            for column in 0..window.columns {
                let b = ((window.first_row + row) / 12 - coarse.first_row) * coarse.columns
                    + (window.first_column + column) / 12
                    - coarse.first_column;
                block.push(b as u32);
                if let Some(cells) = inside.get_mut(b) {
                    *cells += 1;
                }
            }
        }
        let mut this = Self {
            window,
            block,
            inside,
            usual: [vec![f64::NAN; window.len()], vec![f64::NAN; window.len()]],
            gamma: vec![0.0; coarse.len()],
            water: vec![false; window.len()],
            sensitivity: Sensitivity { beta: 0.0, gamma: 0.0, pairs: 0, r: 0.0 },
        };
        this.means(days.clone())?;
        this.gammas();
        this.sensitivity(days)?;
        Ok(this)
    }

    /// What was fitted.
    #[must_use]
    pub fn fitted(&self) -> Sensitivity {
        self.sensitivity
    }

    fn check(&self, day: &Day) -> Result<(), DisaggregationError> {
        let rasters = [("SMAP", &day.coarse), ("backscatter VV", &day.vv), ("backscatter VH", &day.vh)];
        for (what, raster) in rasters {
            if raster.as_ref().is_some_and(|r| r.grid().ease_window() != Some(self.window)) {
                return Err(DisaggregationError::DifferentGrids { what });
            }
        }
        Ok(())
    }

    /// Water wherever any 3 km map says so, and each fine cell's own mean in dB.
    fn means<'a>(&mut self, days: impl Iterator<Item = &'a Day>) -> Result<(), DisaggregationError> {
        let n = self.window.len();
        let mut sums = [vec![(0u32, 0f64); n], vec![(0u32, 0f64); n]];
        for day in days {
            self.check(day)?;
            if let Some(fine) = &day.fine {
                for (water, reason) in self.water.iter_mut().zip(fine.raster.reasons()) {
                    *water |= *reason == Reason::Water;
                }
            }
            for (sums, band) in sums.iter_mut().zip([&day.vv, &day.vh]) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    if let Some(v) = value(band.as_ref(), i) {
                        sum.0 += 1;
                        sum.1 += v;
                    }
                }
            }
        }
        for (usual, sums) in self.usual.iter_mut().zip(sums) {
            for (usual, (n, sum)) in usual.iter_mut().zip(sums) {
                if n >= FEWEST_DATES {
                    *usual = sum / f64::from(n);
                }
            }
        }
        Ok(())
    }

    /// Gamma of each 36 km cell from the spread of the fine cells' own means.
    fn gammas(&mut self) {
        let mut sums = vec![Sums::default(); self.gamma.len()];
        let [vv, vh] = &self.usual;
        for (((vv, vh), block), water) in vv.iter().zip(vh).zip(&self.block).zip(&self.water) {
            if let Some(sums) =
                sums.get_mut(*block as usize).filter(|_| vv.is_finite() && vh.is_finite() && !water)
            {
                sums.add(*vh, *vv);
            }
        }
        for (gamma, sums) in self.gamma.iter_mut().zip(&sums) {
            let (xx, xy, _) = sums.centred();
            if sums.n >= FEWEST_FINE && xx > 0.0 {
                *gamma = (xy / xx).clamp(GAMMA_RANGE.0, GAMMA_RANGE.1);
            }
        }
        let known: Vec<f64> =
            self.gamma.iter().zip(&sums).filter(|(_, s)| s.n >= FEWEST_FINE).map(|(g, _)| *g).collect();
        self.sensitivity.gamma = known.iter().sum::<f64>() / known.len().max(1) as f64;
    }

    /// Per 36 km cell of a day: SM(C) and s_vv(C), for the cells covered well enough.
    fn blocks(&self, day: &Day) -> Vec<Option<(f64, f64)>> {
        let mut sums = vec![(0u32, 0f64, 0f64); self.inside.len()];
        for (i, (block, water)) in self.block.iter().zip(&self.water).enumerate() {
            let (Some(sm), Some(vv)) = (value(day.coarse.as_ref(), i), value(day.vv.as_ref(), i)) else {
                continue;
            };
            if let Some(sum) = sums.get_mut(*block as usize).filter(|_| !water) {
                sum.0 += 1;
                sum.1 += sm;
                sum.2 += power(vv);
            }
        }
        sums.iter()
            .zip(&self.inside)
            .map(|(&(n, sm, vv), &inside)| {
                let covered = n >= FEWEST_FINE && f64::from(n) >= SMALLEST_COVER * f64::from(inside);
                covered.then(|| (sm / f64::from(n), decibel(vv / f64::from(n))))
            })
            .collect()
    }

    /// beta from the changes of all 36 km cells over time.
    fn sensitivity<'a>(&mut self, days: impl Iterator<Item = &'a Day>) -> Result<(), DisaggregationError> {
        let mut cells = vec![Sums::default(); self.inside.len()];
        for day in days.filter(|day| day.coarse.is_some() && day.vv.is_some()) {
            for (sums, block) in cells.iter_mut().zip(self.blocks(day)) {
                if let Some((sm, vv)) = block {
                    sums.add(vv, sm);
                }
            }
        }
        let (mut pairs, mut xx, mut xy, mut yy) = (0usize, 0f64, 0f64, 0f64);
        for sums in cells.iter().filter(|sums| sums.n >= FEWEST_DATES) {
            let (a, b, c) = sums.centred();
            pairs += sums.n as usize;
            (xx, xy, yy) = (xx + a, xy + b, yy + c);
        }
        if pairs < FEWEST_PAIRS {
            return Err(DisaggregationError::FewPairs { pairs, needed: FEWEST_PAIRS });
        }
        let beta = if xx > 0.0 { xy / xx } else { 0.0 };
        let r = if xx > 0.0 && yy > 0.0 { (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0) } else { 0.0 };
        if beta <= 0.0 {
            return Err(DisaggregationError::NotSensitive { beta, r });
        }
        self.sensitivity.beta = beta.min(LARGEST_BETA);
        self.sensitivity.pairs = pairs;
        self.sensitivity.r = r;
        Ok(())
    }

    /// The 3 km map of a day, m3/m3. Masked: water; cells without SMAP; cells without backscatter or without an own mean, and whole
    /// 36 km cells covered by less than half (`NoSentinel1`). Values are not clipped to the valid range.
    ///
    /// # Errors
    /// [`DisaggregationError::Missing`], [`DisaggregationError::DifferentGrids`].
    pub fn apply(&self, day: &Day) -> Result<Raster, DisaggregationError> {
        self.check(day)?;
        let coarse = day.coarse.as_ref().ok_or(DisaggregationError::Missing { what: "SMAP" })?;
        if day.vv.is_none() {
            return Err(DisaggregationError::Missing { what: "VV backscatter" });
        }
        let n = self.window.len();
        let [usual_vv, usual_vh] = &self.usual;
        // A block uses VH only if all of its mapped cells have it: cells with and without Gamma's term must not be mixed.
        let mut has_vh = vec![true; self.inside.len()];
        let mut change = vec![[f64::NAN; 2]; n];
        let mut reasons = coarse.reasons().to_vec();
        for (i, (change, reason)) in change.iter_mut().zip(&mut reasons).enumerate() {
            if self.water.get(i) == Some(&true) {
                *reason = Reason::Water;
            }
            if *reason != Reason::Valid {
                continue;
            }
            let own = |usual: &[f64], band: &Option<Raster>| {
                let usual = usual.get(i).copied().filter(|u| u.is_finite())?;
                Some(value(band.as_ref(), i)? - usual)
            };
            let Some(vv) = own(usual_vv, &day.vv) else {
                *reason = Reason::NoSentinel1;
                continue;
            };
            let vh = own(usual_vh, &day.vh);
            if let (None, Some(has_vh)) = (vh, self.block.get(i).and_then(|b| has_vh.get_mut(*b as usize))) {
                *has_vh = false;
            }
            *change = [vv, vh.unwrap_or(0.0)];
        }
        // beta { [vv(Mj) - vv(C)] + Gamma [vh(C) - vh(Mj)] } is the combined change less its mean over C.
        let mut combined = vec![f64::NAN; n];
        let mut sums = vec![(0u32, 0f64, 0f64); self.inside.len()];
        for (i, (change, reason)) in change.iter().zip(&reasons).enumerate() {
            let (Some(&b), Reason::Valid) = (self.block.get(i), reason) else { continue };
            let b = b as usize;
            let gamma =
                if has_vh.get(b) == Some(&true) { self.gamma.get(b).copied().unwrap_or(0.0) } else { 0.0 };
            let both = self.sensitivity.beta * (change[0] - gamma * change[1]);
            combined[i] = both;
            if let (Some(sum), Some(sm)) = (sums.get_mut(b), value(Some(coarse), i)) {
                sum.0 += 1;
                sum.1 += both;
                sum.2 += sm;
            }
        }
        let mut values = vec![f32::NAN; n];
        for (i, (out, reason)) in values.iter_mut().zip(&mut reasons).enumerate() {
            if *reason != Reason::Valid {
                continue;
            }
            let b = self.block.get(i).map_or(0, |b| *b as usize);
            let (cells, sum, sm) = sums.get(b).copied().unwrap_or_default();
            let inside = self.inside.get(b).copied().unwrap_or(0);
            if cells < FEWEST_FINE.min(inside) || f64::from(cells) < SMALLEST_COVER * f64::from(inside) {
                *reason = Reason::NoSentinel1;
            } else {
                let cells = f64::from(cells);
                *out = (sm / cells + combined.get(i).copied().unwrap_or(f64::NAN) - sum / cells) as f32;
            }
        }
        Ok(Raster::new(self.window.grid(), values, reasons)?)
    }
}
