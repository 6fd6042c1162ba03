//! A bundle that is opened again: what it is of, which of its files are open, and how the map made again compares.

use leptos::prelude::*;

use super::store::App;
use crate::protocol::{BundleComparison, BundleReport};
use crate::state::BundleAction;
use loam_core::export::bundle::file_name;

/// Its input files, and which of them are open, by their names: their bytes are compared with the map.
fn inputs(app: App, report: &BundleReport) -> AnyView {
    if report.inputs.is_empty() {
        return view! { <p>"Made from simulated scenes: it needs no files."</p> }.into_any();
    }
    let names = report.inputs.clone();
    let missing = Memo::new(move |_| {
        app.files.with(|rows| {
            let open = |name: &str| rows.iter().any(|row| file_name(&row.name) == file_name(name));
            names.iter().filter(|name| !open(name)).cloned().collect::<Vec<_>>()
        })
    });
    let all = report.inputs.len();
    view! {
        <p>{move || match missing.with(Vec::len) {
            0 => format!("All of its {all} input files are open."),
            n => format!("It was made from {all} files, which are not in it. Open them: {n} are missing."),
        }}</p>
        <details hidden=move || missing.with(Vec::is_empty)>
            <summary>"Missing files"</summary>
            <ul class="names" translate="no">{move || missing.get().into_iter().map(|name| view! { <li>{name}</li> }).collect_view()}</ul>
        </details>
    }
    .into_any()
}

fn comparison(compared: BundleComparison) -> AnyView {
    let class = if compared.reproduced { "passed" } else { "problem" };
    view! {
        <p class=class><strong>{compared.verdict}</strong></p>
        <ul class="names">{compared.details.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
    }
    .into_any()
}

/// The card.
#[component]
pub fn BundleSection() -> impl IntoView {
    let app = App::here();
    // It is read here, and not in the page's first part.
    let report = Memo::new(move |_| {
        let packed = app.bundle.with(|bundle| bundle.as_ref()?.report.clone());
        packed.and_then(|packed| packed.open().ok())
    });
    let new =
        Memo::new(move |_| app.bundle.with(|b| b.as_ref().is_some_and(|b| b.adopt && b.report.is_some())));
    Effect::new(move |_| {
        if new.get() {
            app.tell(BundleAction::Adopt.event());
        }
    });
    let compared = Memo::new(move |_| app.bundle.with(|bundle| bundle.as_ref()?.compared.clone()));
    let job = Memo::new(move |_| app.bundle.with(|bundle| Some(bundle.as_ref()?.job.as_ref()?.what.clone())));
    let tell = move |action: BundleAction| move |_| app.tell(action.event());
    // The map is the present one of a date of the bundle, and nothing is being compared. What was found holds as long.
    let ready = move || {
        let date = app.map.with(|map| map.as_ref().map(|map| map.report.date));
        let of_it = |date| report.with(|r| r.as_ref().is_some_and(|r| r.dates.contains(&date)));
        date.is_some_and(of_it) && app.stale().is_none() && job.with(Option::is_none)
    };
    view! {
        {move || report.get().map(|report| view! {
            <section class="bundle" id="bundle" aria-labelledby="bundle-title">
                <h2 id="bundle-title">"Bundle"</h2>
                <p><strong>{report.title.clone()}</strong>", "{report.made.clone()}"."</p>
                {inputs(app, &report)}
                <div class="row">
                    <button type="button" id="bundle-compare" disabled=move || !ready() on:click=tell(BundleAction::Compare)>"Compare with this map"</button>
                    <button type="button" class="quiet" id="bundle-adopt" title="Date, region, rules, method and weights as in the bundle" on:click=tell(BundleAction::Again)>"Use its choices again"</button>
                    <button type="button" class="quiet" id="bundle-close" on:click=tell(BundleAction::Close)>"Close"</button>
                </div>
                {move || job.get().map(|what| view! {
                    <div class="job"><p>{what}</p><progress></progress><button type="button" on:click=tell(BundleAction::Cancel)>"Cancel"</button></div>
                })}
                <div id="bundle-verdict" role="status">{move || compared.get().filter(|_| ready()).map(comparison)}</div>
            </section>
        })}
    }
    .into_any()
}
