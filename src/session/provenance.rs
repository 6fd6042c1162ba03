//! Where a result came from, in the words that exports carry.

use loam_core::device_report::DeviceReport;
use loam_core::estimate::{Estimate, Interval};
use loam_core::export::{Provenance, Score};
use loam_core::file::FineOrigin;
use loam_core::score::{ScoreReport, ScoreRow};
use loam_core::weights_report::WeightsReport;
use smap_files::QualityRule;

use crate::protocol::MapReport;

/// What is known of a prediction besides its numbers.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Which retrievals counted.
    pub quality: QualityRule,
    /// Weights.
    pub weights: WeightsReport,
    /// Device.
    pub device: DeviceReport,
}

impl Circumstances {
    /// Those of the map last shown.
    #[must_use]
    pub fn of(map: &MapReport) -> Self {
        Self { quality: map.settings.quality, weights: map.weights.clone(), device: map.device.clone() }
    }
}

/// Where a 3 km map of NISAR went in.
const NISAR: &str = "NISAR L3 soil moisture (SME2), NASA and ISRO, provisional";

/// Provenance of one channel of an estimate.
#[must_use]
pub fn of(estimate: &Estimate, channel: usize, circumstances: &Circumstances) -> Provenance {
    let Circumstances { quality, weights, device } = circumstances;
    let shown = estimate.channels.get(channel);
    let output = shown.map_or(estimate.method.output(), |channel| channel.output);
    let against = &estimate.reference_name;
    let history = || estimate.history.iter().filter_map(|slot| Some((slot.date?, slot.origin)));
    let of_origin = |wanted: FineOrigin| {
        history().filter(|(_, origin)| *origin == Some(wanted)).map(|(date, _)| date).collect()
    };
    let nisar = estimate.reference == Some(FineOrigin::Nisar)
        || estimate.history.iter().any(|slot| slot.origin == Some(FineOrigin::Nisar));
    let self_check = device.check.as_ref().map(|check| {
        let outcome = if check.passed { "passed" } else { "failed" };
        format!(
            "{outcome}: largest difference {:.1e} m3/m3 in {} runs, {:.0e} allowed",
            check.largest_difference, check.runs, check.tolerance
        )
    });
    let scored = |s: &ScoreReport| {
        Some(Score {
            of: format!("{} against {against}", s.name),
            urmse: s.urmse?,
            bias: s.bias?,
            r: s.r,
            cells: s.pixels,
        })
    };
    let model = if estimate.shifted {
        estimate.method.row_name(ScoreRow::Shifted, 0)
    } else {
        estimate.method.words().to_owned()
    };
    Provenance {
        date: Some(estimate.date),
        region: Some(estimate.window),
        model: Some(model),
        weights: Some(weights.name.clone()),
        weights_hash: Some(weights.hash.clone()),
        trained_on: Some(weights.trained_on.clone()),
        training_range: Some(estimate.applicability.clone()),
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
        history_nisar: of_origin(FineOrigin::Nisar),
        reference_is_own_map: estimate.reference == Some(FineOrigin::OwnMap),
        overpass: Some(estimate.overpass_words.clone()),
        interval: shown.and_then(|channel| channel.interval.as_ref()).map(Interval::words),
        reference_uncertainty: shown.and_then(|channel| channel.reference_uncertainty.as_ref()).map(|_| {
            "the reference product's own (NISAR), mean over the cells of a 3 km cell; not the estimate's"
                .to_owned()
        }),
        frame: estimate.frame,
        history: history().map(|(date, _)| date).collect(),
        inputs: estimate.files.clone(),
        scores: shown.map(|channel| channel.scores.iter().filter_map(scored).collect()).unwrap_or_default(),
        citations: estimate.citations.iter().cloned().chain(nisar.then(|| NISAR.to_owned())).collect(),
        simulated: estimate.simulated,
        ..Provenance::new(output.product(), output.unit())
    }
}

/// File name of an export: `loam_SIMULATED_tucson_20180616.tif`, `what` before the ending. Simulated input is said in the name.
#[must_use]
pub fn name(map: &MapReport, what: &str, extension: &str) -> String {
    let simulated = if map.simulated { "SIMULATED_" } else { "" };
    let window = map.settings.window;
    let region = match &map.settings.region {
        Some(region) => file_stem(region),
        None => format!("c{}r{}", window.first_column, window.first_row),
    };
    // Without jiff's formatter, which nothing else in the worker needs: 20 kB.
    let date = map.date.to_string().replace('-', "");
    format!("loam_{simulated}{region}_{date}{what}.{extension}")
}

/// Letters, digits, `-` and `_` of a text, the rest as `_`.
#[must_use]
pub fn file_stem(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}
