//! The file list: what each file was recognised as, its problems, and what the user knows better.

use leptos::prelude::*;

use super::later::{Later, Part};
use super::state::{App, FileRow, place_name};
use crate::protocol::FileReport;
use crate::protocol::desk::Desk;
use loam_core::file::Usage;
use loam_core::iso_date;
use smap_files::{BackscatterScale, DateOrigin, Orbit, Product};

/// Rows shown at first, and added by each press of the button: a demo has thousands.
const PAGE: usize = 40;

/// Value and name of each choice; the empty one is "as detected".
const USAGES: [(&str, &str, Usage); 5] = [
    ("coarse", "36 km input", Usage::Coarse),
    ("fine", "3 km map", Usage::Fine),
    ("backscatter", "backscatter", Usage::Backscatter),
    ("temperature", "surface temperature", Usage::Temperature),
    ("ignored", "not used", Usage::Ignored),
];
const ORBITS: [(&str, &str, Orbit); 2] =
    [("ascending", "ascending", Orbit::Ascending), ("descending", "descending", Orbit::Descending)];
const SCALES: [(&str, &str, BackscatterScale); 4] = [
    ("decibel", "dB", BackscatterScale::Decibel),
    ("power", "linear power", BackscatterScale::Power),
    ("amplitude", "amplitude", BackscatterScale::Amplitude),
    ("digital_number", "digital number", BackscatterScale::DigitalNumber),
];

/// Bytes for people.
pub(super) fn size_text(bytes: u64) -> String {
    match bytes {
        0 => "–".to_owned(),
        b if b < 1_000 => format!("{b} B"),
        b if b < 1_000_000 => format!("{:.0} kB", b as f64 / 1e3),
        b if b < 1_000_000_000 => format!("{:.1} MB", b as f64 / 1e6),
        b => format!("{:.2} GB", b as f64 / 1e9),
    }
}

/// A select whose first choice is "as detected".
fn choice<T: Copy + PartialEq + Send + 'static>(
    label: String,
    choices: &'static [(&'static str, &'static str, T)],
    chosen: Option<T>,
    change: impl Fn(Option<T>) + 'static,
) -> AnyView {
    view! {
        <select
            aria-label=label
            on:change=move |e| {
                let value = event_target_value(&e);
                change(choices.iter().find(|c| c.0 == value).map(|c| c.2));
            }
        >
            <option value="" selected=chosen.is_none()>"as detected"</option>
            {choices.iter().map(|c| view! { <option value=c.0 selected=chosen == Some(c.2)>{c.1}</option> }).collect_view()}
        </select>
    }
    .into_any()
}

fn corrections(app: App, row: &FileRow, report: &FileReport) -> AnyView {
    let name = row.name.clone();
    let given = row.correction.get_untracked();
    let shown = given.date.or(report.date).map(|d| d.to_string()).unwrap_or_default();
    let row_of = || row.clone();
    let (r1, r2, r3, r4) = (row_of(), row_of(), row_of(), row_of());
    let backscatter = report.scale.is_some();
    view! {
        <details class="correct">
            <summary>"Correct"</summary>
            <div class="fields">
                <label>"date "<input type="date" value=shown on:change=move |e| {
                    let date = iso_date::parse(&event_target_value(&e));
                    app.correct(&r1, |c| c.date = date);
                }/></label>
                <label>"use as "{choice(format!("Use {name} as"), &USAGES, given.usage, move |v| app.correct(&r2, |c| c.usage = v))}</label>
                <label>"orbit "{choice(format!("Orbit of {name}"), &ORBITS, given.orbit, move |v| app.correct(&r3, |c| c.orbit = v))}</label>
                {backscatter.then(|| view! {
                    <label>"scale "{choice(format!("Backscatter scale of {name}"), &SCALES, given.scale, move |v| app.correct(&r4, |c| c.scale = v))}</label>
                })}
            </div>
        </details>
    }
    .into_any()
}

fn cells(app: App, row: &FileRow, report: &FileReport) -> AnyView {
    let product = report.product.map(Product::name);
    let usage = report.usage.and_then(|u| USAGES.iter().find(|c| c.2 == u)).map(|c| c.1);
    let scale = report.scale.and_then(|s| SCALES.iter().find(|c| c.2 == s)).map(|c| format!(" ({})", c.1));
    let origin = report.date_origin.map(|o| match o {
        DateOrigin::Metadata => "from the file",
        DateOrigin::FileName => "from its name",
        DateOrigin::User => "by you",
    });
    let orbit = report.orbit.and_then(|o| ORBITS.iter().find(|c| c.2 == o)).map(|c| c.1);
    let date = report.date.map_or_else(|| "–".to_owned(), |d| d.to_string());
    let valid = report.statistics.map_or_else(
        || "–".to_owned(),
        |s| format!("{:.1} %", 100.0 * s.valid as f64 / s.cells.max(1) as f64),
    );
    let range = report
        .statistics
        .and_then(|s| Some(format!("{:.3} to {:.3}, mean {:.3}", s.min?, s.max?, s.mean?).replace('-', "−")));
    let superseded = report.superseded_by.as_ref().map(|by| format!("Not used: superseded by {by}."));
    let arrays = (!report.arrays.is_empty()).then(|| view! { <Later part=Part::Layers(row.id)/> });
    let short = report.variable.as_deref().map(|v| v.rsplit('/').next().unwrap_or(v).to_owned());
    let problems =
        report.problems.iter().map(|p| view! { <p class="problem">{p.clone()}</p> }).collect_view();
    view! {
        <td>{product}{report.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</td>
        <td class="date">{date}<small>{origin}{orbit.map(|o| format!(", {o}"))}</small></td>
        <td class="grid">{report.grid.clone()}</td>
        <td class="variable" title=report.variable.clone()>{short}</td>
        <td class="number" title=range>{valid}</td>
        <td>{usage}{scale}</td>
        <td class="notes">{superseded.map(|s| view! { <p>{s}</p> })}{problems}{arrays}{corrections(app, row, report)}</td>
    }
    .into_any()
}

fn refused(app: App, row: &FileRow, report: &FileReport, sentence: &str) -> AnyView {
    view! {
        <td colspan="6" class="refused"><strong>"Not read: "</strong>{sentence.to_owned()}</td>
        <td class="notes">{corrections(app, row, report)}</td>
    }
    .into_any()
}

#[component]
fn Row(row: FileRow) -> impl IntoView {
    let app = App::here();
    let (id, name) = (row.id, row.name.clone());
    let report = row.report.clone();
    let bytes = size_text(row.bytes);
    let kept = row.clone();
    view! {
        <tr data-file=name.clone()>
            <th scope="row"><span class="filename">{name.clone()}</span><small>{bytes}</small></th>
            {move || match report.get() {
                None => view! { <td colspan="7" class="waiting">"reading…"</td> }.into_any(),
                Some(report) => match report.refused.clone() {
                    Some(sentence) => refused(app, &kept, &report, &sentence),
                    None => cells(app, &kept, &report),
                },
            }}
            <td><button type="button" class="quiet" aria-label=format!("Remove {name}") on:click=move |_| app.forget(id)>"Remove"</button></td>
        </tr>
    }
    .into_any()
}

/// What is put aside or was removed, and how it comes back.
#[component]
pub fn Aside() -> impl IntoView {
    let app = App::here();
    let lines = move || {
        app.desk.with(|desk| {
            let all: [(_, _, fn(App)); 3] = [
                ("own-back", desk.own_text(), App::back_to_own),
                ("demo-back", desk.demo_text(place_name), App::back_to_demo),
                ("removed-back", desk.removed_text(|row| row.name.clone()), App::undo_removal),
            ];
            all.into_iter().filter_map(|(id, text, back)| Some((id, text?, back))).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="aside" id="aside" role="status" aria-live="polite" class:none=move || lines().is_empty()>
            {move || lines().into_iter().map(|(id, (text, button), back)| view! {
                <p>
                    {text}" "
                    <button type="button" id=id on:click=move |_| back(app)>{button}</button>
                    {(id == "removed-back").then(|| view! {
                        <button type="button" class="quiet" aria-label="Do not offer removed files again" on:click=move |_| app.desk.update(Desk::forget_removed)>"Dismiss"</button>
                    })}
                </p>
            }).collect_view()}
        </div>
    }
    .into_any()
}

/// The list, a page at a time, filtered by name.
#[component]
pub fn FilesSection() -> impl IntoView {
    let app = App::here();
    let limit = RwSignal::new(PAGE);
    let filter = RwSignal::new(String::new());
    let only_problems = RwSignal::new(false);
    let matching = move || {
        let (text, only) = (filter.get().to_ascii_lowercase(), only_problems.get());
        let mut rows = app.files.get();
        rows.retain(|r| {
            let bad = || {
                r.report.with(|r| r.as_ref().is_some_and(|r| r.refused.is_some() || !r.problems.is_empty()))
            };
            (text.is_empty() || r.name.to_ascii_lowercase().contains(&text)) && (!only || bad())
        });
        rows
    };
    let count = move || app.files.with(Vec::len);
    let shown = move || {
        let mut rows = matching();
        rows.truncate(limit.get());
        rows
    };
    let many = move || count() > 6;
    view! {
        <section class="files" aria-labelledby="files-title" hidden=move || count() == 0>
            <div class="head">
                <h2 id="files-title">"Files "<span class="num">{count}</span></h2>
                <div class="row" hidden=move || !many()>
                    <input type="search" aria-label="Filter by name" placeholder="Filter by name" on:input=move |e| filter.set(event_target_value(&e))/>
                    <label class="check"><input type="checkbox" on:change=move |e| only_problems.set(event_target_checked(&e))/>"with problems"</label>
                </div>
                <button type="button" class="quiet" on:click=move |_| app.forget_all()>"Remove all"</button>
            </div>
            <div class="tablewrap" tabindex="0" role="region" aria-labelledby="files-title">
                <table>
                    <thead><tr>
                        <th scope="col">"File"</th><th scope="col">"Product"</th><th scope="col">"Date"</th><th scope="col">"Grid"</th>
                        <th scope="col">"Variable"</th><th scope="col">"Valid"</th><th scope="col">"Used as"</th><th scope="col">"Notes"</th>
                        <th><span class="sr-only">"Remove"</span></th>
                    </tr></thead>
                    <tbody><For each=shown key=|r| r.id let:row><Row row=row/></For></tbody>
                </table>
                <button type="button" class="more" hidden=move || matching().len() <= limit.get() on:click=move |_| limit.update(|l| *l += PAGE)>
                    {move || format!("Show more ({} not shown)", matching().len().saturating_sub(limit.get()))}
                </button>
            </div>
        </section>
    }
    .into_any()
}
