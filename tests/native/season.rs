//! A season: on the command line, interrupted and resumed, and in a session that streams its dates.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use ease_grid::{EaseWindow, Resolution};
use jiff::civil::Date;
use loam::protocol::{Attachment, Event, ExportForm, Request, SEASON_KEY, SeasonReport};
use loam_core::closed_form::ClosedForm;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::season::{SeasonDay, sidecar};
use loam_core::simulate::{DEMO_SEED, Scene};
use loam_nn::block_on;
use smap_files::{BytesSource, PathSource, Product, ReadOptions, Role};

use super::command_line::{json, refused, run};
use super::session::{Second, started};

/// `loam season` on the demo's scenes of Tucson.
fn season(from: &str, to: &str, method: &str, out: &Path) -> serde_json::Value {
    let words =
        ["season", "--simulated", "--region", "tucson", "--from", from, "--to", to, "--method", method];
    let out = out.to_str().unwrap();
    let output = run(&[&words[..], &["--out", out, "--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

#[test]
fn a_season_resumes_and_every_date_is_what_predict_gives() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = season("2018-05-01", "2018-05-20", "regression", &at("cube.nc"));
    let dates = first["dates"].as_u64().unwrap();
    assert!(dates > 5 && first["computed"] == first["dates"] && first["resumed"] == 0, "{first}");
    // Longer: what was made stays, but for the last date, which is made again.
    let longer = season("2018-05-01", "2018-06-10", "regression", &at("cube.nc"));
    assert_eq!(longer["resumed"].as_u64(), Some(dates), "{longer}");
    assert!(longer["dates"].as_u64().unwrap() > dates);
    // Cut off while a date was written.
    let kept = at("cube.nc.dates");
    let bytes = std::fs::read(&kept).unwrap();
    std::fs::write(&kept, &bytes[..bytes.len() - 1000]).unwrap();
    let again = season("2018-05-01", "2018-06-10", "regression", &at("cube.nc"));
    assert_eq!(again["resumed"].as_u64(), longer["dates"].as_u64().map(|n| n - 1), "{again}");
    // By other means all is made again.
    let other = season("2018-05-01", "2018-05-20", "bilinear", &at("cube.nc"));
    assert_eq!(other["resumed"], 0, "{other}");
    season("2018-05-01", "2018-06-10", "regression", &at("cube.nc"));

    let cube = smap_files::open(std::sync::Arc::new(PathSource::open(&at("cube.nc")).unwrap())).unwrap();
    assert_eq!((cube.product, cube.simulated), (Product::OwnMap, true));
    let maps: Vec<usize> =
        (0..cube.variables.len()).filter(|n| cube.variables[*n].role == Role::SoilMoisture).collect();
    assert_eq!(maps.len() as u64, longer["dates"].as_u64().unwrap());
    for n in [maps[0], maps[maps.len() / 2], maps[maps.len() - 1]] {
        let date = cube.variables[n].date.unwrap().to_string();
        let map = at("map.tif");
        let words =
            ["predict", "--simulated", "--region", "tucson", "--method", "regression", "--date", &date];
        let options = ["--stac", "--reproject", "utm", "--kmz"];
        let kmz = at("map.kmz");
        let names = [kmz.to_str().unwrap(), "--out", map.to_str().unwrap()];
        let output = run(&[&words[..], &options, &names].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for name in ["map.json", "map_resampled_EPSG32612.tif", "map_resampled_EPSG32612.json", "map.kmz"] {
            assert!(at(name).is_file(), "{name}");
        }
        let map = smap_files::open(std::sync::Arc::new(PathSource::open(&map).unwrap())).unwrap();
        let all = ReadOptions { quality: smap_files::QualityRule::All, scale: None };
        let (a, b) = (cube.read(n, &all, None).unwrap(), map.read(0, &all, None).unwrap());
        let bits =
            |raster: &ease_grid::Raster| raster.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&a), bits(&b), "{date}");
    }
}

#[test]
fn a_season_in_a_folder_is_a_geotiff_a_date_and_a_layer() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["season", "--simulated", "--region", "tucson", "--from", "2018-05-01", "--to", "2018-05-12"];
    let out = folder.path().join("maps");
    let more = ["--method", "bilinear", "--stac", "--json", "--out", out.to_str().unwrap()];
    let report = json(&run(&[&words[..], &more].concat()));
    let ends = |end: &str| {
        let names = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("loam_2018") && name.ends_with(end)).count() as u64
    };
    assert_eq!(Some(ends(".tif")), report["dates"].as_u64(), "{report}");
    assert_eq!(ends(".json"), ends(".tif"));
    assert_eq!(report["out"].as_array().map(Vec::len), Some(4));
    for name in ["season_mean.tif", "season_trend.tif", "season_drydown_time.tif"] {
        let source = std::sync::Arc::new(PathSource::open(&out.join(name)).unwrap());
        let layer = smap_files::open(source).unwrap();
        assert_eq!((layer.product, layer.variables[0].role), (Product::OwnMap, Role::Other), "{name}");
    }
    let none = ["season", "--simulated", "--region", "tucson", "--from", "1999-01-01", "--to", "1999-02-01"];
    let out = folder.path().join("none.nc");
    let by = ["--method", "bilinear", "--out", out.to_str().unwrap()];
    refused(&run(&[&none[..], &by].concat()), "no date of this period");
    let backwards =
        ["season", "--simulated", "--region", "tucson", "--from", "2018-06-01", "--to", "2018-05-01"];
    refused(&run(&[&backwards[..], &["--out", "none.nc"]].concat()), "name the earlier date first");
}

#[test]
fn what_to_fetch_is_said_and_nothing_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let words = ["fetch-list", "--region", "tucson", "--from", "2018-05-01", "--to", "2018-06-30"];
    let report = json(&run(&[&words[..], &["--json", "--out", out]].concat()));
    assert_eq!(report["collections"][1]["short_name"], "SPL2SMAP_S");
    let script = std::fs::read_to_string(folder.path().join("fetch.py")).unwrap();
    assert_eq!(report["earthaccess"], script.as_str());
    assert!(script.contains("2018-06-30T23:59:59Z"));
    let backwards = ["fetch-list", "--region", "tucson", "--from", "2018-05-01", "--to", "2018-04-30"];
    refused(&run(&backwards), "name the earlier date first");
}

/// The middle of Tucson: 24 x 24 cells of the demo.
fn settings() -> RegionSettings {
    let region = Scene::preset("tucson", DEMO_SEED).unwrap().region.window();
    let (column, row) = (region.first_column + 40, region.first_row + 40);
    RegionSettings {
        window: EaseWindow::new(Resolution::M03, column as i64, row as i64, 24, 24).unwrap(),
        region: None,
        quality: Default::default(),
        history_cover: 0.1,
        history_disaggregated: true,
        mass_correction: false,
    }
}

fn asked(from: &str, to: &str) -> Request {
    let day = |text: &str| Some(text.parse().unwrap());
    Request::Season { from: day(from), to: day(to), settings: settings() }
}

#[test]
fn a_session_streams_the_dates_of_a_season_and_its_layers() {
    for method in [Method::ClosedForm(ClosedForm::Regression), Method::default()] {
        let (host, mut session) = started();
        block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
        block_on(session.handle(3, Request::UseMethod { method }));
        host.events.borrow_mut().clear();
        block_on(session.handle(4, asked("2018-05-01", "2018-06-30")));
        let events = host.events.borrow();
        assert!(matches!(events.last(), Some((4, Event::Finished, _))), "{:?}", events.last());
        let mut sums = vec![(0u32, 0f64); 24 * 24];
        let mut dates = Vec::new();
        for (_, event, attachments) in events.iter() {
            let Event::SeasonDay(day) = event else { continue };
            let day = day.open().unwrap();
            assert_eq!(day.done as usize, dates.len() + 1);
            dates.push(day.date);
            assert!(day.left_out.is_none() && day.simulated, "{day:?}");
            assert_eq!(day.half_width.is_some(), method == Method::ClosedForm(ClosedForm::Regression));
            let Attachment::F32(values) = &attachments[day.values.unwrap()] else { panic!("values") };
            for (sum, value) in sums.iter_mut().zip(values).filter(|(_, v)| v.is_finite()) {
                *sum = (sum.0 + 1, sum.1 + f64::from(*value));
            }
        }
        assert!(dates.len() > 20 && dates.is_sorted());
        let (report, attachments): (SeasonReport, _) = events
            .iter()
            .find_map(
                |(_, e, a)| {
                    if let Event::Season(r) = e { Some((r.open().unwrap(), a.clone())) } else { None }
                },
            )
            .unwrap();
        assert_eq!(
            (report.dates.as_slice(), report.method, report.simulated),
            (dates.as_slice(), method, true)
        );
        let plane = |n: usize| match &attachments[n] {
            Attachment::F32(values) => values.clone(),
            Attachment::U8(_) => panic!("a plane of bytes"),
        };
        let (mean, count) = (plane(report.mean), plane(report.count));
        for (cell, (n, sum)) in sums.iter().enumerate() {
            assert_eq!(count[cell], *n as f32);
            assert!(*n == 0 || (f64::from(mean[cell]) - sum / f64::from(*n)).abs() < 1e-6);
        }
        assert!(plane(report.trend).iter().any(|v| v.is_finite()));
    }
}

/// A season that was made with helpers.
struct Helped {
    /// How many workers made it.
    workers: usize,
    /// Dates that each was asked for.
    asked: Vec<usize>,
    days: BTreeMap<Date, Vec<Attachment>>,
    layers: Vec<Attachment>,
    warnings: Vec<String>,
    /// Dates that were made when helpers were asked for.
    before_help: Option<usize>,
}

/// The same season with these helpers, of which each opened a demo and answers so many requests.
fn with_helpers(method: Method, season: Request, helpers: &[(&str, usize)]) -> Helped {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    block_on(session.handle(3, Request::UseMethod { method }));
    let mut counts: Vec<Rc<Cell<usize>>> = Vec::new();
    for (region, lives) in helpers {
        let (host_of_second, mut second) = started();
        block_on(second.handle(2, Request::Demo { region: (*region).into() }));
        let count = Rc::new(Cell::new(0));
        counts.push(Rc::clone(&count));
        host.helpers.borrow_mut().push(Second {
            host: host_of_second,
            session: RefCell::new(second),
            lives: Cell::new(*lives),
            asked: count,
        });
    }
    host.events.borrow_mut().clear();
    block_on(session.handle(4, season));
    let events = host.events.borrow();
    assert!(matches!(events.last(), Some((4, Event::Finished, _))), "{:?}", events.last());
    let before_help = host.before_help.get();
    let (mut days, mut layers, mut warnings) = (BTreeMap::new(), Vec::new(), Vec::new());
    let (mut done, mut workers) = (0, 0);
    for (_, event, attachments) in events.iter() {
        match event {
            Event::SeasonDay(day) => {
                let day = day.open().unwrap();
                done += 1;
                assert_eq!((day.done, day.total), (done, day.total));
                assert!(days.insert(day.date, attachments.clone()).is_none(), "{} was made twice", day.date);
            }
            Event::Season(report) => {
                let report = report.open().unwrap();
                let with_map = days.iter().filter(|(_, planes): &(_, &Vec<_>)| !planes.is_empty());
                assert!(with_map.map(|(date, _)| date).eq(&report.dates));
                workers = report.workers;
                layers.clone_from(attachments);
            }
            Event::Warning(text) => warnings.push(text.clone()),
            _ => {}
        }
    }
    let asked = counts.iter().map(|count| count.get()).collect();
    Helped { workers, asked, days, layers, warnings, before_help }
}

/// Bits of the attachments.
fn bits(attachments: &[Attachment]) -> Vec<Vec<u32>> {
    let of = |attachment: &Attachment| match attachment {
        Attachment::F32(values) => values.iter().map(|v| v.to_bits()).collect(),
        Attachment::U8(bytes) => bytes.iter().map(|b| u32::from(*b)).collect(),
    };
    attachments.iter().map(of).collect()
}

#[test]
fn a_season_is_the_same_with_any_helpers_and_after_one_is_lost() {
    const MANY: usize = 1000;
    let network = Method::Network(Network::Rcn);
    for method in [Method::ClosedForm(ClosedForm::Regression), Method::default(), network] {
        let season = || asked("2018-05-01", "2018-06-30");
        let alone = with_helpers(method, season(), &[]);
        let helped = |helpers: &[(&str, usize)], warned: usize| {
            let Helped { workers, asked, days, layers, warnings, before_help } =
                with_helpers(method, season(), helpers);
            assert!(before_help.is_some_and(|dates| dates > 4), "{before_help:?}");
            assert_eq!(workers, 1 + helpers.len() - warned);
            assert_eq!(warnings.len(), warned, "{method:?}: {warnings:?}");
            assert!(days.keys().eq(alone.days.keys()));
            assert!(days.iter().all(|(date, day)| bits(day) == bits(&alone.days[date])), "{method:?}");
            assert_eq!(bits(&layers), bits(&alone.layers));
            asked
        };
        let asked = helped(&[("tucson", MANY), ("tucson", MANY)], 0);
        assert!(asked.iter().all(|n| *n > 5), "both made some: {asked:?}");
        // The first request is of a date that is known, two more are under way when it is gone.
        assert_eq!(helped(&[("tucson", 4)], 1), [4]);
        // Other files, so another map: it is not asked again.
        assert_eq!(helped(&[("geneva", MANY), ("tucson", MANY)], 1)[0], 1);
    }
}

/// Where a network has much to do, helpers start at once and make the first date beside this worker. The very first ones have no map: no
/// earlier 3 km map is there.
#[test]
fn helpers_of_a_long_season_begin_with_it() {
    let mut settings = settings();
    settings.window = Scene::preset("tucson", DEMO_SEED).unwrap().region.window();
    let season = || Request::Season {
        from: None,
        to: Some("2016-10-31".parse().unwrap()),
        settings: settings.clone(),
    };
    let alone = with_helpers(Method::default(), season(), &[]);
    let dates = alone.days.len();
    assert!(dates > 200 && alone.before_help == Some(0));
    assert!(alone.days.values().next().unwrap().is_empty());
    // One is lost on the way, one opened other files.
    for helpers in [[("tucson", 1000), ("tucson", 20)], [("geneva", 1000), ("tucson", 1000)]] {
        let helped = with_helpers(Method::default(), season(), &helpers);
        assert_eq!((helped.workers, helped.warnings.len()), (2, 1), "{:?}", helped.warnings);
        assert_eq!(helped.before_help, Some(0));
        assert!(helped.asked.iter().any(|n| *n > dates / 3), "{:?}", helped.asked);
        assert!(helped.days.keys().eq(alone.days.keys()));
        assert!(helped.days.iter().all(|(date, day)| bits(day) == bits(&alone.days[date])));
        assert_eq!(bits(&helped.layers), bits(&alone.layers));
    }
}

#[test]
fn a_season_is_cancelled_between_two_dates_and_lets_others_in() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    host.events.borrow_mut().clear();
    let before = host.yields.get();
    host.cancel_after.set(Some(40));
    block_on(session.handle(4, asked("2018-01-01", "2018-12-31")));
    assert!(matches!(host.events.borrow().last(), Some((4, Event::Cancelled, _))));
    let events = host.events.borrow().len();
    assert!((41..45).contains(&events), "nothing but the end comes after the cancel: {events}");
    assert!(host.yields.get() - before >= 10);
    // What was open is still there.
    drop(std::mem::take(&mut *host.events.borrow_mut()));
    host.cancel_after.set(None);
    block_on(session.handle(5, asked("2018-05-01", "2018-05-10")));
    assert!(matches!(host.events.borrow().last(), Some((5, Event::Finished, _))));
    block_on(session.handle(6, asked("1999-05-01", "1999-05-10")));
    let events = host.events.borrow();
    let Some((6, Event::Failed(failure), _)) = events.last() else { panic!("{:?}", events.last()) };
    assert!(failure.what.contains("no date of this period"), "{failure:?}");
}

/// The dates that a session sent, as the page keeps them.
fn sent(events: &[(u64, Event, Vec<Attachment>)], id: u64) -> Vec<SeasonDay> {
    let days = events.iter().filter_map(|(of, event, attachments)| match event {
        Event::SeasonDay(day) if *of == id => Some((day.open().unwrap(), attachments)),
        _ => None,
    });
    let made = days.filter(|(day, _)| day.left_out.is_none()).map(|(day, attachments)| {
        let (Attachment::F32(values), Attachment::U8(bits)) =
            (&attachments[day.values.unwrap()], &attachments[day.flags.unwrap()])
        else {
            panic!("values and flags")
        };
        let half_width = day.half_width.map(|at| match &attachments[at] {
            Attachment::F32(plane) => plane.clone(),
            Attachment::U8(_) => panic!("a half-width of bytes"),
        });
        SeasonDay {
            date: day.date,
            values: values.clone(),
            half_width,
            flags: bits.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
            files: day.files.clone(),
            simulated: day.simulated,
        }
    });
    made.collect()
}

fn records(days: &[SeasonDay]) -> Vec<u8> {
    days.iter().fold(sidecar::head(SEASON_KEY), |bytes, day| [bytes, sidecar::record(day)].concat())
}

/// A session that resumes with the page's dates makes the others, and writes the same season as one that was never interrupted.
#[test]
fn a_session_resumes_a_season_and_writes_its_files() {
    let (host, mut session) = started();
    let method = Method::ClosedForm(ClosedForm::Regression);
    block_on(session.handle(2, Request::Demo { region: "tucson".into() }));
    block_on(session.handle(3, Request::UseMethod { method }));
    block_on(session.handle(4, Request::Export { form: ExportForm::SeasonLayers }));
    assert!(
        matches!(&host.events.borrow().last(), Some((4, Event::Failed(f), _)) if f.remedy.contains("Resume"))
    );
    block_on(session.handle(5, asked("2018-05-01", "2018-06-30")));
    let whole = sent(&host.events.borrow(), 5);
    let planes = |id: u64| {
        let events = host.events.borrow();
        let found = events.iter().find(|(of, event, _)| *of == id && matches!(event, Event::Season(_)));
        let (_, _, attachments) = found.unwrap();
        let bits = attachments.iter().map(|a| match a {
            Attachment::F32(plane) => plane.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            Attachment::U8(_) => panic!("a plane of bytes"),
        });
        bits.collect::<Vec<_>>()
    };
    // All but five, the last among them.
    let n = whole.len();
    let kept: Vec<SeasonDay> =
        whole.iter().enumerate().filter(|(i, _)| i % (n / 4) != 2).map(|(_, d)| d.clone()).collect();
    *host.weights.borrow_mut() = Some(records(&kept));
    block_on(session.handle(6, asked("2018-05-01", "2018-06-30")));
    let again = sent(&host.events.borrow(), 6);
    let mut missing: Vec<_> =
        whole.iter().map(|d| d.date).filter(|date| kept.iter().all(|k| k.date != *date)).collect();
    missing.push(whole[n - 1].date);
    missing.dedup();
    assert_eq!(again.iter().map(|d| d.date).collect::<Vec<_>>(), missing);
    assert!(again.iter().all(|day| whole.iter().any(|d| d.date == day.date && d.flags == day.flags)));
    assert_eq!(planes(5), planes(6), "to the bit");

    *host.weights.borrow_mut() = Some(records(&whole));
    for (id, form) in [(7, ExportForm::SeasonCube), (8, ExportForm::SeasonLayers)] {
        block_on(session.handle(id, Request::Export { form }));
        let events = host.events.borrow();
        let (name, bytes) = events
            .iter()
            .find_map(|(of, event, attachments)| match (event, attachments.as_slice()) {
                (Event::Exported { name, .. }, [Attachment::U8(bytes)]) if *of == id => {
                    Some((name.clone(), bytes.clone()))
                }
                _ => None,
            })
            .unwrap();
        assert!(name.starts_with("loam_SIMULATED_c") && name.contains("_season_2018050"), "{name}");
        let file = smap_files::open(std::sync::Arc::new(BytesSource::new(&name, bytes))).unwrap();
        assert_eq!((file.product, file.simulated), (Product::OwnMap, true), "{name}");
        let maps: Vec<usize> =
            (0..file.variables.len()).filter(|n| file.variables[*n].role == Role::SoilMoisture).collect();
        let all = ReadOptions { quality: smap_files::QualityRule::All, scale: None };
        if form == ExportForm::SeasonCube {
            assert_eq!(maps.len(), n);
            let read = file.read(maps[3], &all, None).unwrap();
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(read.values()), bits(&whole[3].values));
        } else {
            assert!(maps.is_empty(), "statistics are taken for no map of a date");
            let mean = file.read(0, &all, None).unwrap();
            let expected = &planes(5)[0];
            for (value, bits) in mean.values().iter().zip(expected) {
                let expected = f32::from_bits(*bits);
                assert!(value.to_bits() == *bits || value.is_nan() && expected.is_nan());
            }
            let names: Vec<String> = file.variables.iter().map(|v| v.path.clone()).collect();
            assert!(names.iter().any(|name| name.contains("drydown_time")), "{names:?}");
        }
    }
}
