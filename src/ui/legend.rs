//! Legend with units and the mask's pattern, and the controls of the scale. The rule is always shown.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::canvas;
use super::canvas_pen::CanvasPen;
use super::draw::Frame;
use super::histogram;
use super::layer_list::on_stage;
use super::page_signal::PageSignal;
use super::panel::{scale_of, watch_size};
use super::sides::{LAYERS, Side};
use super::store::App;
use crate::state::{Layer, MapData};
use loam_core::map::histogram::Histogram;
use loam_core::map::scale::tidy;
use loam_core::map::{COLOUR_MAPS, ClipCounts, ColourMap, MapUse, Scale, sketch};

/// Share of the values beyond each of two limits that are fitted.
const LEFT_OUT: f64 = 0.02;

/// The colours with their ticks.
#[component]
pub fn Ramp(scale: PageSignal<Scale>) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    Effect::new(move |_| {
        size.track();
        let scale = scale.get();
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 16.0, y: 0.0, width: width - 32.0, height: 14.0 };
        sketch::ramp(&mut CanvasPen::new(&ctx), &scale, frame);
        ctx.set_fill_style_str(&canvas::css("--ink"));
        ctx.set_font("12px system-ui, sans-serif");
        ctx.set_text_align("center");
        ctx.set_text_baseline("top");
        for tick in scale.ticks() {
            let x = frame.x + (tick - scale.min) / (scale.max - scale.min) * frame.width;
            ctx.fill_rect(x - 0.5, 14.0, 1.0, 4.0);
            let _ = ctx.fill_text(&tidy(tick), x, height - 14.0);
        }
    });
    view! { <canvas class="ramp" node_ref=node aria-hidden="true"></canvas> }
}

/// The hatch, as in the maps.
#[component]
pub fn MaskKey() -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    Effect::new(move |_| {
        size.track();
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        sketch::hatch(&mut CanvasPen::new(&ctx), Frame { x: 0.0, y: 0.0, width, height });
    });
    view! {
        <span class="maskkey">
            <canvas node_ref=node aria-hidden="true"></canvas>
            "masked: why, under the cursor"
        </span>
    }
}

/// What the control of a scale is of.
pub struct Control {
    /// What the values are.
    pub name: String,
    /// Their unit.
    pub unit: String,
    pub scale: PageSignal<Scale>,
    /// The scale that it has at first.
    pub default: Scale,
    /// What that one's limits are.
    pub kind: &'static str,
    pub clipped: Signal<ClipCounts>,
    pub histogram: Memo<Option<Arc<Histogram>>>,
}

/// One scale: legend, histogram, limits, colours, rule.
pub fn control(of: Control) -> AnyView {
    let Control { name, unit, scale, default, kind, clipped, histogram } = of;
    let problem = RwSignal::new(None::<String>);
    let low = NodeRef::<html::Input>::new();
    let high = NodeRef::<html::Input>::new();
    let apply = move |_| {
        let (Some(low), Some(high)) = (low.get_untracked(), high.get_untracked()) else { return };
        match scale.get_untracked().with_typed_limits(&low.value(), &high.value()) {
            Ok(new) => {
                problem.set(None);
                scale.set(new);
            }
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    // A scale about 0 needs a diverging map; any other may take any.
    let limits = default.limits();
    let about_zero = limits.0 == -limits.1;
    let suited = move |map: &&ColourMap| !about_zero || map.made_for == MapUse::Diverging;
    let fit = move |_| {
        let Some((low, high)) = histogram.with_untracked(|h| h.as_ref().map(|h| h.fit(LEFT_OUT))) else {
            return;
        };
        let most = low.abs().max(high.abs());
        let (min, max) = if about_zero { (-most, most) } else { (low, high) };
        problem.set(None);
        scale.update(|s| (s.min, s.max) = (min, max));
    };
    let inverted = move || scale.with(|s| s.inverted);
    let rule = {
        let unit = unit.clone();
        move || scale.get().rule_of(&unit, kind, limits, clipped.get())
    };
    let bars = histogram::limits(&name, scale, histogram);
    view! {
        <div class="scale">
            <p class="scalename">{name}<span class="unit">{unit}</span></p>
            {bars}
            <Ramp scale=scale/>
            <div class="limits">
                <label>"from "<input type="text" inputmode="decimal" size="5" node_ref=low prop:value=move || scale.get().min.to_string() on:change=apply/></label>
                <label>"to "<input type="text" inputmode="decimal" size="5" node_ref=high prop:value=move || scale.get().max.to_string() on:change=apply/></label>
                <label>
                    "colours "
                    <select
                        prop:value=move || scale.get().map.key
                        on:change=move |e| if let Some(map) = ColourMap::find(&event_target_value(&e)) { scale.update(|s| s.map = map) }
                    >
                        {COLOUR_MAPS.iter().filter(suited).map(|m| view! {
                            <option value=m.key selected=move || scale.get().map == m title=m.credit>{m.name}</option>
                        }).collect_view()}
                    </select>
                </label>
                <button type="button" class="invert" aria-pressed=move || inverted().to_string() on:click=move |_| scale.update(|s| s.inverted = !s.inverted)>"Invert"</button>
                <button type="button" class="quiet fit" title="Limits that leave out 2 % of the values on the stage at either end" disabled=move || histogram.with(Option::is_none) on:click=fit>"Fit"</button>
                <button type="button" class="quiet reset" on:click=move |_| { problem.set(None); scale.set(default); }>"Reset"</button>
            </div>
            <p class="rule">{rule}</p>
            {move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> })}
        </div>
    }
    .into_any()
}

/// A scale: its name, the scale itself and its default.
type Known = (&'static str, PageSignal<Scale>, fn() -> Scale);

fn known(app: App) -> [Known; 10] {
    [
        ("Soil moisture", app.moisture, Scale::moisture),
        ("Temperature", app.kelvin, Scale::kelvin),
        ("Difference", app.difference, Scale::difference),
        ("90 % half-width, uncertainty", app.half_width, Scale::half_width),
        ("Difference", app.kelvin_difference, Scale::kelvin_difference),
        ("Backscatter", app.backscatter, Scale::backscatter),
        ("Trend of the season", app.trend, || Scale::trend(false)),
        ("Its standard error", app.trend_error, || Scale::trend_error(false)),
        ("Dry-down time", app.drydown, Scale::drydown),
        ("Number of maps", app.map_count, Scale::map_count),
    ]
}

/// How many cells a scale clips, of the layers it is drawn with.
fn clipped(app: App, data: Arc<MapData>, scale: PageSignal<Scale>) -> Signal<ClipCounts> {
    let method = data.method();
    Signal::derive(move || {
        let mut counts = ClipCounts::default();
        for layer in data.layers.iter().filter(|l| scale_of(app, method, l.key) == scale) {
            let here = scale.get().clipped(&layer.values);
            counts = ClipCounts { below: counts.below + here.below, above: counts.above + here.above };
        }
        counts
    })
}

/// The scales of a map's layers.
fn scales(app: App, data: &MapData) -> impl Iterator<Item = Known> {
    let drawn: Vec<_> = data.layers.iter().map(|l| scale_of(app, data.method(), l.key)).collect();
    known(app).into_iter().filter(move |(_, scale, ..)| drawn.contains(scale))
}

/// How the values are spread of the layers with a scale that are on the stage; of all with it, where none is. Only where the panel is open.
fn histogram_of(
    app: App,
    data: Arc<MapData>,
    scale: PageSignal<Scale>,
    limits: (f64, f64),
) -> Memo<Option<Arc<Histogram>>> {
    Memo::new(move |_| {
        if !app.left.with(|side| *side == Side { panel: LAYERS, open: true }) {
            return None;
        }
        let method = data.method();
        let with_it = |layer: &&Layer| scale_of(app, method, layer.key) == scale;
        let mut layers: Vec<&Layer> = data.layers.iter().filter(with_it).collect();
        let shown = on_stage(app, &data);
        if layers.iter().any(|layer| shown.contains(&layer.key)) {
            layers.retain(|layer| shown.contains(&layer.key));
        }
        histogram::histogram_of(layers.iter().map(|layer| layer.values.as_slice()), limits)
    })
}

/// The controls of the scales in use.
#[component]
pub fn Legends(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let controls = scales(app, &data).map(|(name, scale, default)| {
        let kept = scale.with_untracked(|s| s.unit);
        control(Control {
            name: name.to_owned(),
            unit: kept.to_owned(),
            scale,
            default: Scale { unit: kept, ..default() },
            kind: "fixed",
            clipped: clipped(app, data.clone(), scale),
            histogram: histogram_of(app, data.clone(), scale, default().limits()),
        })
    });
    view! { <div class="legends">{controls.collect_view()}</div> }.into_any()
}

/// The legend of what is on the stage: colours with their ticks, and the mask's key.
#[component]
pub fn Ramps(data: Arc<MapData>) -> impl IntoView {
    let app = App::here();
    let method = data.method();
    let shown = {
        let data = data.clone();
        Memo::new(move |_| {
            let scales: Vec<_> = if app.swipe.get() {
                super::swipe::scales(app, &data)
            } else {
                on_stage(app, &data).iter().map(|key| scale_of(app, method, *key)).collect()
            };
            known(app).iter().map(|(_, scale, ..)| scales.contains(scale)).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="ramps">
            {known(app).into_iter().enumerate().map(|(n, (name, scale, default))| {
                let data = data.clone();
                move || shown.with(|s| s[n]).then(|| {
                    let clipped = clipped(app, data.clone(), scale);
                    view! {
                        <div class="rampbox" title=move || scale.get().rule(default().limits(), clipped.get())>
                            <p class="scalename">{name}<span class="unit">{move || scale.get().unit}</span></p>
                            <Ramp scale=scale/>
                        </div>
                    }
                })
            }).collect_view()}
            <MaskKey/>
        </div>
    }
    .into_any()
}
