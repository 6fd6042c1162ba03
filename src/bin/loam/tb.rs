//! Images for `loam train`, and `loam predict` and `evaluate`, with the poster's brightness-temperature CNN (model.md, section 2), case 1
//! and case 2.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam::session::provenance;
use loam_core::device_report::DevicePreference;
use loam_core::export;
use loam_core::network::TbCase;
use loam_core::score::ScoreReport;
use loam_core::score::{gain, means};
use loam_core::stack::{Library, Preset, Region, Series, dates_with};
use loam_nn::TbImage;
use loam_nn::evaluation::compared_in;
use loam_nn::networks::tb_cnn::steps::{self as tb, BILINEAR, TB_CNN, TbGathered, TbOutcome};
use loam_nn::tb_cnn::{self, TbCnn};
use loam_nn::{Processor, Weights, block_on, device};
use serde_json::json;
use smap_files::QualityRule;

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

/// Images of a place, its window, and its name in the user's words. Says on standard error what was left out and what the targets are.
pub fn gathered(
    region: &str,
    case: TbCase,
    halo: usize,
    split: (Option<Date>, Option<Date>),
    library: impl FnOnce(Option<Preset>) -> Result<Library, String>,
) -> Result<(TbGathered, EaseWindow, String), Box<dyn std::error::Error>> {
    let (library, mut series, name) = opened(region, QualityRule::default(), library)?;
    let gathered = block_on(tb::gather(&library, &mut series, case, halo, split, go_on))?;
    tell(&gathered.failures);
    if let Some(note) = gathered.note() {
        eprintln!("note: {note}");
    }
    Ok((gathered, series.region.window(), name))
}

fn simulated_words(simulated: bool) -> &'static str {
    if simulated { " (SIMULATED scenes)" } else { "" }
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
    fn gains(&self, case: TbCase) -> Vec<Option<loam_core::score::Gain>> {
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
        super::evaluate::print_scores(&self.means, case.unit());
        for (channel, gain) in self.channels(case).iter().zip(self.gains(case)) {
            if let Some(gain) = gain {
                say!("  {}", compared_in(case.unit(), &format!("{BILINEAR}{channel}"), gain, self.dates.len()));
            }
        }
        say!("  agreement with the product is not agreement with the ground");
    }
}

/// Scores weights on images.
fn score<'a>(
    weights: &Weights,
    images: impl Iterator<Item = &'a TbImage>,
    simulated: bool,
    processor: &Processor,
) -> Result<Scored, Box<dyn std::error::Error>> {
    let (network, _) = TbCnn::from_weights(weights, processor.device())?;
    let mut scored = Scored { by_date: Vec::new(), dates: Vec::new(), means: Vec::new(), simulated };
    for image in images {
        scored.by_date.push(block_on(tb::scored(&network, processor.device(), image))?);
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
    let (weights_of, case) = files::read_weights(weights, tb_cnn::read)?;
    let (library, mut series, _) = opened(region, quality, library)?;
    let (inputs, targets) = dates_with(&library, case);
    let inside = |date: &Date| from.is_none_or(|f| *date >= f) && to.is_none_or(|t| *date <= t);
    let dates = targets.iter().copied().filter(inside).collect();
    let processor = block_on(Processor::open_cpu());
    let gathered = block_on(tb::images(&library, &mut series, case, tb::halo(&weights_of), &dates, go_on))?;
    tell(&gathered.failures);
    if gathered.images.is_empty() {
        return Err(tb::too_few(case, 0, 1, inputs.len(), dates.len(), &gathered.unusable).into());
    }
    if let Some(note) = gathered.note() {
        eprintln!("note: {note}");
    }
    let scored = score(&weights_of, gathered.images.iter(), gathered.simulated, &processor)?;
    if let Some(first) = scored.dates.first() {
        files::warn_trained(&weights_of, *first, gathered.simulated);
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
    let (weights, case) = files::read_weights(prediction.weights, tb_cnn::read)?;
    let (library, mut series, _) = opened(prediction.region, prediction.quality, library)?;
    let processor = block_on(Processor::open_cpu());
    let (network, _) = TbCnn::from_weights(&weights, processor.device())?;
    let halo = tb::halo(&weights);
    let (sample, failures) = block_on(tb::sample(&library, &mut series, case, halo, prediction.date, go_on))?;
    tell(&failures);
    let outcome = block_on(tb::predict(&network, processor.device(), sample, async |_, _| ControlFlow::Continue(())))?;
    files::warn_trained(&weights, prediction.date, outcome.sample.simulated);
    let name = prediction.weights.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let circumstances = provenance::Circumstances {
        quality: prediction.quality,
        weights: weights.report(&name),
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
    let statistics: Vec<_> = outcome.estimates.iter().map(ease_grid::Raster::statistics).collect();
    if prediction.json {
        return super::print_json(&json!({
            "out": written, "date": prediction.date, "model": "tb_cnn", "case": case.name(), "unit": case.unit(),
            "window": outcome.sample.window, "overpass": outcome.sample.overpass, "smap_overpass": outcome.sample.overpass_words, "inputs": outcome.sample.files,
            "simulated": outcome.sample.simulated, "estimate": statistics, "scores": outcome.scores.concat(), "warnings": outcome.warnings,
        }));
    }
    say!("{}{}", case.words(), simulated_words(outcome.sample.simulated));
    for path in written {
        say!("  {}", path.display());
    }
    if let Some(first) = statistics.first() {
        say!("  {} of {} cells", first.valid, first.cells);
    }
    super::evaluate::print_scores(&outcome.scores.concat(), case.unit());
    for warning in &outcome.warnings {
        say!("  note: {warning}");
    }
    Ok(())
}
