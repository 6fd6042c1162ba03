//! What this page is, and the proof that nothing leaves it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{PerformanceObserver, PerformanceObserverInit};

use super::store::App;
use crate::state::Event;

/// Requests to other hosts since the page was opened, as the browser itself records them.
fn foreign_requests() -> usize {
    let origin = window().location().origin().unwrap_or_default();
    let entries = window().performance().map(|p| p.get_entries_by_type("resource")).unwrap_or_default();
    let names =
        entries.iter().filter_map(|e| e.dyn_into::<web_sys::PerformanceEntry>().ok()).map(|e| e.name());
    names.filter(|name| name.starts_with("http") && !name.starts_with(&origin)).count()
}

fn offline_ready() -> bool {
    let navigator: wasm_bindgen::JsValue = window().navigator().into();
    let get = |object: &wasm_bindgen::JsValue, key: &str| {
        js_sys::Reflect::get(object, &key.into()).ok().filter(|v| !v.is_undefined() && !v.is_null())
    };
    get(&navigator, "serviceWorker").and_then(|s| get(&s, "controller")).is_some()
}

/// A skip link: the focus goes to what one wants there, and the address stays that of the view.
fn go(event: &web_sys::MouseEvent, wanted: &str, place: &str) {
    event.prevent_default();
    let found = document().query_selector(wanted).ok().flatten();
    let target = found.or_else(|| document().get_element_by_id(place));
    if let Some(target) = target.and_then(|t| t.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = target.focus();
    }
}

/// Name, one line, badge.
#[component]
pub fn Header() -> impl IntoView {
    let app = App::here();
    let requests = RwSignal::new(foreign_requests());
    let offline = RwSignal::new(offline_ready());
    let callback = Closure::<dyn FnMut()>::new(move || {
        requests.set(foreign_requests());
        offline.set(offline_ready());
    });
    if let Ok(observer) = PerformanceObserver::new(callback.as_ref().unchecked_ref()) {
        let types = js_sys::Array::of1(&"resource".into());
        observer.observe(&PerformanceObserverInit::new(&types));
    }
    let undo = move || {
        app.settings.with(|now| {
            app.undo.with(|steps| steps.last().map(|step| format!("{} (Ctrl+Z)", step.words(now))))
        })
    };
    // The header lives as long as the page.
    callback.forget();
    view! {
        <nav class="skips" aria-label="Skip">
            <a class="skip" href="#stage" on:click=move |e| go(&e, ".stage canvas.overlay", "stage")>"Skip to the map"</a>
            <a class="skip" href="#time" on:click=move |e| go(&e, "canvas.strip", "time")>"Skip to the dates"</a>
            <a class="skip" href="#inspector" on:click=move |e| go(&e, ".side.right .tabs button", "inspector")>"Skip to values, scores, training and export"</a>
        </nav>
        <header>
            <h1>
                <svg viewBox="0 0 32 32" aria-hidden="true">
                    <path class="m0" d="M2 2h14v14H2z"/><path class="m1" d="M17 2h6.5v6.5H17z"/><path class="m2" d="M24 2h6v6.5h-6z"/>
                    <path class="m2" d="M17 9.5h6.5V16H17z"/><path class="m3" d="M24 9.5h6V16h-6z"/><path class="m1" d="M2 17h6.5v6H2z"/>
                    <path class="m2" d="M9.5 17H16v6H9.5z"/><path class="m3" d="M17 17h6.5v6H17z"/><path class="m4" d="M24 17h6v6h-6z"/>
                    <path class="m2" d="M2 24h6.5v6H2z"/><path class="m3" d="M9.5 24H16v6H9.5z"/><path class="m4" d="M17 24h13v6H17z"/>
                </svg>
                "Loam"
            </h1>
            <p class="lead">
                <span>"Soil moisture at 3 km, computed on this device. "</span><strong>"No data leaves this machine."</strong>
            </p>
            <button type="button" class="quiet" id="undo" disabled=move || app.undo.with(Vec::is_empty) title=undo on:click=move |_| app.tell(Event::Undo)>"Undo"</button>
            <button type="button" class="quiet" id="about-open" aria-haspopup="dialog" on:click=move |_| app.about.set(true)>"About the model"</button>
            <button type="button" class="quiet" id="help-open" aria-haspopup="dialog" on:click=move |_| app.help.set(true)>"Help"</button>
            <span class="chip" title="What computes; choose it under Method">{move || app.device.with(|d| d.as_ref().map_or("…", |d| if d.gpu { "GPU" } else { "CPU" }))}</span>
            <p class="badge" title="Counted by this browser since the page was opened; the page's security policy allows none.">
                <span class=move || if requests.get() == 0 { "dot good" } else { "dot bad" }></span>
                {move || match requests.get() { 1 => "1 request to another host".to_owned(), n => format!("{n} requests to other hosts") }}
                {move || offline.get().then(|| view! { <span class="offline">" · works offline"</span> })}
            </p>
        </header>
    }
    .into_any()
}
