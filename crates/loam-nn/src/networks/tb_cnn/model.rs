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

use super::schema::{GROUPS, schema};
use super::weights::{checked, metadata};
use crate::read_back;
use crate::{ModelError, WeightTensor, Weights};
pub use loam_core::network::TbCase;
/// Dilation of the 5 x 5 kernels.
const DILATION: usize = 2;
/// Weight of the L2 penalty. **Chosen**.
pub const PENALTY: f64 = 1e-6;

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
        conv2d(
            x,
            self.weight.val(),
            Some(self.bias.val()),
            ConvOptions::new([1, 1], [padding; 2], [dilation; 2], 1),
        )
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
    /// [`ModelError::UnfitTensors`] with every tensor that is missing, extra, of another shape, or not finite.
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<(Self, TbCase), ModelError> {
        let case = checked(weights)?;
        let conv = |name: &str| Conv2 {
            weight: Param::from_tensor(place::<4>(weights, &format!("{name}.weight"), device)),
            bias: Param::from_tensor(place::<1>(weights, &format!("{name}.bias"), device)),
        };
        let groups = (0..GROUPS)
            .map(|g| Group {
                conv3: conv(&format!("group{g}.conv3")),
                conv5: conv(&format!("group{g}.conv5")),
            })
            .collect();
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
    pub async fn to_weights(&self, provenance: BTreeMap<String, String>) -> Result<Weights, ModelError> {
        let case = self.case();
        let mut weights = Weights { tensors: BTreeMap::new(), metadata: provenance };
        weights.metadata.extend(metadata(case));
        let convs: Vec<&Conv2> =
            self.groups.iter().flat_map(|g| [&g.conv3, &g.conv5]).chain([&self.out]).collect();
        let mut schema = schema(case).into_iter();
        for conv in convs {
            let values = [
                read_back(conv.weight.val().without_autodiff()).await?,
                read_back(conv.bias.val().without_autodiff()).await?,
            ];
            for values in values {
                let Some((name, shape)) = schema.next() else { break };
                weights.tensors.insert(name, WeightTensor { shape, values });
            }
        }
        Ok(weights)
    }
}

fn place<const D: usize>(weights: &Weights, name: &str, device: &Device) -> Tensor<D> {
    // `checked` has seen every name, with its shape.
    let WeightTensor { shape, values } = weights.tensors.get(name).cloned().unwrap_or_default();
    Tensor::from_data(TensorData::new(values, shape), device)
}
