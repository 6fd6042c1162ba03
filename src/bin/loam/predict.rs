//! `loam predict`: the map of a date as GeoTIFF, by whichever network the weights are of.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ease_grid::Statistics;
use jiff::civil::Date;
use loam::session::provenance;
use loam_core::closed_form::{ClosedForm, ClosedFormError};
use loam_core::device_report::DevicePreference;
use loam_core::estimate::{Estimate, Interval};
use loam_core::export;
use loam_core::method::Method;
use loam_core::stack::{HistoryRule, HistorySlot, Library, Preset, Region, Series, StackError};
use loam_core::weights_report::WeightsReport;
use loam_nn::{AnyNetwork, AskedOfAny, Data, Hears, Processor, Weights, block_on, device};
use serde_json::json;

use super::files::{self, Inputs};
use super::inspect::Quality;
use super::network::NetworkChoice;

/// Arguments of `loam predict`.
#[derive(clap::Args)]
pub struct Predict {
    #[command(flatten)]
    inputs: Inputs,
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth) [default: the shipped ones, as in the page: those of
    /// the preset region that holds the middle of this one, else the general ones; trained on simulated scenes]
    #[arg(long)]
    weights: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkChoice,
    /// A method in closed form instead of a network: regression (from all earlier 3 km maps, with a 90 % interval), bilinear, bicubic, persistence, history-mean or disaggregation
    #[arg(long, value_parser = super::network::closed_form, conflicts_with = "weights")]
    method: Option<ClosedForm>,
    /// The method that is best on the region's own newest dates; the pixel regression where these are too few to choose by
    #[arg(long, conflicts_with_all = ["weights", "method", "network"])]
    auto: bool,
    /// The date t
    #[arg(long, value_parser = files::date)]
    date: Date,
    /// oklahoma-city, tucson, geneva (for a network of one place their middle 108 x 108 km), or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Predict a date of the simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// GeoTIFF to write, with a second band where the method says how sure it is; a network of two outputs writes OUT_V.tif and OUT_H.tif
    #[arg(long)]
    out: PathBuf,
    /// Also write the cells as CSV
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Smallest share of the region (0..1) a 3 km map must cover to serve as history
    #[arg(long, default_value_t = 0.10)]
    history_cover: f32,
    /// History from 3 km products alone, without maps disaggregated here from backscatter
    #[arg(long)]
    products_only: bool,
    /// Which retrievals count
    #[arg(long, value_enum, default_value = "recommended")]
    quality: Quality,
    /// Shift each 36 km block of the estimate to SMAP's mean: it then takes SMAP's noise over, and may show steps at the blocks' edges
    #[arg(long)]
    mass_correction: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl Predict {
    /// Runs the prediction.
    pub fn run(self) -> super::Outcome {
        if let Some(method) = self.method {
            let mut opened = self.opened(files::region(&self.region)?)?;
            let estimate = opened.in_closed_form(method, self.date)?;
            return self.write(&estimate, opened.uncertainty(&estimate)?.as_ref(), method.into());
        }
        if self.auto {
            return self.by_the_best();
        }
        let (chosen, _) = if self.weights.is_some() { (None, None) } else { self.network.chosen()? };
        if let Some(network) = chosen.filter(|network| !network.about().shipped) {
            return Err(format!(
                "no weights of the {} come with Loam: name yours with --weights",
                network.about().name
            )
            .into());
        }
        let (name, weights, place, note) = match &self.weights {
            Some(path) => {
                let weights = files::weights(path)?;
                self.network.check(&weights).map_err(|why| format!("{}: {why}", path.display()))?;
                let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                let place = files::region_for(weights.network(), &self.region)?;
                (name, weights, place, None)
            }
            None => {
                let (region, preset) = files::region(&self.region)?;
                let (shipped, weights) =
                    super::shipped::weights(chosen.unwrap_or_default(), &region.window())?;
                let note = shipped.note(preset.map(|p| p.key));
                (format!("{} (shipped)", shipped.name), weights, (region, preset), note)
            }
        };
        let mut opened = self.opened(place)?;
        let mut estimate = opened.by_network(&weights, self.date, self.mass_correction)?;
        estimate.warnings.extend(note);
        self.write(&estimate, opened.uncertainty(&estimate)?.as_ref(), weights.report(&name))
    }

    /// The map by the method that scores best on the region's newest dates.
    fn by_the_best(&self) -> super::Outcome {
        let mut opened = self.opened(files::region(&self.region)?)?;
        let Opened { library, series, rule, preset, processor } = &mut opened;
        let ranked = super::rank::rank(library, series, *rule, *preset, processor.device())?;
        eprintln!("{}", ranked.ranking.sentence());
        match ranked.ranking.best {
            Method::ClosedForm(method) => {
                let estimate = opened.in_closed_form(method, self.date)?;
                self.write(&estimate, opened.uncertainty(&estimate)?.as_ref(), method.into())
            }
            Method::Network(network) => {
                let (name, weights) =
                    ranked.weights.get(&network).ok_or("the best network has no weights")?;
                let estimate = opened.by_network(weights, self.date, self.mass_correction)?;
                let report = weights.report(name);
                self.write(&estimate, opened.uncertainty(&estimate)?.as_ref(), report)
            }
        }
    }

    fn opened(
        &self,
        (region, preset): (Region, Option<Preset>),
    ) -> Result<Opened, Box<dyn std::error::Error>> {
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = Series::new(region, self.quality.into());
        super::series::load(&mut series, &library)?;
        let rule = HistoryRule { cover: self.history_cover, disaggregated: !self.products_only };
        Ok(Opened { library, series, rule, preset, processor: block_on(Processor::open_cpu()) })
    }

    /// Writes the files, and says what is in them. `uncertainty`: the reference's own.
    fn write(
        &self,
        estimate: &Estimate,
        uncertainty: Option<&Statistics>,
        weights: WeightsReport,
    ) -> super::Outcome {
        let circumstances = provenance::Circumstances {
            quality: self.quality.into(),
            weights,
            device: device::report(&device::decide(DevicePreference::Cpu, None), None, None),
        };
        let mut written = Vec::new();
        let mut write = |path: PathBuf, bytes: &[u8]| {
            std::fs::write(&path, bytes)
                .map_err(|e| format!("{} cannot be written ({e})", path.display()))?;
            written.push(path);
            Ok::<_, String>(())
        };
        for (n, channel) in estimate.channels.iter().enumerate() {
            let facts = provenance::of(estimate, n, &circumstances);
            let named = |path: &Path| lettered(path, channel.output.letter());
            write(named(&self.out), &export::geotiff::write_channel(channel, &facts, None)?)?;
            if let Some(path) = &self.csv {
                let text = export::csv::write(export::csv::Maps::of(channel), &facts)?;
                write(named(path), text.as_bytes())?;
            }
        }
        self.report(estimate, uncertainty, &circumstances.weights, &written)
    }

    fn report(
        &self,
        estimate: &Estimate,
        uncertainty: Option<&Statistics>,
        used: &WeightsReport,
        written: &[PathBuf],
    ) -> super::Outcome {
        let unit = estimate.method.output().unit();
        let statistics: Vec<_> =
            estimate.channels.iter().map(|channel| channel.estimate.statistics()).collect();
        if self.json {
            // One file and one map are no list of one.
            let out = if written.len() == 1 { json!(self.out) } else { json!(written) };
            let map = if let [only] = statistics.as_slice() { json!(only) } else { json!(statistics) };
            let intervals: Vec<_> =
                estimate.channels.iter().map(|channel| channel.interval.as_ref().map(interval)).collect();
            let interval = if let [only] = intervals.as_slice() { json!(only) } else { json!(intervals) };
            return super::print_json(&json!({
                "out": out,
                "date": self.date,
                "network": estimate.method.key(),
                "unit": unit,
                "weights": used,
                "window": estimate.window,
                "history": estimate.history,
                "smap_overpass": estimate.overpass_words,
                "edge_frame": estimate.frame,
                "reference": estimate.reference,
                "reference_uncertainty": uncertainty,
                "inputs": estimate.files,
                "simulated": estimate.simulated,
                "estimate": map,
                "interval": interval,
                "scores": estimate.scores(),
                "mass": estimate.mass,
                "applicability": estimate.applicability,
                "warnings": estimate.warnings,
            }));
        }
        say!("{}{}", estimate.method.words(), if estimate.simulated { " (SIMULATED scenes)" } else { "" });
        for path in written {
            say!("  {}", path.display());
        }
        for (channel, statistics) in estimate.channels.iter().zip(&statistics) {
            say!("  {}: {} of {} cells", channel.output.short(), statistics.valid, statistics.cells);
            if let Some(interval) = &channel.interval
                && let Statistics { min: Some(min), max: Some(max), mean: Some(mean), .. } =
                    interval.half_width.statistics()
            {
                say!("  {}", interval.words());
                say!("  half-width: mean {mean:.4} {unit}, from {min:.4} to {max:.4}");
            }
        }
        if !estimate.overpass_words.is_empty() {
            say!("  SMAP: {}", estimate.overpass_words);
        }
        match HistorySlot::sum_up(&estimate.history) {
            Some(words) => say!("  history: {words}"),
            None => {
                for slot in &estimate.history {
                    if let Some(date) = slot.date {
                        let known = 100.0 * slot.known;
                        say!("  history {date}: residual known for {known:.0} % of the region");
                    }
                }
            }
        }
        if used.closed_form.is_none() {
            say!("  weights: {}, trained on {} (SHA-256 {})", used.name, used.trained_on, used.hash);
        }
        if !estimate.applicability.is_empty() {
            say!("  inputs: {}", estimate.applicability);
        }
        super::score_table::print_scores(&estimate.scores(), unit);
        if let Some(Statistics { min: Some(min), max: Some(max), mean: Some(mean), .. }) = uncertainty {
            say!(
                "  the reference's own uncertainty: mean {mean:.4} {unit}, from {min:.4} to {max:.4} (means of its cells')"
            );
        }
        if let Some(mass) = &estimate.mass {
            say!(
                "  36 km means against SMAP's: RMSE {:.4}, bias {:+.4} m3/m3, {} cells",
                mass.rmse,
                mass.bias,
                mass.cells
            );
        }
        for warning in &estimate.warnings {
            say!("  note: {warning}");
        }
        Ok(())
    }
}

/// The files over a region, and what predicts from them.
struct Opened {
    library: Library,
    series: Series,
    rule: HistoryRule,
    preset: Option<Preset>,
    processor: Processor,
}

impl Opened {
    /// Uncertainty of the reference that an estimate is scored against, where its product gives one (NISAR).
    fn uncertainty(&mut self, estimate: &Estimate) -> Result<Option<Statistics>, StackError> {
        let fine = self.series.day(&self.library, estimate.date)?.fine;
        let fine = fine.filter(|fine| Some(fine.origin) == estimate.reference);
        Ok(fine.and_then(|fine| fine.uncertainty).map(|raster| raster.statistics()))
    }

    fn in_closed_form(&mut self, method: ClosedForm, date: Date) -> Result<Estimate, ClosedFormError> {
        method.estimate(&self.library, &mut self.series, date, self.rule)
    }

    fn by_network(
        &mut self,
        weights: &Weights,
        date: Date,
        shift: bool,
    ) -> Result<Estimate, Box<dyn std::error::Error>> {
        let device = self.processor.device();
        let region = self.preset.map(|preset| preset.key);
        let asked = AskedOfAny { date, shift, weights, region, before: None, device, tile: None };
        let data = Data { library: &self.library, series: &mut self.series, rule: self.rule };
        let mut unheard = Hears(async |_: usize, _: usize, _: &str| ControlFlow::Continue(()));
        Ok(block_on(AnyNetwork::load(weights, device)?.estimate(data, &asked, &mut unheard))?)
    }
}

/// How sure an estimate is, for JSON. Calibrated on no date: nominal.
fn interval(interval: &Interval) -> serde_json::Value {
    json!({
        "level": Interval::LEVEL,
        "half_width": interval.half_width.statistics(),
        "calibrated_on_dates": interval.width.dates,
    })
}

/// `map.tif`, or `map_V.tif`.
fn lettered(path: &Path, letter: &str) -> PathBuf {
    if letter.is_empty() {
        return path.to_owned();
    }
    let stem = path.file_stem().map_or_else(|| "map".to_owned(), |s| s.to_string_lossy().into_owned());
    let end = path.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}{letter}{end}"))
}
