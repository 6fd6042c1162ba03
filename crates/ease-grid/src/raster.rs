//! Values on a grid, with the reason why a value is missing. Nodata is a mask from `read` on, never a magic number.

use serde::{Deserialize, Serialize};

use super::{EaseWindow, Grid, GridError};

/// Why a cell holds no value. [`Reason::Valid`] where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Reason {
    /// The value counts.
    Valid = 0,
    /// The file holds fill here: not observed.
    NotObserved = 1,
    /// Lake, river or sea (surface flag bits 0 and 1).
    Water = 2,
    /// The retrieval is not recommended (retrieval quality flag bit 0).
    QualityFlag = 3,
    /// A value no soil can have (outside the dataset's valid range).
    OutOfRange = 4,
    /// Outside the file's footprint.
    OutsideFile = 5,
    /// Frozen ground or snow (surface flag bits 5 to 8).
    Frozen = 6,
    /// Mountains (surface flag bit 9).
    Mountain = 7,
    /// Dense vegetation (surface flag bit 10).
    Vegetation = 8,
    /// Urban area (surface flag bit 3).
    Urban = 9,
    /// No SMAP overpass saw the 36 km cell on this date.
    NoSmap = 10,
    /// No Sentinel-1 overpass, so no 3 km map, on this date.
    NoSentinel1 = 11,
}

impl Reason {
    /// All reasons, by their number.
    pub const ALL: [Self; 12] = [
        Self::Valid,
        Self::NotObserved,
        Self::Water,
        Self::QualityFlag,
        Self::OutOfRange,
        Self::OutsideFile,
        Self::Frozen,
        Self::Mountain,
        Self::Vegetation,
        Self::Urban,
        Self::NoSmap,
        Self::NoSentinel1,
    ];

    /// From its number; unknown numbers read as [`Reason::NotObserved`].
    #[must_use]
    pub fn from_u8(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::NotObserved)
    }

    /// For people, as shown under the cursor.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotObserved => "not observed",
            Self::Water => "water",
            Self::QualityFlag => "quality flag: retrieval not recommended",
            Self::OutOfRange => "value outside the valid range",
            Self::OutsideFile => "outside the file",
            Self::Frozen => "frozen ground or snow (surface flag)",
            Self::Mountain => "mountains (surface flag)",
            Self::Vegetation => "dense vegetation (surface flag)",
            Self::Urban => "urban area (surface flag)",
            Self::NoSmap => "no SMAP",
            Self::NoSentinel1 => "no 3 km map",
        }
    }
}

/// Count, smallest, largest and mean of the valid values. The mean is summed in float64.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Valid cells.
    pub valid: usize,
    /// All cells.
    pub cells: usize,
    /// Smallest valid value; `None` where nothing is valid.
    pub min: Option<f64>,
    /// Largest valid value.
    pub max: Option<f64>,
    /// Mean of the valid values.
    pub mean: Option<f64>,
}

impl Statistics {
    /// Of values that are NaN where there is none.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let (mut valid, mut sum, mut min, mut max) = (0usize, 0f64, f64::INFINITY, f64::NEG_INFINITY);
        for &value in values.iter().filter(|v| v.is_finite()) {
            let value = f64::from(value);
            valid += 1;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
        let some = |v: f64| (valid > 0).then_some(v);
        Self {
            valid,
            cells: values.len(),
            min: some(min),
            max: some(max),
            mean: some(sum / valid.max(1) as f64),
        }
    }
}

/// Row-major float32 values on a [`Grid`], each with its [`Reason`]. A value is finite exactly where the reason is `Valid`; elsewhere it is NaN.
#[derive(Debug, Clone)]
pub struct Raster {
    grid: Grid,
    values: Vec<f32>,
    reasons: Vec<Reason>,
}

impl Raster {
    /// Values and reasons on a grid. Values that are not finite become `NotObserved`; values under a reason become NaN.
    ///
    /// # Errors
    /// [`GridError::WrongLength`] where the lengths do not fit the grid.
    pub fn new(grid: Grid, mut values: Vec<f32>, mut reasons: Vec<Reason>) -> Result<Self, GridError> {
        for length in [values.len(), reasons.len()] {
            if length != grid.len() {
                return Err(GridError::WrongLength {
                    values: length,
                    columns: grid.columns,
                    rows: grid.rows,
                });
            }
        }
        for (value, reason) in values.iter_mut().zip(&mut reasons) {
            if *reason != Reason::Valid {
                *value = f32::NAN;
            } else if !value.is_finite() {
                *reason = Reason::NotObserved;
                *value = f32::NAN;
            }
        }
        Ok(Self { grid, values, reasons })
    }

    /// A raster without a single valid value, all for the same reason.
    #[must_use]
    pub fn masked(grid: Grid, reason: Reason) -> Self {
        let n = grid.len();
        Self { grid, values: vec![f32::NAN; n], reasons: vec![reason; n] }
    }

    /// The grid.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Row-major values; NaN where masked.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Row-major reasons.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Value at (column, row), or why there is none.
    ///
    /// # Errors
    /// The reason of the mask; [`Reason::OutsideFile`] past the edge.
    pub fn at(&self, column: usize, row: usize) -> Result<f32, Reason> {
        if column >= self.grid.columns || row >= self.grid.rows {
            return Err(Reason::OutsideFile);
        }
        let i = row * self.grid.columns + column;
        match (self.reasons.get(i), self.values.get(i)) {
            (Some(Reason::Valid), Some(&value)) => Ok(value),
            (Some(&reason), _) => Err(reason),
            _ => Err(Reason::OutsideFile),
        }
    }

    /// The part of the raster on a window of its own grid; cells beyond its edge are [`Reason::OutsideFile`].
    ///
    /// # Errors
    /// [`GridError::DifferentGrids`] for a raster that is not on the EASE-Grid, or a window of another resolution.
    pub fn cropped(&self, window: &EaseWindow) -> Result<Self, GridError> {
        let own = self
            .grid
            .ease_window()
            .filter(|own| own.resolution == window.resolution)
            .ok_or(GridError::DifferentGrids)?;
        if own == *window {
            return Ok(self.clone());
        }
        let mut cropped = Self::masked(window.grid(), Reason::OutsideFile);
        let columns = own.first_column.max(window.first_column)
            ..(own.first_column + own.columns).min(window.first_column + window.columns);
        let rows = own.first_row.max(window.first_row)
            ..(own.first_row + own.rows).min(window.first_row + window.rows);
        if columns.is_empty() {
            return Ok(cropped);
        }
        for row in rows {
            let of = |whole: &EaseWindow| {
                let first = (row - whole.first_row) * whole.columns + columns.start - whole.first_column;
                first..first + columns.len()
            };
            cropped.values[of(window)].copy_from_slice(&self.values[of(&own)]);
            cropped.reasons[of(window)].copy_from_slice(&self.reasons[of(&own)]);
        }
        Ok(cropped)
    }

    /// With values added, one a cell; masked as before.
    ///
    /// # Errors
    /// [`GridError::WrongLength`] where there is not one value a cell.
    pub fn plus(&self, values: &[f32]) -> Result<Self, GridError> {
        let sum: Vec<f32> = self.values.iter().zip(values).map(|(a, b)| a + b).collect();
        Self::new(self.grid.clone(), sum, self.reasons.clone())
    }

    /// This minus a reference on the same cells where both are valid; elsewhere the reference's reason, then this one's.
    ///
    /// # Errors
    /// [`GridError::WrongLength`] where the two differ in length.
    pub fn minus(&self, reference: &Self) -> Result<Self, GridError> {
        let values = self.values.iter().zip(&reference.values).map(|(a, b)| a - b).collect();
        let reasons = self
            .reasons
            .iter()
            .zip(&reference.reasons)
            .map(|(&own, &r)| if r == Reason::Valid { own } else { r })
            .collect();
        Self::new(reference.grid.clone(), values, reasons)
    }

    /// Number of valid cells.
    #[must_use]
    pub fn valid_count(&self) -> usize {
        self.reasons.iter().filter(|r| **r == Reason::Valid).count()
    }

    /// Count, extremes and mean of the valid cells.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics::of(&self.values)
    }

    /// Grid, values and reasons, taken apart.
    #[must_use]
    pub fn into_parts(self) -> (Grid, Vec<f32>, Vec<Reason>) {
        (self.grid, self.values, self.reasons)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::Resolution;

    #[test]
    fn a_crop_holds_the_cells_of_its_window_and_outside_nothing() {
        let window = |column, row, columns, rows| {
            EaseWindow::new(Resolution::M03, column, row, columns, rows).unwrap()
        };
        let own = window(100, 50, 4, 3);
        let values = (0..12).map(|i| i as f32).collect();
        let reasons = (0..12).map(|i| if i == 5 { Reason::NotObserved } else { Reason::Valid }).collect();
        let raster = Raster::new(own.grid(), values, reasons).unwrap();
        // Inside, over each corner, around all of it, beside it.
        for other in [
            window(101, 51, 2, 2),
            window(98, 49, 4, 2),
            window(102, 51, 5, 5),
            window(97, 51, 4, 4),
            window(103, 48, 2, 3),
            window(90, 40, 30, 30),
            window(104, 50, 3, 3),
            window(100, 60, 4, 3),
        ] {
            let crop = raster.cropped(&other).unwrap();
            for row in 0..other.rows {
                for column in 0..other.columns {
                    let at = |n: usize, whole: usize, own: usize| (n + whole).checked_sub(own);
                    let column_there = at(column, other.first_column, own.first_column);
                    let row_there = at(row, other.first_row, own.first_row);
                    let there = match (column_there, row_there) {
                        (Some(column), Some(row)) => raster.at(column, row),
                        _ => Err(Reason::OutsideFile),
                    };
                    assert_eq!(crop.at(column, row), there, "{other:?} {column} {row}");
                }
            }
        }
    }
}
