//! The page: leptos components over one [`App`] of signals. The only place besides `bin/` that knows the DOM.
//!
//! The page never computes: it shows what the worker says, paints small canvases, and keeps the user's `File` handles, so that a
//! worker that died can be replaced without losing the list.

#![allow(missing_docs, reason = "leptos's component macro makes undocumented property structs")]

mod about;
pub mod adapter;
mod address;
mod address_scales;
mod basemap;
mod bench;
mod bundle;
pub mod canvas;
mod canvas_pen;
mod card;
mod curtain;
mod data;
pub mod date_words;
pub mod dates;
mod device;
pub mod draw;
pub mod drop;
pub mod exports;
pub mod figure;
pub mod files;
mod handles;
mod header;
mod help;
mod histogram;
mod language;
mod later;
mod layer_list;
mod layer_use;
pub mod layers;
mod legend;
mod loggers;
mod look;
mod look_beside;
mod look_map;
pub mod maps;
pub mod notices;
pub mod outside;
mod overview;
pub mod page_signal;
pub mod panel;
mod pointer;
mod position;
pub mod rectangle;
mod region;
mod run;
pub mod scores;
pub mod season;
pub mod series;
mod sides;
mod stage;
mod stations;
pub mod store;
mod swipe;
pub mod timeline;
pub mod train;
pub mod values;
mod welcome;

use leptos::prelude::*;

use later::{Later, Part};
pub use store::App;

/// Mounts the page into the body.
pub fn mount() {
    leptos::mount::mount_to_body(Page);
}

#[component]
fn Page() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    address::begin(app);
    train::watch(app);
    drop::accept_anywhere(app);
    view! {
        <header::Header/>
        <div class="top"><notices::Notices/><Later part=Part::Runs/></div>
        <bench::Bench/>
        <Later part=Part::About/>
        <div class="sr-only" role="status" aria-live="polite">{move || app.announcement.get()}</div>
    }
}
