//! Archives, companions, folders, patterns and layers that the user gives: in a session as the page drives it, and on the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ease_grid::{EaseWindow, Resolution};
use loam::protocol::{Event, FileReport, FileTicket, Request, SetAside};
use loam::session::Session;
use loam_core::closed_form::ClosedForm;
use loam_core::file::{Correction, Usage};
use loam_core::layer::LayerKind;
use loam_core::region_settings::RegionSettings;
use loam_nn::block_on;
use smap_files::{BytesSource, LayerUse, PathSource, Product, QualityRule, ReadOptions, Role, SharedSource};

use super::command_line::{json, refused, run};
use super::refusals::zip;
use super::session::{Recorder, started};

const SMAP: &str = "SMAP_L3_SM_P_20200602_R18290_001.h5";
const SCENE: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures").join(name))
        .unwrap()
}

fn foreign(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures/foreign").join(name)
}

fn order() -> Vec<u8> {
    let (smap, scene) = (fixture(SMAP), fixture(SCENE));
    zip(&[
        ("order/", b""),
        (&format!("order/{SMAP}"), &smap),
        (&format!("order/../{SCENE}"), &scene),
        ("order/broken_20200603.h5", &smap[..3000]),
        ("order/a.h5.xml", b"<?xml?>"),
        ("order/b.tfw", b"1"),
        ("order/README", b"read me"),
    ])
}

fn ticket(id: u32, name: &str, member: Option<&str>) -> FileTicket {
    let correction = Correction::default();
    FileTicket { id, name: name.into(), bytes: 0, correction, member: member.map(str::to_owned) }
}

fn set_aside(host: &Recorder) -> Vec<SetAside> {
    let events = host.events.borrow();
    events
        .iter()
        .filter_map(|(_, e, _)| if let Event::SetAside(s) = e { Some(s.clone()) } else { None })
        .collect()
}

fn reports(host: &Recorder) -> Vec<FileReport> {
    let events = host.events.borrow();
    events
        .iter()
        .filter_map(|(_, e, _)| if let Event::FileRead(f) = e { Some(f.clone()) } else { None })
        .collect()
}

/// As the page does: the archive is opened, then its members, each with the archive attached; a new worker is told of the members alone.
#[test]
fn an_archive_is_answered_with_its_members_which_open_like_files() {
    let archive: SharedSource = Arc::new(BytesSource::new("order.zip", order()));
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![archive.clone()];
    block_on(session.handle(2, Request::Open { tickets: vec![ticket(1, "mine/order.zip", None)] }));
    let found = set_aside(&host).remove(0);
    assert_eq!((found.files.as_slice(), reports(&host).len()), ([1].as_slice(), 0));
    let said = "mine/order.zip: 3 companion files passed over: 1 .tfw, 1 .xml, 1 README";
    assert_eq!(found.said.as_deref(), Some(said));
    let names: Vec<&str> = found.members.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names[0], format!("mine/order.zip/order/{SMAP}"));
    assert!(names.len() == 3 && found.members.iter().all(|m| m.archive == 1 && m.bytes > 0), "{names:?}");
    let tickets: Vec<FileTicket> =
        found.members.iter().zip(2..).map(|(m, id)| ticket(id, &m.name, Some(&m.path))).collect();
    for _ in 0..2 {
        let (host, mut session) = started();
        *host.sources.borrow_mut() = vec![archive.clone(); 3];
        block_on(session.handle(3, Request::Open { tickets: tickets.clone() }));
        let rows = reports(&host);
        assert_eq!((rows[0].product, rows[0].name.as_str()), (Some(Product::Spl3smp), names[0]));
        assert_eq!(rows[1].product, Some(Product::Spl2smapS));
        assert!(rows[2].refused.as_ref().is_some_and(|why| why.contains("cut off")), "{:?}", rows[2]);
        assert!(matches!(host.events.borrow().last(), Some((3, Event::Finished, _))));
    }
    // Another file under the same name.
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("order.zip", fixture(SMAP)))];
    block_on(session.handle(4, Request::Open { tickets: vec![tickets[0].clone()] }));
    assert!(reports(&host)[0].refused.as_ref().is_some_and(|why| why.contains("open the archive again")));
}

#[test]
fn companions_beside_data_are_counted_and_alone_they_have_a_sentence() {
    let source = |name: &str, bytes: &[u8]| Arc::new(BytesSource::new(name, bytes.to_vec())) as SharedSource;
    let (host, mut session) = started();
    *host.sources.borrow_mut() =
        vec![source("a.tfw", b"1"), source(SMAP, &fixture(SMAP)), source("a.xml", b"<?xml?>")];
    let tickets = vec![ticket(1, "a.tfw", None), ticket(2, SMAP, None), ticket(3, "a.xml", None)];
    block_on(session.handle(2, Request::Open { tickets }));
    let found = set_aside(&host).remove(0);
    assert_eq!((found.files, found.members.len()), (vec![1, 3], 0));
    assert_eq!(found.said.as_deref(), Some("2 companion files passed over: 1 .tfw, 1 .xml"));
    assert_eq!(reports(&host).iter().map(|r| r.id).collect::<Vec<_>>(), [2]);
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![source("a.tfw", b"1")];
    block_on(session.handle(2, Request::Open { tickets: vec![ticket(1, "a.tfw", None)] }));
    assert!(set_aside(&host).is_empty());
    assert!(reports(&host)[0].refused.as_ref().is_some_and(|why| why.contains("world file")));
}

/// In a selection, in an archive, and beside a file that is named on the command line.
#[test]
fn a_mask_beside_a_geotiff_counts_wherever_it_is_given() {
    let (name, mask) = ("soil_moisture_20200603.tif", "soil_moisture_20200603.tif.msk");
    let bytes = |name: &str| std::fs::read(foreign("masked").join(name)).unwrap();
    let source = |name: &str, bytes: Vec<u8>| Arc::new(BytesSource::new(name, bytes)) as SharedSource;
    let valid = |report: &FileReport| report.statistics.as_ref().map(|s| s.valid);
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![source(mask, bytes(mask)), source(name, bytes(name))];
    let tickets = vec![ticket(1, &format!("a/{mask}"), None), ticket(2, &format!("a/{name}"), None)];
    block_on(session.handle(2, Request::Open { tickets }));
    let rows = reports(&host);
    assert!(set_aside(&host).is_empty());
    assert_eq!((rows[0].id, rows[0].usage), (1, Some(Usage::Ignored)));
    assert!(rows[0].problems.iter().any(|p| p.contains("the mask of soil_moisture_20200603.tif")));
    assert_eq!((rows[1].id, valid(&rows[1])), (2, Some(300)));

    let archive = zip(&[(&format!("b/{name}"), &bytes(name)), (&format!("b/{mask}"), &bytes(mask))]);
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![source("order.zip", archive)];
    let tickets = vec![ticket(1, "order.zip/x", Some(&format!("b/{name}")))];
    block_on(session.handle(2, Request::Open { tickets }));
    assert_eq!(valid(&reports(&host)[0]), Some(300));

    let described = json(&run(&["inspect", "--json", &text(&foreign("masked").join(name))]));
    assert_eq!(described["variables"][0]["valid"], 300);
}

/// The mask first, the mask afterwards, without its folder, taken out again: the TIFF is what both together are.
#[test]
fn a_mask_and_its_geotiff_find_each_other_in_any_order() {
    let (name, mask) = ("soil_moisture_20200603.tif", "soil_moisture_20200603.tif.msk");
    let bytes = |name: &str| std::fs::read(foreign("masked").join(name)).unwrap();
    let source = |name: &str| Arc::new(BytesSource::new(name, bytes(name))) as SharedSource;
    let last = |host: &Recorder, id: u32| {
        let rows = reports(host);
        let row = rows.iter().rfind(|r| r.id == id).unwrap();
        row.statistics.as_ref().map(|s| s.valid)
    };
    let open = |host: &Recorder, session: &mut Session<_>, id: u32, path: &str, file: &str| {
        *host.sources.borrow_mut() = vec![source(file)];
        block_on(session.handle(2, Request::Open { tickets: vec![ticket(id, path, None)] }));
    };
    for mask_first in [true, false] {
        let (host, mut session) = started();
        if mask_first {
            open(&host, &mut session, 1, mask, mask);
            open(&host, &mut session, 2, &format!("a/{name}"), name);
        } else {
            open(&host, &mut session, 2, &format!("a/{name}"), name);
            assert_ne!(last(&host, 2), Some(300));
            open(&host, &mut session, 1, &format!("a/{mask}"), mask);
        }
        assert_eq!(last(&host, 2), Some(300), "mask first: {mask_first}");
        block_on(session.handle(3, Request::Forget { file: 1 }));
        assert_ne!(last(&host, 2), Some(300), "taken out, mask first: {mask_first}");
        open(&host, &mut session, 4, mask, mask);
        assert_eq!(last(&host, 2), Some(300), "again, mask first: {mask_first}");
    }
    // Two files could be meant: neither is masked.
    let (host, mut session) = started();
    open(&host, &mut session, 1, &format!("a/{name}"), name);
    open(&host, &mut session, 2, &format!("b/{name}"), name);
    open(&host, &mut session, 3, mask, mask);
    assert!(last(&host, 1) != Some(300) && last(&host, 2) != Some(300));
}

/// AppEEARS gives the flags of retrievals as a GeoTIFF of their own.
#[test]
fn flags_of_retrievals_find_their_soil_moisture_in_any_order() {
    let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures/kinds");
    let of = |layer: &str| {
        format!("SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_{layer}_pm_doy2020156000000_aid0001.tif")
    };
    let (name, flags) = (of("soil_moisture"), of("retrieval_qual_flag"));
    let bytes = |name: &str| std::fs::read(kinds.join(name)).unwrap();
    let source = |name: &str| Arc::new(BytesSource::new(name, bytes(name))) as SharedSource;
    let valid = |host: &Recorder| {
        let rows = reports(host);
        rows.iter().rfind(|r| r.id == 2).unwrap().statistics.as_ref().map(|s| s.valid)
    };
    let both = [(1, &flags), (2, &name)];
    for files in [vec![both[0], both[1]], vec![both[1], both[0]]] {
        let (host, mut session) = started();
        for (id, file) in files {
            *host.sources.borrow_mut() = vec![source(file)];
            block_on(session.handle(2, Request::Open { tickets: vec![ticket(id, file, None)] }));
        }
        assert_eq!(valid(&host), Some(158));
        block_on(session.handle(3, Request::Forget { file: 1 }));
        assert_eq!(valid(&host), Some(168));
    }
    let (host, mut session) = started();
    *host.sources.borrow_mut() = both.iter().map(|(_, file)| source(file)).collect();
    let tickets = both.iter().map(|(id, file)| ticket(*id, file, None)).collect();
    block_on(session.handle(2, Request::Open { tickets }));
    assert_eq!((valid(&host), set_aside(&host).len()), (Some(158), 0));

    let archive = zip(&[(&name, &bytes(&name)), (&flags, &bytes(&flags))]);
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("order.zip", archive))];
    let tickets = vec![ticket(2, "order.zip/x", Some(&name))];
    block_on(session.handle(2, Request::Open { tickets }));
    assert_eq!(valid(&host), Some(158));

    let folder = tempfile::tempdir().unwrap();
    for file in [&name, &flags] {
        std::fs::write(folder.path().join(file), bytes(file)).unwrap();
    }
    let output = run(&["inspect", "--json", &text(folder.path())]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("1 companion file passed over: 1 retrieval quality flags"), "{said}");
    let path = text(&folder.path().join(&name));
    assert_eq!(json(&run(&["inspect", "--json", &path]))["variables"][0]["valid"], 158);
}

/// GDAL's sidecar with the scale and no-data value of packed numbers: first, afterwards, together, in an archive (in an archive), taken out again.
/// One of statistics alone is passed over.
#[test]
fn what_gdal_says_beside_a_geotiff_finds_it_in_any_order() {
    let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures/kinds");
    let (name, auxiliary) = ("beside_20200603.tif", "beside_20200603.tif.aux.xml");
    let statistics = "beside_statistics_20200603.tif.aux.xml";
    let bytes = |name: &str| std::fs::read(kinds.join(name)).unwrap();
    let source = |name: &str| Arc::new(BytesSource::new(name, bytes(name))) as SharedSource;
    let last = |host: &Recorder, id: u32| {
        let rows = reports(host);
        let row = rows.iter().rfind(|r| r.id == id).unwrap();
        row.statistics.as_ref().map(|s| (s.valid, s.max.unwrap() < 1.0))
    };
    let right = Some((164, true));
    let open = |host: &Recorder, session: &mut Session<_>, files: &[(u32, &str, &str)]| {
        *host.sources.borrow_mut() = files.iter().map(|(_, _, file)| source(file)).collect();
        let tickets = files.iter().map(|(id, path, _)| ticket(*id, path, None)).collect();
        block_on(session.handle(2, Request::Open { tickets }));
    };
    let (beside, tiff) =
        ((1, "a/beside_20200603.tif.aux.xml", auxiliary), (2, "a/beside_20200603.tif", name));
    for first in [true, false] {
        let (host, mut session) = started();
        for file in if first { [beside, tiff] } else { [tiff, beside] } {
            open(&host, &mut session, &[file]);
        }
        assert_eq!(last(&host, 2), right, "sidecar first: {first}");
        block_on(session.handle(3, Request::Forget { file: 1 }));
        assert_ne!(last(&host, 2), right, "taken out, sidecar first: {first}");
    }
    let (host, mut session) = started();
    open(&host, &mut session, &[tiff, beside, (3, "a/x.tif.aux.xml", statistics)]);
    assert_eq!(last(&host, 2), right);
    let passed = set_aside(&host).remove(0);
    assert_eq!(
        (passed.files, passed.said.as_deref()),
        (vec![3], Some("1 companion file passed over: 1 .xml"))
    );
    assert!(reports(&host).iter().any(|r| r.id == 1 && r.problems[0].contains("what GDAL says of")));

    let inner = zip(&[(&format!("b/{name}"), &bytes(name)), (&format!("b/{auxiliary}"), &bytes(auxiliary))]);
    for archive in [inner.clone(), zip(&[("inner.zip", &inner)])] {
        let (host, mut session) = started();
        *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("order.zip", archive))];
        block_on(session.handle(2, Request::Open { tickets: vec![ticket(1, "order.zip", None)] }));
        let found = set_aside(&host).remove(0).members;
        assert_eq!(found.len(), 1, "{found:?}");
        let tickets = vec![ticket(2, &found[0].name, Some(&found[0].path))];
        block_on(session.handle(3, Request::Open { tickets }));
        assert_eq!(last(&host, 2), right, "{}", found[0].path);
    }
    let described = json(&run(&["inspect", "--json", &text(&kinds.join(name))]));
    assert_eq!(described["variables"][0]["valid"], 164);
    let described = json(&run(&["inspect", "--json", &text(&kinds.join("order.zip"))]));
    assert!(described.to_string().contains("scene_1.zip/scene_1/soil_moisture_20200615.tif"), "{described}");
}

/// NISAR's map is the reference, and what it says of its own uncertainty goes into the report.
#[test]
fn the_uncertainty_of_a_reference_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let coarse = folder.path().join("soil_moisture_20260603.tif");
    std::fs::copy(foreign("soil_moisture_v20190101_20200603.tif"), &coarse).unwrap();
    let nisar = foreign(
        "NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5",
    );
    let (out, csv) = (text(&folder.path().join("map.tif")), text(&folder.path().join("map.csv")));
    let report = json(&run(&[
        "predict",
        "--json",
        "--csv",
        &csv,
        "--method",
        "bilinear",
        "--region=-97.5,35.5,24,24",
        "--date",
        "2026-06-03",
        "--out",
        &out,
        &text(&coarse),
        &text(&nisar),
    ]));
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(foreign("nisar_uncertainty.json")).unwrap()).unwrap();
    let cells = expected["uncertainty"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    let known: Vec<f64> = cells.filter_map(serde_json::Value::as_f64).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let found = &report["reference_uncertainty"];
    assert_eq!((&report["reference"], found["valid"].as_u64()), (&"nisar".into(), Some(15)));
    assert!((found["mean"].as_f64().unwrap() - mean).abs() < 1e-6, "{found}");

    let map = smap_files::open(Arc::new(PathSource::open(Path::new(&out)).unwrap())).unwrap();
    let band = map.variables.iter().position(|v| v.path == "reference_uncertainty").unwrap();
    let all = ReadOptions { quality: QualityRule::All, scale: None };
    let raster = map.read(band, &all, None).unwrap();
    assert!((raster.statistics().mean.unwrap() - mean).abs() < 1e-6);
    let table = std::fs::read_to_string(csv).unwrap();
    assert!(table.contains("# reference_uncertainty: the reference product's own (NISAR)"), "{table:.900}");
    let cells = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    let column: Vec<f64> = cells.filter_map(|line| line.split(',').nth(8)?.parse().ok()).collect();
    assert_eq!(column.len(), 15);

    // The page gets it as a layer beside the reference.
    let (host, mut session) = started();
    let names = [text(&coarse), text(&nisar)];
    *host.sources.borrow_mut() = names
        .iter()
        .map(|path| Arc::new(PathSource::open(Path::new(path)).unwrap()) as SharedSource)
        .collect();
    let tickets = (1..).zip(&names).map(|(id, path)| ticket(id, path.rsplit('/').next().unwrap(), None));
    block_on(session.handle(2, Request::Open { tickets: tickets.collect() }));
    block_on(session.handle(3, Request::UseMethod { method: ClosedForm::Bilinear.into() }));
    let window = EaseWindow::around(Resolution::M03, -97.5, 35.5, 24, 24).unwrap();
    let settings = RegionSettings {
        window,
        region: None,
        quality: QualityRule::default(),
        history_cover: 0.2,
        history_disaggregated: true,
        mass_correction: false,
    };
    block_on(session.handle(4, Request::Predict { date: jiff::civil::date(2026, 6, 3), settings }));
    let events = host.events.borrow();
    let layers = events.iter().find_map(|(_, event, _)| match event {
        Event::Map(map) => Some(map.layers.clone()),
        _ => None,
    });
    let layers = layers.unwrap();
    let at = layers.iter().position(|layer| layer.kind == LayerKind::ReferenceUncertainty).unwrap();
    assert_eq!(layers[at - 1].kind, LayerKind::Reference);
    assert_eq!(layers[at].statistics.valid, 15);
}

#[test]
fn a_layer_given_by_the_user_is_said_survives_a_new_worker_and_can_be_taken_back() {
    let source: SharedSource = Arc::new(BytesSource::new(SMAP, fixture(SMAP)));
    let open = |correction: Correction| {
        let (host, mut session) = started();
        *host.sources.borrow_mut() = vec![source.clone()];
        let tickets = vec![FileTicket { correction, ..ticket(1, SMAP, None) }];
        block_on(session.handle(2, Request::Open { tickets }));
        (host, session)
    };
    let given = |layer: &str| Correction {
        layers: vec![LayerUse {
            layer: layer.into(),
            role: Role::SoilMoisture,
            unit: Some("percent".into()),
        }],
        ..Correction::default()
    };
    let (host, mut session) = open(Correction::default());
    let before = reports(&host).remove(0);
    host.events.borrow_mut().clear();
    block_on(session.handle(3, Request::Correct { file: 1, correction: given("soil_moisture_pm") }));
    let row = reports(&host).remove(0);
    assert!(row.evidence.starts_with("given by you: soil moisture, percent"), "{}", row.evidence);
    assert_eq!(
        (row.usage, row.variable.as_deref()),
        (Some(Usage::Coarse), Some("/Soil_Moisture_Retrieval_Data_PM/soil_moisture_pm"))
    );
    assert!(row.statistics.unwrap().max.unwrap() < 0.01);
    // A new worker is told at once.
    let (again, _) = open(given("soil_moisture_pm"));
    assert_eq!(format!("{:?}", reports(&again)[0]), format!("{row:?}"));
    // What cannot be done is said, and nothing of it stays.
    host.events.borrow_mut().clear();
    block_on(session.handle(4, Request::Correct { file: 1, correction: given("nothing") }));
    let failed = host
        .events
        .borrow()
        .iter()
        .any(|(_, e, _)| matches!(e, Event::Failed(f) if f.what.contains("no layer \"nothing\"")));
    assert!(failed, "{:?}", host.events.borrow());
    assert_eq!(format!("{:?}", reports(&host)[0]), format!("{before:?}"));
}

/// A folder with a folder in it, an order, and companions.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("a/b");
    std::fs::create_dir_all(&inside).unwrap();
    for name in [SMAP, SCENE] {
        std::fs::write(inside.join(name), fixture(name)).unwrap();
    }
    std::fs::write(inside.join("x.tfw"), "1").unwrap();
    std::fs::write(folder.path().join("README"), "read me").unwrap();
    (folder, inside)
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn inspect_takes_folders_patterns_archives_and_several_files() {
    let (folder, inside) = folder();
    let zip = folder.path().join("order.zip");
    std::fs::write(&zip, order()).unwrap();
    let names = |arguments: &[&str]| -> (Vec<String>, String) {
        let output = run(&[&["inspect", "--json"], arguments].concat());
        assert!(output.status.success(), "{}", said(&output));
        let list = json(&output);
        let names = list.as_array().unwrap().iter().map(|d| d["file"].as_str().unwrap().to_owned()).collect();
        (names, said(&output))
    };
    let (all, notes) = names(&[&text(folder.path())]);
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(notes.contains("5 companion files passed over: 2 .tfw, 2 README, 1 .xml"), "{notes}");
    assert!(notes.contains("broken_20200603.h5: the file is cut off"), "{notes}");
    let (members, _) = names(&[&text(&zip)]);
    assert_eq!(members[0], format!("order.zip/order/{SMAP}"));
    let (fitting, notes) = names(&[&format!("{}/SMAP*R18290*.h5", inside.display())]);
    assert_eq!((fitting.len(), notes.as_str()), (2, ""));
    assert_eq!(names(&[&text(&inside.join(SMAP)), &text(&inside.join(SCENE))]).0, [SMAP, SCENE]);
    // One file: an object.
    assert_eq!(json(&run(&["inspect", "--json", &text(&inside.join(SMAP))]))["file"], SMAP);
    refused(&run(&["inspect", &text(&inside.join("x.tfw"))]), "world file");
    refused(&run(&["inspect", &format!("{}/*.nc", inside.display())]), "no file fits the pattern");
    // Of several the sound ones are described, and the command fails for the one that was named.
    let output = run(&["inspect", "--json", &text(&inside.join(SMAP)), "/nowhere/x.h5"]);
    assert_eq!((output.status.code(), json(&output)[1]["file"].as_str()), (Some(2), Some("x.h5")));
    assert!(said(&output).contains("left out: /nowhere/x.h5") && said(&output).contains("1 of 2 files"));
}

#[test]
fn a_prediction_reads_folders_archives_and_given_layers() {
    let (folder, inside) = folder();
    let (zip, out) = (folder.path().join("order.zip"), folder.path().join("map.tif"));
    std::fs::write(&zip, order()).unwrap();
    let predict = |arguments: &[&str]| {
        let out = text(&out);
        let words = [
            "predict",
            "--method",
            "bilinear",
            "--region=-97.5,35.0,24,24",
            "--date",
            "2020-06-02",
            "--json",
            "--out",
            &out,
        ];
        run(&[&words, arguments].concat())
    };
    let report = |arguments: &[&str]| {
        let output = predict(arguments);
        assert!(output.status.success(), "{}", said(&output));
        (json(&output), said(&output))
    };
    let (of_folder, notes) = report(&[&text(&inside)]);
    assert!(notes.contains("1 companion file passed over: 1 .tfw"), "{notes}");
    let (of_zip, notes) = report(&[&text(&zip)]);
    assert_eq!(of_folder["estimate"], of_zip["estimate"]);
    assert!(of_zip["inputs"].to_string().contains(&format!("order.zip/order/{SMAP}")), "{of_zip}");
    assert!(notes.contains("left out: ") && notes.contains("broken_20200603.h5"), "{notes}");
    // The user's word: a layer and its unit, in the exports too.
    let given = format!("{SMAP}#soil_moisture_pm=coarse,percent");
    let (hundredth, _) = report(&[&text(&inside), "--use", &given]);
    let mean = |report: &serde_json::Value| report["estimate"]["mean"].as_f64().unwrap();
    assert!((mean(&hundredth) * 100.0 - mean(&of_folder)).abs() < 1e-5, "{hundredth}");
    let words = "soil_moisture_pm given by you: soil moisture, percent]";
    assert!(hundredth["inputs"].to_string().contains(words), "{hundredth}");
    let bytes = std::fs::read(&out).unwrap();
    assert!(bytes.windows(words.len()).any(|w| w == words.as_bytes()), "the GeoTIFF says so");
    // A file that only --use names is an input.
    let (alone, _) = report(&["--use", &format!("{}#soil_moisture_pm=coarse", text(&inside.join(SMAP)))]);
    assert!((mean(&alone) - mean(&of_folder)).abs() < 1e-6);
    let use_of = |word: &str| predict(&[&text(&inside.join(SMAP)), "--use", &format!("{SMAP}{word}")]);
    refused(&use_of("#nothing=coarse"), "it has /Soil_Moisture_Retrieval_Data_AM/");
    refused(&use_of("=coarse"), "say which: /Soil_Moisture_Retrieval_Data_AM/");
    refused(&use_of("#soil_moisture=wet"), "\"wet\" is no role");
    refused(&use_of("#soil_moisture=coarse,mm"), "\"mm\" is no unit");
}

/// Nothing that is named after --coarse or --fine is passed over.
#[test]
fn a_file_that_the_user_insists_on_gives_something_or_ends_the_command() {
    let (folder, inside) = folder();
    let out = text(&folder.path().join("map.tif"));
    let insist = |option: &str, path: &Path| {
        let path = text(path);
        run(&[
            "predict",
            "--method",
            "bilinear",
            "--region=-97.5,35.0,24,24",
            "--date",
            "2020-06-02",
            "--out",
            &out,
            &text(&inside),
            option,
            &path,
        ])
    };
    let cut = folder.path().join("cut_20200602.h5");
    std::fs::write(&cut, &fixture(SMAP)[..3000]).unwrap();
    for option in ["--coarse", "--fine"] {
        for (path, words) in [
            (cut.as_path(), ["cut_20200602.h5", "cut off"]),
            (Path::new("/nowhere/x_20200602.h5"), ["x_20200602.h5", "check the path"]),
            (inside.join("x.tfw").as_path(), ["x.tfw", "world file"]),
            (foreign("smap_okc_albedo.nc").as_path(), ["albedo, by its name", "--use FILE#LAYER="]),
        ] {
            let output = insist(option, path);
            let text = said(&output);
            assert!(
                output.status.code() == Some(2) && words.iter().all(|w| text.contains(w)),
                "{option}: {text}"
            );
        }
        let empty = folder.path().join("empty");
        std::fs::create_dir_all(&empty).unwrap();
        let output = insist(option, &empty);
        assert!(
            output.status.code() == Some(2) && said(&output).contains("no file of data is there"),
            "{option}"
        );
    }
}

/// What the user insists on keeps its own days, whatever its name says.
#[test]
fn a_file_that_the_user_insists_on_keeps_its_days() {
    let (folder, _) = folder();
    let stack = folder.path().join("order_20200101.nc");
    std::fs::copy(foreign("smap_two_a_day.nc"), &stack).unwrap();
    for (date, code) in [("2020-06-04", 0), ("2020-01-01", 2)] {
        let map = text(&folder.path().join("map.tif"));
        let command =
            ["predict", "--method", "bilinear", "--region=-97.5,34.5,24,24", "--date", date, "--out", &map];
        let output = run(&[&command[..], &["--coarse", &text(&stack)]].concat());
        assert_eq!(output.status.code(), Some(code), "{date}: {}", said(&output));
    }
}
