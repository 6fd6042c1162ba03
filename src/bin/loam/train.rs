//! `loam train`: SMEN on files or on simulated scenes, with the settings and the trainer of the page. Split by time: train, then validate;
//! dates from `--test-from` on are scored at the end and never looked at before.

use std::path::PathBuf;

use jiff::civil::Date;
use loam::model::{Processor, Smen, Weights, block_on};
use loam::protocol::{
    DateRole, Inputs as NetworkInputs, Part, RunReport, Start, TrainEnd, TrainPlan, TrainResult, UnusableDate, WeightsReport,
};
use loam::session::images::{image, plan};
use loam::session::verdict::{estimate, scored, verdict};
use loam::stack::{HistoryRule, Library, Series};
use loam::train::{
    FolderStore, Keeper, RunHead, RunImage, StoreError, TrainError, TrainEvent, TrainSample, TrainSettings, Trainer, set_bias,
};
use serde_json::json;

use super::files::{self, Inputs};

/// Name of the one run in a `--keep` folder.
const RUN: &str = "run";

/// Arguments of `loam train`.
#[derive(clap::Args)]
pub struct Train {
    #[command(flatten)]
    inputs: Inputs,
    /// oklahoma-city, tucson, geneva, or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true, required_unless_present = "resume")]
    region: Option<String>,
    /// Train on simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// Settings as JSON, for example those the page saved; the options below win over it
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// First validation date [default: so that about 15 % of the images validate]
    #[arg(long, value_parser = files::date)]
    validate_from: Option<Date>,
    /// First test date: scored at the end, never looked at before [default: so that about 15 % of the images test]
    #[arg(long, value_parser = files::date)]
    test_from: Option<Date>,
    /// Start from these weights (safetensors, or a PyTorch state dict) instead of from scratch
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Inputs of the network, from scratch: spatial, temporal or spatiotemporal
    #[arg(long, value_parser = network_inputs)]
    network: Option<NetworkInputs>,
    /// Times that all images are seen [default: 1000]; 0 only sets the offset of `--weights`
    #[arg(long)]
    epochs: Option<usize>,
    /// Adam's learning rate [default: 0.0001]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Images per step [default: 4]
    #[arg(long)]
    batch: Option<usize>,
    /// First weights and order of the images [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Show mirrored images too
    #[arg(long)]
    flips: bool,
    /// Leave a part as it is: norms, history, coarse or fusion; more than once for several
    #[arg(long, value_parser = part)]
    freeze: Vec<Part>,
    /// Stop after this many epochs without a better validation loss; 0 never
    #[arg(long)]
    patience: Option<usize>,
    /// Smallest share of the region (0..1) a 3 km map must cover to serve as history
    #[arg(long, default_value_t = HistoryRule::default().cover)]
    history_cover: f32,
    /// Keep images and checkpoints in this folder, for `--resume`
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Go on with the run kept in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["keep", "region", "simulated", "weights", "settings"])]
    resume: Option<PathBuf>,
    /// Safetensors file to write: the weights of the best epoch
    #[arg(long)]
    out: PathBuf,
    /// Events as JSON lines on standard output
    #[arg(long)]
    json: bool,
}

fn network_inputs(text: &str) -> Result<NetworkInputs, String> {
    NetworkInputs::from_name(text).ok_or_else(|| format!("\"{text}\" is none of spatial, temporal, spatiotemporal"))
}

fn part(text: &str) -> Result<Part, String> {
    serde_json::from_value(json!(text)).map_err(|_| format!("\"{text}\" is none of norms, history, coarse, fusion"))
}

/// A run, ready to go.
struct Run {
    trainer: Trainer,
    keeper: Option<Keeper<FolderStore>>,
    settings: TrainSettings,
    base: Weights,
    images: Vec<RunImage>,
    left_out: usize,
    simulated: bool,
}

impl Train {
    /// Trains, scores and writes the best weights.
    pub fn run(self) -> super::Outcome {
        let processor = block_on(Processor::open_cpu());
        if self.epochs == Some(0) {
            return self.only_offset(&processor);
        }
        let run = match &self.resume {
            Some(folder) => Self::resumed(folder, &processor)?,
            None => self.begun(&processor)?,
        };
        self.follow(run, &processor)
    }

    fn settings(&self) -> Result<TrainSettings, Box<dyn std::error::Error>> {
        let mut settings: TrainSettings = match &self.settings {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read ({e})", path.display()))?;
                serde_json::from_str(&text).map_err(|e| format!("{}: not settings of a training run ({e})", path.display()))?
            }
            None => TrainSettings::default(),
        };
        // The page's "weights in use" are those of `--weights` here.
        settings.start = if self.weights.is_some() { Start::Current } else { Start::Scratch };
        settings.inputs = self.network.unwrap_or(settings.inputs);
        settings.epochs = self.epochs.unwrap_or(settings.epochs);
        settings.learning_rate = self.learning_rate.unwrap_or(settings.learning_rate);
        settings.batch = self.batch.unwrap_or(settings.batch);
        settings.seed = self.seed.unwrap_or(settings.seed);
        settings.patience = self.patience.unwrap_or(settings.patience);
        settings.validate_from = self.validate_from.or(settings.validate_from);
        settings.test_from = self.test_from.or(settings.test_from);
        settings.flips |= self.flips;
        if !self.freeze.is_empty() {
            settings.frozen.clone_from(&self.freeze);
        }
        settings.check()?;
        Ok(settings)
    }

    /// Library, series and the region's name.
    fn data(&self) -> Result<(Library, Series, String), Box<dyn std::error::Error>> {
        let text = self.region.as_deref().unwrap_or_default();
        let (region, preset) = files::region(text)?;
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = Series::new(region, Default::default());
        super::predict::load(&mut series, &library)?;
        Ok((library, series, preset.map_or_else(|| text.to_owned(), |p| p.name.to_owned())))
    }

    /// The images of a plan. Those whose pixels do not do are taken out of it.
    fn images(&self, library: &Library, series: &mut Series, plan: &mut TrainPlan) -> Result<Vec<RunImage>, Box<dyn std::error::Error>> {
        let rule = HistoryRule { cover: self.history_cover };
        let mut images = Vec::new();
        for day in plan.dates.clone().into_iter().filter(|day| day.role != DateRole::Gap) {
            match image(library, series, rule, day.date, day.role)? {
                Ok(image) => images.push(image),
                Err(why) => {
                    plan.dates.retain(|d| d.date != day.date);
                    plan.unusable.push(UnusableDate { date: day.date, why });
                }
            }
        }
        Ok(images)
    }

    fn begun(&self, processor: &Processor) -> Result<Run, Box<dyn std::error::Error>> {
        let settings = self.settings()?;
        let (library, mut series, region) = self.data()?;
        let mut plan = plan(&series, HistoryRule { cover: self.history_cover }, &settings)?;
        let images = self.images(&library, &mut series, &mut plan)?;
        let base = match &self.weights {
            Some(path) => files::weights(path)?,
            None => Weights::init(settings.inputs, settings.seed),
        };
        let from = match &self.weights {
            Some(path) => base.report(&path.display().to_string()),
            None => WeightsReport { name: format!("from scratch, seed {}", settings.seed), ..WeightsReport::default() },
        };
        let training = plan.of(DateRole::Train);
        let what = if self.simulated { "simulated scenes" } else { "SMAP and SPL2SMAP_S files" };
        let mut facts = std::collections::BTreeMap::new();
        if let (Some(first), Some(last)) = (training.first(), training.last()) {
            for (key, value) in [
                ("region", self.region.clone().unwrap_or_default()),
                ("trained_on", format!("{what} of {region}, {first} to {last}")),
                ("trained_until", last.to_string()),
            ] {
                facts.insert(key.to_owned(), value);
            }
        }
        let report = RunReport {
            run: RUN.into(),
            begun_ms: std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as f64,
            region: region.clone(),
            settings: settings.clone(),
            from,
            device: loam::model::device::CPU_NAME.into(),
            simulated: self.simulated,
            result: None,
            progress: None,
            in_use: true,
        };
        let window = series.region.window();
        let rules = loam::protocol::Settings { window, region: None, quality: Default::default(), history_cover: self.history_cover };
        let head = RunHead { report, settings: rules, images: images.len(), left_out: plan.count(DateRole::Gap), facts };
        let (learn, check) = (of_role(&images, DateRole::Train), of_role(&images, DateRole::Validate));
        let trainer = Trainer::new(&head.start(&base), learn, check, settings.clone(), processor.device())?;
        let keeper = match &self.keep {
            Some(folder) => {
                let kept = block_on(keep(FolderStore(folder.clone()), &head, &base, &images))?;
                Some(kept.ok_or_else(|| format!("another process trains in {}", folder.display()))?)
            }
            None => None,
        };
        if !self.json {
            for day in &plan.unusable {
                println!("left out: {}: {}", day.date, day.why);
            }
            let [train, validate, test, gap] =
                [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap].map(|role| plan.count(role));
            println!("{train} training, {validate} validation and {test} test images, by time; {gap} between them left out");
        }
        Ok(Run { trainer, keeper, settings, base, images, left_out: head.left_out, simulated: self.simulated })
    }

    fn resumed(folder: &std::path::Path, processor: &Processor) -> Result<Run, Box<dyn std::error::Error>> {
        let resumed = block_on(Keeper::resume(FolderStore(folder.to_owned()), RUN))?;
        let (keeper, kept) = resumed.ok_or_else(|| format!("another process trains in {}", folder.display()))?;
        let settings = kept.head.report.settings.clone();
        let start = kept.head.start(&kept.base);
        let (train, validate) = (of_role(&kept.images, DateRole::Train), of_role(&kept.images, DateRole::Validate));
        let trainer = match kept.checkpoint {
            Some(checkpoint) => {
                eprintln!("going on at epoch {}, {} steps done", checkpoint.epoch, checkpoint.steps);
                Trainer::resumed(checkpoint, &start, train, validate, settings.clone(), processor.device())?
            }
            None => Trainer::new(&start, train, validate, settings.clone(), processor.device())?,
        };
        let (simulated, left_out) = (kept.head.report.simulated, kept.head.left_out);
        Ok(Run { trainer, keeper: Some(keeper), settings, base: kept.base, images: kept.images, left_out, simulated })
    }

    fn follow(&self, mut run: Run, processor: &Processor) -> super::Outcome {
        let begun = std::time::Instant::now();
        let total = run.settings.epochs * run.trainer.steps_per_epoch();
        let bar = super::progress::bar(total as u64, "training");
        bar.set_position(run.trainer.steps() as u64);
        let mut end = TrainEnd::Finished;
        let (mut best_epoch, mut best_loss) = (0, f64::NAN);
        while let Some(event) = block_on(run.trainer.step()) {
            let mut save = false;
            match &event {
                TrainEvent::Started { .. } | TrainEvent::Validated { .. } => {}
                TrainEvent::StepDone { .. } => {
                    bar.inc(1);
                    save = run.trainer.steps().is_multiple_of(run.settings.checkpoint_steps);
                }
                TrainEvent::EpochDone(report) => {
                    save = true;
                    if self.json {
                        println!("{}", json!(report));
                    } else {
                        let validation = report.validation.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
                        let mark = if report.best { " *" } else { "" };
                        println!("epoch {}: uRMSE train {:.4}, validation {validation} m3/m3{mark}", report.epoch, report.train_loss);
                    }
                }
                TrainEvent::Warning(text) => eprintln!("note: {text}"),
                TrainEvent::Finished { early, best_epoch: epoch, best_loss: loss } => {
                    end = if *early { TrainEnd::Early } else { TrainEnd::Finished };
                    (best_epoch, best_loss) = (*epoch, *loss);
                }
                TrainEvent::Failed(error @ TrainError::LossNotFinite { .. }) if run.trainer.best().is_some() => {
                    eprintln!("note: {error}");
                    end = TrainEnd::NotFinite;
                }
                TrainEvent::Failed(error) => return Err(error.to_string().into()),
            }
            if let (true, Some(keeper)) = (save, &mut run.keeper) {
                let checkpoint = block_on(run.trainer.checkpoint())?;
                if let Err(error) = block_on(keeper.save(&checkpoint)) {
                    eprintln!("note: the checkpoint was not kept ({error}); the last one before it stands");
                }
            }
        }
        bar.finish_and_clear();
        let mut trained = run.trainer.best().cloned().ok_or("no epoch was finished, so there are no weights to keep")?;
        let device = processor.device();
        let train = of_role(&run.images, DateRole::Train);
        let offset = block_on(set_bias(&mut trained, &train, device, async |_, _| std::ops::ControlFlow::Continue(())))?;
        std::fs::write(&self.out, trained.to_bytes()).map_err(|e| format!("{} cannot be written ({e})", self.out.display()))?;

        let (before, after) = (Smen::from_weights(&run.base, device)?, Smen::from_weights(&trained, device)?);
        let mut by_date = Vec::new();
        for image in run.images.iter().filter(|image| image.role == DateRole::Test) {
            let go_on = async |_: usize, _: usize| std::ops::ControlFlow::Continue(());
            let a = block_on(estimate(&after, device, image, go_on))?;
            let b = block_on(estimate(&before, device, image, go_on))?;
            by_date.extend(scored(image, &a, &b));
        }
        let verdict = verdict(&by_date);
        let count = |role: DateRole| run.images.iter().filter(|image| image.role == role).count();
        let result = TrainResult {
            end,
            epochs: run.trainer.history().len(),
            best_epoch,
            best_loss,
            seconds: begun.elapsed().as_secs_f64(),
            images: [count(DateRole::Train), count(DateRole::Validate), count(DateRole::Test), run.left_out],
            scores: verdict.scores,
            dates: verdict.dates,
            over_bilinear: verdict.over_bilinear,
            over_before: verdict.over_before,
            sentence: verdict.sentence,
            hash: trained.hash(),
        };
        if let Some(keeper) = &run.keeper {
            block_on(keeper.finish(&result, &trained))?;
        }
        if self.json {
            println!("{}", json!(result));
            return Ok(());
        }
        println!("best epoch {best_epoch}: {best_loss:.4} m3/m3, {:.0} s in all", result.seconds);
        println!("offset (the loss is blind to it): {offset:+.4} m3/m3, so that the mean error over the training images is 0");
        println!("{} test dates, mean over dates{}", result.dates, if run.simulated { " (SIMULATED scenes)" } else { "" });
        super::evaluate::print_scores(&result.scores);
        println!("  {}", result.sentence);
        println!("{}: SHA-256 {}", self.out.display(), result.hash);
        Ok(())
    }

    /// `--epochs 0`: weights as given, their offset set on the training images.
    fn only_offset(&self, processor: &Processor) -> super::Outcome {
        let path = self.weights.as_ref().ok_or("--epochs 0 sets the offset of --weights: name a weights file")?;
        let mut weights = files::weights(path)?;
        let (library, mut series, _) = self.data()?;
        let settings = TrainSettings { validate_from: self.validate_from, test_from: self.test_from, ..TrainSettings::default() };
        let mut plan = plan(&series, HistoryRule { cover: self.history_cover }, &settings)?;
        let images = self.images(&library, &mut series, &mut plan)?;
        let go_on = async |_: usize, _: usize| std::ops::ControlFlow::Continue(());
        let offset = block_on(set_bias(&mut weights, &of_role(&images, DateRole::Train), processor.device(), go_on))?;
        std::fs::write(&self.out, weights.to_bytes()).map_err(|e| format!("{} cannot be written ({e})", self.out.display()))?;
        println!("{}: offset {offset:+.4} m3/m3", self.out.display());
        Ok(())
    }
}

async fn keep(store: FolderStore, head: &RunHead, base: &Weights, images: &[RunImage]) -> Result<Option<Keeper<FolderStore>>, StoreError> {
    let Some(keeper) = Keeper::create(store, RUN).await? else { return Ok(None) };
    keeper.put_base(base).await?;
    for (n, image) in images.iter().enumerate() {
        keeper.put_image(n, image).await?;
    }
    keeper.put_head(head).await?;
    Ok(Some(keeper))
}

fn of_role(images: &[RunImage], role: DateRole) -> Vec<TrainSample> {
    images.iter().filter(|image| image.role == role).map(|image| image.sample.clone()).collect()
}
