//! The TB CNN's weights: first ones, and a file's checked against the network.

use std::collections::BTreeMap;

use loam_core::network::TbCase;

use super::schema::{NAME, schema};
use crate::weights::{MODEL, contents, tensors};
use crate::{Mismatch, ModelError, Weights};

/// In errors.
const WORDS: &str = "the TB CNN";

/// First weights of a seed.
#[must_use]
pub fn first_weights(case: TbCase, seed: u64) -> Weights {
    tensors::drawn(&schema(case), metadata(case), seed)
}

pub(super) fn metadata(case: TbCase) -> BTreeMap<String, String> {
    [("model", NAME), ("case", case.name())].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn mismatches(weights: &Weights, case: TbCase) -> Vec<Mismatch> {
    tensors::mismatches(weights, &schema(case), &[(MODEL, NAME), ("case", case.name())])
}

/// Checks a weights file against the network; returns its case.
pub(crate) fn checked(weights: &Weights) -> Result<TbCase, ModelError> {
    let case = case_of(weights);
    tensors::fit(WORDS, mismatches(weights, case)).map(|()| case)
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

/// Reads weights of the TB CNN from a safetensors file or a PyTorch state dict and checks them against the network.
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`], [`ModelError::UnfitTensors`] with a table of every mismatch.
pub fn read(bytes: &[u8]) -> Result<(Weights, TbCase), ModelError> {
    let either: Vec<_> = TbCase::ALL.into_iter().flat_map(schema).collect();
    let (mut weights, mut rows) = tensors::read(bytes, WORDS, &either)?;
    let case = case_of(&weights);
    rows.extend(mismatches(&weights, case));
    tensors::fit(WORDS, rows)?;
    weights.metadata.extend(metadata(case));
    Ok((weights, case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::SOURCE;

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
            let Err(ModelError::UnfitTensors { rows, .. }) = read(&prefixed.to_bytes()) else {
                panic!("accepted")
            };
            assert!(
                rows.iter().all(|row| row.found == "-")
                    && rows.iter().any(|row| row.name == "group1.conv3.weight"),
                "{rows:?}"
            );
        }
    }
}
