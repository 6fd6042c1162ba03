//! Granules to one aligned daily series of a region, and from it a network sample.

pub mod disaggregate;
mod region;
mod series;

pub use disaggregate::{Disaggregation, DisaggregationError, Sensitivity};
pub use region::{PRESETS, Preset, Region};
pub use series::{Day, Fine, Series};
