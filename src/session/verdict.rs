//! What a run was worth: scores on the test dates before and after, beside bilinear SMAP, on the same pixels, and a plain sentence.

use std::ops::ControlFlow;

use burn::tensor::Device;

use super::predict::SMEN;
use crate::model::{ModelError, Planes, Smen, predict};
use crate::protocol::{Gain, ScoreReport};
use crate::score::{Scores, gain, means};
use crate::train::RunImage;

/// Name of the network before training in score tables.
pub const BEFORE: &str = "SMEN before training";
/// Name of the baseline in score tables.
pub const BILINEAR: &str = "bilinear SMAP";

/// Scores of a run.
pub struct Verdict {
    /// Means over the test dates: after, before, bilinear.
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
    predict(model, device, &planes, super::predict::TILE, progress).await
}

/// Scores of one image: after, before, bilinear, on the pixels where the target and all of them have a value. None without such pixels.
#[must_use]
pub fn scored(image: &RunImage, after: &[f32], before: &[f32]) -> Option<Vec<ScoreReport>> {
    let valid: Vec<bool> = image.sample.mask.iter().zip(&image.bilinear).map(|(mask, b)| *mask > 0.0 && b.is_finite()).collect();
    [(SMEN, after), (BEFORE, before), (BILINEAR, &image.bilinear)]
        .into_iter()
        .map(|(name, estimate)| Scores::of(estimate, &image.sample.target, &valid).ok().map(|scores| scores.report(name)))
        .collect()
}

/// Means, intervals and the sentence, from the scores of each test date.
#[must_use]
pub fn verdict(by_date: &[Vec<ScoreReport>]) -> Verdict {
    verdict_of(by_date, "m3/m3", &[Named { after: SMEN.into(), before: BEFORE.into(), bilinear: BILINEAR.into() }])
}

/// Names in score tables, of one channel.
pub(super) struct Named {
    /// The trained network.
    pub after: String,
    /// The one it started from.
    pub before: String,
    /// The interpolated input.
    pub bilinear: String,
}

/// The same for every channel of a network; the gains are those of the first.
pub(super) fn verdict_of(by_date: &[Vec<ScoreReport>], unit: &str, channels: &[Named]) -> Verdict {
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
    Verdict { scores: means(by_date), dates, over_bilinear, over_before, sentence }
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

#[cfg(test)]
mod tests {
    use super::*;

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
