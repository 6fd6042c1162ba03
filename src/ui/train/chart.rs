//! The loss chart: every step, their running mean, training and validation per epoch, the best epoch.

use leptos::html;
use leptos::prelude::*;
use web_sys::CanvasRenderingContext2d;

use super::curve;
use crate::state::words;
use crate::ui::canvas;
use crate::ui::panel::watch_size;
use crate::ui::store::App;
use loam_core::map::scale::tidy;
use loam_core::network::Network;
use loam_core::training::EpochReport;

/// Room for the axes, CSS pixels: left, top, right, bottom.
const ROOM: (f64, f64, f64, f64) = (58.0, 10.0, 12.0, 36.0);
/// Rows of the table that stands for the chart.
const ROWS: usize = 200;
/// Smoothing at first.
const SMOOTHING: f64 = 0.6;

/// What is drawn.
struct Curve<'a> {
    losses: &'a [f64],
    epochs: &'a [EpochReport],
    per_epoch: f64,
    smoothing: f64,
    log: bool,
    /// What is drawn, with its unit.
    name: &'a str,
}

/// Where it is drawn.
struct Plot<'a> {
    ctx: &'a CanvasRenderingContext2d,
    width: f64,
    height: f64,
    steps: f64,
    range: (f64, f64),
    log: bool,
    name: &'a str,
}

impl Plot<'_> {
    fn x(&self, step: f64) -> f64 {
        ROOM.0 + step / self.steps * (self.width - ROOM.0 - ROOM.2)
    }

    /// `None` for what the axis cannot show.
    fn y(&self, value: f64) -> Option<f64> {
        let high = self.height - ROOM.1 - ROOM.3;
        let share = curve::place(value, self.range, self.log);
        share.is_finite().then_some(ROOM.1 + (1.0 - share) * high)
    }

    fn line(&self, points: impl Iterator<Item = (f64, f64)>, colour: &str, width: f64) {
        self.ctx.set_stroke_style_str(colour);
        self.ctx.set_line_width(width);
        self.ctx.begin_path();
        let mut drawing = false;
        for (step, value) in points {
            match self.y(value) {
                Some(y) if drawing => self.ctx.line_to(self.x(step), y),
                Some(y) => self.ctx.move_to(self.x(step), y),
                None => {}
            }
            drawing = self.y(value).is_some();
        }
        self.ctx.stroke();
    }

    /// A circle for training, a square for validation, so that colour is not alone.
    fn mark(&self, step: f64, value: f64, square: bool, size: f64) {
        let Some(y) = self.y(value) else { return };
        let x = self.x(step);
        self.ctx.begin_path();
        if square {
            self.ctx.rect(x - size, y - size, 2.0 * size, 2.0 * size);
        } else {
            let _ = self.ctx.arc(x, y, size, 0.0, std::f64::consts::TAU);
        }
        self.ctx.fill();
    }

    fn axes(&self) {
        let (ink, rule) = (canvas::css("--ink"), canvas::css("--rule"));
        let (right, bottom) = (self.width - ROOM.2, self.height - ROOM.3);
        self.ctx.set_font("12px system-ui, sans-serif");
        self.ctx.set_text_baseline("middle");
        self.ctx.set_text_align("right");
        for tick in curve::ticks(self.range.0, self.range.1, 5, self.log) {
            let Some(y) = self.y(tick) else { continue };
            self.ctx.set_fill_style_str(&rule);
            self.ctx.fill_rect(ROOM.0, y - 0.5, right - ROOM.0, 1.0);
            self.ctx.set_fill_style_str(&ink);
            let _ = self.ctx.fill_text(&tidy(tick), ROOM.0 - 6.0, y);
        }
        self.ctx.set_text_align("center");
        self.ctx.set_text_baseline("top");
        for tick in curve::ticks(0.0, self.steps, if self.width < 420.0 { 4 } else { 8 }, false)
            .into_iter()
            .filter(|t| t.fract() == 0.0)
        {
            let x = self.x(tick);
            self.ctx.set_fill_style_str(&rule);
            self.ctx.fill_rect(x - 0.5, bottom, 1.0, 4.0);
            self.ctx.set_fill_style_str(&ink);
            let _ = self.ctx.fill_text(&tidy(tick), x, bottom + 6.0);
        }
        self.ctx.set_fill_style_str(&rule);
        self.ctx.fill_rect(ROOM.0, bottom, right - ROOM.0, 1.0);
        self.ctx.set_fill_style_str(&ink);
        let _ = self.ctx.fill_text(
            &canvas::said("training steps"),
            f64::midpoint(ROOM.0, right),
            self.height - 14.0,
        );
        self.ctx.save();
        let _ = self.ctx.translate(12.0, f64::midpoint(ROOM.1, bottom));
        let _ = self.ctx.rotate(-std::f64::consts::FRAC_PI_2);
        let _ = self.ctx.fill_text(&canvas::said(self.name), 0.0, -6.0);
        self.ctx.restore();
    }
}

fn draw(ctx: &CanvasRenderingContext2d, width: f64, height: f64, curve: &Curve) {
    let of_epochs = curve.epochs.iter().flat_map(|e| [Some(e.train_loss), e.validation]).flatten();
    let Some(range) = curve::limits(curve.losses.iter().copied().chain(of_epochs), curve.log) else { return };
    let last = curve.epochs.last().map_or(0.0, |e| e.epoch as f64 * curve.per_epoch);
    let steps = (curve.losses.len() as f64).max(last).max(1.0);
    let plot = Plot { ctx, width, height, steps, range, log: curve.log, name: curve.name };
    plot.axes();
    let (train, validate, ink) = (canvas::css("--train"), canvas::css("--validate"), canvas::css("--ink"));
    // The n-th loss stands at n: steps are counted from 1. Two points a pixel are all that can be seen.
    let most = (width * 2.0) as usize;
    ctx.set_global_alpha(0.35);
    plot.line(curve::thin(curve.losses, most).into_iter().map(|(i, v)| (i + 1.0, v)), &train, 1.0);
    ctx.set_global_alpha(1.0);
    let smooth = curve::smooth(curve.losses, curve.smoothing);
    plot.line(curve::thin(&smooth, most).into_iter().map(|(i, v)| (i + 1.0, v)), &train, 2.0);
    let at = |e: &EpochReport| e.epoch as f64 * curve.per_epoch;
    let validation = || curve.epochs.iter().filter_map(|e| Some((at(e), e.validation?)));
    plot.line(validation(), &validate, 1.5);
    let size = if curve.epochs.len() > 60 { 2.0 } else { 3.5 };
    ctx.set_fill_style_str(&train);
    for epoch in curve.epochs {
        plot.mark(at(epoch), epoch.train_loss, false, size);
    }
    ctx.set_fill_style_str(&validate);
    for (step, value) in validation() {
        plot.mark(step, value, true, size);
    }
    if let Some(best) = best(curve.epochs) {
        let x = plot.x(at(&best));
        ctx.set_fill_style_str(&ink);
        ctx.fill_rect(x - 0.5, ROOM.1, 1.0, height - ROOM.1 - ROOM.3);
        let left = x > width - 90.0;
        ctx.set_text_align(if left { "right" } else { "left" });
        ctx.set_text_baseline("top");
        let _ = ctx.fill_text(
            &canvas::said(&format!("best: epoch {}", best.epoch)),
            if left { x - 5.0 } else { x + 5.0 },
            ROOM.1,
        );
    }
}

/// The best epoch: the last that was the best when it ended.
fn best(epochs: &[EpochReport]) -> Option<EpochReport> {
    epochs.iter().rev().find(|e| e.best).copied()
}

/// The latest values in words.
fn latest(epochs: &[EpochReport], network: Network) -> String {
    let validation = |e: &EpochReport| {
        e.validation.map(|v| format!(", validation {}", words::loss(v))).unwrap_or_default()
    };
    let Some(last) = epochs.last() else { return "Loss chart; no epoch is done yet".to_owned() };
    let best =
        best(epochs).map(|b| format!("; best epoch {}{}", b.epoch, validation(&b))).unwrap_or_default();
    let (loss, unit) = (network.about().loss_name, words::unit(network));
    format!(
        "Loss chart, {loss} in {unit}. Epoch {}: training {}{}{best}",
        last.epoch,
        words::loss(last.train_loss),
        validation(last)
    )
}

fn table(epochs: &[EpochReport], network: Network) -> AnyView {
    let left_out = epochs.len().saturating_sub(ROWS);
    let loss = words::loss_name(network);
    let rows = epochs.iter().rev().take(ROWS).map(|e| {
        view! {
            <tr>
                <th scope="row" class="number">{e.epoch}</th><td class="number">{words::loss(e.train_loss)}</td>
                <td class="number">{e.validation.map_or_else(|| "–".to_owned(), words::loss)}</td><td>{e.best.then_some("best so far")}</td>
            </tr>
        }
    });
    view! {
        <div class="tablewrap" tabindex="0" role="region" aria-label="Losses by epoch">
            <table>
                <thead><tr>
                    <th scope="col">"Epoch"</th><th scope="col">"Training "{loss.clone()}</th><th scope="col">"Validation "{loss}</th>
                    <th scope="col">""</th>
                </tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {(left_out > 0).then(|| view! { <p class="hint">{format!("The latest {ROWS} epochs; {left_out} earlier ones are in the chart only.")}</p> })}
    }
    .into_any()
}

fn chart(app: App) -> AnyView {
    let t = app.train;
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let (log, smoothing, open) = (RwSignal::new(false), RwSignal::new(SMOOTHING), RwSignal::new(false));
    Effect::new(move |_| {
        size.track();
        t.tick.track();
        let (log, smoothing) = (log.get(), smoothing.get());
        let epochs = t.epochs.get();
        let per_epoch = t.started.with(|s| s.as_ref().map_or(1, |s| s.steps_per_epoch.max(1))) as f64;
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let name = words::loss_name(t.shown_network());
        t.losses.with_untracked(|losses| {
            draw(
                &ctx,
                width,
                height,
                &Curve { losses, epochs: &epochs, per_epoch, smoothing, log, name: &name },
            )
        });
    });
    let toggled = move |event: web_sys::Event| {
        let element = event.target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok());
        open.set(element.is_some_and(|e| e.has_attribute("open")));
    };
    view! {
        <div class="curves">
            <div class="row charttools">
                <h3 class="minor">"Loss"</h3>
                <label class="check"><input type="checkbox" prop:checked=move || log.get() on:change=move |e| log.set(event_target_checked(&e))/>"logarithmic"</label>
                <label class="check">"smoothing "
                    <input type="range" min="0" max="0.95" step="0.05" prop:value=move || smoothing.get().to_string()
                        on:input=move |e| smoothing.set(event_target_value(&e).parse().unwrap_or(SMOOTHING))/>
                    <output>{move || format!("{:.2}", smoothing.get())}</output>
                </label>
            </div>
            <canvas id="train-chart" node_ref=node role="img" aria-label=move || t.epochs.with(|e| latest(e, t.shown_network()))></canvas>
            <p class="key">
                <span class="line raw"></span>"each step "<span class="line mean"></span>"steps, smoothed "
                <span class="dotmark train">"●"</span>"\u{a0}training, mean of an epoch "<span class="dotmark validate">"■"</span>"\u{a0}validation"
            </p>
            <details on:toggle=toggled>
                <summary>"The same as a table"</summary>
                {move || open.get().then(|| t.epochs.with(|e| table(e, t.shown_network())))}
            </details>
        </div>
    }
    .into_any()
}

/// The chart of the run under way, or of the last one.
#[component]
pub fn Curves() -> impl IntoView {
    let app = App::here();
    let shown = Memo::new(move |_| app.train.started.with(Option::is_some));
    move || shown.get().then(|| chart(app))
}
