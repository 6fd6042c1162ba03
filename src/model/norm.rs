//! Batch normalisation with PyTorch's bookkeeping (`model.md`: eps 1e-5, momentum 0.1, unbiased running variance).
//!
//! Burn's own `BatchNorm` writes the biased batch variance into its running variance, and shares its running state between clones.
//! Here the batch statistics are a value that the caller hands back ([`Norm::absorb`]) after a step, so frozen norms are simply norms
//! whose statistics nobody absorbs.

use burn::module::{Module, Param};
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor};

/// Added to the variance under the root.
pub const EPSILON: f64 = 1e-5;
/// Share of the newest batch in the running statistics.
pub const MOMENTUM: f64 = 0.1;

/// Normalisation over every dimension but the channels: `(x - mean) / sqrt(var + eps) * weight + bias`.
#[derive(Module, Debug)]
pub struct Norm {
    /// Scale per channel, `[C]`.
    pub weight: Param<Tensor<1>>,
    /// Offset per channel, `[C]`.
    pub bias: Param<Tensor<1>>,
    /// Running mean, `[C]`; not trained by gradients.
    pub running_mean: Tensor<1>,
    /// Running unbiased variance, `[C]`; not trained by gradients.
    pub running_var: Tensor<1>,
}

/// Mean and unbiased variance of one batch, `[C]` each, detached.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    mean: Tensor<1>,
    variance: Tensor<1>,
}

impl Norm {
    /// From values of one length.
    pub fn new(weight: Tensor<1>, bias: Tensor<1>, running_mean: Tensor<1>, running_var: Tensor<1>) -> Self {
        Self { weight: Param::from_tensor(weight), bias: Param::from_tensor(bias), running_mean, running_var }
    }

    /// With the running statistics: inference, and training with frozen norms. `[B, C, D, H, W]` in and out.
    pub fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        // One multiplication and one addition per value instead of four operations over the whole image.
        let scale = self.weight.val() / (self.running_var.clone() + EPSILON).sqrt();
        let shift = self.bias.val() - self.running_mean.clone() * scale.clone();
        x * per_channel(scale) + per_channel(shift)
    }

    /// With the batch's own statistics, which come back too. `[B, C, D, H, W]` in and out.
    pub fn forward_train(&self, x: Tensor<5>) -> (Tensor<5>, BatchStatistics) {
        let [batch, _, depth, rows, columns] = x.dims();
        let samples = (batch * depth * rows * columns) as f64;
        let result = batch_norm_train(x, self.weight.val(), self.bias.val(), EPSILON);
        let unbiased = samples / (samples - 1.0).max(1.0);
        (result.output, BatchStatistics { mean: result.mean.detach(), variance: result.variance.detach() * unbiased })
    }

    /// Moves the running statistics towards a batch's.
    pub fn absorb(&mut self, batch: BatchStatistics) {
        self.running_mean = self.running_mean.clone() * (1.0 - MOMENTUM) + batch.mean * MOMENTUM;
        self.running_var = self.running_var.clone() * (1.0 - MOMENTUM) + batch.variance * MOMENTUM;
    }

    /// The device it lives on.
    pub fn device(&self) -> Device {
        self.weight.device()
    }
}

/// `[C]` as `[1, C, 1, 1, 1]`.
fn per_channel(x: Tensor<1>) -> Tensor<5> {
    let [channels] = x.dims();
    x.reshape([1, channels, 1, 1, 1])
}
