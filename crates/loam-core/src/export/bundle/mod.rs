//! A bundle: one zip archive with a map, or the maps of a season, and all that it takes to make them again, to the bit.
//!
//! | member | what it is |
//! |---|---|
//! | `README.txt` | for people: what this is, how to make the map again, what to cite |
//! | `manifest.json` | date, region, rules, method, hashes of the input files, scores, versions ([`Manifest`]) |
//! | `map.tif` | the map (`map_V.tif` and `map_H.tif` of a network of two outputs; `map_20180610.tif` of a season) |
//! | `weights.safetensors` | the weights, of a network |
//! | `run_season.py`, ... | what `loam season --dask` wrote, where it was asked for |
//!
//! Input files are never in it: they are named, with size and SHA-256. Simulated scenes are named by place and seed.
//! The members' times are those of the format's first day; the time of making stands in `manifest.json` alone.

mod compare;
mod manifest;
mod read;
mod write;

pub use compare::{Comparison, Outcome, Verdict, compare};
pub use manifest::{
    FORMAT, Fingerprint, INPUTS, Input, MANIFEST, MadeOn, Manifest, MapOf, SCRIPT, SEASON_VERSION, SceneOf,
    Software, VERSION, WEIGHTS, WeightsOf, file_name,
};
pub use read::{Bundle, read};
pub use write::write;

use sha2::{Digest, Sha256};
use smap_files::ReadError;

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Another file.
    #[error(
        "this is no bundle of Loam ({0}): name a .zip that `loam predict --bundle` or the page's export wrote"
    )]
    NotABundle(&'static str),
    /// A name that leads out of the archive, or stands twice.
    #[error(
        "the bundle holds a file named {0:?}, as no bundle of Loam does: it was changed; get it again from where it came"
    )]
    Name(String),
    /// Of another version.
    #[error(
        "the bundle is of version {0} of its format, and this Loam reads versions {VERSION} and {SEASON_VERSION}: use the Loam that made it, or a newer one"
    )]
    Version(u64),
    /// The manifest cannot be.
    #[error(
        "the bundle's manifest.json cannot be used ({0}): it was changed; get the bundle again from where it came"
    )]
    Manifest(String),
    /// A member is not there.
    #[error("the bundle lacks {0}: it was changed; get it again from where it came")]
    Lacks(String),
    /// A member is larger than it can be.
    #[error(
        "{file} in the bundle is said to have {bytes} bytes, more than the {limit} such a file can have: it was changed; get it again from where it came"
    )]
    TooLarge {
        /// Which.
        file: String,
        /// How many.
        bytes: u64,
        /// How many there can be.
        limit: u64,
    },
    /// A member's bytes are others.
    #[error(
        "{0} in the bundle is not what its manifest.json says (SHA-256): it was changed; get it again from where it came"
    )]
    Changed(String),
    /// The map cannot be read.
    #[error("{file} in the bundle cannot be read ({why}): it was changed; get it again from where it came")]
    Map {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// The archive cannot be read.
    #[error("the bundle cannot be read: {0}")]
    Read(#[from] ReadError),
    /// The file cannot be read.
    #[error("the bundle cannot be read ({0}): check the path")]
    Io(#[from] std::io::Error),
}

/// SHA-256 of bytes, hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|n| char::from(DIGITS[usize::from(n)])).collect()
}
