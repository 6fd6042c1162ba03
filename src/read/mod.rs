//! Files to granules: what a file is, when and where it was taken, what it holds, and its pixels on demand.
//!
//! [`open`] recognises a file by its content, never by its name alone, and reads structure and metadata only. Pixels are read
//! by [`Granule::read`], in windows, so that a day of 36 km data or a 1.5 GB Sentinel-1 tile costs what is asked for.

mod error;
pub mod geotiff;
mod granule;
pub mod names;
pub mod sentinel1;
mod source;

pub use error::ReadError;
pub use granule::{BackscatterScale, DateOrigin, Granule, Orbit, Overpass, Problem, Product, QualityRule, ReadOptions, Role, Variable};
#[cfg(not(target_arch = "wasm32"))]
pub use source::PathSource;
pub use source::{BytesSource, SharedSource, Source};
