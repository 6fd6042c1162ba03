//! `loam train`: a network on files or on simulated scenes, with the settings and the trainer of the page. Split by time: train, then
//! validate; dates from `--test-from` on are scored at the end and never looked at before.

use std::ops::ControlFlow;
use std::path::PathBuf;

use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam_core::network::{Inputs as NetworkInputs, Part};
use loam_core::stack::Series;
use loam_core::training::{DateRole, RunReport, Start, TrainEnd, TrainPlan};
use loam_nn::run::{Evaluated, Run, from_scratch, overlap};
use loam_nn::{
    Data, FolderStore, Gathered, Keeper, KeptImage, MARGIN_KEY, NetworkModel, Processor, RunHead, TB_HALO,
    TrainError, TrainEvent, TrainSettings, Weights, block_on, for_network, keeper,
};
use serde_json::json;

use super::files::{self, Inputs};
use super::network::NetworkChoice;
use super::reading::HistoryChoice;

/// Name of the one run in a `--keep` folder.
const RUN: &str = "run";

type Kept = Keeper<FolderStore>;
/// Images of all regions, the regions' names, and the first one's window.
type Found<I> = Result<(Gathered<I>, String, EaseWindow), Box<dyn std::error::Error>>;
/// A run, and what keeps it.
type Begun<I> = Result<(Run<I>, Option<Kept>), Box<dyn std::error::Error>>;

/// Arguments of `loam train`.
#[derive(clap::Args)]
pub struct Train {
    #[command(flatten)]
    files: Inputs,
    #[command(flatten)]
    network: NetworkChoice,
    /// Train the TB CNN, from scratch, with what lies around its place, so that its estimate of a cell is the same in every box; a step
    /// takes seven times as long (tb-soil-moisture; 34 times for tb-brightness). Without it the network learns zeros beyond its place's
    /// edge
    #[arg(long)]
    margin: bool,
    /// oklahoma-city, tucson, geneva (for a network of one place their middle 108 x 108 km), LON,LAT[,COLS,ROWS], or another place with
    /// simulated scenes (a wrong name lists them); with SMEN more than once to train on the images of several, all of one size
    #[arg(long, allow_hyphen_values = true, required_unless_present = "resume")]
    region: Vec<String>,
    /// Train on simulated scenes of the regions instead of files
    #[arg(long)]
    simulated: bool,
    /// First date of the simulated scenes
    #[arg(long, value_parser = files::date, requires = "simulated")]
    from: Option<Date>,
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
    #[arg(long, value_name = "INPUTS", value_parser = network_inputs)]
    inputs: Option<NetworkInputs>,
    /// Times that all images are seen [default: 1000, for rcn 12]; 0 only sets the offset of `--weights`
    #[arg(long)]
    epochs: Option<usize>,
    /// Adam's learning rate [default: 0.0001; the largest of one cycle, 0.0006, for rcn]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Images per step [default: 4, for rcn 1]
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
    #[command(flatten)]
    history: HistoryChoice,
    /// Keep images and checkpoints in this folder, for `--resume`
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Resume the run kept in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["keep", "region", "simulated", "weights", "settings"])]
    resume: Option<PathBuf>,
    /// Round the trained weights to this many significant bits (2 to 24), for a smaller transfer; they are scored as rounded
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(2..=24))]
    significant_bits: Option<u32>,
    /// Safetensors file to write: the weights of the best epoch
    #[arg(long)]
    out: PathBuf,
    /// Events as JSON lines on standard output
    #[arg(long)]
    json: bool,
}

fn network_inputs(text: &str) -> Result<NetworkInputs, String> {
    NetworkInputs::from_name(text)
        .ok_or_else(|| format!("\"{text}\" is none of spatial, temporal, spatiotemporal"))
}

fn part(text: &str) -> Result<Part, String> {
    serde_json::from_value(json!(text))
        .map_err(|_| format!("\"{text}\" is none of norms, history, coarse, fusion"))
}

impl Train {
    /// Trains, scores and writes the best weights.
    pub fn run(self) -> super::Outcome {
        let processor = block_on(Processor::open_cpu());
        if let Some(folder) = &self.resume {
            let network = block_on(keeper::head(&FolderStore(folder.clone()), RUN))?.report.settings.network;
            return for_network!(network, N => self.follow(Self::resumed::<<N as NetworkModel>::Image>(folder, &processor)?, &processor));
        }
        if self.epochs == Some(0) {
            return self.only_offset(&processor);
        }
        let (settings, base) = self.settings()?;
        for_network!(settings.network, N => self.follow(self.begun::<N>(settings, base, &processor)?, &processor))
    }

    /// Settings and the weights to start from.
    fn settings(&self) -> Result<(TrainSettings, Weights), Box<dyn std::error::Error>> {
        let mut settings: TrainSettings = match &self.settings {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| format!("{} cannot be read ({e})", path.display()))?;
                serde_json::from_str(&text)
                    .map_err(|e| format!("{}: not settings of a training run ({e})", path.display()))?
            }
            None => TrainSettings::default(),
        };
        let (network, by_old_name) = self.network.chosen()?;
        if let Some(network) = network {
            settings = if self.settings.is_some() {
                TrainSettings { network, ..settings }
            } else {
                TrainSettings::from_scratch(network)
            };
        }
        let about = settings.network.about();
        let inputs = self.inputs.or(by_old_name);
        if let Some(inputs) = inputs.filter(|inputs| !about.inputs.contains(inputs)) {
            return Err(format!(
                "--inputs {} names inputs of SMEN, and the {} has its own: leave it out",
                inputs.name(),
                about.name
            )
            .into());
        }
        // The page's "weights in use" are those of `--weights` here, and bring their inputs with them.
        let base = self.weights.as_deref().map(files::weights).transpose()?;
        if self.settings.is_some() && settings.start == Start::Current && base.is_none() {
            return Err("these settings start from the weights in use, and on the command line those are named: add --weights FILE \
                        (the page exports them), or set \"start\": \"scratch\" in the settings"
                .into());
        }
        settings.start = if base.is_some() { Start::Current } else { Start::Scratch };
        settings.inputs = inputs.or(base.as_ref().map(Weights::inputs)).unwrap_or(settings.inputs);
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
        let first = || {
            let mut first = Weights::first(settings.network, settings.inputs, settings.seed);
            let margin =
                (self.margin && about.one_place).then(|| (MARGIN_KEY.to_owned(), TB_HALO.to_string()));
            first.metadata.extend(margin);
            first
        };
        let base = base.unwrap_or_else(first);
        Ok((settings, base))
    }

    /// The images of all regions, the names of the regions, and the first one's window.
    fn data<N: NetworkModel>(&self, settings: &TrainSettings, base: &Weights) -> Found<N::Image> {
        let about = settings.network.about();
        if self.region.len() > 1 && about.one_place {
            return Err(
                format!("the {} is trained for one place at a time: name one --region", about.name).into()
            );
        }
        if self.region.len() > 1 && (settings.validate_from.is_none() || settings.test_from.is_none()) {
            return Err(
                "with several regions the split must be the same for all, so that no region trains on what is later elsewhere: say \
                        --validate-from and --test-from"
                    .into(),
            );
        }
        let rule = self.history.rule();
        let (mut parts, mut names, mut window) = (Vec::new(), Vec::new(), None);
        let files = if self.simulated { None } else { Some(self.files.library()?) };
        for text in &self.region {
            let (region, preset) = files::region_for(settings.network, text)?;
            let simulated;
            let library = match &files {
                Some(library) => library,
                None => {
                    simulated = files::simulated_from(preset, self.from)?;
                    &simulated
                }
            };
            let mut series = Series::new(region, Default::default());
            super::series::load(&mut series, library)?;
            let data = Data { library, series: &mut series, rule };
            let gathered =
                block_on(N::gather(data, base, settings, &mut async |_, _, _| ControlFlow::Continue(())));
            parts.push(gathered.map_err(|e| format!("{text}: {e}"))?);
            names.push(preset.map_or_else(|| text.clone(), |p| p.name.to_owned()));
            window.get_or_insert(region.window());
        }
        let window = window.ok_or("name a --region")?;
        Ok((Gathered::joined(parts), names.join(", "), window))
    }

    fn begun<N: NetworkModel>(
        &self,
        settings: TrainSettings,
        base: Weights,
        processor: &Processor,
    ) -> Begun<N::Image> {
        let (gathered, region, window) = self.data::<N>(&settings, &base)?;
        files::tell(&gathered.failures);
        if let Some(warning) = overlap(&base, settings.start, &gathered.plan, gathered.simulated) {
            eprintln!("note: {warning}");
        }
        for note in &gathered.notes {
            eprintln!("note: {note}");
        }
        let metadata = N::metadata(&self.region, &region, &base, &settings, &gathered);
        let Gathered { plan, images, simulated, .. } = gathered;
        let head = self.head(settings, &base, region, window, simulated, &plan, metadata)?;
        self.begin(head, base, images, &plan, processor)
    }

    #[allow(clippy::too_many_arguments, reason = "each is independent")]
    fn head(
        &self,
        settings: TrainSettings,
        base: &Weights,
        region: String,
        window: EaseWindow,
        simulated: bool,
        plan: &TrainPlan,
        metadata: std::collections::BTreeMap<String, String>,
    ) -> Result<RunHead, Box<dyn std::error::Error>> {
        let from = match &self.weights {
            Some(path) => base.report(&path.display().to_string()),
            None => from_scratch(settings.network, settings.seed),
        };
        let report = RunReport {
            run: RUN.into(),
            begun_ms: std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as f64,
            region,
            settings,
            from,
            device: loam_nn::device::CPU_NAME.into(),
            simulated,
            result: None,
            progress: None,
            in_use: true,
        };
        let history = self.history.rule();
        let rules = loam_core::region_settings::RegionSettings {
            window,
            region: None,
            quality: Default::default(),
            history_cover: history.cover,
            history_disaggregated: history.disaggregated,
            mass_correction: false,
        };
        let left_out = plan.count(DateRole::Gap);
        Ok(RunHead { report, settings: rules, images: plan.dates.len() - left_out, left_out, metadata })
    }

    /// The run before its first step, kept where that is wanted.
    fn begin<I: KeptImage>(
        &self,
        head: RunHead,
        base: Weights,
        images: Vec<I>,
        plan: &TrainPlan,
        processor: &Processor,
    ) -> Begun<I> {
        let run = Run::new(head, base, images, processor.device())?;
        let keeper = match &self.keep {
            Some(folder) => {
                let store = FolderStore(folder.clone());
                let kept = block_on(Keeper::begin(store, &run.head, &run.base, &run.images, async || {}))?;
                Some(kept.ok_or_else(|| format!("another process trains in {}", folder.display()))?)
            }
            None => None,
        };
        if !self.json {
            for day in &plan.unusable {
                say!("left out: {}: {}", day.date, day.why);
            }
            let [train, validate, test, gap] =
                [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap]
                    .map(|role| plan.count(role));
            say!(
                "{}: {train} training, {validate} validation and {test} test images, by time; {gap} between them left out",
                run.head.report.settings.network.words()
            );
        }
        Ok((run, keeper))
    }

    fn resumed<I: KeptImage>(folder: &std::path::Path, processor: &Processor) -> Begun<I> {
        let resumed = block_on(Keeper::resume::<I>(FolderStore(folder.to_owned()), RUN))?;
        let (keeper, kept) =
            resumed.ok_or_else(|| format!("another process trains in {}", folder.display()))?;
        if let Some(checkpoint) = &kept.checkpoint {
            eprintln!("resuming at epoch {}, {} steps done", checkpoint.epoch, checkpoint.steps);
        }
        Ok((Run::resumed(kept, processor.device())?, Some(keeper)))
    }

    fn follow<I: KeptImage>(
        &self,
        (mut run, mut keeper): (Run<I>, Option<Kept>),
        processor: &Processor,
    ) -> super::Outcome {
        run.significant_bits = self.significant_bits;
        let settings = run.head.report.settings.clone();
        let (loss, unit) = (settings.network.about().loss_name, settings.network.unit());
        let total = settings.epochs * run.trainer.steps_per_epoch();
        let bar = super::progress::bar(total as u64, "training");
        bar.set_position(run.trainer.steps() as u64);
        let mut end = TrainEnd::Finished;
        loop {
            let begun = std::time::Instant::now();
            let Some(event) = block_on(run.trainer.step()) else { break };
            run.seconds += begun.elapsed().as_secs_f64();
            let mut save = false;
            match &event {
                TrainEvent::Started { .. } | TrainEvent::Validated { .. } => {}
                TrainEvent::StepDone { .. } => {
                    bar.inc(1);
                    save = run.trainer.steps().is_multiple_of(settings.checkpoint_steps);
                }
                TrainEvent::EpochDone(report) => {
                    save = true;
                    if self.json {
                        say!("{}", json!(report));
                    } else {
                        let validation =
                            report.validation.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
                        let mark = if report.best { " *" } else { "" };
                        say!(
                            "epoch {}: {loss} train {:.4}, validation {validation} {unit}{mark}",
                            report.epoch,
                            report.train_loss
                        );
                    }
                }
                TrainEvent::Warning(text) => eprintln!("note: {text}"),
                TrainEvent::Finished { early, .. } => {
                    end = if *early { TrainEnd::Early } else { TrainEnd::Finished }
                }
                TrainEvent::Failed(error @ TrainError::LossNotFinite { .. })
                    if run.trainer.best().is_some() =>
                {
                    eprintln!("note: {error}");
                    end = TrainEnd::NotFinite;
                }
                TrainEvent::Failed(error) => return Err(error.to_string().into()),
            }
            if let (true, Some(keeper)) = (save, &mut keeper) {
                let checkpoint = block_on(run.trainer.checkpoint(run.seconds))?;
                if let Err(error) = block_on(keeper.save(&checkpoint)) {
                    eprintln!("note: the checkpoint was not kept ({error}); the last one before it stands");
                }
            }
        }
        bar.finish_and_clear();
        let mut go_on = async |_: usize, _: usize, _: &str| ControlFlow::Continue(());
        let Evaluated { trained, offset, result, .. } =
            block_on(run.evaluate(end, None, processor.device(), &mut go_on))?;
        files::write(&self.out, trained.to_bytes())?;
        if let Some(keeper) = &keeper {
            block_on(keeper.finish(&result, &trained))?;
        }
        let simulated = run.head.report.simulated;
        if self.json {
            let mut line = json!(result);
            for (key, value) in [
                ("network", json!(settings.network.about().key)),
                ("unit", json!(unit)),
                ("simulated", json!(simulated)),
            ] {
                line[key] = value;
            }
            line["trained_on"] = json!(run.head.metadata.get("trained_on"));
            say!("{line}");
            return Ok(());
        }
        say!(
            "best epoch {}: {:.4} {unit}, {:.0} s of training",
            result.best_epoch,
            result.best_loss,
            result.seconds
        );
        if let Some(offset) = offset {
            say!(
                "offset (the loss is blind to it): {offset:+.4} m3/m3, so that the mean error over the training images is 0"
            );
        }
        say!(
            "{} test dates, mean over dates{}",
            result.dates,
            if simulated { " (SIMULATED scenes)" } else { "" }
        );
        super::score_table::print_scores(&result.scores, unit);
        say!("  {}", result.sentence);
        say!("{}: SHA-256 {}", self.out.display(), result.hash);
        Ok(())
    }

    /// `--epochs 0`: weights as given, their offset set on the training images.
    fn only_offset(&self, processor: &Processor) -> super::Outcome {
        let path =
            self.weights.as_ref().ok_or("--epochs 0 sets the offset of --weights: name a weights file")?;
        let mut weights = files::weights(path)?;
        if let Some(bits) = self.significant_bits {
            weights.round(bits);
        }
        let settings = TrainSettings {
            validate_from: self.validate_from,
            test_from: self.test_from,
            ..TrainSettings::default()
        };
        let network = weights.network();
        let settings = TrainSettings { network, ..settings };
        let mut go_on = async |_: usize, _: usize, _: &str| ControlFlow::Continue(());
        let offset = for_network!(network, N => {
            let (gathered, ..) = self.data::<N>(&settings, &weights)?;
            block_on(N::set_offset(&mut weights, &gathered.images, processor.device(), &mut go_on))?
        });
        let offset = offset.ok_or_else(|| {
            format!("the loss of the {} sees its offset: there is nothing to set", network.about().name)
        })?;
        files::write(&self.out, weights.to_bytes())?;
        say!("{}: offset {offset:+.4} m3/m3", self.out.display());
        Ok(())
    }
}
