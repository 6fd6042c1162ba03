//! Input, or the estimate before training, against the estimate under one curtain, moved by a native range input.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::canvas;
use super::draw::{self, Frame};
use super::panel::{Overlay, painted, title, watch_size};
use super::store::App;
use crate::state::MapData;
use loam_core::layer::LayerKind;

/// Left of the curtain the input (or the estimate before training, where there is one), right of it the estimate.
#[component]
pub fn Swipe(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let at = RwSignal::new(50.0f64);
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let window = data.window();
    let (input, right) = (
        painted(app, data.clone(), LayerKind::Coarse.into()),
        painted(app, data.clone(), LayerKind::Estimate.into()),
    );
    let (method, edges) = (data.method(), data.report.frame);
    let trained = data.layer(LayerKind::Before).is_some();
    let before = painted(app, data.clone(), LayerKind::Before.into());
    let use_before = RwSignal::new(trained);
    Effect::new(move |_| {
        size.track();
        let (view, share, coast) = (app.view.get(), at.get() / 100.0, app.coast.get());
        let left = if use_before.get() { before.get() } else { input.get() };
        let right = right.get();
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        if let Some(image) = &right {
            draw::pixels(&ctx, image, frame, view, &window);
            draw::edges(&ctx, &edges, frame, view, &window);
        }
        ctx.save();
        ctx.begin_path();
        ctx.rect(0.0, 0.0, width * share, height);
        ctx.clip();
        if let Some(image) = &left {
            draw::pixels(&ctx, image, frame, view, &window);
        }
        ctx.restore();
        if let Some(coast) = coast {
            draw::coast(&ctx, &coast, frame, view, &window);
        }
        draw::lines(&ctx, frame, view, &window, 11.0);
        ctx.set_fill_style_str("#ffffff");
        ctx.fill_rect(width * share - 1.5, 0.0, 3.0, height);
        ctx.set_fill_style_str("#14181c");
        ctx.fill_rect(width * share - 0.5, 0.0, 1.0, height);
    });
    let aspect = format!("{} / {}", window.columns, window.rows);
    let simulated = data.report.simulated;
    view! {
        <figure class="panel swipe">
            <figcaption>
                <span class="name">"Left: "{if trained {
                    view! {
                        <select id="swipe-left" aria-label="Left side of the curtain" on:change=move |e| use_before.set(event_target_value(&e) == "before")>
                            <option value="before">{title(method, LayerKind::Before.into())}</option>
                            <option value="input">{title(method, LayerKind::Coarse.into())}</option>
                        </select>
                    }
                    .into_any()
                } else {
                    title(method, LayerKind::Coarse.into()).into_any()
                }}</span>
                <span class="name">"Right: "{title(method, LayerKind::Estimate.into())}</span>
            </figcaption>
            <div class="plot" style:aspect-ratio=aspect>
                <canvas class="base" node_ref=node aria-hidden="true"></canvas>
                <Overlay data=data label="Swipe comparison; left and right are named above".to_owned()/>
                {simulated.then(|| view! { <span class="stamp">"SIMULATED"</span> })}
            </div>
            <label class="curtain">
                <span class="sr-only">"Position of the curtain between left and right, per cent"</span>
                <input
                    type="range"
                    min="0"
                    max="100"
                    step="1"
                    prop:value=move || at.get().to_string()
                    on:input=move |e| at.set(event_target_value(&e).parse().unwrap_or(50.0))
                />
            </label>
        </figure>
    }
    .into_any()
}
