//! Dates as numbers: a coordinate of plots, of NetCDF's time axes and of trends.

use jiff::civil::Date;

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
        }
    }
}
