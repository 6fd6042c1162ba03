//! A map as a table: one line per 3 km cell, for spreadsheets and statistics.
//!
//! The provenance comes first, in lines that begin with `#` (pandas: `comment="#"`; R: `comment.char = "#"`). Empty fields are masked
//! cells; the last column says why the estimate is missing, or that it lies at the edge of the data ([`EDGE`]).

use std::fmt::Write as _;

use super::{ExportError, Provenance};
use ease_grid::{EaseWindow, Raster};

/// Names of the columns, in order. Longitude and latitude are of the cell's centre, degrees; column and row count in the global grid;
/// values are m3/m3; the difference is estimate minus reference.
pub const COLUMNS: &str =
    "longitude,latitude,column,row,smap_36km,estimate_3km,reference_3km,difference,reason";

/// Said of a cell that was estimated without what lies outside the files ([`Provenance::frame`]).
pub const EDGE: &str = "edge of the data: not scored";

/// The table. `smap`, where given, is the 36 km input on the same cells (nearest); `reference` the 3 km map of the day.
///
/// # Errors
/// [`ExportError::DifferentGrids`] where the rasters are not on one window of the EASE-Grid.
pub fn write(
    estimate: &Raster,
    smap: Option<&Raster>,
    reference: Option<&Raster>,
    provenance: &Provenance,
) -> Result<String, ExportError> {
    let window = estimate.grid().ease_window().ok_or(ExportError::DifferentGrids)?;
    let fits = |raster: &Raster| raster.grid().ease_window() == Some(window);
    if ![smap, reference].into_iter().flatten().all(fits) {
        return Err(ExportError::DifferentGrids);
    }
    let mut text = String::with_capacity(96 * window.len() + 2048);
    for (key, value) in provenance.items() {
        // A line break inside a value would end the comment.
        text.push_str(&format!("# {key}: {}\n", value.replace(['\n', '\r'], " ")));
    }
    text.push_str(COLUMNS);
    text.push('\n');
    for row in 0..window.rows {
        for column in 0..window.columns {
            let framed = provenance.frame.hold(window.columns, window.rows, column, row);
            line(&mut text, &window, (column, row, framed), estimate, smap, reference);
        }
    }
    Ok(text)
}

fn line(
    text: &mut String,
    window: &EaseWindow,
    (column, row, framed): (usize, usize, bool),
    estimate: &Raster,
    smap: Option<&Raster>,
    reference: Option<&Raster>,
) {
    let (longitude, latitude) = window.lonlat(column, row);
    let number = |value: Option<f32>| value.map(|v| v.to_string()).unwrap_or_default();
    let value = estimate.at(column, row);
    let of = |raster: Option<&Raster>| raster.and_then(|r| r.at(column, row).ok());
    let reference = of(reference);
    let difference = value.ok().zip(reference).map(|(a, b)| a - b);
    let reason = match value {
        Err(reason) => reason.text(),
        Ok(_) if framed => EDGE,
        Ok(_) => "",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{longitude:.6},{latitude:.6},{},{},{},{},{},{},{reason}",
        window.first_column + column,
        window.first_row + row,
        number(of(smap)),
        number(value.ok()),
        number(reference),
        number(difference),
    );
}
