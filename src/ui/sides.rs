//! Which panels of the frame are open, remembered in this browser.

use leptos::prelude::window;

use super::outside;

/// The panel of the left side that the layers are in.
pub const LAYERS: usize = 1;
/// The panel of the right side that training is in.
pub const TRAIN: usize = 2;
/// That of the exports.
pub const EXPORT: usize = 3;
/// That of the season.
pub const SEASON: usize = 4;
/// That of the stations.
pub const GROUND: usize = 5;
/// Where in the browser's storage the sides are remembered.
const KEY: &str = "loam.sides";
/// Below this width of the window the sides are one sheet.
const NARROW: f64 = 760.0;
/// Below this one the left side lies over the map.
const TIGHT: f64 = 1180.0;

/// A side: which of its panels is open, if one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The panel that is open, or was.
    pub panel: usize,
    /// It is.
    pub open: bool,
}

/// The sides are one sheet.
pub fn narrow() -> bool {
    window().inner_width().ok().and_then(|w| w.as_f64()).is_some_and(|w| w < NARROW)
}

/// There is room for one side beside the map; the left one lies over it.
pub fn tight() -> bool {
    window().inner_width().ok().and_then(|w| w.as_f64()).is_some_and(|w| w < TIGHT)
}

/// `10 01`: panel and whether it is open, left and right.
fn read(text: Option<String>) -> Option<(Side, Side)> {
    let text = text?;
    let mut sides = text.split(' ').map(|side| {
        let mut digits = side.chars().filter_map(|c| c.to_digit(10));
        Some(Side { panel: digits.next()? as usize, open: digits.next()? == 1 })
    });
    Some((sides.next()??, sides.next()??))
}

/// The sides as they were, or both open where there is room.
pub fn sides() -> (Side, Side) {
    let at_first = |open: bool| Side { panel: 0, open };
    if narrow() {
        (at_first(false), at_first(false))
    } else {
        read(outside::recall(KEY)).unwrap_or((at_first(!tight()), at_first(true)))
    }
}

/// Remembers the sides.
pub fn remember(left: Side, right: Side) {
    let text = |side: Side| format!("{}{}", side.panel, u8::from(side.open));
    if !narrow() {
        outside::keep(KEY, &format!("{} {}", text(left), text(right)));
    }
}
