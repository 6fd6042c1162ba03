//! SMAP interpolated bilinearly: what a user has without any of this (model.md, section 3).

use ease_grid::Raster;

use super::{About, ClosedFormError, Given, Needs, SMAP};

pub(super) const ABOUT: About = About {
    key: "bilinear",
    name: "bilinear SMAP",
    choice: "Bilinear: SMAP interpolated",
    needs: Needs::Coarse,
    citations: SMAP,
};

/// m3/m3, masked where SMAP's cells are.
pub(super) fn raster(given: &mut Given<'_>) -> Result<Raster, ClosedFormError> {
    given.bilinear()
}
