//! Times of records: whole minutes since 1970-01-01 00:00 UTC, in 32 bits. That reaches 4,000 years either way.

use jiff::civil::{Date, DateTime};

/// Minutes of a day.
pub const DAY: i32 = 24 * 60;

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` where there is no such date.
#[must_use]
pub fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    // Years that begin in March: the leap day is their last.
    let y = if month <= 2 { year - 1 } else { year };
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_year = i32::try_from(of_year).ok()?;
    Some(y.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The day number of a date.
#[must_use]
pub fn of_date(date: Date) -> i32 {
    let of =
        day_number(date.year().into(), date.month().unsigned_abs().into(), date.day().unsigned_abs().into());
    of.unwrap_or(0)
}

/// Minutes since 1970 as civil time, UTC.
#[must_use]
pub fn civil(minutes: i32) -> DateTime {
    let (days, minute) = (minutes.div_euclid(DAY), minutes.rem_euclid(DAY));
    let date = Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(days));
    // Both parts lie in their ranges, so the conversions hold.
    date.at(i8::try_from(minute / 60).unwrap_or(0), i8::try_from(minute % 60).unwrap_or(0), 0, 0)
}

/// Minutes since 1970 as text: `2017-08-10T00:00:00Z`.
#[must_use]
pub fn text(minutes: i32) -> String {
    let t = civil(minutes);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:00Z", t.year(), t.month(), t.day(), t.hour(), t.minute())
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
        assert_eq!((minute_of_day(b"24:00"), minute_of_day(b"24:01")), (Some(DAY), None));
    }
}
