//! What the pixel regression has learnt of a region so far.

use jiff::civil::Date;

use super::history_rule::{HistoryRule, HistorySlot};
use crate::regression::interval::Calibration;
use crate::regression::{PixelRegression, SmapMemory};

/// How far the regression of a series has come.
#[derive(Debug, Clone)]
pub(super) struct PixelHistory {
    pub rule: HistoryRule,
    /// The newest date in it.
    pub last: Date,
    pub memory: SmapMemory,
    pub regression: PixelRegression,
    /// How far the predictions of a watched method were off, and its name.
    pub errors: Option<(String, Calibration)>,
    /// Dates whose 3 km maps went in, and their files.
    pub maps: Vec<HistorySlot>,
    pub files: Vec<String>,
    pub simulated: bool,
}

impl PixelHistory {
    pub fn holds(&self, date: Date) -> bool {
        date <= self.last
    }
}
