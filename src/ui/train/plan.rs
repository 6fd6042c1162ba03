//! Which dates train, validate and test: one row each, so that colour is never alone.

use leptos::html;
use leptos::prelude::*;

use crate::state::days::day_number;
use crate::state::words;
use crate::ui::canvas;
use crate::ui::panel::watch_size;
use crate::ui::store::App;
use loam_core::network::Network;
use loam_core::training::{DateRole, TrainPlan};

/// Left margin for the names of the rows, CSS pixels.
const MARGIN: f64 = 64.0;
/// A row's height.
const ROW: f64 = 16.0;

/// Custom property of a role's colour.
pub fn colour(role: DateRole) -> &'static str {
    match role {
        DateRole::Train => "--train",
        DateRole::Validate => "--validate",
        DateRole::Test => "--test",
        DateRole::Gap => "--soft",
    }
}

fn draw(ctx: &web_sys::CanvasRenderingContext2d, width: f64, plan: &TrainPlan) {
    let (Some(first), Some(last)) = (plan.dates.first(), plan.dates.last()) else { return };
    let (first, last) = (f64::from(day_number(first.date)), f64::from(day_number(last.date)) + 1.0);
    let wide = width - MARGIN - 4.0;
    let day = wide / (last - first).max(1.0);
    let (ink, rule) = (canvas::css("--ink"), canvas::css("--rule"));
    ctx.set_font("12px system-ui, sans-serif");
    ctx.set_text_baseline("middle");
    for (row, (role, _)) in words::ROLES.into_iter().enumerate() {
        let y = row as f64 * (ROW + 3.0);
        ctx.set_fill_style_str(&ink);
        ctx.set_text_align("left");
        let _ = ctx.fill_text(&canvas::said(words::role(role)), 0.0, y + ROW / 2.0);
        ctx.set_fill_style_str(&rule);
        ctx.fill_rect(MARGIN, y + ROW, wide, 1.0);
        ctx.set_fill_style_str(&canvas::css(colour(role)));
        for planned in plan.dates.iter().filter(|d| d.role == role) {
            let x = MARGIN + (f64::from(day_number(planned.date)) - first) * day;
            // What is left out stands lower than what is used.
            let (top, high) = if role == DateRole::Gap { (y + ROW / 2.0, ROW / 2.0) } else { (y, ROW) };
            ctx.fill_rect(x, top, (day - 0.5).clamp(1.5, 6.0), high);
        }
    }
}

/// What a date must have to be learnt from.
pub fn target(network: Network) -> &'static str {
    network.about().target
}

/// `34 train, 3 left out, 6 validate, 7 test`.
pub fn counts(plan: &TrainPlan) -> String {
    let parts =
        words::ROLES.into_iter().map(|(role, _)| format!("{} {}", plan.count(role), words::role(role)));
    parts.collect::<Vec<_>>().join(", ")
}

fn lists(plan: &TrainPlan, network: Network) -> AnyView {
    let rows = words::ROLES.into_iter().filter(|(role, _)| plan.count(*role) > 0).map(|(role, _)| {
        let dates = plan.of(role).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        view! { <li><strong>{words::role(role)}": "</strong>{dates}</li> }
    });
    let unusable = (!plan.unusable.is_empty()).then(|| {
        let list = plan
            .unusable
            .iter()
            .map(|d| view! { <li>{format!("{}: {}", d.date, d.why)}</li> })
            .collect_view();
        view! {
            <details>
                <summary>{
                    let (count, s) = (plan.unusable.len(), if plan.unusable.len() == 1 { "" } else { "s" });
                    format!("{count} date{s} with {} cannot be used", target(network))
                }</summary>
                <ul>{list}</ul>
            </details>
        }
    });
    view! {
        <details><summary>"Dates by use"</summary><ul>{rows.collect_view()}</ul></details>
        {unusable}
    }
    .into_any()
}

/// Strip, legend with counts, lists.
#[component]
pub fn PlanStrip() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let network = move || t.settings.with(|s| s.network);
    let known = Memo::new(move |_| t.plan.with(|p| p.as_ref().is_some_and(|p| !p.dates.is_empty())));
    Effect::new(move |_| {
        size.track();
        known.track();
        t.plan.track();
        let Some((ctx, width, _)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        t.plan.with(|p| {
            if let Some(plan) = p {
                draw(&ctx, width, plan);
            }
        });
    });
    let label = move || {
        t.plan.with(|p| p.as_ref().map(|p| format!("Dates by use: {}", counts(p))).unwrap_or_default())
    };
    view! {
        <div class="plan" id="train-plan">
            <h3 class="minor">"Dates"</h3>
            <div hidden=move || !known.get()>
                <canvas class="planstrip" node_ref=node role="img" aria-label=label></canvas>
            </div>
            {move || t.plan.with(|p| p.as_ref().map(|plan| view! {
                <p class="key">{words::ROLES.into_iter().map(|(role, class)| view! {
                    <span class="nowrap"><span class=format!("swatch {class}")></span>{format!("{} {}", words::role(role), plan.count(role))}</span>" "
                }).collect_view()}</p>
                <p class="hint">{network().about().split}</p>
                {lists(plan, network())}
            }.into_any()))}
            {move || (t.plan.with(Option::is_none) && t.plan_problem.with(Option::is_none) && t.refusal(app).is_none())
                .then(|| view! { <p class="hint">"Working out which dates can be used…"</p> })}
        </div>
    }
    .into_any()
}
