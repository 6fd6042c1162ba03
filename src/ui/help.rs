//! Help: tasks, keys, words, where the files come from, version and licence.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::language::Choice;
use super::store::App;

/// What one wants, and how.
const TASKS: [(&str, &str); 11] = [
    ("See a first estimate", "Press “Show me”: simulated scenes are drawn, marked SIMULATED."),
    (
        "See your own files",
        "Data, “Open files…”, or drop files or a folder anywhere. The list says what each was recognised as.",
    ),
    ("Change the date", "Click the strip below the map, use ‹ and ›, or Play. The map follows."),
    (
        "Make every date",
        "Season: Predict every date. Its mean, trend and dry-down time are layers; it is saved as a cube.",
    ),
    (
        "Change the region",
        "Region: a place, a centre with a size, a click on the world; or Shift and drag on a map. Undo (Ctrl+Z) brings the one before back.",
    ),
    (
        "Compare with bilinear SMAP",
        "Layers, tick “Bilinear SMAP”; or Swipe, and choose it for one side, of this date or of one made before. “Left − right” subtracts the two. Scores has the numbers.",
    ),
    (
        "Look at a layer of a file",
        "Data, “Show” beside the file: any of its layers by itself, in the region or where it lies. Escape returns to the map.",
    ),
    (
        "Read values",
        "Move over a map. A click pins a cell; up to 8 pins stand side by side under Values and can be saved as CSV.",
    ),
    (
        "Get a GeoTIFF",
        "Export, “GeoTIFF”. Figures (PNG, SVG), cells as CSV and weights are there too; printing the page makes a PDF.",
    ),
    (
        "Train for your region",
        "Train, “Train for this region”. At the end the weights that are better on held-out dates are in use.",
    ),
    ("Know why a cell is empty", "Move over it: the reason stands in place of the value."),
];
const KEYS: [(&str, &str); 7] = [
    ("← ↑ → ↓ on a map", "move the cell cursor; with Shift by 36 km"),
    ("Enter on a map", "pin the cell; Escape frees all pins"),
    ("+ − 0, wheel, two fingers", "closer, further, the whole region"),
    ("Shift and drag", "draw a region"),
    ("← → on the dates", "the date before, after; with Shift the next that can be predicted"),
    ("Page Up, Page Down", "a month"),
    ("Ctrl+Z", "undo region, date, rules, removed files"),
];
const WORDS: [(&str, &str); 8] = [
    (
        "soil moisture",
        "cubic metres of water in a cubic metre of soil, of the top 5 cm: 0.05 is dry, 0.40 very wet",
    ),
    ("SMAP", "NASA's satellite that measures it, in cells of 36 km, every two or three days"),
    ("3 km map", "a finer product (SPL2SMAP_S, from SMAP and Sentinel-1), or one made here from both"),
    ("history", "earlier 3 km maps, from which a method learns how the place differs from its surroundings"),
    ("bilinear SMAP", "SMAP's 36 km values, smoothed between cell centres: what any method has to beat"),
    (
        "reference",
        "the 3 km map of the same date that an estimate is scored against; never the ground itself",
    ),
    ("uRMSE", "the typical error once the mean difference is removed; NASA's goal is 0.04 m³/m³"),
    ("90 % interval", "nine of ten values should lie within estimate ± half-width"),
];

fn list(pairs: &'static [(&'static str, &'static str)]) -> AnyView {
    let rows = pairs.iter().map(|(name, text)| view! { <div><dt>{*name}</dt><dd>{*text}</dd></div> });
    view! { <dl class="pairs">{rows.collect_view()}</dl> }.into_any()
}

/// The dialog.
#[component]
pub fn HelpDialog() -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let (true, Some(dialog)) = (app.help.get(), node.get()) else { return };
        if !dialog.open() && dialog.show_modal().is_err() {
            // A browser without modal dialogs shows it in place.
            dialog.set_open(true);
        }
    });
    let shut = move |_| {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
    };
    let closed = move |_| {
        app.help.set(false);
        let button = document().get_element_by_id("help-open");
        if let Some(button) = button.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = button.focus();
        }
    };
    view! {
        <dialog id="help" node_ref=node aria-labelledby="help-title" on:close=closed>
            <div class="head">
                <h2 id="help-title">"Help"</h2>
                <button type="button" id="help-close" on:click=shut>"Close"</button>
            </div>
            <Choice/>
            <h3>"How to"</h3>
            {list(&TASKS)}
            <h3>"Keys"</h3>
            {list(&KEYS)}
            <h3>"Words"</h3>
            {list(&WORDS)}
            <h3>"Where the files come from"</h3>
            <p>"SMAP products are free at NSIDC (nsidc.org/data/smap) with an Earthdata login; search there for SPL3SMP and SPL2SMAP_S over your region. Sentinel-1 backscatter: HyP3, OPERA, Earth Engine."</p>
            <h3>"This program"</h3>
            <p>
                {concat!("Loam ", env!("CARGO_PKG_VERSION"), ", MIT or Apache-2.0. ")}
                "The method is SMEN's; what each network is and how it scores stands under “About the model”. Coastlines, borders, rivers, lakes and towns: Natural Earth, public domain. Colour tables: F. Crameri; \
                 K. Thyng et al. (cmocean); matplotlib. Maps from Sentinel-1 contain modified Copernicus Sentinel data."
            </p>
            <p>{concat!("To cite: Loam, version ", env!("CARGO_PKG_VERSION"), ", and each product by the DOI that NSIDC or its maker names; a figure and a bundle hold which files went in.")}</p>
            <p class="hint">"Files, maps and weights stay in this tab; nothing is sent anywhere."</p>
        </dialog>
    }
    .into_any()
}
