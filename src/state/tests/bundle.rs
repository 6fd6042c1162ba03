//! A bundle that is opened again.

use super::*;
use crate::protocol::{BundleComparison, BundleEvent, BundleReport, BundleRequest, Packed, SetAside};
use crate::state::{BundleAction, preset_settings};
use loam_core::closed_form::ClosedForm;
use loam_core::method::Method;
use loam_core::stack::Preset;

fn report(demo: Option<&str>) -> BundleReport {
    BundleReport {
        title: "pixel regression".into(),
        made: "made today".into(),
        dates: vec![FIRST],
        settings: preset_settings(Preset::find("tucson").unwrap()),
        method: Method::ClosedForm(ClosedForm::Regression),
        demo: demo.map(str::to_owned),
        inputs: vec!["order.zip/a.tif".into(), "b.h5".into()],
    }
}

fn opened(demo: Option<&str>) -> BundleEvent {
    BundleEvent::Opened(Packed::of(&report(demo)).unwrap())
}

/// A bundle among the files that are opened is read as one; its request.
fn dropped(page: &mut Page) -> u64 {
    page.tell(Event::Open(vec![(7, "bundle.zip".into(), 10)]));
    let open = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    let aside = SetAside { files: vec![7], bundle: true, ..SetAside::default() };
    page.answer(open, protocol::Event::SetAside(aside));
    page.answer(open, protocol::Event::Finished);
    assert!(page.state.files.is_empty());
    reading(page)
}

/// The bundle's file goes with the request.
fn reading(page: &Page) -> u64 {
    let sent =
        page.sent.iter().rev().find(|s| matches!(s.1, Request::Bundle(BundleRequest::Open { .. }))).unwrap();
    assert!(matches!(&sent.2, Attach::Files(files) if files[..] == [7]));
    sent.0
}

#[test]
fn a_bundle_brings_its_choices_and_waits_for_its_files() {
    let mut page = Page::ready();
    let id = dropped(&mut page);
    page.answer(id, protocol::Event::Bundle(opened(None)));
    page.answer(id, protocol::Event::Finished);
    assert!(page.state.bundle.as_ref().is_some_and(|bundle| bundle.adopt));
    page.tell(BundleAction::Adopt.event());
    assert_eq!(page.state.settings.region.as_deref(), Some("tucson"));
    assert_eq!(*page.state.choice, Chosen::Method(ClosedForm::Regression.into()));
    // Its files come; the date is the bundle's, not the latest.
    page.tell(Event::Open(vec![(8, "a.tif".into(), 10), (9, "b.h5".into(), 10)]));
    let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
    page.answer(dates, protocol::Event::Timeline(timeline()));
    assert_eq!(*page.state.date, Some(FIRST));

    page.tell(BundleAction::Compare.event());
    let id = page.find(|r| matches!(r, Request::Bundle(BundleRequest::Compare))).unwrap();
    assert!(page.state.bundle.as_ref().unwrap().job.is_some());
    let compared = BundleComparison { reproduced: true, verdict: "to the bit".into(), details: Vec::new() };
    page.answer(id, protocol::Event::Bundle(BundleEvent::Compared(compared.clone())));
    page.answer(id, protocol::Event::Finished);
    let bundle = page.state.bundle.as_ref().unwrap();
    assert_eq!((&bundle.compared, &bundle.job), (&Some(compared), &None));
    // The next map is another, of which nothing was found.
    page.tell(Event::Predict);
    let id = page.find(|r| matches!(r, Request::Predict { .. })).unwrap();
    page.answer_map(id);
    assert!(page.state.bundle.as_ref().unwrap().compared.is_none());
    page.tell(BundleAction::Close.event());
    assert!(page.state.bundle.is_none());
    assert!(page.find(|r| matches!(r, Request::Bundle(BundleRequest::Close))).is_some());
}

/// A fresh worker takes a bundle's weights where they were in use, and not after another choice.
#[test]
fn a_fresh_worker_uses_the_bundles_weights_only_where_they_were_in_use() {
    let in_use = |page: &Page| {
        page.sent.iter().rev().find_map(|s| match s.1 {
            Request::Bundle(BundleRequest::Open { in_use }) => Some(in_use),
            _ => None,
        })
    };
    let mut page = Page::ready();
    let id = dropped(&mut page);
    assert_eq!(in_use(&page), Some(true));
    let own = BundleReport { method: Method::default(), ..report(None) };
    page.answer(id, protocol::Event::Bundle(BundleEvent::Opened(Packed::of(&own).unwrap())));
    let weights = WeightsReport { hash: "feedface".into(), shipped: None, ..shipped() };
    page.answer(id, protocol::Event::Weights(weights));
    page.answer(id, protocol::Event::Finished);
    page.tell(BundleAction::Adopt.event());
    assert_eq!(*page.state.choice, Chosen::Weights);
    page.tell(Event::WorkerLost("out of memory".into()));
    assert_eq!(in_use(&page), Some(true));
    let id = reading(&page);
    page.answer(id, protocol::Event::Finished);
    page.tell(Event::UseBest);
    page.tell(Event::WorkerLost("out of memory".into()));
    assert_eq!(in_use(&page), Some(false));
}

#[test]
fn a_bundle_of_a_demo_loads_it_and_another_worker_reads_it_without_choosing_again() {
    let mut page = Page::ready();
    let id = dropped(&mut page);
    page.answer(id, protocol::Event::Bundle(opened(Some("tucson"))));
    page.answer(id, protocol::Event::Finished);
    page.tell(BundleAction::Adopt.event());
    assert!(page.find(|r| matches!(r, Request::Demo { region } if region == "tucson")).is_some());
    let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
    page.answer(dates, protocol::Event::Timeline(timeline()));
    assert_eq!(*page.state.date, Some(FIRST));
    page.tell(Event::Date(timeline().days[1].date));
    page.sent.clear();
    page.tell(Event::WorkerLost("out of memory".into()));
    let id = reading(&page);
    page.answer(id, protocol::Event::Bundle(opened(Some("tucson"))));
    assert!(!page.state.bundle.as_ref().unwrap().adopt, "nothing is chosen again");
    assert_eq!(*page.state.date, Some(timeline().days[1].date));
}

#[test]
fn a_bundle_that_cannot_be_read_is_put_away_with_its_reason() {
    let mut page = Page::ready();
    let id = dropped(&mut page);
    page.answer(id, protocol::Event::Failed(Failure::new("it lacks map.tif", "Get it again.")));
    assert!(page.state.bundle.is_none());
    assert!(page.state.notices.iter().any(|n| n.failure.what.contains("it lacks map.tif")));
    // One that a worker dies of is not tried again.
    dropped(&mut page);
    page.sent.clear();
    page.tell(Event::WorkerLost("out of memory".into()));
    assert!(page.state.bundle.is_none());
    assert!(page.find(|r| matches!(r, Request::Bundle(_))).is_none());
}
