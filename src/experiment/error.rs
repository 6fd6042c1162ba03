//! What can go wrong in an experiment.

use std::path::PathBuf;

use ease_grid::GridError;
use loam_core::score::ScoreError;
use loam_core::score::baselines::ForestError;
use loam_core::stack::StackError;
use loam_nn::ModelError;
use loam_nn::TrainError;

/// Errors of the folder [`crate::experiment`].
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// Not enough dates on one side of the split.
    #[error(
        "{region}: {train} dates before {boundary} and {test} from then on have SMAP, a 3 km product and a full history ({unusable} more have \
         a 3 km product but cannot be used{why}); both sides need at least one: open more files (--download-list names them)"
    )]
    NoImages {
        /// The region's name.
        region: String,
        /// First test date.
        boundary: jiff::civil::Date,
        /// Usable dates before it.
        train: usize,
        /// Usable dates from it on.
        test: usize,
        /// Dates with a 3 km product that are not usable.
        unusable: usize,
        /// The commonest reason, in words.
        why: String,
    },
    /// A region that has no scenes and no row in a table.
    #[error(
        "\"{0}\" is none of the regions: oklahoma-city, tucson, geneva, or a place that the simulator knows"
    )]
    Region(String),
    /// A table or figure of which every row was left out.
    #[error(
        "no row of \"{0}\" is left: its regions are oklahoma-city, tucson, geneva (--region), its numbers of training images 10, 20, 50, 100 (--images)"
    )]
    NoRows(&'static str),
    /// A file of the experiment's folder cannot be read or written.
    #[error("{} cannot be {what} ({why})", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// "read" or "written".
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The figure could not be encoded.
    #[error("the figure could not be written as PNG ({0})")]
    Figure(String),
    /// The operating system gives no threads.
    #[error("the threads to compute on cannot be started ({0}): end other programs")]
    Threads(String),
    /// A device that this program was built without.
    #[error("{0}")]
    Device(String),
    /// Files or days.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The TB CNN's images and scores.
    #[error(transparent)]
    Tb(#[from] loam_nn::networks::tb_cnn::error::TbError),
    /// Grids.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// Training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The network.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Scores.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The random forest.
    #[error(transparent)]
    Forest(#[from] ForestError),
}
