//! What is a file of stations.

use smap_files::{SharedSource, archive};

use crate::ismn::Table;
use crate::lines::Lines;
use crate::reader::holds_values;

/// Whether a file is of stations: a zip archive with `.stm` files, or a table whose first line is of one of the ISMN's forms.
#[must_use]
pub fn is_of_stations(source: &SharedSource) -> bool {
    if holds_values(source.name()) {
        return true;
    }
    match archive::all_members(source) {
        Ok(Some(members)) => members.iter().any(|member| holds_values(member.path())),
        Err(_) => false,
        // Only the first line is looked at.
        Ok(None) => Lines::new(source.clone())
            .first()
            .is_some_and(|line| Table::new(source.name()).line(1, &line).is_ok()),
    }
}
