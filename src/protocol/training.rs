//! What page and worker say to each other about training: settings, plan, progress, result.
//!
//! The settings of a run and their ranges and defaults stand here, in one place, because page, worker and command line share them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Network, ScoreReport, TbCase, WeightsReport, day};

/// JSON (of kept runs) knows no NaN: serde_json writes `null` for it, and a loss that left the numbers ([`TrainEnd::NotFinite`]) must arrive as one.
fn null_as_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    if !deserializer.is_human_readable() {
        return f64::deserialize(deserializer);
    }
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// As [`null_as_nan`], for many.
fn nulls_as_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    if !deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    let values = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// Which inputs a network uses (the paper's Table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// `h(g(I))`: today's 36 km image alone.
    Spatial,
    /// `h(f(D))`: the residuals alone.
    Temporal,
    /// `h(g(I) + f(D))`: both.
    #[default]
    Spatiotemporal,
}

impl Inputs {
    /// Every variant.
    pub const ALL: [Inputs; 3] = [Inputs::Spatial, Inputs::Temporal, Inputs::Spatiotemporal];

    /// As in the metadata of a weights file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Inputs::Spatial => "spatial",
            Inputs::Temporal => "temporal",
            Inputs::Spatiotemporal => "spatiotemporal",
        }
    }

    /// From that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|inputs| inputs.name() == name)
    }

    /// Uses I(t), so has g.
    #[must_use]
    pub fn uses_coarse(self) -> bool {
        self != Inputs::Temporal
    }

    /// Uses D(t), so has f.
    #[must_use]
    pub fn uses_history(self) -> bool {
        self != Inputs::Spatial
    }
}

/// What a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The weights in use: shipped, or the user's own.
    Current,
    /// First weights of the seed.
    #[default]
    Scratch,
}

/// A part of the network that can be left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The norms: scale, offset and running statistics.
    Norms,
    /// f, the convolutions over the residuals.
    History,
    /// g, the convolution over today's 36 km image.
    Coarse,
    /// h, the fusing convolution.
    Fusion,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 4] = [Part::Norms, Part::History, Part::Coarse, Part::Fusion];

    /// Whether a network of these inputs has it.
    #[must_use]
    pub fn present(self, inputs: Inputs) -> bool {
        match self {
            Part::Norms | Part::History => inputs.uses_history(),
            Part::Coarse => inputs.uses_coarse(),
            Part::Fusion => true,
        }
    }
}

/// Allowed values of a setting, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Name, as errors say it.
    pub name: &'static str,
    /// Least.
    pub least: f64,
    /// Most.
    pub most: f64,
}

impl Range {
    /// Holds a value against the range. NaN lies outside.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(self, value: f64) -> Result<(), SettingError> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(SettingError::OutOfRange { setting: self.name, value, least: self.least, most: self.most })
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// Outside its range.
    #[error("{setting} is {value}, it must lie between {least} and {most}")]
    OutOfRange {
        /// Name.
        setting: &'static str,
        /// Value given.
        value: f64,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// Parts of SMEN, where another network is trained.
    #[error("parts of SMEN cannot be frozen in the TB CNN: name none")]
    NoSuchParts,
    /// Every part is frozen.
    #[error("every part of the network is frozen, so nothing could be learnt: free at least one")]
    AllFrozen,
    /// Test dates before validation dates.
    #[error(
        "the first test date ({test_from}) does not lie after the first validation date ({validate_from}): time runs train, validate, test"
    )]
    Order {
        /// First validation date.
        validate_from: Date,
        /// First test date.
        test_from: Date,
    },
}

/// How to train. The default is the paper's training from scratch; [`TrainSettings::fine_tune`] is for a region of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// Which network.
    pub network: Network,
    /// What the run starts from.
    pub start: Start,
    /// Inputs of SMEN; with [`Start::Current`] they must be those of the weights.
    pub inputs: Inputs,
    /// Passes over the training images. The paper: 1000.
    pub epochs: usize,
    /// Adam's learning rate. The paper: 1e-4.
    pub learning_rate: f64,
    /// Images per step. The paper does not say.
    pub batch: usize,
    /// Seed of first weights, shuffles and flips.
    pub seed: u64,
    /// Mirror each image east-west and north-south by chance. Off in the paper.
    pub flips: bool,
    /// Parts of SMEN left as they are.
    pub frozen: Vec<Part>,
    /// Stop after this many epochs without a better validation loss; 0 never stops early.
    pub patience: usize,
    /// Steps between two checkpoints.
    pub checkpoint_steps: usize,
    /// First validation date; none: such that about 15 % of the images validate.
    #[serde(with = "day")]
    pub validate_from: Option<Date>,
    /// First test date; none: such that about 15 % of the images test.
    #[serde(with = "day")]
    pub test_from: Option<Date>,
}

impl TrainSettings {
    /// Range of [`TrainSettings::epochs`].
    pub const EPOCHS: Range = Range { name: "the number of epochs", least: 1.0, most: 100_000.0 };
    /// Range of [`TrainSettings::learning_rate`].
    pub const LEARNING_RATE: Range = Range { name: "the learning rate", least: 1e-7, most: 1.0 };
    /// Range of [`TrainSettings::batch`].
    pub const BATCH: Range = Range { name: "the batch", least: 1.0, most: 256.0 };
    /// Range of [`TrainSettings::seed`]: what a number of JavaScript holds exactly, so that the page and a settings file agree.
    pub const SEED: Range = Range { name: "the seed", least: 0.0, most: 9_007_199_254_740_991.0 };
    /// Range of [`TrainSettings::patience`].
    pub const PATIENCE: Range = Range { name: "the patience", least: 0.0, most: 100_000.0 };
    /// Range of [`TrainSettings::checkpoint_steps`].
    pub const CHECKPOINT_STEPS: Range = Range { name: "the number of steps between checkpoints", least: 1.0, most: 10_000.0 };
    /// Share of the images held back for validation, and again for the test, where no dates are given.
    pub const HELD_SHARE: f64 = 0.15;

    /// For adapting trained weights to a region: few epochs, norms frozen (their statistics over a handful of images are noise), mirrored
    /// images too (a network that sees 9 x 9 cells knows no valley to mistake for its mirror image), stopped where validation no longer
    /// improves.
    #[must_use]
    pub fn fine_tune() -> Self {
        Self { start: Start::Current, epochs: 20, batch: 1, flips: true, frozen: vec![Part::Norms], patience: 8, ..Self::default() }
    }

    /// The TB CNN of a case, from first weights. It is trained for one place: few images of few cells, and forty times SMEN's parameters,
    /// so validation decides when it ends.
    #[must_use]
    pub fn tb_cnn(case: TbCase) -> Self {
        Self { network: Network::Tb(case), epochs: 20, batch: 1, patience: 8, checkpoint_steps: 100, ..Self::default() }
    }

    /// What a run in the page proposes for a network.
    #[must_use]
    pub fn proposed(network: Network) -> Self {
        match network {
            Network::Smen => Self::fine_tune(),
            Network::Tb(case) => Self::tb_cnn(case),
        }
    }

    /// Whether a part is left as it is.
    #[must_use]
    pub fn freezes(&self, part: Part) -> bool {
        self.frozen.contains(&part)
    }

    /// Holds every setting against its range, and the settings against each other.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(&self) -> Result<(), SettingError> {
        Self::EPOCHS.check(self.epochs as f64)?;
        Self::LEARNING_RATE.check(self.learning_rate)?;
        Self::BATCH.check(self.batch as f64)?;
        Self::SEED.check(self.seed as f64)?;
        Self::PATIENCE.check(self.patience as f64)?;
        Self::CHECKPOINT_STEPS.check(self.checkpoint_steps as f64)?;
        if self.network != Network::Smen && !self.frozen.is_empty() {
            return Err(SettingError::NoSuchParts);
        }
        if Part::ALL.iter().filter(|part| part.present(self.inputs)).all(|part| self.freezes(*part)) {
            return Err(SettingError::AllFrozen);
        }
        if let (Some(validate_from), Some(test_from)) = (self.validate_from, self.test_from)
            && test_from <= validate_from
        {
            return Err(SettingError::Order { validate_from, test_from });
        }
        Ok(())
    }
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            network: Network::Smen,
            start: Start::Scratch,
            inputs: Inputs::Spatiotemporal,
            epochs: 1000,
            learning_rate: 1e-4,
            batch: 4,
            seed: 0,
            flips: false,
            frozen: Vec::new(),
            patience: 0,
            checkpoint_steps: 10,
            validate_from: None,
            test_from: None,
        }
    }
}

/// What a date is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateRole {
    /// The network learns from it.
    Train,
    /// Decides which epoch is best.
    Validate,
    /// Scored after training, never looked at before.
    Test,
    /// Left out: it is history of a later held-out date, so training on it would leak.
    Gap,
}

/// Which dates train, validate and test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TrainPlan {
    /// Dates with an image (SMAP, a 3 km product and a full history), in order.
    pub dates: Vec<PlannedDate>,
    /// Dates with a 3 km product that cannot be used, with the reason.
    pub unusable: Vec<UnusableDate>,
}

/// A date of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDate {
    /// The date.
    #[serde(with = "day")]
    pub date: Date,
    /// What it is used for.
    pub role: DateRole,
}

/// A date that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusableDate {
    /// The date.
    #[serde(with = "day")]
    pub date: Date,
    /// Why.
    pub why: String,
}

impl TrainPlan {
    /// How many dates have a role.
    #[must_use]
    pub fn count(&self, role: DateRole) -> usize {
        self.dates.iter().filter(|d| d.role == role).count()
    }

    /// The dates of a role, in order.
    #[must_use]
    pub fn of(&self, role: DateRole) -> Vec<Date> {
        self.dates.iter().filter(|d| d.role == role).map(|d| d.date).collect()
    }
}

/// What a run will take, from three real steps that are thrown away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainEstimate {
    /// Dates by role.
    pub plan: TrainPlan,
    /// Seconds of one training step.
    pub seconds_per_step: f64,
    /// Seconds of one epoch, validation included.
    pub seconds_per_epoch: f64,
    /// Steps of one epoch.
    pub steps_per_epoch: usize,
    /// Seconds of all epochs.
    pub seconds: f64,
    /// Bytes of images kept, and of one step's tensors, about.
    pub memory_bytes: u64,
    /// Bytes of the largest single tensor: what an adapter's buffer limit is held against.
    pub largest_tensor_bytes: u64,
    /// That limit, where a GPU is used.
    pub buffer_limit_bytes: Option<u64>,
    /// Bytes of checkpoints and images that will be kept in the browser's storage, about.
    pub storage_bytes: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Name of a run: letters, digits, hyphens.
pub type RunId = String;

/// A run begins, or goes on after a break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainStarted {
    /// Its name.
    pub run: RunId,
    /// Settings.
    pub settings: TrainSettings,
    /// For people: `Tucson`, or a place.
    pub region: String,
    /// Dates by role.
    pub plan: TrainPlan,
    /// Steps of one epoch.
    pub steps_per_epoch: usize,
    /// The epochs done before (a resumed run).
    pub history: Vec<EpochReport>,
    /// Loss of each step done before.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub losses: Vec<f64>,
    /// From a checkpoint.
    pub resumed: bool,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// Whether checkpoints are kept; else why not, in words.
    pub unsaved: Option<String>,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Step within it, from 1.
    pub step: usize,
    /// Loss of the batch before the step ([`Network::loss_name`], in [`Network::unit`]): mean uRMSE, m3/m3, or mean absolute error.
    #[serde(deserialize_with = "null_as_nan")]
    pub loss: f64,
    /// Seconds left, from the median of the latest steps.
    #[serde(deserialize_with = "null_as_nan")]
    pub seconds_left: f64,
    /// Share (0..1) of the time since the last step in which the device computed.
    pub load: f64,
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training images as they were met, in [`Network::unit`].
    #[serde(deserialize_with = "null_as_nan")]
    pub train_loss: f64,
    /// Mean loss over the validation images, without a penalty, in [`Network::unit`].
    pub validation: Option<f64>,
    /// The best so far.
    pub best: bool,
}

/// A checkpoint was kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheckpointReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done in all.
    pub steps: usize,
    /// Bytes.
    pub bytes: u64,
}

/// The present estimate of one validation date (attachment 0: `F32`, row-major, NaN where masked; attachment 1: `U8` reasons).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PreviewReport {
    /// The date.
    #[serde(with = "day")]
    pub date: Date,
    /// Epoch it was made after.
    pub epoch: usize,
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// uRMSE against the 3 km product, m3/m3.
    #[serde(deserialize_with = "null_as_nan")]
    pub urmse: f64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainEnd {
    /// All epochs.
    Finished,
    /// Validation no longer improved.
    Early,
    /// The user stopped it and kept the best.
    Stopped,
    /// The loss left the numbers; the best weights before are kept.
    NotFinite,
}

/// A mean over dates with its 95 % bootstrap interval, in the network's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A run in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Its name.
    pub run: RunId,
    /// When it began, milliseconds since 1970.
    pub begun_ms: f64,
    /// For people.
    pub region: String,
    /// Settings.
    pub settings: TrainSettings,
    /// Weights it started from.
    pub from: WeightsReport,
    /// Device.
    pub device: String,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// None while it is unfinished.
    pub result: Option<TrainResult>,
    /// Where an unfinished run stands: epochs done and steps done in all.
    pub progress: Option<CheckpointReport>,
    /// Another tab is training it.
    pub in_use: bool,
}

/// What a row of a run's score table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunRow {
    /// The trained weights.
    After,
    /// The weights it started from.
    Before,
    /// Of a run from scratch: the weights that were in use before it.
    InUse,
    /// The interpolated input.
    Bilinear,
}

/// Which weights are in use after a run: those that are better on the test dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The trained ones; else those from before.
    pub trained: bool,
    /// Which, and why, with both numbers.
    pub sentence: String,
}

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainResult {
    /// How it ended.
    pub end: TrainEnd,
    /// Epochs done.
    pub epochs: usize,
    /// Epoch whose weights are kept.
    pub best_epoch: usize,
    /// Its validation (else training) loss, in [`Network::unit`].
    #[serde(deserialize_with = "null_as_nan")]
    pub best_loss: f64,
    /// Seconds of training, breaks left out.
    pub seconds: f64,
    /// Counts: train, validate, test, left in the gap.
    pub images: [usize; 4],
    /// Means over the test dates on common pixels, by [`RunRow`]; of the TB CNN for each channel, and the input as is. Empty without test
    /// dates.
    pub scores: Vec<ScoreReport>,
    /// Test dates scored.
    pub dates: usize,
    /// uRMSE of bilinear SMAP minus after, of two channels V's; the sentence has both.
    pub over_bilinear: Option<Gain>,
    /// uRMSE before minus after, of two channels V's.
    pub over_before: Option<Gain>,
    /// In words.
    pub sentence: String,
    /// Hash of the trained weights.
    pub hash: String,
    /// Which weights were in use then. None from the command line, and in runs kept before there was a choice.
    #[serde(default)]
    pub choice: Option<Choice>,
}

impl TrainResult {
    /// Test uRMSE of a row, of two channels the first's.
    #[must_use]
    pub fn urmse(&self, row: RunRow) -> Option<f64> {
        let keyed = self.scores.iter().any(|score| score.row.is_some());
        let named = |part: &str| self.scores.iter().find(|score| score.name.to_ascii_lowercase().contains(part));
        let found = match row {
            _ if keyed => self.scores.iter().find(|score| score.row == Some(row)),
            // A run kept before rows had a key.
            RunRow::After => self.scores.first(),
            RunRow::Before => named("before"),
            RunRow::Bilinear => named("bilinear"),
            RunRow::InUse => None,
        };
        found.and_then(|score| score.urmse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_settings_are_refused_by_name() {
        let refused = |settings: TrainSettings| settings.check().expect_err("refused").to_string();
        let zero = refused(TrainSettings { learning_rate: 0.0, ..TrainSettings::fine_tune() });
        assert_eq!(zero, "the learning rate is 0, it must lie between 0.0000001 and 1");
        assert!(refused(TrainSettings { learning_rate: f64::NAN, ..TrainSettings::fine_tune() }).contains("NaN"));
        assert!(refused(TrainSettings { epochs: 0, ..TrainSettings::default() }).contains("epochs"));
        assert!(refused(TrainSettings { frozen: Part::ALL.to_vec(), ..TrainSettings::default() }).contains("frozen"));
        let alone = TrainSettings { inputs: Inputs::Spatial, frozen: vec![Part::Coarse, Part::Fusion], ..TrainSettings::default() };
        assert_eq!(alone.check(), Err(SettingError::AllFrozen));
        let order = TrainSettings {
            validate_from: Some(Date::constant(2018, 1, 1)),
            test_from: Some(Date::constant(2017, 1, 1)),
            ..TrainSettings::default()
        };
        assert!(refused(order).contains("time runs"));
        assert_eq!(TrainSettings::fine_tune().check(), Ok(()));
    }

    #[test]
    fn a_settings_file_may_name_only_what_differs_and_nothing_unknown() {
        let settings: Result<TrainSettings, _> = serde_json::from_str(r#"{"epochs": 7, "frozen": ["norms"], "test_from": "2018-06-01"}"#);
        let wanted =
            TrainSettings { epochs: 7, frozen: vec![Part::Norms], test_from: Some(Date::constant(2018, 6, 1)), ..TrainSettings::default() };
        assert_eq!(settings.ok(), Some(wanted));
        assert!(serde_json::from_str::<TrainSettings>(r#"{"epoch": 7}"#).is_err());
    }

    #[test]
    fn a_loss_that_left_the_numbers_arrives() -> Result<(), serde_json::Error> {
        let step = StepReport { epoch: 1, step: 2, loss: f64::NAN, seconds_left: f64::INFINITY, load: 0.5 };
        let back: StepReport = serde_json::from_str(&serde_json::to_string(&step)?)?;
        assert!(back.loss.is_nan() && back.seconds_left.is_nan() && back.step == 2);
        Ok(())
    }
}
