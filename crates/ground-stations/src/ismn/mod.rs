//! Files of the International Soil Moisture Network (ISMN), in both forms it is delivered in.

mod name;
mod place;
mod row;
mod table;
pub(crate) mod tables;

pub use name::FileName;
pub use table::Table;
