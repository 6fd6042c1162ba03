//! RCN, the regression-correcting network (best-map.md, section 2): it starts as the pixel regression and learns what that misses.
//!
//! ```text
//! 26 planes -> conv 3x3, 32, SiLU -> 7 blocks h + SiLU(conv 3x3, dilated 1 2 4 8 4 2 1) -> conv 3x3 -> correction x 0.1, log variance
//! estimate = regression + correction          variance of the error = exp(log variance) / 1000, (m3/m3)^2
//! ```
//!
//! The last convolution starts at zero: before the first step the network is the regression. No norms. 72,834 parameters. Zeros lie beyond
//! the region's edge, as in every image it learnt from. An output sees 24 cells to each side.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use loam_core::network::Network;
use loam_kernels::{dilated_block, dilated_convolution};

use super::schema::{DILATIONS, MEAN, SPREAD, trained};
use super::weights::checked;
use crate::{ModelError, WeightTensor, Weights, read_back};

/// The correction is this times the network's first output, m3/m3.
pub(super) const CORRECTION: f32 = 0.1;
/// The variance is exp(second output) over this, (m3/m3)^2: about that of the regression's errors at the start.
pub(super) const VARIANCE: f32 = 1000.0;

/// Weights of a convolution of 3 x 3.
#[derive(Module, Debug)]
struct Convolution {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

impl Convolution {
    fn block(&self, x: Tensor<4>, dilation: usize, residual: bool) -> Tensor<4> {
        dilated_block(x, self.weight.val(), self.bias.val(), dilation, residual)
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Rcn {
    first: Convolution,
    blocks: Vec<Convolution>,
    last: Convolution,
    #[module(skip)]
    mean: Vec<f32>,
    #[module(skip)]
    spread: Vec<f32>,
}

impl Rcn {
    /// Its row in the registry.
    pub const NETWORK: Network = Network::Rcn;

    /// The network with these weights on this device.
    ///
    /// # Errors
    /// [`ModelError::UnfitTensors`] with every tensor that is missing, extra, of another shape, or not finite.
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<Self, ModelError> {
        checked(weights)?;
        let convolution = |name: &str| Convolution {
            weight: Param::from_tensor(place::<4>(weights, &format!("{name}.weight"), device)),
            bias: Param::from_tensor(place::<1>(weights, &format!("{name}.bias"), device)),
        };
        let constants = |name: &str| weights.tensors.get(name).map(|t| t.values.clone()).unwrap_or_default();
        Ok(Self {
            first: convolution("first"),
            blocks: (0..DILATIONS.len()).map(|block| convolution(&format!("block{block}"))).collect(),
            last: convolution("last"),
            mean: constants(MEAN),
            spread: constants(SPREAD),
        })
    }

    /// Means and spreads that its input planes are standardised by.
    #[must_use]
    pub fn constants(&self) -> (&[f32], &[f32]) {
        (&self.mean, &self.spread)
    }

    /// Standardised planes `[B, 25, H, W]` to `[B, 2, H, W]`: correction over 0.1, logarithm of the variance times 1000.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let first = self.first.block(x, 1, false);
        let h = self.blocks.iter().zip(DILATIONS).fold(first, |h, (block, d)| block.block(h, d, true));
        dilated_convolution(h, self.last.weight.val(), self.last.bias.val(), 1)
    }

    /// The map and one standard deviation of its error, m3/m3, from the two output planes.
    #[must_use]
    pub fn map(base: &[f32], outputs: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (corrections, variances) = outputs.split_at(base.len());
        // The loss is blind to the mean: it stays the regression's.
        let mean =
            (corrections.iter().map(|out| f64::from(*out)).sum::<f64>() / base.len().max(1) as f64) as f32;
        let estimate =
            base.iter().zip(corrections).map(|(base, out)| base + CORRECTION * (out - mean)).collect();
        // In float64: rounded from it, exp is the same in a browser and natively.
        let sigma = |out: &f32| (f64::from(*out).exp() / f64::from(VARIANCE)).sqrt() as f32;
        (estimate, variances.iter().map(sigma).collect())
    }

    /// The estimate `[B, 1, H, W]` and the logarithm of the variance of its error times 1000.
    pub fn corrected(&self, x: Tensor<4>, base: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let outputs = self.forward(x);
        (base + outputs.clone().narrow(1, 0, 1) * CORRECTION, outputs.narrow(1, 1, 1))
    }

    /// The weights as they are now, with the metadata given beside `model`.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn to_weights(&self, provenance: BTreeMap<String, String>) -> Result<Weights, ModelError> {
        let mut weights = Weights { tensors: BTreeMap::new(), metadata: provenance };
        weights.metadata.extend(super::weights::metadata());
        let all = std::iter::once(&self.first).chain(&self.blocks).chain([&self.last]);
        let mut names = trained().into_iter();
        for convolution in all {
            for values in [
                read_back(convolution.weight.val().without_autodiff()).await?,
                read_back(convolution.bias.val().without_autodiff()).await?,
            ] {
                let Some((name, shape)) = names.next() else { break };
                weights.tensors.insert(name, WeightTensor { shape, values });
            }
        }
        for (name, values) in [(MEAN, &self.mean), (SPREAD, &self.spread)] {
            let tensor = WeightTensor { shape: vec![values.len()], values: values.clone() };
            weights.tensors.insert(name.to_owned(), tensor);
        }
        Ok(weights)
    }
}

/// Mean over the images of the masked uRMSE, m3/m3, plus a small share of the variance's negative log-likelihood, which sees the error as a
/// constant (Seitzer et al. 2022): the map is not bent for it. All `[B, 1, H, W]`.
pub fn loss(estimate: Tensor<4>, log_variance: Tensor<4>, target: Tensor<4>, mask: Tensor<4>) -> Tensor<1> {
    let [batch, _, rows, columns] = estimate.dims();
    let flat = [batch, rows * columns];
    let mask = mask.reshape(flat);
    let pixels = mask.clone().sum_dim(1);
    let difference = (estimate - target).reshape(flat) * mask.clone();
    let mean = difference.clone().sum_dim(1) / pixels.clone();
    let error = (difference - mean) * mask.clone();
    let squares = error.clone() * error;
    let urmse = (squares.clone().sum_dim(1) / pixels.clone()).sqrt();
    let log_variance = log_variance.reshape(flat);
    let likelihood = (squares.detach() * log_variance.clone().neg().exp() * VARIANCE + log_variance) * mask;
    (urmse + likelihood.sum_dim(1) / pixels * LIKELIHOOD).mean()
}

/// Weight of the likelihood in the loss, m3/m3.
const LIKELIHOOD: f32 = 0.002;

/// Masked uRMSE alone, mean over the images.
pub fn urmse(estimate: Tensor<4>, target: Tensor<4>, mask: Tensor<4>) -> Tensor<1> {
    let five = |tensor: Tensor<4>| -> Tensor<5> { tensor.unsqueeze_dim(2) };
    crate::urmse_loss(five(estimate), five(target), five(mask))
}

fn place<const D: usize>(weights: &Weights, name: &str, device: &Device) -> Tensor<D> {
    // `checked` has seen every name, with its shape.
    let WeightTensor { shape, values } = weights.tensors.get(name).cloned().unwrap_or_default();
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_has_the_parameters_of_the_document() {
        let count: usize = super::trained().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
        assert_eq!(count, 72_834);
    }
}
