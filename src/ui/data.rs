//! Data in: the demo, files, folders.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::drop::{listed, open};
use super::store::App;
use crate::state::Event;
use loam_core::stack::PRESETS;

/// Opens what a file input holds, and empties it so that the same file can be picked again.
fn open_picked(app: App, event: &web_sys::Event) {
    if let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) {
        let files = listed(input.files());
        open(app, files);
        input.set_value("");
    }
}

/// Buttons and the state of reading.
#[component]
pub fn DataSection() -> impl IntoView {
    let app = App::here();
    let files = NodeRef::<html::Input>::new();
    let folder = NodeRef::<html::Input>::new();
    let press = |input: NodeRef<html::Input>| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    view! {
        <section class="data" aria-labelledby="data-title">
            <h2 id="data-title">"Data"</h2>
            <div class="row">
                <button type="button" class="primary" id="open-files" on:click=move |_| press(files)>"Open files…"</button>
                <button type="button" id="open-folder" on:click=move |_| press(folder)>"Open folder…"</button>
                <input type="file" id="file-input" multiple hidden node_ref=files on:change=move |e| open_picked(app, &e)/>
                <input type="file" id="folder-input" multiple hidden prop:webkitdirectory=true node_ref=folder on:change=move |e| open_picked(app, &e)/>
            </div>
            <p class="hint">"SMAP, Sentinel-1 and their exports (AppEEARS, Earth Engine, HyP3 ...): HDF5, NetCDF, GeoTIFF, zip; stations in the ground as the ISMN sends them, or your own loggers' CSV. Or drop files and folders anywhere on this page."</p>
            <fieldset class="demo">
                <legend>"Load demo"<span class="tag">"SIMULATED"</span></legend>
                <div class="row">
                    {PRESETS.into_iter().map(|p| view! {
                        <button type="button" data-demo=p.key title=p.climate on:click=move |_| app.tell(Event::LoadDemo(p.key.to_owned()))>{p.name}</button>
                    }).collect_view()}
                </div>
            </fieldset>
            {move || app.reading.get().map(|job| view! {
                <div class="job">
                    <p>{job.what.clone()} {(job.total > 0).then(|| format!(", {} of {}", job.done, job.total))}</p>
                    {if job.total > 0 {
                        view! { <progress max=job.total.to_string() value=job.done.to_string()></progress> }.into_any()
                    } else {
                        view! { <progress></progress> }.into_any()
                    }}
                    <button type="button" id="stop-reading" on:click=move |_| app.tell(Event::CancelReading)>"Cancel"</button>
                </div>
            })}
        </section>
    }
    .into_any()
}
