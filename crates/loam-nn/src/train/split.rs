//! Splitting dates into training, validation and test, by time and never at random: neighbouring dates share weather and history, so a
//! random split would test on what was trained on.
//!
//! A date's input holds the 3 km maps of up to four earlier dates. A training date that is history of a held-out date is therefore left
//! out ([`DateRole::Gap`]): its target would come back as an input of the test.

use jiff::civil::Date;

use super::TrainError;
use super::candidates::{Candidate, FirstDates};
use loam_core::training::{DateRole, TrainSettings};

/// Fewest images a split by time can be made of.
const FEWEST: usize = 3;

/// The role of each candidate (in order of time): test from `test_from` on, validation from `validate_from` on, training before, where no
/// held-out date looks back at it. Where a date is not given, [`TrainSettings::HELD_SHARE`] of the images are held back, at least one.
///
/// # Errors
/// [`TrainError::TooFewDates`], [`TrainError::EmptySplit`] where a side would be empty.
pub fn split_by_time(
    candidates: &[Candidate],
    validate_from: Option<Date>,
    test_from: Option<Date>,
) -> Result<Vec<DateRole>, TrainError> {
    let found = candidates.len();
    if found < FEWEST {
        return Err(TrainError::TooFewDates { found, needed: FEWEST });
    }
    let held = ((found as f64 * TrainSettings::HELD_SHARE).round() as usize).max(1);
    let first_of = |end: usize| candidates[..end].get(end.saturating_sub(held)).map(|c| c.date);
    let test_from = test_from.or_else(|| first_of(found));
    let before_test = candidates.iter().take_while(|c| test_from.is_none_or(|from| c.date < from)).count();
    let validate_from = validate_from.or_else(|| first_of(before_test)).or(test_from);
    let mut roles: Vec<DateRole> = candidates
        .iter()
        .map(|c| match c.date {
            date if test_from.is_some_and(|from| date >= from) => DateRole::Test,
            date if validate_from.is_some_and(|from| date >= from) => DateRole::Validate,
            _ => DateRole::Train,
        })
        .collect();
    let looked_at: Vec<Date> = candidates
        .iter()
        .zip(&roles)
        .filter(|(_, role)| **role != DateRole::Train)
        .flat_map(|(c, _)| c.history.iter().copied())
        .collect();
    for (role, candidate) in roles.iter_mut().zip(candidates) {
        if *role == DateRole::Train && looked_at.contains(&candidate.date) {
            *role = DateRole::Gap;
        }
    }
    let count = |wanted: DateRole| roles.iter().filter(|role| **role == wanted).count();
    let [train, validate, test, gap] =
        [DateRole::Train, DateRole::Validate, DateRole::Test, DateRole::Gap].map(count);
    if train == 0 || validate == 0 || test == 0 {
        return Err(TrainError::EmptySplit {
            train,
            validate,
            test,
            gap,
            possible: FirstDates::of(candidates),
        });
    }
    Ok(roles)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::civil::date;

    use super::*;
    use DateRole::{Gap, Test, Train, Validate};

    /// One image every twelve days, each looking back at the four before it.
    fn candidates(count: usize) -> Vec<Candidate> {
        let days: Vec<Date> = (0..count)
            .map(|n| date(2016, 1, 1).saturating_add(jiff::Span::new().days(12 * n as i64)))
            .collect();
        (0..count)
            .map(|n| Candidate { date: days[n], history: days[n.saturating_sub(4)..n].to_vec() })
            .collect()
    }

    #[test]
    fn time_parts_the_dates_and_what_held_out_dates_look_back_at_is_left_out() {
        let all = candidates(20);
        let roles = split_by_time(&all, None, None).unwrap();
        let wanted = [vec![Train; 10], vec![Gap; 4], vec![Validate; 3], vec![Test; 3]].concat();
        assert_eq!(roles, wanted);
        for (held, _) in all.iter().zip(&roles).filter(|(_, role)| matches!(role, Validate | Test)) {
            assert!(
                all.iter().zip(&roles).all(
                    |(c, role)| *role != Train || (c.date < held.date && !held.history.contains(&c.date))
                )
            );
        }
    }

    #[test]
    fn the_users_dates_win() {
        let all = candidates(20);
        let roles = split_by_time(&all, Some(all[8].date), Some(all[10].date)).unwrap();
        assert_eq!(roles, [vec![Train; 4], vec![Gap; 4], vec![Validate; 2], vec![Test; 10]].concat());
        let roles = split_by_time(&all, None, Some(all[15].date)).unwrap();
        assert_eq!(roles, [vec![Train; 8], vec![Gap; 4], vec![Validate; 3], vec![Test; 5]].concat());
    }

    #[test]
    fn an_empty_side_is_refused_with_numbers() {
        assert_eq!(
            split_by_time(&candidates(2), None, None),
            Err(TrainError::TooFewDates { found: 2, needed: 3 })
        );
        // Six images: one to test, one to validate, the four before them looked back at.
        let error = split_by_time(&candidates(6), None, None).unwrap_err();
        assert_eq!(error, TrainError::EmptySplit { train: 0, validate: 1, test: 1, gap: 4, possible: None });
        assert!(
            error.to_string().contains("4 left out") && error.to_string().contains("more dates are needed"),
            "{error}"
        );
        let late = split_by_time(&candidates(20), None, Some(date(2030, 1, 1))).unwrap_err();
        assert!(matches!(late, TrainError::EmptySplit { test: 0, .. }));
        assert!(late.to_string().contains("validation begin from 2016-03-01 to 2016-08-04"), "{late}");
    }

    /// What is said to be possible is what the split itself accepts, for every choice of two dates.
    #[test]
    fn the_first_dates_that_are_named_are_those_that_work() {
        let alone = |n: usize| {
            candidates(n).into_iter().map(|c| Candidate { history: Vec::new(), ..c }).collect::<Vec<_>>()
        };
        for all in [candidates(5), candidates(6), candidates(7), candidates(12), alone(3), alone(5)] {
            let possible = FirstDates::of(&all);
            for v in &all {
                for t in &all {
                    let works = split_by_time(&all, Some(v.date), Some(t.date)).is_ok();
                    let named = possible.is_some_and(|p| {
                        (p.earliest..=p.latest).contains(&v.date) && v.date < t.date && t.date <= p.last
                    });
                    assert_eq!(works, named, "{} of {} and {}", all.len(), v.date, t.date);
                }
            }
        }
        assert!(
            FirstDates::words(FirstDates::of(&alone(3)).as_ref())
                .starts_with("only validation from 2016-01-13 and test from 2016-01-25")
        );
    }
}
