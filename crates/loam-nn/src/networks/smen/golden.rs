//! The golden tile: an input, weights and the answer PyTorch gives, to check a device against.
//!
//! The weights are drawn from [`Random`] with a fixed seed, running statistics included, so the shipped file holds only the tile.
//! `tests/reference/make_goldens.py` draws the same ones and writes `golden_tile.safetensors`.

use safetensors::SafeTensors;

use crate::{ModelError, Planes, Random, WeightTensor, Weights, smen};
use loam_core::network::Inputs;

/// Seed of the golden weights.
const SEED: u64 = 20_161_105;
/// Made by `tests/reference/make_goldens.py`.
static TILE: &[u8] = include_bytes!("golden_tile.safetensors");

/// Weights with every tensor drawn, norms and running statistics too: a network whose every part shows in the output.
pub fn golden_weights(inputs: Inputs) -> Weights {
    let mut weights = Weights::init(inputs, SEED);
    let mut random = Random::new(SEED + 1);
    for (name, shape, _) in smen::schema(inputs) {
        let Some(tensor) = weights.tensors.get_mut(&name) else { continue };
        let draw: Option<fn(&mut Random) -> f32> = match name.split_once(".bn.") {
            Some((_, "weight" | "running_var")) => Some(|random| 0.5 + random.unit()),
            Some((_, "bias")) => Some(|random| random.symmetric(0.25)),
            Some((_, "running_mean")) => Some(|random| 0.25 * random.unit()),
            _ => None,
        };
        if let Some(draw) = draw {
            let length = shape.iter().product();
            *tensor = WeightTensor { shape, values: (0..length).map(|_| draw(&mut random)).collect() };
        }
    }
    weights
}

/// An input and PyTorch's answer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenTile {
    /// The input, 24 x 24.
    pub planes: Planes,
    /// The answer, m3/m3, row-major.
    pub expected: Vec<f32>,
}

impl GoldenTile {
    /// The shipped one.
    ///
    /// # Errors
    /// [`ModelError::UnreadableWeights`] where the program was built with a broken file.
    pub fn shipped() -> Result<Self, ModelError> {
        let unreadable =
            |reason: String| ModelError::UnreadableWeights { reason: format!("golden tile: {reason}") };
        let file = SafeTensors::deserialize(TILE).map_err(|error| unreadable(error.to_string()))?;
        let read = |name: &str| {
            let view = file.tensor(name).map_err(|error| unreadable(error.to_string()))?;
            let values: Vec<f32> =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            Ok::<_, ModelError>((view.shape().to_vec(), values))
        };
        let (shape, i) = read("i")?;
        let &[_, _, _, rows, columns] = shape.as_slice() else {
            return Err(unreadable(format!("shape {shape:?}")));
        };
        Ok(Self {
            planes: Planes { columns, rows, coarse_input: i, residuals: read("d")?.1 },
            expected: read("expected")?.1,
        })
    }
}
