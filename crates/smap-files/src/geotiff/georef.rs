//! Where a TIFF's pixels lie: GeoKeys to [`Crs`], tiepoints, pixel scale or matrix to a [`Grid`].
//!
//! Systems are recognised by their parameters, not by their names: no SMAP GeoTIFF of NASA's tools ever says EPSG:6933, they say
//! "user defined" and "Cylindrical Eaqual Area". Keys nobody knows and text nobody can decode
//! are passed over.

use geotiff_core::GeoKeyDirectory;
use geotiff_core::transform::GeoTransform;
use geotiff_core::{RasterType, geokeys};
use tiff_reader::Ifd;

use crate::ReadError;
use crate::auxiliary::Auxiliary;
use ease_grid::{Crs, Grid};

const TAG_PIXEL_SCALE: u16 = 33550;
const TAG_TIEPOINT: u16 = 33922;
const TAG_TRANSFORMATION: u16 = 34264;
const TAG_KEYS: u16 = 34735;
const TAG_DOUBLES: u16 = 34736;
const TAG_ASCII: u16 = 34737;

// GeoKeys that geotiff-core has no names for.
const PRIME_MERIDIAN: u16 = 2051;
const SEMI_MAJOR_AXIS: u16 = 2057;
const PRIME_MERIDIAN_LONGITUDE: u16 = 2061;
const STD_PARALLEL_1: u16 = 3078;
const NAT_ORIGIN_LONGITUDE: u16 = 3080;
const NAT_ORIGIN_LATITUDE: u16 = 3081;
const FALSE_EASTING: u16 = 3082;
const FALSE_NORTHING: u16 = 3083;
const CENTRE_LONGITUDE: u16 = 3088;
const CENTRE_LATITUDE: u16 = 3089;
const SCALE_AT_NAT_ORIGIN: u16 = 3092;

const USER_DEFINED: u16 = 32767;
const TRANSVERSE_MERCATOR: u16 = 1;
const LAMBERT_AZIMUTHAL: u16 = 10;
const CYLINDRICAL_EQUAL_AREA: u16 = 28;

/// Placement of an image.
pub(super) struct Placement {
    /// The grid, where there is one.
    pub(super) grid: Option<Grid>,
    /// Several tiepoints and no pixel size: ground control points, as in a raw Sentinel-1 measurement.
    pub(super) control_points: bool,
    /// Rows are stored from south to north.
    pub(super) south_up: bool,
    /// Why there is no grid, or what to know about it.
    pub(super) problem: Option<String>,
}

/// Reads the placement of an image of `columns` x `rows` pixels. What was `said` beside the file counts first.
///
/// # Errors
/// [`ReadError::Unsuitable`] for rotated images and for those whose columns run from east to west, which no grid here can hold.
pub(super) fn placement(
    ifd: &Ifd,
    said: Option<&Auxiliary>,
    columns: usize,
    rows: usize,
) -> Result<Placement, ReadError> {
    let keys = keys(ifd);
    let tiepoints = doubles(ifd, TAG_TIEPOINT);
    let control_points = tiepoints.len() > 6;
    let none = |problem: &str| {
        Ok(Placement { grid: None, control_points, south_up: false, problem: Some(problem.to_owned()) })
    };
    let Some(mut t) = said.and_then(transform_beside).or_else(|| transform(ifd, &tiepoints, &keys)) else {
        return none(if control_points {
            "it has ground control points but no pixel grid, so it cannot be placed; terrain-correct it first (SNAP, pyroSAR or ASF HyP3)"
        } else {
            "it has no georeference, so it cannot be placed on a map; export it as a GeoTIFF with its coordinate system (a world file beside it is \
             written into it by gdal_translate -a_srs EPSG:... in.tif out.tif)"
        });
    };
    if t.skew_x != 0.0 || t.skew_y != 0.0 {
        return Err(ReadError::Unsuitable {
            what: "its pixel grid is rotated against its coordinate system, which Loam does not place".into(),
            remedy: "make it north-up first, e.g. gdalwarp in.tif out.tif".into(),
        });
    }
    if t.pixel_width < 0.0 {
        return Err(ReadError::Unsuitable {
            what: "its columns run from east to west, which Loam does not place".into(),
            remedy: "make it north-up first, e.g. gdalwarp in.tif out.tif".into(),
        });
    }
    let south_up = t.pixel_height > 0.0;
    if south_up {
        t.origin_y += rows as f64 * t.pixel_height;
        t.pixel_height = -t.pixel_height;
    }
    let crs = said.and_then(system_beside).unwrap_or_else(|| crs(&keys));
    let problem = match &crs {
        Crs::Other { epsg: Some(3408..=3410 | 3973..=3975), description } => Some(format!(
            "its coordinate system ({description}) is the first EASE-Grid, on a sphere, not EASE-Grid 2.0; reproject it, e.g. gdalwarp -t_srs EPSG:6933 in.tif out.tif"
        )),
        Crs::Other { description, .. } => Some(format!(
            "its coordinate system ({description}) is not one Loam can place on the EASE-Grid; reproject it, e.g. gdalwarp -t_srs EPSG:6933"
        )),
        _ if !matches!(crs, Crs::Geographic | Crs::Other { .. }) && within_degrees(&t, columns, rows) => {
            return none(
                "its coordinate system counts metres, but its coordinates are within 360, as degrees are, so it cannot be placed: give it the \
                 system that its coordinates are in, e.g. gdal_edit.py -a_srs EPSG:4326 in.tif",
            );
        }
        Crs::Geographic if !degrees(&t, columns, rows) => {
            return none(if latitude_first(&t, columns, rows) {
                "its coordinates stand in the order latitude, longitude; TIFF wants longitude first, so it cannot be placed: export it again, e.g. \
                 with gdalwarp and --config OSR_DEFAULT_AXIS_MAPPING_STRATEGY TRADITIONAL_GIS_ORDER"
            } else {
                "it says longitude and latitude but its coordinates are not degrees; export it again with its coordinate system"
            });
        }
        _ if south_up => Some("its rows run from south to north; they were turned round".to_owned()),
        _ => None,
    };
    match Grid::new(crs, t.origin_x, t.origin_y, t.pixel_width, -t.pixel_height, columns, rows) {
        Ok(grid) => Ok(Placement { grid: Some(grid), control_points, south_up, problem }),
        Err(e) => none(&format!("its georeference is {e}")),
    }
}

fn degrees(t: &GeoTransform, columns: usize, rows: usize) -> bool {
    let slack = 2.0 * t.pixel_width.abs().max(t.pixel_height.abs());
    let (right, bottom) =
        (t.origin_x + columns as f64 * t.pixel_width, t.origin_y + rows as f64 * t.pixel_height);
    t.origin_x >= -360.0 - slack
        && right <= 540.0 + slack
        && t.origin_y <= 90.0 + slack
        && bottom >= -90.0 - slack
}

/// A whole image within 360 m of the origin of its metres, where no map of land lies.
fn within_degrees(t: &GeoTransform, columns: usize, rows: usize) -> bool {
    let (right, bottom) =
        (t.origin_x + columns as f64 * t.pixel_width, t.origin_y + rows as f64 * t.pixel_height);
    [t.origin_x, right, t.origin_y, bottom].iter().all(|v| v.abs() <= 360.0)
}

/// Latitudes where longitudes should be: x within 90 degrees, y beyond them.
fn latitude_first(t: &GeoTransform, columns: usize, rows: usize) -> bool {
    let (right, bottom) =
        (t.origin_x + columns as f64 * t.pixel_width, t.origin_y + rows as f64 * t.pixel_height);
    let within = |v: f64, limit: f64| v.abs() <= limit + 1.0;
    within(t.origin_x, 90.0) && within(right, 90.0) && within(t.origin_y, 360.0) && within(bottom, 360.0)
}

fn system_beside(said: &Auxiliary) -> Option<Crs> {
    crate::wkt::crs(said.system.as_deref()?)
}

/// GDAL's six numbers are of the corner, whatever the file says of its pixels.
fn transform_beside(said: &Auxiliary) -> Option<GeoTransform> {
    let [origin_x, pixel_width, skew_x, origin_y, skew_y, pixel_height] = said.transform?;
    Some(GeoTransform { origin_x, pixel_width, skew_x, origin_y, skew_y, pixel_height })
}

/// What a file beside the image says of its place, in words, and what the image itself says where that is something else.
pub(super) fn place_beside(ifd: &Ifd, said: &Auxiliary) -> Vec<(String, Option<String>)> {
    let keys = keys(ifd);
    let system = |crs: &Crs| match (crs, crs.epsg()) {
        (Crs::Other { description, .. }, _) => format!("coordinate system \"{description}\""),
        (_, Some(epsg)) => format!("coordinate system EPSG:{epsg}"),
        (_, None) => "coordinate system Lambert azimuthal equal area".to_owned(),
    };
    let corner = |t: &GeoTransform| {
        let (x, y) = (t.origin_x, t.origin_y);
        format!("corner {x}, {y} and pixels of {} x {}", t.pixel_width, t.pixel_height.abs())
    };
    let mut all = Vec::new();
    if let Some(beside) = system_beside(said) {
        let named = [geokeys::PROJECTED_CRS_TYPE, geokeys::GEOGRAPHIC_TYPE, geokeys::PROJ_COORD_TRANS];
        let own = named.iter().any(|id| keys.get_short(*id).is_some()).then(|| crs(&keys));
        if own.as_ref() != Some(&beside) {
            all.push((system(&beside), own.as_ref().map(system)));
        }
    }
    if let Some(beside) = transform_beside(said) {
        let own = transform(ifd, &doubles(ifd, TAG_TIEPOINT), &keys);
        if !own.is_some_and(|own| same(&own, &beside)) {
            all.push((corner(&beside), own.as_ref().map(corner)));
        }
    }
    all
}

/// The same place but for what decimal digits lose.
fn same(a: &GeoTransform, b: &GeoTransform) -> bool {
    let slack = 1e-6 * a.pixel_width.abs().max(a.pixel_height.abs());
    let of = |t: &GeoTransform| [t.origin_x, t.origin_y, t.pixel_width, t.pixel_height, t.skew_x, t.skew_y];
    of(a).iter().zip(of(b)).all(|(a, b)| (a - b).abs() <= slack)
}

/// Pixel scale and tiepoint win over a matrix, as in GDAL. `PixelIsPoint` is shifted by half a pixel.
fn transform(ifd: &Ifd, tiepoints: &[f64], keys: &GeoKeyDirectory) -> Option<GeoTransform> {
    let raster_type =
        keys.get_short(geokeys::GT_RASTER_TYPE).map_or(RasterType::PixelIsArea, RasterType::from_code);
    let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
    let scale = doubles(ifd, TAG_PIXEL_SCALE);
    if let (&[sx, sy, ..], Some(tiepoint)) = (scale.as_slice(), tiepoints.first_chunk::<6>())
        && sx != 0.0
        && sy != 0.0
        && finite(&[sx, sy])
        && finite(tiepoint)
    {
        return Some(GeoTransform::from_tiepoint_and_scale_with_raster_type(
            tiepoint,
            &[sx, sy, 0.0],
            raster_type,
        ));
    }
    let matrix = doubles(ifd, TAG_TRANSFORMATION);
    let matrix: &[f64; 16] = matrix.as_slice().try_into().ok()?;
    let t = GeoTransform::from_transformation_matrix_with_raster_type(matrix, raster_type);
    (finite(matrix) && t.geo_to_pixel(t.origin_x, t.origin_y).is_some()).then_some(t)
}

fn doubles(ifd: &Ifd, code: u16) -> Vec<f64> {
    ifd.tag(code).and_then(|t| t.value.as_f64_vec()).unwrap_or_default()
}

fn keys(ifd: &Ifd) -> GeoKeyDirectory {
    let directory =
        ifd.tag(TAG_KEYS).and_then(|t| t.value.as_u16_slice().map(<[u16]>::to_vec)).unwrap_or_default();
    // Undecodable bytes came through as replacement characters of three bytes each: put one byte back for each, so that the keys'
    // offsets fit again.
    let ascii: String = ifd
        .tag(TAG_ASCII)
        .and_then(|t| t.value.as_str())
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii() { c } else { '?' })
        .collect();
    GeoKeyDirectory::parse(&directory, &doubles(ifd, TAG_DOUBLES), &ascii).unwrap_or_default()
}

fn crs(keys: &GeoKeyDirectory) -> Crs {
    let number = |id: u16| keys.get_double(id).and_then(|v| v.first().copied());
    let near = |value: Option<f64>, wanted: f64| (value.unwrap_or(0.0) - wanted).abs() < 1e-6;
    let projected = keys.get_short(geokeys::PROJECTED_CRS_TYPE);
    let geographic = keys.get_short(geokeys::GEOGRAPHIC_TYPE);
    let citation = [geokeys::PROJ_CITATION, geokeys::GT_CITATION, geokeys::GEOG_CITATION]
        .into_iter()
        .find_map(|id| keys.get_ascii(id))
        .map(|text| text.trim_end_matches(['|', '\0', ' ']).to_owned())
        .filter(|text| !text.is_empty());
    let other = |epsg: Option<u16>| Crs::Other {
        epsg: epsg.filter(|code| *code != USER_DEFINED && *code != 0).map(u32::from),
        description: citation.clone().unwrap_or_else(|| match epsg {
            Some(code) if code != USER_DEFINED && code != 0 => format!("EPSG:{code}"),
            _ => "not named".to_owned(),
        }),
    };
    // WGS84, ETRS89 or NAD83, or an ellipsoid as large: within 2 m of each other, far below any pixel here.
    // Longitudes count from Greenwich; EPSG:8901.
    let greenwich = matches!(keys.get_short(PRIME_MERIDIAN), None | Some(8901 | USER_DEFINED))
        && near(number(PRIME_MERIDIAN_LONGITUDE), 0.0);
    let wgs84 = greenwich && matches!(geographic, None | Some(4326 | 4258 | 4269 | 4979))
        || (greenwich
            && geographic == Some(USER_DEFINED)
            && near(number(SEMI_MAJOR_AXIS), ease_grid::ease2::SEMI_MAJOR));
    let metres = matches!(keys.get_short(geokeys::PROJ_LINEAR_UNITS), None | Some(9001 | USER_DEFINED));

    // ArcGIS writes the whole system as text and leaves the keys user-defined.
    let text = [geokeys::PROJ_CITATION, geokeys::GT_CITATION, geokeys::GEOG_CITATION]
        .into_iter()
        .filter_map(|id| keys.get_ascii(id))
        .find(|text| text.contains("PROJCS[") || text.contains("GEOGCS["));
    let coded = |code: Option<u16>| code.is_some_and(|code| code != USER_DEFINED);
    let codes = if projected.is_some() { projected } else { geographic };
    if let Some(known) = text.filter(|_| !coded(codes)).and_then(crate::wkt::crs) {
        return known;
    }

    let model = keys.get_short(geokeys::GT_MODEL_TYPE);
    if model == Some(2)
        || (projected.is_none()
            && keys.get_short(geokeys::PROJ_COORD_TRANS).is_none()
            && geographic.is_some())
    {
        let degrees = matches!(keys.get_short(geokeys::GEOG_ANGULAR_UNITS), None | Some(9102 | 9122));
        return if wgs84 && degrees && geographic.is_some() { Crs::Geographic } else { other(geographic) };
    }
    if !metres {
        return other(projected);
    }
    match projected {
        Some(USER_DEFINED) | None => {}
        Some(code) => return crate::wkt::of_epsg(u32::from(code)).unwrap_or_else(|| other(projected)),
    }
    if !wgs84 {
        return other(projected);
    }
    let (easting, northing) = (number(FALSE_EASTING), number(FALSE_NORTHING));
    let longitude = number(CENTRE_LONGITUDE).or_else(|| number(NAT_ORIGIN_LONGITUDE));
    let latitude = number(CENTRE_LATITUDE).or_else(|| number(NAT_ORIGIN_LATITUDE));
    match (keys.get_short(geokeys::PROJ_COORD_TRANS), keys.get_short(geokeys::PROJECTION)) {
        (Some(CYLINDRICAL_EQUAL_AREA), _)
            if near(number(STD_PARALLEL_1), 30.0)
                && near(longitude, 0.0)
                && near(easting, 0.0)
                && near(northing, 0.0) =>
        {
            Crs::Ease2Global
        }
        (Some(LAMBERT_AZIMUTHAL), _) => match (latitude, longitude.unwrap_or(0.0)) {
            (Some(90.0), 0.0) if near(easting, 0.0) && near(northing, 0.0) => Crs::Ease2North,
            (Some(-90.0), 0.0) if near(easting, 0.0) && near(northing, 0.0) => Crs::Ease2South,
            (Some(latitude), longitude) => Crs::LambertAzimuthal {
                latitude,
                longitude,
                false_easting: easting.unwrap_or(0.0),
                false_northing: northing.unwrap_or(0.0),
            },
            (None, _) => other(projected),
        },
        // The coded projections "UTM zone 1N..60N" and "1S..60S".
        (_, Some(code @ 16001..=16060)) => Crs::Utm { zone: (code - 16000) as u8, north: true },
        (_, Some(code @ 16101..=16160)) => Crs::Utm { zone: (code - 16100) as u8, north: false },
        (Some(TRANSVERSE_MERCATOR), _)
            if near(number(SCALE_AT_NAT_ORIGIN), 0.9996)
                && near(easting, 500_000.0)
                && near(latitude, 0.0) =>
        {
            let zone = (longitude.unwrap_or(f64::NAN) + 183.0) / 6.0;
            let south = near(northing, 10_000_000.0);
            if zone.fract() == 0.0 && (1.0..=60.0).contains(&zone) && (south || near(northing, 0.0)) {
                Crs::Utm { zone: zone as u8, north: !south }
            } else {
                other(projected)
            }
        }
        _ => other(projected),
    }
}
