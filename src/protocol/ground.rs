//! Stations in the ground: read, listed, compared with the maps made here.
//!
//! Tables and figures cross as HTML: they are the report's own, made where the numbers are, so that page and report cannot differ and the page
//! needs no program to draw them.

use ground_stations::logger::{LoggerPlace, Preview};
use ground_stations::matching::Rules;
use jiff::civil::Date;
use loam_core::file::FileId;
use loam_core::iso_date;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use serde::{Deserialize, Serialize};

use super::packed::Packed;

/// Requests about stations. The worker answers them from the part that is loaded on demand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GroundRequest {
    /// Read the files of stations that were opened, and loggers' tables as the user describes them. Answer: [`super::Event::Progress`]...,
    /// [`super::Event::FileRead`] each, [`GroundEvent::Stations`].
    Read {
        /// Every table that was described. Those that were read by the same words are not read again.
        loggers: Vec<(FileId, Packed<LoggerPlace>)>,
    },
    /// Stations over the demo's scenes, whose errors are known. Answer: [`super::Event::Progress`]..., [`GroundEvent::Stations`].
    Simulate,
    /// Predict the dates that have records, and compare. Answer: [`super::Event::Progress`]..., [`GroundEvent::Stations`] with
    /// the status of each, [`GroundEvent::Validated`].
    Validate {
        /// The rules of matching.
        rules: Rules,
        /// The methods to compare, `None` for the best on the region's newest dates; where there is none, the method in use.
        methods: Vec<Option<Method>>,
        /// First date; the first there is where left out.
        #[serde(with = "iso_date")]
        from: Option<Date>,
        /// Last date.
        #[serde(with = "iso_date")]
        to: Option<Date>,
        /// Region and rules of the maps.
        settings: RegionSettings,
    },
    /// Series, scores and scatter plots of one station. Answer: [`GroundEvent::Station`].
    Station {
        /// Its number in the list.
        number: usize,
    },
    /// The last validation as a file. Answer: [`super::Event::Exported`].
    Save {
        /// Which form.
        form: GroundForm,
    },
}

/// Files that a validation is saved as. Records of stations are in none of them, save the values of the pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroundForm {
    /// One HTML file.
    Report,
    /// Every pair as CSV.
    Pairs,
    /// Every pair as NetCDF, in the form that QA4SM takes.
    NetCdf,
}

/// What is known of stations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum GroundEvent {
    /// These files are of stations and wait to be read ([`GroundRequest::Read`]). The stations listed before are gone.
    Found(Vec<FileId>),
    /// All stations that were read.
    Stations(StationList),
    /// A validation is done.
    Validated(ValidationReport),
    /// One station of it.
    Station {
        /// Its number in the list.
        number: usize,
        /// What there is to see of it, as HTML.
        html: String,
    },
}

/// Stations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StationList {
    /// Where they are, in the order of the list.
    pub marks: Vec<StationMark>,
    /// The list as an HTML table; a button's `data-station` is the station's number.
    pub html: String,
    /// Any of them simulated.
    pub simulated: bool,
    /// Loggers' own tables, described or not; none where none are open.
    pub loggers: Option<Packed<Vec<LoggerCard>>>,
}

/// A logger's own table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggerCard {
    /// Which file.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// What it looks like, and what it says of itself.
    pub preview: Preview,
    /// What the user said of it last.
    pub place: Option<LoggerPlace>,
    /// What was read by that, or why nothing was: a sentence. None before it was described.
    pub answer: Option<Result<String, String>>,
}

/// A station on a map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StationMark {
    /// Column on the global 3 km EASE-Grid 2.0, with its fraction: whole numbers are left edges of cells.
    pub column: f64,
    /// Row likewise, from the top.
    pub row: f64,
    /// Usable pairs; none before a validation.
    pub pairs: Option<usize>,
    /// What they are enough for.
    pub enough: Enough,
}

/// What the pairs of a station are enough for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enough {
    /// Not known: nothing was compared yet.
    Unknown,
    /// For a verdict.
    Verdict,
    /// For a number.
    Number,
    /// For nothing.
    Nothing,
}

/// A validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// Dates with maps.
    pub dates: usize,
    /// Pairs.
    pub pairs: usize,
    /// Numbers, exclusions and tables of scores, as HTML.
    pub html: String,
    /// Maps or stations are simulated.
    pub simulated: bool,
}
