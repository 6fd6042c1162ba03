//! The pixel regression: bilinear SMAP plus what each pixel's own past says it misses ([`crate::regression`]).

use ease_grid::{GridError, Raster};

use super::{About, ClosedFormError, Given, Made, Needs, SMAP_AND_SENTINEL};
use crate::estimate::Interval;
use crate::file::FineOrigin;
use crate::regression::interval::NORMAL;

pub(super) const ABOUT: About = About {
    key: "regression",
    name: "pixel regression",
    choice: "Regression: bilinear SMAP plus each pixel's own past",
    needs: Needs::Past,
    citations: SMAP_AND_SENTINEL,
};

/// m3/m3, masked where SMAP is. Bilinear SMAP where there is no earlier 3 km map.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    let window = given.sample.region.window();
    let missing = ClosedFormError::Missing { date: given.date, what: "SMAP on the global EASE-Grid" };
    let bilinear = given.bilinear()?;
    let past =
        given.series.past(given.library, given.date, given.rule)?.filter(|past| past.regression.maps() > 0);
    let Some(past) = past else { return Ok(Made { history: Some(Vec::new()), ..given.of_today(bilinear) }) };
    let smap = given.today.smap_planes(given.date, &window, past.memory)?.ok_or(missing)?;
    let made = past.regression.predict(&smap, past.memory.wetness(&smap, window.columns));
    let width = past.regression.calibration().width(Interval::LEVEL, past.regression.maps(), &NORMAL);
    let mut files = past.files.to_vec();
    files.extend_from_slice(&given.today.files);
    let raster = |values: Vec<f32>| -> Result<Raster, GridError> {
        Raster::new(window.grid(), values, given.sample.coarse.reasons().to_vec())
    };
    let made_here = past.maps.iter().any(|slot| slot.origin == Some(FineOrigin::Disaggregated));
    let (history, simulated) = (past.maps.to_vec(), past.simulated || given.today.simulated);
    let half_width = made.sigma.iter().map(|sigma| sigma * width.sigmas).collect();
    Ok(Made {
        simulated,
        files,
        sensitivity: given.series.sensitivity.filter(|_| made_here).map(|fitted| fitted.beta as f32),
        history: Some(history),
        interval: Some((raster(half_width)?, width)),
        raster: raster(made.estimate)?,
    })
}
