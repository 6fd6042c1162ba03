//! EASE-Grid 2.0, the global cylindrical equal-area grid of every SMAP product (EPSG:6933).
//!
//! Source: NSIDC's definition (Brodzik et al. 2012, with the erratum of 2014). All grids share the outer corner ([`X0`], [`Y0`]) and are
//! strictly nested: one 36 km cell holds 4 x 4 cells of 9 km, 12 x 12 of 3 km and 36 x 36 of 1 km.

use serde::{Deserialize, Serialize};

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

/// Longitude into -180..=180; files of 0..360 exist.
pub(super) fn wrap(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) {
        longitude
    } else {
        (longitude + 180.0).rem_euclid(360.0) - 180.0
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
                assert!(
                    (c - column).abs() < 6e-4 && (r - row).abs() < 6e-4,
                    "{lon} {lat} {resolution:?}: {c} {r}"
                );
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
        for (resolution, cell) in [
            (Resolution::M09, 9_008.055_210_146),
            (Resolution::M03, 3_002.685_070_048_7),
            (Resolution::M01, 1_000.895_023_349_56),
        ] {
            assert!((resolution.cell_m() - cell).abs() < 1e-8, "{resolution:?}");
        }
    }
}
