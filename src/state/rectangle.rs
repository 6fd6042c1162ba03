//! A region drawn on a map: a rectangle of cells between two corners.

use super::cursor::Cell;
use ease_grid::{EaseWindow, GridError};
use loam_core::stack::Region;

/// Two opposite corners, cells of a map's window; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rectangle {
    /// Where drawing began.
    pub from: Cell,
    /// Where it is now.
    pub to: Cell,
}

impl Rectangle {
    /// One cell.
    #[must_use]
    pub fn at(cell: Cell) -> Self {
        Self { from: cell, to: cell }
    }

    /// The cells it holds, of the grid that the map's window lies in.
    #[must_use]
    pub fn within(&self, window: &EaseWindow) -> EaseWindow {
        let (left, right) = (self.from.column.min(self.to.column), self.from.column.max(self.to.column));
        let (top, bottom) = (self.from.row.min(self.to.row), self.from.row.max(self.to.row));
        EaseWindow {
            resolution: window.resolution,
            first_column: window.first_column + left,
            first_row: window.first_row + top,
            columns: right - left + 1,
            rows: bottom - top + 1,
        }
    }

    /// As a region.
    ///
    /// # Errors
    /// [`GridError::TooSmall`] below 9 x 9 cells.
    pub fn region(&self, window: &EaseWindow) -> Result<Region, GridError> {
        Region::new(self.within(window))
    }
}

/// Its size, for the read-out while it is drawn.
#[must_use]
pub fn size_text(window: &EaseWindow) -> String {
    let km = |cells: usize| cells as f64 * window.resolution.cell_m() / 1000.0;
    format!(
        "{} × {} cells ({:.0} × {:.0} km)",
        window.columns,
        window.rows,
        km(window.columns),
        km(window.rows)
    )
}
