//! Times of records: whole minutes since 1970-01-01 00:00 UTC, in 32 bits. That reaches 4,000 years either way.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// Minutes of a day.
pub const DAY: i32 = 24 * 60;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The last year whose minutes fit into 32 bits with room to spare.
const LAST_YEAR: i16 = 6000;

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` where there is no such date, before the year 1 and after 6000.
#[must_use]
pub fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    let year = i16::try_from(year).ok().filter(|year| (1..=LAST_YEAR).contains(year))?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().map(of_date)
}

/// The day number of a date.
#[must_use]
pub fn of_date(date: Date) -> i32 {
    (date - EPOCH).get_days()
}

/// Minutes since 1970 as civil time, UTC.
#[must_use]
pub fn civil(minutes: i32) -> DateTime {
    EPOCH.at(0, 0, 0, 0).saturating_add(SignedDuration::from_mins(minutes.into()))
}

/// Minutes since 1970 as text: `2017-08-10T00:00:00Z`.
#[must_use]
pub fn text(minutes: i32) -> String {
    civil(minutes).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Minutes of the day from `HH:MM`, seconds and their fraction after it left out.
#[must_use]
pub fn minute_of_day(text: &[u8]) -> Option<i32> {
    let mut parts = text.splitn(3, |b| *b == b':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    // 24:00 ends a day.
    (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some((hour * 60 + minute) as i32)
}

/// A day number from `YYYY/MM/DD` or with `-`.
#[must_use]
pub fn day(text: &[u8]) -> Option<i32> {
    let mut parts = text.split(|b| matches!(b, b'/' | b'-'));
    let year = number(parts.next()?)?;
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    day_number(i32::try_from(year).ok()?, month, day)
}

/// A whole number of one to four digits.
fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_are_those_of_the_calendar() {
        let mut date = Date::constant(1899, 12, 25);
        let first = of_date(date);
        for n in 0..60_000 {
            assert_eq!(of_date(date), first + n, "{date}");
            assert_eq!(civil((first + n) * DAY + 61), date.at(1, 1, 0, 0));
            date = date.saturating_add(jiff::Span::new().days(1));
        }
        assert_eq!(of_date(Date::constant(1970, 1, 1)), 0);
        assert_eq!(day(b"2019/02/29"), None);
        assert_eq!(day(b"2020/02/29"), Some(18_321));
        assert_eq!(text(day(b"2017-08-10").map_or(0, |d| d * DAY)), "2017-08-10T00:00:00Z");
        // A slip of the pen: its minutes would not fit, and wrap to a year before Christ.
        assert_eq!((day(b"8074/08/16"), day(b"0000/01/01")), (None, None));
        assert!(
            day(b"6000/12/31")
                .is_some_and(|d| d.checked_mul(DAY).and_then(|m| m.checked_add(2 * DAY)).is_some())
        );
        assert_eq!((minute_of_day(b"24:00"), minute_of_day(b"24:01")), (Some(DAY), None));
    }
}
