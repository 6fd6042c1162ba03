//! What page and worker say to each other: one [`Request`] enum, one [`Event`] enum, plain values only.
//!
//! A message is a head ([`wire`]) plus attachments (typed arrays, transferred and not copied; `File` objects on the way in). Heads name
//! attachments by their index. A long job is a stream of events under the request's id; a newer request of the same kind supersedes
//! an older one; [`Request::Cancel`] is honoured at the next step.

mod adapter;
pub mod day;
pub mod desk;
mod network;
pub mod shown;
mod training;
pub mod wire;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::grid::{EaseWindow, Edges, Statistics};
use crate::read::{BackscatterScale, DateOrigin, Orbit, Product, QualityRule};

pub use network::{Network, TbCase};
pub use training::{
    CheckpointReport, Choice, DateRole, EpochReport, Gain, Inputs, Part, PlannedDate, PreviewReport, Range, RunId, RunReport, RunRow,
    SettingError, Start, StepReport, TrainEnd, TrainEstimate, TrainPlan, TrainResult, TrainSettings, TrainStarted, UnusableDate,
};

/// Number of a file in this session, given by the page when the file is opened. Survives a worker's restart.
pub type FileId = u32;
/// Id of the demo's one entry in the file list; the page counts the user's files from 1.
pub const DEMO_FILE: FileId = 0;

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
        settings: Settings,
    },
    /// The 3 km map of a date. Answer: [`Event::Progress`]..., [`Event::Map`].
    Predict {
        /// The date t.
        #[serde(with = "day")]
        date: Date,
        /// Region and rules.
        settings: Settings,
    },
    /// Use these weights (attachment 0: safetensors bytes) instead of the shipped ones. Answer: [`Event::Weights`] or [`Event::Failed`].
    LoadWeights {
        /// File name.
        name: String,
    },
    /// Back to the shipped weights.
    ShippedWeights,
    /// Predict with SMEN, or with the TB CNN (`true`), whose weights the user loads. Answer: [`Event::Weights`].
    UseNetwork {
        /// The TB CNN.
        tb: bool,
    },
    /// The last map as a file. Answer: [`Event::Exported`].
    Export {
        /// Which form.
        form: ExportForm,
    },
    /// Which dates a run with these settings would train, validate and test on. Answer: [`Event::TrainPlan`].
    TrainPlan {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: Settings,
    },
    /// What such a run would take, from three real steps. Answer: [`Event::TrainEstimate`].
    TrainEstimate {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: Settings,
    },
    /// Train. Answer: [`Event::TrainEstimate`], [`Event::TrainStarted`], then steps, epochs, checkpoints and previews, last
    /// [`Event::TrainDone`]. Other requests are served between the steps.
    Train {
        /// How to train.
        train: TrainSettings,
        /// Region and rules.
        settings: Settings,
    },
    /// Go on with an unfinished run from its last checkpoint. Answer: as [`Request::Train`], without the estimate.
    ResumeRun {
        /// Which.
        run: RunId,
    },
    /// Pause the run under way, or let it go on. A checkpoint is kept at the pause.
    PauseTraining {
        /// Pause, or go on.
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

/// Worker to page, always under the id of the request it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// The device was chosen (or changed), with the reason and the self-check.
    Device(DeviceReport),
    /// A file was understood, or refused.
    FileRead(FileReport),
    /// A file is gone.
    FileGone(FileId),
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
    /// Something the user should know; the job goes on.
    Warning(String),
    /// A map. Layers name their attachments.
    Map(Box<MapReport>),
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
    /// A run begins or goes on.
    TrainStarted(Box<TrainStarted>),
    /// One training step.
    TrainStep(StepReport),
    /// One epoch.
    TrainEpoch(EpochReport),
    /// A checkpoint was kept.
    TrainCheckpoint(CheckpointReport),
    /// The present estimate of a validation date, with its attachments.
    TrainPreview(PreviewReport),
    /// The run is paused (`true`) or goes on.
    TrainPaused(bool),
    /// The run is over. [`Event::Weights`] came before it: of its weights and those from before the better are in use ([`Choice`]).
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

/// What happened, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened and why.
    pub what: String,
    /// What to do; empty where nothing can be done.
    pub remedy: String,
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

/// Which device the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DevicePreference {
    /// A hardware GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU, whatever there is.
    Cpu,
    /// The GPU, even a software one.
    Gpu,
}

/// What the browser says of its graphics adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterReport {
    /// Vendor.
    pub vendor: String,
    /// Architecture (`swiftshader` for a CPU posing as a GPU).
    pub architecture: String,
    /// Device.
    pub device: String,
    /// Description.
    pub description: String,
    /// The browser's own word that this is a fallback adapter.
    pub fallback: bool,
    /// Largest buffer it can bind, bytes; 0 where the browser does not say.
    #[serde(default)]
    pub buffer_limit: u64,
}

/// The device in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// True for WebGPU, false for the CPU.
    pub gpu: bool,
    /// Adapter name, or `CPU (WebAssembly SIMD, one thread)`.
    pub name: String,
    /// Why this device.
    pub why: String,
    /// Where the GPU's kernels keep what they share: registers, or workgroup memory where that was measured to be faster. None on the CPU.
    pub kernels: Option<String>,
    /// E.g. "software adapter: more than ten times slower than the CPU".
    pub warning: Option<String>,
    /// The golden tile.
    pub check: Option<SelfCheckReport>,
}

/// The golden tile, run on the device and on the CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheckReport {
    /// Runs on the device.
    pub runs: u32,
    /// Largest absolute difference to the CPU and to the stored tile over all runs, m3/m3; not finite where the device gave NaN (`null` in JSON).
    #[serde(deserialize_with = "null_as_nan")]
    pub largest_difference: f32,
    /// Allowed.
    pub tolerance: f32,
    /// Passed; where not, the CPU is used.
    pub passed: bool,
}

/// JSON (of `--json` and kept runs) knows no NaN: serde_json writes `null` for it.
fn null_as_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    if !deserializer.is_human_readable() {
        return f32::deserialize(deserializer);
    }
    Ok(Option::<f32>::deserialize(deserializer)?.unwrap_or(f32::NAN))
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
}

/// What the user says about a file against what was detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Correction {
    /// Its day.
    #[serde(with = "day")]
    pub date: Option<Date>,
    /// Use it as 36 km input or 3 km map, when it cannot be told.
    pub usage: Option<Usage>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Backscatter scale.
    pub scale: Option<BackscatterScale>,
}

/// What a file is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// 36 or 9 km soil moisture: the network's input.
    Coarse,
    /// 3 km (or 1 km) soil moisture: history and reference.
    Fine,
    /// Backscatter.
    Backscatter,
    /// Land surface temperature: input of the TB CNN.
    Temperature,
    /// Listed, not used.
    Ignored,
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
    #[serde(with = "day")]
    pub date: Option<Date>,
    /// Where the day came from.
    pub date_origin: Option<DateOrigin>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Grid, for people: `EASE-Grid 2.0 global 36 km, 964 x 406`.
    pub grid: Option<String>,
    /// Variable used.
    pub variable: Option<String>,
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
            variable: None,
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

/// What runs kept before there was a choice were trained with.
fn yes() -> bool {
    true
}

/// Region and rules of a prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// 3 km cells to compute.
    pub window: EaseWindow,
    /// Name of the preset, where it is one.
    pub region: Option<String>,
    /// Which retrievals count.
    pub quality: QualityRule,
    /// Smallest share of the region a 3 km map must cover to serve as history (0..1). Default 0.10.
    pub history_cover: f32,
    /// Maps disaggregated here from backscatter may serve as history, where a date has no 3 km product. Default on.
    #[serde(default = "yes")]
    pub history_disaggregated: bool,
    /// Each 36 km block of the estimate is shifted to SMAP's mean (model.md, section 4). Default off.
    #[serde(default)]
    pub mass_correction: bool,
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
    #[serde(with = "day")]
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
    #[serde(with = "day")]
    pub history: Vec<Date>,
    /// Why no prediction can be made here; `None` where one can.
    pub blocked: Option<String>,
    /// Simulated data.
    pub simulated: bool,
}

/// Where a 3 km map comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FineOrigin {
    /// A 3 km product (SPL2SMAP_S).
    Product,
    /// Computed here from SMAP and backscatter (formats.md 2.7, change form).
    Disaggregated,
    /// An estimate that Loam made, which the user chose as 3 km map by hand.
    OwnMap,
}

/// A finished map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MapReport {
    /// The date t.
    #[serde(with = "day")]
    pub date: Date,
    /// Region and rules.
    pub settings: Settings,
    /// What can be drawn, in order.
    pub layers: Vec<LayerHead>,
    /// Dates used, oldest first.
    pub history: Vec<HistoryReport>,
    /// Estimate first, then the baselines, all on the same pixels. Empty without a reference.
    pub scores: Vec<ScoreReport>,
    /// How far the 36 km means of the estimate are from SMAP's; `None` where no block is known well enough, and for the TB CNN.
    pub mass: Option<MassReport>,
    /// Weights.
    pub weights: WeightsReport,
    /// Device.
    pub device: DeviceReport,
    /// Which overpass of SMAP went in, and what fills it, in words.
    pub overpass: String,
    /// Attachment (`U8`) over the window: 1 where SMAP's value is of 6 am, 2 of 6 pm, 0 where there is none or the file does not say.
    pub overpasses: Option<usize>,
    /// Cells along the region's edges, 3 km, whose estimate the network made without what lies outside. Not in the scores.
    pub frame: Edges,
    /// Where the reference comes from; `None` without one.
    pub reference: Option<FineOrigin>,
    /// Files that went in.
    pub inputs: Vec<String>,
    /// Fitted sensitivity of the disaggregation, m3/m3 per dB, where it was used.
    pub sensitivity: Option<f32>,
    /// Estimates outside 0..0.75 m3/m3: clipped for display only.
    pub out_of_range: usize,
    /// How the inputs lie to those of the training, in words; empty where there is nothing to hold them against (TB CNN).
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
    /// Which.
    pub kind: LayerKind,
    /// Attachment (`F32`): row-major values over the window, NaN where masked.
    pub values: usize,
    /// Attachment (`U8`): [`crate::grid::Reason`] by number.
    pub reasons: usize,
    /// Statistics of the valid cells.
    pub statistics: Statistics,
}

/// What a layer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// SMAP as it is, 36 km cells. m3/m3.
    Coarse,
    /// SMEN's estimate. m3/m3.
    Estimate,
    /// SMEN's estimate with the weights from before the last training. m3/m3.
    Before,
    /// Estimate minus [`LayerKind::Before`]. m3/m3.
    Change,
    /// The 3 km product of the date. m3/m3.
    Reference,
    /// Estimate minus reference. m3/m3.
    Difference,
    /// Bilinear SMAP. m3/m3.
    Bilinear,
    /// Backscatter VV at 3 km, averaged in linear power. dB.
    BackscatterVv,
    /// Backscatter VH. dB.
    BackscatterVh,
    /// The TB CNN's second channel (case 1; the kinds above then hold TB V): TB H, 36 km. K.
    CoarseH,
    /// Its estimate. K.
    EstimateH,
    /// The 9 km product's. K.
    ReferenceH,
    /// Estimate minus reference. K.
    DifferenceH,
    /// Bilinear. K.
    BilinearH,
    /// Land surface temperature, input of the TB CNN's case 2. K.
    SurfaceTemperature,
}

/// A history date of a prediction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryReport {
    /// The date; `None` for a slot that no date could fill (its residual is 0).
    #[serde(with = "day")]
    pub date: Option<Date>,
    /// Share of the region where the residual is known.
    pub known: f32,
    /// Where the 3 km map came from.
    pub origin: Option<FineOrigin>,
}

/// Scores of one estimate, over the pixels where reference and every estimate exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// `SMEN`, `bilinear SMAP`, ...
    pub name: String,
    /// Unbiased RMSE, m3/m3.
    pub urmse: Option<f64>,
    /// Mean difference, m3/m3.
    pub bias: Option<f64>,
    /// RMSE, m3/m3.
    pub rmse: Option<f64>,
    /// Pearson correlation.
    pub r: Option<f64>,
    /// Pixels.
    pub pixels: usize,
    /// Which row of a run's table it is; None in other tables, and in runs kept before rows had this key ([`TrainResult::urmse`]).
    #[serde(default)]
    pub row: Option<RunRow>,
}

/// Mass consistency: the means of an estimate over 36 km cells, against SMAP's own values there (model.md, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MassReport {
    /// Root mean square difference, m3/m3.
    pub rmse: f64,
    /// Mean difference, m3/m3.
    pub bias: f64,
    /// 36 km cells of which at least half is known.
    pub cells: usize,
}

/// Weights in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeightsReport {
    /// File or preset name.
    pub name: String,
    /// What they were trained on, in the file's own words.
    pub trained_on: String,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// SHA-256, first 16 hex digits.
    pub hash: String,
    /// Of which network.
    #[serde(default)]
    pub network: Network,
    /// Key of the shipped weights; `None` for the user's own, and for trained ones.
    #[serde(default)]
    pub shipped: Option<String>,
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
}
