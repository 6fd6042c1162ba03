//! Dates that could be images of a training, and which first dates of validation and test leave every side something.

use jiff::civil::Date;

/// A date that could be an image: with SMAP, a 3 km product and a full history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The date.
    pub date: Date,
    /// The dates its input is made of, oldest first.
    pub history: Vec<Date>,
}

/// Which first dates of validation and test leave every side something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstDates {
    /// Earliest first date of the validation: before it nothing is left to train on.
    pub earliest: Date,
    /// Latest one: after it there is one date more, for the test.
    pub latest: Date,
    /// The last date: the latest first date of the test.
    pub last: Date,
}

impl FirstDates {
    /// Of candidates in order of time; `None` where no choice leaves each of the three sides a date.
    #[must_use]
    pub fn of(candidates: &[Candidate]) -> Option<Self> {
        let [.., latest, last] = candidates else { return None };
        // From the end: each further held-out date looks back at its own history. A later first date leaves no less to train on.
        let mut looked_at: Vec<Date> = last.history.clone();
        let mut earliest = None;
        for (n, first) in candidates.iter().enumerate().rev().skip(1) {
            looked_at.extend(&first.history);
            if !candidates[..n].iter().any(|c| !looked_at.contains(&c.date)) {
                break;
            }
            earliest = Some(first.date);
        }
        earliest.map(|earliest| Self { earliest, latest: latest.date, last: last.date })
    }

    /// What to do, for the end of a sentence.
    #[must_use]
    pub fn words(possible: Option<&Self>) -> String {
        match possible {
            None => "no other first dates would leave all three something, so more dates are needed: open more files".to_owned(),
            Some(Self { earliest, latest, last }) if earliest == latest => {
                format!("only validation from {earliest} and test from {last} would do; with more files there is a choice")
            }
            Some(Self { earliest, latest, last }) => {
                format!(
                    "let validation begin from {earliest} to {latest}, and the test on a later date, {last} at the latest; or open more files"
                )
            }
        }
    }
}
