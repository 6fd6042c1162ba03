//! What RCN sees of a date: 26 planes, all made by the pixel regression and from what is strictly earlier (best-map.md, section 2).

use jiff::civil::Date;
use loam_core::regression::{PixelRegression, Prediction, RECENT, SmapPlanes, days_between};

/// Planes.
pub const COUNT: usize = 14 + 3 * RECENT;
/// After so many days a past residual's age plane is 1 / e.
const AGE_DAYS: f32 = 15.0;
/// What mean SMAP is counted from, m3/m3.
const DRY: f32 = 0.2;

/// The planes of a date, row-major one after the other, and the regression's map that the network corrects.
#[derive(Debug, Clone, PartialEq)]
pub struct RcnPlanes {
    /// Columns and rows.
    pub size: (usize, usize),
    /// [`COUNT`] planes, not standardised.
    pub inputs: Vec<f32>,
    /// The regression's estimate, m3/m3.
    pub base: Vec<f32>,
}

impl RcnPlanes {
    /// Of a date, its SMAP and what the regression over all earlier maps makes of it.
    ///
    /// ```text
    /// 0 B - mean B     1 I - B         2 theta.x     3 theta_a    4 theta_b W    5 theta_c dW    6 posterior sd
    /// 7 log(1 + n)/4   8 n/(n+2) mean  9 W          10 dW        11 B - E       12 mean B - 0.2
    /// 13-16 the last four residuals, newest first   17-20 where they are known   21-24 exp(-days / 15) there   25 kappa (F - B)
    /// ```
    #[must_use]
    pub fn new(
        date: Date,
        smap: &SmapPlanes,
        past: &PixelRegression,
        made: &Prediction,
        columns: usize,
    ) -> Self {
        let cells = smap.bilinear.len();
        let mean = (smap.bilinear.iter().map(|b| f64::from(*b)).sum::<f64>() / cells.max(1) as f64) as f32;
        let mut inputs = Vec::with_capacity(COUNT * cells);
        inputs.extend(smap.bilinear.iter().map(|b| b - mean));
        inputs.extend(smap.as_is.iter().zip(&smap.bilinear).map(|(i, b)| i - b));
        inputs.extend_from_slice(&made.residual);
        made.parts.iter().for_each(|part| inputs.extend_from_slice(part));
        inputs.extend_from_slice(&made.spread);
        inputs.extend((0..cells).map(|pixel| (1.0 + f64::from(past.maps_of(pixel))).ln() as f32 / 4.0));
        inputs.extend((0..cells).map(|pixel| {
            let maps = past.maps_of(pixel);
            maps / (maps + 2.0) * past.mean_residual(pixel)
        }));
        inputs.extend_from_slice(&made.wetness.smooth);
        inputs.extend_from_slice(&made.wetness.change);
        inputs.extend_from_slice(&made.wetness.departure);
        inputs.extend(std::iter::repeat_n(mean - DRY, cells));
        let newest: Vec<_> = past.recent().iter().rev().collect();
        let each = |inputs: &mut Vec<f32>, of: &dyn Fn(usize, usize) -> f32| {
            for slot in 0..RECENT {
                let known = |pixel: usize| newest.get(slot).is_some_and(|map| map.known[pixel]);
                inputs.extend((0..cells).map(|pixel| if known(pixel) { of(slot, pixel) } else { 0.0 }));
            }
        };
        each(&mut inputs, &|slot, pixel| newest[slot].residual[pixel]);
        each(&mut inputs, &|_, _| 1.0);
        let ages: Vec<f32> = newest
            .iter()
            .map(|map| f64::from(-days_between(map.date, date) / AGE_DAYS).exp() as f32)
            .collect();
        each(&mut inputs, &|slot, _| ages[slot]);
        inputs.extend_from_slice(&made.filtered);
        Self { size: (columns, cells / columns.max(1)), inputs, base: made.estimate.clone() }
    }

    /// The planes less their means, over their spreads.
    #[must_use]
    pub fn standardised(&self, mean: &[f32], spread: &[f32]) -> Vec<f32> {
        let cells = self.base.len().max(1);
        let planes = self.inputs.chunks_exact(cells).zip(mean.iter().zip(spread));
        planes.flat_map(|(plane, (mean, spread))| plane.iter().map(move |v| (v - mean) / spread)).collect()
    }
}
