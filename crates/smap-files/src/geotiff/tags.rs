//! What a file's tags and items say of its bands and of its day.

use jiff::civil::Date;

use super::metadata::{self, Item};
use super::{dimap, open::Image};
use crate::arrays::TimeUnit;
use crate::auxiliary::Auxiliary;
use crate::values::Declared;

/// Names of time axes, as GDAL keeps them.
const TIMES: [&str; 5] = ["time", "valid_time", "date", "t", "times"];

/// What a file's tags say of its bands, before their values are looked at.
pub(super) struct BandTags {
    pub(super) name: Option<String>,
    pub(super) long_name: Option<String>,
    pub(super) units: Option<String>,
    pub(super) declared: Declared,
    /// Day of its own, from an item of GDAL's NetCDF driver.
    pub(super) date: Option<Date>,
    /// Stored numbers that stand for no value.
    pub(super) fills: Vec<f64>,
}

/// The bands' tags: GDAL's items and SNAP's own tag; `said` beside the file counts before them.
pub(super) fn band_tags(
    image: &Image,
    items: &[Item],
    said: Option<&Auxiliary>,
    bands: usize,
) -> Vec<BandTags> {
    let snap = dimap::bands(image.ifd());
    let nodata = metadata::nodata(image.ifd());
    let global =
        |name: &str| items.iter().find(|i| i.sample.is_none() && i.name == name).map(|i| i.value.as_str());
    // The axis that the bands were counted on, with its unit.
    let time = TIMES.iter().find_map(|name| {
        let unit = TimeUnit::parse(global(&format!("{name}#units"))?, global(&format!("{name}#calendar")))?;
        Some((format!("NETCDF_DIM_{name}"), unit))
    });
    (0..bands)
        .map(|band| {
            let of = |role: &str| {
                items
                    .iter()
                    .find(|i| i.sample == Some(band) && i.role.as_deref() == Some(role))
                    .map(|i| i.value.trim().to_owned())
                    .filter(|value| !value.is_empty())
            };
            let item = |name: &str| {
                let own = items.iter().find(|i| {
                    i.sample == Some(band) && i.role.is_none() && i.name.eq_ignore_ascii_case(name)
                });
                // What is said of the file is said of its only band.
                let of_file = || {
                    items
                        .iter()
                        .find(|i| bands == 1 && i.sample.is_none() && i.name.eq_ignore_ascii_case(name))
                };
                own.or_else(of_file).map(|i| i.value.trim().to_owned()).filter(|value| !value.is_empty())
            };
            let snap = snap.get(band);
            let beside = said.and_then(|said| said.band(band)?.nodata);
            let number = |role: &str| of(role).and_then(|value| value.parse::<f64>().ok());
            // Attributes of NetCDF files, which GDAL and others keep as items. Packing that was undone is still named beside floats.
            let listed = |name: &str| item(name).map(|text| metadata::numbers(&text)).unwrap_or_default();
            let packed = |name: &str| listed(name).first().copied().filter(|_| image.is_integer());
            let range = listed("valid_range");
            let bound =
                |name: &str, at: usize| listed(name).first().copied().or_else(|| range.get(at).copied());
            BandTags {
                name: of("description")
                    .or_else(|| snap.map(|b| b.name.clone()))
                    .or_else(|| item("NETCDF_VARNAME")),
                long_name: item("long_name").or_else(|| item("standard_name")),
                units: of("unittype").or_else(|| item("units")).or_else(|| snap.and_then(|b| b.unit.clone())),
                declared: Declared {
                    factor: number("scale")
                        .or_else(|| snap.and_then(|b| Some(b.scale?.0)))
                        .or_else(|| packed("scale_factor")),
                    offset: number("offset")
                        .or_else(|| snap.and_then(|b| Some(b.scale?.1)))
                        .or_else(|| packed("add_offset")),
                    low: bound("valid_min", 0),
                    high: bound("valid_max", 1),
                    // As NetCDF has it: of packed numbers, the bounds are packed too, unless they are no whole numbers.
                    bounds_are_stored: image.is_integer()
                        && [bound("valid_min", 0), bound("valid_max", 1)]
                            .into_iter()
                            .flatten()
                            .all(|bound| bound.fract() == 0.0),
                },
                date: time.as_ref().and_then(|(count, unit)| unit.day(item(count)?.parse().ok()?)),
                fills: beside
                    .or(nodata)
                    .into_iter()
                    .chain(snap.and_then(|b| b.nodata).filter(|_| beside.is_none()))
                    .chain(listed("_FillValue"))
                    .chain(listed("missing_value"))
                    .collect(),
            }
        })
        .collect()
}

/// The number of a type of whole numbers that programs take for no value: the lowest of signed, the highest of unsigned ones.
pub(super) fn outermost(dtype: &str) -> Option<f64> {
    match dtype {
        "int8" => Some(f64::from(i8::MIN)),
        "int16" => Some(f64::from(i16::MIN)),
        "int32" => Some(f64::from(i32::MIN)),
        "uint8" => Some(f64::from(u8::MAX)),
        "uint16" => Some(f64::from(u16::MAX)),
        "uint32" => Some(f64::from(u32::MAX)),
        _ => None,
    }
}

/// Items that name the day a file was observed, as programs write them.
const OBSERVED: [&str; 9] = [
    "time_coverage_start",
    "NC_GLOBAL#time_coverage_start",
    "acquisition_date",
    "acquisition_time",
    "acquisition_datetime",
    "date_acquired",
    "sensing_time",
    "sensing_date",
    "observation_date",
];

/// The day that an item of the file names. Of SMAP's own exports the name counts: their ranges begin with the first orbit of a day, wherever that
/// is.
pub(super) fn observed_day(items: &[Item], file: &str) -> Option<Date> {
    let item = |name: &&str| items.iter().find(|i| i.sample.is_none() && i.name.eq_ignore_ascii_case(name));
    let found = OBSERVED.iter().find_map(item).filter(|_| !file.contains("SMAP_L"))?;
    crate::names::date_of_time(&found.value)
}
