//! `loam reproduce BUNDLE.zip`: the map of a bundle, or those of a season, made again and compared with it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use loam::protocol::FileTicket;
use loam::session::bundle::{fingerprint, software};
use loam::session::open::open;
use loam::session::provenance;
use loam_core::export::bundle::{
    Bundle, BundleError, Fingerprint, Input, MadeOn, Manifest, MapOf, Outcome, Verdict, compare, file_name,
    read,
};
use loam_core::export::geotiff;
use loam_core::file::Correction;
use loam_core::simulate::place;
use loam_core::stack::Library;
use loam_nn::block_on;
use serde_json::{Value, json};
use smap_files::companion::{Beside, Passed};
use smap_files::{PathSource, SharedSource, Source};

use super::files;
use super::find::{Found, find};
use super::maker::Maker;
use super::predict::lettered;

/// Arguments of `loam reproduce`.
#[derive(clap::Args)]
pub struct Reproduce {
    /// A bundle that `loam predict --bundle`, `loam season --bundle` or the page's export wrote
    bundle: PathBuf,
    /// Where the input files are: files, folders, zip archives or patterns in quotes. They are told by their content, whatever their names
    #[arg(long, num_args = 1.., value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Write the map made again, as GeoTIFF; of a season a folder of them
    #[arg(long, value_name = "FILE|FOLDER")]
    out: Option<PathBuf>,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// An input file, or what lies beside it, that is not there as it was.
struct Amiss {
    name: String,
    /// None for a file beside it that was not there.
    expected: Option<Fingerprint>,
    /// What has its name, where anything has.
    found: Option<Fingerprint>,
}

impl Reproduce {
    /// Makes the maps again. False where one differs.
    pub fn run(self) -> Result<bool, Box<dyn std::error::Error>> {
        let source: SharedSource = Arc::new(PathSource::open(&self.bundle).map_err(BundleError::Io)?);
        let Bundle { manifest, weights, maps } = read(&source)?;
        let (mut found, mut amiss) = (Vec::new(), Vec::new());
        for one in match_inputs(&manifest.inputs, &self.files)? {
            match one {
                Ok(one) => found.push(one),
                Err(one) => amiss.push(one),
            }
        }
        if !amiss.is_empty() {
            return Err(self.amiss(&amiss, manifest.inputs.len())?.into());
        }
        let library = library(&manifest, found)?;
        let mut maker = Maker::of_bundle(&manifest, weights.as_deref(), library)?;
        if let (Some(folder), true) = (&self.out, manifest.is_season()) {
            std::fs::create_dir_all(folder).map_err(|e| files::cannot_write(folder, e))?;
        }
        let mut outcomes = Vec::new();
        let mut kept = maps.iter();
        let bar = super::progress::bar(manifest.dates_and_maps().count() as u64, "predicting");
        for (date, maps) in manifest.dates_and_maps() {
            let estimate = maker.estimate(date)?;
            if estimate.channels.len() != maps.len() {
                return Err("the method gives another number of maps than the bundle holds".into());
            }
            for (n, ((map, kept), channel)) in maps.iter().zip(&mut kept).zip(&estimate.channels).enumerate()
            {
                let facts = provenance::of(&estimate, n, maker.circumstances());
                let again = geotiff::write_channel(channel, &facts, None)?;
                if let Some(path) = self.out_of(map) {
                    files::write(&path, &again)?;
                }
                let window = manifest.settings.window.covering(map.output.resolution());
                let comparison = compare(kept, &again, &window)
                    .map_err(|why| BundleError::Map { file: map.file.clone(), why })?;
                outcomes.push(Outcome { map: map.clone(), comparison });
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.report(&manifest, &outcomes)
    }

    /// Where a map made again is written.
    fn out_of(&self, map: &MapOf) -> Option<PathBuf> {
        let out = self.out.as_ref()?;
        Some(if map.date.is_some() { out.join(&map.file) } else { lettered(out, map.output.letter()) })
    }

    /// Names the files that are amiss one by one, and gives the sentence that ends the command.
    fn amiss(&self, amiss: &[Amiss], all: usize) -> Result<String, Box<dyn std::error::Error>> {
        if self.json {
            let json = |Amiss { name, expected, found }: &Amiss| json!({ "name": name, "expected": expected, "found": found });
            let list: Vec<Value> = amiss.iter().map(json).collect();
            super::print_json(&json!({ "reproduced": false, "inputs_amiss": list }))?;
        }
        let words = |Fingerprint { bytes, sha256 }: &Fingerprint| format!("{bytes} bytes, SHA-256 {sha256}");
        for Amiss { name, expected, found } in amiss {
            match (expected, found) {
                (Some(expected), Some(found)) => {
                    eprintln!("changed: {name}: expected {}; found {}", words(expected), words(found));
                }
                (None, Some(found)) => eprintln!("changed: {name}: expected none; found {}", words(found)),
                (Some(expected), None) => eprintln!("missing: {name}: expected {}", words(expected)),
                (None, None) => eprintln!("missing: {name}"),
            }
        }
        let changed = amiss.iter().filter(|one| one.found.is_some()).count();
        Ok(format!(
            "of the bundle's {all} input files {} are missing and {changed} changed: name the files, or the folders they are in, with --files",
            amiss.len() - changed
        ))
    }

    fn report(&self, manifest: &Manifest, outcomes: &[Outcome]) -> Result<bool, Box<dyn std::error::Error>> {
        let verdict = Verdict::of(manifest, outcomes, false);
        let reproduced = verdict != Verdict::Differs;
        if self.json {
            let maps: Vec<Value> = outcomes.iter().map(json_of).collect();
            super::print_json(&json!({
                "reproduced": reproduced,
                "to_the_bit": verdict == Verdict::Exact,
                "date": manifest.date,
                "dates": manifest.dates_and_maps().count(),
                "method": manifest.method.key(),
                "simulated": manifest.simulated,
                "made_by": manifest.software,
                "made_on": manifest.device,
                "reproduced_by": software(),
                "reproduced_on": MadeOn::this_platform(),
                "inputs": manifest.inputs.len(),
                "maps": maps,
            }))?;
            return Ok(reproduced);
        }
        say!("{}", manifest.title());
        // Of a season those that differ.
        let season = manifest.is_season();
        for outcome in outcomes.iter().filter(|outcome| !season || !outcome.comparison.is_exact()) {
            say!("  {}", outcome.words());
        }
        if season {
            let same = outcomes.iter().filter(|outcome| outcome.comparison.is_exact()).count();
            say!("  {same} of {} maps are the same in all cells", outcomes.len());
        }
        let MadeOn { name, platform, .. } = &manifest.device;
        if !manifest.device.is_exact_here() {
            say!(
                "  It was made on {name} ({platform}), and made again on the CPU of {}.",
                MadeOn::this_platform()
            );
        }
        if manifest.software != software() {
            say!("  It was made by {}; this is {}.", manifest.software.words(), software().words());
        }
        say!("{}", verdict.words(season));
        Ok(reproduced)
    }
}

fn json_of(Outcome { map, comparison }: &Outcome) -> Value {
    json!({
        "file": map.file,
        "unit": map.unit,
        "tolerance": map.tolerance,
        "cells": comparison.cells,
        "differing": comparison.differing,
        "masked_otherwise": comparison.masked_otherwise,
        "largest_difference": comparison.largest,
    })
}

/// A file's bytes under the name that it had.
struct Renamed {
    name: String,
    inner: SharedSource,
}

impl Source for Renamed {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn needs_cache(&self) -> bool {
        self.inner.needs_cache()
    }
    fn beside(&self, what: Beside) -> Option<SharedSource> {
        self.inner.beside(what)
    }
    fn without(&self, what: Beside) -> Option<SharedSource> {
        self.inner.without(what)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.inner.read_at(offset, buffer)
    }
}

/// Size and SHA-256 of a file, and of what lies beside it and decides about its values.
type Prints = (Fingerprint, [Option<Fingerprint>; Beside::ALL.len()]);

/// An input's bytes, or what is amiss with it.
type Matched<'a> = Result<(&'a Input, SharedSource), Amiss>;

/// Each input's bytes among the files that are there, or what is amiss.
fn match_inputs<'a>(inputs: &'a [Input], paths: &[PathBuf]) -> Result<Vec<Matched<'a>>, String> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    let candidates = find(paths, &mut Passed::default())?;
    // Only what may be meant is hashed, by size or by name.
    let mut hashed: BTreeMap<usize, Option<Prints>> = BTreeMap::new();
    let mut print = |n: usize, found: &Found| {
        hashed.entry(n).or_insert_with(|| found.source().ok().and_then(|source| prints(&source))).clone()
    };
    let bar = super::progress::bar(inputs.len() as u64, "hashing the input files");
    let mut all = Vec::with_capacity(inputs.len());
    for input in inputs {
        bar.inc(1);
        let is_it = |(n, found): &(usize, &Found)| {
            found.bytes == input.content.bytes
                && print(*n, found).is_some_and(|(own, beside)| {
                    let mut all = Beside::ALL.into_iter().zip(&beside);
                    own == input.content && all.all(|(what, own)| own.as_ref() == input.beside(what))
                })
        };
        if let Some((_, found)) = candidates.iter().enumerate().find(is_it) {
            let name = input.file_name().to_owned();
            all.push(Ok((input, Arc::new(Renamed { name, inner: found.source()? }) as SharedSource)));
            continue;
        }
        let same_name = |path: &str| file_name(path) == input.file_name();
        let other = candidates.iter().enumerate().find(|(_, found)| same_name(&found.path));
        let name = input.name.clone();
        all.push(Err(match other.and_then(|(n, found)| print(n, found)) {
            Some((own, beside)) if own == input.content => {
                let mut all = Beside::ALL
                    .into_iter()
                    .zip(beside)
                    .map(|(what, own)| (what, own, input.beside(what).cloned()));
                let differs = all.find(|(_, own, wanted)| own != wanted);
                let (what, found, expected) = differs.unwrap_or((Beside::Mask, None, None));
                Amiss { name: what.name(&name).unwrap_or(name), expected, found }
            }
            other => Amiss { name, expected: Some(input.content.clone()), found: other.map(|(own, ..)| own) },
        }));
    }
    bar.finish_and_clear();
    Ok(all)
}

/// `None` for a file that cannot be read.
fn prints(source: &SharedSource) -> Option<Prints> {
    let print = |source: &SharedSource| {
        block_on(fingerprint(source.as_ref(), &mut async |_| ControlFlow::Continue(()))).ok().flatten()
    };
    let mut beside = [const { None }; Beside::ALL.len()];
    for (own, what) in beside.iter_mut().zip(Beside::ALL) {
        *own = match source.beside(what) {
            Some(file) => Some(print(&file)?),
            None => None,
        };
    }
    Some((print(source)?, beside))
}

/// Files and scenes of a bundle, in their order.
fn library(manifest: &Manifest, found: Vec<(&Input, SharedSource)>) -> Result<Library, String> {
    let mut library = match &manifest.scene {
        None => Library::default(),
        Some(of) => {
            let unknown = || {
                format!(
                    "this Loam knows no simulated scene of \"{}\" from {} to {}: use the one that made the bundle",
                    of.place, of.first, of.last
                )
            };
            let name = place(&of.place).ok_or_else(unknown)?.name;
            files::scene_of(of.scene().ok_or_else(unknown)?, name)
        }
    };
    for ((input, source), id) in found.into_iter().zip(1..) {
        let ticket = FileTicket {
            id,
            name: input.name.clone(),
            bytes: input.content.bytes,
            correction: Correction::default(),
            member: None,
        };
        let mut entry = block_on(open(&ticket, source))
            .map_err(|report| format!("{}: {}", input.name, report.refused.unwrap_or_default()))?;
        entry.correct(input.correction.clone()).map_err(|error| format!("{}: {error}", input.name))?;
        library.insert(entry);
    }
    Ok(library)
}
