//! Persistence: the last 3 km map, moved by what SMAP changed since (model.md, section 3).

use super::{Case, HISTORY};
use crate::score::ScoreError;
use ease_grid::{Raster, Reason};

/// Persistence (model.md, section 3): the last 3 km map plus what SMAP changed since, J(t') + (I(t) - I(t')). m3/m3.
///
/// `fine_then` is the last 3 km map, `coarse_then` and `coarse_now` SMAP laid on the same grid at its date and now. A cell is masked
/// where one of the three is, for the reason of the first of (coarse now, fine then, coarse then) that is. Values are not clipped.
///
/// # Errors
/// [`ScoreError::DifferentGrids`] where the three do not share a grid.
pub fn persistence(
    fine_then: &Raster,
    coarse_then: &Raster,
    coarse_now: &Raster,
) -> Result<Raster, ScoreError> {
    for (name, raster) in
        [("SMAP of the last 3 km map's date", coarse_then), ("SMAP of the date", coarse_now)]
    {
        if raster.grid() != fine_then.grid() {
            return Err(ScoreError::DifferentGrids { name: name.into() });
        }
    }
    let (values, reasons) = fine_then
        .values()
        .iter()
        .zip(coarse_then.values())
        .zip(coarse_now.values())
        .zip(coarse_now.reasons().iter().zip(fine_then.reasons()).zip(coarse_then.reasons()))
        .map(|(((fine, then), now), ((a, b), c))| {
            let reason = [*a, *b, *c].into_iter().find(|r| *r != Reason::Valid).unwrap_or(Reason::Valid);
            (fine + (now - then), reason)
        })
        .unzip();
    Ok(Raster::new(fine_then.grid().clone(), values, reasons)?)
}

/// Persistence on every pixel: SMAP as it is today plus the latest known residual of the history dates, J(t') + (I(t) - I(t')); SMAP
/// alone where no residual is known. m3/m3. The same pixels as every other baseline, where [`persistence`] has holes.
#[must_use]
pub fn last_known(case: &Case) -> Vec<f32> {
    let latest = |pixel: usize| (0..HISTORY).rev().find_map(|n| case.residual(n, pixel)).unwrap_or(0.0);
    case.coarse.iter().enumerate().map(|(pixel, coarse)| coarse + latest(pixel)).collect()
}
