//! A map as GeoTIFF: float32, EPSG code declared, nodata -9999 declared and used, deflate, provenance as GDAL metadata. An estimate that
//! says how sure it is has a second band, [`OWN_HALF_WIDTH`].
//!
//! Written with `tiff-writer`, the encoder inside `geotiff-writer`, which has no way to add GDAL_METADATA. Predictor 3 (floating
//! point differencing) is used: GDAL, `tiff-reader` and the `tiff` crate all undo it; tests/export.rs compares every export with two
//! of them.

use std::io::Cursor;

use geotiff_core::geokeys::{self, GeoKeyDirectory, GeoKeyValue};
use smap_files::geotiff::{OWN_HALF_WIDTH, OWN_PREFIX};
use tiff_reader::constants::{Compression, PlanarConfiguration, Predictor};
use tiff_reader::{Tag, TagValue};
use tiff_writer::{ImageBuilder, TiffVariant, TiffWriter, WriteOptions};

use super::{ExportError, Provenance};
use crate::estimate::Channel;
use ease_grid::{Crs, Raster, Reason};

/// Value of masked cells, as in SMAP's own files.
pub const NODATA: f32 = -9999.0;

/// Edge of a tile; smaller images are written in one strip per [`STRIP_BYTES`].
const TILE: u32 = 256;
/// Images at most this wide and high are stripped.
const TILED_FROM: usize = 512;
/// Bytes of a strip, before compression.
const STRIP_BYTES: usize = 64 << 10;

const TAG_DESCRIPTION: u16 = 270;
const TAG_SOFTWARE: u16 = 305;
const TAG_DATE_TIME: u16 = 306;

/// The raster as the bytes of a GeoTIFF with one band. Memory: the raster, one block, and the result.
///
/// `now` is the moment of writing as TIFF wants it, `YYYY:MM:DD HH:MM:SS`; left out where the caller does not know it.
///
/// # Errors
/// [`ExportError::NoCode`] for a coordinate system without an EPSG code, [`ExportError::Tiff`] where the encoder refuses.
pub fn write(raster: &Raster, provenance: &Provenance, now: Option<&str>) -> Result<Vec<u8>, ExportError> {
    write_bands(raster, None, provenance, now)
}

/// A channel's estimate as [`write()`] has it, with the half-width of its interval as second band where it has one.
///
/// # Errors
/// As [`write()`]; [`ExportError::DifferentGrids`] where the half-width lies on other cells.
pub fn write_channel(
    channel: &Channel,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    write_bands(&channel.estimate, channel.half_width(), provenance, now)
}

fn write_bands(
    raster: &Raster,
    half_width: Option<&Raster>,
    provenance: &Provenance,
    now: Option<&str>,
) -> Result<Vec<u8>, ExportError> {
    if half_width.is_some_and(|half_width| half_width.grid() != raster.grid()) {
        return Err(ExportError::DifferentGrids);
    }
    // A raster that is a rounded form of the EASE-Grid is written with the grid's exact corners.
    let exact = raster.grid().ease_window().map(|w| w.grid());
    let grid = exact.as_ref().unwrap_or(raster.grid());
    let code = grid
        .crs
        .epsg()
        .and_then(|c| u16::try_from(c).ok())
        .ok_or_else(|| ExportError::NoCode(format!("{:?}", grid.crs)))?;
    let side = |n: usize| u32::try_from(n).map_err(|e| ExportError::Tiff(e.to_string()));
    let (width, height) = (side(grid.columns)?, side(grid.rows)?);

    let mut image = ImageBuilder::new(width, height)
        .sample_type::<f32>()
        .compression(Compression::Deflate)
        .predictor(Predictor::FloatingPoint)
        .tag(Tag::new(33550, TagValue::Double(vec![grid.cell_x, grid.cell_y, 0.0])))
        .tag(Tag::new(33922, TagValue::Double(vec![0.0, 0.0, 0.0, grid.origin_x, grid.origin_y, 0.0])))
        .tag(Tag::new(42112, TagValue::Ascii(metadata(provenance, half_width.is_some()))))
        .tag(Tag::new(42113, TagValue::Ascii(NODATA.to_string())))
        .tag(Tag::new(TAG_DESCRIPTION, TagValue::Ascii(ascii(&provenance.summary()))))
        .tag(Tag::new(TAG_SOFTWARE, TagValue::Ascii(ascii(&format!("Loam {}", provenance.app_version)))));
    if let Some(now) = now.filter(|n| n.len() == 19 && n.is_ascii()) {
        image = image.tag(Tag::new(TAG_DATE_TIME, TagValue::Ascii(now.to_owned())));
    }
    for tag in key_tags(&grid.crs, code)? {
        image = image.tag(tag);
    }
    if half_width.is_some() {
        image = image.samples_per_pixel(2).planar_configuration(PlanarConfiguration::Planar);
    }
    let tiled = grid.columns > TILED_FROM || grid.rows > TILED_FROM;
    let strip_rows = side((STRIP_BYTES / (4 * grid.columns)).clamp(1, grid.rows))?;
    image = if tiled { image.tiles(TILE, TILE) } else { image.strips(strip_rows) };

    let refused = |e: tiff_writer::Error| ExportError::Tiff(e.to_string());
    let options = WriteOptions { variant: TiffVariant::Auto, ..WriteOptions::default() };
    let mut writer = TiffWriter::new(Cursor::new(Vec::new()), options).map_err(refused)?;
    let handle = writer.add_image(image).map_err(refused)?;
    let (block_columns, block_rows) =
        if tiled { (TILE as usize, TILE as usize) } else { (grid.columns, strip_rows as usize) };
    let mut index = 0;
    for band in std::iter::once(raster).chain(half_width) {
        for top in (0..grid.rows).step_by(block_rows) {
            for left in (0..grid.columns).step_by(block_columns) {
                // Tiles are always whole, strips end with the image.
                let rows = if tiled { block_rows } else { block_rows.min(grid.rows - top) };
                let mut block = Vec::with_capacity(rows * block_columns);
                for row in top..top + rows {
                    block.extend((left..left + block_columns).map(|column| cell(band, column, row)));
                }
                writer.write_block(&handle, index, &block).map_err(refused)?;
                index += 1;
            }
        }
    }
    Ok(writer.finish().map_err(refused)?.into_inner())
}

fn cell(raster: &Raster, column: usize, row: usize) -> f32 {
    match raster.at(column, row) {
        Ok(value) => value,
        Err(Reason::Valid) | Err(_) => NODATA,
    }
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
fn metadata(provenance: &Provenance, half_width: bool) -> String {
    let mut xml = String::from("<GDALMetadata>\n");
    let mut seen = std::collections::HashMap::new();
    for (key, value) in provenance.items() {
        let n: &mut usize = seen.entry(key).or_default();
        *n += 1;
        let number = if *n > 1 { format!("_{n}") } else { String::new() };
        xml.push_str(&format!("  <Item name=\"{OWN_PREFIX}{key}{number}\">{}</Item>\n", escape(&value)));
    }
    let names = std::iter::once(provenance.product.as_str()).chain(half_width.then_some(OWN_HALF_WIDTH));
    for (sample, name) in names.enumerate() {
        xml.push_str(&format!(
            "  <Item name=\"DESCRIPTION\" sample=\"{sample}\" role=\"description\">{}</Item>\n",
            escape(name)
        ));
        xml.push_str(&format!(
            "  <Item name=\"UNITTYPE\" sample=\"{sample}\" role=\"unittype\">{}</Item>\n",
            escape(&provenance.units)
        ));
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
