//! Fine-tuning on the user's own region: settings, plan, estimate, progress, result, runs.
//!
//! As everywhere on the page nothing is computed here: the worker trains, and this section shows what it says. Nothing starts, resumes or
//! deletes without a button. At the end of a run the better weights are in use, and what is in use is used again after a reload; both are
//! said, with a button back.

mod after;
mod banner;
mod chart;
mod confirm;
pub mod curve;
mod estimate;
mod form;
mod live;
mod plan;
mod preview;
mod recall;
pub mod runs;
mod watch;

use leptos::html;
use leptos::prelude::*;

use super::store::App;

pub use banner::Banner;
pub use recall::Recalled;
pub(super) use watch::watch;

/// Gives a button the focus where the one that had it is gone (Start, Stop): a keyboard user stays where things go on.
fn catch_focus(button: NodeRef<html::Button>) {
    if let Some(button) = button.get()
        && document().active_element().is_none_or(|element| element.tag_name() == "BODY")
    {
        let _ = button.focus();
    }
}

/// The whole section. There once there are dates to learn from, or runs of before.
#[component]
pub fn FineTuneSection() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let running = Memo::new(move |_| t.is_active());
    let nothing = move || {
        app.timeline.with(|t| t.days.is_empty())
            && t.runs.with(Vec::is_empty)
            && !running.get()
            && t.run.with(|run| run.report().is_none())
    };
    view! {
        <p class="empty" hidden=move || !nothing()>"A network is trained for your region here, once files with 3 km maps are open."</p>
        <section id="fine-tune" class="train" aria-labelledby="fine-tune-title" hidden=nothing>
            <div class="head">
                <h2 id="fine-tune-title">"Fine-tune"</h2>
                {move || app.simulated().then(|| view! { <span class="tag">"SIMULATED"</span> })}
            </div>
            <p class="hint first">"The network learns how this region differs from what SMAP sees, from the 3 km maps you opened; on this device, nothing is uploaded. At the end the weights that are better on dates it did not learn from are in use."</p>
            {move || running.get().then(|| view! { <live::Live/> })}
            {move || t.run.with(|run| run.report().cloned()).map(|report| view! { <after::After report=report/> })}
            <chart::Curves/>
            <div class="prepare" hidden=move || running.get() || app.timeline.with(|t| t.days.is_empty())>
                <estimate::Prepare/>
                <details class="advanced settings">
                    <summary>"Settings, and which dates do what"</summary>
                    <form::SettingsForm/>
                    <plan::PlanStrip/>
                </details>
            </div>
            <runs::RunTable/>
        </section>
    }
    .into_any()
}
