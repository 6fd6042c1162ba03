//! Pairs of a station's value and what maps say there: which sensors, which time, which cells, and why a pair was not made.

mod matcher;
mod point;
mod result;
mod rules;

pub use matcher::{MapDay, Matcher, Overpass};
pub use result::{CellMatch, Exclusion, Footprint, Layer, Matched, Pair, StationMatch, Status};
pub use rules::Rules;
