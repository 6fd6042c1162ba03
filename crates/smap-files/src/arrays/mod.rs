//! Files of arrays: HDF5, NetCDF-4 and classic NetCDF. [`file`] opens them, [`scan`] lists what they hold, [`place`] finds where an array lies,
//! [`layer`] knows its fills and flags, [`pixels`] reads it.

mod attributes;
mod axis;
mod file;
mod filters;
pub(crate) mod layer;
mod members;
mod number;
pub(crate) mod pixels;
mod place;
pub(crate) mod rows;
pub(crate) mod scan;
mod steps;
mod time;
mod values_say;

pub(crate) use attributes::Attributes;
pub(crate) use file::{File, Listing};
pub(crate) use number::half_precision;
pub(crate) use time::TimeUnit;
pub(crate) use values_say::DRIEST;
