//! Named tensors and text in a safetensors file: weights, checkpoints and the images of a run are all kept so.
//!
//! The header is written here rather than by the `safetensors` crate, whose hash map makes the order of the metadata, and with it the
//! file's bytes, differ from run to run; reading uses the crate.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use crate::WeightTensor;

/// Float32 tensors by name, and text by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Archive {
    /// By name.
    pub tensors: BTreeMap<String, WeightTensor>,
    /// By key.
    pub metadata: BTreeMap<String, String>,
}

impl Archive {
    /// The same tensors and text give the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        write(&self.tensors, &self.metadata)
    }

    /// Reads what [`Archive::to_bytes`] wrote.
    ///
    /// # Errors
    /// In words, where it is no safetensors file or holds other than float32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let words = |error: safetensors::SafeTensorError| format!("not a safetensors file ({error})");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(words)?;
        let file = SafeTensors::deserialize(bytes).map_err(words)?;
        let mut archive = Self {
            tensors: BTreeMap::new(),
            metadata: header.metadata().clone().unwrap_or_default().into_iter().collect(),
        };
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(format!("{name} is {:?} where F32 is expected", view.dtype()));
            }
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            archive.tensors.insert(name.to_owned(), WeightTensor { shape: view.shape().to_vec(), values });
        }
        Ok(archive)
    }

    /// Puts a flat tensor in.
    pub fn put(&mut self, name: impl Into<String>, values: Vec<f32>) {
        self.tensors.insert(name.into(), WeightTensor { shape: vec![values.len()], values });
    }

    /// Takes a tensor's values out.
    ///
    /// # Errors
    /// In words, where there is none of this name.
    pub fn take(&mut self, name: &str) -> Result<Vec<f32>, String> {
        self.tensors.remove(name).map(|tensor| tensor.values).ok_or_else(|| format!("{name} is missing"))
    }
}

/// A safetensors file.
pub(crate) fn write(
    tensors: &BTreeMap<String, WeightTensor>,
    metadata: &BTreeMap<String, String>,
) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), json!(metadata));
    }
    let mut offset = 0;
    for (name, tensor) in tensors {
        let end = offset + 4 * tensor.values.len();
        header.insert(
            name.clone(),
            json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end] }),
        );
        offset = end;
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    // The format wants the data to start at a multiple of 8.
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + offset);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for tensor in tensors.values() {
        bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}
