//! The one interface of everything that makes the map of a date with weights. A network is a folder under [`crate::networks`] that
//! implements [`NetworkModel`], a row in `loam_core::network` and a line in [`crate::registry`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::pin::Pin;

use burn::tensor::Device;
use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::network::{Inputs, Network};
use loam_core::score::{ScoreError, ScoreReport, ScoreRow};
use loam_core::stack::{HistoryRule, Library, Series, StackError};
use loam_core::training::{DateRole, TrainPlan, TrainSettings};

use crate::gathered::{GatherError, Gathered};
use crate::networks::smen::estimate::PredictError;
use crate::networks::tb_cnn::error::TbError;
use crate::onnx::{Graph, Signature};
use crate::train::example::Example;
use crate::{ModelError, TrainError, Weights};

/// The files, the region's days, and which of them serve as history.
pub struct Data<'a> {
    /// Files.
    pub library: &'a Library,
    /// Days of the region.
    pub series: &'a mut Series,
    /// Which earlier maps count.
    pub rule: HistoryRule,
}

/// Hears how far work is, and may stop it.
pub trait Listener {
    /// (done, of how many, what).
    fn hear<'a>(
        &'a mut self,
        done: usize,
        total: usize,
        what: &'a str,
    ) -> Pin<Box<dyn Future<Output = ControlFlow<()>> + 'a>>;
}

/// A closure that listens.
pub struct Hears<F>(pub F);

impl<F: AsyncFnMut(usize, usize, &str) -> ControlFlow<()>> Listener for Hears<F> {
    fn hear<'a>(
        &'a mut self,
        done: usize,
        total: usize,
        what: &'a str,
    ) -> Pin<Box<dyn Future<Output = ControlFlow<()>> + 'a>> {
        Box::pin(async move { (self.0)(done, total, what).await })
    }
}

/// What is asked of a network.
pub struct Asked<'a, N> {
    /// The date.
    pub date: Date,
    /// Shift each 36 km block of the estimate to SMAP's mean, where the network can.
    pub shift: bool,
    /// The weights of the network: what they say of themselves bears on how they are used.
    pub weights: &'a Weights,
    /// Key of the region, where it is a preset.
    pub region: Option<&'a str>,
    /// The same network before it was trained here, to be shown beside it.
    pub before: Option<&'a N>,
    /// The device.
    pub device: &'a Device,
    /// Edge of a tile on that device, cells, where it was measured.
    pub tile: Option<usize>,
}

/// Scores of a network on every date of a period that has something to score against.
#[derive(Debug, Clone, Default)]
pub struct DateScores {
    /// Dates scored, in order.
    pub dates: Vec<Date>,
    /// Rows of each.
    pub by_date: Vec<Vec<ScoreReport>>,
    /// Any of it simulated.
    pub simulated: bool,
    /// What the reader of the scores must know, as clauses.
    pub notes: Vec<String>,
    /// Files that failed, and why.
    pub failures: Vec<(String, String)>,
}

/// What a network saw of a date, as its ONNX file takes it.
#[derive(Debug, Clone)]
pub struct SeenInputs {
    /// Cells of the planes: those of the region, and what of its surroundings the network looks at.
    pub window: EaseWindow,
    /// One plane a channel, row-major; not a number beyond the files.
    pub planes: Vec<f32>,
    /// Half-width of the 90 % interval over the network's own standard deviation, where it gives one.
    pub half_width_factor: Option<f32>,
}

/// What a training step takes, bytes, and whether it can work here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Images and one step's tensors.
    pub memory: u64,
    /// The largest single tensor.
    pub largest_tensor: u64,
    /// Images and checkpoints.
    pub storage: u64,
}

/// A validation image as a preview shows it, without its margin: the first channel, in the network's unit.
pub struct Preview {
    /// Columns and rows.
    pub size: (usize, usize),
    /// The estimate.
    pub estimate: Vec<f32>,
    /// What it is scored against.
    pub target: Vec<f32>,
    /// Where it is.
    pub valid: Vec<bool>,
    /// Why a cell has no value, by [`ease_grid::Reason`].
    pub reasons: Vec<u8>,
}

/// Why a network's work failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// SMEN's prediction.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// The TB CNN's work.
    #[error(transparent)]
    Tb(#[from] TbError),
    /// Images of a run.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The network itself, or a cancel.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Days of the region.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Scores.
    #[error(transparent)]
    Score(#[from] ScoreError),
}

impl WorkError {
    /// The network's own error behind it: a cancel, a lost device.
    #[must_use]
    pub fn model(&self) -> Option<&ModelError> {
        match self {
            Self::Model(error)
            | Self::Predict(PredictError::Model(error))
            | Self::Tb(TbError::Model(error))
            | Self::Train(TrainError::Model(error))
            | Self::Tb(TbError::Train(TrainError::Model(error)))
            | Self::Gather(GatherError::Split(TrainError::Model(error))) => Some(error),
            _ => None,
        }
    }

    /// True where the caller stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Gather(GatherError::Cancelled))
            || matches!(self.model(), Some(ModelError::Cancelled))
    }
}

/// A network that makes the map of a date and learns from such maps.
#[allow(async_fn_in_trait, reason = "one thread: no Send bound is wanted")]
pub trait NetworkModel: Sized + Clone {
    /// One date to learn from.
    type Image: KeptImage<Model = Self>;

    /// The network of these weights on a device.
    ///
    /// # Errors
    /// [`ModelError`] for weights of another network.
    fn load(weights: &Weights, device: &Device) -> Result<Self, ModelError>;

    /// True where a weights file says that it is of this network. A file that no network recognises is read as SMEN's.
    #[must_use]
    fn recognises(bytes: &[u8]) -> bool;

    /// Reads a weights file, safetensors or PyTorch, and checks it against the network.
    ///
    /// # Errors
    /// [`ModelError`], with a table of every mismatch.
    fn read(bytes: &[u8]) -> Result<Weights, ModelError>;

    /// First weights of a seed.
    #[must_use]
    fn first_weights(network: Network, inputs: Inputs, seed: u64) -> Weights;

    /// The network, in which of its cases, where weights name this one in their metadata.
    #[must_use]
    fn named_in(weights: &Weights) -> Option<Network>;

    /// Checks the tensors against the network.
    ///
    /// # Errors
    /// [`ModelError`], with a table of every mismatch.
    fn check(weights: &Weights) -> Result<(), ModelError>;

    /// Its operations as ONNX, and what its channels are.
    ///
    /// # Errors
    /// As [`NetworkModel::check`].
    fn onnx(weights: &Weights) -> Result<(Graph, Signature), ModelError>;

    /// The map of a date with its baselines and scores. `progress` hears (done, of how many, what) and may stop the work.
    ///
    /// # Errors
    /// [`WorkError`].
    async fn estimate(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Estimate, WorkError>;

    /// What it sees of a date; `None` for a network whose inputs are not given out.
    ///
    /// # Errors
    /// As [`NetworkModel::estimate`].
    async fn seen_inputs(
        &self,
        _: Data<'_>,
        _: &Asked<'_, Self>,
        _: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<SeenInputs>, WorkError> {
        Ok(None)
    }

    /// Scores on every date between two that has a target, in order of time. `progress` hears of each date.
    ///
    /// # Errors
    /// [`WorkError`].
    async fn evaluate(
        &self,
        data: Data<'_>,
        asked: &Asked<'_, Self>,
        to: Date,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<DateScores, WorkError>;

    /// The edge of a prediction's tiles on this device, cells, where dispatches must be kept short: measured. None where the network does
    /// not work in tiles.
    ///
    /// # Errors
    /// Those of a prediction.
    async fn tile(&self, device: &Device, now: impl Fn() -> f64) -> Result<Option<usize>, ModelError>;

    /// Dates on which a map can be made, and what to say of the others; `None` where the time line's own rule (SMAP and history) holds.
    #[must_use]
    fn dates(network: Network, library: &Library) -> Option<(BTreeSet<Date>, &'static str)>;

    /// Which dates would train, validate and test.
    ///
    /// # Errors
    /// [`WorkError`] for too few dates.
    fn plan(data: &Data<'_>, settings: &TrainSettings) -> Result<TrainPlan, WorkError>;

    /// The images of a run.
    ///
    /// # Errors
    /// [`WorkError`].
    async fn gather(
        data: Data<'_>,
        base: &Weights,
        settings: &TrainSettings,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Gathered<Self::Image>, WorkError>;

    /// What the trained weights will say of themselves. `keys`: the regions as a weights file names them; `region`: in the user's words.
    #[must_use]
    fn metadata(
        keys: &[String],
        region: &str,
        base: &Weights,
        settings: &TrainSettings,
        gathered: &Gathered<Self::Image>,
    ) -> BTreeMap<String, String>;

    /// Sets what the loss cannot see in trained weights, where there is such a thing; what was added.
    ///
    /// # Errors
    /// Those of a prediction.
    async fn set_offset(
        trained: &mut Weights,
        images: &[Self::Image],
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Option<f64>, ModelError>;

    /// Scores of networks and of the baselines on an image's pixels, for each channel. Empty without such pixels.
    ///
    /// # Errors
    /// Those of a prediction.
    async fn score(
        networks: &[(ScoreRow, &Self)],
        device: &Device,
        image: &Self::Image,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Vec<ScoreReport>, ModelError>;

    /// The estimate of the image's first channel as a preview; `None` where none can be shown.
    #[must_use]
    fn preview(image: &Self::Image, estimate: Vec<f32>) -> Option<Preview>;

    /// What a run of images of this size takes.
    #[must_use]
    fn needs(columns: usize, rows: usize, images: usize, batch: usize) -> Needs;

    /// Before the first training on a GPU: its steps against the CPU's. A warning where something was switched off and the training
    /// continues.
    ///
    /// # Errors
    /// Why this device cannot train the network.
    #[cfg(feature = "gpu")]
    async fn check_training(network: Network, device: &Device) -> Result<Option<String>, String>;
}

/// One date of a run, complete: what is learnt from, and what a score needs beside it. It does not need the files it came from, because a
/// browser does not keep them over a reload.
pub trait KeptImage: Clone + Sized {
    /// What the network sees of it.
    type Example: Example<Network = Self::Model>;
    /// The network.
    type Model: NetworkModel<Image = Self> + burn::module::Module + std::fmt::Debug + Send + Sync;

    /// Its date.
    fn date(&self) -> Date;

    /// What it is used for.
    fn role(&self) -> DateRole;

    /// What is learnt from.
    fn example(&self) -> &Self::Example;

    /// As a safetensors file.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8>;

    /// From such a file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError>;

    /// As a preview, with the estimate of its first channel.
    #[must_use]
    fn preview_of(&self, estimate: Vec<f32>) -> Option<Preview> {
        Self::Model::preview(self, estimate)
    }

    /// The examples of a role, in the order given.
    fn samples(images: &[Self], role: DateRole) -> impl Iterator<Item = &Self::Example> {
        images.iter().filter(move |image| image.role() == role).map(Self::example)
    }
}

impl<I: KeptImage> Gathered<I> {
    /// Images of a role.
    pub fn of(&self, role: DateRole) -> impl Iterator<Item = &I> {
        self.images.iter().filter(move |image| image.role() == role)
    }
}
