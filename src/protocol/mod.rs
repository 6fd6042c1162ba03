//! What page and worker say to each other: one [`Request`] enum, one [`Event`] enum, plain values only.
//!
//! A message is a head ([`wire`]) plus attachments (typed arrays, transferred and not copied; `File` objects on the way in). Heads name
//! attachments by their index. A long job is a stream of events under the request's id; a newer request of the same kind supersedes
//! an older one; [`Request::Cancel`] is honoured at the next step.

mod bundle;
mod failure;
mod ground;
mod look;
mod packed;
mod season;
pub mod shown;
mod training;
pub mod wire;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use ease_grid::{EaseWindow, Edges, Statistics};
use loam_core::device_report::{AdapterReport, DevicePreference, DeviceReport};
use loam_core::file::{Correction, FileId, FineOrigin, Usage};
use loam_core::iso_date;
use loam_core::layer::LayerKind;
use loam_core::method::Method;
use loam_core::ranking::Ranking;
use loam_core::region_settings::RegionSettings;
use loam_core::score::{MassReport, ScoreReport};
use loam_core::stack::HistorySlot;
use loam_core::training::{CheckpointReport, EpochReport, RunId, RunReport, TrainPlan, TrainSettings};
use loam_core::weights_report::WeightsReport;
use smap_files::{BackscatterScale, DateOrigin, Orbit, Product};

pub use bundle::{BundleComparison, BundleEvent, BundleReport, BundleRequest};
pub use failure::Failure;
pub use ground::{
    Enough, GroundEvent, GroundForm, GroundRequest, LoggerCard, StationList, StationMark, ValidationReport,
};
pub use look::{LookAt, LookLayer, LookPicture, LookReport, LookStep};
pub use packed::Packed;
pub use season::{SEASON_KEY, SeasonDayReport, SeasonReport};
pub use training::{PreviewReport, StepReport, TrainEstimate, TrainStarted};

/// Page to worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// First message: what the page found out about the graphics adapter and what the user wants. Answer: [`Event::Device`].
    Start {
        /// Auto, or the user's insistence.
        preference: DevicePreference,
        /// What the browser says of its adapter; `None` where there is no WebGPU.
        adapter: Option<AdapterReport>,
    },
    /// Files to open; the n-th ticket's `File` is attachment n. Answer: one [`Event::FileRead`] each, then [`Event::Timeline`].
    Open {
        /// One per file.
        tickets: Vec<FileTicket>,
    },
    /// Replace everything by the simulated scenes of a preset region. Answer: [`Event::FileRead`]s, [`Event::Timeline`].
    Demo {
        /// Key of the preset: `oklahoma-city`, `tucson`, `geneva`.
        region: String,
    },
    /// Take a file out.
    Forget {
        /// Which.
        file: FileId,
    },
    /// Take everything out.
    ForgetAll,
    /// The user knows better.
    Correct {
        /// Which file.
        file: FileId,
        /// What they say.
        correction: Correction,
    },
    /// Region or options changed: recompute the time line. Answer: [`Event::Timeline`].
    Timeline {
        /// Region and rules.
        settings: RegionSettings,
    },
    /// The 3 km map of a date. Answer: [`Event::Progress`]..., [`Event::Map`].
    Predict {
        /// The date t.
        #[serde(with = "iso_date")]
        date: Date,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// The maps of all dates of a period with a SMAP overpass, by the method in use. Attachment 0, where there is one: dates that are done
    /// ([`SEASON_KEY`]), which are not made again but for the last date. Answer: [`Event::Progress`]..., an [`Event::SeasonDay`] for each date
    /// that is made, [`Event::Season`].
    Season {
        /// First date; the first there is where left out.
        #[serde(with = "iso_date")]
        from: Option<Date>,
        /// Last date.
        #[serde(with = "iso_date")]
        to: Option<Date>,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// Stations in the ground. Answers: as [`GroundRequest`] says.
    Ground(GroundRequest),
    /// A bundle that is opened again. Answers: as [`BundleRequest`] says.
    Bundle(BundleRequest),
    /// A layer of a file by itself. Answer: [`Event::Progress`]..., [`Event::Look`].
    Look {
        /// What.
        at: LookAt,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// Score every method on the newest dates of the region; the best answers from then on. Answer: [`Event::Ranking`], [`Event::Weights`].
    Rank {
        /// Region and rules.
        settings: RegionSettings,
    },
    /// Use these weights (attachment 0: safetensors bytes) instead of the shipped ones. Answer: [`Event::Weights`] or [`Event::Failed`].
    LoadWeights {
        /// File name.
        name: String,
    },
    /// Back to the shipped weights.
    ShippedWeights,
    /// Predict with another method: a network, whose weights are shipped or loaded by the user, or one in closed form. Answer:
    /// [`Event::Weights`].
    UseMethod {
        /// Which.
        method: Method,
    },
    /// Predict with whatever was best on the region's own newest dates from now on. Answer: [`Event::Weights`]. The next prediction of a
    /// region, its rules, files and weights compares the methods first: [`Event::Map`] by the regression, [`Event::Ranking`], [`Event::Map`] by the
    /// best where that is another.
    UseBest,
    /// The last map, or season, as a file. Answer: [`Event::Exported`].
    Export {
        /// Which form.
        form: ExportForm,
    },
    /// Which dates a run with these settings would train, validate and test on. Answer: [`Event::TrainPlan`].
    TrainPlan {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// What such a run would take, from three real steps. Answer: [`Event::TrainEstimate`].
    TrainEstimate {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// Train. Answer: [`Event::TrainEstimate`], [`Event::TrainStarted`], then steps, epochs, checkpoints and previews, last
    /// [`Event::TrainDone`]. Other requests are served between the steps.
    Train {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: RegionSettings,
    },
    /// Resume an unfinished run from its last checkpoint. Answer: as [`Request::Train`], without the estimate.
    ResumeRun {
        /// Which.
        run: RunId,
    },
    /// Pause the run under way, or let it continue. A checkpoint is kept at the pause.
    PauseTraining {
        /// Pause, or continue.
        pause: bool,
    },
    /// End the run under way with the best weights so far. ([`Request::Cancel`] throws them away.)
    StopTraining,
    /// Training settings as a file. Answer: [`Event::Exported`].
    WriteSettings {
        /// Which.
        train: TrainSettings,
    },
    /// Training settings from a file (attachment 0: its bytes). Answer: [`Event::TrainSettings`] or [`Event::Failed`].
    ReadSettings {
        /// File name.
        name: String,
    },
    /// Use the weights of the last run (`true`), or those from before it (`false`). Answer: [`Event::Weights`].
    KeepTrained {
        /// Keep or revert.
        keep: bool,
    },
    /// The runs in the browser's storage. Answer: [`Event::Runs`].
    Runs,
    /// Take a run out of the browser's storage. Answer: [`Event::Runs`].
    ForgetRun {
        /// Which.
        run: RunId,
    },
    /// Use the weights of a finished run. Answer: [`Event::Weights`].
    UseRun {
        /// Which.
        run: RunId,
    },
    /// Run the golden tile again. Answer: [`Event::Device`].
    SelfCheck,
    /// Stop the request with this id.
    Cancel {
        /// Its id.
        id: u64,
    },
}

impl Request {
    /// Needs the part of the worker that is fetched when it is asked for: begins, estimates or pauses a training; makes a season; draws
    /// a layer by itself; writes a file; reads a bundle; reads and compares stations.
    #[must_use]
    pub fn needs_part(&self) -> bool {
        matches!(
            self,
            Self::Train { .. }
                | Self::TrainEstimate { .. }
                | Self::ResumeRun { .. }
                | Self::PauseTraining { .. }
                | Self::Season { .. }
                | Self::Look { .. }
                | Self::Ground(_)
                | Self::Bundle(_)
                | Self::Export { .. }
        )
    }
}

/// Worker to page, always under the id of the request it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// The device was chosen (or changed), with the reason and the self-check.
    Device(DeviceReport),
    /// A file was understood, or refused.
    FileRead(FileReport),
    /// A file is gone.
    FileGone(FileId),
    /// Files that are no rows of the list: companions of others, and archives, which their members stand for.
    SetAside(SetAside),
    /// The dates, for the present region.
    Timeline(Timeline),
    /// How far a long job is.
    Progress {
        /// Steps done.
        done: u64,
        /// Steps in all.
        total: u64,
        /// What is being done, for people.
        what: String,
    },
    /// Something the user should know; the job continues.
    Warning(String),
    /// A map. Layers name their attachments.
    Map(Box<MapReport>),
    /// A layer of a file, or why it cannot be drawn.
    Look(Packed<LookReport>),
    /// A date of a season.
    SeasonDay(Packed<SeasonDayReport>),
    /// A season is whole: what its pixels' values over time say.
    Season(Packed<SeasonReport>),
    /// Stations in the ground.
    Ground(Box<GroundEvent>),
    /// A bundle that is opened again.
    Bundle(BundleEvent),
    /// Every method on the same dates and pixels.
    Ranking(Box<Ranking>),
    /// Weights in use.
    Weights(WeightsReport),
    /// A file to save: attachment 0 holds the bytes.
    Exported {
        /// Suggested name.
        name: String,
        /// MIME type.
        mime: String,
    },
    /// Training settings read from a file.
    TrainSettings(Box<TrainSettings>),
    /// Which dates a run would train, validate and test on.
    TrainPlan(TrainPlan),
    /// What a run would take.
    TrainEstimate(Box<TrainEstimate>),
    /// A run begins or resumes.
    TrainStarted(Box<TrainStarted>),
    /// One training step.
    TrainStep(StepReport),
    /// One epoch.
    TrainEpoch(EpochReport),
    /// A checkpoint was kept.
    TrainCheckpoint(CheckpointReport),
    /// The present estimate of a validation date, with its attachments.
    TrainPreview(PreviewReport),
    /// The run is paused (`true`) or continues.
    TrainPaused(bool),
    /// The run is over. [`Event::Weights`] came before it: of its weights and those from before the better are in use ([`loam_core::training::Choice`]).
    TrainDone(Box<RunReport>),
    /// Runs in the browser's storage, newest first; why there can be none, in words.
    Runs {
        /// The runs.
        runs: Vec<RunReport>,
        /// Why nothing can be kept; none where storage works.
        unsaved: Option<String>,
    },
    /// The request was cancelled or superseded.
    Cancelled,
    /// The request is done. Always the last event of a request that was neither cancelled nor failed.
    Finished,
    /// The request failed; everything else still stands.
    Failed(Failure),
}

/// A message with its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Request id, given by the page, growing.
    pub id: u64,
    /// The message.
    pub body: T,
}

/// An attachment, by its kind.
#[derive(Debug, Clone)]
pub enum Attachment {
    /// `Float32Array`.
    F32(Vec<f32>),
    /// `Uint8Array`.
    U8(Vec<u8>),
}

/// A file to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTicket {
    /// Its number.
    pub id: FileId,
    /// Its name (with folders, where dropped as a folder).
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Corrections made before (after a restart of the worker).
    pub correction: Correction,
    /// Its path in the archive that is attached; `None` where the attachment is the file itself.
    #[serde(default)]
    pub member: Option<String>,
}

/// Files that are no rows of the list, and what to open instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Their numbers.
    pub files: Vec<FileId>,
    /// Members of the archives among them, each to be opened as a file.
    pub members: Vec<FoundMember>,
    /// `7 companion files passed over: 5 .xml, 2 .tfw`, where there were any.
    pub said: Option<String>,
    /// It is a bundle of Loam, to be read by [`Request::Bundle`].
    pub bundle: bool,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMember {
    /// The archive.
    pub archive: FileId,
    /// Name shown: the archive's and the path.
    pub name: String,
    /// Its path in the archive.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
}

/// A row of the file list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileReport {
    /// Its number.
    pub id: FileId,
    /// Name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// What it is; `None` for a refused file.
    pub product: Option<Product>,
    /// What it is used as.
    pub usage: Option<Usage>,
    /// Its day.
    #[serde(with = "iso_date")]
    pub date: Option<Date>,
    /// Where the day came from.
    pub date_origin: Option<DateOrigin>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Grid, for people: `EASE-Grid 2.0 global 36 km, 964 x 406`.
    pub grid: Option<String>,
    /// The 3 km cells it covers; `None` where that is half of the globe or more, or not known.
    pub extent: Option<EaseWindow>,
    /// Variable used.
    pub variable: Option<String>,
    /// What that is and how it is known: "soil moisture, m3/m3, from AppEEARS' file name".
    pub evidence: String,
    /// Its statistics under the quality rule.
    pub statistics: Option<Statistics>,
    /// Backscatter scale, detected or corrected.
    pub scale: Option<BackscatterScale>,
    /// Made by the simulator.
    pub simulated: bool,
    /// Superseded by another file (its name), so not used.
    pub superseded_by: Option<String>,
    /// Arrays of a file of unknown product: (path, type and shape).
    pub arrays: Vec<(String, String)>,
    /// What the user should know.
    pub problems: Vec<String>,
    /// Why it was refused; the file stays listed.
    pub refused: Option<String>,
}

impl FileReport {
    /// A row of which nothing but name and size is known.
    #[must_use]
    pub fn blank(id: FileId, name: &str, bytes: u64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            bytes,
            product: None,
            usage: None,
            date: None,
            date_origin: None,
            orbit: None,
            grid: None,
            extent: None,
            variable: None,
            evidence: String::new(),
            statistics: None,
            scale: None,
            simulated: false,
            superseded_by: None,
            arrays: Vec::new(),
            problems: Vec::new(),
            refused: None,
        }
    }
}

/// The dates of the loaded files, for a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// By date.
    pub days: Vec<DayReport>,
}

/// One date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DayReport {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Share of the region SMAP saw (0..1); `None` without a SMAP file.
    pub coarse: Option<f32>,
    /// Share of the region the 3 km map covers; `None` without one.
    pub fine: Option<f32>,
    /// Where the 3 km map comes from.
    pub fine_origin: Option<FineOrigin>,
    /// Share of the region with backscatter.
    pub backscatter: Option<f32>,
    /// History dates a prediction here would use, oldest first.
    #[serde(with = "iso_date")]
    pub history: Vec<Date>,
    /// Earlier 3 km maps, for a method that learns from all of them instead of a history.
    pub earlier: Option<usize>,
    /// Why no prediction can be made here; `None` where one can.
    pub blocked: Option<String>,
    /// Simulated data.
    pub simulated: bool,
}

/// A finished map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MapReport {
    /// The date t.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Region and rules.
    pub settings: RegionSettings,
    /// What can be drawn, in order.
    pub layers: Vec<LayerHead>,
    /// Dates used, oldest first.
    pub history: Vec<HistorySlot>,
    /// Estimate first, then the baselines, all on the same pixels. Empty without a reference.
    pub scores: Vec<ScoreReport>,
    /// How far the 36 km means of the estimate are from SMAP's; `None` where no block is known well enough, and for
    /// networks whose estimates are no moisture to compare.
    pub mass: Option<MassReport>,
    /// Weights.
    pub weights: WeightsReport,
    /// Device.
    pub device: DeviceReport,
    /// Which overpass of SMAP went in, and what fills it, in words.
    pub overpass: String,
    /// Attachment (`U8`) over the window: 1 where SMAP's value is of 6 am, 2 of 6 pm, 0 where there is none or the file does not say.
    pub overpasses: Option<usize>,
    /// What the half-width beside the estimate is, and what it rests on, in words; empty without one.
    pub interval: String,
    /// Cells along the region's edges, 3 km, whose estimate the network made without what lies outside. Not in the scores.
    pub frame: Edges,
    /// Where the reference comes from; `None` without one.
    pub reference: Option<FineOrigin>,
    /// Files that went in.
    pub inputs: Vec<String>,
    /// Fitted sensitivity of the disaggregation, m3/m3 per dB, where it was used.
    pub sensitivity: Option<f32>,
    /// How the inputs lie to those of the training, in words; empty where there is nothing to compare them with (TB CNN).
    pub applicability: String,
    /// Inputs are simulated.
    pub simulated: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Time from request to result.
    pub milliseconds: f64,
}

/// A layer of a map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerHead {
    /// What it shows.
    pub kind: LayerKind,
    /// Of which channel.
    pub channel: u8,
    /// Attachment (`F32`): row-major values over the window, NaN where masked.
    pub values: usize,
    /// Attachment (`U8`): [`ease_grid::Reason`] by number.
    pub reasons: usize,
    /// Statistics of the valid cells.
    pub statistics: Statistics,
}

/// Forms of export the worker makes. The PNG figure is made by the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// GeoTIFF: EPSG:6933, float32, nodata, deflate, provenance tags.
    GeoTiff,
    /// CSV of cells.
    Csv,
    /// Weights as safetensors.
    Weights,
    /// What the values of the last season say, a band each: GeoTIFF.
    SeasonLayers,
    /// All dates of the last season (attachment 0: [`SEASON_KEY`]) and its layers: NetCDF-4.
    SeasonCube,
    /// The map with all that it takes to make it again, as a zip archive.
    Bundle,
}
