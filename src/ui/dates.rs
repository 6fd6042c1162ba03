//! Dates: the strip, two lists that do the same, what the chosen date has, and the button that predicts it.

use jiff::civil::Date;
use leptos::prelude::*;

use super::date_words::{chosen, earlier, origin, per_cent};
use super::store::App;
use super::timeline::{TimelineStrip, choose};
use crate::state::days::step;
use crate::state::{Event, READING};
use loam_core::iso_date;

fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// Month, then date: lists for long records and for those who prefer lists.
#[component]
fn Lists() -> impl IntoView {
    let app = App::here();
    let months = Memo::new(move |_| {
        let mut months: Vec<(String, usize)> = Vec::new();
        let chosen = app.date.get().map(month);
        app.timeline.with(|t| {
            // Months with a date that can be predicted, and the one that is shown, even where it has none.
            for day in &t.days {
                let name = month(day.date);
                let usable = usize::from(day.blocked.is_none());
                match months.last_mut() {
                    Some(last) if last.0 == name => last.1 += usable,
                    _ if usable > 0 || chosen.as_ref() == Some(&name) => months.push((name, usable)),
                    _ => {}
                }
            }
        });
        months
    });
    let present = Memo::new(move |_| app.date.get().map(month).unwrap_or_default());
    let days = Memo::new(move |_| {
        let wanted = present.get();
        app.timeline.with(|t| {
            let here = t.days.iter().filter(|d| month(d.date) == wanted);
            here.map(|d| (d.date, d.note())).collect::<Vec<_>>()
        })
    });
    let choose_month = move |event| {
        let wanted = event_target_value(&event);
        let first = app.timeline.with_untracked(|t| {
            let mut here = t.days.iter().filter(|d| month(d.date) == wanted && d.blocked.is_none());
            here.next().map(|d| d.date)
        });
        choose(app, first);
    };
    view! {
        <label>"Month "<select id="month" on:change=choose_month>
            {move || months.get().into_iter().map(|(name, count)| {
                let here = name.clone();
                let count = if app.pending.get().is_some() { String::new() } else { format!(" ({count})") };
                view! { <option value=name.clone() selected=move || present.get() == here>{format!("{name}{count}")}</option> }
            }).collect_view()}
        </select></label>
        <label>"Date "<select id="date" on:change=move |e| choose(app, iso_date::parse(&event_target_value(&e)))>
            {move || days.get().into_iter().map(|(date, note)| {
                let note = if app.pending.get().is_some() { "" } else { note };
                view! { <option value=date.to_string() selected=move || app.date.get() == Some(date)>{format!("{date}{note}")}</option> }
            }).collect_view()}
        </select></label>
    }
    .into_any()
}

#[component]
fn Facts() -> impl IntoView {
    let app = App::here();
    move || {
        chosen(app).map(|day| {
            if let Some(pending) = app.pending.get() {
                return view! { <p class="facts pending" id="dates-pending">{format!("SMAP, 3 km map and history for this region and these rules: {pending}")}</p> }.into_any();
            }
            let history = match (day.earlier, day.history.len()) {
                (Some(0), _) if day.blocked.is_none() => {
                    format!("{}: the estimate is bilinear SMAP", earlier(0))
                }
                (Some(maps), _) => earlier(maps),
                (None, 0) if day.blocked.is_some() => "none".to_owned(),
                (None, 0) => "none: this method uses none".to_owned(),
                _ => day.history.iter().map(Date::to_string).collect::<Vec<_>>().join(", "),
            };
            view! {
                <dl class="facts">
                    <div><dt>"SMAP"</dt><dd>{per_cent(day.coarse, "none")}</dd></div>
                    <div><dt>"3 km map"</dt><dd>{per_cent(day.fine, "none")}{origin(day.fine_origin)}</dd></div>
                    <div><dt>"Backscatter"</dt><dd>{per_cent(day.backscatter, "none")}</dd></div>
                    <div class="wide"><dt>"History"</dt><dd title=history.clone()>{history.clone()}</dd></div>
                </dl>
            }
            .into_any()
        })
    }
}

#[component]
fn Predict() -> impl IntoView {
    let app = App::here();
    let blocked = move || match (chosen(app), app.pending.get()) {
        (None, _) => Some("Pick a date first.".to_owned()),
        (_, Some(READING)) => Some("What the dates have in this region is being read.".to_owned()),
        // The worker says what is wrong.
        (_, Some(_)) => None,
        (Some(day), None) => day.blocked,
    };
    let label = move || app.date.get().map_or_else(|| "Predict".to_owned(), |d| format!("Predict {d}"));
    let by_hand = Memo::new(move |_| app.by_hand());
    let needed = Memo::new(move |_| app.needs_button());
    view! {
        <div class="predict" hidden=move || app.timeline.with(|t| t.days.is_empty())>
            <button type="button" id="predict" class="primary" hidden=move || !needed.get() disabled=move || blocked().is_some() title=move || by_hand.get() on:click=move |_| app.tell(Event::Predict)>{label}</button>
            {move || app.predicting.get().map(|job| view! {
                <button type="button" id="cancel" on:click=move |_| app.tell(Event::CancelPredicting)>"Cancel"</button>
                {if job.total > 0 {
                    view! { <progress max=job.total.to_string() value=job.done.to_string()></progress> }.into_any()
                } else {
                    view! { <progress></progress> }.into_any()
                }}
                <span class="what">{job.what}</span>
            })}
            <p class="blocked">{blocked}</p>
            <p class="hint byhand" hidden=move || by_hand.with(Option::is_none)>{move || by_hand.get()}</p>
            <label class="check follow" title="The map is made again when date, region or rules change">
                <input type="checkbox" id="follow" prop:checked=move || app.follow.get() on:change=move |e| app.tell(Event::Follow(event_target_checked(&e)))/>"map follows"
            </label>
        </div>
    }
    .into_any()
}

/// One date back or on, and all of them one after the other.
#[component]
fn Steps() -> impl IntoView {
    let app = App::here();
    let to = move |forward: bool| {
        let from = app.date.get()?;
        app.timeline.with(|t| step(t, from, forward, |d| d.blocked.is_none()))
    };
    let (back, on) = (Memo::new(move |_| to(false)), Memo::new(move |_| to(true)));
    view! {
        <span class="group">
            <button type="button" id="date-back" aria-label="The date before that can be predicted" title="Date before" disabled=move || back.get().is_none() on:click=move |_| choose(app, back.get_untracked())>"‹"</button>
            <button type="button" id="play" aria-pressed=move || app.playing.get().to_string() disabled=move || on.get().is_none() && !app.playing.get() title="Show date after date" on:click=move |_| app.tell(Event::Play(!app.playing.get_untracked()))>{move || if app.playing.get() { "Stop" } else { "Play" }}</button>
            <button type="button" id="date-on" aria-label="The next date that can be predicted" title="Next date" disabled=move || on.get().is_none() on:click=move |_| choose(app, on.get_untracked())>"›"</button>
        </span>
    }
    .into_any()
}

/// The whole section.
#[component]
pub fn DatesSection() -> impl IntoView {
    let app = App::here();
    let empty = move || app.timeline.with(|t| t.days.is_empty());
    let all_count = move || app.timeline.with(|t| t.days.iter().any(|d| d.earlier.is_some()));
    view! {
        <section class="dates" aria-labelledby="dates-title">
            <h2 id="dates-title" class="sr-only">"Date"</h2>
            {move || empty().then(|| view! { <p class="empty">{move || if app.nothing_open() { "Dates appear here once files are open." } else { "Dates with SMAP data appear here." }}</p> })}
            <div hidden=empty aria-busy=move || (app.pending.get() == Some(READING)).to_string()>
                <div class="timebar">
                    <Steps/>
                    <div class="row lists"><Lists/></div>
                    {move || app.simulated().then(|| view! { <span class="tag">"SIMULATED"</span> })}
                    <Predict/>
                    <Facts/>
                </div>
                <TimelineStrip/>
                <p class="key">
                    <span class="swatch coarse"></span>"SMAP "<span class="swatch fine"></span>"3 km product "
                    <span class="swatch made"></span>"3 km, disaggregated here. Bar height: share of the region. "
                    {move || if all_count() { "All 3 km maps before t are used. " } else { "▲ history of t. " }}
                    <span class="keyhint">"Keys: ← → date, Shift next predictable, Page month."</span>
                </p>
            </div>
        </section>
    }
    .into_any()
}
