//! One line of values.

use std::borrow::Cow;

use crate::time;

/// Time, value and flag of a line; the provider's own flag, which may hold anything, is left out.
pub(super) struct Row<'a> {
    pub minutes: i32,
    pub value: f64,
    pub flag: &'a str,
}

/// The flag of a line that has none.
const NO_FLAG: &str = "none";

/// A line as text: UTF-8, else Latin-1, as older programs wrote names with accents.
pub(super) fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(line.iter().map(|b| char::from(*b)).collect()),
    }
}

/// A line with signs and blanks as the ISMN writes them: a true minus and blanks that do not break become ASCII's, and a sign that stands alone joins its
/// number. The line itself where it has none of these.
pub(super) fn plain(line: &[u8]) -> Cow<'_, [u8]> {
    let odd = ["\u{2212}", "\u{a0}", " - "];
    let holds = |what: &&str| line.windows(what.len()).any(|w| w == what.as_bytes());
    if !odd.iter().any(holds) {
        return Cow::Borrowed(line);
    }
    let mut words: Vec<String> = Vec::new();
    let mut sign = false;
    for word in text(line).replace('\u{2212}', "-").replace('\u{a0}', " ").split_ascii_whitespace() {
        if sign && word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            words.pop();
            words.push(format!("-{word}"));
        } else {
            words.push(word.to_owned());
        }
        sign = word == "-";
    }
    Cow::Owned(words.join(" ").into_bytes())
}

/// The next word from `at` on, and where it ends.
pub(super) fn word(line: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = line.get(at..)?;
    let start = at + rest.iter().position(|b| !b.is_ascii_whitespace())?;
    let length = line[start..].iter().position(u8::is_ascii_whitespace);
    let end = length.map_or(line.len(), |length| start + length);
    Some((&line[start..end], end))
}

/// Minutes of the day. Times of the ISMN are UTC and may say so; what names another zone is no time of its.
pub(super) fn clock(text: &[u8]) -> Option<i32> {
    let utc = [&b"Z"[..], b"UTC", b"+00:00", b"+0000"];
    let text = utc.iter().find_map(|zone| text.strip_suffix(*zone)).unwrap_or(text);
    let plain = text.iter().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    plain.then(|| time::minute_of_day(text)).flatten()
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
        Some(self.day * time::DAY + self::clock(clock)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_may_say_so() {
        for text in ["06:30", "06:30:15.250", "06:30Z", "06:30:00Z", "06:30UTC", "06:30:00+00:00"] {
            assert_eq!(clock(text.as_bytes()), Some(390), "{text}");
        }
        for text in ["06:30+02:00", "06:30:00+02:00", "06:30:00CET", "6h30"] {
            assert_eq!(clock(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn signs_and_blanks_that_are_not_the_ismns() {
        let is = |line: &str, expected: &str| {
            assert_eq!(String::from_utf8_lossy(&plain(line.as_bytes())), expected);
        };
        is("NET NET S 45.5 -100.25 310 0.05 0.05", "NET NET S 45.5 -100.25 310 0.05 0.05");
        is("NET NET S 45.5 \u{2212}100.25\u{a0}310", "NET NET S 45.5 -100.25 310");
        is("NET NET A - B 45.5 -  100.25 310", "NET NET A - B 45.5 -100.25 310");
        // Latin-1.
        assert_eq!(text(b"Sodankyl\xe4"), "Sodankyl\u{e4}");
    }
}
