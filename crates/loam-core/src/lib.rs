//! Loam's domain: days of a region, network samples, scores, simulated scenes, painting and exports. No burn, no browser.
//!
//! ```text
//! files -> [stack] -> Sample        scores: [score]    scenes: [simulate]    pictures: [map]    files out: [export]
//! ```
//!
//! The small modules beside them are the words that session, page, command line and kept runs share.

pub mod closed_form;
pub mod day_number;
pub mod device_report;
pub mod estimate;
pub mod export;
pub mod fetch;
pub mod file;
pub mod iso_date;
pub mod layer;
pub mod map;
pub mod method;
pub mod nan_json;
pub mod network;
pub mod output;
pub mod ranking;
pub mod region_settings;
pub mod regression;
pub mod score;
pub mod season;
pub mod simulate;
pub mod stack;
pub mod training;
pub mod weights_report;
