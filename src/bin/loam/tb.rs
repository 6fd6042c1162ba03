//! `loam train`, `predict` and `evaluate` with the poster's brightness-temperature CNN (model.md, section 2), case 1 and case 2.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use loam::export;
use loam::model::tb_cnn::{self, TbCnn};
use loam::model::{Archive, Processor, Weights, block_on, device};
use loam::protocol::{DateRole, DevicePreference, Network, ScoreReport, TbCase, TrainSettings, WeightsReport};
use loam::read::QualityRule;
use loam::score::{gain, means};
use loam::session::provenance;
use loam::session::tb::{self, BILINEAR, TB_CNN, TbOutcome};
use loam::session::verdict::compared_in;
use loam::stack::{Library, Preset, Region, Series, dates_with};
use loam::train::{TbImage, TbSettings, TbTrainer, TrainError};
use serde_json::json;

use super::files;

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Model {
    /// SMEN
    Smen,
    /// The poster's brightness-temperature CNN
    TbCnn,
}

/// Which case of the TB CNN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Case {
    /// Case 1: SMAP brightness temperature V and H, 36 km to 9 km
    Tb,
    /// Case 2: SMAP soil moisture and land surface temperature to the 3 km map
    SoilMoisture,
}

impl From<Case> for TbCase {
    fn from(case: Case) -> Self {
        match case {
            Case::Tb => Self::BrightnessTemperature,
            Case::SoilMoisture => Self::SoilMoisture,
        }
    }
}

/// The region of a name or a place; of a preset the poster's place in its middle.
fn place(text: &str) -> Result<(Region, Option<Preset>), String> {
    match files::region(text)? {
        (_, Some(preset)) => Region::place(preset).map(|region| (region, Some(preset))).map_err(|e| e.to_string()),
        own => Ok(own),
    }
}

/// Says on standard error which files failed.
fn tell(failures: &[(String, String)]) {
    for (file, why) in failures {
        eprintln!("left out: {file}: {why}");
    }
}

async fn go_on(_: Date) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A library and the series of a place.
fn opened(
    region: &str,
    quality: QualityRule,
    library: impl FnOnce(Option<Preset>) -> Result<Library, String>,
) -> Result<(Library, Series, String), Box<dyn std::error::Error>> {
    let (place, preset) = place(region)?;
    let library = library(preset)?;
    let mut series = Series::new(place, quality);
    super::predict::load(&mut series, &library)?;
    Ok((library, series, preset.map_or_else(|| region.to_owned(), |p| p.name.to_owned())))
}

/// What `loam train --model tb-cnn` was told.
pub struct Training<'a> {
    /// Case.
    pub case: TbCase,
    /// Region in the user's words.
    pub region: &'a str,
    /// Weights to start from.
    pub weights: Option<&'a Path>,
    /// Settings shared with SMEN's training.
    pub settings: &'a TrainSettings,
    /// Safetensors file to write.
    pub out: &'a Path,
    /// Events as JSON lines.
    pub json: bool,
}

/// Trains, scores on the test dates and writes the weights of the best epoch.
pub fn train(training: &Training<'_>, library: impl FnOnce(Option<Preset>) -> Result<Library, String>) -> super::Outcome {
    let Training { case, settings, json, .. } = *training;
    let (library, mut series, region) = opened(training.region, QualityRule::default(), library)?;
    let gathered = block_on(tb::gather(&library, &mut series, case, (settings.validate_from, settings.test_from), go_on))?;
    tell(&gathered.failures);
    if let Some(note) = gathered.note() {
        eprintln!("note: {note}");
    }
    let count = |role| gathered.of(role).count();
    let [train, validate, test] = [DateRole::Train, DateRole::Validate, DateRole::Test].map(count);
    let start = match training.weights {
        Some(path) => {
            let (weights, found) = read(path)?;
            if found != case {
                return Err(
                    format!("{} are weights of the {}, and --case asks for the {}", path.display(), found.words(), case.words()).into()
                );
            }
            weights
        }
        None => case.first_weights(settings.seed),
    };
    let mut start = start;
    let dates: Vec<Date> = gathered.of(DateRole::Train).map(|image| image.date).collect();
    if let (Some(first), Some(last)) = (dates.first(), dates.last()) {
        let what = if gathered.simulated { "SIMULATED scenes" } else { "files" };
        let targets = gathered.targets.iter().cloned().collect::<Vec<_>>().join(", ");
        let before = start.metadata.get("trained_on").filter(|_| training.weights.is_some()).map(|b| format!("; before: {b}"));
        let facts = [
            ("region", training.region.to_owned()),
            ("trained_on", format!("{what} of {region}, target {targets}, {first} to {last}{}", before.unwrap_or_default())),
            ("trained_until", last.to_string()),
            ("seed", settings.seed.to_string()),
            ("epochs", settings.epochs.to_string()),
            ("app_version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        start.metadata.extend(facts.map(|(key, value)| (key.to_owned(), value)));
    }
    if !json {
        for day in &gathered.unusable {
            say!("left out: {}: {}", day.date, day.why);
        }
        let (columns, rows) = gathered.images.first().map_or((0, 0), |image| image.size);
        say!(
            "{}: {train} training, {validate} validation and {test} test images of {columns} x {rows} cells, by time{}",
            case.words(),
            simulated_words(gathered.simulated)
        );
    }
    let tb_settings = TbSettings {
        epochs: settings.epochs,
        batch: settings.batch,
        learning_rate: settings.learning_rate,
        seed: settings.seed,
        patience: settings.patience,
    };
    let of = |role| gathered.of(role).cloned().collect::<Vec<_>>();
    let processor = block_on(Processor::open_cpu());
    let mut trainer =
        TbTrainer::new(&start, of(DateRole::Train), of(DateRole::Validate), tb_settings, processor.device().clone().autodiff())?;
    let bar = super::progress::bar((settings.epochs * trainer.steps_per_epoch()) as u64, "training");
    let begun = std::time::Instant::now();
    loop {
        match block_on(trainer.epoch(|_| bar.inc(1))) {
            Ok(None) => break,
            Ok(Some(epoch)) if json => say!("{}", json!(epoch)),
            Ok(Some(epoch)) => {
                let validation = epoch.validation.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
                let mark = if epoch.best { " *" } else { "" };
                say!("epoch {}: loss {:.4}, validation error {validation} (scaled){mark}", epoch.epoch, epoch.train_loss);
            }
            Err(error @ TrainError::LossNotFinite { .. }) if trainer.best().is_some() => {
                eprintln!("note: {error}");
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let (best_epoch, best_error, weights) = trainer.best().ok_or("no epoch was trained: give --epochs of at least 1")?;
    std::fs::write(training.out, weights.to_bytes()).map_err(|e| format!("{} cannot be written ({e})", training.out.display()))?;
    let scored = score(weights, case, gathered.of(DateRole::Test), gathered.simulated, &processor)?;
    let hash = Weights::from(weights.clone()).hash();
    if json {
        say!(
            "{}",
            json!({
                "case": case.name(), "best_epoch": best_epoch, "best_error": best_error, "seconds": seconds, "images": [train, validate, test],
                "simulated": gathered.simulated, "unit": case.unit(), "scores": scored.means, "gain_over_bilinear": scored.gains(case),
                "targets": gathered.targets, "note": gathered.note(), "sha256": hash,
            })
        );
        return Ok(());
    }
    say!("best epoch {best_epoch}: {best_error:.4} (scaled), {seconds:.0} s of training");
    scored.print(case);
    say!("{}: SHA-256 {hash}", training.out.display());
    Ok(())
}

fn simulated_words(simulated: bool) -> &'static str {
    if simulated { " (SIMULATED scenes)" } else { "" }
}

/// Weights of the TB CNN from a file.
fn read(path: &Path) -> Result<(Archive, TbCase), String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: the weights cannot be read ({e})", path.display()))?;
    tb_cnn::read(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// Whether `--weights` are to be read as those of the TB CNN: what `--model` says, else what the file says.
pub fn is_tb_cnn(model: Option<Model>, weights: &Path) -> bool {
    match model {
        Some(model) => model == Model::TbCnn,
        None => std::fs::read(weights).is_ok_and(|bytes| tb_cnn::is_tb_cnn(&bytes)),
    }
}

/// Scores of several dates.
struct Scored {
    by_date: Vec<Vec<ScoreReport>>,
    dates: Vec<Date>,
    means: Vec<ScoreReport>,
    simulated: bool,
}

impl Scored {
    /// uRMSE of bilinear minus that of the network, by channel.
    fn gains(&self, case: TbCase) -> Vec<Option<loam::protocol::Gain>> {
        self.channels(case).iter().map(|c| gain(&self.by_date, &format!("{TB_CNN}{c}"), &format!("{BILINEAR}{c}"))).collect()
    }

    fn channels(&self, case: TbCase) -> &'static [&'static str] {
        match case {
            TbCase::BrightnessTemperature => &[", TB V", ", TB H"],
            TbCase::SoilMoisture => &[""],
        }
    }

    fn print(&self, case: TbCase) {
        say!("{} dates, mean over dates{}", self.dates.len(), simulated_words(self.simulated));
        print_scores(&self.means, case.unit());
        for (channel, gain) in self.channels(case).iter().zip(self.gains(case)) {
            if let Some(gain) = gain {
                say!("  {}", compared_in(case.unit(), &format!("{BILINEAR}{channel}"), gain, self.dates.len()));
            }
        }
        say!("  agreement with the product is not agreement with the ground");
    }
}

fn print_scores(scores: &[ScoreReport], unit: &str) {
    if scores.is_empty() {
        return;
    }
    say!("  {:<36} {:>8} {:>8} {:>8} {:>7} {:>8}", unit, "uRMSE", "RMSE", "bias", "R", "pixels");
    let number = |v: Option<f64>, digits: usize| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    for s in scores {
        let (urmse, rmse, bias) = (number(s.urmse, 4), number(s.rmse, 4), number(s.bias, 4));
        say!("  {:<36} {urmse:>8} {rmse:>8} {bias:>8} {:>7} {:>8}", s.name, number(s.r, 3), s.pixels);
    }
}

/// Scores weights on images.
fn score<'a>(
    weights: &Archive,
    case: TbCase,
    images: impl Iterator<Item = &'a TbImage>,
    simulated: bool,
    processor: &Processor,
) -> Result<Scored, Box<dyn std::error::Error>> {
    let (network, _) = TbCnn::from_weights(weights, processor.device())?;
    let mut scored = Scored { by_date: Vec::new(), dates: Vec::new(), means: Vec::new(), simulated };
    for image in images {
        scored.by_date.push(block_on(tb::scored(&network, case, processor.device(), image))?);
        scored.dates.push(image.date);
    }
    scored.means = means(&scored.by_date);
    Ok(scored)
}

/// `loam evaluate` with weights of the TB CNN.
pub fn evaluate(
    weights: &Path,
    region: &str,
    (from, to): (Option<Date>, Option<Date>),
    quality: QualityRule,
    json: bool,
    library: impl FnOnce(Option<Preset>) -> Result<Library, String>,
) -> super::Outcome {
    let (archive, case) = read(weights)?;
    let (library, mut series, _) = opened(region, quality, library)?;
    let (inputs, targets) = dates_with(&library, case);
    let inside = |date: &Date| from.is_none_or(|f| *date >= f) && to.is_none_or(|t| *date <= t);
    let dates = targets.iter().copied().filter(inside).collect();
    let processor = block_on(Processor::open_cpu());
    let gathered = block_on(tb::images(&library, &mut series, case, &dates, go_on))?;
    tell(&gathered.failures);
    if gathered.images.is_empty() {
        return Err(tb::too_few(case, 0, 1, inputs.len(), dates.len(), &gathered.unusable).into());
    }
    if let Some(note) = gathered.note() {
        eprintln!("note: {note}");
    }
    let scored = score(&archive, case, gathered.images.iter(), gathered.simulated, &processor)?;
    if let Some(first) = scored.dates.first() {
        files::warn_trained(&Weights::from(archive), *first);
    }
    if json {
        let rows: Vec<_> = scored.dates.iter().zip(&scored.by_date).map(|(date, scores)| json!({"date": date, "scores": scores})).collect();
        return super::print_json(&json!({
            "weights": weights, "model": "tb_cnn", "case": case.name(), "unit": case.unit(), "region": region, "dates": rows.len(),
            "simulated": scored.simulated, "mean_over_dates": scored.means, "urmse_gain_over_bilinear": scored.gains(case), "by_date": rows,
        }));
    }
    scored.print(case);
    Ok(())
}

/// What `loam predict` was told.
pub struct Prediction<'a> {
    /// Weights of the TB CNN.
    pub weights: &'a Path,
    /// Region in the user's words.
    pub region: &'a str,
    /// The date.
    pub date: Date,
    /// Which values count.
    pub quality: QualityRule,
    /// GeoTIFF to write.
    pub out: &'a Path,
    /// CSV to write.
    pub csv: Option<&'a Path>,
    /// Report as JSON.
    pub json: bool,
}

/// `loam predict` with weights of the TB CNN. Case 1 has two outputs and writes two files, `NAME_V.tif` and `NAME_H.tif`.
pub fn predict(prediction: &Prediction<'_>, library: impl FnOnce(Option<Preset>) -> Result<Library, String>) -> super::Outcome {
    let (archive, case) = read(prediction.weights)?;
    let (library, mut series, _) = opened(prediction.region, prediction.quality, library)?;
    let processor = block_on(Processor::open_cpu());
    let (network, _) = TbCnn::from_weights(&archive, processor.device())?;
    let (sample, failures) = block_on(tb::sample(&library, &mut series, case, prediction.date, go_on))?;
    tell(&failures);
    let outcome = block_on(tb::predict(&network, processor.device(), sample, async |_, _| ControlFlow::Continue(())))?;
    let weights = Weights::from(archive);
    files::warn_trained(&weights, prediction.date);
    let name = prediction.weights.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let circumstances = provenance::Circumstances {
        quality: prediction.quality,
        weights: WeightsReport { network: Network::Tb(case), ..weights.report(&name) },
        device: device::report(&device::decide(DevicePreference::Cpu, None), None, None),
        applicability: String::new(),
        mass_correction: false,
    };
    let mut written = Vec::new();
    for (channel, estimate) in outcome.estimates.iter().enumerate() {
        let facts = provenance::of_tb(&outcome, channel, &circumstances);
        let mut write = |path: PathBuf, bytes: &[u8]| {
            std::fs::write(&path, bytes).map_err(|e| format!("{} cannot be written ({e})", path.display()))?;
            written.push(path);
            Ok::<_, String>(())
        };
        write(named(prediction.out, case, channel), &export::geotiff::write(estimate, &facts, None)?)?;
        if let Some(path) = prediction.csv {
            let target = outcome.sample.target.as_ref().and_then(|t| t.get(channel));
            let text = export::csv::write(estimate, outcome.sample.coarse().get(channel), target, &facts)?;
            write(named(path, case, channel), text.as_bytes())?;
        }
    }
    report(prediction, case, &outcome, &written)
}

/// `map.tif`, or `map_V.tif` and `map_H.tif`.
fn named(path: &Path, case: TbCase, channel: usize) -> PathBuf {
    if case == TbCase::SoilMoisture {
        return path.to_owned();
    }
    let polarisation = if channel == 0 { "V" } else { "H" };
    let stem = path.file_stem().map_or_else(|| "map".to_owned(), |s| s.to_string_lossy().into_owned());
    let end = path.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}_{polarisation}{end}"))
}

fn report(prediction: &Prediction<'_>, case: TbCase, outcome: &TbOutcome, written: &[PathBuf]) -> super::Outcome {
    let statistics: Vec<_> = outcome.estimates.iter().map(loam::grid::Raster::statistics).collect();
    if prediction.json {
        return super::print_json(&json!({
            "out": written, "date": prediction.date, "model": "tb_cnn", "case": case.name(), "unit": case.unit(),
            "window": outcome.sample.window, "overpass": outcome.sample.overpass, "inputs": outcome.sample.files,
            "simulated": outcome.sample.simulated, "estimate": statistics, "scores": outcome.scores, "warnings": outcome.warnings,
        }));
    }
    say!("{}{}", case.words(), simulated_words(outcome.sample.simulated));
    for path in written {
        say!("  {}", path.display());
    }
    if let Some(first) = statistics.first() {
        say!("  {} of {} cells", first.valid, first.cells);
    }
    print_scores(&outcome.scores, case.unit());
    for warning in &outcome.warnings {
        say!("  note: {warning}");
    }
    Ok(())
}
