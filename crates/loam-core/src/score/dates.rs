//! Score tables of several dates in one: means over dates, and what one row gains over another with its interval over dates.

use super::bootstrap_mean;
use crate::score::{Gain, ScoreReport, ScoreRow};

/// Draws of the bootstrap over dates; with [`DRAW_SEED`], the same dates give the same interval everywhere.
pub const DRAWS: usize = 2000;
/// See [`DRAWS`].
pub const DRAW_SEED: u64 = 1;

/// Mean over dates of every score, by row and channel, in the order of the first date; pixels are summed. Dates without a score do not count in it.
#[must_use]
pub fn means(by_date: &[Vec<ScoreReport>]) -> Vec<ScoreReport> {
    let Some(first) = by_date.first() else { return Vec::new() };
    first
        .iter()
        .map(|one| {
            let of: Vec<&ScoreReport> =
                by_date.iter().flatten().filter(|s| (s.row, s.channel) == (one.row, one.channel)).collect();
            let mean = |get: fn(&ScoreReport) -> Option<f64>| {
                let values: Vec<f64> = of.iter().filter_map(|s| get(s)).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            };
            ScoreReport {
                name: one.name.clone(),
                urmse: mean(|s| s.urmse),
                bias: mean(|s| s.bias),
                rmse: mean(|s| s.rmse),
                r: mean(|s| s.r),
                pixels: of.iter().map(|s| s.pixels).sum(),
                row: one.row,
                channel: one.channel,
            }
        })
        .collect()
}

/// Of a channel, uRMSE of the row `than` minus that of the row `better`: mean over the dates that have both, and its 95 % bootstrap interval over dates.
/// None below two such dates.
#[must_use]
pub fn gain(by_date: &[Vec<ScoreReport>], channel: u8, better: ScoreRow, than: ScoreRow) -> Option<Gain> {
    let of = |scores: &[ScoreReport], row| scores.iter().find(|s| s.is(row, channel)).and_then(|s| s.urmse);
    let gains: Vec<f64> = by_date.iter().filter_map(|s| Some(of(s, than)? - of(s, better)?)).collect();
    bootstrap_mean(&gains, DRAWS, DRAW_SEED).map(|interval| Gain {
        mean: interval.mean,
        low: interval.low,
        high: interval.high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ScoreRow = ScoreRow::Estimate;
    const B: ScoreRow = ScoreRow::Bilinear;

    fn row(row: ScoreRow, urmse: Option<f64>) -> ScoreReport {
        let (bias, rmse, r) = (None, None, None);
        ScoreReport { name: String::new(), urmse, bias, rmse, r, pixels: 10, row: Some(row), channel: 0 }
    }

    #[test]
    fn a_date_without_a_score_counts_neither_as_zero_nor_in_the_gain() {
        let dates = [
            vec![row(A, Some(0.02)), row(B, Some(0.03))],
            vec![row(A, None), row(B, Some(0.09))],
            vec![row(A, Some(0.04)), row(B, Some(0.05))],
        ];
        let means = means(&dates);
        assert_eq!(means.iter().map(|row| row.pixels).collect::<Vec<_>>(), [30, 30]);
        assert!((means[0].urmse.expect("two dates") - 0.03).abs() < 1e-12);
        let gain = gain(&dates, 0, A, B).expect("two dates");
        assert!((gain.mean - 0.01).abs() < 1e-12 && (gain.low - 0.01).abs() < 1e-12, "{gain:?}");
        assert_eq!(super::gain(&dates[..2], 0, A, B), None);
    }
}
