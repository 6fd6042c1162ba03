//! Files and regions from the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ease_grid::GridError;
use jiff::civil::Date;
use loam::protocol::FileTicket;
use loam::session::open::open;
use loam_core::file::{Correction, Usage};
use loam_core::network::Network;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator, TRAINING_PLACES, UNSEEN_PLACES, place};
use loam_core::stack::{Content, Entry, Library, MARGIN, PRESETS, Preset, Region, SceneDay};
use loam_nn::{Weights, block_on};
use smap_files::companion::{self, Passed};
use smap_files::{DateOrigin, Product, Role};

use super::find::{Found, find};
use super::layer_use::Said;

/// The input files, as `predict`, `evaluate` and `train` take them.
#[derive(clap::Args, Default)]
pub struct Inputs {
    /// SMAP and Sentinel-1 files, folders, zip archives or patterns in quotes, in any order; what each file is, is told from its content
    pub files: Vec<PathBuf>,
    /// Files to use as SMAP (coarse) soil moisture, when that cannot be told; dates from the file, else YYYYMMDD in the name
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub coarse: Vec<PathBuf>,
    /// Files to use as 3 km soil moisture, when that cannot be told; dates from the file, else YYYYMMDD in the name
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub fine: Vec<PathBuf>,
    /// What a layer is that was not recognised, or was taken for something else: a band name, "band 2", an HDF5 path or its last part; ROLE
    /// is coarse, fine, vv, vh or lst; UNIT is m3/m3 or percent, dB, power or amplitude, K or C. Repeatable
    #[arg(long = "use", value_name = "FILE#LAYER=ROLE[,UNIT]")]
    pub uses: Vec<String>,
}

impl Inputs {
    /// Opens all of them. A file that is refused or not used is named on standard error and left out, as the page does; one that the user
    /// insists on (`--coarse`, `--fine`, `--use`) ends the command where it gives nothing.
    pub fn library(&self) -> Result<Library, String> {
        let said = self.uses.iter().map(|text| Said::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let mut library = Library::default();
        let mut passed = Passed::default();
        let groups =
            [(&self.files, None), (&self.coarse, Some(Usage::Coarse)), (&self.fine, Some(Usage::Fine))];
        let (mut all, mut refused) = (0u32, 0);
        let mut take =
            |id: u32, found: &Found, usage: Option<Usage>| match add(&mut library, id, found, usage, &said) {
                Ok(()) => Ok(None),
                Err(Refused::Word(why)) => Err(format!("{}: {why}", found.path)),
                Err(Refused::Useless(why)) => Ok(Some(("not used", why))),
                Err(Refused::File(why)) => Ok(Some(("left out", why))),
            };
        for (paths, usage) in groups {
            // Of what is named after --coarse or --fine, each must give something.
            let mut gives: BTreeMap<usize, Result<(), String>> = BTreeMap::new();
            for found in find(paths, &mut passed)? {
                all += 1;
                let outcome = match take(all, &found, usage)? {
                    None => Ok(()),
                    Some((what, why)) => {
                        refused += usize::from(what == "left out");
                        if usage.is_none() || !found.named {
                            eprintln!("{what}: {}: {why}", found.path);
                        }
                        Err(format!("{}: {why}", found.path))
                    }
                };
                let before = gives.entry(found.from).or_insert_with(|| outcome.clone());
                if outcome.is_ok() {
                    *before = Ok(());
                }
            }
            if usage.is_some() {
                // A companion that is named, as by the shell's `*`, is counted with the others.
                let is_empty = |(from, path): &(usize, &PathBuf)| {
                    let path = path.to_string_lossy();
                    let is_companion =
                        companion::kind(&path).is_some() || companion::of_tiff(&path).is_some();
                    !gives.contains_key(from) && !is_companion
                };
                if let Some((_, empty)) = paths.iter().enumerate().find(is_empty) {
                    let only = passed.text().map_or_else(String::new, |text| format!(" ({text})"));
                    return Err(format!(
                        "{}: no file of data is there{only}: name the files to be used",
                        empty.display()
                    ));
                }
                gives.into_values().collect::<Result<(), String>>()?;
            }
        }
        // A file that only `--use` names is an input like the others.
        for one in &said {
            let more = if one.met() { Vec::new() } else { find(&[PathBuf::from(&one.file)], &mut passed)? };
            for found in more.into_iter().filter(|found| said.iter().any(|said| said.is_of(found))) {
                all += 1;
                if let Some((_, why)) = take(all, &found, None)? {
                    return Err(format!("{}: {why}", found.path));
                }
            }
        }
        if let Some(text) = passed.text() {
            eprintln!("note: {text}");
        }
        let superseded = |entry: &&Entry| library.superseded_by(entry).is_some();
        for entry in library.iter().filter(superseded) {
            let by = library.superseded_by(entry).map(|by| by.name.as_str()).unwrap_or_default();
            eprintln!("not used: {}: superseded by {by}", entry.name);
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
            (a, r) if a as usize == r => Err(format!("none of the {a} input files could be used")),
            _ => Ok(library),
        }
    }
}

/// Why a file is not in the library.
enum Refused {
    /// It cannot be read.
    File(String),
    /// It is read, and nothing of it is used.
    Useless(String),
    /// What the user said of it cannot be done.
    Word(String),
}

fn add(
    library: &mut Library,
    id: u32,
    found: &Found,
    usage: Option<Usage>,
    said: &[Said],
) -> Result<(), Refused> {
    let source = found.source().map_err(Refused::File)?;
    let of_file: Vec<&Said> = said.iter().filter(|said| said.is_of(found)).collect();
    let usage = of_file.last().map(|said| said.usage).or(usage);
    // Its days are those it holds, else the one in its name: a forced usage changes none of that.
    let correction = Correction { usage, ..Correction::default() };
    let ticket = FileTicket {
        id,
        name: found.name.clone(),
        bytes: found.bytes,
        correction: if of_file.is_empty() { correction.clone() } else { Correction::default() },
        member: None,
    };
    let mut entry = block_on(open(&ticket, source))
        .map_err(|report| Refused::File(report.refused.unwrap_or_default()))?;
    if !of_file.is_empty() {
        let layers = of_file.iter().map(|said| said.layer.clone()).collect();
        entry
            .correct(Correction { layers, ..correction })
            .map_err(|error| Refused::Word(error.to_string()))?;
    }
    // A bundle finds the file again under another name: a day that only its name says goes with what was said of it.
    if usage.is_some()
        && let Some(granule) = entry.granule()
        && granule.date_origin == Some(DateOrigin::FileName)
        && let &[date] = entry.dates().as_slice()
    {
        entry.correction.date = Some(date);
    }
    let why = useless(&entry);
    library.insert(entry);
    match why {
        Some(why) if of_file.is_empty() => Err(Refused::Useless(why)),
        Some(why) => Err(Refused::Word(why)),
        None => Ok(()),
    }
}

/// Why an opened file gives nothing.
fn useless(entry: &Entry) -> Option<String> {
    let Content::File(granule) = &entry.content else { return None };
    let has = |roles: &[Role]| granule.variables.iter().any(|v| roles.contains(&v.role) && v.grid.is_some());
    let layers = match entry.usage() {
        Usage::Coarse => has(&[Role::SoilMoisture, Role::BrightnessV, Role::BrightnessH]),
        Usage::Fine => has(&[Role::SoilMoisture]),
        Usage::Backscatter => has(&[Role::BackscatterVv, Role::BackscatterVh]),
        Usage::Temperature => has(&[Role::SurfaceTemperature]),
        Usage::Ignored => false,
    };
    if let Some(nothing) = entry.gives_nothing() {
        let mut why: Vec<&str> = granule.problems.iter().map(|problem| problem.text.as_str()).collect();
        why.push(&nothing);
        return Some(why.join("; "));
    }
    if !layers {
        let why = granule.problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>().join("; ");
        let what = if granule.product == Product::Unknown {
            "none of its layers was recognised as one that Loam uses; --use FILE#LAYER=ROLE,UNIT says what one is"
        } else {
            granule.product.name()
        };
        return Some(if why.is_empty() { what.to_owned() } else { why });
    }
    entry.dates().is_empty().then(|| {
        "it has no date, so it lies on no time line; put its date into its name, as YYYYMMDD".to_owned()
    })
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

/// Writes a file whole.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|e| cannot_write(path, e))
}

/// The sentence for a file that cannot be written.
pub fn cannot_write(path: &Path, why: std::io::Error) -> String {
    format!("{} cannot be written ({why})", path.display())
}

/// A weights file of whichever network.
pub fn weights(path: &Path) -> Result<Weights, String> {
    let bytes =
        std::fs::read(path).map_err(|e| format!("{}: the weights cannot be read ({e})", path.display()))?;
    Weights::of_any_network(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// The same with the file's name.
pub fn named_weights(path: &Path) -> Result<(String, Weights), String> {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok((name, weights(path)?))
}

/// Weights files by their networks, with their names; of two for a network the last.
pub fn weights_by_network(paths: &[PathBuf]) -> Result<BTreeMap<Network, (String, Weights)>, String> {
    let named = |path: &PathBuf| named_weights(path).map(|found| (found.1.network(), found));
    paths.iter().map(named).collect()
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
    simulated_from(preset, None)
}

/// The same from another first date on.
pub fn simulated_from(preset: Option<Preset>, from: Option<Date>) -> Result<Library, String> {
    let preset = preset.ok_or_else(|| format!("simulated scenes exist for {} only", keys()))?;
    let mut scene = Scene::preset(preset.key, DEMO_SEED)
        .ok_or_else(|| format!("there is no scene of {}", preset.name))?;
    scene.first = from.unwrap_or(scene.first);
    Ok(scene_of(scene, preset.name))
}

/// All days of a scene of a place.
pub fn scene_of(scene: Scene, place: &str) -> Library {
    let kept = scene.clone();
    let bar = super::progress::bar(scene.len() as u64, "simulating");
    let days: Vec<SceneDay> =
        Simulator::with_margin(scene, MARGIN).inspect(|_| bar.inc(1)).map(SceneDay::from).collect();
    bar.finish_and_clear();
    Library::simulated(kept, format!("Simulated scenes: {place}"), days)
}
