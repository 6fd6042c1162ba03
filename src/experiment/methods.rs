//! Every way to make a map of a date, side by side: at the ten simulated places, or on a folder of files. Test dates are those of the last
//! year; each date is predicted from what is strictly earlier. `loam experiment methods`.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::Serialize;

use super::estimate::estimate as of_smen;
use super::interval_score::{IntervalScore, LEVELS, Map};
use super::nominal::NominalWidths;
use super::records::{Records, TestDate};
use super::{ExperimentError, paper};
use loam_core::regression::PixelRegression;
use loam_core::regression::interval::{Calibration, NORMAL};
use loam_core::score::baselines::residuals::{Usual, history_mean};
use loam_core::score::baselines::{Forest, last_known};
use loam_core::score::{DRAW_SEED, DRAWS, Gain, Scores, bootstrap_mean};
use loam_core::simulate::{TRAINING_PLACES, UNSEEN_PLACES, place};
use loam_core::stack::{PRESETS, Preset};
use loam_nn::networks::rcn::prepared::{JUDGED, NOMINAL, ratios};
use loam_nn::rcn::seen;
use loam_nn::{Rcn, Smen, block_on};

/// Keys of the two networks in tables, as everywhere.
const RCN: &str = Rcn::NETWORK.about().key;
const SMEN: &str = Smen::NETWORK.about().key;

/// Numbers of earlier maps of the table of history length; `None` for all.
pub const LENGTHS: [Option<usize>; 7] = [Some(1), Some(2), Some(4), Some(8), Some(16), Some(32), None];

/// Keys of all ten simulated places: the paper's regions, those that only training knows, those that no weights are trained on.
pub fn places() -> impl Iterator<Item = Preset> {
    PRESETS.into_iter().chain(TRAINING_PLACES).chain(UNSEEN_PLACES)
}

/// A method's scores over the test dates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodScore {
    /// Name in tables.
    pub name: String,
    /// It is trained, and answers everywhere.
    pub network: bool,
    /// Mean over dates, m3/m3.
    pub urmse: f64,
    /// Its 95 % interval over dates.
    pub range: Option<[f64; 2]>,
    /// Mean over dates, m3/m3.
    pub rmse: f64,
    /// Mean over dates, m3/m3.
    pub bias: f64,
    /// Its interval, where it has one.
    #[serde(flatten)]
    pub interval: Option<IntervalScore>,
    /// What the others' uRMSE is above its own, by key: mean over dates with its 95 % interval.
    pub over: BTreeMap<&'static str, Gain>,
    /// uRMSE by date.
    #[serde(skip)]
    dates: Vec<f64>,
}

/// All methods at a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceScore {
    /// Test dates.
    pub dates: usize,
    /// Pixels scored.
    pub pixels: usize,
    /// 3 km maps before the first test date.
    pub earlier_maps: usize,
    /// No shipped weights were trained there.
    pub unseen: bool,
    /// By key.
    pub methods: BTreeMap<&'static str, MethodScore>,
}

/// `loam experiment methods --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodsReport {
    /// Where the dates come from.
    pub source: String,
    /// Simulated.
    pub simulated: bool,
    /// By key.
    pub regions: BTreeMap<&'static str, PlaceScore>,
    /// By region and method: scores by how many earlier maps there are, where asked for.
    pub lengths: BTreeMap<&'static str, BTreeMap<&'static str, Vec<LengthScore>>>,
    /// RCN's nominal width, of the places it learnt at, where asked for.
    pub nominal: Option<NominalWidths>,
}

/// A method of the comparison: key, name, whether it is a network, its maps of the test dates in order.
pub struct Compared {
    /// Key in the report.
    pub key: &'static str,
    /// Name in tables.
    pub name: &'static str,
    /// It is trained, and answers everywhere.
    pub network: bool,
    /// Of every test date.
    pub maps: Vec<Map>,
}

/// Maps of every method that needs no weights.
///
/// # Errors
/// The forest's.
pub fn closed_forms(records: &Records) -> Result<Vec<Compared>, ExperimentError> {
    let usual = Usual::of(&records.train);
    let forest = Forest::fit(&records.train, 0)?;
    let each = |key, name, of: &dyn Fn(&TestDate) -> Result<Map, ExperimentError>| {
        let maps = records.test.iter().map(of).collect::<Result<_, _>>()?;
        Ok::<_, ExperimentError>(Compared { key, name, network: false, maps })
    };
    Ok(vec![
        each("as-is", "SMAP as is (36 km)", &|t| Ok(Map::alone(t.case.coarse.clone())))?,
        each("bilinear", "bilinear SMAP", &|t| Ok(Map::alone(t.case.bilinear.clone())))?,
        each("bicubic", "bicubic SMAP", &|t| Ok(Map::alone(t.case.bicubic.clone())))?,
        each("persistence", "persistence (last known residual)", &|t| Ok(Map::alone(last_known(&t.case))))?,
        each("history-mean", "bilinear SMAP + mean of the history's residuals", &|t| {
            Ok(Map::alone(history_mean(&t.case)))
        })?,
        each("training-mean", "bilinear SMAP + mean training residual of the pixel", &|t| {
            Ok(Map::alone(usual.estimate(&t.case)))
        })?,
        each("forest", "random forest (trained on the place)", &|t| {
            Ok(Map::alone(forest.estimate(&t.case)?))
        })?,
        each("regression", "pixel regression", &|t| Ok(by_regression(&records.regression(t, None), t)))?,
    ])
}

/// The regression's map of a date.
#[must_use]
pub fn by_regression(regression: &PixelRegression, test: &TestDate) -> Map {
    let made = regression.predict(&test.smap, test.wetness.clone());
    if regression.maps() == 0 {
        return Map::alone(made.estimate);
    }
    Map::calibrated(made.estimate, &made.sigma, regression.calibration(), regression.maps(), &NORMAL)
}

/// RCN's maps, each with an interval that the errors of the newest maps before it set, as in the program.
///
/// # Errors
/// Those of the network.
pub fn rcn(records: &Records, network: &Rcn) -> Result<Compared, ExperimentError> {
    let device = Device::flex();
    let first = records.test.first().map_or(0, |test| test.earlier.saturating_sub(JUDGED));
    let (mut past, mut errors, mut maps) = (None, Calibration::default(), Vec::new());
    for (at, (observed, smap)) in records.observed.iter().zip(&records.smaps).enumerate() {
        let past =
            past.get_or_insert_with(|| PixelRegression::new(records.columns, observed.mapped.residual.len()));
        if at >= first && past.maps() > 0 {
            let size = (records.columns, observed.mapped.residual.len() / records.columns);
            let (date, wetness) = (observed.mapped.date, observed.wetness.clone());
            let seen = seen(network.constants(), date, smap, wetness, past, size.0);
            let map = block_on(seen.map(network, &device, size))?;
            if records.test.iter().any(|test| test.earlier == at && test.case.date == date) {
                let errors = errors.newest(JUDGED);
                maps.push(Map::calibrated(map.0.clone(), &map.1, &errors, past.maps(), &NOMINAL));
            }
            errors.add(ratios(past.maps(), smap, observed, &map));
        }
        past.add(observed);
    }
    Ok(Compared { key: RCN, name: "RCN (shipped weights)", network: true, maps })
}

/// RCN's map of a date from some maps before it, its interval nominal.
///
/// # Errors
/// Those of the network.
pub fn by_rcn(network: &Rcn, past: &PixelRegression, test: &TestDate) -> Result<Map, ExperimentError> {
    let size = (test.case.columns, test.case.rows);
    let seen = seen(network.constants(), test.case.date, &test.smap, test.wetness.clone(), past, size.0);
    let (estimate, sigma) = block_on(seen.map(network, &Device::flex(), size))?;
    Ok(Map::calibrated(estimate, &sigma, &Calibration::NONE, past.maps(), &NOMINAL))
}

/// SMEN's maps.
///
/// # Errors
/// Those of the network.
pub fn smen(records: &Records, weights: &loam_nn::Weights) -> Result<Compared, ExperimentError> {
    let device = Device::flex();
    let network = Smen::from_weights(weights, &device)?;
    let maps = records.test.iter().map(|t| Ok(Map::alone(of_smen(&network, &device, &t.case)?)));
    let maps = maps.collect::<Result<_, ExperimentError>>()?;
    Ok(Compared { key: SMEN, name: "SMEN (shipped weights)", network: true, maps })
}

/// Scores of all methods on the same pixels, and what each gains over the others.
///
/// # Errors
/// [`ExperimentError::NoImages`] without a test date.
pub fn compare(records: &Records, compared: &[Compared]) -> Result<PlaceScore, ExperimentError> {
    if records.test.is_empty() {
        return Err(ExperimentError::NoImages {
            region: records.preset.name.to_owned(),
            boundary: paper::TEST_FROM,
            train: records.train.len(),
            test: 0,
            unusable: 0,
            why: String::new(),
        });
    }
    let mut methods = BTreeMap::new();
    for method in compared {
        let (mut dates, mut rmse, mut bias, mut intervals) = (Vec::new(), 0.0, 0.0, Vec::new());
        for (test, map) in records.test.iter().zip(&method.maps) {
            let scores = Scores::of(&map.estimate, &test.case.target, &test.case.scored)?;
            dates.push(scores.urmse.unwrap_or(f64::NAN));
            rmse += scores.rmse.unwrap_or(f64::NAN);
            bias += scores.bias.unwrap_or(f64::NAN);
            intervals.extend(IntervalScore::of(&test.case, map));
        }
        let n = dates.len() as f64;
        methods.insert(
            method.key,
            MethodScore {
                name: method.name.to_owned(),
                network: method.network,
                urmse: dates.iter().sum::<f64>() / n,
                range: bootstrap_mean(&dates, DRAWS, DRAW_SEED).map(|i| [i.low, i.high]),
                rmse: rmse / n,
                bias: bias / n,
                interval: IntervalScore::mean(&intervals),
                over: BTreeMap::new(),
                dates,
            },
        );
    }
    let by_date: Vec<(&'static str, Vec<f64>)> =
        methods.iter().map(|(key, score)| (*key, score.dates.clone())).collect();
    for (key, score) in &mut methods {
        for (other, dates) in by_date.iter().filter(|(other, _)| other != key) {
            let gains: Vec<f64> = dates.iter().zip(&score.dates).map(|(than, own)| than - own).collect();
            let gain = bootstrap_mean(&gains, DRAWS, DRAW_SEED);
            score
                .over
                .extend(gain.map(|gain| (*other, Gain { mean: gain.mean, low: gain.low, high: gain.high })));
        }
    }
    Ok(PlaceScore {
        dates: records.test.len(),
        pixels: records.test.iter().map(|test| test.case.scored_pixels()).sum(),
        earlier_maps: records.test.first().map_or(0, |test| test.earlier),
        unseen: UNSEEN_PLACES.iter().any(|unseen| unseen.key == records.preset.key),
        methods,
    })
}

/// uRMSE and coverage of a method whose maps come from the last 1, 2, 4, ... maps alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LengthScore {
    /// Earlier maps; none for all.
    pub maps: Option<usize>,
    /// Mean over dates, m3/m3.
    pub urmse: f64,
    /// Of bilinear SMAP, m3/m3.
    pub bilinear: f64,
    /// The interval.
    #[serde(flatten)]
    pub interval: Option<IntervalScore>,
}

/// A method by history length: `of` makes the map of a date from the regression over so many maps.
///
/// # Errors
/// Those of `of`.
pub fn by_length(
    records: &Records,
    mut of: impl FnMut(&PixelRegression, &TestDate) -> Result<Map, ExperimentError>,
) -> Result<Vec<LengthScore>, ExperimentError> {
    let mut rows = Vec::new();
    for maps in LENGTHS {
        let (mut urmse, mut bilinear, mut intervals) = (0.0, 0.0, Vec::new());
        for test in &records.test {
            let map = of(&records.regression(test, maps), test)?;
            let score = |map: &[f32]| Scores::of(map, &test.case.target, &test.case.scored);
            urmse += score(&map.estimate)?.urmse.unwrap_or(f64::NAN);
            bilinear += score(&test.case.bilinear)?.urmse.unwrap_or(f64::NAN);
            intervals.extend(IntervalScore::of(&test.case, &map));
        }
        let n = records.test.len() as f64;
        rows.push(LengthScore {
            maps,
            urmse: urmse / n,
            bilinear: bilinear / n,
            interval: IntervalScore::mean(&intervals),
        });
    }
    Ok(rows)
}

/// Every method at several shares of persistent texture: (contrast, measured persistent share, scores of one place).
#[must_use]
pub fn shares_markdown(rows: &[(f32, f64, PlaceScore)]) -> String {
    const COLUMNS: [(&str, &str); 6] = [
        ("bilinear", "bilinear SMAP"),
        (SMEN, "SMEN"),
        ("training-mean", "mean training residual"),
        ("forest", "random forest"),
        ("regression", "pixel regression"),
        (RCN, "RCN"),
    ];
    let mut text = format!(
        "| contrast of soil and terrain | persistent share | {} | RCN better than the forest by (95 %) | 90 % interval of RCN covers |\n|---|---|{}---|---|\n",
        COLUMNS.map(|(_, name)| name).join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for (contrast, share, place) in rows {
        let method = |key: &str| place.methods.get(key);
        let urmse = |(key, _): (&str, &str)| {
            method(key).map_or_else(|| "-".to_owned(), |m| format!("{:.4}", m.urmse))
        };
        let gain = method(RCN).and_then(|rcn| rcn.over.get("forest")).map_or_else(String::new, |gain| {
            format!("{:+.4} ({:+.4} to {:+.4})", gain.mean, gain.low, gain.high)
        });
        let covers = method(RCN).and_then(|rcn| rcn.interval.as_ref());
        text.push_str(&format!(
            "| x {contrast} | {share:.2} | {} | {gain} | {} |\n",
            COLUMNS.map(urmse).join(" | "),
            covers.map_or_else(String::new, IntervalScore::coverage_words)
        ));
    }
    text
}

/// The reliability curve of each method that has intervals: mean over the places.
#[must_use]
pub fn reliability(report: &MethodsReport) -> Vec<(&'static str, Vec<[f64; 2]>)> {
    let mut by_method: BTreeMap<&str, Vec<&Vec<[f64; 2]>>> = BTreeMap::new();
    for (method, score) in report.regions.values().flat_map(|place| &place.methods) {
        if let Some(interval) = &score.interval {
            by_method.entry(method).or_default().push(&interval.reliability);
        }
    }
    let mean = |curves: Vec<&Vec<[f64; 2]>>| {
        let at = |n: usize| curves.iter().map(|curve| curve[n][1]).sum::<f64>() / curves.len() as f64;
        (0..LEVELS.len()).map(|n| [LEVELS[n].0, at(n)]).collect()
    };
    by_method.into_iter().map(|(method, curves)| (method, mean(curves))).collect()
}

/// Of a place of the simulator, by key.
///
/// # Errors
/// [`ExperimentError::Region`].
pub fn find(key: &str) -> Result<Preset, ExperimentError> {
    place(key).ok_or_else(|| ExperimentError::Region(key.to_owned()))
}

/// All places in one table, the table of history length, then one table a place.
#[must_use]
pub fn markdown(report: &MethodsReport) -> String {
    let mut text = format!(
        "{}. Test dates are those of 2018, each made from what is strictly earlier; the forest and the mean training residual are trained on the place's \
         dates before 2018. uRMSE in m3/m3, mean over dates, all methods on the same pixels: where the 3 km map, SMAP and its interpolations exist. \
         \"Better\" is paired by date, with a 95 % bootstrap interval over dates. Agreement with a 3 km product, not with the ground.\n\n\
         | place | dates | bilinear | SMEN | regression | forest | RCN | RCN better than the forest by | 90 % interval of RCN covers |\n|---|---|---|---|---|---|---|---|---|\n",
        report.source
    );
    for (key, place) in &report.regions {
        let of =
            |method: &str| place.methods.get(method).map_or_else(String::new, |m| format!("{:.4}", m.urmse));
        let rcn = place.methods.get(RCN);
        let gain = rcn.and_then(|rcn| rcn.over.get("forest")).map_or_else(String::new, |gain| {
            format!("{:+.4} ({:+.4} to {:+.4})", gain.mean, gain.low, gain.high)
        });
        let covers =
            rcn.and_then(|rcn| rcn.interval.as_ref()).map_or_else(String::new, IntervalScore::coverage_words);
        text.push_str(&format!(
            "| {key}{} | {} | {} | {} | {} | {} | {} | {gain} | {covers} |\n",
            if place.unseen { " (no weights were trained there)" } else { "" },
            place.dates,
            of("bilinear"),
            of(SMEN),
            of("regression"),
            of("forest"),
            of(RCN),
        ));
    }
    text.push_str(&format!(
        "\n## Reliability of the intervals\n\nShare of the pixels within an interval that is said to cover so much, the date's mean error taken out; mean over dates.\n\n\
         | place | method | {} |\n|---|---|{}\n",
        LEVELS.map(|(level, _)| format!("{:.0} %", 100.0 * level)).join(" | "),
        "---|".repeat(LEVELS.len())
    ));
    for (key, place) in &report.regions {
        for (method, interval) in place.methods.iter().filter_map(|(m, s)| Some((m, s.interval.as_ref()?))) {
            let cells: Vec<String> =
                interval.reliability.iter().map(|[_, covered]| format!("{:.1} %", 100.0 * covered)).collect();
            text.push_str(&format!("| {key} | {method} | {} |\n", cells.join(" | ")));
        }
    }
    if report.lengths.values().any(|methods| !methods.is_empty()) {
        text.push_str("\n## With few earlier maps\n\nMade from the newest 1, 2, 4, ... maps alone. In brackets how much of the pixels a 90 % interval covers; RCN's is nominal here.\n\n");
        let heads: Vec<String> =
            LENGTHS.iter().map(|n| n.map_or("all".to_owned(), |n| n.to_string())).collect();
        text.push_str(&format!(
            "| place | bilinear | method | {} |\n|---|---|---|{}\n",
            heads.join(" | "),
            "---|".repeat(heads.len())
        ));
        for (key, methods) in &report.lengths {
            for (method, rows) in methods {
                let bilinear = rows.first().map_or(f64::NAN, |row| row.bilinear);
                let cell = |row: &LengthScore| {
                    let covers = row
                        .interval
                        .as_ref()
                        .map_or_else(String::new, |i| format!(" ({:.0} %)", 100.0 * i.coverage90));
                    format!("{:.4}{covers}", row.urmse)
                };
                let cells: Vec<String> = rows.iter().map(cell).collect();
                text.push_str(&format!("| {key} | {bilinear:.4} | {method} | {} |\n", cells.join(" | ")));
            }
        }
    }
    text.push_str(&report.nominal.as_ref().map_or_else(String::new, NominalWidths::markdown));
    for (key, place) in &report.regions {
        text.push_str(&format!(
            "\n### {key}{}\n\n{} test dates, {} pixels, {} earlier 3 km maps before the first.\n\n\
             | method | uRMSE, m3/m3 | RMSE | better than the forest by (95 % over dates) | 90 % interval covers | width | CRPS |\n|---|---|---|---|---|---|---|\n",
            if place.unseen { " (no weights were trained there)" } else { "" },
            place.dates,
            place.pixels,
            place.earlier_maps
        ));
        let mut rows: Vec<_> = place.methods.values().collect();
        rows.sort_by(|a, b| a.urmse.total_cmp(&b.urmse));
        for row in rows {
            let gain = row.over.get("forest").map_or_else(String::new, |gain| {
                format!("{:+.4} ({:+.4} to {:+.4})", gain.mean, gain.low, gain.high)
            });
            let interval = row.interval.as_ref().map_or_else(
                || " | | ".to_owned(),
                |i| format!("{} | {:.3} | {:.4}", i.coverage_words(), i.width, i.crps),
            );
            text.push_str(&format!(
                "| {} | {:.4} | {:.4} | {gain} | {interval} |\n",
                row.name, row.urmse, row.rmse
            ));
        }
    }
    text
}
