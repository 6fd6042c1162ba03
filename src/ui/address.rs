//! The view in the page's address, so that it can be shared, kept and gone back to; and what the page begins with.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::store::App;
use super::{adapter, outside};
use crate::state::hash::Hash;
use crate::state::{Chosen, Event};
use loam_core::map::{ColourMap, scale};

fn present() -> Hash {
    Hash::parse(&window().location().hash().unwrap_or_default())
}

/// Scale and colours of an address; region and date are the state's.
fn show(app: App, hash: &Hash) {
    app.moisture.update(|s| {
        if let Some((min, max)) = hash.scale {
            (s.min, s.max) = (min, max);
        }
        if let Some(map) = hash.colours.as_deref().and_then(ColourMap::find) {
            s.map = map;
        }
        s.inverted = hash.inverted;
    });
    app.scales.set(hash.scales.clone());
    app.places.set(!hash.bare);
}

/// What the address should be.
fn wanted(app: App) -> Hash {
    let (settings, moisture) = (app.settings.get(), app.moisture.get());
    Hash {
        window: settings.region.is_none().then_some(settings.window),
        preset: settings.region,
        date: app.date.get(),
        scale: ((moisture.min, moisture.max) != scale::MOISTURE_LIMITS)
            .then_some((moisture.min, moisture.max)),
        method: match app.choice.get() {
            Chosen::Method(method) => Some(method),
            Chosen::Best | Chosen::Weights => None,
        },
        inverted: moisture.inverted,
        scales: app.scales.get(),
        bare: !app.places.get(),
        colours: (moisture.map != ColourMap::moisture()).then(|| moisture.map.key.to_owned()),
    }
}

/// Reads the address, probes the adapter, starts the worker.
pub fn begin(app: App) {
    let hash = present();
    show(app, &hash);
    app.tell(Event::Began { hash, remembered: outside::remembered() });
    Effect::new(move |_| {
        let hash = format!("#{}", wanted(app).text());
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&hash));
        }
    });
    window_event_listener(ev::hashchange, move |_| {
        let hash = present();
        if hash.text() != untrack(|| wanted(app)).text() {
            show(app, &hash);
            app.tell(Event::Address(hash));
        }
    });
    spawn_local(async move {
        let adapter = adapter::probe().await;
        app.tell(Event::Probed { adapter, gpu_program: outside::script(true).is_some() });
    });
    // Pins and cursor are cells of a region: of another one they are none.
    Effect::new(move |before: Option<Option<ease_grid::EaseWindow>>| {
        let window = app.map.with(|map| map.as_ref().map(|map| map.window()));
        if before.is_some_and(|before| before != window) {
            app.cursor.set(None);
            app.pins.set(Vec::new());
            app.view.set(Default::default());
        }
        window
    });
}
