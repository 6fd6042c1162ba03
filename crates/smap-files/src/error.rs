//! Why a file could not be read: what happened, why, what to do.

use ease_grid::GridError;

/// How the description of a file of stations ends.
pub(crate) const STATIONS: &str = "soil moisture of stations (International Soil Moisture Network)";

/// A refusal. Its text is one or two sentences for the person who dropped the file; the file's name is added by whoever lists it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not a format Loam reads. `what` says what it looks like instead ("an HTML page", "a Git LFS pointer").
    #[error("this is {what}, not an HDF5, NetCDF-4 or TIFF file: {remedy}")]
    NotAData {
        /// What the content looks like.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The format is right but the content is damaged or uses a feature the reader does not know.
    #[error("the {format} file cannot be read ({detail}): {remedy}")]
    Damaged {
        /// `HDF5` or `TIFF`.
        format: &'static str,
        /// What the reader said.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// The end of the file is missing.
    #[error("the file is cut off: it has {} of {}{} bytes; download it again", grouped(*.has), if *.at_least { "at least " } else { "" }, grouped(*.needs))]
    CutOff {
        /// Bytes there.
        has: u64,
        /// Bytes that its own structure speaks of.
        needs: u64,
        /// More may be missing.
        at_least: bool,
    },
    /// A sound file that Loam has a reason not to use, e.g. a raw Sentinel-1 GRD measurement.
    #[error("{what}: {remedy}")]
    Unsuitable {
        /// What it is.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// A dataset could not be read.
    #[error("dataset {dataset} cannot be read ({detail})")]
    Dataset {
        /// Path or band name.
        dataset: String,
        /// What the reader said.
        detail: String,
    },
    /// The asked-for variable does not exist.
    #[error("there is no variable number {index}; the file has {count}")]
    NoSuchVariable {
        /// Asked for.
        index: usize,
        /// Present.
        count: usize,
    },
    /// Reading would need more memory than allowed.
    #[error("{what} needs {needed_mb} MB, more than the {limit_mb} MB allowed: {remedy}")]
    TooLarge {
        /// What is large.
        what: String,
        /// Needed.
        needed_mb: u64,
        /// Allowed.
        limit_mb: u64,
        /// What to do.
        remedy: String,
    },
    /// Placement failed.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// The operating system or the browser refused.
    #[error("the file cannot be opened ({0}): check that it still exists and may be read")]
    Io(#[from] std::io::Error),
}

impl ReadError {
    /// The file is of stations in the ground: it is no map, and a reader of stations reads it.
    #[must_use]
    pub fn is_of_stations(&self) -> bool {
        matches!(self, Self::NotAData { what, .. } if what.ends_with(STATIONS))
    }
}

/// A count with its thousands apart: `12,345`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let apart = |(i, digit): (usize, char)| {
        (i > 0 && (digits.len() - i).is_multiple_of(3)).then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(apart).collect()
}
