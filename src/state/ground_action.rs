//! Actions on stations in the ground.

use ground_stations::logger::LoggerPlace;
use ground_stations::matching::Rules;
use jiff::civil::Date;
use loam_core::file::FileId;
use loam_core::method::Method;

use super::logger_form::LoggerForm;
use crate::protocol::{GroundForm, Packed};

/// An action on stations, by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum GroundAction {
    /// Stations over the demo's scenes.
    Simulate,
    /// Other rules of matching.
    Rules(Rules),
    /// Another first and last date; none for those there are.
    Period(Option<Date>, Option<Date>),
    /// A logger's own table: where it stands, and what else it cannot say.
    Describe(FileId, Packed<LoggerPlace>),
    /// Something was typed or chosen in the form of a logger's table.
    Typed(FileId, Packed<LoggerForm>),
    /// What this table's form says goes into those of all others that wait and have the same columns.
    SameForAll(FileId),
    /// Other methods to compare; none for the one in use.
    Methods(Vec<Option<Method>>),
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
