//! Any two layers under one curtain, dragged in the picture or moved by a range input; or the difference of the two.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::canvas;
use super::draw::{self, Frame};
use super::layer_list::layers;
use super::panel::{Overlay, heading, image_of, is_estimated, scale_of, watch_size};
use super::rectangle::hold;
use super::store::App;
use crate::state::MapData;
use ease_grid::Reason;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::paint;

/// One layer minus another, where both are known.
fn difference(data: &MapData, left: LayerKey, right: LayerKey) -> Option<(Vec<f32>, Vec<u8>)> {
    let (left, right) = (data.layer(left)?, data.layer(right)?);
    let values: Vec<f32> = left.values.iter().zip(&right.values).map(|(a, b)| a - b).collect();
    let valid = Reason::Valid as u8;
    let both = left.reasons.iter().zip(&right.reasons);
    Some((values, both.map(|(a, b)| if *a == valid { *b } else { *a }).collect()))
}

/// The difference painted, with the scale of differences.
fn difference_image(app: App, data: &MapData, left: LayerKey, right: LayerKey) -> Option<HtmlCanvasElement> {
    let (values, reasons) = difference(data, left, right)?;
    let kelvin = scale_of(app, data.method(), left).with(|s| s.unit) == "K";
    let scale = if kelvin { app.kelvin_difference } else { app.difference };
    let window = data.window();
    canvas::from_rgba(&paint(&values, &reasons, window.columns, &scale.get()), window.columns, window.rows)
}

/// A list of the layers to choose one from.
fn choice(data: &MapData, id: &'static str, label: &'static str, key: RwSignal<LayerKey>) -> AnyView {
    let keys = layers(data);
    let names: Vec<String> = keys.iter().map(|key| heading(data, *key)).collect();
    let all = keys.clone();
    let choose = move |event| {
        let at: usize = event_target_value(&event).parse().unwrap_or_default();
        if let Some(chosen) = all.get(at) {
            key.set(*chosen);
        }
    };
    view! {
        <select id=id aria-label=label on:change=choose>
            {keys.into_iter().zip(names).enumerate().map(|(n, (one, name))| view! {
                <option value=n.to_string() prop:selected=move || key.get() == one>{name}</option>
            }).collect_view()}
        </select>
    }
    .into_any()
}

/// The curtain with its picture.
#[component]
pub fn Swipe(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let at = RwSignal::new(50.0f64);
    let minus = RwSignal::new(false);
    let node = NodeRef::<html::Canvas>::new();
    let plot = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    let window = data.window();
    let before = if data.layer(LayerKind::Before).is_some() { LayerKind::Before } else { LayerKind::Coarse };
    let (left, right) =
        (RwSignal::new(LayerKey::from(before)), RwSignal::new(LayerKey::from(LayerKind::Estimate)));
    let image = |key: RwSignal<LayerKey>| {
        let data = data.clone();
        let image = RwSignal::<Option<HtmlCanvasElement>, LocalStorage>::new_local(None);
        Effect::new(move |_| image.set(image_of(app, &data, key.get())));
        image
    };
    let (image_left, image_right) = (image(left), image(right));
    let d = data.clone();
    let edges = data.report.frame;
    Effect::new(move |_| {
        size.track();
        let (view, share, coast) = (app.view.get(), at.get() / 100.0, app.coast.get());
        let subtracted = minus.get().then(|| difference_image(app, &d, left.get(), right.get()));
        let (one, other) = (image_left.get(), image_right.get());
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        let below = subtracted.clone().unwrap_or(other);
        if let Some(image) = &below {
            draw::pixels(&ctx, image, frame, view, &window);
            if is_estimated(right.get_untracked()) {
                draw::edges(&ctx, &edges, frame, view, &window);
            }
        }
        if subtracted.is_none() {
            ctx.save();
            ctx.begin_path();
            ctx.rect(0.0, 0.0, width * share, height);
            ctx.clip();
            if let Some(image) = &one {
                draw::pixels(&ctx, image, frame, view, &window);
            }
            ctx.restore();
        }
        if let Some(coast) = coast {
            draw::coast(&ctx, &coast, frame, view, &window);
        }
        draw::lines(&ctx, frame, view, &window, 11.0);
    });
    let dragged = move |event: PointerEvent| {
        let Some(plot) = plot.get_untracked().filter(|_| event.buttons() == 1) else { return };
        let rect = plot.get_bounding_client_rect();
        at.set(((event.client_x() - rect.left()) / rect.width() * 100.0).clamp(0.0, 100.0));
    };
    let value = {
        let data = data.clone();
        move || {
            let cell = app.cursor.get().or(app.pins.with(|p| p.last().copied()))?;
            let index = cell.index(&window);
            let (values, reasons) = difference(&data, left.get(), right.get())?;
            let unit = scale_of(app, data.method(), left.get()).with(|s| s.unit);
            let known = values.get(index).filter(|v| v.is_finite());
            Some(match known {
                Some(value) => format!("left − right {value:+.4} {unit}").replace('-', "−"),
                None => Reason::from_u8(*reasons.get(index)?).text().to_owned(),
            })
        }
    };
    let simulated = data.report.simulated;
    view! {
        <figure class="panel swipe">
            <figcaption>
                {choice(&data, "swipe-left", "Left side of the curtain", left)}
                {choice(&data, "swipe-right", "Right side of the curtain", right)}
                <button type="button" id="swipe-difference" aria-pressed=move || minus.get().to_string() on:click=move |_| minus.update(|m| *m = !*m)>"Left − right"</button>
                <output class="value">{value}</output>
            </figcaption>
            <div class="plot" node_ref=plot>
                <canvas class="base" node_ref=node aria-hidden="true"></canvas>
                <Overlay data=data label="Swipe comparison; left and right are named above".to_owned()/>
                {simulated.then(|| view! { <span class="stamp">"SIMULATED"</span> })}
                <div class="handle" aria-hidden="true" hidden=move || minus.get() style:left=move || format!("{}%", at.get()) on:pointerdown=move |e| hold(&e) on:pointermove=dragged></div>
            </div>
            <label class="curtain" hidden=move || minus.get()>
                <span class="sr-only">"Position of the curtain between left and right, per cent"</span>
                <input type="range" min="0" max="100" step="1" prop:value=move || at.get().to_string() on:input=move |e| at.set(event_target_value(&e).parse().unwrap_or(50.0))/>
            </label>
        </figure>
    }
    .into_any()
}
