//! CSS selectors of the page's parts, in one place: ids, `data-` attributes and the sections' classes.

/// Loads the demo of Oklahoma City.
pub const DEMO: &str = "[data-demo=\"oklahoma-city\"]";
/// Opens the file picker.
pub const OPEN_FILES: &str = "#open-files";
/// The file input behind it.
pub const FILE_INPUT: &str = "#file-input";
/// One row per file.
pub const FILE_ROW: &str = "section.files tbody tr";
/// Starts a prediction; disabled until there is a date that can be predicted.
pub const PREDICT: &str = "#predict";
/// The same, ready.
pub const PREDICT_READY: &str = "#predict:not([disabled])";
/// Stops it.
pub const CANCEL: &str = "#cancel";
/// The map of the 3 km estimate: pixels, and the canvas above them that takes keys and pointer.
pub const ESTIMATE: &str = "[data-layer=\"Estimate\"] canvas.base";
/// The canvas above the estimate's map.
pub const ESTIMATE_OVERLAY: &str = "[data-layer=\"Estimate\"] canvas.overlay";
/// Value of the estimate under the cursor.
pub const ESTIMATE_VALUE: &str = "[data-layer=\"Estimate\"] output.value";
/// Place and cell indices under the cursor.
pub const READOUT: &str = "#readout";
/// Table of scores.
pub const SCORES: &str = "section.scores";
/// Says that the scenes are simulated.
pub const SIMULATED: &str = "section.maps .simulated";
/// Device, and why.
pub const DEVICE: &str = "section.device";
/// Saves the GeoTIFF.
pub const EXPORT_GEOTIFF: &str = "[data-export=\"geotiff\"]";
/// Saves the CSV.
pub const EXPORT_CSV: &str = "[data-export=\"csv\"]";
