//! What a pointer does on a map: the cursor follows it, a click pins, a drag shifts, wheel and two fingers zoom, Shift draws a region.

use leptos::prelude::*;
use web_sys::PointerEvent;

use super::rectangle;
use super::store::App;
use crate::state::MapData;
use crate::state::cursor::Cell;
use crate::state::rectangle::Rectangle;

/// Zooms all linked maps a step in or out, about the cell whose values are shown, else about the middle.
pub fn step(app: App, closer: bool, window: &ease_grid::EaseWindow) {
    let view = app.view.get_untracked();
    let (w, h) = view.size(window);
    let middle = (view.left + w / 2.0, view.top + h / 2.0);
    let at = untrack(|| app.probed()).map_or(middle, |c| (c.column as f64 + 0.5, c.row as f64 + 0.5));
    zoom(app, if closer { 1.5 } else { 1.0 / 1.5 }, at, window);
}

/// Zooms all linked maps. The place is worked out before the signal is locked for writing.
fn zoom(app: App, factor: f64, at: (f64, f64), window: &ease_grid::EaseWindow) {
    app.view.update(|v| *v = v.zoomed(factor, at, window));
}

/// Cells that can be pinned at a time.
pub const MOST_PINS: usize = 8;

/// Pins a cell, or frees it where it is pinned already; `None` frees all.
pub fn pin(app: App, cell: Option<Cell>) {
    app.pins.update(|pins| match cell {
        None => pins.clear(),
        Some(cell) => match pins.iter().position(|p| *p == cell) {
            Some(at) => drop(pins.remove(at)),
            None => {
                if pins.len() == MOST_PINS {
                    pins.remove(0);
                }
                pins.push(cell);
            }
        },
    });
}

/// Share (0..1) of the element under a pointer.
pub fn share(event: &web_sys::MouseEvent) -> Option<(f64, f64)> {
    let target: web_sys::Element = wasm_bindgen::JsCast::dyn_into(event.current_target()?).ok()?;
    let rect = target.get_bounding_client_rect();
    Some(((event.client_x() - rect.left()) / rect.width(), (event.client_y() - rect.top()) / rect.height()))
}

/// What a pointer that is down does.
#[derive(Clone, Copy, PartialEq)]
enum Drag {
    /// Pressed at this share of the map; nothing is known yet.
    Pressed(f64, f64),
    /// The view is dragged.
    View(f64, f64),
    /// A region is drawn.
    Region,
    /// Two fingers zoom and shift.
    Pinch,
}

/// Moves the linked cursor with the pointer, drags a zoomed view, draws a region, pins on click. One per map.
#[derive(Clone, Copy)]
pub struct Pointer {
    app: App,
    drag: StoredValue<Option<Drag>>,
    /// Fingers on the map, with their places as shares of it.
    fingers: StoredValue<Vec<(i32, f64, f64)>>,
}

impl Pointer {
    pub fn new(app: App) -> Self {
        Self { app, drag: StoredValue::new(None), fingers: StoredValue::new(Vec::new()) }
    }

    fn cell(self, data: &MapData, (x, y): (f64, f64)) -> Option<Cell> {
        self.app.view.get_untracked().cell_at(x, y, &data.window())
    }

    /// Draws where drawing is on, or with Shift held.
    pub fn down(self, data: &MapData, event: &PointerEvent) {
        let Some(at) = share(event) else { return };
        if event.pointer_type() == "touch" {
            self.fingers.update_value(|fingers| {
                fingers.retain(|f| f.0 != event.pointer_id());
                fingers.push((event.pointer_id(), at.0, at.1));
            });
            if self.fingers.with_value(Vec::len) == 2 {
                self.app.rectangle.set(None);
                return self.drag.set_value(Some(Drag::Pinch));
            }
        }
        let draws = self.app.drawing.get_untracked() || event.shift_key();
        self.drag.set_value(Some(match self.cell(data, at).filter(|_| draws) {
            Some(cell) => {
                rectangle::hold(event);
                self.app.rectangle.set(Some(Rectangle::at(cell)));
                Drag::Region
            }
            None => Drag::Pressed(at.0, at.1),
        }));
    }

    pub fn moved(self, data: &MapData, event: &PointerEvent) {
        let Some((x, y)) = share(event) else { return };
        let window = data.window();
        let view = self.app.view.get_untracked();
        let held = event.buttons() == 1;
        if self.drag.get_value() == Some(Drag::Pinch) {
            return self.pinch(data, event.pointer_id(), (x, y));
        }
        match self.drag.get_value().filter(|_| held) {
            Some(Drag::Region) => {
                // A pointer beyond the map's edge draws up to it.
                let inside = |share: f64| share.clamp(0.0, 1.0 - 1e-9);
                if let (Some(begun), Some(to)) =
                    (self.app.rectangle.get_untracked(), self.cell(data, (inside(x), inside(y))))
                {
                    self.app.cursor.set(Some(to));
                    self.app.rectangle.set(Some(Rectangle { to, ..begun }));
                }
            }
            Some(drag @ (Drag::Pressed(fx, fy) | Drag::View(fx, fy))) if view.share < 1.0 => {
                if matches!(drag, Drag::View(..)) || (x - fx).hypot(y - fy) > 0.02 {
                    let (w, h) = view.size(&window);
                    self.app.view.set(view.panned(((fx - x) * w, (fy - y) * h), &window));
                    self.drag.set_value(Some(Drag::View(x, y)));
                }
            }
            _ => self.app.cursor.set(view.cell_at(x, y, &window)),
        }
    }

    pub fn up(self, data: &MapData, event: &PointerEvent) {
        let drag = self.drag.get_value();
        self.fingers.update_value(|fingers| fingers.retain(|f| f.0 != event.pointer_id()));
        // The second finger of a pinch is no click either.
        if drag == Some(Drag::Pinch) && !self.fingers.with_value(Vec::is_empty) {
            return;
        }
        self.drag.set_value(None);
        match (drag, share(event)) {
            (Some(Drag::Region), _) => rectangle::finish(self.app, data),
            (Some(Drag::View(..) | Drag::Pinch), _) | (_, None) => {}
            (_, Some(at)) => {
                let cell = self.cell(data, at);
                self.app.cursor.set(cell);
                pin(self.app, cell);
            }
        }
    }

    pub fn left(self) {
        if self.drag.get_value() == Some(Drag::Region) {
            self.app.rectangle.set(None);
        }
        self.drag.set_value(None);
        self.fingers.set_value(Vec::new());
        self.app.cursor.set(None);
    }

    /// Two fingers: what lies between them stays between them.
    fn pinch(self, data: &MapData, id: i32, to: (f64, f64)) {
        let before = self.fingers.get_value();
        let after: Vec<_> = before.iter().map(|f| if f.0 == id { (id, to.0, to.1) } else { *f }).collect();
        if let ([a, b], [c, d]) = (&before[..], &after[..]) {
            let window = data.window();
            let (old, new) = ((a.1 - b.1).hypot(a.2 - b.2), (c.1 - d.1).hypot(c.2 - d.2));
            let view = self.app.view.get_untracked();
            let (w, h) = view.size(&window);
            let middle = (view.left + (a.1 + b.1) / 2.0 * w, view.top + (a.2 + b.2) / 2.0 * h);
            let zoomed = view.zoomed(new.max(1e-3) / old.max(1e-3), middle, &window);
            let (w, h) = zoomed.size(&window);
            let shift = ((a.1 + b.1 - c.1 - d.1) / 2.0 * w, (a.2 + b.2 - c.2 - d.2) / 2.0 * h);
            self.app.view.set(zoomed.panned(shift, &window));
        }
        self.fingers.set_value(after);
    }

    /// The wheel zooms about the place under the pointer. A turned wheel with Ctrl is a touchpad's pinch: finer.
    pub fn wheel(self, data: &MapData, event: &web_sys::WheelEvent) {
        let Some((x, y)) = share(event) else { return };
        event.prevent_default();
        let window = data.window();
        let view = self.app.view.get_untracked();
        let (w, h) = view.size(&window);
        // Lines and pages, where a browser counts in those.
        let unit = match event.delta_mode() {
            0 => 1.0,
            1 => 16.0,
            _ => 400.0,
        };
        let speed = if event.ctrl_key() { 0.01 } else { 0.0022 };
        let factor = (-event.delta_y() * unit * speed).clamp(-1.0, 1.0).exp();
        zoom(self.app, factor, (view.left + x * w, view.top + y * h), &window);
    }
}
