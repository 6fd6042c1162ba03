//! A layer by itself: of every kind of file, in the region or where it lies, with a scale from its values; what cannot be drawn says why.

use std::path::Path;
use std::sync::Arc;

use ease_grid::{EaseWindow, Reason, Resolution};
use jiff::civil::{Date, date};
use loam::protocol::{Attachment, Event, FileTicket, LookAt, LookPicture, LookReport, LookStep, Request};
use loam_core::file::{Correction, DEMO_FILE};
use loam_core::region_settings::RegionSettings;
use loam_nn::block_on;
use smap_files::{BytesSource, Role, SharedSource};

use super::session::{Recorder, started};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/smap-files/tests/fixtures");

fn source(name: &str) -> SharedSource {
    let bytes = std::fs::read(Path::new(FIXTURES).join(name)).unwrap();
    Arc::new(BytesSource::new(name.rsplit('/').next().unwrap(), bytes))
}

fn settings(column: usize, row: usize) -> RegionSettings {
    RegionSettings {
        window: EaseWindow::new(Resolution::M03, column as i64, row as i64, 100, 100).unwrap(),
        region: None,
        quality: Default::default(),
        history_cover: 0.1,
        history_disaggregated: true,
        mass_correction: false,
    }
}

/// Oklahoma City, where the fixtures lie.
fn here() -> RegionSettings {
    settings(2600, 971)
}

fn at(file: u32, layer: Option<&str>, date: Option<Date>, whole: bool) -> LookAt {
    LookAt { file, layer: layer.map(str::to_owned), step: LookStep { date, overpass: None }, whole }
}

/// What came of the last request.
fn looked(host: &Recorder) -> (LookReport, Vec<Attachment>) {
    let events = host.events.borrow();
    let found = events.iter().rev().find_map(|(_, event, attachments)| match event {
        Event::Look(report) => Some((report.open().unwrap(), attachments.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing came; the last event was {:?}", events.last()))
}

fn opened(names: &[&str]) -> (std::rc::Rc<Recorder>, loam::session::Session<std::rc::Rc<Recorder>>) {
    let (host, mut session) = started();
    *host.sources.borrow_mut() = names.iter().map(|name| source(name)).collect();
    let ticket = |(name, id): (&&str, u32)| FileTicket {
        id,
        name: (*name).to_owned(),
        bytes: 0,
        correction: Correction::default(),
        member: None,
    };
    let tickets = names.iter().zip(1..).map(ticket).collect();
    block_on(session.handle(2, Request::Open { tickets }));
    (host, session)
}

fn drawn(report: &LookReport) -> &LookPicture {
    report.picture.as_ref().unwrap_or_else(|f| panic!("{}: {} {}", report.name, f.what, f.remedy))
}

#[test]
fn every_kind_of_file_is_drawn_without_a_map_before_it() {
    let files = [
        ("SMAP_L3_SM_P_20200602_R18290_001.h5", Role::SoilMoisture, "m³/m³"),
        (
            "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5",
            Role::SoilMoisture,
            "m³/m³",
        ),
        (
            "foreign/NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5",
            Role::SoilMoisture,
            "m³/m³",
        ),
        (
            "foreign/OPERA_L2_RTC-S1_T028-059007-IW1_20200603T003512Z_20200604T000000Z_S1A_30_v1.0_VV.tif",
            Role::BackscatterVv,
            "dB",
        ),
        ("MOD11A1.061_LST_Day_1km_doy2020154_aid0001.tif", Role::SurfaceTemperature, "K"),
        ("foreign/okc_20200603.tif", Role::Other, ""),
    ];
    let (host, mut session) = opened(&files.map(|f| f.0));
    for ((name, role, unit), file) in files.iter().zip(1..) {
        // The swath of the whole day lies elsewhere.
        let day = *name == "SMAP_L3_SM_P_20200602_R18290_001.h5";
        let settings = if day { settings(259 * 12 - 50, 129 * 12 - 50) } else { here() };
        let window = settings.window;
        let request = Request::Look { at: at(file, None, None, false), settings };
        block_on(session.handle(10 + u64::from(file), request));
        let (report, attachments) = looked(&host);
        let picture = drawn(&report);
        assert_eq!((picture.role, picture.unit.as_str()), (*role, *unit), "{name}");
        assert!(picture.in_region && !picture.whole, "{name}");
        // The region, in its own cells or finer ones.
        assert!([window, window.covering(Resolution::M01)].contains(&picture.window), "{name}");
        let (columns, rows) = picture.size();
        assert!(columns <= 1000 && rows <= 1000, "{name}: {columns} x {rows}");
        let [Attachment::F32(values), Attachment::U8(reasons), Attachment::F32(edge)] = &attachments[..]
        else {
            panic!("{name}: {attachments:?}")
        };
        assert_eq!((values.len(), reasons.len()), (columns * rows, columns * rows));
        let valid: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
        assert!(!valid.is_empty(), "{name}");
        assert_eq!(picture.statistics.valid, valid.len());
        // All but some four in a hundred lie between the limits of its scale.
        let (low, high) = picture.limits;
        let beyond = valid.iter().filter(|v| f64::from(**v) < low || f64::from(**v) > high).count();
        assert!(
            low < high && beyond * 20 <= valid.len(),
            "{name}: {low} to {high}, {beyond} of {}",
            valid.len()
        );
        assert_eq!(edge.is_empty(), day, "{name}: a grid around the globe has no edge to draw");
        assert!(report.layers[report.layer].drawable && !picture.grid.is_empty());
    }
}

/// A 3 km map of the region is drawn as it is: the very values of the file.
#[test]
fn a_3_km_map_is_drawn_cell_by_cell_and_its_other_layers_too() {
    let name = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";
    let (host, mut session) = opened(&[name]);
    block_on(session.handle(3, Request::Look { at: at(1, None, None, false), settings: here() }));
    let (report, attachments) = looked(&host);
    let Attachment::F32(values) = &attachments[0] else { panic!("values") };
    let granule = smap_files::open(source(name)).unwrap();
    let path = &report.layers[report.layer].name;
    let index = granule.variables.iter().position(|v| v.path == *path).unwrap();
    let wanted = granule.read(index, &Default::default(), Some(&here().window)).unwrap();
    assert_eq!((drawn(&report).window, drawn(&report).per), (here().window, 1));
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(values), bits(wanted.values()));
    assert_eq!(report.steps, [LookStep { date: granule.date, overpass: None }]);
    // Backscatter comes in linear power, and is shown in dB.
    let vv = report
        .layers
        .iter()
        .find(|l| l.name.ends_with("sigma0_vv_aggregated_3km") || l.name.contains("_vv_"))
        .unwrap();
    let request = Request::Look { at: at(1, Some(&vv.name), None, false), settings: here() };
    block_on(session.handle(4, request));
    let (report, attachments) = looked(&host);
    let Attachment::F32(values) = &attachments[0] else { panic!("values") };
    assert_eq!(drawn(&report).unit, "dB");
    assert!(values.iter().any(|v| v.is_finite()) && values.iter().all(|v| !v.is_finite() || *v < 5.0));
    // A layer that is listed and used for nothing.
    let other = report.layers.iter().find(|l| l.drawable && l.name.contains("flag")).unwrap();
    let request = Request::Look { at: at(1, Some(&other.name), None, false), settings: here() };
    block_on(session.handle(5, request));
    assert_eq!(drawn(&looked(&host).0).role, Role::Other);
}

#[test]
fn a_layer_elsewhere_is_shown_where_it_lies() {
    let name = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";
    let (host, mut session) = opened(&[name, "SMAP_L3_SM_P_20200602_R18290_001.h5"]);
    // Geneva.
    let there = settings(5900, 700);
    block_on(session.handle(3, Request::Look { at: at(1, None, None, false), settings: there.clone() }));
    let (report, _) = looked(&host);
    let picture = drawn(&report);
    assert!(picture.whole && !picture.in_region);
    let granule = smap_files::open(source(name)).unwrap();
    let path = &report.layers[report.layer].name;
    let grid = granule.variables.iter().find(|v| v.path == *path).unwrap().grid.clone().unwrap();
    assert_eq!(Some(picture.window), grid.ease_window(), "its own cells");
    assert_eq!(picture.extent, picture.window);
    assert!(picture.statistics.valid > 0);
    // The whole globe at 36 km.
    block_on(session.handle(4, Request::Look { at: at(2, None, None, true), settings: here() }));
    let (report, _) = looked(&host);
    let picture = drawn(&report);
    assert!(picture.whole && picture.in_region);
    assert_eq!(picture.size(), (964, 406));
}

#[test]
fn of_several_days_the_one_asked_for_is_drawn() {
    let (host, mut session) = opened(&["foreign/SPL3SMP_E.006_9km_aid0001.nc"]);
    block_on(session.handle(3, Request::Look { at: at(1, None, None, false), settings: here() }));
    let (report, first) = looked(&host);
    assert!(report.steps.len() > 1, "{:?}", report.steps);
    let last = *report.steps.last().unwrap();
    let name = report.layers[report.layer].name.clone();
    let at = LookAt { step: last, ..at(1, Some(&name), None, false) };
    block_on(session.handle(4, Request::Look { at, settings: here() }));
    let (report, second) = looked(&host);
    assert_eq!(report.steps[report.step], last);
    let values = |a: &[Attachment]| match &a[0] {
        Attachment::F32(values) => values.clone(),
        Attachment::U8(_) => panic!("values are float32"),
    };
    assert_ne!(values(&first), values(&second));
}

#[test]
fn the_demo_is_drawn_date_by_date_and_says_that_it_is_simulated() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    let window = loam_core::stack::Preset::find("tucson").unwrap().region().unwrap().window();
    let settings = RegionSettings { window, ..here() };
    let wanted = date(2018, 6, 5);
    for (layer, unit) in [("SMAP, 36 km", "m³/m³"), ("3 km map", "m³/m³"), ("backscatter VV", "dB")] {
        let request =
            Request::Look { at: at(DEMO_FILE, Some(layer), Some(wanted), false), settings: settings.clone() };
        block_on(session.handle(3, request));
        let (report, _) = looked(&host);
        assert!(report.simulated);
        assert_eq!(drawn(&report).unit, unit);
        assert!(report.steps.len() > 50, "{layer}: {} days", report.steps.len());
    }
}

#[test]
fn what_cannot_be_drawn_says_why_and_a_cancel_ends_reading() {
    let (host, mut session) =
        opened(&["foreign/soil_moisture_ease1_20200603.tif", "SMAP_L3_SM_P_20200602_R18290_001.h5"]);
    block_on(session.handle(3, Request::Look { at: at(1, None, None, false), settings: here() }));
    let (report, attachments) = looked(&host);
    let failure = report.picture.as_ref().err().unwrap();
    assert!(failure.what.contains("coordinate") && !failure.remedy.is_empty(), "{failure:?}");
    assert!(attachments.is_empty() && !report.layers.is_empty());
    block_on(session.handle(4, Request::Look { at: at(77, None, None, false), settings: here() }));
    assert!(
        host.events
            .borrow()
            .iter()
            .any(|(id, e, _)| *id == 4 && matches!(e, Event::Failed(f) if f.what.contains("no longer open"))),
        "a file that is gone"
    );
    // Its pixels are read in steps, between which a cancel is heard.
    host.cancel_once(|events| {
        events.iter().any(|(id, e, _)| *id == 5 && matches!(e, Event::Progress { .. }))
    });
    block_on(session.handle(5, Request::Look { at: at(2, None, None, true), settings: here() }));
    assert!(host.events.borrow().iter().any(|(id, e, _)| *id == 5 && matches!(e, Event::Cancelled)));
    assert!(!host.events.borrow().iter().any(|(id, e, _)| *id == 5 && matches!(e, Event::Look(_))));
    host.cancel_never();
    block_on(session.handle(6, Request::Look { at: at(2, None, None, true), settings: here() }));
    let (report, attachments) = looked(&host);
    let Attachment::U8(reasons) = &attachments[1] else { panic!("reasons are bytes") };
    assert!(reasons.iter().any(|r| *r != Reason::Valid as u8) && drawn(&report).statistics.valid > 0);
}
