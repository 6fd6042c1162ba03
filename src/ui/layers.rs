//! The layers of the map: which are on the stage, and their scales.

use std::sync::Arc;

use leptos::prelude::*;

use super::basemap;
use super::layer_list::on_stage;
use super::legend::Legends;
use super::panel::heading;
use super::stage::{Stage, layers};
use super::store::App;
use crate::state::MapData;

fn list(app: App, data: Arc<MapData>) -> AnyView {
    let keys = layers(&data);
    let rows = keys.into_iter().map(|key| {
        let (d1, d2) = (data.clone(), data.clone());
        let shown = move || on_stage(app, &d1).contains(&key);
        let cells = data.layer(key).map(|l| format!("{} of {} cells", l.statistics.valid, l.statistics.cells));
        let turn = move |event| {
            let mut chosen = untrack(|| on_stage(app, &d2));
            chosen.retain(|k| *k != key);
            if event_target_checked(&event) {
                chosen.push(key);
            }
            app.swipe.set(false);
            app.stage.set(Some(Stage::These(chosen)));
        };
        let alone = move |_| {
            app.swipe.set(false);
            app.stage.set(Some(Stage::These(vec![key])));
        };
        let name = heading(&data, key);
        view! {
            <li>
                <label class="check"><input type="checkbox" prop:checked=shown on:change=turn/><span>{name.clone()}<small>{cells}</small></span></label>
                <button type="button" class="quiet" aria-label=format!("{name} alone") on:click=alone>"alone"</button>
            </li>
        }
    });
    view! { <ul class="layerlist" id="layer-list">{rows.collect_view()}<li>{basemap::switch(app)}</li></ul> }
        .into_any()
}

/// The whole panel.
#[component]
pub fn LayersSection() -> impl IntoView {
    let app = App::here();
    view! {
        <section class="layers" aria-labelledby="layers-title">
            <h2 id="layers-title">"Layers"</h2>
            {move || match app.map.get() {
                Some(data) => view! {
                    {list(app, data.clone())}
                    <h3 class="minor">"Scales"</h3>
                    <Legends data=data/>
                }
                .into_any(),
                None => view! { <p class="empty">"The layers of a map are listed here once there is one."</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}
