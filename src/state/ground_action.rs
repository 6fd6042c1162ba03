//! What can be wanted of stations.

use ground_stations::matching::Rules;
use jiff::civil::Date;

use crate::protocol::GroundForm;

/// What the user wants of stations.
#[derive(Debug, Clone, PartialEq)]
pub enum GroundAction {
    /// Stations over the demo's scenes.
    Simulate,
    /// Other rules of matching.
    Rules(Rules),
    /// Another first and last date; none for those there are.
    Period(Option<Date>, Option<Date>),
    /// Compare the maps made here with them.
    Validate,
    /// What is under way is to end.
    Cancel,
    /// One of the list, to look at.
    Station(usize),
    /// The last validation as a file.
    Save(GroundForm),
    /// The region is to go where the stations are.
    GoTo,
}
