//! A logger's own table: what it looks like, and a form for what it cannot say.

use ground_stations::logger::Preview;
use leptos::prelude::*;
use loam_core::file::FileId;

use super::store::App;
use crate::protocol::{LoggerCard, Packed};
use crate::state::GroundAction;
use crate::state::logger_form::{LoggerForm, ORDERS, UNITS, form_of, waits_alike};

/// Rows of the table that are shown.
const ROWS: usize = 3;

/// The first rows under their columns' names.
fn sample(preview: &Preview, name: &str) -> AnyView {
    let head = preview.columns.iter().map(|column| view! { <th scope="col">{column.clone()}</th> });
    let rows = preview.rows.iter().take(ROWS).map(|row| {
        let cells = row.iter().map(|text| view! { <td>{text.clone()}</td> });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    view! {
        <div class="tablewrap" tabindex="0" role="region" aria-label=format!("First rows of {name}")>
            <table translate="no"><thead><tr>{head.collect_view()}</tr></thead><tbody>{rows.collect_view()}</tbody></table>
        </div>
    }
    .into_any()
}

/// A field that is typed.
struct Text {
    id: &'static str,
    label: &'static str,
    example: &'static str,
    get: fn(&LoggerForm) -> &String,
    set: fn(&mut LoggerForm, String),
}

const TEXTS: [Text; 6] = [
    Text {
        id: "station",
        label: "Name of the station",
        example: "",
        get: |f| &f.station,
        set: |f, v| f.station = v,
    },
    Text {
        id: "offset",
        label: "Logger's clock, from UTC",
        example: "-06:00",
        get: |f| &f.offset,
        set: |f, v| f.offset = v,
    },
    Text {
        id: "latitude",
        label: "Latitude, degrees north",
        example: "35.5",
        get: |f| &f.latitude,
        set: |f, v| f.latitude = v,
    },
    Text {
        id: "longitude",
        label: "Longitude, degrees east",
        example: "-97.5",
        get: |f| &f.longitude,
        set: |f, v| f.longitude = v,
    },
    Text {
        id: "upper",
        label: "Depth of the sensor, m",
        example: "0.05",
        get: |f| &f.upper,
        set: |f, v| f.upper = v,
    },
    Text {
        id: "lower",
        label: "Lower end, m, if any",
        example: "",
        get: |f| &f.lower,
        set: |f, v| f.lower = v,
    },
];

/// The form of a table, as the state keeps it: a worker that is replaced takes nothing of it along.
#[derive(Clone, Copy)]
struct Form {
    app: App,
    file: FileId,
    now: Memo<LoggerForm>,
}

impl Form {
    fn with<R>(self, look: impl FnOnce(&LoggerForm) -> R) -> R {
        self.now.with(look)
    }

    fn update(self, change: impl FnOnce(&mut LoggerForm)) {
        let mut form = self.now.get_untracked();
        change(&mut form);
        match Packed::of(&form) {
            Ok(form) => self.app.tell(GroundAction::Typed(self.file, form).event()),
            Err(error) => self.app.fail("The form cannot be kept", &error.to_string(), "Reload the page."),
        }
    }
}

/// A choice whose first line is none.
fn choice(
    form: Form,
    id: String,
    options: Vec<(String, String)>,
    get: fn(&LoggerForm) -> &String,
    set: impl Fn(&mut LoggerForm, String) + 'static,
) -> AnyView {
    let options = options.into_iter().map(|(key, words)| {
        let chosen = key.clone();
        view! { <option value=key prop:selected=move || form.with(|f| *get(f) == chosen)>{words}</option> }
    });
    view! {
        <select id=id required on:change=move |e| form.update(|f| set(f, event_target_value(&e)))>
            <option value="">"choose"</option>
            {options.collect_view()}
        </select>
    }
    .into_any()
}

fn keyed<T>(all: &[(&str, &str, T)], wanted: impl Fn(&T) -> bool) -> Vec<(String, String)> {
    let wanted = all.iter().filter(|(_, _, value)| wanted(value));
    wanted.map(|(key, words, _)| ((*key).to_owned(), (*words).to_owned())).collect()
}

/// A table and its form.
fn card(app: App, cards: Memo<Vec<LoggerCard>>, first: LoggerCard) -> AnyView {
    let LoggerCard { file, name, preview, .. } = first.clone();
    let alike = {
        let first = first.clone();
        let names = move |all: &Vec<LoggerCard>| -> Vec<String> {
            all.iter().filter(|other| waits_alike(&first, other)).map(|other| other.name.clone()).collect()
        };
        Memo::new(move |_| cards.with(&names))
    };
    let given = RwSignal::new(false);
    let now = Memo::new(move |_| app.logger_forms().with(|forms| form_of(forms, &first)));
    let form = Form { app, file, now };
    let typed_wrong = RwSignal::new(None::<String>);
    // What the worker says of it now.
    let answer = Memo::new(move |_| {
        cards.with(|all| all.iter().find(|card| card.file == file).and_then(|card| card.answer.clone()))
    });
    let wrong = move || typed_wrong.get().or_else(|| answer.get().and_then(Result::err));
    let read = move || answer.get().and_then(Result::ok);
    let busy = move || app.ground.job.with(Option::is_some);
    let id = move |field: &str| format!("logger-{file}-{field}");
    let (all, of_offset, of_values) = (preview.clone(), preview.clone(), preview.clone());
    let texts = TEXTS.iter().map(|text| view! {
        <label>{text.label}<input
            type="text" id=id(text.id) placeholder=text.example autocomplete="off" required=text.id != "lower"
            inputmode=if matches!(text.id, "station" | "offset") { "text" } else { "decimal" }
            prop:value=move || form.with(|f| (text.get)(f).clone())
            on:input=move |e| form.update(|f| (text.set)(f, event_target_value(&e)))
        /></label>
    });
    let columns = |numbers: Vec<usize>| {
        let of = |n: usize| preview.columns.get(n).map(|name| (preview.key(n), name.clone()));
        numbers.into_iter().filter_map(of).collect::<Vec<_>>()
    };
    let times = preview.time_columns.iter().flat_map(|time| {
        let clocks: Vec<String> = columns(time.clocks.clone()).into_iter().map(|(_, name)| name).collect();
        let with = if clocks.is_empty() { String::new() } else { format!(" with {}", clocks.join(", ")) };
        columns(vec![time.column]).into_iter().map(move |(key, name)| (key, name + &with))
    });
    let times = times.collect::<Vec<_>>();
    let values = columns(preview.number_columns.clone()).into_iter().enumerate().map(|(n, (key, words))| {
        let preview = of_values.clone();
        let (is, tick) = (key.clone(), key);
        view! {
            <label class="check"><input
                type="checkbox" id=id(&format!("value-{n}")) prop:checked=move || form.with(|f| f.values.contains(&is))
                on:change=move |e| form.update(|f| {
                    f.values.retain(|value| *value != tick);
                    if event_target_checked(&e) {
                        f.values.push(tick.clone());
                    }
                    f.told(&preview);
                })
            />{words}</label>
        }
    });
    let set_time = move |f: &mut LoggerForm, key: String| {
        f.time = key;
        f.told_offset(&of_offset);
    };
    let orders = {
        let preview = all.clone();
        Memo::new(move |_| form.with(|f| f.orders(&preview).to_vec()))
    };
    let submit = move |e: web_sys::SubmitEvent| {
        e.prevent_default();
        match form.now.with_untracked(|f| f.place(&all)) {
            Ok(place) => match Packed::of(&place) {
                Ok(place) => {
                    typed_wrong.set(None);
                    app.tell(GroundAction::Describe(file, place).event());
                }
                Err(error) => {
                    typed_wrong.set(Some(format!("This cannot be sent ({error}): reload the page.")))
                }
            },
            Err(why) => typed_wrong.set(Some(why)),
        }
    };
    view! {
        <form class="logger" id=id("form") novalidate aria-describedby=id("answer") on:submit=submit>
            <fieldset>
                <legend>{format!("Logger's table {name}")}</legend>
                {sample(&preview, &name)}
                <div class="fields">
                    {texts.collect_view()}
                    <label>"Column of times"{choice(form, id("time"), times, |f| &f.time, set_time)}</label>
                    <label>"Unit of the values"{choice(form, id("unit"), keyed(&UNITS, |_| true), |f| &f.unit, |f, v| f.unit = v)}</label>
                    {move || {
                        let orders = orders.get();
                        (orders.len() > 1).then(|| {
                            let options = keyed(&ORDERS, |order| orders.contains(order));
                            view! { <label>"Order of the dates"{choice(form, id("order"), options, |f| &f.order, |f, v| f.order = v)}</label> }
                        })
                    }}
                </div>
                <fieldset class="parts">
                    <legend>"Columns of soil moisture (several at one depth: their mean)"</legend>
                    {values.collect_view()}
                </fieldset>
                <p class="hint">"Filled in where the file says it. Loggers mostly keep standard time through the summer."</p>
                <div id=id("answer") role="status" aria-live="polite">
                    {move || wrong().map(|why| view! { <p class="problem">{why}</p> })}
                    {move || read().filter(|_| wrong().is_none()).map(|words| view! { <p>"Read: "{words}"."</p> })}
                </div>
                <div class="row">
                    <button type="submit" id=id("use") disabled=busy>{move || if read().is_some() { "Read again" } else { "Use as a station" }}</button>
                    <button
                        type="button" class="quiet" id=id("same") hidden=move || alike.with(Vec::is_empty)
                        on:click=move |_| {
                            app.tell(GroundAction::SameForAll(file).event());
                            given.set(true);
                        }
                    >{move || alike.with(|names| match names.as_slice() {
                        [one] => format!("The same for {one}"),
                        more => format!("The same for {} others", more.len()),
                    })}</button>
                </div>
                <p class="hint" hidden=move || !given.get()>"Given: columns, depth, unit, clock, order of dates. Name and place stay each table's own."</p>
            </fieldset>
        </form>
    }
    .into_any()
}

/// Every logger's table that is open.
pub fn loggers(app: App) -> AnyView {
    let packed = move || app.ground.stations.with(|list| list.as_ref().and_then(|list| list.loggers.clone()));
    let cards = Memo::new(move |_| match packed().map(|packed| packed.open()).transpose() {
        Ok(cards) => cards.unwrap_or_default(),
        Err(error) => {
            app.fail("The loggers' tables cannot be shown", &error.to_string(), "Reload the page.");
            Vec::new()
        }
    });
    let key = |card: &LoggerCard| -> FileId { card.file };
    view! { <For each=move || cards.get() key=key let:it>{card(app, cards, it)}</For> }.into_any()
}
