//! What the curtain compares.

use jiff::civil::Date;

use loam_core::layer::LayerKey;

/// Two layers, as chosen, and what is done with them. Kept from map to map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Curtain {
    /// At the left; `None` for what is there at first.
    pub left: Option<LayerKey>,
    /// At the right.
    pub right: Option<LayerKey>,
    /// The date that the left one is of; `None` for the date on the stage.
    pub date: Option<Date>,
    /// Left minus right is shown in place of both.
    pub minus: bool,
}
