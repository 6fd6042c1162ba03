//! What the page's worker and `loam train` do alike around a training run: its images before, its facts in the weights file, its result
//! after.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;

use crate::evaluation::{BEFORE, IN_USE, Verdict, estimate, scored, verdict};
use crate::networks::smen::estimate::SMEN;
use crate::networks::smen::images::{image, plan};
use crate::{Candidate, FirstDates, KeptImage, KeptRun, RunHead, RunImage, Stage, TrainError, Trainer, set_bias};
use crate::{ModelError, Smen, TRAINED_ON, TRAINED_UNTIL, Weights};
use ease_grid::Edges;
use loam_core::file::FineOrigin;
use loam_core::network::Network;
use loam_core::score::InputRange;
use loam_core::stack::{HistoryRule, Library, Series, StackError};
use loam_core::training::{DateRole, PlannedDate, Start, TrainEnd, TrainPlan, TrainResult, TrainSettings, UnusableDate};
use loam_core::weights_report::WeightsReport;

/// Metadata key of the regions, parted by commas: presets' names, or their places and sizes.
const REGION: &str = "region";

/// Why the images of a run could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The split, or what the pixels left of it.
    #[error(transparent)]
    Split(#[from] TrainError),
    /// A side of the split that the files' covers promised and the pixels did not keep.
    #[error("{split}. {taken} dates were taken out, the last of them because {why}")]
    TakenOut {
        /// What was left.
        split: TrainError,
        /// Dates whose pixels do not do.
        taken: usize,
        /// Of the last of them.
        why: String,
    },
    /// A file could not be read.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The user no longer wants it.
    #[error("cancelled")]
    Cancelled,
}

/// The images of a run.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// What each date is used for; dates whose pixels do not do are among the unusable ones.
    pub plan: TrainPlan,
    /// In the order of the plan, without the gap.
    pub images: Vec<RunImage>,
    /// Made from simulated scenes, some or all.
    pub simulated: bool,
    /// Some targets are estimates that Loam made, chosen by hand.
    pub own_maps: bool,
}

/// Plans a run and makes its images. `progress` hears of each date before it is read (number, of how many, date) and may stop the work.
///
/// # Errors
/// See [`GatherError`].
pub async fn gather(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    settings: &TrainSettings,
    mut progress: impl AsyncFnMut(usize, usize, Date) -> ControlFlow<()>,
) -> Result<Gathered, GatherError> {
    let mut plan = plan(series, rule, settings)?;
    let planned = plan.dates.clone();
    let (mut images, mut simulated, mut own_maps) = (Vec::new(), false, false);
    for (done, day) in planned.iter().enumerate() {
        if progress(done, planned.len(), day.date).await.is_break() {
            return Err(GatherError::Cancelled);
        }
        if day.role == DateRole::Gap {
            continue;
        }
        match image(library, series, rule, day.date, day.role)? {
            Ok(image) => images.push(image),
            Err(why) => {
                plan.dates.retain(|d| d.date != day.date);
                plan.unusable.push(UnusableDate { date: day.date, why });
            }
        }
        let cover = series.covers().get(&day.date);
        simulated |= cover.is_some_and(|cover| cover.simulated);
        own_maps |= cover.is_some_and(|cover| cover.fine_origin == Some(FineOrigin::OwnMap));
    }
    // Images of one run are of one size: the margin that all of them have.
    if let Some(margin) = images.iter().map(|image: &RunImage| image.margin).reduce(Edges::min) {
        images = images.into_iter().map(|image| image.narrowed(margin)).collect();
    }
    let [train, validate, test, gap] = [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap].map(|role| plan.count(role));
    if train == 0 || validate == 0 || test == 0 {
        let left = |day: &PlannedDate| Candidate { date: day.date, history: series.history(day.date, rule) };
        let possible = FirstDates::of(&plan.dates.iter().map(left).collect::<Vec<_>>());
        let split = TrainError::EmptySplit { train, validate, test, gap, possible };
        let why = plan.unusable.last().map(|day| day.why.clone()).unwrap_or_default();
        return Err(GatherError::TakenOut { split, taken: planned.len() - plan.dates.len(), why });
    }
    Ok(Gathered { plan, images, simulated, own_maps })
}

impl Gathered {
    /// The images of several regions as those of one run, dates in order.
    #[must_use]
    pub fn joined(parts: Vec<Self>) -> Self {
        let plan = TrainPlan { dates: Vec::new(), unusable: Vec::new() };
        let mut all = Self { plan, images: Vec::new(), simulated: false, own_maps: false };
        for part in parts {
            all.plan.dates.extend(part.plan.dates);
            all.plan.unusable.extend(part.plan.unusable);
            all.images.extend(part.images);
            all.simulated |= part.simulated;
            all.own_maps |= part.own_maps;
        }
        all.plan.dates.sort_by_key(|day| day.date);
        all
    }
}

/// What the weights of a run say of themselves: `region` (of the presets or the places, as the weights file names them), what they were
/// trained on until when, the split and the settings, and the range of their training inputs. `region` in words is that of the user.
#[must_use]
pub fn facts(keys: &[String], region: &str, base: &Weights, settings: &TrainSettings, gathered: &Gathered) -> BTreeMap<String, String> {
    let training = gathered.plan.of(DateRole::Train);
    let (Some(first), Some(last)) = (training.first(), training.last()) else { return BTreeMap::new() };
    let what = match (gathered.simulated, gathered.own_maps) {
        (true, _) => "simulated scenes",
        (false, true) => "SMAP files and maps that Loam made",
        (false, false) => "SMAP and SPL2SMAP_S files",
    };
    let before = match settings.start {
        Start::Current => base.metadata.get(TRAINED_ON).map(|text| format!("; before: {text}")).unwrap_or_default(),
        Start::Scratch => String::new(),
    };
    let mut facts = BTreeMap::from([
        (REGION.to_owned(), keys.join(",")),
        (TRAINED_ON.to_owned(), format!("{what} of {region}, {first} to {last}{before}")),
        (TRAINED_UNTIL.to_owned(), last.to_string()),
    ]);
    let stages = if settings.start == Start::Current { Stage::list(&base.metadata) } else { Vec::new() };
    facts.extend(Stage::of(keys, &gathered.plan, settings).map(|stage| stage.entry(stages)));
    // Of this run's images alone: the weights fit what they were last trained on.
    let planes: Vec<_> =
        RunImage::samples(&gathered.images, DateRole::Train).map(|sample| (sample.i.as_slice(), sample.d.as_slice())).collect();
    facts.extend(InputRange::of(planes.into_iter()).into_iter().flat_map(|range| range.to_metadata()));
    facts
}

/// Said where the weights to start from have seen some of the test dates. `simulated`: whether the run's dates are.
#[must_use]
pub fn overlap(base: &Weights, start: Start, plan: &TrainPlan, simulated: bool) -> Option<String> {
    let first = *plan.of(DateRole::Test).first().filter(|_| start == Start::Current)?;
    let until = base.seen_until(first, simulated)?;
    Some(format!(
        "The weights to start from were trained on dates up to {until}, and the test dates begin on {first}: the scores before training \
         flatter them. Choose a later first test date for an honest comparison."
    ))
}

/// Where a run from scratch starts, for the run table.
#[must_use]
pub fn from_scratch(network: Network, seed: u64) -> WeightsReport {
    WeightsReport { name: format!("from scratch, seed {seed}"), network, ..WeightsReport::default() }
}

/// A run under way: what its owner keeps of it.
pub struct Run<I: KeptImage = RunImage> {
    /// Trains.
    pub trainer: Trainer<I::Example>,
    /// Facts of the run.
    pub head: RunHead,
    /// The weights it started from.
    pub base: Weights,
    /// All of its images.
    pub images: Vec<I>,
    /// Seconds of training so far, breaks left out; its owner has the clock.
    pub seconds: f64,
    /// Significant bits that the trained weights are rounded to before they are judged; whole float32 where none is given.
    pub significant_bits: Option<u32>,
}

/// A run, ended and judged.
pub struct Judged<N = Smen> {
    /// The best weights, SMEN's with their offset set.
    pub trained: Weights,
    /// The network with them.
    pub model: N,
    /// What was added to SMEN's offset, m3/m3; none for a network whose loss sees it.
    pub offset: Option<f64>,
    /// The run's row.
    pub result: TrainResult,
}

impl<I: KeptImage> Run<I> {
    /// A run before its first step.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn new(head: RunHead, base: Weights, images: Vec<I>, device: &Device) -> Result<Self, TrainError> {
        let trainer = head.trainer(&base, &images, None, device)?;
        Ok(Self { trainer, head, base, images, seconds: 0.0, significant_bits: None })
    }

    /// A run as its last checkpoint left it.
    ///
    /// # Errors
    /// As [`Trainer::resumed`].
    pub fn resumed(kept: KeptRun<I>, device: &Device) -> Result<Self, TrainError> {
        let KeptRun { head, base, images, checkpoint } = kept;
        let seconds = checkpoint.as_ref().map_or(0.0, |checkpoint| checkpoint.seconds);
        let trainer = head.trainer(&base, &images, checkpoint, device)?;
        Ok(Self { trainer, head, base, images, seconds, significant_bits: None })
    }

    /// The best weights (those of now, where no epoch was finished), rounded where that is wanted.
    pub(crate) async fn kept(&self) -> Result<Weights, ModelError> {
        let mut trained = self.trainer.kept().await?;
        if let Some(bits) = self.significant_bits {
            trained.round(bits);
        }
        Ok(trained)
    }

    /// Images of a role.
    pub fn of(&self, role: DateRole) -> impl Iterator<Item = &I> {
        self.images.iter().filter(move |image| image.role() == role)
    }

    /// The run's row.
    pub(crate) fn result(&self, end: TrainEnd, verdict: Verdict, trained: &Weights) -> TrainResult {
        let Verdict { scores, dates, over_bilinear, over_before, sentence } = verdict;
        let (best_epoch, best_loss) = self.trainer.best_epoch().unwrap_or((0, f64::NAN));
        let count = |role| self.of(role).count();
        TrainResult {
            end,
            epochs: self.trainer.history().len(),
            best_epoch,
            best_loss,
            seconds: self.seconds,
            images: [count(DateRole::Train), count(DateRole::Validate), count(DateRole::Test), self.head.left_out],
            scores,
            dates,
            over_bilinear,
            over_before,
            sentence,
            hash: trained.hash(),
            choice: None,
        }
    }
}

/// The end of a run: its weights, and what they are worth on dates that were never looked at.
#[allow(async_fn_in_trait)] // One thread: no Send bound is wanted.
pub trait Judge {
    /// The network.
    type Network;

    /// Rounds the best weights (those of now, where no epoch was finished) where that is wanted, and scores them on the test images
    /// beside the weights the run started from, the interpolated input and, where they are given, other weights `in_use` of the same
    /// network. `progress` hears what is done (number, of how many, what) and
    /// may stop the work.
    ///
    /// # Errors
    /// Those of a prediction.
    async fn judge(
        &self,
        end: TrainEnd,
        in_use: Option<&Weights>,
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Judged<Self::Network>, ModelError>;
}

impl Judge for Run {
    type Network = Smen;

    async fn judge(
        &self,
        end: TrainEnd,
        in_use: Option<&Weights>,
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Judged, ModelError> {
        let mut trained = self.kept().await?;
        let train: Vec<_> = RunImage::samples(&self.images, DateRole::Train).collect();
        let setting = async |done: usize, total: usize| progress(done, total, "setting the offset, which the loss cannot see").await;
        let offset = set_bias(&mut trained, &train, device, setting).await?;
        let (before, after) = (Smen::from_weights(&self.base, device)?, Smen::from_weights(&trained, device)?);
        let in_use = in_use.map(|weights| Smen::from_weights(weights, device)).transpose()?;
        let tests: Vec<&RunImage> = self.of(DateRole::Test).collect();
        let mut by_date = Vec::new();
        for (done, image) in tests.iter().enumerate() {
            let mut scoring = async |_: usize, _: usize| progress(done, tests.len(), "scoring the test dates").await;
            let mut estimates = Vec::new();
            for (name, model) in [(SMEN, Some(&after)), (BEFORE, Some(&before)), (IN_USE, in_use.as_ref())] {
                if let Some(model) = model {
                    estimates.push((name, estimate(model, device, image, &mut scoring).await?));
                }
            }
            let estimates: Vec<(&str, &[f32])> = estimates.iter().map(|(name, values)| (*name, values.as_slice())).collect();
            by_date.extend(scored(image, &estimates));
        }
        let result = self.result(end, verdict(&by_date), &trained);
        Ok(Judged { trained, model: after, offset: Some(offset), result })
    }
}
