//! Scores as a table on standard output.

use loam_core::score::ScoreReport;

/// The score table.
pub fn print_scores(scores: &[ScoreReport], unit: &str) {
    if scores.is_empty() {
        return;
    }
    say!("  {:<36} {:>8} {:>8} {:>8} {:>7} {:>8}", unit, "uRMSE", "RMSE", "bias", "R", "pixels");
    let number =
        |v: Option<f64>, digits: usize| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    for s in scores {
        say!(
            "  {:<36} {:>8} {:>8} {:>8} {:>7} {:>8}",
            s.name,
            number(s.urmse, 4),
            number(s.rmse, 4),
            number(s.bias, 4),
            number(s.r, 3),
            s.pixels
        );
    }
}
