//! One linked map: pixels below, cursor above, the value under the cursor beside the title.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, KeyboardEvent};

use super::canvas_pen::CanvasPen;
use super::draw::{self, Frame};
use super::page_signal::PageSignal;
use super::pointer::{Pointer, pin, step};
use super::rectangle;
use super::store::App;
use super::{basemap, canvas};
use crate::state::cursor::{Cell, moved};
use crate::state::rectangle::{Rectangle, size_text};
use crate::state::{Layer, MapData, extremes};
use ease_grid::Reason;
use loam_core::file::FineOrigin;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::{Scale, paint, sketch};
use loam_core::method::Method;

/// Title of a layer.
pub fn title(method: Method, layer: LayerKey) -> String {
    let name = method.short();
    let output = method.outputs().get(usize::from(layer.channel)).copied().unwrap_or(method.output());
    let kelvin = output.is_kelvin().then(|| output.short());
    match (layer.kind, kelvin) {
        (LayerKind::Coarse, Some(of)) => format!("Input, {of} 36 km"),
        (LayerKind::Coarse, None) => "Input, SMAP 36 km".to_owned(),
        (LayerKind::Estimate, Some(of)) => format!("Estimate, {of} 9 km"),
        (LayerKind::Estimate, None) => format!("Estimate, {name} 3 km"),
        (LayerKind::HalfWidth, _) => "90 % interval, half-width".to_owned(),
        (LayerKind::Before, _) => "Estimate before training".to_owned(),
        (LayerKind::Change, _) => "After − before training".to_owned(),
        (LayerKind::Reference, Some(of)) => format!("Reference, {of} 9 km"),
        (LayerKind::Reference, None) => "Reference, 3 km product".to_owned(),
        (LayerKind::ReferenceUncertainty, _) => "Reference, its product's own uncertainty".to_owned(),
        (LayerKind::Difference, Some(of)) => format!("Estimate − reference, {of}"),
        (LayerKind::Difference, None) => "Estimate − reference".to_owned(),
        (LayerKind::Bilinear, Some(of)) => format!("Bilinear {of}"),
        (LayerKind::Bilinear, None) => "Bilinear SMAP".to_owned(),
        (LayerKind::BackscatterVv, _) => "Backscatter VV, 3 km".to_owned(),
        (LayerKind::BackscatterVh, _) => "Backscatter VH, 3 km".to_owned(),
        (LayerKind::SurfaceTemperature, _) => "Land surface temperature".to_owned(),
        (LayerKind::SeasonMean, _) => "Season, mean".to_owned(),
        (LayerKind::SeasonTrend, _) => "Season, trend".to_owned(),
        (LayerKind::SeasonTrendError, _) => "Season, standard error of the trend".to_owned(),
        (LayerKind::SeasonDrydown, _) => "Season, dry-down time".to_owned(),
        (LayerKind::SeasonCount, _) => "Season, number of maps".to_owned(),
    }
}

/// Title of a layer of a map.
pub fn heading(data: &MapData, layer: LayerKey) -> String {
    match (layer.kind, data.report.reference) {
        (LayerKind::Reference, Some(FineOrigin::Disaggregated)) => "Reference, 3 km map made here".to_owned(),
        (LayerKind::Reference, Some(FineOrigin::Nisar)) => "Reference, NISAR (provisional)".to_owned(),
        (LayerKind::Reference, Some(FineOrigin::OwnMap)) => "Reference, a map that Loam made".to_owned(),
        _ => title(data.method(), layer),
    }
}

/// Layers that hold an estimate, or how sure it is: the frame of the network's edges is drawn on them.
pub fn is_estimated(layer: LayerKey) -> bool {
    use LayerKind::{Before, Change, Difference, Estimate, HalfWidth};
    matches!(layer.kind, Estimate | Before | Change | HalfWidth | Difference)
}

/// The value of a cell with its unit, or why there is none; with the half-width of an estimate that has one, the reference's own uncertainty,
/// SMAP's overpass, or that the estimate lies at the edge of the data.
pub fn read_out(data: &MapData, layer: &Layer, cell: Cell, unit: &str) -> String {
    let (window, report) = (data.window(), &data.report);
    let index = cell.index(&window);
    let value = value_text(layer, index, unit, data.half_width(layer, index));
    if let Some(uncertainty) = data.reference_uncertainty(layer, index) {
        return format!("{value}, its product's own uncertainty {uncertainty:.3}");
    }
    let overpass = data.overpasses.get(index).copied().filter(|_| layer.key.kind == LayerKind::Coarse);
    let note = match overpass {
        Some(1) => ", 6 am",
        Some(2) => ", 6 pm",
        _ if is_estimated(layer.key)
            && report.frame.hold(window.columns, window.rows, cell.column, cell.row) =>
        {
            ", edge of the data"
        }
        _ => "",
    };
    format!("{value}{note}")
}

/// Differences, on a scale about 0.
pub fn is_signed(layer: LayerKey) -> bool {
    matches!(layer.kind, LayerKind::Difference | LayerKind::Change | LayerKind::SeasonTrend)
}

/// The scale a layer is drawn with.
pub fn scale_of(app: App, method: Method, layer: LayerKey) -> PageSignal<Scale> {
    match layer.kind {
        LayerKind::BackscatterVv | LayerKind::BackscatterVh => app.backscatter,
        LayerKind::SurfaceTemperature => app.kelvin,
        LayerKind::HalfWidth | LayerKind::ReferenceUncertainty => app.half_width,
        LayerKind::SeasonTrend => app.trend,
        LayerKind::SeasonTrendError => app.trend_error,
        LayerKind::SeasonDrydown => app.drydown,
        LayerKind::SeasonCount => app.map_count,
        _ => match (method.output().is_kelvin(), is_signed(layer)) {
            (true, true) => app.kelvin_difference,
            (true, false) => app.kelvin,
            (false, true) => app.difference,
            (false, false) => app.moisture,
        },
    }
}

/// The value of a cell with its unit, or why there is none: `0.2134 ± 0.052 m³/m³` where it has a half-width, which is given to one decimal
/// less.
pub fn value_text(layer: &Layer, index: usize, unit: &str, half_width: Option<f32>) -> String {
    let reason = layer.reasons.get(index).map_or(Reason::OutsideFile, |r| Reason::from_u8(*r));
    match layer.values.get(index) {
        Some(value) if reason == Reason::Valid && value.is_finite() => {
            let signed = if is_signed(layer.key) && *value > 0.0 { "+" } else { "" };
            let decimals: usize = match unit {
                "dates" => 0,
                "days" => 1,
                "dB" | "K" | "K per year" => 2,
                _ => 4,
            };
            let fewer = decimals.saturating_sub(1);
            let of_width = matches!(layer.key.kind, LayerKind::HalfWidth | LayerKind::ReferenceUncertainty);
            let decimals = if of_width { fewer } else { decimals };
            let sure = half_width.map(|half_width| format!(" ± {half_width:.fewer$}")).unwrap_or_default();
            format!("{signed}{value:.decimals$}{sure} {unit}").replace('-', "−")
        }
        _ if reason == Reason::Valid => "no value".to_owned(),
        _ => reason.text().to_owned(),
    }
}

/// A painted layer, one pixel per cell.
pub fn image_of(app: App, data: &MapData, key: LayerKey) -> Option<HtmlCanvasElement> {
    image_in(data, key, &scale_of(app, data.method(), key).get())
}

/// The same in a scale that is not its own.
pub fn image_in(data: &MapData, key: LayerKey, scale: &Scale) -> Option<HtmlCanvasElement> {
    let layer = data.layer(key)?;
    let window = data.window();
    let rgba = paint(&layer.values, &layer.reasons, window.columns, scale);
    canvas::from_rgba(&rgba, window.columns, window.rows)
}

/// [`image_of`] as a signal: painted again when the layer, the map it is of, or its scale changes.
pub fn painted(
    app: App,
    of: impl Fn() -> (Arc<MapData>, LayerKey) + Send + Sync + 'static,
) -> RwSignal<Option<HtmlCanvasElement>, LocalStorage> {
    let image = RwSignal::new_local(None);
    Effect::new(move |_| {
        let (data, key) = of();
        image.set(image_of(app, &data, key));
    });
    image
}

/// Width and height of a box, CSS pixels, as they change.
pub fn watch_box(node: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    Effect::new(move |_| {
        if let Some(element) = node.get() {
            let seen = element.clone();
            watch(&element, move || {
                let now = (f64::from(seen.client_width()), f64::from(seen.client_height()));
                if size.get_untracked() != now {
                    size.set(now);
                }
            });
        }
    });
}

/// Calls back when an element changes its size, as long as the present component is there.
fn watch(element: &web_sys::Element, changed: impl FnMut() + 'static) {
    let callback = wasm_bindgen::prelude::Closure::<dyn FnMut()>::new(changed);
    if let Ok(observer) = web_sys::ResizeObserver::new(wasm_bindgen::JsCast::unchecked_ref(callback.as_ref()))
    {
        observer.observe(element);
        let kept = StoredValue::new_local(Some((observer, callback)));
        on_cleanup(move || {
            kept.try_update_value(|k| {
                if let Some((observer, _)) = k.take() {
                    observer.disconnect();
                }
            });
        });
    }
}

/// Counts up when a canvas changes its size, or the system its colours.
pub fn watch_size(node: NodeRef<html::Canvas>) -> RwSignal<u32> {
    let size = RwSignal::new(0u32);
    let turned = wasm_bindgen::prelude::Closure::<dyn FnMut()>::new(move || size.update(|s| *s += 1));
    if let Ok(Some(media)) = window().match_media("(prefers-color-scheme: dark)") {
        let listener: &js_sys::Function = wasm_bindgen::JsCast::unchecked_ref(turned.as_ref());
        if media.add_event_listener_with_callback("change", listener).is_ok() {
            let kept = StoredValue::new_local(Some((media, turned)));
            on_cleanup(move || {
                kept.try_update_value(|k| {
                    if let Some((media, turned)) = k.take() {
                        let listener: &js_sys::Function =
                            wasm_bindgen::JsCast::unchecked_ref(turned.as_ref());
                        let _ = media.remove_event_listener_with_callback("change", listener);
                    }
                });
            });
        }
    }
    Effect::new(move |_| {
        if let Some(element) = node.get() {
            watch(&element, move || size.update(|s| *s += 1));
        }
    });
    size
}

/// Arrow keys, Enter, plus, minus and 0 on a map.
pub fn on_key(app: App, data: &MapData, event: &KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let window = data.window();
    let present = untrack(|| app.probed());
    let key = event.key();
    if let Some(cell) = moved(present, &key, event.shift_key(), &window) {
        app.cursor.set(Some(cell));
        app.view.update(|v| *v = v.showing(cell, &window));
        match app.rectangle.get_untracked() {
            Some(begun) => {
                let drawn = Rectangle { to: cell, ..begun };
                app.rectangle.set(Some(drawn));
                app.say(size_text(&drawn.within(&window)));
            }
            None => app.say(summary(app, data, cell)),
        }
    } else {
        match key.as_str() {
            "Enter" | " " => match present {
                Some(cell) if app.drawing.get_untracked() => rectangle::corner(app, data, cell),
                cell => pin(app, cell),
            },
            "Escape" if app.drawing.get_untracked() => rectangle::toggle(app),
            "Escape" => pin(app, None),
            "+" | "=" => step(app, true, &window),
            "-" => step(app, false, &window),
            "0" => app.view.set(crate::state::cursor::View::default()),
            _ => return,
        }
    }
    event.prevent_default();
}

/// What a screen reader hears of a cell.
pub fn summary(app: App, data: &MapData, cell: Cell) -> String {
    let method = data.method();
    // The half-width is said with the estimate, the reference's uncertainty with the reference.
    let chosen = app.stage.get_untracked().map(|stage| stage.of(data)).unwrap_or_default();
    let spoken = |l: &&Layer| match l.key.kind {
        LayerKind::Bilinear | LayerKind::HalfWidth | LayerKind::ReferenceUncertainty => false,
        kind => !kind.is_of_season() || chosen.contains(&l.key),
    };
    let parts = data.layers.iter().filter(spoken).map(|layer| {
        let unit = scale_of(app, method, layer.key).with_untracked(|s| s.unit);
        format!("{}: {}", heading(data, layer.key), read_out(data, layer, cell, unit))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// The cursor canvas over a map, with keyboard and pointer.
#[component]
pub fn Overlay(data: Arc<MapData>, label: String, described: String) -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let window = data.window();
    Effect::new(move |_| {
        size.track();
        let (view, cursor, pinned) = (app.view.get(), app.cursor.get(), app.pins.get());
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        let (drawn, chosen) = (app.rectangle.get(), app.settings.with(|s| s.window));
        match drawn {
            Some(drawn) => draw::outline(&ctx, &drawn.within(&window), false, frame, view, &window),
            None if chosen != window => draw::outline(&ctx, &chosen, true, frame, view, &window),
            None => {}
        }
        if let Some(list) = app.ground.stations.get() {
            let chosen = app.ground.chosen.with(|chosen| chosen.as_ref().map(|(number, _)| *number));
            draw::stations(&ctx, &list.marks, chosen, frame, view, &window);
        }
        for cell in &pinned {
            draw::cursor(&ctx, *cell, true, frame, view, &window);
        }
        if let Some(cell) = cursor.filter(|c| !pinned.contains(c)) {
            draw::cursor(&ctx, cell, false, frame, view, &window);
        }
        if let Some(at) = app.position.get() {
            draw::position(&ctx, at.place(), frame, view, &window);
        }
    });
    let pointer = Pointer::new(app);
    let (d1, d2, d3, d4, d5) = (data.clone(), data.clone(), data.clone(), data.clone(), data);
    view! {
        <canvas
            class="overlay"
            class:drawing=move || app.drawing.get()
            node_ref=node
            tabindex="0"
            role="application"
            aria-roledescription="map"
            aria-label=label
            aria-describedby=described
            on:keydown=move |e| on_key(app, &d1, &e)
            on:pointerdown=move |e| pointer.down(&d4, &e)
            on:pointermove=move |e| pointer.moved(&d2, &e)
            on:pointerup=move |e| pointer.up(&d3, &e)
            on:pointerleave=move |_| pointer.left()
            on:pointercancel=move |_| pointer.left()
            on:wheel=move |e| pointer.wheel(&d5, &e)
        ></canvas>
    }
}

/// One layer.
#[component]
pub fn Panel(data: Arc<MapData>, layer: LayerKey) -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let window = data.window();
    let method = data.method();
    let image = {
        let data = data.clone();
        painted(app, move || (data.clone(), layer))
    };
    let edges = if is_estimated(layer) { data.report.frame } else { Default::default() };
    Effect::new(move |_| {
        size.track();
        let view = app.view.get();
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        if let Some(image) = image.get() {
            draw::pixels(&ctx, &image, frame, view, &window);
            sketch::edges(&mut CanvasPen::new(&ctx), &edges, basemap::onto(&window, view, frame));
        }
        basemap::draw(app, &ctx, frame, view, &window);
    });
    let read = {
        let data = data.clone();
        move || {
            let unit = scale_of(app, method, layer).with(|s| s.unit);
            let shown = data.layer(layer)?;
            match app.probed() {
                Some(cell) => Some(read_out(&data, shown, cell, unit)),
                None => shown.statistics.mean.map(|m| format!("mean {m:.3} {unit}").replace('-', "−")),
            }
        }
    };
    let simulated = data.report.simulated;
    let summary_id = format!("map-summary-{:?}-{}", layer.kind, layer.channel);
    let summary = {
        let data = data.clone();
        move || {
            let unit = scale_of(app, method, layer).with(|s| s.unit);
            data.layer(layer).map(|layer| extremes(layer, &window, unit))
        }
    };
    let label = if layer.kind.is_of_season() {
        format!("{}, map", heading(&data, layer))
    } else {
        format!("{} map of {}", heading(&data, layer), data.report.date)
    };
    let statistics = data.layer(layer).map(|l| l.statistics);
    let valid = statistics.map(|s| format!("{} of {} cells", s.valid, s.cells));
    view! {
        <figure class="panel" data-layer=format!("{:?}{}", layer.kind, if layer.channel == 0 { String::new() } else { layer.channel.to_string() })>
            <figcaption><span class="name">{heading(&data, layer)}</span><output class="value" title=valid>{read}</output></figcaption>
            <div class="plot">
                <canvas class="base" node_ref=node aria-hidden="true"></canvas>
                <Overlay data=data.clone() label=label described=format!("map-keys {summary_id}")/>
                <p class="sr-only" id=summary_id.clone()>{summary}</p>
                {simulated.then(|| view! { <span class="stamp">"SIMULATED"</span> })}
            </div>
        </figure>
    }
    .into_any()
}
