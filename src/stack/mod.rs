//! Granules to one aligned daily series of a region, and from it a network sample.

mod region;
mod series;

pub use region::{PRESETS, Preset, Region};
pub use series::{Day, Fine, Series};
