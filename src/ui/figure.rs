//! The figure of a map, as PNG and as SVG: what is on it is described once (`loam_core::export::figure`). Its provenance is in the file too.

use js_sys::Date as JsDate;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::canvas_pen::CanvasPen;
use super::layer_list::on_stage;
use super::panel::{heading, image_of, is_estimated, scale_of};
use super::stage::layers;
use super::store::App;
use super::{basemap, canvas};
use crate::state::{Layer, MapData};
use loam_core::export::figure::{self, FOOT, Figure, Legend, Panel};
use loam_core::export::png_text::annotate;
use loam_core::file::FineOrigin;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::ClipCounts;
use loam_core::map::scale::{HALF_WIDTH_LIMITS, KELVIN_LIMITS, MOISTURE_LIMITS};
use loam_core::stack::HistorySlot;

use leptos::prelude::untrack;

/// Widths in print, millimetres: a column of a journal, a column and a half, a page.
pub const WIDTHS: [f64; 3] = [85.0, 135.0, 180.0];
/// 300 dpi.
const PIXELS_PER_METRE: u32 = 11_811;

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
    ctx.set_font(&format!("400 {FOOT}px system-ui, sans-serif"));
    rules.chain(facts).flat_map(|line| wrapped(ctx, &line, width)).collect()
}

/// What is wanted of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// The layers on the stage, not all.
    pub on_stage: bool,
    /// Width in print, millimetres.
    pub print: f64,
}

impl Default for Wish {
    fn default() -> Self {
        Self { on_stage: false, print: WIDTHS[1] }
    }
}

/// What is on the figure, and the cells of its maps.
fn described(app: App, data: &MapData, wish: Wish) -> Result<(Figure, Vec<HtmlCanvasElement>), String> {
    let method = data.method();
    let staged = wish.on_stage.then(|| untrack(|| on_stage(app, data)));
    let wanted = |key: &LayerKey| match &staged {
        Some(staged) => in_figure(key.kind) && staged.contains(key),
        None => in_figure(key.kind) && key.kind != LayerKind::Bilinear,
    };
    let kinds: Vec<LayerKey> = layers(data).into_iter().filter(wanted).collect();
    if kinds.is_empty() {
        return Err("no layer on the stage has a scale of the figure: choose one of soil moisture".to_owned());
    }
    let facts = provenance(data);
    let ruler = canvas::new_canvas(1, 1).and_then(|canvas| canvas::context(&canvas)).ok_or_else(no_canvas)?;
    let foot = foot_lines(app, data, &kinds, &facts, &ruler, Figure::foot_width(kinds.len()));
    let region = data.report.settings.region.as_deref().and_then(loam_core::stack::Preset::find);
    let named = [
        (
            if method.output().is_kelvin() { "Brightness temperature" } else { "Soil moisture" },
            LayerKind::Estimate,
        ),
        ("Difference", LayerKind::Difference),
        ("90 % half-width, uncertainty", LayerKind::HalfWidth),
    ];
    let legends = named.into_iter().filter_map(|(name, kind)| {
        let scale = scale_of(app, method, kind.into());
        let drawn = kinds.iter().any(|key| scale_of(app, method, *key) == scale);
        drawn.then(|| Legend { name, scale: scale.get_untracked() })
    });
    let panel = |key: &LayerKey| Panel {
        heading: heading(data, *key),
        edges: if is_estimated(*key) { data.report.frame } else { Default::default() },
    };
    let images = kinds.iter().map(|key| untrack(|| image_of(app, data, *key)).ok_or_else(no_canvas));
    let images = images.collect::<Result<_, _>>()?;
    let figure = Figure {
        title: format!(
            "{}, {}, {}",
            data.quantity(),
            region.map_or("Region", |preset| preset.name),
            data.report.date
        ),
        print: wish.print,
        simulated: data.report.simulated,
        window: data.window(),
        panels: kinds.iter().map(panel).collect(),
        legends: legends.collect(),
        foot,
        facts,
        near: untrack(|| basemap::near(app, &data.window())),
        world: app.basemap.with_untracked(|base| base.as_deref().map(figure::world)).unwrap_or_default(),
    };
    Ok((figure, images))
}

fn no_canvas() -> String {
    "the browser gave no canvas".to_owned()
}

/// `loam_simulated_2020-06-03.png`.
fn file_name(data: &MapData, ending: &str) -> String {
    let label = if data.report.simulated { "simulated_" } else { "" };
    format!("loam_{label}{}.{ending}", data.report.date)
}

/// Name and bytes of the figure as PNG.
pub async fn png(app: App, data: &MapData, wish: Wish) -> Result<(String, Vec<u8>), String> {
    let (figure, images) = described(app, data, wish)?;
    let ((width, height), ratio) = (figure.size(), figure.ratio());
    let (wide, high) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    let canvas = canvas::new_canvas(wide, high).ok_or_else(no_canvas)?;
    let ctx = canvas::context(&canvas).ok_or_else(no_canvas)?;
    ctx.scale(ratio, ratio).map_err(|_| no_canvas())?;
    figure.draw(&mut CanvasPen::with(&ctx, &images));
    let bytes =
        annotate(&encoded(&canvas).await?, &figure.facts, PIXELS_PER_METRE).map_err(|e| e.to_string())?;
    Ok((file_name(data, "png"), bytes))
}

/// Name and text of the same figure as SVG.
pub fn svg(app: App, data: &MapData, wish: Wish) -> Result<(String, String), String> {
    let (figure, images) = described(app, data, wish)?;
    let address = |image: &HtmlCanvasElement| image.to_data_url().map_err(|e| crate::link::describe(&e));
    let images = images.iter().map(address).collect::<Result<_, _>>()?;
    Ok((file_name(data, "svg"), figure.svg(images)))
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
