//! Coordinate reference systems that SMAP and Sentinel-1 rasters come in.

use serde::{Deserialize, Serialize};

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
            Self::Other { epsg, .. } => *epsg,
        }
    }
}
