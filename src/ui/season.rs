//! Every date of a period: asked for, how far it is, its layers on the map, its files.

use std::time::Duration;

use jiff::civil::Date;
use leptos::prelude::*;

use super::layer_list::on_stage;
use super::stage::Stage;
use super::store::App;
use crate::protocol::ExportForm;
use crate::state::season::{KEPT_BYTES, Logic, Queue, Season};
use crate::state::{Event, State, words};
use loam_core::iso_date;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::Scale;

/// Between two looks at a season that is being made.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Layers of a season, each a button.
const LAYERS: [(LayerKind, &str, &str); 5] = [
    (LayerKind::SeasonMean, "mean", "Mean"),
    (LayerKind::SeasonTrend, "trend", "Trend"),
    (LayerKind::SeasonTrendError, "error", "Trend's standard error"),
    (LayerKind::SeasonDrydown, "drydown", "Dry-down time"),
    (LayerKind::SeasonCount, "count", "Number of maps"),
];

/// What the section shows, of the state. Told apart from the state, so that a date that comes draws only what it changed.
#[derive(Debug, Clone, PartialEq, Default)]
struct View {
    queue: Queue,
    /// Dates with SMAP data in the period.
    wanted: usize,
    /// Of these, not kept of the present choices.
    missing: usize,
    /// Why nothing can be asked for.
    refusal: Option<&'static str>,
    /// What changed since it was made.
    stale: Option<String>,
    made: usize,
    workers: usize,
    kept: usize,
    bytes: usize,
    too_large: bool,
    whole: bool,
    simulated: bool,
}

impl View {
    fn of(state: &State) -> Self {
        let season: &Season = &state.season;
        let within =
            |date: Date| season.from.is_none_or(|from| from <= date) && season.to.is_none_or(|to| date <= to);
        let seen = state.timeline.days.iter().filter(|day| day.coarse.is_some_and(|share| share > 0.0));
        let dates: Vec<Date> = seen.map(|day| day.date).filter(|date| within(*date)).collect();
        let changes = state.season_changes();
        let there = |date: &Date| {
            changes.is_empty() && season.days.binary_search_by_key(date, |kept| kept.day.date).is_ok()
        };
        let backwards = matches!((season.from, season.to), (Some(from), Some(to)) if to < from);
        let words = changes.iter().map(|change| change.words()).collect::<Vec<_>>().join(" and ");
        Self {
            queue: season.queue.clone(),
            wanted: dates.len(),
            missing: dates.iter().filter(|date| !there(date)).count(),
            refusal: if backwards {
                Some("The period ends before it begins.")
            } else if dates.is_empty() {
                Some("No date of this period has SMAP data of the region.")
            } else {
                None
            },
            stale: (!changes.is_empty()).then(|| {
                format!("This season was made before {words} changed. Its files can still be saved; predict every date again to update it.")
            }),
            made: season.made,
            workers: season.result.as_ref().map_or(1, |result| result.workers),
            kept: season.days.len(),
            bytes: season.days.iter().map(|kept| kept.bytes()).sum(),
            too_large: season.too_large,
            whole: season.result.is_some(),
            simulated: season.like.as_ref().is_some_and(|like| like.simulated),
        }
    }

    fn running(&self) -> bool {
        matches!(self.queue, Queue::Running { .. })
    }

    /// What the button says.
    fn button(&self) -> String {
        match self.queue {
            Queue::Stopped { .. } if self.kept > 0 && self.stale.is_none() => {
                format!("Resume: {} of {} dates missing", self.missing, self.wanted)
            }
            _ => "Predict every date".to_owned(),
        }
    }

    /// How far it is, in words.
    fn words(&self) -> String {
        match &self.queue {
            Queue::Idle if self.refusal.is_some() => String::new(),
            Queue::Idle => format!("{} dates with SMAP data.", self.wanted),
            Queue::Running { cancelling: true, .. } => "Cancelling…".to_owned(),
            Queue::Running { job, seconds_left, .. } if job.total > 0 => {
                let left =
                    seconds_left.map_or_else(String::new, |left| format!(", {} left", words::duration(left)));
                format!("{} of {} dates{left}", job.done, job.total)
            }
            Queue::Running { job, .. } => job.what.clone(),
            Queue::Stopped { lost: true } => {
                format!("The worker that made it is gone; {} maps are kept.", self.kept)
            }
            Queue::Stopped { lost: false } => {
                format!("Ended before the last date; {} maps are kept.", self.kept)
            }
            Queue::Done => {
                let shared = match self.workers {
                    0 | 1 => String::new(),
                    many => format!(" {many} workers made them."),
                };
                format!("{} dates have a map.{shared}", self.made)
            }
        }
    }
}

/// A field of the period.
fn day(app: App, id: &'static str, label: &'static str, first: bool) -> AnyView {
    let end = move |first: bool| {
        app.timeline.with(|t| {
            let day = if first { t.days.first() } else { t.days.last() };
            day.map(|day| day.date.to_string()).unwrap_or_default()
        })
    };
    let value = move || {
        let chosen = app.season.with(|season| if first { season.from } else { season.to });
        chosen.map_or_else(|| end(first), |date| date.to_string())
    };
    let choose = move |event| {
        let date = iso_date::parse(&event_target_value(&event));
        let (from, to) = app.season.with_untracked(|season| (season.from, season.to));
        app.tell(if first { Event::SeasonPeriod(date, to) } else { Event::SeasonPeriod(from, date) });
    };
    view! {
        <label class="stack">{label}
            <input type="date" id=id min=move || end(true) max=move || end(false) prop:value=value on:change=choose/>
        </label>
    }
    .into_any()
}

/// The scales of the layers, fitted to what came.
fn fit(app: App, season: &Season) {
    let largest = |kind: LayerKind| {
        let plane = season.layers.iter().find(|layer| layer.key.kind == kind);
        let mut sizes: Vec<f32> = plane
            .map(|l| l.values.iter().filter(|v| v.is_finite()).map(|v| v.abs()).collect())
            .unwrap_or_default();
        // Of nearly all cells: a few wild ones would leave the others one colour.
        sizes.sort_unstable_by(f32::total_cmp);
        sizes.get(sizes.len() * 98 / 100).map(|v| f64::from(*v)).filter(|v| *v > 0.0)
    };
    let kelvin = season.like.as_ref().is_some_and(|like| like.weights.method().output().is_kelvin());
    let scales = [
        (LayerKind::SeasonTrend, app.trend, Scale::trend(kelvin)),
        (LayerKind::SeasonTrendError, app.trend_error, Scale::trend_error(kelvin)),
        (LayerKind::SeasonDrydown, app.drydown, Scale::drydown()),
        (LayerKind::SeasonCount, app.map_count, Scale::map_count()),
    ];
    for (kind, scale, mut fitted) in scales {
        if let Some(largest) = largest(kind) {
            // Two digits, upwards.
            let step = 10f64.powf(largest.log10().floor() - 1.0);
            fitted.max = (largest / step).ceil() * step;
            if fitted.min < 0.0 {
                fitted.min = -fitted.max;
            }
        }
        scale.set(fitted);
    }
}

/// The layers, as buttons, and the files.
fn result(app: App, view: RwSignal<View>) -> AnyView {
    let there = move || {
        app.map.with(|map| map.as_ref().is_some_and(|map| map.layer(LayerKind::SeasonMean).is_some()))
    };
    let buttons = LAYERS.map(|(kind, id, name)| {
        let key: LayerKey = kind.into();
        let pressed = move || {
            app.map.get().is_some_and(|map| !app.swipe.get() && on_stage(app, &map) == [key])
        };
        view! {
            <button type="button" data-season=id disabled=move || !there() aria-pressed=move || pressed().to_string() on:click=move |_| {
                app.swipe.set(false);
                app.stage.set(Some(Stage::These(vec![key])));
            }>{name}</button>
        }
    });
    let gone = move || view.with(|v| !matches!(v.queue, Queue::Done));
    view! {
        <div class="seasonresult" hidden=move || view.with(|v| !v.whole)>
            <h3 class="minor">"On the map"{move || view.with(|v| v.simulated).then(|| view! { <span class="tag">"SIMULATED"</span> })}</h3>
            <div class="row" role="group" aria-label="Layers of the season on the map">
                {buttons.collect_view()}
                <button type="button" class="quiet" id="season-off" on:click=move |_| app.stage.set(None)>"Maps of the date"</button>
            </div>
            <p class="hint">"Trend: least squares, per year, at least 10 dates. Dry-down: days to fall to 37 % towards the driest value, from at least 3 dry spells. The legend is below the map, and the values follow the cursor; scales are under Layers."</p>
            <h3 class="minor">"Save"</h3>
            <div class="row">
                <button type="button" id="season-cube" disabled=move || gone() || view.with(|v| v.kept == 0) on:click=move |_| app.export(ExportForm::SeasonCube)>"NetCDF cube"</button>
                <button type="button" id="season-statistics" disabled=gone on:click=move |_| app.export(ExportForm::SeasonLayers)>"Statistics, GeoTIFF"</button>
                {move || app.exporting.get().then(|| view! { <progress aria-label="Writing the file"></progress> })}
            </div>
            {move || gone().then(|| view! { <p class="hint">"Resume first: the worker that held the statistics has stopped."</p> })}
            <p class="hint">"The cube holds every map with its half-width and flags, and these layers; the GeoTIFF has a band a layer."</p>
        </div>
    }
    .into_any()
}

/// What is shown now. While dates come, a few times a second: laying out and painting the page for every one
/// took 43 % of a core (docs/performance.md).
fn seen(app: App) -> RwSignal<View> {
    let view = RwSignal::new(app.peek(View::of));
    let look = move || {
        let now = app.peek(View::of);
        if view.with_untracked(|before| *before != now) {
            view.set(now);
        }
    };
    let waiting = StoredValue::new(false);
    Effect::new(move |_| {
        app.season.track();
        app.stale();
        if !(view.with_untracked(View::running) && app.season.with_untracked(Season::is_running)) {
            look();
        } else if !waiting.get_value() {
            waiting.set_value(true);
            let later = move || {
                waiting.set_value(false);
                look();
            };
            set_timeout(later, LOOK_EVERY);
        }
    });
    view
}

/// The whole panel.
#[component]
pub fn SeasonSection() -> impl IntoView {
    let app = App::here();
    app.tell(Event::SeasonPart(Logic::here()));
    let view = seen(app);
    let result_there = Memo::new(move |_| app.season.with(|season| season.result.is_some()));
    Effect::new(move |_| {
        if result_there.get() {
            app.season.with_untracked(|season| fit(app, season));
        }
    });
    let left_out = Memo::new(move |_| app.season.with(|season| season.left_out.clone()));
    let running = move || view.with(View::running);
    let share = move || {
        view.with(|v| match &v.queue {
            Queue::Running { job, .. } if job.total > 0 => Some((job.done, job.total)),
            _ => None,
        })
    };
    view! {
        <section class="season" aria-labelledby="season-title">
            <h2 id="season-title">"Season"</h2>
            <p class="hint">"The map of every date with SMAP data, by the method in use, and what the values of each cell say over time."</p>
            <fieldset class="period row" disabled=running>
                <legend class="sr-only">"Period"</legend>
                {day(app, "season-from", "From", true)}
                {day(app, "season-to", "To", false)}
            </fieldset>
            {move || view.with(|v| v.refusal).map(|why| view! { <p class="problem" role="alert">{why}</p> })}
            <div class="row">
                <button type="button" class="primary" id="season-start" disabled=move || view.with(|v| v.running() || v.refusal.is_some()) on:click=move |_| app.tell(Event::Season)>{move || view.with(View::button)}</button>
                <button type="button" id="season-cancel" hidden=move || !running() on:click=move |_| app.tell(Event::CancelSeason)>"Cancel"</button>
            </div>
            <p id="season-progress">{move || view.with(View::words)}</p>
            {move || share().map(|(done, total)| view! { <progress aria-labelledby="season-progress" max=total.to_string() value=done.to_string()></progress> })}
            {move || running().then(|| view! { <p class="hint">"Dates that are done show their map; other maps wait until this is over."</p> })}
            {move || view.with(|v| v.stale.clone()).map(|text| view! { <p class="caution" id="season-stale" role="status">{text}</p> })}
            {move || view.with(|v| {
                let (bytes, most) = (v.bytes as f64 / 1e6, KEPT_BYTES as f64 / 1e6);
                if v.too_large {
                    Some(format!("Its maps take more than the {most:.0} MB that this page keeps, so that only the layers are: no cube, no resuming. A shorter period, a smaller region or `loam season` on the command line keeps them."))
                } else {
                    (v.kept > 0 && !v.running()).then(|| format!("{} maps are kept, {bytes:.0} MB of at most {most:.0}. Play and the series at a pin use them.", v.kept))
                }
            }).map(|text| view! { <p class="hint" id="season-kept">{text}</p> })}
            {result(app, view)}
            {move || {
                let all = left_out.get();
                (!all.is_empty()).then(|| view! {
                    <details id="season-left-out">
                        <summary>{format!("{} dates without a map", all.len())}</summary>
                        <ul>{all.into_iter().map(|(date, why)| view! { <li>{format!("{date}: {why}")}</li> }).collect_view()}</ul>
                    </details>
                })
            }}
        </section>
    }
    .into_any()
}
