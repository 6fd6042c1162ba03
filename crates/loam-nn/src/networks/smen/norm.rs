//! Batch normalisation with PyTorch's bookkeeping (`model.md`: eps 1e-5, momentum 0.1, unbiased running variance).
//!
//! Burn's own `BatchNorm` writes the biased batch variance into its running variance, and shares its running state between clones.
//! Here the batch statistics are a value that the caller hands back ([`Norm::absorb`]) after a step, so frozen norms are simply norms
//! whose statistics nobody absorbs.

use burn::module::{Module, Param};
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

/// Mean and biased variance of one batch, `[C]` each, detached, and what makes the variance unbiased.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    mean: Tensor<1>,
    variance: Tensor<1>,
    unbiased: f64,
}

impl BatchStatistics {
    /// From mean and biased variance over `samples` values per channel.
    pub fn of_biased(mean: Tensor<1>, variance: Tensor<1>, samples: usize) -> Self {
        let unbiased = samples as f64 / (samples as f64 - 1.0).max(1.0);
        Self { mean: mean.detach(), variance: variance.detach(), unbiased }
    }
}

impl Norm {
    /// From values of one length.
    pub fn new(weight: Tensor<1>, bias: Tensor<1>, running_mean: Tensor<1>, running_var: Tensor<1>) -> Self {
        Self { weight: Param::from_tensor(weight), bias: Param::from_tensor(bias), running_mean, running_var }
    }

    /// The norm with its running statistics as `x * scale + shift`, `[C]` each: inference, and training with frozen norms.
    pub fn scale_and_shift(&self) -> (Tensor<1>, Tensor<1>) {
        #[cfg(feature = "gpu")]
        if !self.weight.is_require_grad() && !self.bias.is_require_grad() {
            let plain = [&self.weight.val(), &self.bias.val(), &self.running_mean, &self.running_var]
                .map(|one| one.clone().without_autodiff());
            if let Some(both) = loam_kernels::gpu::frozen_norm(plain.each_ref(), EPSILON) {
                let [scale, shift] =
                    both.map(|new| if self.device().is_autodiff() { Tensor::from_inner(new) } else { new });
                return (scale, shift);
            }
        }
        let scale = self.weight.val() / (self.running_var.clone() + EPSILON).sqrt();
        let shift = self.bias.val() - self.running_mean.clone() * scale.clone();
        (scale, shift)
    }

    /// Moves the running statistics towards a batch's.
    pub fn absorb(&mut self, batch: BatchStatistics) {
        self.running_mean = self.running_mean.clone() * (1.0 - MOMENTUM) + batch.mean * MOMENTUM;
        self.running_var =
            self.running_var.clone() * (1.0 - MOMENTUM) + batch.variance * batch.unbiased * MOMENTUM;
    }

    /// The device it lives on.
    pub fn device(&self) -> Device {
        self.weight.device()
    }
}

/// [`Norm::absorb`] for several norms at once, in one dispatch; false off the GPU, where nothing was done.
#[cfg(feature = "gpu")]
pub(crate) fn absorb_on_gpu(norms: &mut [&mut Norm], batches: &[BatchStatistics]) -> bool {
    let plain = |tensor: &Tensor<1>| tensor.clone().without_autodiff();
    let statistics: Vec<_> = norms
        .iter()
        .zip(batches)
        .map(|(norm, batch)| loam_kernels::gpu::Statistics {
            running: [plain(&norm.running_mean), plain(&norm.running_var)],
            batch: [plain(&batch.mean), plain(&batch.variance)],
            unbiased: batch.unbiased,
        })
        .collect();
    let Some(moved) = loam_kernels::gpu::absorb(&statistics, MOMENTUM) else { return false };
    for (norm, [mean, variance]) in norms.iter_mut().zip(moved) {
        let same_graph = |new: Tensor<1>, old: &Tensor<1>| {
            if old.device().is_autodiff() { Tensor::from_inner(new) } else { new }
        };
        (norm.running_mean, norm.running_var) =
            (same_graph(mean, &norm.running_mean), same_graph(variance, &norm.running_var));
    }
    true
}
