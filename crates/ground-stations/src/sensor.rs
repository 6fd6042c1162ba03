//! A sensor: where it is, what it measures, its records.

use serde::Serialize;

use crate::records::Records;

/// What a network of simulated stations is called: readers take stations of networks that begin so as simulated.
pub const SIMULATED: &str = "SIMULATED";

/// A network of that name, or of one that begins so.
pub(crate) fn is_simulated(network: &str) -> bool {
    network.starts_with(SIMULATED)
}

/// What a sensor measures, as ISMN's names say it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `sm`: volumetric soil moisture, m3/m3.
    SoilMoisture,
    /// `ts`: soil temperature, degrees Celsius.
    SoilTemperature,
    /// `ta`: air temperature, degrees Celsius.
    AirTemperature,
    /// `p`: precipitation, mm.
    Precipitation,
    /// Another (`sd`, `sweq`, `tsf`, `su`), by its code.
    Other(String),
}

impl Variable {
    /// From ISMN's code.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "sm" => Self::SoilMoisture,
            "ts" => Self::SoilTemperature,
            "ta" => Self::AirTemperature,
            "p" => Self::Precipitation,
            other => Self::Other(other.to_owned()),
        }
    }

    /// ISMN's code: `sm`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::SoilMoisture => "sm",
            Self::SoilTemperature => "ts",
            Self::AirTemperature => "ta",
            Self::Precipitation => "p",
            Self::Other(code) => code,
        }
    }
}

/// How a file of stations is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// ISMN, CEOP in separate files: every line repeats the place.
    Ceop,
    /// ISMN, header + values: the first line has the place.
    HeaderValues,
    /// A logger's own table.
    Logger,
    /// Made by [`crate::simulate`].
    Simulated,
}

/// Where a station is and what is known of it besides its records.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Surroundings {
    /// ESA CCI land cover: `Grassland (130)`.
    pub land_cover: Option<String>,
    /// Köppen-Geiger class: `Cfa`.
    pub climate: Option<String>,
    /// Of the sensor, by `frm_classification.csv`: `representative`.
    pub frm_class: Option<String>,
}

/// One sensor of a station.
#[derive(Debug, Clone)]
pub struct Sensor {
    /// Network: its folder's name in an archive, else as the file says.
    pub network: String,
    /// Station, as the file says. Its folder may be called otherwise.
    pub station: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Metres above the sea.
    pub elevation: Option<f64>,
    /// Upper end, metres below the ground; negative above it.
    pub depth_from: f64,
    /// Lower end, metres.
    pub depth_to: f64,
    /// What it measures.
    pub variable: Variable,
    /// The instrument: `Cosmic-ray-Probe`.
    pub instrument: String,
    /// Path of the file in its archive or folder.
    pub file: String,
    /// How the file is written.
    pub form: Form,
    /// Records, in order of time.
    pub records: Records,
    /// Lines that could not be read: how many, and the first one's number.
    pub bad_lines: Option<(usize, u64)>,
    /// Land cover, climate, class.
    pub surroundings: Surroundings,
}

impl Sensor {
    /// `COSMOS/ARM-1, 0-0.19 m, Cosmic-ray-Probe`.
    #[must_use]
    pub fn title(&self) -> String {
        format!(
            "{}/{}, {}-{} m, {}",
            self.network, self.station, self.depth_from, self.depth_to, self.instrument
        )
    }

    /// Made by [`crate::simulate`], be it read from a file: no measurement.
    #[must_use]
    pub fn simulated(&self) -> bool {
        is_simulated(&self.network)
    }

    /// Why its values are not in the unit of its variable, and what follows; `None` where they can be.
    /// The `Readme.txt` of the ISMN's archives shows a record of soil moisture of 10.30: percent.
    #[must_use]
    pub fn other_unit(&self) -> Option<&'static str> {
        match self.variable {
            Variable::SoilMoisture if self.records.mostly_above(1.0) => Some(
                "most of its values are above 1, so they are not in m3/m3 (in percent?): it is compared with nothing",
            ),
            Variable::SoilTemperature | Variable::AirTemperature if self.records.mostly_above(100.0) => Some(
                "most of its values are above 100, so they are not in degrees Celsius (in kelvin?): frozen soil is not told by it",
            ),
            _ => None,
        }
    }

    /// What a reader of the file should know, in sentences without their full stop.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let lines = self
            .bad_lines
            .map(|(count, first)| format!("{count} lines could not be read, the first is line {first}"));
        let all = lines.into_iter().chain(self.other_unit().map(str::to_owned));
        all.map(|problem| format!("{}: {problem}", self.file)).collect()
    }

    /// The same sensor of the same place: files of several periods are one.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
        self.network == other.network
            && self.station == other.station
            && self.variable == other.variable
            && self.instrument == other.instrument
            && near(self.depth_from, other.depth_from)
            && near(self.depth_to, other.depth_to)
            && near(self.latitude, other.latitude)
            && near(self.longitude, other.longitude)
    }
}
