//! Granules to one aligned daily series of a region, and from it a network sample.
//!
//! [`Library`] holds the files; [`Series`] the days of one region; [`Sample`] what the network sees of one date.

mod cover;
mod disaggregate;
mod error;
mod gaps;
mod history_rule;
mod library;
mod mosaic;
mod past;
mod pixel_history;
mod region;
mod sample;
mod sensitivity;
mod series;
mod shipped;
mod temperatures;

pub use cover::Cover;
pub use disaggregate::{Disaggregation, DisaggregationError, GAMMA_RANGE, LARGEST_BETA};
pub use error::StackError;
pub use history_rule::{HistoryRule, HistorySlot};
pub use library::{Content, Entry, Library, Piece, SceneDay, SourceFile};
pub use pixel_history::{Past, Watcher};
pub use region::{PRESETS, Preset, Region, SMALLEST_EDGE};
pub use sample::{HISTORY_LENGTH, Sample, overpass_words, without};
pub use sensitivity::Sensitivity;
pub use series::{Day, Fine, MARGIN, Series};
pub use shipped::{GENERAL, Shipped};
pub use temperatures::{FineBrightness, SimulatedTemperatures, Temperatures, dates_with};
