//! First weights, reading and checking by a network's table of tensors. (SMEN's files have variants by input and optional counters: `super`.)

use std::collections::{BTreeMap, BTreeSet};

use super::stored::Number;
use super::{CONVERTED_FROM, SOURCE, contents, prefix_note, strip_prefix};
use crate::error::{shortened, unreadable};
use crate::{Mismatch, ModelError, Random, WeightTensor, Weights};

/// Files beyond this are of none of these networks; a table of their mismatches would help nobody.
const MOST_TENSORS: usize = 1_000;

/// Names and shapes, in the order of the forward pass.
pub(crate) type Schema = [(String, Vec<usize>)];

/// First weights of a seed, as PyTorch makes them: uniform in +-1/sqrt(fan in), a bias as its weight before it. The same bits on every machine.
#[must_use]
pub(crate) fn drawn(schema: &Schema, metadata: BTreeMap<String, String>, seed: u64) -> Weights {
    let mut random = Random::new(seed);
    let mut bound = 0.0;
    let mut weights = Weights { tensors: BTreeMap::new(), metadata };
    for (name, shape) in schema {
        if name.ends_with("weight") {
            bound = (1.0 / (shape.iter().skip(1).product::<usize>() as f64).sqrt()) as f32;
        }
        let values = (0..shape.iter().product()).map(|_| random.symmetric(bound)).collect();
        weights.tensors.insert(name.clone(), WeightTensor { shape: shape.clone(), values });
    }
    weights.metadata.insert("seed".into(), seed.to_string());
    weights
}

/// Every difference between weights and a network's table; `says`: what their metadata may not contradict.
#[must_use]
pub(crate) fn mismatches(weights: &Weights, schema: &Schema, says: &[(&str, &str)]) -> Vec<Mismatch> {
    let mut rows = Vec::new();
    let mut row = |name: &str, expected: String, found: String| {
        rows.push(Mismatch { name: name.into(), expected, found });
    };
    for (key, wanted) in says {
        if let Some(other) = weights.metadata.get(*key).filter(|said| said != wanted) {
            row(&format!("metadata {key}"), (*wanted).into(), shortened(other));
        }
    }
    for (name, shape) in schema {
        match weights.tensors.get(name) {
            None => row(name, format!("{shape:?}"), "-".into()),
            Some(t) if t.shape != *shape || t.values.len() != shape.iter().product::<usize>() => {
                row(name, format!("{shape:?}"), format!("{:?}", t.shape));
            }
            Some(t) if t.values.iter().any(|v| !v.is_finite()) => {
                row(name, "finite".into(), "NaN or infinite".into());
            }
            Some(_) => {}
        }
    }
    let unknown = |name: &&String| schema.iter().all(|(known, _)| known != *name);
    for name in weights.tensors.keys().filter(unknown) {
        row(&shortened(name), "-".into(), format!("{:?}", weights.tensors[name].shape));
    }
    rows
}

/// The tensors of a safetensors file or a PyTorch state dict, with what is wrong with their types; of those without a place in the table the
/// shape alone. Float16,
/// bfloat16 and float64 become float32 (metadata `converted_from`); a prefix that all names share, such as `module.`, is left out (metadata
/// `source`).
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`].
pub(crate) fn read(
    bytes: &[u8],
    network: &str,
    schema: &Schema,
) -> Result<(Weights, Vec<Mismatch>), ModelError> {
    let mut contents = contents(bytes)?;
    if contents.tensors.len() > MOST_TENSORS {
        let known: BTreeSet<_> = schema.iter().map(|(name, _)| name).collect();
        let (found, known) = (contents.tensors.len(), known.len());
        return Err(unreadable(format!("it has {found} tensors, where {network} has {known}")));
    }
    let is_layer = |part: &str| schema.iter().any(|(name, _)| name.split('.').next() == Some(part));
    let prefix = strip_prefix(&mut contents.tensors, is_layer);
    let mut weights = Weights { tensors: BTreeMap::new(), metadata: contents.metadata };
    if !prefix.is_empty() {
        weights.metadata.entry(SOURCE.into()).or_insert(contents.source + &prefix_note(&prefix));
    }
    let (mut rows, mut converted) = (contents.rows, Vec::new());
    for (name, stored) in contents.tensors {
        // Only what may have a place in the network is read.
        let known =
            schema.iter().any(|(wanted, shape)| *wanted == name && shape.as_slice() == stored.shape());
        if let (true, Number::Other(found, _)) = (known, stored.number()) {
            rows.push(Mismatch { name: name.clone(), expected: "F32".into(), found: found.into() });
        }
        converted.extend(stored.number().converted_from());
        let values = if known { stored.values() } else { Vec::new() };
        weights.tensors.insert(name, WeightTensor { shape: stored.shape().to_vec(), values });
    }
    converted.sort_unstable();
    converted.dedup();
    if !converted.is_empty() {
        weights.metadata.insert(CONVERTED_FROM.into(), converted.join(", "));
    }
    Ok((weights, rows))
}

/// Weights without a mismatch.
///
/// # Errors
/// [`ModelError::UnfitTensors`] with all of them.
pub(crate) fn fit(network: &'static str, rows: Vec<Mismatch>) -> Result<(), ModelError> {
    if rows.is_empty() { Ok(()) } else { Err(ModelError::UnfitTensors { network, rows }) }
}
