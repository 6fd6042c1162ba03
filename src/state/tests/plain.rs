//! Numbers without a page: cells, views, rectangles, addresses, dates, requests, words.

use super::day;
use crate::protocol::Timeline;
use crate::state::cursor::{Cell, View, moved};
use crate::state::hash::Hash;
use crate::state::ledger::{Kind, Ledger};
use crate::state::rectangle::{Rectangle, size_text};
use crate::state::{days, words};
use ease_grid::{EaseWindow, Resolution};
use jiff::civil::date;

fn window() -> EaseWindow {
    EaseWindow::new(Resolution::M03, 2600, 971, 100, 50).unwrap()
}

#[test]
fn arrow_keys_move_the_cell_cursor_and_stop_at_the_edge() {
    let w = window();
    let middle = moved(None, "ArrowLeft", false, &w).unwrap();
    assert_eq!(middle, Cell { column: 50, row: 25 }, "the first key shows the cursor");
    assert_eq!(moved(Some(middle), "ArrowLeft", false, &w), Some(Cell { column: 49, row: 25 }));
    assert_eq!(
        moved(Some(middle), "ArrowDown", true, &w),
        Some(Cell { column: 50, row: 37 }),
        "shift: one 36 km cell"
    );
    assert_eq!(
        moved(Some(Cell { column: 99, row: 49 }), "ArrowRight", true, &w),
        Some(Cell { column: 99, row: 49 })
    );
    assert_eq!(moved(Some(middle), "Home", false, &w), Some(Cell { column: 0, row: 25 }));
    assert_eq!(moved(Some(middle), "a", false, &w), None);
    assert_eq!(middle.global(&w), ((2650, 996), (220, 83)));
    assert_eq!(middle.index(&w), 2550);
}

#[test]
fn zoom_keeps_the_place_and_the_view_inside() {
    let w = window();
    let near = View::default().zoomed(2.0, (0.0, 0.0), &w);
    assert_eq!(near, View { left: 0.0, top: 0.0, share: 0.5 });
    let right = near.panned((1000.0, 1000.0), &w);
    assert_eq!((right.left, right.top), (50.0, 25.0));
    assert_eq!(right.cell_at(0.999, 0.999, &w), Some(Cell { column: 99, row: 49 }));
    assert_eq!(right.cell_at(1.0, 0.5, &w), None);
    assert_eq!(right.showing(Cell { column: 10, row: 30 }, &w).left, 10.0);
    assert_eq!(near.zoomed(0.01, (3.0, 3.0), &w), View::default());
}

#[test]
fn links_say_the_view_and_nothing_else() {
    let text =
        "region=tucson&date=2020-06-01&scale=0.1,0.3&colours=rain&invert=yes&scales=kelvin:270,310&places=no";
    let hash = Hash::parse(&format!("#{text}"));
    assert_eq!(hash.date, Some(date(2020, 6, 1)));
    assert_eq!(hash.text(), text);
    let own = Hash { window: Some(window()), ..Hash::default() };
    assert_eq!(own.text(), "cells=2600,971,100,50");
    assert_eq!(Hash::parse(&own.text()), own);
    assert_eq!(
        Hash::parse("#region=atlantis&date=today&scale=3,1&colours=jet&cells=1,2,3,4&x"),
        Hash::default()
    );
}

#[test]
fn a_newer_request_supersedes_its_kind_only() {
    let mut ledger = Ledger::default();
    let first = ledger.begin(Kind::Predict);
    let dates = ledger.begin(Kind::Timeline);
    let second = ledger.begin(Kind::Predict);
    assert_eq!(
        (ledger.kind(first), ledger.kind(dates), ledger.kind(second)),
        (None, Some(Kind::Timeline), Some(Kind::Predict))
    );
    let files = (ledger.begin(Kind::Open), ledger.begin(Kind::Open));
    let corrections = [ledger.begin(Kind::Files), ledger.begin(Kind::Files)];
    assert_eq!(ledger.end_all(Kind::Files), corrections);
    assert!(ledger.kind(corrections[1]).is_none() && ledger.kind(second).is_some(), "only that kind is over");
    assert!(ledger.kind(files.0).is_some() && ledger.newest(Kind::Open) == Some(files.1));
    let (run, plan) = (ledger.begin(Kind::Train), ledger.begin(Kind::Plan));
    ledger.begin(Kind::Plan);
    assert_eq!((ledger.kind(run), ledger.kind(plan)), (Some(Kind::Train), None), "a plan does not end a run");
    assert_eq!(ledger.abandon().len(), 6);
    assert!(ledger.begin(Kind::Device) > files.1, "numbers keep growing");
}

#[test]
fn keys_walk_the_dates() {
    let day = |d, blocked: bool| day(d, blocked.then_some("no SMAP"));
    let (a, b, c, d) = (date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 9), date(2020, 3, 1));
    let t = Timeline { days: vec![day(a, false), day(b, true), day(c, false), day(d, false)] };
    assert_eq!(days::keyed(&t, a, "ArrowRight", false), Some(b));
    assert_eq!(days::keyed(&t, a, "ArrowRight", true), Some(c), "shift skips what cannot be predicted");
    assert_eq!(days::keyed(&t, a, "PageDown", false), Some(d));
    assert_eq!(days::keyed(&t, d, "ArrowRight", false), None);
    assert_eq!((days::keyed(&t, c, "Home", false), days::keyed(&t, a, "End", false)), (Some(a), Some(d)));
}

#[test]
fn day_numbers_go_there_and_back() {
    for (d, n) in [
        (date(1970, 1, 1), 0),
        (date(1969, 12, 31), -1),
        (date(2000, 3, 1), 11_017),
        (date(2024, 2, 29), 19_782),
    ] {
        assert_eq!((days::day_number(d), days::date_of(n)), (n, d));
    }
    assert!((0..40_000).all(|n| days::day_number(days::date_of(n)) == n));
}

#[test]
fn times_are_said_as_people_say_them() {
    for (seconds, text) in [
        (0.2, "under 1 s"),
        (45.0, "about 45 s"),
        (240.0, "about 4 min"),
        (5_400.0, "about 1.5 h"),
        (86_400.0 * 3.0, "about 3.0 days"),
        (f64::NAN, "unknown"),
    ] {
        assert_eq!(words::duration(seconds), text);
    }
    assert_eq!(words::moment(1_582_979_696_789.0), "2020-02-29 12:34");
}

#[test]
fn fields_of_a_csv_file_are_quoted_where_they_must_be() {
    let line = words::csv_line(&["a".into(), "b, c".into(), "say \"d\"".into(), "e\nf".into()]);
    assert_eq!(line, "a,\"b, c\",\"say \"\"d\"\"\",\"e\nf\"\r\n");
}

#[test]
fn a_rectangle_is_a_region_from_its_first_to_its_last_cell_whichever_corner_came_first() {
    let w = window();
    let (a, b) = (Cell { column: 20, row: 30 }, Cell { column: 11, row: 22 });
    let expected = EaseWindow::new(Resolution::M03, 2611, 993, 10, 9).unwrap();
    for drawn in [Rectangle { from: a, to: b }, Rectangle { from: b, to: a }] {
        assert_eq!(drawn.region(&w).unwrap().window(), expected);
    }
    assert_eq!(size_text(&expected), "10 × 9 cells (30 × 27 km)");
    let thin = Rectangle { from: a, to: Cell { column: 28, row: 23 } };
    assert!(thin.region(&w).unwrap_err().to_string().contains("9 x 8 were asked for"));
}
