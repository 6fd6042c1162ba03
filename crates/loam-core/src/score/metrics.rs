//! uRMSE, bias, RMSE and Pearson's R over a mask, summed in float64.
//!
//! model.md, "Loss and training": uRMSE = sqrt(E[((e - E[e]) - (r - E[r]))^2]), expectations over one image's masked pixels, and the
//! mean over images for several; [`OverDates`] gives that mean beside the scores of all pixels pooled.

use super::ScoreError;
use crate::method::Method;
use crate::score::{ScoreReport, ScoreRow};

/// Scores of an estimate against a reference. `None` where the pixels cannot give the figure; never NaN.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Scores {
    /// Unbiased RMSE, m3/m3; from 2 pixels on.
    pub urmse: Option<f64>,
    /// Mean of estimate minus reference, m3/m3; from 1 pixel on.
    pub bias: Option<f64>,
    /// RMSE, m3/m3; from 1 pixel on.
    pub rmse: Option<f64>,
    /// Pearson's correlation; from 2 pixels on and only where both sides vary.
    pub r: Option<f64>,
    /// Slope of the estimate on the reference; only where the reference varies.
    pub slope: Option<f64>,
    /// Pixels that counted.
    pub pixels: usize,
}

impl Scores {
    /// Scores over the pixels where `valid` is true and both values are finite.
    ///
    /// # Errors
    /// [`ScoreError::Lengths`] where the slices differ in length.
    pub fn of(estimate: &[f32], reference: &[f32], valid: &[bool]) -> Result<Self, ScoreError> {
        let mut sums = Accumulator::default();
        sums.add_image(estimate, reference, valid)?;
        Ok(sums.scores())
    }

    /// As a report for page, command line and kept runs.
    #[must_use]
    pub fn report(&self, method: impl Into<Method>, row: ScoreRow, channel: u8) -> ScoreReport {
        let Self { urmse, bias, rmse, r, pixels, .. } = *self;
        ScoreReport {
            name: method.into().row_name(row, channel),
            urmse,
            bias,
            rmse,
            r,
            pixels,
            row: Some(row),
            channel,
        }
    }
}

/// Running means and sums of squared deviations (Welford's update), so that no cancellation eats a small variance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accumulator {
    pixels: usize,
    mean_estimate: f64,
    mean_reference: f64,
    squares_estimate: f64,
    squares_reference: f64,
    products: f64,
}

impl Accumulator {
    /// Adds one pixel; a value that is not finite does not count.
    pub fn add(&mut self, estimate: f32, reference: f32) {
        if !(estimate.is_finite() && reference.is_finite()) {
            return;
        }
        let (e, r) = (f64::from(estimate), f64::from(reference));
        self.pixels += 1;
        let n = self.pixels as f64;
        let (de, dr) = (e - self.mean_estimate, r - self.mean_reference);
        self.mean_estimate += de / n;
        self.mean_reference += dr / n;
        self.squares_estimate += de * (e - self.mean_estimate);
        self.squares_reference += dr * (r - self.mean_reference);
        self.products += de * (r - self.mean_reference);
    }

    /// Adds the pixels of an image under its mask.
    ///
    /// # Errors
    /// [`ScoreError::Lengths`] where the slices differ in length.
    pub fn add_image(
        &mut self,
        estimate: &[f32],
        reference: &[f32],
        valid: &[bool],
    ) -> Result<(), ScoreError> {
        if estimate.len() != reference.len() || estimate.len() != valid.len() {
            return Err(ScoreError::Lengths {
                estimate: estimate.len(),
                reference: reference.len(),
                mask: valid.len(),
            });
        }
        for ((&e, &r), _) in estimate.iter().zip(reference).zip(valid).filter(|(_, valid)| **valid) {
            self.add(e, r);
        }
        Ok(())
    }

    /// The scores of everything added.
    #[must_use]
    pub fn scores(&self) -> Scores {
        if self.pixels == 0 {
            return Scores::default();
        }
        let n = self.pixels as f64;
        let bias = self.mean_estimate - self.mean_reference;
        // Variance of the difference; rounding may leave it a hair below 0.
        let variance = ((self.squares_estimate + self.squares_reference - 2.0 * self.products) / n).max(0.0);
        let two = self.pixels >= 2;
        // float32 inputs that are all equal have squares of exactly 0 in Welford's form.
        let varies = |squares: f64| two && squares > 0.0;
        Scores {
            urmse: two.then(|| variance.sqrt()),
            bias: Some(bias),
            rmse: Some((variance + bias * bias).sqrt()),
            r: (varies(self.squares_estimate) && varies(self.squares_reference)).then(|| {
                (self.products / (self.squares_estimate.sqrt() * self.squares_reference.sqrt()))
                    .clamp(-1.0, 1.0)
            }),
            slope: varies(self.squares_reference).then(|| self.products / self.squares_reference),
            pixels: self.pixels,
        }
    }
}

/// Scores of several dates: each date's own, all pixels pooled, and the paper's mean over images.
#[derive(Debug, Clone, Default)]
pub struct OverDates {
    pooled: Accumulator,
    images: Vec<Scores>,
}

impl OverDates {
    /// Adds one date's image and returns its own scores.
    ///
    /// # Errors
    /// [`ScoreError::Lengths`]; nothing is added then.
    pub fn add(&mut self, estimate: &[f32], reference: &[f32], valid: &[bool]) -> Result<Scores, ScoreError> {
        let scores = Scores::of(estimate, reference, valid)?;
        self.pooled.add_image(estimate, reference, valid)?;
        self.images.push(scores);
        Ok(scores)
    }

    /// Scores of all pixels of all dates together.
    #[must_use]
    pub fn pooled(&self) -> Scores {
        self.pooled.scores()
    }

    /// Each date's scores, in the order they were added.
    #[must_use]
    pub fn images(&self) -> &[Scores] {
        &self.images
    }

    /// The paper's figure: uRMSE, bias, RMSE and R of each image, averaged over the images that have one. `pixels` is the sum.
    #[must_use]
    pub fn mean_of_images(&self) -> Scores {
        let mean = |get: fn(&Scores) -> Option<f64>| {
            let values: Vec<f64> = self.images.iter().filter_map(get).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Scores {
            urmse: mean(|s| s.urmse),
            bias: mean(|s| s.bias),
            rmse: mean(|s| s.rmse),
            r: mean(|s| s.r),
            slope: mean(|s| s.slope),
            pixels: self.images.iter().map(|s| s.pixels).sum(),
        }
    }

    /// uRMSE of each image that has one: what [`super::bootstrap_mean`] resamples.
    #[must_use]
    pub fn urmse_by_image(&self) -> Vec<f64> {
        self.images.iter().filter_map(|s| s.urmse).collect()
    }
}
