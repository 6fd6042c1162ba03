//! Drawing one layer: pixels, graticule, coastline, cursor. The same code serves the screen and the PNG figure.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::protocol::{Enough, StationMark};
use crate::state::cursor::{Cell, View};
use ease_grid::{EaseWindow, Edges, Resolution};
use loam_core::map::{Coastline, LineKind, Scale, graticule};

/// Where on a canvas a part of the window is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Left edge, CSS pixels.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

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

/// Coastlines (solid) and borders (dashed).
pub fn coast(
    ctx: &CanvasRenderingContext2d,
    coast: &Coastline,
    frame: Frame,
    view: View,
    window: &EaseWindow,
) {
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    begin(ctx, frame);
    for (kind, points) in coast.in_window(window, 0.3 / sx.max(1e-6)) {
        ctx.begin_path();
        for (i, (column, row)) in points.iter().enumerate() {
            let (x, y) = (frame.x + (column - view.left) * sx, frame.y + (row - view.top) * sy);
            if i == 0 { ctx.move_to(x, y) } else { ctx.line_to(x, y) }
        }
        let dash = js_sys::Array::new();
        if kind == LineKind::Border {
            dash.push(&5.0.into());
            dash.push(&3.0.into());
        }
        let _ = ctx.set_line_dash(&dash);
        twice(ctx, 1.1, 1.4);
    }
    ctx.restore();
}

/// Graticule with labels inside the frame's edges.
pub fn lines(ctx: &CanvasRenderingContext2d, frame: Frame, view: View, window: &EaseWindow, font: f64) {
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    let wanted = if frame.width < 220.0 { 2 } else { 4 };
    let grid = graticule(window, (view.left, view.top, columns, rows), wanted);
    begin(ctx, frame);
    ctx.begin_path();
    for line in &grid.meridians {
        let x = frame.x + (line.at - view.left) * sx;
        ctx.move_to(x, frame.y);
        ctx.line_to(x, frame.y + frame.height);
    }
    for line in &grid.parallels {
        let y = frame.y + (line.at - view.top) * sy;
        ctx.move_to(frame.x, y);
        ctx.line_to(frame.x + frame.width, y);
    }
    ctx.set_line_width(0.5);
    ctx.set_stroke_style_str(INK.line);
    ctx.stroke();
    ctx.set_font(&format!("{font}px system-ui, sans-serif"));
    ctx.set_line_join("round");
    let write = |text: &str, x: f64, y: f64| label(ctx, text, x, y);
    ctx.set_text_align("center");
    ctx.set_text_baseline("bottom");
    for line in &grid.meridians {
        let x = frame.x + (line.at - view.left) * sx;
        if x > frame.x + 48.0 && x < frame.x + frame.width - 18.0 {
            write(&line.label, x, frame.y + frame.height - 3.0);
        }
    }
    ctx.set_text_align("left");
    ctx.set_text_baseline("middle");
    for line in &grid.parallels {
        let y = frame.y + (line.at - view.top) * sy;
        if y > frame.y + 10.0 && y < frame.y + frame.height - 18.0 {
            write(&line.label, frame.x + 4.0, y - 7.0);
        }
    }
    ctx.restore();
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

/// Veils the cells along the edges that the network estimated without what lies outside, and rules them off.
pub fn edges(ctx: &CanvasRenderingContext2d, edges: &Edges, frame: Frame, view: View, window: &EaseWindow) {
    if edges.is_empty() {
        return;
    }
    let (columns, rows) = view.size(window);
    let (sx, sy) = (frame.width / columns, frame.height / rows);
    let across = |column: f64| frame.x + (column - view.left) * sx;
    let down = |row: f64| frame.y + (row - view.top) * sy;
    let inside = |from: usize, to: usize, all: usize| {
        (from.min(all) as f64, all.saturating_sub(to).max(from.min(all)) as f64)
    };
    let (left, right) = inside(edges.west, edges.east, window.columns);
    let (top, bottom) = inside(edges.north, edges.south, window.rows);
    let (x0, y0, x1, y1) = (across(0.0), down(0.0), across(window.columns as f64), down(window.rows as f64));
    begin(ctx, frame);
    ctx.set_fill_style_str("rgba(255,255,255,0.45)");
    for (x, y, to_x, to_y) in [
        (x0, y0, x1, down(top)),
        (x0, down(bottom), x1, y1),
        (x0, down(top), across(left), down(bottom)),
        (across(right), down(top), x1, down(bottom)),
    ] {
        ctx.fill_rect(x, y, to_x - x, to_y - y);
    }
    let _ = ctx.set_line_dash(&js_sys::Array::of2(&3.0.into(), &3.0.into()));
    ctx.begin_path();
    ctx.rect(across(left), down(top), across(right) - across(left), down(bottom) - down(top));
    twice(ctx, 1.0, 1.4);
    ctx.restore();
}

/// The colours of a scale from left to right.
pub fn ramp(ctx: &CanvasRenderingContext2d, scale: &Scale, frame: Frame) {
    for entry in 0..=255u8 {
        let [r, g, b] = scale.colour(entry);
        ctx.set_fill_style_str(&format!("rgb({r},{g},{b})"));
        let step = frame.width / 256.0;
        ctx.fill_rect(frame.x + f64::from(entry) * step, frame.y, step + 0.6, frame.height);
    }
}

/// The hatch of masked cells.
pub fn hatch(ctx: &CanvasRenderingContext2d, frame: Frame) {
    let [[lr, lg, lb], [gr, gg, gb]] = loam_core::map::paint::HATCH;
    begin(ctx, frame);
    ctx.set_fill_style_str(&format!("rgb({gr},{gg},{gb})"));
    ctx.fill_rect(frame.x, frame.y, frame.width, frame.height);
    ctx.set_stroke_style_str(&format!("rgb({lr},{lg},{lb})"));
    ctx.set_line_width(2.0);
    ctx.begin_path();
    let mut at = -frame.height;
    while at < frame.width {
        ctx.move_to(frame.x + at, frame.y + frame.height);
        ctx.line_to(frame.x + at + frame.height, frame.y);
        at += 6.0;
    }
    ctx.stroke();
    ctx.restore();
}
