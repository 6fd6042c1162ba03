//! A map in another coordinate system, for programs that do not know the EASE-Grid. It is resampled, and says so in its name and metadata.
//!
//! Values are interpolated linearly between cell centres; a cell whose centre lies in a masked one is masked for the same reason, and
//! flags are those of the cell that holds the centre.

use ease_grid::{Crs, EaseWindow, Grid, GridError, Raster, Reason};

use super::ExportError;

/// The system that a user names: `4326`, `EPSG:32614`, or `utm` for the zone of the region's middle.
///
/// # Errors
/// [`ExportError::UnknownSystem`] for any other text.
pub fn system(text: &str, window: &EaseWindow) -> Result<Crs, ExportError> {
    let unknown = || ExportError::UnknownSystem(text.to_owned());
    let name = text.trim().to_ascii_lowercase();
    if name == "utm" {
        let (longitude, latitude) = window.lonlat(window.columns / 2, window.rows / 2);
        if !(-80.0..=84.0).contains(&latitude) {
            return Err(unknown());
        }
        let zone = (((longitude + 180.0) / 6.0).floor() as i64).clamp(0, 59) as u8 + 1;
        return Ok(Crs::Utm { zone, north: latitude >= 0.0 });
    }
    match name.trim_start_matches("epsg:").parse::<u32>() {
        Ok(4326) => Ok(Crs::Geographic),
        Ok(code @ (32_601..=32_660 | 32_701..=32_760)) => {
            Ok(Crs::Utm { zone: (code % 100) as u8, north: code < 32_700 })
        }
        _ => Err(unknown()),
    }
}

/// What stands behind a file's name: `_resampled_EPSG4326`.
#[must_use]
pub fn suffix(crs: &Crs) -> String {
    let code = crs.epsg().map_or_else(String::new, |code| format!("_EPSG{code}"));
    format!("_resampled{code}")
}

/// For the metadata.
#[must_use]
pub fn words(crs: &Crs) -> String {
    let code = crs.epsg().map_or_else(String::new, |code| format!("EPSG:{code}"));
    format!("from the EASE-Grid 2.0 (EPSG:6933) to {code}: values bilinear, flags nearest")
}

/// A grid of the system over a window. In degrees it has the window's rows and columns: the columns are the very ones of the EASE-Grid. In
/// metres its cells are of the nominal size, 3000 m or 9000 m, and begin at multiples of it.
///
/// # Errors
/// [`ExportError::Grid`] where the window cannot be mapped into the system.
pub fn grid(window: &EaseWindow, crs: &Crs) -> Result<Grid, ExportError> {
    let own = window.grid();
    let projection = crs.projection()?;
    let (mut west, mut south, mut east, mut north) =
        (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let steps = 32;
    for i in 0..=steps {
        let along = f64::from(i) / f64::from(steps);
        for (across_x, across_y) in [(along, 0.0), (along, 1.0), (0.0, along), (1.0, along)] {
            let x = own.origin_x + across_x * own.cell_x * own.columns as f64;
            let y = own.origin_y - across_y * own.cell_y * own.rows as f64;
            let (x, y) = projection.from_ease(x, y);
            (west, east) = (west.min(x), east.max(x));
            (south, north) = (south.min(y), north.max(y));
        }
    }
    if projection.is_cylindrical() {
        let (columns, rows) = (own.columns as f64, own.rows as f64);
        return Ok(Grid::new(
            crs.clone(),
            west,
            north,
            (east - west) / columns,
            (north - south) / rows,
            own.columns,
            own.rows,
        )?);
    }
    let cell = 1000.0 * f64::from(window.resolution.km());
    let (left, top) = ((west / cell).floor() * cell, (north / cell).ceil() * cell);
    let count = |length: f64| (length / cell).ceil().max(1.0) as usize;
    Ok(Grid::new(crs.clone(), left, top, cell, cell, count(east - left), count(top - south))?)
}

/// A raster on another grid: linear between the four nearest centres, masked where the cell that holds the centre is.
///
/// # Errors
/// [`ExportError::Grid`] for a system that cannot be mapped.
pub(super) fn bilinear(raster: &Raster, grid: &Grid) -> Result<Raster, ExportError> {
    Ok(resampled(raster, grid, |x, y| {
        let (x0, y0) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (wx, wy) = (x - 0.5 - x0, y - 0.5 - y0);
        let corners = [
            (0.0, 0.0, (1.0 - wx) * (1.0 - wy)),
            (1.0, 0.0, wx * (1.0 - wy)),
            (0.0, 1.0, (1.0 - wx) * wy),
            (1.0, 1.0, wx * wy),
        ];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (dx, dy, w) in corners {
            if let Ok(value) = at(raster, x0 + dx, y0 + dy) {
                sum += w * f64::from(value);
                weight += w;
            }
        }
        (sum / weight) as f32
    })?)
}

/// A plane over the cells of `raster`'s grid, on another grid: the value of the cell that holds the centre, `outside` where there is none.
///
/// # Errors
/// [`ExportError::Grid`] for a system that cannot be mapped.
pub(super) fn nearest<T: Copy>(
    own: &Grid,
    plane: &[T],
    grid: &Grid,
    outside: T,
) -> Result<Vec<T>, ExportError> {
    let mut out = Vec::with_capacity(grid.len());
    each(own, grid, |x, y| {
        let inside = x >= 0.0 && y >= 0.0 && (x as usize) < own.columns && (y as usize) < own.rows;
        let cell = if inside { plane.get(y as usize * own.columns + x as usize) } else { None };
        out.push(cell.copied().unwrap_or(outside));
    })?;
    Ok(out)
}

fn resampled(raster: &Raster, grid: &Grid, value: impl Fn(f64, f64) -> f32) -> Result<Raster, GridError> {
    let (mut values, mut reasons) = (Vec::with_capacity(grid.len()), Vec::with_capacity(grid.len()));
    each(raster.grid(), grid, |x, y| match at(raster, x.floor(), y.floor()) {
        Ok(_) => {
            values.push(value(x, y));
            reasons.push(Reason::Valid);
        }
        Err(reason) => {
            values.push(f32::NAN);
            reasons.push(reason);
        }
    })?;
    Raster::new(grid.clone(), values, reasons)
}

/// Visits the cells of `grid` with the fractional column and row of their centres in `own`, whose system is the EASE-Grid's.
fn each(own: &Grid, grid: &Grid, mut visit: impl FnMut(f64, f64)) -> Result<(), GridError> {
    let projection = grid.crs.projection()?;
    for row in 0..grid.rows {
        for column in 0..grid.columns {
            let (x, y) = grid.centre(column, row);
            let (x, y) = projection.to_ease(x, y);
            let (x, y) = own.index_of(x, y);
            visit(x, y);
        }
    }
    Ok(())
}

fn at(raster: &Raster, column: f64, row: f64) -> Result<f32, Reason> {
    if column >= 0.0 && row >= 0.0 {
        raster.at(column as usize, row as usize)
    } else {
        // NaN, of a point that cannot be mapped, is outside too.
        Err(Reason::OutsideFile)
    }
}
