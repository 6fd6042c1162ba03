//! The brightness-temperature CNN of the poster (`model.md` section 2), the network before SMEN.
//!
//! ```text
//! x -> 7 groups, each: [ Conv 3 x 3, 64 kernels | dilated Conv 5 x 5, 64 kernels ] side by side, ReLU -> 128 channels
//!   -> Conv 3 x 3, one kernel for each output -> + x (residual connection)
//! ```
//!
//! | case | input | output | residual is added to |
//! |---|---|---|---|
//! | [`TbCase::BrightnessTemperature`] | TB V and H, 36 km laid on the fine grid, K | TB V and H at 9 km, K | both |
//! | [`TbCase::SoilMoisture`] | SMAP soil moisture, m3/m3, and land surface temperature, K | soil moisture, m3/m3 | soil moisture |
//!
//! What the poster leaves open and how it is read here:
//!
//! | open point | reading | why |
//! |---|---|---|
//! | dilation of the 5 x 5 kernels | 2 | `model.md` |
//! | padding | zeros, so that the size stays | the input is added to the output |
//! | scale of inputs | (TB - 250 K) / 25 K, (LST - 290 K) / 15 K, (soil moisture - 0.2) / 0.1, before the network; its output is scaled back | kelvins of 250 would saturate first weights drawn for numbers near 1 |
//! | weight of the L2 penalty | [`PENALTY`] times the sum of squares of all kernels, biases left out | the poster names a penalty on the kernels and no weight |
//!
//! 1,678,722 parameters in the first case, 1,677,569 in the second. Each output pixel sees 29 pixels to each side.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{shortened, unreadable};
use crate::read_back;
use crate::stored::Number;
use crate::weights::{CONVERTED_FROM, MODEL, SOURCE, contents, prefix_note, strip_prefix};
use crate::{Mismatch, ModelError, Random, WeightTensor, Weights};
pub use loam_core::network::TbCase;

/// Groups of layers.
pub const GROUPS: usize = 7;
/// Kernels of each of a group's two convolutions.
pub const KERNELS: usize = 64;
/// Dilation of the 5 x 5 kernels.
const DILATION: usize = 2;
/// Weight of the L2 penalty. **Chosen**.
pub const PENALTY: f64 = 1e-6;
/// Files beyond this are not of this network; a table of their mismatches would help nobody.
const MOST_TENSORS: usize = 1_000;
/// Value of the metadata key `model`.
pub(crate) const NAME: &str = "tb_cnn";

/// Names and shapes of all tensors, in the order of the forward pass.
#[must_use]
pub fn schema(case: TbCase) -> Vec<(String, Vec<usize>)> {
    let mut tensors = Vec::new();
    for group in 0..GROUPS {
        let channels = if group == 0 { 2 } else { 2 * KERNELS };
        for side in [3, 5] {
            tensors.push((format!("group{group}.conv{side}.weight"), vec![KERNELS, channels, side, side]));
            tensors.push((format!("group{group}.conv{side}.bias"), vec![KERNELS]));
        }
    }
    tensors.push(("out.weight".into(), vec![case.outputs(), 2 * KERNELS, 3, 3]));
    tensors.push(("out.bias".into(), vec![case.outputs()]));
    tensors
}

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

fn metadata(case: TbCase) -> BTreeMap<String, String> {
    [("model", NAME), ("case", case.name())].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// A convolution that keeps the size.
#[derive(Module, Debug)]
struct Conv2 {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

impl Conv2 {
    fn forward(&self, x: Tensor<4>, dilation: usize) -> Tensor<4> {
        let [_, _, side, _] = self.weight.dims();
        let padding = dilation * (side / 2);
        conv2d(x, self.weight.val(), Some(self.bias.val()), ConvOptions::new([1, 1], [padding; 2], [dilation; 2], 1))
    }

    fn squares(&self) -> Tensor<1> {
        let kernel = self.weight.val();
        (kernel.clone() * kernel).sum()
    }
}

/// The two convolutions of a group.
#[derive(Module, Debug)]
struct Group {
    conv3: Conv2,
    conv5: Conv2,
}

impl Group {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(Tensor::cat(vec![self.conv3.forward(x.clone(), 1), self.conv5.forward(x, DILATION)], 1))
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct TbCnn {
    groups: Vec<Group>,
    out: Conv2,
    #[module(skip)]
    outputs: usize,
}

impl TbCnn {
    /// The network with these weights on this device.
    ///
    /// # Errors
    /// [`ModelError::UnfitTbCnn`] with every tensor that is missing, extra, of another shape, or not finite.
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<(Self, TbCase), ModelError> {
        let case = checked(weights)?;
        let conv = |name: &str| Conv2 {
            weight: Param::from_tensor(place::<4>(weights, &format!("{name}.weight"), device)),
            bias: Param::from_tensor(place::<1>(weights, &format!("{name}.bias"), device)),
        };
        let groups =
            (0..GROUPS).map(|g| Group { conv3: conv(&format!("group{g}.conv3")), conv5: conv(&format!("group{g}.conv5")) }).collect();
        Ok((Self { groups, out: conv("out"), outputs: case.outputs() }, case))
    }

    /// Which case it is of.
    pub fn case(&self) -> TbCase {
        if self.outputs == 1 { TbCase::SoilMoisture } else { TbCase::BrightnessTemperature }
    }

    /// Scaled inputs `[B, 2, H, W]` to scaled outputs `[B, 2 or 1, H, W]` ([`TbCase::scales`]).
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let features = self.groups.iter().fold(x.clone(), |features, group| group.forward(features));
        self.last(features, x)
    }

    /// One group alone, for a prediction in strips: features `[B, 2 or 128, H, W]` to `[B, 128, H, W]`.
    pub(crate) fn group(&self, group: usize, features: Tensor<4>) -> Tensor<4> {
        match self.groups.get(group) {
            Some(group) => group.forward(features),
            None => features,
        }
    }

    /// What comes behind the groups: the last convolution, and the input added.
    pub(crate) fn last(&self, features: Tensor<4>, x: Tensor<4>) -> Tensor<4> {
        self.out.forward(features, 1) + x.narrow(1, 0, self.outputs)
    }

    /// Sum of the squares of all kernels: what the L2 penalty weighs.
    pub fn squares(&self) -> Tensor<1> {
        let all = self.groups.iter().flat_map(|g| [g.conv3.squares(), g.conv5.squares()]);
        all.fold(self.out.squares(), |sum, squares| sum + squares)
    }

    /// Mean absolute error over the mask (1 or 0), plus the penalty. `estimate`, `target` and `mask` are `[B, C, H, W]`, scaled; the mask
    /// has at least one 1.
    pub fn loss(&self, estimate: Tensor<4>, target: Tensor<4>, mask: Tensor<4>) -> Tensor<1> {
        self.absolute_error(estimate, target, mask) + self.squares() * PENALTY
    }

    /// Mean absolute error over the mask.
    pub fn absolute_error(&self, estimate: Tensor<4>, target: Tensor<4>, mask: Tensor<4>) -> Tensor<1> {
        ((estimate - target).abs() * mask.clone()).sum() / mask.sum()
    }

    /// The weights as they are now, with the metadata given beside `model` and `case`.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn to_weights(&self, facts: BTreeMap<String, String>) -> Result<Weights, ModelError> {
        let case = self.case();
        let mut weights = Weights { tensors: BTreeMap::new(), metadata: facts };
        weights.metadata.extend(metadata(case));
        let convs: Vec<&Conv2> = self.groups.iter().flat_map(|g| [&g.conv3, &g.conv5]).chain([&self.out]).collect();
        let mut schema = schema(case).into_iter();
        for conv in convs {
            let values = [read_back(conv.weight.val().without_autodiff()).await?, read_back(conv.bias.val().without_autodiff()).await?];
            for values in values {
                let Some((name, shape)) = schema.next() else { break };
                weights.tensors.insert(name, WeightTensor { shape, values });
            }
        }
        Ok(weights)
    }
}

/// Holds a weights file against the network; its case.
pub(crate) fn checked(weights: &Weights) -> Result<TbCase, ModelError> {
    let case = case_of(weights);
    let schema = schema(case);
    let mut rows: Vec<Mismatch> = Vec::new();
    let mut row = |name: &str, expected: String, found: String| rows.push(Mismatch { name: name.into(), expected, found });
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
            Some(t) if t.values.iter().any(|v| !v.is_finite()) => row(name, "finite".into(), "NaN or infinite".into()),
            Some(_) => {}
        }
    }
    for (name, tensor) in weights.tensors.iter().filter(|(name, _)| schema.iter().all(|(known, _)| known != *name)) {
        row(&shortened(name), "-".into(), format!("{:?}", tensor.shape));
    }
    if rows.is_empty() { Ok(case) } else { Err(ModelError::UnfitTbCnn { rows }) }
}

/// Which case they are of: one output is soil moisture, two are TB; where that is missing, the file's own word.
pub(crate) fn case_of(weights: &Weights) -> TbCase {
    let said = || TbCase::ALL.into_iter().find(|case| weights.metadata.get("case").is_some_and(|name| name == case.name()));
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

/// Reads weights of the TB CNN from a safetensors file or a PyTorch state dict and holds them against the network. Float16, bfloat16 and
/// float64 become float32 (metadata `converted_from`); a prefix that all names share, such as `module.`, is left out (metadata `source`).
///
/// # Errors
/// [`ModelError::UnreadableWeights`], [`ModelError::PickledObject`], [`ModelError::UnfitTbCnn`] with a table of every mismatch.
pub fn read(bytes: &[u8]) -> Result<(Weights, TbCase), ModelError> {
    let mut contents = contents(bytes)?;
    if contents.tensors.len() > MOST_TENSORS {
        return Err(unreadable(format!("it has {} tensors, where the TB CNN has {}", contents.tensors.len(), 4 * GROUPS + 2)));
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
        let known = schema.iter().any(|(wanted, shape)| *wanted == name && shape.as_slice() == stored.shape());
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

fn place<const D: usize>(weights: &Weights, name: &str, device: &Device) -> Tensor<D> {
    // `checked` has seen every name, with its shape.
    let WeightTensor { shape, values } = weights.tensors.get(name).cloned().unwrap_or_default();
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_the_parameters_of_the_poster() {
        let count = |case: TbCase| schema(case).iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>();
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
            prefixed.tensors = weights.tensors.clone().into_iter().map(|(name, tensor)| (format!("module.{name}"), tensor)).collect();
            let bytes = prefixed.to_bytes();
            assert!(is_tb_cnn(&bytes));
            let (found, of) = read(&bytes).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((&found.tensors, of), (&weights.tensors, case));
            assert!(found.metadata[SOURCE].contains("prefix module. left out"), "{:?}", found.metadata);
            assert_eq!(Weights::of_any_network(&bytes).unwrap_or_else(|e| panic!("{e}")), found);
            // A layer alone is no prefix.
            prefixed.tensors.retain(|name, _| name.contains("group0."));
            let Err(ModelError::UnfitTbCnn { rows }) = read(&prefixed.to_bytes()) else { panic!("accepted") };
            assert!(rows.iter().all(|row| row.found == "-") && rows.iter().any(|row| row.name == "group1.conv3.weight"), "{rows:?}");
        }
    }
}
