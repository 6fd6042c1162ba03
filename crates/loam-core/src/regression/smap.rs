//! What SMAP saw of a day, without gaps.

use ease_grid::{EaseWindow, GridError, Raster, resample};

use crate::stack::nearest_valid;

/// SMAP of a day on a region's 3 km cells, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct SmapPlanes {
    /// SMAP saw the cell.
    pub seen: Vec<bool>,
    /// Each cell holds the value of the 36 km cell it lies in; gaps hold the nearest valid one. I.
    pub as_is: Vec<f32>,
    /// Interpolated bilinearly; gaps hold the nearest valid value. B.
    pub bilinear: Vec<f32>,
}

impl SmapPlanes {
    /// From SMAP on the 3 km cells and on its own; `None` where it saw nothing.
    ///
    /// # Errors
    /// [`GridError`] where the rasters do not lie on the global EASE-Grid.
    pub fn of(coarse: &Raster, native: &Raster, window: &EaseWindow) -> Result<Option<Self>, GridError> {
        let seen: Vec<bool> = coarse.values().iter().map(|v| v.is_finite()).collect();
        let mut as_is = coarse.values().to_vec();
        let mut bilinear = resample::bilinear(native, window)?.values().to_vec();
        let filled =
            nearest_valid(&mut as_is, window.columns) && nearest_valid(&mut bilinear, window.columns);
        Ok(filled.then_some(Self { seen, as_is, bilinear }))
    }
}
