//! Pixels and statistics of arrays on their own grids.

use std::ops::Range;

use crate::arrays::file::{File, too_large};
use crate::arrays::layer::{Layer, Placed};
use crate::arrays::place::{Placement, check_cells};
use crate::arrays::rows::MapRows;
use crate::{Granule, ReadError, ReadOptions, Variable};
use ease_grid::{EaseWindow, Grid, GridError, Raster, Reason, Statistics};

/// Elements a statistics pass looks at: more than twice the global 3 km grid.
const LARGEST_SCAN: u64 = 128 << 20;
/// Elements of a 1-D list.
const LARGEST_LIST: usize = 16 << 20;

fn variable(granule: &Granule, index: usize) -> Result<&Variable, ReadError> {
    granule.variables.get(index).ok_or(ReadError::NoSuchVariable { index, count: granule.variables.len() })
}

/// See [`Granule::read`].
pub(crate) fn read(
    granule: &Granule,
    index: usize,
    options: &ReadOptions,
    window: Option<&EaseWindow>,
) -> Result<Raster, ReadError> {
    let variable = variable(granule, index)?;
    let Placed { layer, placement, leading } = Placed::open(granule, variable, options)?;
    // Where the file's part begins in the raster asked for, and which part of the file that is.
    let target = Target::new(&placement, window)?;
    check_cells(&variable.path, target.grid.len())?;
    match &placement {
        Placement::Map { row_axis, south_up, .. } => {
            read_map(&MapRows::new(layer, leading + row_axis, variable.step, *south_up), &target)
        }
        Placement::List { cells, .. } => read_list(&layer, &target, cells),
    }
}

/// The raster to fill, and the box of file cells that goes into it.
struct Target {
    grid: Grid,
    /// Rows and columns of the file.
    rows: Range<usize>,
    columns: Range<usize>,
    /// Raster cell of the box's first cell.
    row: usize,
    column: usize,
}

impl Target {
    fn new(placement: &Placement, wanted: Option<&EaseWindow>) -> Result<Self, ReadError> {
        let whole = placement.grid();
        let (Some(here), Some(wanted)) = (placement.window(), wanted) else {
            return Ok(Self {
                grid: whole.clone(),
                rows: 0..whole.rows,
                columns: 0..whole.columns,
                row: 0,
                column: 0,
            });
        };
        if here.resolution != wanted.resolution {
            return Err(GridError::DifferentGrids.into());
        }
        let Some(common) = here.intersection(wanted) else {
            return Ok(Self { grid: wanted.grid(), rows: 0..0, columns: 0..0, row: 0, column: 0 });
        };
        let (row, column) = (common.first_row - here.first_row, common.first_column - here.first_column);
        Ok(Self {
            grid: wanted.grid(),
            rows: row..row + common.rows,
            columns: column..column + common.columns,
            row: common.first_row - wanted.first_row,
            column: common.first_column - wanted.first_column,
        })
    }

    fn empty(&self) -> (Vec<f32>, Vec<Reason>) {
        (vec![f32::NAN; self.grid.len()], vec![Reason::OutsideFile; self.grid.len()])
    }
}

/// Reads a map slab by slab.
fn read_map(map: &MapRows, target: &Target) -> Result<Raster, ReadError> {
    let (mut values, mut reasons) = target.empty();
    let width = target.columns.len();
    for rows in map.slabs(&target.rows, width) {
        map.read(&rows, &target.columns, &mut |row, v, r| {
            let at = (target.row + row - target.rows.start) * target.grid.columns + target.column;
            for (to, from) in values[at..at + width].iter_mut().zip(v) {
                *to = *from as f32;
            }
            reasons[at..at + width].copy_from_slice(r);
        })?;
    }
    Ok(Raster::new(target.grid.clone(), values, reasons)?)
}

/// A 1-D list: cells of the half orbit's bounding box that no element names were not observed; of several elements in one cell the
/// valid ones are averaged.
fn read_list(layer: &Layer, target: &Target, cells: &[Option<(u32, u32)>]) -> Result<Raster, ReadError> {
    if cells.len() > LARGEST_LIST {
        return Err(too_large(&layer.value.path, cells.len() as u64 * 8, LARGEST_LIST as u64 * 8));
    }
    let (list_values, list_reasons) = layer.screened(std::slice::from_ref(&(0..cells.len() as u64)))?;
    let (mut values, mut reasons) = target.empty();
    for row in 0..target.rows.len() {
        let at = (target.row + row) * target.grid.columns + target.column;
        reasons[at..at + target.columns.len()].fill(Reason::NotObserved);
    }
    let mut valid: Vec<(usize, f64)> = Vec::new();
    for ((cell, value), reason) in cells.iter().zip(&list_values).zip(&list_reasons) {
        let Some((column, row)) = cell.map(|(c, r)| (c as usize, r as usize)) else { continue };
        if !target.rows.contains(&row) || !target.columns.contains(&column) {
            continue;
        }
        let at = (target.row + row - target.rows.start) * target.grid.columns + target.column + column
            - target.columns.start;
        if *reason == Reason::Valid {
            valid.push((at, *value));
        } else if reasons[at] == Reason::NotObserved {
            reasons[at] = *reason;
        }
    }
    valid.sort_by_key(|(at, _)| *at);
    for same in valid.chunk_by(|a, b| a.0 == b.0) {
        let at = same[0].0;
        values[at] = (same.iter().map(|(_, v)| v).sum::<f64>() / same.len() as f64) as f32;
        reasons[at] = Reason::Valid;
    }
    Ok(Raster::new(target.grid.clone(), values, reasons)?)
}

/// See [`Granule::variable_statistics`].
pub(crate) fn statistics(
    granule: &Granule,
    index: usize,
    options: &ReadOptions,
) -> Result<Statistics, ReadError> {
    let variable = variable(granule, index)?;
    let file = File::open(&granule.source)?;
    let layer = Layer::open(&file, granule, variable, options)?;
    let steps = variable.step.and(layer.value.shape.first().copied()).unwrap_or(1).max(1);
    let elements = layer.value.elements() / steps;
    if elements > LARGEST_SCAN {
        return Err(too_large(&variable.path, elements.saturating_mul(8), LARGEST_SCAN * 8));
    }
    let (mut valid, mut sum, mut min, mut max) = (0usize, 0f64, f64::INFINITY, f64::NEG_INFINITY);
    let mut add = |values: &[f64], reasons: &[Reason]| {
        for (&value, _) in values.iter().zip(reasons).filter(|(_, r)| **r == Reason::Valid) {
            valid += 1;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
    };
    let shape = &layer.value.shape;
    match shape.split_first() {
        // Nothing to read: a length of 0 stands beside others that may be anything.
        _ if layer.value.elements() == 0 => {}
        None => {
            let (values, reasons) = layer.screened(&[])?;
            add(&values, &reasons);
        }
        Some((&rows, rest)) => {
            let per_row = rest.iter().product::<u64>();
            let rows = variable.step.map_or(0..rows, |step| step..step + 1);
            for slab in layer.value.slabs(0, rows, per_row) {
                let ranges: Vec<Range<u64>> =
                    std::iter::once(slab).chain(rest.iter().map(|&d| 0..d)).collect();
                let (values, reasons) = layer.screened(&ranges)?;
                add(&values, &reasons);
            }
        }
    }
    let some = |v: f64| (valid > 0).then_some(v);
    Ok(Statistics {
        valid,
        cells: usize::try_from(elements).unwrap_or(usize::MAX),
        min: some(min),
        max: some(max),
        mean: some(sum / valid.max(1) as f64),
    })
}
