//! Dates as numbers: a coordinate of plots, of NetCDF's time axes and of trends.

use jiff::civil::Date;

use crate::iso_date;

/// Days since 1970-01-01 in the Gregorian calendar. (jiff's spans would do, at 20 kB of the page.)
#[must_use]
pub fn day_number(date: Date) -> i32 {
    let (month, day) = (i32::from(date.month()), i32::from(date.day()));
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of so many days since 1970-01-01; `None` beyond the years -9999 to 9999.
#[must_use]
pub fn date_of(days: i64) -> Option<Date> {
    let shifted = days.checked_add(719_468)?;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A moment in UTC, `2026-11-29T11:20:00Z`, by the seconds since 1970; `None` beyond the years -9999 to 9999.
#[must_use]
pub fn utc(seconds: i64) -> Option<String> {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = iso_date::text(&date_of(days)?);
    Some(format!("{date}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_jiff() {
        let epoch: Date = "1970-01-01".parse().unwrap();
        for text in ["1970-01-01", "1999-12-31", "2000-02-29", "2015-03-31", "2018-06-16", "2100-03-01"] {
            let date: Date = text.parse().unwrap();
            assert_eq!(day_number(date), epoch.until(date).unwrap().get_days(), "{text}");
            assert_eq!(date_of(day_number(date).into()), Some(date));
        }
    }

    /// What `date -u -d @SECONDS +%FT%TZ` says.
    #[test]
    fn moments_are_those_of_the_clock() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds).as_deref(), Some(text));
        }
        assert_eq!((utc(i64::MAX), utc(i64::MIN)), (None, None));
    }
}
