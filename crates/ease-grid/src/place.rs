//! Placing fine pixels of any coordinate system into EASE-Grid cells, row by row, and averaging them there.
//!
//! Every pixel's centre is projected and falls into one cell ("drop in the bucket"): with 10 to 1000 m pixels in 3 km cells no
//! interpolation is needed, and means stay means. Rows of geographic and EASE-Grid rasters map column by column; for UTM and
//! azimuthal rasters the exact projection is taken at nodes at most 2 km apart along a row and linear between them (error
//! below 1 m from 80 S to 80 N, i.e. a thousandth of a cell).

use super::ease2::{X0, Y0};
use super::{EaseWindow, Grid, GridError, Raster, Reason, crs};

/// A pixel that falls into no cell of the target.
pub const OUTSIDE: u32 = u32::MAX;

/// Distance between exactly projected nodes along a row, metres.
const NODE_M: f64 = 2000.0;

/// Points per edge when a rectangle is projected to find its extent in another system.
const EDGE_POINTS: usize = 64;

/// A rectangle of pixels of a source grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelWindow {
    /// First column.
    pub first_column: usize,
    /// First row.
    pub first_row: usize,
    /// Columns, at least 1.
    pub columns: usize,
    /// Rows, at least 1.
    pub rows: usize,
}

impl PixelWindow {
    /// All pixels of a grid.
    #[must_use]
    pub fn all(grid: &Grid) -> Self {
        Self { first_column: 0, first_row: 0, columns: grid.columns, rows: grid.rows }
    }

    /// The part of a grid this window is.
    #[must_use]
    pub fn of(&self, grid: &Grid) -> Grid {
        Grid {
            crs: grid.crs.clone(),
            origin_x: grid.origin_x + self.first_column as f64 * grid.cell_x,
            origin_y: grid.origin_y - self.first_row as f64 * grid.cell_y,
            columns: self.columns,
            rows: self.rows,
            ..*grid
        }
    }
}

/// The pixels of `grid` that can fall into `target`: a rectangle, generous by a pixel or two. `None` where the two do not meet.
///
/// # Errors
/// [`GridError::UnknownCrs`] where the grid's system has no transformation here.
pub fn source_window(grid: &Grid, target: &EaseWindow) -> Result<Option<PixelWindow>, GridError> {
    let projection = grid.crs.projection()?;
    let t = target.grid();
    let (right, bottom) = (t.origin_x + t.columns as f64 * t.cell_x, t.origin_y - t.rows as f64 * t.cell_y);
    let (mut low, mut high) = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    for i in 0..=EDGE_POINTS {
        let share = i as f64 / EDGE_POINTS as f64;
        let (x, y) = (t.origin_x + share * (right - t.origin_x), t.origin_y + share * (bottom - t.origin_y));
        for (ex, ey) in [(x, t.origin_y), (x, bottom), (t.origin_x, y), (right, y)] {
            let (sx, sy) = projection.from_ease(ex, ey);
            let (bx, by) = projection.to_ease(sx, sy);
            // A point the system cannot hold (far from a UTM zone): ask the other way round, and else look at every pixel.
            if !((bx - ex).abs() < 10.0 && (by - ey).abs() < 10.0) {
                return Ok(if apart(grid, &projection, &t) { None } else { Some(PixelWindow::all(grid)) });
            }
            let (column, row) = grid.index_of(sx, sy);
            low = (low.0.min(column), low.1.min(row));
            high = (high.0.max(column), high.1.max(row));
        }
    }
    // Files whose longitudes go past -180 or 180 degrees keep their own; those are looked at whole.
    if projection.is_cylindrical()
        && grid.crs == crs::Crs::Geographic
        && (grid.origin_x < -180.5 || grid.origin_x + grid.columns as f64 * grid.cell_x > 180.5)
    {
        return Ok(Some(PixelWindow {
            first_column: 0,
            columns: grid.columns,
            ..rows_between(grid, low.1, high.1)?
        }));
    }
    // Edges bulge between the points by at most (edge / points)^2 / (8 R): a percent of the extent covers it many times over.
    let margin = (2.0 + 0.01 * (high.0 - low.0), 2.0 + 0.01 * (high.1 - low.1));
    let clip = |low: f64, high: f64, margin: f64, count: usize| {
        let first = (low - margin).floor().clamp(0.0, count as f64) as usize;
        let end = (high + margin).ceil().clamp(0.0, count as f64) as usize;
        (first < end).then_some((first, end - first))
    };
    Ok(match (clip(low.0, high.0, margin.0, grid.columns), clip(low.1, high.1, margin.1, grid.rows)) {
        (Some((first_column, columns)), Some((first_row, rows))) => {
            Some(PixelWindow { first_column, first_row, columns, rows })
        }
        _ => None,
    })
}

/// Whether the outline of `grid`, on the EASE-Grid plane, stays clear of `target`.
fn apart(grid: &Grid, projection: &crs::Projection, target: &Grid) -> bool {
    let (mut low, mut high) = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    let (width, height) = (grid.columns as f64 * grid.cell_x, grid.rows as f64 * grid.cell_y);
    for i in 0..=EDGE_POINTS {
        let share = i as f64 / EDGE_POINTS as f64;
        let (x, y) = (grid.origin_x + share * width, grid.origin_y - share * height);
        for (sx, sy) in
            [(x, grid.origin_y), (x, grid.origin_y - height), (grid.origin_x, y), (grid.origin_x + width, y)]
        {
            let (ex, ey) = projection.to_ease(sx, sy);
            if !(ex.is_finite() && ey.is_finite()) {
                return false;
            }
            low = (low.0.min(ex), low.1.min(ey));
            high = (high.0.max(ex), high.1.max(ey));
        }
    }
    let margin = (0.02 * (high.0 - low.0) + target.cell_x, 0.02 * (high.1 - low.1) + target.cell_y);
    let (right, bottom) = (
        target.origin_x + target.columns as f64 * target.cell_x,
        target.origin_y - target.rows as f64 * target.cell_y,
    );
    high.0 + margin.0 < target.origin_x
        || low.0 - margin.0 > right
        || low.1 - margin.1 > target.origin_y
        || high.1 + margin.1 < bottom
}

fn rows_between(grid: &Grid, low: f64, high: f64) -> Result<PixelWindow, GridError> {
    let first = (low - 2.0).floor().clamp(0.0, (grid.rows - 1) as f64) as usize;
    let end = (high + 2.0).ceil().clamp(first as f64 + 1.0, grid.rows as f64) as usize;
    Ok(PixelWindow { first_column: 0, first_row: first, columns: grid.columns, rows: end - first })
}

/// Finds the target cell of every pixel of a row.
pub struct Placer {
    grid: Grid,
    projection: crs::Projection,
    target: EaseWindow,
    /// For cylindrical systems: target column per source column.
    by_column: Option<Vec<Option<u32>>>,
    step: usize,
}

impl Placer {
    /// For the pixels of `grid` and the cells of `target`.
    ///
    /// # Errors
    /// [`GridError::UnknownCrs`] where the grid's system has no transformation here.
    pub fn new(grid: Grid, target: EaseWindow) -> Result<Self, GridError> {
        let projection = grid.crs.projection()?;
        let by_column = projection.is_cylindrical().then(|| {
            (0..grid.columns)
                .map(|column| {
                    let (x, y) = grid.centre(column, 0);
                    let (ex, _) = projection.to_ease(x, y.clamp(-1e9, 1e9));
                    index((ex - X0) / target.resolution.cell_m(), target.first_column, target.columns)
                })
                .collect()
        });
        let step = (NODE_M / grid.cell_x).floor().clamp(1.0, 256.0) as usize;
        Ok(Self { grid, projection, target, by_column, step })
    }

    /// Index of the target cell (row-major in the window) of pixels of a row, from `first_column` on, as many as `cells` has elements;
    /// [`OUTSIDE`] where there is none.
    pub fn cells_of_row(&self, row: usize, first_column: usize, cells: &mut [u32]) {
        cells.fill(OUTSIDE);
        let s = self.target.resolution.cell_m();
        if let Some(columns) = &self.by_column {
            let (x, y) = self.grid.centre(0, row);
            let (_, ey) = self.projection.to_ease(x, y);
            let Some(target_row) = index((Y0 - ey) / s, self.target.first_row, self.target.rows) else {
                return;
            };
            for (cell, column) in cells.iter_mut().zip(columns.get(first_column..).unwrap_or_default()) {
                if let Some(column) = column {
                    *cell = target_row * self.target.columns as u32 + column;
                }
            }
            return;
        }
        let node = |column: usize| {
            let (x, y) = self.grid.centre(column, row);
            let (ex, ey) = self.projection.to_ease(x, y);
            ((ex - X0) / s, (Y0 - ey) / s)
        };
        // Nodes lie where they lie for the whole row, so that a part of it is placed alike.
        let last = self.grid.columns.saturating_sub(1);
        let mut start = first_column.min(last.saturating_sub(1));
        start -= start % self.step;
        let mut a = node(start);
        let mut rest = cells;
        let mut column = first_column;
        while !rest.is_empty() && column <= last {
            let end = (start + self.step).min(last);
            let b = if end > start { node(end) } else { a };
            // Across the antimeridian the straight line between two nodes would run round the globe.
            let jump = (b.0 - a.0).abs() > 0.5 * self.target.resolution.columns() as f64;
            let length = (end - start).max(1) as f64;
            // The node at the end is the next piece's, but for the last one.
            let pieces = if end == last { end + 1 - column } else { end - column };
            let (these, others) = rest.split_at_mut(pieces.min(rest.len()));
            for (i, cell) in (column..).zip(these) {
                let w = (i - start) as f64 / length;
                let (c, r) = if jump { node(i) } else { (a.0 + w * (b.0 - a.0), a.1 + w * (b.1 - a.1)) };
                if let (Some(c), Some(r)) = (
                    index(c, self.target.first_column, self.target.columns),
                    index(r, self.target.first_row, self.target.rows),
                ) {
                    *cell = r * self.target.columns as u32 + c;
                }
            }
            rest = others;
            (start, column, a) = (end, column + pieces, b);
        }
    }

    /// How many pixels fill the target cell: its area over a pixel's area there, both measured on the equal-area plane.
    #[must_use]
    pub fn pixels_per_cell(&self, cell: usize) -> f64 {
        let t = self.target.grid();
        let (ex, ey) = t.centre(cell % t.columns, cell / t.columns);
        let (x, y) = self.projection.from_ease(ex, ey);
        let (hx, hy) = (self.grid.cell_x / 2.0, self.grid.cell_y / 2.0);
        let (west, east) = (self.projection.to_ease(x - hx, y), self.projection.to_ease(x + hx, y));
        let (south, north) = (self.projection.to_ease(x, y - hy), self.projection.to_ease(x, y + hy));
        let area = ((east.0 - west.0) * (north.1 - south.1) - (east.1 - west.1) * (north.0 - south.0)).abs();
        t.cell_x * t.cell_y / area
    }
}

fn index(at: f64, first: usize, count: usize) -> Option<u32> {
    let at = at.floor() - first as f64;
    (at >= 0.0 && at < count as f64).then_some(at as u32)
}

/// Sums of pixels per cell of a window, in float64.
pub struct CellMean {
    target: EaseWindow,
    sum: Vec<f64>,
    /// Pixels with a value.
    valid: Vec<u32>,
    /// Pixels with or without one.
    seen: Vec<u32>,
}

impl CellMean {
    /// Empty cells.
    #[must_use]
    pub fn new(target: EaseWindow) -> Self {
        let n = target.len();
        Self { target, sum: vec![0.0; n], valid: vec![0; n], seen: vec![0; n] }
    }

    /// Adds one pixel; `None` is a masked one.
    pub fn add(&mut self, cell: u32, value: Option<f64>) {
        let cell = cell as usize;
        let (Some(sum), Some(valid), Some(seen)) =
            (self.sum.get_mut(cell), self.valid.get_mut(cell), self.seen.get_mut(cell))
        else {
            return;
        };
        *seen += 1;
        if let Some(value) = value {
            *sum += value;
            *valid += 1;
        }
    }

    /// The means. A cell counts when its valid pixels fill at least `share` of it. Otherwise it is masked: `NotObserved` where the
    /// file covers it with masked pixels, `OutsideFile` where the file does not reach. `finish` turns a mean into the value (e.g.
    /// power into dB); `None` masks the cell as `NotObserved`.
    ///
    /// # Errors
    /// Never in practice; the raster's shape is checked.
    pub fn into_raster(
        self,
        placer: &Placer,
        share: f64,
        finish: impl Fn(f64) -> Option<f32>,
    ) -> Result<Raster, GridError> {
        let n = self.target.len();
        let (mut values, mut reasons) = (vec![f32::NAN; n], vec![Reason::OutsideFile; n]);
        for (i, ((sum, &valid), &seen)) in self.sum.iter().zip(&self.valid).zip(&self.seen).enumerate() {
            if seen == 0 {
                continue;
            }
            let needed = (share * placer.pixels_per_cell(i)).max(1e-9);
            let (value, reason) = if f64::from(valid) >= needed && valid > 0 {
                match finish(sum / f64::from(valid)) {
                    Some(value) => (value, Reason::Valid),
                    None => (f32::NAN, Reason::NotObserved),
                }
            } else if f64::from(seen) >= needed {
                (f32::NAN, Reason::NotObserved)
            } else {
                (f32::NAN, Reason::OutsideFile)
            };
            if let (Some(v), Some(r)) = (values.get_mut(i), reasons.get_mut(i)) {
                (*v, *r) = (value, reason);
            }
        }
        Raster::new(self.target.grid(), values, reasons)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Crs, Resolution};

    /// Nodes and lines against the exact projection of every pixel, on a UTM tile at Oklahoma City.
    #[test]
    fn placing_by_nodes_equals_placing_each_pixel() {
        let crs = Crs::Utm { zone: 14, north: true };
        let (x, y) = crs.from_lonlat(-97.5164, 35.4676).unwrap();
        let grid = Grid::new(crs.clone(), x - 30_000.0, y + 6_000.0, 20.0, 20.0, 3000, 600).unwrap();
        let target = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 15, 15).unwrap();
        let placer = Placer::new(grid.clone(), target).unwrap();
        let mut cells = vec![0; grid.columns];
        let (mut differ, mut inside) = (0, 0);
        for row in (0..600).step_by(37) {
            placer.cells_of_row(row, 0, &mut cells);
            for (column, &cell) in cells.iter().enumerate() {
                let (x, y) = grid.centre(column, row);
                let (lon, lat) = crs.to_lonlat(x, y).unwrap();
                let (c, r) = crate::ease2::fractional_index(Resolution::M03, lon, lat);
                let exact = match (index(c, target.first_column, 15), index(r, target.first_row, 15)) {
                    (Some(c), Some(r)) => r * 15 + c,
                    _ => OUTSIDE,
                };
                inside += usize::from(exact != OUTSIDE);
                differ += usize::from(exact != cell);
            }
        }
        assert!(inside > 10_000, "{inside}");
        assert!(differ <= 1, "{differ} of {inside}");
    }

    #[test]
    fn parts_of_a_row_are_placed_as_the_whole_row() {
        let crs = Crs::Utm { zone: 14, north: true };
        let (x, y) = crs.from_lonlat(-97.5164, 35.4676).unwrap();
        let target = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 15, 15).unwrap();
        for columns in [1, 2, 99, 200, 201, 1001] {
            let grid = Grid::new(crs.clone(), x - 30_000.0, y, 20.0, 20.0, columns, 10).unwrap();
            let placer = Placer::new(grid, target).unwrap();
            let mut whole = vec![0; columns];
            placer.cells_of_row(4, 0, &mut whole);
            for first in 0..columns {
                for count in [1, 7, 150, columns] {
                    let mut part = vec![0; count.min(columns - first)];
                    placer.cells_of_row(4, first, &mut part);
                    assert_eq!(part, whole[first..first + part.len()], "{columns}, {first}, {count}");
                }
            }
        }
    }

    #[test]
    fn a_cell_holds_as_many_pixels_as_its_area() {
        let target = EaseWindow::around(Resolution::M03, 4.52, 43.59, 9, 9).unwrap();
        let grid = Grid::new(Crs::Utm { zone: 31, north: true }, 600_000.0, 4_850_000.0, 20.0, 20.0, 10, 10)
            .unwrap();
        let n = Placer::new(grid, target).unwrap().pixels_per_cell(40);
        // 9.016 km2 over 400 m2, UTM's area scale at 1.5 degrees from the meridian being about 0.9996^2.
        assert!((n / (9.016_117_629_9e6 / 400.0) - 1.0).abs() < 1e-3, "{n}");
    }

    #[test]
    fn a_window_that_does_not_meet_the_tile_is_none() {
        let grid =
            Grid::new(Crs::Utm { zone: 31, north: true }, 600_000.0, 4_850_000.0, 20.0, 20.0, 500, 500)
                .unwrap();
        let here = EaseWindow::around(Resolution::M03, 4.3, 43.7, 9, 9).unwrap();
        let there = EaseWindow::around(Resolution::M03, 6.5, 46.2, 9, 9).unwrap();
        assert!(source_window(&grid, &here).unwrap().is_some());
        assert_eq!(source_window(&grid, &there).unwrap(), None);
    }
}
