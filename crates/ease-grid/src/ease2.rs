//! EASE-Grid 2.0, the global cylindrical equal-area grid of every SMAP product (EPSG:6933).
//!
//! Source: NSIDC's definition (Brodzik et al. 2012, with the erratum of 2014). All grids share the outer corner ([`X0`], [`Y0`]) and are
//! strictly nested: one 36 km cell holds 4 x 4 cells of 9 km, 12 x 12 of 3 km and 36 x 36 of 1 km.

use serde::{Deserialize, Serialize};

use super::{Crs, Edges, Grid, GridError};

/// Semi-major axis of WGS84, metres.
pub const SEMI_MAJOR: f64 = 6_378_137.0;
/// First eccentricity of WGS84.
pub const ECCENTRICITY: f64 = 0.081_819_190_842_621_49;
/// Left edge of the global grids, metres.
pub const X0: f64 = -17_367_530.445_161_5;
/// Top edge of the global grids, metres.
pub const Y0: f64 = 7_314_540.830_638_6;
/// Area of one 3 km cell, km2: the same everywhere, while its shape on the ground is not.
pub const CELL_AREA_KM2_M03: f64 = 9.016_117_629_9;

/// The four nested global grids, named as NSIDC names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Resolution {
    /// 36 km, 964 x 406.
    M36,
    /// 9 km, 3856 x 1624.
    M09,
    /// 3 km, 11568 x 4872.
    M03,
    /// 1 km, 34704 x 14616.
    M01,
}

impl Resolution {
    /// All of them, coarsest first.
    pub const ALL: [Self; 4] = [Self::M36, Self::M09, Self::M03, Self::M01];

    /// Edge of a cell, metres on the projection plane. 36 km is the definition; the rest follow by division.
    #[must_use]
    pub const fn cell_m(self) -> f64 {
        36_032.220_840_584 / (self.per_36km() as f64)
    }

    /// Cells along one edge of a 36 km cell.
    #[must_use]
    pub const fn per_36km(self) -> usize {
        match self {
            Self::M36 => 1,
            Self::M09 => 4,
            Self::M03 => 12,
            Self::M01 => 36,
        }
    }

    /// Columns of the global grid.
    #[must_use]
    pub const fn columns(self) -> usize {
        964 * self.per_36km()
    }

    /// Rows of the global grid.
    #[must_use]
    pub const fn rows(self) -> usize {
        406 * self.per_36km()
    }

    /// Nominal size in km, for people.
    #[must_use]
    pub const fn km(self) -> u32 {
        match self {
            Self::M36 => 36,
            Self::M09 => 9,
            Self::M03 => 3,
            Self::M01 => 1,
        }
    }

    /// Name, e.g. `EASE-Grid 2.0 global 3 km`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::M36 => "EASE-Grid 2.0 global 36 km",
            Self::M09 => "EASE-Grid 2.0 global 9 km",
            Self::M03 => "EASE-Grid 2.0 global 3 km",
            Self::M01 => "EASE-Grid 2.0 global 1 km",
        }
    }
}

/// The authalic function q of Snyder's equation 3-12 (twice the area between equator and latitude, on the unit ellipsoid).
pub(super) fn q(sin_phi: f64) -> f64 {
    let e = ECCENTRICITY;
    let e2 = e * e;
    let es = e * sin_phi;
    (1.0 - e2) * (sin_phi / (1.0 - es * es) - (1.0 / (2.0 * e)) * ((1.0 - es) / (1.0 + es)).ln())
}

fn k0() -> f64 {
    let phi1 = 30f64.to_radians();
    let s = ECCENTRICITY * phi1.sin();
    phi1.cos() / (1.0 - s * s).sqrt()
}

/// Longitude and latitude (degrees) to projected metres.
#[must_use]
pub fn forward(longitude: f64, latitude: f64) -> (f64, f64) {
    let k0 = k0();
    let x = SEMI_MAJOR * k0 * longitude.to_radians();
    let y = SEMI_MAJOR * q(latitude.to_radians().sin()) / (2.0 * k0);
    (x, y)
}

/// Projected metres to longitude and latitude (degrees). Series in the authalic latitude, error at most 1.4e-8 degrees to 85 degrees.
#[must_use]
pub fn inverse(x: f64, y: f64) -> (f64, f64) {
    let k0 = k0();
    let lon = (x / (SEMI_MAJOR * k0)).to_degrees();
    let beta = (2.0 * y * k0 / (SEMI_MAJOR * q(1.0))).clamp(-1.0, 1.0).asin();
    (lon, geodetic_from_authalic(beta).to_degrees())
}

/// Geodetic from authalic latitude, radians: Snyder's equation 3-18.
pub(super) fn geodetic_from_authalic(beta: f64) -> f64 {
    let e2 = ECCENTRICITY * ECCENTRICITY;
    let (e4, e6) = (e2 * e2, e2 * e2 * e2);
    beta + (e2 / 3.0 + 31.0 * e4 / 180.0 + 517.0 * e6 / 5040.0) * (2.0 * beta).sin()
        + (23.0 * e4 / 360.0 + 251.0 * e6 / 3780.0) * (4.0 * beta).sin()
        + (761.0 * e6 / 45360.0) * (6.0 * beta).sin()
}

/// Fractional (column, row) of a place: the integer part is the cell, a cell's centre lies at .5.
#[must_use]
pub fn fractional_index(resolution: Resolution, longitude: f64, latitude: f64) -> (f64, f64) {
    let (x, y) = forward(longitude, latitude);
    let s = resolution.cell_m();
    ((x - X0) / s, (Y0 - y) / s)
}

/// A rectangle of cells of one of the global grids. Row 0 is the northernmost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EaseWindow {
    /// Which grid.
    pub resolution: Resolution,
    /// Westernmost column.
    pub first_column: usize,
    /// Northernmost row.
    pub first_row: usize,
    /// Columns, at least 1.
    pub columns: usize,
    /// Rows, at least 1.
    pub rows: usize,
}

impl EaseWindow {
    /// A window, checked to lie on the global grid.
    ///
    /// # Errors
    /// [`GridError::OutsideGlobe`] where it does not, or is empty.
    pub fn new(resolution: Resolution, first_column: i64, first_row: i64, columns: usize, rows: usize) -> Result<Self, GridError> {
        let outside = GridError::OutsideGlobe {
            grid: resolution.name(),
            first_column,
            first_row,
            columns,
            rows,
            grid_columns: resolution.columns(),
            grid_rows: resolution.rows(),
        };
        let (Ok(first_column), Ok(first_row)) = (usize::try_from(first_column), usize::try_from(first_row)) else {
            return Err(outside);
        };
        let fits = |first: usize, count: usize, all: usize| count >= 1 && first.checked_add(count).is_some_and(|end| end <= all);
        if fits(first_column, columns, resolution.columns()) && fits(first_row, rows, resolution.rows()) {
            Ok(Self { resolution, first_column, first_row, columns, rows })
        } else {
            Err(outside)
        }
    }

    /// The whole globe.
    #[must_use]
    pub const fn global(resolution: Resolution) -> Self {
        Self { resolution, first_column: 0, first_row: 0, columns: resolution.columns(), rows: resolution.rows() }
    }

    /// `columns` x `rows` cells around a place: starts at column floor(col) - columns/2 and row floor(row) - rows/2 (integer halves).
    ///
    /// # Errors
    /// [`GridError::NotOnGlobe`] or [`GridError::OutsideGlobe`].
    pub fn around(resolution: Resolution, longitude: f64, latitude: f64, columns: usize, rows: usize) -> Result<Self, GridError> {
        let on_globe = (-180.0..=180.0).contains(&longitude) && (-85.044_566_4..=85.044_566_4).contains(&latitude);
        if !on_globe {
            return Err(GridError::NotOnGlobe { longitude, latitude });
        }
        let (column, row) = fractional_index(resolution, longitude, latitude);
        Self::new(resolution, column.floor() as i64 - (columns / 2) as i64, row.floor() as i64 - (rows / 2) as i64, columns, rows)
    }

    /// Number of cells.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Never: a window has at least one cell. Here for the sake of the convention that `len` has a partner.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells both windows hold; `None` where they share none or lie on different grids.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self.resolution != other.resolution {
            return None;
        }
        let left = self.first_column.max(other.first_column);
        let top = self.first_row.max(other.first_row);
        let right = (self.first_column + self.columns).min(other.first_column + other.columns);
        let bottom = (self.first_row + self.rows).min(other.first_row + other.rows);
        (left < right && top < bottom).then(|| Self {
            resolution: self.resolution,
            first_column: left,
            first_row: top,
            columns: right - left,
            rows: bottom - top,
        })
    }

    /// The smallest window of another grid that covers this one.
    #[must_use]
    pub fn covering(&self, resolution: Resolution) -> Self {
        let (here, there) = (self.resolution.per_36km(), resolution.per_36km());
        let first = |index: usize| index * there / here;
        let end = |index: usize| (index * there).div_ceil(here);
        let (first_column, first_row) = (first(self.first_column), first(self.first_row));
        Self {
            resolution,
            first_column,
            first_row,
            columns: end(self.first_column + self.columns) - first_column,
            rows: end(self.first_row + self.rows) - first_row,
        }
    }

    /// The window with these cells more on each side, as far as the globe reaches.
    #[must_use]
    pub fn widened(&self, by: &Edges) -> Self {
        let (first_column, first_row) = (self.first_column.saturating_sub(by.west), self.first_row.saturating_sub(by.north));
        let end = |end: usize, by: usize, all: usize| (end + by).min(all.max(end));
        Self {
            first_column,
            first_row,
            columns: end(self.first_column + self.columns, by.east, self.resolution.columns()) - first_column,
            rows: end(self.first_row + self.rows, by.south, self.resolution.rows()) - first_row,
            ..*self
        }
    }

    /// The window as a [`Grid`] in EPSG:6933.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let s = self.resolution.cell_m();
        Grid {
            crs: Crs::Ease2Global,
            origin_x: X0 + self.first_column as f64 * s,
            origin_y: Y0 - self.first_row as f64 * s,
            cell_x: s,
            cell_y: s,
            columns: self.columns,
            rows: self.rows,
        }
    }

    /// Longitude and latitude of the centre of the cell at (column, row) of the window.
    #[must_use]
    pub fn lonlat(&self, column: usize, row: usize) -> (f64, f64) {
        let s = self.resolution.cell_m();
        inverse(X0 + ((self.first_column + column) as f64 + 0.5) * s, Y0 - ((self.first_row + row) as f64 + 0.5) * s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fractional indices verified against PROJ.
    #[test]
    fn known_places_fall_in_their_cells() {
        for (lon, lat, m36, m03) in [
            (-97.5164, 35.4676, (220.873, 85.116), (2650.473, 1021.394)),
            (-110.9747, 32.2226, (184.834, 94.697), (2218.013, 1136.362)),
            (6.1432, 46.2044, (498.450, 56.233), (5981.401, 674.797)),
            (0.0, 0.0, (482.0, 203.0), (5784.0, 2436.0)),
        ] {
            for (resolution, (column, row)) in [(Resolution::M36, m36), (Resolution::M03, m03)] {
                let (c, r) = fractional_index(resolution, lon, lat);
                assert!((c - column).abs() < 6e-4 && (r - row).abs() < 6e-4, "{lon} {lat} {resolution:?}: {c} {r}");
            }
        }
    }

    #[test]
    fn inverse_undoes_forward() {
        for lat in [-85.0, -60.5, -0.1, 0.0, 35.4676, 84.9] {
            let (x, y) = forward(123.456, lat);
            let (lon2, lat2) = inverse(x, y);
            assert!((lon2 - 123.456).abs() < 1e-9 && (lat2 - lat).abs() < 2e-8, "{lat}: {lat2}");
        }
    }

    #[test]
    fn cell_sizes_match_the_table() {
        for (resolution, cell) in
            [(Resolution::M09, 9_008.055_210_146), (Resolution::M03, 3_002.685_070_048_7), (Resolution::M01, 1_000.895_023_349_56)]
        {
            assert!((resolution.cell_m() - cell).abs() < 1e-8, "{resolution:?}");
        }
    }

    #[test]
    fn a_region_is_placed_with_integer_halves() -> Result<(), GridError> {
        let w = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100)?;
        assert_eq!((w.first_column, w.first_row), (2600, 971));
        let w = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 9, 11)?;
        assert_eq!((w.first_column, w.first_row), (2646, 1016));
        assert!(EaseWindow::around(Resolution::M03, -179.99, 0.0, 100, 100).is_err());
        assert!(EaseWindow::around(Resolution::M03, f64::NAN, 0.0, 100, 100).is_err());
        Ok(())
    }

    #[test]
    fn covering_holds_every_cell() -> Result<(), GridError> {
        let w = EaseWindow::new(Resolution::M03, 23, 12, 26, 12)?;
        let c = w.covering(Resolution::M36);
        assert_eq!((c.first_column, c.first_row, c.columns, c.rows), (1, 1, 4, 1));
        let f = c.covering(Resolution::M03);
        assert_eq!((f.first_column, f.first_row, f.columns, f.rows), (12, 12, 48, 12));
        Ok(())
    }
}
