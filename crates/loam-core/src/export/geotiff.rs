//! A map as cloud-optimised GeoTIFF: float32, EPSG code declared, nodata -9999 declared and used, tiles of 512 with overviews, deflate,
//! provenance as GDAL metadata. A channel has its flags as last band ([`OWN_FLAG`]); before them the half-width of its interval, where it
//! says how sure it is ([`OWN_HALF_WIDTH`]), and the reference's own uncertainty, where its product gives one
//! ([`OWN_REFERENCE_UNCERTAINTY`]).
//!
//! Written with the parts of `tiff-writer`, the encoder inside `geotiff-writer`, which has no way to add GDAL_METADATA. Predictor 3
//! (floating point differencing) is used: GDAL, `tiff-reader` and the `tiff` crate all undo it; tests/export.rs compares every export
//! with two of them, tests/reference/check_exports.py with GDAL.

use geotiff_core::geokeys::{self, GeoKeyDirectory, GeoKeyValue};
use smap_files::own::{OWN_FLAG, OWN_HALF_WIDTH, OWN_PREFIX, OWN_REFERENCE_UNCERTAINTY};
use tiff_reader::{Tag, TagValue};

use super::cog::{self, Plane};
use super::{ExportError, Provenance, flags, resampled};
use crate::estimate::Channel;
use ease_grid::{Crs, Edges, Grid, Raster};

/// Value of masked cells, as in SMAP's own files.
pub const NODATA: f32 = -9999.0;

const TAG_DESCRIPTION: u16 = 270;
const TAG_SOFTWARE: u16 = 305;
const TAG_DATE_TIME: u16 = 306;

/// A band: name, unit, cells.
struct Band {
    name: String,
    unit: String,
    plane: Plane,
}

impl Band {
    fn of(name: &str, unit: &str, raster: &Raster) -> Self {
        // Masked cells are NaN.
        let values = raster.values().iter().map(|v| if v.is_finite() { *v } else { NODATA }).collect();
        Self { name: name.to_owned(), unit: unit.to_owned(), plane: Plane { values, is_flags: false } }
    }

    fn of_flags(bits: &[u16]) -> Self {
        let values = bits.iter().map(|bits| f32::from(*bits)).collect();
        Self { name: OWN_FLAG.to_owned(), unit: String::new(), plane: Plane { values, is_flags: true } }
    }
}

/// The raster as the bytes of a GeoTIFF with one band. Memory: the raster four times, and the result.
///
/// `now` is the moment of writing as TIFF wants it, `YYYY:MM:DD HH:MM:SS`; left out where the caller does not know it.
///
/// # Errors
/// [`ExportError::NoCode`] for a coordinate system without an EPSG code, [`ExportError::Tiff`] where the encoder refuses.
pub fn write(raster: &Raster, provenance: &Provenance, now: Option<&str>) -> Result<Vec<u8>, ExportError> {
    let band = Band::of(&provenance.product, &provenance.units, raster);
    write_bands(raster.grid(), vec![band], provenance, now)
}

/// Planes over the same cells, each a band with its own name and unit; NaN where there is no value.
///
/// # Errors
/// As [`write()`]; [`ExportError::DifferentGrids`] where a plane has another number of cells.
pub fn write_planes(
    grid: &Grid,
    planes: Vec<(&str, &str, Vec<f32>)>,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    let mut bands = Vec::new();
    for (name, unit, mut values) in planes {
        if values.len() != grid.columns * grid.rows {
            return Err(ExportError::DifferentGrids);
        }
        values.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = NODATA);
        bands.push(Band {
            name: name.to_owned(),
            unit: unit.to_owned(),
            plane: Plane { values, is_flags: false },
        });
    }
    write_bands(grid, bands, provenance, now)
}

/// A channel: estimate, half-width of its interval and the reference's own uncertainty where it has them, flags.
///
/// # Errors
/// As [`write()`]; [`ExportError::DifferentGrids`] where one of them lies on other cells.
pub fn write_channel(
    channel: &Channel,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    let (estimate, beside) = (&channel.estimate, beside(channel));
    if beside.iter().any(|(_, raster)| raster.grid() != estimate.grid()) {
        return Err(ExportError::DifferentGrids);
    }
    let bits = flags::plane(estimate, provenance.frame);
    let bands = bands(estimate, beside, &bits, provenance);
    write_bands(estimate.grid(), bands, provenance, now)
}

/// The same, resampled to another coordinate system; the metadata says so.
///
/// # Errors
/// As [`write_channel`]; [`ExportError::Grid`] where the region cannot be mapped into the system.
pub fn write_channel_in(
    crs: &Crs,
    channel: &Channel,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    let own = channel.estimate.grid();
    let window = own.ease_window().ok_or(ExportError::DifferentGrids)?;
    let grid = resampled::grid(&window, crs)?;
    let bits = flags::plane(&channel.estimate, provenance.frame);
    let outside = flags::of(ease_grid::Reason::OutsideFile);
    let bits = resampled::nearest(own, &bits, &grid, outside)?;
    let estimate = resampled::bilinear(&channel.estimate, &grid)?;
    let resampled = |(name, raster): (_, &Raster)| Ok((name, resampled::bilinear(raster, &grid)?));
    let rasters = beside(channel).into_iter().map(resampled).collect::<Result<Vec<_>, ExportError>>()?;
    let beside = rasters.iter().map(|(name, raster)| (*name, raster)).collect();
    // The edge's cells are counted on the region's own grid; the flags say where they are.
    let provenance =
        Provenance { resampled: Some(resampled::words(crs)), frame: Edges::default(), ..provenance.clone() };
    let bands = bands(&estimate, beside, &bits, &provenance);
    write_bands(&grid, bands, &provenance, now)
}

/// What stands beside the estimate, by its name, in the estimate's unit.
fn beside(channel: &Channel) -> Vec<(&'static str, &Raster)> {
    let half_width = channel.half_width().map(|raster| (OWN_HALF_WIDTH, raster));
    let uncertainty = channel.reference_uncertainty.as_ref();
    half_width.into_iter().chain(uncertainty.map(|raster| (OWN_REFERENCE_UNCERTAINTY, raster))).collect()
}

fn bands(
    estimate: &Raster,
    beside: Vec<(&str, &Raster)>,
    bits: &[u16],
    provenance: &Provenance,
) -> Vec<Band> {
    let mut bands = vec![Band::of(&provenance.product, &provenance.units, estimate)];
    bands.extend(beside.into_iter().map(|(name, raster)| Band::of(name, &provenance.units, raster)));
    bands.push(Band::of_flags(bits));
    bands
}

fn write_bands(
    grid: &Grid,
    bands: Vec<Band>,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    // A raster that is a rounded form of the EASE-Grid is written with the grid's exact corners.
    let exact = grid.ease_window().map(|w| w.grid());
    let grid = exact.as_ref().unwrap_or(grid);
    let code = grid
        .crs
        .epsg()
        .and_then(|c| u16::try_from(c).ok())
        .ok_or_else(|| ExportError::NoCode(format!("{:?}", grid.crs)))?;
    let mut tags = vec![
        Tag::new(33550, TagValue::Double(vec![grid.cell_x, grid.cell_y, 0.0])),
        Tag::new(33922, TagValue::Double(vec![0.0, 0.0, 0.0, grid.origin_x, grid.origin_y, 0.0])),
        Tag::new(42112, TagValue::Ascii(metadata(provenance, &bands))),
        Tag::new(TAG_DESCRIPTION, TagValue::Ascii(ascii(&provenance.summary()))),
        Tag::new(TAG_SOFTWARE, TagValue::Ascii(ascii(&format!("Loam {}", provenance.app_version)))),
    ];
    let now = now.filter(|n| n.len() == 19 && n.is_ascii());
    tags.extend(now.map(|now| Tag::new(TAG_DATE_TIME, TagValue::Ascii(now.to_owned()))));
    tags.extend(key_tags(&grid.crs, code)?);
    let nodata = Tag::new(42113, TagValue::Ascii(NODATA.to_string()));
    let planes = bands.into_iter().map(|band| band.plane).collect();
    cog::encode((grid.columns, grid.rows), planes, NODATA, tags, &[nodata])
        .map_err(|e| ExportError::Tiff(e.to_string()))
}

fn key_tags(crs: &Crs, code: u16) -> Result<Vec<Tag>, ExportError> {
    let mut keys = GeoKeyDirectory::new();
    keys.set(geokeys::GT_RASTER_TYPE, GeoKeyValue::Short(1));
    if *crs == Crs::Geographic {
        keys.set(geokeys::GT_MODEL_TYPE, GeoKeyValue::Short(2));
        keys.set(geokeys::GEOGRAPHIC_TYPE, GeoKeyValue::Short(code));
        keys.set(geokeys::GEOG_ANGULAR_UNITS, GeoKeyValue::Short(9102));
    } else {
        keys.set(geokeys::GT_MODEL_TYPE, GeoKeyValue::Short(1));
        keys.set(geokeys::PROJECTED_CRS_TYPE, GeoKeyValue::Short(code));
        keys.set(geokeys::PROJ_LINEAR_UNITS, GeoKeyValue::Short(9001));
        let name = if *crs == Crs::Ease2Global {
            "WGS 84 / NSIDC EASE-Grid 2.0 Global".to_owned()
        } else {
            format!("EPSG:{code}")
        };
        keys.set(geokeys::GT_CITATION, GeoKeyValue::Ascii(name));
    }
    let (directory, doubles, text) = keys.serialize().map_err(|e| ExportError::Tiff(e.to_string()))?;
    let mut tags = vec![Tag::new(34735, TagValue::Short(directory))];
    if !doubles.is_empty() {
        tags.push(Tag::new(34736, TagValue::Double(doubles)));
    }
    if !text.is_empty() {
        tags.push(Tag::new(34737, TagValue::Ascii(text)));
    }
    Ok(tags)
}

/// GDAL's XML: `loam_...` items for the file, description and unit for each band. Repeated keys get a number, since GDAL keeps one of each.
fn metadata(provenance: &Provenance, bands: &[Band]) -> String {
    let mut xml = String::from("<GDALMetadata>\n");
    let mut item = |name: &str, more: &str, value: &str| {
        xml.push_str(&format!("  <Item name=\"{name}\"{more}>{}</Item>\n", escape(value)));
    };
    for (key, value) in provenance.numbered_items() {
        item(&format!("{OWN_PREFIX}{key}"), "", &value);
    }
    for (sample, band) in bands.iter().enumerate() {
        item("DESCRIPTION", &format!(" sample=\"{sample}\" role=\"description\""), &band.name);
        if band.plane.is_flags {
            item("flag_masks", &format!(" sample=\"{sample}\""), &flags::words());
        } else {
            item("UNITTYPE", &format!(" sample=\"{sample}\" role=\"unittype\""), &band.unit);
        }
    }
    xml.push_str("</GDALMetadata>\n");
    xml
}

/// Escaped twice: GDAL escapes values before it puts them into its XML, and undoes both when it reads. A plain `&` would end the value.
fn escape(text: &str) -> String {
    let once = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    once(&once(text)).chars().filter(|c| *c != '\0').collect()
}

/// TIFF's ASCII tags are seven bits; anything else becomes a question mark.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() && c != '\0' { c } else { '?' }).collect()
}
