//! SMAP interpolated bicubically (model.md, section 3).

use ease_grid::resample;

use super::{About, ClosedFormError, Given, Made, Needs, SMAP};

pub(super) const ABOUT: About = About {
    key: "bicubic",
    name: "bicubic SMAP",
    choice: "Bicubic: SMAP interpolated",
    needs: Needs::Coarse,
    citations: SMAP,
};

/// m3/m3, masked where SMAP's cells are.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    Ok(given.of_today(resample::bicubic(given.native()?, &given.sample.region.window())?))
}
