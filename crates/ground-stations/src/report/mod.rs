//! The report: one HTML file that holds everything, without a script or anything from elsewhere, and prints well; and the pairs as CSV and as NetCDF.

mod csv;
mod figures;
mod html;
mod map;
#[cfg(feature = "netcdf")]
mod netcdf;
mod parts;
mod plot;
mod tables;

pub use csv::pairs_csv;
#[cfg(feature = "netcdf")]
pub use netcdf::pairs_netcdf;
pub use parts::list;

use crate::evaluation::Comparison;
use crate::matching::Matched;
use crate::stations::{LeftOut, Stations};

/// All that a report is made of.
pub struct Report<'a> {
    /// Its title.
    pub title: &'a str,
    /// The maps are simulated.
    pub simulated_maps: bool,
    /// What was found.
    pub matched: &'a Matched,
    /// What it was found in: the stations that the matching was made of.
    pub stations: &'a Stations,
    /// The comparisons, in the order they are shown.
    pub comparisons: &'a [Comparison],
    /// Place in [`Matched::layers`] of what the others are measured by: bilinear SMAP.
    pub baseline: Option<usize>,
    /// Versions, weights and their hashes, files, dates: a name and its text each.
    pub about: &'a [(String, String)],
    /// What to cite for the maps.
    pub citations: &'a [String],
    /// Coastlines, rivers and borders: longitudes and latitudes in degrees.
    pub coastline: &'a [Vec<(f64, f64)>],
    /// Files of stations that were left out.
    pub left_out: &'a [LeftOut],
}

impl Report<'_> {
    /// The report as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(self)
    }

    /// What a page shows of all stations together: numbers, exclusions, and the tables of scores. HTML without `style` attributes.
    #[must_use]
    pub fn scores(&self) -> String {
        parts::scores(self)
    }

    /// What a page shows of one station ([`Matched::stations`]): its status, series, scores beside the baselines', scatter plots. `None` where there is
    /// no such station.
    #[must_use]
    pub fn station(&self, place: usize) -> Option<String> {
        parts::station(self, place)
    }

    /// Anything in it simulated.
    pub(crate) fn simulated(&self) -> bool {
        self.simulated_maps || self.stations.simulated()
    }
}

/// Text that means itself in HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Colours of layers that most eyes tell apart (Okabe and Ito), and black for the ground.
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8c6d31"];

pub(crate) fn colour(layer: usize) -> &'static str {
    COLOURS[layer % COLOURS.len()]
}

/// The same as a class of the style sheet: `l0`.
pub(crate) fn class(layer: usize) -> String {
    format!("l{}", layer % COLOURS.len())
}
