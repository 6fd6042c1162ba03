//! Scores over a mask, and the baselines every estimate is shown beside (model.md, sections 3 and 4).
//!
//! A 3 km reference is itself a retrieval: agreement with it is not agreement with the ground (model.md, section 4).

mod applicability;
pub mod baselines;
mod bootstrap;
mod compare;
mod dates;
mod mass;
mod metrics;
mod report;

use ease_grid::GridError;

pub use applicability::{InputRange, WARN_SHARE};
pub use baselines::persistence;
pub use bootstrap::{Interval, bootstrap_mean};
pub use compare::{compare, scores_on};
pub use dates::{DRAW_SEED, DRAWS, gain, means};
pub use mass::{MASS_SHARE, MassCell, MassConsistency, MassReport, mass_consistency, mass_corrected};
pub use metrics::{Accumulator, OverDates, Scores};
pub use report::{Gain, ScoreReport, ScoreRow};

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// Estimate, reference and mask do not belong together.
    #[error("{estimate} estimated, {reference} reference and {mask} mask values: they must be of one length")]
    Lengths {
        /// Estimated values.
        estimate: usize,
        /// Reference values.
        reference: usize,
        /// Mask values.
        mask: usize,
    },
    /// Rasters on different grids.
    #[error("{name} lies on another grid than the reference: resample it to the reference's grid first")]
    DifferentGrids {
        /// The estimate's name.
        name: String,
    },
    /// Block means need whole EASE-Grid cells.
    #[error(
        "the map does not lie on the 3 km or 9 km EASE-Grid 2.0, so it has no 36 km blocks: choose a map on the EASE-Grid"
    )]
    NoBlocks,
    /// A raster could not be made.
    #[error(transparent)]
    Grid(#[from] GridError),
}
