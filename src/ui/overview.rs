//! The world, to click a region's centre on, and the region as it lies there.

use leptos::html;
use leptos::prelude::*;
use web_sys::PointerEvent;

use super::canvas;
use super::draw::Frame;
use super::panel::watch_size;
use super::store::App;
use ease_grid::ease2::{self, X0, Y0};
use ease_grid::{EaseWindow, Resolution};
use loam_core::map::LineKind;

/// The equal-area world at 36 km, clickable. `choose` gets longitude and latitude.
#[component]
pub fn World(choose: Callback<(f64, f64)>) -> impl IntoView {
    let app = App::here();
    let node = NodeRef::<html::Canvas>::new();
    let size = watch_size(node);
    let globe = EaseWindow::global(Resolution::M36);
    Effect::new(move |_| {
        size.track();
        let (base, window) = (app.basemap.get(), app.settings.with(|s| s.window));
        let Some((ctx, width, height)) = node.get().and_then(|c| canvas::fit(&c)) else { return };
        let frame = Frame { x: 0.0, y: 0.0, width, height };
        let (sx, sy) = (frame.width / globe.columns as f64, frame.height / globe.rows as f64);
        ctx.set_stroke_style_str(&canvas::css("--rule"));
        ctx.set_line_width(0.5);
        ctx.begin_path();
        for degrees in [-120.0, -60.0, 0.0, 60.0, 120.0] {
            let x = ease2::fractional_index(Resolution::M36, degrees, 0.0).0 * sx;
            ctx.move_to(x, 0.0);
            ctx.line_to(x, height);
        }
        for degrees in [-60.0, -30.0, 0.0, 30.0, 60.0] {
            let y = ease2::fractional_index(Resolution::M36, 0.0, degrees).1 * sy;
            ctx.move_to(0.0, y);
            ctx.line_to(width, y);
        }
        ctx.stroke();
        if let Some(base) = base {
            ctx.set_stroke_style_str(&canvas::css("--soft"));
            ctx.set_line_width(0.7);
            ctx.begin_path();
            for (_, points) in
                base.coast().in_window(&globe, 1.5).into_iter().filter(|l| l.0 == LineKind::Coast)
            {
                for (i, (column, row)) in points.into_iter().enumerate() {
                    if i == 0 {
                        ctx.move_to(column * sx, row * sy)
                    } else {
                        ctx.line_to(column * sx, row * sy)
                    }
                }
            }
            ctx.stroke();
        }
        let per = window.resolution.per_36km() as f64;
        let (x, y) = (window.first_column as f64 / per * sx, window.first_row as f64 / per * sy);
        let (w, h) = (window.columns as f64 / per * sx, window.rows as f64 / per * sy);
        ctx.set_stroke_style_str(&canvas::css("--accent"));
        ctx.set_line_width(2.0);
        let grow = (3.0 - w / 2.0).max(0.0);
        ctx.stroke_rect(x - grow, y - grow, w + 2.0 * grow, h + 2.0 * grow);
    });
    let pick = move |event: PointerEvent| {
        let Some(element) = node.get_untracked() else { return };
        let rect = element.get_bounding_client_rect();
        let x = (event.client_x() - rect.left()) / rect.width();
        let y = (event.client_y() - rect.top()) / rect.height();
        choose.run(ease2::inverse(X0 * (1.0 - 2.0 * x), Y0 * (1.0 - 2.0 * y)));
    };
    view! {
        <canvas class="world" node_ref=node role="img" aria-label="World map with the region; the fields below do the same as a click" on:pointerdown=pick></canvas>
    }
    .into_any()
}
