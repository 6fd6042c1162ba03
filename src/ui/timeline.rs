//! The strip of dates: which have SMAP, which have 3 km maps, which four a prediction will use where it does not use all.
//!
//! Above, the whole record; below, the part in view. Moved by mouse, wheel-free: arrow keys, Page Up and Down, Home and End, and the
//! two lists beside it.

use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, KeyboardEvent, PointerEvent};

use super::canvas;
use super::panel::watch_size;
use super::store::App;
use crate::protocol::Timeline;
use crate::state::Event;
use crate::state::days::{date_of, day_number, keyed};
use loam_core::file::FineOrigin;

/// Days in view at first.
const SPAN: i32 = 120;
/// Left margin for the names of the rows, CSS pixels.
const MARGIN: f64 = 64.0;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The user chooses a date.
pub fn choose(app: App, date: Option<Date>) {
    if let Some(date) = date {
        app.tell(Event::Date(date));
    }
}

struct Strip<'a> {
    ctx: &'a CanvasRenderingContext2d,
    left: f64,
    width: f64,
    first: f64,
    span: f64,
}

impl Strip<'_> {
    fn x(&self, day: i32) -> f64 {
        self.left + (f64::from(day) - self.first) / self.span * self.width
    }

    fn day(&self) -> f64 {
        self.width / self.span
    }

    /// A bar from the bottom of a row, as high as the share is large.
    fn bar(&self, day: i32, top: f64, height: f64, share: f32, colour: &str) {
        let high = (height * f64::from(share.clamp(0.0, 1.0))).max(2.0);
        let wide = (self.day() - if self.day() > 4.0 { 1.0 } else { 0.0 }).max(1.0);
        self.ctx.set_fill_style_str(colour);
        self.ctx.fill_rect(self.x(day), top + height - high, wide, high);
    }
}

/// The whole record: months with data, and the part in view.
fn overview(
    ctx: &CanvasRenderingContext2d,
    timeline: &Timeline,
    width: f64,
    ends: (i32, i32),
    view: (f64, f64),
) {
    let span = f64::from((ends.1 - ends.0 + 1).max(1));
    let strip = Strip { ctx, left: MARGIN, width: width - MARGIN - 4.0, first: f64::from(ends.0), span };
    let (coarse, fine) = (canvas::css("--coarse"), canvas::css("--fine"));
    for day in &timeline.days {
        let number = day_number(day.date);
        if day.coarse.is_some() {
            strip.bar(number, 4.0, 6.0, 1.0, &coarse);
        }
        if day.fine.is_some() {
            strip.bar(number, 11.0, 6.0, 1.0, &fine);
        }
    }
    ctx.set_stroke_style_str(&canvas::css("--accent"));
    ctx.set_line_width(1.5);
    let x = strip.left + (view.0 - strip.first) / span * strip.width;
    ctx.stroke_rect(x.max(MARGIN), 1.5, (view.1 / span * strip.width).clamp(4.0, strip.width), 18.0);
}

fn detail(
    ctx: &CanvasRenderingContext2d,
    timeline: &Timeline,
    width: f64,
    view: (f64, f64),
    chosen: Option<Date>,
    pending: bool,
) {
    let strip = Strip { ctx, left: MARGIN, width: width - MARGIN - 4.0, first: view.0, span: view.1 };
    let (ink, soft, accent) = (canvas::css("--ink"), canvas::css("--rule"), canvas::css("--accent"));
    let (coarse, fine, made) = (canvas::css("--coarse"), canvas::css("--fine"), canvas::css("--made"));
    ctx.set_font("12px system-ui, sans-serif");
    ctx.set_text_baseline("middle");
    ctx.set_text_align("left");
    ctx.set_fill_style_str(&ink);
    let (row1, row2, high) = (42.0, 74.0, 26.0);
    for (text, y) in [("SMAP", row1), ("3 km map", row2)] {
        // Other languages are longer.
        let _ = ctx.fill_text_with_max_width(&canvas::said(text), 0.0, y + high / 2.0, MARGIN - 6.0);
        ctx.set_fill_style_str(&soft);
        ctx.fill_rect(MARGIN, y + high, strip.width, 1.0);
        ctx.set_fill_style_str(&ink);
    }
    ctx.save();
    ctx.begin_path();
    ctx.rect(MARGIN, 22.0, strip.width, 110.0);
    ctx.clip();
    let inside = |number: i32| (view.0 - 1.0..view.0 + view.1 + 1.0).contains(&f64::from(number));
    // Months: a line and a name where there is room.
    ctx.set_text_baseline("top");
    for number in (view.0 as i32 - 31)..=((view.0 + view.1) as i32) {
        let date = date_of(number);
        if date.day() == 1 {
            ctx.set_fill_style_str(&soft);
            ctx.fill_rect(strip.x(number), 24.0, 1.0, 78.0);
            if strip.day() * 30.0 > 44.0 || date.month() == 1 {
                ctx.set_fill_style_str(&ink);
                let name = canvas::said(MONTHS[(date.month() as usize).clamp(1, 12) - 1]);
                let text = if date.month() == 1 { format!("{name} {}", date.year()) } else { name };
                let _ = ctx.fill_text(&text, strip.x(number) + 3.0, 24.0);
            }
        }
    }
    for day in &timeline.days {
        let number = day_number(day.date);
        if !inside(number) {
            continue;
        }
        if let Some(share) = day.coarse {
            strip.bar(number, row1, high, share, &coarse);
        }
        if let Some(share) = day.fine {
            let colour = if day.fine_origin.is_some_and(FineOrigin::is_product) { &fine } else { &made };
            strip.bar(number, row2, high, share, colour);
        }
    }
    if let Some(day) = timeline.days.iter().find(|d| Some(d.date) == chosen) {
        let half = strip.day() / 2.0;
        ctx.set_fill_style_str(&accent);
        ctx.set_stroke_style_str(&accent);
        ctx.set_line_width(1.5);
        ctx.set_text_align("center");
        let x = strip.x(day_number(day.date));
        ctx.stroke_rect(x - 2.0, 38.0, strip.day() + 3.0, 66.0);
        let _ = ctx.fill_text("t", x + half, 110.0);
        // History, numbered as in the model: 1 is the newest.
        let history = if pending { &[][..] } else { &day.history };
        for (age, date) in history.iter().rev().enumerate() {
            let x = strip.x(day_number(*date)) + half;
            ctx.begin_path();
            ctx.move_to(x, 102.0);
            ctx.line_to(x - 5.0, 110.0);
            ctx.line_to(x + 5.0, 110.0);
            ctx.fill();
            let _ = ctx.fill_text(&format!("{}", age + 1), x, 113.0);
        }
    }
    ctx.restore();
}

/// The canvas with its keys and pointer. `first` and `span` are the part in view, in days.
#[component]
pub fn TimelineStrip() -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let span = RwSignal::new(f64::from(SPAN));
    let first = RwSignal::new(0.0f64);
    let ends = Memo::new(move |_| {
        app.timeline.with(|t| match (t.days.first(), t.days.last()) {
            (Some(a), Some(b)) => (day_number(a.date), day_number(b.date)),
            _ => (0, 0),
        })
    });
    // Keep the chosen date and its history in view.
    Effect::new(move |_| {
        let (low, high) = ends.get();
        let chosen = app.date.get().map(day_number);
        let oldest = app.timeline.with(|t| {
            t.days
                .iter()
                .find(|d| Some(d.date) == app.date.get_untracked())
                .and_then(|d| d.history.first().copied())
                .map(day_number)
        });
        let wide = span.get().min(f64::from(high - low + 6)).max(14.0);
        let mut start = first.get_untracked();
        if let Some(chosen) = chosen {
            let from = f64::from(oldest.unwrap_or(chosen)) - 3.0;
            let to = f64::from(chosen) + 4.0;
            if start > from || start + wide < to {
                start = to - wide * 0.8;
            }
        }
        let start =
            start.clamp(f64::from(low) - 3.0, (f64::from(high) + 3.0 - wide).max(f64::from(low) - 3.0));
        first.set(start);
    });
    let shown = move || {
        let (low, high) = ends.get();
        (first.get(), span.get().min(f64::from(high - low + 6)).max(14.0))
    };
    Effect::new(move |_| {
        size.track();
        let (view, chosen, pending) = (shown(), app.date.get(), app.pending.get().is_some());
        let Some((ctx, width, _)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        app.timeline.with(|t| {
            overview(&ctx, t, width, ends.get(), view);
            detail(&ctx, t, width, view, chosen, pending);
        });
    });
    let press = move |event: &PointerEvent, click: bool| {
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else {
            return;
        };
        let rect = target.get_bounding_client_rect();
        let (x, y) = (event.client_x() - rect.left(), event.client_y() - rect.top());
        let share = (x - MARGIN) / (rect.width() - MARGIN - 4.0);
        let (low, high) = ends.get_untracked();
        if y < 22.0 {
            // The overview: centre the view there.
            let wide = shown().1;
            let at = f64::from(low) + share * f64::from(high - low + 1) - wide / 2.0;
            first.set(
                at.clamp(f64::from(low) - 3.0, (f64::from(high) + 3.0 - wide).max(f64::from(low) - 3.0)),
            );
        } else if click {
            let (start, wide) = shown();
            let at = start + share * wide;
            // The nearest date with data.
            let near = app.timeline.with_untracked(|t| {
                t.days
                    .iter()
                    .map(|d| d.date)
                    .min_by_key(|d| ((f64::from(day_number(*d)) + 0.5 - at).abs() * 100.0) as i64)
            });
            choose(app, near);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let Some(from) = app.date.get_untracked() else { return };
        match event.key().as_str() {
            "+" => span.update(|s| *s = (*s / 1.6).max(14.0)),
            "-" => span.update(|s| *s *= 1.6),
            key => match app.timeline.with_untracked(|t| keyed(t, from, key, event.shift_key())) {
                Some(date) => choose(app, Some(date)),
                None if key.starts_with("Arrow") => {}
                None => return,
            },
        }
        event.prevent_default();
    };
    let at = move || {
        app.date.get().and_then(|date| app.timeline.with(|t| t.days.iter().position(|d| d.date == date)))
    };
    view! {
        <div class="striptools">
            <button type="button" aria-label="Shorter span of dates" title="Zoom in (+)" on:click=move |_| span.update(|s| *s = (*s / 1.6).max(14.0))>"+"</button>
            <button type="button" aria-label="Longer span of dates" title="Zoom out (−)" on:click=move |_| span.update(|s| *s *= 1.6)>"−"</button>
            <button type="button" on:click=move |_| span.set(f64::from(ends.get_untracked().1 - ends.get_untracked().0 + 6))>"All dates"</button>
        </div>
        <canvas
            class="strip"
            class:pending=move || app.pending.get().is_some()
            node_ref=node
            tabindex="0"
            role="slider"
            aria-label="Date to predict"
            aria-valuemin="1"
            aria-valuemax=move || app.timeline.with(|t| t.days.len().to_string())
            aria-valuenow=move || at().map_or(0, |i| i + 1).to_string()
            aria-valuetext=move || super::date_words::describe(app)
            on:keydown=on_key
            on:pointerdown=move |e| press(&e, true)
            on:pointermove=move |e| if e.buttons() == 1 { press(&e, false) }
        ></canvas>
    }
    .into_any()
}
