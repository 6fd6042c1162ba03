//! `loam predict`: the 3 km map of a date as a GeoTIFF.

use std::ops::ControlFlow;
use std::path::PathBuf;

use jiff::civil::Date;
use loam::session::provenance;
use loam_core::device_report::DevicePreference;
use loam_core::export;
use loam_core::stack::{HistoryRule, Series};
use loam_core::weights_report::WeightsReport;
use loam_nn::networks::smen::applicability::applicability;
use loam_nn::networks::smen::estimate::{Engine, Outcome, TILE, predict};
use loam_nn::{Processor, Smen, block_on, device};
use serde_json::json;

use super::files::{self, Inputs};
use super::inspect::Quality;
use super::tb::{self, Model};

/// Arguments of `loam predict`.
#[derive(clap::Args)]
pub struct Predict {
    #[command(flatten)]
    inputs: Inputs,
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth) [default: the shipped ones, as in the page: those of
    /// the preset region that holds the middle of this one, else the general ones; trained on simulated scenes]
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Which network the weights are of [default: what the file says]; of the TB CNN case 1 writes OUT_V.tif and OUT_H.tif
    #[arg(long, value_enum)]
    model: Option<Model>,
    /// The date t
    #[arg(long, value_parser = files::date)]
    date: Date,
    /// oklahoma-city, tucson, geneva (with the TB CNN their middle 108 x 108 km), or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Predict a date of the simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// GeoTIFF to write
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
        if self.weights.is_none() && self.model == Some(Model::TbCnn) {
            return Err("no weights of the TB CNN come with Loam: name yours with --weights".into());
        }
        if let Some(path) = self.weights.as_deref().filter(|path| tb::is_tb_cnn(self.model, path)) {
            let prediction = tb::Prediction {
                weights: path,
                region: &self.region,
                date: self.date,
                quality: self.quality.into(),
                out: &self.out,
                csv: self.csv.as_deref(),
                json: self.json,
            };
            return tb::predict(&prediction, |preset| if self.simulated { files::simulated(preset) } else { self.inputs.library() });
        }
        let (region, preset) = files::region(&self.region)?;
        let (name, weights, note) = match &self.weights {
            Some(path) => {
                let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                (name, files::weights(path)?, None)
            }
            None => {
                let (shipped, weights) = super::shipped::weights(&region.window())?;
                (format!("{} (shipped)", shipped.name), weights, shipped.note(preset.map(|p| p.key)))
            }
        };
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = Series::new(region, self.quality.into());
        load(&mut series, &library)?;
        let processor = block_on(Processor::open_cpu());
        let model = Smen::from_weights(&weights, processor.device())?;
        let rule = HistoryRule { cover: self.history_cover, disaggregated: !self.products_only };
        let mut outcome = block_on(predict(
            &library,
            &mut series,
            self.date,
            rule,
            self.mass_correction,
            Engine { model: &model, before: None, device: processor.device(), tile: TILE },
            async |_, _| ControlFlow::Continue(()),
        ))?;
        files::warn_trained(&weights, self.date, outcome.sample.simulated);
        let within = applicability(&weights, &outcome.sample);
        outcome.warnings.extend(within.warning);
        outcome.warnings.extend(note);
        let used = provenance::weights_report(&name, &weights);
        let facts = provenance::facts(
            &outcome,
            &provenance::Circumstances {
                quality: self.quality.into(),
                weights: used.clone(),
                device: device::report(&device::decide(DevicePreference::Cpu, None), None, None),
                applicability: within.words.clone(),
                mass_correction: self.mass_correction,
            },
        );
        let write =
            |path: &PathBuf, bytes: &[u8]| std::fs::write(path, bytes).map_err(|e| format!("{} cannot be written ({e})", path.display()));
        write(&self.out, &export::geotiff::write(&outcome.estimate, &facts, None)?)?;
        if let Some(path) = &self.csv {
            write(
                path,
                export::csv::write(&outcome.estimate, Some(&outcome.sample.coarse), outcome.sample.target.as_ref(), &facts)?.as_bytes(),
            )?;
        }
        self.report(&outcome, &within.words, &used)
    }

    fn report(&self, outcome: &Outcome, within: &str, used: &WeightsReport) -> super::Outcome {
        let statistics = outcome.estimate.statistics();
        if self.json {
            return super::print_json(&json!({
                "out": self.out,
                "date": self.date,
                "weights": used,
                "window": outcome.sample.region.window(),
                "history": outcome.sample.history.iter().map(|s| json!({"date": s.date, "known": s.known, "origin": s.origin})).collect::<Vec<_>>(),
                "smap_overpass": outcome.sample.overpass_words(),
                "edge_frame": outcome.sample.frame(),
                "reference": outcome.sample.reference,
                "inputs": outcome.sample.files,
                "simulated": outcome.sample.simulated,
                "estimate": statistics,
                "scores": outcome.scores,
                "mass": outcome.mass,
                "applicability": within,
                "warnings": outcome.warnings,
            }));
        }
        say!("{}: {} of {} cells", self.out.display(), statistics.valid, statistics.cells);
        say!("  SMAP: {}", outcome.sample.overpass_words());
        for slot in &outcome.sample.history {
            if let Some(date) = slot.date {
                say!("  history {date}: residual known for {:.0} % of the region", 100.0 * slot.known);
            }
        }
        say!("  weights: {}, trained on {} (SHA-256 {})", used.name, used.trained_on, used.hash);
        say!("  inputs: {within}");
        super::evaluate::print_scores(&outcome.scores, "m3/m3");
        if let Some(mass) = &outcome.mass {
            say!("  36 km means against SMAP's: RMSE {:.4}, bias {:+.4} m3/m3, {} cells", mass.rmse, mass.bias, mass.cells);
        }
        for warning in &outcome.warnings {
            say!("  note: {warning}");
        }
        Ok(())
    }
}

/// Loads a series with a progress bar, and fills days that have backscatter but no 3 km map.
pub fn load(series: &mut Series, library: &loam_core::stack::Library) -> super::Outcome {
    let dates = library.dates();
    let bar = super::progress::bar(dates.len() as u64, "reading");
    for date in dates {
        series.load(library, date)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    for (file, why) in &series.failures {
        eprintln!("left out: {file}: {why}");
    }
    if let Some(Err(why)) = series.fill_gaps() {
        eprintln!("note: {why}");
    }
    Ok(())
}
