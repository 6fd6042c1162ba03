//! A layer by itself beside one of the map's, under one curtain: which layer, how it is painted, and both values in a cell.

use std::sync::Arc;

use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::layer_list::layer_choice;
use super::panel::{self, heading, image_in, scale_of};
use super::store::App;
use crate::protocol::LookPicture;
use crate::state::MapData;
use crate::state::cursor::Cell;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::Scale;

/// The map that lies where the picture does. Tracked.
pub fn map_of(app: App, picture: &LookPicture) -> Option<Arc<MapData>> {
    app.map.get().filter(|data| data.window() == picture.window)
}

/// The map's layer that is compared with, where the map has it.
pub fn layer_of(data: &MapData, key: Option<LayerKey>) -> LayerKey {
    key.filter(|key| data.layer(*key).is_some()).unwrap_or_else(|| LayerKind::Estimate.into())
}

/// The scale of the map's layer: the picture's own where both have one unit, so that the same value has the same colour.
fn shared_scale(app: App, data: &MapData, key: LayerKey, unit: &str) -> Scale {
    let own = scale_of(app, data.method(), key).get();
    if own.unit == unit {
        let Scale { min, max, map, inverted, .. } = app.look_scale.get();
        return Scale { min, max, map, inverted, ..own };
    }
    own
}

/// The map's layer, painted.
pub fn image(app: App, data: &MapData, key: LayerKey, unit: &str) -> Option<HtmlCanvasElement> {
    image_in(data, key, &shared_scale(app, data, key, unit))
}

/// What the map's layer has where a pixel lies: its heading, the map's date and the value; the difference where both have one unit.
pub fn read_out(
    app: App,
    picture: &LookPicture,
    key: Option<LayerKey>,
    pixel: Cell,
    value: Option<f32>,
) -> Option<String> {
    let data = map_of(app, picture)?;
    let key = layer_of(&data, key);
    let layer = data.layer(key)?;
    let cell = Cell { column: pixel.column / picture.per, row: pixel.row / picture.per };
    let unit = scale_of(app, data.method(), key).with(|scale| scale.unit);
    let there = layer.values.get(cell.index(&data.window())).copied().filter(|value| value.is_finite());
    let difference = match (value, there) {
        (Some(left), Some(right)) if unit == picture.unit => format!("; left − right {:+.4}", left - right),
        _ => String::new(),
    };
    let right = panel::read_out(&data, layer, cell, unit);
    Some(format!("{} of {}: {right}{}", heading(&data, key), data.report.date, difference.replace('-', "−")))
}

/// The button that draws the curtain, and the list of the map's layers.
pub fn choice(
    app: App,
    picture: &LookPicture,
    on: RwSignal<bool>,
    key: RwSignal<Option<LayerKey>>,
) -> impl IntoView + use<> {
    let picture = picture.clone();
    move || {
        let data = map_of(app, &picture)?;
        let date = data.report.date;
        let list = {
            let present = data.clone();
            move || {
                layer_choice(
                    &data,
                    "look-right",
                    "Right side of the curtain",
                    {
                        let present = present.clone();
                        move || Some(layer_of(&present, key.get()))
                    },
                    move |chosen| key.set(Some(chosen)),
                )
            }
        };
        Some(view! {
            <span class="group">
                <button type="button" id="look-swipe" title="This layer and one of the map under one curtain" aria-pressed=move || on.get().to_string() on:click=move |_| on.update(|on| *on = !*on)>"Swipe"</button>
                {move || on.get().then(&list)}
            </span>
            {move || on.get().then(|| view! { <span class="sub">{format!("of {date}")}</span> })}
        })
    }
}
