//! SMEN, the 3D CNN of the paper: model, prediction over a raster of any size, training images, estimate of a date.

pub mod applicability;
pub mod estimate;
pub(crate) mod example;
pub(crate) mod golden;
pub(crate) mod image;
pub mod images;
pub mod model;
pub(crate) mod norm;
pub(crate) mod offset;
pub(crate) mod predict;
pub(crate) mod stream;
pub(crate) mod tile;
