//! What the page knows, and what happens to it: plain data, no browser.
//!
//! The page tells what happened ([`Event`]): a click, an answer of the worker, a timer. [`State::update`] changes the state and says what has to be
//! done outside ([`Effect`]): post a request, start a worker, wait, save a file. `ui` shows the state and does what is said. So all of the
//! page's behaviour is tested without a page.

mod answers;
mod bundle;
mod bundle_action;
mod choice;
pub mod cursor;
mod data;
pub mod days;
pub mod desk;
mod event;
mod extremes;
pub mod field;
mod files;
mod follow;
mod ground_action;
pub mod hash;
pub mod ledger;
pub mod logger_form;
mod look;
mod look_action;
mod maps;
pub mod phrases;
pub mod position;
mod recall;
pub mod rectangle;
mod remembered;
pub mod scales;
pub mod season;
pub mod shown;
mod stations;
mod train;
mod undo;
mod update;
mod whereabouts;
pub mod words;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::protocol::{Failure, FileReport, Packed, Request, Timeline};
use ease_grid::{EaseWindow, Resolution};
use loam_core::device_report::{AdapterReport, DevicePreference, DeviceReport};
use loam_core::file::FileId;
use loam_core::ranking::Ranking;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{PRESETS, Preset};
use loam_core::weights_report::WeightsReport;
use smap_files::QualityRule;

pub use bundle::Reopened;
pub use bundle_action::BundleAction;
pub use choice::Chosen;
pub use data::{FileRow, Job, Layer, MapData, Notice};
pub use event::{Attach, Due, Effect, Event};
pub use extremes::extremes;
pub use field::{Field, Fields};
pub use ground_action::GroundAction;
pub use look::{Look, Looked};
pub use look_action::LookAction;
pub use recall::RecalledRun;
pub use remembered::Remembered;
pub use stations::{Ground, Validated};
pub use train::{Preview, Run, TrainState, is_of};
pub use undo::Step;

use desk::Desk;
use follow::Asked;
use ledger::{Kind, Ledger};
use season::{Logic, Season};

/// The time line of the present region and rules is being made.
pub const READING: &str = "reading…";
/// It could not be made.
pub const NOT_READ: &str = "not read";

/// Every method on the newest dates, and the region, rules and files it is of.
pub type Ranked = (Packed<Ranking>, RegionSettings, u64);

/// All of it. What the page shows is in fields; the rest is book-keeping.
#[derive(Debug)]
pub struct State {
    /// Which fields changed.
    pub fields: Fields,
    /// What is open.
    pub files: Field<Vec<FileRow>>,
    /// Whether a demo is open, and what is put aside.
    pub desk: Field<Desk<FileRow>>,
    /// Counts up with every change of what is open.
    pub data: Field<u64>,
    /// The dates, for the region.
    pub timeline: Field<Timeline>,
    /// Why the time line is not that of the present region and rules: [`READING`], or [`NOT_READ`].
    pub pending: Field<Option<&'static str>>,
    /// The chosen date.
    pub date: Field<Option<Date>>,
    /// Region and rules.
    pub settings: Field<RegionSettings>,
    /// The last map.
    pub map: Field<Option<Arc<MapData>>>,
    /// Maps of other dates, of the same region, rules, files and weights as the last: by date. What a series is made of.
    pub made: Field<Vec<Arc<MapData>>>,
    /// Methods compared.
    pub ranking: Field<Option<Arc<Ranked>>>,
    /// What makes the maps.
    pub choice: Field<Chosen>,
    /// What computes.
    pub device: Field<Option<DeviceReport>>,
    /// There is no worker, and none is being started.
    pub stopped: Field<bool>,
    /// What the user wants to compute with.
    pub preference: Field<DevicePreference>,
    /// Weights in use.
    pub weights: Field<WeightsReport>,
    /// Files being read.
    pub reading: Field<Option<Job>>,
    /// A map, or a comparison, being made.
    pub predicting: Field<Option<Job>>,
    /// A file being written.
    pub exporting: Field<bool>,
    /// What to tell, oldest first.
    pub notices: Field<Vec<Notice>>,
    /// What a screen reader is told.
    pub announcement: Field<String>,
    /// The map follows date, region and rules by itself.
    pub follow: Field<bool>,
    /// Date after date is shown.
    pub playing: Field<bool>,
    /// What can be undone, newest last.
    pub undo: Field<Vec<Step>>,
    /// Every date of a period.
    pub season: Field<Season>,
    /// A bundle that is opened again.
    pub bundle: Field<Option<Reopened>>,
    /// A layer that is looked at by itself.
    pub look: Field<Option<Look>>,
    /// Training.
    pub train: TrainState,
    /// Stations in the ground.
    pub ground: Ground,

    /// Milliseconds since 1970, set before every event.
    pub now: f64,
    out: Vec<Effect>,
    season_logic: Option<Logic>,
    ledger: Ledger,
    /// Files of each request to open that is under way.
    opening: BTreeMap<u64, Vec<FileId>>,
    /// Files that put a demo aside are being read: where none can be, it comes back.
    demo_waits: bool,
    /// Reports not shown yet: a demo has thousands, and each would redraw the list.
    waiting: Vec<FileReport>,
    /// Name of the user's own weights file, kept for a worker that has to be replaced.
    weights_file: Option<String>,
    /// The date that the address asked for, until there are dates.
    linked: Option<Date>,
    /// [`Self::data`] when the prediction under way was asked for.
    predicted: u64,
    /// The prediction that was asked for last.
    asked: Option<Asked>,
    /// Of the latest change that the map is to follow.
    turn: u32,
    /// While playing: the map of the date is there.
    map_came: bool,
    /// While playing: the date had its time.
    time_is_up: bool,
    adapter: Option<AdapterReport>,
    /// The page came with the GPU's program.
    gpu_program: bool,
    has_worker: bool,
    /// The worker that runs, or is being loaded, is the GPU's.
    with_gpu: bool,
    /// The GPU's worker could not be loaded: not tried again until the user chooses a device.
    gpu_absent: bool,
    losses: u32,
    numbered: u64,
    /// Rows for members of archives so far.
    members: FileId,
}

/// Region and rules that a place has at first.
#[must_use]
pub fn preset_settings(preset: Preset) -> RegionSettings {
    let fallback = EaseWindow {
        resolution: Resolution::M03,
        first_column: 2600,
        first_row: 971,
        columns: 100,
        rows: 100,
    };
    RegionSettings {
        window: preset.region().map_or(fallback, |r| r.window()),
        region: Some(preset.key.to_owned()),
        quality: QualityRule::default(),
        history_cover: 0.10,
        history_disaggregated: true,
        mass_correction: false,
    }
}

/// A preset's place, for people.
#[must_use]
pub fn place_name(key: &str) -> String {
    Preset::find(key).map_or_else(|| key.to_owned(), |p| p.name.to_owned())
}

impl Default for State {
    fn default() -> Self {
        let mut f = Fields::default();
        Self {
            files: f.of(Vec::new()),
            desk: f.of(Desk::default()),
            data: f.of(0),
            timeline: f.of(Timeline::default()),
            pending: f.of(None),
            date: f.of(None),
            settings: f.of(preset_settings(PRESETS[0])),
            map: f.of(None),
            made: f.of(Vec::new()),
            ranking: f.of(None),
            choice: f.of(Chosen::default()),
            device: f.of(None),
            stopped: f.of(false),
            preference: f.of(DevicePreference::default()),
            weights: f.of(WeightsReport::default()),
            reading: f.of(None),
            predicting: f.of(None),
            exporting: f.of(false),
            notices: f.of(Vec::new()),
            announcement: f.of(String::new()),
            follow: f.of(true),
            playing: f.of(false),
            undo: f.of(Vec::new()),
            season: f.of(Season::default()),
            bundle: f.of(None),
            look: f.of(None),
            train: TrainState::new(&mut f),
            ground: Ground::new(&mut f),
            fields: f,
            now: 0.0,
            out: Vec::new(),
            season_logic: None,
            ledger: Ledger::default(),
            opening: BTreeMap::new(),
            demo_waits: false,
            waiting: Vec::new(),
            weights_file: None,
            linked: None,
            predicted: 0,
            asked: None,
            turn: 0,
            map_came: false,
            time_is_up: false,
            adapter: None,
            gpu_program: false,
            has_worker: false,
            with_gpu: false,
            gpu_absent: false,
            losses: 0,
            numbered: 0,
            members: 0,
        }
    }
}

impl State {
    /// Sends a request; `None` where there is no worker.
    fn send(&mut self, kind: Kind, body: Request) -> Option<u64> {
        self.send_with(kind, body, Attach::Nothing)
    }

    fn send_with(&mut self, kind: Kind, body: Request, attach: Attach) -> Option<u64> {
        self.has_worker.then(|| {
            let id = self.ledger.begin(kind);
            self.out.push(Effect::Send { id, body, attach });
            id
        })
    }

    /// Ends a job: its answers do not count from the moment the worker says so.
    fn cancel(&mut self, id: u64) {
        self.send(Kind::Files, Request::Cancel { id });
    }

    fn busy(&self, kind: Kind) -> bool {
        self.ledger.newest(kind).is_some()
    }

    fn later(&mut self, milliseconds: u32, what: Due) {
        self.out.push(Effect::Later(milliseconds, what));
    }

    fn say(&mut self, text: impl Into<String>) {
        self.announcement.set(text.into());
    }

    fn fail(&mut self, what: &str, why: &str, remedy: &str) {
        let what = if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") };
        self.notify(true, Failure { what, remedy: remedy.to_owned() });
    }

    fn note(&mut self, what: String) {
        self.notify(false, Failure { what, remedy: String::new() });
    }

    fn notify(&mut self, error: bool, failure: Failure) {
        self.numbered += 1;
        let number = self.numbered;
        self.notices.retain(|n| n.failure != failure);
        self.notices.push(Notice { number, error, failure });
    }

    /// A request counts as sent, though there may be no worker: for tests of what shows its answers. Its number.
    #[doc(hidden)]
    pub fn as_if_sent(&mut self, kind: Kind) -> u64 {
        self.ledger.begin(kind)
    }

    /// Whether anything shown is simulated.
    #[must_use]
    pub fn simulated(&self) -> bool {
        self.timeline.days.iter().any(|d| d.simulated)
    }

    /// Name of the weights file that was opened last, unless the shipped weights were chosen since.
    #[must_use]
    pub fn weights_file(&self) -> Option<&str> {
        self.weights_file.as_deref()
    }
}

#[cfg(test)]
mod tests;
