//! Made-up SMEN weights for the bench, under their PyTorch names, and the safetensors file of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A tensor: shape and values.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Shape, outermost first.
    pub shape: Vec<u64>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Tensors by name.
#[derive(Debug)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Evenly distributed within the bounds PyTorch starts from; norms near 1.
    pub fn made_up() -> Self {
        let mut state = 0x1234_5678_9abc_def0_u64;
        let mut unit = move || {
            // xorshift64: any sequence will do, but the same on every machine.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<u64>, low: f32, high: f32| {
            let values = (0..shape.iter().product::<u64>()).map(|_| low + (high - low) * unit()).collect();
            tensors.insert(name, Tensor { shape, values });
        };
        for (block, channels) in [(0, 1), (1, 32), (2, 32)] {
            let bound = 1.0 / ((channels * 18) as f32).sqrt();
            add(format!("f{block}.conv.weight"), vec![32, channels, 2, 3, 3], -bound, bound);
            add(format!("f{block}.conv.bias"), vec![32], -bound, bound);
            for (part, low, high) in [
                ("weight", 0.8, 1.2),
                ("bias", -0.1, 0.1),
                ("running_mean", 0.0, 0.2),
                ("running_var", 0.8, 1.2),
            ] {
                add(format!("f{block}.bn.{part}"), vec![32], low, high);
            }
        }
        add("g.weight".into(), vec![32, 1, 1, 3, 3], -1.0 / 3.0, 1.0 / 3.0);
        add("g.bias".into(), vec![32], -1.0 / 3.0, 1.0 / 3.0);
        add("h.weight".into(), vec![1, 32, 1, 3, 3], -0.06, 0.06);
        add("h.bias".into(), vec![1], -0.06, 0.06);
        Self { tensors }
    }

    /// The TB CNN's case 1 with nothing learnt: all weights 0, so that what comes out is what went in.
    pub fn tb_cnn_of_zeros() -> Vec<u8> {
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<u64>| {
            let values = vec![0.0; shape.iter().product::<u64>() as usize];
            tensors.insert(name, Tensor { shape, values });
        };
        for group in 0..7 {
            for side in [3, 5] {
                add(
                    format!("group{group}.conv{side}.weight"),
                    vec![64, if group == 0 { 2 } else { 128 }, side, side],
                );
                add(format!("group{group}.conv{side}.bias"), vec![64]);
            }
        }
        add("out.weight".into(), vec![2, 128, 3, 3]);
        add("out.bias".into(), vec![2]);
        Self { tensors }.file(json!({ "model": "tb_cnn", "case": "brightness_temperature" }))
    }

    /// The tensor of this name.
    ///
    /// # Panics
    /// On a name that SMEN does not have.
    pub fn get(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }

    /// As a safetensors file.
    pub fn safetensors(&self) -> Vec<u8> {
        self.file(json!({ "model": "smen", "inputs": "spatiotemporal", "history": "4" }))
    }

    fn file(&self, metadata: Value) -> Vec<u8> {
        let mut head = Map::new();
        head.insert("__metadata__".into(), metadata);
        let mut data = Vec::new();
        for (name, tensor) in &self.tensors {
            let start = data.len();
            data.extend(tensor.values.iter().flat_map(|v| v.to_le_bytes()));
            head.insert(
                name.clone(),
                json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.len()] }),
            );
        }
        let mut head = Value::Object(head).to_string();
        while !head.len().is_multiple_of(8) {
            head.push(' ');
        }
        let mut file = (head.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(head.as_bytes());
        file.extend(data);
        file
    }
}
