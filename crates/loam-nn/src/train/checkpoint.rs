//! Everything a run needs to resume as if it had never stopped: weights, Adam's moments, place in the epoch, random stream, best weights,
//! history.
//!
//! On disk: the SHA-256 of what follows, then a safetensors archive with the tensors `now.*`, `best.*`, `first.*`, `second.*` (Adam's
//! moments) and `losses`, and the rest as text. Running sums are kept as bits, so that a resumed run has the same losses
//! as an uninterrupted one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TrainError;
use crate::{Archive, Weights};
use loam_core::training::EpochReport;

/// Format of the file; another number is refused.
const FORMAT: &str = "loam checkpoint 2";
/// Bytes of a SHA-256.
const HASH: usize = 32;

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// Next: the batch that begins with this place of the epoch's order.
    Train(usize),
    /// Next: the batch of validation images that begins here.
    Validate(usize),
    /// Nothing more to do.
    Done,
}

/// A run's state between two pieces of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done in all.
    pub steps: usize,
    /// Seconds of training so far, breaks left out.
    pub seconds: f64,
    /// Place in the epoch.
    pub position: Position,
    /// The epoch's order of training images.
    pub order: Vec<usize>,
    /// The random stream.
    pub random: u64,
    /// Sum of losses times images, and images, of the epoch so far: training, validation.
    pub sums: [(f64, usize); 2],
    /// Weights.
    pub now: Weights,
    /// Best epoch, its loss, its weights.
    pub best: Option<(usize, f64, Weights)>,
    /// Adam's two moments by the name of the parameter.
    pub moments: Vec<(String, Vec<f32>, Vec<f32>)>,
    /// Epochs done.
    pub history: Vec<EpochReport>,
    /// Loss of every step.
    pub losses: Vec<f64>,
}

/// The part that is no tensor.
#[derive(Serialize, Deserialize)]
struct Head {
    epoch: usize,
    steps: usize,
    seconds: u64,
    position: Position,
    order: Vec<usize>,
    random: u64,
    sums: [(u64, usize); 2],
    best: Option<(usize, u64)>,
    history: Vec<(usize, u64, Option<u64>, bool)>,
}

impl Checkpoint {
    /// As a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            epoch: self.epoch,
            steps: self.steps,
            seconds: self.seconds.to_bits(),
            position: self.position,
            order: self.order.clone(),
            random: self.random,
            sums: self.sums.map(|(sum, images)| (sum.to_bits(), images)),
            best: self.best.as_ref().map(|(epoch, loss, _)| (*epoch, loss.to_bits())),
            history: self
                .history
                .iter()
                .map(|e| (e.epoch, e.train_loss.to_bits(), e.validation.map(f64::to_bits), e.best))
                .collect(),
        };
        let mut archive = Archive::default();
        let text = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        archive.metadata.insert("format".into(), FORMAT.into());
        archive.metadata.insert("head".into(), text(serde_json::to_string(&head)));
        let mut add = |prefix: &str, weights: &Weights| {
            archive
                .metadata
                .insert(format!("{prefix}metadata"), text(serde_json::to_string(&weights.metadata)));
            archive.tensors.extend(
                weights.tensors.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())),
            );
        };
        add("now.", &self.now);
        if let Some((_, _, weights)) = &self.best {
            add("best.", weights);
        }
        for (name, first, second) in &self.moments {
            archive.put(format!("first.{name}"), first.clone());
            archive.put(format!("second.{name}"), second.clone());
        }
        // Losses are float32 already: nothing is lost.
        archive.put("losses", self.losses.iter().map(|loss| *loss as f32).collect());
        let archive = archive.to_bytes();
        let mut bytes = Vec::with_capacity(HASH + archive.len());
        bytes.extend(Sha256::digest(&archive));
        bytes.extend(archive);
        bytes
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] where a single bit is not as it was written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let broken = |reason: String| TrainError::Checkpoint { reason };
        let (hash, archive) = bytes.split_at_checked(HASH).ok_or_else(|| broken("it is cut off".into()))?;
        if Sha256::digest(archive).as_slice() != hash {
            return Err(broken("it was not written to its end, or changed since".into()));
        }
        let mut archive = Archive::from_bytes(archive).map_err(broken)?;
        if archive.metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(broken("it is of another version of Loam".into()));
        }
        let head = archive.metadata.get("head").cloned().unwrap_or_default();
        let head: Head = serde_json::from_str(&head).map_err(|error| broken(error.to_string()))?;
        let weights = |archive: &mut Archive, prefix: &str| -> Result<Weights, TrainError> {
            let metadata = archive.metadata.get(&format!("{prefix}metadata")).cloned().unwrap_or_default();
            let metadata = serde_json::from_str(&metadata).map_err(|error| broken(error.to_string()))?;
            let names: Vec<String> =
                archive.tensors.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
            let tensors = names
                .into_iter()
                .filter_map(|name| Some((name[prefix.len()..].to_owned(), archive.tensors.remove(&name)?)))
                .collect();
            let weights = Weights { tensors, metadata };
            weights.check()?;
            Ok(weights)
        };
        let now = weights(&mut archive, "now.")?;
        let best = match head.best {
            Some((epoch, loss)) => Some((epoch, f64::from_bits(loss), weights(&mut archive, "best.")?)),
            None => None,
        };
        let losses = archive.take("losses").map_err(broken)?.into_iter().map(f64::from).collect();
        let names: Vec<String> = archive
            .tensors
            .keys()
            .filter_map(|name| name.strip_prefix("first."))
            .map(str::to_owned)
            .collect();
        let mut moments = Vec::with_capacity(names.len());
        for name in names {
            let first = archive.take(&format!("first.{name}")).map_err(broken)?;
            let second = archive.take(&format!("second.{name}")).map_err(broken)?;
            moments.push((name, first, second));
        }
        Ok(Self {
            epoch: head.epoch,
            steps: head.steps,
            seconds: f64::from_bits(head.seconds),
            position: head.position,
            order: head.order,
            random: head.random,
            sums: head.sums.map(|(sum, images)| (f64::from_bits(sum), images)),
            now,
            best,
            moments,
            history: head
                .history
                .into_iter()
                .map(|(epoch, train, validation, best)| EpochReport {
                    epoch,
                    train_loss: f64::from_bits(train),
                    validation: validation.map(f64::from_bits),
                    best,
                })
                .collect(),
            losses,
        })
    }
}
