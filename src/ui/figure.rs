//! The PNG figure: maps, one legend, title, date, scale, provenance; and the provenance again in the file's text chunks.

use js_sys::Date as JsDate;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::canvas;
use super::draw::{self, Frame};
use super::panel::{heading, image_of, is_estimated, scale_of};
use super::stage::layers;
use super::store::App;
use crate::state::cursor::View;
use crate::state::{Layer, MapData};
use loam_core::export::png_text::annotate;
use loam_core::file::FineOrigin;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::scale::{HALF_WIDTH_LIMITS, KELVIN_LIMITS, MOISTURE_LIMITS, tidy};
use loam_core::map::{ClipCounts, Scale};
use loam_core::stack::HistorySlot;

use leptos::prelude::untrack;

/// Pixels per layout unit: 2 gives 300 dpi at about 19 cm.
const RATIO: f64 = 2.0;
/// 300 dpi.
const PIXELS_PER_METRE: u32 = 11_811;
const MARGIN: f64 = 28.0;
const GAP: f64 = 20.0;
/// From one line of the foot to the next.
const FOOT_LINE: f64 = 13.5;

/// Maps in the figure: those of the panels, without inputs that have another unit and scale.
fn in_figure(kind: LayerKind) -> bool {
    let other = [LayerKind::BackscatterVv, LayerKind::BackscatterVh, LayerKind::SurfaceTemperature];
    !other.contains(&kind) && !kind.is_of_season()
}

/// What is said of where the figure comes from, line by line, as (keyword, text).
pub fn provenance(data: &MapData) -> Vec<(&'static str, String)> {
    let report = &data.report;
    let window = report.settings.window;
    let named = report.history.iter().filter_map(|h| {
        let made = match h.origin {
            Some(FineOrigin::Disaggregated) => " (disaggregated)",
            Some(FineOrigin::OwnMap) => " (a map that Loam made)",
            Some(FineOrigin::Nisar) => " (NISAR)",
            _ => "",
        };
        h.date.map(|d| format!("{d}{made}"))
    });
    let history =
        HistorySlot::sum_up(&report.history).unwrap_or_else(|| named.collect::<Vec<_>>().join(", "));
    let mut lines = vec![
        (
            "Title",
            format!(
                "{}{}, {}",
                if report.simulated { "SIMULATED: " } else { "" },
                data.quantity(),
                report.date
            ),
        ),
        ("Software", format!("Loam {}", env!("CARGO_PKG_VERSION"))),
        ("Creation Time", String::from(JsDate::new_0().to_iso_string())),
        (
            "Region",
            format!(
                "EASE-Grid 2.0 (EPSG:6933), 3 km, first column {}, first row {}, {} columns, {} rows",
                window.first_column, window.first_row, window.columns, window.rows
            ),
        ),
        ("History", if history.is_empty() { "none".to_owned() } else { history }),
        match report.weights.closed_form {
            Some(method) => ("Method", format!("{}, in closed form", method.about().name)),
            None => (
                "Weights",
                format!(
                    "{} ({}), SHA-256 {}",
                    report.weights.name, report.weights.trained_on, report.weights.hash
                ),
            ),
        },
        ("Device", format!("{} ({})", report.device.name, if report.device.gpu { "GPU" } else { "CPU" })),
        ("Quality rule", format!("{:?}", report.settings.quality)),
        ("SMAP overpass", report.overpass.clone()),
        ("Inputs", report.inputs.join(", ")),
    ];
    if !report.interval.is_empty() {
        lines.push(("Interval", report.interval.clone()));
    }
    if !report.frame.is_empty() {
        lines.push((
            "Edge",
            format!("{}: estimated without what lies outside, not in the scores", report.frame.words()),
        ));
    }
    if let Some(score) = report.scores.first() {
        let (unit, of) = match report.reference {
            Some(FineOrigin::OwnMap) => ("m3/m3", "a map that Loam made"),
            Some(FineOrigin::Nisar) => ("m3/m3", "NISAR, provisional"),
            _ if data.method().output().is_kelvin() => ("K", "the 9 km product"),
            _ => ("m3/m3", "the 3 km product"),
        };
        let n = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
        lines.push((
            "Scores",
            format!(
                "{}: uRMSE {} {unit}, bias {} {unit}, R {}, {} pixels; agreement with {of}, not with the ground",
                score.name,
                n(score.urmse),
                n(score.bias),
                n(score.r),
                score.pixels
            ),
        ));
    }
    lines
}

fn text(ctx: &CanvasRenderingContext2d, size: f64, weight: &str, colour: &str, words: &str, x: f64, y: f64) {
    ctx.set_font(&format!("{weight} {size}px system-ui, sans-serif"));
    ctx.set_fill_style_str(colour);
    let _ = ctx.fill_text(words, x, y);
}

/// One legend bar with ticks under it.
fn legend(ctx: &CanvasRenderingContext2d, scale: &Scale, name: &str, x: f64, y: f64, width: f64) {
    ctx.set_text_align("left");
    text(ctx, 12.0, "600", "#14181c", &format!("{name}, {}", scale.unit), x, y);
    draw::ramp(ctx, scale, Frame { x, y: y + 8.0, width, height: 12.0 });
    ctx.set_text_align("center");
    for tick in scale.ticks() {
        let at = x + (tick - scale.min) / (scale.max - scale.min) * width;
        ctx.fill_rect(at - 0.5, y + 20.0, 1.0, 4.0);
        text(ctx, 11.0, "400", "#14181c", &tidy(tick), at, y + 35.0);
    }
    ctx.set_text_align("left");
}

/// Breaks a line into pieces that fit.
fn wrapped(ctx: &CanvasRenderingContext2d, line: &str, width: f64) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in line.split(' ') {
        let Some(last) = out.last_mut() else { break };
        let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if ctx.measure_text(&longer).is_ok_and(|m| m.width() > width) && !last.is_empty() {
            out.push(word.to_owned());
        } else {
            *last = longer;
        }
    }
    out
}

/// The rules of the scales and the facts, in lines that fit.
fn foot_lines(
    app: App,
    data: &MapData,
    kinds: &[LayerKey],
    facts: &[(&'static str, String)],
    ctx: &CanvasRenderingContext2d,
    width: f64,
) -> Vec<String> {
    let method = data.method();
    let limits = if method.output().is_kelvin() { KELVIN_LIMITS } else { MOISTURE_LIMITS };
    let scales = [
        ("Scale", LayerKind::Estimate, limits),
        ("Scale of half-width and uncertainty", LayerKind::HalfWidth, HALF_WIDTH_LIMITS),
    ];
    let rules = scales.into_iter().filter_map(|(name, kind, limits)| {
        let scale = scale_of(app, method, kind.into());
        let drawn = |layer: &&Layer| kinds.contains(&layer.key) && scale_of(app, method, layer.key) == scale;
        let layers: Vec<&Layer> = data.layers.iter().filter(drawn).collect();
        let mut clip = ClipCounts::default();
        for layer in &layers {
            let here = scale.with_untracked(|scale| scale.clipped(&layer.values));
            clip = ClipCounts { below: clip.below + here.below, above: clip.above + here.above };
        }
        let rule = || format!("{name}: {}.", scale.with_untracked(|scale| scale.rule(limits, clip)));
        (!layers.is_empty()).then(rule)
    });
    let facts = facts.iter().skip(1).filter(|fact| fact.0 != "Inputs").map(|(k, v)| format!("{k}: {v}"));
    ctx.set_font("400 10.5px system-ui, sans-serif");
    rules.chain(facts).flat_map(|line| wrapped(ctx, &line, width)).collect()
}

/// Name and bytes of the figure.
pub async fn png(app: App, data: &MapData) -> Result<(String, Vec<u8>), String> {
    let no_canvas = || "the browser gave no canvas".to_owned();
    let (window, method) = (data.window(), data.method());
    let kinds: Vec<LayerKey> = layers(data)
        .into_iter()
        .filter(|key| in_figure(key.kind) && key.kind != LayerKind::Bilinear)
        .collect();
    let across = kinds.len().clamp(1, 2);
    let panel = 360.0;
    let tall = panel * window.rows as f64 / window.columns as f64;
    let width = (MARGIN * 2.0 + across as f64 * panel + (across - 1) as f64 * GAP).max(620.0);
    let lines_of_panels = kinds.len().div_ceil(across) as f64;
    let head = if data.report.simulated { 92.0 } else { 68.0 };
    let facts = provenance(data);
    let small = canvas::new_canvas(1, 1).and_then(|canvas| canvas::context(&canvas)).ok_or_else(no_canvas)?;
    let foot = foot_lines(app, data, &kinds, &facts, &small, width - 2.0 * MARGIN);
    let height = head + lines_of_panels * (tall + 30.0) + 84.0 + FOOT_LINE * foot.len() as f64;
    let canvas = canvas::new_canvas((width * RATIO) as u32, (height * RATIO) as u32).ok_or_else(no_canvas)?;
    let ctx = canvas::context(&canvas).ok_or_else(no_canvas)?;
    ctx.scale(RATIO, RATIO).map_err(|_| no_canvas())?;
    ctx.set_fill_style_str("#ffffff");
    ctx.fill_rect(0.0, 0.0, width, height);
    let region = data
        .report
        .settings
        .region
        .as_deref()
        .and_then(loam_core::stack::Preset::find)
        .map_or("Region", |p| p.name);
    text(
        &ctx,
        20.0,
        "600",
        "#14181c",
        &format!("{}, {region}, {}", data.quantity(), data.report.date),
        MARGIN,
        36.0,
    );
    let sub = format!(
        "{} × {} cells, EASE-Grid 2.0 cylindrical equal area (EPSG:6933)",
        window.columns, window.rows
    );
    text(&ctx, 12.0, "400", "#4a535b", &sub, MARGIN, 55.0);
    if data.report.simulated {
        text(&ctx, 13.0, "700", "#8a2c0d", "SIMULATED scenes, not observations", MARGIN, 76.0);
    }
    let coast = app.coast.get_untracked();
    for (i, kind) in kinds.iter().enumerate() {
        let x = MARGIN + (i % across) as f64 * (panel + GAP);
        let y = head + (i / across) as f64 * (tall + 30.0) + 16.0;
        text(&ctx, 13.0, "600", "#14181c", &heading(data, *kind), x, y - 6.0);
        let frame = Frame { x, y, width: panel, height: tall };
        if let Some(image) = untrack(|| image_of(app, data, *kind)) {
            draw::pixels(&ctx, &image, frame, View::default(), &window);
            if is_estimated(*kind) {
                draw::edges(&ctx, &data.report.frame, frame, View::default(), &window);
            }
        }
        if let Some(coast) = &coast {
            draw::coast(&ctx, coast, frame, View::default(), &window);
        }
        draw::lines(&ctx, frame, View::default(), &window, 11.0);
        ctx.set_stroke_style_str("#4a535b");
        ctx.set_line_width(0.8);
        ctx.stroke_rect(x, y, panel, tall);
        if data.report.simulated {
            ctx.set_text_align("right");
            ctx.set_line_width(3.0);
            ctx.set_stroke_style_str("rgba(255,255,255,0.9)");
            ctx.set_font("700 11px system-ui, sans-serif");
            let _ = ctx.stroke_text("SIMULATED", x + panel - 6.0, y + 14.0);
            text(&ctx, 11.0, "700", "#8a2c0d", "SIMULATED", x + panel - 6.0, y + 14.0);
            ctx.set_text_align("left");
        }
    }
    let mut y = head + lines_of_panels * (tall + 30.0) + 20.0;
    let named = [
        (
            if method.output().is_kelvin() { "Brightness temperature" } else { "Soil moisture" },
            LayerKind::Estimate,
        ),
        ("Difference", LayerKind::Difference),
        ("90 % half-width, uncertainty", LayerKind::HalfWidth),
    ];
    let drawn = |kind: LayerKind| {
        kinds.iter().any(|k| scale_of(app, method, *k) == scale_of(app, method, kind.into()))
    };
    let legends: Vec<_> = named.into_iter().filter(|(_, kind)| drawn(*kind)).collect();
    let (widths, gap) =
        if legends.len() > 2 { ([190.0, 170.0, 170.0], 22.0) } else { ([250.0, 180.0, 0.0], 30.0) };
    let mut x = MARGIN + 4.0;
    for ((name, kind), wide) in legends.into_iter().zip(widths) {
        legend(&ctx, &scale_of(app, method, kind.into()).get_untracked(), name, x, y, wide);
        x += wide + gap;
    }
    draw::hatch(&ctx, Frame { x: width - MARGIN - 130.0, y: y + 8.0, width: 26.0, height: 14.0 });
    text(&ctx, 12.0, "400", "#14181c", "masked", width - MARGIN - 98.0, y + 19.0);
    y += 56.0;
    for line in &foot {
        text(&ctx, 10.5, "400", "#4a535b", line, MARGIN, y);
        y += FOOT_LINE;
    }
    let bytes = annotate(&encoded(&canvas).await?, &facts, PIXELS_PER_METRE).map_err(|e| e.to_string())?;
    let label = if data.report.simulated { "simulated_" } else { "" };
    Ok((format!("loam_{label}{}.png", data.report.date), bytes))
}

/// What the canvas encodes, as bytes.
async fn encoded(canvas: &HtmlCanvasElement) -> Result<Vec<u8>, String> {
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        let done = Closure::once_into_js(move |blob: JsValue| {
            let _ = resolve.call1(&JsValue::NULL, &blob);
        });
        if let Err(error) = canvas.to_blob(done.unchecked_ref()) {
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    });
    let blob = JsFuture::from(promise).await.map_err(|e| crate::link::describe(&e))?;
    let blob: Blob =
        blob.dyn_into().map_err(|_| "the browser could not encode an image of this size".to_owned())?;
    Ok(canvas::blob_bytes(&blob).await?.to_vec())
}
