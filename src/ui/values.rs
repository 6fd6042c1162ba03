//! Values under the cursor and at the pinned cells, notes on the map, and what went into it.

use std::sync::Arc;

use leptos::prelude::*;

use super::date_words::origin;
use super::panel::{heading, read_out, scale_of};
use super::scores::number;
use super::store::App;
use crate::state::cursor::Cell;
use crate::state::{Event, MapData};
use loam_core::map::graticule::{latitude_label, longitude_label};
use loam_core::stack::{HistorySlot, Preset};

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
    let cell = move || app.probed();
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

/// What went in.
fn provenance(data: &MapData) -> AnyView {
    let report = &data.report;
    let named = report.history.iter().map(|h| match h.date {
        Some(date) => {
            format!("{date} ({:.0} % known{})", h.known * 100.0, origin(h.origin))
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

/// Every layer at the cursor and at the pins.
fn table(app: App, data: Arc<MapData>) -> AnyView {
    let window = data.window();
    let cells = move || {
        let pins = app.pins.get();
        let cursor = app.cursor.get().filter(|cell| !pins.contains(cell));
        cursor
            .map(|cell| (cell, true))
            .into_iter()
            .chain(pins.into_iter().map(|cell| (cell, false)))
            .collect::<Vec<_>>()
    };
    let head = move |(cell, cursor): (Cell, bool)| {
        let ((column, row), _) = cell.global(&window);
        view! { <th scope="col" class="number">{if cursor { "cursor" } else { "pin" }}<small>{format!("{column}, {row}")}</small></th> }
    };
    let rows = {
        let data = data.clone();
        move || {
            let cells = cells();
            data.layers.iter().map(|layer| {
                let unit = scale_of(app, data.method(), layer.key).with(|s| s.unit);
                view! {
                    <tr><th scope="row">{heading(&data, layer.key)}<small>{unit}{layer.statistics.mean.filter(|_| cells.is_empty()).map(|m| format!(", mean {}", number(Some(m), 3)))}</small></th>
                        {cells.iter().map(|(cell, _)| view! { <td class="number">{read_out(&data, layer, *cell, unit).replace(&format!(" {unit}"), "")}</td> }).collect_view()}
                    </tr>
                }
            }).collect_view()
        }
    };
    let some = move || app.pins.with(|pins| !pins.is_empty());
    let save = move |_| {
        let (name, text) = csv(&data, &app.pins.get_untracked());
        let saved = super::canvas::download(&name, "text/csv", text.as_bytes());
        app.tell(Event::Saved(name, saved));
    };
    view! {
        <div class="tablewrap values" tabindex="0" role="region" aria-label="Values of every layer">
            <table id="values">
                <thead><tr><th scope="col">"Layer"</th>{move || cells().into_iter().map(head).collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="hint" hidden=some>"Move over a map, or use its arrow keys. A click, or Enter, pins a cell; up to 8 stay here side by side."</p>
        <div class="row" hidden=move || !some()>
            <button type="button" class="quiet" id="save-pins" on:click=save>"Save the pins as CSV"</button>
            <button type="button" class="quiet" id="clear-pins" on:click=move |_| app.pins.set(Vec::new())>"Clear pins"</button>
        </div>
    }
    .into_any()
}

/// The pinned cells as a file: a line a cell, a column a layer.
pub fn csv(data: &MapData, pins: &[Cell]) -> (String, String) {
    let window = data.window();
    let simulated = if data.report.simulated { "SIMULATED_" } else { "" };
    let name = format!("loam_{simulated}pins_{}.csv", data.report.date);
    let mut text = format!("# {}, {}\r\n", data.quantity(), data.report.date);
    if data.report.simulated {
        text += "# SIMULATED: these are simulated scenes, not observations\r\n";
    }
    let mut head =
        vec!["longitude".to_owned(), "latitude".to_owned(), "column_3km".to_owned(), "row_3km".to_owned()];
    head.extend(data.layers.iter().map(|layer| heading(data, layer.key)));
    text += &crate::state::words::csv_line(&head);
    for pin in pins {
        let (lon, lat) = window.lonlat(pin.column, pin.row);
        let ((column, row), _) = pin.global(&window);
        let mut line = vec![format!("{lon:.6}"), format!("{lat:.6}"), column.to_string(), row.to_string()];
        line.extend(data.layers.iter().map(|layer| {
            let value = layer.values.get(pin.index(&window)).copied().filter(|v| v.is_finite());
            value.map_or_else(String::new, |v| v.to_string())
        }));
        text += &crate::state::words::csv_line(&line);
    }
    (name, text)
}

/// Of a map: what it is, values, notes, what went in.
fn values(app: App, data: Arc<MapData>) -> AnyView {
    let simulated = data.report.simulated;
    let region =
        data.report.settings.region.as_deref().and_then(Preset::find).map_or("own region", |p| p.name);
    let warnings = data.report.warnings.clone();
    let window = data.window();
    view! {
        <h3>{format!("{}, {region}, {}", data.quantity(), data.report.date)}</h3>
        <p class="sub">{format!("{} × {} cells of 3 km, EASE-Grid 2.0", window.columns, window.rows)}</p>
        {(data.report.weights.simulated && !simulated).then(|| view! {
            <p class="caution" id="simulated-weights" role="note"><strong>"WEIGHTS TRAINED ON SIMULATED SCENES"</strong>" The files are observations, the weights were trained on simulated scenes alone: trust this estimate only as far as its scores support it."</p>
        })}
        {(!warnings.is_empty()).then(|| view! {
            <ul class="caution" id="map-warnings" aria-label="Notes on this map">{warnings.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ul>
        })}
        <Place data=data.clone()/>
        {table(app, data.clone())}
        <super::series::Series/>
        {provenance(&data)}
    }
    .into_any()
}

/// The whole panel.
#[component]
pub fn ValuesSection() -> impl IntoView {
    let app = App::here();
    let stale = Memo::new(move |_| app.stale());
    view! {
        <section class="values" aria-labelledby="values-title" class:stale=move || stale.get().is_some()>
            <h2 id="values-title">"Values"</h2>
            {move || match app.map.get() {
                Some(data) => values(app, data),
                None => view! { <p class="empty">"The values of a map stand here once there is one."</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}
