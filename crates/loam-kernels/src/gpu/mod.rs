//! The operations on burn's CubeCL backend: WebGPU in the browser, Vulkan, Metal and DirectX natively.
//!
//! | file | kernels |
//! |---|---|
//! | `pack` | weights in the order the others read them |
//! | `convolve` | the convolution with everything that follows it; with flipped weights, the gradient of its input |
//! | `weights` | the gradient of weights and bias |
//! | `norm` | the norm of a batch, and the backward pass through norm and ReLU |
//! | `layout` | rearranged images for dilated convolutions, and back with SiLU |
//! | `training` | the loss, Adam, running statistics |
//! | `convolve_tile`, `weights_tile`, `norm_tile`, `loss_tile` | the tiled variant: the same with workgroup memory, where that is faster |
//! | `total` | the sum over a workgroup |
//! | `launch` | kernels on burn's tensors |
//! | `variant` | which kernels run, or burn's own operations in their place |
//! | `choice` | which kernel variant is faster on a device, measured |
//! | `autodiff`, `dilated`, `fusion`, `loss` | the nodes of burn's graph |
//! | `adam` | Adam over all parameters at once |

mod adam;
mod autodiff;
mod choice;
mod convolve;
mod convolve_tile;
mod dilated;
mod fusion;
mod launch;
mod layout;
mod loss;
mod loss_tile;
mod norm;
mod norm_tile;
mod pack;
mod total;
mod training;
mod variant;
mod weights;
mod weights_tile;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Cube, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{DType, Tensor};

use super::{KernelOps, plain};
use launch::{Channels, contiguous, convolve, normalise, pack, section, sizes};

pub use choice::{VARIANTS, block_times, faster, variant_in_use};
pub use launch::{CubeTensor, Finish, Partial};
pub use variant::{
    Convolve, Kernels, REGISTER_KERNELS, Reduction, TILED_KERNELS, Variant, WeightGradient, kernels_run,
    use_variant,
};

/// True for a tensor on the GPU, whose kernels run.
pub fn takes<const D: usize>(tensor: &Tensor<D>) -> bool {
    let primitive = tensor.clone().without_autodiff().try_into_primitive::<Cube>();
    kernels_run() && primitive.is_ok_and(|tensor| tensor.dtype() == DType::F32)
}

/// The largest buffer that the device of this tensor binds, bytes; none off the GPU.
pub fn largest_buffer(on: &Tensor<1>) -> Option<u64> {
    on.clone()
        .without_autodiff()
        .try_into_primitive::<Cube>()
        .ok()
        .map(|tensor| tensor.client.properties().memory.max_page_size)
}

/// Operations that only the GPU has as its own; elsewhere they are burn's.
#[backend_extension(Cube, Autodiff)]
pub trait GpuOps: Backend {
    /// `h(g(i) + features)`: see [`fusion::fusion`].
    fn gpu_fusion(
        i: FloatTensor<Self>,
        features: FloatTensor<Self>,
        g_weight: FloatTensor<Self>,
        g_bias: FloatTensor<Self>,
        h_weight: FloatTensor<Self>,
        h_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The masked uRMSE of a batch, `[1]`.
    fn gpu_urmse(
        estimate: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        nothing_left: f64,
    ) -> FloatTensor<Self>;
}

/// Masked uRMSE of a batch on the GPU, `[1]`: see [`loam_nn::urmse_loss`]. Images are `[B, 1, 1, H, W]`, in one size.
pub fn urmse(estimate: Tensor<5>, target: Tensor<5>, mask: Tensor<5>, nothing_left: f64) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::gpu_urmse(
        estimate.into_dispatch(),
        target.into_dispatch(),
        mask.into_dispatch(),
        nothing_left,
    ))
}

pub use adam::{Flat, Part, Rates, Statistics, absorb, frozen_norm};
pub use fusion::fusion;

impl KernelOps for Cube {
    fn kernels_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias]).filter(|_| kernels_run()) else {
            return plain::convolution::<Self>(x, weight, bias);
        };
        let [x, weight, bias] = [x, weight, bias].map(contiguous);
        let packed = pack(&sizes, &weight, Some(&bias), None, false, false);
        convolve(&sizes, &x, &packed.weights, Some(packed.finish()), None, false).0
    }

    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &scale, &shift]).filter(|_| kernels_run()) else {
            return plain::block::<Self>(x, weight, bias, scale, shift);
        };
        let [x, weight, bias, scale, shift] = [x, weight, bias, scale, shift].map(contiguous);
        let packed = pack(&sizes, &weight, Some(&bias), Some((&scale, &shift)), true, false);
        convolve(&sizes, &x, &packed.weights, Some(packed.finish()), None, false).0
    }

    fn kernels_block_of_batch(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &gamma, &beta]).filter(|_| kernels_run()) else {
            return plain::block_of_batch::<Self>(x, weight, bias, gamma, beta, epsilon);
        };
        let [x, weight, bias, gamma, beta] = [x, weight, bias, gamma, beta].map(contiguous);
        let packed = pack(&sizes, &weight, Some(&bias), None, true, false);
        let rectified = convolve(&sizes, &x, &packed.weights, Some(packed.finish()), None, false).0;
        let (y, statistics) =
            normalise(&Channels::new(&sizes, packed.stride), &rectified, &gamma, &beta, epsilon);
        let [mean, variance] =
            [0, packed.stride].map(|from| section(&statistics, from, [sizes.channels_out]));
        (y, mean, variance)
    }
}
