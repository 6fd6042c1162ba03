//! The network's expensive parts as operations of their own, behind burn's extension interface.
//!
//! Burn's convolutions know every shape; the networks have only a few. An operation here is one node of burn's graph with the values and
//! gradients of the same operation written with burn alone ([`plain`]), and runs:
//!
//! | device | how |
//! |---|---|
//! | CPU (flex) | [`winograd`] from many channels to many, [`direct`] where one side has a single channel, [`norm`] for the rest of a block |
//! | CPU, dilated | [`winograd`] on rearranged images (`dilated`), SiLU of our own (`silu`) |
//! | GPU (CubeCL) | `gpu`, with the feature of that name |
//! | other shapes or number types | burn alone ([`plain`]) |
//!
//! Results on the CPU are the same bits from run to run and whatever the number of threads (`parallel.rs`).

pub mod direct;
pub mod norm;
pub mod plain;
pub mod sizes;
pub mod winograd;

mod autodiff;
mod dilated;
mod f32x4;
mod flex;
#[cfg(feature = "gpu")]
pub mod gpu;
mod multiply;
mod parallel;
mod silu;
mod simd;
mod wide;

pub use dilated::{DilatedOps, dilated_block, dilated_convolution};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The operations, per backend. Images are `[B, C, D, H, W]`, weights `[out, in, depth, 3, 3]`, everything else `[C]`.
#[backend_extension(Cube: cfg(feature = "gpu"), Flex, Autodiff)]
pub trait KernelOps: Backend {
    /// See [`convolution`].
    fn kernels_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// See [`block`].
    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// See [`block_of_batch`].
    fn kernels_block_of_batch(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Convolution with zero padding of 1 pixel in space and none in depth, and a bias: `[B, in, D, H, W]` to
/// `[B, out, D - depth + 1, H, W]`.
pub fn convolution(x: Tensor<5>, weight: Tensor<5>, bias: Tensor<1>) -> Tensor<5> {
    Tensor::from_dispatch(Dispatch::kernels_convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// `max(convolution, 0) * scale + shift`: a block of SMEN whose norm is frozen. Shapes as in [`convolution`], scale and shift `[out]`.
pub fn block(
    x: Tensor<5>,
    weight: Tensor<5>,
    bias: Tensor<1>,
    scale: Tensor<1>,
    shift: Tensor<1>,
) -> Tensor<5> {
    Tensor::from_dispatch(Dispatch::kernels_block(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        scale.into_dispatch(),
        shift.into_dispatch(),
    ))
}

/// `norm(max(convolution, 0))` with the statistics of the batch, which come back too, `[out]` each: mean and biased variance. They carry no
/// gradient. Shapes as in [`block`]; `gamma` and `beta` are the norm's weight and bias.
pub fn block_of_batch(
    x: Tensor<5>,
    weight: Tensor<5>,
    bias: Tensor<1>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> (Tensor<5>, Tensor<1>, Tensor<1>) {
    let (y, mean, variance) = Dispatch::kernels_block_of_batch(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon,
    );
    (Tensor::from_dispatch(y), Tensor::from_dispatch(mean), Tensor::from_dispatch(variance))
}

/// `h(g(i) + features)`: two convolutions and a sum, fewer dispatches on the GPU. `g` and `h` are weights and bias; shapes as in
/// [`convolution`].
pub fn fusion(
    i: Tensor<5>,
    features: Tensor<5>,
    g: (Tensor<5>, Tensor<1>),
    h: (Tensor<5>, Tensor<1>),
) -> Tensor<5> {
    #[cfg(feature = "gpu")]
    if let Some(estimate) = gpu::fusion(&i, &features, g.clone(), h.clone()) {
        return estimate;
    }
    convolution(convolution(i, g.0, g.1) + features, h.0, h.1)
}
