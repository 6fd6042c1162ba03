//! How the values of a layer are spread, with the two limits of its scale to drag.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

use super::canvas;
use super::page_signal::PageSignal;
use super::panel::watch_size;
use super::rectangle::hold;
use loam_core::map::Scale;
use loam_core::map::histogram::Histogram;
use loam_core::map::scale::tidy;

/// Bars.
const BINS: usize = 64;
/// Values looked at: more do not change the bars.
const MOST: usize = 200_000;
/// Shares of the whole that a key moves a limit by; the second with Shift, or by Page Up and Page Down.
const STEPS: (f64, f64) = (0.01, 0.1);
/// Least share between the limits.
const APART: f64 = 0.005;

/// Of some values, every so many of them where they are many; `include` is to be seen in it.
pub fn histogram_of<'a>(
    values: impl Iterator<Item = &'a [f32]> + Clone,
    include: (f64, f64),
) -> Option<Arc<Histogram>> {
    let all: usize = values.clone().map(<[f32]>::len).sum();
    let every = all.div_ceil(MOST).max(1);
    let looked_at = values.flat_map(|values| values.iter().copied().step_by(every)).collect();
    Histogram::of(looked_at, Some(include), BINS).map(Arc::new)
}

/// A scale with one of its limits moved, as far as the other one allows.
fn moved(scale: &Scale, histogram: &Histogram, upper: bool, share: f64) -> Scale {
    let (low, high) = (histogram.share(scale.min), histogram.share(scale.max));
    if upper {
        Scale {
            max: histogram.value(share.clamp((low + APART).min(1.0), 1.0)).max(scale.min + 1e-9),
            ..*scale
        }
    } else {
        Scale {
            min: histogram.value(share.clamp(0.0, (high - APART).max(0.0))).min(scale.max - 1e-9),
            ..*scale
        }
    }
}

/// The bars, in the colours that their values have on the map.
fn draw(node: NodeRef<html::Canvas>, histogram: &Histogram, scale: &Scale) {
    let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
    let wide = width / histogram.counts.len() as f64;
    for (n, count) in histogram.counts.iter().enumerate() {
        let value = histogram.low
            + (n as f64 + 0.5) / histogram.counts.len() as f64 * (histogram.high - histogram.low);
        let [r, g, b] = scale.colour(scale.entry(value).unwrap_or(0));
        let tall = f64::from(*count) / f64::from(most) * (height - 2.0);
        ctx.set_fill_style_str(&format!("rgb({r},{g},{b})"));
        ctx.fill_rect(n as f64 * wide, height - tall, wide + 0.4, tall);
    }
}

/// One limit: dragged by mouse or finger, moved by keys.
fn handle(
    scale: PageSignal<Scale>,
    histogram: Memo<Option<Arc<Histogram>>>,
    of: NodeRef<html::Div>,
    upper: bool,
    label: String,
) -> AnyView {
    let limit = move || scale.with(|s| if upper { s.max } else { s.min });
    let set = move |share: f64| {
        if let Some(histogram) = histogram.get_untracked() {
            let new = scale.with_untracked(|s| moved(s, &histogram, upper, share));
            if scale.with_untracked(|s| *s != new) {
                scale.set(new);
            }
        }
    };
    let dragged = move |event: PointerEvent| {
        let Some(place) = of.get_untracked().filter(|_| event.buttons() & 1 == 1) else { return };
        let rect = place.get_bounding_client_rect();
        set((event.client_x() - rect.left()) / rect.width());
    };
    let on_key = move |event: KeyboardEvent| {
        let Some(histogram) = histogram.get_untracked() else { return };
        let step = if event.shift_key() { STEPS.1 } else { STEPS.0 };
        let by = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -step,
            "ArrowRight" | "ArrowUp" => step,
            "PageDown" => -STEPS.1,
            "PageUp" => STEPS.1,
            "Home" => -2.0,
            "End" => 2.0,
            _ => return,
        };
        event.prevent_default();
        set(histogram.share(untrack(limit)) + by);
    };
    let end = move |upper: bool| {
        move || histogram.with(|h| h.as_ref().map(|h| if upper { h.high } else { h.low }.to_string()))
    };
    let left = move || histogram.with(|h| h.as_ref().map_or(0.0, |h| 100.0 * h.share(limit())));
    view! {
        <span
            class="limit"
            class:upper=upper
            role="slider"
            tabindex="0"
            aria-label=label
            aria-valuemin=end(false)
            aria-valuemax=end(true)
            aria-valuenow=move || limit().to_string()
            aria-valuetext=move || tidy(limit())
            style:left=move || format!("{:.2}%", left())
            on:pointerdown=move |e| hold(&e)
            on:pointermove=dragged
            on:keydown=on_key
        ></span>
    }
    .into_any()
}

/// The histogram; nothing where there are no values.
pub fn limits(name: &str, scale: PageSignal<Scale>, histogram: Memo<Option<Arc<Histogram>>>) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    let place = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    Effect::new(move |_| {
        size.track();
        let scale = scale.get();
        histogram.with(|h| {
            if let Some(histogram) = h {
                draw(node, histogram, &scale);
            }
        });
    });
    let label = |end: &str| format!("{end} value of the scale, {name}");
    view! {
        <div class="histogram" node_ref=place role="group" aria-label=format!("Histogram, {name}") hidden=move || histogram.with(Option::is_none)>
            <canvas node_ref=node aria-hidden="true"></canvas>
            {handle(scale, histogram, place, false, label("Lowest"))}
            {handle(scale, histogram, place, true, label("Highest"))}
        </div>
    }
    .into_any()
}
