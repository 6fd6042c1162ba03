//! One region's days: what SMAP saw, what the 3 km maps hold, aligned on the region's 3 km cells.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Region;
use crate::grid::Raster;
use crate::protocol::FineOrigin;

/// A 3 km map of a day.
#[derive(Debug, Clone)]
pub struct Fine {
    /// m3/m3 on the region's cells.
    pub raster: Raster,
    /// Where it comes from.
    pub origin: FineOrigin,
}

/// One day of a region. Every raster lies on the region's 3 km grid.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// SMAP soil moisture, m3/m3: each 3 km cell holds the value of the 36 km (or 9 km) cell it lies in. Masked with `NoSmap` where not seen.
    pub coarse: Option<Raster>,
    /// The 3 km map, scenes of the day mosaicked.
    pub fine: Option<Fine>,
    /// Backscatter VV, dB (averaged in linear power).
    pub vv: Option<Raster>,
    /// Backscatter VH, dB.
    pub vh: Option<Raster>,
    /// Names of the files that went in.
    pub files: Vec<String>,
    /// Made by the simulator.
    pub simulated: bool,
}

/// All days of a region.
#[derive(Debug, Clone)]
pub struct Series {
    /// Where.
    pub region: Region,
    /// By date.
    pub days: BTreeMap<Date, Day>,
}
