//! What SMAP saw of a day, without gaps.

use ease_grid::{EaseWindow, GridError, Raster, nearest_valid, resample};
use jiff::civil::Date;

use super::filter::{Looks, SmapFilter};

/// SMAP of a day on a region's 3 km cells, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct SmapPlanes {
    /// SMAP saw the cell.
    pub seen: Vec<bool>,
    /// Each cell holds the value of the 36 km cell it lies in; gaps hold the nearest valid one. I.
    pub as_is: Vec<f32>,
    /// Interpolated bilinearly; gaps hold the nearest valid value. B.
    pub bilinear: Vec<f32>,
    /// What SMAP's days so far, this one among them, come to ([`super::filter`]); interpolated as B is. F.
    pub filtered: Vec<f32>,
    /// The filter with this day in it.
    pub filter: SmapFilter,
}

impl SmapPlanes {
    /// From SMAP on the 3 km cells and on its own, with the filter of the days before; `None` where SMAP saw nothing.
    ///
    /// # Errors
    /// [`GridError`] where the rasters do not lie on the global EASE-Grid.
    pub fn of(
        date: Date,
        coarse: &Raster,
        looks: &Looks<'_>,
        window: &EaseWindow,
        mut filter: SmapFilter,
    ) -> Result<Option<Self>, GridError> {
        let seen: Vec<bool> = coarse.values().iter().map(|v| v.is_finite()).collect();
        let mut as_is = coarse.values().to_vec();
        if !nearest_valid(&mut as_is, window.columns) {
            return Ok(None);
        }
        let (first, after) = (bilinear(looks.first, window)?, bilinear(&filter.add(date, looks)?, window)?);
        let (Some(bilinear), Some(filtered)) = (first, after) else { return Ok(None) };
        Ok(Some(Self { seen, as_is, bilinear, filtered, filter }))
    }
}

/// Interpolated to a region's cells, gaps filled with the nearest value; `None` where there is none.
pub(super) fn bilinear(raster: &Raster, window: &EaseWindow) -> Result<Option<Vec<f32>>, GridError> {
    let (_, mut plane, _) = resample::bilinear(raster, window)?.into_parts();
    Ok(nearest_valid(&mut plane, window.columns).then_some(plane))
}
