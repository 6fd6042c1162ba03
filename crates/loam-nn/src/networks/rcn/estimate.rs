//! The map of a date by RCN: the pixel regression over every earlier map, corrected; how sure it is, from the errors of the newest maps
//! predicted the same way; scores beside the regression and bilinear SMAP.

use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::{GridError, Raster, resample};
use loam_core::estimate::{Channel, Estimate, Interval, Layer};
use loam_core::file::FineOrigin;
use loam_core::layer::LayerKind;
use loam_core::network::Network;
use loam_core::output::Output;
use loam_core::regression::interval::Ratios;
use loam_core::regression::{Observed, PixelRegression, SmapPlanes};
use loam_core::score::{MassReport, ScoreRow, compare};
use loam_core::stack::{StackError, Watcher};

use super::example::Seen;
use super::images::seen;
use super::model::Rcn;
use crate::{Asked, Data, ModelError, WorkError};

/// Newest maps that are predicted to set the interval's width.
pub const JUDGED: usize = 60;

/// What to cite.
const CITATIONS: [&str; 3] = [
    "SMAP/Sentinel-1 L2 (SPL2SMAP_S) and SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center",
    "Contains modified Copernicus Sentinel data",
    "RCN: regression-correcting network, Loam",
];

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

/// The map of a date.
///
/// # Errors
/// [`WorkError`]; a cancel by `progress` comes as [`ModelError`].
pub async fn estimate(
    network: &Rcn,
    data: Data<'_>,
    asked: &Asked<'_, Rcn>,
    progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
) -> Result<Estimate, WorkError> {
    let Data { library, series, rule } = data;
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
    let wetness = memory.wetness(&smap, window.columns);
    let of =
        |network: &Rcn| seen(network.constants(), date, &smap, wetness.clone(), regression, window.columns);
    let seen: Seen = of(network);
    let (map, sigma) = seen.map(network, asked.device, size).await?;
    let before = match asked.before {
        Some(before) => Some(of(before).map(before, asked.device, size).await?.0),
        None => None,
    };
    let width = past.map_or(Interval::nominal(), |past| {
        past.errors.newest(JUDGED).width(Interval::LEVEL, regression.maps())
    });
    let raster = |values: Vec<f32>| -> Result<Raster, WorkError> {
        let made: Result<Raster, GridError> =
            Raster::new(window.grid(), values, sample.coarse.reasons().to_vec());
        Ok(made.map_err(StackError::from)?)
    };
    let estimate = raster(map)?;
    let interval = Interval { half_width: raster(sigma.iter().map(|s| s * width.sigmas).collect())?, width };
    let base = raster(seen.base)?;

    let mut layers = vec![
        (LayerKind::Coarse, sample.coarse.clone()),
        (LayerKind::Estimate, estimate.clone()),
        (LayerKind::HalfWidth, interval.half_width.clone()),
    ];
    let before = before.map(raster).transpose()?;
    if let Some(before) = &before {
        layers.push((LayerKind::Before, before.clone()));
        layers.push((LayerKind::Change, estimate.minus(before).map_err(StackError::from)?));
    }
    let mut scores = Vec::new();
    if let Some(reference) = &sample.target {
        let mut rows = vec![(ScoreRow::Estimate, &estimate)];
        rows.extend(before.as_ref().map(|raster| (ScoreRow::Before, raster)));
        rows.extend([
            (ScoreRow::Regression, &base),
            (ScoreRow::Bilinear, &bilinear),
            (ScoreRow::AsIs, &sample.coarse),
        ]);
        scores = compare(reference, Network::Rcn, 0, &rows)?;
        layers.push((LayerKind::Reference, reference.clone()));
        layers.push((LayerKind::Difference, estimate.minus(reference).map_err(StackError::from)?));
    }
    layers.push((LayerKind::Bilinear, bilinear));
    layers.extend(today.vv.clone().map(|raster| (LayerKind::BackscatterVv, raster)));
    layers.extend(today.vh.clone().map(|raster| (LayerKind::BackscatterVh, raster)));

    let history = past.map(|past| past.maps.to_vec()).unwrap_or_default();
    let mut files = past.map(|past| past.files.to_vec()).unwrap_or_default();
    files.extend_from_slice(&today.files);
    files.sort();
    files.dedup();
    let simulated = today.simulated || past.is_some_and(|past| past.simulated);
    let mut warnings = Vec::new();
    if history.is_empty() {
        warnings.push(
            "No earlier date has both SMAP and a 3 km map: this is little more than bilinear SMAP. Open earlier 3 km maps for a pattern.".to_owned(),
        );
    }
    warnings.extend(interval.warning());
    warnings.extend(sample.warnings_of_today());
    warnings.extend(Output::SoilMoisture.out_of_range_warning(&estimate));
    if let Some(until) = asked.weights.seen_until(date, simulated) {
        warnings.push(format!(
            "These weights were trained on dates up to {until}: scores of this date flatter the network. Choose a later date for an honest score."
        ));
    }
    let made_here = history.iter().any(|slot| slot.origin == Some(FineOrigin::Disaggregated));
    let mass = MassReport::of(&estimate, &sample.coarse)?;
    let own = sample.reference == Some(FineOrigin::OwnMap);
    let overpass_words = sample.overpass_words();
    Ok(Estimate {
        method: Network::Rcn.into(),
        date,
        window,
        channels: vec![Channel {
            output: Output::SoilMoisture,
            estimate,
            coarse: Some(sample.coarse),
            reference: sample.target,
            scores,
            interval: Some(interval),
        }],
        layers: layers.into_iter().map(|(kind, raster)| Layer { kind, channel: 0, raster }).collect(),
        history,
        overpass: sample.overpass,
        overpass_words,
        frame: ease_grid::Edges::default(),
        reference: sample.reference,
        reference_name: if own { "a map that Loam made" } else { "the 3 km product" }.to_owned(),
        shifted: false,
        mass,
        sensitivity: series.sensitivity.as_ref().filter(|_| made_here).map(|s| s.beta as f32),
        applicability: String::new(),
        files,
        simulated,
        citations: CITATIONS.map(str::to_owned).to_vec(),
        warnings,
    })
}
