//! A grid: coordinate system, placement, shape. Checked once, when it is made.

use serde::{Deserialize, Serialize};

use super::{Crs, GridError};

/// North-up grid of rectangular cells; x grows with the column, y falls with the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Coordinate system of origin and cells.
    pub crs: Crs,
    /// Left edge of column 0, in the system's units (metres or degrees).
    pub origin_x: f64,
    /// Top edge of row 0.
    pub origin_y: f64,
    /// Cell width, > 0.
    pub cell_x: f64,
    /// Cell height, > 0.
    pub cell_y: f64,
    /// Columns, >= 1.
    pub columns: usize,
    /// Rows, >= 1.
    pub rows: usize,
}

impl Grid {
    /// A checked grid.
    ///
    /// # Errors
    /// [`GridError::Degenerate`] for an empty grid or a cell size that is not positive and finite.
    pub fn new(
        crs: Crs,
        origin_x: f64,
        origin_y: f64,
        cell_x: f64,
        cell_y: f64,
        columns: usize,
        rows: usize,
    ) -> Result<Self, GridError> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if positive(cell_x)
            && positive(cell_y)
            && origin_x.is_finite()
            && origin_y.is_finite()
            && columns > 0
            && rows > 0
        {
            Ok(Self { crs, origin_x, origin_y, cell_x, cell_y, columns, rows })
        } else {
            Err(GridError::Degenerate { origin_x, origin_y, cell_x, cell_y, columns, rows })
        }
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Never true for a checked grid.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Projected coordinates of a cell's centre.
    #[must_use]
    pub fn centre(&self, column: usize, row: usize) -> (f64, f64) {
        (
            self.origin_x + (column as f64 + 0.5) * self.cell_x,
            self.origin_y - (row as f64 + 0.5) * self.cell_y,
        )
    }

    /// Fractional (column, row) of projected coordinates; the integer part is the cell.
    #[must_use]
    pub fn index_of(&self, x: f64, y: f64) -> (f64, f64) {
        ((x - self.origin_x) / self.cell_x, (self.origin_y - y) / self.cell_y)
    }

    /// Share (0 to 1) of another grid's area that lies within this one; 0 where the coordinate systems differ.
    #[must_use]
    pub fn share_of(&self, other: &Self) -> f64 {
        if self.crs != other.crs {
            return 0.0;
        }
        let end_x = |g: &Self| g.origin_x + g.cell_x * g.columns as f64;
        let end_y = |g: &Self| g.origin_y - g.cell_y * g.rows as f64;
        let width = end_x(self).min(end_x(other)) - self.origin_x.max(other.origin_x);
        let height = self.origin_y.min(other.origin_y) - end_y(self).max(end_y(other));
        width.max(0.0) * height.max(0.0) / ((end_x(other) - other.origin_x) * (other.origin_y - end_y(other)))
    }
}
