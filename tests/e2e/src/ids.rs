//! `data-testid`s of the page, in one place. The page keeps these names for the tests' sake.

/// Region of the demo (a `<select>`; values are the presets' keys).
pub const DEMO_REGION: &str = "demo-region";
/// Loads the demo.
pub const DEMO: &str = "load-demo";
/// The file input behind "Open files".
pub const FILE_INPUT: &str = "file-input";
/// One row per file.
pub const FILE_ROW: &str = "file-row";
/// The time line.
pub const TIMELINE: &str = "timeline";
/// Starts a prediction.
pub const PREDICT: &str = "predict";
/// Stops it.
pub const CANCEL: &str = "cancel";
/// What a long job is at.
pub const PROGRESS: &str = "progress";
/// The maps of a finished prediction.
pub const MAPS: &str = "maps";
/// Table of scores.
pub const SCORES: &str = "scores";
/// Says that data or weights are simulated.
pub const SIMULATED: &str = "simulated";
/// Value, place and mask reason of the cell under the cursor.
pub const PROBE: &str = "probe";
/// Device, and why.
pub const DEVICE: &str = "device";
/// Saves the GeoTIFF.
pub const EXPORT_GEOTIFF: &str = "export-geotiff";
/// Saves the CSV.
pub const EXPORT_CSV: &str = "export-csv";
