//! The state of the page: one bundle of signals, and what can be done with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::adapter;
use super::canvas;
use super::cursor::{Cell, View};
use super::hash::Hash;
use super::ledger::{Kind, Ledger};
use super::link::{self, Incoming, Link};
use super::page_signal::PageSignal;
use super::rectangle::Rectangle;
use super::train::Training;
use super::train::recall::Remembered;
use crate::protocol::desk::{Aside, Desk, is_weights};
use crate::protocol::shown::Present;
use crate::protocol::{
    Envelope, Failure, FileReport, FileTicket, FoundMember, MapReport, Request, SetAside, Timeline,
};
use ease_grid::{EaseWindow, Resolution};
use loam_core::device_report::{AdapterReport, DevicePreference, DeviceReport};
use loam_core::file::{Correction, DEMO_FILE, FileId};
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::{Coastline, ColourMap, Scale, scale};
use loam_core::method::Method;
use loam_core::ranking::Ranking;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{PRESETS, Preset, Shipped};
use loam_core::weights_report::Prospect;
use loam_core::weights_report::WeightsReport;
use smap_files::QualityRule;

/// A row of the file list.
#[derive(Clone)]
pub struct FileRow {
    pub id: FileId,
    pub name: String,
    pub bytes: u64,
    pub report: ArcRwSignal<Option<FileReport>>,
    pub correction: ArcRwSignal<Correction>,
    /// Its path in an archive, whose handle it then has.
    pub member: Option<String>,
}

/// A layer with its pixels.
pub struct Layer {
    pub key: LayerKey,
    pub values: Vec<f32>,
    pub reasons: Vec<u8>,
    pub statistics: ease_grid::Statistics,
}

/// A finished map with its pixels.
pub struct MapData {
    pub report: MapReport,
    pub layers: Vec<Layer>,
    /// The state of the files it was made from: [`App::data`] at the time.
    pub data: u64,
    /// Of each cell of SMAP's layer: 1 for 6 am, 2 for 6 pm, 0 where there is none or the file does not say. May be empty.
    pub overpasses: Vec<u8>,
}

impl MapData {
    pub fn layer(&self, key: impl Into<LayerKey>) -> Option<&Layer> {
        let key = key.into();
        self.layers.iter().find(|l| l.key == key)
    }

    pub fn window(&self) -> EaseWindow {
        self.report.settings.window
    }

    pub fn method(&self) -> Method {
        self.report.weights.method()
    }

    /// Half-width of the estimate's interval in a cell, where the layer is an estimate that has one there.
    pub fn half_width(&self, of: &Layer, index: usize) -> Option<f32> {
        let key = LayerKey { kind: LayerKind::HalfWidth, ..of.key };
        let layer = self.layer(key).filter(|_| of.key.kind == LayerKind::Estimate)?;
        layer.values.get(index).copied().filter(|half_width| half_width.is_finite())
    }

    /// What the map is of, for headings.
    pub fn quantity(&self) -> &'static str {
        if self.method().output().is_kelvin() {
            "Brightness temperature at 9 km"
        } else {
            "Soil moisture at 3 km"
        }
    }
}

/// A long job under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: u64,
    pub done: u64,
    pub total: u64,
    pub what: String,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub number: u64,
    pub error: bool,
    pub failure: Failure,
}

/// What the page keeps outside the reactive graph.
#[derive(Default)]
struct Machinery {
    link: Option<Link>,
    ledger: Ledger,
    /// Of the user's own files, also of those put aside.
    handles: BTreeMap<FileId, File>,
    /// Files of each request to open that is under way.
    opening: BTreeMap<u64, Vec<FileId>>,
    weights: Option<File>,
    /// The date that the address asked for, until there are dates.
    linked: Option<Date>,
    /// [`App::data`] when the prediction under way was asked for.
    predicted: u64,
    adapter: Option<AdapterReport>,
    /// The worker that runs, or is being loaded, is the GPU's.
    with_gpu: bool,
    /// The GPU's worker could not be loaded: not tried again until the user chooses a device.
    gpu_absent: bool,
    next_file: FileId,
    losses: u32,
    notices: u64,
}

/// All of it. `Copy`: signals are handles.
#[derive(Clone, Copy)]
pub struct App {
    pub files: PageSignal<Vec<FileRow>>,
    /// Archives and companions, until the later part of the page deals with them.
    pub set_aside: PageSignal<Vec<SetAside>>,
    /// Whether a demo is open, and what is put aside.
    pub desk: PageSignal<Desk<FileRow>>,
    /// Counts up with every change of what is open.
    pub data: PageSignal<u64>,
    pub timeline: PageSignal<Timeline>,
    /// Why the time line is not that of the present region and rules: [`READING`], or [`NOT_READ`].
    pub pending: PageSignal<Option<&'static str>>,
    pub date: PageSignal<Option<Date>>,
    pub settings: PageSignal<RegionSettings>,
    pub map: PageSignal<Option<Arc<MapData>>>,
    pub cursor: PageSignal<Option<Cell>>,
    pub pinned: PageSignal<Option<Cell>>,
    pub view: PageSignal<View>,
    /// Whether a pointer on a map draws a region.
    pub drawing: PageSignal<bool>,
    /// What is drawn so far.
    pub rectangle: PageSignal<Option<Rectangle>>,
    pub moisture: PageSignal<Scale>,
    pub difference: PageSignal<Scale>,
    pub half_width: PageSignal<Scale>,
    pub backscatter: PageSignal<Scale>,
    pub kelvin: PageSignal<Scale>,
    pub kelvin_difference: PageSignal<Scale>,
    /// Every method on the newest dates, and the region, rules and files it is of.
    pub ranking: PageSignal<Option<Arc<(Ranking, RegionSettings, u64)>>>,
    pub device: PageSignal<Option<DeviceReport>>,
    /// There is no worker, and none is being started.
    pub stopped: PageSignal<bool>,
    pub preference: PageSignal<DevicePreference>,
    pub weights: PageSignal<WeightsReport>,
    /// Whether "About the model" is open.
    pub about: PageSignal<bool>,
    pub reading: PageSignal<Option<Job>>,
    pub predicting: PageSignal<Option<Job>>,
    pub exporting: PageSignal<bool>,
    pub notices: PageSignal<Vec<Notice>>,
    pub coast: PageSignal<Option<Arc<Coastline>>>,
    pub said: PageSignal<String>,
    pub train: Training,
    machinery: StoredValue<Machinery, LocalStorage>,
}

/// The time line of the present region and rules is being made.
pub const READING: &str = "reading…";
/// It could not be made.
pub const NOT_READ: &str = "not read";

fn preset_settings(index: usize) -> RegionSettings {
    let preset = PRESETS[index];
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

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

/// A preset's place, for people.
pub fn place_name(key: &str) -> String {
    Preset::find(key).map_or_else(|| key.to_owned(), |p| p.name.to_owned())
}

/// What to do after the worker died of what it was doing.
fn again(under_way: &[Kind]) -> &'static str {
    let has = |kind: Kind| under_way.contains(&kind);
    if has(Kind::Train) || has(Kind::Estimate) {
        "A run with a checkpoint is offered again. If it stops there again, choose a smaller region or batch."
    } else if has(Kind::Predict) {
        "Predict again; if it stops there again, make the region smaller."
    } else {
        "Repeat the last step."
    }
}

impl App {
    pub fn new() -> Self {
        Self {
            files: PageSignal::new(Vec::new()),
            set_aside: PageSignal::new(Vec::new()),
            desk: PageSignal::new(Desk::default()),
            data: PageSignal::new(0),
            timeline: PageSignal::new(Timeline::default()),
            pending: PageSignal::new(None),
            date: PageSignal::new(None),
            settings: PageSignal::new(preset_settings(0)),
            map: PageSignal::new(None),
            cursor: PageSignal::new(None),
            pinned: PageSignal::new(None),
            view: PageSignal::new(View::default()),
            drawing: PageSignal::new(false),
            rectangle: PageSignal::new(None),
            moisture: PageSignal::new(Scale::moisture()),
            difference: PageSignal::new(Scale::difference()),
            half_width: PageSignal::new(Scale::half_width()),
            backscatter: PageSignal::new(Scale::backscatter()),
            kelvin: PageSignal::new(Scale::kelvin()),
            kelvin_difference: PageSignal::new(Scale::kelvin_difference()),
            ranking: PageSignal::new(None),
            device: PageSignal::new(None),
            stopped: PageSignal::new(false),
            preference: PageSignal::new(DevicePreference::default()),
            weights: PageSignal::new(WeightsReport::default()),
            about: PageSignal::new(false),
            reading: PageSignal::new(None),
            predicting: PageSignal::new(None),
            exporting: PageSignal::new(false),
            notices: PageSignal::new(Vec::new()),
            coast: PageSignal::new(None),
            said: PageSignal::new(String::new()),
            train: Training::default(),
            machinery: StoredValue::new_local(Machinery { next_file: 1, ..Machinery::default() }),
        }
    }

    /// From context: every component is under [`super::Page`].
    pub fn here() -> Self {
        expect_context::<Self>()
    }

    /// Reads the address, probes the adapter, starts the worker, loads the coastline.
    pub fn begin(self) {
        self.read_address();
        self.train.recall.set(Some(Remembered::read()));
        Effect::new(move |_| self.write_address());
        spawn_local(async move {
            let found = adapter::probe().await;
            self.machinery.update_value(|m| m.adapter = found);
            self.start_worker();
        });
        spawn_local(async move {
            match canvas::fetch_bytes("./coastline.bin").await.map(|bytes| Coastline::parse(&bytes)) {
                Ok(Ok(coast)) => self.coast.set(Some(Arc::new(coast))),
                Ok(Err(error)) => self.warn("The coastline is not drawn", &error.to_string()),
                Err(why) => self.warn("The coastline is not drawn", &why),
            }
        });
    }

    fn read_address(self) {
        let hash = Hash::parse(&window().location().hash().unwrap_or_default());
        let preset = hash.preset.as_deref().and_then(|key| PRESETS.iter().position(|p| p.key == key));
        if let Some(index) = preset {
            self.settings.set(preset_settings(index));
        } else if let Some(window) = hash.window {
            self.settings.update(|s| (s.window, s.region) = (window, None));
        }
        self.date.set(hash.date);
        self.machinery.update_value(|m| m.linked = hash.date);
        self.moisture.update(|s| {
            if let Some((min, max)) = hash.scale {
                (s.min, s.max) = (min, max);
            }
            if let Some(map) = hash.colours.as_deref().and_then(ColourMap::find) {
                s.map = map;
            }
        });
    }

    fn write_address(self) {
        let (settings, moisture) = (self.settings.get(), self.moisture.get());
        let hash = Hash {
            window: settings.region.is_none().then_some(settings.window),
            preset: settings.region,
            date: self.date.get(),
            scale: ((moisture.min, moisture.max) != scale::MOISTURE_LIMITS)
                .then_some((moisture.min, moisture.max)),
            colours: (moisture.map != ColourMap::moisture()).then(|| moisture.map.key.to_owned()),
        };
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{}", hash.text())));
        }
    }

    /// The user chooses a device: another worker.
    pub fn prefer(self, preference: DevicePreference) {
        self.preference.set(preference);
        self.machinery.update_value(|m| m.gpu_absent = false);
        self.alive();
        self.start_worker();
    }

    /// Starts the worker (again), and tells it of preference and adapter and of what is open.
    pub fn start_worker(self) {
        let preference = self.preference.get_untracked();
        let (adapter, gpu_absent) = self.machinery.with_value(|m| (m.adapter.clone(), m.gpu_absent));
        // The GPU's program is three times the size of the CPU's: fetched only where it is used.
        let for_gpu =
            if gpu_absent || !preference.wants_gpu(adapter.as_ref()) { None } else { link::script(true) };
        let with_gpu = for_gpu.is_some();
        let script = for_gpu.or_else(|| link::script(false)).unwrap_or_default();
        self.device.set(None);
        self.stopped.set(false);
        self.machinery.update_value(|m| {
            m.link = None;
            m.with_gpu = with_gpu;
            m.ledger.abandon();
        });
        self.settle();
        match Link::spawn(&script, move |incoming| self.receive(incoming)) {
            Ok(link) => self.machinery.update_value(|m| m.link = Some(link)),
            Err(why) => {
                self.stopped.set(true);
                return self.fail("The worker could not be started", &why, "Reload the page.");
            }
        }
        self.send(Kind::Device, Request::Start { preference, adapter }, &[]);
        self.replay();
    }

    /// No job is under way any more.
    fn settle(self) {
        self.reading.set(None);
        self.predicting.set(None);
        self.exporting.set(false);
        self.machinery.update_value(|m| m.opening.clear());
        if self.pending.get_untracked().is_some() {
            self.pending.set(Some(NOT_READ));
        }
        self.train.worker_gone();
    }

    /// Tells a fresh worker about demo, files, corrections and weights.
    fn replay(self) {
        let weights = self.machinery.with_value(|m| m.weights.clone());
        if let Some(region) = self.desk.with_untracked(|d| d.demo().map(str::to_owned)) {
            self.send(Kind::Open, Request::Demo { region }, &[]);
        }
        match self.weights.with_untracked(|w| self.train.run_of(w)) {
            Some(run) if self.train.unsaved.with_untracked(Option::is_none) => self.use_run(run.run),
            lost => {
                if let Some(run) = lost {
                    self.warn(
                        &format!("The weights trained on {} were lost with the worker", run.region),
                        "runs cannot be kept in this browser",
                    );
                    self.weights.set(WeightsReport::default());
                }
                if let Some(file) = weights {
                    self.load_weights(file);
                }
            }
        }
        self.read_rows(&self.files.get_untracked());
        self.ask_timeline();
    }

    /// Sends a request; `None` where there is no worker.
    pub fn send(self, kind: Kind, body: Request, attachments: &[JsValue]) -> Option<u64> {
        let mut failed = None;
        let mut id = None;
        self.machinery.update_value(|m| {
            if let Some(link) = &m.link {
                let number = m.ledger.begin(kind);
                match link.send(&Envelope { id: number, body }, attachments) {
                    Ok(()) => id = Some(number),
                    Err(why) => {
                        m.ledger.end(number);
                        failed = Some(why);
                    }
                }
            }
        });
        if let Some(why) = failed {
            self.fail("The request could not be sent to the worker", &why, "Reload the page.");
        }
        id
    }

    pub fn kind_of(self, id: u64) -> Option<Kind> {
        self.machinery.with_value(|m| m.ledger.kind(id))
    }

    pub fn end(self, id: u64) {
        self.machinery.update_value(|m| m.ledger.end(id));
    }

    /// Whether a request of this kind is under way.
    pub fn busy(self, kind: Kind) -> bool {
        self.machinery.with_value(|m| m.ledger.newest(kind).is_some())
    }

    fn receive(self, incoming: Incoming) {
        match incoming {
            Incoming::Event(envelope, attachments) => super::events::handle(self, *envelope, attachments),
            // Not from within the worker's own callback, which dropping the link would free.
            Incoming::Lost(why) => spawn_local(async move { self.lost(&why) }),
            Incoming::Absent(why) => spawn_local(async move { self.absent(&why) }),
        }
    }

    /// The worker's program could not be loaded: the CPU's serves in place of the GPU's; without it nothing computes.
    fn absent(self, why: &str) {
        let mut with_gpu = false;
        self.machinery.update_value(|m| {
            with_gpu = m.with_gpu;
            m.gpu_absent |= with_gpu;
            m.link = None;
            m.ledger.abandon();
        });
        if with_gpu {
            self.warn("The program for the GPU could not be loaded, so the CPU is used", why);
            return self.start_worker();
        }
        self.settle();
        self.stopped.set(true);
        self.fail("The worker could not be loaded", why, "Check the network, then reload the page.");
    }

    /// The worker died: start another, without what it died of; give up where it keeps dying.
    pub fn lost(self, why: &str) {
        super::events::flush(self);
        let mut losses = 0;
        let mut under_way = Vec::new();
        self.machinery.update_value(|m| {
            m.losses += 1;
            losses = m.losses;
            m.link = None;
            under_way = m.ledger.abandon();
        });
        self.settle();
        let culprit = self.put_aside(&under_way, why);
        let what = format!("The worker stopped ({why})");
        if culprit.is_some() || losses <= 3 {
            let remedy = culprit.unwrap_or_else(|| again(&under_way).to_owned());
            self.fail(&format!("{what} and was started again; your files are being read again"), "", &remedy);
            self.start_worker();
        } else {
            self.device.set(None);
            self.stopped.set(true);
            self.fail(
                &format!("{what} {losses} times and was not started again"),
                "",
                "Choose “CPU” under Device, or reload the page. The file list is kept until then.",
            );
        }
    }

    /// Leaves out what the worker was busy with when it died, so that the next one does not die of it too; says what was left out.
    fn put_aside(self, under_way: &[Kind], why: &str) -> Option<String> {
        if under_way.contains(&Kind::Weights) && self.machinery.with_value(|m| m.weights.is_some()) {
            self.machinery.update_value(|m| m.weights = None);
            return Some(
                "It stopped while loading your weights file: the shipped weights are used.".to_owned(),
            );
        }
        let of_run = self.weights.with_untracked(|w| self.train.run_of(w)).is_some()
            || self.train.recalled.with_untracked(Option::is_some);
        if under_way.contains(&Kind::Weights) && of_run {
            self.weights.set(WeightsReport::default());
            self.train.recalled.set(None);
            super::train::recall::remember(self);
            return Some(
                "It stopped while loading the weights of a run: the shipped weights are used.".to_owned(),
            );
        }
        if !under_way.contains(&Kind::Open) {
            return None;
        }
        // Files are read in order: the first without a report was being read.
        let handles = self.machinery.with_value(|m| m.handles.keys().copied().collect::<Vec<_>>());
        let rows = self.files.get_untracked();
        let row =
            rows.iter().find(|r| handles.contains(&r.id) && r.report.with_untracked(Option::is_none))?;
        self.machinery.update_value(|m| {
            m.handles.remove(&row.id);
        });
        row.report.set(Some(FileReport {
            refused: Some(format!(
                "reading it stopped the worker ({why}), so it was left out; the file may be damaged: download it again."
            )),
            ..FileReport::blank(row.id, &row.name, row.bytes)
        }));
        Some(format!("It stopped while reading {}, which was left out.", row.name))
    }

    /// The worker proved alive: earlier losses are forgiven.
    pub fn alive(self) {
        self.machinery.update_value(|m| m.losses = 0);
    }

    /// What is open, as it stands.
    fn present(self) -> Aside<FileRow> {
        Aside {
            rows: self.files.get_untracked(),
            settings: self.settings.get_untracked(),
            date: self.date.get_untracked(),
        }
    }

    /// Opens a demo; own files are put aside.
    pub fn load_demo(self, region: &str) {
        let mut settings = self.settings.get_untracked();
        if let Some(index) = PRESETS.iter().position(|p| p.key == region) {
            let preset = preset_settings(index);
            (settings.window, settings.region) = (preset.window, preset.region);
        }
        self.desk.update(|desk| desk.open_demo(region, self.present()));
        self.show_demo(region, settings, None);
    }

    /// The demo that was put aside comes back; own files are put aside.
    pub fn back_to_demo(self) {
        let mut back = None;
        self.desk.update(|desk| back = desk.back_to_demo(self.present()));
        if let Some(demo) = back {
            self.show_demo(&demo.key, demo.settings, demo.date);
        }
    }

    fn show_demo(self, region: &str, settings: RegionSettings, date: Option<Date>) {
        self.clear_desk();
        self.settings.set(settings);
        self.date.set(date);
        if let Some(id) = self.send(Kind::Open, Request::Demo { region: region.to_owned() }, &[]) {
            self.reading.set(Some(Job { id, done: 0, total: 0, what: "simulating the demo".to_owned() }));
        }
        self.ask_timeline();
    }

    /// Own files that were put aside come back; a demo is put aside.
    pub fn back_to_own(self) {
        let (settings, date) = (self.settings.get_untracked(), self.date.get_untracked());
        let mut back = None;
        self.desk.update(|desk| back = desk.back_to_own(&settings, date));
        let Some((own, demo)) = back else { return };
        let alone = self.files.with_untracked(Vec::is_empty);
        if demo {
            self.forget_worker();
        }
        if demo || alone {
            self.settings.set(own.settings);
            self.date.set(own.date);
        }
        self.add_rows(own.rows);
    }

    /// The own files that were removed last come back.
    pub fn undo_removal(self) {
        let mut back = None;
        self.desk.update(|desk| back = desk.undo_removal());
        let Some(removed) = back else { return };
        if self.date.get_untracked().is_none() {
            self.date.set(removed.date);
        }
        self.add_rows(removed.rows);
    }

    /// Opens files of the user's own; a demo is put aside. Weights among them are loaded as such.
    pub fn open(self, opened: Vec<(String, File)>) {
        let (weights, opened): (Vec<_>, Vec<_>) = opened.into_iter().partition(|(name, _)| is_weights(name));
        let several = weights.len() > 1;
        if let Some((name, file)) = weights.into_iter().next_back() {
            let which = if several { ", the last of several weights files;" } else { ";" };
            let what = format!("Loaded as weights, not as data: {name}{which} see “Rules and weights”");
            self.notify(false, Failure { what, remedy: String::new() });
            self.load_weights(file);
        }
        if opened.is_empty() {
            return;
        }
        let (settings, date) = (self.settings.get_untracked(), self.date.get_untracked());
        let mut demo = false;
        self.desk.update(|desk| demo = desk.open_own(&settings, date));
        if demo {
            self.forget_worker();
            // A simulated date is none of the files'.
            self.date.set(None);
        }
        let mut rows = Vec::new();
        self.machinery.update_value(|m| {
            for (name, file) in opened {
                rows.push(FileRow {
                    id: m.next_file,
                    name,
                    bytes: file.size() as u64,
                    report: ArcRwSignal::new(None),
                    correction: ArcRwSignal::new(Correction::default()),
                    member: None,
                });
                m.handles.insert(m.next_file, file);
                m.next_file += 1;
            }
        });
        self.add_rows(rows);
    }

    /// Rows for the members of archives, in place of the archive's own; what was passed over is said. Called by the later part alone.
    pub fn open_members(self, found: SetAside) {
        let mut rows = Vec::new();
        self.machinery.update_value(|m| {
            for FoundMember { archive, name, path, bytes } in found.members {
                if let Some(file) = m.handles.get(&archive).cloned() {
                    rows.push(FileRow {
                        id: m.next_file,
                        name,
                        bytes,
                        report: ArcRwSignal::new(None),
                        correction: ArcRwSignal::new(Correction::default()),
                        member: Some(path),
                    });
                    m.handles.insert(m.next_file, file);
                    m.next_file += 1;
                }
            }
            for file in found.files {
                m.handles.remove(&file);
            }
        });
        if let Some(said) = found.said {
            // A sentence begins with a capital; a file's name does not.
            let what =
                if said.starts_with(|c: char| c.is_ascii_digit()) { said } else { format!("In {said}") };
            self.notify(false, Failure { what, remedy: String::new() });
        }
        if !rows.is_empty() {
            self.add_rows(rows);
        }
    }

    /// Own files join the list and are read.
    fn add_rows(self, rows: Vec<FileRow>) {
        self.changed_data();
        self.files.update(|files| files.extend(rows.iter().cloned()));
        self.read_rows(&rows);
        self.ask_timeline();
    }

    /// Has the worker read (again) what there is a handle of.
    fn read_rows(self, rows: &[FileRow]) {
        let handles = self.machinery.with_value(|m| m.handles.clone());
        let (mut tickets, mut files) = (Vec::new(), Vec::new());
        for row in rows {
            if let Some(file) = handles.get(&row.id) {
                row.report.set(None);
                let correction = row.correction.get_untracked();
                let (name, member) = (row.name.clone(), row.member.clone());
                tickets.push(FileTicket { id: row.id, name, bytes: row.bytes, correction, member });
                files.push(JsValue::from(file.clone()));
            }
        }
        let total = tickets.len() as u64;
        if total > 0
            && let Some(id) = self.send_open(tickets, &files)
        {
            self.reading.set(Some(Job { id, done: 0, total, what: "reading files".to_owned() }));
        }
    }

    /// Nothing is open any more, for the worker too.
    fn forget_worker(self) {
        self.clear_desk();
        self.send(Kind::Files, Request::ForgetAll, &[]);
    }

    /// Empties list, time line and maps, and ends what was being read or predicted: its answers would be of what is no longer open.
    fn clear_desk(self) {
        let mut ended = Vec::new();
        self.machinery.update_value(|m| {
            for kind in [Kind::Open, Kind::Timeline, Kind::Predict] {
                ended.extend(m.ledger.end_all(kind));
            }
            m.ledger.end_all(Kind::Files);
            m.opening.clear();
        });
        for id in ended {
            self.send(Kind::Files, Request::Cancel { id }, &[]);
        }
        super::events::forget_waiting();
        self.reading.set(None);
        self.predicting.set(None);
        self.changed_data();
        self.files.set(Vec::new());
        self.timeline.set(Timeline::default());
        self.pending.set(None);
        self.clear_map();
    }

    fn changed_data(self) {
        self.data.update(|n| *n += 1);
    }

    fn send_open(self, tickets: Vec<FileTicket>, files: &[JsValue]) -> Option<u64> {
        let asked = tickets.iter().map(|t| t.id).collect();
        let id = self.send(Kind::Open, Request::Open { tickets }, files)?;
        self.machinery.update_value(|m| {
            m.opening.insert(id, asked);
        });
        Some(id)
    }

    /// A request to open is over. The files it did not come to say so, and no later worker reads them unasked.
    pub fn opened(self, id: u64, cancelled: bool) {
        let mut asked = Vec::new();
        self.machinery.update_value(|m| asked = m.opening.remove(&id).unwrap_or_default());
        let why = if cancelled {
            "you cancelled before its turn came"
        } else {
            "reading stopped before its turn came"
        };
        let rows = self.files.get_untracked();
        for row in rows.iter().filter(|r| asked.contains(&r.id) && r.report.with_untracked(Option::is_none)) {
            self.machinery.update_value(|m| {
                m.handles.remove(&row.id);
            });
            row.report.set(Some(FileReport {
                refused: Some(format!("{why}; open it again to have it read.")),
                ..FileReport::blank(row.id, &row.name, row.bytes)
            }));
        }
    }

    /// Takes a file out; it can come back.
    pub fn forget(self, file: FileId) {
        if file == DEMO_FILE {
            return self.forget_all();
        }
        let Some(row) = self.files.with_untracked(|files| files.iter().find(|f| f.id == file).cloned())
        else {
            return;
        };
        self.said.set(format!("{} removed.", row.name));
        let (settings, date) = (self.settings.get_untracked(), self.date.get_untracked());
        self.desk.update(|desk| desk.remove(row, &settings, date));
        self.changed_data();
        self.files.update(|files| files.retain(|f| f.id != file));
        self.send(Kind::Files, Request::Forget { file }, &[]);
        self.ask_timeline();
    }

    /// Takes everything out; it can come back.
    pub fn forget_all(self) {
        self.desk.update(|desk| desk.remove_all(self.present()));
        self.forget_worker();
        self.date.set(None);
        self.said.set("All files removed.".to_owned());
        self.ask_timeline();
    }

    pub fn correct(self, row: &FileRow, change: impl FnOnce(&mut Correction)) {
        row.correction.update(change);
        let correction = row.correction.get_untracked();
        self.changed_data();
        self.send(Kind::Files, Request::Correct { file: row.id, correction }, &[]);
        self.ask_timeline();
    }

    /// Another region.
    pub fn set_region(self, window: EaseWindow, region: Option<String>) {
        self.settings.update(|s| (s.window, s.region) = (window, region));
        self.rules_changed();
    }

    /// Region or rules changed, or what they mean: until the answer comes, the time line is that of others.
    pub fn rules_changed(self) {
        self.ask_timeline();
        self.pending.set(Some(if self.busy(Kind::Timeline) { READING } else { NOT_READ }));
    }

    pub fn ask_timeline(self) {
        self.send(Kind::Timeline, Request::Timeline { settings: self.settings.get_untracked() }, &[]);
    }

    pub fn predict(self) {
        let Some(date) = self.date.get_untracked() else { return };
        let settings = self.settings.get_untracked();
        if let Some(id) = self.send(Kind::Predict, Request::Predict { date, settings }, &[]) {
            self.machinery.update_value(|m| m.predicted = self.data.get_untracked());
            self.predicting.set(Some(Job { id, done: 0, total: 0, what: format!("{date}") }));
            self.said.set(format!("Predicting {date}."));
        }
    }

    pub fn cancel(self, job: PageSignal<Option<Job>>) {
        if let Some(current) = job.get_untracked() {
            self.send(Kind::Files, Request::Cancel { id: current.id }, &[]);
            job.update(|j| {
                if let Some(j) = j {
                    j.what = "cancelling".to_owned();
                }
            });
        }
    }

    /// Own weights: kept as a handle, for a worker that has to be replaced.
    pub fn load_weights(self, file: File) {
        self.machinery.update_value(|m| m.weights = Some(file.clone()));
        self.train.recall.set(None);
        spawn_local(async move {
            match canvas::blob_bytes(&file).await {
                Ok(bytes) => {
                    self.send(Kind::Weights, Request::LoadWeights { name: file.name() }, &[bytes.into()]);
                }
                Err(why) => self.fail(
                    &format!("{} could not be read ({why})", file.name()),
                    "",
                    "Choose the file again.",
                ),
            }
        });
    }

    /// Compares the methods on the newest dates of the region; the best then answers.
    pub fn rank(self) {
        let settings = self.settings.get_untracked();
        if let Some(id) = self.send(Kind::Predict, Request::Rank { settings }, &[]) {
            let what = "comparing methods".to_owned();
            self.predicting.set(Some(Job { id, done: 0, total: 0, what }));
        }
    }

    pub fn take_ranking(self, ranking: Ranking) {
        self.said.set(ranking.sentence());
        let of = (ranking, self.settings.get_untracked(), self.data.get_untracked());
        self.ranking.set(Some(Arc::new(of)));
    }

    /// The ranking, where it is of the present region, rules and files. Tracked.
    pub fn ranked(self) -> Option<Arc<(Ranking, RegionSettings, u64)>> {
        let (ranked, data) = (self.ranking.get()?, self.data.get());
        self.settings.with(|settings| {
            let same =
                RegionSettings { mass_correction: settings.mass_correction, ..ranked.1.clone() } == *settings;
            (same && ranked.2 == data).then_some(ranked)
        })
    }

    /// Another method answers.
    pub fn use_method(self, method: Method) {
        self.send(Kind::Weights, Request::UseMethod { method }, &[]);
    }

    pub fn shipped_weights(self) {
        self.machinery.update_value(|m| m.weights = None);
        self.train.recall.set(None);
        // The shipped weights of a region may be named by the next prediction alone.
        let _ = Remembered::Shipped.write();
        self.send(Kind::Weights, Request::ShippedWeights, &[]);
    }

    /// Name of the weights file that was opened last, unless the shipped weights were chosen since.
    pub fn weights_file(self) -> Option<String> {
        self.machinery.with_value(|m| m.weights.as_ref().map(File::name))
    }

    /// The weights that the next prediction will use. Tracked.
    pub fn prospect(self) -> Prospect {
        let window = self.settings.with(|s| s.window);
        self.weights.with(|w| Shipped::prospect(w, &window))
    }

    /// What to say of the map where it is not that of the present choices any more. Tracked.
    pub fn stale(self) -> Option<String> {
        let (map, weights) = (self.map.get()?, self.prospect());
        let (date, same_files) = (self.date.get(), self.data.get() == map.data);
        let changes = self
            .settings
            .with(|settings| map.report.changes(&Present { date, settings, weights: &weights, same_files }));
        map.report.stale(&changes)
    }

    /// State of the files that the prediction under way was asked for with.
    pub fn predicted(self) -> u64 {
        self.machinery.with_value(|m| m.predicted)
    }

    /// The date that the address asked for, once.
    pub fn take_linked(self) -> Option<Date> {
        let mut linked = None;
        self.machinery.update_value(|m| linked = m.linked.take());
        linked
    }

    /// Name of the place whose demo is open.
    pub fn demo_name(self) -> Option<String> {
        self.desk.with_untracked(|d| d.demo().map(place_name))
    }

    fn clear_map(self) {
        self.map.set(None);
        self.cursor.set(None);
        self.pinned.set(None);
        self.view.set(View::default());
    }

    pub fn fail(self, what: &str, why: &str, remedy: &str) {
        let what = if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") };
        self.notify(true, Failure { what, remedy: remedy.to_owned() });
    }

    pub fn warn(self, what: &str, why: &str) {
        self.notify(false, Failure { what: format!("{what}: {why}"), remedy: String::new() });
    }

    pub fn notify(self, error: bool, failure: Failure) {
        let mut number = 0;
        self.machinery.update_value(|m| {
            m.notices += 1;
            number = m.notices;
        });
        self.notices.update(|list| {
            list.retain(|n| n.failure != failure);
            list.push(Notice { number, error, failure });
        });
    }

    /// Whether anything shown is simulated.
    pub fn simulated(self) -> bool {
        self.timeline.with(|t| t.days.iter().any(|d| d.simulated))
    }
}
