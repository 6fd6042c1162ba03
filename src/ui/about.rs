//! "About the model": what the network is, the card of the weights in use, and how they score. The figures are those of docs/cards.md, read
//! from the same files.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::card::{Card, Place, Stage, fetch_all};
use super::page_signal::PageSignal;
use super::scores::number;
use super::store::App;
use loam_core::weights_report::Prospect;
use loam_core::weights_report::WeightsReport;

/// The cards, as far as they are there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Empty,
    Loading,
    There,
}

fn seen(seen: &str) -> &'static str {
    match seen {
        "earlier" => "trained on its earlier dates",
        "elsewhere" => "not trained on it",
        _ => "no shipped weights know it",
    }
}

/// `0.0064 (0.0054 to 0.0074)`, or a dash.
fn interval(values: Option<&Vec<f64>>) -> String {
    match values.map(Vec::as_slice) {
        Some([low, high]) => format!("{} to {}", number(Some(*low), 4), number(Some(*high), 4)),
        Some([mean, low, high]) => {
            format!("{} ({} to {})", number(Some(*mean), 4), number(Some(*low), 4), number(Some(*high), 4))
        }
        _ => number(None, 4),
    }
}

fn short_row(place: &Place) -> AnyView {
    let smen = place.own();
    let bilinear = place.of("bilinear SMAP");
    let best = place.best().map_or_else(String::new, |s| format!("{} {:.4}", s.name, s.urmse));
    view! {
        <tr>
            <th scope="row">{place.name.clone()}<small>{seen(&place.seen)}</small></th>
            <td class="number">{number(smen.map(|s| s.dates), 0)}</td>
            <td class="number">{number(smen.map(|s| s.pixels), 0)}</td>
            <td class="number">{number(smen.map(|s| s.urmse), 4)}<small>{interval(smen.and_then(|s| s.interval.as_ref()))}</small></td>
            <td class="number">{number(bilinear.map(|s| s.urmse), 4)}</td>
            <td class="number">{interval(bilinear.and_then(|s| s.gain.as_ref()))}</td>
            <td>{best}</td>
        </tr>
    }
    .into_any()
}

/// The network, bilinear SMAP and the best baseline at every place of a card.
fn short_table(card: &Card) -> AnyView {
    const COLUMNS: [&str; 7] = [
        "Place",
        "Dates",
        "Pixels",
        "Network (95 %)",
        "Bilinear SMAP",
        "Better by (95 %)",
        "Best baseline, trained there",
    ];
    view! {
        <div class="tablewrap" tabindex="0" role="region" aria-label=format!("Scores of the weights {}", card.name)>
            <table>
                <thead><tr>{COLUMNS.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view()}</tr></thead>
                <tbody>{card.scores.iter().map(short_row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Every baseline at one place.
fn long_table(place: &Place) -> AnyView {
    view! {
        <details>
            <summary>{format!("{}: every baseline, {}", place.name, place.dates.join(" to "))}</summary>
            <table>
                <thead><tr><th scope="col">"Method"</th><th scope="col">"uRMSE m³/m³"</th><th scope="col">"Better by (95 %)"</th><th scope="col">"pixels"</th></tr></thead>
                <tbody>{place.scores.iter().map(|s| view! {
                    <tr><th scope="row">{s.name.clone()}</th><td class="number">{number(Some(s.urmse), 4)}</td><td class="number">{interval(s.gain.as_ref())}</td><td class="number">{s.pixels}</td></tr>
                }).collect_view()}</tbody>
            </table>
        </details>
    }
    .into_any()
}

fn training(stage: &Stage) -> String {
    let at = |n: usize| stage.images.get(n).copied().unwrap_or_default();
    let date = |n: usize| stage.dates.get(n).map_or("", String::as_str);
    format!(
        "{} images, {} to {}; {} from {} on chose the epoch; {} from {} on were kept for testing; {} between them left out. {} epochs, learning rate {}, {} a step, seed {}.",
        at(0),
        date(0),
        date(1),
        at(1),
        date(2),
        at(2),
        date(3),
        at(3),
        stage.epochs,
        stage.rate,
        stage.batch,
        stage.seed
    )
}

fn card_view(card: &Card) -> AnyView {
    let places: Vec<String> = card.places.iter().map(|place| place.join(" (") + ")").collect();
    view! {
        <p>{card.simulated.then_some("Trained on simulated scenes, not on satellite data: ")}{places.join(", ")}"."</p>
        <ul>{card.stages.iter().map(|stage| view! { <li>{training(stage)}</li> }).collect_view()}</ul>
        <h3>"Scores on dates never trained on" {card.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</h3>
        <p class="hint">"Unbiased RMSE in m³/m³ against simulated 3 km maps, not against the ground; history from 3 km maps alone, none disaggregated here."</p>
        {short_table(card)}
        {card.scores.iter().map(long_table).collect_view()}
        <h3>"Limits"</h3>
        <ul>{card.limits.iter().map(|limit| view! { <li>{limit.clone()}</li> }).collect_view()}</ul>
    }
    .into_any()
}

fn in_use(cards: &[Card], prospect: &Prospect) -> AnyView {
    let (name, weights) = match prospect {
        Prospect::InUse(weights) => (weights.name.clone(), weights.clone()),
        // All shipped weights were trained on simulated scenes.
        loading => (
            format!("{}, will be loaded with the next map", loading.name()),
            WeightsReport { simulated: true, ..WeightsReport::default() },
        ),
    };
    let card = cards.iter().find(|card| card.hash == weights.hash);
    let others = cards.iter().filter(|other| card.is_none_or(|card| card.hash != other.hash));
    let parameters = thousands(cards.first().map_or(0.0, |card| card.parameters));
    view! {
        <p>{format!(
            "SMEN is a 3D convolutional network of {parameters} numbers. Three blocks of 32 kernels (2 x 3 x 3, each with ReLU and batch norm) go \
             over what SMAP missed on the four last dates with a 3 km map, one layer of 32 kernels (3 x 3) over today's 36 km SMAP map; one kernel \
             makes the 3 km map of their sum. A cell of the map sees 4 cells, 12 km, to each side."
        )}</p>
        <h3>"Weights in use: " {name} {weights.simulated.then(|| view! { <span class="tag">"SIMULATED"</span> })}</h3>
        {match card {
            Some(card) => card_view(card),
            None if weights.hash.is_empty() => view! { <p class="hint">"They are not loaded yet. All that are shipped were trained on simulated scenes; their scores are below."</p> }.into_any(),
            None => view! { <p class="hint">{format!("These weights did not come with the page, so there is no card of them. Their file says: trained on {}.", weights.trained_on)}</p> }.into_any(),
        }}
        {others.map(|other| view! {
            <details>
                <summary>{format!("Other shipped weights: {}", other.name)}</summary>
                {card_view(other)}
            </details>
        }).collect_view()}
    }
    .into_any()
}

/// The dialog. One for as long as the page lives, so its signals may be the page's own.
#[component]
pub fn AboutDialog() -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Dialog>::new();
    let shelf = PageSignal::new(Shelf::Empty);
    let cards = PageSignal::new(Vec::<Card>::new());
    let problem = PageSignal::new(String::new());
    Effect::new(move |_| {
        let (true, Some(dialog)) = (app.about.get(), node.get()) else { return };
        if !dialog.open() && dialog.show_modal().is_err() {
            // A browser without modal dialogs shows it in place.
            dialog.set_open(true);
        }
        if shelf.get_untracked() != Shelf::Empty {
            return;
        }
        shelf.set(Shelf::Loading);
        spawn_local(async move {
            match fetch_all().await {
                Ok(read) => {
                    cards.set(read);
                    shelf.set(Shelf::There);
                }
                Err(why) => {
                    problem.set(why);
                    // Asked for again when the dialog is opened again.
                    shelf.set(Shelf::Empty);
                }
            }
        });
    });
    let shut = move |_| {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
    };
    // However it was closed. The browser gives the focus back only to what had it, and some give none to a button that was clicked.
    let closed = move |_| {
        app.about.set(false);
        if let Some(button) =
            document().get_element_by_id("about-open").and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = button.focus();
        }
    };
    view! {
        <dialog id="about" node_ref=node aria-labelledby="about-title" on:close=closed>
            <div class="head">
                <h2 id="about-title">"About the model"</h2>
                <button type="button" id="about-close" on:click=shut>"Close"</button>
            </div>
            {move || match shelf.get() {
                Shelf::There => cards.with(|cards| in_use(cards, &app.prospect())),
                Shelf::Loading => view! { <p class="hint">"Reading the cards of the weights …"</p> }.into_any(),
                Shelf::Empty => {
                    let why = problem.get();
                    (!why.is_empty()).then(|| view! { <p class="problem">{format!("The cards could not be read ({why}). Close and open this again.")}</p> }).into_any()
                }
            }}
        </dialog>
    }
    .into_any()
}

/// A count with its thousands apart: `38,337`.
fn thousands(count: f64) -> String {
    let digits = format!("{count:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
