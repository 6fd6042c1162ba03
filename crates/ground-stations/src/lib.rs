#![doc = include_str!("../README.md")]

mod error;
pub mod ismn;
mod lines;
mod reader;
mod records;
pub mod scores;
mod sensor;
mod stations;
pub mod time;

pub use error::StationError;
pub use reader::{Progress, Reader};
pub use records::{Record, Records, Summary, is_good};
pub use sensor::{Form, Sensor, Surroundings, Variable};
pub use stations::{LeftOut, Station, Stations};
