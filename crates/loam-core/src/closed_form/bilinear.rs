//! SMAP interpolated bilinearly: what a user has without any of this (model.md, section 3).

use super::{About, ClosedFormError, Given, Made, Needs, SMAP};

pub(super) const ABOUT: About = About {
    key: "bilinear",
    name: "bilinear SMAP",
    choice: "Bilinear: SMAP interpolated",
    needs: Needs::Coarse,
    citations: SMAP,
};

/// m3/m3, masked where SMAP's cells are.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    Ok(given.of_today(given.bilinear()?))
}
