//! The TB CNN's weights: first ones, and a file's checked against the network.

use std::collections::BTreeMap;

use loam_core::network::TbCase;

use super::schema::{GROUPS, NAME, schema};
use crate::error::{shortened, unreadable};
use crate::weights::stored::Number;
use crate::weights::{CONVERTED_FROM, MODEL, SOURCE, contents, prefix_note, strip_prefix};
use crate::{Mismatch, ModelError, Random, WeightTensor, Weights};

/// Files beyond this are not of this network; a table of their mismatches would help nobody.
const MOST_TENSORS: usize = 1_000;

/// First weights of a seed, as PyTorch makes them (uniform in +-1/sqrt(fan in)); the same bits on every machine.
#[must_use]
pub fn first_weights(case: TbCase, seed: u64) -> Weights {
    let mut random = Random::new(seed);
    let mut bound = 0.0;
    let mut weights = Weights { tensors: BTreeMap::new(), metadata: metadata(case) };
    for (name, shape) in schema(case) {
        if name.ends_with("weight") {
            bound = (1.0 / (shape.iter().skip(1).product::<usize>() as f64).sqrt()) as f32;
        }
        let values = (0..shape.iter().product()).map(|_| random.symmetric(bound)).collect();
        weights.tensors.insert(name, WeightTensor { shape, values });
    }
    weights.metadata.insert("seed".into(), seed.to_string());
    weights
}

pub(super) fn metadata(case: TbCase) -> BTreeMap<String, String> {
    [("model", NAME), ("case", case.name())].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Checks a weights file against the network; returns its case.
pub(crate) fn checked(weights: &Weights) -> Result<TbCase, ModelError> {
    let case = case_of(weights);
    let schema = schema(case);
    let mut rows: Vec<Mismatch> = Vec::new();
    let mut row = |name: &str, expected: String, found: String| {
        rows.push(Mismatch { name: name.into(), expected, found })
    };
    for (key, wanted) in [(MODEL, NAME), ("case", case.name())] {
        if let Some(other) = weights.metadata.get(key).filter(|said| *said != wanted) {
            row(&format!("metadata {key}"), wanted.into(), shortened(other));
        }
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
            Some(_) => {}
        }
    }
    for (name, tensor) in
        weights.tensors.iter().filter(|(name, _)| schema.iter().all(|(known, _)| known != *name))
    {
        row(&shortened(name), "-".into(), format!("{:?}", tensor.shape));
    }
    if rows.is_empty() { Ok(case) } else { Err(ModelError::UnfitTbCnn { rows }) }
}

/// Which case they are of: one output is soil moisture, two are TB; where that is missing, the file's own word.
pub(crate) fn case_of(weights: &Weights) -> TbCase {
    let said = || {
        TbCase::ALL
            .into_iter()
            .find(|case| weights.metadata.get("case").is_some_and(|name| name == case.name()))
    };
    match weights.tensors.get("out.bias").and_then(|t| t.shape.first()) {
        Some(1) => TbCase::SoilMoisture,
        Some(2) => TbCase::BrightnessTemperature,
        _ => said().unwrap_or(TbCase::BrightnessTemperature),
    }
}

/// True where a weights file says that it is of the TB CNN, or where its tensors have that network's names. False for what cannot be read.
#[must_use]
pub fn is_tb_cnn(bytes: &[u8]) -> bool {
    contents(bytes).is_ok_and(|contents| match contents.metadata.get(MODEL) {
        Some(name) => name == NAME,
        None => contents.tensors.keys().any(|name| name.contains("group0.conv3")),
    })
}

/// Reads weights of the TB CNN from a safetensors file or a PyTorch state dict and checks them against the network. Float16, bfloat16 and
/// float64 become float32 (metadata `converted_from`); a prefix that all names share, such as `module.`, is left out (metadata `source`).
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`], [`ModelError::UnfitTbCnn`] with a table of every mismatch.
pub fn read(bytes: &[u8]) -> Result<(Weights, TbCase), ModelError> {
    let mut contents = contents(bytes)?;
    if contents.tensors.len() > MOST_TENSORS {
        return Err(unreadable(format!(
            "it has {} tensors, where the TB CNN has {}",
            contents.tensors.len(),
            4 * GROUPS + 2
        )));
    }
    let schema: Vec<_> = TbCase::ALL.into_iter().flat_map(schema).collect();
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
    let case = match (checked(&weights), rows.is_empty()) {
        (Ok(case), true) => case,
        (Err(ModelError::UnfitTbCnn { rows: more }), _) => {
            rows.extend(more);
            return Err(ModelError::UnfitTbCnn { rows });
        }
        (Err(error), _) => return Err(error),
        (Ok(_), false) => return Err(ModelError::UnfitTbCnn { rows }),
    };
    converted.sort_unstable();
    converted.dedup();
    if !converted.is_empty() {
        weights.metadata.insert(CONVERTED_FROM.into(), converted.join(", "));
    }
    weights.metadata.extend(metadata(case));
    Ok((weights, case))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_the_parameters_of_the_poster() {
        let count = |case: TbCase| {
            schema(case).iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>()
        };
        // First group: 64 (2 x 9 + 1) + 64 (2 x 25 + 1); six groups of 64 (128 x 9 + 1) + 64 (128 x 25 + 1); out: C (128 x 9 + 1).
        let hidden = 64 * 19 + 64 * 51 + 6 * (64 * (128 * 9 + 1) + 64 * (128 * 25 + 1));
        assert_eq!(count(TbCase::BrightnessTemperature), hidden + 2 * (128 * 9 + 1));
        assert_eq!(count(TbCase::SoilMoisture), hidden + 128 * 9 + 1);
        assert_eq!(count(TbCase::BrightnessTemperature), 1_678_722);
        assert_eq!(count(TbCase::SoilMoisture), 1_677_569);
    }

    #[test]
    fn a_prefix_of_all_names_is_left_out() {
        for case in TbCase::ALL {
            let weights = first_weights(case, 3);
            let mut prefixed = Weights { tensors: BTreeMap::new(), metadata: BTreeMap::new() };
            prefixed.tensors = weights
                .tensors
                .clone()
                .into_iter()
                .map(|(name, tensor)| (format!("module.{name}"), tensor))
                .collect();
            let bytes = prefixed.to_bytes();
            assert!(is_tb_cnn(&bytes));
            let (found, of) = read(&bytes).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((&found.tensors, of), (&weights.tensors, case));
            assert!(found.metadata[SOURCE].contains("prefix module. left out"), "{:?}", found.metadata);
            assert_eq!(Weights::of_any_network(&bytes).unwrap_or_else(|e| panic!("{e}")), found);
            // A layer alone is no prefix.
            prefixed.tensors.retain(|name, _| name.contains("group0."));
            let Err(ModelError::UnfitTbCnn { rows }) = read(&prefixed.to_bytes()) else { panic!("accepted") };
            assert!(
                rows.iter().all(|row| row.found == "-")
                    && rows.iter().any(|row| row.name == "group1.conv3.weight"),
                "{rows:?}"
            );
        }
    }
}
