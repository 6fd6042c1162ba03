//! Stations in a session: found among files, read in steps, compared with maps, with the numbers of `loam validate`.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use ease_grid::{EaseWindow, Resolution};
use ground_stations::logger::{LoggerPlace, LoggerUnit};
use ground_stations::matching::Rules;
use ground_stations::simulate::{Errors, SimulatedNetwork, as_file};
use loam::protocol::{
    Attachment, Enough, Event, FileReport, FileTicket, GroundEvent, GroundForm, GroundRequest, LoggerCard,
    Packed, Request, StationList, ValidationReport,
};
use loam::session::Session;
use loam::validation::{BEST, network_over};
use loam_core::closed_form::ClosedForm;
use loam_core::file::Correction;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::region_settings::RegionSettings;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator};
use loam_core::stack::{MARGIN, Preset};
use loam_nn::block_on;
use smap_files::{BytesSource, PathSource, SharedSource};

use super::command_line::run;
use super::session::{Recorder, started};

const ID: u64 = 9;

fn settings(region: &str) -> RegionSettings {
    RegionSettings {
        window: Preset::find(region).unwrap().region().unwrap().window(),
        region: Some(region.to_owned()),
        quality: Default::default(),
        history_cover: 0.1,
        history_disaggregated: true,
        mass_correction: false,
    }
}

/// A session with the demo of a region.
fn demo(region: &str) -> (Rc<Recorder>, Session<Rc<Recorder>>) {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::Demo { region: region.into() }));
    (host, session)
}

/// Asks, and gives all that came of it.
fn ask(
    host: &Recorder,
    session: &mut Session<Rc<Recorder>>,
    request: Request,
) -> Vec<(Event, Vec<Attachment>)> {
    host.events.borrow_mut().clear();
    block_on(session.handle(ID, request));
    std::mem::take(&mut *host.events.borrow_mut())
        .into_iter()
        .map(|(_, event, parts)| (event, parts))
        .collect()
}

fn ground(events: &[(Event, Vec<Attachment>)]) -> impl Iterator<Item = &GroundEvent> {
    events
        .iter()
        .filter_map(|(event, _)| if let Event::Ground(event) = event { Some(&**event) } else { None })
}

fn stations(events: &[(Event, Vec<Attachment>)]) -> StationList {
    let found =
        ground(events).filter_map(|e| if let GroundEvent::Stations(s) = e { Some(s.clone()) } else { None });
    found.last().unwrap_or_else(|| panic!("no list of stations: {:?}", events.last()))
}

fn cards(list: &StationList) -> Vec<LoggerCard> {
    list.loggers.as_ref().map(|packed| packed.open().unwrap()).unwrap_or_default()
}

fn described(file: u32, place: &LoggerPlace) -> GroundRequest {
    GroundRequest::Read { loggers: vec![(file, Packed::of(place).unwrap())] }
}

fn rows(events: &[(Event, Vec<Attachment>)]) -> Vec<FileReport> {
    events
        .iter()
        .filter_map(|(e, _)| if let Event::FileRead(r) = e { Some(r.clone()) } else { None })
        .collect()
}

fn finished(events: &[(Event, Vec<Attachment>)]) {
    assert!(matches!(events.last(), Some((Event::Finished, _))), "{:?}", events.last());
}

fn validate(
    host: &Recorder,
    session: &mut Session<Rc<Recorder>>,
    rules: &Rules,
    (from, to): (&str, &str),
    settings: RegionSettings,
) -> (StationList, ValidationReport) {
    let (from, to) = (Some(from.parse().unwrap()), Some(to.parse().unwrap()));
    let request = GroundRequest::Validate { rules: rules.clone(), methods: Vec::new(), from, to, settings };
    let events = ask(host, session, Request::Ground(request));
    finished(&events);
    let report =
        ground(&events).find_map(|e| if let GroundEvent::Validated(r) = e { Some(r.clone()) } else { None });
    (stations(&events), report.unwrap())
}

fn saved(host: &Recorder, session: &mut Session<Rc<Recorder>>, form: GroundForm) -> (String, String) {
    let events = ask(host, session, Request::Ground(GroundRequest::Save { form }));
    finished(&events);
    let found = events.into_iter().find_map(|(event, parts)| match (event, parts.into_iter().next()) {
        (Event::Exported { name, .. }, Some(Attachment::U8(bytes))) => {
            Some((name, String::from_utf8(bytes).unwrap()))
        }
        _ => None,
    });
    found.unwrap()
}

/// Opens files by name and source, and reads those of stations.
fn open(
    host: &Recorder,
    session: &mut Session<Rc<Recorder>>,
    files: Vec<(&str, SharedSource)>,
) -> (Vec<FileReport>, StationList) {
    let tickets = (10..).zip(&files).map(|(id, (name, source))| FileTicket {
        id,
        name: (*name).to_owned(),
        bytes: source.len(),
        correction: Correction::default(),
        member: None,
    });
    let tickets = tickets.collect();
    *host.sources.borrow_mut() = files.into_iter().map(|(_, source)| source).collect();
    let events = ask(host, session, Request::Open { tickets });
    finished(&events);
    assert!(ground(&events).any(|e| matches!(e, GroundEvent::Found(waiting) if !waiting.is_empty())));
    assert!(rows(&events).iter().all(|row| row.refused.is_none()), "nothing is refused before it is read");
    let events = ask(host, session, Request::Ground(GroundRequest::Read { loggers: Vec::new() }));
    finished(&events);
    (rows(&events), stations(&events))
}

fn text(name: &str, text: &str) -> SharedSource {
    Arc::new(BytesSource::new(name, text.as_bytes().to_vec()))
}

/// Equal, line for line; only the first that differs is shown.
fn same(a: &str, b: &str) {
    for (a, b) in a.lines().zip(b.lines()) {
        assert_eq!(a, b);
    }
    assert_eq!(a.lines().count(), b.lines().count());
}

/// The part of a report that holds scores and scatter plots.
fn scores(report: &str) -> &str {
    let from = report.find("<h2>Maps against").unwrap();
    &report[from..report.find("<h2>Series").unwrap()]
}

#[test]
fn session_and_command_line_give_the_same_numbers() {
    let (host, mut session) = demo("tucson");
    let list = stations(&ask(&host, &mut session, Request::Ground(GroundRequest::Simulate)));
    assert!(list.simulated && list.marks.len() == 16 && list.marks.iter().all(|mark| mark.pairs.is_none()));
    let cases = [
        (Some(Method::ClosedForm(ClosedForm::Regression)), "regression", "2018-10-01"),
        (Some(Method::Network(Network::Smen)), "smen", "2018-12-10"),
        (None, "auto", "2018-12-10"),
    ];
    for (method, key, from) in cases {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let words = ["validate", "--simulated", "--region", "tucson", "--from", from];
        let (out, csv) = (at("report.html"), at("pairs.csv"));
        let more = ["--methods", key, "--out", &out, "--csv", &csv];
        let output = run(&[&words[..], &more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        let wanted = method.map_or(Request::UseBest, |method| Request::UseMethod { method });
        block_on(session.handle(3, wanted));
        let rules = Rules::default();
        let (list, report) = validate(&host, &mut session, &rules, (from, "2018-12-31"), settings("tucson"));
        let (name, pairs) = saved(&host, &mut session, GroundForm::Pairs);
        assert_eq!(name, "loam_SIMULATED_pairs.csv");
        same(&pairs, &std::fs::read_to_string(&csv).unwrap());
        let (name, html) = saved(&host, &mut session, GroundForm::Report);
        assert_eq!(name, "loam_SIMULATED_report.html");
        same(scores(&html), scores(&std::fs::read_to_string(&out).unwrap()));
        assert!(report.simulated && report.pairs == list.marks.iter().filter_map(|m| m.pairs).sum::<usize>());
        assert!(
            report.html.contains("bilinear SMAP") && report.html.contains(method.map_or(BEST, Method::name))
        );
        // The page's policy allows no style of its own, and the report none but its own.
        assert!(!report.html.contains("style=") && !html.contains("<script") && !html.contains("src="));
    }
}

#[test]
fn what_a_simulated_station_says_is_the_truth_with_the_errors_that_it_was_given() {
    let (host, mut session) = demo("tucson");
    block_on(session.handle(3, Request::UseMethod { method: ClosedForm::Bilinear.into() }));
    finished(&ask(&host, &mut session, Request::Ground(GroundRequest::Simulate)));
    let period = ("2016-03-01", "2016-08-31");
    let (list, _) = validate(&host, &mut session, &Rules::default(), period, settings("tucson"));
    let scene = Scene::preset("tucson", DEMO_SEED).unwrap();
    let (_, network) =
        network_over(Scene { last: "2016-08-31".parse().unwrap(), ..scene.clone() }, "", || ());
    let truths: Vec<_> =
        Simulator::with_margin(Scene { last: "2016-08-31".parse().unwrap(), ..scene }, MARGIN)
            .map(|day| (day.date, day.truth))
            .collect();
    // The constants are drawn when a network is made.
    let places: Vec<(f64, f64)> = network.sensors.iter().map(|s| (s.longitude, s.latitude)).collect();
    let offsets: Vec<f64> = SimulatedNetwork::new(&places, Errors::default(), DEMO_SEED).offsets().collect();
    let (_, csv) = saved(&host, &mut session, GroundForm::Pairs);
    let lines: Vec<Vec<&str>> = csv
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let mut known = 0;
    for ((mark, station), offset) in list.marks.iter().zip(network.by_station()).zip(offsets) {
        let mut differences = Vec::new();
        for line in lines.iter().filter(|line| line[1] == station.name) {
            let (_, truth) = truths.iter().find(|(date, _)| line[6] == date.to_string()).unwrap();
            let window = truth.grid().ease_window().unwrap();
            let (column, row): (usize, usize) = (line[4].parse().unwrap(), line[5].parse().unwrap());
            let truth = truth.at(column - window.first_column, row - window.first_row);
            differences.push(line[8].parse::<f64>().unwrap() - f64::from(truth.unwrap()));
        }
        if differences.len() < 30 {
            continue;
        }
        known += 1;
        assert_eq!(mark.enough, Enough::Verdict);
        // A constant of the station (sd 0.03), a daily part of 0.015 and noise of 0.01: sd 0.018 around the constant.
        let n = differences.len() as f64;
        let mean = differences.iter().sum::<f64>() / n;
        let spread = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n).sqrt();
        let sure = 4.0 * 0.018 / n.sqrt() + 0.003;
        assert!((mean - offset).abs() < sure, "{}: {mean} is not {offset} within {sure}", station.name);
        assert!((0.010..0.026).contains(&spread), "{}: {spread}", station.name);
    }
    assert!(known >= 8, "{known} stations have 30 pairs");
}

#[test]
fn a_real_archive_beside_the_demo_gives_the_command_lines_pairs_and_is_in_no_export() {
    let name = "zip_archives__header__Data_seperate_files_header_20170810_20180809.zip";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ismn").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/ismn/{name} is not here");
        return;
    }
    let (host, mut session) = demo("oklahoma-city");
    let source: SharedSource = Arc::new(PathSource::open(&path).unwrap());
    let (rows, list) = open(&host, &mut session, vec![(name, source)]);
    assert_eq!(rows.len(), 1);
    assert!(
        rows[0].refused.is_none() && rows[0].evidence == "2 sensors at 2 stations: see Ground",
        "{rows:?}"
    );
    assert!(!list.simulated && list.html.contains("COSMOS/ARM-1"));
    // pytesmo's count of ARM-1's good records, shared/data/README.md.
    assert!(list.html.contains("<td>6514</td>"), "{}", list.html);

    block_on(session.handle(3, Request::UseMethod { method: ClosedForm::Regression.into() }));
    // A cosmic-ray probe reaches to 0.19 m.
    let rules = Rules { depth: (0.0, 0.3), ..Rules::default() };
    let period = ("2016-01-01", "2017-10-31");
    let (_, report) = validate(&host, &mut session, &rules, period, settings("oklahoma-city"));
    let (saved_name, pairs) = saved(&host, &mut session, GroundForm::Pairs);
    assert!(report.pairs > 10 && saved_name == "loam_SIMULATED_pairs.csv", "{report:?}");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, csv) = (at("report.html"), at("pairs.csv"));
    let words =
        ["validate", "--simulated", "--region", "oklahoma-city", "--stations", path.to_str().unwrap()];
    let more = ["--depth", "0-0.3", "--from", period.0, "--to", period.1, "--methods", "regression"];
    let output = run(&[&words[..], &more, &["--out", &out, "--csv", &csv]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same(&pairs, &std::fs::read_to_string(&csv).unwrap());

    // At the default depths there is none, which is counted and said.
    let request = GroundRequest::Validate {
        rules: Rules::default(),
        methods: Vec::new(),
        from: None,
        to: None,
        settings: settings("oklahoma-city"),
    };
    let events = ask(&host, &mut session, Request::Ground(request));
    assert!(
        matches!(&events.last().unwrap().0, Event::Failed(f) if f.what.contains("at these depths")),
        "{events:?}"
    );
    // A map's own exports know nothing of stations.
    let date = "2018-06-16".parse().unwrap();
    block_on(session.handle(5, Request::Predict { date, settings: settings("oklahoma-city") }));
    let events = ask(&host, &mut session, Request::Export { form: loam::protocol::ExportForm::Csv });
    let Some((_, parts)) = events.iter().find(|(e, _)| matches!(e, Event::Exported { .. })) else {
        panic!("no file")
    };
    let Attachment::U8(bytes) = &parts[0] else { panic!("no bytes") };
    assert!(!String::from_utf8_lossy(bytes).contains("ARM-1"));
}

#[test]
fn a_broken_station_costs_the_others_nothing_and_a_loggers_table_says_what_to_do() {
    let (host, mut session) = started();
    let stm = |station: &str, body: &str| {
        (
            format!("net/N/{station}/N_N_{station}_sm_0.050000_0.050000_Probe_20200601_20200602.stm"),
            body.to_owned(),
        )
    };
    let good = "N N A 35.5 -97.5 300.0 0.05 0.05 Probe\r\n2020/06/01 12:00 0.2 G M\r\n2020/06/01 13:00 0.3 D03 M\r\n";
    let other = good.replace("N N A", "N N B").replace("35.5", "36.0");
    let files = [
        stm("A", good),
        stm("B", &other),
        stm("C", "no"),
        ("net/N/A/N_N_A_static_variables.csv".to_owned(), "x;y\n".to_owned()),
        ("net/table.csv".to_owned(), "time,sm\n2020-06-01 06:00,21.5\n".to_owned()),
        ("net/other.csv".to_owned(), "apples,pears\n1,2\n".to_owned()),
        // A table under a name that does not say what it is of.
        ("net/plain.dat".to_owned(), good.replace("N N A", "N N D").replace("35.5", "37.0")),
    ];
    let sources = files.iter().map(|(name, body)| (name.as_str(), text(name, body))).collect();
    let (rows, list) = open(&host, &mut session, sources);
    let refused = |name: &str| {
        rows.iter().find(|row| row.name.contains(name)).unwrap().refused.clone().unwrap_or_default()
    };
    assert_eq!((refused("N_N_A_sm"), refused("N_N_B_sm"), refused("static")), Default::default());
    assert!(refused("N_N_C_sm").contains("no table of a station"), "{}", refused("N_N_C_sm"));
    let table = rows.iter().find(|row| row.name.contains("table.csv")).unwrap();
    assert!(table.refused.is_none() && table.problems[0].contains("Say under Ground"), "{table:?}");
    assert!(cards(&list).len() == 1 && cards(&list)[0].answer.is_none(), "{:?}", list.loggers);
    assert!(refused("other.csv").contains("text file"), "{}", refused("other.csv"));
    assert!(refused("plain.dat").contains("give it its name back"), "{}", refused("plain.dat"));
    assert!(!rows.iter().any(|row| row.refused.as_ref().is_some_and(|r| r.contains("raster"))));
    assert!(list.html.contains("N/A<") && list.html.contains("N/B<"));
    assert!(list.html.contains("Left out: 2") && list.html.contains("N_N_C_sm"), "{}", list.html);
    assert!(list.html.contains("<td>0.05</td><td>1</td>"), "one of two records is good: {}", list.html);
    let mark = &list.marks[0];
    let cell = EaseWindow::around(Resolution::M03, -97.5, 35.5, 1, 1).unwrap();
    assert_eq!((mark.column as usize, mark.row as usize), (cell.first_column, cell.first_row));

    // One goes: the rest is read again, and nothing of the one is left.
    let events = ask(&host, &mut session, Request::Forget { file: 10 });
    assert!(ground(&events).any(|e| matches!(e, GroundEvent::Found(waiting) if !waiting.contains(&10))));
    let list =
        stations(&ask(&host, &mut session, Request::Ground(GroundRequest::Read { loggers: Vec::new() })));
    assert!(!list.html.contains("N/A<") && list.html.contains("N/B<"), "{}", list.html);
    // All go.
    finished(&ask(&host, &mut session, Request::ForgetAll));
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Read { loggers: Vec::new() }));
    assert!(stations(&events).marks.is_empty());
}

fn logger_files() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logger")
}

/// What tests/fixtures/logger/field-1.json says.
fn field_1() -> LoggerPlace {
    serde_json::from_slice(&std::fs::read(logger_files().join("field-1.json")).unwrap()).unwrap()
}

/// SMAP's synthetic granules of Oklahoma City.
fn granules() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "h5"));
    files.sort();
    files
}

/// A logger's table: asked about, described wrongly, described, compared with two methods at once, gone and back. `pairs.csv` is what `loam validate`
/// writes; the page's own test expects the same bytes.
#[test]
fn a_loggers_table_is_a_station_once_it_is_described() {
    let (host, mut session) = started();
    let table = logger_files().join("field-1.csv");
    let granules = granules();
    let paths: Vec<&std::path::PathBuf> = granules.iter().chain([&table]).collect();
    let names: Vec<String> =
        paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let source = |path: &std::path::Path| Arc::new(PathSource::open(path).unwrap()) as SharedSource;
    let files = names.iter().map(String::as_str).zip(paths.iter().map(|path| source(path))).collect();
    let (read, list) = open(&host, &mut session, files);
    assert!(read.len() == 1 && read[0].refused.is_none() && read[0].problems.len() == 1, "{read:?}");
    let all = cards(&list);
    let [card] = &all[..] else { panic!("{list:?}") };
    assert!(list.marks.is_empty() && card.answer.is_none() && card.place.is_none());
    assert_eq!(card.preview.columns, ["Zeit", "VWC_5cm (%)", "Batterie (V)"]);
    assert_eq!(card.preview.date_orders.len(), 2, "the first five days can be read in two ways");
    let file = card.file;

    let describe = |session: &mut Session<Rc<Recorder>>, place: &LoggerPlace| {
        let request = described(file, place);
        let events = ask(&host, session, Request::Ground(request));
        finished(&events);
        (rows(&events), stations(&events))
    };
    let wrong = LoggerPlace { unit: LoggerUnit::Fraction, ..field_1() };
    let (row, list) = describe(&mut session, &wrong);
    let Some(Err(why)) = cards(&list)[0].answer.clone() else { panic!("{:?}", cards(&list)[0]) };
    assert!(why.contains("is its unit percent?") && row[0].problems == [why.clone()], "{why}");
    assert!(list.marks.is_empty() && cards(&list)[0].place.as_ref() == Some(&wrong), "what was said is kept");
    let (row, list) = describe(&mut session, &field_1());
    let Some(Ok(words)) = cards(&list)[0].answer.clone() else { panic!("{:?}", cards(&list)[0]) };
    assert_eq!(words, "1 sensor of Field 1, 144 records from 2020-06-01 to 2020-09-17 UTC");
    assert!(row[0].problems.is_empty() && row[0].evidence.contains(&words));
    assert!(list.marks.len() == 1 && list.html.contains("own loggers/Field 1"), "{}", list.html);
    // Described again: one station, at its other place.
    let (_, list) = describe(&mut session, &LoggerPlace { latitude: 35.6, ..field_1() });
    assert_eq!(list.marks.len(), 1);
    describe(&mut session, &field_1());

    let request = GroundRequest::Validate {
        rules: Rules::default(),
        methods: vec![Some(ClosedForm::Bicubic.into()), Some(ClosedForm::Persistence.into())],
        from: None,
        to: None,
        settings: settings("oklahoma-city"),
    };
    let events = ask(&host, &mut session, Request::Ground(request));
    finished(&events);
    let (_, pairs) = saved(&host, &mut session, GroundForm::Pairs);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, csv, netcdf) = (at("report.html"), at("pairs.csv"), at("pairs.nc"));
    let logger = logger_files().join("field-1.json").to_str().unwrap().to_owned();
    let mut words = vec!["validate"];
    words.extend(granules.iter().map(|path| path.to_str().unwrap()));
    words.extend(["--logger", &logger, "--region", "oklahoma-city", "--methods", "bicubic,persistence"]);
    words.extend(["--out", &out, "--csv", &csv, "--netcdf", &netcdf]);
    let output = run(&words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let by_program = std::fs::read_to_string(&csv).unwrap();
    same(&pairs, &by_program);
    same(&by_program, &std::fs::read_to_string(logger_files().join("pairs.csv")).unwrap());
    // The same file in the form of QA4SM.
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Save { form: GroundForm::NetCdf }));
    let Some((Event::Exported { name, .. }, parts)) = events.first() else { panic!("{events:?}") };
    let [Attachment::U8(bytes)] = &parts[..] else { panic!() };
    assert!(name == "loam_pairs.nc" && *bytes == std::fs::read(&netcdf).unwrap(), "{name}");

    // The table goes and comes back, as a worker that is replaced reads it: what was said of it makes it a station again.
    finished(&ask(&host, &mut session, Request::Forget { file }));
    let nothing = ask(&host, &mut session, Request::Ground(described(file, &field_1())));
    assert!(stations(&nothing).marks.is_empty() && stations(&nothing).loggers.is_none());
    let ticket = FileTicket {
        id: file,
        name: "field-1.csv".to_owned(),
        bytes: 1,
        correction: Correction::default(),
        member: None,
    };
    *host.sources.borrow_mut() = vec![source(&table)];
    finished(&ask(&host, &mut session, Request::Open { tickets: vec![ticket] }));
    let (_, list) = describe(&mut session, &field_1());
    assert_eq!((list.marks.len(), cards(&list).len()), (1, 1));
}

#[test]
fn several_methods_stand_side_by_side_and_the_choice_stays() {
    let (host, mut session) = demo("tucson");
    finished(&ask(&host, &mut session, Request::Ground(GroundRequest::Simulate)));
    block_on(session.handle(3, Request::UseMethod { method: ClosedForm::Bicubic.into() }));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, csv) = (at("report.html"), at("pairs.csv"));
    let words = ["validate", "--simulated", "--region", "tucson", "--from", "2018-12-10"];
    let more = ["--methods", "auto,smen,persistence", "--out", &out, "--csv", &csv];
    let output = run(&[&words[..], &more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let request = GroundRequest::Validate {
        rules: Rules::default(),
        methods: vec![None, Some(Network::Smen.into()), Some(ClosedForm::Persistence.into())],
        from: Some("2018-12-10".parse().unwrap()),
        to: Some("2018-12-31".parse().unwrap()),
        settings: settings("tucson"),
    };
    let events = ask(&host, &mut session, Request::Ground(request));
    finished(&events);
    let chosen = events.iter().any(|(e, _)| matches!(e, Event::Ranking { .. } | Event::Weights(_)));
    assert!(!chosen, "the method that answers is still the one chosen by hand");
    let (_, pairs) = saved(&host, &mut session, GroundForm::Pairs);
    same(&pairs, &std::fs::read_to_string(&csv).unwrap());
    let (_, html) = saved(&host, &mut session, GroundForm::Report);
    same(scores(&html), scores(&std::fs::read_to_string(&out).unwrap()));
    for name in [BEST, "SMEN", Method::from(ClosedForm::Persistence).name()] {
        assert!(scores(&html).contains(name), "{name}");
    }
}

#[test]
fn reading_and_comparing_can_be_cancelled_and_let_others_in() {
    let (host, mut session) = demo("tucson");
    // A long table, in the form of an archive's.
    let scene = Scene { last: "2016-12-31".parse().unwrap(), ..Scene::preset("tucson", DEMO_SEED).unwrap() };
    let (_, network) = network_over(scene, "", || ());
    let files: Vec<(String, String)> = network.sensors.iter().map(|s| as_file(s).unwrap()).collect();
    let tickets: Vec<FileTicket> = (10..)
        .zip(&files)
        .map(|(id, (name, body))| FileTicket {
            id,
            name: name.clone(),
            bytes: body.len() as u64,
            correction: Correction::default(),
            member: None,
        })
        .collect();
    *host.sources.borrow_mut() = files.iter().map(|(name, body)| text(name, body)).collect();
    finished(&ask(&host, &mut session, Request::Open { tickets: tickets.clone() }));
    host.cancel_after.set(Some(4));
    let before = host.yields.get();
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Read { loggers: Vec::new() }));
    host.cancel_after.set(None);
    assert!(matches!(events.last(), Some((Event::Cancelled, _))) && host.yields.get() > before);
    let said = rows(&events);
    assert!(
        said.len() == files.len()
            && said.iter().all(|r| r.refused.as_ref().is_some_and(|w| w.contains("cancelled")))
    );
    assert!(stations(&events).marks.is_empty());

    finished(&ask(&host, &mut session, Request::Open { tickets }));
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Read { loggers: Vec::new() }));
    finished(&events);
    let list = stations(&events);
    assert!(
        list.simulated && list.marks.len() == files.len(),
        "what was written as simulated is read as such"
    );

    host.cancel_after.set(Some(6));
    let whole = GroundRequest::Validate {
        rules: Rules::default(),
        methods: Vec::new(),
        from: None,
        to: None,
        settings: settings("tucson"),
    };
    let events = ask(&host, &mut session, Request::Ground(whole));
    host.cancel_after.set(None);
    assert!(matches!(events.last(), Some((Event::Cancelled, _))), "{:?}", events.last());
    // The stations are still there, and nothing was compared.
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Save { form: GroundForm::Report }));
    assert!(matches!(&events.last().unwrap().0, Event::Failed(f) if f.remedy.contains("Validate")));
    let (_, report) =
        validate(&host, &mut session, &Rules::default(), ("2016-03-01", "2016-03-31"), settings("tucson"));
    assert!(report.pairs > 0);

    // One station, with what it is scored by; its number may be none of the list.
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Station { number: 0 }));
    finished(&events);
    let html = ground(&events)
        .find_map(|e| if let GroundEvent::Station { html, .. } = e { Some(html) } else { None });
    assert!(html.is_some_and(|html| html.contains("<svg") && html.contains("pairs")));
    let events = ask(&host, &mut session, Request::Ground(GroundRequest::Station { number: 99 }));
    assert!(matches!(&events.last().unwrap().0, Event::Failed(_)));
}

#[test]
fn stations_outside_the_region_are_listed_as_such() {
    let (host, mut session) = demo("tucson");
    let body = "N N Far 36.5 -97.5 300.0 0.05 0.05 Probe\r\n2018/06/01 12:00 0.2 G M\r\n2018/06/30 12:00 0.2 G M\r\n";
    let name = "N_N_Far_sm_0.050000_0.050000_Probe_20180601_20180630.stm";
    open(&host, &mut session, vec![(name, text(name, body))]);
    let (list, _) =
        validate(&host, &mut session, &Rules::default(), ("2018-06-01", "2018-06-30"), settings("tucson"));
    assert_eq!((list.marks[0].enough, list.marks[0].pairs), (Enough::Nothing, Some(0)));
    assert!(list.html.contains("outside the maps"));
}
