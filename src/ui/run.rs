//! Rules: which retrievals count, which 3 km maps serve as history, and whether the estimate is shifted to
//! SMAP's means.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::store::App;
use crate::state::{Chosen, Event};
use loam_core::method::Method;
use loam_core::ranking::Ranking;
use loam_core::weights_report::{Prospect, WeightsReport};
use smap_files::QualityRule;

const RULES: [(&str, &str, QualityRule); 3] = [
    ("recommended", "recommended retrievals only", QualityRule::Recommended),
    ("with_uncertain", "also of uncertain quality", QualityRule::WithUncertain),
    ("all", "every value in range", QualityRule::All),
];

/// What they are.
const DISAGGREGATED: &str = "Where a date has SMAP and Sentinel-1 backscatter but no 3 km product, a 3 km map is made from both. Without such maps history is older, but of products alone";
/// What the shift to SMAP's means does.
const SHIFTED: &str = "Each 36 km block of the estimate then has SMAP's mean, SMAP's noise with it, and may show steps at its edges";
/// Why it cannot be chosen.
const OF_SMEN: &str = "Of SMEN's estimates alone";

/// Every method, best first, and which answers.
fn ranking(ranking: &Ranking) -> AnyView {
    let rows = ranking.rows.iter().map(|row| {
        let gain = row.over_bilinear.map_or_else(String::new, |gain| {
            format!("{:+.4} ({:.4} to {:.4})", gain.mean, gain.low, gain.high).replace('-', "−")
        });
        let name = row.method.name().to_owned() + if row.flattered { " (trained on these dates)" } else { "" };
        view! {
            <tr data-method=row.method.key() class:best=row.method == ranking.best>
                <th scope="row">{name}<small>{gain}</small></th><td class="number">{format!("{:.4}", row.urmse)}</td>
            </tr>
        }
    });
    view! {
        <p class="hint" id="ranking-sentence">{ranking.sentence().replace("m3", "m³")}</p>
        {(!ranking.rows.is_empty()).then(|| view! {
            <div class="tablewrap" tabindex="0" role="region" aria-label="Methods compared">
                <table id="ranking">
                    <thead><tr><th scope="col">"Method"<small>"better than bilinear by (95 %)"</small></th><th scope="col" class="number">"uRMSE"<small>"m³/m³"</small></th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            <p class="hint">{format!("{} dates, {} pixels, against the 3 km product; each date made from earlier ones alone.", ranking.dates.len(), ranking.pixels)}</p>
        })}
        {ranking.left_out.iter().map(|(method, why)| view! { <p class="hint">{format!("{}: {why}.", method.name())}</p> }).collect_view()}
    }
    .into_any()
}

/// Rules and weights.
#[component]
pub fn RulesSection() -> impl IntoView {
    let app = App::here();
    let cover = move |event| {
        if let Ok(percent) = event_target_value(&event).parse::<f32>() {
            app.choose(|s| s.history_cover = (percent / 100.0).clamp(0.0, 1.0));
        }
    };
    let disaggregated = move |event| {
        app.choose(|s| s.history_disaggregated = event_target_checked(&event));
    };
    let mass = move |event| app.choose(|s| s.mass_correction = event_target_checked(&event));
    let quality = move |event| {
        let value = event_target_value(&event);
        if let Some(rule) = RULES.iter().find(|r| r.0 == value) {
            app.choose(|s| s.quality = rule.2);
        }
    };
    let active = move || app.weights.with(WeightsReport::method);
    let fixed = move || !active().can_shift();
    let input = NodeRef::<leptos::html::Input>::new();
    let weights = move |event: web_sys::Event| {
        if let Some(input) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            if let Some(file) = input.files().and_then(|f| f.get(0)) {
                let name = file.name();
                app.outside().keep_weights(file);
                app.tell(Event::OpenWeights { name, among_data: None });
            }
            input.set_value("");
        }
    };
    view! {
        <section class="rules" aria-labelledby="rules-title">
            <h2 id="rules-title">"Rules and weights"</h2>
            <label class="stack">"Retrieval quality"
                <select id="quality" on:change=quality>
                    {RULES.iter().map(|r| view! { <option value=r.0 selected=move || app.settings.with(|s| s.quality == r.2)>{r.1}</option> }).collect_view()}
                </select>
            </label>
            <label class="inline">"History maps cover ≥ "
                <input type="number" min="0" max="100" step="1" id="cover" prop:value=move || app.settings.with(|s| format!("{:.0}", s.history_cover * 100.0)) on:change=cover/>" %"
            </label>
            <label class="inline" title=DISAGGREGATED>
                <input type="checkbox" id="disaggregated" prop:checked=move || app.settings.with(|s| s.history_disaggregated) on:change=disaggregated/>
                " Disaggregated maps as history too"
            </label>
            <label class="inline" title=move || if fixed() { OF_SMEN } else { SHIFTED }>
                <input type="checkbox" id="mass" disabled=fixed prop:checked=move || app.settings.with(|s| s.mass_correction) on:change=mass/>
                " Shift 36 km blocks to SMAP's mean"
            </label>
            <label class="stack">"Method"
                <select id="model" on:change=move |e| app.tell(Method::find(&event_target_value(&e)).map_or(Event::UseBest, Event::UseMethod))>
                    <option value="best" selected=move || app.choice.get() == Chosen::Best>"Auto: best on the newest dates"</option>
                    {Method::all().map(|method| view! {
                        <option value=method.key() selected=move || app.choice.get() != Chosen::Best && active() == method>{method.choice()}</option>
                    }).collect_view()}
                </select>
            </label>
            <div class="ranking">
                <button type="button" id="rank" disabled=move || app.timeline.with(|t| t.days.is_empty()) || app.predicting.get().is_some() on:click=move |_| app.tell(Event::Rank)>"Compare methods on these dates"</button>
                {move || app.ranked().map(|ranked| ranked.0.open().map_or_else(|error| error.to_string().into_any(), |found| ranking(&found)))}
            </div>
            {move || app.weights.with(|w| w.closed_form.is_none() && !w.network.is_shipped() && w.hash.is_empty()).then(|| view! {
                <p class="hint" id="no-tb-weights">
                    "No weights of the TB CNN come with this page: they are 6.7 MB for each place. Load a safetensors file here, train one under Train, or with the command line: "
                    <code>"loam train --network tb-soil-moisture --simulated --region tucson --out tb.safetensors"</code>
                </p>
            })}
            <div class="weights">
                {move || {
                    let prospect = app.prospect();
                    // All shipped weights were trained on simulated scenes.
                    let (simulated, hint) = match &prospect {
                        Prospect::InUse(w) if w.closed_form.is_some() => (false, "A closed form: computed from the files alone, nothing was trained.".to_owned()),
                        Prospect::InUse(w) if w.trained_on.is_empty() => (w.simulated, String::new()),
                        Prospect::InUse(w) => (w.simulated, format!("{} · SHA-256 {}", w.trained_on, w.hash)),
                        Prospect::Shipped { .. } => (true, "Shipped with this page for the present region; will be loaded with the next map.".to_owned()),
                    };
                    view! {
                        <p><strong>"Weights: "</strong>{prospect.name()}{simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</p>
                        <p class="hint">{hint}</p>
                    }
                    .into_any()
                }}
                <div class="row">
                    <button type="button" on:click=move |_| if let Some(input) = input.get_untracked() { input.click() }>"Load weights…"</button>
                    <input type="file" id="weights-input" accept=".safetensors,.pt,.pth" hidden node_ref=input on:change=weights/>
                    <button type="button" class="quiet" on:click=move |_| app.tell(Event::UseShipped)>"Use shipped"</button>
                </div>
            </div>
        </section>
    }
    .into_any()
}
