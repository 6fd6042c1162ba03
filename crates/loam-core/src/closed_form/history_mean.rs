//! Bilinear SMAP plus the mean of the history's known residuals: where it is usually wetter than SMAP says.

use super::{About, ClosedFormError, Given, Made, Needs, SMAP_AND_SENTINEL};

pub(super) const ABOUT: About = About {
    key: "history-mean",
    name: "bilinear SMAP + mean of the history's residuals",
    choice: "History mean: bilinear SMAP plus the mean 3 km pattern",
    needs: Needs::History,
    citations: SMAP_AND_SENTINEL,
};

/// m3/m3, masked where SMAP is. Where no residual is known, bilinear SMAP alone.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    let mean = given.sample.residual_pattern(|known| {
        let sum: f32 = known.iter().sum();
        (!known.is_empty()).then(|| sum / known.len() as f32)
    });
    Ok(given.of_history(given.bilinear()?.plus(&mean)?))
}
