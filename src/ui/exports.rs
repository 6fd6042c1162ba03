//! Taking the map away. The worker writes GeoTIFF, CSV and weights; the figure is drawn here.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::canvas;
use super::figure::{self, WIDTHS, Wish};
use super::store::App;
use crate::protocol::ExportForm;
use crate::state::{Event, MapData};
use loam_core::layer::LayerKind;

/// The whole section.
#[component]
pub fn ExportSection() -> impl IntoView {
    let app = App::here();
    let ask = move |form: ExportForm| {
        app.export(form);
    };
    let wish = RwSignal::new(Wish::default());
    let refuse = move |why: &str| app.fail("The figure could not be drawn", why, "Make the region smaller.");
    let draw = move |_| {
        if let Some(data) = app.map.get_untracked() {
            spawn_local(async move {
                match figure::png(app, &data, wish.get_untracked()).await {
                    Ok((name, bytes)) => {
                        app.tell(Event::Saved(name.clone(), canvas::download(&name, "image/png", &bytes)))
                    }
                    Err(why) => refuse(&why),
                }
            });
        }
    };
    let draw_lines =
        move |_| match app.map.get_untracked().map(|data| figure::svg(app, &data, wish.get_untracked())) {
            Some(Ok((name, text))) => {
                let saved = canvas::download(&name, "image/svg+xml", text.as_bytes());
                app.tell(Event::Saved(name, saved));
            }
            Some(Err(why)) => refuse(&why),
            None => {}
        };
    let stale = Memo::new(move |_| app.stale().is_some());
    // Of which result a file is, where that is not the one of the present choices.
    let earlier = move || {
        let of = |map: &MapData| format!("the map {}", map.report.origin());
        app.map.with(|map| map.as_deref().map(of)).filter(|_| stale.get())
    };
    let title = move || earlier().map(|of| format!("Of {of}, not of the present choices"));
    view! {
        <p class="empty" hidden=move || app.map.with(Option::is_some)>"GeoTIFF, figure and CSV of a map are saved here once there is one."</p>
        <section class="exports" aria-labelledby="export-title" hidden=move || app.map.with(Option::is_none) class:stale=stale>
            <h2 id="export-title">"Export"</h2>
            <div class="row">
                <button type="button" data-export="geotiff" title=title on:click=move |_| ask(ExportForm::GeoTiff)>"GeoTIFF"</button>
                <button type="button" data-export="png" title=title on:click=draw>"PNG figure"</button>
                <button type="button" data-export="svg" title=title on:click=draw_lines>"SVG figure"</button>
                <button type="button" data-export="csv" title=title on:click=move |_| ask(ExportForm::Csv)>"CSV of cells"</button>
                <button type="button" data-export="bundle" title=title on:click=move |_| ask(ExportForm::Bundle)>"Bundle to reproduce it"</button>
                <button type="button" data-export="weights" title="The weights that are loaded now" hidden=move || app.weights.with(|w| w.closed_form.is_some()) on:click=move |_| ask(ExportForm::Weights)>"Weights (safetensors)"</button>
                <button type="button" data-export="onnx" title="For ONNX Runtime, QGIS and other programs" hidden=move || app.weights.with(|w| w.closed_form.is_some()) on:click=move |_| ask(ExportForm::Onnx)>"Network (ONNX)"</button>
                {move || app.exporting.get().then(|| view! { <progress></progress> })}
            </div>
            <div class="row" role="group" aria-label="Figure">
                <label>"figure of "<select id="figure-layers" on:change=move |e| wish.update(|w| w.on_stage = event_target_value(&e) == "stage")>
                    <option value="all">"all layers"</option>
                    <option value="stage">"the layers on the stage"</option>
                </select></label>
                <label>"width in print "<select id="figure-width" on:change=move |e| if let Ok(print) = event_target_value(&e).parse() { wish.update(|w| w.print = print) }>
                    {WIDTHS.map(|print| view! { <option value=print.to_string() selected=print == Wish::default().print>{format!("{print} mm")}</option> }).collect_view()}
                </select></label>
            </div>
            {move || earlier().map(|of| view! { <p class="caution" id="export-stale">{format!("GeoTIFF, figure and CSV are of {of}: predict again for the present choices.")}</p> })}
            {move || app.map.with(|map| map.as_ref().is_some_and(|m| m.layer(LayerKind::HalfWidth).is_some())).then(|| view! {
                <p class="hint" id="export-half-width">"GeoTIFF (band 2) and CSV hold the half-width of the 90 % interval too."</p>
            })}
            {move || app.map.with(|map| map.as_ref().is_some_and(|m| m.layer(LayerKind::ReferenceUncertainty).is_some())).then(|| view! {
                <p class="hint" id="export-uncertainty">"GeoTIFF and CSV hold the reference's own uncertainty too (reference_uncertainty): its product's, not the estimate's."</p>
            })}
            <p class="hint">"GeoTIFF: EPSG:6933, float32, nodata, compressed. SVG: lines and letters to edit, cells as an image; print the page for a PDF. Every file carries its provenance."</p>
        </section>
    }
    .into_any()
}
