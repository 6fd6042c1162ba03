//! A finished validation: its comparisons, its report, its pairs.

use ground_stations::evaluation::{Comparing, Comparison, groups};
use ground_stations::matching::{Footprint, Matched};
use ground_stations::report::{Report, pairs_csv, pairs_netcdf};
use ground_stations::{StationError, Stations};

use super::{Layers, Notes};

/// All that a report is made of, save the stations.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Pairs and exclusions.
    pub matched: Matched,
    /// Scores, in the order of the report.
    pub comparisons: Vec<Comparison>,
    /// What made the maps.
    pub notes: Notes,
    /// Versions, weights, files: a name and its text each ([`super::about`]).
    pub about: Vec<(String, String)>,
    /// Coastlines around the stations ([`super::coastline`]).
    pub coastline: Vec<Vec<(f64, f64)>>,
}

impl Outcome {
    /// The report. `stations`: those that the matching was made of.
    #[must_use]
    pub fn report<'a>(&'a self, stations: &'a Stations) -> Report<'a> {
        Report {
            title: "Maps of soil moisture against stations",
            simulated_maps: self.notes.simulated,
            matched: &self.matched,
            stations,
            comparisons: &self.comparisons,
            baseline: Some(Layers::baseline()),
            about: &self.about,
            citations: &self.notes.citations,
            coastline: &self.coastline,
            left_out: &stations.left_out,
        }
    }

    /// Every pair as CSV.
    #[must_use]
    pub fn csv(&self, stations: &Stations) -> String {
        pairs_csv(&self.matched, stations, self.notes.simulated)
    }

    /// Every pair as NetCDF, in the form that QA4SM takes.
    ///
    /// # Errors
    /// Those of [`pairs_netcdf`].
    pub fn netcdf(&self, stations: &Stations) -> Result<Vec<u8>, StationError> {
        pairs_netcdf(&self.matched, stations, self.notes.simulated)
    }
}

/// Every comparison of a report: the maps of every date, then those of the dates with a 3 km product, each on the cell and on 3 x 3. One whose last
/// step is taken gives its [`Comparison`].
pub fn comparisons(matched: &Matched) -> impl Iterator<Item = Comparing<'_>> {
    groups(matched)
        .into_iter()
        .flat_map(move |layers| Footprint::ALL.map(|footprint| Comparing::new(matched, &layers, footprint)))
}

/// The same without pause.
#[must_use]
pub fn compare(matched: &Matched) -> Vec<Comparison> {
    let whole = |mut comparing: Comparing<'_>| {
        while comparing.step() {}
        comparing.finish()
    };
    comparisons(matched).map(whole).collect()
}
