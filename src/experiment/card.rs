//! Model cards: what shipped weights were made of, how they score on dates they have not seen beside every baseline, and what they must not
//! be used for. Nothing on a card is typed by hand: provenance comes from the weights file's own metadata, scores from the test dates, and
//! what is lost to a baseline is said in words that follow from the scores.

use serde::Serialize;

use super::estimate::{estimate, score, where_disaggregated};
use super::methods::{self, MethodScore};
use super::records::Records;
use super::table::{MethodRow, Range, SMEN, method_row};
use super::{ExperimentError, Images, Method, Runner};
use loam_core::network::Network;
use loam_core::score::InputRange;
use loam_core::simulate::{UNSEEN_PLACES, place};
use loam_core::stack::{GENERAL, PRESETS, Preset, Shipped};
use loam_nn::Stage;
use loam_nn::{PRECISION, Rcn, Smen, Weights};

/// Changes when a card's fields do; the page reads no other version.
const FORMAT: u32 = 1;
/// Of a number on a card: 1e-5 m3/m3 is finer than any difference that means something, and keeps the file small.
const DIGITS: f64 = 1e5;

fn short(value: f64) -> f64 {
    (value * DIGITS).round() / DIGITS
}

/// One method on the test dates of a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardScore {
    /// Its name.
    pub name: String,
    /// Scored on pixels of its own, where it exists.
    pub partial: bool,
    /// Mean uRMSE over the dates, m3/m3.
    pub urmse: f64,
    /// Its 95 % interval over dates.
    pub interval: Option<[f64; 2]>,
    /// Its uRMSE minus the network's, paired by date on the same pixels, and the 95 % interval of that: above 0 the network is better. None for the
    /// network.
    pub gain: Option<[f64; 3]>,
    /// Mean bias, m3/m3.
    pub bias: f64,
    /// Mean correlation.
    pub r: Option<f64>,
    /// Pixels, all dates.
    pub pixels: usize,
    /// Dates.
    pub dates: usize,
}

impl From<MethodRow> for CardScore {
    fn from(row: MethodRow) -> Self {
        let ends = |r: Range| [r.low, r.high].map(short);
        Self {
            interval: row.interval.map(ends),
            gain: row.gain.map(|r| [r.mean, r.low, r.high].map(short)),
            name: row.name,
            partial: row.partial,
            urmse: short(row.urmse),
            bias: short(row.bias),
            r: row.r.map(short),
            pixels: row.pixels,
            dates: row.dates,
        }
    }
}

/// What weights have seen of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Earlier dates of it.
    Earlier,
    /// Nothing: other weights are trained on it.
    Elsewhere,
    /// Nothing, and no shipped weights are trained on it.
    Never,
}

/// Scores at one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceScores {
    /// Key of the place.
    pub key: String,
    /// For people.
    pub name: String,
    /// Its climate.
    pub climate: String,
    /// What the weights have seen of it.
    pub seen: Seen,
    /// First and last test date.
    pub dates: [String; 2],
    /// Dates that the baselines were trained on.
    pub baseline_images: usize,
    /// The network first, then every baseline.
    pub scores: Vec<CardScore>,
    /// Share of the test inputs outside the range of the training inputs: SMAP, residuals (0..1). None where the file does not say its
    /// range.
    pub outside: Option<[f64; 2]>,
}

impl PlaceScores {
    /// The network.
    #[must_use]
    pub fn own(&self) -> Option<&CardScore> {
        self.scores.first()
    }

    /// A baseline whose name this is.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&CardScore> {
        self.scores.iter().find(|s| s.name == name)
    }

    /// The best baseline that exists everywhere.
    #[must_use]
    pub fn best(&self) -> Option<&CardScore> {
        self.scores
            .iter()
            .filter(|s| s.gain.is_some() && !s.partial)
            .min_by(|a, b| a.urmse.total_cmp(&b.urmse))
    }

    /// Baselines that the network does not beat: the 95 % interval of the paired difference is not above zero.
    pub fn not_beaten(&self) -> impl Iterator<Item = &CardScore> {
        self.scores.iter().filter(|s| s.gain.is_some_and(|[_, low, _]| low <= 0.0))
    }

    /// Is this baseline better than the network, with its interval?
    fn loses_to(&self, name: &str) -> bool {
        self.of(name).is_some_and(|s| s.gain.is_some_and(|[.., high]| high < 0.0))
    }
}

/// A model card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// Version of the fields.
    pub format: u32,
    /// Key: the file's name without its ending.
    pub key: String,
    /// For people.
    pub name: String,
    /// Bytes of the weights file.
    pub bytes: usize,
    /// The network: `SMEN`.
    pub network: String,
    /// SHA-256 of the weights file, first 16 hex digits.
    pub hash: String,
    /// Numbers that were trained.
    pub parameters: usize,
    /// Trained on simulated scenes, in the file's own words or not.
    pub simulated: bool,
    /// What they were trained on, in the file's own words.
    pub trained_on: String,
    /// Names and climates of the places.
    pub places: Vec<[String; 2]>,
    /// Seed of the simulated scenes.
    pub scene_seed: u64,
    /// Training runs, oldest first.
    pub stages: Vec<Stage>,
    /// How the weights were rounded, in words.
    pub precision: Option<String>,
    /// Range of the training inputs: of SMAP and of the residuals, m3/m3.
    pub range: Option<[[f32; 2]; 2]>,
    /// Scores on dates from 2018 on.
    pub scores: Vec<PlaceScores>,
    /// What they must not be used for, and where they lose.
    pub limits: Vec<String>,
}

/// A weights file on its way to a card.
pub struct Shelved {
    /// Key: the file's name without its ending.
    pub key: String,
    /// Bytes of the file.
    pub bytes: usize,
    /// The weights.
    pub weights: Weights,
}

impl Shelved {
    fn stages(&self) -> Vec<Stage> {
        Stage::list(&self.weights.metadata)
    }

    /// The places they were trained on, by their stages.
    fn trained_on(&self) -> Vec<Preset> {
        let mut places: Vec<Preset> = Vec::new();
        for preset in self.stages().iter().flat_map(|stage| &stage.regions).filter_map(|key| place(key)) {
            if !places.contains(&preset) {
                places.push(preset);
            }
        }
        places
    }

    fn name(&self) -> String {
        if self.key == GENERAL {
            "General".to_owned()
        } else {
            Shipped::all()
                .find(|shipped| shipped.key == self.key)
                .map(|shipped| shipped.name)
                .or_else(|| place(&self.key).map(|p| p.name))
                .map_or_else(|| self.key.clone(), str::to_owned)
        }
    }
}

/// Cards of several weights files, in order. Each is scored on the simulated test dates of the three regions, of the places that no weights
/// are trained on, and of its own places; on each beside every baseline, trained on all usable dates of that place before 2018.
///
/// # Errors
/// Those of the baselines and predictions.
pub fn cards(files: &[Shelved], runner: &mut Runner, scene_seed: u64) -> Result<Vec<Card>, ExperimentError> {
    let device = runner.device.clone();
    let mut scores: Vec<Vec<PlaceScores>> = files.iter().map(|_| Vec::new()).collect();
    let own: Vec<Vec<Preset>> = files.iter().map(Shelved::trained_on).collect();
    let mut places: Vec<Preset> = PRESETS.to_vec();
    for preset in own.iter().flatten().chain(&UNSEEN_PLACES) {
        if !places.contains(preset) {
            places.push(*preset);
        }
    }
    for preset in places {
        let images = Images {
            region: preset.key.to_owned(),
            train: Images::ALL,
            test: Images::ALL,
            source: runner.source.tag(),
        };
        let mut records = None;
        for ((file, own), scores) in files.iter().zip(&own).zip(&mut scores) {
            let seen = match (own.contains(&preset), UNSEEN_PLACES.contains(&preset)) {
                (true, _) => Seen::Earlier,
                (false, true) => Seen::Never,
                (false, false) if PRESETS.contains(&preset) => Seen::Elsewhere,
                (false, false) => continue,
            };
            if file.weights.network().about().whole_past {
                let records = match &records {
                    Some(records) => records,
                    None => records.insert(Records::new(&runner.source, preset)?),
                };
                scores.push(of_rcn(records, &Rcn::from_weights(&file.weights, &device)?, seen)?);
                continue;
            }
            let baselines = runner.baselines(&images)?;
            let gathered = runner.gathered(&images)?;
            let smen = Smen::from_weights(&file.weights, &device)?;
            let range = InputRange::from_metadata(&file.weights.metadata);
            let (mut whole, mut there) = (Vec::new(), Vec::new());
            let mut outside = range.map(|_| [0.0; 2]);
            for case in &gathered.test {
                let map = estimate(&smen, &device, case)?;
                whole.extend(score(gathered, case, &map, &case.scored)?);
                if let Some(pixels) = where_disaggregated(case) {
                    there.extend(score(gathered, case, &map, &pixels)?);
                }
                if let (Some(range), Some(outside)) = (range, &mut outside) {
                    let (i, d) = range.outside(&case.coarse, &case.residuals);
                    let n = gathered.test.len() as f64;
                    *outside = [outside[0] + i / n, outside[1] + d / n];
                }
            }
            let whole = Method { name: SMEN.to_owned(), partial: false, dates: whole };
            let there = Method {
                name: "SMEN where the disaggregation exists".to_owned(),
                partial: true,
                dates: there,
            };
            let mut rows = vec![method_row(&whole, None)];
            rows.extend(baselines.methods.iter().filter(|m| !m.partial).map(|m| method_row(m, Some(&whole))));
            if !there.dates.is_empty() {
                rows.push(method_row(&there, None));
            }
            rows.extend(baselines.methods.iter().filter(|m| m.partial).map(|m| method_row(m, Some(&there))));
            let ends = [baselines.test.first(), baselines.test.last()]
                .map(|date| date.map_or_else(String::new, ToString::to_string));
            scores.push(PlaceScores {
                key: preset.key.to_owned(),
                name: preset.name.to_owned(),
                climate: preset.climate.to_owned(),
                seen,
                dates: ends,
                baseline_images: baselines.train.len(),
                scores: rows.into_iter().map(CardScore::from).collect(),
                outside: outside.map(|shares| shares.map(short)),
            });
        }
    }
    Ok(files
        .iter()
        .zip(own)
        .zip(scores)
        .map(|((file, own), scores)| card(file, &own, scores, scene_seed))
        .collect())
}

/// RCN at a place, beside what needs no weights.
fn of_rcn(records: &Records, network: &Rcn, seen: Seen) -> Result<PlaceScores, ExperimentError> {
    let mut compared = methods::closed_forms(records)?;
    compared.push(methods::rcn(records, network)?);
    let place = methods::compare(records, &compared)?;
    let rcn = Rcn::NETWORK.about().key;
    let own = place.methods.get(rcn).cloned();
    let line = |key: &str, score: &MethodScore| CardScore {
        name: score.name.clone(),
        partial: false,
        urmse: short(score.urmse),
        interval: score.range.map(|ends| ends.map(short)),
        gain: own
            .as_ref()
            .filter(|_| key != rcn)
            .and_then(|own| own.over.get(key))
            .map(|g| [g.mean, g.low, g.high].map(short)),
        bias: short(score.bias),
        r: None,
        pixels: place.pixels,
        dates: place.dates,
    };
    let mut scores: Vec<CardScore> = own.iter().map(|own| line(rcn, own)).collect();
    scores.extend(place.methods.iter().filter(|(key, _)| **key != rcn).map(|(key, score)| line(key, score)));
    let dates = [records.test.first(), records.test.last()]
        .map(|test| test.map_or_else(String::new, |test| test.case.date.to_string()));
    let preset = records.preset;
    Ok(PlaceScores {
        key: preset.key.to_owned(),
        name: preset.name.to_owned(),
        climate: preset.climate.to_owned(),
        seen,
        dates,
        baseline_images: records.train.len(),
        scores,
        outside: None,
    })
}

fn card(file: &Shelved, own: &[Preset], scores: Vec<PlaceScores>, scene_seed: u64) -> Card {
    let report = file.weights.report(&file.name());
    let trained = file
        .weights
        .tensors
        .iter()
        .filter(|(name, _)| !name.contains(".running_") && !name.starts_with("inputs."));
    let range = InputRange::from_metadata(&file.weights.metadata);
    let range = range.map(|r| [[r.coarse.0, r.coarse.1], [r.residuals.0, r.residuals.1]]);
    Card {
        format: FORMAT,
        key: file.key.clone(),
        name: report.name,
        bytes: file.bytes,
        network: report.network.about().name.to_owned(),
        hash: report.hash,
        parameters: trained.map(|(_, tensor)| tensor.values.len()).sum(),
        simulated: report.simulated,
        trained_on: report.trained_on,
        places: own.iter().map(|place| [place.name.to_owned(), place.climate.to_owned()]).collect(),
        scene_seed,
        stages: file.stages(),
        precision: file.weights.metadata.get(PRECISION).cloned(),
        limits: limits(report.network, report.simulated, range, &scores),
        range,
        scores,
    }
}

/// Names of baselines whose loss at a place is worth a sentence.
const BILINEAR: &str = "bilinear SMAP";

/// What must be said, from metadata and scores.
fn limits(
    network: Network,
    simulated: bool,
    range: Option<[[f32; 2]; 2]>,
    scores: &[PlaceScores],
) -> Vec<String> {
    let mut limits = Vec::new();
    if simulated {
        limits.push(
            "Trained on simulated scenes alone, never on satellite data, and every score here is on simulated scenes: they show what the network does \
             on data of that kind, not how well it does on Earth. For an estimate to rely on, fine-tune on files of the region and judge by the \
             scores there."
                .to_owned(),
        );
    }
    limits.push(
        "Not a measurement of the ground: the network imitates a 3 km retrieval, so agreement with it is not agreement with probes. Not for decisions \
         about water, crops or safety without a check of one's own."
            .to_owned(),
    );
    // A network of a short history alone sees no more than the range of its training and needs that history whole.
    let short_history = network.about().uses_history && !network.about().whole_past;
    limits.extend(short_history.then(|| match range {
        Some([[a, b], [c, d]]) => format!(
            "Not for inputs beside those of the training: SMAP from {a:.2} to {b:.2} m3/m3, residuals (3 km map minus SMAP) from {c:.2} to {d:.2} m3/m3. \
             Outside them it extrapolates, and the page warns."
        ),
        None => "The file does not say which range of inputs it was trained on, so nothing warns of inputs beside it.".to_owned(),
    }));
    limits.extend(short_history.then(||
        "Without four earlier dates that have SMAP and a 3 km map the missing ones count as \"no residual known\"; it was trained on full histories only."
            .to_owned(),
    ));
    for place in scores {
        let beaten = place.scores.iter().filter(|s| s.gain.is_some()).count() - place.not_beaten().count();
        let lost: Vec<String> = place
            .not_beaten()
            .filter_map(|s| {
                let [mean, _, high] = s.gain?;
                Some(if high < 0.0 {
                    format!("{} (better by {:.4})", s.name, -mean)
                } else {
                    format!("{} (no clear difference)", s.name)
                })
            })
            .collect();
        let what = match place.seen {
            Seen::Earlier => "",
            Seen::Elsewhere => ", whose scenes it was not trained on,",
            Seen::Never => ", which no shipped weights were trained on,",
        };
        let all = beaten + lost.len();
        limits.push(if lost.is_empty() {
            format!("In {}{what} it beats all {all} baselines.", place.name)
        } else {
            format!(
                "In {}{what} it beats {beaten} of {all} baselines, and does not beat: {}.",
                place.name,
                lost.join("; ")
            )
        });
    }
    let worse: Vec<&str> =
        scores.iter().filter(|place| place.loses_to(BILINEAR)).map(|place| place.name.as_str()).collect();
    if !worse.is_empty() {
        limits.push(format!("In {} {BILINEAR} is better: there these weights do harm.", worse.join(", ")));
    }
    limits
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn line(name: &str, urmse: f64, gain: Option<[f64; 3]>) -> CardScore {
        CardScore {
            name: name.into(),
            partial: false,
            urmse,
            interval: None,
            gain,
            bias: 0.0,
            r: None,
            pixels: 9,
            dates: 2,
        }
    }

    fn scores(seen: Seen, bilinear: [f64; 3]) -> PlaceScores {
        let scores = vec![
            line(SMEN, 0.03, None),
            line(BILINEAR, 0.03 + bilinear[0], Some(bilinear)),
            line("random forest", 0.025, Some([-0.005, -0.006, -0.004])),
        ];
        PlaceScores {
            key: "x".into(),
            name: "X".into(),
            climate: "dry".into(),
            seen,
            dates: [String::new(), String::new()],
            baseline_images: 3,
            scores,
            outside: None,
        }
    }

    #[test]
    fn what_is_lost_is_said() {
        let place = scores(Seen::Earlier, [0.004, 0.003, 0.005]);
        assert_eq!(place.best().unwrap().name, "random forest");
        let text = limits(Network::Smen, true, Some([[0.05, 0.3], [-0.1, 0.1]]), &[place]).join("\n");
        assert!(text.contains("simulated scenes alone") && text.contains("0.05 to 0.30"), "{text}");
        assert!(
            text.contains("beats 1 of 2 baselines, and does not beat: random forest (better by 0.0050)")
                && !text.contains("harm"),
            "{text}"
        );
        let text =
            limits(Network::Smen, false, None, &[scores(Seen::Never, [-0.002, -0.003, -0.001])]).join("\n");
        assert!(!text.contains("simulated") && text.contains("does not say which range"), "{text}");
        assert!(
            text.contains("which no shipped weights were trained on")
                && text.contains("In X bilinear SMAP is better"),
            "{text}"
        );
        // Neither better nor worse is not beaten.
        let text =
            limits(Network::Smen, true, None, &[scores(Seen::Elsewhere, [0.001, -0.001, 0.002])]).join("\n");
        assert!(text.contains("bilinear SMAP (no clear difference)") && !text.contains("harm"), "{text}");
    }
}
