//! Where the user is, as their device says, and the region around it.

use super::cursor::Cell;
use ease_grid::ease2::fractional_index;
use ease_grid::{EaseWindow, Resolution};

/// Cells along an edge of a region around the user.
const EDGE: usize = 100;

/// A place on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Degrees.
    pub longitude: f64,
    /// Degrees.
    pub latitude: f64,
    /// How far off it may be, metres.
    pub within: f64,
}

impl Position {
    /// Column and row in 3 km cells from the corner of the global grid.
    #[must_use]
    pub fn place(self) -> (f64, f64) {
        fractional_index(Resolution::M03, self.longitude, self.latitude)
    }

    /// Its cell in a window of 3 km cells; `None` outside.
    #[must_use]
    pub fn cell(self, window: &EaseWindow) -> Option<Cell> {
        let (column, row) = self.place();
        let (column, row) = (column - window.first_column as f64, row - window.first_row as f64);
        let inside =
            (0.0..window.columns as f64).contains(&column) && (0.0..window.rows as f64).contains(&row);
        inside.then_some(Cell { column: column as usize, row: row as usize })
    }

    /// A region around it, inside the globe.
    #[must_use]
    pub fn region(self) -> EaseWindow {
        let globe = EaseWindow::global(Resolution::M03);
        let from = |at: f64, all: usize| (at as usize).saturating_sub(EDGE / 2).min(all - EDGE);
        let (column, row) = self.place();
        let (first_column, first_row) = (from(column, globe.columns), from(row, globe.rows));
        EaseWindow { first_column, first_row, columns: EDGE, rows: EDGE, ..globe }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(longitude: f64, latitude: f64) -> Position {
        Position { longitude, latitude, within: 10.0 }
    }

    #[test]
    fn a_place_lies_in_the_cell_whose_middle_is_nearest() {
        let window = EaseWindow::new(Resolution::M03, 2660, 1010, 100, 100).unwrap();
        for (column, row) in [(0, 0), (37, 81), (99, 99)] {
            let (longitude, latitude) = window.lonlat(column, row);
            let cell = at(longitude, latitude).cell(&window).unwrap();
            assert_eq!((cell.column, cell.row), (column, row));
        }
        assert_eq!(at(0.0, 0.0).cell(&window), None);
        let (west, north) = window.lonlat(0, 0);
        assert_eq!(at(west - 0.02, north).cell(&window), None, "a cell further west");
    }

    #[test]
    fn a_region_lies_around_the_place_and_inside_the_globe() {
        for (longitude, latitude) in
            [(-97.5, 35.2), (179.99, 12.0), (-179.99, -12.0), (20.0, 89.0), (20.0, -89.0)]
        {
            let (place, globe) = (at(longitude, latitude), EaseWindow::global(Resolution::M03));
            let region = place.region();
            assert!(
                region.first_column + region.columns <= globe.columns
                    && region.first_row + region.rows <= globe.rows
            );
            // The grid ends near 85 degrees.
            assert_eq!(place.cell(&region).is_some(), latitude.abs() < 85.0, "{longitude} {latitude}");
        }
        let cell = at(-97.5, 35.2).cell(&at(-97.5, 35.2).region()).unwrap();
        assert_eq!((cell.column, cell.row), (EDGE / 2, EDGE / 2));
    }
}
