//! The frame: the map in the middle, time under it, data and layers at its left, values, scores, training and exports at its right. Both sides fold,
//! which is remembered. On a narrow screen they are one sheet from below.

use leptos::ev;
use leptos::prelude::*;

use super::data::DataSection;
use super::later::{Later, Part};
use super::sides::{EXPORT, GROUND, LAYERS, SEASON, Side, narrow, remember, tight};
use super::store::App;
use super::welcome::Welcome;

/// Names of the panels, left and right.
const LEFT: &[(&str, &str)] =
    &[("data", "Data"), ("layers", "Layers"), ("region", "Region"), ("method", "Method")];
const RIGHT: &[(&str, &str)] = &[
    ("values", "Values"),
    ("scores", "Scores"),
    ("train", "Train"),
    ("export", "Export"),
    ("season", "Season"),
    ("ground", "Ground"),
];

/// Opens a panel, or folds its side where it is open.
fn press(app: App, right: bool, panel: usize) {
    let (this, other) = if right { (app.right, app.left) } else { (app.left, app.right) };
    this.update(|side| *side = Side { panel, open: !side.open || side.panel != panel });
    if narrow() && this.get_untracked().open {
        other.update(|side| side.open = false);
    }
}

/// The buttons of a side.
fn buttons(app: App, right: bool) -> AnyView {
    let side = if right { app.right } else { app.left };
    let names = if right { RIGHT } else { LEFT };
    view! {
        <div class="tabs" role="group" aria-label=if right { "Panels at the right" } else { "Panels at the left" }>
            {names.iter().enumerate().map(|(panel, &(id, name))| {
                let open = move || side.get() == Side { panel, open: true };
                view! {
                    <button type="button" id=format!("open-{id}") aria-controls=format!("panel-{id}") aria-expanded=move || open().to_string() on:click=move |_| press(app, right, panel)>{name}</button>
                }
            }).collect_view()}
        </div>
    }
    .into_any()
}

/// One panel of a side, with what is in it. What is folded is only hidden: it goes on following the state.
fn panel(app: App, right: bool, number: usize, inside: AnyView) -> AnyView {
    let side = if right { app.right } else { app.left };
    let (id, name) = if right { RIGHT[number] } else { LEFT[number] };
    let hidden = move || side.get() != Side { panel: number, open: true };
    view! {
        <div class="sidepanel" id=format!("panel-{id}") role="group" aria-label=name hidden=hidden>{inside}</div>
    }
    .into_any()
}

/// The whole frame below the header.
#[component]
pub fn Bench() -> impl IntoView {
    let app = App::here();
    Effect::new(move |_| remember(app.left.get(), app.right.get()));
    // Where there is no longer room for both sides, the left one makes way.
    let was_tight = StoredValue::new(tight());
    window_event_listener(ev::resize, move |_| {
        if tight() && !was_tight.get_value() {
            app.left.update(|side| side.open = false);
        }
        was_tight.set_value(tight());
    });
    // Undo, as everywhere; not in a field, which has its own.
    window_event_listener(ev::keydown, move |event| {
        let in_field = document()
            .active_element()
            .is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"));
        if (event.ctrl_key() || event.meta_key()) && event.key() == "z" && !event.shift_key() && !in_field {
            event.prevent_default();
            app.tell(crate::state::Event::Undo);
        }
    });
    let (left, right) = (move || app.left.get().open, move || app.right.get().open);
    view! {
        <main id="main" class="bench" class:folded-left=move || !left() class:folded-right=move || !right()>
            <div class="stage" id="stage" tabindex="-1">
                <Welcome/>
                <Later part=Part::Maps/>
                <Later part=Part::Position/>
                <Later part=Part::Look/>
            </div>
            <div class="time" id="time" tabindex="-1"><Later part=Part::Dates/></div>
            <div class="side right" id="inspector" tabindex="-1">
                {buttons(app, true)}
                {panel(app, true, 0, view! { <Later part=Part::Values/> }.into_any())}
                {panel(app, true, 1, view! { <Later part=Part::Scores/> }.into_any())}
                {panel(app, true, 2, view! { <Later part=Part::FineTune/> }.into_any())}
                {panel(app, true, EXPORT, view! { <Later part=Part::Exports/> }.into_any())}
                {panel(app, true, SEASON, view! { <Later part=Part::Season/> }.into_any())}
                {panel(app, true, GROUND, view! { <Later part=Part::Ground/> }.into_any())}
            </div>
            <div class="side left" id="rail" tabindex="-1">
                {buttons(app, false)}
                {panel(app, false, 0, view! { <DataSection/><Later part=Part::Bundle/><Later part=Part::Files/> }.into_any())}
                {panel(app, false, LAYERS, view! { <Later part=Part::Layers/> }.into_any())}
                {panel(app, false, 2, view! { <Later part=Part::Region/> }.into_any())}
                {panel(app, false, 3, view! { <Later part=Part::Method/> }.into_any())}
            </div>
        </main>
    }
    .into_any()
}
