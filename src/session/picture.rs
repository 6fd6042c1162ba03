//! Which part of the globe a picture of a layer shows, and how large its pixels are.

use ease_grid::ease2::{X0, Y0};
use ease_grid::{EaseWindow, Grid, Resolution};

/// Most pixels along an edge.
pub(super) const EDGE: usize = 1000;
/// Points looked at along an edge of a grid.
const POINTS: usize = 32;
/// Share of the globe's width beyond which the edge of a grid is no line on a map.
const HALF: f64 = 0.5;

/// Pixels from large to small: cells, and how many lie along the edge of one.
const PIXELS: [(Resolution, usize); 12] = [
    (Resolution::M36, 1),
    (Resolution::M36, 2),
    (Resolution::M09, 1),
    (Resolution::M09, 2),
    (Resolution::M03, 1),
    (Resolution::M03, 2),
    (Resolution::M01, 1),
    (Resolution::M01, 2),
    (Resolution::M01, 5),
    (Resolution::M01, 10),
    (Resolution::M01, 20),
    (Resolution::M01, 50),
];

/// A rectangle on the EASE-Grid plane, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    /// Around a grid; `None` where it lies nowhere on the plane.
    pub(super) fn of(grid: &Grid) -> Option<Self> {
        let projection = grid.crs.projection().ok()?;
        let mut bounds: Option<Self> = None;
        // All over the grid: a pole in its middle is further north than its edges.
        for i in 0..=POINTS {
            for j in 0..=POINTS {
                let (column, row) = (along(grid.columns, i), along(grid.rows, j));
                let (x, y) = place(grid, column, row);
                let (x, y) = projection.to_ease(x, y);
                if x.is_finite() && y.is_finite() {
                    let (x, y) = (x.clamp(X0, -X0), y.clamp(-Y0, Y0));
                    let at = Self { west: x, south: y, east: x, north: y };
                    bounds = Some(bounds.map_or(at, |b| b.and(&at)));
                }
            }
        }
        bounds.filter(|b| b.west < b.east && b.south < b.north)
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Of a window.
    pub(super) fn of_window(window: &EaseWindow) -> Self {
        let cell = window.resolution.cell_m();
        let (west, north) = (X0 + window.first_column as f64 * cell, Y0 - window.first_row as f64 * cell);
        Self {
            west,
            north,
            east: west + window.columns as f64 * cell,
            south: north - window.rows as f64 * cell,
        }
    }

    /// Whether the two have more than an edge in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.west < other.east
            && other.west < self.east
            && self.south < other.north
            && other.south < self.north
    }

    /// The smallest window that holds it.
    pub(super) fn window(&self, resolution: Resolution) -> EaseWindow {
        let cell = resolution.cell_m();
        // An edge of a cell is that edge, whatever the last bit says.
        let span = |low: f64, high: f64, all: usize| {
            let first = ((low / cell + 1e-6).floor().max(0.0) as usize).min(all - 1);
            let end = ((high / cell - 1e-6).ceil().max(0.0) as usize).clamp(first + 1, all);
            (first, end - first)
        };
        let (first_column, columns) = span(self.west - X0, self.east - X0, resolution.columns());
        let (first_row, rows) = span(Y0 - self.north, Y0 - self.south, resolution.rows());
        EaseWindow { resolution, first_column, first_row, columns, rows }
    }

    fn is_around_the_globe(&self) -> bool {
        self.east - self.west > HALF * -2.0 * X0
    }
}

/// Cells, and pixels along the edge of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) window: EaseWindow,
    pub(super) per: usize,
}

impl Picture {
    /// Of what lies within bounds: in pixels no larger than `cell` metres, as far as [`EDGE`] of them allow, and no smaller than that needs.
    pub(super) fn of(bounds: &Bounds, cell: f64) -> Self {
        let mut best = Self { window: bounds.window(Resolution::M36), per: 1 };
        for (resolution, per) in PIXELS {
            let window = bounds.window(resolution);
            if window.columns * per > EDGE || window.rows * per > EDGE {
                break;
            }
            best = Self { window, per };
            if resolution.cell_m() / per as f64 <= cell * 1.001 {
                break;
            }
        }
        best
    }

    /// The pixels as a grid.
    pub(super) fn grid(&self) -> Grid {
        let cells = self.window.grid();
        let per = self.per as f64;
        Grid {
            cell_x: cells.cell_x / per,
            cell_y: cells.cell_y / per,
            columns: cells.columns * self.per,
            rows: cells.rows * self.per,
            ..cells
        }
    }

    /// The edge of a layer's grid in pixels, x and y in turn; empty where it goes around the globe.
    pub(super) fn footprint(&self, grid: &Grid, bounds: &Bounds) -> Vec<f32> {
        let Ok(projection) = grid.crs.projection() else { return Vec::new() };
        if bounds.is_around_the_globe() {
            return Vec::new();
        }
        let pixels = self.grid();
        let (columns, rows) = (grid.columns as f64, grid.rows as f64);
        let edge = |from: (f64, f64), to: (f64, f64)| {
            (0..POINTS).map(move |n| {
                let share = n as f64 / POINTS as f64;
                (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
            })
        };
        let corners = [(0.0, 0.0), (columns, 0.0), (columns, rows), (0.0, rows)];
        (0..4)
            .flat_map(|n| edge(corners[n], corners[(n + 1) % 4]))
            .flat_map(|(column, row)| {
                let (x, y) = place(grid, column, row);
                let (x, y) = projection.to_ease(x, y);
                let (column, row) = pixels.index_of(x, y);
                [column as f32, row as f32]
            })
            .collect()
    }
}

/// Edge of a grid's cell in its middle on the EASE-Grid plane, metres: the shorter one.
pub(super) fn cell_metres(grid: &Grid) -> f64 {
    let Ok(projection) = grid.crs.projection() else { return Resolution::M36.cell_m() };
    let (column, row) = ((grid.columns / 2) as f64, (grid.rows / 2) as f64);
    let at = |column, row| {
        let (x, y) = place(grid, column, row);
        projection.to_ease(x, y)
    };
    let (from, right, down) = (at(column, row), at(column + 1.0, row), at(column, row + 1.0));
    let length = |to: (f64, f64)| (to.0 - from.0).hypot(to.1 - from.1);
    let least = length(right).min(length(down));
    if least.is_finite() && least > 0.0 { least } else { Resolution::M36.cell_m() }
}

fn along(cells: usize, n: usize) -> f64 {
    cells as f64 * n as f64 / POINTS as f64
}

/// Coordinates of a corner of cells.
fn place(grid: &Grid, column: f64, row: f64) -> (f64, f64) {
    (grid.origin_x + column * grid.cell_x, grid.origin_y - row * grid.cell_y)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use ease_grid::Crs;

    #[test]
    fn a_window_of_the_grid_is_drawn_cell_by_cell() {
        for (resolution, columns, rows) in
            [(Resolution::M03, 100, 50), (Resolution::M36, 964, 406), (Resolution::M09, 80, 80)]
        {
            let window = EaseWindow::new(resolution, 0, 0, columns, rows).unwrap();
            let bounds = Bounds::of(&window.grid()).unwrap();
            assert_eq!(Picture::of(&bounds, cell_metres(&window.grid())), Picture { window, per: 1 });
        }
        // The globe at 9 km has 3856 columns: 36 km show it in 964.
        let globe = EaseWindow::global(Resolution::M09);
        let picture = Picture::of(&Bounds::of_window(&globe), 9000.0);
        assert_eq!((picture.window, picture.per), (EaseWindow::global(Resolution::M36), 1));
        assert!(picture.footprint(&globe.grid(), &Bounds::of_window(&globe)).is_empty());
    }

    #[test]
    fn fine_pixels_are_drawn_as_fine_as_a_thousand_allow() {
        let region = EaseWindow::new(Resolution::M03, 2600, 971, 100, 100).unwrap();
        let fine = Picture::of(&Bounds::of_window(&region), 20.0);
        assert_eq!((fine.window, fine.per), (region.covering(Resolution::M01), 2));
        // A tenth of a degree is three cells: drawn at 9 km or finer.
        let half = Grid::new(Crs::Geographic, -98.0, 36.0, 0.1, 0.1, 10, 10).unwrap();
        assert!((8_000.0..12_000.0).contains(&cell_metres(&half)));
        let picture = Picture::of(&Bounds::of(&half).unwrap(), cell_metres(&half));
        assert_eq!((picture.window.resolution, picture.per), (Resolution::M09, 1));
        let footprint = picture.footprint(&half, &Bounds::of(&half).unwrap());
        assert_eq!(footprint.len(), 4 * POINTS * 2);
        // On a cylindrical grid columns go with longitude: 98 W is 82 degrees into 360, in the 3856 columns of 9 km.
        let column = 82.0 / 360.0 * 3856.0;
        let first = column - picture.window.first_column as f64;
        assert!((f64::from(footprint[0]) - first).abs() < 0.01, "{} {first}", footprint[0]);
    }

    #[test]
    fn a_grid_over_the_pole_reaches_it() {
        let north = Grid::new(Crs::Ease2North, -9e6, 9e6, 36_000.0, 36_000.0, 500, 500).unwrap();
        let bounds = Bounds::of(&north).unwrap();
        assert_eq!((bounds.north, bounds.is_around_the_globe()), (Y0, true));
        let here = Bounds::of_window(&EaseWindow::new(Resolution::M03, 2600, 971, 100, 100).unwrap());
        let south = Bounds::of_window(&EaseWindow::new(Resolution::M03, 2600, 3971, 100, 100).unwrap());
        assert!(bounds.meets(&here) && !here.meets(&south));
    }
}
