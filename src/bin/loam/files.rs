//! Files and regions from the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ease_grid::GridError;
use jiff::civil::Date;
use loam::protocol::FileTicket;
use loam::session::open::open;
use loam_core::file::{Correction, Usage};
use loam_core::network::Network;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator, TRAINING_PLACES, UNSEEN_PLACES, place};
use loam_core::stack::{Content, Library, MARGIN, PRESETS, Preset, Region, SceneDay};
use loam_nn::{Weights, block_on};
use smap_files::{PathSource, names};

/// The input files, as `predict`, `evaluate` and `train` take them.
#[derive(clap::Args, Default)]
pub struct Inputs {
    /// SMAP and Sentinel-1 files, in any order; what each is, is told from its content
    pub files: Vec<PathBuf>,
    /// Files to use as SMAP (coarse) soil moisture, when that cannot be told; dates from YYYYMMDD in the name
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub coarse: Vec<PathBuf>,
    /// Files to use as 3 km soil moisture, when that cannot be told; dates from YYYYMMDD in the name
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub fine: Vec<PathBuf>,
}

impl Inputs {
    /// Opens all of them. A refused file is named on standard error and left out, as the page does.
    pub fn library(&self) -> Result<Library, String> {
        let mut library = Library::default();
        let groups =
            [(&self.files, None), (&self.coarse, Some(Usage::Coarse)), (&self.fine, Some(Usage::Fine))];
        let mut refused = 0;
        let mut all = 0;
        for (paths, usage) in groups {
            for path in expand(paths)? {
                all += 1;
                if let Err(why) = add(&mut library, all, &path, usage) {
                    refused += 1;
                    eprintln!("left out: {}: {why}", path.display());
                }
            }
        }
        let simulated = library.iter().filter(|entry| library.left_out_as_simulated(entry)).count();
        if simulated > 0 {
            eprintln!(
                "note: {simulated} simulated files are left out: simulated scenes are never mixed with observed files"
            );
        }
        match (all, refused) {
            (0, _) => {
                Err("no input files were given: name SMAP and Sentinel-1 files, or use --coarse and --fine"
                    .into())
            }
            (a, r) if a == r => Err(format!("none of the {a} input files could be used")),
            _ => Ok(library),
        }
    }
}

/// Folders stand for the files in them, in order of their names.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path)
                .map_err(|e| format!("the folder {} cannot be read ({e})", path.display()))?;
            let mut inside: Vec<PathBuf> =
                entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file()).collect();
            inside.sort();
            all.extend(inside);
        } else {
            all.push(path.clone());
        }
    }
    Ok(all)
}

fn add(library: &mut Library, id: u32, path: &Path, usage: Option<Usage>) -> Result<(), String> {
    let source = PathSource::open(path).map_err(|e| format!("the file cannot be opened ({e})"))?;
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    // A forced usage goes with a date from the name: such files are the user's own, with no metadata to trust.
    let date = if usage.is_some() { names::date_in(&name) } else { None };
    let ticket =
        FileTicket { id, name, bytes, correction: Correction { usage, date, ..Correction::default() } };
    let entry =
        block_on(open(&ticket, Arc::new(source))).map_err(|report| report.refused.unwrap_or_default())?;
    if let (Usage::Ignored, Content::File(granule)) = (entry.usage(), &entry.content) {
        let why = granule.problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>().join("; ");
        eprintln!(
            "not used: {}: {}",
            path.display(),
            if why.is_empty() { granule.product.name() } else { &why }
        );
    }
    library.insert(entry);
    Ok(())
}

/// `NAME` or `LON,LAT[,COLS,ROWS]`.
pub fn region(text: &str) -> Result<(Region, Option<Preset>), String> {
    if let Some(preset) = place(text) {
        return preset.region().map(|r| (r, Some(preset))).map_err(|e: GridError| e.to_string());
    }
    let wrong = || {
        format!(
            "\"{text}\" is not a region: use one of {}, or LON,LAT or LON,LAT,COLS,ROWS, e.g. --region=-97.5,35.5,100,100",
            keys()
        )
    };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let number = |n: usize| parts.get(n).and_then(|p| p.parse::<f64>().ok()).ok_or_else(wrong);
    let count = |n: usize| parts.get(n).and_then(|p| p.parse::<usize>().ok()).ok_or_else(wrong);
    let (columns, rows) = match parts.len() {
        2 => (100, 100),
        4 => (count(2)?, count(3)?),
        _ => return Err(wrong()),
    };
    Region::around(number(0)?, number(1)?, columns, rows).map(|r| (r, None)).map_err(|e| e.to_string())
}

/// Keys of the places that have simulated scenes, parted by commas.
pub fn keys() -> String {
    PRESETS
        .iter()
        .chain(&TRAINING_PLACES)
        .chain(&UNSEEN_PLACES)
        .map(|place| place.key)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A weights file of whichever network.
pub fn weights(path: &Path) -> Result<Weights, String> {
    let bytes =
        std::fs::read(path).map_err(|e| format!("{}: the weights cannot be read ({e})", path.display()))?;
    Weights::of_any_network(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// The region of a name or a place, for a network; of a preset, for a network of one place, the place in its middle.
pub fn region_for(network: Network, text: &str) -> Result<(Region, Option<Preset>), String> {
    match region(text)? {
        (_, Some(preset)) if network.about().one_place => {
            Region::place(preset).map(|region| (region, Some(preset))).map_err(|e| e.to_string())
        }
        other => Ok(other),
    }
}

/// Says on standard error which files failed.
pub fn tell(failures: &[(String, String)]) {
    for (file, why) in failures {
        eprintln!("left out: {file}: {why}");
    }
}

/// Says on standard error where a date lies within what the weights were trained on. `simulated`: whether the data of the date are.
pub fn warn_trained(weights: &Weights, first: Date, simulated: bool) {
    if let Some(until) = weights.seen_until(first, simulated) {
        eprintln!(
            "note: these weights were trained on dates up to {until}: scores from {first} on flatter the network; choose later dates"
        );
    }
}

/// `YYYY-MM-DD` or `YYYYMMDD`.
pub fn date(text: &str) -> Result<Date, String> {
    text.parse::<Date>().map_err(|_| format!("\"{text}\" is not a date: write it as 2018-06-16"))
}

/// The simulated scenes of a place; of a preset those of the page's demo.
pub fn simulated(preset: Option<Preset>) -> Result<Library, String> {
    let preset = preset.ok_or_else(|| format!("simulated scenes exist for {} only", keys()))?;
    let scene = Scene::preset(preset.key, DEMO_SEED)
        .ok_or_else(|| format!("there is no scene of {}", preset.name))?;
    let kept = scene.clone();
    let bar = super::progress::bar(scene.len() as u64, "simulating");
    let days: Vec<SceneDay> =
        Simulator::with_margin(scene, MARGIN).inspect(|_| bar.inc(1)).map(SceneDay::from).collect();
    bar.finish_and_clear();
    Ok(Library::simulated(kept, format!("Simulated scenes: {}", preset.name), days))
}
