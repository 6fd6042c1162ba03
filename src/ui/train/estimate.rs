//! What a run will take, measured before it starts; and the button that starts it.

use leptos::prelude::*;

use crate::protocol::TrainEstimate;
use crate::state::{Event, words};
use crate::ui::files::size_text;
use crate::ui::store::App;
use loam_core::training::DateRole;

fn facts(estimate: &TrainEstimate) -> AnyView {
    let fact = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let limit = match estimate.buffer_limit_bytes {
        Some(limit) => {
            format!("{} of {} the GPU allows", size_text(estimate.largest_tensor_bytes), size_text(limit))
        }
        None => format!("{}, no limit on the CPU", size_text(estimate.largest_tensor_bytes)),
    };
    view! {
        <p class="total">{format!("All epochs: {}.", words::duration(estimate.seconds))}</p>
        <dl class="facts" id="train-facts">
            {fact("Images", super::plan::counts(&estimate.plan))}
            {fact("Steps per epoch", estimate.steps_per_epoch.to_string())}
            {fact("One step", words::seconds(estimate.seconds_per_step))}
            {fact("One epoch", words::seconds(estimate.seconds_per_epoch))}
            {fact("Memory", format!("about {}", size_text(estimate.memory_bytes)))}
            {fact("Largest tensor", limit)}
            {fact("Storage", format!("about {} in this browser", size_text(estimate.storage_bytes)))}
        </dl>
        {estimate.warnings.iter().map(|w| view! { <p class="problem">{w.clone()}</p> }).collect_view()}
    }
    .into_any()
}

/// Both buttons, and what was measured.
#[component]
pub fn Prepare() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let blocked = Memo::new(move |_| {
        let nothing = t.plan.with(|p| p.as_ref().is_none_or(|p| p.count(DateRole::Train) == 0));
        t.refusal(app).is_some() || nothing || app.device.with(Option::is_none) || t.is_active()
    });
    view! {
        <div class="row prepare-buttons">
            <button type="button" id="train-estimate" disabled=move || blocked.get() || t.estimating.with(Option::is_some) on:click=move |_| app.tell(Event::Estimate)>
                "How long would it take?"
            </button>
            <button type="button" id="train-start" class="primary" disabled=blocked on:click=move |_| app.tell(Event::Train)>"Train for this region"</button>
            {move || t.estimating.get().map(|job| view! {
                <progress></progress><span class="what">{job.what}</span>
                <button type="button" on:click=move |_| app.tell(Event::CancelEstimate)>"Cancel"</button>
            })}
        </div>
        {move || t.plan_problem.get().map(|why| view! { <p class="problem" id="train-problem">{why}</p> })}
        <div role="status">{move || t.estimate.with(|e| e.as_ref().map(facts))}</div>
        {move || t.unsaved.get().map(|why| view! { <p class="problem">{format!("Checkpoints cannot be kept: {why}")}</p> })}
    }
    .into_any()
}
