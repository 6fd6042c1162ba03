//! State dicts saved by PyTorch (1.6 and later): a zip archive `NAME/` of a pickle, `data.pkl`, that names tensors, and their storages,
//! `data/KEY`, as raw numbers (`torch/serialization.py`). `torch.save` of a state dict is read, and of a dict with one in it
//! (`{"state_dict": ..., "epoch": 3}`), as training scripts write.
//!
//! burn has a reader of these too (`burn-store`, `pytorch-reader`), but that one opens an archive by its path only, which a browser does
//! not have, and brings `zip`, `tar` and `regex`.

use std::collections::BTreeMap;

use super::pickle::{Global, Object, Pairs, Pickle, Place};
use super::stored::{Contents, Number, Stored};
use super::zip::stored_entries;
use crate::error::{shortened, unreadable};
use crate::weights::{INPUTS, TRAINED_ON};
use crate::{Mismatch, ModelError};
use loam_core::network::Inputs;

/// Where training scripts put the state dict, by how often.
const STATE_DICT: [&str; 3] = ["state_dict", "model_state_dict", "model"];
/// Longest shape: SMEN's have five axes.
const MOST_AXES: usize = 8;

/// A zip archive.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// PyTorch's format before 1.6: a pickle of protocol 2 that begins with a long integer.
pub(crate) fn is_legacy(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46")
}

/// Tensors of the state dict, and of what stands beside it the entries that [`crate::Weights::metadata`] knows.
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`].
pub(crate) fn read(bytes: &[u8]) -> Result<Contents<'_>, ModelError> {
    contents(bytes).map_err(|error| match error {
        ModelError::UnreadableWeights { reason } => {
            unreadable(format!("this is a zip archive, as PyTorch checkpoints are, and {reason}"))
        }
        other => other,
    })
}

fn contents(bytes: &[u8]) -> Result<Contents<'_>, ModelError> {
    let entries = stored_entries(bytes).map_err(unreadable)?;
    let mut pickles = entries.iter().filter_map(|(name, data)| Some((name.strip_suffix("data.pkl")?, *data)));
    let (root, pickle) = pickles
        .find(|(root, _)| root.is_empty() || root.find('/') == Some(root.len() - 1))
        .ok_or_else(|| unreadable("it has no data.pkl, so torch.save did not write it"))?;
    let order = entries.get(&*format!("{root}byteorder")).copied().unwrap_or(b"little");
    if order != b"little" {
        let order = shortened(&String::from_utf8_lossy(order));
        return Err(unreadable(format!(
            "its byte order is {order}; save it on a little-endian machine, as nearly all are"
        )));
    }
    let archive = Archive { pickle: Pickle::read(pickle)?, entries, root };
    let (state, entry) = archive.state_dict()?;
    let mut found = Contents { metadata: archive.metadata(), ..Default::default() };
    found.source = entry.map_or("PyTorch checkpoint".into(), |entry| {
        format!("PyTorch checkpoint, entry {}", shortened(entry))
    });
    // By name first: a later entry replaces one of the same name.
    let named: BTreeMap<&str, Place> = state
        .iter()
        .map(|(key, value)| Some((archive.pickle.text(*key)?, *value)))
        .collect::<Option<_>>()
        .ok_or_else(|| unreadable("its state dict has a name that is not text"))?;
    for (name, place) in named {
        if name.ends_with(".num_batches_tracked") {
            continue;
        }
        match archive.call(place) {
            Some(_) => {
                let broken = || {
                    unreadable(format!(
                        "its tensor {} is damaged, or points outside the file",
                        shortened(name)
                    ))
                };
                found.tensors.insert(name.to_owned(), archive.tensor(place).ok_or_else(broken)?);
            }
            None => found.rows.push(Mismatch {
                name: shortened(name),
                expected: "-".into(),
                found: "no tensor".into(),
            }),
        }
    }
    Ok(found)
}

/// An opened file.
struct Archive<'a> {
    pickle: Pickle<'a>,
    entries: BTreeMap<&'a str, &'a [u8]>,
    /// What stands before every entry's name: `NAME/`.
    root: &'a str,
}

impl<'a> Archive<'a> {
    /// The dict with tensors in it: the whole file, or the entry of it that is returned beside.
    fn state_dict(&self) -> Result<(&Pairs, Option<&'a str>), ModelError> {
        let top = self
            .pickle
            .dict(self.pickle.top)
            .ok_or_else(|| unreadable("it holds no dict of tensors but something else"))?;
        let holds_tensors = |pairs: &Pairs| pairs.iter().any(|(_, value)| self.call(*value).is_some());
        if holds_tensors(top) {
            return Ok((top, None));
        }
        let named: BTreeMap<&str, Place> =
            top.iter().filter_map(|(key, value)| Some((self.pickle.text(*key)?, *value))).collect();
        // Each object once: one may stand in a dict many times.
        let mut dicts: BTreeMap<Place, &Pairs> =
            named.values().filter_map(|&at| Some((at, self.pickle.dict(at)?))).collect();
        dicts.retain(|_, pairs| holds_tensors(pairs));
        let find = |name: &'a str| Some((*dicts.get(named.get(name)?)?, Some(name)));
        if let Some(usual) = STATE_DICT.into_iter().find_map(find) {
            return Ok(usual);
        }
        let names: Vec<&str> =
            named.iter().filter(|(_, place)| dicts.contains_key(place)).map(|(name, _)| *name).collect();
        match (dicts.len(), names.as_slice()) {
            (1, [name, ..]) => find(name).ok_or_else(|| unreadable("its pickle is damaged")),
            (_, [one, .., other]) => {
                let (one, other) = (shortened(one), shortened(other));
                Err(unreadable(format!(
                    "it has several dicts of tensors ({one}, {other}), none of them named state_dict"
                )))
            }
            _ => Err(unreadable(
                "there is no state dict in it: no dict that holds tensors, nor one directly inside a dict",
            )),
        }
    }

    /// Texts and whole numbers beside the state dict that say what `model.md` ("Weights on disk") has keys for. Not `model`: scripts put
    /// all sorts of things there.
    fn metadata(&self) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        for (key, value) in self.pickle.dict(self.pickle.top).unwrap_or_default() {
            let Some(key) = self.pickle.text(*key) else { continue };
            let value = match self.pickle.get(*value) {
                Object::Text(text) => shortened(text),
                Object::Int(number) => number.to_string(),
                _ => continue,
            };
            if matches!(key, TRAINED_ON | "region" | "seed" | "epochs")
                || key == INPUTS && Inputs::from_name(&value).is_some()
            {
                metadata.insert(key.to_owned(), value);
            }
        }
        metadata
    }

    fn call(&self, place: Place) -> Option<(Global, &[Place])> {
        let Object::Call(global, arguments) = self.pickle.get(place) else { return None };
        Some((*global, self.pickle.items(*arguments)?))
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata = None)`, itself or as the first argument of
    /// `_rebuild_parameter`. `None` where it is anything else or does not lie inside its storage.
    fn tensor(&self, place: Place) -> Option<Stored<'a>> {
        let (mut global, mut arguments) = self.call(place)?;
        if global == Global::Parameter {
            (global, arguments) = self.call(*arguments.first()?)?;
        }
        let (Global::Tensor, [storage, offset, size, stride, rest @ ..]) = (global, arguments) else {
            return None;
        };
        // The metadata hold bits that change the values (`neg`, a view that is negated when read). torch.save leaves them out elsewhere.
        let plain = rest.get(2).is_none_or(|&place| {
            matches!(self.pickle.get(place), Object::None) || self.pickle.dict(place) == Some(&[])
        });
        plain.then_some(())?;
        let (number, bytes) = self.storage(*storage)?;
        let counts = |place: Place| -> Option<Vec<usize>> {
            let items = self.pickle.items(place).filter(|items| items.len() <= MOST_AXES)?;
            items.iter().map(|item| self.pickle.count(*item)).collect()
        };
        Stored::strided(number, &counts(*size)?, self.pickle.count(*offset)?, &counts(*stride)?, bytes)
    }

    /// Persistent id `("storage", class, key, device, count)`: the type of its numbers, and its bytes.
    fn storage(&self, place: Place) -> Option<(Number, &'a [u8])> {
        let Object::Persistent(id) = self.pickle.get(place) else { return None };
        let [kind, class, key, _, count] = self.pickle.items(*id)? else { return None };
        let (Some("storage"), Object::Global(Global::Storage(number))) =
            (self.pickle.text(*kind), self.pickle.get(*class))
        else {
            return None;
        };
        // Short names are all PyTorch writes; a long one would be copied once for each tensor.
        let key = self.pickle.text(*key).filter(|key| key.len() <= 20)?;
        let bytes = self.entries.get(&*format!("{}data/{key}", self.root))?;
        Some((*number, bytes.get(..self.pickle.count(*count)?.checked_mul(number.width())?)?))
    }
}
