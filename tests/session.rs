//! The worker's session, run natively with a recording host: demo, prediction, export, cancel, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(feature = "compute")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use loam::grid::{Reason, Resolution};
use loam::model::block_on;
use loam::protocol::{Attachment, Correction, DevicePreference, Event, ExportForm, FileTicket, LayerKind, MapReport, Request};
use loam::read::{BytesSource, SharedSource};
use loam::session::{Host, Session};

#[derive(Default)]
struct Recorder {
    events: RefCell<Vec<(u64, Event, Vec<Attachment>)>>,
    sources: RefCell<Vec<SharedSource>>,
    /// Cancels everything once this many events were seen.
    cancel_after: Cell<Option<usize>>,
}

impl Host for Recorder {
    fn emit(&self, id: u64, event: Event, attachments: Vec<Attachment>) {
        // What crosses to the page must survive its JSON form.
        let text = serde_json::to_string(&event).unwrap();
        let event: Event = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        self.events.borrow_mut().push((id, event, attachments));
    }
    fn cancelled(&self, _: u64) -> bool {
        self.cancel_after.get().is_some_and(|n| self.events.borrow().len() >= n)
    }
    async fn breathe(&self) {}
    fn source(&self, _: u64, attachment: usize) -> Option<SharedSource> {
        self.sources.borrow().get(attachment).cloned()
    }
    fn bytes(&self, _: u64, _: usize) -> Option<Vec<u8>> {
        Some(b"not weights".to_vec())
    }
    async fn shipped_weights(&self, key: &str) -> Result<Vec<u8>, String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights");
        std::fs::read(format!("{path}/{key}.safetensors")).map_err(|e| e.to_string())
    }
    fn now_ms(&self) -> f64 {
        0.0
    }
}

fn started() -> (Rc<Recorder>, Session<Rc<Recorder>>) {
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

#[test]
fn the_demo_becomes_a_map_with_scores_and_a_geotiff() {
    let (host, mut session) = started();
    assert!(matches!(&host.events.borrow()[0].1, Event::Device(d) if !d.gpu && d.check.as_ref().is_some_and(|c| c.passed)));
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let timeline =
        host.events.borrow().iter().rev().find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t.clone()) } else { None }).unwrap();
    let day = timeline.days.iter().rev().find(|d| d.blocked.is_none() && d.fine.is_some_and(|s| s > 0.3)).unwrap();
    assert_eq!(day.history.len(), 4);
    assert!(day.simulated && day.history.iter().all(|h| *h < day.date));

    let window = loam::stack::Preset::find("tucson").unwrap().region().unwrap().window();
    let settings = loam::protocol::Settings { window, region: Some("tucson".into()), quality: Default::default(), history_cover: 0.1 };
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
            (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) => Some((name.clone(), bytes.clone())),
            _ => None,
        })
        .unwrap();
    assert!(name.contains("SIMULATED") && name.ends_with(".tif"), "{name}");
    let granule = loam::read::open(Arc::new(BytesSource::new(name, bytes))).unwrap();
    assert!(granule.simulated, "the export says it is simulated");
    assert_eq!(granule.date, Some(day.date));
    let back = granule.read(0, &Default::default(), None).unwrap();
    assert_eq!(back.grid().ease_window(), Some(window));
    for (a, b) in back.values().iter().zip(values) {
        assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || !(0.0..=1.0).contains(b), "{a} {b}");
    }
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
    let window = loam::stack::Preset::find("geneva").unwrap().region().unwrap().window();
    let settings = loam::protocol::Settings { window, region: None, quality: Default::default(), history_cover: 0.1 };
    block_on(session.handle(4, Request::Timeline { settings }));
    let events = host.events.borrow();
    assert!(events.iter().any(|(_, e, _)| matches!(e, Event::Timeline(t) if t.days.iter().any(|d| d.blocked.is_none()))));
}

#[test]
fn refused_files_stay_listed_and_cost_nothing_else() {
    let (host, mut session) = started();
    let files: [(&str, &[u8]); 3] = [
        ("SMAP_L3_SM_P_20180616_R16010_001.h5", b"<!DOCTYPE html><html><head><title>Earthdata Login</title>"),
        ("S1.tif", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"),
        ("empty.h5", b""),
    ];
    *host.sources.borrow_mut() = files.iter().map(|(n, b)| Arc::new(BytesSource::new(*n, b.to_vec())) as SharedSource).collect();
    let tickets = files
        .iter()
        .zip(1u32..)
        .map(|((n, b), id)| FileTicket { id, name: (*n).into(), bytes: b.len() as u64, correction: Correction::default() })
        .collect();
    block_on(session.handle(2, Request::Open { tickets }));
    let events = host.events.borrow();
    let refused: Vec<String> =
        events.iter().filter_map(|(_, e, _)| if let Event::FileRead(f) = e { f.refused.clone() } else { None }).collect();
    assert_eq!(refused.len(), 3, "{events:?}");
    assert!(refused[0].contains("HTML") && refused[1].contains("Git LFS") && refused[2].contains("empty"), "{refused:?}");
    assert!(matches!(events.last(), Some((2, Event::Finished, _))));
}

#[test]
fn weights_that_are_none_are_refused_and_the_shipped_ones_stay() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::LoadWeights { name: "x.safetensors".into() }));
    assert!(matches!(host.events.borrow().last(), Some((2, Event::Failed(f), _)) if f.what.contains("weights")));
}

#[test]
fn export_before_any_map_says_what_to_do() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Export { form: ExportForm::Csv }));
    assert!(matches!(host.events.borrow().last(), Some((2, Event::Failed(f), _)) if f.remedy.contains("Predict")));
}
