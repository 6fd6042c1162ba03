//! SMEN's estimate of a date of an experiment, and how any map of it scores.

use std::ops::ControlFlow;

use burn::tensor::Device;
use loam_core::score::baselines::Case;
use loam_core::score::{MASS_SHARE, Scores, mass_consistency};
use loam_nn::{Planes, Smen, block_on, predict};

use super::{DateScore, ExperimentError, Gathered};

/// Edge of a tile of the prediction: a region of 100 x 100 whole.
const TILE: usize = 128;

/// SMEN's estimate of a case, m3/m3.
pub(super) fn estimate(smen: &Smen, device: &Device, case: &Case) -> Result<Vec<f32>, ExperimentError> {
    let input = &case.input;
    let planes = Planes {
        columns: input.columns,
        rows: input.rows,
        coarse_input: input.coarse.clone(),
        residuals: input.residuals.clone(),
    };
    let whole = block_on(predict(smen, device, &planes, TILE, async |_, _| ControlFlow::Continue(())))?;
    Ok(input.in_region(&whole))
}

/// A map where SMAP saw something; NaN elsewhere.
pub(super) fn masked(map: &[f32], case: &Case) -> Vec<f32> {
    map.iter().zip(&case.bilinear).map(|(v, seen)| if seen.is_finite() { *v } else { f32::NAN }).collect()
}

/// The pixels that count and have a disaggregated value; none where there are fewer than two.
pub(super) fn where_disaggregated(case: &Case) -> Option<Vec<bool>> {
    let map = case.disaggregated.as_ref()?;
    let pixels: Vec<bool> = case.scored.iter().zip(map).map(|(s, v)| *s && v.is_finite()).collect();
    (pixels.iter().filter(|p| **p).count() >= 2).then_some(pixels)
}

/// A map's score on a date, over the pixels given.
pub(super) fn score(
    gathered: &Gathered,
    case: &Case,
    map: &[f32],
    pixels: &[bool],
) -> Result<Option<DateScore>, ExperimentError> {
    let scores = Scores::of(map, &case.target, pixels)?;
    let (Some(urmse), Some(rmse), Some(bias)) = (scores.urmse, scores.rmse, scores.bias) else {
        return Ok(None);
    };
    // Block means over the same pixels for every method: the forest and the LSTM have no others.
    let on = |values: &[f32]| {
        values.iter().zip(pixels).map(|(v, p)| if *p { *v } else { f32::NAN }).collect::<Vec<f32>>()
    };
    let (map, coarse) = (gathered.raster(&on(map))?, gathered.raster(&on(&case.coarse))?);
    let mass = mass_consistency(&map, &coarse, MASS_SHARE)?.scores.urmse;
    Ok(Some(DateScore { date: case.date, urmse, rmse, bias, r: scores.r, mass, pixels: scores.pixels }))
}
