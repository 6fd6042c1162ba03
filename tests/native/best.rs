//! The choice of the method is left to Loam: a map at once, then the comparison, then the best.

use jiff::civil::Date;
use loam::protocol::{Event, Request};
use loam_core::closed_form::ClosedForm;
use loam_core::method::Method;
use loam_core::ranking::OTHERWISE;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::Preset;
use loam_nn::block_on;

use super::session::{Recorder, started};

/// What a request was answered with: maps by their method, comparisons.
#[derive(Debug, PartialEq)]
enum Answer {
    Map(Method),
    Compared(Method),
}

fn answers(host: &Recorder, request: u64) -> Vec<Answer> {
    let events = host.events.borrow();
    let of = |event: &Event| match event {
        Event::Map(map) => Some(Answer::Map(map.weights.method())),
        Event::Ranking { best, .. } => Some(Answer::Compared(*best)),
        _ => None,
    };
    events.iter().filter(|(id, ..)| *id == request).filter_map(|(_, event, _)| of(event)).collect()
}

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

/// The days that can be predicted, in order.
fn open_days(host: &Recorder) -> Vec<Date> {
    let events = host.events.borrow();
    let timeline =
        events.iter().rev().find_map(|(_, e, _)| if let Event::Timeline(t) = e { Some(t) } else { None });
    timeline.unwrap().days.iter().filter(|day| day.blocked.is_none()).map(|day| day.date).collect()
}

#[test]
fn a_map_comes_at_once_and_the_best_one_after_the_comparison() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::UseBest));
    block_on(session.handle(3, Request::Demo { region: "geneva".into() }));
    let days = open_days(&host);
    let (date, settings) = (days[days.len() - 1], settings("geneva"));
    block_on(session.handle(4, Request::Predict { date, settings: settings.clone() }));
    let [Answer::Map(OTHERWISE), Answer::Compared(best), rest @ ..] = &answers(&host, 4)[..] else {
        panic!("{:?}", answers(&host, 4));
    };
    let by_best = [Answer::Map(*best)];
    assert!(rest == if *best == OTHERWISE { &[][..] } else { &by_best[..] }, "{rest:?}");

    // Another date of the same region: nothing is compared again, nor where estimates are to be shifted to SMAP's means.
    let earlier = days[days.len() - 9];
    block_on(session.handle(5, Request::Predict { date: earlier, settings: settings.clone() }));
    assert_eq!(answers(&host, 5), by_best);
    let shifted = RegionSettings { mass_correction: true, ..settings.clone() };
    block_on(session.handle(6, Request::Predict { date: earlier, settings: shifted }));
    assert_eq!(answers(&host, 6), by_best);

    // Another rule: the best may be another.
    let rule = RegionSettings { history_disaggregated: false, ..settings.clone() };
    block_on(session.handle(7, Request::Predict { date, settings: rule }));
    assert!(matches!(answers(&host, 7)[..2], [Answer::Map(OTHERWISE), Answer::Compared(_)]));

    // The user's own choice answers, until the choice is left to Loam again.
    let bilinear = Method::ClosedForm(ClosedForm::Bilinear);
    block_on(session.handle(8, Request::UseMethod { method: bilinear }));
    block_on(session.handle(9, Request::Predict { date, settings }));
    assert_eq!(answers(&host, 9), [Answer::Map(bilinear)]);
}

/// A comparison that is cancelled leaves the regression's map, and is made with the next one.
#[test]
fn a_cancelled_comparison_leaves_a_map() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::UseBest));
    block_on(session.handle(3, Request::Demo { region: "geneva".into() }));
    let days = open_days(&host);
    let (date, settings) = (days[days.len() - 1], settings("geneva"));
    let count = host.events.borrow().len();
    host.cancel_once(move |events| {
        events[count..].iter().any(|(_, event, _)| matches!(event, Event::Map(_)))
    });
    block_on(session.handle(4, Request::Predict { date, settings: settings.clone() }));
    assert_eq!(answers(&host, 4), [Answer::Map(OTHERWISE)]);
    assert!(matches!(host.events.borrow().last(), Some((4, Event::Cancelled, _))));
    host.cancel_never();
    block_on(session.handle(5, Request::Predict { date, settings }));
    assert!(matches!(answers(&host, 5)[..2], [Answer::Map(OTHERWISE), Answer::Compared(_)]));
}

/// With a handful of maps there is nothing to choose by: the regression answers, and the comparison says so.
#[test]
fn too_few_dates_leave_it_to_the_regression() {
    let (host, mut session) = started();
    block_on(session.handle(2, Request::UseBest));
    block_on(session.handle(3, Request::Demo { region: "geneva".into() }));
    // A rule that leaves too few maps.
    let strict = RegionSettings { history_cover: 0.999, history_disaggregated: false, ..settings("geneva") };
    block_on(session.handle(4, Request::Timeline { settings: strict.clone() }));
    let days = open_days(&host);
    block_on(session.handle(5, Request::Predict { date: days[days.len() - 1], settings: strict }));
    let events = host.events.borrow();
    let ranking = events
        .iter()
        .rev()
        .find_map(|(_, e, _)| if let Event::Ranking { whole, .. } = e { Some(whole) } else { None });
    let ranking = ranking.unwrap().open().unwrap();
    assert!(
        ranking.dates.is_empty() && ranking.sentence().contains("Too few dates"),
        "{}",
        ranking.sentence()
    );
    drop(events);
    assert_eq!(answers(&host, 5), [Answer::Map(OTHERWISE), Answer::Compared(OTHERWISE)]);
}
