//! Why a day or a sample could not be put together.

use jiff::civil::Date;

use ease_grid::GridError;
use smap_files::ReadError;

/// A refusal of the stacking step.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No file has SMAP on this date.
    #[error("no SMAP soil moisture on {date}: {}", available(.dates))]
    NoCoarse {
        /// Asked for.
        date: Date,
        /// Dates that have it.
        dates: Vec<Date>,
    },
    /// SMAP did not see the region on this date.
    #[error("SMAP did not see a single cell of this region on {date}: choose another date or region")]
    CoarseElsewhere {
        /// Asked for.
        date: Date,
    },
    /// No file has an input of the TB CNN on this date.
    #[error("no {what} on {date}: {}", available(.dates))]
    Missing {
        /// What is missing, in words.
        what: &'static str,
        /// Asked for.
        date: Date,
        /// Dates that have it.
        dates: Vec<Date>,
    },
    /// Files have it, but not a single value in the region.
    #[error(
        "the {what} of {date} has no value in this region (not seen, clouds, or masked by its quality flag): choose another date or region"
    )]
    Elsewhere {
        /// What.
        what: &'static str,
        /// Asked for.
        date: Date,
    },
    /// A file failed while its pixels were read.
    #[error("{file}: {error}")]
    Read {
        /// File name.
        file: String,
        /// Why.
        error: ReadError,
    },
    /// Placement failed.
    #[error(transparent)]
    Grid(#[from] GridError),
}

fn available(dates: &[Date]) -> String {
    match dates {
        [] => "none of the opened files holds any".into(),
        [only] => format!("the only date that has it is {only}"),
        [first, .., last] => format!("{} dates have it, from {first} to {last}", dates.len()),
    }
}
