//! A layer by itself: asked for, shown, followed, and left again, without a change to the map.

use super::*;
use crate::protocol::{LookAt, LookLayer, LookPicture, LookReport, LookStep};
use crate::state::LookAction;
use ease_grid::{EaseWindow, Resolution, Statistics};
use smap_files::Role;

fn window() -> EaseWindow {
    EaseWindow::new(Resolution::M03, 5900, 700, 300, 20).unwrap()
}

fn report(steps: &[Date], in_region: bool) -> LookReport {
    let layer = |name: &str| LookLayer { name: name.into(), about: String::new(), drawable: true };
    LookReport {
        name: "x".into(),
        layers: vec![layer("sm"), layer("vv")],
        layer: 0,
        steps: steps.iter().map(|d| LookStep { date: Some(*d), overpass: None }).collect(),
        step: 0,
        simulated: true,
        picture: Ok(LookPicture {
            window: window(),
            per: 1,
            whole: !in_region,
            in_region,
            extent: window(),
            role: Role::SoilMoisture,
            unit: "m³/m³".into(),
            grid: "3 km".into(),
            statistics: Statistics::of(&[0.1]),
            limits: (0.1, 0.2),
            values: 0,
            reasons: 1,
            footprint: 2,
        }),
    }
}

fn act(page: &mut Page, action: LookAction) -> Option<(u64, LookAt)> {
    let before = page.sent.len();
    page.tell(action.event());
    page.sent[before..].iter().rev().find_map(|(id, body, _)| match body {
        Request::Look { at, .. } => Some((*id, at.clone())),
        _ => None,
    })
}

fn answer(page: &mut Page, id: u64, report: LookReport) {
    let attachments = vec![
        protocol::Attachment::F32(vec![0.1]),
        protocol::Attachment::U8(vec![0]),
        protocol::Attachment::F32(Vec::new()),
    ];
    let body = protocol::Event::Look(protocol::Packed::of(&report).unwrap());
    page.tell(Event::Answered(Box::new(Envelope { id, body }), attachments));
    page.answer(id, protocol::Event::Finished);
}

fn step(date: Date) -> LookStep {
    LookStep { date: Some(date), overpass: None }
}

#[test]
fn a_layer_is_shown_beside_the_map_and_left_again() {
    let mut page = Page::with_map();
    let (map, predictions) = (page.shown(), page.predictions());
    let (id, at) = act(&mut page, LookAction::Open(0, None)).unwrap();
    assert_eq!(at, LookAt { file: 0, layer: None, step: step(map.unwrap()), whole: false });
    assert!(page.state.look.as_ref().unwrap().job.is_some());
    answer(&mut page, id, report(&[FIRST, LAST], true));
    let look = page.state.look.clone().unwrap();
    assert_eq!((look.job, look.shown.unwrap().values.clone()), (None, vec![0.1]));
    let (_, at) = act(&mut page, LookAction::Layer("vv".into())).unwrap();
    assert_eq!((at.layer.as_deref(), at.step), (Some("vv"), step(FIRST)), "the day that is shown");
    let (_, at) = act(&mut page, LookAction::Step(step(LAST))).unwrap();
    assert_eq!((at.layer.as_deref(), at.step), (Some("vv"), step(LAST)));
    let (_, at) = act(&mut page, LookAction::Whole(true)).unwrap();
    assert!(at.whole);
    page.tell(LookAction::Close.event());
    assert!(page.state.look.is_none());
    page.run_timers();
    assert_eq!((page.shown(), page.predictions()), (map, predictions), "the map is not touched");
}

#[test]
fn what_is_shown_follows_region_date_and_corrections() {
    let mut page = Page::with_map();
    let (id, _) = act(&mut page, LookAction::Open(0, None)).unwrap();
    answer(&mut page, id, report(&[FIRST, SECOND, LAST], true));
    assert!(act(&mut page, LookAction::Again).is_none(), "nothing changed");
    page.tell(Event::Date(SECOND));
    assert_eq!(act(&mut page, LookAction::Again).unwrap().1.step, step(SECOND));
    let mut settings = page.state.settings.clone();
    settings.window = window();
    page.tell(Event::Settings(Box::new(settings)));
    let (id, _) = act(&mut page, LookAction::Again).unwrap();
    // The whole layer is the same whatever the region is.
    answer(&mut page, id, report(&[FIRST], true));
    let (id, _) = act(&mut page, LookAction::Whole(true)).unwrap();
    answer(&mut page, id, report(&[FIRST], true));
    page.tell(Event::Settings(Box::new(crate::state::preset_settings(loam_core::stack::PRESETS[1]))));
    assert!(act(&mut page, LookAction::Again).is_none());
    page.tell(Event::Correct(0, Box::default()));
    assert!(act(&mut page, LookAction::Again).is_some());
}

#[test]
fn the_region_goes_to_a_layer_that_lies_elsewhere() {
    let mut page = Page::with_map();
    let (id, _) = act(&mut page, LookAction::Open(0, None)).unwrap();
    answer(&mut page, id, report(&[FIRST], false));
    let (_, at) = act(&mut page, LookAction::GoThere).unwrap();
    assert!(!at.whole);
    let region = page.state.settings.window;
    // 200 of its 300 columns, about the middle, and all rows.
    assert_eq!((region.first_column, region.columns), (5950, 200));
    assert_eq!((region.first_row, region.rows), (700, 20));
    assert_eq!(page.state.undo.len(), 1, "and back by Undo");
}

#[test]
fn a_file_that_goes_a_worker_that_dies_and_a_cancel_end_it() {
    let open = |page: &mut Page| act(page, LookAction::Open(0, None)).unwrap().0;
    let mut page = Page::with_map();
    open(&mut page);
    page.tell(LookAction::Cancel.event());
    assert!(page.state.look.is_none(), "nothing was shown, so the map is back");
    assert!(page.find(|r| matches!(r, Request::Cancel { .. })).is_some());
    let id = open(&mut page);
    page.answer(id, failure("the file is gone"));
    let failed = page.state.look.as_ref().unwrap().failed.clone().unwrap();
    assert!(failed.what.contains("gone") && page.notices().is_empty(), "said where one looks");
    open(&mut page);
    page.tell(Event::WorkerLost("out of memory".into()));
    assert!(page.state.look.is_none());
    open(&mut page);
    page.tell(Event::ForgetAll);
    assert!(page.state.look.is_none());
    assert!(act(&mut page, LookAction::Whole(true)).is_none(), "nothing is looked at");
}
