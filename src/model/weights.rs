//! Weights as plain values and as a safetensors file (`model.md`, "Weights on disk").
//!
//! PyTorch names and shapes, little-endian float32, so that a file made here loads in PyTorch (`load_state_dict`) and the other way
//! round.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use super::{HISTORY, Inputs, Mismatch, ModelError, Random, archive};
use crate::protocol::WeightsReport;

/// Metadata key of the network's name; its value is `smen`.
pub const MODEL: &str = "model";
/// Metadata key of [`Inputs`].
pub const INPUTS: &str = "inputs";
/// Metadata key of k.
pub const HISTORY_KEY: &str = "history";
/// Metadata key of what the weights were trained on, in words. `simulated` in it marks simulated scenes.
pub const TRAINED_ON: &str = "trained_on";

/// One tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WeightTensor {
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// All tensors of a network by their PyTorch names, and the file's metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// By name.
    pub tensors: BTreeMap<String, WeightTensor>,
    /// `model`, `inputs`, `history`, `region`, `trained_on`, `seed`, `epochs`, `app_version`, and whatever else the file says.
    pub metadata: BTreeMap<String, String>,
}

impl Weights {
    /// No tensors yet, metadata for these inputs.
    pub(crate) fn empty(inputs: Inputs) -> Self {
        let metadata = [(MODEL, "smen".to_owned()), (INPUTS, inputs.name().to_owned()), (HISTORY_KEY, HISTORY.to_string())];
        Self { tensors: BTreeMap::new(), metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into() }
    }

    /// First weights of a seed, as PyTorch makes them: convolutions uniform in +-1/sqrt(fan in), weight and bias alike (Kaiming uniform
    /// with a = sqrt 5), norms 1 and 0, running mean 0 and variance 1. The same bits on every machine.
    pub fn init(inputs: Inputs, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut weights = Self::empty(inputs);
        let mut bound = 0.0;
        for (name, shape, _) in inputs.schema() {
            let length = shape.iter().product();
            let values = match name.rsplit_once('.') {
                Some((layer, part)) if !layer.ends_with(".bn") => {
                    if part == "weight" {
                        let fan_in: usize = shape.iter().skip(1).product();
                        bound = (1.0 / (fan_in as f64).sqrt()) as f32;
                    }
                    (0..length).map(|_| random.symmetric(bound)).collect()
                }
                Some((_, "weight" | "running_var")) => vec![1.0; length],
                _ => vec![0.0; length],
            };
            weights.tensors.insert(name, WeightTensor { shape, values });
        }
        weights.metadata.insert("seed".into(), seed.to_string());
        weights
    }

    /// Which inputs the network uses: the metadata's word, else (a file without metadata) both.
    pub fn inputs(&self) -> Inputs {
        self.metadata.get(INPUTS).and_then(|name| Inputs::from_name(name)).unwrap_or_default()
    }

    /// Reads a safetensors file and holds it against the network. PyTorch's integer counters `*.num_batches_tracked`, which no output
    /// depends on, are passed over.
    ///
    /// # Errors
    /// [`ModelError::UnreadableWeights`] where it is no safetensors file, [`ModelError::UnfitWeights`] with every tensor that is missing,
    /// extra, of another shape or type, or not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let unreadable = |reason: String| ModelError::UnreadableWeights { reason };
        if bytes.starts_with(b"PK\x03\x04") {
            return Err(unreadable("this is a PyTorch checkpoint (a zip archive); save it with safetensors.torch.save_file".into()));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| unreadable(format!("not a safetensors file ({error})")))?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| unreadable(format!("not a safetensors file ({error})")))?;
        let mut weights = Self { tensors: BTreeMap::new(), metadata: header.metadata().clone().unwrap_or_default().into_iter().collect() };
        let mut rows = Vec::new();
        let mut tensors: Vec<_> = file.iter().filter(|(name, _)| !name.ends_with(".num_batches_tracked")).collect();
        tensors.sort_by_key(|(name, _)| *name);
        for (name, view) in tensors {
            if view.dtype() != Dtype::F32 {
                rows.push(Mismatch { name: name.into(), expected: "F32".into(), found: format!("{:?}", view.dtype()) });
            }
            let values = match view.dtype() {
                Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
                // Refused above by its type; zeros keep it out of the other checks.
                _ => vec![0.0; view.shape().iter().product()],
            };
            weights.tensors.insert(name.to_owned(), WeightTensor { shape: view.shape().to_vec(), values });
        }
        rows.extend(weights.mismatches());
        if rows.is_empty() { Ok(weights) } else { Err(ModelError::UnfitWeights { rows }) }
    }

    /// As a safetensors file: the same weights and metadata give the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        archive::write(&self.tensors, &self.metadata)
    }

    /// SHA-256 of [`Weights::to_bytes`], first 16 hex digits: for a file made here what `sha256sum` says.
    pub fn hash(&self) -> String {
        Sha256::digest(self.to_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the page says of them.
    pub fn report(&self, name: &str) -> WeightsReport {
        let trained_on = self.metadata.get(TRAINED_ON).cloned().unwrap_or_else(|| "not said".into());
        WeightsReport { name: name.into(), simulated: trained_on.to_lowercase().contains("simulated"), trained_on, hash: self.hash() }
    }

    /// Holds the tensors against the network.
    ///
    /// # Errors
    /// [`ModelError::UnfitWeights`].
    pub fn check(&self) -> Result<(), ModelError> {
        let rows = self.mismatches();
        if rows.is_empty() { Ok(()) } else { Err(ModelError::UnfitWeights { rows }) }
    }

    /// Every difference between these tensors and the network's.
    fn mismatches(&self) -> Vec<Mismatch> {
        let mut rows = Vec::new();
        let mut row = |name: &str, expected: String, found: String| rows.push(Mismatch { name: name.into(), expected, found });
        let allowed = |key: &str, allowed: &[&str]| {
            self.metadata.get(key).filter(|value| !allowed.contains(&value.as_str())).map(|value| (allowed.join(" | "), value.clone()))
        };
        for (key, values) in
            [(MODEL, vec!["smen"]), (INPUTS, Inputs::ALL.map(Inputs::name).to_vec()), (HISTORY_KEY, vec![&*HISTORY.to_string()])]
        {
            if let Some((expected, found)) = allowed(key, &values) {
                row(&format!("metadata {key}"), expected, found);
            }
        }
        let schema = self.inputs().schema();
        for (name, shape, _) in &schema {
            match self.tensors.get(name) {
                None => row(name, format!("{shape:?}"), "-".into()),
                Some(tensor) if tensor.shape != *shape => row(name, format!("{shape:?}"), format!("{:?}", tensor.shape)),
                Some(tensor) if tensor.values.len() != shape.iter().product::<usize>() => {
                    row(name, format!("{shape:?}"), format!("{} values", tensor.values.len()));
                }
                Some(tensor) => {
                    let not_finite = tensor.values.iter().filter(|value| !value.is_finite()).count();
                    if not_finite > 0 {
                        row(name, "finite".into(), format!("{not_finite} NaN or infinite"));
                    } else if name.ends_with("running_var") && tensor.values.iter().any(|&value| value < 0.0) {
                        row(name, "at least 0".into(), "negative".into());
                    }
                }
            }
        }
        for (name, tensor) in &self.tensors {
            if !schema.iter().any(|(known, ..)| known == name) {
                row(name, "-".into(), format!("{:?}", tensor.shape));
            }
        }
        rows
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_bit_for_bit_and_are_the_same_every_time() {
        for inputs in Inputs::ALL {
            let mut weights = Weights::init(inputs, 7);
            weights.metadata.insert(TRAINED_ON.into(), "simulated scenes, \"Tucson\" 2016".into());
            let bytes = weights.to_bytes();
            assert_eq!(Weights::from_bytes(&bytes).unwrap(), weights);
            assert_eq!(weights.clone().to_bytes(), bytes);
            assert!(weights.report("x").simulated);
        }
    }

    #[test]
    fn first_weights_of_a_seed_never_change() {
        // A change here changes every training run that names a seed.
        assert_eq!(Weights::init(Inputs::Spatiotemporal, 0).hash(), "879fac0d6b1da5de");
        assert_ne!(Weights::init(Inputs::Spatiotemporal, 0).hash(), Weights::init(Inputs::Spatiotemporal, 1).hash());
        let weights = Weights::init(Inputs::Spatiotemporal, 0);
        let bound = 1.0 / 288f32.sqrt();
        let values = &weights.tensors["h.weight"].values;
        assert!(values.iter().all(|value| value.abs() <= bound));
        assert!(values.iter().any(|value| value.abs() > 0.9 * bound));
    }

    #[test]
    fn every_mismatch_is_named() {
        let mut weights = Weights::init(Inputs::Spatiotemporal, 0);
        weights.tensors.remove("g.bias");
        weights.tensors.insert("extra".into(), WeightTensor { shape: vec![2], values: vec![0.0; 2] });
        weights.tensors.get_mut("h.bias").unwrap().values[0] = f32::NAN;
        weights.tensors.get_mut("f1.conv.bias").unwrap().shape = vec![4, 8];
        weights.metadata.insert(HISTORY_KEY.into(), "6".into());
        let Err(ModelError::UnfitWeights { rows }) = Weights::from_bytes(&weights.to_bytes()) else { panic!("accepted") };
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["metadata history", "f1.conv.bias", "g.bias", "h.bias", "extra"]);
        let text = ModelError::UnfitWeights { rows }.to_string();
        assert!(text.contains("5 mismatches"), "{text}");
        assert!(text.contains("f1.conv.bias      [32]      [4, 8]"), "{text}");
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let error = Weights::from_bytes(b"PK\x03\x04rest").unwrap_err().to_string();
        assert!(error.contains("PyTorch checkpoint"), "{error}");
        for bytes in [&b""[..], b"<html>", &[0xff; 64]] {
            assert!(matches!(Weights::from_bytes(bytes), Err(ModelError::UnreadableWeights { .. })));
        }
        let whole = Weights::init(Inputs::Spatial, 0).to_bytes();
        for length in [7, 8, 100, whole.len() - 1] {
            assert!(matches!(Weights::from_bytes(&whole[..length]), Err(ModelError::UnreadableWeights { .. })));
        }
    }

    #[test]
    fn other_number_types_are_refused() {
        let text = String::from_utf8_lossy(&Weights::init(Inputs::Spatial, 0).to_bytes()).into_owned();
        assert!(text.contains("\"dtype\":\"F32\""));
        let mut bytes = Weights::init(Inputs::Spatial, 0).to_bytes();
        let at = bytes.windows(5).position(|window| window == b"\"F32\"").unwrap();
        bytes[at..at + 5].copy_from_slice(b"\"I32\"");
        let Err(ModelError::UnfitWeights { rows }) = Weights::from_bytes(&bytes) else { panic!("accepted") };
        assert_eq!((rows[0].expected.as_str(), rows[0].found.as_str()), ("F32", "I32"));
    }
}
