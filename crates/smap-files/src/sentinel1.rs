//! Sentinel-1 backscatter on the EASE-Grid.
//!
//! A 3 km cell holds 22 500 pixels of 20 m. Their mean is taken in linear power and then turned into dB: the mean of dB values is
//! biased low by speckle and by contrast within the cell (for one real scene -11.36 instead of -6.96 dB).

use crate::geotiff::{BandReader, variable_of};
use crate::sniff::Format;
use crate::{BackscatterScale, Granule, ReadError, ReadOptions};
use ease_grid::place::{CellMean, OUTSIDE, Placer, source_window};
use ease_grid::{EaseWindow, Raster, Reason};

/// Share of a cell that valid pixels must fill for its mean to count. Sentinel-1 scenes have ragged edges; below a third, a mean stands
/// for a corner of the cell rather than for the cell.
pub const LEAST_SHARE: f64 = 0.3;

/// Power (sigma0 or gamma0, linear) of a stored value.
///
/// Digital numbers have no power without the product's calibration table: `None`.
#[must_use]
pub fn power(scale: BackscatterScale, value: f64) -> Option<f64> {
    match scale {
        BackscatterScale::Decibel => Some(10f64.powf(value / 10.0)),
        BackscatterScale::Power => Some(value),
        BackscatterScale::Amplitude => Some(value * value),
        BackscatterScale::DigitalNumber => None,
    }
}

/// Power to dB; `None` where there is no power.
#[must_use]
pub fn decibel(power: f64) -> Option<f64> {
    (power > 0.0 && power.is_finite()).then(|| 10.0 * power.log10())
}

/// Mean backscatter of every cell of `region`, in dB. `region` is usually a window of the 3 km grid; the 1 km grid works alike.
///
/// The file is walked through in rows of a few megabytes, and only where it can meet the region. Every pixel counts for the cell its
/// centre lies in. A cell is masked as `NotObserved` where the file covers it with masked pixels and `OutsideFile` where valid and
/// masked pixels together fill less than [`LEAST_SHARE`] of it.
///
/// # Errors
/// [`ReadError::Unsuitable`] for digital numbers, unknown scales and files without a grid; otherwise as
/// [`geotiff::read`](crate::geotiff::read).
pub fn aggregate(
    granule: &Granule,
    variable: usize,
    options: &ReadOptions,
    region: &EaseWindow,
) -> Result<Raster, ReadError> {
    let v = variable_of(granule, variable)?;
    let Some(grid) = &v.grid else {
        return Err(ReadError::Unsuitable {
            what: format!("{} of {} has no place on a map", v.path, granule.file),
            remedy: "terrain-correct it first (SNAP, pyroSAR or ASF HyP3)".into(),
        });
    };
    // Arrays of HDF5 files are read whole; rows of a GeoTIFF come as they are decoded.
    let (reader, whole, scale) = match granule.format {
        Format::Tiff => {
            let reader = BandReader::open(granule, variable, options)?;
            let scale = reader.scale;
            (Some(reader), None, scale)
        }
        Format::Hdf5 => (None, Some(granule.read(variable, options, None)?), options.scale.or(v.scale)),
    };
    let scale = match scale {
        Some(scale) if scale != BackscatterScale::DigitalNumber => scale,
        Some(_) => {
            return Err(ReadError::Unsuitable {
                what: format!("{} of {} holds uncalibrated digital numbers", v.path, granule.file),
                remedy: "calibrate it to sigma0 or gamma0 first (SNAP, pyroSAR or ASF HyP3), or set its scale if it is calibrated".into(),
            });
        }
        None => {
            return Err(ReadError::Unsuitable {
                what: format!(
                    "whether {} of {} is in dB or linear power cannot be told from its values",
                    v.path, granule.file
                ),
                remedy: "set its scale in the file list".into(),
            });
        }
    };
    let Some(pixels) = source_window(grid, region)? else {
        return Ok(Raster::masked(region.grid(), Reason::OutsideFile));
    };
    let placer = Placer::new(pixels.of(grid), *region)?;
    let mut mean = CellMean::new(*region);
    let mut cells = vec![OUTSIDE; pixels.columns];
    let mut placed_row = usize::MAX;
    let mut add = |row: usize, first_column: usize, values: &mut dyn Iterator<Item = Option<f64>>| {
        let row = row - pixels.first_row;
        if row != placed_row {
            placer.cells_of_row(row, &mut cells);
            placed_row = row;
        }
        let first = first_column - pixels.first_column;
        for (&cell, value) in cells.get(first..).unwrap_or_default().iter().zip(values) {
            if cell != OUTSIDE {
                mean.add(cell, value.and_then(|value| power(scale, value)));
            }
        }
    };
    if let Some(reader) = reader {
        let known =
            |value: f64| (reader.rule.reason(value) == Reason::Valid).then(|| reader.rule.physical(value));
        reader.walk(&pixels, &mut |row, first_column, stored| {
            add(row, first_column, &mut stored.iter().map(|value| known(*value)));
            Ok(())
        })?;
    } else if let Some(raster) = whole {
        let columns = pixels.first_column..pixels.first_column + pixels.columns;
        for row in pixels.first_row..pixels.first_row + pixels.rows {
            let mut values = columns.clone().map(|column| raster.at(column, row).ok().map(f64::from));
            add(row, pixels.first_column, &mut values);
        }
    }
    Ok(mean.into_raster(&placer, LEAST_SHARE, |p| decibel(p).map(|db| db as f32))?)
}
