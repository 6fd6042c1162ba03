//! `loam evaluate`: scores of weights on every date that has a 3 km product, beside the baselines on the same pixels.

use std::ops::ControlFlow;
use std::path::PathBuf;

use jiff::civil::Date;
use loam_core::file::FineOrigin;
use loam_core::score::ScoreReport;
use loam_core::score::{gain, means};
use loam_core::stack::{HistoryRule, Series};
use loam_nn::evaluation::{BILINEAR, compared};
use loam_nn::networks::smen::estimate::{Engine, PredictError, SMEN, TILE, predict};
use loam_nn::{Processor, Smen, block_on};
use serde_json::json;

use super::files::{self, Inputs};
use super::inspect::Quality;
use super::tb::{self, Model};

/// Arguments of `loam evaluate`.
#[derive(clap::Args)]
pub struct Evaluate {
    #[command(flatten)]
    inputs: Inputs,
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth)
    #[arg(long)]
    weights: PathBuf,
    /// Which network the weights are of [default: what the file says]
    #[arg(long, value_enum)]
    model: Option<Model>,
    /// oklahoma-city, tucson, geneva (with the TB CNN their middle 108 x 108 km), or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Score on the simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// First date scored
    #[arg(long, value_parser = files::date)]
    from: Option<Date>,
    /// Last date scored
    #[arg(long, value_parser = files::date)]
    to: Option<Date>,
    /// Smallest share of the region (0..1) a 3 km map must cover to serve as history
    #[arg(long, default_value_t = 0.10)]
    history_cover: f32,
    /// History from 3 km products alone, without maps disaggregated here from backscatter
    #[arg(long)]
    products_only: bool,
    /// Which retrievals count
    #[arg(long, value_enum, default_value = "recommended")]
    quality: Quality,
    /// Score the estimate with each 36 km block shifted to SMAP's mean too
    #[arg(long)]
    mass_correction: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    /// Scores every date.
    pub fn run(self) -> super::Outcome {
        if tb::is_tb_cnn(self.model, &self.weights) {
            let library = |preset| if self.simulated { files::simulated(preset) } else { self.inputs.library() };
            return tb::evaluate(&self.weights, &self.region, (self.from, self.to), self.quality.into(), self.json, library);
        }
        let (region, preset) = files::region(&self.region)?;
        let weights = files::weights(&self.weights)?;
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = Series::new(region, self.quality.into());
        super::predict::load(&mut series, &library)?;
        let processor = block_on(Processor::open_cpu());
        let model = Smen::from_weights(&weights, processor.device())?;
        let rule = HistoryRule { cover: self.history_cover, disaggregated: !self.products_only };
        let inside = |date: Date| self.from.is_none_or(|f| date >= f) && self.to.is_none_or(|t| date <= t);
        let dates: Vec<Date> = series
            .covers()
            .iter()
            .filter(|(d, c)| inside(**d) && c.fine_origin == Some(FineOrigin::Product) && c.coarse.is_some_and(|s| s > 0.0))
            .map(|(d, _)| *d)
            .collect();
        let bar = super::progress::bar(dates.len() as u64, "scoring");
        let mut by_date: Vec<Vec<ScoreReport>> = Vec::new();
        let mut simulated = false;
        let mut rows = Vec::new();
        for &date in &dates {
            let run = predict(
                &library,
                &mut series,
                date,
                rule,
                self.mass_correction,
                Engine { model: &model, before: None, device: processor.device(), tile: TILE },
                async |_, _| ControlFlow::Continue(()),
            );
            match block_on(run) {
                Ok(outcome) => {
                    simulated |= outcome.sample.simulated;
                    by_date.push(outcome.scores.clone());
                    rows.push(json!({"date": date, "scores": outcome.scores}));
                }
                Err(PredictError::NoHistory { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if let Some(first) = dates.first() {
            files::warn_trained(&weights, *first, simulated);
        }
        if rows.is_empty() {
            return Err(format!(
                "no date could be scored: {} dates have SMAP and a 3 km product, none of them has history before it",
                dates.len()
            )
            .into());
        }
        let means = means(&by_date);
        let gain = gain(&by_date, SMEN, BILINEAR);
        if self.json {
            return super::print_json(&json!({
                "weights": self.weights, "region": self.region, "dates": rows.len(), "simulated": simulated, "mean_over_dates": means,
                "urmse_gain_over_bilinear": gain, "by_date": rows,
            }));
        }
        say!("{} dates, mean over dates{}", rows.len(), if simulated { " (SIMULATED scenes)" } else { "" });
        print_scores(&means, "m3/m3");
        if let Some(gain) = gain {
            say!("  {}", compared(BILINEAR, gain, rows.len()));
        }
        say!("  agreement with the SPL2SMAP_S product is not agreement with the ground");
        Ok(())
    }
}

/// The score table.
pub fn print_scores(scores: &[ScoreReport], unit: &str) {
    if scores.is_empty() {
        return;
    }
    say!("  {:<36} {:>8} {:>8} {:>8} {:>7} {:>8}", unit, "uRMSE", "RMSE", "bias", "R", "pixels");
    let number = |v: Option<f64>, digits: usize| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    for s in scores {
        say!(
            "  {:<36} {:>8} {:>8} {:>8} {:>7} {:>8}",
            s.name,
            number(s.urmse, 4),
            number(s.rmse, 4),
            number(s.bias, 4),
            number(s.r, 3),
            s.pixels
        );
    }
}
