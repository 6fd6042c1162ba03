//! Says which weights are in use again after a reload.

use leptos::prelude::*;

use crate::state::{Event, is_of};
use crate::ui::store::App;

/// Says which weights of before are in use, with a button back to the shipped ones.
#[component]
pub fn Recalled() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let shown =
        Memo::new(move |_| t.recalled.get().filter(|recalled| app.weights.with(|w| is_of(w, &recalled.run))));
    move || {
        shown.get().map(|recalled| {
            view! {
                <div class="banner" id="recalled" role="region" aria-label="Weights in use">
                    <p>
                        <strong>{recalled.sentence()}</strong>
                        {recalled.run.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}
                    </p>
                    <div class="row">
                        <button type="button" id="recalled-shipped" on:click=move |_| app.tell(Event::UseShipped)>"Use the shipped weights"</button>
                        <button type="button" class="quiet" id="recalled-keep" on:click=move |_| app.tell(Event::KeepRecalled)>"Keep using them"</button>
                    </div>
                </div>
            }
            .into_any()
        })
    }
}
