//! Dates on the wire: `YYYY-MM-DD`, written and read by hand.
//!
//! jiff's own parser reads every form of ISO 8601 with time zones, and its messages alone would be a tenth of the page.

use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `2020-06-01` as a date; `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A date as `2020-06-01`.
#[must_use]
pub fn text(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn parsed<E: Error>(text: &str) -> Result<Date, E> {
    parse(text).ok_or_else(|| E::custom(format_args!("{text} is not a date (YYYY-MM-DD)")))
}

/// What can stand for dates in a message: one, perhaps one, many.
pub trait Days: Sized {
    /// As text.
    ///
    /// # Errors
    /// The serializer's.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    /// From text.
    ///
    /// # Errors
    /// The deserializer's, and anything that is not a date.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Days for Date {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self).serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(&String::deserialize(deserializer)?)
    }
}

impl Days for Option<Date> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(text).serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<String>::deserialize(deserializer)?.as_deref().map(parsed).transpose()
    }
}

impl Days for Vec<Date> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(text))
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|t| parsed(t)).collect()
    }
}

/// For `#[serde(with = "iso_date")]`.
///
/// # Errors
/// The serializer's.
pub fn serialize<T: Days, S: Serializer>(days: &T, serializer: S) -> Result<S::Ok, S::Error> {
    days.write(serializer)
}

/// For `#[serde(with = "iso_date")]`.
///
/// # Errors
/// The deserializer's, and anything that is not a date.
pub fn deserialize<'de, T: Days, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        #[serde(with = "super")]
        one: Date,
        #[serde(with = "super")]
        none: Option<Date>,
        #[serde(with = "super")]
        many: Vec<Date>,
    }

    #[test]
    fn dates_are_written_as_jiff_writes_them() -> Result<(), serde_json::Error> {
        let all =
            All { one: date(2020, 6, 1), none: None, many: vec![date(2015, 12, 31), date(2024, 2, 29)] };
        let json = serde_json::to_string(&all)?;
        assert_eq!(json, r#"{"one":"2020-06-01","none":null,"many":["2015-12-31","2024-02-29"]}"#);
        assert_eq!(serde_json::from_str::<All>(&json)?, all);
        assert_eq!(serde_json::to_string(&all.one)?, "\"2020-06-01\"");
        Ok(())
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in ["", "2020-6-1", "2021-02-29", "20200601", "2020-06-01T00", "2020-06-01-", "+020-06-01"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
