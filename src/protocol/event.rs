//! What the worker answers.

use serde::{Deserialize, Serialize};

use loam_core::device_report::DeviceReport;
use loam_core::file::FileId;
use loam_core::method::Method;
use loam_core::ranking::Ranking;
use loam_core::training::{CheckpointReport, EpochReport, RunReport, TrainPlan, TrainSettings};
use loam_core::weights_report::WeightsReport;

use super::{
    BundleEvent, Failure, FileReport, GroundEvent, LookReport, MapReport, Packed, PreviewReport,
    SeasonDayReport, SeasonReport, SetAside, StepReport, Timeline, TrainEstimate, TrainStarted,
};

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
    Ranking {
        /// Which answers from then on.
        best: Method,
        /// Which and why, for people.
        sentence: String,
        /// Scores and all else, opened by the part of the page that shows them.
        whole: Packed<Ranking>,
    },
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
