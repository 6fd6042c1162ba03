//! Stations in the ground: the list, the rules of matching, one click to compare, scores and series.
//!
//! Tables and figures are the report's own HTML, made in the worker from escaped text: page and report cannot differ, and the page needs no program
//! to draw them.

use ground_stations::matching::Rules;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::loggers::loggers;
use super::store::App;
use crate::protocol::GroundForm;
use crate::state::GroundAction;
use loam_core::closed_form::ClosedForm;
use loam_core::iso_date;
use loam_core::method::Method;

/// A rule of matching that is a number; an empty field is none.
struct Number {
    id: &'static str,
    label: &'static str,
    step: &'static str,
    get: fn(&Rules) -> Option<f64>,
    set: fn(&mut Rules, f64),
}

const NUMBERS: [Number; 8] = [
    Number {
        id: "ground-upper",
        label: "Sensors from, m",
        step: "0.01",
        get: |r| Some(r.depth.0),
        set: |r, v| r.depth.0 = v,
    },
    Number {
        id: "ground-lower",
        label: "down to, m",
        step: "0.01",
        get: |r| Some(r.depth.1),
        set: |r, v| r.depth.1 = v,
    },
    Number {
        id: "ground-window",
        label: "Overpass ±, h",
        step: "0.5",
        get: |r| Some(r.window_hours),
        set: |r, v| r.window_hours = v,
    },
    Number {
        id: "ground-longest",
        label: "rare records ±, h",
        step: "0.5",
        get: |r| Some(r.longest_window_hours),
        set: |r, v| r.longest_window_hours = v,
    },
    Number {
        id: "ground-frozen",
        label: "Frozen below, °C",
        step: "0.5",
        get: |r| r.frozen_below,
        set: |r, v| r.frozen_below = Some(v),
    },
    Number {
        id: "ground-pairs",
        label: "Pairs for a number",
        step: "1",
        get: |r| Some(r.fewest_pairs as f64),
        set: |r, v| r.fewest_pairs = v as usize,
    },
    Number {
        id: "ground-verdict",
        label: "for a verdict",
        step: "1",
        get: |r| Some(r.fewest_for_verdict as f64),
        set: |r, v| r.fewest_for_verdict = v as usize,
    },
    Number {
        id: "ground-cells",
        label: "Cells for a date",
        step: "1",
        get: |r| Some(r.fewest_cells as f64),
        set: |r, v| r.fewest_cells = v as usize,
    },
];

fn act(app: App, action: GroundAction) {
    app.tell(action.event());
}

/// Another number of the rules. What is none, or below what makes sense, leaves the one before.
fn typed(app: App, number: &Number, text: &str) {
    let mut rules = app.ground.rules.get_untracked();
    let text = text.trim().replace('−', "-").replace(',', ".");
    if text.is_empty() && number.id == "ground-frozen" {
        rules.frozen_below = None;
    } else if let Ok(value) = text.parse::<f64>() {
        // Fewer than three pairs have no correlation with an interval.
        let lowest = match number.id {
            "ground-frozen" => -60.0,
            "ground-pairs" | "ground-verdict" | "ground-cells" => 3.0,
            _ => 0.0,
        };
        (number.set)(&mut rules, value.max(lowest));
    }
    act(app, GroundAction::Rules(rules));
}

fn rules(app: App) -> AnyView {
    let dates = move |first: bool, text: String| {
        let (from, to) = app.ground.period.get_untracked();
        let date = iso_date::parse(&text);
        act(app, if first { GroundAction::Period(date, to) } else { GroundAction::Period(from, date) });
    };
    view! {
        <details id="ground-rules">
            <summary>"Rules of matching"</summary>
            <div class="fields">
                {NUMBERS.iter().map(|number| view! {
                    <label>{number.label}<input
                        type="number" id=number.id step=number.step
                        prop:value=move || app.ground.rules.with(|rules| (number.get)(rules).map(|v| v.to_string()).unwrap_or_default())
                        on:change=move |e| typed(app, number, &event_target_value(&e))
                    /></label>
                }).collect_view()}
                <label>"First date"<input type="date" id="ground-from" on:change=move |e| dates(true, event_target_value(&e))/></label>
                <label>"Last date"<input type="date" id="ground-to" on:change=move |e| dates(false, event_target_value(&e))/></label>
            </div>
            <p class="hint">"Flag G alone counts (U in older archives); SMAP sees about 5 cm deep, cosmic-ray probes reach to 0.3 m. Without dates all that have records. \
                Frozen soil is told by the archive's own temperature; an empty field leaves none out."</p>
            <button type="button" class="quiet" on:click=move |_| act(app, GroundAction::Rules(Rules::default()))>"Defaults"</button>
        </details>
    }
    .into_any()
}

/// Which methods are compared.
fn methods(app: App) -> AnyView {
    // Bilinear SMAP is there anyway; a network without shipped weights is compared where it is in use.
    let of_moisture = |method: &Method| {
        let ready = matches!(method, Method::Network(network) if network.is_shipped());
        let closed = matches!(method, Method::ClosedForm(form) if *form != ClosedForm::Bilinear);
        (ready || closed) && method.output() == Method::default().output()
    };
    let all = move || std::iter::once(None).chain(Method::all().filter(of_moisture).map(Some));
    let chosen = app.ground.methods;
    let tick = move |method: Option<Method>, on: bool| {
        let mut methods = chosen.get_untracked();
        methods.retain(|other| *other != method);
        if on {
            methods.push(method);
        }
        // In the order of the registry, whatever was ticked first.
        let methods = all().filter(|method| methods.contains(method)).collect();
        act(app, GroundAction::Methods(methods));
    };
    let words = |method: Option<Method>| method.map_or("the best here (auto)", Method::name);
    let summary = move || {
        let names: Vec<&str> = chosen.with(|methods| methods.iter().copied().map(words).collect());
        if names.is_empty() {
            "Methods: as under Method".to_owned()
        } else {
            format!("Methods: {}", names.join(", "))
        }
    };
    view! {
        <details id="ground-methods">
            <summary>{summary}</summary>
            <fieldset class="parts">
                <legend>"Methods to compare on the same pairs"</legend>
                {all().map(|method| view! {
                    <label class="check"><input
                        type="checkbox" data-method=method.map_or("auto", Method::key)
                        prop:checked=move || chosen.with(|methods| methods.contains(&method))
                        on:change=move |e| tick(method, event_target_checked(&e))
                    />{words(method)}</label>
                }).collect_view()}
            </fieldset>
            <p class="hint">"None ticked: the one chosen under Method. SMAP, bilinear SMAP and the 3 km product stand beside them always."</p>
        </details>
    }
    .into_any()
}

/// The station whose button was pressed.
fn pressed(event: &web_sys::MouseEvent) -> Option<usize> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("[data-station]").ok()??.get_attribute("data-station")?.parse().ok()
}

/// A pin at a station chooses it.
fn follow_pins(app: App) {
    Effect::new(move |_| {
        let pin = app.pins.with(|pins| pins.last().copied());
        let (Some(cell), Some(map)) = (pin, app.map.get_untracked()) else { return };
        let ((column, row), _) = cell.global(&map.window());
        let near = |at: f64, cell: usize| (at - cell as f64 - 0.5).abs() <= 1.5;
        let found = app.ground.stations.with_untracked(|list| {
            list.as_ref()?.marks.iter().position(|mark| near(mark.column, column) && near(mark.row, row))
        });
        if let Some(number) = found {
            act(app, GroundAction::Station(number));
        }
    });
}

/// The whole section.
#[component]
pub fn GroundSection() -> impl IntoView {
    let app = App::here();
    let ground = app.ground;
    follow_pins(app);
    let there = Memo::new(move |_| {
        ground.stations.with(|list| list.as_ref().is_some_and(|list| !list.marks.is_empty()))
    });
    let chosen = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if ground.chosen.with(Option::is_some)
            && let Some(place) = chosen.get()
        {
            place.scroll_into_view();
        }
    });
    let simulated = move || {
        ground.stations.with(|list| list.as_ref().is_some_and(|list| list.simulated))
            || ground.validated.with(|of| of.as_ref().is_some_and(|of| of.report.simulated))
    };
    let busy = move || ground.job.with(Option::is_some);
    let list = move || ground.stations.with(|list| list.as_ref().map(|l| l.html.clone()).unwrap_or_default());
    let scores =
        move || ground.validated.with(|of| of.as_ref().map(|of| of.report.html.clone()).unwrap_or_default());
    let one =
        move || ground.chosen.with(|one| one.as_ref().map(|(_, html)| html.clone()).unwrap_or_default());
    let stale = Memo::new(move |_| app.ground_stale());
    let compared = move || ground.validated.with(Option::is_some);
    let save = move |form| act(app, GroundAction::Save(form));
    view! {
        <section class="ground" aria-labelledby="ground-title">
            <div class="head"><h2 id="ground-title">"Does the ground agree?"</h2>{move || simulated().then(|| view! { <span class="tag">"SIMULATED"</span> })}</div>
            <div hidden=there>
                <p class="hint">"Open stations of the International Soil Moisture Network: the zip archive as it came, a folder of .stm files, or your own loggers' tables (CSV). They are compared with the maps made here, and stay on this device."</p>
                <button type="button" id="simulate-stations" hidden=move || app.desk.with(|desk| desk.demo().is_none()) disabled=busy on:click=move |_| act(app, GroundAction::Simulate)>"Simulated stations"</button>
            </div>
            {move || ground.job.get().map(|job| view! {
                <div class="job">
                    <p>{job.what.clone()} {(job.total > 0).then(|| format!(", {} of {}", job.done, job.total))}</p>
                    <progress max=job.total.max(1).to_string() value=job.done.to_string()></progress>
                    <button type="button" id="stop-ground" on:click=move |_| act(app, GroundAction::Cancel)>"Cancel"</button>
                </div>
            })}
            {loggers(app)}
            <div hidden=move || !there.get()>
                <p class="caution" hidden=move || !app.stations_elsewhere()>
                    "No station lies in the region. "<button type="button" class="quiet" id="go-to-stations" on:click=move |_| act(app, GroundAction::GoTo)>"Go to the stations"</button>
                </p>
                {rules(app)}
                {methods(app)}
                <div class="row">
                    <button type="button" class="primary" id="validate" disabled=busy on:click=move |_| act(app, GroundAction::Validate)>"Validate"</button>
                    <button type="button" id="save-report" hidden=move || !compared() on:click=move |_| save(GroundForm::Report)>"Report (HTML)"</button>
                    <button type="button" id="save-pairs" hidden=move || !compared() on:click=move |_| save(GroundForm::Pairs)>"CSV of pairs"</button>
                    <button type="button" id="save-netcdf" hidden=move || !compared() on:click=move |_| save(GroundForm::NetCdf)>"NetCDF for QA4SM"</button>
                </div>
                <p class="hint">"Predicts the dates that have records, and compares them with SMAP, bilinear SMAP and the 3 km product on the same pairs."</p>
                <div class="stationlist" id="station-list" tabindex="0" role="region" aria-label="Stations" prop:innerHTML=list on:click=move |e| {
                    if let Some(number) = pressed(&e) {
                        act(app, GroundAction::Station(number));
                    }
                }></div>
                <p class="hint legend" hidden=move || !compared()><span class="used">"●"</span>" enough pairs for a verdict "<span class="some">"■"</span>" for a number "<span class="few">"×"</span>" too few, or none. A station's name, or a pin on it, shows its series."</p>
                <p class="caution" id="ground-stale" hidden=move || stale.get().is_none()>{move || stale.get()}" Press Validate for the present choices."</p>
                <div class:stale=move || stale.get().is_some()>
                    <div class="groundhtml" id="station" node_ref=chosen prop:innerHTML=one></div>
                    <div class="groundhtml" id="ground-scores" prop:innerHTML=scores></div>
                </div>
            </div>
        </section>
    }
    .into_any()
}
