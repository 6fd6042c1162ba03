//! Splitting dates into training and test, by time and never at random: neighbouring dates share weather and history, so a random split
//! would test on what was trained on.

use jiff::civil::Date;

use super::TrainError;

/// Indices into the dates given, each side in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// Within the gap: used for neither.
    pub dropped: Vec<usize>,
    /// To test on.
    pub test: Vec<usize>,
    /// First day of the test side.
    pub first_test: Date,
}

/// Test from `first_test` on; train on what lies at least `gap_days` before it. The paper trains on 2016-2017 and tests on 2018.
///
/// A gap as long as a test date's history reaches back (about 48 days for four 12-day revisits) keeps training targets out of the
/// test inputs' history.
///
/// # Errors
/// [`TrainError::EmptySplit`].
pub fn split_by_date(dates: &[Date], first_test: Date, gap_days: u32) -> Result<Split, TrainError> {
    let mut split = Split { train: Vec::new(), dropped: Vec::new(), test: Vec::new(), first_test };
    let mut order: Vec<usize> = (0..dates.len()).collect();
    order.sort_by_key(|&index| (dates[index], index));
    for index in order {
        let before = (first_test - dates[index]).get_days();
        let side = if before <= 0 {
            &mut split.test
        } else if i64::from(before) < i64::from(gap_days) {
            &mut split.dropped
        } else {
            &mut split.train
        };
        side.push(index);
    }
    if split.train.is_empty() || split.test.is_empty() {
        return Err(TrainError::EmptySplit { first_test, train: split.train.len(), test: split.test.len() });
    }
    Ok(split)
}

/// Test on the latest `share` (0..1) of the distinct dates, at least one.
///
/// # Errors
/// [`TrainError::EmptySplit`], also where there are no dates at all.
pub fn split_last_share(dates: &[Date], share: f64, gap_days: u32) -> Result<Split, TrainError> {
    let mut distinct = dates.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let held = ((distinct.len() as f64 * share.clamp(0.0, 1.0)).round() as usize).max(1);
    match distinct.len().checked_sub(held).and_then(|first| distinct.get(first)) {
        Some(&first_test) => split_by_date(dates, first_test, gap_days),
        None => Err(TrainError::EmptySplit { first_test: Date::MIN, train: 0, test: 0 }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn time_parts_the_dates_and_the_gap_is_left_out() {
        let dates = [date(2018, 1, 1), date(2017, 12, 31), date(2016, 5, 1), date(2017, 12, 2), date(2018, 6, 1), date(2017, 12, 1)];
        let split = split_by_date(&dates, date(2018, 1, 1), 31).unwrap();
        assert_eq!(split.train, [2, 5]);
        assert_eq!(split.dropped, [3, 1]);
        assert_eq!(split.test, [0, 4]);
        assert_eq!(split_by_date(&dates, date(2018, 1, 1), 0).unwrap().train, [2, 5, 3, 1]);
    }

    #[test]
    fn the_latest_share_is_held_back() {
        let dates: Vec<Date> = (1..=10).map(|day| date(2016, 3, day)).collect();
        let split = split_last_share(&dates, 0.2, 0).unwrap();
        assert_eq!((split.train.len(), split.test, split.first_test), (8, vec![8, 9], date(2016, 3, 9)));
        assert_eq!(split_last_share(&dates, 0.0, 0).unwrap().test, [9]);
    }

    #[test]
    fn an_empty_side_is_refused() {
        let dates = [date(2016, 3, 1), date(2016, 3, 2)];
        let error = split_by_date(&dates, date(2016, 3, 1), 0).unwrap_err();
        assert_eq!(error, TrainError::EmptySplit { first_test: date(2016, 3, 1), train: 0, test: 2 });
        assert!(split_last_share(&[], 0.5, 0).is_err());
        assert!(split_last_share(&dates, 1.0, 0).is_err());
    }
}
