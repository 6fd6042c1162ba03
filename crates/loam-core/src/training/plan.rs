//! Which dates train, validate and test.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::iso_date;

/// What a date is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateRole {
    /// The network learns from it.
    Train,
    /// Decides which epoch is best.
    Validate,
    /// Scored after training, never looked at before.
    Test,
    /// Left out: it is history of a later held-out date, so training on it would leak.
    Gap,
}

/// Which dates train, validate and test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TrainPlan {
    /// Dates with an image (SMAP, a 3 km product and a full history), in order.
    pub dates: Vec<PlannedDate>,
    /// Dates with a 3 km product that cannot be used, with the reason.
    pub unusable: Vec<UnusableDate>,
}

/// A date of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDate {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// What it is used for.
    pub role: DateRole,
}

/// A date that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusableDate {
    /// The date.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Why.
    pub why: String,
}

impl TrainPlan {
    /// How many dates have a role.
    #[must_use]
    pub fn count(&self, role: DateRole) -> usize {
        self.dates.iter().filter(|d| d.role == role).count()
    }

    /// The dates of a role, in order.
    #[must_use]
    pub fn of(&self, role: DateRole) -> Vec<Date> {
        self.dates.iter().filter(|d| d.role == role).map(|d| d.date).collect()
    }
}
