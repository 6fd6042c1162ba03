//! Files and demos: read, left out, put aside, removed and brought back.

use super::*;
use crate::protocol::{FoundMember, SetAside};
use crate::state::ledger::Kind;
use loam_core::file::Usage;

fn names(page: &Page) -> Vec<&str> {
    page.state.files.iter().map(|r| r.name.as_str()).collect()
}

fn open(page: &mut Page, names: &[(u32, &str)]) -> u64 {
    page.tell(Event::Open(names.iter().map(|(id, name)| (*id, (*name).to_owned(), 10)).collect()));
    page.find(|r| matches!(r, Request::Open { .. })).unwrap()
}

#[test]
fn own_files_and_a_demo_put_each_other_aside_and_come_back() {
    let mut page = Page::ready();
    open(&mut page, &[(1, "a.h5"), (2, "b.h5")]);
    page.tell(Event::Date(FIRST));
    let settings = page.state.settings.clone();
    page.tell(Event::LoadDemo("tucson".into()));
    assert!(names(&page).is_empty() && page.state.date.is_none());
    assert!(page.state.desk.own_text().unwrap().0.contains("2 files of your own"));
    page.tell(Event::BackToOwn);
    assert_eq!(
        (names(&page), *page.state.date, &*page.state.settings),
        (vec!["a.h5", "b.h5"], Some(FIRST), &settings)
    );
    let Some((_, Request::Open { tickets }, Attach::Files(files))) =
        page.sent.iter().rev().find(|s| matches!(s.1, Request::Open { .. }))
    else {
        panic!("they are read again")
    };
    assert_eq!((tickets.len(), files.as_slice()), (2, &[1, 2][..]));
}

#[test]
fn a_demo_stays_where_none_of_the_files_can_be_read() {
    let refused = |id: u32| FileReport {
        refused: Some("it is a picture.".into()),
        ..FileReport::blank(id, "a.png", 10)
    };
    let mut page = Page::with_map();
    let date = *page.state.date;
    let id = open(&mut page, &[(1, "a.png"), (2, "b.png")]);
    assert!(page.state.map.is_none() && page.state.desk.demo().is_none());
    for file in [1, 2] {
        page.answer(id, protocol::Event::FileRead(refused(file)));
    }
    page.answer(id, protocol::Event::Finished);
    assert_eq!((page.state.desk.demo(), *page.state.date), (Some("tucson"), date));
    assert!(page.sent.iter().any(|s| matches!(&s.1, Request::Demo { region } if region == "tucson")));
    assert_eq!(names(&page), ["a.png", "b.png"], "and why stays there");
    assert!(page.state.desk.own_text().is_none() && page.state.desk.demo_text(str::to_owned).is_none());
    assert!(page.notices().contains("so the demo is back"), "{}", page.notices());

    // Files opened beside them take them along, and one that is read keeps the demo away.
    page.sent.clear();
    let id = open(&mut page, &[(3, "c.h5")]);
    assert_eq!(names(&page), ["a.png", "b.png", "c.h5"]);
    for report in [refused(1), refused(2), blank(3)] {
        page.answer(id, protocol::Event::FileRead(report));
    }
    page.answer(id, protocol::Event::Finished);
    assert!(page.state.desk.demo().is_none() && page.state.desk.demo_text(str::to_owned).is_some());

    // Where a demo was put aside by other files, it does not come by itself.
    page.tell(Event::ForgetAll);
    let id = open(&mut page, &[(4, "d.png")]);
    page.answer(id, protocol::Event::FileRead(refused(4)));
    page.answer(id, protocol::Event::Finished);
    assert!(page.state.desk.demo().is_none());
}

#[test]
fn reports_are_collected_and_those_of_a_closed_demo_do_not_come_back() {
    let mut page = Page::ready();
    let id = open(&mut page, &[(1, "a.h5")]);
    let before = page.state.fields.take();
    assert_ne!(before, 0);
    page.answer(id, protocol::Event::FileRead(blank(1)));
    page.answer(id, protocol::Event::FileRead(blank(1)));
    assert_eq!(page.state.fields.take(), 0, "nothing is drawn for each");
    assert_eq!(page.timers.iter().filter(|t| **t == Due::Reports).count(), 1);
    page.run_timers();
    assert!(page.state.files[0].report.is_some());
    assert_eq!(page.state.fields.take() & page.state.files.bit(), page.state.files.bit());

    page.answer(id, protocol::Event::FileRead(blank(1)));
    page.tell(Event::LoadDemo("tucson".into()));
    page.run_timers();
    assert!(page.state.files.is_empty());
    assert!(page.sent.iter().any(|s| matches!(s.1, Request::Cancel { id: ended } if ended == id)));
}

#[test]
fn what_a_cancelled_reading_did_not_come_to_says_so_and_is_not_read_unasked() {
    let mut page = Page::ready();
    let id = open(&mut page, &[(1, "a.h5"), (2, "b.h5")]);
    page.answer(id, protocol::Event::FileRead(blank(1)));
    page.tell(Event::CancelReading);
    assert_eq!(page.state.reading.as_ref().unwrap().what, "cancelling");
    page.answer(id, protocol::Event::Cancelled);
    assert!(page.state.reading.is_none());
    let refused = page.state.files[1].report.as_ref().unwrap().refused.clone().unwrap();
    assert!(refused.contains("you cancelled before its turn came"), "{refused}");
    page.sent.clear();
    page.tell(Event::WorkerLost("of memory".into()));
    let Some((_, Request::Open { tickets }, _)) =
        page.sent.iter().find(|s| matches!(s.1, Request::Open { .. }))
    else {
        panic!("the other is read again")
    };
    assert_eq!(tickets.iter().map(|t| t.id).collect::<Vec<_>>(), [1]);
}

#[test]
fn members_take_their_archives_place() {
    let mut page = Page::ready();
    let id = open(&mut page, &[(1, "all.zip"), (2, "b.h5")]);
    let member =
        |path: &str| FoundMember { archive: 1, name: format!("all.zip/{path}"), path: path.into(), bytes: 5 };
    page.answer(
        id,
        protocol::Event::SetAside(SetAside {
            files: vec![1],
            members: vec![member("x.h5"), member("y.h5")],
            said: Some("all.zip: 3 files passed over".into()),
            bundle: false,
        }),
    );
    assert_eq!(names(&page), ["b.h5", "all.zip/x.h5", "all.zip/y.h5"]);
    let Some((_, Request::Open { tickets }, Attach::Files(files))) =
        page.sent.last_chunk::<2>().map(|s| s[0].clone())
    else {
        panic!("{:?}", page.sent)
    };
    assert_eq!((tickets[1].member.as_deref(), files), (Some("y.h5"), vec![1, 1]));
    assert!(page.notices().contains("In all.zip: 3 files passed over"));
}

#[test]
fn removals_are_undone_by_the_bar_and_by_undo() {
    let mut page = Page::ready();
    open(&mut page, &[(1, "a.h5"), (2, "b.h5")]);
    page.tell(Event::Forget(1));
    assert_eq!(names(&page), ["b.h5"]);
    page.tell(Event::Undo);
    assert_eq!((names(&page), page.state.undo.len()), (vec!["b.h5", "a.h5"], 0));
    page.tell(Event::ForgetAll);
    assert!(names(&page).is_empty());
    page.tell(Event::BackToRemoved);
    assert_eq!((names(&page), page.state.undo.len()), (vec!["b.h5", "a.h5"], 0));
    page.tell(Event::Undo);
    assert_eq!(names(&page).len(), 2, "it was taken back once");
}

#[test]
fn a_map_of_other_files_says_so() {
    let mut page = Page::with_map();
    page.tell(Event::Correct(0, Box::default()));
    assert!(page.state.stale().unwrap().contains("the files changed"));
}

#[test]
fn a_links_date_is_shown_where_there_is_one_and_missed_where_not() {
    for (wanted, said) in [(SECOND, false), (date(1999, 1, 1), true)] {
        let mut page = Page::unprobed();
        page.tell(Event::Began {
            hash: Hash { date: Some(wanted), ..Hash::default() },
            remembered: Remembered::Shipped,
        });
        page.tell(Event::Probed { adapter: None, gpu_program: false });
        page.tell(Event::LoadDemo("tucson".into()));
        let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
        page.answer(dates, protocol::Event::Timeline(timeline()));
        assert_eq!(*page.state.date, Some(if said { LAST } else { SECOND }));
        assert_eq!(
            page.notices().contains("The demo of Tucson has no date")
                || page.notices().contains("the demo of Tucson has no date"),
            said,
            "{}",
            page.notices()
        );
    }
}

#[test]
fn events_of_requests_that_nobody_asked_for_change_nothing() {
    let mut page = Page::with_map();
    let _ = page.state.fields.take();
    for body in [
        protocol::Event::Timeline(Timeline::default()),
        protocol::Event::Finished,
        failure("late"),
        protocol::Event::TrainPaused(true),
    ] {
        page.answer(9999, body);
    }
    assert_eq!(page.state.fields.take(), 0);
    assert!(!page.state.busy(Kind::Predict));
}

#[test]
fn the_region_goes_to_files_that_lie_elsewhere_and_comes_back() {
    let window = |column, row, columns, rows| {
        ease_grid::EaseWindow::new(ease_grid::Resolution::M03, column, row, columns, rows).unwrap()
    };
    let report = |id, usage, extent| FileReport { usage: Some(usage), extent, ..blank(id) };
    let mut page = Page::ready();
    let first = page.state.settings.window;
    let id = open(&mut page, &[(1, "coarse.h5"), (2, "fine.tif"), (3, "other.tif")]);
    page.answer(id, protocol::Event::FileRead(report(1, Usage::Coarse, None)));
    page.answer(id, protocol::Event::FileRead(report(2, Usage::Fine, Some(window(5000, 800, 60, 50)))));
    page.answer(id, protocol::Event::FileRead(report(3, Usage::Fine, Some(window(5020, 810, 400, 30)))));
    page.answer(id, protocol::Event::Finished);
    assert_eq!(page.state.settings.window, window(5020, 810, 40, 30), "what both have in common");
    assert!(page.notices().contains("The files lie outside the region that was chosen"));
    page.tell(Event::Undo);
    assert_eq!(page.state.settings.window, first);
    page.tell(Event::GoToData);
    assert_eq!(page.state.settings.window, window(5020, 810, 40, 30));
    // Files that reach the region leave it alone; a large one is gone to in its middle.
    let mut page = Page::ready();
    let id = open(&mut page, &[(1, "fine.tif")]);
    let wide = window(first.first_column as i64 - 500, first.first_row as i64, 1000, 60);
    page.answer(id, protocol::Event::FileRead(report(1, Usage::Fine, Some(wide))));
    page.answer(id, protocol::Event::Finished);
    assert_eq!(page.state.settings.window, first);
    assert_eq!(
        page.state.whereabouts(),
        Some(window(wide.first_column as i64 + 400, wide.first_row as i64, 200, 60))
    );
}
