//! Coordinate reference systems that SMAP and Sentinel-1 rasters come in.

use serde::{Deserialize, Serialize};

use super::GridError;
use super::azimuthal::Azimuthal;
use super::ease2::{self, wrap};
use super::utm::Utm;

/// A coordinate reference system, as far as Loam needs to know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Crs {
    /// EASE-Grid 2.0 global cylindrical equal area, EPSG:6933; also the "32767" user-defined form that HEG writes.
    Ease2Global,
    /// EASE-Grid 2.0 north, Lambert azimuthal equal area, EPSG:6931.
    Ease2North,
    /// EASE-Grid 2.0 south, EPSG:6932.
    Ease2South,
    /// Longitude and latitude in degrees, WGS84, EPSG:4326.
    Geographic,
    /// Universal Transverse Mercator on WGS84, EPSG:326zz / 327zz.
    Utm {
        /// Zone 1..60.
        zone: u8,
        /// Northern hemisphere.
        north: bool,
    },
    /// Lambert azimuthal equal area on WGS84 with parameters of its own (polar SMAP files from HEG, ETRS89-LAEA).
    LambertAzimuthal {
        /// Latitude of the centre, degrees.
        latitude: f64,
        /// Longitude of the centre, degrees.
        longitude: f64,
        /// Added to every x, metres.
        false_easting: f64,
        /// Added to every y, metres.
        false_northing: f64,
    },
    /// A system Loam can show but not place on the EASE-Grid.
    Other {
        /// EPSG code, where the file names one.
        epsg: Option<u32>,
        /// The file's own words.
        description: String,
    },
}

impl Crs {
    /// EPSG code, where there is one.
    #[must_use]
    pub fn epsg(&self) -> Option<u32> {
        match self {
            Self::Ease2Global => Some(6933),
            Self::Ease2North => Some(6931),
            Self::Ease2South => Some(6932),
            Self::Geographic => Some(4326),
            Self::Utm { zone, north } => Some(if *north { 32600 } else { 32700 } + u32::from(*zone)),
            Self::LambertAzimuthal { .. } => None,
            Self::Other { epsg, .. } => *epsg,
        }
    }

    /// The system's transformation with its constants worked out, for many points.
    ///
    /// # Errors
    /// [`GridError::UnknownCrs`] for [`Crs::Other`].
    pub fn projection(&self) -> Result<Projection, GridError> {
        Ok(Projection(match self {
            Self::Ease2Global => Kind::Ease2,
            Self::Ease2North => Kind::Azimuthal(Azimuthal::new(90.0, 0.0, 0.0, 0.0)),
            Self::Ease2South => Kind::Azimuthal(Azimuthal::new(-90.0, 0.0, 0.0, 0.0)),
            Self::Geographic => Kind::Geographic,
            Self::Utm { zone, north } => Kind::Utm(Utm::new(*zone, *north)),
            Self::LambertAzimuthal { latitude, longitude, false_easting, false_northing } => {
                Kind::Azimuthal(Azimuthal::new(*latitude, *longitude, *false_easting, *false_northing))
            }
            Self::Other { description, .. } => {
                return Err(GridError::UnknownCrs { crs: description.clone() });
            }
        }))
    }

    /// Projected coordinates to longitude and latitude, degrees. For many points take [`Crs::projection`] once.
    ///
    /// # Errors
    /// [`GridError::UnknownCrs`] for [`Crs::Other`].
    pub fn to_lonlat(&self, x: f64, y: f64) -> Result<(f64, f64), GridError> {
        Ok(self.projection()?.to_lonlat(x, y))
    }

    /// Longitude and latitude, degrees, to projected coordinates.
    ///
    /// # Errors
    /// [`GridError::UnknownCrs`] for [`Crs::Other`].
    pub fn from_lonlat(&self, longitude: f64, latitude: f64) -> Result<(f64, f64), GridError> {
        Ok(self.projection()?.from_lonlat(longitude, latitude))
    }
}

/// A coordinate system's transformation. Points it cannot map come back as NaN.
///
/// UTM and azimuthal follow Karney (2011) and Snyder (1987) on WGS84 and are compared with `proj4rs` in this file's tests.
/// GRS80 systems (ETRS89) are treated as WGS84: the ellipsoids differ by 0.1 mm.
#[derive(Debug, Clone, Copy)]
pub struct Projection(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ease2,
    Geographic,
    Utm(Utm),
    Azimuthal(Azimuthal),
}

impl Projection {
    /// Projected coordinates to longitude (-180..180) and latitude, degrees.
    #[must_use]
    pub fn to_lonlat(&self, x: f64, y: f64) -> (f64, f64) {
        match &self.0 {
            Kind::Ease2 => ease2::inverse(x, y),
            Kind::Geographic => (wrap(x), y),
            Kind::Utm(utm) => utm.inverse(x, y),
            Kind::Azimuthal(azimuthal) => azimuthal.inverse(x, y),
        }
    }

    /// Longitude and latitude, degrees, to projected coordinates.
    #[must_use]
    pub fn from_lonlat(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        match &self.0 {
            Kind::Ease2 => ease2::forward(longitude, latitude),
            Kind::Geographic => (longitude, latitude),
            Kind::Utm(utm) => utm.forward(longitude, latitude),
            Kind::Azimuthal(azimuthal) => azimuthal.forward(longitude, latitude),
        }
    }

    /// Projected coordinates to metres on the global EASE-Grid 2.0 plane.
    #[must_use]
    pub fn to_ease(&self, x: f64, y: f64) -> (f64, f64) {
        match &self.0 {
            Kind::Ease2 => (x, y),
            _ => {
                let (longitude, latitude) = self.to_lonlat(x, y);
                ease2::forward(longitude, latitude)
            }
        }
    }

    /// Metres on the global EASE-Grid 2.0 plane to projected coordinates.
    #[must_use]
    pub fn from_ease(&self, x: f64, y: f64) -> (f64, f64) {
        match &self.0 {
            Kind::Ease2 => (x, y),
            _ => {
                let (longitude, latitude) = ease2::inverse(x, y);
                self.from_lonlat(longitude, latitude)
            }
        }
    }

    /// True where x depends on the longitude alone and y on the latitude alone, so that a grid's rows and columns map one by one.
    #[must_use]
    pub fn is_cylindrical(&self) -> bool {
        matches!(self.0, Kind::Ease2 | Kind::Geographic)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    type Case<'a> = (Crs, &'a str, &'a [(f64, f64)]);

    /// Every system against an independent implementation, forward and back, at places across its domain.
    #[test]
    fn transformations_agree_with_proj4rs() {
        let cases: [Case<'_>; 7] = [
            (
                Crs::Utm { zone: 31, north: true },
                "+proj=utm +zone=31 +datum=WGS84",
                &[(4.5205659, 43.5943655), (0.1, 0.5), (5.9, 80.0)],
            ),
            (
                Crs::Utm { zone: 14, north: true },
                "+proj=utm +zone=14 +datum=WGS84",
                &[(-97.5164, 35.4676), (-103.5, 10.0)],
            ),
            (
                Crs::Utm { zone: 33, north: false },
                "+proj=utm +zone=33 +south +datum=WGS84",
                &[(15.5, -33.3), (12.0, -0.2)],
            ),
            (
                Crs::Ease2North,
                "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84",
                &[(-97.5164, 35.4676), (6.1432, 46.2044), (-170.0, 85.0), (30.0, 5.0)],
            ),
            (
                Crs::Ease2South,
                "+proj=laea +lat_0=-90 +lon_0=0 +datum=WGS84",
                &[(-70.0, -35.0), (140.0, -80.0)],
            ),
            (
                Crs::LambertAzimuthal {
                    latitude: 52.0,
                    longitude: 10.0,
                    false_easting: 4_321_000.0,
                    false_northing: 3_210_000.0,
                },
                "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80",
                &[(6.1432, 46.2044), (-8.0, 39.0), (28.0, 65.0)],
            ),
            (
                Crs::Ease2Global,
                "+proj=cea +lat_ts=30 +lon_0=0 +datum=WGS84",
                &[(-97.5164, 35.4676), (179.0, -84.0)],
            ),
        ];
        for (crs, proj, places) in cases {
            let to = proj4rs::Proj::from_proj_string(proj).unwrap();
            let from = proj4rs::Proj::from_proj_string("+proj=longlat +datum=WGS84").unwrap();
            for &(lon, lat) in places {
                let mut p = (lon.to_radians(), lat.to_radians(), 0.0);
                proj4rs::transform::transform(&from, &to, &mut p).unwrap();
                let (x, y) = crs.from_lonlat(lon, lat).unwrap();
                assert!(
                    (x - p.0).abs() < 1e-3 && (y - p.1).abs() < 1e-3,
                    "{crs:?} {lon} {lat}: {x} {y}, proj4rs {p:?}"
                );
                let (lon2, lat2) = crs.to_lonlat(x, y).unwrap();
                assert!((lon2 - lon).abs() < 3e-8 && (lat2 - lat).abs() < 3e-8, "{crs:?}: {lon2} {lat2}");
            }
        }
    }

    #[test]
    fn the_pole_and_the_centre_are_fine() {
        let (lon, lat) = Crs::Ease2North.to_lonlat(0.0, 0.0).unwrap();
        assert!(lon.is_finite() && (lat - 90.0).abs() < 1e-9);
        let crs = Crs::LambertAzimuthal {
            latitude: 52.0,
            longitude: 10.0,
            false_easting: 0.0,
            false_northing: 0.0,
        };
        let (lon, lat) = crs.to_lonlat(0.0, 0.0).unwrap();
        assert!((lon - 10.0).abs() < 1e-12 && (lat - 52.0).abs() < 2e-8);
    }

    #[test]
    fn an_unknown_system_is_refused_by_name() {
        let crs = Crs::Other { epsg: Some(2154), description: "RGF93 Lambert-93".into() };
        assert!(crs.to_lonlat(0.0, 0.0).unwrap_err().to_string().contains("Lambert-93"));
    }

    #[test]
    fn longitudes_of_0_to_360_are_wrapped() {
        assert_eq!(Crs::Geographic.to_lonlat(262.4836, 35.0).unwrap().0, 262.4836 - 360.0);
        assert_eq!(Crs::Geographic.to_lonlat(180.0, 0.0).unwrap().0, 180.0);
    }
}
