//! The series at a cell: SMAP, estimate and reference over the dates whose maps were made.

use std::sync::Arc;

use ease_grid::EaseWindow;
use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;

use super::canvas;
use super::panel::watch_size;
use super::store::App;
use crate::state::cursor::Cell;
use crate::state::days::day_number;
use crate::state::season::Season;
use crate::state::words::csv_line;
use crate::state::{Event, MapData};
use loam_core::layer::LayerKind;
use loam_core::map::scale::{ticks_between, tidy};

/// Room for the axes, CSS pixels: left, top, right, bottom.
const ROOM: (f64, f64, f64, f64) = (36.0, 6.0, 6.0, 18.0);

/// What there is of a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub date: Date,
    pub coarse: Option<f32>,
    pub estimate: Option<f32>,
    pub half_width: Option<f32>,
    pub reference: Option<f32>,
}

/// The series at a cell of a region: of the dates whose maps were made, and those of a season, which have no SMAP and no reference beside them.
pub fn series(made: &[Arc<MapData>], season: &Season, region: &EaseWindow, cell: Cell) -> Vec<Point> {
    let of = |map: &MapData, kind: LayerKind| {
        let value = map.layer(kind)?.values.get(cell.index(&map.window())).copied()?;
        value.is_finite().then_some(value)
    };
    let mut points: Vec<Point> = made
        .iter()
        .map(|map| Point {
            date: map.report.date,
            coarse: of(map, LayerKind::Coarse),
            estimate: of(map, LayerKind::Estimate),
            half_width: of(map, LayerKind::HalfWidth),
            reference: of(map, LayerKind::Reference),
        })
        .collect();
    if let Some(at) = season.index(region, cell.column, cell.row) {
        for kept in &season.days {
            let value = |plane: &[f32]| plane.get(at).copied().filter(|v| v.is_finite());
            let (date, half_width) = (kept.day.date, kept.day.half_width.as_deref().and_then(value));
            if let Err(before) = points.binary_search_by_key(&date, |point| point.date) {
                let estimate = value(&kept.day.values);
                points.insert(before, Point { date, coarse: None, estimate, half_width, reference: None });
            }
        }
    }
    points
}

/// The series at a cell of the map shown. A season counts while it is of the present choices.
fn series_here(app: App, cell: Cell) -> Vec<Point> {
    app.peek(|state| {
        let Some(region) = state.map.as_ref().map(|map| map.window()) else { return Vec::new() };
        let none = Season::default();
        let season = if state.season_changes().is_empty() { &*state.season } else { &none };
        series(&state.made, season, &region, cell)
    })
}

/// As a file: a line a date.
pub fn csv(points: &[Point], simulated: bool, place: &str) -> String {
    let mut text = format!("# series at {place}\r\n");
    if simulated {
        text += "# SIMULATED: these are simulated scenes, not observations\r\n";
    }
    let head = ["date", "smap_36km", "estimate_3km", "half_width_90", "reference"];
    text += &csv_line(&head.map(str::to_owned));
    for p in points {
        let number = |v: Option<f32>| v.map_or_else(String::new, |v| v.to_string());
        let values = [p.coarse, p.estimate, p.half_width, p.reference].map(number);
        text += &csv_line(&[vec![p.date.to_string()], values.to_vec()].concat());
    }
    text
}

fn draw(ctx: &web_sys::CanvasRenderingContext2d, width: f64, height: f64, points: &[Point]) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let (from, to) = (f64::from(day_number(first.date)), f64::from(day_number(last.date)));
    let all = points.iter().flat_map(|p| {
        let half = p.half_width.unwrap_or(0.0);
        [p.coarse, p.reference, p.estimate.map(|e| e - half), p.estimate.map(|e| e + half)]
    });
    let (low, high) = all
        .flatten()
        .fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(f64::from(v)), high.max(f64::from(v))));
    if low > high {
        return;
    }
    let room = ((high - low) * 0.08).max(0.005);
    let (low, high) = (low - room, high + room);
    let (right, bottom) = (width - ROOM.2, height - ROOM.3);
    let x = |date: Date| {
        ROOM.0 + 6.0 + (f64::from(day_number(date)) - from) / (to - from).max(1.0) * (right - ROOM.0 - 12.0)
    };
    let y = |value: f32| bottom - (f64::from(value) - low) / (high - low) * (bottom - ROOM.1);
    let (ink, rule) = (canvas::css("--soft"), canvas::css("--rule"));
    ctx.set_font("11px system-ui, sans-serif");
    ctx.set_text_align("right");
    ctx.set_text_baseline("middle");
    for tick in ticks_between(low, high, 4) {
        let at = y(tick as f32);
        ctx.set_fill_style_str(&rule);
        ctx.fill_rect(ROOM.0, at, right - ROOM.0, 1.0);
        ctx.set_fill_style_str(&ink);
        let _ = ctx.fill_text(&tidy(tick), ROOM.0 - 4.0, at);
    }
    ctx.set_text_baseline("top");
    ctx.set_text_align("left");
    let _ = ctx.fill_text(&first.date.to_string(), ROOM.0, bottom + 4.0);
    if to > from {
        ctx.set_text_align("right");
        let _ = ctx.fill_text(&last.date.to_string(), right, bottom + 4.0);
    }
    let line = |get: &dyn Fn(&Point) -> Option<f32>, colour: &str| {
        ctx.set_stroke_style_str(colour);
        ctx.set_line_width(1.5);
        ctx.begin_path();
        let mut drawing = false;
        for p in points {
            match get(p) {
                Some(value) if drawing => ctx.line_to(x(p.date), y(value)),
                Some(value) => ctx.move_to(x(p.date), y(value)),
                None => {}
            }
            drawing = get(p).is_some();
        }
        ctx.stroke();
    };
    line(&|p| p.coarse, &canvas::css("--coarse"));
    let fine = canvas::css("--fine");
    line(&|p| p.estimate, &fine);
    ctx.set_line_width(1.0);
    for p in points {
        if let (Some(value), Some(half)) = (p.estimate, p.half_width) {
            ctx.begin_path();
            ctx.move_to(x(p.date), y(value - half));
            ctx.line_to(x(p.date), y(value + half));
            ctx.stroke();
        }
        // A square for SMAP, a dot for the estimate, a ring for the reference, so that colour is not alone.
        if let Some(value) = p.coarse {
            ctx.set_fill_style_str(&canvas::css("--coarse"));
            ctx.fill_rect(x(p.date) - 2.5, y(value) - 2.5, 5.0, 5.0);
        }
        let circle = |value: f32, radius: f64| {
            ctx.begin_path();
            let _ = ctx.arc(x(p.date), y(value), radius, 0.0, std::f64::consts::TAU);
        };
        if let Some(value) = p.estimate {
            ctx.set_fill_style_str(&fine);
            circle(value, 2.8);
            ctx.fill();
        }
        if let Some(value) = p.reference {
            ctx.set_stroke_style_str(&canvas::css("--ink"));
            circle(value, 4.0);
            ctx.stroke();
        }
    }
}

/// The chart at the last pin.
#[component]
pub fn Series() -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let cell = Memo::new(move |_| app.pins.with(|pins| pins.last().copied()));
    // Not with each date of a season that is being made.
    let season = Memo::new(move |_| app.season.with(|s| if s.is_running() { 0 } else { s.days.len() + 1 }));
    let points = move || {
        app.made.track();
        app.stale();
        season.track();
        cell.get().map(|cell| series_here(app, cell)).unwrap_or_default()
    };
    Effect::new(move |_| {
        size.track();
        let points = points();
        if let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) {
            draw(&ctx, width, height, &points);
        }
    });
    let label = move || {
        let points = points();
        let known = points.iter().filter_map(|p| p.estimate);
        let (low, high) = known.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let range =
            if low <= high { format!(", estimates from {low:.3} to {high:.3}") } else { String::new() };
        format!("Series at the last pin: {} dates{range}; the same numbers are in the CSV", points.len())
    };
    let save = move |_| {
        let (Some(cell), Some(map)) = (cell.get_untracked(), app.map.get_untracked()) else { return };
        let points = series_here(app, cell);
        let (lon, lat) = map.window().lonlat(cell.column, cell.row);
        let simulated = if map.report.simulated { "SIMULATED_" } else { "" };
        let name = format!("loam_{simulated}series.csv");
        let text =
            csv(&points, map.report.simulated, &format!("{lat:.5}, {lon:.5} (latitude, longitude), m3/m3"));
        let saved = canvas::download(&name, "text/csv", text.as_bytes());
        app.tell(Event::Saved(name, saved));
    };
    view! {
        <div class="series" id="series" hidden=move || cell.get().is_none()>
            <h3 class="minor">"Series at the last pin"</h3>
            <canvas class="seriesplot" node_ref=node role="img" aria-label=label></canvas>
            <p class="key"><span class="swatch coarse"></span>"SMAP "<span class="dotmark estimate">"●"</span>"estimate "<span class="dotmark">"○"</span>"reference"</p>
            <p class="hint">{move || format!("{} dates whose maps were made here; Play makes more, a season all.", points().len())}</p>
            <button type="button" class="quiet" id="save-series" on:click=save>"Save the series as CSV"</button>
        </div>
    }
    .into_any()
}
