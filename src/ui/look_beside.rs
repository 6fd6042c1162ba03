//! A layer by itself beside one of the map's, under one curtain: which layer, how it is painted, and both values in a cell.

use std::sync::Arc;

use leptos::prelude::*;

use super::layer_list::layer_choice;
use super::panel::{heading, scale_of};
use super::store::App;
use crate::protocol::LookPicture;
use crate::state::MapData;
use crate::state::cursor::Cell;
use ease_grid::Reason;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::{Scale, paint};

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

/// The map's layer, painted: four bytes a cell.
pub fn painted(app: App, data: &MapData, key: LayerKey, unit: &str) -> Option<Vec<u8>> {
    let layer = data.layer(key)?;
    let scale = shared_scale(app, data, key, unit);
    Some(paint(&layer.values, &layer.reasons, data.window().columns, &scale))
}

/// What the map's layer has where a pixel lies: its heading and value, and the difference where both have one unit.
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
    let at = cell.index(&data.window());
    let unit = scale_of(app, data.method(), key).with(|scale| scale.unit);
    let reason = Reason::from_u8(*layer.reasons.get(at)?);
    let there = layer.values.get(at).copied().filter(|v| reason == Reason::Valid && v.is_finite());
    let text = there.map_or_else(|| reason.text().to_owned(), |v| format!("{v:.4} {unit}"));
    let both = value.zip(there).filter(|_| unit == picture.unit);
    let difference =
        both.map(|(one, other)| format!(", left − right {:+.4}", one - other)).unwrap_or_default();
    Some(format!("{}: {text}{difference}", heading(&data, key)).replace('-', "−"))
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
        })
    }
}
