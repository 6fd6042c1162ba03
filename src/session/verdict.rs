//! What a run was worth: scores on the test dates before and after, beside bilinear SMAP, on the same pixels, and a plain sentence.

use std::ops::ControlFlow;

use burn::tensor::Device;

use super::predict::SMEN;
use crate::model::{ModelError, Planes, Smen, predict};
use crate::protocol::{Gain, ScoreReport};
use crate::score::{Scores, bootstrap_mean};
use crate::train::RunImage;

/// Draws of the bootstrap over dates, and its seed: the same dates give the same interval.
const DRAWS: usize = 2000;
const DRAW_SEED: u64 = 1;
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
pub fn scored(image: &RunImage, after: &[f32], before: &[f32]) -> Option<[Scores; 3]> {
    let valid: Vec<bool> = image.sample.mask.iter().zip(&image.bilinear).map(|(mask, b)| *mask > 0.0 && b.is_finite()).collect();
    let score = |estimate: &[f32]| Scores::of(estimate, &image.sample.target, &valid).ok();
    Some([score(after)?, score(before)?, score(&image.bilinear)?])
}

/// Means, intervals and the sentence, from the scores of each test date.
#[must_use]
pub fn verdict(by_date: &[[Scores; 3]]) -> Verdict {
    let names = [SMEN, BEFORE, BILINEAR];
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let reports: Vec<[ScoreReport; 3]> = by_date.iter().map(|s| std::array::from_fn(|n| s[n].report(names[n]))).collect();
    let scores = if reports.is_empty() {
        Vec::new()
    } else {
        (0..names.len())
            .map(|n| {
                let of = |get: fn(&ScoreReport) -> Option<f64>| mean(reports.iter().filter_map(|r| get(&r[n])).collect());
                ScoreReport {
                    name: names[n].to_owned(),
                    urmse: of(|s| s.urmse),
                    bias: of(|s| s.bias),
                    rmse: of(|s| s.rmse),
                    r: of(|s| s.r),
                    pixels: reports.iter().map(|r| r[n].pixels).sum(),
                }
            })
            .collect()
    };
    let gain = |other: usize| {
        let gains: Vec<f64> = reports.iter().filter_map(|r| Some(r[other].urmse? - r[0].urmse?)).collect();
        bootstrap_mean(&gains, DRAWS, DRAW_SEED).map(|i| Gain { mean: i.mean, low: i.low, high: i.high })
    };
    let (over_before, over_bilinear) = (gain(1), gain(2));
    let dates = reports.len();
    let sentence = match over_bilinear {
        Some(gain) => format!(
            "{} {}",
            compared("bilinear SMAP", gain, dates),
            over_before.map_or(String::new(), |g| compared("before training", g, dates))
        ),
        None => format!("{dates} test dates are too few to say whether it is better than bilinear SMAP."),
    };
    Verdict { scores, dates, over_bilinear, over_before, sentence: sentence.trim().to_owned() }
}

/// "Better than bilinear SMAP by 0.008 m3/m3 (95 %: 0.004 to 0.012, 14 dates)." or "No better ...".
fn compared(with: &str, gain: Gain, dates: usize) -> String {
    let interval = format!("(95 %: {:.4} to {:.4}, {dates} test dates)", gain.low, gain.high);
    match gain {
        Gain { low, mean, .. } if low > 0.0 => format!("Better than {with} by {mean:.4} m3/m3 in uRMSE {interval}."),
        Gain { high, mean, .. } if high < 0.0 => format!("Worse than {with} by {:.4} m3/m3 in uRMSE {interval}.", -mean),
        Gain { mean, .. } => format!("No better than {with}: {mean:+.4} m3/m3 in uRMSE {interval}."),
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
