//! Times as NetCDF files count them: "days since 2000-01-01" (CF conventions 4.4).

use jiff::civil::{Date, DateTime, Time};

/// Counts of a unit since a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeUnit {
    seconds: f64,
    since: DateTime,
}

impl TimeUnit {
    /// Reads `days since 2000-01-01 00:00:00`. Of calendars the usual one: AppEEARS writes "julian" and means it; `360_day` and `noleap` are
    /// those of models, not of satellites, and refused.
    pub(crate) fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        let calendar = calendar.unwrap_or("standard").to_ascii_lowercase();
        if !matches!(
            calendar.as_str(),
            "standard" | "gregorian" | "proleptic_gregorian" | "julian" | "none" | ""
        ) {
            return None;
        }
        let at = units.to_ascii_lowercase().find(" since ")?;
        let (unit, since) = (units.get(..at)?, units.get(at + " since ".len()..)?);
        let seconds = match unit.trim().to_ascii_lowercase().trim_end_matches('s') {
            "day" | "d" => 86_400.0,
            "hour" | "hr" | "h" => 3_600.0,
            "minute" | "min" => 60.0,
            "second" | "sec" | "" => 1.0,
            "millisecond" | "msec" => 1e-3,
            _ => return None,
        };
        let since = since.trim();
        // `2000-1-1` is allowed; a time, a fraction and a zone may follow.
        let (day, rest) = since.split_once([' ', 'T']).unwrap_or((since, ""));
        let mut numbers = day.split('-');
        let year: i16 = numbers.next()?.parse().ok()?;
        let (month, day) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        let clock: Vec<i8> = rest
            .split(['.', ' ', 'Z', '+'])
            .next()
            .unwrap_or_default()
            .split(':')
            .filter_map(|part| part.parse().ok())
            .collect();
        let at = |i: usize| clock.get(i).copied().unwrap_or(0);
        let time = Time::new(at(0), at(1), at(2), 0).ok()?;
        Some(Self { seconds, since: DateTime::from_parts(Date::new(year, month, day).ok()?, time) })
    }

    /// The day of a count. Years 1978 (the first satellite microwave records) to 2099.
    pub(crate) fn day(&self, count: f64) -> Option<Date> {
        if !count.is_finite() || count.abs() > 1e13 {
            return None;
        }
        let seconds = (count * self.seconds).floor() as i64;
        let moment = self.since.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
        let date = moment.date();
        (1978..=2099).contains(&date.year()).then_some(date)
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
        assert_eq!(
            day("seconds since 2000-01-01 11:58:55.816", 633_495_600.0),
            Some("2020-01-28".to_owned())
        );
        assert_eq!(day("months since 2000-01-01", 1.0), None);
        assert_eq!(day("days since 2000-01-01", 1e30), None);
        assert_eq!(TimeUnit::parse("days since 2000-01-01", Some("360_day")), None);
        assert!(TimeUnit::parse("days since 2000-01-01 00:00:00", Some("julian")).is_some());
    }
}
