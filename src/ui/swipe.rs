//! Any two layers under one curtain, of one date or of two, dragged in the picture or moved by a range input; or the difference of the two.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::canvas_pen::CanvasPen;
use super::draw::{self, Frame};
use super::layer_list::layer_choice;
use super::page_signal::PageSignal;
use super::panel::{Overlay, is_estimated, painted, scale_of, watch_size};
use super::rectangle::hold;
use super::store::App;
use super::{basemap, canvas};
use crate::state::{Layer, MapData};
use ease_grid::Reason;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::{Scale, paint, sketch};

/// The layers at the left and at the right: those chosen, where the map has them. Tracked.
fn compared(app: App, data: &MapData) -> (LayerKey, LayerKey) {
    let first = if data.layer(LayerKind::Before).is_some() { LayerKind::Before } else { LayerKind::Coarse };
    let curtain = app.curtain.get();
    let or = |key: Option<LayerKey>, at_first: LayerKind| {
        key.filter(|key| data.layer(*key).is_some()).unwrap_or_else(|| at_first.into())
    };
    (or(curtain.left, first), or(curtain.right, LayerKind::Estimate))
}

/// The map that the left layer is of: that of another date, where one was chosen that was made with the present choices. Tracked.
fn left_map(app: App, data: &Arc<MapData>) -> Arc<MapData> {
    let date = app.curtain.with(|c| c.date).filter(|date| *date != data.report.date);
    let made = app.made.with(|made| made.iter().find(|map| Some(map.report.date) == date).cloned());
    made.filter(|map| map.window() == data.window()).unwrap_or_else(|| Arc::clone(data))
}

/// The unit of both layers, where they have the same. Tracked.
fn common_unit(app: App, data: &MapData) -> Option<&'static str> {
    let (left, right) = compared(app, data);
    let unit = |key| scale_of(app, data.method(), key).with(|s| s.unit);
    Some(unit(left)).filter(|of_left| *of_left == unit(right))
}

/// The scale of the difference, where it is shown. Tracked.
fn subtracted(app: App, data: &MapData) -> Option<PageSignal<Scale>> {
    let unit = common_unit(app, data).filter(|_| app.curtain.with(|c| c.minus))?;
    Some(if unit == "K" { app.kelvin_difference } else { app.difference })
}

/// The scales that the picture is drawn with. Tracked.
pub fn scales(app: App, data: &MapData) -> Vec<PageSignal<Scale>> {
    let (left, right) = compared(app, data);
    let of = |key| scale_of(app, data.method(), key);
    subtracted(app, data).map_or_else(|| vec![of(left), of(right)], |scale| vec![scale])
}

/// One layer minus another in a cell, and why there is no value.
fn difference(left: &Layer, right: &Layer, index: usize) -> Option<(f32, u8)> {
    let (a, b) = (*left.reasons.get(index)?, *right.reasons.get(index)?);
    let reason = if a == Reason::Valid as u8 { b } else { a };
    Some((left.values.get(index)? - right.values.get(index)?, reason))
}

/// The difference, painted.
fn difference_image(app: App, data: &Arc<MapData>, scale: PageSignal<Scale>) -> Option<HtmlCanvasElement> {
    let ((left, right), earlier) = (compared(app, data), left_map(app, data));
    let (left, right) = (earlier.layer(left)?, data.layer(right)?);
    let window = data.window();
    let (values, reasons): (Vec<f32>, Vec<u8>) =
        (0..window.len()).filter_map(|index| difference(left, right, index)).unzip();
    canvas::from_rgba(&paint(&values, &reasons, window.columns, &scale.get()), window.columns, window.rows)
}

/// The curtain's edge in a picture, to be dragged.
#[component]
pub fn Handle(plot: NodeRef<html::Div>) -> impl IntoView {
    let at = App::here().curtain_at;
    let dragged = move |event: PointerEvent| {
        let Some(plot) = plot.get_untracked().filter(|_| event.buttons() == 1) else { return };
        let rect = plot.get_bounding_client_rect();
        at.set(((event.client_x() - rect.left()) / rect.width() * 100.0).clamp(0.0, 100.0));
    };
    view! { <div class="handle" aria-hidden="true" style:left=move || format!("{}%", at.get()) on:pointerdown=move |e| hold(&e) on:pointermove=dragged></div> }
        .into_any()
}

/// The same from the keyboard.
#[component]
pub fn CurtainRange() -> impl IntoView {
    let at = App::here().curtain_at;
    view! {
        <label class="curtain">
            <span class="sr-only">"Position of the curtain between left and right, per cent"</span>
            <input type="range" min="0" max="100" step="1" prop:value=move || at.get().to_string() on:input=move |e| at.set(event_target_value(&e).parse().unwrap_or(50.0))/>
        </label>
    }
    .into_any()
}

/// The curtain with its picture.
#[component]
pub fn Swipe(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let at = app.curtain_at;
    let node = NodeRef::<html::Canvas>::new();
    let plot = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    let window = data.window();
    let sides = {
        let data = data.clone();
        Memo::new(move |_| compared(app, &data))
    };
    let (left, right) = (move || sides.get().0, move || sides.get().1);
    let (d1, d2) = (data.clone(), data.clone());
    let image_left = painted(app, move || (left_map(app, &d1), left()));
    let image_right = painted(app, move || (d2.clone(), right()));
    // Painted when what is compared changes, not whenever it is moved or zoomed.
    let image = RwSignal::<Option<HtmlCanvasElement>, LocalStorage>::new_local(None);
    let unit = {
        let data = data.clone();
        Memo::new(move |_| common_unit(app, &data))
    };
    {
        let data = data.clone();
        Effect::new(move |_| {
            image.set(subtracted(app, &data).and_then(|scale| difference_image(app, &data, scale)));
        });
    }
    let minus = move || unit.get().is_some() && app.curtain.with(|c| c.minus);
    let edges = data.report.frame;
    Effect::new(move |_| {
        size.track();
        let (view, share) = (app.view.get(), at.get() / 100.0);
        let (one, other) = (image_left.get(), image_right.get());
        let difference = image.get();
        let minus = difference.is_some();
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        if let Some(image) = &difference.or(other) {
            draw::pixels(&ctx, image, frame, view, &window);
            if is_estimated(right()) {
                sketch::edges(&mut CanvasPen::new(&ctx), &edges, basemap::onto(&window, view, frame));
            }
        }
        if !minus {
            ctx.save();
            ctx.begin_path();
            ctx.rect(0.0, 0.0, width * share, height);
            ctx.clip();
            if let Some(image) = &one {
                draw::pixels(&ctx, image, frame, view, &window);
            }
            ctx.restore();
        }
        basemap::draw(app, &ctx, frame, view, &window);
    });
    let value = {
        let data = data.clone();
        move || {
            let index = app.probed()?.index(&window);
            let unit = unit.get()?;
            let earlier = left_map(app, &data);
            let (value, reason) = difference(earlier.layer(left())?, data.layer(right())?, index)?;
            Some(if value.is_finite() {
                format!("left − right {value:+.4} {unit}").replace('-', "−")
            } else {
                Reason::from_u8(reason).text().to_owned()
            })
        }
    };
    let left_choice = layer_choice(
        &data,
        "swipe-left",
        "Left side of the curtain",
        move || Some(left()),
        move |key| {
            app.curtain.update(|c| c.left = Some(key));
        },
    );
    let right_choice = layer_choice(
        &data,
        "swipe-right",
        "Right side of the curtain",
        move || Some(right()),
        move |key| {
            app.curtain.update(|c| c.right = Some(key));
        },
    );
    // Dates whose maps were made with the present choices.
    let dates = {
        let data = data.clone();
        move || {
            let here = data.report.date;
            let chosen = app.curtain.with(|c| c.date).filter(|date| *date != here);
            let made = app.made.with(|made| made.iter().map(|map| map.report.date).collect::<Vec<_>>());
            let others = made.into_iter().filter(|date| *date != here);
            let options = std::iter::once((None, format!("of {here}")))
                .chain(others.map(|date| (Some(date), format!("of {date}"))));
            options.map(|(date, text)| view! {
                <option value=date.map(|d| d.to_string()).unwrap_or_default() selected=date == chosen>{text}</option>
            }).collect_view()
        }
    };
    let choose_date = move |event| {
        let date = loam_core::iso_date::parse(&event_target_value(&event));
        app.curtain.update(|c| c.date = date);
    };
    let differ = move || unit.get().is_none();
    let simulated = data.report.simulated;
    view! {
        <figure class="panel swipe">
            <figcaption>
                {left_choice}
                <select id="swipe-date" aria-label="Date of the left side" on:change=choose_date>{dates}</select>
                {right_choice}
                <button type="button" id="swipe-difference" disabled=differ title=move || differ().then_some("Left and right have different units") aria-pressed=move || minus().to_string() on:click=move |_| app.curtain.update(|c| c.minus = !c.minus)>"Left − right"</button>
                <output class="value">{value}</output>
            </figcaption>
            <div class="plot" node_ref=plot>
                <canvas class="base" node_ref=node aria-hidden="true"></canvas>
                <Overlay data=data label="Swipe comparison; left and right are named above".to_owned() described="map-keys".to_owned()/>
                {simulated.then(|| view! { <span class="stamp">"SIMULATED"</span> })}
                {move || (!minus()).then(|| view! { <Handle plot=plot/> })}
            </div>
            {move || (!minus()).then(|| view! { <CurtainRange/> })}
        </figure>
    }
    .into_any()
}
