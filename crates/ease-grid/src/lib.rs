//! Where a pixel lies: EASE-Grid 2.0, other coordinate systems, and rasters that carry their grid and mask with them.

mod azimuthal;
pub mod crs;
pub mod ease2;
mod edges;
mod error;
mod geometry;
pub mod place;
mod raster;
pub mod resample;
mod utm;

pub use crs::Crs;
pub use ease2::{EaseWindow, Resolution};
pub use edges::Edges;
pub use error::GridError;
pub use geometry::Grid;
pub use raster::{Raster, Reason, Statistics};
