#![doc = include_str!("../README.md")]

pub mod citations;
mod error;
pub mod evaluation;
mod ismn;
mod known;
mod lines;
pub mod logger;
pub mod matching;
mod reader;
mod records;
pub mod report;
pub mod scores;
mod sensor;
pub mod simulate;
mod stations;
pub mod time;

pub use error::StationError;
pub use known::is_of_stations;
pub use reader::{Progress, Reader, is_part};
pub use records::{Record, Records, Summary, is_good};
pub use sensor::{Form, Sensor, Surroundings, Variable};
pub use stations::{LeftOut, Station, Stations};
