//! Anomalies: what remains of a series when its moving average is taken out, so that seasons do not make the correlation.

use crate::time::DAY;

/// Days of the moving average: pytesmo's and QA4SM's.
pub const ANOMALY_DAYS: i32 = 35;

/// Each value less the mean of all that lie at most half of `days` before or after it, itself among them. `minutes` since 1970, in order; values
/// are numbers.
#[must_use]
pub fn anomalies(minutes: &[i32], values: &[f64], days: i32) -> Vec<f64> {
    let half = days * DAY / 2;
    let mut first = 0;
    let of = |(at, (minute, value)): (usize, (&i32, &f64))| {
        while minutes.get(first).is_some_and(|m| *m < minute - half) {
            first += 1;
        }
        let end = at + minutes[at..].partition_point(|m| *m <= minute + half);
        let window = values.get(first..end).unwrap_or_default();
        value - window.iter().sum::<f64>() / window.len() as f64
    };
    minutes.iter().zip(values).enumerate().map(of).collect()
}
