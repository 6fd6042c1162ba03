//! Tables of a user's own loggers: a time column, value columns, and what the file cannot say: where, how deep, in which unit and time zone.
//!
//! [`preview`] shows what a table looks like and what it says of itself; nothing is used before the user has said the rest ([`LoggerPlace`]).

mod csv;
mod moment;
mod preview;
mod read;
mod told;
mod unit;

pub use moment::DateOrder;
pub use preview::{Preview, TimeColumn, preview};
pub use read::{LoggerPlace, NETWORK, Reading, read};
pub use told::Told;
pub use unit::LoggerUnit;
