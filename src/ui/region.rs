//! The region: a preset, a centre with a size, or a click on the world.

use leptos::html;
use leptos::prelude::*;

use super::overview::World;
use super::store::App;
use crate::state::Event;
use loam_core::stack::{PRESETS, Region};

/// Cells beyond which a prediction is cut into tiles and takes long enough to say so.
const LARGE: usize = 1_000_000;

/// The whole section.
#[component]
pub fn RegionSection() -> impl IntoView {
    let app = App::here();
    let problem = RwSignal::new(None::<String>);
    let (lon, lat) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (columns, rows) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let centre = move || app.settings.with(|s| s.window.lonlat(s.window.columns / 2, s.window.rows / 2));
    let place = move |longitude: f64, latitude: f64, columns: usize, rows: usize| match Region::around(
        longitude, latitude, columns, rows,
    ) {
        Ok(region) => {
            problem.set(None);
            app.choose(|s| (s.window, s.region) = (region.window(), None));
        }
        Err(error) => problem.set(Some(error.to_string())),
    };
    let typed = move |_| {
        let text = |node: NodeRef<html::Input>| {
            node.get_untracked()
                .map(|i| i.value().trim().replace('−', "-").replace(',', "."))
                .unwrap_or_default()
        };
        let numbers = (
            text(lon).parse::<f64>(),
            text(lat).parse::<f64>(),
            text(columns).parse::<usize>(),
            text(rows).parse::<usize>(),
        );
        match numbers {
            (Ok(lon), Ok(lat), Ok(columns), Ok(rows)) => place(lon, lat, columns, rows),
            _ => problem.set(Some(
                "longitude and latitude must be numbers of degrees, columns and rows whole numbers"
                    .to_owned(),
            )),
        }
    };
    let clicked = Callback::new(move |(longitude, latitude): (f64, f64)| {
        let (columns, rows) = app.settings.with_untracked(|s| (s.window.columns, s.window.rows));
        place(longitude, latitude, columns, rows);
    });
    let preset = move |event| {
        let key = event_target_value(&event);
        if let Some((preset, region)) =
            PRESETS.iter().find(|p| p.key == key).and_then(|p| Some((p, p.region().ok()?)))
        {
            problem.set(None);
            app.choose(|s| (s.window, s.region) = (region.window(), Some(preset.key.to_owned())));
        }
    };
    let large = move || {
        let cells = app.settings.with(|s| s.window.len());
        (cells > LARGE).then(|| {
            format!("{:.1} million cells: computed in tiles, which takes a while.", cells as f64 / 1e6)
        })
    };
    view! {
        <section class="region" aria-labelledby="region-title">
            <h2 id="region-title">"Region"</h2>
            <label class="stack">"Place"
                <select id="region" on:change=preset>
                    {PRESETS.iter().map(|p| view! {
                        <option value=p.key selected=move || app.settings.with(|s| s.region.as_deref() == Some(p.key))>{format!("{} ({})", p.name, p.climate)}</option>
                    }).collect_view()}
                    <option value="" selected=move || app.settings.with(|s| s.region.is_none())>"own region"</option>
                </select>
            </label>
            <button type="button" class="quiet" id="go-to-data" disabled=move || { app.files.track(); app.peek(|s| s.whereabouts().is_none()) } title="The region goes where the open files lie" on:click=move |_| app.tell(Event::GoToData)>"Go to the data"</button>
            <World choose=clicked/>
            <div class="fields">
                <label>"lon"<input type="text" inputmode="decimal" id="longitude" node_ref=lon prop:value=move || format!("{:.4}", centre().0) on:change=typed/></label>
                <label>"lat"<input type="text" inputmode="decimal" id="latitude" node_ref=lat prop:value=move || format!("{:.4}", centre().1) on:change=typed/></label>
                <label>"columns"<input type="number" min="9" id="columns" node_ref=columns prop:value=move || app.settings.with(|s| s.window.columns.to_string()) on:change=typed/></label>
                <label>"rows"<input type="number" min="9" id="rows" node_ref=rows prop:value=move || app.settings.with(|s| s.window.rows.to_string()) on:change=typed/></label>
            </div>
            <p class="hint">"Click the world, type a centre (degrees) and a size in 3 km cells, or draw a rectangle on a map (Shift and drag)."</p>
            {move || large().map(|text| view! { <p class="hint">{text}</p> })}
            {move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> })}
        </section>
    }
    .into_any()
}
