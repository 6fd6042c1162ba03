//! Where a result came from, in the words that exports carry.

use jiff::civil::Date;

use crate::protocol::MapReport;
use ease_grid::{EaseWindow, Edges};
use loam_core::device_report::DeviceReport;
use loam_core::export::{Provenance, Score};
use loam_core::file::FineOrigin;
use loam_core::network::TbCase;
use loam_core::score::SMEN_SHIFTED;
use loam_core::score::ScoreReport;
use loam_core::weights_report::WeightsReport;
use loam_nn::Weights;
use loam_nn::networks::smen::estimate::{Outcome, SMEN};
use loam_nn::networks::tb_cnn::steps::TbOutcome;
use smap_files::QualityRule;

/// What to cite (formats.md 2.1, 2.6; the licence of Sentinel data asks for its line).
const CITATIONS: [&str; 3] = [
    "SMAP/Sentinel-1 L2 (SPL2SMAP_S) and SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center",
    "Contains modified Copernicus Sentinel data",
    "SMEN: Soil Moisture Enhancement Network, 36 km to 3 km",
];

/// What is known of a prediction besides its numbers.
pub struct Circumstances {
    /// Which retrievals counted.
    pub quality: QualityRule,
    /// Weights.
    pub weights: WeightsReport,
    /// Device.
    pub device: DeviceReport,
    /// How the inputs lie to those of the training, in words ([`super::applicability`]).
    pub applicability: String,
    /// Each 36 km block was shifted to SMAP's mean.
    pub mass_correction: bool,
}

/// Name, origin and hash of weights.
#[must_use]
pub fn weights_report(name: &str, weights: &Weights) -> WeightsReport {
    weights.report(name)
}

/// Provenance of a finished prediction.
#[must_use]
pub fn facts(outcome: &Outcome, circumstances: &Circumstances) -> Provenance {
    let sample = &outcome.sample;
    let made = Made {
        date: sample.date,
        window: sample.region.window(),
        history: sample.history.iter().filter_map(|slot| Some((slot.date?, slot.origin))).collect(),
        inputs: &sample.files,
        overpass: &sample.overpass_words(),
        frame: sample.frame(),
        reference: sample.reference,
        simulated: sample.simulated,
        scores: &outcome.scores,
    };
    assemble(made, circumstances)
}

/// Provenance of the map last shown.
#[must_use]
pub fn of(map: &MapReport) -> Provenance {
    let made = Made {
        date: map.date,
        window: map.settings.window,
        history: map.history.iter().filter_map(|slot| Some((slot.date?, slot.origin))).collect(),
        inputs: &map.inputs,
        overpass: &map.overpass,
        frame: map.frame,
        reference: map.reference,
        simulated: map.simulated,
        scores: &map.scores,
    };
    let circumstances = Circumstances {
        quality: map.settings.quality,
        weights: map.weights.clone(),
        device: map.device.clone(),
        applicability: map.applicability.clone(),
        mass_correction: map.settings.mass_correction,
    };
    assemble(made, &circumstances)
}

/// Provenance of one channel of the TB CNN's estimate.
#[must_use]
pub fn of_tb(outcome: &TbOutcome, channel: usize, circumstances: &Circumstances) -> Provenance {
    let sample = &outcome.sample;
    let scores = outcome.scores.get(channel).map(Vec::as_slice).unwrap_or_default();
    let made = Made {
        date: sample.date,
        window: sample.window,
        history: Vec::new(),
        inputs: &sample.files,
        overpass: &sample.overpass_words,
        frame: outcome.frame,
        reference: sample.own_target.then_some(FineOrigin::OwnMap),
        simulated: sample.simulated,
        scores,
    };
    let mut facts = assemble(made, circumstances);
    for score in &mut facts.scores {
        score.of = score.of.replace(PRODUCT, &sample.target_name);
    }
    facts.product = match (sample.case, channel) {
        (TbCase::SoilMoisture, _) => "soil moisture, 3 km estimate",
        (TbCase::BrightnessTemperature, 0) => "brightness temperature TB V, 9 km estimate",
        (TbCase::BrightnessTemperature, _) => "brightness temperature TB H, 9 km estimate",
    }
    .into();
    facts.units = sample.case.unit().into();
    facts.model = Some(sample.case.words().into());
    facts.citations = vec!["SMAP radiometer and radar products, NASA National Snow and Ice Data Center".into()];
    if sample.case == TbCase::SoilMoisture {
        facts.citations.push("Land surface temperature: MODIS (LP DAAC) or as named in the inputs".into());
        facts.citations.extend(CITATIONS[..2].iter().map(|c| (*c).to_owned()));
    }
    facts
}

/// What a map is scored against, where that is a product.
const PRODUCT: &str = "the 3 km product";

/// What is known of a map from its own making.
struct Made<'a> {
    date: Date,
    window: EaseWindow,
    history: Vec<(Date, Option<FineOrigin>)>,
    inputs: &'a [String],
    overpass: &'a str,
    frame: Edges,
    reference: Option<FineOrigin>,
    simulated: bool,
    scores: &'a [ScoreReport],
}

fn assemble(made: Made<'_>, circumstances: &Circumstances) -> Provenance {
    let Made { date, window, history, inputs, overpass, frame, reference, simulated, scores } = made;
    let reference_is_own_map = reference == Some(FineOrigin::OwnMap);
    let against = if reference_is_own_map { "a map that Loam made" } else { PRODUCT };
    let of_origin = |wanted: FineOrigin| history.iter().filter(|(_, origin)| *origin == Some(wanted)).map(|(date, _)| *date).collect();
    let Circumstances { quality, weights, device, applicability, mass_correction } = circumstances;
    let self_check = device.check.as_ref().map(|check| {
        let verdict = if check.passed { "passed" } else { "failed" };
        format!(
            "{verdict}: largest difference {:.1e} m3/m3 in {} runs, {:.0e} allowed",
            check.largest_difference, check.runs, check.tolerance
        )
    });
    let scored = |s: &ScoreReport| {
        Some(Score { of: format!("{} against {against}", s.name), urmse: s.urmse?, bias: s.bias?, r: s.r, cells: s.pixels })
    };
    Provenance {
        date: Some(date),
        region: Some(window),
        model: Some(if *mass_correction { SMEN_SHIFTED } else { SMEN }.into()),
        weights: Some(weights.name.clone()),
        weights_hash: Some(weights.hash.clone()),
        trained_on: Some(weights.trained_on.clone()),
        training_range: Some(applicability.clone()),
        device: Some(format!("{}{}", if device.gpu { "GPU: " } else { "" }, device.name)),
        self_check,
        quality_rule: Some(
            match quality {
                QualityRule::Recommended => "recommended retrievals only",
                QualityRule::WithUncertain => "recommended and uncertain retrievals",
                QualityRule::All => "all values in the valid range",
            }
            .into(),
        ),
        history_disaggregated: of_origin(FineOrigin::Disaggregated),
        history_own_maps: of_origin(FineOrigin::OwnMap),
        reference_is_own_map,
        overpass: Some(overpass.to_owned()),
        frame,
        history: history.into_iter().map(|(date, _)| date).collect(),
        inputs: inputs.to_vec(),
        scores: scores.iter().filter_map(scored).collect(),
        citations: CITATIONS.map(str::to_owned).to_vec(),
        simulated,
        ..Provenance::new("soil moisture, 3 km estimate", "m3/m3")
    }
}

/// File name of an export: `loam_SIMULATED_tucson_20180616.tif`. Simulated input is said in the name.
#[must_use]
pub fn name(map: &MapReport, extension: &str) -> String {
    let simulated = if map.simulated { "SIMULATED_" } else { "" };
    let window = map.settings.window;
    let region = match &map.settings.region {
        Some(region) => file_stem(region),
        None => format!("c{}r{}", window.first_column, window.first_row),
    };
    format!("loam_{simulated}{region}_{}.{extension}", map.date.strftime("%Y%m%d"))
}

/// Letters, digits, `-` and `_` of a text, the rest as `_`.
#[must_use]
pub fn file_stem(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}
