//! What follows the state of training without a button: the plan, the tab's title, the question before the tab is closed.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use crate::ui::state::App;
use loam_core::training::Start;

/// After the last change before the plan is asked for.
const PAUSE: Duration = Duration::from_millis(300);

/// Begins to follow. Once, with the page.
pub fn watch(app: App) {
    follow_plan(app);
    follow_title(app);
    follow_weights(app);
    window_event_listener(ev::beforeunload, move |event| {
        let t = app.train;
        let unsaved = t.started.with_untracked(|s| s.as_ref().is_some_and(|s| s.unsaved.is_some()));
        if unsaved && t.job.with_untracked(Option::is_some) {
            event.prevent_default();
        }
    });
}

fn follow_plan(app: App) {
    let t = app.train;
    let turn = StoredValue::new(0u32);
    Effect::new(move |_| {
        t.settings.track();
        app.settings.track();
        let network = t.settings.with(|s| s.network);
        // The time line does not say which days have brightness temperature at 9 km: the worker does.
        let dates =
            app.timeline.with(|t| t.days.iter().any(|d| d.fine.is_some() || network.output().is_kelvin()));
        t.estimate.set(None);
        turn.update_value(|n| *n += 1);
        let mine = turn.get_value();
        if !dates {
            t.plan.set(None);
            t.plan_problem.set(Some(format!(
                "No date has {} of this region to learn from.",
                super::plan::target(network)
            )));
            return;
        }
        set_timeout(
            move || {
                if turn.get_value() == mine {
                    app.plan_training();
                }
            },
            PAUSE,
        );
    });
}

/// A run that starts from the weights in use has their inputs.
fn follow_weights(app: App) {
    let t = app.train;
    Effect::new(move |_| {
        app.weights.track();
        let inputs = super::form::inputs_in_use(app);
        if t.settings.with_untracked(|s| s.start == Start::Current && s.inputs != inputs) {
            t.settings.update(|s| s.inputs = inputs);
        }
    });
}

fn follow_title(app: App) {
    let t = app.train;
    let plain = document().title();
    let percent = Memo::new(move |_| {
        t.job.with(Option::is_some).then(|| t.share().map(|s| (s * 100.0) as u32)).flatten()
    });
    Effect::new(move |before: Option<bool>| {
        let percent = percent.get();
        match percent {
            Some(percent) => document().set_title(&format!("{percent} % · Loam")),
            None if before == Some(true) => document().set_title(&plain),
            None => {}
        }
        percent.is_some()
    });
}
