//! One cell of a table: what is trained and tested ([`Cell`]), and what came out ([`CellResult`], [`Baselines`]), as it is kept on disk. A
//! finished cell is never computed twice; its file name holds everything it depends on.

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ExperimentError;
use loam_core::iso_date;
use loam_core::network::Inputs;

/// Changes when the meaning of a kept cell does: older files are then computed again.
pub(super) const FORMAT: u32 = 2;

/// Dates of one region: which data, how many images to train and to test on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Images {
    /// Key of the region.
    pub region: String,
    /// Training images asked for, or [`Images::ALL`].
    pub train: usize,
    /// Test images asked for, or [`Images::ALL`].
    pub test: usize,
    /// Where the images come from, as a short word for file names: `sim-2016` or `files-1a2b3c4d`.
    pub source: String,
}

impl Images {
    /// Every usable date of 2016-2018 on a side: the simulator adds no years, and nothing is said of a count that falls short.
    pub const ALL: usize = usize::MAX;

    /// File name of the baselines on these images.
    #[must_use]
    pub fn key(&self) -> String {
        let count = |n: usize| if n == Self::ALL { "all".to_owned() } else { n.to_string() };
        format!("{}_train{}_test{}_{}", self.region, count(self.train), count(self.test), self.source)
    }
}

/// A training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The images.
    pub images: Images,
    /// Inputs of the network.
    pub inputs: Inputs,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// First weights and order of the images.
    pub seed: u64,
    /// Trained on a GPU, whose numbers are its own to the last bit.
    pub gpu: bool,
}

impl Cell {
    /// File name: everything the result depends on.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { images, inputs, epochs, batch, learning_rate, seed, gpu } = self;
        let on = if *gpu { "_gpu" } else { "" };
        format!(
            "{}_{}_epochs{epochs}_batch{batch}_rate{learning_rate:e}_seed{seed}{on}",
            images.key(),
            inputs.name()
        )
    }
}

/// A date's score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DateScore {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Unbiased RMSE, m3/m3.
    pub urmse: f64,
    /// RMSE, m3/m3.
    pub rmse: f64,
    /// Bias, m3/m3.
    pub bias: f64,
    /// Correlation, where both sides vary.
    pub r: Option<f64>,
    /// uRMSE of the 36 km block means against SMAP, m3/m3: mass consistency.
    pub mass: Option<f64>,
    /// Pixels.
    pub pixels: usize,
}

/// A method's scores on all test dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Name in tables.
    pub name: String,
    /// Scored on pixels of its own, where it exists.
    pub partial: bool,
    /// By date.
    pub dates: Vec<DateScore>,
}

/// What came out of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// Version of this file.
    pub format: u32,
    /// Mean uRMSE over the training images, m3/m3, with the weights kept.
    pub train_urmse: f64,
    /// SMEN on the test images.
    pub smen: Method,
    /// SMEN, each 36 km block shifted to SMAP's mean.
    pub smen_mass: Method,
    /// SMEN on the pixels where the disaggregation exists.
    pub smen_there: Option<Method>,
    /// Epoch whose weights were kept: the one of lowest training loss.
    pub best_epoch: usize,
    /// SHA-256 of the weights, first 16 hex digits.
    pub weights: String,
    /// Share of test inputs outside the range of the training inputs: (today's SMAP, residuals).
    pub outside: (f64, f64),
    /// Wall-clock seconds of the training.
    pub seconds: f64,
}

/// The images that were found, and all baselines on the test ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// Version of this file.
    pub format: u32,
    /// Made by the simulator.
    pub simulated: bool,
    /// Where the images come from, in words.
    pub source: String,
    /// Training dates.
    #[serde(with = "iso_date")]
    pub train: Vec<Date>,
    /// Test dates.
    #[serde(with = "iso_date")]
    pub test: Vec<Date>,
    /// What the reader should know: counts that fell short, dates left out.
    pub notes: Vec<String>,
    /// Baselines.
    pub methods: Vec<Method>,
}

/// A kept file has the right version.
pub(super) trait Versioned {
    fn format(&self) -> u32;
}

impl Versioned for CellResult {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Versioned for Baselines {
    fn format(&self) -> u32 {
        self.format
    }
}

impl CellResult {
    /// The present version.
    pub const FORMAT: u32 = FORMAT;

    /// A kept result, if there is one of this version.
    #[must_use]
    pub fn kept(folder: &Path, cell: &Cell) -> Option<Self> {
        read(&folder.join(format!("{}.json", cell.key())))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`ExperimentError::File`].
    pub fn keep(&self, folder: &Path, cell: &Cell) -> Result<(), ExperimentError> {
        write(&folder.join(format!("{}.json", cell.key())), self)
    }
}

impl Baselines {
    /// The present version.
    pub const FORMAT: u32 = FORMAT;

    /// Kept baselines, if there are any of this version.
    #[must_use]
    pub fn kept(folder: &Path, images: &Images) -> Option<Self> {
        read(&folder.join(format!("{}_baselines.json", images.key())))
    }

    /// Keeps them.
    ///
    /// # Errors
    /// [`ExperimentError::File`].
    pub fn keep(&self, folder: &Path, images: &Images) -> Result<(), ExperimentError> {
        write(&folder.join(format!("{}_baselines.json", images.key())), self)
    }
}

pub(super) fn read<T: serde::de::DeserializeOwned + Versioned>(path: &Path) -> Option<T> {
    let kept: T = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (kept.format() == FORMAT).then_some(kept)
}

pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), ExperimentError> {
    let failed = |e: serde_json::Error| ExperimentError::File {
        path: path.to_owned(),
        what: "written",
        why: e.to_string(),
    };
    write_bytes(path, serde_json::to_string_pretty(value).map_err(failed)?.as_bytes())
}

/// Written beside and renamed, so that a run that is torn away leaves no half a file.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), ExperimentError> {
    let failed = |e: std::io::Error| ExperimentError::File {
        path: path.to_owned(),
        what: "written",
        why: e.to_string(),
    };
    let beside = path.with_extension("part");
    std::fs::write(&beside, bytes).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}
