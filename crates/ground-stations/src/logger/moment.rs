//! Date and time as loggers write them.

use serde::{Deserialize, Serialize};

use crate::time;

/// The order of year, month and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `2020-06-01`.
    YearMonthDay,
    /// `01.06.2020`.
    DayMonthYear,
    /// `06/01/2020`.
    MonthDayYear,
}

impl DateOrder {
    const ALL: [Self; 3] = [Self::YearMonthDay, Self::DayMonthYear, Self::MonthDayYear];

    /// The orders that all of these texts can be read by: where more than one is left, the user has to say.
    pub(super) fn fitting(texts: &[&str]) -> Vec<Self> {
        let fits = |order: &Self| texts.iter().all(|text| minutes(text, *order, 0).is_some());
        let all: Vec<Self> = Self::ALL.into_iter().filter(fits).collect();
        // Dots are written between day, month and year.
        let dotted = texts.iter().any(|text| text.split(' ').next().is_some_and(|date| date.contains('.')));
        if dotted && all.contains(&Self::DayMonthYear) { vec![Self::DayMonthYear] } else { all }
    }
}

/// Minutes since 1970 UTC of `2020-06-01 06:30:00`, `01.06.2020 6:30`, `6/1/2020 6:30 PM`, `2020-06-01T06:30:00+02:00`. `offset`: minutes that the
/// logger's clock is ahead of UTC; a zone in the text itself goes before it.
pub(super) fn minutes(text: &str, order: DateOrder, offset: i32) -> Option<i32> {
    let text = text.trim();
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = match order {
        DateOrder::YearMonthDay => (a, b, c),
        DateOrder::DayMonthYear => (c, b, a),
        DateOrder::MonthDayYear => (c, a, b),
    };
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let year = match (year.len(), number(year)?) {
        (4, year) => year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    let day = time::day_number(i32::try_from(year).ok()?, number(month)?, number(day)?)?;
    let (clock, zone) = clock_and_zone(rest.trim())?;
    let upper = clock.to_ascii_uppercase();
    let (clock, half) = match upper
        .strip_suffix("AM")
        .map(|c| (c, 0))
        .or_else(|| upper.strip_suffix("PM").map(|c| (c, 12)))
    {
        Some((clock, half)) => (clock.trim().to_owned(), Some(half)),
        None => (upper, None),
    };
    let minute = time::minute_of_day(clock.as_bytes())?;
    let minute = match half {
        Some(_) if minute >= 13 * 60 => return None,
        Some(half) => minute % 720 + 60 * half,
        None => minute,
    };
    Some(day * time::DAY + minute - zone.unwrap_or(offset))
}

/// Whether a text is a time of day alone: `6:30`, `06:30:00 PM`.
pub(super) fn is_clock(text: &str) -> bool {
    text.contains(':') && minutes(&format!("2000-01-01 {text}"), DateOrder::YearMonthDay, 0).is_some()
}

/// Whether a text of date and time says its zone.
pub(super) fn zoned(text: &str) -> bool {
    let clock = text.trim().split_once([' ', 'T']).map_or("", |(_, clock)| clock);
    clock_and_zone(clock.trim()).is_some_and(|(_, zone)| zone.is_some())
}

/// A time and the zone behind it, in minutes.
fn clock_and_zone(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim(), Some(0)));
    }
    match text.rfind(['+', '-']) {
        Some(at) => Some((text[..at].trim(), Some(offset(&text[at..])?))),
        None => Some((text, None)),
    }
}

/// Minutes ahead of UTC from `+02:00`, `-0330`, `+1`.
pub(super) fn offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
    (hours <= 14 && minutes < 60).then_some(sign * (60 * hours + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_loggers_write_them() {
        let is = |text: &str, order, offset, expected: &str| {
            assert_eq!(minutes(text, order, offset).map(time::text).as_deref(), Some(expected), "{text}");
        };
        use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};
        is("2020-06-01 06:30:00", YearMonthDay, 0, "2020-06-01T06:30:00Z");
        is("2020/06/01 06:30", YearMonthDay, 120, "2020-06-01T04:30:00Z");
        is("01.06.2020 6:30", DayMonthYear, -60, "2020-06-01T07:30:00Z");
        is("6/1/2020 12:15 AM", MonthDayYear, 0, "2020-06-01T00:15:00Z");
        is("6/1/20 6:15:00 pm", MonthDayYear, 0, "2020-06-01T18:15:00Z");
        is("2020-06-01T06:30:00.000Z", YearMonthDay, 120, "2020-06-01T06:30:00Z");
        is("2020-06-01T06:30:00+05:30", YearMonthDay, 0, "2020-06-01T01:00:00Z");
        is("2020-06-01", YearMonthDay, 0, "2020-06-01T00:00:00Z");
        assert_eq!(minutes("2020-13-01 00:00", YearMonthDay, 0), None);
        assert_eq!(minutes("6/1/2020 13:15 PM", MonthDayYear, 0), None);
        assert_eq!(DateOrder::fitting(&["1/2/2020", "13/2/2020"]), [DayMonthYear]);
        assert_eq!(DateOrder::fitting(&["1/2/2020"]), [DayMonthYear, MonthDayYear]);
        assert_eq!(
            (offset("+02:00"), offset("-0330"), offset("+1"), offset("2")),
            (Some(120), Some(-210), Some(60), None)
        );
    }
}
