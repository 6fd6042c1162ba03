//! Layers of a file that was not recognised: what they are, and what the user says of one.

use leptos::html;
use leptos::prelude::*;

use super::store::App;
use crate::state::{FileRow, LookAction};
use loam_core::file::{FileId, Usage};
use smap_files::{LayerUse, Role};

/// Name, what the file is then used as, what the layer is, units to choose from.
const USES: [(&str, Usage, Role, &[&str]); 5] = [
    ("36 km input", Usage::Coarse, Role::SoilMoisture, &["m3/m3", "percent"]),
    ("3 km map", Usage::Fine, Role::SoilMoisture, &["m3/m3", "percent"]),
    ("backscatter VV", Usage::Backscatter, Role::BackscatterVv, &["dB", "power", "amplitude"]),
    ("backscatter VH", Usage::Backscatter, Role::BackscatterVh, &["dB", "power", "amplitude"]),
    ("surface temperature", Usage::Temperature, Role::SurfaceTemperature, &["K", "C"]),
];

/// A button that shows a file, or one of its layers, by itself.
pub fn show(app: App, file: FileId, layer: Option<String>, text: String, name: &str) -> AnyView {
    let id = layer.is_none().then(|| format!("look-{file}"));
    let label = format!(
        "Show {} on the map",
        layer.as_ref().map_or_else(|| name.to_owned(), |l| format!("{l} of {name}"))
    );
    view! {
        <button type="button" class="quiet" id=id data-look=layer.clone().unwrap_or_default() aria-label=label on:click=move |_| app.tell(LookAction::Open(file, layer.clone()).event())>{text}</button>
    }
    .into_any()
}

/// The list of a file's arrays, and a line to say what one of them is.
pub fn layers(app: App, row: &FileRow, arrays: &[(String, String)]) -> AnyView {
    let given = &row.correction.layers;
    view! {
        <details class="layers" open=!given.is_empty()>
            <summary>{if let [_] = arrays { "1 array".to_owned() } else { format!("{} arrays", arrays.len()) }}</summary>
            {form(app, row, arrays, given)}
            <ul>{arrays.iter().map(|(path, shape)| view! { <li>{show(app, row.id, Some(path.clone()), path.clone(), &row.name)}" "{shape.clone()}</li> }).collect_view()}</ul>
        </details>
    }
    .into_any()
}

fn form(app: App, row: &FileRow, arrays: &[(String, String)], given: &[LayerUse]) -> AnyView {
    let (layer, unit) = (NodeRef::<html::Select>::new(), NodeRef::<html::Select>::new());
    let chosen = RwSignal::new(0usize);
    let said = |select: NodeRef<html::Select>| select.get_untracked().map(|s| s.value()).unwrap_or_default();
    let name = row.name.clone();
    let id = row.id;
    let used = move |_| {
        let (_, usage, role, _) = USES[chosen.get_untracked().min(USES.len() - 1)];
        let (layer, unit) = (said(layer), Some(said(unit)));
        app.correct(id, |c| {
            // One layer a quantity; VV and VH of one file can both be said.
            c.layers.retain(|g| g.role != role && c.usage == Some(usage));
            c.usage = Some(usage);
            c.layers.push(LayerUse { layer, role, unit });
        });
    };
    let forget = move |_| {
        app.correct(id, |c| {
            c.layers.clear();
            c.usage = None;
        });
    };
    view! {
        <div class="fields">
            <label>"layer "<select node_ref=layer aria-label=format!("Layer of {name}")>
                {arrays.iter().map(|(path, _)| view! { <option value=path.clone()>{path.clone()}</option> }).collect_view()}
            </select></label>
            <label>"use as "<select aria-label=format!("Use this layer of {name} as") on:change=move |e| chosen.set(event_target_value(&e).parse().unwrap_or_default())>
                {USES.iter().enumerate().map(|(n, u)| view! { <option value=n.to_string()>{u.0}</option> }).collect_view()}
            </select></label>
            <label>"unit "<select node_ref=unit aria-label=format!("Unit of this layer of {name}")>
                {move || USES[chosen.get().min(USES.len() - 1)].3.iter().map(|u| view! { <option value=*u>{*u}</option> }).collect_view()}
            </select></label>
            <button type="button" on:click=used>"Use"</button>
            {(!given.is_empty()).then(|| view! { <button type="button" class="quiet" on:click=forget>"As detected"</button> })}
        </div>
    }
    .into_any()
}
