//! A region drawn on a map: a rectangle of cells between two corners, by dragging or, from the keyboard, by marking one after the other.

use web_sys::PointerEvent;

use super::store::App;
use crate::state::MapData;
use crate::state::cursor::Cell;
use crate::state::rectangle::{Rectangle, size_text};

/// Turns drawing on or off; what was begun is dropped.
pub fn toggle(app: App) {
    app.rectangle.set(None);
    app.drawing.update(|on| *on = !*on);
    app.say(if app.drawing.get_untracked() {
        "Drawing a region: mark two opposite corners."
    } else {
        "Drawing ended."
    });
}

/// A corner from the keyboard: the first begins the rectangle, the second ends it.
pub fn corner(app: App, data: &MapData, cell: Cell) {
    match app.rectangle.get_untracked() {
        None => {
            app.rectangle.set(Some(Rectangle::at(cell)));
            app.say("First corner marked. Move to the opposite one and press Enter.");
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
            app.choose(|s| (s.window, s.region) = (region.window(), None));
            app.say(format!("The region is now {}.", size_text(&region.window())));
        }
        Err(error) => {
            // The line under the tools then says what to do, also to who drew with Shift.
            app.drawing.set(true);
            app.say(format!("{error}: draw a larger rectangle."));
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
