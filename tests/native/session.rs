//! The worker's session, run natively with a recording host: demo, prediction, export, cancel, refusals.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use ease_grid::{Reason, Resolution};
use loam::protocol::{Attachment, Envelope, Event, ExportForm, FileTicket, MapReport, Request, wire};
use loam::session::{Helper, HelperMessage, Host, Session, Work};
use loam_core::device_report::DevicePreference;
use loam_core::file::{Correction, FineOrigin};
use loam_core::layer::LayerKind;
use loam_core::region_settings::RegionSettings;
use loam_nn::block_on;
use loam_nn::{MemoryStore, StoreError};
use smap_files::{BytesSource, SharedSource};

type Recorded = (u64, Event, Vec<Attachment>);
type CancelWhere = dyn Fn(&[Recorded]) -> bool;

#[derive(Default)]
pub(super) struct Recorder {
    pub(super) events: RefCell<Vec<Recorded>>,
    pub(super) sources: RefCell<Vec<SharedSource>>,
    /// Attached to every request that wants bytes.
    pub(super) weights: RefCell<Option<Vec<u8>>>,
    /// Cancels everything once this many events were seen.
    pub(super) cancel_after: Cell<Option<usize>>,
    /// Cancels everything while this holds of the events.
    cancel_where: RefCell<Option<Box<CancelWhere>>>,
    store: MemoryStore,
    private_window: Cell<bool>,
    /// Milliseconds; a second passes between two looks.
    clock: Cell<f64>,
    /// How often other messages were let in.
    pub(super) yields: Cell<usize>,
    /// Given out when helpers are asked for.
    pub(super) helpers: RefCell<Vec<Second>>,
    /// How many dates of a season had been made when helpers were asked for.
    pub(super) before_help: Cell<Option<usize>>,
}

/// A session beside the first, for a share of its work.
pub(super) struct Second {
    pub(super) host: Rc<Recorder>,
    pub(super) session: RefCell<Session<Rc<Recorder>>>,
    /// Requests that it still answers before it is lost.
    pub(super) lives: Cell<usize>,
    /// Dates it was asked for.
    pub(super) asked: Rc<Cell<usize>>,
}

impl Helper for Second {
    fn ask(&self, id: u64, request: Request, bytes: Option<&[u8]>) -> Result<(), String> {
        if self.lives.get() == 0 {
            return Ok(());
        }
        self.lives.set(self.lives.get() - 1);
        if matches!(request, Request::SeasonDate { .. }) {
            self.asked.set(self.asked.get() + 1);
        }
        if let Some(bytes) = bytes {
            self.host.weights.replace(Some(bytes.to_vec()));
        }
        // What crosses to the helper must survive the crossing.
        let Envelope { id, body } =
            wire::read(&wire::write(&Envelope { id, body: request }).unwrap()).unwrap();
        block_on(self.session.borrow_mut().handle(id, body));
        Ok(())
    }

    fn next_message(&self) -> Option<HelperMessage> {
        let mut events = self.host.events.borrow_mut();
        if events.is_empty() {
            return (self.lives.get() == 0).then(|| HelperMessage::Lost("a crash".into()));
        }
        let (id, body, attachments) = events.remove(0);
        Some(HelperMessage::Event(Box::new(Envelope { id, body }), attachments))
    }
}

impl Host for Recorder {
    type Store = MemoryStore;
    type Helper = Second;

    fn helpers(&self, at_most: usize) -> Vec<Second> {
        let made = self.events.borrow().iter().filter(|e| matches!(e.1, Event::SeasonDay(_))).count();
        self.before_help.set(Some(made));
        let mut helpers = self.helpers.borrow_mut();
        let given = helpers.len().min(at_most);
        helpers.drain(..given).collect()
    }
    async fn helper_answered(&self) {}

    fn emit(&self, id: u64, event: Event, attachments: Vec<Attachment>) {
        // What crosses to the page must survive the crossing.
        let Envelope { id, body: event } =
            wire::read(&wire::write(&Envelope { id, body: event }).unwrap()).unwrap();
        self.events.borrow_mut().push((id, event, attachments));
    }
    fn cancelled(&self, _: u64) -> bool {
        let events = self.events.borrow();
        self.cancel_after.get().is_some_and(|n| events.len() >= n)
            || self.cancel_where.borrow().as_ref().is_some_and(|holds| holds(&events))
    }
    async fn yield_now(&self) {
        self.yields.set(self.yields.get() + 1);
    }
    fn source(&self, _: u64, attachment: usize) -> Option<SharedSource> {
        self.sources.borrow().get(attachment).cloned()
    }
    fn bytes(&self, _: u64, _: usize) -> Option<Vec<u8>> {
        Some(self.weights.borrow().clone().unwrap_or_else(|| b"not weights".to_vec()))
    }
    async fn shipped_weights(&self, key: &str) -> Result<Vec<u8>, String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights");
        std::fs::read(format!("{path}/{key}.safetensors")).map_err(|e| e.to_string())
    }
    async fn coastline(&self) -> Result<Vec<u8>, String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/coastline.bin");
        std::fs::read(path).map_err(|e| e.to_string())
    }
    fn now_ms(&self) -> f64 {
        self.clock.set(self.clock.get() + 1000.0);
        self.clock.get()
    }
    fn wall_ms(&self) -> f64 {
        1.7e12 + self.events.borrow().len() as f64
    }
    async fn store(&self) -> Result<MemoryStore, StoreError> {
        if self.private_window.get() {
            return Err(StoreError::Unavailable { why: "a private window".into() });
        }
        Ok(self.store.clone())
    }
    async fn storage_left(&self) -> Option<u64> {
        None
    }
}

impl Recorder {
    pub(super) fn cancel_once(&self, holds: impl Fn(&[Recorded]) -> bool + 'static) {
        *self.cancel_where.borrow_mut() = Some(Box::new(holds));
    }

    pub(super) fn cancel_never(&self) {
        *self.cancel_where.borrow_mut() = None;
    }
}

pub(super) fn started() -> (Rc<Recorder>, Session<Rc<Recorder>>) {
    let host = Rc::new(Recorder::default());
    let mut session = Session::new(Rc::clone(&host));
    block_on(session.handle(1, Request::Start { preference: DevicePreference::Auto, adapter: None }));
    (host, session)
}

fn last_map(host: &Recorder) -> (MapReport, Vec<Attachment>) {
    let events = host.events.borrow();
    let found = events.iter().rev().find_map(|(_, event, attachments)| match event {
        Event::Map(map) => Some(((**map).clone(), attachments.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no map; the last event was {:?}", events.last()))
}

/// The page's first rules for a preset's window.
fn rules(window: ease_grid::EaseWindow) -> loam_core::region_settings::RegionSettings {
    loam_core::region_settings::RegionSettings {
        window,
        region: None,
        quality: Default::default(),
        history_cover: 0.1,
        history_disaggregated: true,
        mass_correction: false,
    }
}

/// A preset's window.
fn window_of(region: &str) -> ease_grid::EaseWindow {
    loam_core::stack::Preset::find(region).unwrap().region().unwrap().window()
}

/// The latest day of the time line that can be predicted and has a 3 km map of more than 30 % of the region.
fn latest_mapped_day(host: &Recorder) -> loam::protocol::DayReport {
    let timeline = host
        .events
        .borrow()
        .iter()
        .rev()
        .find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None })
        .unwrap();
    timeline
        .days
        .iter()
        .rev()
        .find(|d| d.blocked.is_none() && d.fine.is_some_and(|s| s > 0.3))
        .unwrap()
        .clone()
}

#[test]
fn the_demo_becomes_a_map_with_scores_and_a_geotiff() {
    let (host, mut session) = started();
    assert!(
        matches!(&host.events.borrow()[0].1, Event::Device(d) if !d.gpu && d.check.as_ref().is_some_and(|c| c.passed))
    );
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let day = latest_mapped_day(&host);
    assert_eq!(day.history.len(), 4);
    assert!(day.simulated && day.history.iter().all(|h| *h < day.date));

    let window = window_of("tucson");
    let settings =
        loam_core::region_settings::RegionSettings { region: Some("tucson".into()), ..rules(window) };
    block_on(session.handle(3, Request::Predict { date: day.date, settings }));
    let (map, attachments) = last_map(&host);
    assert!(map.simulated, "simulated is carried to the map");
    assert_eq!(window.resolution, Resolution::M03);
    let estimate = map.layers.iter().find(|l| l.kind == LayerKind::Estimate).unwrap();
    let Attachment::F32(values) = &attachments[estimate.values] else { panic!("values are float32") };
    let Attachment::U8(reasons) = &attachments[estimate.reasons] else { panic!("reasons are bytes") };
    assert_eq!((values.len(), reasons.len()), (10_000, 10_000));
    for (value, reason) in values.iter().zip(reasons) {
        assert_eq!(value.is_finite(), *reason == Reason::Valid as u8);
    }
    let [smen, bilinear] = [0, 1].map(|i| &map.scores[i]);
    assert_eq!((smen.name.as_str(), bilinear.name.as_str()), ("SMEN", "bilinear SMAP"));
    assert_eq!(smen.pixels, bilinear.pixels, "scores are over the same pixels");
    assert!(smen.pixels > 1000);

    block_on(session.handle(4, Request::Export { form: ExportForm::GeoTiff }));
    let events = host.events.borrow();
    let (name, bytes) = events
        .iter()
        .rev()
        .find_map(|(_, e, a)| match (e, a.first()) {
            (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) => {
                Some((name.clone(), bytes.clone()))
            }
            _ => None,
        })
        .unwrap();
    assert!(name.contains("SIMULATED") && name.ends_with(".tif"), "{name}");
    let granule = smap_files::open(Arc::new(BytesSource::new(name, bytes))).unwrap();
    assert!(granule.simulated, "the export says it is simulated");
    assert_eq!(granule.date, Some(day.date));
    let back = granule.read(0, &Default::default(), None).unwrap();
    assert_eq!(back.grid().ease_window(), Some(window));
    for (a, b) in back.values().iter().zip(values) {
        assert!(
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || !(0.0..=1.0).contains(b),
            "{a} {b}"
        );
    }
}

/// Every method of the registry that needs no weights makes a map of a date that has everything, scores it, and exports it under its name.
#[test]
fn methods_in_closed_form_answer_like_a_network() {
    use loam_core::closed_form::{ClosedForm, Needs};
    use loam_core::method::Method;
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let timeline = || {
        host.events
            .borrow()
            .iter()
            .rev()
            .find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None })
            .unwrap()
    };
    let settings = rules(window_of("tucson"));
    let seen = |share: Option<f32>| share.is_some_and(|s| s > 0.3);
    let product = |d: &&loam::protocol::DayReport| d.fine_origin == Some(FineOrigin::Product);
    let full = |d: &&loam::protocol::DayReport| {
        seen(d.coarse) && seen(d.fine) && seen(d.backscatter) && d.history.len() == 4
    };
    let date = timeline().days.iter().rev().filter(product).find(full).unwrap().date;
    let blocked = |t: &loam::protocol::Timeline| t.days.iter().filter(|d| d.blocked.is_some()).count();
    let by_history = blocked(&timeline());
    let mut bilinear = None;
    let first = timeline().days.iter().find(|d| seen(d.coarse) && d.history.is_empty()).unwrap().date;
    for (id, method) in (10..).step_by(10).zip(ClosedForm::ALL.iter().copied()) {
        block_on(session.handle(id, Request::UseMethod { method: Method::ClosedForm(method) }));
        block_on(session.handle(id + 1, Request::Timeline { settings: settings.clone() }));
        match method.about().needs {
            Needs::Coarse | Needs::Past => {
                assert!(blocked(&timeline()) < by_history, "{method:?} needs no history")
            }
            Needs::History => assert_eq!(blocked(&timeline()), by_history),
            Needs::Backscatter => assert!(blocked(&timeline()) > by_history),
        }
        block_on(session.handle(id + 2, Request::Predict { date, settings: settings.clone() }));
        let events = host.events.borrow();
        let failed = events.iter().find_map(|(n, e, _)| {
            if let (true, Event::Failed(f)) = (*n == id + 2, e) { Some(f.clone()) } else { None }
        });
        assert_eq!(failed, None, "{method:?}");
        drop(events);
        let (map, attachments) = last_map(&host);
        assert_eq!((map.weights.method(), map.weights.hash.as_str()), (Method::ClosedForm(method), ""));
        let score = map.scores.iter().find(|s| s.row == Some(loam_core::score::ScoreRow::Estimate)).unwrap();
        assert!(
            score.name == method.about().name && score.pixels > 1000 && score.urmse.unwrap() < 0.1,
            "{score:?}"
        );
        let layer = |kind| {
            let head = map.layers.iter().find(|l| l.kind == kind).unwrap();
            let Attachment::F32(values) = &attachments[head.values] else { panic!("values are float32") };
            values.clone()
        };
        let made_here = map.history.iter().any(|slot| slot.origin == Some(FineOrigin::Disaggregated));
        assert_eq!(
            map.sensitivity.is_some(),
            made_here || method == ClosedForm::Disaggregation,
            "{method:?}"
        );
        let mass = map.mass.unwrap();
        assert!(mass.cells > 10 && mass.rmse < 0.1, "{method:?}: {mass:?}");
        // The bilinear estimate is the bilinear layer; every other one is not.
        let (estimate, baseline) = (layer(LayerKind::Estimate), layer(LayerKind::Bilinear));
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert_eq!(estimate.iter().zip(&baseline).all(same), method == ClosedForm::Bilinear, "{method:?}");
        if method == ClosedForm::Bilinear {
            bilinear = score.urmse;
        }
        if method == ClosedForm::Regression {
            let half_width = layer(LayerKind::HalfWidth);
            let known = half_width.iter().filter(|v| v.is_finite());
            assert!(known.clone().count() > 1000 && known.clone().all(|v| (0.0..0.5).contains(v)));
            assert!(map.history.len() > 4, "every earlier map counts: {}", map.history.len());
            let day = timeline().days.into_iter().find(|d| d.date == date).unwrap();
            assert_eq!((day.earlier, day.history), (Some(map.history.len()), Vec::new()));
            assert!(map.interval.starts_with("90 % interval calibrated on "), "{}", map.interval);
        } else {
            assert!(timeline().days.iter().all(|d| d.earlier.is_none()) && map.interval.is_empty());
        }
        if method == ClosedForm::HistoryMean {
            assert!(score.urmse < bilinear, "the pattern of earlier maps helps: {score:?}");
        }
        let mut exported = |form| {
            block_on(session.handle(id + 3, Request::Export { form }));
            let events = host.events.borrow();
            let Some((_, Event::Exported { name, .. }, attachments)) =
                events.iter().rev().find(|(_, e, _)| matches!(e, Event::Exported { .. }))
            else {
                panic!("nothing was exported")
            };
            let [Attachment::U8(bytes)] = attachments.as_slice() else { panic!("one file") };
            (name.clone(), bytes.clone())
        };
        let (name, bytes) = exported(ExportForm::GeoTiff);
        assert!(name.contains("SIMULATED") && name.contains(method.about().key), "{name}");
        let (_, table) = exported(ExportForm::Csv);
        let table = String::from_utf8(table).unwrap();
        assert_eq!(table.contains(&format!("# interval: {}", map.interval)), !map.interval.is_empty());
        let rows: Vec<Vec<&str>> =
            table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(',').collect()).collect();
        let column = rows[0].iter().position(|name| *name == "half_width_90").unwrap();
        assert_eq!(rows[0][column - 1], "estimate_3km");
        // What is on the page is in the files, and is not taken for a map when they are opened again.
        let half_widths =
            map.layers.iter().find(|l| l.kind == LayerKind::HalfWidth).map(|head| &attachments[head.values]);
        let source = std::sync::Arc::new(smap_files::BytesSource::new(name, bytes));
        let granule = smap_files::geotiff::scan(source).unwrap();
        assert_eq!(granule.product, smap_files::Product::OwnMap);
        let roles: Vec<smap_files::Role> = granule.variables.iter().map(|v| v.role).collect();
        use smap_files::Role::{Other, SoilMoisture};
        match half_widths {
            Some(Attachment::F32(values)) => {
                assert_eq!(
                    (method, roles.as_slice()),
                    (ClosedForm::Regression, &[SoilMoisture, Other, Other][..])
                );
                assert_eq!(granule.variables[1].path, "half_width_90");
                let read = smap_files::geotiff::read(&granule, 1, &smap_files::ReadOptions::default(), None)
                    .unwrap();
                assert!(read.values().iter().zip(values).all(same));
                assert!(
                    rows[1..].iter().zip(values).all(|(row, v)| row[column].parse().ok() == Some(*v)
                        || row[column].is_empty() && v.is_nan())
                );
            }
            _ => {
                assert_eq!(roles, [SoilMoisture, Other]);
                assert!(rows[1..].iter().all(|row| row[column].is_empty()));
            }
        }
    }
    // A method that lives from history does not give SMAP back where there is none.
    block_on(session.handle(80, Request::UseMethod { method: Method::ClosedForm(ClosedForm::HistoryMean) }));
    block_on(session.handle(81, Request::Predict { date: first, settings: settings.clone() }));
    let refused = |e: &Event| matches!(e, Event::Failed(f) if f.what.contains("no date before") && f.what.contains("3 km"));
    assert!(host.events.borrow().iter().any(|(id, e, _)| *id == 81 && refused(e)));
    // It has no weights to export, and the network comes back with a click.
    block_on(session.handle(90, Request::Export { form: ExportForm::Weights }));
    assert!(
        host.events
            .borrow()
            .iter()
            .any(|(id, e, _)| *id == 90 && matches!(e, Event::Failed(f) if f.what.contains("no weights")))
    );
    block_on(session.handle(91, Request::UseMethod { method: Method::default() }));
    block_on(session.handle(92, Request::Predict { date, settings }));
    assert_eq!(last_map(&host).0.weights.method(), Method::default());
    // The network with those weights, for other programs: what `loam export-model` writes.
    block_on(session.handle(93, Request::Export { form: ExportForm::Onnx }));
    let events = host.events.borrow();
    let (name, bytes) = events
        .iter()
        .find_map(|(id, event, attachments)| match (event, attachments.first()) {
            (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) if *id == 93 => Some((name, bytes)),
            _ => None,
        })
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    let written =
        super::command_line::run(&["export-model", "--region", "tucson", "--out", file.to_str().unwrap()]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert_eq!(name, "loam_smen_tucson.onnx");
    assert_eq!(*bytes, std::fs::read(file).unwrap());
}

/// Loading weights of the TB CNN switches to it; its maps have their own units and files; SMEN stays beside it.
#[test]
fn the_tb_cnn_takes_over_with_its_weights_and_gives_way_again() {
    use loam_core::network::Network;
    use loam_nn::tb_cnn::TbCase;
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let all = window_of("tucson");
    let window = ease_grid::EaseWindow { columns: 27, rows: 25, first_column: all.first_column + 30, ..all };
    let settings = rules(window);
    block_on(session.handle(3, Request::Timeline { settings: settings.clone() }));
    let timeline = || {
        host.events
            .borrow()
            .iter()
            .rev()
            .find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None })
            .unwrap()
    };
    let full = |share: Option<f32>| share.is_some_and(|s| s > 0.5);
    // Early in the record, so that the simulator has not far to go; it has no history there, which the TB CNN does not need.
    let date = timeline().days.iter().find(|d| full(d.coarse) && full(d.fine)).unwrap().date;
    let failed = |id: u64| {
        let events = host.events.borrow();
        events.iter().find_map(|(n, e, _)| {
            if let (true, Event::Failed(f)) = (*n == id, e) { Some(f.clone()) } else { None }
        })
    };
    let weights = || {
        host.events
            .borrow()
            .iter()
            .rev()
            .find_map(|(_, e, _)| if let Event::Weights(w) = e { Some(w.clone()) } else { None })
    };

    block_on(session.handle(4, Request::UseMethod { method: Network::Tb(TbCase::SoilMoisture).into() }));
    assert!(weights().is_some_and(|w| w.hash.is_empty() && w.network != Network::Smen));
    block_on(session.handle(5, Request::Predict { date, settings: settings.clone() }));
    assert!(failed(5).is_some_and(|f| f.what.contains("no weights of the TB CNN")
        && f.remedy.contains("loam train --network tb-soil-moisture")));

    for (n, case) in [(10, TbCase::SoilMoisture), (20, TbCase::BrightnessTemperature)] {
        *host.weights.borrow_mut() = Some(loam_nn::tb_cnn::first_weights(case, 1).to_bytes());
        block_on(session.handle(n, Request::LoadWeights { name: "own.safetensors".into() }));
        assert_eq!(weights().unwrap().network, Network::Tb(case));
        block_on(session.handle(n + 1, Request::Timeline { settings: settings.clone() }));
        assert!(
            timeline().days.iter().any(|d| d.date == date && d.blocked.is_none() && d.history.is_empty())
        );
        block_on(session.handle(n + 2, Request::Predict { date, settings: settings.clone() }));
        assert_eq!(failed(n + 2), None);
        let (map, attachments) = last_map(&host);
        assert!(map.simulated && map.weights.network == Network::Tb(case));
        let kinds: Vec<LayerKind> = map.layers.iter().map(|l| l.kind).collect();
        let (unit, range, outputs) = match case {
            TbCase::SoilMoisture => ("m3/m3", -2.0..2.0, 1),
            TbCase::BrightnessTemperature => ("K", 150.0..350.0, 2),
        };
        let second = map.layers.iter().any(|l| l.kind == LayerKind::Estimate && l.channel == 1);
        assert_eq!(second, case == TbCase::BrightnessTemperature, "{kinds:?}");
        assert_eq!(kinds.contains(&LayerKind::SurfaceTemperature), case == TbCase::SoilMoisture, "{kinds:?}");
        for layer in &map.layers {
            let Attachment::F32(values) = &attachments[layer.values] else { panic!("values are float32") };
            assert_eq!(values.len(), window.len(), "{:?} is drawn on the region's 3 km cells", layer.kind);
            if layer.kind == LayerKind::Estimate {
                assert!(values.iter().filter(|v| v.is_finite()).all(|v| range.contains(v)), "{case:?}");
            }
        }
        assert_eq!(map.scores.len(), 3 * outputs);
        assert!(
            map.scores
                .chunks(3)
                .all(|s| s[0].pixels > 50 && s[0].pixels == s[1].pixels && s[1].name.starts_with("bilinear"))
        );
        let before = host.events.borrow().len();
        block_on(session.handle(n + 3, Request::Export { form: ExportForm::GeoTiff }));
        let events = host.events.borrow();
        let files: Vec<_> = events[before..]
            .iter()
            .filter_map(|(_, e, a)| match (e, a.first()) {
                (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) => {
                    Some((name.clone(), bytes.clone()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(files.len(), outputs);
        for (name, bytes) in files {
            assert!(name.contains("SIMULATED") && name.contains("tbcnn"), "{name}");
            let granule = smap_files::open(Arc::new(BytesSource::new(name, bytes))).unwrap();
            assert_eq!(granule.variables[0].units.as_deref(), Some(unit));
            let resolution = if outputs == 2 { Resolution::M09 } else { Resolution::M03 };
            assert_eq!(granule.variables[0].resolution, Some(resolution));
        }
    }
    block_on(session.handle(30, Request::UseMethod { method: Network::Smen.into() }));
    assert_eq!(weights().unwrap().network, Network::Smen);
    block_on(session.handle(31, Request::Predict { date, settings }));
    let answered = failed(31).is_some_and(|f| f.what.contains("so SMEN has nothing"))
        || last_map(&host).0.weights.network == Network::Smen;
    assert!(answered, "SMEN answers again, or misses its history");
}

#[test]
fn a_cancelled_demo_leaves_what_was_open() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "geneva".into() }));
    host.cancel_after.set(Some(host.events.borrow().len() + 3));
    block_on(session.handle(3, Request::Demo { region: "tucson".into() }));
    assert!(matches!(host.events.borrow().last(), Some((3, Event::Cancelled, _))));
    host.cancel_after.set(None);
    host.events.borrow_mut().clear();
    let window = window_of("geneva");
    let settings = rules(window);
    block_on(session.handle(4, Request::Timeline { settings }));
    let events = host.events.borrow();
    assert!(
        events
            .iter()
            .any(|(_, e, _)| matches!(e, Event::Timeline(t) if t.days.iter().any(|d| d.blocked.is_none())))
    );
}

#[test]
fn refused_files_stay_listed_and_cost_nothing_else() {
    let (host, mut session) = started();
    block_on(session.handle(1, Request::Timeline { settings: rules(window_of("tucson")) }));
    let files: [(&str, &[u8]); 3] = [
        ("SMAP_L3_SM_P_20180616_R16010_001.h5", b"<!DOCTYPE html><html><head><title>Earthdata Login</title>"),
        ("S1.tif", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"),
        ("empty.h5", b""),
    ];
    *host.sources.borrow_mut() =
        files.iter().map(|(n, b)| Arc::new(BytesSource::new(*n, b.to_vec())) as SharedSource).collect();
    let tickets = files
        .iter()
        .zip(1u32..)
        .map(|((n, b), id)| FileTicket {
            id,
            name: (*n).into(),
            bytes: b.len() as u64,
            correction: Correction::default(),
            member: None,
        })
        .collect();
    block_on(session.handle(2, Request::Open { tickets }));
    assert!(
        last_timeline(&host).days.is_empty(),
        "the date in a refused file's name is no date that has data"
    );
    let events = host.events.borrow();
    let refused: Vec<String> = events
        .iter()
        .filter_map(|(_, e, _)| if let Event::FileRead(f) = e { f.refused.clone() } else { None })
        .collect();
    assert_eq!(refused.len(), 3, "{events:?}");
    assert!(
        refused[0].contains("HTML") && refused[1].contains("Git LFS") && refused[2].contains("empty"),
        "{refused:?}"
    );
    assert!(matches!(events.last(), Some((2, Event::Finished, _))));
}

/// The synthetic granules of tests/fixtures, opened.
fn open_granules(host: &Recorder, session: &mut Session<Rc<Recorder>>, id: u64) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "h5"));
    paths.sort();
    let names = paths.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned());
    let tickets = names
        .clone()
        .zip(1..)
        .map(|(name, id)| FileTicket { id, name, bytes: 1, correction: Correction::default(), member: None })
        .collect();
    let sources = names
        .zip(&paths)
        .map(|(n, p)| Arc::new(BytesSource::new(n, std::fs::read(p).unwrap())) as SharedSource);
    *host.sources.borrow_mut() = sources.collect();
    block_on(session.handle(id, Request::Open { tickets }));
}

/// Bytes that count how often they are read.
struct Counting(BytesSource, std::sync::atomic::AtomicUsize);

impl smap_files::Source for Counting {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn needs_cache(&self) -> bool {
        false
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.read_at(offset, buffer)
    }
}

/// A list of thousands is not read again for one of them.
#[test]
fn what_happens_to_one_file_leaves_the_others_unread() {
    let (host, mut session) = started();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures");
    let names = ["20200602", "20200603", "20200604"].map(|day| format!("SMAP_L3_SM_P_{day}_R18290_001.h5"));
    let counted = names.clone().map(|name| {
        let bytes = BytesSource::new(name.clone(), std::fs::read(folder.join(name)).unwrap());
        Arc::new(Counting(bytes, Default::default()))
    });
    *host.sources.borrow_mut() = counted.iter().map(|c| Arc::clone(c) as SharedSource).collect();
    let reads = || counted.each_ref().map(|c| c.1.load(std::sync::atomic::Ordering::Relaxed));
    let window = loam_core::stack::Region::around(-97.5, 35.0, 24, 24).unwrap().window();
    block_on(session.handle(2, Request::Timeline { settings: rules(window) }));
    let tickets = (1..).zip(names).map(|(id, name)| FileTicket {
        id,
        name,
        bytes: 1,
        correction: Correction::default(),
        member: None,
    });
    block_on(session.handle(3, Request::Open { tickets: tickets.collect() }));
    assert_eq!(last_timeline(&host).days.len(), 3);
    let opened = reads();
    block_on(session.handle(4, Request::Forget { file: 2 }));
    assert_eq!(reads(), opened, "the others were not read again");
    assert_eq!(last_timeline(&host).days.len(), 2);
    let correction = Correction { date: Some(jiff::civil::date(2020, 6, 9)), ..Correction::default() };
    block_on(session.handle(5, Request::Correct { file: 1, correction }));
    let days: Vec<_> = last_timeline(&host).days.iter().map(|d| d.date.to_string()).collect();
    assert_eq!(days, ["2020-06-04", "2020-06-09"]);
    assert!(reads()[0] > opened[0] && reads()[1..] == opened[1..]);
}

/// Granules take tens of milliseconds a day: other messages are let in between two of them, not every eighth.
#[test]
fn reading_granules_lets_other_messages_in_after_each_day() {
    let (host, mut session) = started();
    open_granules(&host, &mut session, 2);
    let window = loam_core::stack::Region::around(-97.5, 35.0, 24, 24).unwrap().window();
    let before = host.yields.get();
    block_on(session.handle(3, Request::Timeline { settings: rules(window) }));
    let (days, yields) = (last_timeline(&host).days.len(), host.yields.get() - before);
    assert!(days > 4 && yields >= days, "{yields} times in {days} days");
}

fn last_timeline(host: &Recorder) -> loam::protocol::Timeline {
    let events = host.events.borrow();
    events
        .iter()
        .rev()
        .find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None })
        .unwrap()
}

/// What the page does when own files come while a demo is shown, and when the demo comes back.
#[test]
fn files_after_a_demo_have_nothing_of_it_and_the_demo_comes_back() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "oklahoma-city".into() }));
    let demo = last_timeline(&host);
    assert!(demo.days.iter().all(|d| d.simulated));
    block_on(session.handle(3, Request::ForgetAll));
    open_granules(&host, &mut session, 4);
    let files = last_timeline(&host);
    assert!(
        files
            .days
            .iter()
            .all(|d| !d.simulated && d.history.iter().all(|h| files.days.iter().any(|f| f.date == *h)))
    );
    // The later 2023-12-04 was seen by less than half.
    assert_eq!(files.proposal(), Some(jiff::civil::date(2020, 9, 16)));
    block_on(session.handle(5, Request::Demo { region: "oklahoma-city".into() }));
    let again = last_timeline(&host);
    assert_eq!(again.days.len(), demo.days.len());
    assert_eq!(again.proposal(), demo.proposal());
}

/// The demo of Geneva opened on a date of which SMAP saw 3 %.
#[test]
fn a_demo_opens_on_a_date_that_was_seen_and_mapped() {
    let (host, mut session) = started();
    for (id, preset) in (2..).zip(loam_core::stack::PRESETS) {
        block_on(session.handle(id, Request::Demo { region: preset.key.into() }));
        let timeline = last_timeline(&host);
        let day = timeline.days.iter().find(|d| Some(d.date) == timeline.proposal()).unwrap();
        println!("{}: {} with SMAP {:?}, 3 km {:?}", preset.name, day.date, day.coarse, day.fine);
        assert!(day.coarse.unwrap() >= 0.5 && day.fine.unwrap() >= 0.25 && day.history.len() == 4, "{day:?}");
    }
}

/// Every method is scored on the newest dates; the best answers from then on, with an interval that earlier dates set.
#[test]
fn the_best_method_on_the_newest_dates_answers() {
    use loam_core::method::Method;
    use loam_core::network::Network;
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let settings = rules(window_of("tucson"));
    block_on(session.handle(3, Request::Rank { settings: settings.clone() }));
    let ranking = {
        let events = host.events.borrow();
        let found = events.iter().find_map(|(_, e, _)| {
            if let Event::Ranking { whole, .. } = e { Some(whole.open()) } else { None }
        });
        found.unwrap().unwrap()
    };
    assert!(ranking.dates.len() >= 10 && ranking.pixels > 10_000 && ranking.simulated, "{ranking:?}");
    assert!(ranking.left_out.is_empty(), "{:?}", ranking.left_out);
    let place = |method: Method| ranking.rows.iter().position(|row| row.method == method).unwrap();
    let keys: Vec<&str> = ranking.rows.iter().map(|row| row.method.key()).collect();
    assert_eq!(place(Network::Rcn.into()), 0, "{keys:?}");
    for method in [Method::find("regression").unwrap(), Network::Smen.into()] {
        assert!(place(method) < place(Method::find("bilinear").unwrap()), "{keys:?}");
    }
    assert_eq!(ranking.best, Network::Rcn.into());
    assert!(ranking.rows[0].over_bilinear.unwrap().low > 0.0);
    let date = *ranking.dates.last().unwrap();
    block_on(session.handle(4, Request::Predict { date, settings }));
    let (map, attachments) = last_map(&host);
    assert_eq!((map.weights.network, map.weights.name.as_str()), (Network::Rcn, "RCN (shipped)"));
    assert!(
        map.history.len() > 40 && !map.warnings.iter().any(|w| w.contains("Too few")),
        "{:?}",
        map.warnings
    );
    let head = map.layers.iter().find(|l| l.kind == LayerKind::HalfWidth).unwrap();
    let Attachment::F32(half) = &attachments[head.values] else { panic!("values are float32") };
    assert!(half.iter().filter(|v| v.is_finite()).all(|v| (0.005..0.3).contains(v)));
}

/// Weights that are shipped say so, with the key of their region; loaded ones do not.
#[test]
fn a_map_names_the_key_of_shipped_weights_and_the_origin_of_its_reference() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let day = latest_mapped_day(&host);
    let settings = rules(window_of("tucson"));
    block_on(session.handle(3, Request::Predict { date: day.date, settings: settings.clone() }));
    let (map, _) = last_map(&host);
    assert_eq!((map.weights.shipped.as_deref(), map.reference), (Some("tucson"), day.fine_origin));
    *host.weights.borrow_mut() = Some(std::fs::read("public/weights/geneva.safetensors").unwrap());
    block_on(session.handle(4, Request::LoadWeights { name: "mine.safetensors".into() }));
    block_on(session.handle(5, Request::Predict { date: day.date, settings }));
    assert_eq!(last_map(&host).0.weights.shipped, None);
}

#[test]
fn weights_that_are_none_are_refused_and_the_shipped_ones_stay() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::LoadWeights { name: "x.safetensors".into() }));
    assert!(
        matches!(host.events.borrow().last(), Some((2, Event::Failed(f), _)) if f.what.contains("weights"))
    );
}

/// Shifted to SMAP's means, the blocks agree with it, the map and its provenance say so, and the scores name both estimates.
#[test]
fn blocks_are_shifted_to_the_means_of_smap_where_that_is_asked_for() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let day = latest_mapped_day(&host).date;
    let window = window_of("tucson");
    let mut map = |id, mass_correction| {
        let settings = loam_core::region_settings::RegionSettings {
            region: Some("tucson".into()),
            mass_correction,
            ..rules(window)
        };
        block_on(session.handle(id, Request::Predict { date: day, settings }));
        last_map(&host).0
    };
    let (plain, shifted) = (map(3, false), map(4, true));
    let (before, after) = (plain.mass.unwrap(), shifted.mass.unwrap());
    assert!(before.cells > 30 && before.cells == after.cells, "{before:?} {after:?}");
    assert!(before.rmse > 0.005 && after.rmse < 1e-5 && after.bias.abs() < 1e-5, "{before:?} {after:?}");
    let names = |map: &MapReport| map.scores.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&plain)[0], "SMEN");
    assert_eq!(names(&shifted)[..2], ["SMEN, blocks shifted to SMAP's mean", "SMEN"]);
    // The estimate as it was keeps its score.
    assert_eq!(plain.scores[0].urmse, shifted.scores[1].urmse);
    assert!(plain.scores[0].urmse != shifted.scores[0].urmse);
    assert!(shifted.warnings.iter().any(|w| w.contains("shifted to SMAP's mean")), "{:?}", shifted.warnings);
    block_on(session.handle(5, Request::Export { form: ExportForm::Csv }));
    let events = host.events.borrow();
    let text = events.iter().rev().find_map(|(id, _, parts)| match parts.first() {
        Some(Attachment::U8(bytes)) if *id == 5 => Some(String::from_utf8(bytes.clone()).unwrap()),
        _ => None,
    });
    assert!(text.unwrap().contains("SMEN, blocks shifted to SMAP's mean"));
}

/// Maps made from backscatter serve as history by default, beside those of products; where they are not wanted older products take their place.
#[test]
fn history_is_of_products_alone_where_that_is_asked_for() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "oklahoma-city".into() }));
    let timeline = host
        .events
        .borrow()
        .iter()
        .find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None })
        .unwrap();
    let made = |date: &jiff::civil::Date| {
        timeline.days.iter().any(|d| d.date == *date && d.fine_origin == Some(FineOrigin::Disaggregated))
    };
    let day = timeline
        .days
        .iter()
        .rev()
        .find(|d| d.blocked.is_none() && !made(&d.date) && d.history.iter().any(made))
        .unwrap();
    let window = window_of("oklahoma-city");
    let mut map = |id, history_disaggregated| {
        block_on(session.handle(
            id,
            Request::Predict {
                date: day.date,
                settings: RegionSettings { history_disaggregated, ..rules(window) },
            },
        ));
        block_on(session.handle(id + 10, Request::Export { form: ExportForm::Csv }));
        let exported = host.events.borrow().iter().rev().find_map(|(_, e, a)| match (e, a.first()) {
            (Event::Exported { .. }, Some(Attachment::U8(bytes))) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        });
        (last_map(&host).0, exported.unwrap())
    };
    let ((mixed, mixed_text), (products, products_text)) = (map(3, true), map(4, false));
    let origins = |map: &MapReport| map.history.iter().map(|h| h.origin).collect::<Vec<_>>();
    assert!(origins(&mixed).contains(&Some(FineOrigin::Disaggregated)), "{:?}", mixed.history);
    assert_eq!(origins(&products), [Some(FineOrigin::Product); 4]);
    let oldest = |map: &MapReport| map.history.iter().filter_map(|h| h.date).min();
    assert!(oldest(&products) < oldest(&mixed), "{:?} {:?}", products.history, mixed.history);
    assert!(
        mixed.sensitivity.is_some() && products.sensitivity.is_none(),
        "a map that was not used is spoken of"
    );
    let says = |text: &str| text.lines().any(|line| line.contains("history_disaggregated_here"));
    assert!(says(&mixed_text) && !says(&products_text), "{products_text}");
}

/// Inputs beside the range of the training are warned of with numbers; weights that do not say their range are not, and the map says so.
#[test]
fn a_prediction_says_how_its_inputs_lie_to_those_of_the_training() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let mut id = 2;
    let mut map = |metadata: &[(&str, &str)]| {
        let mut weights = loam_nn::Weights::init(loam_nn::Inputs::Spatiotemporal, 1);
        weights.metadata.extend(metadata.iter().map(|(key, value)| (key.to_string(), value.to_string())));
        *host.weights.borrow_mut() = Some(weights.to_bytes());
        id += 2;
        block_on(session.handle(id, Request::LoadWeights { name: "w.safetensors".into() }));
        let window = window_of("tucson");
        let settings =
            loam_core::region_settings::RegionSettings { region: Some("tucson".into()), ..rules(window) };
        block_on(session.handle(id + 1, Request::Predict { date: jiff::civil::date(2018, 6, 15), settings }));
        last_map(&host).0
    };
    let warned = |map: &MapReport| map.warnings.iter().any(|w| w.contains("the range of the training"));
    let silent = map(&[]);
    assert!(silent.applicability.starts_with("unknown") && !warned(&silent), "{silent:?}");
    let wide = map(&[("range_i", "0 1"), ("range_d", "-1 1")]);
    let words = "0 % of SMAP's values lie outside 0.00 to 1.00 m3/m3 and 0 % of the history's residuals lie outside -1.00 to 1.00 m3/m3, \
                 the range of the training";
    assert_eq!(wide.applicability, words);
    assert!(!warned(&wide));
    let wet = map(&[("range_i", "0.4 0.5"), ("range_d", "-1 1")]);
    assert!(
        warned(&wet) && wet.applicability.starts_with("100 % of SMAP's values lie outside 0.40 to 0.50"),
        "{wet:?}"
    );
    assert!(
        wet.warnings.iter().any(|w| w.starts_with("100 %") && !w.contains("residuals")),
        "{:?}",
        wet.warnings
    );
    block_on(session.handle(90, Request::Export { form: ExportForm::Csv }));
    let events = host.events.borrow();
    let csv = events.iter().find_map(|(_, e, a)| match (e, a.first()) {
        (Event::Exported { .. }, Some(Attachment::U8(bytes))) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        _ => None,
    });
    assert!(csv.unwrap().contains("training_range"), "exports carry it");
}

#[test]
fn export_before_any_map_says_what_to_do() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Export { form: ExportForm::Csv }));
    assert!(
        matches!(host.events.borrow().last(), Some((2, Event::Failed(f), _)) if f.remedy.contains("Predict"))
    );
}

mod training {
    use loam::protocol::TrainStarted;
    use loam_core::network::{Inputs, Network, TbCase};
    use loam_core::region_settings::RegionSettings;
    use loam_core::score::ScoreRow;
    use loam_core::training::{DateRole, RunReport, Start, TrainEnd, TrainPlan, TrainResult, TrainSettings};
    use loam_nn::Weights;

    use super::*;

    /// A corner of the Tucson demo, small enough to train in a test.
    fn settings() -> RegionSettings {
        let mut window = super::window_of("tucson");
        (window.columns, window.rows) = (24, 20);
        (window.first_column, window.first_row) = (window.first_column + 38, window.first_row + 40);
        super::rules(window)
    }

    fn quick() -> TrainSettings {
        TrainSettings {
            epochs: 2,
            batch: 8,
            learning_rate: 1e-3,
            checkpoint_steps: 2,
            patience: 0,
            ..TrainSettings::fine_tune()
        }
    }

    fn demo() -> (Rc<Recorder>, Session<Rc<Recorder>>) {
        let (host, mut session) = started();
        block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
        (host, session)
    }

    fn last(host: &Recorder) -> Event {
        host.events.borrow().last().unwrap().1.clone()
    }

    fn of<T>(host: &Recorder, id: u64, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        host.events
            .borrow()
            .iter()
            .filter(|(event_id, ..)| *event_id == id)
            .filter_map(|(_, event, _)| pick(event))
            .collect()
    }

    fn of_any<T>(host: &Recorder, pick: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        host.events.borrow().iter().filter_map(|(_, event, _)| pick(event)).collect()
    }

    fn finish(session: &mut Session<Rc<Recorder>>, id: u64) {
        loop {
            match block_on(session.work()) {
                Work::Goes => {}
                Work::Over(over) => break assert_eq!(over, id),
                Work::Idle => panic!("idle"),
            }
        }
    }

    fn done(host: &Recorder, id: u64) -> RunReport {
        of(host, id, |e| if let Event::TrainDone(run) = e { Some((**run).clone()) } else { None }).remove(0)
    }

    /// Hash of the weights in use, as the page last heard of them.
    fn in_use(host: &Recorder) -> String {
        of_any(host, |e| if let Event::Weights(w) = e { Some(w.hash.clone()) } else { None })
            .pop()
            .unwrap_or_default()
    }

    /// Trains to the end.
    fn train(
        host: &Recorder,
        session: &mut Session<Rc<Recorder>>,
        id: u64,
        train: TrainSettings,
    ) -> (RunReport, TrainResult) {
        block_on(session.handle(id, Request::Train { train, settings: settings() }));
        finish(session, id);
        let run = done(host, id);
        (run.clone(), run.result.unwrap())
    }

    /// Weights that were never trained, as a user's own.
    fn load_first_weights(host: &Recorder, session: &mut Session<Rc<Recorder>>, id: u64) -> String {
        *host.weights.borrow_mut() = Some(Weights::init(Inputs::Spatiotemporal, 3).to_bytes());
        block_on(session.handle(id, Request::LoadWeights { name: "first.safetensors".into() }));
        in_use(host)
    }

    fn losses(host: &Recorder, id: u64) -> Vec<f64> {
        of(host, id, |e| if let Event::TrainStep(step) = e { Some(step.loss) } else { None })
    }

    #[test]
    fn a_plan_splits_by_time_and_a_run_ends_with_scores_and_a_sentence() {
        let (host, mut session) = demo();
        block_on(session.handle(3, Request::TrainPlan { train: quick(), settings: settings() }));
        let plan: TrainPlan =
            of(&host, 3, |e| if let Event::TrainPlan(plan) = e { Some(plan.clone()) } else { None })
                .remove(0);
        let [train, validate, test, gap] =
            [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap].map(|role| plan.of(role));
        assert!(train.len() > 20 && validate.len() > 5 && test.len() > 5 && gap.len() >= 3, "{plan:?}");
        assert!(
            train.last() < gap.first() && gap.last() < validate.first() && validate.last() < test.first()
        );

        block_on(session.handle(4, Request::Train { train: quick(), settings: settings() }));
        let estimate =
            of(&host, 4, |e| if let Event::TrainEstimate(e) = e { Some((**e).clone()) } else { None })
                .remove(0);
        assert_eq!(estimate.steps_per_epoch, train.len().div_ceil(8));
        assert!(session.training_id() == Some(4));
        // Another request between two steps.
        assert_eq!(block_on(session.work()), Work::Goes);
        block_on(session.handle(5, Request::Predict { date: *test.last().unwrap(), settings: settings() }));
        assert!(matches!(last(&host), Event::Finished));
        finish(&mut session, 4);
        assert!(matches!(last(&host), Event::Finished));
        let run = done(&host, 4);
        let result = run.result.unwrap();
        assert_eq!((result.end, result.epochs, result.dates), (TrainEnd::Finished, 2, test.len()));
        assert_eq!(result.images, [train.len(), validate.len(), test.len(), gap.len()]);
        assert!(run.simulated && result.sentence.contains("bilinear SMAP"), "{}", result.sentence);
        let names: Vec<&str> = result.scores.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["SMEN", "SMEN before training", "bilinear SMAP"]);
        assert!(
            result.scores.iter().all(|s| s.pixels == result.scores[0].pixels && s.pixels > 0),
            "on the same pixels"
        );
        assert_eq!(losses(&host, 4).len(), 2 * train.len().div_ceil(8));

        // The better weights are in use, whichever they are; keeping and reverting are one request each.
        let choice = result.choice.clone().unwrap();
        assert_eq!(in_use(&host), if choice.trained { &result.hash } else { &run.from.hash }.clone());
        block_on(session.handle(12, Request::KeepTrained { keep: true }));
        block_on(session.handle(6, Request::Predict { date: *test.last().unwrap(), settings: settings() }));
        let (map, _) = last_map(&host);
        assert_eq!(map.weights.hash, result.hash);
        assert!(
            map.layers.iter().any(|l| l.kind == LayerKind::Before)
                && map.layers.iter().any(|l| l.kind == LayerKind::Change)
        );
        assert!(map.weights.trained_on.contains("simulated"));
        block_on(session.handle(7, Request::KeepTrained { keep: false }));
        block_on(session.handle(8, Request::Predict { date: *test.last().unwrap(), settings: settings() }));
        let (map, _) = last_map(&host);
        assert_eq!(map.weights.hash, run.from.hash);
        assert!(map.layers.iter().all(|l| l.kind != LayerKind::Before));
        // The table, and the run's weights again from storage.
        block_on(session.handle(9, Request::Runs));
        let runs =
            of(
                &host,
                9,
                |e| if let Event::Runs { runs, unsaved: None } = e { Some(runs.clone()) } else { None },
            )
            .remove(0);
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].result.as_ref().unwrap().hash, result.hash);
        assert!(
            host.store
                .files
                .borrow()
                .keys()
                .all(|path| !path.contains("image-") && !path.ends_with("checkpoint"))
        );
        block_on(session.handle(10, Request::UseRun { run: run.run.clone() }));
        let used = of(&host, 10, |e| if let Event::Weights(w) = e { Some(w.hash.clone()) } else { None });
        assert_eq!(used, [result.hash]);
        block_on(session.handle(11, Request::ForgetRun { run: run.run }));
        assert!(host.store.files.borrow().is_empty());
    }

    #[test]
    fn the_better_weights_on_the_test_dates_are_in_use_after_a_run() {
        let (host, mut session) = demo();
        // Far too fast: worse than the shipped weights it started from, which stay in use.
        let (run, result) =
            train(&host, &mut session, 4, TrainSettings { epochs: 1, learning_rate: 0.2, ..quick() });
        let [after, before] = [ScoreRow::Estimate, ScoreRow::Before].map(|row| result.urmse(row).unwrap());
        let choice = result.choice.unwrap();
        assert!(after > before && !choice.trained, "{after} {before}");
        assert_eq!(in_use(&host), run.from.hash);
        let numbers = format!(
            "Their uRMSE on the test dates is {before:.4} m3/m3, that of the trained ones {after:.4}."
        );
        assert!(
            choice.sentence.starts_with("Chosen for use: the weights from before the run. ")
                && choice.sentence.contains(&numbers),
            "{choice:?}"
        );
        // What the page may ask for stands on both sides.
        block_on(session.handle(5, Request::KeepTrained { keep: true }));
        assert_eq!(in_use(&host), result.hash);

        // From weights that were never trained: better, so the trained ones are in use.
        let first = load_first_weights(&host, &mut session, 6);
        let (run, result) = train(&host, &mut session, 7, quick());
        assert!(
            run.from.hash == first
                && result.choice.is_some_and(
                    |c| c.trained && c.sentence.starts_with("Chosen for use: the trained weights. ")
                )
        );
        assert_eq!(in_use(&host), result.hash);
        // The choice is kept with the run.
        block_on(session.handle(8, Request::Runs));
        let runs = of(&host, 8, |e| if let Event::Runs { runs, .. } = e { Some(runs.clone()) } else { None })
            .remove(0);
        let kept: Vec<_> =
            runs.iter().map(|r| r.result.as_ref().unwrap().choice.as_ref().unwrap().trained).collect();
        assert_eq!(kept.iter().filter(|trained| **trained).count(), 1, "{kept:?}");
    }

    #[test]
    fn a_run_from_scratch_is_compared_with_what_was_in_use() {
        let (host, mut session) = demo();
        let scratch = TrainSettings { start: Start::Scratch, frozen: Vec::new(), ..quick() };
        // The shipped weights are in use without a word, until something else is.
        let (_, result) = train(&host, &mut session, 4, scratch.clone());
        let names: Vec<&str> = result.scores.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["SMEN", "SMEN before training", "SMEN in use before the run", "bilinear SMAP"]);
        let [after, shipped] = [ScoreRow::Estimate, ScoreRow::InUse].map(|row| result.urmse(row).unwrap());
        let choice = result.choice.unwrap();
        assert!(
            shipped < after
                && !choice.trained
                && choice.sentence.contains(&format!("is {shipped:.4} m3/m3, that of the trained ones")),
            "{choice:?}"
        );
        assert!(
            of_any(&host, |e| if let Event::Weights(w) = e { Some(w.name.clone()) } else { None })
                .pop()
                .unwrap()
                .contains("shipped")
        );

        // The same run again beside its own weights: equal, so nothing changes.
        block_on(session.handle(5, Request::KeepTrained { keep: true }));
        let (_, again) = train(&host, &mut session, 6, scratch.clone());
        assert_eq!(
            (again.hash.as_str(), again.urmse(ScoreRow::InUse)),
            (result.hash.as_str(), again.urmse(ScoreRow::Estimate))
        );
        assert!(
            again.choice.is_some_and(|c| !c.trained && c.sentence.contains("The trained ones are no better"))
        );

        // Beside weights that were never trained it wins.
        load_first_weights(&host, &mut session, 7);
        let (_, better) = train(&host, &mut session, 8, scratch);
        assert!(better.choice.is_some_and(|c| c.trained));
        assert_eq!(in_use(&host), result.hash);
    }

    #[test]
    fn a_killed_run_goes_on_with_the_same_losses() {
        let (host, mut session) = demo();
        block_on(session.handle(4, Request::Train { train: quick(), settings: settings() }));
        finish(&mut session, 4);
        let (whole, result) = (losses(&host, 4), done(&host, 4).result.unwrap());
        // The same again, from a session of its own: the first one has its trained weights in use by now.
        let (host, mut session) = demo();
        block_on(session.handle(5, Request::Train { train: quick(), settings: settings() }));
        for _ in 0..7 {
            assert_eq!(block_on(session.work()), Work::Goes);
        }
        let store = host.store.clone();
        let run = of(&host, 5, |e| if let Event::TrainStarted(s) = e { Some(s.run.clone()) } else { None })
            .remove(0);
        drop(session); // The worker is gone, and its lock with it; no files are open any more.

        let fresh = Rc::new(Recorder { store, ..Recorder::default() });
        let mut session = Session::new(Rc::clone(&fresh));
        block_on(session.handle(1, Request::Start { preference: DevicePreference::Auto, adapter: None }));
        block_on(session.handle(2, Request::Runs));
        let runs =
            of(&fresh, 2, |e| if let Event::Runs { runs, .. } = e { Some(runs.clone()) } else { None })
                .remove(0);
        let unfinished: Vec<_> = runs.iter().filter(|r| r.result.is_none()).collect();
        assert_eq!((unfinished.len(), unfinished[0].run == run, unfinished[0].in_use), (1, true, false));
        block_on(session.handle(3, Request::ResumeRun { run: run.clone() }));
        let started: TrainStarted =
            of(&fresh, 3, |e| if let Event::TrainStarted(s) = e { Some((**s).clone()) } else { None })
                .remove(0);
        assert!(started.resumed && started.losses.len() >= 4, "{:?}", started.losses);
        finish(&mut session, 3);
        assert_eq!([started.losses, losses(&fresh, 3)].concat(), whole);
        let resumed = done(&fresh, 3).result.unwrap();
        assert_eq!(resumed.hash, result.hash);
        // Seconds of training continue where the checkpoint left them (a resumed run begins with one event more).
        let more = resumed.seconds - result.seconds;
        assert!(
            result.seconds > 10.0 && (0.0..=2.0).contains(&more),
            "{} {}",
            resumed.seconds,
            result.seconds
        );
    }

    /// The TB CNN's case 2 on 9 x 9 cells of the same corner.
    #[test]
    fn the_tb_cnn_trains_is_killed_goes_on_and_gives_way_again() {
        let small = || {
            let mut settings = settings();
            (settings.window.columns, settings.window.rows) = (9, 9);
            settings
        };
        let network = Network::Tb(TbCase::SoilMoisture);
        let train =
            TrainSettings { epochs: 1, batch: 4, checkpoint_steps: 2, ..TrainSettings::proposed(network) };
        let weights = |host: &Recorder| {
            of_any(host, |e| if let Event::Weights(w) = e { Some(w.clone()) } else { None })
        };
        let (host, mut session) = started();
        block_on(session.handle(3, Request::TrainPlan { train: train.clone(), settings: small() }));
        assert!(
            matches!(last(&host), Event::Failed(f) if f.what.contains("0 dates can be used") && f.what.contains("a 3 km map (SPL2SMAP_S)"))
        );
        let (host, mut session) = demo();
        let late = TrainSettings { test_from: Some(jiff::civil::date(2030, 1, 1)), ..train.clone() };
        block_on(session.handle(3, Request::TrainPlan { train: late, settings: small() }));
        assert!(
            matches!(last(&host), Event::Failed(f) if f.what.contains("0 to test") && !f.what.contains("look back"))
        );
        block_on(session.handle(3, Request::TrainPlan { train: train.clone(), settings: small() }));
        let plan: TrainPlan =
            of(&host, 3, |e| if let Event::TrainPlan(plan) = e { Some(plan.clone()) } else { None })
                .remove(0);
        let [trained, validated, tested, gap] =
            [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap].map(|r| plan.of(r));
        assert!(
            trained.last() < validated.first() && validated.last() < tested.first() && gap.is_empty(),
            "{plan:?}"
        );

        block_on(session.handle(4, Request::Train { train: train.clone(), settings: small() }));
        let estimate =
            of(&host, 4, |e| if let Event::TrainEstimate(e) = e { Some((**e).clone()) } else { None })
                .remove(0);
        assert!(
            estimate.memory_bytes > 5 * 4 * 1_600_000 && estimate.storage_bytes > 8 * 4 * 1_600_000,
            "{estimate:?}"
        );
        finish(&mut session, 4);
        let run = done(&host, 4);
        let result = run.result.clone().unwrap();
        assert_eq!(
            (result.end, result.epochs, run.settings.network, run.from.network),
            (TrainEnd::Finished, 1, network, network)
        );
        let names: Vec<&str> = result.scores.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["TB CNN", "TB CNN before training", "bilinear", "input as is (36 km)"]);
        assert!(
            result.scores.iter().all(|s| s.pixels == result.scores[0].pixels && s.pixels > 20 * result.dates),
            "on the same pixels"
        );
        assert!(
            result.sentence.contains("bilinear by") && result.sentence.contains("before training"),
            "{}",
            result.sentence
        );
        // A mean absolute error in m3/m3: first weights are a few hundredths off.
        assert!(losses(&host, 4).iter().all(|loss| (0.003..0.5).contains(loss)), "{:?}", losses(&host, 4));

        // None of the TB CNN was in use, so the trained network answers; reverting brings back what answered before.
        assert!(
            weights(&host)
                .last()
                .is_some_and(|w| w.hash == result.hash && w.network == network && w.simulated)
        );
        let date = *tested.last().unwrap();
        block_on(session.handle(5, Request::Predict { date, settings: small() }));
        let (map, _) = last_map(&host);
        assert_eq!((map.weights.hash.as_str(), map.weights.network), (result.hash.as_str(), network));
        block_on(session.handle(6, Request::KeepTrained { keep: false }));
        assert!(weights(&host).last().is_some_and(|w| w.network == Network::Smen));
        block_on(session.handle(7, Request::Predict { date, settings: small() }));
        let answered = matches!(&last(&host), Event::Failed(f) if f.what.contains("SMEN"))
            || last_map(&host).0.weights.network == Network::Smen;
        assert!(answered, "{:?}", last(&host));
        block_on(session.handle(8, Request::UseRun { run: run.run }));
        assert!(weights(&host).last().is_some_and(|w| w.hash == result.hash && w.network == network));
        // Starting from them is starting from the weights in use; from SMEN's it is refused in words.
        let current = TrainSettings { start: Start::Current, ..train.clone() };
        block_on(session.handle(9, Request::TrainEstimate { train: current.clone(), settings: small() }));
        assert!(matches!(last(&host), Event::Finished));
        // The same again from scratch, beside the weights of the first run: equal, so those stay.
        block_on(session.handle(10, Request::Train { train: train.clone(), settings: small() }));
        finish(&mut session, 10);
        let again = done(&host, 10).result.unwrap();
        assert!(
            again
                .scores
                .iter()
                .any(|s| s.name == "TB CNN in use before the run" && s.row == Some(ScoreRow::InUse)),
            "{:?}",
            again.scores
        );
        assert!(again.choice.is_some_and(|c| !c.trained && c.sentence.contains("no better")));

        // The same in another session that dies on the way.
        let (host, mut session) = demo();
        block_on(session.handle(5, Request::TrainEstimate { train: current, settings: small() }));
        assert!(
            matches!(last(&host), Event::Failed(f) if f.what.contains("in use to start from") && f.remedy.contains("from scratch"))
        );
        block_on(session.handle(6, Request::Train { train, settings: small() }));
        for _ in 0..7 {
            assert_eq!(block_on(session.work()), Work::Goes);
        }
        let store = host.store.clone();
        let run = of(&host, 6, |e| if let Event::TrainStarted(s) = e { Some(s.run.clone()) } else { None })
            .remove(0);
        let before = losses(&host, 6);
        drop(session);
        let fresh = Rc::new(Recorder { store, ..Recorder::default() });
        let mut session = Session::new(Rc::clone(&fresh));
        block_on(session.handle(1, Request::Start { preference: DevicePreference::Auto, adapter: None }));
        block_on(session.handle(3, Request::ResumeRun { run }));
        let started: TrainStarted =
            of(&fresh, 3, |e| if let Event::TrainStarted(s) = e { Some((**s).clone()) } else { None })
                .remove(0);
        assert!(
            started.resumed && !started.losses.is_empty() && before.starts_with(&started.losses),
            "{:?} {before:?}",
            started.losses
        );
        finish(&mut session, 3);
        assert_eq!(
            done(&fresh, 3).result.unwrap().hash,
            result.hash,
            "the same weights as the run that was never killed"
        );
    }

    #[test]
    fn a_run_is_paused_stopped_and_cancelled() {
        let (host, mut session) = demo();
        block_on(session.handle(4, Request::Train { train: quick(), settings: settings() }));
        block_on(session.handle(5, Request::PauseTraining { pause: true }));
        assert_eq!(block_on(session.work()), Work::Idle);
        block_on(session.handle(6, Request::Train { train: quick(), settings: settings() }));
        assert!(matches!(last(&host), Event::Failed(f) if f.what.contains("under way")));
        block_on(session.handle(7, Request::PauseTraining { pause: false }));
        assert_eq!(block_on(session.work()), Work::Goes);
        block_on(session.handle(8, Request::StopTraining));
        finish(&mut session, 4);
        assert_eq!(done(&host, 4).result.unwrap().end, TrainEnd::Stopped);

        block_on(session.handle(9, Request::Train { train: quick(), settings: settings() }));
        host.cancel_after.set(Some(0));
        assert_eq!(block_on(session.work()), Work::Over(9));
        assert!(matches!(last(&host), Event::Cancelled));
        assert!(session.training_id().is_none());
        let kept = host.store.files.borrow().keys().filter(|path| path.ends_with("head.json")).count();
        assert_eq!(kept, 1, "the cancelled run is thrown away, the stopped one kept");
    }

    #[test]
    fn a_start_that_cannot_work_is_refused_before_the_first_step() {
        let (host, mut session) = demo();
        let mut refuse = |train: TrainSettings, settings: RegionSettings| {
            block_on(session.handle(20, Request::Train { train, settings }));
            assert!(session.training_id().is_none());
            match last(&host) {
                Event::Failed(failure) => failure.what,
                other => panic!("{other:?}"),
            }
        };
        assert!(
            refuse(TrainSettings { learning_rate: 0.0, ..quick() }, settings())
                .contains("learning rate is 0")
        );
        let late = Some(jiff::civil::date(2018, 12, 30));
        let text = refuse(TrainSettings { test_from: late, ..quick() }, settings());
        assert!(text.contains("0 to test") || text.contains("dates to train on"), "{text}");
        let mut elsewhere = settings();
        elsewhere.window.first_column += 1500;
        assert!(refuse(quick(), elsewhere).contains("0 dates have SMAP"));
    }

    #[test]
    fn a_full_storage_costs_checkpoints_but_not_the_run() {
        let (host, mut session) = demo();
        let quick = TrainSettings { epochs: 1, checkpoint_steps: 1, ..quick() };
        block_on(session.handle(4, Request::Train { train: quick.clone(), settings: settings() }));
        assert_eq!(of(&host, 4, |e| matches!(e, Event::TrainCheckpoint(_)).then_some(())).len(), 0);
        for _ in 0..3 {
            block_on(session.work());
        }
        let kept = of(&host, 4, |e| matches!(e, Event::TrainCheckpoint(_)).then_some(())).len();
        assert!(kept > 0);
        host.store.capacity.set(1);
        finish(&mut session, 4);
        let warnings = of(&host, 4, |e| if let Event::Warning(text) = e { Some(text.clone()) } else { None });
        assert!(
            warnings.iter().any(|w| w.contains("storage is full") && w.contains("stands")),
            "{warnings:?}"
        );
        assert!(warnings.iter().any(|w| w.contains("export the weights now")), "{warnings:?}");
        assert!(matches!(last(&host), Event::Finished));
        // What was kept before is still there.
        host.store.capacity.set(0);
        block_on(session.handle(5, Request::Runs));
        let runs = of(&host, 5, |e| if let Event::Runs { runs, .. } = e { Some(runs.clone()) } else { None })
            .remove(0);
        assert_eq!((runs.len(), runs[0].progress.is_some()), (1, true));
        // Full from the start: the run goes, and says that it cannot be resumed.
        let (host, mut session) = demo();
        host.store.capacity.set(1000);
        block_on(session.handle(4, Request::Train { train: quick, settings: settings() }));
        let started: TrainStarted =
            of(&host, 4, |e| if let Event::TrainStarted(s) = e { Some((**s).clone()) } else { None })
                .remove(0);
        assert!(started.unsaved.is_some_and(|why| why.contains("storage is full")));
        finish(&mut session, 4);
        assert!(matches!(last(&host), Event::Finished));
        assert!(host.store.files.borrow().is_empty(), "nothing half-written is left");
    }

    #[test]
    fn without_storage_a_run_trains_and_says_so() {
        let (host, mut session) = demo();
        host.private_window.set(true);
        block_on(session.handle(
            4,
            Request::Train { train: TrainSettings { epochs: 1, ..quick() }, settings: settings() },
        ));
        let started: TrainStarted =
            of(&host, 4, |e| if let Event::TrainStarted(s) = e { Some((**s).clone()) } else { None })
                .remove(0);
        assert!(
            started
                .unsaved
                .is_some_and(|why| why.contains("cannot be resumed") && why.contains("private window"))
        );
        finish(&mut session, 4);
        assert!(matches!(last(&host), Event::Finished));
        block_on(session.handle(5, Request::Runs));
        let unsaved =
            of(&host, 5, |e| if let Event::Runs { unsaved, .. } = e { unsaved.clone() } else { None });
        assert_eq!(unsaved.len(), 1);
    }
}

/// A demo's scenes lie in its own region: elsewhere each date says that no file of it lies there.
#[test]
fn dates_of_a_region_without_files_say_that_none_lies_there() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "oklahoma-city".into() }));
    block_on(session.handle(3, Request::Timeline { settings: rules(window_of("geneva")) }));
    let timeline = last_timeline(&host);
    assert!(
        timeline
            .days
            .iter()
            .all(|d| d.blocked.as_ref().is_some_and(|why| why.contains("lies here") || d.coarse.is_none()))
    );
    assert!(timeline.days.iter().any(|d| d.blocked.as_ref().is_some_and(|why| why.contains("lies here"))));
}
