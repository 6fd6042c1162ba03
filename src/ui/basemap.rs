//! Coastlines, and rivers, lakes and towns: loaded, and drawn over a map with its graticule and scale bar.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::CanvasRenderingContext2d;

use super::canvas;
use super::canvas_pen::CanvasPen;
use super::draw::Frame;
use super::store::App;
use crate::state::cursor::View;
use ease_grid::EaseWindow;
use loam_core::map::basemap::Near;
use loam_core::map::sketch::{self, Onto};
use loam_core::map::{Basemap, Coastline, Places};

/// The part of a window that is in view, drawn into a frame.
pub fn onto(window: &EaseWindow, view: View, frame: Frame) -> Onto<'_> {
    let (columns, rows) = view.size(window);
    Onto { window, part: (view.left, view.top, columns, rows), frame }
}

/// What lies in a window, as far as it is there and wanted. Tracked.
pub fn near(app: App, window: &EaseWindow) -> Option<Arc<Near>> {
    let places = app.places.get();
    app.basemap.with(|base| base.as_ref().map(|base| base.near(window, places)))
}

/// Draws everything that stands over a map's pixels. Tracked.
pub fn draw(app: App, ctx: &CanvasRenderingContext2d, frame: Frame, view: View, window: &EaseWindow) {
    let near = near(app, window);
    sketch::over(&mut CanvasPen::new(ctx), near.as_deref(), onto(window, view, frame));
}

/// Loads the coastlines now; rivers, lakes and towns when a map is drawn that is to show them.
pub fn load(app: App) {
    spawn_local(async move {
        let read = canvas::fetch_bytes("./coastline.bin").await;
        match read.and_then(|bytes| Coastline::parse(&bytes).map_err(|e| e.to_string())) {
            Ok(coast) => app.basemap.set(Some(Arc::new(Basemap::new(Arc::new(coast))))),
            Err(why) => app.fail("The coastline is not drawn", &why, ""),
        }
    });
    let asked = StoredValue::new(false);
    Effect::new(move |_| {
        let drawn = app.map.with(Option::is_some) || app.look.with(Option::is_some);
        let base = app.basemap.get().filter(|base| !base.has_places());
        let Some(base) = base.filter(|_| drawn && app.places.get() && !asked.get_value()) else { return };
        asked.set_value(true);
        spawn_local(async move {
            let read = canvas::fetch_bytes("./places.bin").await;
            match read.and_then(|bytes| Places::parse(&bytes).map_err(|e| e.to_string())) {
                Ok(places) => app.basemap.set(Some(Arc::new(base.with(Arc::new(places))))),
                Err(why) => {
                    // Asked for again when they are switched on again.
                    asked.set_value(false);
                    app.places.set(false);
                    app.fail("Rivers, lakes and towns are not drawn", &why, "");
                }
            }
        });
    });
}

/// Switches rivers, lakes and towns on and off.
pub fn switch(app: App) -> AnyView {
    view! {
        <label class="check" id="places"><input type="checkbox" prop:checked=move || app.places.get() on:change=move |e| app.places.set(event_target_checked(&e))/><span>"Places and rivers"</span></label>
    }
    .into_any()
}
