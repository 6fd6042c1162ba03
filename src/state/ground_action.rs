//! Actions on stations in the ground.

use ground_stations::matching::Rules;
use jiff::civil::Date;

use crate::protocol::GroundForm;

/// An action on stations, by the user.
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
    /// Cancel what is under way.
    Cancel,
    /// Show one of the list.
    Station(usize),
    /// Save the last validation.
    Save(GroundForm),
    /// Move the region to the stations.
    GoTo,
}
