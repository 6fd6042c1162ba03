//! `loam evaluate`: scores of weights on every date that has a 3 km product, beside the baselines on the same pixels.

use std::ops::ControlFlow;
use std::path::PathBuf;

use loam_core::score::{ScoreRow, gain, means};
use loam_nn::evaluation::compared;
use loam_nn::{AnyNetwork, Asked, Data, NetworkModel, Processor, block_on, of_network};
use serde_json::json;

use super::files::{self, Inputs};
use super::network::NetworkChoice;
use super::reading::{Period, Reading};

/// Arguments of `loam evaluate`.
#[derive(clap::Args)]
pub struct Evaluate {
    #[command(flatten)]
    inputs: Inputs,
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth)
    #[arg(long)]
    weights: PathBuf,
    #[command(flatten)]
    network: NetworkChoice,
    /// oklahoma-city, tucson, geneva (for a network of one place their middle 108 x 108 km), or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Score on the simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    reading: Reading,
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
        let period = self.period.range()?;
        let weights = files::weights(&self.weights)?;
        self.network.check(&weights).map_err(|why| format!("{}: {why}", self.weights.display()))?;
        let network = weights.network();
        let (region, preset) = files::region_for(network, &self.region)?;
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = self.reading.series(&library, region)?;
        let processor = block_on(Processor::open_cpu());
        let bar = super::progress::bar(0, "scoring");
        let progress = &mut async |done: usize, total: usize, _: &str| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            ControlFlow::Continue(())
        };
        let found = of_network!(&AnyNetwork::load(&weights, processor.device())?, network => {
            let asked = Asked {
                date: *period.start(),
                shift: self.mass_correction,
                weights: &weights,
                region: preset.map(|p| p.key),
                before: None,
                device: processor.device(),
                tile: None,
            };
            let data = Data { library: &library, series: &mut series, rule: self.reading.rule() };
            block_on(network.evaluate(data, &asked, *period.end(), progress))?
        });
        bar.finish_and_clear();
        files::tell(&found.failures);
        for note in &found.notes {
            eprintln!("note: {note}");
        }
        let Some(first) = found.dates.first() else {
            return Err(
                "no date could be scored: none has SMAP, something to score against and, before it, history"
                    .into(),
            );
        };
        files::warn_trained(&weights, *first, found.simulated);
        let (dates, unit, means) = (found.dates.len(), network.unit(), means(&found.by_date));
        let gains: Vec<_> = (0u8..)
            .zip(network.about().outputs)
            .map(|(channel, _)| {
                (channel, gain(&found.by_date, channel, ScoreRow::Estimate, ScoreRow::Bilinear))
            })
            .collect();
        if self.json {
            let rows: Vec<_> = found
                .dates
                .iter()
                .zip(&found.by_date)
                .map(|(date, scores)| json!({"date": date, "scores": scores}))
                .collect();
            let over_bilinear = if let [(_, only)] = gains.as_slice() {
                json!(only)
            } else {
                json!(gains.iter().map(|g| g.1).collect::<Vec<_>>())
            };
            return super::print_json(&json!({
                "weights": self.weights, "network": network.about().key, "unit": unit, "region": self.region, "dates": dates,
                "simulated": found.simulated, "mean_over_dates": means, "urmse_gain_over_bilinear": over_bilinear, "by_date": rows,
            }));
        }
        say!("{dates} dates, mean over dates{}", if found.simulated { " (SIMULATED scenes)" } else { "" });
        super::score_table::print_scores(&means, unit);
        for (channel, gain) in gains {
            if let Some(gain) = gain {
                say!("  {}", compared(unit, &network.row_name(ScoreRow::Bilinear, channel), gain, dates));
            }
        }
        say!("  agreement with the product is not agreement with the ground");
        Ok(())
    }
}
