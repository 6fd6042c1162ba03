//! CSS selectors of the page's parts, in one place: ids, `data-` attributes and the sections' classes.

/// Loads the demo of Oklahoma City.
pub const DEMO: &str = "[data-demo=\"oklahoma-city\"]";
/// Opens the file picker.
pub const OPEN_FILES: &str = "#open-files";
/// The file input behind it.
pub const FILE_INPUT: &str = "#file-input";
/// One row per file.
pub const FILE_ROW: &str = "section.files tr[data-file]";
/// One click to an estimate.
pub const SHOW_ME: &str = "#show-me";
/// Starts a prediction where the map does not follow; disabled until there is a date that can be predicted.
pub const PREDICT: &str = "#predict";
/// The same, ready.
pub const PREDICT_READY: &str = "#predict:not([disabled])";
/// Whether the map follows date, region and rules.
pub const FOLLOW: &str = "#follow";
/// Puts every layer on the stage.
pub const LAYOUT_ALL: &str = "#layout-all";
/// Takes the last choice back.
pub const UNDO: &str = "#undo";
/// Date after date.
pub const PLAY: &str = "#play";
/// Stops it.
pub const CANCEL: &str = "#cancel";
/// The map of the 3 km estimate: pixels, and the canvas above them that takes keys and pointer.
pub const ESTIMATE: &str = "[data-layer=\"Estimate\"] canvas.base";
/// The canvas above the estimate's map.
pub const ESTIMATE_OVERLAY: &str = "[data-layer=\"Estimate\"] canvas.overlay";
/// Value of the estimate under the cursor.
pub const ESTIMATE_VALUE: &str = "[data-layer=\"Estimate\"] output.value";
/// Lets a region be drawn on a map.
pub const DRAW_REGION: &str = "#draw-region";
/// Place and cell indices under the cursor.
pub const READOUT: &str = "#readout";
/// Table of scores.
pub const SCORES: &str = "section.scores";
/// Says that the scenes are simulated.
pub const SIMULATED: &str = "section.maps .simulated";
/// Device, and why.
pub const DEVICE: &str = "section.device";
/// Month of the date to predict.
pub const MONTH: &str = "#month";
/// Date to predict.
pub const DATE: &str = "#date";
/// Compares the methods on the newest dates.
pub const RANK: &str = "#rank";
/// The methods, best first.
pub const RANKING: &str = "#ranking";
/// Half-width of the estimate's interval.
pub const HALF_WIDTH: &str = "[data-layer=\"HalfWidth\"] canvas.base";
/// Saves the GeoTIFF.
pub const EXPORT_GEOTIFF: &str = "[data-export=\"geotiff\"]";
/// Saves the CSV.
pub const EXPORT_CSV: &str = "[data-export=\"csv\"]";
/// Loads the demo of Tucson.
pub const DEMO_TUCSON: &str = "[data-demo=\"tucson\"]";
/// Number of epochs.
pub const TRAIN_EPOCHS: &str = "#train-epochs";
/// Which network a run trains.
pub const TRAIN_NETWORK: &str = "#train-network";
/// Checks a run and measures three steps.
pub const TRAIN_ESTIMATE: &str = "#train-estimate";
/// Starts a run.
pub const TRAIN_START: &str = "#train-start";
/// Pauses it, and lets it go on.
pub const TRAIN_PAUSE: &str = "#train-pause";
/// Ends it with the best weights so far.
pub const TRAIN_STOP: &str = "#train-stop";
/// Asks whether to throw it away.
pub const TRAIN_CANCEL: &str = "#train-cancel";
/// Throws it away.
pub const TRAIN_CANCEL_YES: &str = "#train-cancel-yes";
/// Where it stands, in words.
pub const TRAIN_PROGRESS: &str = "#train-progress";
/// Loss curves.
pub const TRAIN_CHART: &str = "#train-chart";
/// What it was worth.
pub const TRAIN_SENTENCE: &str = "#train-sentence";
/// Uses the trained weights.
pub const TRAIN_KEEP: &str = "#train-keep";
/// Which weights are in use.
pub const TRAIN_IN_USE: &str = "#train-in-use";
/// Back to the weights from before.
pub const TRAIN_REVERT: &str = "#train-revert";
/// Goes on with an unfinished run.
pub const TRAIN_RESUME: &str = "#train-resume";
/// Says that the weights of before a reload are in use again.
pub const RECALLED: &str = "#recalled";
/// Back to the shipped ones.
pub const RECALLED_SHIPPED: &str = "#recalled-shipped";
/// All of it.
pub const FINE_TUNE: &str = "#fine-tune";
/// The table of runs.
pub const RUN_TABLE: &str = "#run-table";
/// Saves that table.
pub const RUNS_CSV: &str = "#runs-csv";
/// Opens "About the model".
pub const ABOUT_OPEN: &str = "#about-open";
/// The dialog itself.
pub const ABOUT: &str = "#about";
/// What is put aside or was removed.
pub const ASIDE: &str = "#aside";
/// Own files come back.
pub const OWN_BACK: &str = "#own-back";
/// The demo comes back.
pub const DEMO_BACK: &str = "#demo-back";
/// Files that were removed come back.
pub const REMOVED_BACK: &str = "#removed-back";
/// Says that the map is not that of the present choices.
pub const STALE: &str = "#map-stale";
/// The map's own notes.
pub const MAP_NOTES: &str = "#map-warnings";
/// Weights in use, or to be loaded.
pub const WEIGHTS: &str = ".weights";
/// Loads the demo of Geneva.
pub const DEMO_GENEVA: &str = "[data-demo=\"geneva\"]";
/// Predicts every date of the period, or those that are missing.
pub const SEASON_START: &str = "#season-start";
/// Ends that.
pub const SEASON_CANCEL: &str = "#season-cancel";
/// How far it is, in words.
pub const SEASON_PROGRESS: &str = "#season-progress";
