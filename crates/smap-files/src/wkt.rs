//! Coordinate systems written out as text: WKT of ESRI (ArcGIS' "PE string"), GDAL (`spatial_ref`, `crs_wkt`) and OGC.
//!
//! Only the systems that [`Crs`] knows are told apart; by their parameters, or by an authority's code for the whole system.

use ease_grid::Crs;

/// Reads a coordinate system's text. `None` where there is none; [`Crs::Other`] with the system's name where it is not known here.
pub(crate) fn crs(text: &str) -> Option<Crs> {
    let at = ["PROJCS[", "PROJCRS[", "GEOGCS[", "GEOGCRS[", "GEODCRS["]
        .iter()
        .filter_map(|k| text.find(k))
        .min()?;
    let text = text.get(at..)?;
    let name = quoted(text)?;
    let other =
        || Some(Crs::Other { epsg: authority(text).filter(|c| *c > 0), description: name.to_owned() });
    if let Some(known) = authority(text).and_then(of_epsg) {
        return Some(known);
    }
    // Longitudes count from Greenwich, and lengths in metres.
    if text.find("PRIMEM[").and_then(|at| second_number(text.get(at..)?)).is_some_and(|from| from != 0.0) {
        return other();
    }
    let length = text.rfind("UNIT[").filter(|_| text.starts_with("PROJ"));
    if length.and_then(|at| second_number(text.get(at..)?)).is_some_and(|metres| metres != 1.0) {
        return other();
    }
    if text.starts_with("GEOG") || text.starts_with("GEOD") {
        let datum = text.to_ascii_uppercase();
        let wgs = ["WGS_1984", "WGS 84", "WGS84", "ETRS", "NAD83", "NORTH_AMERICAN_1983", "NAD_1983", "ITRF"];
        return if wgs.iter().any(|w| datum.contains(w)) { Some(Crs::Geographic) } else { other() };
    }
    let parameter = |names: &[&str]| parameter(text, names);
    let zero = |value: Option<f64>| value.unwrap_or(0.0).abs() < 1e-6;
    let (easting, northing) = (parameter(&["false_easting"]), parameter(&["false_northing"]));
    let longitude = parameter(&[
        "central_meridian",
        "longitude_of_center",
        "longitude_of_natural_origin",
        "longitude_of_origin",
    ]);
    let latitude = parameter(&["latitude_of_origin", "latitude_of_center", "latitude_of_natural_origin"]);
    let method = projection(text).to_ascii_lowercase().replace([' ', '-'], "_");
    // Ellipsoids as large as WGS84's: within 2 m, far below any pixel here. EASE-Grid 1 is on a sphere.
    let wgs84 = semi_major(text).is_none_or(|a| (a - 6_378_137.0).abs() < 0.5);
    if !wgs84 {
        return other();
    }
    if method.contains("cylindrical_equal_area") {
        let parallel = parameter(&["standard_parallel_1", "latitude_of_1st_standard_parallel"]);
        let ours = parallel.is_some_and(|p| (p.abs() - 30.0).abs() < 1e-6);
        return if ours && zero(longitude) && zero(easting) && zero(northing) {
            Some(Crs::Ease2Global)
        } else {
            other()
        };
    }
    if method.contains("lambert_azimuthal_equal_area") {
        let (latitude, longitude) = (latitude?, longitude.unwrap_or(0.0));
        let plain = zero(Some(longitude)) && zero(easting) && zero(northing);
        return Some(match latitude {
            l if (l - 90.0).abs() < 1e-6 && plain => Crs::Ease2North,
            l if (l + 90.0).abs() < 1e-6 && plain => Crs::Ease2South,
            latitude => Crs::LambertAzimuthal {
                latitude,
                longitude,
                false_easting: easting.unwrap_or(0.0),
                false_northing: northing.unwrap_or(0.0),
            },
        });
    }
    if method.contains("transverse_mercator") || method.contains("gauss_kruger") {
        let scale = parameter(&["scale_factor", "scale_factor_at_natural_origin"]);
        let zone = (longitude? + 183.0) / 6.0;
        let south = northing.is_some_and(|n| (n - 10_000_000.0).abs() < 1e-6);
        let utm = scale.is_some_and(|s| (s - 0.9996).abs() < 1e-9)
            && easting.is_some_and(|e| (e - 500_000.0).abs() < 1e-6)
            && zero(latitude)
            && zone.fract() == 0.0
            && (1.0..=60.0).contains(&zone)
            && (south || zero(northing));
        return if utm { Some(Crs::Utm { zone: zone as u8, north: !south }) } else { other() };
    }
    other()
}

/// A system by its EPSG code.
pub(crate) fn of_epsg(code: u32) -> Option<Crs> {
    Some(match code {
        6933 => Crs::Ease2Global,
        6931 => Crs::Ease2North,
        6932 => Crs::Ease2South,
        // WGS84, ETRS89, NAD83: within 2 m of each other.
        4326 | 4258 | 4269 | 4979 => Crs::Geographic,
        32_601..=32_660 => Crs::Utm { zone: (code - 32_600) as u8, north: true },
        32_701..=32_760 => Crs::Utm { zone: (code - 32_700) as u8, north: false },
        26_901..=26_923 => Crs::Utm { zone: (code - 26_900) as u8, north: true },
        25_828..=25_838 => Crs::Utm { zone: (code - 25_800) as u8, north: true },
        3035 => Crs::LambertAzimuthal {
            latitude: 52.0,
            longitude: 10.0,
            false_easting: 4_321_000.0,
            false_northing: 3_210_000.0,
        },
        _ => return None,
    })
}

/// The number behind the name that a part begins with: `UNIT["metre",1]`.
fn second_number(part: &str) -> Option<f64> {
    let (_, rest) = part.split_once(',')?;
    rest.split([',', ']']).next()?.trim().parse().ok()
}

/// The first quoted text.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The code of the outermost AUTHORITY or ID, which stands last.
fn authority(text: &str) -> Option<u32> {
    let end =
        text.trim_end_matches(|c: char| c == ']' || c == ')' || c.is_whitespace() || c == '|' || c == '\0');
    let at = end.rfind("AUTHORITY[\"EPSG\"").or_else(|| end.rfind("ID[\"EPSG\""))?;
    let rest = end.get(at..)?;
    // The last one is the whole system's only where nothing of another part follows it.
    let code: String = rest.rsplit(',').next()?.chars().filter(char::is_ascii_digit).collect();
    if rest.contains(']') { None } else { code.parse().ok() }
}

fn projection(text: &str) -> &str {
    let at = text.find("PROJECTION[").or_else(|| text.find("METHOD["));
    at.and_then(|at| quoted(text.get(at..)?)).unwrap_or_default()
}

fn semi_major(text: &str) -> Option<f64> {
    let at = text.find("SPHEROID[").or_else(|| text.find("ELLIPSOID["))?;
    text.get(at..)?.split(',').nth(1)?.trim().parse().ok()
}

/// A parameter by any of its names; ESRI, GDAL and OGC write them with capitals, spaces or underscores.
fn parameter(text: &str, names: &[&str]) -> Option<f64> {
    text.split("PARAMETER[").skip(1).find_map(|part| {
        let (name, rest) = part.strip_prefix('"')?.split_once('"')?;
        let name = name.to_ascii_lowercase().replace(' ', "_");
        if !names.contains(&name.as_str()) {
            return None;
        }
        let number: String = rest
            .trim_start_matches([',', ' '])
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))
            .collect();
        number.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn esri_gdal_and_ogc_write_the_same_systems() {
        let esri = "ESRI PE String = PROJCS[\"WGS_1984_NSIDC_EASE-Grid_2.0_Global\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",\
                    SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],\
                    PROJECTION[\"Cylindrical_Equal_Area\"],PARAMETER[\"False_Easting\",0.0],PARAMETER[\"False_Northing\",0.0],\
                    PARAMETER[\"Central_Meridian\",0.0],PARAMETER[\"Standard_Parallel_1\",30.0],UNIT[\"Meter\",1.0]]|GCS_WGS_1984|";
        assert_eq!(crs(esri), Some(Crs::Ease2Global));
        let utm = "PROJCS[\"WGS 84 / UTM zone 33S\",GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,\
                   AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],AUTHORITY[\"EPSG\",\"4326\"]],PROJECTION[\"Transverse_Mercator\"],\
                   PARAMETER[\"latitude_of_origin\",0],PARAMETER[\"central_meridian\",15],PARAMETER[\"scale_factor\",0.9996],\
                   PARAMETER[\"false_easting\",500000],PARAMETER[\"false_northing\",10000000],UNIT[\"metre\",1]]";
        assert_eq!(crs(utm), Some(Crs::Utm { zone: 33, north: false }));
        assert_eq!(
            crs(&utm.replace("UNIT[\"metre\",1]]", "UNIT[\"metre\",1],AUTHORITY[\"EPSG\",\"32733\"]]")),
            Some(Crs::Utm { zone: 33, north: false })
        );
        let geographic = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0]]";
        assert_eq!(crs(geographic), Some(Crs::Geographic));
        let polar = "PROJCRS[\"EASE-Grid 2.0 North\",BASEGEOGCRS[\"WGS 84\",DATUM[\"x\",ELLIPSOID[\"WGS 84\",6378137,298.257223563]]],\
                     CONVERSION[\"c\",METHOD[\"Lambert Azimuthal Equal Area\"],PARAMETER[\"Latitude of natural origin\",90],\
                     PARAMETER[\"Longitude of natural origin\",0]],ID[\"EPSG\",6931]]";
        assert_eq!(crs(polar), Some(Crs::Ease2North));
    }

    #[test]
    fn utm_on_datums_within_two_metres_is_utm() {
        for (code, zone) in [(32_614, 14), (26_914, 14), (25_832, 32)] {
            assert_eq!(of_epsg(code), Some(Crs::Utm { zone, north: true }), "{code}");
        }
        // NAD27 lies some 100 m off.
        assert_eq!(of_epsg(26_714), None);
    }

    #[test]
    fn others_keep_their_name() {
        let lambert = "PROJCS[\"RGF93 / Lambert-93\",GEOGCS[\"RGF93\",DATUM[\"RGF93\",SPHEROID[\"GRS 1980\",6378137,298.257222101]]],\
                       PROJECTION[\"Lambert_Conformal_Conic_2SP\"],AUTHORITY[\"EPSG\",\"2154\"]]";
        assert_eq!(
            crs(lambert),
            Some(Crs::Other { epsg: Some(2154), description: "RGF93 / Lambert-93".into() })
        );
        let sphere = "PROJCS[\"NSIDC EASE-Grid Global\",GEOGCS[\"x\",DATUM[\"x\",SPHEROID[\"International 1924 Authalic Sphere\",6371228,0]]],\
                      PROJECTION[\"Cylindrical_Equal_Area\"],PARAMETER[\"standard_parallel_1\",30]]";
        assert!(
            matches!(crs(sphere), Some(Crs::Other { description, .. }) if description.contains("EASE-Grid Global"))
        );
        assert_eq!(crs("no system"), None);
    }
}
