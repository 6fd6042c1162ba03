//! An unfinished run of before: said at the top, resumed or deleted by a button, never by itself.

use leptos::html;
use leptos::prelude::*;

use super::confirm::{Question, confirmed};
use crate::state::Event;
use crate::ui::store::App;
use loam_core::training::RunReport;

fn standing(run: &RunReport) -> String {
    let of = run.settings.epochs;
    match run.progress {
        Some(p) => format!("epoch {} of {of}", p.epoch),
        None => "no checkpoint yet".to_owned(),
    }
}

fn delete_of(app: App, run: &RunReport) -> AnyView {
    let id = StoredValue::new(run.run.clone());
    let question = Question {
        label: "Delete",
        name: format!("Delete the run of {}", run.region),
        question: "Delete this run for good?",
        yes: "Delete",
        no: "Keep it",
        id: None,
        yes_id: None,
    };
    confirmed(question, move || app.tell(Event::ForgetRun(id.get_value())))
}

fn free(app: App, run: &RunReport, broken: bool, others: usize) -> AnyView {
    let button = NodeRef::<html::Button>::new();
    if broken {
        Effect::new(move |_| {
            if let Some(button) = button.get() {
                let _ = button.focus();
            }
        });
    }
    let sentence = if broken {
        format!("The worker stopped; resume {} from the last checkpoint ({}).", run.region, standing(run))
    } else {
        format!("An unfinished run of {} ({}) is kept in this browser.", run.region, standing(run))
    };
    let id = run.run.clone();
    view! {
        <p>
            <strong>{sentence}</strong>
            {run.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}
            {(others > 0).then(|| view! { <small>{format!(" {others} more in the table of runs.")}</small> })}
        </p>
        <div class="row">
            <button type="button" class="primary" id="train-resume" data-run=run.run.clone() node_ref=button on:click=move |_| app.tell(Event::Resume(id.clone()))>"Resume"</button>
            {delete_of(app, run)}
        </div>
    }
    .into_any()
}

fn taken(app: App, run: &RunReport) -> AnyView {
    view! {
        <p>{format!("An unfinished run of {} ({}): another tab is training it.", run.region, standing(run))}</p>
        <div class="row"><button type="button" class="quiet" on:click=move |_| app.tell(Event::Runs)>"Look again"</button></div>
    }
    .into_any()
}

/// The newest unfinished run, unless one is under way here. The others are in the table.
#[component]
pub fn Banner() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let shown = Memo::new(move |_| {
        if t.is_active() {
            return None;
        }
        t.runs.with(|runs| {
            let unfinished: Vec<&RunReport> = runs.iter().filter(|r| r.result.is_none()).collect();
            let broken = unfinished.iter().find(|r| t.run.with(|run| run.lost() == Some(&r.run)));
            let run = broken.or(unfinished.iter().find(|r| !r.in_use)).or(unfinished.first())?;
            Some(((*run).clone(), broken.is_some(), unfinished.len() - 1))
        })
    });
    move || {
        shown.get().map(|(run, broken, others)| {
            view! {
                <div class="banner" role="region" aria-label="Unfinished training">
                    {if run.in_use { taken(app, &run) } else { free(app, &run, broken, others) }}
                </div>
            }
            .into_any()
        })
    }
}
