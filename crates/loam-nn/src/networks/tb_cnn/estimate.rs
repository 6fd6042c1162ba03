//! The estimate of a date with its baselines and scores.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::{Edges, Raster};
use jiff::civil::Date;
use loam_core::estimate::{Channel, Estimate, Layer};
use loam_core::file::FineOrigin;
use loam_core::layer::LayerKind;
use loam_core::network::{Network, TbCase};
use loam_core::score::{ScoreReport, ScoreRow, compare};
use loam_core::stack::{Library, Series, Temperatures, without};
use smap_files::Overpass;

use super::error::TbError;
use super::images::{resolution, temperatures, widened};
use super::sample::TbSample;
use crate::networks::smen::estimate::CITATIONS;
use crate::predict_tb;
use crate::tb_cnn::TbCnn;

/// Share of the cells below which a warning says how little was seen.
const LITTLE: f32 = 0.5;

/// A finished prediction of the TB CNN, without its margin.
#[derive(Debug)]
pub struct TbOutcome {
    /// What went in.
    pub sample: TbSample,
    /// The estimate: TB V and H at 9 km, or soil moisture at 3 km.
    pub estimates: Vec<Raster>,
    /// Cells whose receptive field leaves the data: marked, and left out of the scores.
    pub frame: Edges,
    /// Scores on the common pixels, a list a channel; the lists are empty without a reference.
    pub scores: Vec<Vec<ScoreReport>>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Runs the network on a sample and puts the baselines beside it.
///
/// # Errors
/// Those of the network, and a cancel by `progress`.
pub async fn predict(
    network: &TbCnn,
    device: &Device,
    sample: TbSample,
    progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<TbOutcome, TbError> {
    let size = (sample.window.columns, sample.window.rows);
    let output = predict_tb(network, sample.case, device, size, &sample.planes(), progress).await?;
    let cropped = sample
        .masked_output(&output)?
        .iter()
        .map(|estimate| estimate.cropped(&sample.inner))
        .collect::<Result<Vec<_>, _>>();
    let (estimates, frame) = (cropped?, sample.margin().missing(sample.halo));
    let inner = sample.inner;
    let sample = sample.on(&inner)?;
    let mut scores = vec![Vec::new(); sample.case.outputs()];
    if let Some(target) = &sample.target {
        for (channel, (reference, scores)) in target.iter().zip(&mut scores).enumerate() {
            let reference = &without(reference, &frame)?;
            let (Some(estimate), Some(bilinear), Some(coarse)) =
                (estimates.get(channel), sample.bilinear.get(channel), sample.coarse().get(channel))
            else {
                continue;
            };
            let channel = channel as u8;
            let network = Network::Tb(sample.case);
            let rows =
                [(ScoreRow::Estimate, estimate), (ScoreRow::Bilinear, bilinear), (ScoreRow::AsIs, coarse)];
            *scores = compare(reference, network, channel, &rows)?;
        }
    }
    let mut warnings = warnings(&sample);
    warnings.extend((!frame.is_empty()).then(|| {
        format!(
            "The files end near the region's edge. There the network sees zeros instead of what lies outside: {} are veiled on the map and left \
             out of the scores.",
            frame.words()
        )
    }));
    Ok(TbOutcome { sample, estimates, frame, scores, warnings })
}

fn warnings(sample: &TbSample) -> Vec<String> {
    let mut warnings = Vec::new();
    let share = |raster: &Raster| raster.valid_count() as f32 / raster.values().len().max(1) as f32;
    let what = match sample.case {
        TbCase::BrightnessTemperature => ["SMAP's V channel saw", "SMAP's H channel saw"],
        TbCase::SoilMoisture => ["SMAP saw", "land surface temperature was seen on"],
    };
    for (input, what) in sample.inputs.iter().zip(what) {
        if share(input) < LITTLE {
            warnings.push(format!(
                "On this date {what} only {:.0} % of the region; the rest of the map is masked.",
                100.0 * share(input)
            ));
            break;
        }
    }
    if sample.overpass == Some(Overpass::Pm) {
        warnings.push(
            "The brightness temperatures are those of the 6 pm overpass, which saw more of the region."
                .to_owned(),
        );
    }
    if sample.interpolated {
        warnings.push(format!(
            "The reference is {}, posted at 9 km but interpolated from the same radiometer: agreement with it says little of what lies within 36 km.",
            sample.target_name
        ));
    }
    warnings
}

impl TbOutcome {
    /// As the map of a date that every network gives.
    ///
    /// # Errors
    /// Those of the rasters.
    pub fn into_estimate(self) -> Result<Estimate, TbError> {
        let Self { sample, estimates, frame, scores, mut warnings } = self;
        let case = sample.case;
        let targets = sample.target.as_deref().unwrap_or_default();
        let (mut layers, mut channels) = (Vec::new(), Vec::new());
        for ((channel, estimate), scores) in (0u8..).zip(estimates).zip(scores) {
            let (n, output) = (usize::from(channel), Network::Tb(case).about().outputs[usize::from(channel)]);
            let (coarse, reference) = (sample.coarse().get(n).cloned(), targets.get(n).cloned());
            let mut add =
                |kind, raster: &Raster| layers.push(Layer { kind, channel, raster: raster.clone() });
            if let Some(coarse) = &coarse {
                add(LayerKind::Coarse, coarse);
            }
            add(LayerKind::Estimate, &estimate);
            if let Some(reference) = &reference {
                add(LayerKind::Reference, reference);
                add(LayerKind::Difference, &estimate.minus(reference)?);
            }
            if let Some(bilinear) = sample.bilinear.get(n) {
                add(LayerKind::Bilinear, bilinear);
            }
            channels.push(Channel {
                output,
                estimate,
                coarse,
                reference,
                reference_uncertainty: None,
                scores,
                interval: None,
            });
        }
        if case == TbCase::SoilMoisture {
            layers.push(Layer {
                kind: LayerKind::SurfaceTemperature,
                channel: 0,
                raster: sample.inputs[1].clone(),
            });
        }
        warnings.extend(channels.iter().filter_map(|c| c.output.out_of_range_warning(&c.estimate)));
        let origin = if sample.own_target { FineOrigin::OwnMap } else { FineOrigin::Product };
        let mut citations =
            vec!["SMAP radiometer and radar products, NASA National Snow and Ice Data Center".to_owned()];
        if case == TbCase::SoilMoisture {
            citations.push("Land surface temperature: MODIS (LP DAAC) or as named in the inputs".to_owned());
            citations.extend(CITATIONS[..2].iter().map(|c| (*c).to_owned()));
        }
        Ok(Estimate {
            method: Network::Tb(case).into(),
            date: sample.date,
            window: sample.window,
            channels,
            layers,
            history: Vec::new(),
            overpass: None,
            overpass_words: sample.overpass_words,
            frame,
            reference: (!targets.is_empty()).then_some(origin),
            reference_name: if sample.own_target {
                "a map that Loam made".to_owned()
            } else {
                sample.target_name.clone()
            },
            shifted: false,
            mass: None,
            sensitivity: None,
            // Its weights do not carry the range of their training yet.
            applicability: String::new(),
            files: sample.files,
            simulated: sample.simulated,
            citations,
            warnings,
        })
    }
}

/// The date's sample with a margin of up to `halo` cells ([`Weights::margin`](crate::Weights::margin)), from files or simulated again.
///
/// # Errors
/// [`StackError`](loam_core::stack::StackError) in words where an input is missing, and [`ModelError::Cancelled`](crate::ModelError::Cancelled).
pub async fn sample(
    library: &Library,
    series: &mut Series,
    case: TbCase,
    halo: usize,
    date: Date,
    yield_now: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<(TbSample, Vec<(String, String)>), TbError> {
    let mut found = Temperatures::default();
    let keep = |_, temperatures| {
        found = temperatures;
        Ok(())
    };
    // Days of the wider region are read as they are asked for.
    let inner = series.region.window().covering(resolution(case));
    let wide = widened(&inner, halo)?;
    let mut series = Series::new(wide, series.quality);
    temperatures(library, &wide, series.quality, case, &BTreeSet::from([date]), keep, yield_now).await?;
    let failures = std::mem::take(&mut found.failures);
    let sample = TbSample::of(&mut series, library, date, case, found, &inner)?;
    Ok((TbSample { halo, ..sample }, failures))
}
