//! Units of soil moisture in loggers' tables.

use serde::{Deserialize, Serialize};

/// The unit of a logger's soil moisture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoggerUnit {
    /// m3/m3.
    #[serde(rename = "m3/m3")]
    Fraction,
    /// Percent by volume.
    #[serde(rename = "percent")]
    Percent,
}
