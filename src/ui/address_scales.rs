//! The other scales in the address: read from its text, and written into it. The page's first part only hands the text on.

use leptos::prelude::*;

use super::page_signal::PageSignal;
use super::store::App;
use crate::state::scales::{self, NAMES};
use loam_core::map::Scale;

/// A scale, and how it is at first.
type Known = (PageSignal<Scale>, fn() -> Scale);

/// The scales in the order of [`NAMES`]. A season's fit its values, a layer's by itself that layer's: they are
/// in no address.
fn others(app: App) -> [Known; NAMES.len()] {
    [
        (app.difference, Scale::difference),
        (app.half_width, Scale::half_width),
        (app.backscatter, Scale::backscatter),
        (app.kelvin, Scale::kelvin),
        (app.kelvin_difference, Scale::kelvin_difference),
    ]
}

/// First and last value.
fn ends(scale: &Scale) -> (f64, f64) {
    if scale.inverted { (scale.max, scale.min) } else { (scale.min, scale.max) }
}

/// Keeps scales and address the same, as long as the page lives.
pub fn follow(app: App) {
    Effect::new(move |_| {
        for ((scale, first), said) in others(app).into_iter().zip(scales::read(&app.scales.get())) {
            let wanted = said.unwrap_or_else(|| ends(&first()));
            if scale.with_untracked(|now| ends(now) != wanted) {
                let (a, b) = wanted;
                scale.update(|s| (s.min, s.max, s.inverted) = (a.min(b), a.max(b), a > b));
            }
        }
    });
    Effect::new(move |_| {
        let now = others(app).map(|(scale, first)| {
            let now = scale.with(ends);
            (now != ends(&first())).then_some(now)
        });
        let text = scales::write(&now);
        if app.scales.with_untracked(|before| *before != text) {
            app.scales.set(text);
        }
    });
}
