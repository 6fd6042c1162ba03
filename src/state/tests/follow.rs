//! The map follows date, region and rules; what cannot be shown, what failed and what is slow does not.

use super::*;
use crate::state::READING;
use loam_core::closed_form::ClosedForm;
use loam_core::device_report::AdapterReport;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;

#[test]
fn the_first_map_comes_by_itself_and_then_follows_the_date() {
    let mut page = Page::with_map();
    assert_eq!((page.shown(), page.state.stale()), (Some(LAST), None));
    page.tell(Event::Date(SECOND));
    let stale = page.state.stale().unwrap();
    assert!(stale.contains("the date changed") && stale.ends_with("The new map is being made."), "{stale}");
    page.run_timers();
    assert!(!page.state.needs_button());
    let id = page.predicting().unwrap();
    page.answer_map(id);
    assert_eq!((page.shown(), page.state.stale(), page.state.needs_button()), (Some(SECOND), None, false));
    // Nothing is asked for once more.
    let before = page.predictions();
    page.run_timers();
    assert_eq!(page.predictions(), before);
}

#[test]
fn of_many_dates_in_a_row_only_the_last_is_asked_for() {
    let mut page = Page::with_map();
    let before = page.predictions();
    for date in [SECOND, FIRST, SECOND] {
        page.tell(Event::Date(date));
    }
    page.run_timers();
    assert_eq!(page.predictions(), before + 1);
    assert!(matches!(page.sent.last(), Some((_, Request::Predict { date: SECOND, .. }, _))));
}

#[test]
fn an_older_prediction_that_answers_late_is_not_shown() {
    let mut page = Page::with_map();
    page.tell(Event::Date(SECOND));
    page.run_timers();
    let old = page.predicting().unwrap();
    page.tell(Event::Date(FIRST));
    page.run_timers();
    let new = page.predicting().unwrap();
    assert_ne!(old, new);
    page.answer_map(old);
    assert_eq!(page.shown(), Some(LAST), "its answer does not count");
    page.answer_map(new);
    assert_eq!(page.shown(), Some(FIRST));
}

#[test]
fn a_date_that_cannot_be_predicted_leaves_the_old_map_marked() {
    let mut page = Page::with_map();
    let before = page.predictions();
    page.tell(Event::Date(BLOCKED));
    page.run_timers();
    assert_eq!(page.predictions(), before);
    assert!(page.state.stale().unwrap().ends_with("No map can be made of the present choices."));
}

#[test]
fn what_failed_or_was_cancelled_is_not_asked_for_again_by_itself() {
    for end in [failure("no history"), protocol::Event::Cancelled] {
        let mut page = Page::with_map();
        page.tell(Event::Date(SECOND));
        page.run_timers();
        let (id, asked) = (page.predicting().unwrap(), page.predictions());
        page.answer(id, end);
        assert!(page.state.predicting.is_none());
        page.run_timers();
        page.run_timers();
        assert_eq!(page.predictions(), asked);
        assert!(page.state.needs_button() && page.state.stale().unwrap().ends_with("Predict again."));
        // By hand it is.
        page.tell(Event::Predict);
        assert_eq!(page.predictions(), asked + 1);
        assert!(!page.state.needs_button() && page.state.stale().unwrap().contains("is being made"));
    }
}

#[test]
fn the_map_waits_for_the_time_line_of_a_new_region() {
    let mut page = Page::with_map();
    let before = page.predictions();
    let settings = RegionSettings { history_cover: 0.5, ..page.state.settings.clone() };
    page.tell(Event::Settings(Box::new(settings)));
    assert_eq!(*page.state.pending, Some(READING));
    page.run_timers();
    assert_eq!(page.predictions(), before, "what the dates have is not known yet");
    let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
    page.answer(dates, protocol::Event::Timeline(timeline()));
    page.run_timers();
    assert_eq!((page.predictions(), *page.state.pending), (before + 1, None));
}

#[test]
fn a_rule_that_the_dates_do_not_depend_on_asks_for_no_time_line() {
    let mut page = Page::with_map();
    page.sent.clear();
    let settings = RegionSettings { mass_correction: true, ..page.state.settings.clone() };
    page.tell(Event::Settings(Box::new(settings)));
    page.run_timers();
    assert!(page.find(|r| matches!(r, Request::Timeline { .. })).is_none());
    assert_eq!((page.predictions(), *page.state.pending), (1, None));
}

#[test]
fn slow_devices_large_regions_and_the_user_get_a_button_with_a_reason() {
    // Switched off.
    let mut page = Page::with_map();
    page.tell(Event::Follow(false));
    page.tell(Event::Date(SECOND));
    let before = page.predictions();
    page.run_timers();
    assert_eq!(page.predictions(), before);
    assert!(page.state.by_hand().unwrap().contains("switched that off"));
    assert!(page.state.stale().unwrap().ends_with("Predict again."));
    // On again.
    page.tell(Event::Follow(true));
    page.run_timers();
    assert_eq!(page.predictions(), before + 1);

    // A map took long.
    let mut page = Page::with_map();
    page.state.made.clear();
    let mut map = std::sync::Arc::into_inner(page.state.map.take().unwrap()).unwrap();
    map.report.milliseconds = 12_000.0;
    page.state.map.set(Some(std::sync::Arc::new(map)));
    assert!(page.state.by_hand().unwrap().contains("about 12 s"));

    // A large region, before there is a map of it.
    let mut page = Page::ready();
    let mut settings = page.state.settings.clone();
    (settings.window.columns, settings.window.rows, settings.region) = (1200, 1000, None);
    page.tell(Event::Settings(Box::new(settings)));
    assert!(page.state.by_hand().unwrap().contains("1.2 million cells"));

    // A software adapter, used because the user insists.
    let mut page = Page::ready();
    page.state.adapter = Some(AdapterReport {
        vendor: "google".into(),
        architecture: "swiftshader".into(),
        device: String::new(),
        description: String::new(),
        fallback: true,
        buffer_limit: 0,
    });
    page.state.device.set(Some(DeviceReport { gpu: true, ..cpu() }));
    assert!(page.state.by_hand().unwrap().contains("CPU in disguise"));
}

#[test]
fn playing_shows_date_after_date_passes_what_is_blocked_and_ends() {
    let mut page = Page::with_map();
    page.tell(Event::Date(FIRST));
    page.run_timers();
    page.answer_map(page.predicting().unwrap());
    page.timers.clear();
    page.waits.clear();
    page.tell(Event::Play(true));
    let mut seen = Vec::new();
    for _ in 0..12 {
        let asked = page.predictions();
        page.run_timers();
        if page.predictions() > asked {
            page.answer_map(page.predicting().unwrap());
            seen.push(page.shown().unwrap());
        }
    }
    assert_eq!(seen, [SECOND, LAST]);
    // Five dates a second, the making of their maps among it.
    assert_eq!(page.waits.iter().filter(|wait| **wait == 200).count(), seen.len(), "{:?}", page.waits);
    assert!(!*page.state.playing, "the last date ends it");
    // A date chosen by hand ends it too.
    page.tell(Event::Date(FIRST));
    page.tell(Event::Play(true));
    page.tell(Event::Date(SECOND));
    assert!(!*page.state.playing);
}

#[test]
fn the_last_choices_are_taken_back_one_by_one() {
    let mut page = Page::with_map();
    let first = page.state.settings.clone();
    page.tell(Event::Date(SECOND));
    page.tell(Event::Settings(Box::new(RegionSettings { history_cover: 0.5, ..first.clone() })));
    page.tell(Event::Date(FIRST));
    assert_eq!(page.state.undo.len(), 3);
    page.tell(Event::Undo);
    assert_eq!((*page.state.date, page.state.settings.history_cover), (Some(SECOND), 0.5));
    page.tell(Event::Undo);
    assert_eq!((*page.state.date, &*page.state.settings), (Some(SECOND), &first));
    assert_eq!(*page.state.pending, Some(READING), "the time line is asked for again");
    page.tell(Event::Undo);
    assert_eq!(*page.state.date, Some(LAST));
    page.tell(Event::Undo);
    assert_eq!(*page.state.date, Some(LAST), "nothing is left to undo");
}

#[test]
fn maps_of_the_same_choices_are_kept_for_series_by_date() {
    let mut page = Page::with_map();
    for date in [FIRST, SECOND, FIRST] {
        page.tell(Event::Date(date));
        page.run_timers();
        page.answer_map(page.predicting().unwrap());
    }
    let dates = |page: &Page| page.state.made.iter().map(|m| m.report.date).collect::<Vec<_>>();
    assert_eq!(dates(&page), [FIRST, SECOND, LAST]);
    let settings = RegionSettings { mass_correction: true, ..page.state.settings.clone() };
    page.tell(Event::Settings(Box::new(settings)));
    page.run_timers();
    page.answer_map(page.predicting().unwrap());
    assert_eq!(dates(&page), [FIRST], "under other rules another series begins");
}

/// The choice is left to Loam until the user makes one; a worker that is replaced is told again.
#[test]
fn the_best_method_answers_until_another_is_chosen() {
    let mut page = Page::with_map();
    let bilinear = Method::find("bilinear").unwrap();
    let asked = |page: &Page| {
        let told = |best| page.sent.iter().filter(|(_, request, _)| is_choice(request, best)).count();
        (told(true), told(false))
    };
    assert_eq!((asked(&page), *page.state.choice), ((0, 0), Chosen::Best), "told when it started");
    page.tell(Event::WorkerLost("it died".to_owned()));
    assert_eq!(asked(&page), (1, 0));
    page.tell(Event::UseMethod(bilinear));
    assert_eq!((asked(&page), *page.state.choice), ((1, 1), Chosen::Method(bilinear)));
    page.tell(Event::WorkerLost("it died".to_owned()));
    assert_eq!(asked(&page), (1, 2));
    page.tell(Event::UseBest);
    assert_eq!((asked(&page), *page.state.choice), ((2, 2), Chosen::Best));
}

fn is_choice(request: &Request, best: bool) -> bool {
    match request {
        Request::UseBest => best,
        Request::UseMethod { .. } => !best,
        _ => false,
    }
}

/// Left to Loam, the regression answers first and then a better method. Who then chooses the regression gets its map.
#[test]
fn the_method_that_answered_first_can_be_chosen() {
    let mut page = Page::with_dates();
    let regression = Method::find("regression").unwrap();
    let by_regression = WeightsReport::from(ClosedForm::Regression);
    page.tell(Event::UseMethod(Method::find("bilinear").unwrap()));
    page.method_told();
    page.tell(Event::UseBest);
    let told = page.find(|r| matches!(r, Request::UseBest)).unwrap();
    page.answer(told, protocol::Event::Weights(by_regression.clone()));
    page.answer(told, protocol::Event::Finished);
    page.run_timers();
    page.answer_dates();
    let id = page.predicting().unwrap();
    page.answer_map_by(id, by_regression.clone());
    page.answer(id, protocol::Event::Weights(shipped()));
    page.answer_map(id);
    page.run_timers();
    assert_eq!((page.state.stale(), page.state.needs_button()), (None, false));
    let before = page.predictions();
    page.tell(Event::UseMethod(regression));
    let told = page.find(|r| matches!(r, Request::UseMethod { .. })).unwrap();
    page.answer(told, protocol::Event::Weights(by_regression));
    page.answer(told, protocol::Event::Finished);
    page.run_timers();
    page.answer_dates();
    assert_eq!((page.predictions(), page.state.needs_button()), (before + 1, false));
}

/// A link names the method that was chosen by hand; weights of a run that are used again come before the best method.
#[test]
fn the_method_of_a_link_answers() {
    let smen = Method::default();
    let opened = |hash: &str, remembered| {
        let mut page = Page::blank();
        page.tell(Event::Began { hash: Hash::parse(hash), remembered });
        page.tell(Event::Probed { adapter: None, gpu_program: false });
        let told = page.find(|r| is_choice(r, true) || is_choice(r, false)).is_some();
        (*page.state.choice, told)
    };
    assert_eq!(opened("#method=smen", Remembered::Shipped), (Chosen::Method(smen), true));
    assert_eq!(opened("#method=none", Remembered::Shipped), (Chosen::Best, true));
    assert_eq!(opened("", Remembered::Run("7".into())), (Chosen::Weights, false));
    assert_eq!(opened("#method=smen", Remembered::Run("7".into())), (Chosen::Method(smen), true));
}
