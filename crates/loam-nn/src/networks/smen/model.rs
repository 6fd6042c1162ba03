//! SMEN, the Soil Moisture Enhancement Network (`model.md` section 1): SMAP's soil moisture from 36 km to 3 km.
//!
//! ```text
//! estimate(t) = h( g(I(t)) + f(D(t)) )          D = J - Z, the residuals (3 km minus 36 km) of k earlier dates, oldest first
//!
//! f: three blocks, each Conv3d(32 kernels of 2 x 3 x 3) -> ReLU -> BatchNorm
//! g: Conv3d(32 kernels of 1 x 3 x 3)
//! h: Conv3d(one kernel of 1 x 3 x 3)
//! ```
//!
//! What the paper leaves open and how it is read here:
//!
//! | open point | reading | why |
//! |---|---|---|
//! | k | 4 | three kernels of depth 2 without temporal padding take depth 4 -> 3 -> 2 -> 1, the depth of g's output |
//! | which k dates | the latest k before t with a SMAP image and a 3 km map over enough of the region | revisit is irregular; [`loam_core::stack`] picks them |
//! | spatial padding | zeros, 1 pixel | input and output are both 100 x 100 |
//! | order in a block | convolution, ReLU, norm | as the paper writes it: the norm is last |
//! | activation of g and h | none | none is named |
//! | residual where J or Z is missing | 0 | no residual is known there |
//! | I where SMAP is missing | nearest valid cell, output masked there | a convolution cannot skip pixels |
//! | units | m3/m3, unscaled | the paper reports no normalisation |
//! | BatchNorm | eps 1e-5, momentum 0.1, unbiased running variance | PyTorch's, see [`Norm`] |
//! | bias | every convolution has one | PyTorch's default |
//!
//! 38,337 parameters and 192 running statistics. Each output pixel sees 4 pixels to each side (three blocks and h).
//!
//! Convolutions and blocks are operations of [`loam_kernels`].

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::norm::EPSILON;
use super::schema::schema;
use crate::{BatchStatistics, ModelError, Norm, WeightTensor, Weights};
use loam_core::network::{Inputs, Network};
use loam_kernels as kernels;
/// Fewest columns and rows.
pub const SMALLEST_SIDE: usize = 9;

/// A 3D convolution with zero padding of 1 pixel in space and none in time, and a bias.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[out, in, depth, 3, 3]`.
    pub weight: Param<Tensor<5>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

impl Conv {
    /// `[B, in, D, H, W]` to `[B, out, D - depth + 1, H, W]`.
    pub fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        kernels::convolution(x, self.weight.val(), self.bias.val())
    }
}

/// Convolution, ReLU, norm.
#[derive(Module, Debug)]
pub struct Block {
    /// The convolution.
    pub conv: Conv,
    /// The norm.
    pub bn: Norm,
}

impl Block {
    /// With the norm's running statistics: inference, and training with frozen norms.
    pub fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let (scale, shift) = self.bn.scale_and_shift();
        kernels::block(x, self.conv.weight.val(), self.conv.bias.val(), scale, shift)
    }

    /// With the batch's own statistics, which come back too.
    pub fn forward_train(&self, x: Tensor<5>) -> (Tensor<5>, BatchStatistics) {
        let (gamma, beta) = (self.bn.weight.val(), self.bn.bias.val());
        let (y, mean, variance) =
            kernels::block_of_batch(x, self.conv.weight.val(), self.conv.bias.val(), gamma, beta, EPSILON);
        let [batch, _, depth, rows, columns] = y.dims();
        (y, BatchStatistics::of_biased(mean, variance, batch * depth * rows * columns))
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Smen {
    /// The three blocks over the residuals; empty where only the spatial input is used.
    pub f: Vec<Block>,
    /// The convolution over today's 36 km image; none where only the residuals are used.
    pub g: Option<Conv>,
    /// The fusing convolution.
    pub h: Conv,
    #[module(skip)]
    inputs: Inputs,
}

impl Smen {
    /// Its row in the registry.
    pub const NETWORK: Network = Network::Smen;

    /// The network with these weights on this device. On a `device.autodiff()` every parameter asks for its gradient.
    ///
    /// # Errors
    /// [`ModelError::UnfitWeights`].
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
        weights.check()?;
        let inputs = weights.inputs();
        let conv = |name: &str| Conv {
            weight: Param::from_tensor(place::<5>(weights, &format!("{name}.weight"), device)),
            bias: Param::from_tensor(place::<1>(weights, &format!("{name}.bias"), device)),
        };
        let block = |index: usize| {
            let part = |part: &str| place::<1>(weights, &format!("f{index}.bn.{part}"), device);
            Block {
                conv: conv(&format!("f{index}.conv")),
                bn: Norm::new(part("weight"), part("bias"), part("running_mean"), part("running_var")),
            }
        };
        Ok(Self {
            f: if inputs.uses_history() { (0..3).map(block).collect() } else { Vec::new() },
            g: inputs.uses_coarse().then(|| conv("g")),
            h: conv("h"),
            inputs,
        })
    }

    /// Which inputs it uses.
    pub fn inputs(&self) -> Inputs {
        self.inputs
    }

    /// The device it lives on.
    pub fn device(&self) -> Device {
        self.h.weight.device()
    }

    /// The estimate, with the norms' running statistics (inference; on an autodiff device: training with frozen norms).
    ///
    /// `i` is `[B, 1, 1, H, W]`, `d` is `[B, 1, 4, H, W]` oldest first, both in m3/m3; the result is `[B, 1, 1, H, W]` in m3/m3.
    pub fn forward(&self, i: Tensor<5>, d: Tensor<5>) -> Tensor<5> {
        let features = self.f.iter().fold(d, |x, block| block.forward(x));
        self.fuse(i, features)
    }

    /// The estimate with the norms' batch statistics, which come back for [`Smen::absorb`]. Shapes as in [`Smen::forward`].
    pub fn forward_train(&self, i: Tensor<5>, d: Tensor<5>) -> (Tensor<5>, Vec<BatchStatistics>) {
        let mut statistics = Vec::with_capacity(self.f.len());
        let mut features = d;
        for block in &self.f {
            let (normed, batch) = block.forward_train(features);
            statistics.push(batch);
            features = normed;
        }
        (self.fuse(i, features), statistics)
    }

    /// Moves the running statistics of the norms towards those of a batch.
    pub fn absorb(&mut self, statistics: Vec<BatchStatistics>) {
        #[cfg(feature = "gpu")]
        if super::norm::absorb_on_gpu(
            &mut self.f.iter_mut().map(|block| &mut block.bn).collect::<Vec<_>>(),
            &statistics,
        ) {
            return;
        }
        for (block, batch) in self.f.iter_mut().zip(statistics) {
            block.bn.absorb(batch);
        }
    }

    /// `h(g(i) + features)`, or what of it the inputs allow.
    fn fuse(&self, i: Tensor<5>, features: Tensor<5>) -> Tensor<5> {
        let tensors = |conv: &Conv| (conv.weight.val(), conv.bias.val());
        match (&self.g, self.inputs.uses_history()) {
            (Some(g), true) => kernels::fusion(i, features, tensors(g), tensors(&self.h)),
            (Some(g), false) => self.h.forward(g.forward(i)),
            (None, _) => self.h.forward(features),
        }
    }

    /// Every tensor under its PyTorch name, flat, in the order of [`schema`].
    fn flat(&self) -> Vec<(String, Tensor<1>)> {
        fn conv(flat: &mut Vec<(String, Tensor<1>)>, name: &str, conv: &Conv) {
            flat.push((format!("{name}.weight"), conv.weight.val().flatten(0, 4)));
            flat.push((format!("{name}.bias"), conv.bias.val()));
        }
        let mut flat = Vec::new();
        for (index, block) in self.f.iter().enumerate() {
            conv(&mut flat, &format!("f{index}.conv"), &block.conv);
            flat.push((format!("f{index}.bn.weight"), block.bn.weight.val()));
            flat.push((format!("f{index}.bn.bias"), block.bn.bias.val()));
            flat.push((format!("f{index}.bn.running_mean"), block.bn.running_mean.clone()));
            flat.push((format!("f{index}.bn.running_var"), block.bn.running_var.clone()));
        }
        if let Some(g) = &self.g {
            conv(&mut flat, "g", g);
        }
        conv(&mut flat, "h", &self.h);
        flat
    }

    /// The weights as they are now, read back tensor by tensor (asynchronous reads only: burn's records panic on wasm).
    /// Metadata: `model`, `inputs`, `history`; the caller adds what it knows.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn to_weights(&self) -> Result<Weights, ModelError> {
        let mut weights = Weights::empty(self.inputs);
        for ((name, tensor), (_, shape, _)) in self.flat().into_iter().zip(schema(self.inputs)) {
            let values = read_back(tensor.without_autodiff()).await?;
            weights.tensors.insert(name, WeightTensor { shape, values });
        }
        Ok(weights)
    }
}

/// A checked tensor of the weights on a device.
fn place<const D: usize>(weights: &Weights, name: &str, device: &Device) -> Tensor<D> {
    // `check` has seen every name of the schema, with its shape: an absent tensor cannot come this far.
    let WeightTensor { shape, values } = weights.tensors.get(name).cloned().unwrap_or_default();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Values of a tensor, row-major.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|error| ModelError::Readback { reason: format!("{error:?}") })?;
    data.try_into_vec::<f32>().map_err(|error| ModelError::Readback { reason: format!("{error:?}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_the_parameters_of_the_paper() {
        let count = |inputs: Inputs, trained: bool| -> usize {
            schema(inputs)
                .iter()
                .filter(|tensor| tensor.2 == trained)
                .map(|(_, shape, _)| shape.iter().product::<usize>())
                .sum()
        };
        assert_eq!(count(Inputs::Spatiotemporal, true), 38_337);
        assert_eq!(count(Inputs::Spatiotemporal, false), 192);
        assert_eq!(count(Inputs::Spatial, true), 320 + 289);
        assert_eq!(count(Inputs::Temporal, true), 38_337 - 320);
    }
}
