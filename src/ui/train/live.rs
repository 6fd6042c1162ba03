//! The run under way: where it is, how long it will take, and how to pause or end it.

use leptos::html;
use leptos::prelude::*;

use super::catch_focus;
use super::confirm::{Question, confirmed};
use super::preview::PreviewMap;
use crate::state::{Event, Job, Run, words};
use crate::ui::files::size_text;
use crate::ui::store::App;

/// What is being prepared, with how much of it is done.
fn counted(job: &Job) -> String {
    if job.total > 0 { format!("{}, {} of {}", job.what, job.done, job.total) } else { job.what.clone() }
}

/// Where the run is, in one line.
fn progress(app: App) -> String {
    let t = app.train;
    let Some((epochs, steps)) =
        t.started.with(|s| s.as_ref().map(|s| (s.settings.epochs, s.steps_per_epoch)))
    else {
        return t.run.with(|run| run.job().map(counted).unwrap_or_default());
    };
    let Some(step) = t.step.get() else {
        let done = t.epochs.with(|e| e.last().map_or(0, |e| e.epoch));
        return format!("Epoch {} of {epochs}", (done + 1).min(epochs));
    };
    if t.run.with(Run::is_paused) {
        return format!("Epoch {} of {epochs}, step {} of {steps}, paused", step.epoch, step.step);
    }
    let left = if step.seconds_left.is_finite() {
        format!("{} left", words::duration(step.seconds_left))
    } else {
        "time left unknown".to_owned()
    };
    format!(
        "Epoch {} of {epochs}, step {} of {steps}, {left}, device busy {:.0} %",
        step.epoch,
        step.step,
        step.load * 100.0
    )
}

/// The panel.
#[component]
pub fn Live() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let started = Memo::new(move |_| t.started.with(Option::is_some));
    let pause = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if started.get() {
            catch_focus(pause);
        }
    });
    let pictured = Memo::new(move |_| t.preview.with(Option::is_some));
    let heading = move || {
        t.started.with(|s| match s {
            Some(s) => format!("Training on {}", s.region),
            None => "Preparing".to_owned(),
        })
    };
    let simulated = move || t.started.with(|s| s.as_ref().is_some_and(|s| s.simulated));
    let unsaved = move || t.started.with(|s| s.as_ref().and_then(|s| s.unsaved.clone()));
    let preparing = move || t.run.with(|run| run.job().cloned()).filter(|_| started.get());
    let cancel = Question {
        label: "Cancel",
        name: "Cancel the training".to_owned(),
        question: "Throw this run away?",
        yes: "Throw away",
        no: "Keep training",
        id: Some("train-cancel"),
        yes_id: Some("train-cancel-yes"),
    };
    view! {
        <div class="live">
            <div class="head"><h3>{heading}</h3>{move || simulated().then(|| view! { <span class="tag">"SIMULATED"</span> })}</div>
            <p id="train-progress">{move || progress(app)}</p>
            {move || match t.share(app).filter(|_| started.get()) {
                Some(share) => view! { <progress class="run" max="1" value=share.to_string() aria-labelledby="train-progress"></progress> }.into_any(),
                None => view! { <progress class="run" aria-labelledby="train-progress"></progress> }.into_any(),
            }}
            {move || preparing().map(|job| view! {
                <p class="hint">{counted(&job)}</p>
            })}
            <div class="row">
                <button type="button" id="train-pause" node_ref=pause disabled=move || !started.get() aria-pressed=move || t.run.with(Run::is_paused).to_string() on:click=move |_| app.tell(Event::Pause(!t.run.with_untracked(Run::is_paused)))>
                    {move || if t.run.with(Run::is_paused) { "Resume" } else { "Pause" }}
                </button>
                <button type="button" id="train-stop" disabled=move || !started.get() || t.run.with(Run::is_stopping) on:click=move |_| app.tell(Event::Stop)>
                    {move || if t.run.with(Run::is_stopping) { "Stopping…" } else { "Stop and keep the best" }}
                </button>
                {confirmed(cancel, move || app.tell(Event::CancelRun))}
            </div>
            {move || unsaved().map(|why| view! {
                <p class="problem" id="train-unsaved">{format!("Checkpoints cannot be kept, so closing this tab loses the run: {why}")}</p>
            })}
            {move || t.checkpoint.get().map(|c| view! {
                <p class="hint" id="train-checkpoint">{format!("Latest checkpoint: epoch {}, step {} in all, {}.", c.epoch, c.steps, size_text(c.bytes))}</p>
            })}
            {move || pictured.get().then(|| view! { <PreviewMap/> })}
        </div>
    }
    .into_any()
}
