//! Any two layers under one curtain, dragged in the picture or moved by a range input; or the difference of the two.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::canvas;
use super::draw::{self, Frame};
use super::layer_list::layer_choice;
use super::panel::{Overlay, is_estimated, painted, scale_of, watch_size};
use super::rectangle::hold;
use super::store::App;
use crate::state::MapData;
use ease_grid::Reason;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::paint;

/// One layer minus another, where both are known; why not, where one is not.
struct Difference {
    values: Vec<f32>,
    reasons: Vec<u8>,
    image: Option<HtmlCanvasElement>,
}

/// The difference, painted with the scale of differences.
fn difference(app: App, data: &MapData, left: LayerKey, right: LayerKey) -> Option<Difference> {
    let kelvin = scale_of(app, data.method(), left).with(|s| s.unit) == "K";
    let scale = if kelvin { app.kelvin_difference } else { app.difference };
    let (left, right) = (data.layer(left)?, data.layer(right)?);
    let values: Vec<f32> = left.values.iter().zip(&right.values).map(|(a, b)| a - b).collect();
    let valid = Reason::Valid as u8;
    let both = left.reasons.iter().zip(&right.reasons);
    let reasons: Vec<u8> = both.map(|(a, b)| if *a == valid { *b } else { *a }).collect();
    let window = data.window();
    let rgba = paint(&values, &reasons, window.columns, &scale.get());
    let image = canvas::from_rgba(&rgba, window.columns, window.rows);
    Some(Difference { values, reasons, image })
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
    let image = |key: RwSignal<LayerKey>| painted(app, data.clone(), move || key.get());
    let (image_left, image_right) = (image(left), image(right));
    // Kept: view and cursor change far more often than what is subtracted.
    let subtracted = RwSignal::<Option<Difference>, LocalStorage>::new_local(None);
    {
        let data = data.clone();
        Effect::new(move |_| {
            let wanted = minus.get();
            subtracted.set(wanted.then(|| difference(app, &data, left.get(), right.get())).flatten());
        });
    }
    let edges = data.report.frame;
    Effect::new(move |_| {
        size.track();
        let (view, share, coast) = (app.view.get(), at.get() / 100.0, app.coast.get());
        let (one, other) = (image_left.get(), image_right.get());
        let minus = subtracted.with(Option::is_some);
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        let below = subtracted.with(|s| s.as_ref().map_or(other, |s| s.image.clone()));
        if let Some(image) = &below {
            draw::pixels(&ctx, image, frame, view, &window);
            if is_estimated(right.get_untracked()) {
                draw::edges(&ctx, &edges, frame, view, &window);
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
    let method = data.method();
    let value = move || {
        let index = app.probed()?.index(&window);
        let unit = scale_of(app, method, left.get()).with(|s| s.unit);
        subtracted.with(|subtracted| {
            let subtracted = subtracted.as_ref()?;
            Some(match subtracted.values.get(index).filter(|v| v.is_finite()) {
                Some(value) => format!("left − right {value:+.4} {unit}").replace('-', "−"),
                None => Reason::from_u8(*subtracted.reasons.get(index)?).text().to_owned(),
            })
        })
    };
    let choice = |id, label, key: RwSignal<LayerKey>| {
        layer_choice(&data, id, label, move || Some(key.get()), move |chosen| key.set(chosen))
    };
    let choices = (
        choice("swipe-left", "Left side of the curtain", left),
        choice("swipe-right", "Right side of the curtain", right),
    );
    let simulated = data.report.simulated;
    view! {
        <figure class="panel swipe">
            <figcaption>
                {choices}
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
