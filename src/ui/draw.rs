//! What only the screen draws: a layer's pixels, cursor, stations, outlines. What a figure shows too is in `loam_core::map::sketch`.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::protocol::{Enough, StationMark};
use crate::state::cursor::{Cell, View};
use ease_grid::{EaseWindow, Resolution};

pub use loam_core::map::pen::Frame;

/// Colours of lines and letters.
#[derive(Debug, Clone)]
pub struct Ink {
    /// Graticule and coast.
    pub line: &'static str,
    /// A rim under the lines, for dark cells.
    pub rim: &'static str,
}

/// Over every map, light or dark: dark lines with a pale rim, because the map's own colours do not follow the page's.
pub const INK: Ink = Ink { line: "rgba(20,24,28,0.75)", rim: "rgba(255,255,255,0.55)" };

/// Pixels of a layer, cell by cell, without smoothing.
pub fn pixels(
    ctx: &CanvasRenderingContext2d,
    image: &HtmlCanvasElement,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    ctx.set_image_smoothing_enabled(false);
    let _ = ctx.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
        image,
        view.left,
        view.top,
        columns,
        rows,
        frame.x,
        frame.y,
        frame.width,
        frame.height,
    );
}

fn begin(ctx: &CanvasRenderingContext2d, frame: Frame) {
    ctx.save();
    ctx.begin_path();
    ctx.rect(frame.x, frame.y, frame.width, frame.height);
    ctx.clip();
}

fn twice(ctx: &CanvasRenderingContext2d, width: f64, rim: f64) {
    ctx.set_line_width(width + rim);
    ctx.set_stroke_style_str(INK.rim);
    ctx.stroke();
    ctx.set_line_width(width);
    ctx.set_stroke_style_str(INK.line);
    ctx.stroke();
}

/// The 3 km cell, and the 36 km cell it lies in.
pub fn cursor(
    ctx: &CanvasRenderingContext2d,
    cell: Cell,
    pinned: bool,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    let place = |column: f64, row: f64, w: f64, h: f64| {
        (frame.x + (column - view.left) * sx, frame.y + (row - view.top) * sy, w * sx, h * sy)
    };
    begin(ctx, frame);
    let per = Resolution::M03.per_36km();
    let ((column, row), _) = cell.global(window);
    let (left, top) = (
        (column / per * per) as f64 - window.first_column as f64,
        (row / per * per) as f64 - window.first_row as f64,
    );
    let (x, y, w, h) = place(left, top, per as f64, per as f64);
    ctx.begin_path();
    ctx.rect(x, y, w, h);
    twice(ctx, 1.2, 1.6);
    let (x, y, w, h) = place(cell.column as f64, cell.row as f64, 1.0, 1.0);
    let (cx, cy, half) = (x + w / 2.0, y + h / 2.0, (w / 2.0).max(3.0) + 1.0);
    ctx.begin_path();
    ctx.rect(cx - half, cy - half, half * 2.0, half * 2.0);
    let arm = if pinned { 10.0 } else { 5.0 };
    for (dx, dy) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        ctx.move_to(cx + dx * half, cy + dy * half);
        ctx.line_to(cx + dx * (half + arm), cy + dy * (half + arm));
    }
    twice(ctx, if pinned { 2.2 } else { 1.4 }, 2.0);
    ctx.restore();
}

/// Stations by their usable pairs, in the shapes and colours of the report, with the number beside each; rings before a validation.
pub fn stations(
    ctx: &CanvasRenderingContext2d,
    marks: &[StationMark],
    chosen: Option<usize>,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    begin(ctx, frame);
    ctx.set_font("600 11px system-ui, sans-serif");
    ctx.set_text_baseline("middle");
    for (number, mark) in marks.iter().enumerate() {
        let x = frame.x + (mark.column - window.first_column as f64 - view.left) * sx;
        let y = frame.y + (mark.row - window.first_row as f64 - view.top) * sy;
        let radius = if chosen == Some(number) { 8.0 } else { 5.5 };
        ctx.begin_path();
        let fill = match mark.enough {
            Enough::Unknown => "rgba(255,255,255,0.9)",
            Enough::Verdict => "#0072b2",
            Enough::Number => "#e69f00",
            Enough::Nothing => "",
        };
        if mark.enough == Enough::Number {
            ctx.rect(x - radius, y - radius, 2.0 * radius, 2.0 * radius);
        } else if fill.is_empty() {
            for (dx, dy) in [(radius, radius), (radius, -radius)] {
                ctx.move_to(x - dx, y - dy);
                ctx.line_to(x + dx, y + dy);
            }
        } else {
            let _ = ctx.arc(x, y, radius, 0.0, std::f64::consts::TAU);
        }
        if !fill.is_empty() {
            ctx.set_fill_style_str(fill);
            ctx.fill();
        }
        twice(ctx, 1.6, 2.0);
        if let Some(pairs) = mark.pairs {
            label(ctx, &pairs.to_string(), x + radius + 3.0, y);
        }
    }
    ctx.restore();
}

/// The dot where the user is: column and row in cells of the global grid.
pub fn position(
    ctx: &CanvasRenderingContext2d,
    at: (f64, f64),
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    let x = frame.x + (at.0 - window.first_column as f64 - view.left) * frame.width / columns;
    let y = frame.y + (at.1 - window.first_row as f64 - view.top) * frame.height / rows;
    begin(ctx, frame);
    ctx.begin_path();
    let _ = ctx.arc(x, y, 7.0, 0.0, std::f64::consts::TAU);
    ctx.set_fill_style_str("#1f6feb");
    ctx.fill();
    ctx.set_line_width(2.5);
    ctx.set_stroke_style_str("#fff");
    ctx.stroke();
    ctx.restore();
}

/// Letters with a pale rim.
fn label(ctx: &CanvasRenderingContext2d, text: &str, x: f64, y: f64) {
    ctx.set_line_width(3.0);
    ctx.set_stroke_style_str("rgba(255,255,255,0.85)");
    let _ = ctx.stroke_text(text, x, y);
    ctx.set_fill_style_str("#14181c");
    let _ = ctx.fill_text(text, x, y);
}

/// Outline of a region, `inner`, on a map of another; dashed while it is only the one chosen for the next prediction.
pub fn outline(
    ctx: &CanvasRenderingContext2d,
    inner: &EaseWindow,
    dashed: bool,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let left = inner.first_column as f64 - window.first_column as f64;
    let top = inner.first_row as f64 - window.first_row as f64;
    let (right, bottom) = (left + inner.columns as f64, top + inner.rows as f64);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    polygon(ctx, &corners, dashed, frame, view, window);
}

/// A closed line through points in the window's cells; dashed for what is not of the map itself.
pub fn polygon(
    ctx: &CanvasRenderingContext2d,
    points: &[(f64, f64)],
    dashed: bool,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    begin(ctx, frame);
    if dashed {
        let _ = ctx.set_line_dash(&js_sys::Array::of2(&6.0.into(), &4.0.into()));
    }
    ctx.begin_path();
    for (n, (column, row)) in points.iter().enumerate() {
        let (x, y) = (frame.x + (column - view.left) * sx, frame.y + (row - view.top) * sy);
        if n == 0 { ctx.move_to(x, y) } else { ctx.line_to(x, y) }
    }
    ctx.close_path();
    twice(ctx, 2.0, 2.4);
    ctx.restore();
}
