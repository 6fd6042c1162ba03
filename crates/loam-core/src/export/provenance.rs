//! Where a map came from, in words and numbers that travel inside the exported file.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use ease_grid::{EaseWindow, Edges};

/// A score of the map against a reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// What was scored against what: `SMEN against SPL2SMAP_S`, `bilinear SMAP against SPL2SMAP_S`.
    pub of: String,
    /// Unbiased root-mean-square error, m3/m3.
    pub urmse: f64,
    /// Mean of estimate minus reference, m3/m3.
    pub bias: f64,
    /// Pearson's correlation; `None` where either side is constant.
    pub r: Option<f64>,
    /// Cells compared.
    pub cells: usize,
}

/// What kind of map Loam wrote: told again when the file is opened, so that an estimate is never taken for a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapKind {
    /// An estimate of a network or another method.
    #[default]
    Estimate,
    /// What a simulated satellite saw: input, like a product's.
    Scene,
}

/// How the product of a simulated scene ends.
const SIMULATED: &str = ", simulated";

impl MapKind {
    /// As it stands in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Estimate => "estimate",
            Self::Scene => "scene",
        }
    }
}

/// Everything needed to say how a map was made, and to make it again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// What the map shows: `soil moisture, 3 km estimate`.
    pub product: String,
    /// What kind of map it is.
    pub kind: MapKind,
    /// Unit of the values: `m3/m3`, `dB`.
    pub units: String,
    /// The day.
    pub date: Option<Date>,
    /// The region: a window of the EASE-Grid 2.0.
    pub region: Option<EaseWindow>,
    /// Network or method: `SMEN`, `bilinear SMAP`.
    pub model: Option<String>,
    /// Name of the weights.
    pub weights: Option<String>,
    /// SHA-256 of the weights file, or its beginning.
    pub weights_hash: Option<String>,
    /// What the weights were trained on: `simulated scenes`.
    pub trained_on: Option<String>,
    /// How the inputs lie to those of the training: `1 % of SMAP's values lie outside 0.04 to 0.38 m3/m3, the range of the training`.
    pub training_range: Option<String>,
    /// Device that computed it: `CPU (flex)`, `GPU: ...`.
    pub device: Option<String>,
    /// Outcome of the device's self-check.
    pub self_check: Option<String>,
    /// Which retrievals counted.
    pub quality_rule: Option<String>,
    /// Which overpass of SMAP went in, and what fills it: `6 am (descending); 6 pm (ascending) fills 12 % of the cells seen`.
    pub overpass: Option<String>,
    /// What the half-width beside the estimate is, and what it rests on: `90 % interval calibrated on 64 earlier dates`.
    pub interval: Option<String>,
    /// What the uncertainty beside the reference is.
    #[serde(default)]
    pub reference_uncertainty: Option<String>,
    /// From which grid to which the map was resampled, and how; none where it lies on its own cells.
    #[serde(default)]
    pub resampled: Option<String>,
    /// Cells along the map's edges that were estimated without what lies outside: in the map, and left out of the scores.
    pub frame: Edges,
    /// Days of the 3 km maps the estimate is built on.
    pub history: Vec<Date>,
    /// Those of them whose 3 km map was disaggregated by Loam from SMAP and backscatter, and is of no product.
    pub history_disaggregated: Vec<Date>,
    /// Those of them whose 3 km map is an estimate that Loam made, chosen by hand.
    pub history_own_maps: Vec<Date>,
    /// Those of them whose 3 km map is NISAR's, which is provisional.
    pub history_nisar: Vec<Date>,
    /// The scores are against an estimate that Loam made, chosen by hand, not against a product.
    pub reference_is_own_map: bool,
    /// Names of the files used.
    pub inputs: Vec<String>,
    /// Scores.
    pub scores: Vec<Score>,
    /// What to cite.
    pub citations: Vec<String>,
    /// Made from simulated scenes. Must be said wherever the map is shown.
    pub simulated: bool,
    /// Loam's version; [`Provenance::new`] fills it in.
    pub app_version: String,
}

impl Provenance {
    /// For a product, with this build's version: an estimate, unless the product is what a simulated satellite saw (`..., simulated`).
    #[must_use]
    pub fn new(product: impl Into<String>, units: impl Into<String>) -> Self {
        let product = product.into();
        let kind = if product.ends_with(SIMULATED) { MapKind::Scene } else { MapKind::Estimate };
        Self {
            product,
            kind,
            units: units.into(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Self::default()
        }
    }

    /// Keys and texts in a fixed order; what is not known is left out. One item per line in every form of export.
    #[must_use]
    pub fn items(&self) -> Vec<(&'static str, String)> {
        let units = &self.units;
        let mut items = vec![
            ("product", self.product.clone()),
            ("kind", self.kind.name().to_owned()),
            ("units", self.units.clone()),
        ];
        let mut add =
            |key, value: Option<String>| items.extend(value.filter(|v| !v.is_empty()).map(|v| (key, v)));
        let days = |days: &[Date]| days.iter().map(Date::to_string).collect::<Vec<_>>().join(" ");
        add("date", self.date.map(|d| d.to_string()));
        add("simulated", Some(self.simulated.to_string()));
        add(
            "region",
            self.region.map(|w| {
                format!(
                    "{}: columns {}..{}, rows {}..{}",
                    w.resolution.name(),
                    w.first_column,
                    w.first_column + w.columns - 1,
                    w.first_row,
                    w.first_row + w.rows - 1
                )
            }),
        );
        add("resampled", self.resampled.clone());
        add("model", self.model.clone());
        add("weights", self.weights.clone());
        add("weights_sha256", self.weights_hash.clone());
        add("trained_on", self.trained_on.clone());
        add("training_range", self.training_range.clone());
        add("device", self.device.clone());
        add("self_check", self.self_check.clone());
        add("quality_rule", self.quality_rule.clone());
        add("interval", self.interval.clone());
        add("history", Some(days(&self.history)));
        add("history_disaggregated_here", Some(days(&self.history_disaggregated)));
        add("history_maps_that_loam_made", Some(days(&self.history_own_maps)));
        add("history_maps_of_nisar_provisional", Some(days(&self.history_nisar)));
        add("smap_overpass", self.overpass.clone());
        add("inputs", Some(self.inputs.join("; ")));
        let frame = self.frame.words();
        add(
            "edge_frame",
            (!frame.is_empty()).then(|| {
                format!("{frame}: estimated without what lies outside, in the map but not in the scores")
            }),
        );
        let own = "an estimate that Loam made, chosen by hand: agreement with it says nothing of the soil";
        add("reference", self.reference_is_own_map.then(|| own.to_owned()));
        add("reference_uncertainty", self.reference_uncertainty.clone());
        for score in &self.scores {
            let r = score.r.map_or_else(|| "undefined".to_owned(), |r| format!("{r:.4}"));
            add(
                "score",
                Some(format!(
                    "{}: uRMSE {:.5} {units}, bias {:.5} {units}, R {r}, {} cells",
                    score.of, score.urmse, score.bias, score.cells
                )),
            );
        }
        for citation in &self.citations {
            add("citation", Some(citation.clone()));
        }
        add("software", Some(format!("Loam {}", self.app_version)));
        items
    }

    /// The same with a number behind a key that comes again: `score`, `score_2`.
    #[must_use]
    pub fn numbered_items(&self) -> Vec<(String, String)> {
        let mut seen = std::collections::HashMap::new();
        let numbered = |(key, value): (&'static str, String)| {
            let n: &mut usize = seen.entry(key).or_default();
            *n += 1;
            (if *n > 1 { format!("{key}_{n}") } else { key.to_owned() }, value)
        };
        self.items().into_iter().map(numbered).collect()
    }

    /// One sentence for image descriptions.
    #[must_use]
    pub fn summary(&self) -> String {
        let date = self.date.map(|d| format!(", {d}")).unwrap_or_default();
        let simulated = if self.simulated { ", SIMULATED, not an observation" } else { "" };
        format!("{} ({}){date}{simulated}. Made with Loam {}.", self.product, self.units, self.app_version)
    }
}
