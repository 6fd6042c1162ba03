//! What can happen, and what the state asks to be done.

use jiff::civil::Date;

use super::State;
use super::bundle_action::BundleAction;
use super::ground_action::GroundAction;
use super::hash::Hash;
use super::look_action::LookAction;
use super::remembered::Remembered;
use super::season::Logic;
use crate::protocol::{self, Attachment, Envelope, ExportForm, Failure, Request};
use loam_core::device_report::{AdapterReport, DevicePreference};
use loam_core::file::{Correction, FileId};
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::training::{RunId, Start, TrainSettings};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The page is there: what its address says, and what was in use before it was loaded.
    Began {
        /// The address.
        hash: Hash,
        /// Weights.
        remembered: Remembered,
    },
    /// The address was changed by hand, or by going back.
    Address(Hash),
    /// The browser said what graphics adapter it has.
    Probed {
        /// The adapter.
        adapter: Option<AdapterReport>,
        /// The page came with the GPU's program.
        gpu_program: bool,
    },
    /// The browser started no worker; why.
    WorkerRefused(String),
    /// The worker died; why.
    WorkerLost(String),
    /// The worker's program could not be loaded; why.
    WorkerAbsent(String),
    /// The worker answered.
    Answered(Box<Envelope<protocol::Event>>, Vec<Attachment>),
    /// A request could not be posted; why.
    NotSent(u64, String),
    /// A time is over.
    Due(Due),
    /// Another device is wanted.
    Prefer(DevicePreference),
    /// The self-check is wanted again.
    SelfCheck,

    /// The demo of a place.
    LoadDemo(String),
    /// What was put aside comes back.
    BackToDemo,
    /// The same of own files.
    BackToOwn,
    /// The same of what was removed last.
    BackToRemoved,
    /// What was removed is not offered again.
    ForgetRemoved,
    /// Own files: number, name, bytes.
    Open(Vec<(FileId, String, u64)>),
    /// A file of weights was chosen; one of several in a batch.
    OpenWeights {
        /// Its name.
        name: String,
        /// It was opened with data, where this is said: whether it is the last of several.
        among_data: Option<bool>,
    },
    /// The bytes of the chosen weights are there.
    WeightsRead,
    /// They could not be read; why.
    WeightsUnreadable(String),
    /// A file is taken out.
    Forget(FileId),
    /// All are.
    ForgetAll,
    /// The user knows better.
    Correct(FileId, Box<Correction>),

    /// A date is chosen.
    Date(Date),
    /// Region or rules are chosen.
    Settings(Box<RegionSettings>),
    /// The region is to go where the files lie.
    GoToData,
    /// A map is wanted now.
    Predict,
    /// Whether the map follows.
    Follow(bool),
    /// Date after date, or no longer.
    Play(bool),
    /// The methods are to be compared.
    Rank,
    /// Reading is to end.
    CancelReading,
    /// A prediction is to end.
    CancelPredicting,
    /// Another method.
    UseMethod(Method),
    /// Whichever method is best on the region's own newest dates.
    UseBest,
    /// The shipped weights.
    UseShipped,
    /// A file is wanted.
    Export(ExportForm),
    /// A file was saved, or why it was not.
    Saved(String, Result<(), String>),
    /// A notice is put away.
    Dismiss(u64),
    /// Something went wrong in the page itself.
    Problem(Failure),
    /// Something to say to those who listen.
    Say(String),
    /// The last choice is taken back.
    Undo,
    /// What is in use is not remembered; why.
    NotRemembered(String),
    /// Something is wanted of stations ([`GroundAction::event`]), and what does it.
    Ground(fn(&mut State, GroundAction), GroundAction),
    /// Something is wanted of a layer by itself ([`LookAction::event`]), and what does it.
    Look(fn(&mut State, LookAction), LookAction),

    /// Something is wanted of the bundle that is open ([`BundleAction::event`]), and what does it.
    Bundle(fn(&mut State, BundleAction), BundleAction),

    /// The part of the page that makes seasons is there.
    SeasonPart(Logic),
    /// The period of a season: from, to.
    SeasonPeriod(Option<Date>, Option<Date>),
    /// Every date of it, or those that are missing.
    Season,
    /// No longer wanted.
    CancelSeason,

    /// Training settings as a whole.
    TrainSettings(Box<TrainSettings>),
    /// A field of theirs was typed: what is wrong with it.
    TrainTyped(&'static str, Option<String>),
    /// Another network, with its own settings.
    TrainNetwork(Network),
    /// Where a run starts from.
    TrainStart(Start),
    /// Settings as a file.
    SaveTrainSettings,
    /// Settings from a file.
    ReadTrainSettings(FileId, String),
    /// What would a run take?
    Estimate,
    /// No longer wanted.
    CancelEstimate,
    /// A run.
    Train,
    /// An unfinished run resumes.
    Resume(RunId),
    /// Pause, or continue.
    Pause(bool),
    /// End with the best weights.
    Stop,
    /// End without.
    CancelRun,
    /// The trained weights, or those from before.
    Keep(bool),
    /// The runs in the browser's storage are wanted.
    Runs,
    /// A run is deleted.
    ForgetRun(RunId),
    /// A run's weights are used.
    UseRun(RunId),
    /// Those recalled stay in use without a word.
    KeepRecalled,
}

/// What a timer was set for. Numbers tell an old timer from the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Reports that wait are shown.
    Reports,
    /// The map follows.
    Follow(u32),
    /// A date had its time while playing.
    TimeIsUp,
    /// The plan of a run is asked for.
    Plan(u32),
    /// Curves are drawn.
    Curves,
    /// The runs are asked for again.
    Runs,
}

/// What goes with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attach {
    /// Nothing.
    Nothing,
    /// These files of the user's.
    Files(Vec<FileId>),
    /// The bytes of the chosen weights.
    Weights,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// A worker, in place of the present one. Failing that, [`Event::WorkerRefused`].
    StartWorker {
        /// The GPU's.
        gpu: bool,
    },
    /// No worker.
    StopWorker,
    /// A request. Failing that, [`Event::NotSent`].
    Send {
        /// Its number.
        id: u64,
        /// The request.
        body: Request,
        /// What goes with it.
        attach: Attach,
    },
    /// Read the chosen weights file: then [`Event::WeightsRead`] or [`Event::WeightsUnreadable`].
    ReadWeights,
    /// After so many milliseconds, [`Event::Due`].
    Later(u32, Due),
    /// Save a file: then [`Event::Saved`].
    Save {
        /// Its name.
        name: String,
        /// What it is.
        mime: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Remember what is in use. Failing that, [`Event::NotRemembered`].
    Remember(Remembered),
}
