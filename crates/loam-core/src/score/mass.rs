//! Mass consistency: does the 3 km estimate average to what SMAP saw (model.md, section 4)?

use ease_grid::{Raster, Reason, Resolution};
use serde::{Deserialize, Serialize};

use super::{Accumulator, ScoreError, Scores};

/// Least share of a 36 km cell that must be known to count in a score: less says little of the cell's mean.
pub const MASS_SHARE: f64 = 0.5;

/// One 36 km cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MassCell {
    /// Column of the global 36 km EASE-Grid.
    pub column: usize,
    /// Row of it.
    pub row: usize,
    /// Mean of the estimate over the cell's pixels, m3/m3.
    pub estimate: f64,
    /// Mean of SMAP over the same pixels, m3/m3.
    pub coarse: f64,
    /// Share of the 36 km cell that these pixels are (0..1): the region's edge cuts cells, masks remove pixels.
    pub share: f64,
}

/// All 36 km cells of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MassConsistency {
    /// Cells that count, row by row.
    pub cells: Vec<MassCell>,
    /// Block means of the estimate against SMAP, cells as pixels.
    pub scores: Scores,
}

/// Mass consistency: the means of an estimate over 36 km cells, against SMAP's own values there (model.md, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MassReport {
    /// Root mean square difference, m3/m3.
    pub rmse: f64,
    /// Mean difference, m3/m3.
    pub bias: f64,
    /// 36 km cells of which at least half is known.
    pub cells: usize,
}

impl MassReport {
    /// Of an estimate against SMAP on the same cells; `None` where no 36 km cell is known well enough ([`MASS_SHARE`]).
    ///
    /// # Errors
    /// As [`mass_consistency`].
    pub fn of(estimate: &Raster, coarse: &Raster) -> Result<Option<Self>, ScoreError> {
        let consistency = mass_consistency(estimate, coarse, MASS_SHARE)?;
        let Scores { rmse, bias, .. } = consistency.scores;
        Ok(rmse.zip(bias).map(|(rmse, bias)| Self { rmse, bias, cells: consistency.cells.len() }))
    }
}

/// Block means of `estimate` against `coarse`, SMAP laid on the same EASE-Grid cells, over the pixels where both exist. Cells of which
/// less than `smallest_share` (0..1) is known are left out.
///
/// # Errors
/// [`ScoreError::DifferentGrids`], or [`ScoreError::NoBlocks`] off the EASE-Grid.
pub fn mass_consistency(
    estimate: &Raster,
    coarse: &Raster,
    smallest_share: f64,
) -> Result<MassConsistency, ScoreError> {
    if estimate.grid() != coarse.grid() {
        return Err(ScoreError::DifferentGrids { name: "the estimate".into() });
    }
    let window = estimate.grid().ease_window().ok_or(ScoreError::NoBlocks)?;
    let blocks = window.covering(Resolution::M36);
    let per_block = window.resolution.per_36km();
    let mut sums = vec![(0f64, 0f64, 0usize); blocks.len()];
    for (i, (e, c)) in estimate.values().iter().zip(coarse.values()).enumerate() {
        let valid = [estimate, coarse].iter().all(|raster| raster.reasons().get(i) == Some(&Reason::Valid));
        let column = (window.first_column + i % window.columns) / per_block - blocks.first_column;
        let row = (window.first_row + i / window.columns) / per_block - blocks.first_row;
        if let Some(sum) = sums.get_mut(row * blocks.columns + column).filter(|_| valid) {
            sum.0 += f64::from(*e);
            sum.1 += f64::from(*c);
            sum.2 += 1;
        }
    }
    let mut scores = Accumulator::default();
    let mut cells = Vec::new();
    for (i, (estimate, coarse, pixels)) in sums.into_iter().enumerate() {
        let share = pixels as f64 / (per_block * per_block) as f64;
        if pixels == 0 || share < smallest_share {
            continue;
        }
        let (estimate, coarse) = (estimate / pixels as f64, coarse / pixels as f64);
        scores.add(estimate as f32, coarse as f32);
        cells.push(MassCell {
            column: blocks.first_column + i % blocks.columns,
            row: blocks.first_row + i / blocks.columns,
            estimate,
            coarse,
            share,
        });
    }
    Ok(MassConsistency { cells, scores: scores.scores() })
}

/// The estimate with each 36 km block shifted so that its mean agrees with SMAP's over the pixels where both exist: the optional
/// correction of model.md, section 4. Blocks without such a pixel stay as they are. It takes SMAP's noise over into every block, and
/// leaves steps at their edges.
///
/// # Errors
/// As [`mass_consistency`].
pub fn mass_corrected(estimate: &Raster, coarse: &Raster) -> Result<Raster, ScoreError> {
    let consistency = mass_consistency(estimate, coarse, 0.0)?;
    let window = estimate.grid().ease_window().ok_or(ScoreError::NoBlocks)?;
    let per_block = window.resolution.per_36km();
    let shifts: std::collections::HashMap<(usize, usize), f64> =
        consistency.cells.iter().map(|cell| ((cell.column, cell.row), cell.coarse - cell.estimate)).collect();
    let (grid, mut values, reasons) = estimate.clone().into_parts();
    for (i, value) in values.iter_mut().enumerate() {
        let block = (
            (window.first_column + i % window.columns) / per_block,
            (window.first_row + i / window.columns) / per_block,
        );
        if let Some(shift) = shifts.get(&block) {
            *value += *shift as f32;
        }
    }
    Ok(Raster::new(grid, values, reasons)?)
}
