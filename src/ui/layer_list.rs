//! Which layers are on the stage, and a list to choose one from.

use leptos::prelude::*;

use super::panel::heading;
use super::sides;
use super::stage::{FIRST, layers, of};
use super::store::App;
use crate::state::MapData;
use loam_core::layer::{LayerKey, LayerKind};

/// The layers that are on the stage. Tracked.
pub fn on_stage(app: App, data: &MapData) -> Vec<LayerKey> {
    let there = app.stage.get().map_or_else(Vec::new, |stage| stage.of(data));
    if !there.is_empty() {
        there
    } else if sides::narrow() {
        of(data, &[LayerKind::Estimate])
    } else {
        of(data, &FIRST)
    }
}

/// A list of the layers to choose one from.
pub fn layer_choice(
    data: &MapData,
    id: &'static str,
    label: &'static str,
    present: impl Fn() -> Option<LayerKey> + Clone + Send + 'static,
    choose: impl Fn(LayerKey) + 'static,
) -> AnyView {
    let keys = layers(data);
    let options = keys.iter().enumerate().map(|(n, key)| {
        let (key, present) = (*key, present.clone());
        view! { <option value=n.to_string() prop:selected=move || present() == Some(key)>{heading(data, key)}</option> }
    });
    let options = options.collect_view();
    let chosen = move |event| {
        if let Some(key) = event_target_value(&event).parse().ok().and_then(|at: usize| keys.get(at)) {
            choose(*key);
        }
    };
    view! { <select id=id aria-label=label on:change=chosen>{options}</select> }.into_any()
}
