//! SMAP alone, brought to 3 km by interpolation: what a user has without any of this (model.md, section 3, first two rows).

use ease_grid::{EaseWindow, GridError, Raster, resample};

/// SMAP's own cells brought to the region's 3 km cells three ways: (as is, bilinear, bicubic), m3/m3.
///
/// # Errors
/// [`GridError::DifferentGrids`] where the raster is not on the global EASE-Grid.
pub fn of(native: &Raster, region: &EaseWindow) -> Result<[Raster; 3], GridError> {
    Ok([
        resample::nearest(native, region)?,
        resample::bilinear(native, region)?,
        resample::bicubic(native, region)?,
    ])
}
