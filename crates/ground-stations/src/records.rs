//! The records of one sensor, in columns: 14 bytes a record.

use std::collections::BTreeMap;

use serde::Serialize;

/// Values from here down are fill: -9999 and its like.
const FILL: f64 = -9990.0;

/// Time, value and flag of each record.
#[derive(Debug, Clone, Default)]
pub struct Records {
    minutes: Vec<i32>,
    values: Vec<f64>,
    flags: Vec<u16>,
    kinds: Vec<Kind>,
}

/// A flag that occurs.
#[derive(Debug, Clone)]
struct Kind {
    text: String,
    good: bool,
}

/// Whether a flag of the ISMN marks a good value: `G`, or `U` (unflagged) of archives from before the flags were called so. Of several that
/// are joined (`D03,D05`) each must.
#[must_use]
pub fn is_good(flag: &str) -> bool {
    !flag.is_empty() && flag.split(',').all(|part| matches!(part.trim(), "G" | "U"))
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record<'a> {
    /// Minutes since 1970-01-01 00:00 UTC.
    pub minutes: i32,
    /// In the sensor's unit; NaN where the record says that there is none.
    pub value: f64,
    /// As the file has it: `G`, `D03,D05`.
    pub flag: &'a str,
    /// By its flag, and with a value.
    pub good: bool,
}

/// What the records are, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Records, those without a value too.
    pub records: usize,
    /// Records by flag.
    pub flags: BTreeMap<String, usize>,
    /// Sum of all values, whatever their flag; fill (-9999) is no value.
    pub sum: f64,
    /// Sum of the good ones.
    pub good_sum: f64,
    /// How many are good.
    pub good: usize,
    /// Minutes since 1970 of the earliest record.
    pub first: Option<i32>,
    /// Of the latest.
    pub last: Option<i32>,
}

impl Records {
    /// Adds a record of an ISMN file.
    pub fn push(&mut self, minutes: i32, value: f64, flag: &str) {
        let number = self.kind(flag, is_good(flag));
        self.add(minutes, value, number);
    }

    /// Adds a record that has no flag and counts as good: a logger's own.
    pub fn push_unflagged(&mut self, minutes: i32, value: f64) {
        let number = self.kind("", true);
        self.add(minutes, value, number);
    }

    fn add(&mut self, minutes: i32, value: f64, flag: u16) {
        self.minutes.push(minutes);
        self.values.push(if value > FILL { value } else { f64::NAN });
        self.flags.push(flag);
    }

    fn kind(&mut self, flag: &str, good: bool) -> u16 {
        // A handful of kinds, the one met last most often: no map is faster.
        let found = self.kinds.iter().position(|kind| kind.text == flag);
        let at = found.unwrap_or_else(|| {
            // A file with 65,536 different flags is none of the ISMN: the rest shares the last.
            if self.kinds.len() < usize::from(u16::MAX) {
                self.kinds.push(Kind { text: flag.to_owned(), good });
            }
            self.kinds.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.minutes.len()
    }

    /// None at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }

    /// The record at a place, in order of time.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<Record<'_>> {
        let (minutes, value) = (*self.minutes.get(place)?, *self.values.get(place)?);
        let kind = self.kinds.get(usize::from(*self.flags.get(place)?))?;
        Some(Record { minutes, value, flag: &kind.text, good: kind.good && value.is_finite() })
    }

    /// All, in order of time.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).filter_map(|place| self.at(place))
    }

    /// Places of the records of `from..=to` (minutes since 1970).
    #[must_use]
    pub fn within(&self, from: i32, to: i32) -> std::ops::Range<usize> {
        let start = self.minutes.partition_point(|m| *m < from);
        start..self.minutes.partition_point(|m| *m <= to).max(start)
    }

    /// Puts them in order of time, which files mostly have; those of one time stay as they were. Gives spare memory back.
    pub fn settle(&mut self) {
        if !self.minutes.is_sorted() {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by_key(|place| self.minutes[*place]);
            self.minutes = order.iter().map(|place| self.minutes[*place]).collect();
            self.values = order.iter().map(|place| self.values[*place]).collect();
            self.flags = order.iter().map(|place| self.flags[*place]).collect();
        }
        self.minutes.shrink_to_fit();
        self.values.shrink_to_fit();
        self.flags.shrink_to_fit();
    }

    /// Takes the records of another file of the same sensor in, of times that are not there yet. Both must be in order. Returns how many were
    /// there already.
    pub fn merge(&mut self, other: &Self) -> usize {
        let mut merged = Self::default();
        let (mut a, mut b, mut twice) = (0, 0, 0);
        loop {
            let next = match (self.at(a), other.at(b)) {
                (Some(x), Some(y)) if y.minutes < x.minutes => (y, false),
                (Some(x), Some(y)) if y.minutes == x.minutes => {
                    (twice, b) = (twice + 1, b + 1);
                    (x, true)
                }
                (Some(x), _) => (x, true),
                (None, Some(y)) => (y, false),
                (None, None) => break,
            };
            let (record, mine) = next;
            if !mine && merged.minutes.last() == Some(&record.minutes) {
                (twice, b) = (twice + 1, b + 1);
                continue;
            }
            if mine {
                a += 1
            } else {
                b += 1
            }
            let number = merged.kind(record.flag, is_good(record.flag) || record.flag.is_empty());
            merged.add(record.minutes, record.value, number);
        }
        *self = merged;
        twice
    }

    /// Median time between records, minutes; `None` with fewer than two.
    #[must_use]
    pub fn step(&self) -> Option<i32> {
        let mut steps: Vec<i32> = self.minutes.windows(2).map(|w| w[1] - w[0]).filter(|s| *s > 0).collect();
        let middle = steps.len().saturating_sub(1) / 2;
        (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)
    }

    /// Most of the good values are above a limit.
    #[must_use]
    pub fn mostly_above(&self, limit: f64) -> bool {
        let (mut good, mut above) = (0usize, 0usize);
        for record in self.iter().filter(|record| record.good) {
            good += 1;
            above += usize::from(record.value > limit);
        }
        2 * above > good
    }

    /// Their numbers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut counts = vec![0usize; self.kinds.len()];
        let (mut sum, mut good_sum, mut good) = (0.0, 0.0, 0);
        for (value, flag) in self.values.iter().zip(&self.flags) {
            let flag = usize::from(*flag);
            if let Some(count) = counts.get_mut(flag) {
                *count += 1;
            }
            if value.is_finite() {
                sum += value;
                if self.kinds.get(flag).is_some_and(|kind| kind.good) {
                    good_sum += value;
                    good += 1;
                }
            }
        }
        let flags = self.kinds.iter().zip(counts).map(|(kind, n)| (kind.text.clone(), n)).collect();
        let (first, last) = (self.minutes.first().copied(), self.minutes.last().copied());
        Summary { records: self.len(), flags, sum, good_sum, good, first, last }
    }
}
