//! Dates as numbers, and which date a key leads to.

use jiff::civil::Date;
use loam_core::day_number;
pub use loam_core::day_number::day_number;

use crate::protocol::{DayReport, Timeline};

/// The date of a day number.
#[must_use]
pub fn date_of(number: i32) -> Date {
    day_number::date_of(number.into()).unwrap_or(Date::ZERO)
}

/// The next day (or the previous one) of the list that satisfies a condition.
#[must_use]
pub fn step(
    timeline: &Timeline,
    from: Date,
    forward: bool,
    keep: impl Fn(&DayReport) -> bool,
) -> Option<Date> {
    let mut days = timeline.days.iter().filter(|d| keep(d)).map(|d| d.date);
    if forward { days.find(|d| *d > from) } else { days.rfind(|d| *d < from) }
}

/// What a key does: arrows to the neighbouring date, with Shift to the next that can be predicted; Page keys by about a month.
#[must_use]
pub fn keyed(timeline: &Timeline, from: Date, key: &str, shift: bool) -> Option<Date> {
    let days = &timeline.days;
    let first = days.first().map(|d| d.date);
    let last = days.last().map(|d| d.date);
    let any = |_: &DayReport| true;
    let usable = |d: &DayReport| d.blocked.is_none();
    match key {
        "ArrowLeft" if shift => step(timeline, from, false, usable),
        "ArrowRight" if shift => step(timeline, from, true, usable),
        "ArrowLeft" => step(timeline, from, false, any),
        "ArrowRight" => step(timeline, from, true, any),
        "PageUp" => step(timeline, date_of(day_number(from) - 29), false, any).or(first),
        "PageDown" => step(timeline, date_of(day_number(from) + 29), true, any).or(last),
        "Home" => first,
        "End" => last,
        _ => None,
    }
}
