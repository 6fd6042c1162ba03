//! Where a file lies, in cells of 3 km.

use ease_grid::{EaseWindow, Grid, Resolution, ease2};

/// Points looked at along each edge of a grid: an edge that is straight in one projection is bent in another.
const POINTS: usize = 9;
/// Share of the globe's columns beyond which a grid lies everywhere.
const EVERYWHERE: usize = 2;

/// The 3 km cells a grid covers. `None` for one that covers half of the globe or more, and for one that cannot be placed.
#[must_use]
pub fn extent(grid: &Grid) -> Option<EaseWindow> {
    let projection = grid.crs.projection().ok()?;
    let along = |cells: usize, n: usize| (cells - 1) * n / (POINTS - 1);
    let (mut left, mut top, mut right, mut bottom) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    for n in 0..POINTS {
        let (column, row) = (along(grid.columns, n), along(grid.rows, n));
        for (column, row) in [(column, 0), (column, grid.rows - 1), (0, row), (grid.columns - 1, row)] {
            let (x, y) = grid.centre(column, row);
            let (longitude, latitude) = projection.to_lonlat(x, y);
            let (column, row) = ease2::fractional_index(Resolution::M03, longitude, latitude);
            if !(column.is_finite() && row.is_finite()) {
                return None;
            }
            (left, right) = (left.min(column), right.max(column));
            (top, bottom) = (top.min(row), bottom.max(row));
        }
    }
    let globe = EaseWindow::global(Resolution::M03);
    let inside = |v: f64, all: usize| (v.max(0.0) as usize).min(all - 1);
    let (first_column, first_row) = (inside(left, globe.columns), inside(top, globe.rows));
    let columns = inside(right, globe.columns) - first_column + 1;
    let rows = inside(bottom, globe.rows) - first_row + 1;
    (columns < globe.columns / EVERYWHERE).then_some(EaseWindow {
        resolution: Resolution::M03,
        first_column,
        first_row,
        columns,
        rows,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use ease_grid::Crs;

    #[test]
    fn a_window_of_the_grid_is_its_own_extent() {
        let window = EaseWindow::new(Resolution::M03, 2600, 971, 100, 50).unwrap();
        assert_eq!(extent(&window.grid()), Some(window));
    }

    #[test]
    fn the_globe_has_none_and_a_tile_in_degrees_lies_where_it_should() {
        assert_eq!(extent(&EaseWindow::global(Resolution::M36).grid()), None);
        // 97 to 98 W, 35 to 36 N in hundredths of a degree. The corner cells' centres, 97.995 W 35.995 N and 97.005 W 35.005 N, lie at
        // x = -9455173.0, y = 4302483.9 and x = -9359651.6, y = 4199198.6 (x = a k0 longitude,
        // y = a q / (2 k0)), so in columns 2635.09 to 2666.91 and rows 1003.12 to 1037.52.
        let grid = Grid::new(Crs::Geographic, -98.0, 36.0, 0.01, 0.01, 100, 100).unwrap();
        let found = extent(&grid).unwrap();
        assert_eq!((found.first_column, found.columns, found.first_row, found.rows), (2635, 32, 1003, 35));
    }
}
