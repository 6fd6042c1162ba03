//! The stage: linked maps as large as they fit, tools above, legend below.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::basemap;
use super::layer_list::{layer_choice, on_stage};
use super::legend::Ramps;
use super::panel::{Panel, watch_box};
use super::pointer::step;
use super::rectangle;
use super::stage::{COMPARED, FIRST, Stage};
use super::store::App;
use super::swipe::Swipe;
use crate::state::MapData;
use crate::state::cursor::View;
use crate::state::rectangle::size_text;
use ease_grid::EaseWindow;
use loam_core::layer::LayerKind;
use loam_core::stack::SMALLEST_EDGE;

/// A caption's height, and the gap between two maps, CSS pixels.
const CAPTION: f64 = 46.0;
const GAP: f64 = 8.0;

/// How many layers to put on the stage: a button each.
fn layouts(app: App, data: Arc<MapData>) -> AnyView {
    let sets = [
        ("layout-one", "1", "1: the estimate alone", Stage::Kinds(&[LayerKind::Estimate])),
        ("layout-two", "2", "2: SMAP beside the estimate", Stage::Kinds(&FIRST)),
        ("layout-four", "4", "4: SMAP, estimate, reference and difference", Stage::Kinds(&COMPARED)),
        ("layout-all", "All", "All layers", Stage::All),
    ];
    let mut before = Vec::new();
    sets.into_iter().map(|(id, name, title, set)| {
        let (data, wanted) = (data.clone(), set.of(&data));
        // Without a reference there is nothing more to compare with.
        let adds_nothing = wanted == before;
        before.clone_from(&wanted);
        let pressed = move || !adds_nothing && !app.swipe.get() && on_stage(app, &data) == wanted;
        view! {
            <button type="button" id=id disabled=adds_nothing title=title aria-label=title aria-pressed=move || pressed().to_string() on:click=move |_| {
                app.swipe.set(false);
                app.stage.set(Some(set.clone()));
            }>{name}</button>
        }
    }).collect_view().into_any()
}

/// One layer on a narrow screen: which.
fn switch(app: App, data: Arc<MapData>) -> AnyView {
    let present = {
        let data = data.clone();
        move || on_stage(app, &data).first().copied()
    };
    layer_choice(&data, "layer", "Layer on the map", present, move |key| {
        app.swipe.set(false);
        app.stage.set(Some(Stage::These(vec![key])));
    })
}

#[component]
fn Tools(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let window = data.window();
    view! {
        <div class="tools" role="toolbar" aria-label="Map tools">
            {switch(app, data.clone())}
            <span class="group layouts">{layouts(app, data.clone())}
                <button type="button" id="swipe" title="Two layers under one curtain" aria-pressed=move || app.swipe.get().to_string() on:click=move |_| app.swipe.update(|s| *s = !*s)>"Swipe"</button>
            </span>
            <span class="group">
                <button type="button" aria-label="Zoom in" title="Zoom in (+, wheel)" on:click=move |_| step(app, true, &window)>"+"</button>
                <button type="button" aria-label="Zoom out" title="Zoom out (−, wheel)" on:click=move |_| step(app, false, &window)>"−"</button>
                <button type="button" title="Whole region (0)" on:click=move |_| app.view.set(View::default())>"Whole region"</button>
                <button type="button" id="position" aria-label="My position" title="My position" aria-pressed=move || app.locating.get().to_string() on:click=move |_| app.locating.update(|on| *on = !*on)>"◎"</button>
            </span>
            <button type="button" id="draw-region" aria-pressed=move || app.drawing.get().to_string() on:click=move |_| rectangle::toggle(app)>"Draw a region"</button>
        </div>
    }
    .into_any()
}

/// What to do while a region is drawn, how large it is, and what is still to do once it is chosen.
#[component]
fn Drawing(window: EaseWindow) -> impl IntoView {
    let app = App::here();
    let text = move || {
        let chosen = app.settings.with(|s| s.window);
        match app.rectangle.get() {
            Some(drawn) => {
                let size = size_text(&drawn.within(&window));
                Some(drawn.region(&window).err().map_or(size.clone(), |error| format!("{size}: {error}.")))
            }
            None if app.drawing.get() => Some(format!(
                "Drag a rectangle over the new region, at least {SMALLEST_EDGE} × {SMALLEST_EDGE} cells; or, from the keyboard, Enter on two opposite corners. Escape ends drawing."
            )),
            None if chosen != window => Some(format!(
                "The region is now {}, dashed on the maps where it lies in them. Choose a place, or undo, to go back.",
                size_text(&chosen)
            )),
            None => None,
        }
    };
    view! { {move || text().map(|text| view! { <p class="hint drawing" id="drawing">{text}</p> })} }
        .into_any()
}

/// How many columns of maps leave each the most room.
fn columns(count: usize, stage: (f64, f64), aspect: f64) -> usize {
    let edge = |columns: usize| {
        let rows = count.div_ceil(columns) as f64;
        let width = (stage.0 - GAP * (columns as f64 - 1.0)) / columns as f64;
        let height = (stage.1 - GAP * (rows - 1.0)) / rows - CAPTION;
        width.min(height * aspect)
    };
    let mut best = 1;
    for columns in 2..=count.max(1) {
        // What one sees little of is not worth another column.
        if edge(columns) > edge(best) * 1.02 {
            best = columns;
        }
    }
    best
}

#[component]
fn Maps(data: Arc<MapData>, size: RwSignal<(f64, f64)>) -> impl IntoView {
    let app = App::here();
    let window = data.window();
    let aspect = window.columns as f64 / window.rows.max(1) as f64;
    let node = NodeRef::<html::Div>::new();
    watch_box(node, size);
    let keys = {
        let data = data.clone();
        Memo::new(move |_| on_stage(app, &data))
    };
    let across = Memo::new(move |_| {
        let count = if app.swipe.get() { 1 } else { keys.with(Vec::len) };
        columns(count, size.get(), aspect)
    });
    let down = move || {
        let count = if app.swipe.get() { 1 } else { keys.with(Vec::len) };
        count.div_ceil(across.get().max(1)).max(1)
    };
    let simulated = data.report.simulated;
    let (d1, d2) = (data.clone(), data.clone());
    view! {
        <div class="panels" node_ref=node style=("--across", move || across.get().to_string()) style=("--down", move || down().to_string()) style=("--aspect", format!("{aspect:.4}"))>
            {move || if app.swipe.get() {
                view! { <Swipe data=d1.clone()/> }.into_any()
            } else {
                let data = d2.clone();
                view! { <For each=move || keys.get() key=|key| *key let:layer><Panel data=data.clone() layer=layer/></For> }.into_any()
            }}
        </div>
        <div class="stagebar">
            <Tools data=data.clone()/>
            {simulated.then(|| view! { <p class="simulated" role="note"><strong>"SIMULATED"</strong>" scenes, not observations."</p> })}
            <Drawing window=window/>
        </div>
        <Ramps data=data/>
        <p class="keys" id="map-keys">
            "On a map: arrow keys move the cell cursor (Shift: 36 km), Enter pins a cell, + − 0 and the wheel zoom."
        </p>
    }
    .into_any()
}

/// The maps; nothing until there is one.
#[component]
pub fn MapsSection() -> impl IntoView {
    let app = App::here();
    super::address_scales::follow(app);
    basemap::load(app);
    let stale = Memo::new(move |_| app.stale());
    // Of the stage, for as long as the page lives: the next map need not find it out again.
    let size = RwSignal::new((0.0, 0.0));
    let wanted = move || !app.timeline.with(|t| t.days.is_empty());
    view! {
        <section class="maps" aria-label="Maps" class:stale=move || stale.get().is_some() hidden=move || app.nothing_open()>
            <p id="map-stale" class="caution" role="status" aria-live="polite" class:none=move || stale.get().is_none()>{move || stale.get()}</p>
            {move || match app.map.get() {
                Some(data) => view! { <Maps data=data size=size/> }.into_any(),
                None if wanted() => view! { <p class="empty">{move || if app.predicting.get().is_some() { "The map is being made…" } else { "A map of the chosen date appears here." }}</p> }.into_any(),
                None => view! { <p class="empty">{move || if app.reading.get().is_some() {
                    "Files are being read. Dates with SMAP data appear below."
                } else {
                    "No date with SMAP data so far. The list under Data says what each file is, and what to do about one that is not used."
                }}</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}
