//! A layer by itself: its pixels, where it and the region lie, the value under the cursor. Its view and cursor are its own.

use std::sync::Arc;

use ease_grid::ease2::{self, X0, Y0};
use ease_grid::{EaseWindow, Reason, Resolution};
use leptos::html;
use leptos::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::draw::{self, Frame};
use super::panel::watch_size;
use super::pointer::share;
use super::store::App;
use super::swipe::{CurtainRange, Handle};
use super::{basemap, canvas, look_beside};
use crate::protocol::{LookPicture, LookReport, LookStep};
use crate::state::Looked;
use crate::state::cursor::{Cell, View, moved};
use loam_core::layer::LayerKey;
use loam_core::map::graticule::{latitude_label, longitude_label};
use loam_core::map::paint;
use smap_files::Overpass;

/// The part of a layer in view, the pixel under the cursor, and what it is compared with.
#[derive(Clone, Copy)]
pub struct Hands {
    pub view: RwSignal<View>,
    pub cursor: RwSignal<Option<Cell>>,
    /// Beside a layer of the map, under one curtain.
    pub swipe: RwSignal<bool>,
    /// Which; `None` for the estimate.
    pub right: RwSignal<Option<LayerKey>>,
}

impl Hands {
    pub fn new() -> Self {
        Self {
            view: RwSignal::new(View::default()),
            cursor: RwSignal::new(None),
            swipe: RwSignal::new(false),
            right: RwSignal::new(None),
        }
    }
}

/// The pixels as a window of their own, for view and cursor, which count cells.
fn pixels_of(picture: &LookPicture) -> EaseWindow {
    let (columns, rows) = picture.size();
    EaseWindow { resolution: Resolution::M03, first_column: 0, first_row: 0, columns, rows }
}

/// `2020-06-03, 6 am`.
pub fn step_text(step: &LookStep) -> String {
    let pass = match step.overpass {
        Some(Overpass::Am) => ", 6 am",
        Some(Overpass::Pm) => ", 6 pm",
        None => "",
    };
    format!("{}{pass}", step.date.map_or_else(|| "no date".to_owned(), |d| d.to_string()))
}

/// What is drawn, for headings: `soil_moisture, 2020-06-03, SMAP_L3_SM_P_….h5`.
pub fn title(report: &LookReport) -> String {
    let layer = report.layers.get(report.layer).map_or("", |layer| &layer.name);
    let short = layer.rsplit('/').next().unwrap_or(layer);
    let day = report.steps.get(report.step).map(|step| format!(", {}", step_text(step))).unwrap_or_default();
    format!("{short}{day}, {}", report.name)
}

/// A value to about five digits.
fn number(value: f32) -> String {
    let digits = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let decimals = (4.0 - digits).clamp(0.0, 8.0) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

/// The value of a pixel with its unit, or why there is none, and where it lies.
fn read_out(looked: &Looked, picture: &LookPicture, cell: Cell) -> String {
    let (columns, _) = picture.size();
    let at = cell.row * columns + cell.column;
    let reason = looked.reasons.get(at).map_or(Reason::OutsideFile, |r| Reason::from_u8(*r));
    let value = match looked.values.get(at) {
        Some(value) if reason == Reason::Valid && value.is_finite() => {
            format!("{} {}", number(*value), picture.unit).trim_end().to_owned()
        }
        _ => reason.text().to_owned(),
    };
    let (window, per) = (&picture.window, picture.per as f64);
    let metres = window.resolution.cell_m();
    let (longitude, latitude) = ease2::inverse(
        X0 + (window.first_column as f64 + (cell.column as f64 + 0.5) / per) * metres,
        Y0 - (window.first_row as f64 + (cell.row as f64 + 0.5) / per) * metres,
    );
    format!("{value} at {}, {}", latitude_label(latitude), longitude_label(longitude))
}

/// The same with what the map's layer at the right has there. Tracked.
fn with_right(app: App, looked: &Looked, picture: &LookPicture, hands: Hands, cell: Cell) -> String {
    let own = read_out(looked, picture, cell);
    let at = cell.row * picture.size().0 + cell.column;
    let value = looked.values.get(at).copied().filter(|value| value.is_finite());
    let right =
        hands.swipe.get().then(|| look_beside::read_out(app, picture, hands.right.get(), cell, value));
    match right.flatten() {
        Some(right) => format!("{own}; {right}"),
        None => own,
    }
}

/// Lines over the pixels: the layer's own edge, and the region where the whole layer is shown.
fn lines(
    ctx: &CanvasRenderingContext2d,
    looked: &Looked,
    picture: &LookPicture,
    region: &EaseWindow,
    frame: Frame,
    view: View,
) {
    let pixels = pixels_of(picture);
    let edge: Vec<(f64, f64)> = looked
        .footprint
        .chunks_exact(2)
        .filter_map(|point| Some((f64::from(*point.first()?), f64::from(*point.get(1)?))))
        .collect();
    draw::polygon(ctx, &edge, false, frame, view, &pixels);
    if picture.whole {
        let scale = picture.per as f64 * picture.window.resolution.per_36km() as f64
            / region.resolution.per_36km() as f64;
        let left = (picture.window.first_column * picture.per) as f64;
        let top = (picture.window.first_row * picture.per) as f64;
        let x = |column: usize| column as f64 * scale - left;
        let y = |row: usize| row as f64 * scale - top;
        let (west, east) = (x(region.first_column), x(region.first_column + region.columns));
        let (north, south) = (y(region.first_row), y(region.first_row + region.rows));
        let corners = [(west, north), (east, north), (east, south), (west, south)];
        draw::polygon(ctx, &corners, true, frame, view, &pixels);
    }
}

fn on_key(app: App, looked: &Looked, picture: &LookPicture, hands: Hands, event: &KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let pixels = pixels_of(picture);
    let present = hands.cursor.get_untracked();
    if let Some(cell) = moved(present, &event.key(), event.shift_key(), &pixels) {
        hands.cursor.set(Some(cell));
        hands.view.update(|v| *v = v.showing(cell, &pixels));
        app.say(untrack(|| with_right(app, looked, picture, hands, cell)));
    } else {
        match event.key().as_str() {
            "+" | "=" => zoom(hands, &pixels, 1.5),
            "-" => zoom(hands, &pixels, 1.0 / 1.5),
            "0" => hands.view.set(View::default()),
            _ => return,
        }
    }
    event.prevent_default();
}

/// Closer or further, about the cursor, else the middle.
fn zoom(hands: Hands, pixels: &EaseWindow, factor: f64) {
    let view = hands.view.get_untracked();
    let (width, height) = view.size(pixels);
    let middle = (view.left + width / 2.0, view.top + height / 2.0);
    let cursor = hands.cursor.get_untracked();
    let at = cursor.map_or(middle, |c| (c.column as f64 + 0.5, c.row as f64 + 0.5));
    hands.view.set(view.zoomed(factor, at, pixels));
}

/// The pointer moves the cursor; held down, it shifts a view that is closer.
fn on_move(hands: Hands, pixels: &EaseWindow, from: StoredValue<Option<(f64, f64)>>, event: &PointerEvent) {
    let Some((x, y)) = share(event) else { return };
    let view = hands.view.get_untracked();
    match from.get_value().filter(|_| event.buttons() & 1 == 1 && view.share < 1.0) {
        Some((fx, fy)) => {
            let (width, height) = view.size(pixels);
            hands.view.set(view.panned(((fx - x) * width, (fy - y) * height), pixels));
            from.set_value(Some((x, y)));
        }
        None => hands.cursor.set(view.cell_at(x, y, pixels)),
    }
}

fn on_wheel(hands: Hands, pixels: &EaseWindow, event: &WheelEvent) {
    let Some((x, y)) = share(event) else { return };
    event.prevent_default();
    let view = hands.view.get_untracked();
    let (width, height) = view.size(pixels);
    let factor = if event.delta_y() < 0.0 { 1.25 } else { 0.8 };
    hands.view.set(view.zoomed(factor, (view.left + x * width, view.top + y * height), pixels));
}

/// Buttons that zoom.
pub fn tools(hands: Hands, picture: &LookPicture) -> AnyView {
    let pixels = pixels_of(picture);
    view! {
        <span class="group">
            <button type="button" aria-label="Zoom in" title="Zoom in (+, wheel)" on:click=move |_| zoom(hands, &pixels, 1.5)>"+"</button>
            <button type="button" aria-label="Zoom out" title="Zoom out (−, wheel)" on:click=move |_| zoom(hands, &pixels, 1.0 / 1.5)>"−"</button>
            <button type="button" title="All of it (0)" on:click=move |_| hands.view.set(View::default())>"All"</button>
        </span>
    }
    .into_any()
}

/// The picture with its heading.
pub fn map(app: App, looked: Arc<Looked>, picture: LookPicture, hands: Hands) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    let over = NodeRef::<html::Canvas>::new();
    let (size, over_size) = (watch_size(node), watch_size(over));
    let pixels = pixels_of(&picture);
    let aspect = pixels.columns as f64 / pixels.rows.max(1) as f64;
    // Painted when scale or layer change, not whenever it is moved.
    let image = RwSignal::<Option<HtmlCanvasElement>, LocalStorage>::new_local(None);
    {
        let looked = looked.clone();
        Effect::new(move |_| {
            let scale = app.look_scale.get();
            let rgba = paint(&looked.values, &looked.reasons, pixels.columns, &scale);
            image.set(canvas::from_rgba(&rgba, pixels.columns, pixels.rows));
        });
    }
    // The map's layer at the right of the curtain, one pixel a cell.
    let right = RwSignal::<Option<HtmlCanvasElement>, LocalStorage>::new_local(None);
    let comparable = {
        let picture = picture.clone();
        move || hands.swipe.get().then(|| look_beside::map_of(app, &picture)).flatten()
    };
    {
        let (unit, comparable) = (picture.unit.clone(), comparable.clone());
        Effect::new(move |_| {
            right.set(comparable().and_then(|data| {
                look_beside::image(app, &data, look_beside::layer_of(&data, hands.right.get()), &unit)
            }));
        });
    }
    {
        let (looked, picture) = (looked.clone(), picture.clone());
        Effect::new(move |_| {
            size.track();
            let view = hands.view.get();
            let region = app.settings.with(|s| s.window);
            let (image, right, share) = (image.get(), right.get(), app.curtain_at.get() / 100.0);
            let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
            let frame = Frame { x: 0.0, y: 0.0, width, height };
            if let Some(image) = &image {
                draw::pixels(&ctx, image, frame, view, &pixels);
            }
            // Coast, towns and graticule count cells, not pixels.
            let per = picture.per as f64;
            let cells = View { left: view.left / per, top: view.top / per, ..view };
            if let Some(right) = &right {
                ctx.save();
                ctx.begin_path();
                ctx.rect(width * share, 0.0, width, height);
                ctx.clip();
                draw::pixels(&ctx, right, frame, cells, &picture.window);
                ctx.restore();
            }
            lines(&ctx, &looked, &picture, &region, frame, view);
            basemap::draw(app, &ctx, frame, cells, &picture.window);
        });
    }
    Effect::new(move |_| {
        over_size.track();
        let (view, cursor) = (hands.view.get(), hands.cursor.get());
        let Some((ctx, width, height)) = over.get().and_then(|c| canvas::fit(&c)) else { return };
        if let Some(Cell { column, row }) = cursor {
            let (x, y) = (column as f64, row as f64);
            let square = [(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)];
            let frame = Frame { x: 0.0, y: 0.0, width, height };
            draw::polygon(&ctx, &square, false, frame, view, &pixels);
        }
    });
    let from = StoredValue::new(None::<(f64, f64)>);
    let heading = title(&looked.report);
    let label = format!("{heading}, map");
    let value = {
        let (looked, picture) = (looked.clone(), picture.clone());
        move || match hands.cursor.get() {
            Some(cell) => with_right(app, &looked, &picture, hands, cell),
            None => {
                let statistics = &picture.statistics;
                let mean = statistics.mean.map(|m| format!(", mean {} {}", number(m as f32), picture.unit));
                format!("{} of {} pixels{}", statistics.valid, statistics.cells, mean.unwrap_or_default())
            }
        }
    };
    let simulated = looked.report.simulated;
    let plot = NodeRef::<html::Div>::new();
    let comparing = {
        let comparable = comparable.clone();
        Memo::new(move |_| comparable().is_some())
    };
    let curtain = move || {
        comparable().map(|data| {
            view! {
                {data.report.simulated.then(|| view! { <span class="stamp">"SIMULATED"</span> })}
                <Handle plot=plot/>
            }
        })
    };
    let range = move || comparing.get().then(|| view! { <CurtainRange/> });
    view! {
        <div class="panels" style=("--aspect", format!("{aspect:.4}"))>
            <figure class="panel" class:swipe=move || comparing.get()>
                <figcaption><span class="name" title=heading.clone()>{heading.clone()}</span><output class="value">{value}</output></figcaption>
                <div class="plot" node_ref=plot>
                    <canvas class="base" node_ref=node aria-hidden="true"></canvas>
                    <canvas
                        class="overlay"
                        id="look-map"
                        node_ref=over
                        tabindex="0"
                        role="application"
                        aria-roledescription="map"
                        aria-label=label
                        on:keydown=move |e| on_key(app, &looked, &picture, hands, &e)
                        on:pointerdown=move |e| from.set_value(share(&e))
                        on:pointermove=move |e| on_move(hands, &pixels, from, &e)
                        on:pointerleave=move |_| hands.cursor.set(None)
                        on:wheel=move |e| on_wheel(hands, &pixels, &e)
                    ></canvas>
                    {simulated.then(|| view! { <span class="stamp" class:at-left=move || comparing.get()>"SIMULATED"</span> })}
                    {curtain}
                </div>
                {range}
            </figure>
        </div>
    }
    .into_any()
}
