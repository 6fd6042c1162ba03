//! A layer of a file by itself, over the maps: which, its legend with a scale of its own, and the button that returns to them.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use super::canvas::focus;
use super::histogram::histogram_of;
use super::legend::{Control, MaskKey, control};
use super::look_beside;
use super::look_map::{Hands, map, step_text, title, tools};
use super::sides::narrow;
use super::store::App;
use crate::protocol::{LookPicture, LookReport};
use crate::state::cursor::View;
use crate::state::{Look, LookAction, Looked};
use loam_core::map::{ColourMap, Scale};
use smap_files::Role;

/// The scale that a layer has at first: from its values.
fn scale_of(picture: &LookPicture) -> Scale {
    let colours = match picture.role {
        Role::SoilMoisture => "lapaz",
        Role::BackscatterVv | Role::BackscatterVh => "cividis",
        _ => "viridis",
    };
    let (min, max) = picture.limits;
    let map = ColourMap::find(colours).unwrap_or(ColourMap::moisture());
    Scale { min, max, unit: "", map, inverted: false }
}

/// Which layer of which file the scale is of.
fn layer_of(looked: &Looked) -> (String, String) {
    let report = &looked.report;
    (report.name.clone(), report.layers.get(report.layer).map(|l| l.name.clone()).unwrap_or_default())
}

/// The layers of the file to choose from.
fn layers(app: App, report: &LookReport) -> AnyView {
    let names: Vec<String> = report.layers.iter().map(|layer| layer.name.clone()).collect();
    // The groups of a path are only said where two layers have the same name.
    let short = |name: &str| {
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let same = report.layers.iter().filter(|other| last(&other.name) == last(name)).count();
        if same > 1 { name.to_owned() } else { last(name) }
    };
    let chosen = move |event| {
        let at = event_target_value(&event).parse::<usize>().ok();
        if let Some(name) = at.and_then(|at| names.get(at)) {
            app.tell(LookAction::Layer(name.clone()).event());
        }
    };
    let here = report.layer;
    view! {
        <select id="look-layer" aria-label="Layer of the file" on:change=chosen>
            {report.layers.iter().enumerate().map(|(n, layer)| {
                let mark = if layer.drawable { "" } else { " (no map)" };
                view! { <option value=n.to_string() title=layer.about.clone() selected=n == here>{short(&layer.name) + mark}</option> }
            }).collect_view()}
        </select>
    }
    .into_any()
}

/// Its days to choose from, where it has several.
fn steps(app: App, report: &LookReport) -> Option<AnyView> {
    let all = report.steps.clone();
    let here = report.step;
    let options = all.iter().enumerate().map(|(n, step)| {
        view! { <option value=n.to_string() selected=n == here>{step_text(step)}</option> }
    });
    let options = options.collect_view();
    (all.len() > 1).then(|| {
        let chosen = move |event| {
            let at = event_target_value(&event).parse::<usize>().ok();
            if let Some(step) = at.and_then(|at| all.get(at)) {
                app.tell(LookAction::Step(*step).event());
            }
        };
        view! { <select id="look-step" aria-label="Day of the layer" on:change=chosen>{options}</select> }
            .into_any()
    })
}

/// What of the layer is shown: of one that lies elsewhere the whole, with a button that moves the region there.
fn place(app: App, picture: &LookPicture) -> AnyView {
    if !picture.in_region {
        return view! {
            <span class="caution" id="look-outside">"It lies outside the region, so all of it is shown."</span>
            <button type="button" id="look-go" on:click=move |_| app.tell(LookAction::GoThere.event())>"Go to the data"</button>
        }
        .into_any();
    }
    let whole = picture.whole;
    let button = move |id: &'static str, name: &'static str, of: bool| {
        view! { <button type="button" id=id aria-pressed=(whole == of).to_string() on:click=move |_| app.tell(LookAction::Whole(of).event())>{name}</button> }
    };
    view! { <span class="group">{button("look-region", "Region", false)}{button("look-whole", "Whole layer", true)}</span> }
        .into_any()
}

/// The layer, or why it is not drawn.
fn body(app: App, looked: Arc<Looked>, hands: Hands) -> AnyView {
    let picture = match &looked.report.picture {
        Ok(picture) => picture.clone(),
        Err(failure) => {
            let (what, remedy) = (failure.what.clone(), failure.remedy.clone());
            return view! { <p class="empty problem" role="alert" id="look-refused">{what}". "{remedy}</p> }
                .into_any();
        }
    };
    let default = scale_of(&picture);
    let limits = (default.min, default.max);
    let values = looked.clone();
    let histogram = Memo::new(move |_| histogram_of(std::iter::once(values.values.as_slice()), limits));
    let values = looked.clone();
    let legend = control(Control {
        name: title(&looked.report),
        unit: picture.unit.clone(),
        scale: app.look_scale,
        default,
        kind: "2nd to 98th percentile",
        clipped: Signal::derive(move || app.look_scale.with(|scale| scale.clipped(&values.values))),
        histogram,
    });
    let about = looked.report.layers.get(looked.report.layer).map(|layer| layer.about.clone());
    view! {
        {map(app, looked.clone(), picture.clone(), hands)}
        <div class="looklegend">
            {legend}
            <div>
                <p class="rule">{about}</p>
                <p class="rule">{picture.grid.clone()}", drawn as it is stored, nearest pixel."</p>
                <MaskKey/>
            </div>
        </div>
    }
    .into_any()
}

/// How far reading is, or why it ended.
fn state(app: App, look: &Look) -> AnyView {
    let failed = look.failed.as_ref().map(|f| format!("{}. {}", f.what, f.remedy));
    let job = look.job.as_ref().map(|job| {
        let (done, total) = (job.done, job.total);
        let bar = if total > 0 {
            view! { <progress max=total.to_string() value=done.to_string()></progress> }.into_any()
        } else {
            view! { <progress></progress> }.into_any()
        };
        view! {
            <span class="predict"><span class="what">{job.what.clone()}</span>{bar}
            <button type="button" id="look-cancel" on:click=move |_| app.tell(LookAction::Cancel.event())>"Cancel"</button></span>
        }
    });
    view! { {failed.map(|text| view! { <p class="problem" role="alert">{text}</p> })}{job} }.into_any()
}

/// What of the look its parts are made from: a step of reading draws its bar alone.
#[derive(Clone)]
struct Shown(Option<Arc<Looked>>);

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// The whole section; nothing where nothing is looked at.
#[component]
pub fn LookSection() -> impl IntoView {
    let app = App::here();
    let hands = Hands::new();
    let file = Memo::new(move |_| app.look.with(|look| look.as_ref().map(|look| look.at.file)));
    let shown = Memo::new(move |_| Shown(app.look.with(|look| look.as_ref()?.shown.clone())));
    // Region, rules, date and files may have changed.
    Effect::new(move |_| {
        app.settings.track();
        app.date.track();
        app.data.track();
        if untrack(|| file.get()).is_some() {
            app.tell(LookAction::Again.event());
        }
    });
    // Another layer has its own scale, another picture its own view; another day of a layer has those of the day before.
    Effect::new(move |before: Option<Option<(Arc<Looked>, Scale)>>| {
        let Shown(Some(looked)) = shown.get() else { return None };
        let Ok(picture) = &looked.report.picture else { return before.flatten() };
        let (scale, before) = (scale_of(picture), before.flatten());
        let same = before.as_ref().filter(|(last, _)| layer_of(last) == layer_of(&looked));
        let untouched = same.is_none_or(|(_, last)| app.look_scale.with_untracked(|s| s == last));
        if untouched {
            app.look_scale.set(scale);
        }
        let window = |looked: &Looked| looked.report.picture.as_ref().ok().map(|p| (p.window, p.per));
        if before.as_ref().is_none_or(|(last, _)| window(last) != window(&looked)) {
            hands.view.set(View::default());
            hands.cursor.set(None);
        }
        app.say(format!("{}, shown by itself. Escape returns to the map.", title(&looked.report)));
        Some((looked, scale))
    });
    // The stage is what is looked at: on a narrow screen the sheet makes way. Afterwards the button that was pressed has the focus again.
    Effect::new(move |before: Option<Option<u32>>| {
        let now = file.get();
        match (before.flatten(), now) {
            (None, Some(_)) => {
                if narrow() {
                    app.left.update(|side| side.open = false);
                }
                focus("look-close");
            }
            (Some(file), None) => focus(&format!("look-{file}")),
            _ => {}
        }
        now
    });
    let escape = window_event_listener(ev::keydown, move |event| {
        let dialog = app.help.get_untracked() || app.about.get_untracked();
        if event.key() == "Escape" && !dialog && untrack(|| file.get()).is_some() {
            app.tell(LookAction::Close.event());
        }
    });
    on_cleanup(move || escape.remove());
    let head = move || {
        let Shown(looked) = shown.get();
        looked.map(|looked| {
            let report = &looked.report;
            let tools = report.picture.as_ref().ok().map(|p| {
                view! { {place(app, p)}{look_beside::choice(app, p, hands.swipe, hands.right)}{tools(hands, p)} }
            });
            view! { {layers(app, report)}{steps(app, report)}{tools} }
        })
    };
    let progress = move || app.look.with(|look| look.as_ref().map(|look| state(app, look)));
    view! {
        {move || file.get().map(|_| view! {
            <section class="maps look" aria-label="Layer by itself">
                <div class="stagebar tools" role="toolbar" aria-label="Layer by itself">
                    <button type="button" class="primary" id="look-close" title="Back (Escape)" on:click=move |_| app.tell(LookAction::Close.event())>"‹ Back to the map"</button>
                    {head}
                    {progress}
                </div>
                {move || shown.get().0.map(|looked| body(app, looked, hands))}
            </section>
        })}
    }
    .into_any()
}
