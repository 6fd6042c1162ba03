//! One line of values.

use crate::time;

/// Time, value and flag of a line; the provider's own flag, which may hold anything, is left out.
pub(super) struct Row<'a> {
    pub minutes: i32,
    pub value: f64,
    pub flag: &'a str,
}

/// The flag of a line that has none.
const NO_FLAG: &str = "none";

/// The next word from `at` on, and where it ends.
pub(super) fn word(line: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = line.get(at..)?;
    let start = at + rest.iter().position(|b| !b.is_ascii_whitespace())?;
    let length = line[start..].iter().position(u8::is_ascii_whitespace);
    let end = length.map_or(line.len(), |length| start + length);
    Some((&line[start..end], end))
}

/// The same words again and again: a day has 24 records or more.
#[derive(Default)]
pub(super) struct Clock {
    date: Vec<u8>,
    day: i32,
}

impl Clock {
    /// Minutes since 1970 of date and time.
    pub(super) fn minutes(&mut self, date: &[u8], clock: &[u8]) -> Option<i32> {
        if self.date != date {
            self.day = time::day(date)?;
            self.date = date.to_vec();
        }
        Some(self.day * time::DAY + time::minute_of_day(clock)?)
    }
}

/// The value and flag from `at` on: `0.1410 G M`, `0.0 D03,D05`, `NaN M`.
pub(super) fn value(line: &[u8], at: usize) -> Option<(f64, &str)> {
    let (value, end) = word(line, at)?;
    let value = std::str::from_utf8(value).ok()?.parse::<f64>().ok()?;
    let flag = match word(line, end) {
        Some((flag, _)) => std::str::from_utf8(flag).ok()?,
        None => NO_FLAG,
    };
    Some((value, flag))
}
