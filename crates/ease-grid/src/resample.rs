//! From one grid to another, mask-aware and without half-cell shifts.
//!
//! A cell's value belongs to its centre. EASE-Grids of 36, 9, 3 and 1 km are strictly nested, so between them all
//! positions are exact rational numbers; no resampler here ever compares floating-point edges.

use super::place::{CellMean, OUTSIDE, PixelWindow, Placer, source_window};
use super::{EaseWindow, Grid, GridError, Raster, Reason};

/// The window a raster is, or why it cannot be resampled by index.
fn window_of(raster: &Raster) -> Result<EaseWindow, GridError> {
    raster.grid().ease_window().ok_or(GridError::DifferentGrids)
}

/// Index in the source window of the source cell that holds the centre of target cell `cell` (global index).
fn holding(cell: usize, target_per_36: usize, source_per_36: usize, first: usize) -> i64 {
    ((2 * cell + 1) * source_per_36 / (2 * target_per_36)) as i64 - first as i64
}

/// Position of the centre of target cell `cell` in source cells, relative to the centre of the window's first source cell.
fn position(cell: usize, target_per_36: usize, source_per_36: usize, first: usize) -> f64 {
    ((2 * cell + 1) * source_per_36) as f64 / (2 * target_per_36) as f64 - first as f64 - 0.5
}

fn at(raster: &Raster, column: i64, row: i64) -> Result<f32, Reason> {
    match (usize::try_from(column), usize::try_from(row)) {
        (Ok(column), Ok(row)) => raster.at(column, row),
        _ => Err(Reason::OutsideFile),
    }
}

/// Fills `target` cell by cell: `value(x, y, column, row)` gets the position in source cells (0 = centre of the first source cell)
/// and the source cell that holds the target cell's centre.
fn fill(
    raster: &Raster,
    target: &EaseWindow,
    value: impl Fn(f64, f64, i64, i64) -> Result<f32, Reason>,
) -> Result<Raster, GridError> {
    let source = window_of(raster)?;
    let (t, s) = (target.resolution.per_36km(), source.resolution.per_36km());
    let along = |first: usize, count: usize, origin: usize| {
        (first..first + count).map(move |cell| (position(cell, t, s, origin), holding(cell, t, s, origin)))
    };
    let columns: Vec<(f64, i64)> = along(target.first_column, target.columns, source.first_column).collect();
    let (mut values, mut reasons) = (Vec::with_capacity(target.len()), Vec::with_capacity(target.len()));
    for (y, held_row) in along(target.first_row, target.rows, source.first_row) {
        for &(x, held_column) in &columns {
            let (v, r) = match value(x, y, held_column, held_row) {
                Ok(v) => (v, Reason::Valid),
                Err(reason) => (f32::NAN, reason),
            };
            values.push(v);
            reasons.push(r);
        }
    }
    Raster::new(target.grid(), values, reasons)
}

/// Every target cell takes the value of the source cell its centre lies in; masks and their reasons come along.
///
/// # Errors
/// [`GridError::DifferentGrids`] where the raster is not on the global EASE-Grid.
pub fn nearest(raster: &Raster, target: &EaseWindow) -> Result<Raster, GridError> {
    fill(raster, target, |_, _, column, row| at(raster, column, row))
}

/// Linear between the four nearest source cell centres. Masked neighbours are left out and the weights of the others rescaled to
/// sum to one; where the source cell that holds the centre is itself masked, so is the result, for the same reason. Towards the
/// outer half cell of the file, and only there, the value is held constant.
///
/// # Errors
/// [`GridError::DifferentGrids`] where the raster is not on the global EASE-Grid.
pub fn bilinear(raster: &Raster, target: &EaseWindow) -> Result<Raster, GridError> {
    fill(raster, target, |x, y, column, row| {
        at(raster, column, row)?;
        linear(raster, x, y)
    })
}

fn linear(raster: &Raster, x: f64, y: f64) -> Result<f32, Reason> {
    let (x0, y0) = (x.floor(), y.floor());
    let (wx, wy) = (x - x0, y - y0);
    let (mut sum, mut weight, mut reason) = (0f64, 0f64, Reason::OutsideFile);
    for (dx, dy, w) in
        [(0, 0, (1.0 - wx) * (1.0 - wy)), (1, 0, wx * (1.0 - wy)), (0, 1, (1.0 - wx) * wy), (1, 1, wx * wy)]
    {
        match at(raster, x0 as i64 + dx, y0 as i64 + dy) {
            Ok(v) if w > 0.0 => {
                sum += w * f64::from(v);
                weight += w;
            }
            Err(r) if r != Reason::OutsideFile => reason = r,
            _ => {}
        }
    }
    if weight > 0.0 { Ok((sum / weight) as f32) } else { Err(reason) }
}

/// Weights of the four points around a position `t` past the second: Catmull-Rom (cubic convolution with a = -0.5; Keys 1981).
fn catmull_rom(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1.0, -1.5 * t3 + 2.0 * t2 + 0.5 * t, 0.5 * t3 - 0.5 * t2]
}

/// Catmull-Rom through the sixteen nearest source cell centres; [`bilinear`] wherever one of them is masked or outside the file.
///
/// # Errors
/// [`GridError::DifferentGrids`] where the raster is not on the global EASE-Grid.
pub fn bicubic(raster: &Raster, target: &EaseWindow) -> Result<Raster, GridError> {
    fill(raster, target, |x, y, column, row| {
        at(raster, column, row)?;
        let (x0, y0) = (x.floor(), y.floor());
        let (wx, wy) = (catmull_rom(x - x0), catmull_rom(y - y0));
        let mut sum = 0f64;
        for (dy, wy) in (-1i64..).zip(wy) {
            for (dx, wx) in (-1i64..).zip(wx) {
                match at(raster, x0 as i64 + dx, y0 as i64 + dy) {
                    Ok(v) => sum += wx * wy * f64::from(v),
                    Err(_) => return linear(raster, x, y),
                }
            }
        }
        Ok(sum as f32)
    })
}

/// Mean of the valid fine cells in every coarse cell, e.g. 1 km to 3 km or 3 km to 36 km. A coarse cell without a valid fine cell is
/// masked for its fine cells' commonest reason. Equal-area cells need no weights.
///
/// # Errors
/// [`GridError::DifferentGrids`] where the raster is not on the global EASE-Grid, or the target's cells are smaller than its own.
pub fn block_mean(raster: &Raster, target: &EaseWindow) -> Result<Raster, GridError> {
    block_mean_with_counts(raster, target).map(|(raster, _)| raster)
}

/// [`block_mean`], and how many valid fine cells each mean is made of (row-major).
///
/// # Errors
/// As [`block_mean`].
pub fn block_mean_with_counts(raster: &Raster, target: &EaseWindow) -> Result<(Raster, Vec<u32>), GridError> {
    let source = window_of(raster)?;
    let (t, s) = (target.resolution.per_36km(), source.resolution.per_36km());
    if s < t {
        return Err(GridError::DifferentGrids);
    }
    let factor = s / t;
    let n = target.len();
    let (mut sums, mut counts, mut masked) =
        (vec![0f64; n], vec![0u32; n], vec![[0u32; Reason::ALL.len()]; n]);
    for (i, (&value, &reason)) in raster.values().iter().zip(raster.reasons()).enumerate() {
        let column = (source.first_column + i % source.columns) / factor;
        let row = (source.first_row + i / source.columns) / factor;
        let (Some(column), Some(row)) =
            (column.checked_sub(target.first_column), row.checked_sub(target.first_row))
        else {
            continue;
        };
        if column >= target.columns || row >= target.rows {
            continue;
        }
        let cell = row * target.columns + column;
        if reason == Reason::Valid {
            if let (Some(sum), Some(count)) = (sums.get_mut(cell), counts.get_mut(cell)) {
                *sum += f64::from(value);
                *count += 1;
            }
        } else if let Some(m) = masked.get_mut(cell).and_then(|m| m.get_mut(reason as usize)) {
            *m += 1;
        }
    }
    let values = sums
        .iter()
        .zip(&counts)
        .map(|(sum, &n)| if n > 0 { (sum / f64::from(n)) as f32 } else { f32::NAN })
        .collect();
    let reasons = counts
        .iter()
        .zip(&masked)
        .map(|(&n, masked)| if n > 0 { Reason::Valid } else { commonest(masked) })
        .collect();
    Ok((Raster::new(target.grid(), values, reasons)?, counts))
}

fn commonest(counts: &[u32]) -> Reason {
    let best = counts.iter().enumerate().max_by_key(|(_, n)| **n);
    match best {
        Some((number, &n)) if n > 0 => Reason::from_u8(number as u8),
        _ => Reason::OutsideFile,
    }
}

/// A raster in any known system onto a window of the EASE-Grid.
///
/// * On the EASE-Grid itself: cut out, block mean (finer) or nearest (coarser).
/// * Elsewhere with pixels smaller than a target cell: the mean of the pixels whose centres fall into the cell, where they fill at
///   least half of it.
/// * Elsewhere with pixels as large as a cell or larger: the pixel that the cell's centre lies in.
///
/// # Errors
/// [`GridError::UnknownCrs`] where the raster's system has no transformation here.
pub fn to_window(raster: &Raster, target: &EaseWindow) -> Result<Raster, GridError> {
    if let Some(source) = raster.grid().ease_window() {
        return if source.resolution.per_36km() > target.resolution.per_36km() {
            block_mean(raster, target)
        } else {
            nearest(raster, target)
        };
    }
    let grid = raster.grid();
    let Some(window) = source_window(grid, target)? else {
        return Ok(Raster::masked(target.grid(), Reason::OutsideFile));
    };
    let sub = window.of(grid);
    let placer = Placer::new(sub, *target)?;
    if placer
        .pixels_per_cell(target.len() / 2 + target.columns / 2 * usize::from(target.rows.is_multiple_of(2)))
        >= 1.0
    {
        mean_of_pixels(raster, &window, &placer, target)
    } else {
        pixel_at_centre(raster, grid, target)
    }
}

/// Share of a cell that valid pixels must fill for their mean to count, in [`to_window`].
const SOIL_MOISTURE_SHARE: f64 = 0.5;

fn mean_of_pixels(
    raster: &Raster,
    window: &PixelWindow,
    placer: &Placer,
    target: &EaseWindow,
) -> Result<Raster, GridError> {
    let mut mean = CellMean::new(*target);
    let mut cells = vec![OUTSIDE; window.columns];
    for row in 0..window.rows {
        placer.cells_of_row(row, 0, &mut cells);
        for (column, &cell) in cells.iter().enumerate() {
            if cell != OUTSIDE {
                mean.add(
                    cell,
                    raster.at(window.first_column + column, window.first_row + row).ok().map(f64::from),
                );
            }
        }
    }
    mean.into_raster(placer, SOIL_MOISTURE_SHARE, |v| Some(v as f32))
}

fn pixel_at_centre(raster: &Raster, grid: &Grid, target: &EaseWindow) -> Result<Raster, GridError> {
    let projection = grid.crs.projection()?;
    let t = target.grid();
    let (mut values, mut reasons) = (Vec::with_capacity(target.len()), Vec::with_capacity(target.len()));
    for row in 0..t.rows {
        for column in 0..t.columns {
            let (ex, ey) = t.centre(column, row);
            let (x, y) = projection.from_ease(ex, ey);
            let (mut c, r) = grid.index_of(x, y);
            if grid.crs == super::Crs::Geographic {
                // Longitudes of the file may go past -180 or 180 degrees.
                let turn = 360.0 / grid.cell_x;
                if c < 0.0 {
                    c += turn;
                } else if c >= grid.columns as f64 {
                    c -= turn;
                }
            }
            let hit = if c.is_finite() && r.is_finite() {
                at(raster, c.floor() as i64, r.floor() as i64)
            } else {
                Err(Reason::OutsideFile)
            };
            let (v, reason) = match hit {
                Ok(v) => (v, Reason::Valid),
                Err(reason) => (f32::NAN, reason),
            };
            values.push(v);
            reasons.push(reason);
        }
    }
    Raster::new(t, values, reasons)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Crs, Resolution};

    fn raster(window: EaseWindow, value: impl Fn(f64, f64) -> Result<f32, Reason>) -> Raster {
        let per = window.resolution.per_36km() as f64;
        let (mut values, mut reasons) = (vec![], vec![]);
        for row in 0..window.rows {
            for column in 0..window.columns {
                // Position of the centre in 36 km cells.
                let x = ((window.first_column + column) as f64 + 0.5) / per;
                let y = ((window.first_row + row) as f64 + 0.5) / per;
                let (v, r) = value(x, y).map_or_else(|r| (f32::NAN, r), |v| (v, Reason::Valid));
                values.push(v);
                reasons.push(r);
            }
        }
        Raster::new(window.grid(), values, reasons).unwrap()
    }

    fn coarse() -> EaseWindow {
        EaseWindow::new(Resolution::M36, 218, 83, 6, 5).unwrap()
    }

    /// Ramps in x and y come out exact at every 3 km centre that lies between 36 km centres: no half-cell shift.
    #[test]
    fn ramps_are_exact_inside() {
        let ramp = |x: f64, y: f64| Ok((0.25 * (x - 218.0) + 0.125 * (y - 83.0)) as f32);
        let source = raster(coarse(), ramp);
        // From half a 36 km cell inside the edge: 6 fine cells, i.e. 2622..2682 x 1002..1050.
        let inside = EaseWindow::new(Resolution::M03, 218 * 12 + 6, 83 * 12 + 6, 60, 48).unwrap();
        let want = raster(inside, ramp);
        for (name, got) in [
            ("bilinear", bilinear(&source, &inside).unwrap()),
            ("bicubic", bicubic(&source, &inside).unwrap()),
        ] {
            for (i, (a, b)) in got.values().iter().zip(want.values()).enumerate() {
                assert!((a - b).abs() < 2e-7, "{name} {i}: {a} {b}");
            }
        }
    }

    #[test]
    fn bicubic_is_exact_on_a_parabola_away_from_the_edge() {
        let parabola = |x: f64, _: f64| Ok(((x - 220.0) * (x - 220.0)) as f32);
        let source = raster(coarse(), parabola);
        let inside = EaseWindow::new(Resolution::M03, 219 * 12 + 6, 84 * 12 + 6, 36, 24).unwrap();
        let got = bicubic(&source, &inside).unwrap();
        let want = raster(inside, parabola);
        for (a, b) in got.values().iter().zip(want.values()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        // Bilinear is not: it errs by w (1 - w) between centres, at most a quarter.
        let linear = bilinear(&source, &inside).unwrap();
        let worst =
            linear.values().iter().zip(want.values()).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        assert!((worst - 0.25 * (1.0 - 1.0 / 144.0)).abs() < 1e-5, "{worst}");
    }

    #[test]
    fn nearest_is_the_holding_cell_and_back_is_the_mean() {
        let source = raster(coarse(), |x, y| Ok((x * 10.0 + y) as f32));
        let fine = coarse().covering(Resolution::M03);
        let spread = nearest(&source, &fine).unwrap();
        assert_eq!(spread.at(0, 0), source.at(0, 0));
        assert_eq!(spread.at(11, 11), source.at(0, 0));
        assert_eq!(spread.at(12, 11), source.at(1, 0));
        let (back, counts) = block_mean_with_counts(&spread, &coarse()).unwrap();
        assert_eq!(back.values(), source.values());
        assert!(counts.iter().all(|&n| n == 144));
        let outside = EaseWindow::new(Resolution::M03, 0, 0, 9, 9).unwrap();
        assert!(nearest(&spread, &outside).unwrap().reasons().iter().all(|r| *r == Reason::OutsideFile));
    }

    #[test]
    fn masks_are_kept_where_they_are_and_left_out_beside() {
        // The second column is water.
        let source =
            raster(coarse(), |x, _| if (219.0..220.0).contains(&x) { Err(Reason::Water) } else { Ok(0.25) });
        let fine = coarse().covering(Resolution::M03);
        for got in [nearest(&source, &fine), bilinear(&source, &fine), bicubic(&source, &fine)] {
            let got = got.unwrap();
            assert_eq!(got.at(12, 30), Err(Reason::Water));
            assert_eq!(got.at(23, 30), Err(Reason::Water));
            assert_eq!(got.at(11, 30), Ok(0.25), "weights of valid neighbours are rescaled");
            assert_eq!(got.at(24, 30), Ok(0.25));
            assert_eq!(got.valid_count(), 5 * 12 * 5 * 12);
        }
    }

    #[test]
    fn one_kilometre_to_three_is_a_mean_of_the_valid() {
        let w1 = EaseWindow::new(Resolution::M01, 300, 600, 6, 3).unwrap();
        let values: Vec<f32> = (0..18).map(|v| v as f32).collect();
        let mut reasons = vec![Reason::Valid; 18];
        reasons[0] = Reason::QualityFlag;
        for i in [3, 4, 5, 9, 10, 11, 15, 16] {
            reasons[i] = Reason::Water;
        }
        reasons[17] = Reason::QualityFlag;
        let source = Raster::new(w1.grid(), values, reasons).unwrap();
        let w3 = EaseWindow::new(Resolution::M03, 100, 200, 2, 1).unwrap();
        let (mean, counts) = block_mean_with_counts(&source, &w3).unwrap();
        assert_eq!(counts, [8, 0]);
        assert_eq!(mean.at(0, 0), Ok((1 + 2 + 6 + 7 + 8 + 12 + 13 + 14) as f32 / 8.0));
        assert_eq!(mean.at(1, 0), Err(Reason::Water));
        assert!(block_mean(&mean, &w1).is_err(), "a mean cannot make cells smaller");
    }

    /// A field linear in the EASE-Grid's own coordinates, sampled on a UTM raster, comes back within a pixel's step.
    #[test]
    fn a_utm_raster_lands_where_it_should() {
        let crs = Crs::Utm { zone: 14, north: true };
        let (x, y) = crs.from_lonlat(-97.5164, 35.4676).unwrap();
        let grid = Grid::new(crs.clone(), x - 45_000.0, y + 45_000.0, 100.0, 100.0, 900, 900).unwrap();
        let target = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 11, 11).unwrap();
        let field = |lon: f64, lat: f64| {
            let (c, r) = crate::ease2::fractional_index(Resolution::M03, lon, lat);
            (c - 2650.0) as f32 + 2.0 * (r - 1021.0) as f32
        };
        let values = (0..grid.len())
            .map(|i| {
                let (x, y) = grid.centre(i % 900, i / 900);
                let (lon, lat) = crs.to_lonlat(x, y).unwrap();
                field(lon, lat)
            })
            .collect();
        let n = grid.len();
        let source = Raster::new(grid, values, vec![Reason::Valid; n]).unwrap();
        let got = to_window(&source, &target).unwrap();
        assert_eq!(got.valid_count(), 121);
        // Oklahoma City's cell is (2650, 1021): its centre is half a cell in, both ways.
        let centre = got.at(5, 5).unwrap();
        assert!((centre - 1.5).abs() < 0.06, "{centre}");
        assert!((got.at(6, 5).unwrap() - centre - 1.0).abs() < 0.06);

        // Pixels of 9 km are larger than a cell: the pixel at the centre.
        let big = Grid::new(crs.clone(), x - 45_000.0, y + 45_000.0, 9000.0, 9000.0, 10, 10).unwrap();
        let source =
            Raster::new(big, (0..100).map(|v| v as f32).collect(), vec![Reason::Valid; 100]).unwrap();
        let got = to_window(&source, &EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 1, 1).unwrap())
            .unwrap();
        let v = got.at(0, 0).unwrap();
        assert!([44.0, 45.0, 54.0, 55.0].contains(&v), "{v}");
    }
}
