//! What to fetch for a region and a period: the exact search as a script for earthaccess, as addresses of NASA's catalogue (CMR) and as
//! recipes for AppEEARS and Earth Engine. Text alone: Loam requests nothing itself.

use std::fmt::Write as _;

use ease_grid::EaseWindow;
use jiff::civil::Date;

use crate::export::stac::{extent, outline};
use crate::stack::MARGIN;

/// A collection of NASA's archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// Short name.
    pub short_name: &'static str,
    /// Version.
    pub version: &'static str,
    /// Global files, which a region does not narrow down.
    pub global: bool,
    /// What Loam takes it for.
    pub what: &'static str,
    /// What to cite.
    pub doi: &'static str,
}

/// What the maps are made of: SMAP at 36 km, and SMAP/Sentinel-1 at 3 km.
pub const NEEDED: [Collection; 2] = [
    Collection {
        short_name: "SPL3SMP",
        version: "009",
        global: true,
        what: "SMAP soil moisture, 36 km, a file a day, about 30 MB each",
        doi: "10.5067/4XXOGX0OOW1S",
    },
    Collection {
        short_name: "SPL2SMAP_S",
        version: "003",
        global: false,
        what: "SMAP and Sentinel-1, 3 km, a file a scene: what earlier dates' maps are taken from, and the reference",
        doi: "10.5067/ASB0EQO2LYJV",
    },
];

/// A region and a period, in the words of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// West, south, east, north, degrees: the region with the margin that is read around it.
    pub bounds: [f64; 4],
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Why there is nothing to search for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// The period ends before it begins.
    #[error("the period ends ({to}) before it begins ({from}): name the earlier date first")]
    Backwards {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
}

impl Search {
    /// For a region without its margin.
    ///
    /// # Errors
    /// [`SearchError::Backwards`].
    pub fn new(window: &EaseWindow, from: Date, to: Date) -> Result<Self, SearchError> {
        if to < from {
            return Err(SearchError::Backwards { from, to });
        }
        let window = window.widened(&ease_grid::Edges::all(MARGIN));
        let [west, south, east, north] = extent(&outline(&window));
        // Outwards, so that no scene at the edge is missed.
        let (down, up) = (|v: f64| (v * 1e4).floor() / 1e4, |v: f64| (v * 1e4).ceil() / 1e4);
        Ok(Self { bounds: [down(west), down(south), up(east), up(north)], from, to })
    }

    fn corners(&self) -> String {
        self.bounds.map(|v| format!("{v:.4}")).join(",")
    }

    /// The address that lists the granules of a collection, as JSON, in NASA's catalogue.
    #[must_use]
    pub fn address(&self, collection: Collection) -> String {
        let Self { from, to, .. } = self;
        let Collection { short_name, version, .. } = collection;
        format!(
            "https://cmr.earthdata.nasa.gov/search/granules.json?short_name={short_name}&version={version}&bounding_box={}\
             &temporal={from}T00:00:00Z,{to}T23:59:59Z&page_size=2000",
            self.corners()
        )
    }

    /// A script that searches and downloads with earthaccess; an Earthdata login is free.
    #[must_use]
    pub fn earthaccess(&self) -> String {
        let Self { from, to, .. } = self;
        let mut rows = String::new();
        for Collection { short_name, version, what, .. } in NEEDED {
            // Writing to a String cannot fail.
            let _ = writeln!(rows, "    (\"{short_name}\", \"{version}\"),  # {what}");
        }
        format!(
            r#"# Files for Loam: python -m pip install earthaccess
import earthaccess

COLLECTIONS = [
{rows}]
BOUNDS = ({bounds})  # west, south, east, north; degrees
PERIOD = ("{from}T00:00:00Z", "{to}T23:59:59Z")

earthaccess.login()  # asks for an Earthdata login, or reads ~/.netrc
for short_name, version in COLLECTIONS:
    granules = earthaccess.search_data(
        short_name=short_name, version=version, bounding_box=BOUNDS, temporal=PERIOD
    )
    megabytes = sum(granule.size() for granule in granules)
    print(f"{{short_name}}.{{version}}: {{len(granules)}} files, {{megabytes:,.0f}} MB")
    earthaccess.download(granules, f"loam-data/{{short_name}}")
"#,
            bounds = self.corners().replace(',', ", ")
        )
    }

    /// An AppEEARS request for an area (upload under "Extract, Area", or post to its interface): SMAP at 9 km, as AppEEARS has no SPL3SMP at
    /// 36 km and no SPL2SMAP_S.
    #[must_use]
    pub fn appeears(&self) -> String {
        let [west, south, east, north] = self.bounds;
        let american = |date: Date| format!("{:02}-{:02}-{:04}", date.month(), date.day(), date.year());
        let request = serde_json::json!({
            "task_type": "area",
            "task_name": format!("loam {} {}", self.from, self.to),
            "params": {
                "dates": [{ "startDate": american(self.from), "endDate": american(self.to) }],
                "layers": [
                    { "product": "SPL3SMP_E.006", "layer": "Soil_Moisture_Retrieval_Data_AM_soil_moisture" },
                    { "product": "SPL3SMP_E.006", "layer": "Soil_Moisture_Retrieval_Data_AM_retrieval_qual_flag" },
                ],
                "output": { "format": { "type": "geotiff" }, "projection": "native" },
                "geo": { "type": "FeatureCollection", "features": [{
                    "type": "Feature", "properties": {},
                    "geometry": { "type": "Polygon", "coordinates": [[
                        [west, south], [east, south], [east, north], [west, north], [west, south],
                    ]] },
                }] },
            },
        });
        format!("{request:#}\n")
    }

    /// A script for Earth Engine's code editor: SMAP at 9 km as a stack of days, and Sentinel-1 (dB), both to the user's own drive.
    #[must_use]
    pub fn earth_engine(&self) -> String {
        let Self { from, to, .. } = self;
        format!(
            r#"// Files for Loam: paste into https://code.earthengine.google.com and run the tasks. Earth Engine has no SPL2SMAP_S.
var region = ee.Geometry.Rectangle([{bounds}], null, false);
var from = ee.Date('{from}'), to = ee.Date('{to}').advance(1, 'day');
var smap = ee.ImageCollection('NASA/SMAP/SPL3SMP_E/006').filterDate(from, to)
  .select(['soil_moisture_am', 'retrieval_qual_flag_am']);
Export.image.toDrive({{
  image: smap.toBands().toFloat(), description: 'SPL3SMP_E_{from}_{to}', region: region,
  crs: 'EPSG:6933', scale: 9008.055210146, maxPixels: 1e9
}});
var sentinel1 = ee.ImageCollection('COPERNICUS/S1_GRD').filterBounds(region).filterDate(from, to)
  .filter(ee.Filter.eq('instrumentMode', 'IW'))
  .filter(ee.Filter.listContains('transmitterReceiverPolarisation', 'VH')).select(['VV', 'VH']);
// A scene a file, averaged over pixels as power, not as decibels.
sentinel1.aggregate_array('system:index').evaluate(function (names) {{
  names.forEach(function (name) {{
    var scene = ee.Image('COPERNICUS/S1_GRD/' + name).select(['VV', 'VH']);
    var power = ee.Image(10).pow(scene.divide(10)).setDefaultProjection(scene.projection())
      .reduceResolution({{ reducer: ee.Reducer.mean(), maxPixels: 4096 }});
    Export.image.toDrive({{
      image: power.log10().multiply(10).rename(['VV', 'VH']).toFloat(), description: name, region: region,
      crs: 'EPSG:6933', scale: 1000.89502334956, maxPixels: 1e9
    }});
  }});
}});
"#,
            bounds = self.corners().replace(',', ", ")
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use ease_grid::Resolution;

    fn search() -> Search {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100).unwrap();
        Search::new(&window, "2018-06-01".parse().unwrap(), "2018-06-30".parse().unwrap()).unwrap()
    }

    /// pyproj, EPSG:6933: the outer corners of columns 2596 to 2703 and rows 967 to 1074 of the 3 km grid.
    #[test]
    fn the_region_with_its_margin_lies_within_the_bounds() {
        let [west, south, east, north] = search().bounds;
        let near = |a: f64, b: f64| (a - b).abs() < 2e-4;
        assert!(near(west, WEST) && near(east, EAST), "{west} {east}");
        assert!(near(south, SOUTH) && near(north, NORTH), "{south} {north}");
        assert!(west <= WEST && south <= SOUTH && east >= EAST && north >= NORTH);
    }

    /// The globe's eastern edge is no western one.
    #[test]
    fn a_region_at_the_edge_of_the_globe_is_searched_for_up_to_it() {
        let window = EaseWindow::new(Resolution::M03, 11_568 - 20, 1000, 20, 20).unwrap();
        let day = "2018-06-01".parse().unwrap();
        let [west, _, east, _] = Search::new(&window, day, day).unwrap().bounds;
        assert_eq!(east, 180.0);
        assert!((179.0..180.0).contains(&west), "{west}");
    }
    const WEST: f64 = -99.211_618_257_261_29;
    const SOUTH: f64 = 33.939_467_385_194_33;
    const EAST: f64 = -95.850_622_406_638_82;
    const NORTH: f64 = 37.047_925_497_585_85;

    #[test]
    fn every_form_asks_for_the_same_place_and_time() {
        let search = search();
        let address = search.address(NEEDED[1]);
        assert!(address.contains("short_name=SPL2SMAP_S&version=003&bounding_box=-99."), "{address}");
        assert!(address.contains("&temporal=2018-06-01T00:00:00Z,2018-06-30T23:59:59Z&"), "{address}");
        let script = search.earthaccess();
        assert!(
            script.contains("(\"SPL3SMP\", \"009\")") && script.contains("{short_name}.{version}"),
            "{script}"
        );
        let request: serde_json::Value = serde_json::from_str(&search.appeears()).unwrap();
        assert_eq!(request["params"]["dates"][0]["startDate"], "06-01-2018");
        assert_eq!(
            request["params"]["geo"]["features"][0]["geometry"]["coordinates"][0][0][0],
            search.bounds[0]
        );
        assert!(search.earth_engine().contains("ee.Date('2018-06-30').advance(1, 'day')"));
        let window = EaseWindow::around(Resolution::M03, 0.0, 0.0, 9, 9).unwrap();
        let backwards = Search::new(&window, search.to, search.from);
        assert!(backwards.unwrap_err().to_string().contains("name the earlier date first"));
    }
}
