//! What the worker writes as a file.

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::SEASON_KEY;

/// Forms of export the worker makes. The PNG figure is made by the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// GeoTIFF: EPSG:6933, float32, nodata, deflate, provenance tags.
    GeoTiff,
    /// CSV of cells.
    Csv,
    /// Weights as safetensors.
    Weights,
    /// The network with these weights, for other programs.
    Onnx,
    /// What the values of the last season say, a band each: GeoTIFF.
    SeasonLayers,
    /// All dates of the last season (attachment 0: [`SEASON_KEY`]) and its layers: NetCDF-4.
    SeasonCube,
    /// The map with all that it takes to make it again, as a zip archive.
    Bundle,
}
