//! Rectangles of cells of the global EASE-Grid, and which grids are one.

use serde::{Deserialize, Serialize};

use super::ease2::{Resolution, X0, Y0, fractional_index, inverse};
use super::{Crs, Grid, GridError};

/// How far (in cells) a rounded origin may lie from the EASE-Grid and still be snapped to it. HEG writes origins in whole metres
/// and the pixel size with 9 digits: below 1 m over the globe, i.e. under 0.001 of a 1 km cell.
const SNAP_CELLS: f64 = 0.02;

/// A rectangle of cells of one of the global grids. Row 0 is the northernmost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EaseWindow {
    /// Which grid.
    pub resolution: Resolution,
    /// Westernmost column.
    pub first_column: usize,
    /// Northernmost row.
    pub first_row: usize,
    /// Columns, at least 1.
    pub columns: usize,
    /// Rows, at least 1.
    pub rows: usize,
}

impl EaseWindow {
    /// A window, checked to lie on the global grid.
    ///
    /// # Errors
    /// [`GridError::OutsideGlobe`] where it does not, or is empty.
    pub fn new(
        resolution: Resolution,
        first_column: i64,
        first_row: i64,
        columns: usize,
        rows: usize,
    ) -> Result<Self, GridError> {
        let outside = GridError::OutsideGlobe {
            grid: resolution.name(),
            first_column,
            first_row,
            columns,
            rows,
            grid_columns: resolution.columns(),
            grid_rows: resolution.rows(),
        };
        let (Ok(first_column), Ok(first_row)) = (usize::try_from(first_column), usize::try_from(first_row))
        else {
            return Err(outside);
        };
        let fits = |first: usize, count: usize, all: usize| {
            count >= 1 && first.checked_add(count).is_some_and(|end| end <= all)
        };
        if fits(first_column, columns, resolution.columns()) && fits(first_row, rows, resolution.rows()) {
            Ok(Self { resolution, first_column, first_row, columns, rows })
        } else {
            Err(outside)
        }
    }

    /// The whole globe.
    #[must_use]
    pub const fn global(resolution: Resolution) -> Self {
        Self {
            resolution,
            first_column: 0,
            first_row: 0,
            columns: resolution.columns(),
            rows: resolution.rows(),
        }
    }

    /// `columns` x `rows` cells around a place: starts at column floor(col) - columns/2 and row floor(row) - rows/2 (integer halves).
    ///
    /// # Errors
    /// [`GridError::NotOnGlobe`] or [`GridError::OutsideGlobe`].
    pub fn around(
        resolution: Resolution,
        longitude: f64,
        latitude: f64,
        columns: usize,
        rows: usize,
    ) -> Result<Self, GridError> {
        let on_globe =
            (-180.0..=180.0).contains(&longitude) && (-85.044_566_4..=85.044_566_4).contains(&latitude);
        if !on_globe {
            return Err(GridError::NotOnGlobe { longitude, latitude });
        }
        let (column, row) = fractional_index(resolution, longitude, latitude);
        Self::new(
            resolution,
            column.floor() as i64 - (columns / 2) as i64,
            row.floor() as i64 - (rows / 2) as i64,
            columns,
            rows,
        )
    }

    /// Number of cells.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Never: a window has at least one cell. Here for the sake of the convention that `len` has a partner.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells both windows hold; `None` where they share none or lie on different grids.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self.resolution != other.resolution {
            return None;
        }
        let left = self.first_column.max(other.first_column);
        let top = self.first_row.max(other.first_row);
        let right = (self.first_column + self.columns).min(other.first_column + other.columns);
        let bottom = (self.first_row + self.rows).min(other.first_row + other.rows);
        (left < right && top < bottom).then(|| Self {
            resolution: self.resolution,
            first_column: left,
            first_row: top,
            columns: right - left,
            rows: bottom - top,
        })
    }

    /// The smallest window of another grid that covers this one.
    #[must_use]
    pub fn covering(&self, resolution: Resolution) -> Self {
        let (here, there) = (self.resolution.per_36km(), resolution.per_36km());
        let first = |index: usize| index * there / here;
        let end = |index: usize| (index * there).div_ceil(here);
        let (first_column, first_row) = (first(self.first_column), first(self.first_row));
        Self {
            resolution,
            first_column,
            first_row,
            columns: end(self.first_column + self.columns) - first_column,
            rows: end(self.first_row + self.rows) - first_row,
        }
    }

    /// The window as a [`Grid`] in EPSG:6933.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let s = self.resolution.cell_m();
        Grid {
            crs: Crs::Ease2Global,
            origin_x: X0 + self.first_column as f64 * s,
            origin_y: Y0 - self.first_row as f64 * s,
            cell_x: s,
            cell_y: s,
            columns: self.columns,
            rows: self.rows,
        }
    }

    /// Longitude and latitude of the centre of the cell at (column, row) of the window.
    #[must_use]
    pub fn lonlat(&self, column: usize, row: usize) -> (f64, f64) {
        let s = self.resolution.cell_m();
        inverse(
            X0 + ((self.first_column + column) as f64 + 0.5) * s,
            Y0 - ((self.first_row + row) as f64 + 0.5) * s,
        )
    }
}

impl Grid {
    /// The EASE-Grid 2.0 window this grid is, if it is one: same cells, within the rounding that real files carry.
    /// `None` for any other system and for grids that merely look alike.
    #[must_use]
    pub fn ease_window(&self) -> Option<EaseWindow> {
        if self.crs != Crs::Ease2Global {
            return None;
        }
        Resolution::ALL.into_iter().find_map(|resolution| {
            let s = resolution.cell_m();
            let near = |cell: f64, count: usize| ((cell - s) / s * count as f64).abs() < SNAP_CELLS;
            if !(near(self.cell_x, self.columns) && near(self.cell_y, self.rows)) {
                return None;
            }
            let column = (self.origin_x - X0) / s;
            let row = (Y0 - self.origin_y) / s;
            let whole = |v: f64| (v - v.round()).abs() < SNAP_CELLS;
            if !(whole(column) && whole(row)) {
                return None;
            }
            EaseWindow::new(resolution, column.round() as i64, row.round() as i64, self.columns, self.rows)
                .ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_placed_with_integer_halves() -> Result<(), GridError> {
        let w = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100)?;
        assert_eq!((w.first_column, w.first_row), (2600, 971));
        let w = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 9, 11)?;
        assert_eq!((w.first_column, w.first_row), (2646, 1016));
        assert!(EaseWindow::around(Resolution::M03, -179.99, 0.0, 100, 100).is_err());
        assert!(EaseWindow::around(Resolution::M03, f64::NAN, 0.0, 100, 100).is_err());
        Ok(())
    }

    #[test]
    fn covering_holds_every_cell() -> Result<(), GridError> {
        let w = EaseWindow::new(Resolution::M03, 23, 12, 26, 12)?;
        let c = w.covering(Resolution::M36);
        assert_eq!((c.first_column, c.first_row, c.columns, c.rows), (1, 1, 4, 1));
        let f = c.covering(Resolution::M03);
        assert_eq!((f.first_column, f.first_row, f.columns, f.rows), (12, 12, 48, 12));
        Ok(())
    }
}
