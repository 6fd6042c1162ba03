//! Rows of a map in an array, from north to south whichever way they are stored, a slab at a time.

use std::ops::Range;

use crate::arrays::layer::{Layer, Placed};
use crate::arrays::place::Placement;
use crate::{Granule, ReadError, ReadOptions, Variable};
use ease_grid::{Grid, Reason};

/// Gets every row of a slab: its number, values, reasons.
pub(crate) type RowVisitor<'a> = dyn FnMut(usize, &[f64], &[Reason]) + 'a;

/// A map in an array.
pub(crate) struct MapRows {
    layer: Layer,
    /// The axis of its rows; that of its columns comes next.
    row_axis: usize,
    /// Index on the first axis, of an array of several days.
    step: Option<u64>,
    /// Rows are stored from south to north, of so many in all.
    turned: Option<usize>,
}

impl MapRows {
    pub(super) fn new(layer: Layer, row_axis: usize, step: Option<u64>, south_up: bool) -> Self {
        let rows = layer.value.shape.get(row_axis).map_or(0, |n| *n as usize);
        Self { layer, row_axis, step, turned: south_up.then_some(rows) }
    }

    /// A variable's map with its grid; `None` for a list of cells.
    ///
    /// # Errors
    /// As [`Granule::read`].
    pub(crate) fn open(
        granule: &Granule,
        variable: &Variable,
        options: &ReadOptions,
    ) -> Result<Option<(Grid, Self)>, ReadError> {
        let Placed { layer, placement, leading } = Placed::open(granule, variable, options)?;
        Ok(match placement {
            Placement::Map { grid, row_axis, south_up, .. } => {
                Some((grid, Self::new(layer, leading + row_axis, variable.step, south_up)))
            }
            Placement::List { .. } => None,
        })
    }

    /// Pieces of rows to read at a time, `width` columns of each.
    pub(crate) fn slabs(&self, rows: &Range<usize>, width: usize) -> Vec<Range<usize>> {
        let stored = self.stored(rows);
        let slabs =
            self.layer.value.slabs(self.row_axis, stored.start as u64..stored.end as u64, width as u64);
        slabs.into_iter().map(|slab| self.stored(&(slab.start as usize..slab.end as usize))).collect()
    }

    /// Reads rows of some columns.
    ///
    /// # Errors
    /// [`ReadError::Dataset`] for damaged or undecodable data.
    pub(crate) fn read(
        &self,
        rows: &Range<usize>,
        columns: &Range<usize>,
        each: &mut RowVisitor<'_>,
    ) -> Result<(), ReadError> {
        let stored = self.stored(rows);
        // Of an extra axis the first layer.
        let mut ranges = vec![0..1; self.layer.value.shape.len()];
        if let (Some(step), true) = (self.step, self.row_axis > 0) {
            ranges[0] = step..step + 1;
        }
        ranges[self.row_axis] = stored.start as u64..stored.end as u64;
        ranges[self.row_axis + 1] = columns.start as u64..columns.end as u64;
        let (values, reasons) = self.layer.screened(&ranges)?;
        let width = columns.len().max(1);
        for (i, (v, r)) in values.chunks_exact(width).zip(reasons.chunks_exact(width)).enumerate() {
            let row = stored.start + i;
            each(self.turned.map_or(row, |n| n - 1 - row), v, r);
        }
        Ok(())
    }

    /// Rows as they are stored, or as they lie: either way round it is the same step.
    fn stored(&self, rows: &Range<usize>) -> Range<usize> {
        self.turned.map_or(rows.clone(), |n| n - rows.end..n - rows.start)
    }
}
