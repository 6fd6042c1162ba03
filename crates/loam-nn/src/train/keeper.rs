//! Keeps a run through crashes: its images once, its state again and again, its result at the end.
//!
//! ```text
//! runs/RUN/lock                    held while a tab or process trains it
//! runs/RUN/base.safetensors        the weights it started from
//! runs/RUN/image-0000.safetensors  one file an image
//! runs/RUN/head.json               settings and what else is known from the start; written last, so a run without it never began
//! runs/RUN/a.checkpoint b.checkpoint
//! runs/RUN/trained.safetensors, result.json    at the end, when images and checkpoints go
//! ```
//!
//! There are two slots for checkpoints. A new one is written over the older, read back and checked; only then does it count, because a run
//! resumes from the newest slot whose checksum verifies. A write cut short at any byte leaves the other slot.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::store::{Store, StoreError};
use super::{Checkpoint, RunImage, TrainError, Trainer};
use crate::KeptImage;
use crate::Weights;
use loam_core::region_settings::RegionSettings;
use loam_core::training::{CheckpointReport, DateRole, RunReport, TrainResult};

const ROOT: &str = "runs";
const SLOTS: [&str; 2] = ["a.checkpoint", "b.checkpoint"];

/// What is known of a run from its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    /// As the table shows it; its result is kept apart.
    pub report: RunReport,
    /// Region and rules.
    pub settings: RegionSettings,
    /// Number of images.
    pub images: usize,
    /// Dates left out, because held-out dates look back at them.
    pub left_out: usize,
    /// Metadata of the trained weights' file: region, dates.
    #[serde(rename = "facts")]
    pub metadata: BTreeMap<String, String>,
}

impl RunHead {
    /// The run's trainer, from its first step or from a checkpoint. The weights it starts from carry the metadata of the run over those of
    /// their own file.
    ///
    /// # Errors
    /// As [`Trainer::new`] and [`Trainer::resumed`].
    pub fn trainer<I: KeptImage>(
        &self,
        base: &Weights,
        images: &[I],
        checkpoint: Option<Checkpoint>,
        device: &Device,
    ) -> Result<Trainer<I::Example>, TrainError> {
        let mut start = base.clone();
        start.metadata.extend(self.metadata.clone());
        let [train, validate] =
            [DateRole::Train, DateRole::Validate].map(|role| I::samples(images, role).cloned().collect());
        let settings = self.report.settings.clone();
        match checkpoint {
            Some(checkpoint) => Trainer::resumed(checkpoint, &start, train, validate, settings, device),
            None => Trainer::new(&start, train, validate, settings, device),
        }
    }
}

/// A run read back.
pub struct KeptRun<I = RunImage> {
    /// What is known of it.
    pub head: RunHead,
    /// Weights it started from.
    pub base: Weights,
    /// Its images.
    pub images: Vec<I>,
    /// Its progress; none before the first checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

/// The keeper of one run, which holds its lock.
pub struct Keeper<S: Store> {
    store: S,
    run: String,
    /// Slot to write next.
    next: usize,
    _lock: S::Lock,
}

impl<S: Store> Keeper<S> {
    /// A new run. None where another tab or process holds a run of this name.
    ///
    /// # Errors
    /// The store's.
    pub async fn create(store: S, run: &str) -> Result<Option<Self>, StoreError> {
        let lock = store.lock(&format!("{ROOT}/{run}/lock")).await?;
        Ok(lock.map(|lock| Self { store, run: run.to_owned(), next: 0, _lock: lock }))
    }

    /// A new run with all that it needs to be resumed; `yield_now` is awaited after each file. None where another tab or process holds a
    /// run of this name.
    ///
    /// # Errors
    /// The store's; nothing half-written is left.
    pub async fn begin(
        store: S,
        head: &RunHead,
        base: &Weights,
        images: &[impl KeptImage],
        mut yield_now: impl AsyncFnMut(),
    ) -> Result<Option<Self>, StoreError> {
        let Some(keeper) = Self::create(store, &head.report.run).await? else { return Ok(None) };
        let written = async {
            keeper.write("base.safetensors", &base.to_bytes()).await?;
            for (n, image) in images.iter().enumerate() {
                keeper.write(&image_name(n), &image.to_bytes()).await?;
                yield_now().await;
            }
            // Last: a run without it never began.
            keeper.write("head.json", &json(head)).await
        };
        match written.await {
            Ok(()) => Ok(Some(keeper)),
            Err(error) => {
                keeper.discard().await?;
                Err(error)
            }
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{ROOT}/{}/{name}", self.run)
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.store.write(&self.path(name), bytes).await
    }

    /// Keeps a checkpoint in the older slot, reads it back and checks it. Returns its bytes.
    ///
    /// # Errors
    /// The store's; the last good checkpoint is then still there.
    pub async fn save(&mut self, checkpoint: &Checkpoint) -> Result<u64, StoreError> {
        let path = self.path(SLOTS[self.next]);
        let bytes = checkpoint.to_bytes();
        self.store.write(&path, &bytes).await?;
        let back = self.store.read(&path).await?.unwrap_or_default();
        if back != bytes {
            return Err(StoreError::Failed {
                path,
                why: "what was read back is not what was written".into(),
            });
        }
        self.next = 1 - self.next;
        Ok(bytes.len() as u64)
    }

    /// Keeps the result; images and checkpoints go.
    ///
    /// # Errors
    /// The store's.
    pub async fn finish(&self, result: &TrainResult, trained: &Weights) -> Result<(), StoreError> {
        self.write("trained.safetensors", &trained.to_bytes()).await?;
        self.write("result.json", &json(result)).await?;
        for name in self.store.names(&format!("{ROOT}/{}", self.run)).await? {
            if name.starts_with("image-") || SLOTS.contains(&name.as_str()) {
                self.store.remove(&self.path(&name)).await?;
            }
        }
        Ok(())
    }

    /// Throws the run away.
    ///
    /// # Errors
    /// The store's.
    pub async fn discard(self) -> Result<(), StoreError> {
        let Self { store, run, _lock, .. } = self;
        // A file whose lock is held cannot be removed in a browser.
        drop(_lock);
        store.remove(&format!("{ROOT}/{run}")).await
    }

    /// Opens an unfinished run whose images are of this kind ([`head`] says which network it trains). None where another tab or process
    /// trains it.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] where the run is not there or damaged, and the store's errors in its words.
    pub async fn resume<I: KeptImage>(store: S, run: &str) -> Result<Option<(Self, KeptRun<I>)>, TrainError> {
        let words = |error: StoreError| TrainError::Checkpoint { reason: error.to_string() };
        let Some(mut keeper) = Self::create(store, run).await.map_err(words)? else { return Ok(None) };
        let missing =
            |name: &str| TrainError::Checkpoint { reason: format!("{name} of the run {run} is missing") };
        let read = async |name: &str| {
            keeper.store.read(&keeper.path(name)).await.map_err(words)?.ok_or_else(|| missing(name))
        };
        let head: RunHead = parse(&read("head.json").await?)?;
        let base = Weights::of_any_network(&read("base.safetensors").await?)?;
        let mut images = Vec::with_capacity(head.images);
        for n in 0..head.images {
            images.push(I::from_bytes(&read(&image_name(n)).await?)?);
        }
        let newest = newest(&keeper.store, run).await.map_err(words)?;
        if let Some((slot, _)) = &newest {
            keeper.next = 1 - slot;
        }
        Ok(Some((
            keeper,
            KeptRun { head, base, images, checkpoint: newest.map(|(_, checkpoint)| checkpoint) },
        )))
    }
}

/// The newest checkpoint whose checksum verifies, and its slot.
async fn newest<S: Store>(store: &S, run: &str) -> Result<Option<(usize, Checkpoint)>, StoreError> {
    let mut found: Option<(usize, Checkpoint)> = None;
    for (slot, name) in SLOTS.iter().enumerate() {
        let Some(bytes) = store.read(&format!("{ROOT}/{run}/{name}")).await? else { continue };
        let Ok(checkpoint) = Checkpoint::from_bytes(&bytes) else { continue };
        let order = |c: &Checkpoint| (c.steps, c.history.len());
        if found.as_ref().is_none_or(|(_, other)| order(&checkpoint) >= order(other)) {
            found = Some((slot, checkpoint));
        }
    }
    Ok(found)
}

/// What is known of a kept run.
///
/// # Errors
/// [`TrainError::Checkpoint`] where it is not there or damaged.
pub async fn head<S: Store>(store: &S, run: &str) -> Result<RunHead, TrainError> {
    let read = store.read(&format!("{ROOT}/{run}/head.json")).await;
    let bytes = read.map_err(|error| TrainError::Checkpoint { reason: error.to_string() })?;
    parse(
        &bytes.ok_or_else(|| TrainError::Checkpoint {
            reason: format!("head.json of the run {run} is missing"),
        })?,
    )
}

/// All runs kept, newest first. Runs that never began are cleared away.
///
/// # Errors
/// The store's.
pub async fn list<S: Store>(store: &S) -> Result<Vec<RunReport>, StoreError> {
    let mut runs = Vec::new();
    for run in store.names(ROOT).await? {
        let folder = format!("{ROOT}/{run}");
        let in_use = store.lock(&format!("{folder}/lock")).await?.is_none();
        let head =
            store.read(&format!("{folder}/head.json")).await?.and_then(|bytes| parse::<RunHead>(&bytes).ok());
        let Some(RunHead { mut report, .. }) = head else {
            if !in_use {
                store.remove(&folder).await?;
            }
            continue;
        };
        report.in_use = in_use;
        report.result =
            store.read(&format!("{folder}/result.json")).await?.and_then(|bytes| parse(&bytes).ok());
        if report.result.is_none() {
            report.progress = newest(store, &run).await?.map(|(_, checkpoint)| CheckpointReport {
                epoch: checkpoint.epoch,
                steps: checkpoint.steps,
                bytes: 0,
            });
        }
        runs.push(report);
    }
    runs.sort_by(|a, b| b.begun_ms.total_cmp(&a.begun_ms));
    Ok(runs)
}

/// Takes a run away, where nobody trains it. False where somebody does.
///
/// # Errors
/// The store's.
pub async fn forget<S: Store>(store: &S, run: &str) -> Result<bool, StoreError> {
    match Keeper::create(store.clone(), run).await? {
        Some(keeper) => keeper.discard().await.map(|()| true),
        None => Ok(false),
    }
}

/// The weights of a finished run.
///
/// # Errors
/// [`TrainError::Checkpoint`].
pub async fn trained<S: Store>(store: &S, run: &str) -> Result<Weights, TrainError> {
    let read = store.read(&format!("{ROOT}/{run}/trained.safetensors")).await;
    let bytes = read.map_err(|error| TrainError::Checkpoint { reason: error.to_string() })?;
    let bytes = bytes
        .ok_or_else(|| TrainError::Checkpoint { reason: format!("the run {run} has no trained weights") })?;
    Ok(Weights::of_any_network(&bytes)?)
}

fn image_name(n: usize) -> String {
    format!("image-{n:04}.safetensors")
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, TrainError> {
    serde_json::from_slice(bytes).map_err(|error| TrainError::Checkpoint { reason: error.to_string() })
}
