//! A region drawn on a map: a rectangle of cells between two corners, by dragging or, from the keyboard, by marking one after the other.

use web_sys::PointerEvent;

use super::cursor::Cell;
use super::state::{App, MapData};
use ease_grid::{EaseWindow, GridError};
use loam_core::stack::Region;

/// Two opposite corners, cells of a map's window; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    /// Where drawing began.
    pub from: Cell,
    /// Where it is now.
    pub to: Cell,
}

impl Rectangle {
    /// One cell.
    #[must_use]
    pub fn at(cell: Cell) -> Self {
        Self { from: cell, to: cell }
    }

    /// The cells it holds, of the grid that the map's window lies in.
    #[must_use]
    pub fn within(&self, window: &EaseWindow) -> EaseWindow {
        let (left, right) = (self.from.column.min(self.to.column), self.from.column.max(self.to.column));
        let (top, bottom) = (self.from.row.min(self.to.row), self.from.row.max(self.to.row));
        EaseWindow {
            resolution: window.resolution,
            first_column: window.first_column + left,
            first_row: window.first_row + top,
            columns: right - left + 1,
            rows: bottom - top + 1,
        }
    }

    /// As a region.
    ///
    /// # Errors
    /// [`GridError::TooSmall`] below 9 x 9 cells.
    pub fn region(&self, window: &EaseWindow) -> Result<Region, GridError> {
        Region::new(self.within(window))
    }
}

/// Its size, for the read-out while it is drawn.
#[must_use]
pub fn size_text(window: &EaseWindow) -> String {
    let km = |cells: usize| cells as f64 * window.resolution.cell_m() / 1000.0;
    format!(
        "{} × {} cells ({:.0} × {:.0} km)",
        window.columns,
        window.rows,
        km(window.columns),
        km(window.rows)
    )
}

/// Turns drawing on or off; what was begun is dropped.
pub fn toggle(app: App) {
    app.rectangle.set(None);
    app.drawing.update(|on| *on = !*on);
    app.said.set(
        if app.drawing.get_untracked() {
            "Drawing a region: mark two opposite corners."
        } else {
            "Drawing ended."
        }
        .to_owned(),
    );
}

/// A corner from the keyboard: the first begins the rectangle, the second ends it.
pub fn corner(app: App, data: &MapData, cell: Cell) {
    match app.rectangle.get_untracked() {
        None => {
            app.rectangle.set(Some(Rectangle::at(cell)));
            app.said.set("First corner marked. Move to the opposite one and press Enter.".to_owned());
        }
        Some(begun) => {
            app.rectangle.set(Some(Rectangle { to: cell, ..begun }));
            finish(app, data);
        }
    }
}

/// Takes the rectangle as the region, or says why not and lets the user go on.
pub fn finish(app: App, data: &MapData) {
    let Some(drawn) = app.rectangle.get_untracked() else { return };
    app.rectangle.set(None);
    match drawn.region(&data.window()) {
        Ok(region) => {
            app.drawing.set(false);
            app.set_region(region.window(), None);
            app.said.set(format!("The region is now {}.", size_text(&region.window())));
        }
        Err(error) => {
            // The line under the tools then says what to do, also to who drew with Shift.
            app.drawing.set(true);
            app.said.set(format!("{error}: draw a larger rectangle."));
        }
    }
}

/// Keeps the events of a pointer coming after it left the map.
pub fn hold(event: &PointerEvent) {
    if let Some(element) =
        event.current_target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok())
    {
        // Refused only for a pointer that is gone again.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}
