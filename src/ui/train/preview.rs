//! The present estimate of one validation date, painted with the page's own scale.

use leptos::html;
use leptos::prelude::*;

use crate::state::cursor::View;
use crate::state::words;
use crate::ui::canvas;
use crate::ui::draw::{self, Frame};
use crate::ui::panel::watch_size;
use crate::ui::store::App;
use ease_grid::{EaseWindow, Resolution};
use loam_core::map::paint;

/// The map with its date and uRMSE.
#[component]
pub fn PreviewMap() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    Effect::new(move |_| {
        size.track();
        let (preview, scale) = (t.preview.get(), app.moisture.get());
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let Some(preview) = preview else { return };
        let (columns, rows) = (preview.report.columns, preview.report.rows);
        // Only its size is used: the page may show another region by now.
        let window = EaseWindow { resolution: Resolution::M03, first_column: 0, first_row: 0, columns, rows };
        let rgba = paint(&preview.values, &preview.reasons, columns, &scale);
        if let Some(image) = canvas::from_rgba(&rgba, columns, rows) {
            draw::pixels(&ctx, &image, Frame { x: 0.0, y: 0.0, width, height }, View::default(), &window);
        }
    });
    let report = move || t.preview.with(|p| p.as_ref().map(|p| p.report));
    let words = move || {
        report()
            .map(|r| format!("{} after epoch {}: uRMSE {} m³/m³", r.date, r.epoch, words::loss(r.urmse)))
            .unwrap_or_default()
    };
    let aspect = move || report().map_or_else(|| "1".to_owned(), |r| format!("{} / {}", r.columns, r.rows));
    let simulated = move || t.started.with(|s| s.as_ref().is_some_and(|s| s.simulated));
    view! {
        <figure class="panel preview">
            <figcaption><span class="name">"Validation date"</span><output class="value" id="train-preview">{words}</output></figcaption>
            <div class="plot" style:aspect-ratio=aspect>
                <canvas class="base" node_ref=node role="img" aria-label=move || format!("Present estimate of the validation date {}", words())></canvas>
                {move || simulated().then(|| view! { <span class="stamp">"SIMULATED"</span> })}
            </div>
        </figure>
    }
    .into_any()
}
