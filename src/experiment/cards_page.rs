//! docs/cards.md: the model cards as a page, and the simulated places that only the general weights know.

use std::fmt::Write;

use super::card::{Card, CardScore, PlaceScores, Seen};
use loam_core::simulate::properties::{Properties, TARGETS};
use loam_core::simulate::{TRAINING_PLACES, UNSEEN_PLACES};

fn interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(|| "-".to_owned(), |[low, high]| format!("{low:.4} to {high:.4}"))
}

fn gain(gain: Option<[f64; 3]>) -> String {
    gain.map_or_else(|| "-".to_owned(), |[mean, low, high]| format!("{mean:+.4} ({low:+.4} to {high:+.4})"))
}

fn seen(seen: Seen) -> &'static str {
    match seen {
        Seen::Earlier => "trained on earlier dates of it",
        Seen::Elsewhere => "not trained on it",
        Seen::Never => "no shipped weights are trained on it",
    }
}

/// The page. `head` says how it was made.
#[must_use]
pub fn cards_markdown(cards: &[Card], scene_seed: u64, head: &str) -> String {
    let mut text = format!("# Model cards of the shipped weights\n\n{head}\n\n");
    text.push_str(
        "Every figure is on **SIMULATED** scenes, not observed, on dates from 2018-01-01 on, which neither the weights nor the baselines were trained on or chosen \
         by. uRMSE in m3/m3, mean over dates, on the pixels where the 3 km map, SMAP and its interpolations exist. \"Better by\" is the baseline's uRMSE minus \
         the network's, paired by date, with its 95 % bootstrap interval over dates. The trained baselines (mean training residual, forest, LSTM) are trained on all usable dates \
         of that very place before 2018, about 15 % more than the networks, whose validation dates are not trained on; the first two know each pixel's own past. History is 3 km products alone: the page, \
         `loam predict` and `loam evaluate` also take maps disaggregated from backscatter, which gives more dates and, on these scenes, slightly worse scores.\n\n",
    );
    text.push_str("| place | weights | what they have seen of it | dates | pixels | network | 95 % over dates | bilinear SMAP | better by | best baseline |\n|---|---|---|---|---|---|---|---|---|---|\n");
    let mut places: Vec<&str> = Vec::new();
    for place in cards.iter().flat_map(|card| &card.scores) {
        if !places.contains(&place.key.as_str()) {
            places.push(&place.key);
        }
    }
    for key in places {
        for (card, place) in
            cards.iter().filter_map(|card| Some((card, card.scores.iter().find(|p| p.key == key)?)))
        {
            text.push_str(&short_row(card, place));
        }
    }
    for card in cards {
        text.push_str(&one(card));
    }
    text.push_str(&places_markdown(scene_seed));
    text
}

fn short_row(card: &Card, place: &PlaceScores) -> String {
    let Some(smen) = place.own() else { return String::new() };
    let bilinear = place.of("bilinear SMAP");
    let best = place.best().map_or_else(String::new, |s| format!("{}, {:.4}", s.name, s.urmse));
    format!(
        "| {} | {} | {} | {} | {} | {:.4} | {} | {} | {} | {best} |\n",
        place.name,
        card.key,
        seen(place.seen),
        smen.dates,
        smen.pixels,
        smen.urmse,
        interval(smen.interval),
        bilinear.map_or_else(String::new, |s| format!("{:.4}", s.urmse)),
        gain(bilinear.and_then(|s| s.gain)),
    )
}

fn one(card: &Card) -> String {
    let mut text = format!("\n## {}\n\n", card.name);
    let _ = writeln!(
        text,
        "`public/weights/{}.safetensors`, {} bytes, SHA-256 {}. {}, {} parameters{}.\n",
        card.key,
        card.bytes,
        card.hash,
        card.network,
        card.parameters,
        card.precision.as_ref().map_or_else(String::new, |p| format!(", rounded to {p}"))
    );
    let places: Vec<String> =
        card.places.iter().map(|[name, climate]| format!("{name} ({climate})")).collect();
    let what = if card.simulated { "**SIMULATED**, not observed" } else { "files" };
    let _ = writeln!(text, "- Data: {what}; seed of the scenes {}. {}", card.scene_seed, places.join(", "));
    for (n, stage) in card.stages.iter().enumerate() {
        let [train, validate, test, gap] = stage.images;
        let [first, last, validate_from, test_from] = &stage.dates;
        let _ = writeln!(
            text,
            "- Training {}: {train} images, {first} to {last}; {validate} from {validate_from} on to choose the epoch; {test} from {test_from} on kept for testing; {gap} between them \
             left out, because held-out dates look back at them. {} epochs, Adam {:e}, {} image{} a step, seed {}{}",
            n + 1,
            stage.epochs,
            stage.learning_rate,
            stage.batch,
            if stage.batch == 1 { "" } else { "s" },
            stage.seed,
            if stage.flips { ", mirrored by chance" } else { "" },
        );
    }
    if let Some([[a, b], [c, d]]) = card.range {
        let _ = writeln!(
            text,
            "- Range of the training inputs: SMAP {a:.3} to {b:.3}, residuals {c:.3} to {d:.3} m3/m3 (99 % of the pixels)"
        );
    }
    let _ = writeln!(text, "\nLimits:\n");
    for limit in &card.limits {
        let _ = writeln!(text, "- {limit}");
    }
    for place in &card.scores {
        let [first, last] = &place.dates;
        let _ = writeln!(
            text,
            "\n### {}: {} (SIMULATED; {}), {first} to {last}\n\n| | uRMSE | 95 % over dates | better by | bias | R | pixels | dates |\n|---|---|---|---|---|---|---|---|",
            card.name,
            place.name,
            seen(place.seen)
        );
        for s in &place.scores {
            text.push_str(&row(s));
        }
        let _ = write!(text, "\nThe trained baselines had {} dates of this place.", place.baseline_images);
        if let Some([i, d]) = place.outside {
            let _ = write!(
                text,
                " Outside the range of the training inputs (of which about 1 % lie outside by definition): {:.1} % of SMAP, {:.1} % of the residuals.",
                100.0 * i,
                100.0 * d
            );
        }
        text.push('\n');
    }
    text
}

fn row(s: &CardScore) -> String {
    format!(
        "| {} | {:.4} | {} | {} | {:+.4} | {} | {} | {} |\n",
        s.name,
        s.urmse,
        interval(s.interval),
        gain(s.gain),
        s.bias,
        s.r.map_or_else(|| "-".to_owned(), |r| format!("{r:.3}")),
        s.pixels,
        s.dates
    )
}

/// Properties of the places beside the three regions (those are in docs/simulated.md).
fn places_markdown(scene_seed: u64) -> String {
    let mut text = String::from(
        "\n## The simulated places beside the three regions\n\nEvery parameter of them is chosen (`src/simulate/places.rs`); measured here is what comes of it. In brackets the range of \
         docs/simulated.md where that is the same for all regions, with its source there; a value outside is marked **bold**.\n\n",
    );
    let places: Vec<_> = TRAINING_PLACES.iter().chain(&UNSEEN_PLACES).collect();
    let measured: Vec<_> = places
        .iter()
        .map(|place| Properties::of_preset(place.key, scene_seed, 1.0).unwrap_or_default())
        .collect();
    let names: Vec<String> =
        places.iter().map(|place| format!("{} ({})", place.name, place.climate)).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for target in &TARGETS {
        let [range, ..] = target.range;
        let common = target.range.iter().all(|other| *other == range);
        let cells: Vec<String> = measured
            .iter()
            .map(|properties| {
                let value = (target.of)(properties);
                let mark = if common && !(range.0..=range.1).contains(&value) { "**" } else { "" };
                format!("{mark}{value:.3}{mark}")
            })
            .collect();
        let range = if common { format!(" ({} to {})", range.0, range.1) } else { String::new() };
        let _ = writeln!(text, "| {}, {}{range} | {} |", target.what, target.unit, cells.join(" | "));
    }
    text
}
