//! A run's life: prepared, running, paused, stopped, cancelled, lost, done; and what is in use afterwards.

use super::*;
use crate::protocol::{StepReport, TrainStarted};
use crate::state::{Run, TrainState};
use loam_core::training::{RunReport, Start, TrainEnd, TrainPlan, TrainResult, TrainSettings};

fn report(name: &str, finished: bool) -> RunReport {
    let result = TrainResult {
        end: TrainEnd::Finished,
        epochs: 2,
        best_epoch: 1,
        best_loss: 0.02,
        seconds: 3.0,
        images: [4, 1, 1, 0],
        scores: Vec::new(),
        dates: 1,
        over_bilinear: None,
        over_before: None,
        sentence: "Better than before.".into(),
        hash: "feedfacefeedface".into(),
        choice: None,
    };
    RunReport {
        run: name.into(),
        begun_ms: 1_582_979_696_789.0,
        region: "Tucson".into(),
        settings: TrainSettings::fine_tune(),
        from: shipped(),
        device: "CPU".into(),
        simulated: true,
        result: finished.then_some(result),
        progress: None,
        in_use: false,
    }
}

fn started(name: &str) -> protocol::Event {
    protocol::Event::TrainStarted(Box::new(TrainStarted {
        run: name.into(),
        settings: TrainSettings::fine_tune(),
        region: "Tucson".into(),
        plan: TrainPlan::default(),
        steps_per_epoch: 2,
        history: Vec::new(),
        losses: Vec::new(),
        resumed: false,
        simulated: true,
        unsaved: None,
    }))
}

fn step(epoch: usize, step: usize) -> protocol::Event {
    protocol::Event::TrainStep(StepReport { epoch, step, loss: 0.05, seconds_left: 9.0, load: 0.5 })
}

/// A page with a run of this name that takes steps.
fn running() -> (Page, u64) {
    let mut page = Page::with_dates();
    page.tell(Event::Train);
    let id = page.find(|r| matches!(r, Request::Train { .. })).unwrap();
    page.answer(id, started("one"));
    page.answer(id, step(1, 1));
    (page, id)
}

fn train(page: &Page) -> &TrainState {
    &page.state.train
}

#[test]
fn a_run_goes_from_its_request_to_its_report() {
    let mut page = Page::with_dates();
    page.tell(Event::Train);
    page.tell(Event::Train);
    assert_eq!(page.sent.iter().filter(|s| matches!(s.1, Request::Train { .. })).count(), 1, "one at a time");
    let id = page.find(|r| matches!(r, Request::Train { .. })).unwrap();
    assert!(matches!(&*train(&page).run, Run::Preparing { .. }));
    page.answer(id, protocol::Event::Progress { done: 3, total: 9, what: "preparing the images".into() });
    assert_eq!(train(&page).run.job().unwrap().done, 3);
    page.answer(id, started("one"));
    assert!(train(&page).run.job().is_none());
    page.answer(id, step(1, 1));
    page.answer(id, step(1, 2));
    assert_eq!((train(&page).losses.len(), train(&page).share()), (2, Some(2.0 / 40.0)));
    page.answer(id, protocol::Event::TrainPaused(true));
    assert!(train(&page).run.is_paused());
    page.answer(id, protocol::Event::TrainPaused(false));
    page.tell(Event::Stop);
    page.tell(Event::Stop);
    assert!(train(&page).run.is_stopping());
    assert_eq!(page.sent.iter().filter(|s| matches!(s.1, Request::StopTraining)).count(), 1);
    page.answer(id, protocol::Event::TrainDone(Box::new(report("one", true))));
    page.answer(id, protocol::Event::Finished);
    assert_eq!(train(&page).run.report().unwrap().run, "one");
    assert_eq!(train(&page).losses.len(), 2, "the curves stay");
}

#[test]
fn steps_draw_only_their_own_line() {
    let (mut page, id) = running();
    let _ = page.state.fields.take();
    page.answer(id, step(1, 2));
    assert_eq!(page.state.fields.take(), train(&page).step.bit());
    // Many steps, one drawing.
    page.timers.clear();
    page.tell(Event::Due(Due::Curves));
    for n in 1..50 {
        page.answer(id, step(2 + n / 2, n % 2 + 1));
    }
    assert_eq!(page.timers, [Due::Curves]);
}

#[test]
fn a_run_set_back_to_a_checkpoint_repeats_steps_in_their_place() {
    let (mut page, id) = running();
    for (e, s) in [(1, 2), (2, 1), (2, 2), (2, 1)] {
        page.answer(id, step(e, s));
    }
    assert_eq!(train(&page).losses.len(), 3);
    page.answer(id, step(usize::MAX / 4, 1));
    assert_eq!(train(&page).losses.len(), 3, "a gap that no run has does not fill the memory");
}

#[test]
fn cancel_in_every_state() {
    // Idle: nothing is asked for.
    let mut page = Page::with_dates();
    page.sent.clear();
    page.tell(Event::CancelRun);
    page.tell(Event::Stop);
    page.tell(Event::Pause(true));
    assert!(page.sent.is_empty());
    // While it is prepared, after a run that ended: that one is shown again.
    let (mut page, id) = running();
    page.answer(id, protocol::Event::TrainDone(Box::new(report("one", true))));
    page.answer(id, protocol::Event::Finished);
    page.tell(Event::Train);
    let id = page.find(|r| matches!(r, Request::Train { .. })).unwrap();
    page.tell(Event::CancelRun);
    assert!(matches!(page.sent.last(), Some((_, Request::Cancel { id: ended }, _)) if *ended == id));
    page.answer(id, protocol::Event::Cancelled);
    assert_eq!(train(&page).run.report().unwrap().run, "one");
    // While it runs, or stands still, or is being stopped: its curves go.
    for (pause, stop) in [(false, false), (true, false), (false, true)] {
        let (mut page, id) = running();
        if pause {
            page.answer(id, protocol::Event::TrainPaused(true));
        }
        if stop {
            page.tell(Event::Stop);
        }
        page.tell(Event::CancelRun);
        page.answer(id, protocol::Event::Cancelled);
        assert_eq!(*train(&page).run, Run::Idle);
        assert!(train(&page).started.is_none() && train(&page).losses.is_empty());
    }
    // A failure keeps them.
    let (mut page, id) = running();
    page.answer(id, failure("out of memory"));
    assert_eq!(*train(&page).run, Run::Idle);
    assert!(train(&page).started.is_some() && page.notices().contains("out of memory"));
}

#[test]
fn a_run_is_lost_with_its_worker_and_offered_again_once_its_lock_is_free() {
    let (mut page, _) = running();
    page.tell(Event::WorkerLost("of memory".into()));
    assert_eq!(train(&page).run.lost().unwrap(), "one");
    assert!(page.notices().contains("A run with a checkpoint is offered again"));
    let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
    page.answer(start, protocol::Event::Device(cpu()));
    let list = |page: &mut Page, in_use: bool| {
        let id = page.find(|r| matches!(r, Request::Runs)).unwrap();
        let runs = vec![RunReport { in_use, ..report("one", false) }];
        page.answer(id, protocol::Event::Runs { runs, unsaved: None });
        page.answer(id, protocol::Event::Finished);
    };
    page.timers.clear();
    list(&mut page, true);
    assert_eq!(page.timers, [Due::Runs], "its lock is not yet free");
    page.run_timers();
    list(&mut page, false);
    assert!(page.timers.is_empty() && train(&page).run.lost().is_some());
    page.tell(Event::Resume("one".into()));
    assert!(matches!(&*train(&page).run, Run::Preparing { run: Some(run), .. } if run == "one"));
}

#[test]
fn a_lost_run_without_a_checkpoint_is_said_to_be_lost() {
    let (mut page, _) = running();
    page.tell(Event::WorkerLost("of memory".into()));
    let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
    page.answer(start, protocol::Event::Device(cpu()));
    let id = page.find(|r| matches!(r, Request::Runs)).unwrap();
    page.answer(id, protocol::Event::Runs { runs: Vec::new(), unsaved: None });
    assert_eq!(*train(&page).run, Run::Idle);
    assert!(page.notices().contains("it had no checkpoint yet"));
}

#[test]
fn events_of_a_lost_run_come_too_late() {
    let (mut page, id) = running();
    page.tell(Event::WorkerLost("of memory".into()));
    page.answer(id, step(1, 2));
    page.answer(id, protocol::Event::TrainDone(Box::new(report("one", true))));
    assert!(matches!(&*train(&page).run, Run::Lost { .. }));
}

#[test]
fn the_plan_is_asked_for_when_the_last_change_is_a_moment_old() {
    let mut page = Page::with_dates();
    page.timers.clear();
    page.sent.clear();
    for epochs in [3, 4, 5] {
        let settings = TrainSettings { epochs, ..train(&page).settings.clone() };
        page.tell(Event::TrainSettings(Box::new(settings)));
    }
    page.run_timers();
    let plans = page.sent.iter().filter(|s| matches!(s.1, Request::TrainPlan { .. })).count();
    assert_eq!(plans, 1);
    let id = page.find(|r| matches!(r, Request::TrainPlan { .. })).unwrap();
    page.answer(id, failure("no date has a target"));
    assert!(train(&page).plan_problem.as_ref().unwrap().contains("no date has a target"));
    assert_eq!(page.notices(), "", "the user did not ask for it");
    // Without dates there is nothing to plan.
    page.tell(Event::ForgetAll);
    assert!(train(&page).plan_problem.as_ref().unwrap().starts_with("No date has"));
}

#[test]
fn numbers_that_are_none_are_refused_until_they_are_typed_right() {
    let mut page = Page::with_dates();
    page.tell(Event::TrainTyped("train-epochs", Some("epochs must be a number".into())));
    assert_eq!(train(&page).refusal().as_deref(), Some("epochs must be a number"));
    page.tell(Event::TrainTyped("train-epochs", None));
    assert_eq!(train(&page).refusal(), None);
    page.tell(Event::TrainStart(Start::Scratch));
    assert!(train(&page).settings.frozen.is_empty());
    page.tell(Event::TrainNetwork(train(&page).settings.network));
    assert_eq!((train(&page).settings.start, *train(&page).replaced), (TrainSettings::fine_tune().start, 1));
}

#[test]
fn weights_of_before_a_reload_are_used_again_or_missed_in_words() {
    let runs = |unsaved: Option<&str>, list: Vec<RunReport>| protocol::Event::Runs {
        runs: list,
        unsaved: unsaved.map(str::to_owned),
    };
    let begin = |remembered: Remembered, answer: protocol::Event| {
        let mut page = Page::unprobed();
        page.tell(Event::Began { hash: Hash::default(), remembered });
        page.tell(Event::Probed { adapter: None, gpu_program: false });
        let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
        page.answer(start, protocol::Event::Device(cpu()));
        let id = page.find(|r| matches!(r, Request::Runs)).unwrap();
        page.answer(id, answer);
        page
    };
    let mut page = begin(Remembered::Run("again".into()), runs(None, vec![report("again", true)]));
    let id = page.find(|r| matches!(r, Request::UseRun { run } if run == "again")).unwrap();
    page.answer(id, protocol::Event::Weights(WeightsReport { hash: "feedfacefeedface".into(), ..shipped() }));
    assert!(page.state.announcement.contains("are in use again"), "{}", *page.state.announcement);
    assert!(
        page.others.iter().any(|e| matches!(e, Effect::Remember(Remembered::Run(run)) if run == "again"))
    );

    let mut page = begin(Remembered::Run("1582979696789".into()), runs(None, Vec::new()));
    assert!(
        page.notices().contains("begun 2020-02-29 12:34 (UTC)")
            && page.notices().contains("no longer in its storage")
    );
    assert!(page.notices().contains("The shipped weights are used"));
    // Once: a later list says nothing.
    let said = page.notices();
    page.tell(Event::Dismiss(page.state.notices[0].number));
    page.tell(Event::Runs);
    let id = page.find(|r| matches!(r, Request::Runs)).unwrap();
    page.answer(id, runs(None, vec![report("another", true)]));
    assert_eq!(page.notices(), "", "{said}");
    let page = begin(Remembered::Run("1".into()), runs(Some("a private window"), Vec::new()));
    assert!(page.notices().contains("cannot be used (a private window)"));
    let page = begin(Remembered::File("own.safetensors".into()), runs(None, Vec::new()));
    assert!(page.notices().contains("own.safetensors") && page.notices().contains("load the file again"));

    // They cannot be used again.
    let mut page = begin(Remembered::Run("again".into()), runs(None, vec![report("again", true)]));
    let id = page.find(|r| matches!(r, Request::UseRun { .. })).unwrap();
    page.answer(id, failure("the file is damaged"));
    assert!(page.notices().contains("could not be used again: the file is damaged"));
    assert!(train(&page).recalled.is_none());
}
