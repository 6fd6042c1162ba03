//! A STAC item beside a GeoTIFF, so that catalogues and `pystac` find the map by place and time (STAC 1.1 with the extensions projection 2.0,
//! raster 2.0, processing 1.2 and scientific 1.0); and one beside a network (extension MLM 1.5).

use ease_grid::{Crs, EaseWindow, Grid, Statistics};
use serde_json::{Map, Value, json};
use smap_files::own::{OWN_FLAG, OWN_HALF_WIDTH, OWN_REFERENCE_UNCERTAINTY};

use super::geotiff::NODATA;
use super::{ExportError, Provenance, flags, resampled};
use crate::estimate::Channel;
use crate::weights_report::WeightsReport;

const EXTENSIONS: [&str; 4] = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "https://stac-extensions.github.io/scientific/v1.0.0/schema.json",
];

/// The item of a channel that was written as `file` (a name beside the item): JSON text. `crs` is what it was resampled to; none for
/// its own cells.
///
/// # Errors
/// [`ExportError::DifferentGrids`] for a channel that is not on the EASE-Grid; [`ExportError::Grid`] where it cannot be mapped.
pub fn item(
    file: &str,
    channel: &Channel,
    provenance: &Provenance,
    crs: Option<&Crs>,
) -> Result<String, ExportError> {
    let window = channel.estimate.grid().ease_window().ok_or(ExportError::DifferentGrids)?;
    let grid = crs.map_or_else(|| Ok(window.grid()), |crs| resampled::grid(&window, crs))?;
    let id = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let outline = outline(&window);
    let text = Value::Object(properties(&grid, provenance));
    let asset = json!({
        "href": format!("./{file}"),
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "title": provenance.summary(),
        "roles": ["data"],
        "raster:sampling": "area",
        "bands": bands(channel, provenance, crs.is_none()),
    });
    let item = json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": EXTENSIONS,
        "id": id,
        "geometry": { "type": "Polygon", "coordinates": [outline] },
        "bbox": extent(&outline),
        "properties": text,
        "links": [],
        "assets": { "map": asset },
    });
    Ok(format!("{item:#}\n"))
}

/// The window's outline in degrees: counter-clockwise, closed. Meridians and parallels are its edges, so four corners are exact.
pub(crate) fn outline(window: &EaseWindow) -> Vec<[f64; 2]> {
    let grid = window.grid();
    let east = grid.origin_x + grid.cell_x * grid.columns as f64;
    let south = grid.origin_y - grid.cell_y * grid.rows as f64;
    let corner = |x: f64, y: f64| {
        let (longitude, latitude) = ease_grid::ease2::inverse(x, y);
        // The globe's eastern edge is its western one.
        let longitude = if x > 0.0 && longitude < 0.0 { longitude + 360.0 } else { longitude };
        let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
        [rounded(longitude), rounded(latitude)]
    };
    [
        (grid.origin_x, south),
        (east, south),
        (east, grid.origin_y),
        (grid.origin_x, grid.origin_y),
        (grid.origin_x, south),
    ]
    .map(|(x, y)| corner(x, y))
    .to_vec()
}

/// West, south, east, north.
pub(crate) fn extent(outline: &[[f64; 2]]) -> [f64; 4] {
    let fold = |axis: usize, start: f64, keep: fn(f64, f64) -> f64| {
        outline.iter().fold(start, |best, point| keep(best, point[axis]))
    };
    [
        fold(0, f64::INFINITY, f64::min),
        fold(1, f64::INFINITY, f64::min),
        fold(0, f64::NEG_INFINITY, f64::max),
        fold(1, f64::NEG_INFINITY, f64::max),
    ]
}

fn properties(grid: &Grid, provenance: &Provenance) -> Map<String, Value> {
    let moment = provenance.date.map(|date| format!("{date}T00:00:00Z"));
    let end = provenance.date.map(|date| format!("{date}T23:59:59Z"));
    let lineage: Vec<String> =
        provenance.items().into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let mut properties = Map::new();
    let mut add = |key: &str, value: Value| properties.insert(key.to_owned(), value);
    add("datetime", json!(moment));
    if moment.is_some() {
        add("start_datetime", json!(moment));
        add("end_datetime", json!(end));
    }
    add("title", json!(provenance.summary()));
    add("gsd", json!(if grid.crs == Crs::Geographic { grid.cell_x * 111_320.0 } else { grid.cell_x }));
    add("proj:code", json!(grid.crs.epsg().map(|code| format!("EPSG:{code}"))));
    add("proj:shape", json!([grid.rows, grid.columns]));
    add("proj:transform", json!([grid.cell_x, 0.0, grid.origin_x, 0.0, -grid.cell_y, grid.origin_y]));
    add("processing:software", json!({ "Loam": provenance.app_version }));
    add("processing:lineage", json!(lineage.join("\n")));
    if !provenance.citations.is_empty() {
        let publications: Vec<Value> =
            provenance.citations.iter().map(|citation| json!({ "citation": citation })).collect();
        add("sci:publications", json!(publications));
    }
    // Every item of provenance by its own name too, as in the GeoTIFF's tags.
    for (key, value) in provenance.numbered_items() {
        let value = if key == "simulated" { json!(provenance.simulated) } else { json!(value) };
        add(&format!("loam:{key}"), value);
    }
    properties
}

fn bands(channel: &Channel, provenance: &Provenance, own_cells: bool) -> Vec<Value> {
    let numbers = |statistics: Statistics| {
        // Of resampled values others would hold.
        (own_cells && statistics.valid > 0).then(|| {
            let share = 100.0 * statistics.valid as f64 / statistics.cells.max(1) as f64;
            json!({ "minimum": statistics.min, "maximum": statistics.max, "mean": statistics.mean, "valid_percent": share })
        })
    };
    let band = |name: &str, description: &str, statistics: Statistics| {
        let mut band = json!({
            "name": name, "description": description, "data_type": "float32", "nodata": NODATA, "unit": provenance.units,
        });
        if let (Some(numbers), Some(band)) = (numbers(statistics), band.as_object_mut()) {
            band.insert("statistics".to_owned(), numbers);
        }
        band
    };
    let mut bands = vec![band("estimate", &provenance.product, channel.estimate.statistics())];
    bands.extend(channel.half_width().map(|raster| {
        band(OWN_HALF_WIDTH, "half the width of the estimate's 90 % interval", raster.statistics())
    }));
    bands.extend(channel.reference_uncertainty.as_ref().map(|raster| {
        let what = "uncertainty of the reference as its product gives it; not the estimate's";
        band(OWN_REFERENCE_UNCERTAINTY, what, raster.statistics())
    }));
    bands.push(json!({
        "name": OWN_FLAG, "description": format!("bits: {}", flags::words()), "data_type": "float32",
    }));
    bands
}

/// A network that was written as ONNX.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    /// Its weights.
    pub weights: &'a WeightsReport,
    /// Name and unit of each channel of the input.
    pub bands: &'a [(String, &'static str)],
    /// Of the output.
    pub outputs: &'a [(String, &'static str)],
    /// Metres of a pixel.
    pub pixel: f64,
    /// Loam's version.
    pub version: &'a str,
}

/// The item of a network that was written as `file` (a name beside the item): JSON text. Place and time are where it may be used: the
/// EASE-Grid, since SMAP's first day.
#[must_use]
pub fn model_item(file: &str, model: &Model<'_>) -> String {
    let Model { weights, bands, outputs, pixel, version } = *model;
    let id = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let about = weights.network.about();
    let list = |channels: &[(String, &str)]| {
        channels.iter().map(|(name, unit)| format!("{name} ({unit})")).collect::<Vec<_>>().join(", ")
    };
    let trained = if weights.simulated { "trained on SIMULATED scenes" } else { "trained on observations" };
    let shape = |channels: usize| json!([-1, channels, -1, -1]);
    let order = json!(["batch", "channel", "height", "width"]);
    let item = json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.2/schema.json"],
        "id": id,
        "geometry": { "type": "Polygon", "coordinates": [[
            [-180.0, -85.0445664], [180.0, -85.0445664], [180.0, 85.0445664], [-180.0, 85.0445664], [-180.0, -85.0445664],
        ]] },
        "bbox": [-180.0, -85.0445664, 180.0, 85.0445664],
        "properties": {
            "datetime": null,
            "start_datetime": "2015-03-31T00:00:00Z",
            "end_datetime": "9999-12-31T23:59:59Z",
            "description": format!("{}, {trained}: {}. Weights {}, SHA-256 {}.", about.words, weights.trained_on, weights.name, weights.hash),
            "mlm:name": format!("{} {}", about.name, weights.name),
            "mlm:architecture": about.name,
            "mlm:tasks": ["regression", "downscaling"],
            "mlm:framework": "ONNX",
            "mlm:framework_version": "opset 17",
            "mlm:pretrained": true,
            "mlm:pretrained_source": weights.trained_on,
            "mlm:input": [{
                "name": list(bands),
                "bands": [],
                "input": { "shape": shape(bands.len()), "dim_order": order, "data_type": "float32" },
                "description": "physical units, a number in every cell",
            }],
            "mlm:output": [{
                "name": list(outputs),
                "tasks": ["regression", "downscaling"],
                "result": { "shape": shape(outputs.len()), "dim_order": order, "data_type": "float32" },
            }],
            "loam:pixel_metres": pixel,
            "loam:version": version,
            "loam:simulated": weights.simulated,
        },
        "links": [],
        "assets": { "model": {
            "href": format!("./{file}"),
            "type": "application/octet-stream; framework=onnx",
            "title": format!("{} as ONNX", about.name),
            "roles": ["mlm:model"],
            "mlm:artifact_type": "onnx",
        } },
    });
    format!("{item:#}\n")
}
