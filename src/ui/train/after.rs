//! What came out of a run: the sentence, the scores, and what to do with the weights.

use leptos::html;
use leptos::prelude::*;

use super::catch_focus;
use crate::protocol::ExportForm;
use crate::state::is_of;
use crate::state::words;
use crate::state::{Event, READING};
use crate::ui::scores::score_box;
use crate::ui::store::App;
use loam_core::network::Network;
use loam_core::training::{RunReport, TrainResult};

fn intervals(result: &TrainResult, network: Network) -> AnyView {
    let bilinear = network.about().bilinear;
    let gains = [("before training", result.over_before), (bilinear, result.over_bilinear)];
    let (unit, channel) = (
        words::unit(network),
        if network.about().outputs.len() > 1 {
            format!(", {}", network.output().short())
        } else {
            String::new()
        },
    );
    let rows = gains.into_iter().filter_map(|(name, gain)| Some((name, gain?)));
    let rows = rows.map(|(name, gain)| view! { <li>{format!("uRMSE of {name} minus after{channel}: {} {unit}", words::gain(&gain))}</li> });
    let rows = rows.collect_view();
    let dates = result.dates;
    view! {
        <ul class="gains">{rows}</ul>
        {(dates > 0).then(|| view! {
            <p class="hint">{format!("Means over {dates} test dates, all estimates on the same pixels; in brackets the 95 % bootstrap interval over dates. Above 0: better after training.")}</p>
        })}
    }
    .into_any()
}

fn facts(report: &RunReport, result: &TrainResult) -> AnyView {
    let [train, validate, test, gap] = result.images;
    view! {
        <p class="hint">
            {format!(
                "{} of {} epochs, {}; epoch {} kept ({} {} {}). {train} images trained, {validate} validated, {test} tested, {gap} left out. {} on {}. Seed {}.",
                result.epochs, report.settings.epochs, words::end(result.end), result.best_epoch,
                report.settings.network.about().loss_name, words::loss(result.best_loss), words::unit(report.settings.network),
                words::seconds(result.seconds), report.device, report.settings.seed
            )}
        </p>
    }
    .into_any()
}

/// The panel.
#[component]
pub fn After(report: RunReport) -> impl IntoView {
    let app = App::here();
    let Some(result) = report.result.clone() else { return ().into_any() };
    let network = report.settings.network;
    let against = match (report.simulated, network.output().is_kelvin()) {
        (true, true) => {
            "Agreement with the simulated brightness temperature at 9 km of the test dates, without the radar product's noise."
        }
        (false, true) => "Agreement with the 9 km product of the test dates, not with what is on the ground.",
        (true, false) => "Agreement with the simulated 3 km maps of the test dates, not with the ground.",
        (false, false) => "Agreement with the 3 km maps of the test dates, not with the ground.",
    };
    let (keep, revert) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    let chosen = if result.choice.as_ref().is_none_or(|choice| choice.trained) { keep } else { revert };
    Effect::new(move |_| catch_focus(chosen));
    let choice = result.choice.as_ref().map_or(String::new(), |choice| format!("{} ", choice.sentence));
    let sentence = format!("{choice}{}", result.sentence).replace("m3/m3", "m³/m³");
    let kept = report.clone();
    let trained = Memo::new(move |_| app.weights.with(|w| is_of(w, &kept)));
    let can_predict = move || {
        let date = app.date.get();
        app.pending.get() != Some(READING)
            && app.timeline.with(|t| t.days.iter().any(|d| Some(d.date) == date && d.blocked.is_none()))
    };
    view! {
        <div class="after">
            <div class="head">
                <h3>{format!("Trained on {}", report.region)}</h3>
                {report.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}
            </div>
            <p id="train-sentence">{sentence}</p>
            {(!result.scores.is_empty()).then(|| view! { <p class="against">{against}</p> {score_box(&result.scores, network.into())} })}
            {intervals(&result, network)}
            {facts(&report, &result)}
            <p><strong>"In use: "</strong><span id="train-in-use">{move || if trained.get() { "the trained weights" } else { "other weights" }}</span>
                {move || app.weights.with(|w| (!w.name.is_empty()).then(|| format!(" ({})", w.name)))}
            </p>
            <div class="row">
                <button type="button" id="train-keep" node_ref=keep aria-pressed=move || trained.get().to_string() on:click=move |_| app.tell(Event::Keep(true))>"Keep"</button>
                <button type="button" id="train-revert" node_ref=revert aria-pressed=move || (!trained.get()).to_string() on:click=move |_| app.tell(Event::Keep(false))>"Revert to the weights from before"</button>
                <button type="button" id="train-predict" disabled=move || !can_predict() on:click=move |_| app.tell(Event::Predict)>"Predict again with these weights"</button>
                <button type="button" id="train-export" on:click=move |_| app.export(ExportForm::Weights)>"Save the weights in use"</button>
            </div>
        </div>
    }
    .into_any()
}
