//! Bilinear SMAP plus the mean of the history's known residuals: where it is usually wetter than SMAP says.

use ease_grid::Raster;

use super::{About, ClosedFormError, Given, Needs, SMAP_AND_SENTINEL};

pub(super) const ABOUT: About = About {
    key: "history-mean",
    name: "bilinear SMAP + mean of the history's residuals",
    choice: "History mean: bilinear SMAP plus the mean 3 km pattern",
    needs: Needs::History,
    citations: SMAP_AND_SENTINEL,
};

/// m3/m3, masked where SMAP is. Where no residual is known, bilinear SMAP alone.
pub(super) fn raster(given: &mut Given<'_>) -> Result<Raster, ClosedFormError> {
    let mean = given.sample.residual_pattern(|known| {
        let sum: f32 = known.iter().sum();
        (!known.is_empty()).then(|| sum / known.len() as f32)
    });
    Ok(given.bilinear()?.plus(&mean)?)
}
