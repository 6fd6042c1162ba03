//! The brightness-temperature CNN of the poster, in its two cases: model, prediction in strips, training images, estimate of a date.

pub(crate) mod example;
pub mod model;
pub(crate) mod predict;
pub mod run;
pub mod steps;
