//! `loam train`: SMEN on files or on simulated scenes. Split by time: train, then (after a gap) validate; dates from `--test-from` on are
//! never looked at.

use std::path::PathBuf;

use jiff::civil::Date;
use loam::model::{Inputs as NetworkInputs, Processor, Weights, block_on};
use loam::protocol::FineOrigin;
use loam::stack::{HISTORY_LENGTH, HistoryRule, Library, Series};
use loam::train::{TrainEvent, TrainSample, TrainSettings, Trainer, set_bias, split_last_share};
use serde_json::json;

use super::files::{self, Inputs};

/// Arguments of `loam train`.
#[derive(clap::Args)]
pub struct Train {
    #[command(flatten)]
    inputs: Inputs,
    /// oklahoma-city, tucson, geneva, or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Train on simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// First date kept back for testing: neither trained nor validated on
    #[arg(long, value_parser = files::date)]
    test_from: Option<Date>,
    /// Share (0..1) of the latest training dates kept for validation
    #[arg(long, default_value_t = 0.2)]
    validate_share: f64,
    /// Days left out between training and validation, so that no history reaches across (four 12-day revisits)
    #[arg(long, default_value_t = 48)]
    gap_days: u32,
    /// Start from these weights instead of from scratch
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Times that all images are seen; 0 only sets the offset of `--weights`
    #[arg(long, default_value_t = TrainSettings::default().epochs)]
    epochs: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = TrainSettings::default().learning_rate)]
    learning_rate: f64,
    /// Images per step
    #[arg(long, default_value_t = TrainSettings::default().batch)]
    batch: usize,
    /// First weights and order of the images
    #[arg(long, default_value_t = TrainSettings::default().seed)]
    seed: u64,
    /// Show mirrored images too
    #[arg(long)]
    flips: bool,
    /// Leave the norms as they are
    #[arg(long)]
    freeze_norms: bool,
    /// Smallest share of the region (0..1) a 3 km map must cover to serve as history
    #[arg(long, default_value_t = 0.10)]
    history_cover: f32,
    /// Safetensors file to write: the weights of the best epoch
    #[arg(long)]
    out: PathBuf,
    /// Events as JSON lines on standard output
    #[arg(long)]
    json: bool,
}

impl Train {
    /// Trains and writes the best weights.
    pub fn run(self) -> super::Outcome {
        let (region, preset) = files::region(&self.region)?;
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = Series::new(region, Default::default());
        super::predict::load(&mut series, &library)?;
        let rule = HistoryRule { cover: self.history_cover };
        let (dates, samples) = self.samples(&library, &mut series, rule)?;
        if dates.is_empty() {
            return Err("no training image: none of the dates has SMAP, a 3 km map and earlier 3 km maps in this region".into());
        }
        let split = split_last_share(&dates, self.validate_share, self.gap_days)?;
        let pick = |indices: &[usize]| indices.iter().map(|&i| samples[i].clone()).collect::<Vec<_>>();

        let mut weights = match &self.weights {
            Some(path) => files::weights(path)?,
            None => Weights::init(NetworkInputs::Spatiotemporal, self.seed),
        };
        let (first, last) = (dates.first().copied().unwrap_or_default(), dates.last().copied().unwrap_or_default());
        let what = if self.simulated { "simulated scenes" } else { "SMAP and SPL2SMAP_S files" };
        for (key, value) in [
            ("region", self.region.clone()),
            ("trained_on", format!("{what} of {}, {first} to {last}", preset.map_or(self.region.as_str(), |p| p.name))),
            ("trained_until", last.to_string()),
            ("epochs", self.epochs.to_string()),
        ]
        .into_iter()
        .filter(|_| self.epochs > 0)
        {
            weights.metadata.insert(key.to_owned(), value);
        }
        let settings = TrainSettings {
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            batch: self.batch,
            seed: self.seed,
            flips: self.flips,
            freeze_norms: self.freeze_norms,
        };
        let processor = block_on(Processor::open_cpu());
        let mut best = if self.epochs == 0 {
            weights
        } else {
            let mut trainer = Trainer::new(&weights, pick(&split.train), pick(&split.test), settings, processor.device())?;
            self.follow(&mut trainer)?;
            trainer.best().cloned().ok_or("no epoch was finished, so there are no weights to keep")?
        };
        let offset = block_on(set_bias(&mut best, &pick(&split.train), processor.device()))?;
        std::fs::write(&self.out, best.to_bytes()).map_err(|e| format!("{} cannot be written ({e})", self.out.display()))?;
        if !self.json {
            println!("offset (the loss is blind to it): {offset:+.4} m3/m3, so that the mean error over the training images is 0");
            println!(
                "{}: {} training and {} validation images, {} left out in the gap",
                self.out.display(),
                split.train.len(),
                split.test.len(),
                split.dropped.len()
            );
        }
        Ok(())
    }

    /// One image a date that has SMAP, a 3 km product and a full history, before `test_from`.
    fn samples(
        &self,
        library: &Library,
        series: &mut Series,
        rule: HistoryRule,
    ) -> Result<(Vec<Date>, Vec<TrainSample>), Box<dyn std::error::Error>> {
        let candidates: Vec<Date> = series
            .covers()
            .iter()
            .filter(|(date, cover)| {
                self.test_from.is_none_or(|t| **date < t)
                    && cover.coarse.is_some_and(|s| s > 0.0)
                    && cover.fine_origin == Some(FineOrigin::Product)
                    && cover.fine.is_some_and(|s| s >= rule.cover)
            })
            .map(|(date, _)| *date)
            .collect();
        let window = series.region.window();
        let (mut dates, mut samples) = (Vec::new(), Vec::new());
        for date in candidates {
            if series.history(date, rule).len() < HISTORY_LENGTH {
                continue;
            }
            let sample = series.sample(library, date, rule)?;
            let mask = sample.mask();
            // An image needs a spread to have an uRMSE.
            if mask.iter().filter(|m| **m > 0.0).count() < 100 {
                continue;
            }
            let target = match &sample.target {
                Some(target) => target.values().iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect(),
                None => continue,
            };
            dates.push(date);
            samples.push(TrainSample { columns: window.columns, rows: window.rows, i: sample.i, d: sample.d, target, mask });
        }
        Ok((dates, samples))
    }

    fn follow(&self, trainer: &mut Trainer) -> super::Outcome {
        let mut bar = None;
        while let Some(event) = block_on(trainer.step()) {
            match &event {
                TrainEvent::Started { epochs, steps_per_epoch, train, validation } => {
                    bar = Some(super::progress::bar((epochs * steps_per_epoch) as u64, "training"));
                    if !self.json {
                        println!("{train} training images, {validation} validation images, {steps_per_epoch} steps an epoch");
                    }
                }
                TrainEvent::StepDone { .. } => {
                    if let Some(bar) = &bar {
                        bar.inc(1);
                    }
                }
                TrainEvent::Validated { .. } => {}
                TrainEvent::EpochDone { epoch, train_loss, validation, best } => {
                    if self.json {
                        println!("{}", json!({"epoch": epoch, "train": train_loss, "validation": validation, "best": best}));
                    } else {
                        let validation = validation.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
                        println!(
                            "epoch {epoch}: uRMSE train {train_loss:.4}, validation {validation} m3/m3{}",
                            if *best { " *" } else { "" }
                        );
                    }
                }
                TrainEvent::Warning(text) => eprintln!("note: {text}"),
                TrainEvent::Finished { best_epoch, best_loss } => {
                    if let Some(bar) = &bar {
                        bar.finish_and_clear();
                    }
                    if self.json {
                        println!("{}", json!({"best_epoch": best_epoch, "best": best_loss}));
                    } else {
                        println!("best epoch {best_epoch}: {best_loss:.4} m3/m3");
                    }
                }
                TrainEvent::Failed(error) => return Err(error.to_string().into()),
            }
        }
        Ok(())
    }
}
