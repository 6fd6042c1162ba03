//! A map as a table: one line per 3 km cell, for spreadsheets and statistics.
//!
//! The provenance comes first, in lines that begin with `#` (pandas: `comment="#"`; R: `comment.char = "#"`). Empty fields are masked
//! cells; the last column says why the estimate is missing, or that it lies at the edge of the data ([`EDGE`]).

use std::fmt::Write as _;

use super::{ExportError, Provenance};
use crate::estimate::Channel;
use ease_grid::{EaseWindow, Raster};

/// Names of the columns, in order. Longitude and latitude are of the cell's centre, degrees; column and row count in the global grid;
/// values are m3/m3; half of the estimate's 90 % interval lies on either side of it; the uncertainty is the reference's, as its product
/// gives it; the difference is estimate minus reference.
pub const COLUMNS: &str = "longitude,latitude,column,row,smap_36km,estimate_3km,half_width_90,reference_3km,reference_uncertainty,difference,reason";

/// Said of a cell that was estimated without what lies outside the files ([`Provenance::frame`]).
pub const EDGE: &str = "edge of the data: not scored";

/// What stands in the columns, all on the same cells.
#[derive(Debug, Clone, Copy)]
pub struct Maps<'a> {
    /// The estimate.
    pub estimate: &'a Raster,
    /// Half-width of its 90 % interval; the column stays empty without one.
    pub half_width: Option<&'a Raster>,
    /// The 36 km input (nearest).
    pub smap: Option<&'a Raster>,
    /// The 3 km map of the day.
    pub reference: Option<&'a Raster>,
    /// How uncertain its product says it is; the column stays empty without one.
    pub reference_uncertainty: Option<&'a Raster>,
}

impl<'a> Maps<'a> {
    /// Those of a channel.
    #[must_use]
    pub fn of(channel: &'a Channel) -> Self {
        Self {
            estimate: &channel.estimate,
            half_width: channel.half_width(),
            smap: channel.coarse.as_ref(),
            reference: channel.reference.as_ref(),
            reference_uncertainty: channel.reference_uncertainty.as_ref(),
        }
    }
}

/// The table.
///
/// # Errors
/// [`ExportError::DifferentGrids`] where the rasters are not on one window of the EASE-Grid.
pub fn write(maps: Maps<'_>, provenance: &Provenance) -> Result<String, ExportError> {
    let window = maps.estimate.grid().ease_window().ok_or(ExportError::DifferentGrids)?;
    let fits = |raster: &Raster| raster.grid().ease_window() == Some(window);
    let all = [maps.half_width, maps.smap, maps.reference, maps.reference_uncertainty];
    if !all.into_iter().flatten().all(fits) {
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
            line(&mut text, &window, (column, row, framed), maps);
        }
    }
    Ok(text)
}

fn line(text: &mut String, window: &EaseWindow, (column, row, framed): (usize, usize, bool), maps: Maps<'_>) {
    let (longitude, latitude) = window.lonlat(column, row);
    let number = |value: Option<f32>| value.map(|v| v.to_string()).unwrap_or_default();
    let value = maps.estimate.at(column, row);
    let of = |raster: Option<&Raster>| raster.and_then(|r| r.at(column, row).ok());
    let reference = of(maps.reference);
    let difference = value.ok().zip(reference).map(|(a, b)| a - b);
    let reason = match value {
        Err(reason) => reason.text(),
        Ok(_) if framed => EDGE,
        Ok(_) => "",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{longitude:.6},{latitude:.6},{},{},{},{},{},{},{},{},{reason}",
        window.first_column + column,
        window.first_row + row,
        number(of(maps.smap)),
        number(value.ok()),
        number(of(maps.half_width)),
        number(reference),
        number(of(maps.reference_uncertainty)),
        number(difference),
    );
}
