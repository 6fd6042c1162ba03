//! The settings of a run: what most people change above, the rest folded away. Ranges and defaults are the protocol's.

use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::state::Event;
use crate::state::words;
use crate::ui::store::App;
use loam_core::iso_date;
use loam_core::network::{Inputs, Network, Part};
use loam_core::stack::Preset;
use loam_core::training::{Range, Start, TrainSettings};

/// A number of the settings.
#[derive(Clone, Copy)]
struct Number {
    id: &'static str,
    label: &'static str,
    note: &'static str,
    range: Range,
    whole: bool,
    get: fn(&TrainSettings) -> String,
    set: fn(&mut TrainSettings, f64),
}

const FIRST: [Number; 2] = [
    Number {
        id: "train-epochs",
        label: "Epochs",
        note: "",
        range: TrainSettings::EPOCHS,
        whole: true,
        get: |s| s.epochs.to_string(),
        set: |s, v| s.epochs = v as usize,
    },
    Number {
        id: "train-patience",
        label: "Patience",
        note: "epochs without a better validation before it stops; 0: never",
        range: TrainSettings::PATIENCE,
        whole: true,
        get: |s| s.patience.to_string(),
        set: |s, v| s.patience = v as usize,
    },
];

const ADVANCED: [Number; 4] = [
    Number {
        id: "train-rate",
        label: "Learning rate",
        note: "",
        range: TrainSettings::LEARNING_RATE,
        whole: false,
        get: |s| s.learning_rate.to_string(),
        set: |s, v| s.learning_rate = v,
    },
    Number {
        id: "train-batch",
        label: "Batch",
        note: "images per step",
        range: TrainSettings::BATCH,
        whole: true,
        get: |s| s.batch.to_string(),
        set: |s, v| s.batch = v as usize,
    },
    Number {
        id: "train-seed",
        label: "Seed",
        note: "",
        range: TrainSettings::SEED,
        whole: true,
        get: |s| s.seed.to_string(),
        set: |s, v| s.seed = v as u64,
    },
    Number {
        id: "train-checkpoint-steps",
        label: "Steps between checkpoints",
        note: "",
        range: TrainSettings::CHECKPOINT_STEPS,
        whole: true,
        get: |s| s.checkpoint_steps.to_string(),
        set: |s, v| s.checkpoint_steps = v as usize,
    },
];

/// What was typed, or the refusal.
fn read(text: &str, number: &Number) -> Result<f64, String> {
    let text = text.trim().replace('−', "-").replace(',', ".");
    let value: f64 = text.parse().map_err(|_| format!("{} must be a number", number.range.name))?;
    number.range.check(value).map_err(|e| e.to_string())?;
    if number.whole && value.fract() != 0.0 {
        Err(format!("{} must be a whole number", number.range.name))
    } else {
        Ok(value)
    }
}

fn field(app: App, number: Number) -> AnyView {
    let t = app.train;
    let change = move |event| {
        let read = read(&event_target_value(&event), &number);
        app.tell(Event::TrainTyped(number.id, read.clone().err()));
        if let Ok(value) = read {
            app.choose_training(|s| (number.set)(s, value));
        }
    };
    view! {
        <label>
            {number.label}
            <input
                type="number"
                id=number.id
                min=number.range.least.to_string()
                max=number.range.most.to_string()
                step=if number.whole { "1" } else { "any" }
                prop:value=move || t.settings.with(number.get)
                aria-invalid=move || t.typed.with(|l| l.iter().any(|(id, _)| *id == number.id)).to_string()
                on:change=change
            />
            {(!number.note.is_empty()).then(|| view! { <small>{number.note}</small> })}
        </label>
    }
    .into_any()
}

/// A date of the plan, or "automatic".
fn date_choice(
    app: App,
    id: &'static str,
    label: &'static str,
    get: fn(&TrainSettings) -> Option<Date>,
    set: fn(&mut TrainSettings, Option<Date>),
) -> AnyView {
    let t = app.train;
    let dates = Memo::new(move |_| {
        let mut dates: Vec<Date> =
            t.plan.with(|p| p.as_ref().map(|p| p.dates.iter().map(|d| d.date).collect()).unwrap_or_default());
        // A date chosen for other files stays visible, so that it can be seen and changed.
        if let Some(chosen) = t.settings.with(get)
            && !dates.contains(&chosen)
        {
            dates.push(chosen);
        }
        dates
    });
    let chosen = Memo::new(move |_| t.settings.with(get));
    view! {
        <label>
            {label}
            <select id=id on:change=move |e| { let date = iso_date::parse(&event_target_value(&e)); app.choose_training(|s| set(s, date)); }>
                <option value="" prop:selected=move || chosen.get().is_none()>"automatic"</option>
                {move || dates.get().into_iter().map(|date| view! {
                    <option value=date.to_string() prop:selected=move || chosen.get() == Some(date)>{date.to_string()}</option>
                }).collect_view()}
            </select>
        </label>
    }
    .into_any()
}

fn frozen(app: App) -> AnyView {
    let t = app.train;
    let present = move |part: Part| t.settings.with(|s| part.present(s.inputs));
    let turn = move |part: Part, on: bool| {
        // In the order of the network, whatever the order of the clicks.
        app.choose_training(|s| {
            s.frozen = Part::ALL.into_iter().filter(|p| if *p == part { on } else { s.freezes(*p) }).collect()
        });
    };
    let parts = t.settings.with_untracked(|s| s.network.about().parts);
    let several = !parts.is_empty();
    view! {
        <fieldset class="parts">
            <legend>{if several { "Frozen (left as they are)" } else { "Images" }}</legend>
            {parts.iter().copied().map(|part| view! {
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || t.settings.with(|s| s.freezes(part))
                        disabled=move || !present(part)
                        on:change=move |e| turn(part, event_target_checked(&e))
                    />
                    {words::part(part)}
                </label>
            }).collect_view()}
            <label class="check">
                <input type="checkbox" prop:checked=move || t.settings.with(|s| s.flips) on:change=move |e| {
                    let on = event_target_checked(&e);
                    app.choose_training(|s| s.flips = on);
                }/>
                "mirror images by chance (flips)"
            </label>
        </fieldset>
    }
    .into_any()
}

/// Other settings for another network: those that are proposed for it.
fn choose_network(app: App, network: Network) {
    app.tell(Event::TrainNetwork(network));
}

/// The worker reads the file.
fn load(app: App, file: &web_sys::File) {
    let id = app.outside().keep(file.clone());
    app.tell(Event::ReadTrainSettings(id, file.name()));
}

fn fields(app: App) -> AnyView {
    let t = app.train;
    let scratch = move || t.settings.with(|s| s.start == Start::Scratch);
    let network = t.settings.with_untracked(|s| s.network);
    let about = network.about();
    // Shipped ones are always there, also while another network answers; others must be in use.
    let fits = move || {
        network.is_shipped()
            || app.weights.with(|w| w.closed_form.is_none() && w.network == network && !w.hash.is_empty())
    };
    let in_use = move || {
        app.weights.with(|w| match (w.closed_form.is_none() && w.network == network, w.name.is_empty()) {
            (true, true) => "shipped, chosen by region".to_owned(),
            (true, false) => w.name.clone(),
            (false, _) if network.is_shipped() => format!("{}'s, loaded or shipped", about.name),
            (false, _) => "of another network".to_owned(),
        })
    };
    let choose = move |event| {
        let value = event_target_value(&event);
        if let Some(network) = Network::find(&value) {
            choose_network(app, network);
        }
    };
    let choose_inputs = move |event| {
        if let Some(inputs) = Inputs::from_name(&event_target_value(&event)) {
            app.choose_training(|s| s.inputs = inputs);
        }
    };
    view! {
        <div class="fields">
            <label class="wide">
                "Network"
                <select id="train-network" on:change=choose>
                    {Network::ALL.into_iter().map(|one| view! {
                        <option value=one.about().key selected={one == network}>{one.about().choice}</option>
                    }).collect_view()}
                </select>
            </label>
            <label class="wide">
                "Start from"
                <select id="train-start-from" on:change=move |e| app.tell(Event::TrainStart(if event_target_value(&e) == "scratch" { Start::Scratch } else { Start::Current }))>
                    <option value="current" disabled=move || !fits() prop:selected=move || !scratch()>{move || format!("weights in use ({})", in_use())}</option>
                    <option value="scratch" prop:selected=scratch>"scratch (first weights of the seed)"</option>
                </select>
            </label>
            {(about.inputs.len() > 1).then(|| view! { <label class="wide">
                "Inputs"
                <select id="train-inputs" disabled=move || !scratch() title=move || (!scratch()).then_some("Those of the weights in use") on:change=choose_inputs>
                    {about.inputs.iter().copied().map(|inputs| view! {
                        <option value=inputs.name() prop:selected=move || t.settings.with(|s| s.inputs == inputs)>{words::inputs(inputs)}</option>
                    }).collect_view()}
                </select>
            </label> })}
            {FIRST.into_iter().map(|n| field(app, n)).collect_view()}
        </div>
        <details class="advanced">
            <summary>"Advanced"</summary>
            <div class="fields">
                {ADVANCED.into_iter().map(|n| field(app, n)).collect_view()}
                {date_choice(app, "train-validate-from", "First validation date", |s| s.validate_from, |s, d| s.validate_from = d)}
                {date_choice(app, "train-test-from", "First test date", |s| s.test_from, |s, d| s.test_from = d)}
            </div>
            {frozen(app)}
        </details>
    }
    .into_any()
}

/// The form, its refusal, and the settings as a file.
#[component]
pub fn SettingsForm() -> impl IntoView {
    let app = App::here();
    let t = app.train;
    let region = move || {
        app.settings.with(|s| {
            let name = s.region.as_deref().and_then(Preset::find).map_or("own region", |p| p.name);
            format!("{name}, {} × {} cells of 3 km", s.window.columns, s.window.rows)
        })
    };
    let one =
        Memo::new(move |_| t.settings.with(|s| s.network.about().one_place.then(|| s.network.about().name)));
    let place = move || {
        let preset = app.settings.with(|s| s.region.is_some());
        one.get().map(|name| {
            let place = if preset { "the 36 × 36 cells (108 × 108 km) in the middle of this region" } else { "this region" };
            format!(
                "The {name} is trained for one place: {place}. It has 1.7 million parameters, forty times SMEN's: “How long would it take?” measures \
                 how long all of it takes here."
            )
        })
    };
    let input = NodeRef::<html::Input>::new();
    let picked = move |event: web_sys::Event| {
        if let Some(input) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            if let Some(file) = input.files().and_then(|f| f.get(0)) {
                load(app, &file);
            }
            input.set_value("");
        }
    };
    let store = move |_| {
        app.tell(Event::SaveTrainSettings);
    };
    view! {
        <p><strong>"Region: "</strong>{region}<small>" Change it under Region."</small></p>
        {move || place().map(|words| view! { <p class="hint" id="train-place">{words}</p> })}
        {move || { t.replaced.track(); fields(app) }}
        {move || t.refusal(app).map(|why| view! { <p class="problem" id="train-refusal" role="alert">{why}</p> })}
        <div class="row">
            <button type="button" class="quiet" id="train-save-settings" on:click=store>"Save settings"</button>
            <button type="button" class="quiet" on:click=move |_| if let Some(input) = input.get_untracked() { input.click() }>"Load settings…"</button>
            <input type="file" id="train-settings-input" accept=".json,application/json" hidden node_ref=input on:change=picked/>
            <button type="button" class="quiet" on:click=move |_| {
                choose_network(app, t.settings.with_untracked(|s| s.network));
            }>"Reset"</button>
        </div>
    }
    .into_any()
}
