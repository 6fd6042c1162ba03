//! One prediction: sample, network, baselines, scores. Used by the page's worker and by the command line alike.

use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;

use crate::{ModelError, Planes, Smen, predict as network};
use ease_grid::{Raster, resample};
use loam_core::estimate::{Channel, Estimate, Layer};
use loam_core::file::FineOrigin;
use loam_core::layer::LayerKind;
use loam_core::network::Network;
use loam_core::output::Output;
use loam_core::score::{MassReport, ScoreError, ScoreReport, ScoreRow, compare, mass_corrected, persistence};
use loam_core::stack::{HistoryRule, Library, Sample, Series, StackError};

/// Edge of a tile on the CPU, cells. 128 holds a region of 100 x 100 whole; at about 2 kB a cell a tile needs 37 MB, and a larger region is cut,
/// progress and cancel between the pieces. On a GPU the edge is measured ([`crate::tile_edge`]).
pub const TILE: usize = 128;

/// Why a prediction failed.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// Input could not be put together.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The network failed or was cancelled.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Scores could not be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// No history at all, and the caller did not allow it.
    #[error(
        "no date before {date} has both SMAP and a 3 km map over at least {percent:.0} % of the region, so SMEN has nothing to learn the \
         pattern from: open earlier SPL2SMAP_S (3 km) files together with SMAP files of the same dates"
    )]
    NoHistory {
        /// The date t.
        date: Date,
        /// The rule, per cent.
        percent: f32,
    },
}

impl From<ease_grid::GridError> for PredictError {
    fn from(error: ease_grid::GridError) -> Self {
        Self::Stack(error.into())
    }
}

/// Networks and the device they run on.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// The network whose estimate is wanted.
    pub model: &'a Smen,
    /// The network before it was trained here, to be shown beside it.
    pub before: Option<&'a Smen>,
    /// The device of both.
    pub device: &'a Device,
    /// Edge of a tile on that device, cells.
    pub tile: usize,
}

/// A finished prediction.
#[derive(Debug)]
pub struct Outcome {
    /// What went in.
    pub sample: Sample,
    /// SMEN's estimate, m3/m3, shifted where that was asked for.
    pub estimate: Raster,
    /// Its 36 km means against SMAP's, where a block is known well enough.
    pub mass: Option<MassReport>,
    /// All layers that can be drawn, in the order to draw them.
    pub layers: Vec<(LayerKind, Raster)>,
    /// Scores on the common pixels; empty without a reference.
    pub scores: Vec<ScoreReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Runs the network on a date of a loaded series and puts the baselines beside it. With `mass_correction` each 36 km block of its estimates is
/// shifted to SMAP's mean; the estimate as it was is then among the scores.
///
/// # Errors
/// [`PredictError`]; a cancel by `progress` comes as [`ModelError`].
pub async fn predict(
    library: &Library,
    series: &mut Series,
    date: Date,
    rule: HistoryRule,
    mass_correction: bool,
    engine: Engine<'_>,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Outcome, PredictError> {
    let sample = series.sample(library, date, rule)?;
    if sample.lacks_history() {
        return Err(PredictError::NoHistory { date, percent: 100.0 * rule.cover });
    }
    let window = sample.region.window();
    let planes = Planes {
        columns: sample.input.columns,
        rows: sample.input.rows,
        coarse_input: sample.coarse_input.clone(),
        residuals: sample.residuals.clone(),
    };
    let output = network(engine.model, engine.device, &planes, engine.tile, &mut progress).await?;
    let unshifted = sample.masked_output(output)?;
    let shifted =
        |map: &Raster| if mass_correction { mass_corrected(map, &sample.coarse) } else { Ok(map.clone()) };
    let estimate = shifted(&unshifted)?;
    let mass = MassReport::of(&estimate, &sample.coarse)?;
    let before = match engine.before {
        Some(model) => Some(shifted(
            &sample
                .masked_output(network(model, engine.device, &planes, engine.tile, &mut progress).await?)?,
        )?),
        None => None,
    };

    let today = series.day(library, date)?;
    let bilinear =
        today.coarse_native.as_ref().map(|native| resample::bilinear(native, &window)).transpose()?;
    let mut scores = Vec::new();
    let mut layers =
        vec![(LayerKind::Coarse, sample.coarse.clone()), (LayerKind::Estimate, estimate.clone())];
    if let Some(before) = before {
        let change = estimate.minus(&before)?;
        layers.extend([(LayerKind::Before, before), (LayerKind::Change, change)]);
    }
    // Without the frame, where the network saw an edge: it would spoil the scores of all.
    let scored = sample.scored_target()?;
    if let (Some(reference), Some(scored)) = (&sample.target, &scored) {
        let mut rows: Vec<(ScoreRow, &Raster)> = match mass_correction {
            true => vec![(ScoreRow::Shifted, &estimate), (ScoreRow::Estimate, &unshifted)],
            false => vec![(ScoreRow::Estimate, &estimate)],
        };
        let before =
            layers.iter().find(|(kind, _)| *kind == LayerKind::Before).map(|(_, raster)| raster.clone());
        rows.extend(before.as_ref().map(|raster| (ScoreRow::Before, raster)));
        rows.extend(bilinear.as_ref().map(|raster| (ScoreRow::Bilinear, raster)));
        rows.push((ScoreRow::AsIs, &sample.coarse));
        scores = compare(scored, Network::Smen, 0, &rows)?;
        if let Some(last) = sample.history.iter().rev().find_map(|slot| slot.date) {
            let past = series.day(library, last)?;
            if let (Some(fine), Some(z)) = (&past.fine, &past.coarse) {
                // It exists only where the last 3 km map did, often less than half: on its own pixels, so that it does not take the
                // others'. For the comparison the network is scored there too.
                let last_map = persistence(&fine.raster, z, &sample.coarse)?;
                let there = [(ScoreRow::Persistence, &last_map), (ScoreRow::EstimateThere, &unshifted)];
                scores.extend(compare(scored, Network::Smen, 0, &there)?);
            }
        }
        layers.push((LayerKind::Reference, reference.clone()));
        layers.push((LayerKind::Difference, estimate.minus(reference)?));
    }
    layers.extend(bilinear.map(|raster| (LayerKind::Bilinear, raster)));
    layers.extend(today.vv.map(|raster| (LayerKind::BackscatterVv, raster)));
    layers.extend(today.vh.map(|raster| (LayerKind::BackscatterVh, raster)));

    let mut warnings = warnings(&sample, &estimate);
    if mass_correction {
        warnings.push(
            "Each 36 km block of the estimate was shifted to SMAP's mean: it takes SMAP's noise over, and may show steps at the blocks' edges."
                .into(),
        );
    }
    Ok(Outcome { sample, estimate, mass, layers, scores, warnings })
}

fn warnings(sample: &Sample, estimate: &Raster) -> Vec<String> {
    let mut warnings = sample.warnings_of_history();
    warnings.extend(sample.warnings_of_today());
    let frame = sample.frame();
    if !frame.is_empty() {
        warnings.push(format!(
            "The files end at the region's edge or near it. There the network sees zeros instead of SMAP, which dries the estimate: {} are veiled \
             on the map and left out of the scores. Choose a smaller region, or open files that reach further.",
            frame.words()
        ));
    }
    warnings.extend(Output::SoilMoisture.out_of_range_warning(estimate));
    warnings
}

/// What to cite (formats.md 2.1, 2.6; the licence of Sentinel data asks for its line).
pub const CITATIONS: [&str; 3] = [
    "SMAP/Sentinel-1 L2 (SPL2SMAP_S) and SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center",
    "Contains modified Copernicus Sentinel data",
    "SMEN: Soil Moisture Enhancement Network, 36 km to 3 km",
];

impl Outcome {
    /// As the map of a date that every network gives. `sensitivity`: of the series' disaggregation.
    #[must_use]
    pub fn into_estimate(self, shifted: bool, sensitivity: Option<f32>, applicability: String) -> Estimate {
        let Self { sample, estimate, mass, layers, scores, warnings } = self;
        let (overpass_words, frame) = (sample.overpass_words(), sample.frame());
        let made_here = sample.uses_disaggregation();
        let own = sample.reference == Some(FineOrigin::OwnMap);
        Estimate {
            method: Network::Smen.into(),
            date: sample.date,
            window: sample.region.window(),
            channels: vec![Channel {
                output: Output::SoilMoisture,
                estimate,
                coarse: Some(sample.coarse),
                reference: sample.target,
                reference_uncertainty: None,
                scores,
                interval: None,
            }],
            layers: layers.into_iter().map(|(kind, raster)| Layer { kind, channel: 0, raster }).collect(),
            history: sample.history.to_vec(),
            overpass: sample.overpass,
            overpass_words,
            frame,
            reference: sample.reference,
            reference_name: if own { "a map that Loam made" } else { "the 3 km product" }.to_owned(),
            shifted,
            mass,
            sensitivity: sensitivity.filter(|_| made_here),
            applicability,
            files: sample.files,
            simulated: sample.simulated,
            citations: CITATIONS.map(str::to_owned).to_vec(),
            warnings,
        }
    }
}
