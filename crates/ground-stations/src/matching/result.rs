//! What matching gives.

use std::collections::BTreeMap;

use ease_grid::Reason;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Rules;
use crate::scores::Lineage;
use crate::sensor::Surroundings;

/// A series of maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// In tables: `SMEN`, `bilinear SMAP`.
    pub name: String,
    /// It exists on few dates only (a 3 km product): compared on its own dates beside all others.
    pub sparse: bool,
    /// What it was made from.
    pub lineage: Lineage,
}

/// Which cells stand for a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Footprint {
    /// The 3 km cell that holds it.
    Cell,
    /// The mean of the 3 x 3 cells around it that have a value.
    #[serde(rename = "mean_3x3")]
    Mean3x3,
}

impl Footprint {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Cell, Self::Mean3x3];

    /// In a title.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Cell => "the 3 km cell",
            Self::Mean3x3 => "the mean of 3 x 3 cells",
        }
    }
}

/// A date on which a station and at least one map have a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The maps' date.
    pub date: Date,
    /// The overpass, minutes since 1970 UTC.
    pub minutes: i32,
    /// Volumetric soil moisture in the ground, m3/m3.
    pub station: f64,
    /// Sensors that it is the mean of.
    pub sensors: u16,
    /// Stations that it is the mean of.
    pub stations: u16,
    /// Of each layer, the cell's value; NaN where it has none.
    pub cell: Vec<f32>,
    /// Of each layer, the mean of 3 x 3 cells.
    pub mean_3x3: Vec<f32>,
    /// Of each layer, half the width of its 90 % interval at the cell; NaN where it says none.
    pub half_width: Vec<f32>,
}

impl Pair {
    /// Values of the layers on a footprint.
    #[must_use]
    pub fn values(&self, footprint: Footprint) -> &[f32] {
        match footprint {
            Footprint::Cell => &self.cell,
            Footprint::Mean3x3 => &self.mean_3x3,
        }
    }
}

/// Why a station has no pair on a date on which there are maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The station measures no soil moisture.
    NoSoilMoisture,
    /// No sensor at the depths asked for.
    Depth,
    /// The maps do not reach it.
    Outside,
    /// No map has a value at its cell.
    Masked,
    /// No record within the window.
    Time,
    /// Records within the window, none of them good.
    Flags,
    /// The soil was frozen.
    Frozen,
    /// Its values are in another unit.
    Unit,
}

impl Exclusion {
    /// In tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoSoilMoisture => "no soil moisture at the station",
            Self::Depth => "no sensor at the depths asked for",
            Self::Outside => "outside the maps",
            Self::Masked => "no map has a value at the cell",
            Self::Time => "no record near the overpass",
            Self::Flags => "records flagged",
            Self::Frozen => "frozen soil",
            Self::Unit => "values that are not in m3/m3",
        }
    }
}

/// What became of a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Enough pairs for a verdict.
    Used,
    /// Enough for a number, too few for a verdict.
    NoVerdict,
    /// Too few for a number.
    TooFew,
    /// None: what kept it from most of the dates.
    Excluded(Exclusion),
    /// There was no date with maps.
    NoDates,
}

impl Status {
    /// In tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NoVerdict => "used, too few pairs for a verdict",
            Self::TooFew => "too few pairs",
            Self::Excluded(why) => why.words(),
            Self::NoDates => "no date with maps",
        }
    }
}

/// A station and its pairs.
#[derive(Debug, Clone)]
pub struct StationMatch {
    /// Network.
    pub network: String,
    /// Name.
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Land cover, climate.
    pub surroundings: Surroundings,
    /// Column and row of its cell on the global 3 km EASE-Grid 2.0; `None` beyond 85 degrees.
    pub cell: Option<(usize, usize)>,
    /// Sensors that count.
    pub sensors: usize,
    /// In order of date.
    pub pairs: Vec<Pair>,
    /// Dates that gave no pair, by reason.
    pub excluded: BTreeMap<Exclusion, usize>,
    /// Of those where no map has a value: why not, as the first map says.
    pub masked: BTreeMap<&'static str, usize>,
    /// What became of it.
    pub status: Status,
}

impl StationMatch {
    pub(super) fn exclude(&mut self, why: Exclusion) {
        *self.excluded.entry(why).or_default() += 1;
    }

    pub(super) fn mask(&mut self, why: Reason) {
        self.exclude(Exclusion::Masked);
        *self.masked.entry(why.text()).or_default() += 1;
    }

    pub(super) fn settle(&mut self, rules: &Rules) {
        let most = self.excluded.iter().max_by_key(|(_, count)| **count);
        self.status = match (self.pairs.len(), most) {
            (0, None) => Status::NoDates,
            (0, Some((why, _))) => Status::Excluded(*why),
            (n, _) if n < rules.fewest_pairs => Status::TooFew,
            (n, _) if n < rules.fewest_for_verdict => Status::NoVerdict,
            _ => Status::Used,
        };
    }
}

/// A 3 km cell and the mean of its stations.
#[derive(Debug, Clone)]
pub struct CellMatch {
    /// Column and row on the global 3 km EASE-Grid 2.0.
    pub cell: (usize, usize),
    /// Places in [`Matched::stations`].
    pub stations: Vec<usize>,
    /// Means of the stations that have a value, in order of date.
    pub pairs: Vec<Pair>,
}

/// All pairs.
#[derive(Debug, Clone)]
pub struct Matched {
    /// By what rules.
    pub rules: Rules,
    /// The maps.
    pub layers: Vec<Layer>,
    /// Dates with maps.
    pub dates: usize,
    /// In the order of the archive.
    pub stations: Vec<StationMatch>,
    /// Cells with at least one pair.
    pub cells: Vec<CellMatch>,
    /// Sensors of soil moisture between 0 and 0.10 m that the rules leave out.
    pub deeper_sensors: usize,
}

impl Matched {
    /// Dates of stations that gave no pair, by reason, over all stations.
    #[must_use]
    pub fn excluded(&self) -> BTreeMap<Exclusion, usize> {
        let mut all = BTreeMap::new();
        for (why, count) in self.stations.iter().flat_map(|station| &station.excluded) {
            *all.entry(*why).or_default() += count;
        }
        all
    }

    /// Pairs of all stations.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.stations.iter().map(|station| station.pairs.len()).sum()
    }
}

/// The means, date by date, of the stations of a cell.
pub(super) fn mean_of(stations: &[&StationMatch]) -> Vec<Pair> {
    let mut by_date: BTreeMap<Date, Vec<&Pair>> = BTreeMap::new();
    for pair in stations.iter().flat_map(|station| &station.pairs) {
        by_date.entry(pair.date).or_default().push(pair);
    }
    // Maps are the same for all of them.
    let mean = |pairs: Vec<&Pair>| {
        let sum: f64 = pairs.iter().map(|pair| pair.station).sum();
        let first = pairs.first()?;
        Some(Pair {
            station: sum / pairs.len() as f64,
            sensors: pairs.iter().map(|pair| pair.sensors).sum(),
            stations: u16::try_from(pairs.len()).unwrap_or(u16::MAX),
            ..(*first).clone()
        })
    };
    by_date.into_values().filter_map(mean).collect()
}
