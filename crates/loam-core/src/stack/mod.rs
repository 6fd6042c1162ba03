//! Granules to one aligned daily series of a region, and from it a network sample.
//!
//! [`Library`] holds the files; [`Series`] the days of one region; [`Sample`] what the network sees of one date.

mod disaggregate;
mod error;
mod fill;
mod gaps;
mod library;
mod pixel_history;
mod region;
mod sample;
mod sensitivity;
mod series;
mod shipped;
mod temperatures;

pub use disaggregate::{Disaggregation, DisaggregationError, GAMMA_RANGE, LARGEST_BETA};
pub use error::StackError;
pub use fill::nearest_valid;
pub use library::{Content, Entry, Library, Piece, SceneDay, SourceFile};
pub use pixel_history::Past;
pub use region::{PRESETS, Preset, Region, SMALLEST_EDGE};
pub use sample::{HISTORY_LENGTH, HistoryRule, HistorySlot, Sample, overpass_words, without};
pub use sensitivity::Sensitivity;
pub use series::{Cover, Day, Fine, MARGIN, Series};
pub use shipped::{GENERAL, SHIPPED, Shipped};
pub use temperatures::{FineBrightness, SimulatedTemperatures, Temperatures, dates_with};
