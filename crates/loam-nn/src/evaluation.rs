//! What a run was worth: scores on the test dates before and after, beside bilinear SMAP, on the same pixels, a plain sentence, and which
//! weights are in use then.

use jiff::civil::Date;
use loam_core::network::{About, Network};
use loam_core::score::{Gain, ScoreReport, ScoreRow, gain, means};
use loam_core::training::Choice;

/// Scores of a run.
pub struct Summary {
    /// Means over the test dates.
    pub scores: Vec<ScoreReport>,
    /// Test dates scored.
    pub dates: usize,
    /// uRMSE of bilinear SMAP minus after.
    pub over_bilinear: Option<Gain>,
    /// uRMSE before minus after.
    pub over_before: Option<Gain>,
    /// In words.
    pub sentence: String,
}

/// Means, intervals and the sentence, from the scores of each test date; the gains are those of the first channel.
#[must_use]
pub fn summary(by_date: &[Vec<ScoreReport>], network: Network) -> Summary {
    let dates = by_date.len();
    let About { outputs, bilinear, .. } = network.about();
    let of = |channel| {
        let over = |row| gain(by_date, channel, ScoreRow::Estimate, row);
        (over(ScoreRow::Before), over(ScoreRow::Bilinear))
    };
    let sentence = |channel: u8| {
        let (over_before, over_bilinear) = of(channel);
        // Of several channels each is named.
        let which = if outputs.len() > 1 {
            format!("{}: ", network.row_name(ScoreRow::Estimate, channel))
        } else {
            String::new()
        };
        let baseline = network.row_name(ScoreRow::Bilinear, channel);
        match over_bilinear {
            Some(gain) => {
                let before = over_before.map_or(String::new(), |gain| {
                    format!(" {}", compared(network.unit(), "before training", gain, dates))
                });
                format!("{which}{}{before}", compared(network.unit(), &baseline, gain, dates))
            }
            None => {
                format!("{which}{dates} test dates are too few to say whether it is better than {bilinear}.")
            }
        }
    };
    let (over_before, over_bilinear) = of(0);
    let sentence = (0..).zip(*outputs).map(|(channel, _)| sentence(channel)).collect::<Vec<_>>().join(" ");
    Summary { scores: means(by_date), dates, over_bilinear, over_before, sentence }
}

/// "Better than bilinear SMAP by 0.008 m3/m3 (95 %: 0.004 to 0.012, 14 dates).", or "Worse ...", or "No better ...".
#[must_use]
pub fn compared(unit: &str, with: &str, gain: Gain, dates: usize) -> String {
    let interval = format!("(95 %: {:.4} to {:.4}, {dates} test dates)", gain.low, gain.high);
    match gain {
        Gain { low, mean, .. } if low > 0.0 => {
            format!("Better than {with} by {mean:.4} {unit} in uRMSE {interval}.")
        }
        Gain { high, mean, .. } if high < 0.0 => {
            format!("Worse than {with} by {:.4} {unit} in uRMSE {interval}.", -mean)
        }
        Gain { mean, .. } => format!("No better than {with}: {mean:+.4} {unit} in uRMSE {interval}."),
    }
}

/// The weights that the trained ones are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Their row: [`ScoreRow::Before`], or of a run from scratch [`ScoreRow::InUse`].
    pub row: ScoreRow,
    /// They were trained on dates up to this one, some of the test dates among them.
    pub seen_until: Option<Date>,
}

/// Which weights to use after a run: those with the lower uRMSE on the test dates, a mean over dates and channels. Those from before where
/// both are equal, or where no test date could be scored; the trained ones where there were none before.
#[must_use]
pub fn choice(scores: &[ScoreReport], unit: &str, earlier: Option<Earlier>) -> Choice {
    let chosen = |trained: bool, why: String| {
        let which = if trained { "the trained weights" } else { "the weights from before the run" };
        Choice { trained, sentence: format!("Chosen for use: {which}. {why}") }
    };
    let Some(Earlier { row, seen_until }) = earlier else {
        return chosen(true, "None of this network were in use before the run.".to_owned());
    };
    let mean = |row: ScoreRow| {
        let values: Option<Vec<f64>> =
            scores.iter().filter(|score| score.row == Some(row)).map(|score| score.urmse).collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let (Some(after), Some(before)) = (mean(ScoreRow::Estimate), mean(row)) else {
        return chosen(
            false,
            "No test date could be scored, so nothing says that the trained ones are better.".to_owned(),
        );
    };
    let [shown_after, shown_before] = told_apart(after, before);
    let why = if after < before {
        format!(
            "Their uRMSE on the test dates is {shown_after} {unit}, that of the weights from before the run {shown_before}."
        )
    } else if after > before {
        format!(
            "Their uRMSE on the test dates is {shown_before} {unit}, that of the trained ones {shown_after}."
        )
    } else {
        format!(
            "The trained ones are no better on the test dates: uRMSE {shown_after} {unit} after, {shown_before} before."
        )
    };
    let flattered = seen_until.map_or(String::new(), |until| {
        format!(" The weights from before were trained on dates up to {until}, test dates among them, which flatters them.")
    });
    chosen(after < before, why + &flattered)
}

/// Two numbers with four decimals, or as many more as show which is less.
fn told_apart(a: f64, b: f64) -> [String; 2] {
    let with = |decimals: usize| [a, b].map(|value| format!("{value:.decimals$}"));
    (4..8).map(with).find(|[a, b]| a != b).unwrap_or_else(|| with(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(ScoreRow, f64)]) -> Vec<ScoreReport> {
        let row = |(row, urmse): &(ScoreRow, f64)| ScoreReport {
            name: String::new(),
            urmse: Some(*urmse),
            bias: None,
            rmse: None,
            r: None,
            pixels: 10,
            row: Some(*row),
            channel: 0,
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_better_weights_on_the_test_dates_are_chosen() {
        use ScoreRow::{Before, Bilinear, Estimate as After, InUse};
        let before = Some(Earlier { row: Before, seen_until: None });
        let chosen = |rows: &[(ScoreRow, f64)], earlier| choice(&self::rows(rows), "m3/m3", earlier);

        let better = chosen(&[(After, 0.0310), (Before, 0.0315), (Bilinear, 0.0200)], before);
        assert!(
            better.trained && better.sentence.starts_with("Chosen for use: the trained weights. "),
            "{}",
            better.sentence
        );
        assert!(
            better.sentence.contains("is 0.0310 m3/m3, that of the weights from before the run 0.0315."),
            "{}",
            better.sentence
        );
        let worse = chosen(&[(After, 0.0316), (Before, 0.0315), (Bilinear, 0.0400)], before);
        assert!(
            !worse.trained && worse.sentence.contains("is 0.0315 m3/m3, that of the trained ones 0.0316."),
            "{}",
            worse.sentence
        );
        let tie = chosen(&[(After, 0.0315), (Before, 0.0315)], before);
        assert!(
            !tie.trained
                && tie
                    .sentence
                    .contains("no better on the test dates: uRMSE 0.0315 m3/m3 after, 0.0315 before.")
        );
        // Where four decimals hide which is less, more are shown.
        let close = chosen(&[(After, 0.031_512), (Before, 0.031_518)], before);
        assert!(
            close.trained
                && close
                    .sentence
                    .contains("is 0.03151 m3/m3, that of the weights from before the run 0.03152."),
            "{}",
            close.sentence
        );
        let none = chosen(&[], before);
        assert!(!none.trained && none.sentence.contains("No test date could be scored"));

        // A run from scratch: its first, random weights do not count.
        let scratch = [(After, 0.0400), (Before, 0.1000), (InUse, 0.0320)];
        let seen_until = Some(Date::constant(2018, 3, 1));
        let in_use = chosen(&scratch, Some(Earlier { row: InUse, seen_until }));
        assert!(
            !in_use.trained
                && in_use.sentence.contains("0.0320")
                && in_use.sentence.ends_with("which flatters them.")
        );
        assert!(in_use.sentence.contains("2018-03-01"));
        let first = chosen(&scratch, None);
        assert!(first.trained && first.sentence.contains("None of this network"), "{}", first.sentence);

        // Two channels: their mean decides, not the first.
        let channels = [(After, 3.0), (Before, 3.1), (After, 5.0), (Before, 4.0)];
        assert!(!chosen(&channels, before).trained);
    }

    #[test]
    fn the_sentence_says_what_the_interval_carries() {
        let gain = |mean, low, high| compared("m3/m3", "bilinear SMAP", Gain { mean, low, high }, 14);
        assert_eq!(
            gain(0.008, 0.004, 0.012),
            "Better than bilinear SMAP by 0.0080 m3/m3 in uRMSE (95 %: 0.0040 to 0.0120, 14 test dates)."
        );
        assert!(gain(0.001, -0.001, 0.003).starts_with("No better than bilinear SMAP: +0.0010"));
        assert!(gain(-0.004, -0.006, -0.002).starts_with("Worse than bilinear SMAP by 0.0040"));
    }
}
