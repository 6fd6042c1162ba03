//! Scores of the estimate beside the baselines, on the same pixels, with the mission's line.

use leptos::prelude::*;

use super::store::App;
use crate::state::shown::summary;
use loam_core::file::FineOrigin;
use loam_core::method::Method;
use loam_core::score::{ScoreReport, ScoreRow};

/// SMAP's requirement for unbiased RMSE against the ground, m3/m3.
const MISSION: f64 = 0.04;

/// A number of a table, with a true minus.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.decimals$}").replace('-', "−"))
}

/// Bars of uRMSE with the 0.04 line.
fn bars(scores: &[ScoreReport], mission: bool) -> AnyView {
    let known: Vec<(String, f64)> = scores.iter().filter_map(|s| Some((s.name.clone(), s.urmse?))).collect();
    let top = known.iter().map(|s| s.1).fold(if mission { MISSION * 1.25 } else { 1e-9 }, f64::max) * 1.08;
    // The names stand above their bars: beside them there is no room in the side.
    let (wide, step) = (216.0, 36.0);
    let x = move |value: f64| value / top * wide;
    let height = known.len() as f64 * step + 24.0;
    let line = height - 18.0;
    view! {
        <svg class="bars" viewBox=format!("0 0 {} {height}", wide + 60.0) role="img" aria-label="Unbiased RMSE of each estimate; the same numbers are in the table">
            {known.iter().enumerate().map(|(i, (name, value))| {
                let y = i as f64 * step;
                view! {
                    <text y=(y + 13.0).to_string()>{name.clone()}</text>
                    <rect class=if i == 0 { "bar first" } else { "bar" } y=(y + 18.0).to_string() width=x(*value).to_string() height="14"></rect>
                }
            }).collect_view()}
            {mission.then(|| view! { <line class="mission" x1=x(MISSION).to_string() x2=x(MISSION).to_string() y1="0" y2=line.to_string()></line> })}
            {known.iter().enumerate().map(|(i, (_, value))| view! {
                <text x=(x(*value) + 6.0).to_string() y=(i as f64 * step + 30.0).to_string()>{format!("{value:.4}")}</text>
            }).collect_view()}
            {mission.then(|| view! { <text x=x(MISSION).to_string() y=(height - 5.0).to_string() text-anchor="middle">"0.04 mission line"</text> })}
        </svg>
    }
    .into_any()
}

/// The table with its bars below it.
pub(super) fn score_box(scores: &[ScoreReport], method: Method) -> AnyView {
    let tb = method.output().is_kelvin();
    let unit = if tb { "K" } else { "m³/m³" };
    view! {
        <div class="scorebox" tabindex="0" role="group" aria-label="Scores">
            <table>
                <thead><tr><th scope="col">"Estimate"</th><th scope="col">"uRMSE "{unit}</th><th scope="col">"bias "{unit}</th><th scope="col">"RMSE "{unit}</th><th scope="col">"R"</th></tr></thead>
                <tbody>{scores.iter().map(|s| view! {
                    <tr data-score=s.name.clone()>
                        <th scope="row">{s.name.clone()}<small>{format!("{} pixels", s.pixels)}</small></th>
                        <td class="number">{number(s.urmse, 4)}</td><td class="number">{number(s.bias, 4)}</td>
                        <td class="number">{number(s.rmse, 4)}</td><td class="number">{number(s.r, 3)}</td>
                    </tr>
                }).collect_view()}</tbody>
            </table>
            {bars(scores, !tb)}
        </div>
    }
    .into_any()
}

/// The whole section.
#[component]
pub fn ScoresSection() -> impl IntoView {
    let app = App::here();
    let stale = Memo::new(move |_| app.stale());
    let body = move || {
        app.map.get().map(|data| {
            let scores = data.report.scores.clone();
            let simulated = data.report.simulated;
            let made = data.report.reference == Some(FineOrigin::Disaggregated);
            let method = data.method();
            let against = match (simulated, made) {
                _ if data.report.reference == Some(FineOrigin::OwnMap) => "Agreement with a map that Loam made, chosen by hand as reference: it says nothing of the soil.",
                (true, _) if method.output().is_kelvin() => "Agreement with the simulated brightness temperature at 9 km, without the radar product's noise.",
                (false, _) if method.output().is_kelvin() => "Agreement with the 9 km product, not with what is on the ground.",
                (true, _) => "Agreement with the simulated 3 km map, not with the ground.",
                (false, true) => "Agreement with the 3 km map disaggregated here, not with the ground.",
                (false, false) => "Agreement with the SPL2SMAP_S product, not with the ground.",
            };
            let mass = data.report.mass.map(|mass| view! {
                <p class="hint" id="mass-score">{format!(
                    "Means over 36 km cells against SMAP's own values: RMSE {} m³/m³, bias {} m³/m³ ({} cells, each known at least by half). SMAP has noise of its own, so 0 is not the aim.",
                    number(Some(mass.rmse), 4), number(Some(mass.bias), 4), mass.cells
                )}</p>
            });
            let body = if scores.is_empty() {
                view! { <p class="empty">"No reference on this date, so no scores."</p> }.into_any()
            } else {
                view! {
                    <p class="against">{against}" All estimates on the same pixels"{scores.iter().any(|s| s.row == Some(ScoreRow::Persistence)).then_some("; persistence, which exists only where the last 3 km map did, on pixels of its own")}". "{summary(&scores)}</p>
                    {score_box(&scores, method)}
                }
                .into_any()
            };
            view! {
                <section class="scores" aria-labelledby="scores-title" class:stale=move || stale.get().is_some()>
                    <div class="head"><h2 id="scores-title">"Scores"</h2>{simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</div>
                    <p class="caution" id="scores-stale" hidden=move || stale.get().is_none()>{format!("These scores are of the map of {} above, not of the present choices.", data.report.date)}</p>
                    {body}
                    {mass}
                </section>
            }
            .into_any()
        })
    };
    view! {
        <p class="empty" hidden=move || app.map.with(Option::is_some)>"Scores of an estimate stand here once there is one with a reference."</p>
        {body}
    }
}
