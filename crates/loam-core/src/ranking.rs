//! Which method answers (best-map.md, section 3): every method scored on the newest fifth of the region's own dates that have a 3 km map, each
//! date made from what is strictly earlier. These dates choose nothing else.

use ease_grid::EaseWindow;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::closed_form::ClosedForm;
use crate::iso_date;
use crate::method::Method;
use crate::score::{DRAW_SEED, DRAWS, Gain, bootstrap_mean};

/// Fewest dates with a 3 km map for a choice.
pub const FEWEST_DATES: usize = 8;
/// Cells of the largest region that methods are compared on by themselves: the comparison makes some dozens of maps.
const MOST_CELLS: usize = 250_000;
/// What answers where there are fewer, or more cells.
pub const OTHERWISE: Method = Method::ClosedForm(ClosedForm::Regression);

/// Why methods are not compared by themselves on a region, and what answers.
#[must_use]
pub fn too_large(window: &EaseWindow) -> Option<String> {
    (window.len() > MOST_CELLS).then(|| {
        format!(
            "The region has {:.1} million cells, too many to compare methods on without being asked: {} answers.",
            window.len() as f64 / 1e6,
            OTHERWISE.words()
        )
    })
}

/// A method on the block of dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankRow {
    /// The method.
    pub method: Method,
    /// Its weights, where it has some.
    pub weights: String,
    /// Mean over the dates, m3/m3.
    pub urmse: f64,
    /// Bilinear SMAP's uRMSE minus its own, with the 95 % interval over dates.
    pub over_bilinear: Option<Gain>,
    /// It was trained on some of these dates: its score flatters it, and it is not chosen.
    pub flattered: bool,
}

/// Every method on the same dates and pixels, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The dates that were scored, in order; none where there are too few.
    #[serde(with = "iso_date")]
    pub dates: Vec<Date>,
    /// Dates with a 3 km map.
    pub found: usize,
    /// Pixels scored, all dates.
    pub pixels: usize,
    /// Best first.
    pub rows: Vec<RankRow>,
    /// What has no score, and why.
    pub left_out: Vec<(Method, String)>,
    /// What answers.
    pub best: Method,
    /// Simulated scenes.
    pub simulated: bool,
}

impl Ranking {
    /// Of dates with a 3 km map those that are scored: the newest fifth, at least two; none where there are fewer than [`FEWEST_DATES`].
    #[must_use]
    pub fn block(dates: &[Date]) -> &[Date] {
        let length = if dates.len() < FEWEST_DATES { 0 } else { dates.len().div_ceil(5).max(2) };
        &dates[dates.len() - length..]
    }

    /// From the uRMSE of each method on each date.
    #[must_use]
    pub fn of(
        (dates, found, pixels): (Vec<Date>, usize, usize),
        scores: Vec<(RankRow, Vec<f64>)>,
        left_out: Vec<(Method, String)>,
        simulated: bool,
    ) -> Self {
        let bilinear = Method::ClosedForm(ClosedForm::Bilinear);
        let base = scores.iter().find(|(row, _)| row.method == bilinear).map(|(_, by_date)| by_date.clone());
        let ranked = |(mut row, by_date): (RankRow, Vec<f64>)| {
            row.urmse = by_date.iter().sum::<f64>() / by_date.len() as f64;
            let base = base.as_ref().filter(|_| row.method != bilinear);
            let gains =
                base.map(|base| base.iter().zip(&by_date).map(|(b, own)| b - own).collect::<Vec<f64>>());
            row.over_bilinear = gains
                .and_then(|gains| bootstrap_mean(&gains, DRAWS, DRAW_SEED))
                .map(|gain| Gain { mean: gain.mean, low: gain.low, high: gain.high });
            row
        };
        let mut rows: Vec<RankRow> = scores.into_iter().map(ranked).collect();
        rows.sort_by(|a, b| a.urmse.total_cmp(&b.urmse));
        let best = rows.iter().find(|row| !row.flattered).map_or(OTHERWISE, |row| row.method);
        Self { dates, found, pixels, rows, left_out, best, simulated }
    }

    /// Which method answers and why, in a sentence or two.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(row) = self.rows.iter().find(|row| row.method == self.best) else {
            return format!(
                "Too few dates to choose by: {} of them have a 3 km map, {FEWEST_DATES} are needed. The pixel regression answers.",
                self.found
            );
        };
        let gain = row.over_bilinear.map_or_else(String::new, |gain| {
            format!(
                ", {:.4} better than bilinear SMAP (95 %: {:.4} to {:.4})",
                gain.mean, gain.low, gain.high
            )
        });
        format!(
            "{} is best on the newest {} dates that have a 3 km map: uRMSE {:.4} m3/m3{gain}.{}",
            row.method.name(),
            self.dates.len(),
            row.urmse,
            if self.simulated { " SIMULATED scenes." } else { "" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;

    #[test]
    fn regions_are_compared_on_up_to_a_size() {
        let said =
            |edge| too_large(&EaseWindow::new(ease_grid::Resolution::M03, 2600, 971, edge, edge).unwrap());
        assert_eq!(said(500), None);
        assert!(said(501).is_some_and(|why| why.contains("0.3 million cells")));
    }

    #[test]
    fn the_newest_fifth_is_scored_and_too_few_dates_choose_nothing() {
        let dates: Vec<Date> = (1..=28).map(|day| jiff::civil::date(2018, 2, day)).collect();
        assert_eq!(Ranking::block(&dates).len(), 6);
        assert_eq!(Ranking::block(&dates).first(), dates.get(22));
        assert_eq!(Ranking::block(&dates[..8]).len(), 2);
        assert!(Ranking::block(&dates[..7]).is_empty());
        let none = Ranking::of((Vec::new(), 7, 0), Vec::new(), Vec::new(), false);
        assert_eq!(none.best, OTHERWISE);
        assert!(none.sentence().contains("Too few dates"));
    }

    #[test]
    fn the_best_answers_unless_it_was_trained_on_the_dates() {
        let row = |method: Method, flattered| RankRow {
            method,
            weights: String::new(),
            urmse: 0.0,
            over_bilinear: None,
            flattered,
        };
        let (smen, bilinear) = (Method::Network(Network::Smen), Method::ClosedForm(ClosedForm::Bilinear));
        let scores = vec![
            (row(bilinear, false), vec![0.05, 0.06, 0.04]),
            (row(smen, true), vec![0.01, 0.02, 0.01]),
            (row(OTHERWISE, false), vec![0.03, 0.04, 0.03]),
        ];
        let ranking =
            Ranking::of((vec![jiff::civil::date(2018, 1, 1); 3], 15, 900), scores, Vec::new(), true);
        assert_eq!(
            ranking.rows.iter().map(|row| row.method).collect::<Vec<_>>(),
            [smen, OTHERWISE, bilinear]
        );
        assert_eq!(ranking.best, OTHERWISE);
        assert!(ranking.rows[1].over_bilinear.is_some_and(|gain| gain.low > 0.0));
        assert!(ranking.sentence().contains("SIMULATED"));
    }
}
