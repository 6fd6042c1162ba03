//! `loam predict`: the map of a date as GeoTIFF and in other formats, by a network or a method in closed form.

use std::path::{Path, PathBuf};

use ease_grid::{Crs, Raster, Statistics};
use jiff::civil::Date;
use loam::session::provenance;
use loam_core::estimate::{Estimate, Interval};
use loam_core::export;
use loam_core::map::Scale;
use loam_core::stack::HistorySlot;
use loam_core::weights_report::WeightsReport;
use serde_json::json;

use super::files::{self, Inputs};
use super::maker::{Maker, Making};

/// Arguments of `loam predict`.
#[derive(clap::Args)]
pub struct Predict {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    making: Making,
    /// The date t
    #[arg(long, value_parser = files::date)]
    date: Date,
    /// Cloud-optimised GeoTIFF to write: estimate, half-width of the 90 % interval where the method says how sure it is, the reference's own uncertainty
    /// where its product gives one (NISAR), flags; a network of two outputs writes OUT_V.tif and OUT_H.tif
    #[arg(long)]
    out: PathBuf,
    /// Also write the cells as CSV
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Also write the GeoTIFF resampled to another coordinate system, beside it and named after it: 4326, utm (the region's zone), or a UTM zone
    /// such as 32614
    #[arg(long, value_name = "CRS")]
    reproject: Vec<String>,
    /// Also write a picture for Google Earth
    #[arg(long, value_name = "FILE")]
    kmz: Option<PathBuf>,
    /// Also write a bundle: one zip with the map and all that `loam reproduce` takes to make it again, but the input files, which it names
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// Also write a STAC item (.json) beside each GeoTIFF
    #[arg(long)]
    stac: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl Predict {
    /// Runs the prediction.
    pub fn run(self) -> super::Outcome {
        let mut maker = self.making.maker(&self.inputs)?;
        let estimate = maker.estimate_or_otherwise(self.date)?;
        self.write(&estimate, &maker)
    }

    /// Writes the files, and says what is in them.
    fn write(&self, estimate: &Estimate, maker: &Maker) -> super::Outcome {
        let circumstances = maker.circumstances();
        let mut written = Vec::new();
        let mut write = |path: PathBuf, bytes: &[u8]| {
            files::write(&path, bytes)?;
            written.push(path);
            Ok::<_, String>(())
        };
        for (n, channel) in estimate.channels.iter().enumerate() {
            let facts = provenance::of(estimate, n, circumstances);
            let named = |path: &Path| lettered(path, channel.output.letter());
            let out = named(&self.out);
            write(out.clone(), &export::geotiff::write_channel(channel, &facts, None)?)?;
            let item = |path: &Path, crs: Option<&Crs>| {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                export::stac::item(&file, channel, &facts, crs)
                    .map(|text| (path.with_extension("json"), text))
            };
            let mut items = vec![item(&out, None)?];
            for text in &self.reproject {
                let crs = export::resampled::system(text, &estimate.window)?;
                let path = lettered(&out, &export::resampled::suffix(&crs));
                write(path.clone(), &export::geotiff::write_channel_in(&crs, channel, &facts, None)?)?;
                items.push(item(&path, Some(&crs))?);
            }
            for (path, text) in items.into_iter().filter(|_| self.stac) {
                write(path, text.as_bytes())?;
            }
            if let Some(path) = &self.csv {
                let text = export::csv::write(export::csv::Maps::of(channel), &facts)?;
                write(named(path), text.as_bytes())?;
            }
            if let Some(path) = &self.kmz {
                let scale = if channel.output.is_kelvin() { Scale::kelvin() } else { Scale::moisture() };
                write(named(path), &export::kmz::write(&channel.estimate, &scale, &facts)?)?;
            }
        }
        if let Some(path) = &self.bundle {
            write(path.clone(), &maker.bundle(estimate, None, Vec::new())?)?;
        }
        self.report(estimate, &circumstances.weights, &written)
    }

    fn report(&self, estimate: &Estimate, used: &WeightsReport, written: &[PathBuf]) -> super::Outcome {
        let uncertainty =
            estimate.channels.first().and_then(|channel| channel.reference_uncertainty.as_ref());
        let uncertainty = uncertainty.map(Raster::statistics);
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
                "  the reference's own uncertainty, as its product gives it (not the estimate's): mean {mean:.4} {unit}, from {min:.4} to {max:.4}"
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

/// How sure an estimate is, for JSON. Calibrated on no date: nominal.
fn interval(interval: &Interval) -> serde_json::Value {
    json!({
        "level": Interval::LEVEL,
        "half_width": interval.half_width.statistics(),
        "calibrated_on_dates": interval.width.dates,
    })
}

/// `map.tif`, or `map_V.tif`.
pub fn lettered(path: &Path, letter: &str) -> PathBuf {
    if letter.is_empty() {
        return path.to_owned();
    }
    let stem = path.file_stem().map_or_else(|| "map".to_owned(), |s| s.to_string_lossy().into_owned());
    let end = path.extension().map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}{letter}{end}"))
}
