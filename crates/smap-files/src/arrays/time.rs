//! Times as NetCDF files count them: "days since 2000-01-01" (CF conventions 4.4), or write them as numbers: 20200603.25 (CDO).

use jiff::civil::{Date, DateTime, Time};

use crate::arrays::axis::unpacked;
use crate::arrays::file::Array;

/// Times of an axis that are read at most.
const LONGEST: usize = 1 << 20;

/// Counts of a unit since a moment, or dates written as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TimeUnit {
    /// Counted.
    Since(Since),
    /// 20200603.25 is 6 o'clock of the 3rd of June 2020.
    Written,
}

/// Counts of a unit since a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Since {
    seconds: f64,
    since: DateTime,
    /// Years have 365 days, and none a 29th of February.
    no_leap: bool,
}

/// First day of the Gregorian calendar.
const GREGORIAN: Date = jiff::civil::date(1582, 10, 15);

/// A day that a file names in the calendar that was used before 1582, which the standard one of CF goes on with into the past.
fn of_julian(year: i16, month: i8, day: i8) -> Option<Date> {
    // Days since the 1st of March of year 0, whose leap years are every fourth.
    let months = (i64::from(month) + 9) % 12;
    let years = i64::from(year) - i64::from(months >= 10);
    let days = 365 * years + years.div_euclid(4) + (153 * months + 2) / 5 + i64::from(day) - 1;
    // The Julian 1st of March 0 is the proleptic Gregorian 28th of February.
    let first = Date::new(0, 2, 28).ok()?;
    first.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok()
}

/// Seconds that a zone is ahead of UTC: `Z`, `UTC`, `+00:00`, `-6:00`, `+0530`; `None` for what is none.
fn zone(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || ["z", "utc", "gmt"].iter().any(|u| text.eq_ignore_ascii_case(u)) {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() > 2 => rest.split_at_checked(rest.len() - 2)?,
        None => (rest, "0"),
    };
    let number = |text: &str| text.parse::<i64>().ok().filter(|n| (0..60).contains(n));
    Some(sign * (number(hours)? * 3600 + number(minutes)? * 60))
}

/// Years of satellite microwave records.
fn in_years(moment: DateTime) -> Option<DateTime> {
    (1978..=2099).contains(&moment.year()).then_some(moment)
}

impl TimeUnit {
    /// The unit of a time axis, or of a single time: by its unit's text. Without one, dates that are written as numbers tell themselves.
    pub(crate) fn of(times: &Array) -> Option<Self> {
        match times.text("units").filter(|text| !text.trim().is_empty()) {
            Some(units) => Self::parse(&units, times.text("calendar").as_deref()),
            None => {
                let are_dates = |counts: &Vec<f64>| {
                    !counts.is_empty()
                        && counts.iter().all(|n| n.fract() == 0.0 && Self::Written.day(*n).is_some())
                };
                unpacked(times, LONGEST).ok().filter(are_dates).map(|_| Self::Written)
            }
        }
    }

    /// Reads `days since 2000-01-01 00:00:00` ([`Since::parse`]), `day as %Y%m%d.%f` (CDO's absolute times) and `YYYYMMDD`.
    pub(crate) fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        let lower = units.trim().to_ascii_lowercase();
        if lower == "yyyymmdd" || lower.starts_with("day as %y%m%d") {
            return Some(Self::Written);
        }
        Since::parse(units, calendar).map(Self::Since)
    }

    /// The day of a count.
    pub(crate) fn day(&self, count: f64) -> Option<Date> {
        self.moment(count).map(DateTime::date)
    }

    /// How many days lie between two counts.
    pub(crate) fn days_between(&self, first: f64, last: f64) -> Option<f64> {
        match self {
            Self::Since(since) => Some((last - first) * since.seconds / 86_400.0),
            Self::Written => {
                let span = self.moment(last)?.duration_since(self.moment(first)?);
                Some(span.as_secs_f64() / 86_400.0)
            }
        }
    }

    /// The moment of a count, in the years from 1978 (the first satellite microwave records) to 2099.
    pub(crate) fn moment(&self, count: f64) -> Option<DateTime> {
        match self {
            Self::Since(since) => since.moment(count),
            Self::Written => {
                let number = (count + 1e-7).floor();
                if !(19_780_101.0..=20_991_231.0).contains(&number) {
                    return None;
                }
                let number = number as i32;
                let part = |n: i32| i8::try_from(n).ok();
                let year = i16::try_from(number / 10_000).ok()?;
                let date = Date::new(year, part(number / 100 % 100)?, part(number % 100)?).ok()?;
                let seconds = ((count - f64::from(number)).max(0.0) * 86_400.0).round() as i64;
                let moment = date.at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_secs(seconds));
                in_years(moment.ok()?)
            }
        }
    }
}

impl Since {
    /// Reads `days since 2000-01-01 00:00:00`. Of calendars the usual ones: AppEEARS writes "julian" and means the usual one; in `noleap` a day
    /// has a date, too. `360_day` and the like have days that no satellite saw, and are refused.
    fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        let calendar = calendar.unwrap_or("standard").to_ascii_lowercase();
        let no_leap = matches!(calendar.as_str(), "noleap" | "no_leap" | "365_day");
        let proleptic = calendar == "proleptic_gregorian";
        if !(no_leap
            || proleptic
            || matches!(calendar.as_str(), "standard" | "gregorian" | "julian" | "none" | ""))
        {
            return None;
        }
        let at = units.to_ascii_lowercase().find(" since ")?;
        let (unit, since) = (units.get(..at)?, units.get(at + " since ".len()..)?);
        let seconds = match unit.trim().to_ascii_lowercase().trim_end_matches('s') {
            "day" | "d" => 86_400.0,
            "hour" | "hr" | "h" => 3_600.0,
            "minute" | "min" => 60.0,
            "second" | "sec" | "" => 1.0,
            "millisecond" | "msec" | "m" => 1e-3,
            "microsecond" | "u" => 1e-6,
            "nanosecond" | "n" => 1e-9,
            _ => return None,
        };
        let since = since.trim();
        // `2000-1-1` is allowed; a time, a fraction and a zone may follow.
        let (day, rest) = since.split_once([' ', 'T']).unwrap_or((since, ""));
        let mut numbers = day.split('-');
        let year: i16 = numbers.next()?.parse().ok()?;
        let (month, day) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        let clock_ends =
            rest.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(rest.len());
        let (clock, after) = rest.split_at_checked(clock_ends)?;
        let clock: Vec<i8> = clock
            .split('.')
            .next()
            .unwrap_or_default()
            .split(':')
            .filter_map(|part| part.parse().ok())
            .collect();
        let at = |i: usize| clock.get(i).copied().unwrap_or(0);
        let time = Time::new(at(0), at(1), at(2), 0).ok()?;
        let named = Date::new(year, month, day).ok();
        let day = match named {
            Some(named) if proleptic || no_leap || named >= GREGORIAN => named,
            _ => of_julian(year, month, day)?,
        };
        let ahead = zone(after).unwrap_or(0);
        let since =
            DateTime::from_parts(day, time).checked_sub(jiff::SignedDuration::from_secs(ahead)).ok()?;
        Some(Self { seconds, since, no_leap })
    }

    fn moment(&self, count: f64) -> Option<DateTime> {
        // Midnight that lost its last digits is not the day before.
        let seconds = (count * self.seconds + 0.01).floor();
        if !seconds.is_finite() || seconds.abs() > 1e13 {
            return None;
        }
        let seconds = seconds as i64;
        let moment = if self.no_leap {
            self.without_leap_days(seconds)?
        } else {
            self.since.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?
        };
        in_years(moment)
    }

    /// The moment so many seconds on, where no year has a 29th of February.
    fn without_leap_days(&self, seconds: i64) -> Option<DateTime> {
        const DAY: i64 = 86_400;
        // Of a year without one.
        let plain = |date: Date| Date::new(2001, date.month(), date.day()).ok();
        let time = self.since.time();
        let second = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        let days =
            365 * i64::from(self.since.year()) + i64::from(plain(self.since.date())?.day_of_year()) - 1;
        let all = days * DAY + second + seconds;
        let (days, second) = (all.div_euclid(DAY), all.rem_euclid(DAY));
        let of_year =
            Date::new(2001, 1, 1).ok()?.with().day_of_year(i16::try_from(days.rem_euclid(365) + 1).ok()?);
        let of_year = of_year.build().ok()?;
        let date =
            Date::new(i16::try_from(days.div_euclid(365)).ok()?, of_year.month(), of_year.day()).ok()?;
        let part = |n: i64| i8::try_from(n).ok();
        let time = Time::new(part(second / 3600)?, part(second / 60 % 60)?, part(second % 60)?, 0).ok()?;
        Some(DateTime::from_parts(date, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_days() {
        let day = |units: &str, count: f64| {
            TimeUnit::parse(units, None).and_then(|u| u.day(count)).map(|d| d.to_string())
        };
        let third = Some("2020-06-03".to_owned());
        assert_eq!(day("days since 1970-01-01 00:00:00 UTC", 18416.0), third);
        assert_eq!(day("days since 2000-01-01 00:00:00", 7459.0), third);
        assert_eq!(day("hours since 1900-01-01 00:00:00.0", 1_055_592.0), third);
        assert_eq!(day("seconds since 2000-01-01T12:00:00Z", 644_457_600.0 - 43_200.0), third);
        assert_eq!(day("minutes since 2020-6-3", 1439.0), third);
        assert_eq!(day("Days Since 2000-01-01", 7459.0), third);
        assert_eq!(day("days since 1970-01-01", 18_415.999_999_999_9), third);
        assert_eq!(
            day("seconds since 2000-01-01 11:58:55.816", 633_495_600.0),
            Some("2020-01-28".to_owned())
        );
        assert_eq!(day("nanoseconds since 1970-01-01", 1_591_142_400e9), third);
        assert_eq!(day("hours since 2020-06-02 00:00:00 -06:00", 20.0), third);
        assert_eq!(day("hours since 2020-06-03 00:00:00 +0530", 5.0), Some("2020-06-02".to_owned()));
        assert_eq!(day("months since 2000-01-01", 1.0), None);
        assert_eq!(day("days since 2000-01-01", 1e30), None);
        // cftime.num2date(737578, "days since 0001-01-01", calendar), "standard" and "proleptic_gregorian".
        assert_eq!(day("days since 0001-01-01", 737_578.0), Some("2020-06-01".to_owned()));
        let of = |calendar, count| {
            let units = if calendar == "noleap" { "days since 2000-01-01" } else { "days since 1-1-1" };
            TimeUnit::parse(units, Some(calendar)).and_then(|u| u.day(count)).map(|d| d.to_string())
        };
        assert_eq!(of("proleptic_gregorian", 737_578.0), third);
        // cftime.num2date(7453, "days since 2000-01-01", "noleap").
        assert_eq!(of("noleap", 7_453.0), third);
        assert_eq!(TimeUnit::parse("days since 2000-01-01", Some("360_day")), None);
        assert_eq!(day("YYYYMMDD", 20_200_603.0), third);
        let noon = TimeUnit::parse("day as %Y%m%d.%f", None).unwrap().moment(20_200_603.5);
        assert_eq!(noon, Some(jiff::civil::date(2020, 6, 3).at(12, 0, 0, 0)));
        for count in [20_201_403.0, 20_200_631.0, 18_416.0, 2_020_060_312.0, f64::NAN] {
            assert_eq!(day("day as %Y%m%d.%f", count), None, "{count}");
        }
        let month = TimeUnit::Written.days_between(20_200_531.0, 20_200_602.0);
        assert_eq!(month, Some(2.0));
        assert!(TimeUnit::parse("days since 2000-01-01 00:00:00", Some("julian")).is_some());
    }
}
