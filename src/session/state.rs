//! All that a session holds, and how a request ends that does not end well.

use std::collections::BTreeMap;

use loam_core::device_report::DeviceReport;
use loam_core::estimate::Estimate;
use loam_core::export::bundle::Bundle;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{Library, Series, StackError};
use loam_nn::{ModelError, Processor, TrainError, WorkError};

use super::Host;
use super::auto::Auto;
use super::ground::Ground;
use super::job::Job;
use super::loaded::{LoadedNetwork, Snapshot};
use super::made_season::MadeSeason;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::protocol::{Event, Failure, MapReport, Packed};

/// Longest time of reading, ms, before other messages are let in: less than the 50 that a host is promised, for the day under way.
pub(super) const LONGEST_WORK_MS: f64 = 20.0;

/// Everything the worker owns.
pub struct Session<H: Host> {
    pub(super) host: H,
    pub(super) library: Library,
    pub(super) series: Option<Series>,
    /// Files came, went or were corrected since the series was read: some of its days are missing.
    pub(super) outdated: bool,
    pub(super) settings: Option<RegionSettings>,
    pub(super) processor: Option<Processor>,
    pub(super) device: Option<DeviceReport>,
    /// The adapter is a CPU posing as a GPU.
    pub(super) software: bool,
    /// Largest buffer the adapter can bind, bytes.
    pub(super) buffer_limit: Option<u64>,
    /// Edge of a prediction's tiles on the device, cells; none before the first prediction.
    pub(super) tile: Option<usize>,
    /// Networks whose training stood the check of the GPU.
    #[cfg(feature = "gpu")]
    pub(super) training_checked: Vec<loam_core::network::Network>,
    /// Weights on the device, by network.
    pub(super) networks: BTreeMap<Network, LoadedNetwork>,
    /// What answers.
    pub(super) active: Method,
    pub(super) auto: Auto,
    /// Weights from before the last run, and those it trained: kept until another choice is made.
    pub(super) before: Option<Snapshot>,
    pub(super) trained: Option<Snapshot>,
    pub(super) job: Option<Job<H>>,
    /// Stations in the ground.
    pub(super) ground: Ground,
    /// The prediction behind the map last shown.
    pub(super) last: Option<(MapReport, Estimate)>,
    /// What the last season's files are made of.
    pub(super) season: Option<MadeSeason>,
    /// The bundle that was opened last.
    pub(super) bundle: Option<Bundle>,
    /// Files came, went or were corrected since that map was made.
    pub(super) files_changed: bool,
}

/// A request that did not end well.
pub(super) enum RequestError {
    Cancelled,
    Failed(Failure),
    /// The device gives no results any more: a new worker is needed.
    Lost(String),
}

impl RequestError {
    pub(super) fn failed(what: impl ToString, remedy: &str) -> Self {
        Self::Failed(Failure::new(what, remedy))
    }
}

/// An answer that the page's first part only passes on.
pub(super) fn packed<T: Serialize + DeserializeOwned>(value: &T) -> Result<Packed<T>, RequestError> {
    Packed::of(value)
        .map_err(|e| RequestError::failed(format!("the answer cannot be sent ({e})"), "Reload the page."))
}

impl From<StackError> for RequestError {
    fn from(error: StackError) -> Self {
        Self::failed(error, "")
    }
}

impl From<ModelError> for RequestError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled => Self::Cancelled,
            ModelError::Readback { reason } => {
                Self::Lost(format!("the device gave no result, it may be lost: {reason}"))
            }
            other => Self::failed(other, ""),
        }
    }
}

impl From<WorkError> for RequestError {
    fn from(error: WorkError) -> Self {
        if error.is_cancelled() {
            return Self::Cancelled;
        }
        if let Some(ModelError::Readback { reason }) = error.model() {
            return Self::Lost(format!("the device gave no result, it may be lost: {reason}"));
        }
        Self::failed(error, "")
    }
}

impl<H: Host> Session<H> {
    /// An empty session.
    pub fn new(host: H) -> Self {
        Self {
            host,
            library: Library::default(),
            series: None,
            outdated: false,
            settings: None,
            processor: None,
            device: None,
            software: false,
            buffer_limit: None,
            tile: None,
            #[cfg(feature = "gpu")]
            training_checked: Vec::new(),
            networks: BTreeMap::new(),
            active: Method::default(),
            auto: Auto::default(),
            before: None,
            trained: None,
            job: None,
            ground: Ground::default(),
            last: None,
            season: None,
            bundle: None,
            files_changed: false,
        }
    }

    /// Where it runs.
    pub fn host(&self) -> &H {
        &self.host
    }

    pub(super) fn emit(&self, id: u64, event: Event) {
        self.host.emit(id, event, Vec::new());
    }

    pub(super) async fn yield_now(&self, id: u64) -> Result<(), RequestError> {
        self.host.yield_now().await;
        if self.host.cancelled(id) { Err(RequestError::Cancelled) } else { Ok(()) }
    }
}

impl From<TrainError> for RequestError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Model(error) => error.into(),
            other => Self::failed(other, ""),
        }
    }
}
