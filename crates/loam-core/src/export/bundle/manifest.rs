//! What a bundle says of its map: `manifest.json`.

use std::collections::BTreeSet;

use ease_grid::EaseWindow;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smap_files::companion::Beside;

use super::BundleError;
use crate::device_report::{DeviceReport, SelfCheckReport};
use crate::file::{Correction, Usage};
use crate::iso_date;
use crate::method::Method;
use crate::network::TbCase;
use crate::output::Output;
use crate::region_settings::RegionSettings;
use crate::score::ScoreReport;
use crate::simulate::Scene;
use crate::stack::Region;

/// What a manifest calls itself.
pub const FORMAT: &str = "loam-bundle";
/// Version of the format in which a map's bundle is written.
pub const VERSION: u32 = 1;
/// That of a season's, which earlier versions of Loam cannot make again.
pub const SEASON_VERSION: u32 = 2;
/// Name of the manifest in the archive.
pub const MANIFEST: &str = "manifest.json";
/// Name of the script among the other files of a season's bundle.
pub const SCRIPT: &str = "run_season.py";
/// The one folder there may be: what a network saw of each date, which the script reads.
pub const INPUTS: &str = "inputs/";
/// Name of the weights in the archive.
pub const WEIGHTS: &str = "weights.safetensors";

/// By how much a map made on another kind of CPU may differ, m3/m3: of operations that the processors' libraries round differently. A tenth of
/// what a GPU may.
const CPU_TOLERANCE: f32 = 1e-4;
/// Longest name of an input file, bytes.
const LONGEST_NAME: usize = 4096;
/// Input files at most: as many as an archive of them is read for.
const MOST_INPUTS: usize = 100_000;

/// A map, or the maps of a season, and all that decides on their values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`], [`SEASON_VERSION`].
    pub version: u32,
    /// When the bundle was made, UTC: `2026-11-29T11:20:00Z`. The one line in which two bundles of the same map differ.
    pub made: String,
    /// Made from simulated scenes. Must be said wherever the map is shown.
    pub simulated: bool,
    /// Which Loam made it.
    pub software: Software,
    /// On what.
    pub device: MadeOn,
    /// The date; of a season the last.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Region and rules.
    pub settings: RegionSettings,
    /// Network or method in closed form.
    pub method: Method,
    /// Of a network.
    pub weights: Option<WeightsOf>,
    /// Simulated scenes, which are made again without files.
    pub scene: Option<SceneOf>,
    /// Files of the region, in the order they were opened in: where two say something of a cell the first counts.
    pub inputs: Vec<Input>,
    /// One a quantity of the method; of a season those of all dates, date by date.
    pub maps: Vec<MapOf>,
    /// Days of the 3 km maps the estimate is built on; empty for a season.
    #[serde(with = "iso_date")]
    pub history: Vec<Date>,
    /// Scores of the date; empty without a reference, and for a season.
    pub scores: Vec<ScoreReport>,
    /// What to cite.
    pub citations: Vec<String>,
}

/// Which Loam.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// Its version.
    pub loam: String,
    /// The commit it was built from, where the build was told (`LOAM_COMMIT`; `cargo xtask build` tells it).
    pub commit: Option<String>,
}

impl Software {
    /// This version, built from a commit where that is known.
    #[must_use]
    pub fn built_from(commit: Option<&str>) -> Self {
        let commit = commit.filter(|commit| !commit.is_empty()).map(str::to_owned);
        Self { loam: env!("CARGO_PKG_VERSION").to_owned(), commit }
    }

    /// `Loam 0.1.0 (1a2b3c4)`.
    #[must_use]
    pub fn words(&self) -> String {
        // As Git shortens it.
        let short = |commit: &String| format!(" ({})", commit.get(..10).unwrap_or(commit));
        let commit = self.commit.as_ref().map_or_else(String::new, short);
        format!("Loam {}{commit}", self.loam)
    }
}

/// What computed the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MadeOn {
    /// True for a GPU.
    pub gpu: bool,
    /// For people.
    pub name: String,
    /// Processor and system: `x86_64-linux`; `wasm32-unknown` in a browser.
    pub platform: String,
    /// Of a GPU: how far it is from the CPU on the golden tile.
    pub self_check: Option<SelfCheckReport>,
}

impl MadeOn {
    /// A device of this build.
    #[must_use]
    pub fn of(device: &DeviceReport) -> Self {
        Self {
            gpu: device.gpu,
            name: device.name.clone(),
            platform: Self::this_platform(),
            self_check: device.check.clone(),
        }
    }

    /// Processor and system of this build.
    #[must_use]
    pub fn this_platform() -> String {
        let system = std::env::consts::OS;
        format!("{}-{}", std::env::consts::ARCH, if system.is_empty() { "unknown" } else { system })
    }

    /// Whether a CPU of this build gives the same bits.
    #[must_use]
    pub fn is_exact_here(&self) -> bool {
        !self.gpu && self.platform == Self::this_platform()
    }

    /// By how much a CPU's map may differ from one made here, in the output's unit.
    #[must_use]
    pub fn tolerance(&self, output: Output, of_gpus: f32) -> f32 {
        let moisture = match &self.self_check {
            Some(check) if self.gpu => check.tolerance,
            _ if self.gpu => of_gpus,
            _ => CPU_TOLERANCE,
        };
        let [kelvin, of_moisture] = [TbCase::BrightnessTemperature, TbCase::SoilMoisture].map(TbCase::spread);
        if output.is_kelvin() { moisture * (kelvin / of_moisture) } else { moisture }
    }
}

/// Weights in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsOf {
    /// Name in the archive.
    pub file: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// What the user knows them as.
    pub name: String,
    /// What they were trained on.
    pub trained_on: String,
}

/// Simulated scenes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneOf {
    /// Key of the place.
    pub place: String,
    /// Seed.
    pub seed: u64,
    /// First date.
    #[serde(with = "iso_date")]
    pub first: Date,
    /// Last date.
    #[serde(with = "iso_date")]
    pub last: Date,
}

impl SceneOf {
    /// Of a scene; `None` for one of a place that has no name.
    #[must_use]
    pub fn of(scene: &Scene) -> Option<Self> {
        let Scene { seed, first, last, .. } = *scene;
        Some(Self { place: scene.place()?.key.to_owned(), seed, first, last })
    }

    /// The scene; `None` for a place or dates that this version does not know.
    #[must_use]
    pub fn scene(&self) -> Option<Scene> {
        let known = Scene::preset(&self.place, self.seed)?;
        let scene = Scene { first: self.first, last: self.last, ..known.clone() };
        // No more days than the whole scene has: a day takes a millisecond.
        (!scene.is_empty() && scene.len() <= known.len()).then_some(scene)
    }
}

/// A file that went in. It is not in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name, with folders or archive as it was opened.
    pub name: String,
    /// Its bytes and their hash.
    pub content: Fingerprint,
    /// GDAL's mask that lay beside it.
    pub mask: Option<Fingerprint>,
    /// What GDAL said of it in a file beside it, where that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auxiliary: Option<Fingerprint>,
    /// The flags of its retrievals in a file beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieval_flag: Option<Fingerprint>,
    /// What it was used as.
    pub used_as: Usage,
    /// What the user said of it.
    pub correction: Correction,
    /// Made by the simulator.
    pub simulated: bool,
}

impl Input {
    /// Its name without folders.
    #[must_use]
    pub fn file_name(&self) -> &str {
        file_name(&self.name)
    }

    /// What lay beside it and decided about its values.
    #[must_use]
    pub fn beside(&self, what: Beside) -> Option<&Fingerprint> {
        match what {
            Beside::Mask => self.mask.as_ref(),
            Beside::Auxiliary => self.auxiliary.as_ref(),
            Beside::RetrievalFlag => self.retrieval_flag.as_ref(),
        }
    }

    /// Whether two files gave the same bytes, with what lay beside them.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.content == other.content
            && Beside::ALL.into_iter().all(|what| self.beside(what) == other.beside(what))
    }
}

/// The last part of a path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What bytes are told by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// A map in the bundle: a GeoTIFF as `loam predict --out` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapOf {
    /// Name in the archive.
    pub file: String,
    /// Its date, where it is one of a season's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// What it is of.
    pub output: Output,
    /// Unit.
    pub unit: String,
    /// By how much a map made again on another kind of processor may differ, in the unit. On the same kind of CPU it is the same to the bit.
    pub tolerance: f32,
}

impl MapOf {
    /// Name of a quantity's map in the archive: `map.tif`, of a season's `map_20180610.tif`.
    #[must_use]
    pub fn file_of(output: Output, date: Option<Date>) -> String {
        let date =
            date.map_or_else(String::new, |date| format!("_{}", iso_date::text(&date).replace('-', "")));
        format!("map{date}{}.tif", output.letter())
    }
}

impl Manifest {
    /// From the text of `manifest.json`, checked.
    ///
    /// # Errors
    /// [`BundleError::Version`] for another version of the format, [`BundleError::Manifest`] for what cannot be.
    pub fn read(text: &[u8]) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u64,
        }
        let wrong = |why: serde_json::Error| BundleError::Manifest(why.to_string());
        let head: Head = serde_json::from_slice(text).map_err(wrong)?;
        if head.format != FORMAT {
            return Err(BundleError::Manifest(format!("its format is not \"{FORMAT}\"")));
        }
        if ![VERSION, SEASON_VERSION].map(u64::from).contains(&head.version) {
            return Err(BundleError::Version(head.version));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(wrong)?;
        manifest.check().map_err(|why| BundleError::Manifest(why.to_owned()))?;
        Ok(manifest)
    }

    /// What must hold before anything is computed.
    fn check(&self) -> Result<(), &'static str> {
        let fails = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
        let EaseWindow { resolution, first_column, first_row, columns, rows } = self.settings.window;
        let window = i64::try_from(first_column)
            .ok()
            .zip(i64::try_from(first_row).ok())
            .and_then(|(column, row)| EaseWindow::new(resolution, column, row, columns, rows).ok());
        fails(window.is_some_and(|window| Region::new(window).is_ok()), "its region is none")?;
        fails((0.0..=1.0).contains(&self.settings.history_cover), "its history cover is no share")?;
        let network = matches!(self.method, Method::Network(_));
        fails(network == self.weights.is_some(), "weights and method do not belong together")?;
        fails(
            self.weights.as_ref().is_none_or(|weights| weights.file == WEIGHTS),
            "its weights have no file",
        )?;
        let outputs = self.method.outputs();
        let of_a_date = |maps: &[MapOf]| {
            let date = maps.first().and_then(|map| map.date);
            let own = |(map, output): (&MapOf, &Output)| {
                let named = map.file == MapOf::file_of(*output, date);
                map.date == date && map.output == *output && named && map.tolerance >= 0.0
            };
            maps.len() == outputs.len() && maps.iter().zip(outputs).all(own)
        };
        fails(
            self.dates_and_maps().all(|(_, maps)| of_a_date(maps)),
            "its maps are not those of its method",
        )?;
        let dates: Vec<Option<Date>> = self.maps.iter().step_by(outputs.len()).map(|map| map.date).collect();
        let dated = if self.is_season() {
            // A map without a date comes before all with one, so it can only be the first.
            let whole = dates.first().is_some_and(Option::is_some);
            whole && dates.is_sorted_by(|a, b| a < b) && dates.last() == Some(&Some(self.date))
        } else {
            dates == [None]
        };
        fails(dated, "its maps are not those of its method and dates")?;
        fails(
            self.scene.is_some() || !self.inputs.is_empty(),
            "it names neither files nor simulated scenes",
        )?;
        fails(self.scene.is_none() || self.simulated, "its simulated scenes are not said to be simulated")?;
        fails(self.inputs.len() <= MOST_INPUTS, "it names too many input files")?;
        let plain =
            |name: &str| (1..=LONGEST_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        fails(self.inputs.iter().all(|input| plain(&input.name)), "the name of an input file is none")?;
        let hex = |text: &str| {
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let of = |input| {
            let input: &Input = input;
            let beside = Beside::ALL.into_iter().filter_map(|what| input.beside(what));
            beside.chain([&input.content])
        };
        let prints = self.inputs.iter().flat_map(of);
        let hashes: BTreeSet<&str> = prints
            .map(|print| print.sha256.as_str())
            .chain(self.weights.iter().map(|weights| weights.sha256.as_str()))
            .chain(self.maps.iter().map(|map| map.sha256.as_str()))
            .collect();
        fails(hashes.into_iter().all(hex), "a SHA-256 in it is none")
    }

    /// It holds the maps of a season, not of one date.
    #[must_use]
    pub fn is_season(&self) -> bool {
        self.version == SEASON_VERSION
    }

    /// Each date with its maps, in order.
    pub fn dates_and_maps(&self) -> impl Iterator<Item = (Date, &[MapOf])> {
        let last = self.date;
        let of_a_date = move |maps: &[MapOf]| maps.first().and_then(|map| map.date).unwrap_or(last);
        self.maps.chunks(self.method.outputs().len()).map(move |maps| (of_a_date(maps), maps))
    }

    /// `SMEN, 2018-06-10, from SIMULATED scenes`; of a season `SMEN, 17 dates from 2018-06-01 to 2018-06-30`.
    #[must_use]
    pub fn title(&self) -> String {
        let simulated = if self.simulated { ", from SIMULATED scenes" } else { "" };
        let last = iso_date::text(&self.date);
        let dates = match self.dates_and_maps().next() {
            Some((first, _)) if self.is_season() => {
                format!("{} dates from {} to {last}", self.dates_and_maps().count(), iso_date::text(&first))
            }
            _ => last,
        };
        format!("{}, {dates}{simulated}", self.method.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file is another where any of the files beside it is.
    #[test]
    fn inputs_are_told_by_all_that_decides_about_their_values() {
        let print = |sha256: &str| Fingerprint { bytes: 1, sha256: sha256.to_owned() };
        let own = Input {
            name: "a/soil_moisture.tif".to_owned(),
            content: print("a"),
            mask: None,
            auxiliary: None,
            retrieval_flag: None,
            used_as: Usage::Coarse,
            correction: Correction::default(),
            simulated: false,
        };
        assert!(own.is_same(&Input { name: "renamed.tif".to_owned(), ..own.clone() }));
        for other in [
            Input { content: print("b"), ..own.clone() },
            Input { mask: Some(print("b")), ..own.clone() },
            Input { auxiliary: Some(print("b")), ..own.clone() },
            Input { retrieval_flag: Some(print("b")), ..own.clone() },
        ] {
            assert!(!own.is_same(&other) && !other.is_same(&own), "{other:?}");
        }
    }
}
