//! A canvas as what draws ([`Pen`]).

use std::fmt::Write as _;

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use loam_core::map::pen::{Anchor, Face, Frame, HALO, Ink, Path, Pen, Stroke};

/// A canvas, and the cells of the maps that are to be drawn on it.
pub struct CanvasPen<'a> {
    ctx: &'a CanvasRenderingContext2d,
    images: &'a [HtmlCanvasElement],
}

impl<'a> CanvasPen<'a> {
    /// For lines and letters alone.
    pub fn new(ctx: &'a CanvasRenderingContext2d) -> Self {
        Self { ctx, images: &[] }
    }

    /// With maps of one pixel a cell.
    pub fn with(ctx: &'a CanvasRenderingContext2d, images: &'a [HtmlCanvasElement]) -> Self {
        Self { ctx, images }
    }
}

fn colour(Ink([r, g, b], opacity): Ink) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write!(text, "rgba({r},{g},{b},{opacity})");
    text
}

impl Pen for CanvasPen<'_> {
    fn clip(&mut self, frame: Frame) {
        self.ctx.save();
        self.ctx.begin_path();
        self.ctx.rect(frame.x, frame.y, frame.width, frame.height);
        self.ctx.clip();
    }

    fn unclip(&mut self) {
        self.ctx.restore();
    }

    fn fill(&mut self, frame: Frame, ink: Ink) {
        self.ctx.set_fill_style_str(&colour(ink));
        self.ctx.fill_rect(frame.x, frame.y, frame.width, frame.height);
    }

    fn lines(&mut self, paths: &[Path], strokes: &[Stroke]) {
        self.ctx.set_line_join("round");
        self.ctx.begin_path();
        for path in paths {
            for (n, (x, y)) in path.iter().enumerate() {
                if n == 0 { self.ctx.move_to(*x, *y) } else { self.ctx.line_to(*x, *y) }
            }
        }
        for stroke in strokes {
            let dash = js_sys::Array::new();
            if let Some((on, off)) = stroke.dash {
                dash.push(&on.into());
                dash.push(&off.into());
            }
            let _ = self.ctx.set_line_dash(&dash);
            self.ctx.set_line_width(stroke.width);
            self.ctx.set_stroke_style_str(&colour(stroke.ink));
            self.ctx.stroke();
        }
    }

    fn disc(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        self.ctx.begin_path();
        let _ = self.ctx.arc(x, y, radius, 0.0, std::f64::consts::TAU);
        self.ctx.set_fill_style_str(&colour(ink));
        self.ctx.fill();
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), face: Face) {
        self.ctx.set_font(&format!("{} {}px system-ui, sans-serif", face.weight, face.size));
        self.ctx.set_text_baseline("alphabetic");
        self.ctx.set_text_align(match face.anchor {
            Anchor::Start => "left",
            Anchor::Middle => "center",
            Anchor::End => "right",
        });
        if face.halo {
            let _ = self.ctx.set_line_dash(&js_sys::Array::new());
            self.ctx.set_line_join("round");
            self.ctx.set_line_width(3.0);
            self.ctx.set_stroke_style_str(&colour(HALO));
            let _ = self.ctx.stroke_text(text, x, y);
        }
        self.ctx.set_fill_style_str(&colour(face.ink));
        let _ = self.ctx.fill_text(text, x, y);
    }

    fn image(&mut self, number: usize, frame: Frame) {
        let Some(image) = self.images.get(number) else { return };
        self.ctx.set_image_smoothing_enabled(false);
        let _ = self.ctx.draw_image_with_html_canvas_element_and_dw_and_dh(
            image,
            frame.x,
            frame.y,
            frame.width,
            frame.height,
        );
    }
}
