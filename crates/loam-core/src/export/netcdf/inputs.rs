//! What a network saw of a date as NetCDF-4: the input of its ONNX file, for programs that make the map elsewhere.
//!
//! - `planes` (time, band, y, x): the channels in the ONNX file's order and units; not a number beyond the files, where the network sees an edge.
//! - `quality_flag` (time, y, x): where the map has a value, as in a season's cube.
//! - `half_width_factor` (time): half-width of the 90 % interval over the network's own standard deviation.
//! - attributes `region_...`: the map's cells among those of the planes. Provenance as in a cube.

use ease_grid::{EaseWindow, Edges};
use jiff::civil::Date;
use netcdf_writer::{NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions};
use smap_files::own::{OWN_FLAG, OWN_PREFIX};

use super::{File, Written};
use crate::export::{ExportError, Provenance, flags};
use crate::output::Output;
use crate::season::{Season, SeasonDay};

/// Rows and columns of a chunk, which holds all channels.
const CHUNK: usize = 256;

/// What a network saw of a date.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The date.
    pub date: Date,
    /// Cells of the planes.
    pub window: EaseWindow,
    /// Cells of the map, within them.
    pub region: EaseWindow,
    /// Name and unit of each channel.
    pub bands: &'a [(String, &'static str)],
    /// One plane a channel, row-major.
    pub planes: &'a [f32],
    /// Of the region: why a cell has no value ([`flags`]).
    pub flags: &'a [u16],
    /// Half-width of the 90 % interval over the network's standard deviation.
    pub half_width_factor: Option<f32>,
}

/// The file. `provenance` is that of the date's map.
///
/// # Errors
/// [`ExportError::NetCdf`] where the encoder refuses; [`ExportError::DifferentGrids`] where planes or flags are of another size.
pub fn write(inputs: &Inputs<'_>, provenance: &Provenance) -> Result<Vec<u8>, ExportError> {
    let whole = inputs.planes.len() == inputs.bands.len() * inputs.window.len();
    if !whole || inputs.flags.len() != inputs.region.len() {
        return Err(ExportError::DifferentGrids);
    }
    let day = SeasonDay {
        date: inputs.date,
        values: Vec::new(),
        half_width: None,
        flags: Vec::new(),
        files: Vec::new(),
        simulated: provenance.simulated,
    };
    // Time and place are written as a season's.
    let season = Season { output: Output::SoilMoisture, window: inputs.window, days: vec![day] };
    let file = File { builder: NcFileBuilder::new(), season: &season };
    written(file, inputs, provenance).map_err(|e| ExportError::NetCdf(e.to_string()))
}

fn written(mut file: File<'_>, inputs: &Inputs<'_>, provenance: &Provenance) -> Written<Vec<u8>> {
    let EaseWindow { rows, columns, .. } = inputs.window;
    let margin = Edges::between(&inputs.region, &inputs.window);
    let time = file.builder.add_dimension("time", 1)?;
    let band = file.builder.add_dimension("band", inputs.bands.len() as u64)?;
    let y = file.builder.add_dimension("y", rows as u64)?;
    let x = file.builder.add_dimension("x", columns as u64)?;

    let simulated = if provenance.simulated { "SIMULATED, not an observation: " } else { "" };
    let mut texts = vec![
        ("Conventions".to_owned(), "CF-1.13".to_owned()),
        ("title".to_owned(), format!("{simulated}what a network saw of {}", inputs.date)),
    ];
    let own = provenance.numbered_items();
    texts.extend(own.into_iter().map(|(key, value)| (format!("{OWN_PREFIX}{key}"), value)));
    for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
        file.builder.add_attribute(name, NcAttrValue::Chars(value))?;
    }
    let region = [
        ("region_first_row", margin.north),
        ("region_first_column", margin.west),
        ("region_rows", inputs.region.rows),
        ("region_columns", inputs.region.columns),
    ];
    for (name, value) in region {
        file.builder.add_attribute(name, NcAttrValue::Ints(vec![value as i32]))?;
    }
    file.coordinates([time, y, x])?;

    let chunk = |bands: usize| {
        let mut sizes = vec![1, bands as u64, rows.min(CHUNK) as u64, columns.min(CHUNK) as u64];
        if bands == 0 {
            sizes.remove(1);
        }
        sizes
    };
    let planes = file.builder.add_variable::<f32>("planes", &[time, band, y, x])?;
    let names: Vec<&str> = inputs.bands.iter().map(|(name, _)| name.as_str()).collect();
    let units: Vec<&str> = inputs.bands.iter().map(|(_, unit)| *unit).collect();
    let (names, units) = (names.join("; "), units.join("; "));
    file.text(
        planes,
        &[("long_name", "input of the ONNX file, channel by channel"), ("bands", &names), ("units", &units)],
    )?;
    file.placed(planes)?;
    file.builder.set_variable_fill_value(planes, f32::NAN)?;
    file.builder.set_variable_chunking(planes, chunk(inputs.bands.len()))?;
    file.builder.set_variable_deflate(planes, Some(4), true)?;
    file.builder.write_variable(planes, inputs.planes)?;

    let variable = file.builder.add_variable::<u16>(OWN_FLAG, &[time, y, x])?;
    file.flag_texts(variable, "the map")?;
    file.placed(variable)?;
    file.builder.set_variable_chunking(variable, chunk(0))?;
    file.builder.set_variable_deflate(variable, Some(4), true)?;
    let outside = flags::of(ease_grid::Reason::OutsideFile);
    file.builder.write_variable(variable, &margin.laid(inputs.flags, inputs.region.columns, outside))?;

    if let Some(factor) = inputs.half_width_factor {
        let variable = file.builder.add_variable::<f32>("half_width_factor", &[time])?;
        let words = "half-width of the 90 % interval over the network's standard deviation";
        file.text(variable, &[("long_name", words), ("units", "1")])?;
        file.builder.write_variable(variable, &[factor])?;
    }
    Ok(file.builder.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 })?.1)
}
