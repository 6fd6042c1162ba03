//! The worker dies in every state the page can be in.

use super::*;
use crate::state::{NOT_READ, Run};
use loam_core::device_report::AdapterReport;

fn started(page: &Page) -> usize {
    page.others.iter().filter(|e| matches!(e, Effect::StartWorker { .. })).count()
}

#[test]
fn a_worker_that_dies_idle_is_replaced_and_told_what_is_open() {
    let mut page = Page::with_map();
    page.sent.clear();
    page.tell(Event::WorkerLost("the browser ended it".into()));
    assert_eq!(started(&page), 2);
    assert!(page.find(|r| matches!(r, Request::Start { .. })).is_some());
    assert!(page.find(|r| matches!(r, Request::Demo { region } if region == "tucson")).is_some());
    assert!(page.notices().contains("The worker stopped (the browser ended it) and was started again"));
    assert_eq!(page.shown(), Some(LAST), "the map stays");
}

#[test]
fn a_worker_that_dies_while_predicting_is_asked_again_once_it_is_back() {
    let mut page = Page::with_map();
    page.tell(Event::Date(SECOND));
    page.run_timers();
    let old = page.predicting().unwrap();
    page.tell(Event::WorkerLost("of memory".into()));
    assert!(page.state.predicting.is_none() && page.notices().contains("Predict again"));
    page.answer_map(old);
    assert_eq!(page.shown(), Some(LAST), "a dead worker's answer does not count");
    page.sent.retain(|(id, ..)| *id > old);
    page.run_timers();
    assert!(page.predicting().is_none(), "not before the new one is ready");
    let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
    let demo = page.find(|r| matches!(r, Request::Demo { .. })).unwrap();
    let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
    page.answer(start, protocol::Event::Device(cpu()));
    page.answer(demo, protocol::Event::Finished);
    page.answer(dates, protocol::Event::Timeline(timeline()));
    page.method_told();
    page.run_timers();
    assert!(page.predicting().is_some());
}

#[test]
fn a_worker_that_dies_while_reading_leaves_that_file_out() {
    let mut page = Page::ready();
    page.tell(Event::Open(vec![(1, "good.h5".into(), 1), (2, "bad.h5".into(), 1), (3, "next.h5".into(), 1)]));
    let id = page.find(|r| matches!(r, Request::Open { .. })).unwrap();
    page.answer(id, protocol::Event::FileRead(blank(1)));
    page.sent.clear();
    page.tell(Event::WorkerLost("of it".into()));
    assert!(page.notices().contains("It stopped while reading bad.h5, which was left out."));
    let Some((_, Request::Open { tickets }, _)) =
        page.sent.iter().find(|s| matches!(s.1, Request::Open { .. }))
    else {
        panic!("the others are read again")
    };
    assert_eq!(tickets.iter().map(|t| t.id).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_worker_that_dies_of_weights_goes_on_without_them() {
    let mut page = Page::ready();
    page.tell(Event::OpenWeights { name: "mine.safetensors".into(), among_data: None });
    assert!(page.others.iter().any(|e| matches!(e, Effect::ReadWeights)));
    page.tell(Event::WeightsRead);
    assert!(
        matches!(page.sent.last(), Some((_, Request::LoadWeights { name }, Attach::Weights)) if name == "mine.safetensors")
    );
    page.others.clear();
    page.tell(Event::WorkerLost("of it".into()));
    assert!(page.notices().contains("while loading your weights file: the shipped weights are used"));
    assert!(
        !page.others.iter().any(|e| matches!(e, Effect::ReadWeights)) && page.state.weights_file().is_none()
    );
}

#[test]
fn a_worker_that_keeps_dying_is_given_up_and_a_choice_of_device_starts_another() {
    let mut page = Page::with_dates();
    for _ in 0..3 {
        page.tell(Event::WorkerLost("again".into()));
        assert!(!*page.state.stopped);
    }
    page.tell(Event::WorkerLost("again".into()));
    assert!(*page.state.stopped && page.state.device.is_none());
    assert!(page.notices().contains("4 times and was not started again"));
    assert!(page.others.iter().any(|e| matches!(e, Effect::StopWorker)));
    page.sent.clear();
    page.tell(Event::Predict);
    assert!(page.sent.is_empty(), "nobody is there to ask");
    page.tell(Event::Prefer(loam_core::device_report::DevicePreference::Cpu));
    assert!(!*page.state.stopped && page.find(|r| matches!(r, Request::Start { .. })).is_some());
}

#[test]
fn an_answer_forgives_earlier_losses() {
    let mut page = Page::with_dates();
    for _ in 0..6 {
        page.tell(Event::WorkerLost("again".into()));
        let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
        page.answer(start, protocol::Event::Device(cpu()));
    }
    assert!(!*page.state.stopped);
}

#[test]
fn the_gpus_program_gives_way_to_the_cpus() {
    let mut page = Page::unprobed();
    let adapter = AdapterReport {
        vendor: "amd".into(),
        architecture: "rdna-3".into(),
        device: String::new(),
        description: String::new(),
        fallback: false,
        buffer_limit: 0,
    };
    page.tell(Event::Probed { adapter: Some(adapter), gpu_program: true });
    assert!(matches!(page.others.last(), Some(Effect::StartWorker { gpu: true })));
    page.tell(Event::WorkerAbsent("404".into()));
    assert!(page.others.iter().any(|e| matches!(e, Effect::StartWorker { gpu: false })));
    assert!(page.notices().contains("so the CPU is used"));
    page.tell(Event::WorkerAbsent("404".into()));
    assert!(*page.state.stopped && page.notices().contains("The worker could not be loaded"));
}

#[test]
fn a_time_line_that_is_awaited_when_the_worker_dies_is_not_read() {
    let mut page = Page::with_map();
    let mut settings = page.state.settings.clone();
    settings.history_cover = 0.5;
    page.tell(Event::Settings(Box::new(settings)));
    for _ in 0..4 {
        page.tell(Event::WorkerLost("again".into()));
    }
    assert_eq!(*page.state.pending, Some(NOT_READ));
}

#[test]
fn a_message_that_cannot_be_posted_ends_its_job() {
    let mut page = Page::with_map();
    page.tell(Event::Date(SECOND));
    page.run_timers();
    let id = page.predicting().unwrap();
    page.tell(Event::NotSent(id, "cloning failed".into()));
    assert!(page.state.predicting.is_none() && page.notices().contains("cloning failed"));
    page.tell(Event::Train);
    let id = page.find(|r| matches!(r, Request::Train { .. })).unwrap();
    page.tell(Event::NotSent(id, "cloning failed".into()));
    assert_eq!(*page.state.train.run, Run::Idle);
}
