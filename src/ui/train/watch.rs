//! What follows the state of training without a button: the tab's title, the question before the tab is closed.

use leptos::ev;
use leptos::prelude::*;

use crate::ui::store::App;

/// Begins to follow. Once, with the page.
pub fn watch(app: App) {
    follow_title(app);
    window_event_listener(ev::beforeunload, move |event| {
        let t = app.train;
        let unsaved = t.started.with_untracked(|s| s.as_ref().is_some_and(|s| s.unsaved.is_some()));
        if unsaved && t.run.with_untracked(crate::state::Run::is_active) {
            event.prevent_default();
        }
    });
}

fn follow_title(app: App) {
    let t = app.train;
    let plain = document().title();
    let percent =
        Memo::new(move |_| t.is_active().then(|| t.share(app).map(|s| (s * 100.0) as u32)).flatten());
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
