//! Stations: read when they are found, compared when asked, and what a cancel, a loss or other choices do to that.

use super::*;
use crate::protocol::{
    Enough, GroundEvent, GroundForm, GroundRequest, LoggerCard, Packed, StationList, StationMark,
    ValidationReport,
};
use crate::state::GroundAction;
use crate::state::logger_form::{LoggerForm, form_of, waits_alike};
use ground_stations::logger::{LoggerPlace, LoggerUnit, preview};
use ground_stations::matching::Rules;
use loam_core::method::Method;
use loam_core::network::Network;
use smap_files::{BytesSource, SharedSource};

fn tell(page: &mut Page, action: GroundAction) {
    page.tell(action.event());
}

fn answer(page: &mut Page, id: u64, event: GroundEvent) {
    page.answer(id, protocol::Event::Ground(Box::new(event)));
}

fn asked(page: &Page, wanted: impl Fn(&GroundRequest) -> bool) -> Option<u64> {
    page.find(|r| matches!(r, Request::Ground(request) if wanted(request)))
}

fn list(pairs: Option<usize>) -> GroundEvent {
    let mark = |_| StationMark {
        column: 2300.5,
        row: 1100.5,
        pairs,
        enough: if pairs.is_some() { Enough::Verdict } else { Enough::Unknown },
    };
    GroundEvent::Stations(StationList {
        marks: (0..2).map(mark).collect(),
        html: "<table>".into(),
        simulated: false,
        loggers: None,
    })
}

/// A page with two stations of an archive that was opened.
fn with_stations() -> Page {
    let mut page = Page::ready();
    page.tell(Event::Open(vec![(1, "ismn.zip".into(), 10)]));
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    page.answer(open, protocol::Event::FileRead(blank(1)));
    answer(&mut page, open, GroundEvent::Found(vec![1]));
    page.answer(open, protocol::Event::Finished);
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).expect("what is found is read");
    assert_eq!(page.state.ground.job.as_ref().map(|job| job.id), Some(read));
    answer(&mut page, read, list(None));
    page.answer(read, protocol::Event::Finished);
    assert!(page.state.ground.job.is_none());
    page
}

fn validated(page: &mut Page) -> u64 {
    tell(page, GroundAction::Validate);
    let id = asked(page, |r| matches!(r, GroundRequest::Validate { .. })).unwrap();
    answer(page, id, list(Some(40)));
    let report = ValidationReport { dates: 40, pairs: 80, html: "<p>".into(), simulated: false };
    answer(page, id, GroundEvent::Validated(report));
    page.answer(id, protocol::Event::Finished);
    id
}

#[test]
fn stations_are_listed_compared_looked_at_and_saved() {
    let mut page = with_stations();
    assert_eq!(page.state.ground.stations.as_ref().unwrap().marks.len(), 2);
    // Before a validation there is nothing to look at.
    tell(&mut page, GroundAction::Station(1));
    assert!(asked(&page, |r| matches!(r, GroundRequest::Station { .. })).is_none());
    tell(&mut page, GroundAction::Rules(Rules { depth: (0.0, 0.1), ..Rules::default() }));
    validated(&mut page);
    let sent = page.sent.iter().any(|s| {
        matches!(&s.1, Request::Ground(GroundRequest::Validate { rules, .. }) if rules.depth == (0.0, 0.1))
    });
    assert!(sent && page.state.ground_stale().is_none());
    tell(&mut page, GroundAction::Station(1));
    let id = asked(&page, |r| matches!(r, GroundRequest::Station { number: 1 })).unwrap();
    answer(&mut page, id, GroundEvent::Station { number: 1, html: "<svg>".into() });
    page.answer(id, protocol::Event::Finished);
    assert_eq!(page.state.ground.chosen.as_ref().unwrap().0, 1);
    tell(&mut page, GroundAction::Save(GroundForm::Report));
    assert!(*page.state.exporting);
    let id = asked(&page, |r| matches!(r, GroundRequest::Save { .. })).unwrap();
    let exported = protocol::Event::Exported { name: "loam_report.html".into(), mime: "text/html".into() };
    let envelope = Box::new(Envelope { id, body: exported });
    page.tell(Event::Answered(envelope, vec![crate::protocol::Attachment::U8(vec![1])]));
    page.answer(id, protocol::Event::Finished);
    assert!(page.others.iter().any(|e| matches!(e, Effect::Save { name, .. } if name == "loam_report.html")));
    assert!(!*page.state.exporting);
}

#[test]
fn scores_of_other_choices_say_so() {
    let mut page = with_stations();
    validated(&mut page);
    let rules = page.state.ground.rules.clone();
    tell(&mut page, GroundAction::Rules(Rules { window_hours: 2.0, ..rules.clone() }));
    assert!(page.state.ground_stale().unwrap().contains("rules of matching"));
    tell(&mut page, GroundAction::Rules(rules));
    assert!(page.state.ground_stale().is_none());
    assert!(page.state.stations_elsewhere());
    tell(&mut page, GroundAction::GoTo);
    assert!(!page.state.stations_elsewhere());
    assert!(page.state.ground_stale().unwrap().contains("another region"));
    page.tell(Event::Undo);
    assert!(page.state.ground_stale().is_none());
}

#[test]
fn a_second_validation_waits_for_the_first_and_a_cancel_leaves_the_stations() {
    let mut page = with_stations();
    tell(&mut page, GroundAction::Validate);
    tell(&mut page, GroundAction::Validate);
    let count =
        page.sent.iter().filter(|s| matches!(s.1, Request::Ground(GroundRequest::Validate { .. }))).count();
    assert_eq!(count, 1);
    let id = asked(&page, |r| matches!(r, GroundRequest::Validate { .. })).unwrap();
    page.answer(id, protocol::Event::Progress { done: 3, total: 9, what: "predicting".into() });
    assert_eq!(page.state.ground.job.as_ref().map(|job| (job.done, job.total)), Some((3, 9)));
    tell(&mut page, GroundAction::Cancel);
    assert!(page.sent.iter().any(|s| matches!(s.1, Request::Cancel { id: ended } if ended == id)));
    assert_eq!(page.state.ground.job.as_ref().unwrap().what, "cancelling");
    page.answer(id, protocol::Event::Cancelled);
    assert!(page.state.ground.job.is_none() && page.state.ground.stations.is_some());
    assert!(page.state.ground.validated.is_none());
}

#[test]
fn a_worker_that_is_lost_reads_the_stations_again_but_not_those_it_died_of() {
    let mut page = with_stations();
    validated(&mut page);
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(page.state.ground.stations.is_none() && page.state.ground.validated.is_none());
    let open = page.find(|r| matches!(r, Request::Open { .. })).expect("its file is opened again");
    answer(&mut page, open, GroundEvent::Found(vec![1]));
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).unwrap();
    // It dies while reading.
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    let refused = page.state.files[0].report.as_ref().unwrap().refused.clone().unwrap();
    assert!(refused.contains("reading stations stopped the worker"), "{refused}");
    assert!(page.find(|r| matches!(r, Request::Open { .. })).is_none(), "nothing is left to open");
    // What the old one still says counts no longer.
    answer(&mut page, read, list(None));
    assert!(page.state.ground.stations.is_none());
}

#[test]
fn a_demo_forgets_stations_and_a_fresh_worker_simulates_its_own_again() {
    let mut page = with_stations();
    page.tell(Event::LoadDemo("tucson".into()));
    assert!(page.state.ground.stations.is_none());
    tell(&mut page, GroundAction::Simulate);
    let id = asked(&page, |r| matches!(r, GroundRequest::Simulate)).unwrap();
    answer(&mut page, id, list(None));
    page.answer(id, protocol::Event::Finished);
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(asked(&page, |r| matches!(r, GroundRequest::Simulate)).is_some());
    page.tell(Event::ForgetAll);
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(asked(&page, |_| true).is_none());
}

#[test]
fn a_file_of_stations_that_goes_takes_its_list_along() {
    let mut page = with_stations();
    page.tell(Event::Forget(1));
    let id = page.find(|r| matches!(r, Request::Forget { .. })).unwrap();
    answer(&mut page, id, GroundEvent::Found(Vec::new()));
    page.answer(id, protocol::Event::Finished);
    assert!(page.state.ground.stations.is_none() && page.state.ground.job.is_none());
}

fn place() -> LoggerPlace {
    LoggerPlace {
        station: "Field 1".into(),
        latitude: 35.5,
        longitude: -97.5,
        depth: (0.05, 0.05),
        unit: LoggerUnit::Percent,
        utc_offset: "-06:00".into(),
        time_column: None,
        value_columns: vec!["sm".into()],
        date_order: None,
    }
}

fn logger_list(place: Option<LoggerPlace>, answer: Option<Result<String, String>>) -> GroundEvent {
    let bytes = b"time,sm\n2020-06-01 06:00,21.5\n".to_vec();
    let preview = preview(&(std::sync::Arc::new(BytesSource::new("l.csv", bytes)) as SharedSource)).unwrap();
    let card = LoggerCard { file: 1, name: "l.csv".into(), preview, place, answer };
    GroundEvent::Stations(StationList {
        loggers: Some(Packed::of(&vec![card]).unwrap()),
        ..StationList::default()
    })
}

/// What was read with.
fn said(page: &Page) -> Option<Vec<(u32, LoggerPlace)>> {
    page.sent.iter().rev().find_map(|(_, request, _)| match request {
        Request::Ground(GroundRequest::Read { loggers }) => {
            Some(loggers.iter().map(|(file, place)| (*file, place.open().unwrap())).collect())
        }
        _ => None,
    })
}

#[test]
fn what_is_said_of_a_loggers_table_is_said_to_every_worker_but_not_what_one_died_of() {
    let mut page = Page::ready();
    page.tell(Event::Open(vec![(1, "l.csv".into(), 10)]));
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    page.answer(open, protocol::Event::FileRead(blank(1)));
    answer(&mut page, open, GroundEvent::Found(vec![1]));
    page.answer(open, protocol::Event::Finished);
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).unwrap();
    answer(&mut page, read, logger_list(None, None));
    page.answer(read, protocol::Event::Finished);
    assert!(page.state.ground.stations.as_ref().is_some_and(|list| list.loggers.is_some()));
    assert!(!page.state.stations_elsewhere(), "there is no station yet");
    page.sent.clear();
    tell(&mut page, GroundAction::Describe(1, Packed::of(&place()).unwrap()));
    assert_eq!(said(&page), Some(vec![(1, place())]));
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).unwrap();
    answer(&mut page, read, logger_list(Some(place()), Some(Ok("1 sensor".into()))));
    page.answer(read, protocol::Event::Finished);
    // Another worker hears it again, and so does one that reads it after it was removed and came back.
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    answer(&mut page, open, GroundEvent::Found(vec![1]));
    assert_eq!(said(&page), Some(vec![(1, place())]));
    // It dies of it: the table is left out, and no worker hears it again.
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(page.state.files[0].report.as_ref().unwrap().refused.is_some());
    page.sent.clear();
    tell(&mut page, GroundAction::Describe(2, Packed::of(&place()).unwrap()));
    assert_eq!(said(&page), Some(vec![(2, place())]));
}

/// Tables of three loggers: two of the same columns, one of another.
fn three_tables() -> GroundEvent {
    let card = |file, name: &str, text: &str| {
        let source = std::sync::Arc::new(BytesSource::new(name, text.as_bytes().to_vec())) as SharedSource;
        LoggerCard { file, name: name.into(), preview: preview(&source).unwrap(), place: None, answer: None }
    };
    let cards = vec![
        card(1, "a.csv", "time,sm,battery\n1/2/2020 06:00,21.5,12\n"),
        card(2, "b.csv", "# Latitude: 36.5\ntime,sm,battery\n1/2/2020 06:00,30.5,12\n"),
        card(3, "c.csv", "when,sm\n1/2/2020 06:00,30.5\n"),
    ];
    GroundEvent::Stations(StationList {
        loggers: Some(Packed::of(&cards).unwrap()),
        ..StationList::default()
    })
}

fn cards(page: &Page) -> Vec<LoggerCard> {
    page.state.ground.stations.as_ref().unwrap().loggers.as_ref().unwrap().open().unwrap()
}

/// A page with three tables of loggers, of which the first one's form is filled in and not pressed.
fn with_typed_form() -> (Page, LoggerForm) {
    let mut page = Page::ready();
    page.tell(Event::Open((1..=3).map(|n| (n, format!("{n}.csv"), 10)).collect()));
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    for n in 1..=3 {
        page.answer(open, protocol::Event::FileRead(blank(n)));
    }
    answer(&mut page, open, GroundEvent::Found(vec![1, 2, 3]));
    page.answer(open, protocol::Event::Finished);
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).unwrap();
    answer(&mut page, read, three_tables());
    page.answer(read, protocol::Event::Finished);
    let form = LoggerForm {
        station: "Field 1".into(),
        latitude: "35,5".into(),
        upper: "0.05".into(),
        unit: "percent".into(),
        offset: "-06:00".into(),
        time: "time".into(),
        values: vec!["sm".into()],
        order: "dmy".into(),
        ..LoggerForm::default()
    };
    tell(&mut page, GroundAction::Typed(1, Packed::of(&form).unwrap()));
    (page, form)
}

#[test]
fn what_one_form_says_goes_into_all_that_wait_with_the_same_columns() {
    let (mut page, typed) = with_typed_form();
    let of = |page: &Page, n: usize| form_of(&page.state.ground.forms, &cards(page)[n]);
    assert_eq!(of(&page, 0), typed);
    let other = of(&page, 2);
    tell(&mut page, GroundAction::SameForAll(1));
    // Name and place are each table's own, be they open.
    let expected = LoggerForm {
        station: "b".into(),
        latitude: "36.5".into(),
        longitude: String::new(),
        ..typed.clone()
    };
    assert_eq!(of(&page, 1), expected);
    assert_eq!((of(&page, 0), of(&page, 2)), (typed, other), "those of other columns are left alone");
    assert!(page.state.announcement.contains("Given to 1 other table"), "{}", *page.state.announcement);
    // One that was read already is left alone too.
    let mut read = cards(&page);
    read[1].answer = Some(Ok("1 sensor".into()));
    assert!(!waits_alike(&read[0], &read[1]));
}

#[test]
fn what_was_typed_outlives_the_worker() {
    let (mut page, typed) = with_typed_form();
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(page.state.ground.stations.is_none());
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    answer(&mut page, open, GroundEvent::Found(vec![1, 2, 3]));
    let read = asked(&page, |r| matches!(r, GroundRequest::Read { .. })).unwrap();
    assert_eq!(said(&page), Some(Vec::new()), "nothing was pressed, so nothing is said");
    answer(&mut page, read, three_tables());
    assert_eq!(form_of(&page.state.ground.forms, &cards(&page)[0]), typed);
}

#[test]
fn scores_of_other_methods_say_so() {
    let mut page = with_stations();
    let methods = vec![None, Some(Method::from(Network::Smen))];
    tell(&mut page, GroundAction::Methods(methods.clone()));
    let id = validated(&mut page);
    let sent = page.sent.iter().any(
        |s| matches!(&s.1, Request::Ground(GroundRequest::Validate { methods: m, .. }) if *m == methods),
    );
    assert!(sent && id > 0 && page.state.ground_stale().is_none());
    tell(&mut page, GroundAction::Methods(Vec::new()));
    assert!(page.state.ground_stale().unwrap().contains("other methods"));
}
