//! What a run was worth: scores on the test dates before and after, beside bilinear SMAP, on the same pixels, a plain sentence, and which
//! weights are in use then.

use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;

use crate::RunImage;
use crate::networks::smen::estimate::SMEN;
use crate::{ModelError, Planes, Smen, predict};
use loam_core::score::{Gain, ScoreReport};
use loam_core::score::{Scores, gain, means};
use loam_core::training::{Choice, RunRow};

/// Name of the network before training in score tables.
pub const BEFORE: &str = "SMEN before training";
/// Name of the network that was in use before a run from scratch, in score tables.
pub const IN_USE: &str = "SMEN in use before the run";
/// Name of the baseline in score tables.
pub const BILINEAR: &str = "bilinear SMAP";

/// Scores of a run.
pub struct Verdict {
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

/// The network's estimate of an image.
///
/// # Errors
/// Those of a prediction.
pub async fn estimate(
    model: &Smen,
    device: &Device,
    image: &RunImage,
    progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<f32>, ModelError> {
    let sample = &image.sample;
    let planes = Planes { columns: sample.columns, rows: sample.rows, i: sample.i.clone(), d: sample.d.clone() };
    predict(model, device, &planes, crate::networks::smen::estimate::TILE, progress).await
}

/// Scores of estimates by name and of bilinear SMAP on one image, on the pixels where the target and bilinear SMAP have a value. None without
/// such pixels.
#[must_use]
pub fn scored(image: &RunImage, estimates: &[(&str, &[f32])]) -> Option<Vec<ScoreReport>> {
    let valid: Vec<bool> = image.sample.mask.iter().zip(&image.bilinear).map(|(mask, b)| *mask > 0.0 && b.is_finite()).collect();
    let bilinear = (BILINEAR, image.bilinear.as_slice());
    estimates
        .iter()
        .chain([&bilinear])
        .map(|(name, estimate)| Scores::of(estimate, &image.sample.target, &valid).ok().map(|scores| scores.report(*name)))
        .collect()
}

/// Means, intervals and the sentence, from the scores of each test date.
#[must_use]
pub fn verdict(by_date: &[Vec<ScoreReport>]) -> Verdict {
    let named = Named { after: SMEN.into(), before: BEFORE.into(), in_use: IN_USE.into(), bilinear: BILINEAR.into() };
    verdict_of(by_date, "m3/m3", &[named])
}

/// Names in score tables, of one channel.
pub(crate) struct Named {
    /// The trained network.
    pub after: String,
    /// The one it started from.
    pub before: String,
    /// The one that was in use before a run from scratch.
    pub in_use: String,
    /// The interpolated input.
    pub bilinear: String,
}

impl Named {
    fn row(&self, name: &str) -> Option<RunRow> {
        let Self { after, before, in_use, bilinear } = self;
        let rows = [(after, RunRow::After), (before, RunRow::Before), (in_use, RunRow::InUse), (bilinear, RunRow::Bilinear)];
        rows.into_iter().find_map(|(of, row)| (of == name).then_some(row))
    }
}

/// The same for every channel of a network; the gains are those of the first.
pub(crate) fn verdict_of(by_date: &[Vec<ScoreReport>], unit: &str, channels: &[Named]) -> Verdict {
    let dates = by_date.len();
    let of = |named: &Named| (gain(by_date, &named.after, &named.before), gain(by_date, &named.after, &named.bilinear));
    let sentence = |named: &Named| {
        let (over_before, over_bilinear) = of(named);
        // Of several channels each is named.
        let which = if channels.len() > 1 { format!("{}: ", named.after) } else { String::new() };
        match over_bilinear {
            Some(gain) => {
                let before = over_before.map_or(String::new(), |gain| format!(" {}", compared_in(unit, "before training", gain, dates)));
                format!("{which}{}{before}", compared_in(unit, &named.bilinear, gain, dates))
            }
            None => format!("{which}{dates} test dates are too few to say whether it is better than {}.", named.bilinear),
        }
    };
    let (over_before, over_bilinear) = channels.first().map_or((None, None), of);
    let sentence = channels.iter().map(sentence).collect::<Vec<_>>().join(" ");
    let mut scores = means(by_date);
    for score in &mut scores {
        score.row = channels.iter().find_map(|named| named.row(&score.name));
    }
    Verdict { scores, dates, over_bilinear, over_before, sentence }
}

/// "Better than bilinear SMAP by 0.008 m3/m3 (95 %: 0.004 to 0.012, 14 dates).", or "Worse ...", or "No better ...".
#[must_use]
pub fn compared(with: &str, gain: Gain, dates: usize) -> String {
    compared_in("m3/m3", with, gain, dates)
}

/// The same in another unit.
#[must_use]
pub fn compared_in(unit: &str, with: &str, gain: Gain, dates: usize) -> String {
    let interval = format!("(95 %: {:.4} to {:.4}, {dates} test dates)", gain.low, gain.high);
    match gain {
        Gain { low, mean, .. } if low > 0.0 => format!("Better than {with} by {mean:.4} {unit} in uRMSE {interval}."),
        Gain { high, mean, .. } if high < 0.0 => format!("Worse than {with} by {:.4} {unit} in uRMSE {interval}.", -mean),
        Gain { mean, .. } => format!("No better than {with}: {mean:+.4} {unit} in uRMSE {interval}."),
    }
}

/// The weights that the trained ones are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Their row: [`RunRow::Before`], or of a run from scratch [`RunRow::InUse`].
    pub row: RunRow,
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
    let mean = |row: RunRow| {
        let values: Option<Vec<f64>> = scores.iter().filter(|score| score.row == Some(row)).map(|score| score.urmse).collect();
        values.filter(|values| !values.is_empty()).map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let (Some(after), Some(before)) = (mean(RunRow::After), mean(row)) else {
        return chosen(false, "No test date could be scored, so nothing says that the trained ones are better.".to_owned());
    };
    let [shown_after, shown_before] = told_apart(after, before);
    let why = if after < before {
        format!("Their uRMSE on the test dates is {shown_after} {unit}, that of the weights from before the run {shown_before}.")
    } else if after > before {
        format!("Their uRMSE on the test dates is {shown_before} {unit}, that of the trained ones {shown_after}.")
    } else {
        format!("The trained ones are no better on the test dates: uRMSE {shown_after} {unit} after, {shown_before} before.")
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

    fn rows(rows: &[(RunRow, f64)]) -> Vec<ScoreReport> {
        let row = |(row, urmse): &(RunRow, f64)| ScoreReport {
            name: String::new(),
            urmse: Some(*urmse),
            bias: None,
            rmse: None,
            r: None,
            pixels: 10,
            row: Some(*row),
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_better_weights_on_the_test_dates_are_chosen() {
        use RunRow::{After, Before, Bilinear, InUse};
        let before = Some(Earlier { row: Before, seen_until: None });
        let chosen = |rows: &[(RunRow, f64)], earlier| choice(&self::rows(rows), "m3/m3", earlier);

        let better = chosen(&[(After, 0.0310), (Before, 0.0315), (Bilinear, 0.0200)], before);
        assert!(better.trained && better.sentence.starts_with("Chosen for use: the trained weights. "), "{}", better.sentence);
        assert!(better.sentence.contains("is 0.0310 m3/m3, that of the weights from before the run 0.0315."), "{}", better.sentence);
        let worse = chosen(&[(After, 0.0316), (Before, 0.0315), (Bilinear, 0.0400)], before);
        assert!(!worse.trained && worse.sentence.contains("is 0.0315 m3/m3, that of the trained ones 0.0316."), "{}", worse.sentence);
        let tie = chosen(&[(After, 0.0315), (Before, 0.0315)], before);
        assert!(!tie.trained && tie.sentence.contains("no better on the test dates: uRMSE 0.0315 m3/m3 after, 0.0315 before."));
        // Where four decimals hide which is less, more are shown.
        let close = chosen(&[(After, 0.031_512), (Before, 0.031_518)], before);
        assert!(
            close.trained && close.sentence.contains("is 0.03151 m3/m3, that of the weights from before the run 0.03152."),
            "{}",
            close.sentence
        );
        let none = chosen(&[], before);
        assert!(!none.trained && none.sentence.contains("No test date could be scored"));

        // A run from scratch: its first, random weights do not count.
        let scratch = [(After, 0.0400), (Before, 0.1000), (InUse, 0.0320)];
        let seen_until = Some(Date::constant(2018, 3, 1));
        let in_use = chosen(&scratch, Some(Earlier { row: InUse, seen_until }));
        assert!(!in_use.trained && in_use.sentence.contains("0.0320") && in_use.sentence.ends_with("which flatters them."));
        assert!(in_use.sentence.contains("2018-03-01"));
        let first = chosen(&scratch, None);
        assert!(first.trained && first.sentence.contains("None of this network"), "{}", first.sentence);

        // Two channels: their mean decides, not the first.
        let channels = [(After, 3.0), (Before, 3.1), (After, 5.0), (Before, 4.0)];
        assert!(!chosen(&channels, before).trained);
    }

    #[test]
    fn the_sentence_says_what_the_interval_carries() {
        let gain = |mean, low, high| compared("bilinear SMAP", Gain { mean, low, high }, 14);
        assert_eq!(
            gain(0.008, 0.004, 0.012),
            "Better than bilinear SMAP by 0.0080 m3/m3 in uRMSE (95 %: 0.0040 to 0.0120, 14 test dates)."
        );
        assert!(gain(0.001, -0.001, 0.003).starts_with("No better than bilinear SMAP: +0.0010"));
        assert!(gain(-0.004, -0.006, -0.002).starts_with("Worse than bilinear SMAP by 0.0040"));
    }
}
