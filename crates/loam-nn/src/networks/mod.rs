//! The networks, one a folder: the burn module, its samples and images, its estimate.

pub mod rcn;
pub mod smen;
pub mod tb_cnn;
