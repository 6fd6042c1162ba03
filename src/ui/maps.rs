//! The linked maps: read-out, tools, panels, swipe, legend.

use std::sync::Arc;

use leptos::prelude::*;

use super::legend::Legends;
use super::panel::{Panel, zoom};
use super::rectangle;
use super::store::App;
use super::swipe::Swipe;
use crate::state::MapData;
use crate::state::cursor::View;
use crate::state::rectangle::size_text;
use ease_grid::EaseWindow;
use loam_core::file::FineOrigin;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::graticule::{latitude_label, longitude_label};
use loam_core::stack::{HistorySlot, SMALLEST_EDGE};

/// Layers of a channel shown as panels, in this order. The bilinear baseline can be switched on.
const SHOWN: [LayerKind; 10] = [
    LayerKind::Coarse,
    LayerKind::Estimate,
    LayerKind::Before,
    LayerKind::Change,
    LayerKind::Reference,
    LayerKind::Difference,
    LayerKind::HalfWidth,
    LayerKind::BackscatterVv,
    LayerKind::BackscatterVh,
    LayerKind::SurfaceTemperature,
];

/// The layers of a map that are shown as panels, channel by channel.
pub(super) fn shown(data: &MapData) -> Vec<LayerKey> {
    let channels = 0..data.method().outputs().len() as u8;
    let all = channels.flat_map(|channel| SHOWN.into_iter().map(move |kind| LayerKey { kind, channel }));
    all.filter(|key| data.layer(*key).is_some()).collect()
}

fn degrees(value: f64, label: fn(f64) -> String, wide: usize) -> String {
    // The label's hemisphere, with the cell centre's own precision.
    let letter = label(value).chars().last().filter(|c| c.is_alphabetic()).unwrap_or(' ');
    format!("{:.wide$}° {letter}", value.abs())
}

/// Where the cursor is: place, 3 km cell, 36 km cell.
#[component]
fn Place(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let window = data.window();
    let cell = move || app.cursor.get().or(app.pins.with(|p| p.last().copied()));
    view! {
        <dl class="place" id="readout">
            <div><dt>"Cell centre"</dt><dd class="lonlat">{move || cell().map_or_else(|| "–".to_owned(), |c| {
                let (lon, lat) = window.lonlat(c.column, c.row);
                format!("{}, {}", degrees(lat, latitude_label, 4), degrees(lon, longitude_label, 4))
            })}</dd></div>
            <div><dt>"3 km column, row"</dt><dd class="fine">{move || cell().map_or_else(|| "–".to_owned(), |c| {
                let ((column, row), _) = c.global(&window);
                format!("{column}, {row}")
            })}</dd></div>
            <div><dt>"36 km column, row"</dt><dd class="coarse">{move || cell().map_or_else(|| "–".to_owned(), |c| {
                let (_, (column, row)) = c.global(&window);
                format!("{column}, {row}")
            })}</dd></div>
            <div><dt>"Pinned"</dt><dd>{move || app.pins.with(|p| p.last().copied()).map_or_else(|| "none".to_owned(), |c| {
                let ((column, row), _) = c.global(&window);
                format!("{column}, {row}")
            })}</dd></div>
        </dl>
    }
    .into_any()
}

#[component]
fn Tools(data: Arc<MapData>, swipe: RwSignal<bool>, bilinear: RwSignal<bool>) -> impl IntoView {
    let app = App::here();
    let window = data.window();
    let centre = move || {
        let view = app.view.get_untracked();
        let (w, h) = view.size(&window);
        let held = app
            .pins
            .with_untracked(|p| p.last().copied())
            .map(|c| (c.column as f64 + 0.5, c.row as f64 + 0.5));
        held.unwrap_or((view.left + w / 2.0, view.top + h / 2.0))
    };
    let has_bilinear = data.layer(LayerKind::Bilinear).is_some();
    view! {
        <div class="tools" role="toolbar" aria-label="Map tools">
            <button type="button" aria-label="Zoom in" title="Zoom in (+)" on:click=move |_| zoom(app, 1.5, centre(), &window)>"+"</button>
            <button type="button" aria-label="Zoom out" title="Zoom out (−)" on:click=move |_| zoom(app, 1.0 / 1.5, centre(), &window)>"−"</button>
            <button type="button" title="Whole region (0)" on:click=move |_| app.view.set(View::default())>"Whole region"</button>
            <button type="button" aria-pressed=move || swipe.get().to_string() on:click=move |_| swipe.update(|s| *s = !*s)>"Swipe"</button>
            <button type="button" id="draw-region" aria-pressed=move || app.drawing.get().to_string() on:click=move |_| rectangle::toggle(app)>"Draw a region"</button>
            {has_bilinear.then(|| view! {
                <button type="button" aria-pressed=move || bilinear.get().to_string() on:click=move |_| bilinear.update(|s| *s = !*s)>"Bilinear"</button>
            })}
        </div>
    }
    .into_any()
}

/// What to do while a region is drawn, how large it is, and what is still to do once it is chosen.
#[component]
fn Drawing(window: EaseWindow) -> impl IntoView {
    let app = App::here();
    let text = move || {
        let chosen = app.settings.with(|s| s.window);
        match app.rectangle.get() {
            Some(drawn) => {
                let size = size_text(&drawn.within(&window));
                Some(drawn.region(&window).err().map_or(size.clone(), |error| format!("{size}: {error}.")))
            }
            None if app.drawing.get() => Some(format!(
                "Drag a rectangle over the new region, at least {SMALLEST_EDGE} × {SMALLEST_EDGE} cells; or, from the keyboard, Enter on two opposite corners. Escape ends drawing."
            )),
            None if chosen != window => Some(format!(
                "The region is now {}, dashed on the maps where it lies in them. Predict or fine-tune to use it; choose a place to go back.",
                size_text(&chosen)
            )),
            None => None,
        }
    };
    view! { {move || text().map(|text| view! { <p class="hint drawing" id="drawing">{text}</p> })} }
        .into_any()
}

/// What went in.
fn provenance(data: &MapData) -> AnyView {
    let report = &data.report;
    let named = report.history.iter().map(|h| match h.date {
        Some(date) => {
            let origin = match h.origin {
                Some(FineOrigin::Disaggregated) => ", disaggregated here",
                Some(FineOrigin::OwnMap) => ", a map that Loam made",
                Some(FineOrigin::Nisar) => ", NISAR",
                _ => "",
            };
            format!("{date} ({:.0} % known{origin})", h.known * 100.0)
        }
        None => "empty slot".to_owned(),
    });
    let history =
        HistorySlot::sum_up(&report.history).unwrap_or_else(|| named.collect::<Vec<_>>().join(", "));
    let sensitivity =
        report.sensitivity.map(|b| format!(" Disaggregation sensitivity {b:.4} m³/m³ per dB, fitted here."));
    view! {
        <p class="provenance">
            {(!report.overpass.is_empty()).then(|| format!("SMAP: {}. ", report.overpass))}
            {data.method().uses_history().then(|| format!("History: {}. ", if history.is_empty() { "none" } else { &history }))} {match report.weights.closed_form {
                Some(method) => format!("Method: {}, in closed form.", method.about().name),
                None => format!("Weights: {} ({}).", report.weights.name, report.weights.trained_on),
            }}
            " Computed on " {report.device.name.clone()} " in "
            {format!("{:.2} s.", report.milliseconds / 1000.0)} {sensitivity}
            {(!report.interval.is_empty()).then(|| format!(" ± is the half-width of a {}.", report.interval))}
            {(!report.applicability.is_empty()).then(|| format!(" Inputs: {}.", report.applicability.replace("m3", "m³")))}
        </p>
    }
    .into_any()
}

#[component]
fn Maps(data: Arc<MapData>) -> impl IntoView {
    let swipe = RwSignal::new(false);
    let bilinear = RwSignal::new(false);
    let simulated = data.report.simulated;
    let region = data
        .report
        .settings
        .region
        .as_deref()
        .and_then(loam_core::stack::Preset::find)
        .map_or("own region", |p| p.name);
    let warnings = data.report.warnings.clone();
    let heading = format!("{}, {region}, {}", data.quantity(), data.report.date);
    let window = data.window();
    let size = format!("{} × {} cells of 3 km, EASE-Grid 2.0", window.columns, window.rows);
    let panels = shown(&data);
    let (d1, d2, d3) = (data.clone(), data.clone(), data.clone());
    view! {
        <div class="maphead">
            <div><h3>{heading}</h3><p class="sub">{size}</p></div>
            <Tools data=data.clone() swipe=swipe bilinear=bilinear/>
        </div>
        {simulated.then(|| view! { <p class="simulated" role="note"><strong>"SIMULATED"</strong>" These are simulated scenes, not observations."</p> })}
        {(data.report.weights.simulated && !simulated).then(|| view! {
            <p class="caution" id="simulated-weights" role="note"><strong>"WEIGHTS TRAINED ON SIMULATED SCENES"</strong>" The files are observations, the weights were trained on simulated scenes alone: trust this estimate only as far as its scores support it."</p>
        })}
        {(!warnings.is_empty()).then(|| view! {
            <ul class="caution" id="map-warnings" aria-label="Notes on this map">{warnings.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ul>
        })}
        <Place data=data.clone()/>
        <p class="keys" id="map-keys">
            "On a map: arrow keys move the cell cursor (Shift: 36 km), Enter pins a cell, + − 0 zoom."
        </p>
        <Drawing window=window/>
        {move || swipe.get().then(|| view! { <Swipe data=d1.clone()/> })}
        <div class="panels">
            {panels.into_iter().map(|layer| view! { <Panel data=d2.clone() layer=layer/> }).collect_view()}
            {move || bilinear.get().then(|| {
                d3.layers.iter().filter(|l| l.key.kind == LayerKind::Bilinear).map(|l| view! { <Panel data=d3.clone() layer=l.key/> }).collect_view()
            })}
        </div>
        <Legends data=data.clone()/>
        {provenance(&data)}
    }
    .into_any()
}

/// The maps, or what is needed to get them.
#[component]
pub fn MapsSection() -> impl IntoView {
    let app = App::here();
    let stale = Memo::new(move |_| app.stale());
    view! {
        <section class="maps" aria-labelledby="maps-title" class:stale=move || stale.get().is_some()>
            <h2 id="maps-title">"Maps"</h2>
            <p id="map-stale" class="caution" role="status" aria-live="polite" class:none=move || stale.get().is_none()>{move || stale.get()}</p>
            {move || match app.map.get() {
                Some(data) => view! { <Maps data=data/> }.into_any(),
                None => view! {
                    <ol class="steps">
                        <li><strong>"Open files"</strong>" of SMAP (and Sentinel-1), or load a simulated demo."</li>
                        <li><strong>"Pick a region and a date."</strong>" 3 km maps before it are used as history: the four latest, or all of them, as the method needs."</li>
                        <li><strong>"Predict."</strong>" The 36 km input, the 3 km estimate and, where there is one, the reference appear here."</li>
                    </ol>
                }
                .into_any(),
            }}
        </section>
    }
    .into_any()
}
