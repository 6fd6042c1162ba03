//! The loss of the paper: masked unbiased RMSE (`model.md`, "Loss and training").
//!
//! ```text
//! L = sqrt( E[ ( (J^ - E[J^]) - (J - E[J]) )^2 ] )      E over the masked pixels of one image; the batch loss is the mean over images
//! ```
//!
//! The loss does not see a constant offset, so bias is always reported beside it.

use burn::tensor::Tensor;

/// Below this mean square (a uRMSE of 1e-6 m3/m3, far under any sensor's resolution) an image counts as met exactly: loss 0, gradient 0.
/// The root's own gradient there is infinite and would turn into NaN.
const NOTHING_LEFT: f64 = 1e-12;

/// Masked uRMSE of a batch, m3/m3, as a tensor of one value.
///
/// `estimate`, `target` and `mask` are `[B, 1, 1, H, W]`; the mask is 1 where the target was observed and 0 elsewhere, where the target
/// may be anything finite. Every image must have at least one masked pixel ([`crate::Trainer`] sees to both).
pub fn urmse_loss(estimate: Tensor<5>, target: Tensor<5>, mask: Tensor<5>) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if loam_kernels::gpu::takes(&estimate) {
        return loam_kernels::gpu::urmse(estimate, target, mask, NOTHING_LEFT);
    }
    let [batch, _, depth, rows, columns] = estimate.dims();
    let per_image = [batch, depth * rows * columns];
    let mask = mask.reshape(per_image);
    let pixels = mask.clone().sum_dim(1);
    let difference = (estimate - target).reshape(per_image) * mask.clone();
    let mean = difference.clone().sum_dim(1) / pixels.clone();
    let unbiased = (difference - mean) * mask;
    let mean_square = (unbiased.clone() * unbiased).sum_dim(1) / pixels;
    let met = mean_square.clone().lower_elem(NOTHING_LEFT);
    mean_square.mask_fill(met.clone(), 1.0).sqrt().mask_fill(met, 0.0).mean()
}
