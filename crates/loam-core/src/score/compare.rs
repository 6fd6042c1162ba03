//! Several estimates against one reference, on the same pixels.

use super::{ScoreError, Scores};
use crate::method::Method;
use crate::score::{ScoreReport, ScoreRow};
use ease_grid::{Raster, Reason};

/// True where the reference and every estimate have a value.
fn common(reference: &Raster, estimates: &[(&str, &Raster)]) -> Result<Vec<bool>, ScoreError> {
    let mut valid: Vec<bool> = reference.reasons().iter().map(|r| *r == Reason::Valid).collect();
    for (name, estimate) in estimates {
        if estimate.grid() != reference.grid() {
            return Err(ScoreError::DifferentGrids { name: (*name).to_owned() });
        }
        for (valid, reason) in valid.iter_mut().zip(estimate.reasons()) {
            *valid &= *reason == Reason::Valid;
        }
    }
    Ok(valid)
}

/// Scores of each estimate, over the pixels where the reference and **every** estimate exist, with the mask used.
///
/// # Errors
/// [`ScoreError::DifferentGrids`] naming the estimate that does not share the reference's grid.
pub fn scores_on(
    reference: &Raster,
    estimates: &[(&str, &Raster)],
) -> Result<(Vec<Scores>, Vec<bool>), ScoreError> {
    let valid = common(reference, estimates)?;
    let scores = estimates
        .iter()
        .map(|(_, e)| Scores::of(e.values(), reference.values(), &valid))
        .collect::<Result<_, _>>()?;
    Ok((scores, valid))
}

/// As [`scores_on`], as reports of a method's channel in the order given.
///
/// # Errors
/// As [`scores_on`].
pub fn compare(
    reference: &Raster,
    method: impl Into<Method>,
    channel: u8,
    estimates: &[(ScoreRow, &Raster)],
) -> Result<Vec<ScoreReport>, ScoreError> {
    let method = method.into();
    let named: Vec<(&str, &Raster)> = estimates.iter().map(|(_, raster)| ("an estimate", *raster)).collect();
    let (scores, _) = scores_on(reference, &named)?;
    Ok(scores.iter().zip(estimates).map(|(scores, (row, _))| scores.report(method, *row, channel)).collect())
}
