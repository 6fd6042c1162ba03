//! Sentinel-1 backscatter on the EASE-Grid.
//!
//! A 3 km cell holds 22 500 pixels of 20 m. Their mean is taken in linear power and then turned into dB: the mean of dB values is
//! biased low by speckle and by contrast within the cell (for one real scene -11.36 instead of -6.96 dB).

use std::ops::Range;

use crate::arrays::rows::MapRows;
use crate::geotiff::{BandReader, variable_of};
use crate::sniff::Format;
use crate::{BackscatterScale, Granule, ReadError, ReadOptions};
use ease_grid::place::{CellMean, OUTSIDE, PixelWindow, Placer, source_window};
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
/// Every pixel counts for the cell its centre lies in. A cell is masked as `NotObserved` where the file covers it with masked pixels and
/// `OutsideFile` where valid and masked pixels together fill less than [`LEAST_SHARE`] of it.
///
/// # Errors
/// As [`Aggregation::begin`] and [`Aggregation::step`].
pub fn aggregate(
    granule: &Granule,
    variable: usize,
    options: &ReadOptions,
    region: &EaseWindow,
) -> Result<Raster, ReadError> {
    let mut aggregation = Aggregation::begin(granule, variable, options, region)?;
    while aggregation.step()? {}
    aggregation.finish()
}

/// [`aggregate`] in steps: the file is walked through once, in pieces of a few megabytes, and only where it can meet the region.
pub struct Aggregation {
    region: EaseWindow,
    /// `None` where the file lies elsewhere.
    walk: Option<Walk>,
}

struct Walk {
    pixels: Pixels,
    window: PixelWindow,
    scale: BackscatterScale,
    placer: Placer,
    mean: CellMean,
    cells: Vec<u32>,
}

enum Pixels {
    /// Pieces of a GeoTIFF come as they are decoded.
    Pieces { reader: Box<BandReader>, left: std::vec::IntoIter<PixelWindow> },
    /// Rows of an array come slab by slab.
    Slabs { map: Box<MapRows>, left: std::vec::IntoIter<Range<usize>> },
}

impl Aggregation {
    /// Opens the file.
    ///
    /// # Errors
    /// [`ReadError::Unsuitable`] for digital numbers, unknown scales and files without a grid; otherwise as
    /// [`geotiff::read`](crate::geotiff::read).
    pub fn begin(
        granule: &Granule,
        variable: usize,
        options: &ReadOptions,
        region: &EaseWindow,
    ) -> Result<Self, ReadError> {
        let v = variable_of(granule, variable)?;
        let Some(grid) = &v.grid else {
            return Err(ReadError::Unsuitable {
                what: format!("{} of {} has no place on a map", v.path, granule.file),
                remedy: "terrain-correct it first (SNAP, pyroSAR or ASF HyP3)".into(),
            });
        };
        let reader = match granule.format {
            Format::Tiff => Some(Box::new(BandReader::open(granule, variable, options)?)),
            Format::Hdf5 => None,
        };
        let scale = match reader.as_ref().map_or_else(|| options.scale.or(v.scale), |reader| reader.scale) {
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
        let Some(window) = source_window(grid, region)? else {
            return Ok(Self { region: *region, walk: None });
        };
        let pixels = match reader {
            Some(reader) => Pixels::Pieces { left: reader.pieces(&window).into_iter(), reader },
            None => match MapRows::open(granule, v, options)? {
                Some((_, map)) => {
                    let rows = window.first_row..window.first_row + window.rows;
                    let left = map.slabs(&rows, window.columns).into_iter();
                    Pixels::Slabs { left, map: Box::new(map) }
                }
                None => {
                    return Err(ReadError::Unsuitable {
                        what: format!("{} of {} is a list of cells, not an image", v.path, granule.file),
                        remedy: "save it as an image with rows and columns".into(),
                    });
                }
            },
        };
        let placer = Placer::new(window.of(grid), *region)?;
        let walk = Walk { pixels, window, scale, placer, mean: CellMean::new(*region), cells: Vec::new() };
        Ok(Self { region: *region, walk: Some(walk) })
    }

    /// Adds some of the pixels. False where none are left.
    ///
    /// # Errors
    /// [`ReadError::Dataset`] where they cannot be decoded.
    pub fn step(&mut self) -> Result<bool, ReadError> {
        let Some(walk) = &mut self.walk else { return Ok(false) };
        let Walk { pixels, window, scale, placer, mean, cells } = walk;
        let mut add =
            |row: usize, first_column: usize, values: &mut dyn Iterator<Item = Option<f64>>, count| {
                cells.resize(count, OUTSIDE);
                placer.cells_of_row(row - window.first_row, first_column - window.first_column, cells);
                for (&cell, value) in cells.iter().zip(values) {
                    if cell != OUTSIDE {
                        mean.add(cell, value.and_then(|value| power(*scale, value)));
                    }
                }
            };
        match pixels {
            Pixels::Pieces { reader, left } => {
                let Some(piece) = left.next() else { return Ok(false) };
                let known = |value: f64| {
                    (reader.rule.reason(value) == Reason::Valid).then(|| reader.rule.physical(value))
                };
                reader.read(&piece, &mut |row, first_column, stored| {
                    add(row, first_column, &mut stored.iter().map(|value| known(*value)), stored.len());
                    Ok(())
                })?;
                Ok(left.len() > 0)
            }
            Pixels::Slabs { map, left } => {
                let Some(rows) = left.next() else { return Ok(false) };
                let columns = window.first_column..window.first_column + window.columns;
                map.read(&rows, &columns, &mut |row, values, reasons| {
                    let known = values.iter().zip(reasons);
                    let mut known = known.map(|(value, reason)| (*reason == Reason::Valid).then_some(*value));
                    add(row, window.first_column, &mut known, values.len());
                })?;
                Ok(left.len() > 0)
            }
        }
    }

    /// The means of what was added.
    ///
    /// # Errors
    /// Never in practice; the raster's shape is checked.
    pub fn finish(self) -> Result<Raster, ReadError> {
        let Some(Walk { mean, placer, .. }) = self.walk else {
            return Ok(Raster::masked(self.region.grid(), Reason::OutsideFile));
        };
        Ok(mean.into_raster(&placer, LEAST_SHARE, |p| decibel(p).map(|db| db as f32))?)
    }
}
