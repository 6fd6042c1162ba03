//! One file, understood: product, date, orbit, variables with their grids, problems.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::SharedSource;
use crate::sniff::Format;
use ease_grid::{Grid, Resolution, Statistics};

/// What a file is, told from its structure first and its name second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Product {
    /// SMAP/Sentinel-1 L2, 3 km and 1 km.
    #[serde(rename = "SPL2SMAP_S")]
    Spl2smapS,
    /// SMAP L3 daily, 36 km.
    #[serde(rename = "SPL3SMP")]
    Spl3smp,
    /// SMAP L3 daily, enhanced, 9 km.
    #[serde(rename = "SPL3SMP_E")]
    Spl3smpE,
    /// SMAP L2 half orbit, 36 km.
    #[serde(rename = "SPL2SMP")]
    Spl2smp,
    /// SMAP L2 half orbit, enhanced, 9 km.
    #[serde(rename = "SPL2SMP_E")]
    Spl2smpE,
    /// SMAP L4 (analysis update, geophysical or land model).
    #[serde(rename = "SPL4")]
    Spl4,
    /// Another SMAP product with a dataset Loam can show.
    #[serde(rename = "SMAP (other)")]
    SmapOther,
    /// GeoTIFF of soil moisture.
    #[serde(rename = "soil moisture GeoTIFF")]
    SoilMoistureGeoTiff,
    /// GeoTIFF of Sentinel-1 backscatter.
    #[serde(rename = "Sentinel-1 backscatter")]
    Sentinel1,
    /// Land surface temperature (MODIS, VIIRS), as GeoTIFF or NetCDF-4.
    #[serde(rename = "land surface temperature")]
    SurfaceTemperature,
    /// NISAR's soil moisture, 200 m.
    #[serde(rename = "NISAR SME2")]
    Nisar,
    /// Soil moisture in m3/m3 as NetCDF or HDF5 that is no SMAP product: ESA CCI, SMOS, ERA5-Land, own files.
    #[serde(rename = "soil moisture NetCDF")]
    OtherSoilMoisture,
    /// An estimate that Loam itself wrote: not used unless the user says so by hand.
    #[serde(rename = "own_map")]
    OwnMap,
    /// A sound file of no product Loam knows: listed with its arrays, not used.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Product {
    /// Its name for people; of products the same as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Product::Spl2smapS => "SPL2SMAP_S",
            Product::Spl3smp => "SPL3SMP",
            Product::Spl3smpE => "SPL3SMP_E",
            Product::Spl2smp => "SPL2SMP",
            Product::Spl2smpE => "SPL2SMP_E",
            Product::Spl4 => "SPL4",
            Product::SmapOther => "SMAP (other)",
            Product::SoilMoistureGeoTiff => "soil moisture GeoTIFF",
            Product::Sentinel1 => "Sentinel-1 backscatter",
            Product::SurfaceTemperature => "land surface temperature",
            Product::Nisar => "NISAR SME2",
            Product::OtherSoilMoisture => "soil moisture NetCDF",
            Product::OwnMap => "a map that Loam made",
            Product::Unknown => "unknown",
        }
    }
}

/// What a variable means to Loam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// m3/m3.
    SoilMoisture,
    /// sigma0 or gamma0, co-polarised.
    BackscatterVv,
    /// sigma0 or gamma0, cross-polarised.
    BackscatterVh,
    /// Brightness temperature of the radiometer, vertical polarisation, K.
    BrightnessV,
    /// Brightness temperature, horizontal polarisation, K.
    BrightnessH,
    /// Land surface temperature, K.
    SurfaceTemperature,
    /// Uncertainty of the soil moisture beside it, m3/m3 (NISAR): read where a map is scored against it.
    SoilMoistureUncertainty,
    /// Anything else: shown by `inspect`, not used.
    Other,
}

/// Which overpass of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overpass {
    /// 6 am local, descending.
    Am,
    /// 6 pm local, ascending.
    Pm,
}

/// Flight direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orbit {
    /// Northwards (SMAP: 6 pm).
    Ascending,
    /// Southwards (SMAP: 6 am).
    Descending,
}

/// How backscatter numbers are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackscatterScale {
    /// 10 log10 of power.
    Decibel,
    /// Linear power.
    Power,
    /// Linear amplitude (square root of power).
    Amplitude,
    /// Uncalibrated digital numbers: not usable.
    DigitalNumber,
}

/// Which retrievals count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityRule {
    /// Recommended retrievals only: bit 0 of the retrieval quality flag is 0.
    #[default]
    Recommended,
    /// Also those of uncertain quality: attempted and successful, value present.
    WithUncertain,
    /// Every value in the file's valid range.
    All,
}

/// Where a date came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrigin {
    /// The file's own metadata.
    Metadata,
    /// Its name.
    FileName,
    /// The user said so.
    User,
}

/// Something a user should know about a file that is used all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What happened, why, what to do: one sentence or two.
    pub text: String,
}

/// What the user said of a variable, and what was known of it before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// `given by you: soil moisture, percent`.
    pub words: String,
    pub(super) role: Role,
    pub(super) scale: Option<BackscatterScale>,
    pub(super) linear: Option<(f64, f64)>,
    pub(super) units: Option<String>,
    pub(super) zero_is_no_value: bool,
    pub(super) evidence: String,
}

impl Given {
    /// What the scan made of a variable, before the user says anything.
    pub(super) fn before(variable: &Variable) -> Self {
        Self {
            words: String::new(),
            role: variable.role,
            scale: variable.scale,
            linear: variable.linear,
            units: variable.units.clone(),
            zero_is_no_value: variable.zero_is_no_value,
            evidence: variable.evidence.clone(),
        }
    }
}

/// One array of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variable {
    /// HDF5 path (`/Soil_Moisture_Retrieval_Data_AM/soil_moisture`) or band name (`VV`, `band 1`).
    pub path: String,
    /// What it means.
    pub role: Role,
    /// The file's unit text, where there is one.
    pub units: Option<String>,
    /// Element type: `float32`, `uint16`, `string`, ...
    pub dtype: String,
    /// Shape as stored.
    pub shape: Vec<u64>,
    /// Placement; `None` where the variable is not a map Loam can place.
    pub grid: Option<Grid>,
    /// Nominal EASE-Grid resolution, where the grid is (part of) one.
    pub resolution: Option<Resolution>,
    /// Overpass, for products that separate them.
    pub overpass: Option<Overpass>,
    /// Scale of backscatter, detected.
    pub scale: Option<BackscatterScale>,
    /// (factor, offset) from stored numbers to unpacked ones, as the file declares it.
    pub packing: Option<(f64, f64)>,
    /// (factor, offset) from unpacked numbers to the unit of the role, where they are in another one (degrees C, percent, MODIS' steps of
    /// 0.02 K).
    pub linear: Option<(f64, f64)>,
    /// A zero stands for no value (temperatures of MODIS, dB whose other values are negative).
    pub zero_is_no_value: bool,
    /// Its own day, where one file holds several.
    pub date: Option<Date>,
    /// Which step of the leading axes it is, where one array holds several days.
    pub step: Option<u64>,
    /// Number of the variable with its retrieval quality flag, for bands of one TIFF.
    pub quality: Option<usize>,
    /// What it is and how that is known, or why it is not used: "soil moisture, m3/m3, from AppEEARS' file name".
    pub evidence: String,
    /// Statistics of the values that count under the quality rule of the scan; `None` where not numeric or not asked for.
    pub statistics: Option<Statistics>,
    /// What the user said of it ([`Granule::use_layer`]).
    #[serde(default)]
    pub given: Option<Box<Given>>,
}

/// One file, understood. Holds no pixels.
#[derive(Clone)]
pub struct Granule {
    /// File name.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
    /// What it is.
    pub product: Product,
    /// Where it comes from, by the catalogue: "AppEEARS", "ASF HyP3".
    pub origin: Option<&'static str>,
    /// Short name as the file gives it (`SPL4SMAU`), where it does.
    pub short_name: Option<String>,
    /// The day it belongs to on Loam's time line: SMAP's day, not Sentinel-1's, for SPL2SMAP_S. `None` for a stack of several days, whose
    /// variables have a day each ([`Granule::days`]).
    pub date: Option<Date>,
    /// Where the date came from.
    pub date_origin: Option<DateOrigin>,
    /// For SPL2SMAP_S: Sentinel-1's day.
    pub sentinel1_date: Option<Date>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Name of the scene without version and product counter: of two granules with one identity the later version counts.
    pub identity: Option<String>,
    /// Composite release (`R18290`) and product counter (`002`): the highest wins.
    pub version: Option<(String, u32)>,
    /// Made by Loam's simulator: must be labelled so wherever it is shown.
    pub simulated: bool,
    /// The arrays.
    pub variables: Vec<Variable>,
    /// What the user should know.
    pub problems: Vec<Problem>,
    /// The bytes, for reading pixels later.
    pub source: SharedSource,
    /// What its bytes are.
    pub(super) format: Format,
}

/// Edge (metres) that parts coarse from fine maps where a raster is not on an EASE-Grid: between 9 and 3 km.
const COARSE_CELL_M: f64 = 6_000.0;
/// Metres per degree of latitude, to estimate the cell size of a geographic grid.
const METRES_PER_DEGREE: f64 = 111_320.0;

impl Variable {
    /// Of cells of 36 or 9 km, or about as large on another grid.
    #[must_use]
    pub fn is_coarse(&self) -> bool {
        match (self.resolution, &self.grid) {
            (Some(resolution), _) => matches!(resolution, Resolution::M36 | Resolution::M09),
            (None, Some(grid)) => {
                let metres = if grid.crs.epsg() == Some(4326) { METRES_PER_DEGREE } else { 1.0 };
                grid.cell_y * metres > COARSE_CELL_M
            }
            (None, None) => false,
        }
    }

    /// Whether it belongs to a day: its own, where it has one; else it belongs to its granule's.
    #[must_use]
    pub fn is_of(&self, day: Date) -> bool {
        self.date.is_none_or(|own| own == day)
    }

    /// Whether it lies on a map and nothing says what it is of. What a file says of a layer is not outvoted by what its file is used as;
    /// [`Granule::use_layer`] does that.
    #[must_use]
    pub fn is_unknown_map(&self) -> bool {
        self.role == Role::Other
            && self.grid.is_some()
            && (self.evidence.is_empty() || self.evidence.starts_with("unknown quantity"))
    }

    /// Why it cannot be drawn as a map, and what to do; `None` where it can.
    #[must_use]
    pub fn no_map(&self) -> Option<(String, String)> {
        if !self.is_numeric() {
            let what = format!("{} holds {}, not numbers", self.path, self.dtype);
            return Some((what, "choose another layer".to_owned()));
        }
        self.grid.is_none().then(|| {
            let what = format!("nothing in the file says where {} lies", self.path);
            let remedy =
                "export it as a GeoTIFF with its coordinate system, or as NetCDF with its coordinates";
            (what, remedy.to_owned())
        })
    }

    pub(crate) fn is_numeric(&self) -> bool {
        ["int", "uint", "float"].iter().any(|kind| self.dtype.starts_with(kind))
    }

    /// (factor, offset) from stored numbers to the unit of the role: declared packing, then the unit's.
    #[must_use]
    pub fn stored_to_unit(&self) -> Option<(f64, f64)> {
        match (self.packing, self.linear) {
            (Some((a, b)), Some((c, d))) => Some((a * c, b * c + d)),
            (packing, linear) => packing.or(linear),
        }
    }
}

impl Granule {
    /// The days it holds something used of, in order: its own, or those of its variables.
    #[must_use]
    pub fn days(&self) -> Vec<Date> {
        let mut days: Vec<Date> = self
            .variables
            .iter()
            .filter(|v| v.role != Role::Other)
            .filter_map(|v| v.date.or(self.date))
            .collect();
        days.sort_unstable();
        days.dedup();
        if days.is_empty() { self.date.into_iter().collect() } else { days }
    }

    /// Days of variables become the granule's where they are one, and its own is taken back where they are several.
    pub(crate) fn settle_days(&mut self) {
        let mut days: Vec<Date> = self.variables.iter().filter_map(|v| v.date).collect();
        days.sort_unstable();
        days.dedup();
        match days.as_slice() {
            [] => {}
            [only] => {
                if self.date != Some(*only) {
                    (self.date, self.date_origin) = (Some(*only), Some(DateOrigin::Metadata));
                }
                self.variables.iter_mut().for_each(|v| v.date = None);
            }
            _ => {
                // A band without a day of its own belongs to the file's.
                if self.variables.iter().all(|v| v.date.is_some() || v.role == Role::Other) {
                    (self.date, self.date_origin) = (None, Some(DateOrigin::Metadata));
                }
            }
        }
    }
}

impl std::fmt::Debug for Granule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granule")
            .field("file", &self.file)
            .field("product", &self.product)
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

/// How pixels are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Which retrievals count.
    pub quality: QualityRule,
    /// Overrides the detected backscatter scale.
    pub scale: Option<BackscatterScale>,
}
