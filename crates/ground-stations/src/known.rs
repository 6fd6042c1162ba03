//! What is a file of stations.

use smap_files::{SharedSource, archive};

use crate::ismn::Table;
use crate::lines::Lines;
use crate::reader::{archive_holds_values, holds_values};

/// Whether a file is of stations: a zip archive with `.stm` files, also in archives of it, or a table whose first line is of one of the ISMN's forms.
#[must_use]
pub fn is_of_stations(source: &SharedSource) -> bool {
    if holds_values(source.name()) {
        return true;
    }
    match archive::all_members(source) {
        Ok(Some(members)) => archive_holds_values(&members, 0),
        Err(_) => false,
        // Only the first line is looked at.
        Ok(None) => Lines::new(source.clone())
            .first()
            .is_some_and(|line| Table::new(source.name()).line(1, &line).is_ok()),
    }
}
