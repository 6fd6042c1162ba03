//! What the map of a date is made of: the pixel regression over every earlier map, RCN's planes of the date, and the width of its interval,
//! from the errors of the newest maps predicted the same way.

use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::{Raster, resample};
use loam_core::estimate::Interval;
use loam_core::regression::interval::{Calibration, Nominal, Ratios, Width};
use loam_core::regression::{Observed, PixelRegression, SmapPlanes};
use loam_core::stack::{Day, HistoryRule, HistorySlot, Library, Sample, Series, StackError, Watcher};

use super::images::seen;
use super::model::Rcn;
use super::planes::RcnPlanes;
use crate::{Asked, ModelError, WorkError};

/// Newest maps that are predicted to set the interval's width.
pub const JUDGED: usize = 60;
/// Half-width over sigma while too few errors are known: what covers the pixels of 104 dates of July to December 2017, which the shipped weights
/// did not learn from, at the eight places that they learnt at, from 1, 3 and 10 maps (`loam experiment methods --simulated --lengths`).
pub const NOMINAL: Nominal = [1.75, 1.65, 1.65];

/// How far a network's map of a date is off, in units of its own sigma; the date's mean error taken out.
#[must_use]
pub fn ratios(maps: usize, base: &SmapPlanes, observed: &Observed, map: &(Vec<f32>, Vec<f32>)) -> Ratios {
    let mapped = &observed.mapped;
    let off = |pixel: usize| map.0[pixel] - base.bilinear[pixel] - mapped.residual[pixel];
    let count = mapped.pixels().count().max(1) as f64;
    let mean = (mapped.pixels().map(|pixel| f64::from(off(pixel))).sum::<f64>() / count) as f32;
    Ratios::of(maps, mapped.pixels().map(|pixel| (off(pixel) - mean).abs() / map.1[pixel].max(1e-6)))
}

/// Predicts the newest maps before the regression learns from them.
struct Judge<'a, P> {
    network: &'a Rcn,
    device: &'a Device,
    method: String,
    size: (usize, usize),
    progress: &'a mut P,
    failed: Option<ModelError>,
}

impl<P: AsyncFnMut(usize, usize, &str) -> ControlFlow<()>> Watcher for Judge<'_, P> {
    fn method(&self) -> Option<&str> {
        Some(&self.method)
    }

    async fn off(
        &mut self,
        past: &PixelRegression,
        smap: &SmapPlanes,
        observed: &Observed,
        to_come: usize,
    ) -> Option<Ratios> {
        if to_come >= JUDGED || past.maps() == 0 {
            return None;
        }
        let (date, wetness) = (observed.mapped.date, observed.wetness.clone());
        let seen = seen(self.network.constants(), date, smap, wetness, past, self.size.0);
        match seen.map(self.network, self.device, self.size).await {
            Ok(map) => Some(ratios(past.maps(), smap, observed, &map)),
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    async fn between(&mut self, done: usize, total: usize) -> ControlFlow<()> {
        if self.failed.is_some() {
            return ControlFlow::Break(());
        }
        (self.progress)(done, total, "learning from earlier dates").await
    }
}

/// See the top of the file.
pub(super) struct Prepared {
    pub sample: Sample,
    pub today: Day,
    pub bilinear: Raster,
    pub planes: RcnPlanes,
    pub width: Width,
    /// Earlier maps that went in, and their files.
    pub history: Vec<HistorySlot>,
    pub files: Vec<String>,
    pub simulated: bool,
}

/// Prepares the map of a date.
///
/// # Errors
/// [`WorkError`]; a cancel by `progress` comes as [`ModelError`].
pub(super) async fn prepared(
    network: &Rcn,
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    asked: &Asked<'_, Rcn>,
    progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
) -> Result<Prepared, WorkError> {
    let date = asked.date;
    let sample = series.sample(library, date, rule)?;
    let today = series.day(library, date)?;
    let window = sample.region.window();
    let size = (window.columns, window.rows);
    let no_coarse = || StackError::CoarseElsewhere { date };
    let native = today.coarse_native.as_ref().ok_or_else(no_coarse)?;
    let bilinear = resample::bilinear(native, &window).map_err(StackError::from)?;

    let method = asked.weights.hash();
    let mut judge = Judge { network, device: asked.device, method, size, progress, failed: None };
    let remembered = series.remember_in_steps(library, date, rule, &mut judge).await?;
    if let Some(error) = judge.failed {
        return Err(error.into());
    }
    if remembered.is_break() {
        return Err(ModelError::Cancelled.into());
    }
    let none = PixelRegression::new(window.columns, window.len());
    let past = series.past(library, date, rule)?;
    let regression = past.map_or(&none, |past| past.regression);
    let memory = past.map(|past| past.memory.clone()).unwrap_or_default();
    let smap = today.smap_planes(date, &window, &memory)?.ok_or_else(no_coarse)?;
    let made = regression.predict(&smap, memory.wetness(&smap, window.columns));
    let planes = RcnPlanes::new(date, &smap, regression, &made, window.columns);
    let errors = past.map_or(Calibration::NONE, |past| past.errors.newest(JUDGED));
    let width = errors.width(Interval::LEVEL, regression.maps(), &NOMINAL);
    let history = past.map(|past| past.maps.to_vec()).unwrap_or_default();
    let files = past.map(|past| past.files.to_vec()).unwrap_or_default();
    let simulated = today.simulated || past.is_some_and(|past| past.simulated);
    Ok(Prepared { sample, today, bilinear, planes, width, history, files, simulated })
}
