//! RCN's weights: first ones, and a file's checked against the network.

use std::collections::BTreeMap;

use super::planes::COUNT;
use super::schema::{MEAN, NAME, SPREAD, schema, trained};
use crate::weights::{MODEL, contents, tensors};
use crate::{Mismatch, ModelError, WeightTensor, Weights};

/// In errors.
const WORDS: &str = "RCN";

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
    (0.0, 0.006),
];

/// First weights of a seed; the last convolution is zero: the network is the regression.
#[must_use]
pub fn first_weights(seed: u64) -> Weights {
    let mut weights = tensors::drawn(&trained(), metadata(), seed);
    for (_, last) in weights.tensors.iter_mut().filter(|(name, _)| name.starts_with("last.")) {
        last.values.fill(0.0);
    }
    for (name, values) in
        [(MEAN, STANDARD.map(|(mean, _)| mean)), (SPREAD, STANDARD.map(|(_, spread)| spread))]
    {
        let tensor = WeightTensor { shape: vec![COUNT], values: values.to_vec() };
        weights.tensors.insert(name.to_owned(), tensor);
    }
    weights
}

pub(super) fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([(MODEL.to_owned(), NAME.to_owned())])
}

fn mismatches(weights: &Weights) -> Vec<Mismatch> {
    let mut rows = tensors::mismatches(weights, &schema(), &[(MODEL, NAME)]);
    let spread = weights.tensors.get(SPREAD);
    rows.extend(spread.filter(|t| t.values.iter().any(|v| *v <= 0.0)).map(|_| Mismatch {
        name: SPREAD.into(),
        expected: "above 0".into(),
        found: "0 or negative".into(),
    }));
    rows
}

/// Checks weights against the network.
pub(crate) fn checked(weights: &Weights) -> Result<(), ModelError> {
    tensors::fit(WORDS, mismatches(weights))
}

/// True where a weights file says that it is of RCN, or where its tensors have that network's names. False for what cannot be read.
#[must_use]
pub fn is_rcn(bytes: &[u8]) -> bool {
    contents(bytes).is_ok_and(|contents| match contents.metadata.get(MODEL) {
        Some(name) => name == NAME,
        None => contents.tensors.keys().any(|name| name.ends_with(SPREAD)),
    })
}

/// Reads RCN's weights from a safetensors file or a PyTorch state dict and checks them against the network.
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`], [`ModelError::UnfitTensors`] with a table of every mismatch.
pub fn read(bytes: &[u8]) -> Result<Weights, ModelError> {
    let (mut weights, mut rows) = tensors::read(bytes, WORDS, &schema())?;
    rows.extend(mismatches(&weights));
    tensors::fit(WORDS, rows)?;
    weights.metadata.extend(metadata());
    Ok(weights)
}
