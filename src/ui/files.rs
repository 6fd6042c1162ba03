//! The file list: what each file was recognised as, its problems, and what the user knows better.

use leptos::prelude::*;

use super::layer_use;
use super::sides::{GROUND, Side, narrow};
use super::store::App;
use crate::protocol::FileReport;
use crate::state::{Event, FileRow, place_name};
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
    let given = row.correction.clone();
    let shown = given.date.or(report.date).map(|d| d.to_string()).unwrap_or_default();
    let id = row.id;
    let backscatter = report.scale.is_some();
    view! {
        <details class="correct">
            <summary>"Correct"</summary>
            <div class="fields">
                <label>"date "<input type="date" value=shown on:change=move |e| {
                    let date = iso_date::parse(&event_target_value(&e));
                    app.correct(id, |c| c.date = date);
                }/></label>
                <label>"use as "{choice(format!("Use {name} as"), &USAGES, given.usage, move |v| app.correct(id, |c| c.usage = v))}</label>
                <label>"orbit "{choice(format!("Orbit of {name}"), &ORBITS, given.orbit, move |v| app.correct(id, |c| c.orbit = v))}</label>
                {backscatter.then(|| view! {
                    <label>"scale "{choice(format!("Backscatter scale of {name}"), &SCALES, given.scale, move |v| app.correct(id, |c| c.scale = v))}</label>
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
    let date = report.date.map(|d| d.to_string());
    let valid =
        report.statistics.map(|s| format!("{:.1} % valid", 100.0 * s.valid as f64 / s.cells.max(1) as f64));
    let range = report
        .statistics
        .and_then(|s| Some(format!("{:.3} to {:.3}, mean {:.3}", s.min?, s.max?, s.mean?).replace('-', "−")));
    let superseded = report.superseded_by.as_ref().map(|by| format!("Not used: superseded by {by}."));
    let arrays = (!report.arrays.is_empty()).then(|| layer_use::layers(app, row, &report.arrays));
    let short = report.variable.as_deref().map(|v| v.rsplit('/').next().unwrap_or(v).to_owned());
    let problems =
        report.problems.iter().map(|p| view! { <p class="problem">{p.clone()}</p> }).collect_view();
    view! {
        <td>{product}{report.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</td>
        <td class="date">{date}<small>{origin}{orbit.map(|o| format!(", {o}"))}</small></td>
        <td class="grid">{report.grid.clone()}</td>
        <td class="variable" title=report.variable.clone()>{short}<small>{report.evidence.clone()}</small></td>
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
    let bytes = (row.bytes > 0).then(|| size_text(row.bytes));
    // Stations have no product, and refused files have no layers.
    let is_map =
        row.report.as_ref().is_some_and(|r| r.product.is_some() || r.simulated && r.refused.is_none());
    view! {
        <tr data-file=name.clone()>
            <th scope="row"><span class="filename" translate="no">{name.clone()}</span><small>{bytes}</small>{is_map.then(|| layer_use::show(app, id, None, "Show".to_owned(), &name))}</th>
            {match &row.report {
                None => view! { <td colspan="7" class="waiting">"reading…"</td> }.into_any(),
                Some(report) => match report.refused.clone() {
                    Some(sentence) => refused(app, &row, report, &sentence),
                    None => cells(app, &row, report),
                },
            }}
            <td><button type="button" class="quiet" aria-label=format!("Remove {name}") on:click=move |_| app.tell(Event::Forget(id))>"Remove"</button></td>
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
            let all: [(_, _, fn() -> Event); 3] = [
                ("own-back", desk.own_text(), || Event::BackToOwn),
                ("demo-back", desk.demo_text(place_name), || Event::BackToDemo),
                ("removed-back", desk.removed_text(|row| row.name.clone()), || Event::BackToRemoved),
            ];
            all.into_iter().filter_map(|(id, text, back)| Some((id, text?, back))).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="aside" id="aside" role="status" aria-live="polite" class:none=move || lines().is_empty()>
            {move || lines().into_iter().map(|(id, (text, button), back)| view! {
                <p>
                    {text}" "
                    <button type="button" id=id on:click=move |_| app.tell(back())>{button}</button>
                    {(id == "removed-back").then(|| view! {
                        <button type="button" class="quiet" aria-label="Do not offer removed files again" on:click=move |_| app.tell(Event::ForgetRemoved)>"Dismiss"</button>
                    })}
                </p>
            }).collect_view()}
        </div>
    }
    .into_any()
}

/// What the list shows: a file, or a button with the group that it opens or closes (none shows more).
enum Line {
    File(FileRow),
    Button(String, Option<String>),
}

/// Where a file stands in a long list: what was not read comes first, then what has notes; each by product and month.
fn group(row: &FileRow) -> (u8, String) {
    match &row.report {
        None => (3, "Being read".to_owned()),
        Some(report) if report.refused.is_some() => (0, "Not read".to_owned()),
        Some(report) => {
            let product = report.product.map_or("Stations", Product::name);
            let month = report.date.map(|date| format!(" {}-{:02}", date.year(), date.month()));
            let notes = if report.problems.is_empty() { "" } else { ", with notes" };
            (2 - u8::from(notes.len() > 1), format!("{product}{}{notes}", month.unwrap_or_default()))
        }
    }
}

/// The lines of a list: files as they came, or grouped. The groups in `turned` are not as at first, when only what was not read is shown.
fn lines(rows: Vec<FileRow>, grouped: bool, turned: &[String], limit: usize) -> Vec<Line> {
    // Put in where they belong: a sort of such rows is 2 kB of the page.
    let mut groups: Vec<((u8, String), Vec<FileRow>)> = Vec::new();
    for row in rows {
        let key = if grouped { group(&row) } else { Default::default() };
        let at = groups.partition_point(|g| g.0 < key);
        match groups.get_mut(at).filter(|g| g.0 == key) {
            Some(group) => group.1.push(row),
            None => groups.insert(at, (key, vec![row])),
        }
    }
    let (mut lines, mut hidden, mut files) = (Vec::new(), 0, 0);
    for ((rank, title), rows) in groups {
        let open = !grouped || (rank == 0) != turned.contains(&title);
        if grouped {
            let text = format!("{} {title}: {}", if open { "▾" } else { "▸" }, rows.len());
            lines.push(Line::Button(text, Some(title)));
        }
        if open {
            let shown = rows.len().min(limit - files);
            (files, hidden) = (files + shown, hidden + rows.len() - shown);
            lines.extend(rows.into_iter().take(shown).map(Line::File));
        }
    }
    if hidden > 0 {
        lines.push(Line::Button(format!("Show more ({hidden} not shown)"), None));
    }
    lines
}

/// The list, a page at a time, filtered by name.
#[component]
pub fn FilesSection() -> impl IntoView {
    let app = App::here();
    // Once stations are read their panel opens, where there is room for it: it has the progress, and Cancel.
    let stations =
        Memo::new(move |_| app.ground.job.with(Option::is_some) || app.ground.stations.with(Option::is_some));
    Effect::new(move |_| {
        if stations.get() && !narrow() {
            app.right.set(Side { panel: GROUND, open: true });
        }
    });
    let limit = RwSignal::new(PAGE);
    let filter = RwSignal::new(String::new());
    let only_problems = RwSignal::new(false);
    let turned = RwSignal::new(Vec::new());
    let shown = move || {
        let (text, only) = (filter.get().to_ascii_lowercase(), only_problems.get());
        let mut rows = app.files.get();
        rows.retain(|r| {
            let bad = || r.report.as_ref().is_some_and(|r| r.refused.is_some() || !r.problems.is_empty());
            (text.is_empty() || r.name.to_ascii_lowercase().contains(&text)) && (!only || bad())
        });
        let grouped = text.is_empty() && rows.len() > PAGE;
        turned.with(|turned| lines(rows, grouped, turned, limit.get()))
    };
    let press = move |title: &Option<String>| match title {
        None => limit.update(|l| *l += PAGE),
        Some(title) => turned.update(|turned| match turned.iter().position(|t| t == title) {
            Some(at) => drop(turned.remove(at)),
            None => turned.push(title.clone()),
        }),
    };
    let line = move |line: Line| {
        match line {
        Line::File(row) => view! { <Row row=row/> }.into_any(),
        Line::Button(text, title) => view! {
            <tr><th colspan="9"><button type="button" class="quiet" on:click=move |_| press(&title)>{text}</button></th></tr>
        }
        .into_any(),
    }
    };
    let key = |line: &Line| match line {
        Line::File(row) => (row.id, row.revision, String::new()),
        Line::Button(text, _) => (u32::MAX, 0, text.clone()),
    };
    let count = move || app.files.with(Vec::len);
    let many = move || count() > 6;
    view! {
        <section class="files" aria-labelledby="files-title" hidden=move || count() == 0>
            <div class="head">
                <h2 id="files-title">"Files "<span class="num">{count}</span></h2>
                <div class="row" hidden=move || !many()>
                    <input type="search" aria-label="Filter by name" placeholder="Filter by name" on:input=move |e| filter.set(event_target_value(&e))/>
                    <label class="check"><input type="checkbox" on:change=move |e| only_problems.set(event_target_checked(&e))/>"with problems"</label>
                </div>
                <button type="button" class="quiet" on:click=move |_| app.tell(Event::ForgetAll)>"Remove all"</button>
            </div>
            <div class="tablewrap" tabindex="0" role="group" aria-labelledby="files-title">
                <table>
                    <thead><tr>
                        <th scope="col">"File"</th><th scope="col">"Product"</th><th scope="col">"Date"</th><th scope="col">"Grid"</th>
                        <th scope="col">"Variable"</th><th scope="col">"Valid"</th><th scope="col">"Used as"</th><th scope="col">"Notes"</th>
                        <th><span class="sr-only">"Remove"</span></th>
                    </tr></thead>
                    <tbody><For each=shown key=key let:item>{line(item)}</For></tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
