//! Dates as numbers, and which date a key leads to.

use jiff::civil::Date;
pub use loam_core::day_number::day_number;

use crate::protocol::{DayReport, Timeline};

/// The date of a day number.
#[must_use]
pub fn date_of(number: i32) -> Date {
    let day = number + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day - era * 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    Date::new(year as i16, month as i8, (of_year - (153 * shifted + 2) / 5 + 1) as i8).unwrap_or(Date::ZERO)
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
