#![doc = include_str!("../README.md")]

mod azimuthal;
pub mod crs;
pub mod ease2;
mod edges;
mod error;
mod fill;
mod geometry;
pub mod place;
mod raster;
pub mod resample;
mod utm;
mod window;

pub use crs::Crs;
pub use ease2::Resolution;
pub use edges::Edges;
pub use error::GridError;
pub use fill::nearest_valid;
pub use geometry::Grid;
pub use raster::{Raster, Reason, Statistics};
pub use window::EaseWindow;
