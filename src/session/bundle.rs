//! A map, or the maps of a season, as a bundle ([`loam_core::export::bundle`]): which files went in, and what else decides on the values.

use std::ops::ControlFlow;

use ease_grid::{EaseWindow, Edges};
use loam_core::day_number::utc;
use loam_core::estimate::Estimate;
use loam_core::export::bundle::{
    self, FORMAT, Fingerprint, Input, MadeOn, Manifest, MapOf, SEASON_VERSION, SceneOf, Software, VERSION,
    WEIGHTS, WeightsOf,
};
use loam_core::export::{ExportError, geotiff};
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{Content, Entry, Library};
use loam_nn::device;
use sha2::{Digest, Sha256};
use smap_files::companion::Beside;
use smap_files::{Granule, Role, Source};

use super::Host;
use super::extent::extent;
use super::provenance::{self, Circumstances};
use super::state::{RequestError, Session};
use crate::protocol::{Attachment, Event};

/// Bytes hashed at once: reads of this size pass the cache, which has better things to keep.
const CHUNK: usize = 4 << 20;
/// A file that lies farther than this from the region, in 3 km cells, is not read for it. Much more than any interpolation reaches: cells of
/// a coarse map may be degrees wide.
const FAR: usize = 200;

/// What goes into a bundle.
pub struct Contents<'a> {
    /// The map; of a season the last.
    pub estimate: &'a Estimate,
    /// Of a season: the maps of all its dates.
    pub season: Option<Maps>,
    /// Region and rules.
    pub settings: &'a RegionSettings,
    /// Weights and device.
    pub circumstances: &'a Circumstances,
    /// Of a network: its weights as safetensors.
    pub weights: Option<Vec<u8>>,
    /// Files and scenes.
    pub library: &'a Library,
    /// The files of it that went in ([`inputs`]).
    pub inputs: Vec<Input>,
    /// Other files by name ([`bundle::write`]).
    pub besides: Vec<(String, Vec<u8>)>,
    /// Seconds since 1970.
    pub made: i64,
}

/// Maps as they go into a bundle.
#[derive(Debug, Default)]
pub struct Maps {
    of: Vec<MapOf>,
    files: Vec<Vec<u8>>,
    citations: Vec<String>,
    simulated: bool,
}

impl Maps {
    /// Adds those of a date, which are named after it where they are a season's.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn add(
        &mut self,
        estimate: &Estimate,
        circumstances: &Circumstances,
        of_a_season: bool,
    ) -> Result<(), ExportError> {
        let circumstances = &settled(circumstances);
        let on = MadeOn::of(&circumstances.device);
        let date = of_a_season.then_some(estimate.date);
        for (n, channel) in estimate.channels.iter().enumerate() {
            let facts = provenance::of(estimate, n, circumstances);
            let bytes = geotiff::write_channel(channel, &facts, None)?;
            self.of.push(MapOf {
                file: MapOf::file_of(channel.output, date),
                date,
                sha256: bundle::sha256(&bytes),
                output: channel.output,
                unit: channel.output.unit().to_owned(),
                tolerance: on.tolerance(channel.output, device::TOLERANCE),
            });
            self.files.push(bytes);
            for citation in facts.citations {
                if !self.citations.contains(&citation) {
                    self.citations.push(citation);
                }
            }
        }
        self.simulated |= estimate.simulated;
        Ok(())
    }

    /// Bytes of all maps.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.len() as u64).sum()
    }
}

/// A CPU's maps are the same bits whether or not it was checked, so its bundle does not depend on that.
fn settled(circumstances: &Circumstances) -> Circumstances {
    let mut device = circumstances.device.clone();
    device.check = device.check.filter(|_| device.gpu);
    Circumstances { device, ..circumstances.clone() }
}

/// This build. The commit is read here and not in `loam-core`, so that another commit rebuilds this crate alone.
#[must_use]
pub fn software() -> Software {
    Software::built_from(option_env!("LOAM_COMMIT"))
}

/// The bundle's bytes.
///
/// # Errors
/// [`ExportError`].
pub fn write(contents: Contents<'_>) -> Result<Vec<u8>, ExportError> {
    let Contents { estimate, season, settings, circumstances, weights, library, inputs, besides, made } =
        contents;
    let is_season = season.is_some();
    let Maps { of: maps, files, citations, simulated } = match season {
        Some(maps) => maps,
        None => {
            let mut maps = Maps::default();
            maps.add(estimate, circumstances, false)?;
            maps
        }
    };
    let history = estimate.history.iter().filter_map(|slot| slot.date);
    let used = &circumstances.weights;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: if is_season { SEASON_VERSION } else { VERSION },
        made: utc(made).unwrap_or_default(),
        simulated,
        software: software(),
        device: MadeOn::of(&settled(circumstances).device),
        date: estimate.date,
        settings: settings.clone(),
        method: used.method(),
        weights: weights.as_ref().map(|bytes| WeightsOf {
            file: WEIGHTS.to_owned(),
            sha256: bundle::sha256(bytes),
            name: used.name.clone(),
            trained_on: used.trained_on.clone(),
        }),
        scene: scene(library)?,
        inputs,
        maps,
        history: if is_season { Vec::new() } else { history.collect() },
        scores: if is_season { Vec::new() } else { estimate.scores() },
        citations,
    };
    bundle::write(&manifest, weights.as_deref(), &files, &besides)
}

/// The simulated scenes that count in a library.
fn scene(library: &Library) -> Result<Option<SceneOf>, ExportError> {
    let simulated = |entry: &Entry| matches!(entry.content, Content::Simulated(_));
    if !library.counting().any(simulated) {
        return Ok(None);
    }
    let named = library.scene.as_ref().and_then(SceneOf::of);
    let unnamed = "simulated scenes of a place without a name cannot be made again";
    named.map(Some).ok_or_else(|| ExportError::Bundle(unnamed.to_owned()))
}

/// The files that the maps of a region are made of, with their hashes: those that count on any date, since a method may learn from all of
/// them, and reach the region. `between` hears how many bytes of all are hashed and says whether to go on.
///
/// # Errors
/// A sentence on the file that cannot be read.
pub async fn inputs(
    library: &Library,
    window: &EaseWindow,
    between: &mut impl AsyncFnMut(u64, u64) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Vec<Input>>, String> {
    let around = window.widened(&Edges::all(FAR));
    let files = || {
        library.counting().filter_map(|entry| match &entry.content {
            Content::File(granule) if reaches(granule, &around) => Some((entry, granule)),
            _ => None,
        })
    };
    let total = files().map(|(_, granule)| granule.bytes).sum();
    let (mut inputs, mut done) = (Vec::new(), 0);
    for (entry, granule) in files() {
        let mut on = async |bytes: u64| {
            done += bytes;
            between(done, total).await
        };
        let gone = |why: std::io::Error| format!("{} can no longer be read ({why})", entry.name);
        let Some(content) = fingerprint(granule.source.as_ref(), &mut on).await.map_err(gone)? else {
            return Ok(ControlFlow::Break(()));
        };
        let mut beside = [None, None, None];
        for (print, what) in beside.iter_mut().zip(Beside::ALL) {
            if let Some(file) = granule.source.beside(what) {
                let mut on = async |_| ControlFlow::Continue(());
                *print = fingerprint(file.as_ref(), &mut on).await.map_err(gone)?;
            }
        }
        inputs.push(input(entry, content, beside));
    }
    Ok(ControlFlow::Continue(inputs))
}

fn input(entry: &Entry, content: Fingerprint, beside: [Option<Fingerprint>; Beside::ALL.len()]) -> Input {
    let [mask, auxiliary, retrieval_flag] = beside;
    Input {
        name: entry.name.clone(),
        content,
        mask,
        auxiliary,
        retrieval_flag,
        used_as: entry.usage(),
        correction: entry.correction.clone(),
        simulated: entry.simulated(),
    }
}

/// Whether any layer that a file is used for may reach a window of 3 km cells.
fn reaches(granule: &Granule, around: &EaseWindow) -> bool {
    let mut grids =
        granule.variables.iter().filter(|v| v.role != Role::Other).filter_map(|v| v.grid.as_ref());
    grids.any(|grid| extent(grid).is_none_or(|extent| extent.intersection(around).is_some()))
}

/// Size and SHA-256 of a file. `between` hears how many more bytes were hashed; `None` where it breaks.
///
/// # Errors
/// Those of [`Source::read_at`].
pub async fn fingerprint(
    source: &dyn Source,
    between: &mut impl AsyncFnMut(u64) -> ControlFlow<()>,
) -> std::io::Result<Option<Fingerprint>> {
    let bytes = source.len();
    let (mut hash, mut at, mut chunk) = (Sha256::new(), 0, Vec::new());
    while at < bytes {
        let length = (bytes - at).min(CHUNK as u64);
        chunk.resize(usize::try_from(length).map_err(std::io::Error::other)?, 0);
        source.read_at(at, &mut chunk)?;
        hash.update(&chunk);
        at += length;
        if between(length).await.is_break() {
            return Ok(None);
        }
    }
    Ok(Some(Fingerprint { bytes, sha256: bundle::hex(&hash.finalize()) }))
}

impl<H: Host> Session<H> {
    /// The map last shown as a bundle.
    pub(super) async fn export_bundle(&self, id: u64) -> Result<(), RequestError> {
        let again = |what: &str| RequestError::failed(what, "Predict again, then export the bundle.");
        let (map, estimate) =
            self.last.as_ref().ok_or_else(|| again("there is no map to make a bundle of yet"))?;
        if self.files_changed {
            return Err(again("files were opened, removed or corrected since this map was made"));
        }
        let weights = match map.weights.closed_form {
            Some(_) => None,
            None => {
                let loaded = self.networks.get(&map.weights.network);
                let loaded = loaded.filter(|loaded| loaded.report.hash == map.weights.hash);
                let gone = || again("the weights that made this map are no longer in use");
                Some(loaded.ok_or_else(gone)?.weights.to_bytes())
            }
        };
        let between = &mut async |done: u64, total: u64| {
            let what = "hashing the input files".to_owned();
            self.emit(id, Event::Progress { done, total, what });
            self.host.yield_now().await;
            if self.host.cancelled(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let window = &map.settings.window;
        let hashed = inputs(&self.library, window, between)
            .await
            .map_err(|why| RequestError::failed(why, "Open it again."))?;
        let ControlFlow::Continue(inputs) = hashed else { return Err(RequestError::Cancelled) };
        let bytes = write(Contents {
            estimate,
            season: None,
            settings: &map.settings,
            circumstances: &Circumstances::of(map),
            weights,
            library: &self.library,
            inputs,
            besides: Vec::new(),
            made: (self.host.wall_ms() / 1000.0) as i64,
        })
        .map_err(|e| RequestError::failed(e, ""))?;
        let what = estimate.method.file().map_or_else(String::new, |file| format!("_{file}"));
        let (name, mime) = (provenance::name(map, &what, "zip"), "application/zip".to_owned());
        self.host.emit(id, Event::Exported { name, mime }, vec![Attachment::U8(bytes)]);
        Ok(())
    }
}
