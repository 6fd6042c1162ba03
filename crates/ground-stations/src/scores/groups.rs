//! Seasons, and the middle of many stations' scores.

use jiff::civil::Date;
use serde::Serialize;

use super::bootstrap::quantile;

/// Season of the northern hemisphere's names; months are what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Season {
    /// December, January, February.
    Djf,
    /// March, April, May.
    Mam,
    /// June, July, August.
    Jja,
    /// September, October, November.
    Son,
}

impl Season {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Djf, Self::Mam, Self::Jja, Self::Son];

    /// Of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        match date.month() {
            12 | 1 | 2 => Self::Djf,
            3..=5 => Self::Mam,
            6..=8 => Self::Jja,
            _ => Self::Son,
        }
    }

    /// `DJF`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Djf => "DJF",
            Self::Mam => "MAM",
            Self::Jja => "JJA",
            Self::Son => "SON",
        }
    }
}

/// Median and quartiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quartiles {
    /// Numbers that went in.
    pub count: usize,
    /// A quarter lies below.
    pub lower: f64,
    /// Half lies below.
    pub median: f64,
    /// Three quarters lie below.
    pub upper: f64,
}

impl Quartiles {
    /// Of the values that are numbers, interpolated linearly; `None` where there is none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |q| quantile(&sorted, q);
        (!sorted.is_empty()).then(|| Self {
            count: sorted.len(),
            lower: at(0.25),
            median: at(0.5),
            upper: at(0.75),
        })
    }
}
