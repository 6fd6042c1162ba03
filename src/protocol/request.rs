//! What the page asks of the worker.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use loam_core::device_report::{AdapterReport, DevicePreference};
use loam_core::file::{Correction, FileId};
use loam_core::iso_date;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::training::{RunId, TrainSettings};

use super::{BundleRequest, ExportForm, FileTicket, GroundRequest, LookAt};
#[cfg(doc)]
use super::{Event, SEASON_KEY};

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
    /// that is made, in any order, [`Event::Season`].
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
    /// From a worker to its helper: one of those maps. Answer: [`Event::SeasonDay`].
    SeasonDate {
        /// The date.
        #[serde(with = "iso_date")]
        date: Date,
        /// What makes it.
        method: Method,
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
    /// a layer by itself; writes a file; reads weights, settings or a bundle; reads and compares stations.
    #[must_use]
    pub fn needs_part(&self) -> bool {
        matches!(
            self,
            Self::Train { .. }
                | Self::TrainEstimate { .. }
                | Self::ResumeRun { .. }
                | Self::PauseTraining { .. }
                | Self::Season { .. }
                | Self::SeasonDate { .. }
                | Self::Look { .. }
                | Self::LoadWeights { .. }
                | Self::UseRun { .. }
                | Self::WriteSettings { .. }
                | Self::ReadSettings { .. }
                | Self::Ground(_)
                | Self::Bundle(_)
                | Self::Export { .. }
        )
    }
}
