//! What to fetch from NASA for a region and a period: the exact file-name patterns and the searches that NASA's own tools take.
//!
//! A daily SPL3SMP granule's name is known but for its release and counter (formats.md 2.2). An SPL2SMAP_S granule's name carries two times
//! to the second and the centre of its scene (2.1), which only NASA's catalogue knows: for it the search is printed.

use std::fmt::Write;

use jiff::civil::Date;

use super::{ExperimentError, paper};
use loam_core::stack::Preset;

/// West, south, east, north of a region, degrees.
fn bounds(preset: &Preset) -> Result<[f64; 4], ExperimentError> {
    let window = preset.region()?.window();
    let (west, north) = window.lonlat(0, 0);
    let (east, south) = window.lonlat(window.columns - 1, window.rows - 1);
    Ok([west, south, east, north])
}

/// The list, as text with comments; `from` and `to` are both included.
///
/// # Errors
/// [`ExperimentError::Region`].
pub fn list(regions: &[String], from: Option<Date>, to: Option<Date>) -> Result<String, ExperimentError> {
    let (from, to) = (from.unwrap_or(paper::TRAIN_FROM), to.unwrap_or(jiff::civil::date(2018, 12, 31)));
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# SMAP and SMAP/Sentinel-1 files from {from} to {to}. Free, with an Earthdata login (https://urs.earthdata.nasa.gov)."
    );
    let _ = writeln!(text, "# With NASA's downloader (pip install podaac-data-subscriber):");
    let _ = writeln!(
        text,
        "#   podaac-data-downloader -c SPL3SMP -p NSIDC_CPRD -d smap -sd {from}T00:00:00Z -ed {to}T23:59:59Z"
    );
    let all: Vec<String> = paper::TABLE_1.iter().map(|r| r.region.to_owned()).collect();
    let regions = if regions.is_empty() { &all } else { regions };
    for region in regions {
        let preset = Preset::find(region).ok_or_else(|| ExperimentError::Region(region.clone()))?;
        let [west, south, east, north] = bounds(&preset)?;
        let _ = writeln!(
            text,
            "\n# {}: 3 km maps, SPL2SMAP_S version 3 (names hold times that only the catalogue knows)",
            preset.name
        );
        let _ = writeln!(
            text,
            "#   podaac-data-downloader -c SPL2SMAP_S -p NSIDC_CPRD -d smap -sd {from}T00:00:00Z -ed {to}T23:59:59Z -b=\"{west:.3},{south:.3},{east:.3},{north:.3}\""
        );
        let _ = writeln!(
            text,
            "https://cmr.earthdata.nasa.gov/search/granules.json?short_name=SPL2SMAP_S&version=003&bounding_box={west:.3},{south:.3},{east:.3},{north:.3}&temporal={from}T00:00:00Z,{to}T23:59:59Z&page_size=2000"
        );
    }
    let _ = writeln!(
        text,
        "\n# 36 km maps of every date, global, one serves all regions: SPL3SMP version 8 (or later), any release R and counter NNN"
    );
    let mut day = from;
    while day <= to {
        let _ = writeln!(text, "SMAP_L3_SM_P_{:04}{:02}{:02}_R*_*.h5", day.year(), day.month(), day.day());
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_day_is_named_once_and_the_box_is_the_regions() {
        let text = list(&["tucson".to_owned()], Some(date(2018, 2, 27)), Some(date(2018, 3, 2))).unwrap();
        let names: Vec<&str> = text.lines().filter(|l| l.starts_with("SMAP_L3")).collect();
        assert_eq!(
            names,
            [
                "SMAP_L3_SM_P_20180227_R*_*.h5",
                "SMAP_L3_SM_P_20180228_R*_*.h5",
                "SMAP_L3_SM_P_20180301_R*_*.h5",
                "SMAP_L3_SM_P_20180302_R*_*.h5"
            ]
        );
        // 300 km of the map around (-110.97, 32.22): 1.56 degrees of longitude to each side (0.0311 each 3 km cell), about 1.4 of latitude.
        let [west, south, east, north] = bounds(&Preset::find("tucson").unwrap()).unwrap();
        assert!((west + 112.53).abs() < 0.04 && (east + 109.43).abs() < 0.04, "{west} {east}");
        assert!((30.7..31.0).contains(&south) && (33.5..33.8).contains(&north), "{south} {north}");
        assert!(text.contains(&format!("{west:.3},{south:.3},{east:.3},{north:.3}")));
        assert!(matches!(list(&["atlantis".to_owned()], None, None), Err(ExperimentError::Region(_))));
    }
}
