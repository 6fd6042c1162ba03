//! Tables of a user's own loggers: a time column, value columns, and what the file cannot say: where, how deep, in which unit and time zone.
//!
//! [`preview`] shows what a table looks like and guesses its columns; nothing is used before the user has said the rest ([`LoggerPlace`]).

mod csv;
mod moment;
mod read;

pub use moment::DateOrder;
pub use read::{LoggerPlace, LoggerUnit, NETWORK, Preview, preview, read};
