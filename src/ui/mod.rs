//! The page: leptos components over one [`App`] of signals. The only place besides `bin/` that knows the DOM.
//!
//! The page never computes: it shows what the worker says, paints small canvases, and keeps the user's `File` handles, so that a
//! worker that died can be replaced without losing the list.

#![allow(missing_docs, reason = "leptos's component macro makes undocumented property structs")]

mod about;
pub mod adapter;
mod address;
pub mod canvas;
mod card;
mod data;
pub mod date_words;
pub mod dates;
mod device;
pub mod draw;
mod drop;
pub mod exports;
pub mod figure;
pub mod files;
mod header;
mod later;
mod layer_use;
mod legend;
pub mod link;
pub mod maps;
mod notices;
mod outside;
mod overview;
pub mod page_signal;
pub mod panel;
pub mod rectangle;
mod region;
mod run;
pub mod scores;
pub mod store;
mod swipe;
pub mod timeline;
pub mod train;

use leptos::prelude::*;

use later::Part;
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
        <notices::Notices/>
        <later::Later part=Part::Runs/>
        <main id="main">
            <div class="side">
                <data::DataSection/>
                <region::RegionSection/>
                <run::RulesSection/>
                <device::DeviceSection/>
            </div>
            <div class="work">
                <later::Later part=Part::Files/>
                <later::Later part=Part::Dates/>
                <later::Later part=Part::Maps/>
                <later::Later part=Part::Scores/>
                <later::Later part=Part::FineTune/>
                <later::Later part=Part::Exports/>
            </div>
        </main>
        <later::Later part=Part::About/>
        <footer>
            <p>
                "Coastlines and borders: Natural Earth, public domain. Colour tables: F. Crameri; K. Thyng et al. (cmocean); matplotlib. \
                 Files, maps and weights stay in this tab; nothing is sent anywhere."
            </p>
        </footer>
        <div class="sr-only" role="status" aria-live="polite">{move || app.announcement.get()}</div>
    }
}
