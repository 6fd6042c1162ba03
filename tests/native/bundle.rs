//! Bundles: written by the command line and by a session, made again to the bit, and refused where they were crafted.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;
use std::sync::Arc;

use ease_grid::Raster;
use loam::protocol::{
    Attachment, BundleEvent, BundleReport, BundleRequest, Event, ExportForm, FileTicket, Request,
};
use loam::session::Session;
use loam::session::bundle::{Contents, write};
use loam::session::provenance::Circumstances;
use loam_core::closed_form::ClosedForm;
use loam_core::device_report::DeviceReport;
use loam_core::estimate::Estimate;
use loam_core::export::bundle::{BundleError, Manifest, read};
use loam_core::file::{Correction, Usage};
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::simulate::{DEMO_SEED, Scene};
use loam_core::stack::{HistoryRule, Library, MARGIN, Region, SceneDay, Series};
use loam_nn::block_on;
use serde_json::Value;
use smap_files::companion::Beside;
use smap_files::{BytesSource, PathSource, QualityRule, SharedSource, archive, read_all, with_beside};

use super::command_line::{json, refused};
use super::refusals::zip;
use super::session::{Recorder, started};

/// What the recorder's clock says, in seconds.
const NOW: &str = "1700000000";
const DATE: &str = "2020-06-04";
/// SMAP on three days, and two 3 km scenes, the second of them in a version that supersedes the first.
const FILES: [&str; 5] = [
    "SMAP_L3_SM_P_20200602_R18290_001.h5",
    "SMAP_L3_SM_P_20200603_R18290_001.h5",
    "SMAP_L3_SM_P_20200604_R18290_001.h5",
    "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5",
    "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003025_097W34N_R18290_001.h5",
];
const SUPERSEDED: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_001.h5";
/// With a mask beside it.
const MASKED: &str = "foreign/masked/soil_moisture_20200603.tif";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `loam` at a moment of its own.
fn run_at(now: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loam"));
    command.args(arguments).env("SOURCE_DATE_EPOCH", now).output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_at(NOW, arguments)
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Members by name.
fn members(bundle: &[u8]) -> Vec<(String, Vec<u8>)> {
    let source: SharedSource = Arc::new(BytesSource::new("b.zip", bundle.to_vec()));
    let members = archive::all_members(&source).unwrap().unwrap();
    let bytes = |member: &archive::Member| read_all(member.source().unwrap().as_ref()).unwrap();
    members.iter().map(|member| (member.path().to_owned(), bytes(member))).collect()
}

fn member(bundle: &[u8], name: &str) -> Vec<u8> {
    members(bundle).into_iter().find(|(own, _)| own == name).unwrap().1
}

fn manifest(bundle: &[u8]) -> Value {
    serde_json::from_slice(&member(bundle, "manifest.json")).unwrap()
}

/// `loam predict` from real files, with SMEN's shipped weights, one file insisted on, one from an archive.
fn from_files(folder: &Path) -> Vec<u8> {
    let order = folder.join("order.zip");
    let smap = std::fs::read(fixture(FILES[0])).unwrap();
    std::fs::write(&order, zip(&[(&format!("a/{}", FILES[0]), &smap)])).unwrap();
    let mut words = vec!["predict".to_owned(), text(&order).to_owned()];
    words.extend(FILES[1..].iter().chain(&[SUPERSEDED]).map(|name| text(&fixture(name)).to_owned()));
    let (map, bundle, masked) = (folder.join("map.tif"), folder.join("bundle.zip"), fixture(MASKED));
    let rest = ["--fine", text(&masked), "--region", "oklahoma-city", "--date", DATE, "--network", "smen"];
    words.extend(rest.map(str::to_owned));
    words.extend(["--out", text(&map), "--bundle", text(&bundle)].map(str::to_owned));
    done(&run(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    std::fs::read(bundle).unwrap()
}

#[test]
fn a_map_of_files_is_made_again_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = from_files(folder.path());
    let names: Vec<String> = members(&bytes).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["README.txt", "manifest.json", "map.tif", "weights.safetensors"]);
    assert_eq!(member(&bytes, "map.tif"), std::fs::read(folder.path().join("map.tif")).unwrap());
    let manifest = manifest(&bytes);
    // What sha256sum says.
    let inputs = manifest["inputs"].as_array().unwrap();
    let named =
        |end: &str| inputs.iter().find(|input| input["name"].as_str().unwrap().ends_with(end)).unwrap();
    assert_eq!(
        (inputs.len(), &inputs[0]["name"]),
        (6, &format!("order.zip/a/{}", FILES[0]).into()),
        "{inputs:?}"
    );
    assert_eq!(
        named(FILES[2])["content"]["sha256"],
        "bfbd840ae704d6b7892164e91039fb815d0cf8b93be56eff2f74fdedd9f9c241"
    );
    let masked = named("soil_moisture_20200603.tif");
    assert_eq!(masked["mask"]["sha256"], "8753f4bd473c5eb382367c98a15a42356bd2860560e4ae359e7541ee2c1e1051");
    assert_eq!(
        (&masked["correction"]["usage"], &masked["correction"]["date"]),
        (&"fine".into(), &"2020-06-03".into())
    );
    assert_eq!((&manifest["made"], &manifest["simulated"]), (&"2023-11-14T22:13:20Z".into(), &false.into()));
    assert!(manifest["device"]["name"].as_str().unwrap().starts_with("CPU"), "{manifest}");

    let bundle = folder.path().join("bundle.zip");
    let fixtures = fixture("");
    let again = folder.path().join("again.tif");
    let report = json(&run(&[
        "reproduce",
        text(&bundle),
        "--files",
        text(&fixtures),
        "--out",
        text(&again),
        "--json",
    ]));
    assert_eq!((&report["reproduced"], &report["to_the_bit"]), (&true.into(), &true.into()), "{report}");
    assert_eq!((&report["maps"][0]["cells"], &report["maps"][0]["differing"]), (&10_000.into(), &0.into()));
    assert_eq!(std::fs::read(again).unwrap(), member(&bytes, "map.tif"));

    // A file is told by its content, whatever it is called now, and in whichever archive it lies.
    let moved = folder.path().join("moved");
    std::fs::create_dir_all(moved.join("deep")).unwrap();
    for (n, name) in FILES.iter().enumerate() {
        std::fs::copy(fixture(name), moved.join(format!("deep/{n}.dat"))).unwrap();
    }
    let (tif, msk) =
        (std::fs::read(fixture(MASKED)).unwrap(), std::fs::read(fixture(&format!("{MASKED}.msk"))).unwrap());
    std::fs::write(moved.join("maps.zip"), zip(&[("x.tif", &tif), ("x.tif.msk", &msk)])).unwrap();
    let said = done(&run(&["reproduce", text(&bundle), "--files", text(&moved)]));
    assert!(said.ends_with("The map is reproduced to the bit.\n"), "{said}");
}

#[test]
fn changed_and_missing_files_are_named_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    from_files(folder.path());
    let bundle = folder.path().join("bundle.zip");
    let there = folder.path().join("there");
    std::fs::create_dir(&there).unwrap();
    for name in &FILES[..4] {
        std::fs::copy(fixture(name), there.join(name)).unwrap();
    }
    let mut bytes = std::fs::read(fixture(FILES[1])).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(there.join(FILES[1]), &bytes).unwrap();
    // The mask was taken away.
    std::fs::copy(fixture(MASKED), there.join("soil_moisture_20200603.tif")).unwrap();
    let output = run(&["reproduce", text(&bundle), "--files", text(&there)]);
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((output.status.code(), lines.len()), (Some(2), 4), "{said}");
    let expected = "fb21b7076ec7ae92a177559432cc7e16666f763a4a5090c22b7ec3b7727493fc";
    assert!(
        lines[0]
            .starts_with(&format!("changed: {}: expected 56569 bytes, SHA-256 {expected}; found", FILES[1])),
        "{said}"
    );
    assert!(
        lines[1].starts_with(&format!("missing: {}: expected 33254 bytes, SHA-256 ", FILES[4])),
        "{said}"
    );
    assert!(lines[2].starts_with("missing: soil_moisture_20200603.tif.msk: expected 265 bytes"), "{said}");
    assert!(
        lines[3].starts_with("error: of the bundle's 6 input files 2 are missing and 1 changed"),
        "{said}"
    );
    let report = run(&["reproduce", text(&bundle), "--files", text(&there), "--json"]);
    assert_eq!(report.status.code(), Some(2));
    assert_eq!(json(&report)["inputs_amiss"].as_array().map(Vec::len), Some(3));
    // Without any files all are missing.
    let output = run(&["reproduce", text(&bundle)]);
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).lines().count()), (Some(2), 7));
}

/// A bundle as version 0.1.0 wrote it on 2026-11-29, with a layer given by hand, a mask and a forced date. Neither the file nor this test changes.
#[test]
fn a_bundle_kept_then_is_read_and_made_again() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/frozen/bundle.zip");
    let source: SharedSource = Arc::new(PathSource::open(&kept).unwrap());
    let bundle = read(&source).unwrap();
    let layers: Vec<&str> = bundle
        .manifest
        .inputs
        .iter()
        .flat_map(|input| input.correction.layers.iter().map(|given| given.layer.as_str()))
        .collect();
    assert_eq!((bundle.manifest.inputs.len(), layers.as_slice()), (7, ["band 1"].as_slice()));
    assert_eq!(bundle.manifest.method, Method::ClosedForm(ClosedForm::Bilinear));
    let said = done(&run(&["reproduce", text(&kept), "--files", text(&fixture(""))]));
    assert!(said.contains("The map is reproduced"), "{said}");
}

fn simulated(now: &str, method: &[&str], folder: &Path) -> Vec<u8> {
    let (map, bundle) = (folder.join("map.tif"), folder.join("bundle.zip"));
    let words = ["predict", "--simulated", "--region", "tucson", "--date", "2018-06-10"];
    done(&run_at(now, &[&words[..], method, &["--out", text(&map), "--bundle", text(&bundle)]].concat()));
    std::fs::read(bundle).unwrap()
}

/// Of a bundle all but the time of making.
fn but_time(bundle: &[u8]) -> (Value, Vec<(String, Vec<u8>)>) {
    let mut manifest = manifest(bundle);
    manifest["made"] = Value::Null;
    (manifest, members(bundle).into_iter().filter(|(name, _)| name != "manifest.json").collect())
}

#[test]
fn simulated_scenes_are_made_again_without_files_and_only_the_time_differs() {
    let folder = tempfile::tempdir().unwrap();
    let method = ["--method", "regression"];
    let first = simulated(NOW, &method, folder.path());
    assert!(first == simulated(NOW, &method, folder.path()), "the same bytes at the same moment");
    let later = simulated("1800000000", &method, folder.path());
    assert!(first != later && but_time(&first) == but_time(&later));
    let manifest = manifest(&first);
    assert_eq!(
        (&manifest["scene"]["place"], &manifest["scene"]["seed"]),
        (&"tucson".into(), &DEMO_SEED.into())
    );
    assert_eq!(
        (&manifest["simulated"], manifest["inputs"].as_array().map(Vec::len)),
        (&true.into(), Some(0))
    );
    assert!(manifest["weights"].is_null() && manifest["scores"].as_array().is_some_and(|s| s.len() > 1));
    let notes = String::from_utf8(member(&first, "README.txt")).unwrap();
    assert!(notes.contains("SIMULATED") && notes.contains("loam reproduce"), "{notes}");
    let said = done(&run(&["reproduce", text(&folder.path().join("bundle.zip"))]));
    assert!(said.contains("SIMULATED") && said.ends_with("The map is reproduced to the bit.\n"), "{said}");
    refused(
        &run_at(
            "soon",
            &[
                "predict",
                "--simulated",
                "--region",
                "tucson",
                "--date",
                "2018-06-10",
                "--method",
                "bilinear",
                "--out",
                text(&folder.path().join("map.tif")),
                "--bundle",
                text(&folder.path().join("b.zip")),
            ],
        ),
        "not a number of seconds",
    );
}

/// `loam season` of some days of Tucson as a bundle.
fn season(more: &[&str], folder: &Path) -> Vec<u8> {
    let (cube, bundle) = (folder.join("season.nc"), folder.join("season.zip"));
    let words = ["season", "--simulated", "--region", "tucson", "--from", "2018-06-01", "--to", "2018-06-10"];
    done(&run(&[&words[..], more, &["--out", text(&cube), "--bundle", text(&bundle)]].concat()));
    std::fs::read(bundle).unwrap()
}

#[test]
fn a_season_is_made_again_to_the_bit_date_by_date() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = season(&["--method", "regression"], folder.path());
    let again = season(&["--method", "regression"], folder.path());
    assert!(bytes == again, "the same bytes, though all dates are kept from before");
    let manifest = manifest(&bytes);
    let maps = manifest["maps"].as_array().unwrap();
    let dates: Vec<&str> = maps.iter().map(|map| map["date"].as_str().unwrap()).collect();
    assert!(dates.len() > 3 && dates.is_sorted(), "{dates:?}");
    assert_eq!((&manifest["version"], manifest["date"].as_str()), (&2.into(), dates.last().copied()));
    // Each is what `loam predict` writes of its date, and is made again by `loam reproduce`.
    let (map, out) = (folder.path().join("map.tif"), folder.path().join("again"));
    let words = ["predict", "--simulated", "--region", "tucson", "--method", "regression"];
    done(&run(&[&words[..], &["--date", dates[1], "--out", text(&map)]].concat()));
    let name = maps[1]["file"].as_str().unwrap();
    assert_eq!(name, format!("map_{}.tif", dates[1].replace('-', "")));
    assert_eq!(member(&bytes, name), std::fs::read(&map).unwrap());
    let bundle = folder.path().join("season.zip");
    let said = done(&run(&["reproduce", text(&bundle), "--out", text(&out)]));
    assert!(
        said.contains("SIMULATED") && said.ends_with("Every map of the season is reproduced to the bit.\n"),
        "{said}"
    );
    assert!(said.contains(&format!("{0} of {0} maps are the same", dates.len())), "{said}");
    assert_eq!(std::fs::read(out.join(name)).unwrap(), member(&bytes, name));
    let report = json(&run(&["reproduce", text(&bundle), "--json"]));
    assert_eq!(report["dates"].as_u64(), Some(dates.len() as u64));
    // The map of one date in the place of another's: that date differs, and is named.
    let other = maps[2]["file"].as_str().unwrap();
    let (bytes_of, hash) = (member(&bytes, name), maps[1]["sha256"].clone());
    let swapped =
        crafted(&bytes, |manifest| manifest["maps"][2]["sha256"] = hash.clone(), &[(other, &bytes_of)]);
    std::fs::write(&bundle, &swapped).unwrap();
    let output = run(&["reproduce", text(&bundle)]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && said.contains(&format!("{other}: ")), "{said}");
    assert!(said.contains("A map of the season differs"), "{said}");
    // A date that is there twice, or in another order.
    for (n, date) in [(1, dates[0]), (0, dates[2])] {
        let wrong = crafted(&bytes, |manifest| manifest["maps"][n]["date"] = date.into(), &[]);
        std::fs::write(&bundle, wrong).unwrap();
        refused(&run(&["reproduce", text(&bundle)]), "not those of its method");
    }
}

#[test]
fn a_seasons_bundle_holds_what_dask_takes() {
    let folder = tempfile::tempdir().unwrap();
    let dask = folder.path().join("dask");
    let bytes = season(&["--network", "smen", "--dask", text(&dask)], folder.path());
    let manifest = manifest(&bytes);
    let maps = manifest["maps"].as_array().unwrap();
    for name in ["run_season.py", "requirements.txt", "model.onnx", "weights.safetensors"] {
        assert!(!member(&bytes, name).is_empty());
    }
    for map in maps {
        let name = format!("inputs/{}.nc", map["date"].as_str().unwrap());
        assert_eq!(member(&bytes, &name), std::fs::read(dask.join(&name)).unwrap());
    }
    let notes = String::from_utf8(member(&bytes, "README.txt")).unwrap();
    assert!(notes.contains("python run_season.py --out season.nc"), "{notes}");
    done(&run(&["reproduce", text(&folder.path().join("season.zip"))]));
}

#[test]
fn a_session_compares_a_date_of_a_seasons_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = season(&["--method", "regression"], folder.path());
    let manifest = manifest(&bytes);
    let maps = manifest["maps"].as_array().unwrap().iter();
    let dates: Vec<String> = maps.map(|map| map["date"].as_str().unwrap().to_owned()).collect();
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("season.zip", bytes))];
    block_on(session.handle(2, Request::Bundle(BundleRequest::Open { in_use: true })));
    block_on(session.handle(3, Request::Demo { region: "tucson".into() }));
    let mut compare = |id: u64, date: &str| {
        let date = date.parse().unwrap();
        block_on(session.handle(id, Request::Predict { date, settings: settings("tucson") }));
        block_on(session.handle(id + 1, Request::Bundle(BundleRequest::Compare)));
        host.events.borrow().iter().rev().find_map(|(_, event, _)| match event {
            Event::Bundle(BundleEvent::Compared(compared)) => Some(Ok(compared.clone())),
            Event::Failed(failure) => Some(Err(failure.what.clone())),
            _ => None,
        })
    };
    for (id, date) in (10..).step_by(2).zip([&dates[1], dates.last().unwrap()]) {
        let compared = compare(id, date).unwrap().unwrap();
        assert!(compared.reproduced && compared.details[0].contains(&date.replace('-', "")), "{compared:?}");
        let others = format!("{date} is compared; choose another of the season's {} dates", dates.len());
        assert!(compared.details[1].starts_with(&others), "{compared:?}");
    }
    // A date that is none of the season's.
    assert!(compare(20, "2018-06-13").unwrap().unwrap_err().contains("date"));
}

/// The bundle that a session exported last.
fn exported(host: &Recorder) -> (String, Vec<u8>) {
    let events = host.events.borrow();
    let found = events.iter().rev().find_map(|(_, event, attachments)| match (event, attachments.first()) {
        (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) => Some((name.clone(), bytes.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing was exported: {:?}", events.last()))
}

fn settings(region: &str) -> RegionSettings {
    RegionSettings {
        window: loam_core::stack::Preset::find(region).unwrap().region().unwrap().window(),
        region: Some(region.to_owned()),
        quality: QualityRule::default(),
        history_cover: 0.1,
        history_disaggregated: true,
        mass_correction: false,
    }
}

#[test]
fn a_session_exports_the_bytes_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    for (id, method, words) in [
        (10, Method::default(), ["--network", "smen"].as_slice()),
        (20, Method::ClosedForm(ClosedForm::Regression), &["--method", "regression"]),
    ] {
        let date = "2018-06-10".parse().unwrap();
        block_on(session.handle(id, Request::UseMethod { method }));
        block_on(session.handle(id + 1, Request::Predict { date, settings: settings("tucson") }));
        // The recorder's clock goes on with its events.
        host.events.borrow_mut().clear();
        block_on(session.handle(id + 2, Request::Export { form: ExportForm::Bundle }));
        let (name, bytes) = exported(&host);
        assert!(name.starts_with("loam_SIMULATED_tucson_20180610") && name.ends_with(".zip"), "{name}");
        let theirs = simulated(NOW, words, folder.path());
        assert_eq!(manifest(&bytes), manifest(&theirs));
        assert!(bytes == theirs, "{method:?}");
    }
}

/// A bundle dropped on a fresh page: its method and weights answer, and the map made again is compared with its own.
#[test]
fn a_session_opens_a_bundle_and_compares_the_map_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = simulated(NOW, &["--network", "smen"], folder.path());
    let (host, mut session) = started();
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("b.zip", bundle.clone()))];
    let ticket = FileTicket {
        id: 1,
        name: "b.zip".into(),
        bytes: bundle.len() as u64,
        correction: Correction::default(),
        member: None,
    };
    block_on(session.handle(2, Request::Open { tickets: vec![ticket] }));
    let aside = |host: &Recorder| {
        host.events.borrow().iter().any(|(_, event, _)| {
            matches!(event, Event::SetAside(found) if found.bundle && found.files == [1] && found.members.is_empty())
        })
    };
    assert!(aside(&host));
    block_on(session.handle(3, Request::Bundle(BundleRequest::Open { in_use: true })));
    let opened = || {
        let events = host.events.borrow();
        let found = events.iter().rev().find_map(|(_, event, _)| match event {
            Event::Bundle(BundleEvent::Opened(report)) => Some(report.open().unwrap()),
            _ => None,
        });
        found.unwrap()
    };
    let BundleReport { dates, settings: of, method, demo, inputs, .. } = opened();
    let date = "2018-06-10".parse().unwrap();
    assert_eq!((dates, demo.as_deref(), inputs.len()), (vec![date], Some("tucson"), 0));
    assert_eq!(method, Method::default());
    let compare = |session: &mut Session<Rc<Recorder>>, id: u64| {
        block_on(session.handle(id, Request::Bundle(BundleRequest::Compare)));
        let events = host.events.borrow();
        let found = events.iter().rev().find_map(|(n, event, _)| match event {
            Event::Bundle(BundleEvent::Compared(compared)) if *n == id => Some(Ok(compared.clone())),
            Event::Failed(failure) if *n == id => Some(Err(failure.what.clone())),
            _ => None,
        });
        found.unwrap()
    };
    assert!(compare(&mut session, 4).unwrap_err().contains("no map"));
    block_on(session.handle(5, Request::Demo { region: "tucson".into() }));
    block_on(session.handle(6, Request::Predict { date, settings: of.clone() }));
    let compared = compare(&mut session, 7).unwrap();
    assert!(compared.reproduced && compared.verdict.contains("to the bit"), "{compared:?}");
    // Another date or method is not compared.
    let later = "2018-06-13".parse().unwrap();
    block_on(session.handle(8, Request::Predict { date: later, settings: of.clone() }));
    assert!(compare(&mut session, 9).unwrap_err().contains("date"));
    block_on(session.handle(10, Request::UseMethod { method: Method::ClosedForm(ClosedForm::Bilinear) }));
    block_on(session.handle(11, Request::Predict { date, settings: of.clone() }));
    assert!(compare(&mut session, 12).unwrap_err().contains("method"));
    // A map that differs is said to.
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("b.zip", altered(|_, v| v + 0.01, false)))];
    block_on(session.handle(13, Request::Bundle(BundleRequest::Open { in_use: true })));
    block_on(session.handle(14, Request::Predict { date, settings: opened().settings }));
    let compared = compare(&mut session, 15).unwrap();
    assert!(!compared.reproduced && compared.details[0].contains("differ"), "{compared:?}");
    // And a broken one.
    *host.sources.borrow_mut() =
        vec![Arc::new(BytesSource::new("b.zip", bundle[..bundle.len() / 2].to_vec()))];
    block_on(session.handle(16, Request::Bundle(BundleRequest::Open { in_use: true })));
    assert!(matches!(host.events.borrow().last(), Some((16, Event::Failed(_), _))));
    // Read without being used, and closed.
    block_on(session.handle(17, Request::UseMethod { method: Method::ClosedForm(ClosedForm::Bicubic) }));
    *host.sources.borrow_mut() = vec![Arc::new(BytesSource::new("b.zip", bundle))];
    block_on(session.handle(18, Request::Bundle(BundleRequest::Open { in_use: false })));
    block_on(session.handle(19, Request::Predict { date, settings: of }));
    assert!(compare(&mut session, 20).unwrap_err().contains("method"));
    block_on(session.handle(21, Request::Bundle(BundleRequest::Close)));
    assert!(compare(&mut session, 22).unwrap_err().contains("no bundle is open"));
}

#[test]
fn a_session_bundles_files_and_asks_for_another_map_after_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Export { form: ExportForm::Bundle }));
    let fails = |host: &Recorder| match host.events.borrow().last() {
        Some((_, Event::Failed(failure), _)) => failure.what.clone(),
        other => panic!("{other:?}"),
    };
    assert!(fails(&host).contains("there is no map"));
    // As the command line opens them; the archive's member under its name.
    let mut sources: Vec<SharedSource> = FILES
        .iter()
        .chain(&[SUPERSEDED])
        .map(|name| Arc::new(PathSource::open(&fixture(name)).unwrap()) as _)
        .collect();
    let open = |name: &str| Arc::new(PathSource::open(&fixture(name)).unwrap()) as SharedSource;
    sources.push(with_beside(open(MASKED), Beside::Mask, open(&format!("{MASKED}.msk"))));
    *host.sources.borrow_mut() = sources;
    let names = FILES.iter().chain(&[SUPERSEDED, "soil_moisture_20200603.tif"]);
    let mut tickets: Vec<FileTicket> = names
        .zip(1..)
        .map(|(name, id)| FileTicket {
            id,
            name: (*name).to_owned(),
            bytes: 0,
            correction: Correction::default(),
            member: None,
        })
        .collect();
    tickets[0].name = format!("order.zip/a/{}", FILES[0]);
    tickets[6].correction = Correction {
        usage: Some(Usage::Fine),
        date: Some("2020-06-03".parse().unwrap()),
        ..Correction::default()
    };
    block_on(session.handle(3, Request::Open { tickets }));
    let date = DATE.parse().unwrap();
    block_on(session.handle(4, Request::Predict { date, settings: settings("oklahoma-city") }));
    block_on(session.handle(5, Request::Export { form: ExportForm::Bundle }));
    assert!(exported(&host).1 == from_files(folder.path()), "the bytes of the command line");
    // Files that went away since.
    block_on(session.handle(6, Request::Forget { file: 2 }));
    block_on(session.handle(7, Request::Export { form: ExportForm::Bundle }));
    assert!(fails(&host).contains("since this map was made"), "{}", fails(&host));
    // Hashing is cancelled like any other job.
    block_on(session.handle(8, Request::Predict { date, settings: settings("oklahoma-city") }));
    host.cancel_after.set(Some(host.events.borrow().len() + 1));
    block_on(session.handle(9, Request::Export { form: ExportForm::Bundle }));
    assert!(matches!(host.events.borrow().last(), Some((9, Event::Cancelled, _))));
}

/// A bundle of the demo's scene whose map was made by `change` of the estimate, on this device.
fn altered(change: impl Fn(usize, f32) -> f32, gpu: bool) -> Vec<u8> {
    let mut settings = settings("tucson");
    settings.window = ease_grid::EaseWindow { columns: 12, rows: 10, ..settings.window };
    let scene = Scene::preset("tucson", DEMO_SEED).unwrap();
    let days =
        loam_core::simulate::Simulator::with_margin(scene.clone(), MARGIN).map(SceneDay::from).collect();
    let library = Library::simulated(scene, "Simulated scenes: Tucson".into(), days);
    let mut series = Series::new(Region::new(settings.window).unwrap(), settings.quality);
    series.load_all(&library).unwrap();
    let (method, date) = (ClosedForm::Bilinear, "2018-06-10".parse().unwrap());
    let mut estimate: Estimate =
        method.estimate(&library, &mut series, date, HistoryRule::from(&settings)).unwrap();
    let (grid, mut values, reasons) = estimate.channels[0].estimate.clone().into_parts();
    values.iter_mut().enumerate().for_each(|(n, value)| *value = change(n, *value));
    estimate.channels[0].estimate = Raster::new(grid, values, reasons).unwrap();
    let name = if gpu { "a card" } else { "CPU" }.to_owned();
    let device = DeviceReport { gpu, name, why: String::new(), kernels: None, warning: None, check: None };
    let circumstances = Circumstances { quality: settings.quality, weights: method.into(), device };
    write(Contents {
        estimate: &estimate,
        season: None,
        settings: &settings,
        circumstances: &circumstances,
        weights: None,
        library: &library,
        inputs: Vec::new(),
        besides: Vec::new(),
        made: 0,
    })
    .unwrap()
}

#[test]
fn a_map_that_differs_is_said_with_how_much_and_a_gpus_within_its_tolerance() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.zip");
    let reproduce = |bundle: &[u8]| {
        std::fs::write(&path, bundle).unwrap();
        let output = run(&["reproduce", text(&path)]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let three = |by: f32| move |n: usize, value: f32| if n % 40 == 7 { value + by } else { value };
    let (code, said) = reproduce(&altered(three(0.0), false));
    assert!(code == Some(0) && said.contains("reproduced to the bit"), "{said}");
    // One bit is enough.
    let (code, said) =
        reproduce(&altered(|n, v| if n == 7 { f32::from_bits(v.to_bits() + 1) } else { v }, false));
    assert!(code == Some(1) && said.contains("map.tif: 1 of 120 cells differ, by "), "{said}");
    let (code, said) = reproduce(&altered(three(0.25), false));
    assert!(code == Some(1) && said.contains("3 of 120 cells differ, by 2.50e-1 m3/m3 at most"), "{said}");
    assert!(said.ends_with("The map differs from the bundle's.\n"), "{said}");
    // 0.001 m3/m3 is what a GPU may be off.
    let (code, said) = reproduce(&altered(three(0.0009), true));
    assert!(code == Some(0) && said.contains("reproduced within the bundle's tolerance"), "{said}");
    assert!(said.contains("made on a card") && !said.contains("to the bit"), "{said}");
    let (code, said) = reproduce(&altered(three(0.002), true));
    assert!(code == Some(1) && said.contains("The map differs"), "{said}");
}

/// The bundle with another manifest, and other members.
fn crafted(bundle: &[u8], change: impl Fn(&mut Value), more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut manifest = manifest(bundle);
    change(&mut manifest);
    let text = serde_json::to_vec(&manifest).unwrap();
    let own = members(bundle);
    let mut all: Vec<(&str, &[u8])> = own
        .iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name))
        .map(|(name, bytes)| (name.as_str(), if name == "manifest.json" { &text[..] } else { bytes }))
        .collect();
    all.extend(more);
    zip(&all)
}

#[test]
fn crafted_bundles_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.zip");
    let whole = altered(|_, value| value, false);
    let set = |pointer: &'static str, value: Value| {
        move |manifest: &mut Value| *manifest.pointer_mut(pointer).unwrap() = value.clone()
    };
    let same = |_: &mut Value| {};
    let plain = crafted(&whole, same, &[]);
    std::fs::write(&path, &plain).unwrap();
    done(&run(&["reproduce", text(&path)]));
    // Sizes and methods as the archive's list says them, in its last entry.
    let in_list = |bundle: &[u8], change: &dyn Fn(&mut [u8])| {
        let mut bytes = bundle.to_vec();
        let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
        change(&mut bytes[at..at + 46]);
        bytes
    };
    let declared = |bundle: &[u8], method: u8, size: u32| {
        in_list(bundle, &|entry| {
            entry[10] = method;
            entry[24..28].copy_from_slice(&size.to_le_bytes());
        })
    };
    // A deflated stream of one stored block of 1,000 bytes.
    let stream = [&[1, 0xe8, 3, 0x17, 0xfc][..], &[7; 1000]].concat();
    let deflated = crafted(&whole, same, &[("map.tif", &stream)]);
    let names: Vec<String> = (0..70).map(|n| format!("{n}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"1"[..])).collect();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (crafted(&whole, same, &many), "holds too many files"),
        (b"".to_vec(), "no zip archive"),
        (b"PK\x03\x04".to_vec(), "missing"),
        (whole[..whole.len() - 30].to_vec(), "missing"),
        (whole[..whole.len() / 2].to_vec(), "missing"),
        (zip(&[("a.txt", b"1")]), "holds no manifest.json"),
        (crafted(&whole, same, &[("../map.tif", b"1")]), "\"../map.tif\""),
        (crafted(&whole, same, &[("/etc/passwd", b"1")]), "\"/etc/passwd\""),
        (crafted(&whole, same, &[("C:\\x", b"1")]), "as no bundle of Loam does"),
        (zip(&[("manifest.json", b"{}"), ("manifest.json", b"{}")]), "\"manifest.json\""),
        (crafted(&whole, set("/version", 3.into()), &[]), "version 3"),
        (crafted(&whole, set("/version", 2.into()), &[]), "not those of its method and dates"),
        (crafted(&whole, same, &[("inputs/../x", b"1")]), "\"inputs/../x\""),
        (crafted(&whole, set("/version", (-1).into()), &[]), "manifest.json cannot be used"),
        (crafted(&whole, set("/format", "zip".into()), &[]), "its format is not"),
        (crafted(&whole, set("/settings/window/columns", u64::MAX.into()), &[]), "its region is none"),
        (crafted(&whole, set("/settings/window/first_row", u64::MAX.into()), &[]), "its region is none"),
        (crafted(&whole, set("/settings/window/resolution", "M36".into()), &[]), "its region is none"),
        (crafted(&whole, set("/settings/region", "atlantis".into()), &[]), "knows no region \"atlantis\""),
        (crafted(&whole, set("/scene/place", "atlantis".into()), &[]), "knows no simulated scene"),
        (crafted(&whole, set("/scene/last", "9999-12-31".into()), &[]), "knows no simulated scene"),
        (crafted(&whole, set("/scene", Value::Null), &[]), "neither files nor simulated scenes"),
        (crafted(&whole, set("/simulated", false.into()), &[]), "not said to be simulated"),
        (crafted(&whole, set("/maps", Value::Array(Vec::new())), &[]), "not those of its method"),
        (crafted(&whole, set("/maps/0/file", "../map.tif".into()), &[]), "not those of its method"),
        (crafted(&whole, set("/maps/0/sha256", "0".repeat(64).into()), &[]), "SHA-256"),
        (
            crafted(&whole, set("/method", serde_json::json!({ "network": "smen" })), &[]),
            "do not belong together",
        ),
        (crafted(&whole, set("/date", "1990-01-01".into()), &[]), "1990-01-01"),
        (crafted(&whole, same, &[("map.tif", b"II*\0")]), "map.tif in the bundle is not what"),
        (crafted(&whole, same, &[("manifest.json", b"[[[[")]), "manifest.json cannot be used"),
        (crafted(&whole, same, &[("manifest.json", "[".repeat(100_000).as_bytes())]), "cannot be used"),
        (declared(&plain, 8, u32::MAX - 1), "more than the"),
        (declared(&deflated, 8, 900), "more bytes than the archive says"),
        (declared(&deflated, 99, 1000), "encrypted"),
    ];
    for (bundle, holds) in &cases {
        std::fs::write(&path, bundle).unwrap();
        refused(&run(&["reproduce", text(&path)]), holds);
    }
    refused(&run(&["reproduce", text(&folder.path().join("none.zip"))]), "check the path");
    // A map that is no map, and is what the manifest says.
    let stored = loam_core::export::bundle::sha256(&stream);
    std::fs::write(&path, crafted(&whole, set("/maps/0/sha256", stored.into()), &[("map.tif", &stream)]))
        .unwrap();
    refused(&run(&["reproduce", text(&path)]), "map.tif in the bundle cannot be read");
}

/// Cut off anywhere, and with any byte changed: a sentence, or the bundle as it was.
#[test]
fn no_damage_to_a_bundle_ends_in_a_panic() {
    let whole = altered(|_, value| value, false);
    let open = |bytes: Vec<u8>| read(&(Arc::new(BytesSource::new("b.zip", bytes)) as SharedSource));
    let sound: Manifest = open(whole.clone()).unwrap().manifest;
    for length in (0..whole.len()).step_by(7) {
        assert!(open(whole[..length].to_vec()).is_err(), "{length}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        match open(bytes) {
            Ok(bundle) => assert_eq!(bundle.maps.len(), sound.maps.len()),
            Err(error) => assert!(!matches!(error, BundleError::Io(_)), "{at}: {error}"),
        }
    }
}
