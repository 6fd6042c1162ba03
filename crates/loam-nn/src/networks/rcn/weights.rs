//! RCN's weights: first ones, and a file's checked against the network.

use std::collections::BTreeMap;

use super::planes::COUNT;
use super::schema::{MEAN, NAME, SPREAD, schema};
use crate::error::{shortened, unreadable};
use crate::weights::stored::Number;
use crate::weights::{CONVERTED_FROM, MODEL, SOURCE, contents, prefix_note, strip_prefix};
use crate::{Mismatch, ModelError, Random, WeightTensor, Weights};

/// Files beyond this are not of this network.
const MOST_TENSORS: usize = 1_000;

/// Mean and spread of the planes over every sixth date before July 2017 of six simulated places, from all earlier maps and from eight; rounded.
/// They only have to be of the right size: the first convolution learns the rest.
const STANDARD: [(f32, f32); COUNT] = [
    (0.0, 0.045),
    (0.0, 0.021),
    (0.0, 0.034),
    (0.0, 0.032),
    (0.0, 0.010),
    (0.0, 0.0065),
    (0.5, 0.3),
    (0.5, 0.3),
    (0.0, 0.027),
    (-0.015, 0.084),
    (0.001, 0.043),
    (0.001, 0.046),
    (-0.015, 0.077),
    (0.0, 0.036),
    (0.0, 0.036),
    (0.0, 0.036),
    (0.0, 0.036),
    (0.5, 0.5),
    (0.5, 0.5),
    (0.5, 0.5),
    (0.5, 0.5),
    (0.26, 0.29),
    (0.11, 0.13),
    (0.06, 0.084),
    (0.022, 0.046),
];

/// First weights of a seed, as PyTorch makes them (uniform in +-1/sqrt(fan in)), the last convolution zero: the network is the regression.
/// The same bits on every machine.
#[must_use]
pub fn first_weights(seed: u64) -> Weights {
    let mut random = Random::new(seed);
    let mut bound = 0.0;
    let mut weights = Weights { tensors: BTreeMap::new(), metadata: metadata() };
    for (name, shape) in schema() {
        if name.ends_with("weight") {
            bound = (1.0 / (shape.iter().skip(1).product::<usize>() as f64).sqrt()) as f32;
        }
        let length = shape.iter().product();
        let values = match name.as_str() {
            MEAN => STANDARD.map(|(mean, _)| mean).to_vec(),
            SPREAD => STANDARD.map(|(_, spread)| spread).to_vec(),
            name if name.starts_with("last.") => vec![0.0; length],
            _ => (0..length).map(|_| random.symmetric(bound)).collect(),
        };
        weights.tensors.insert(name, WeightTensor { shape, values });
    }
    weights.metadata.insert("seed".into(), seed.to_string());
    weights
}

pub(super) fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([(MODEL.to_owned(), NAME.to_owned())])
}

/// Checks weights against the network.
pub(crate) fn checked(weights: &Weights) -> Result<(), ModelError> {
    let schema = schema();
    let mut rows: Vec<Mismatch> = Vec::new();
    let mut row = |name: &str, expected: String, found: String| {
        rows.push(Mismatch { name: name.into(), expected, found });
    };
    if let Some(other) = weights.metadata.get(MODEL).filter(|said| *said != NAME) {
        row("metadata model", NAME.into(), shortened(other));
    }
    for (name, shape) in &schema {
        match weights.tensors.get(name) {
            None => row(name, format!("{shape:?}"), "-".into()),
            Some(t) if t.shape != *shape || t.values.len() != shape.iter().product::<usize>() => {
                row(name, format!("{shape:?}"), format!("{:?}", t.shape));
            }
            Some(t) if t.values.iter().any(|v| !v.is_finite()) => {
                row(name, "finite".into(), "NaN or infinite".into())
            }
            Some(t) if name == SPREAD && t.values.iter().any(|v| *v <= 0.0) => {
                row(name, "above 0".into(), "0 or negative".into());
            }
            Some(_) => {}
        }
    }
    for (name, tensor) in
        weights.tensors.iter().filter(|(name, _)| schema.iter().all(|(known, _)| known != *name))
    {
        row(&shortened(name), "-".into(), format!("{:?}", tensor.shape));
    }
    if rows.is_empty() { Ok(()) } else { Err(ModelError::UnfitRcn { rows }) }
}

/// True where a weights file says that it is of RCN, or where its tensors have that network's names. False for what cannot be read.
#[must_use]
pub fn is_rcn(bytes: &[u8]) -> bool {
    contents(bytes).is_ok_and(|contents| match contents.metadata.get(MODEL) {
        Some(name) => name == NAME,
        None => contents.tensors.keys().any(|name| name.ends_with(SPREAD)),
    })
}

/// Reads RCN's weights from a safetensors file or a PyTorch state dict and checks them against the network. Float16, bfloat16 and float64
/// become float32 (metadata `converted_from`); a prefix that all names share, such as `module.`, is left out (metadata `source`).
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`], [`ModelError::UnfitRcn`] with a table of every mismatch.
pub fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
    let mut contents = contents(bytes)?;
    let schema = schema();
    if contents.tensors.len() > MOST_TENSORS {
        let (found, known) = (contents.tensors.len(), schema.len());
        return Err(unreadable(format!("it has {found} tensors, where RCN has {known}")));
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
    match checked(&weights) {
        Ok(()) if rows.is_empty() => {}
        Ok(()) => return Err(ModelError::UnfitRcn { rows }),
        Err(ModelError::UnfitRcn { rows: more }) => {
            rows.extend(more);
            return Err(ModelError::UnfitRcn { rows });
        }
        Err(error) => return Err(error),
    }
    converted.sort_unstable();
    converted.dedup();
    if !converted.is_empty() {
        weights.metadata.insert(CONVERTED_FROM.into(), converted.join(", "));
    }
    weights.metadata.extend(metadata());
    Ok(weights)
}
