//! The map of a date by RCN: the pixel regression over every earlier map, corrected; how sure it is, from the errors of the newest maps
//! predicted the same way; scores beside the regression and bilinear SMAP.

use std::ops::ControlFlow;

use ease_grid::{GridError, Raster};
use loam_core::estimate::{Channel, Estimate, Interval, Layer};
use loam_core::file::FineOrigin;
use loam_core::layer::LayerKind;
use loam_core::network::Network;
use loam_core::output::Output;
use loam_core::score::{MassReport, ScoreRow, compare};
use loam_core::stack::StackError;

use super::example::Seen;
use super::model::Rcn;
use super::prepared::{Prepared, prepared};
use crate::{Asked, Data, WorkError};

/// What to cite.
const CITATIONS: [&str; 3] = [
    "SMAP/Sentinel-1 L2 (SPL2SMAP_S) and SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center",
    "Contains modified Copernicus Sentinel data",
    "RCN: regression-correcting network, Loam",
];

/// The map of a date.
///
/// # Errors
/// [`WorkError`]; a cancel by `progress` comes as [`crate::ModelError`].
pub async fn estimate(
    network: &Rcn,
    data: Data<'_>,
    asked: &Asked<'_, Rcn>,
    progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
) -> Result<Estimate, WorkError> {
    let Prepared { sample, today, bilinear, planes, width, history, mut files, simulated } =
        prepared(network, data.library, data.series, data.rule, asked, progress).await?;
    let date = asked.date;
    let window = sample.region.window();
    let size = (window.columns, window.rows);
    let (map, sigma) = Seen::of(&planes, network.constants()).map(network, asked.device, size).await?;
    let before = match asked.before {
        Some(before) => Some(Seen::of(&planes, before.constants()).map(before, asked.device, size).await?.0),
        None => None,
    };
    let raster = |values: Vec<f32>| -> Result<Raster, WorkError> {
        let made: Result<Raster, GridError> =
            Raster::new(window.grid(), values, sample.coarse.reasons().to_vec());
        Ok(made.map_err(StackError::from)?)
    };
    let estimate = raster(map)?;
    let interval = Interval { half_width: raster(sigma.iter().map(|s| s * width.sigmas).collect())?, width };
    let base = raster(planes.base)?;

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

    files.extend_from_slice(&today.files);
    files.sort();
    files.dedup();
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
            reference_uncertainty: None,
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
        sensitivity: data.series.sensitivity.as_ref().filter(|_| made_here).map(|s| s.beta as f32),
        applicability: String::new(),
        files,
        simulated,
        citations: CITATIONS.map(str::to_owned).to_vec(),
        warnings,
    })
}
