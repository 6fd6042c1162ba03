//! What makes, keeps and shows a season.

use std::sync::Arc;

use ease_grid::{EaseWindow, Edges, Statistics};
use jiff::civil::Date;

use super::{DayMap, KEPT_BYTES, Logic, Queue, Season, place};
use crate::state::shown::Present;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::protocol::{Attachment, MapReport, Packed, Request, SEASON_KEY, SeasonDayReport, SeasonReport};
use crate::state::ledger::Kind;
use crate::state::{Attach, Job, Layer, MapData, State};
use loam_core::export::flags;
use loam_core::layer::LayerKind;
use loam_core::season::sidecar;
use loam_core::weights_report::{Prospect, WeightsReport};

impl Logic {
    /// All of it.
    #[must_use]
    pub fn here() -> Self {
        Self { start, day, made, with_layers, show_map, records: |state| records(&state.season) }
    }
}

/// The kept maps as the worker reads them.
fn records(season: &Season) -> Vec<u8> {
    let mut bytes = sidecar::head(SEASON_KEY);
    season.days.iter().for_each(|kept| bytes.extend(sidecar::record(&kept.day)));
    bytes
}

/// A plane of a window on the cells of a region.
fn spread<T: Copy>(plane: &[T], window: &EaseWindow, region: &EaseWindow, none: T) -> Vec<T> {
    let cell = |n: usize| place(window, region, n % region.columns, n / region.columns);
    (0..region.len()).map(|n| cell(n).and_then(|at| plane.get(at).copied()).unwrap_or(none)).collect()
}

fn layer(kind: LayerKind, values: Vec<f32>, reasons: Vec<u8>) -> Layer {
    let statistics = Statistics::of(&values);
    Layer { key: kind.into(), values, reasons, statistics }
}

/// Asks for every date of the period. Those that are kept of the same files, rules and weights are not made again.
fn start(state: &mut State) {
    let (from, to) = (state.season.from, state.season.to);
    let settings = state.settings.clone();
    let asked = Some(settings.clone());
    let mut season = Season { from, to, data: *state.data, settings: asked, ..Season::default() };
    if state.season_changes().is_empty() {
        let before = &*state.season;
        let wanted = |kept: &&Arc<DayMap>| {
            let date = kept.day.date;
            from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to)
        };
        season.days = before.days.iter().filter(wanted).cloned().collect();
        (season.like, season.window) = (before.like.clone(), before.window);
    }
    season.made = season.days.len();
    let attach = if season.days.is_empty() { Attach::Nothing } else { Attach::Bytes(records(&season)) };
    let Some(id) = state.send_with(Kind::Season, Request::Season { from, to, settings }, attach) else {
        return;
    };
    let job = Job::new(id, "reading the dates");
    season.queue = Queue::Running { job, seconds_left: None, cancelling: false };
    state.season.set(season);
    show_layers(state);
    state.say("Predicting every date.");
}

/// What the worker said; none, with a message, where it cannot be read.
fn opened<T: Serialize + DeserializeOwned>(state: &mut State, packed: &Packed<T>) -> Option<T> {
    match packed.open() {
        Ok(report) => Some(report),
        Err(error) => {
            state.fail("The season cannot be shown", &error.to_string(), "Reload the page.");
            None
        }
    }
}

/// A date is made, or cannot be.
fn day(state: &mut State, report: &Packed<SeasonDayReport>, attachments: Vec<Attachment>) {
    let Some(report) = opened(state, report) else { return };
    if let Queue::Running { job, seconds_left, .. } = &mut state.season.queue {
        (job.done, job.total) = (report.done, report.total);
        *seconds_left = Some(report.seconds_left);
    }
    let (date, window, frame, total) = (report.date, report.window, report.frame, report.total);
    match report.map(attachments) {
        Ok((day, weights)) => {
            if state.season.like.is_none() {
                let first = like(state, date, weights, day.simulated);
                state.season.like = first.map(Box::new);
            }
            let kept = DayMap { day, frame };
            let season = &mut *state.season;
            season.window = Some(window);
            season.made += 1;
            season.too_large |= kept.bytes().saturating_mul(total as usize) > KEPT_BYTES;
            if season.too_large {
                season.days.clear();
            } else {
                let kept = Arc::new(kept);
                match season.days.binary_search_by_key(&date, |kept| kept.day.date) {
                    Ok(at) => {
                        season.days[at] = kept;
                        season.made -= 1;
                    }
                    Err(at) => season.days.insert(at, kept),
                }
            }
        }
        Err(why) => state.season.left_out.push((date, why)),
    }
}

/// What the maps of the season have in common, from the first.
fn like(state: &mut State, date: Date, weights: WeightsReport, simulated: bool) -> Option<MapReport> {
    if *state.weights != weights {
        state.take_weights(weights.clone());
    }
    Some(MapReport {
        date,
        settings: state.season.settings.clone()?,
        layers: Vec::new(),
        history: Vec::new(),
        scores: Vec::new(),
        mass: None,
        weights,
        device: (*state.device).clone()?,
        overpass: String::new(),
        overpasses: None,
        interval: String::new(),
        frame: Edges::default(),
        reference: None,
        inputs: Vec::new(),
        sensitivity: None,
        applicability: String::new(),
        simulated,
        warnings: vec![
            "shown from the season: SMAP, reference and scores come with a prediction of this date"
                .to_owned(),
        ],
        milliseconds: 0.0,
    })
}

/// The season is whole.
fn made(state: &mut State, report: &Packed<SeasonReport>, attachments: Vec<Attachment>) {
    let Some(report) = opened(state, report) else { return };
    let region = state.season.like.as_ref().map_or(report.window, |like| like.settings.window);
    let kinds = [
        (LayerKind::SeasonMean, report.mean),
        (LayerKind::SeasonTrend, report.trend),
        (LayerKind::SeasonTrendError, report.trend_error),
        (LayerKind::SeasonDrydown, report.drydown),
        (LayerKind::SeasonCount, report.count),
    ];
    let plane = |(kind, at): (LayerKind, usize)| match attachments.get(at) {
        Some(Attachment::F32(values)) if values.len() == report.window.len() => {
            let values = spread(values, &report.window, &region, f32::NAN);
            let reasons = vec![0; values.len()];
            Some(layer(kind, values, reasons))
        }
        _ => None,
    };
    let layers: Vec<Layer> = kinds.into_iter().filter_map(plane).collect();
    let season = &mut *state.season;
    season.layers = layers;
    season.queue = Queue::Done;
    let (dates, left_out) = (report.dates.len(), season.left_out.len());
    season.result = Some(Arc::new(report));
    show_layers(state);
    state.say(format!("The season is ready: {dates} maps, {left_out} dates without one."));
}

/// A map with the season's layers, where both are of the same region, rules, files and weights; else without.
fn with_layers(state: &State, map: &Arc<MapData>) -> Arc<MapData> {
    let of_season = |layer: &Layer| layer.key.kind.is_of_season();
    let of_same = |like: &MapReport| {
        let (weights, settings) = (Prospect::InUse(map.report.weights.clone()), &map.report.settings);
        let now = Present { date: Some(like.date), settings, weights: &weights, same_files: true };
        like.changes(&now).is_empty()
    };
    let like = state.season.like.as_ref().filter(|_| state.season.data == map.data);
    let layers = if like.is_some_and(|like| of_same(like)) { state.season.layers.as_slice() } else { &[] };
    if layers.is_empty() && !map.layers.iter().any(of_season) {
        return Arc::clone(map);
    }
    let mut with = (**map).clone();
    with.layers.retain(|layer| !of_season(layer));
    with.layers.extend(layers.iter().cloned());
    Arc::new(with)
}

/// The season's layers came, or are gone.
fn show_layers(state: &mut State) {
    if let Some(map) = (*state.map).clone() {
        let with = with_layers(state, &map);
        if !Arc::ptr_eq(&with, &map) {
            state.map.set(Some(with));
        }
    }
}

/// Shows the season's map of the chosen date; false where it is shown already, or there is none of the present choices.
fn show_map(state: &mut State) -> bool {
    let Some(date) = *state.date else { return false };
    if state.map.is_some() && state.stale().is_none() {
        return false;
    }
    let season = &*state.season;
    let at = season.days.binary_search_by_key(&date, |kept| kept.day.date);
    let (Ok(at), Some(like), Some(window)) = (at, &season.like, &season.window) else { return false };
    if state.pending.is_some() || !state.season_changes().is_empty() {
        return false;
    }
    let DayMap { day, frame } = &*season.days[at];
    let region = like.settings.window;
    let outside = flags::of(ease_grid::Reason::OutsideFile);
    let bits = spread(&day.flags, window, &region, outside);
    let reasons: Vec<u8> = bits.into_iter().map(|bits| flags::reason(bits) as u8).collect();
    let plane =
        |kind, values: &[f32]| layer(kind, spread(values, window, &region, f32::NAN), reasons.clone());
    let mut layers = vec![plane(LayerKind::Estimate, &day.values)];
    layers.extend(day.half_width.as_deref().map(|values| plane(LayerKind::HalfWidth, values)));
    let mut report = (**like).clone();
    (report.date, report.inputs, report.simulated) = (date, day.files.clone(), day.simulated);
    report.frame = if *window == region { *frame } else { Edges::default() };
    // How long a prediction takes stays known.
    report.milliseconds = state.map.as_ref().map_or(0.0, |map| map.report.milliseconds);
    let map = MapData { report, layers, overpasses: Vec::new(), data: season.data };
    let map = with_layers(state, &Arc::new(map));
    state.map.set(Some(map));
    state.season.shown = true;
    true
}
