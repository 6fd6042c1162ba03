//! All runs of this browser, beside each other, and as a CSV file.

use leptos::prelude::*;

use super::confirm::{Question, confirmed};
use crate::state::is_of;
use crate::state::words;
use crate::state::{Event, Run};
use crate::ui::canvas;
use crate::ui::store::App;
use loam_core::score::Gain;
use loam_core::score::ScoreRow;
use loam_core::training::{RunReport, Start, TrainResult};

/// Test uRMSE after, before and of the bilinear input, of two channels the first's.
#[must_use]
pub fn test_scores(result: &TrainResult) -> [Option<f64>; 3] {
    [ScoreRow::Estimate, ScoreRow::Before, ScoreRow::Bilinear].map(|row| result.urmse(row))
}

/// How a run stands. `here`: it is under way in this tab.
fn state(run: &RunReport, here: bool) -> String {
    if here {
        return "training now".to_owned();
    }
    match (&run.result, run.progress, run.in_use) {
        (Some(result), ..) => words::end(result.end).to_owned(),
        (None, _, true) => "another tab is training it".to_owned(),
        (None, Some(p), _) => format!("unfinished, epoch {} of {}", p.epoch, run.settings.epochs),
        (None, None, _) => "unfinished".to_owned(),
    }
}

/// The header of the CSV file. Losses, scores and gains are in the row's unit; of brightness temperatures they are V's.
const HEADER: [&str; 38] = [
    "begun (UTC)",
    "region",
    "simulated",
    "state",
    "network",
    "unit",
    "start",
    "start weights",
    "start weights SHA-256",
    "inputs",
    "epochs wanted",
    "learning rate",
    "batch",
    "seed",
    "flips",
    "frozen",
    "patience (epochs)",
    "checkpoint (steps)",
    "validate from",
    "test from",
    "images trained",
    "images validated",
    "images tested",
    "images left out",
    "epochs done",
    "best epoch",
    "best validation loss",
    "test dates",
    "test uRMSE after",
    "test uRMSE before",
    "test uRMSE bilinear",
    "gain over before",
    "gain over before, 95 % low",
    "gain over before, 95 % high",
    "gain over bilinear, mean and 95 % interval",
    "training (s)",
    "device",
    "weights SHA-256",
];

/// The table as CSV, a header with units first.
#[must_use]
pub fn csv(runs: &[RunReport]) -> String {
    let mut text = words::csv_line(&HEADER.map(str::to_owned));
    for run in runs {
        let (s, r) = (&run.settings, run.result.as_ref());
        let of = |get: &dyn Fn(&TrainResult) -> String| r.map(get).unwrap_or_default();
        let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        let gain = |get: fn(&Gain) -> f64| number(r.and_then(|r| r.over_before.as_ref()).map(get));
        let scores = r.map(test_scores).unwrap_or_default();
        let date = |d: Option<jiff::civil::Date>| d.map_or_else(|| "automatic".to_owned(), |d| d.to_string());
        text.push_str(&words::csv_line(&[
            words::moment(run.begun_ms),
            run.region.clone(),
            run.simulated.to_string(),
            state(run, false),
            s.network.about().short.to_owned(),
            s.network.unit().to_owned(),
            if s.start == Start::Scratch { "scratch" } else { "current" }.to_owned(),
            run.from.name.clone(),
            run.from.hash.clone(),
            if s.network.about().inputs.len() > 1 { s.inputs.name() } else { "" }.to_owned(),
            s.epochs.to_string(),
            s.learning_rate.to_string(),
            s.batch.to_string(),
            s.seed.to_string(),
            s.flips.to_string(),
            words::frozen(s),
            s.patience.to_string(),
            s.checkpoint_steps.to_string(),
            date(s.validate_from),
            date(s.test_from),
            of(&|r| r.images[0].to_string()),
            of(&|r| r.images[1].to_string()),
            of(&|r| r.images[2].to_string()),
            of(&|r| r.images[3].to_string()),
            of(&|r| r.epochs.to_string()),
            of(&|r| r.best_epoch.to_string()),
            of(&|r| r.best_loss.to_string()),
            of(&|r| r.dates.to_string()),
            number(scores[0]),
            number(scores[1]),
            number(scores[2]),
            gain(|g| g.mean),
            gain(|g| g.low),
            gain(|g| g.high),
            of(&|r| {
                r.over_bilinear
                    .as_ref()
                    .map(|g| format!("{} ({} to {})", g.mean, g.low, g.high))
                    .unwrap_or_default()
            }),
            of(&|r| r.seconds.to_string()),
            run.device.clone(),
            of(&|r| r.hash.clone()),
        ]));
    }
    text
}

fn buttons(app: App, run: &RunReport) -> AnyView {
    let t = app.train;
    let id = run.run.clone();
    let whose = format!("the run of {} begun {}", run.region, words::moment(run.begun_ms));
    let act = if run.result.is_some() {
        let this = run.clone();
        let in_use = Memo::new(move |_| app.weights.with(|w| is_of(w, &this)));
        view! {
            <button type="button" aria-label=format!("Use the weights of {whose}") aria-pressed=move || in_use.get().to_string() on:click=move |_| app.tell(Event::UseRun(id.clone()))>
                {move || if in_use.get() { "In use" } else { "Use" }}
            </button>
        }
        .into_any()
    } else {
        let taken = run.in_use;
        view! {
            <button type="button" aria-label=format!("Resume {whose}") disabled=move || taken || t.is_active() on:click=move |_| app.tell(Event::Resume(id.clone()))>
                "Resume"
            </button>
        }
        .into_any()
    };
    let id = StoredValue::new(run.run.clone());
    let question = Question {
        label: "Delete",
        name: format!("Delete {whose}"),
        question: "Delete this run for good?",
        yes: "Delete",
        no: "Keep it",
        id: None,
        yes_id: None,
    };
    let delete =
        (!run.in_use).then(|| confirmed(question, move || app.tell(Event::ForgetRun(id.get_value()))));
    view! { <div class="row">{act}{delete}</div> }.into_any()
}

fn row(app: App, run: &RunReport, here: bool) -> AnyView {
    // The columns' heads say m³/m³.
    let unit = if run.settings.network.output().is_kelvin() { " K" } else { "" };
    let number = |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{}{unit}", words::loss(value)))
    };
    let r = run.result.as_ref();
    let scores = r.map(test_scores).unwrap_or_default();
    let epochs = match (r, run.progress) {
        (Some(r), _) => format!("{} of {}", r.epochs, run.settings.epochs),
        (None, Some(p)) => format!("{} of {}", p.epoch, run.settings.epochs),
        (None, None) => format!("– of {}", run.settings.epochs),
    };
    let gain = r
        .and_then(|r| r.over_before)
        .map_or_else(|| "–".to_owned(), |g| format!("{}{unit}", words::gain(&g)));
    view! {
        <tr data-run=run.run.clone()>
            <th scope="row"><span class="date">{words::moment(run.begun_ms)}</span><small>{state(run, here)}</small></th>
            <td>{(!here).then(|| buttons(app, run))}</td>
            <td>{run.region.clone()}{run.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</td>
            <td class="from">{if run.settings.start == Start::Scratch { "scratch".to_owned() } else { run.from.name.clone() }}</td>
            <td class="notes">{words::short(&run.settings)}</td>
            <td class="number">{run.settings.seed.to_string()}</td>
            <td class="number">{epochs}</td>
            <td class="number">{number(r.map(|r| r.best_loss))}</td>
            <td class="number">{number(scores[0])}</td><td class="number">{number(scores[1])}</td><td class="number">{number(scores[2])}</td>
            <td class="number">{gain}</td>
            <td class="number">{r.map_or_else(|| "–".to_owned(), |r| words::seconds(r.seconds))}</td>
            <td>{run.device.clone()}</td>
        </tr>
    }
    .into_any()
}

const COLUMNS: [&str; 14] = [
    "Begun (UTC)",
    "",
    "Region",
    "From",
    "Settings",
    "Seed",
    "Epochs",
    "Best loss m³/m³",
    "Test after m³/m³",
    "before",
    "bilinear",
    "Gain over before (95 %) m³/m³",
    "Time",
    "Device",
];

/// The table, where there is a run.
#[component]
pub fn RunTable() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let current = Memo::new(move |_| {
        t.run.with(|run| match run {
            Run::Preparing { run, .. } => run.clone(),
            Run::Running { run, .. } => Some(run.clone()),
            _ => None,
        })
    });
    let none = move || t.runs.with(Vec::is_empty);
    let store = move |_| {
        let text = t.runs.with_untracked(|runs| csv(runs));
        let saved = canvas::download("loam_runs.csv", "text/csv", text.as_bytes());
        app.tell(Event::Saved("loam_runs.csv".to_owned(), saved));
    };
    view! {
        <div class="runs" hidden=none>
            <div class="head">
                <h3 id="run-table-title">"Runs"</h3>
                <button type="button" class="quiet" id="runs-csv" on:click=store>"Save table as CSV"</button>
            </div>
            {move || t.unsaved.get().map(|why| view! { <p class="hint">{format!("These runs are gone when the tab is closed: {why}")}</p> })}
            <div class="tablewrap" tabindex="0" role="region" aria-labelledby="run-table-title">
                <table id="run-table">
                    <thead><tr>{COLUMNS.into_iter().map(|name| view! {
                        <th scope="col">{if name.is_empty() { view! { <span class="sr-only">"Actions"</span> }.into_any() } else { name.into_any() }}</th>
                    }).collect_view()}</tr></thead>
                    <tbody>{move || {
                        let current = current.get();
                        t.runs.get().iter().map(|run| row(app, run, current.as_ref() == Some(&run.run))).collect_view()
                    }}</tbody>
                </table>
            </div>
        </div>
    }
    .into_any()
}
