//! Dilated convolutions of images, and the block of a residual network of them: `h + silu(convolution(h))`.
//!
//! A dilated convolution is one without dilation on an image whose pixels are rearranged (`layout`), so that the kernels for those
//! serve: [`super::winograd`] on the CPU, `super::gpu` on the GPU. Channels are filled up to fours with zeros.
//!
//! A block is one node of burn's graph. It keeps its input and the slope of SiLU, both rearranged; from the gradient `dy` of its result
//!
//! ```text
//! g = dy silu'(z)    dbias = sum g    dweight, dh: those of the convolution, from g    with a residual dh + dy
//! ```

mod autodiff;
mod cpu;
pub mod extents;
pub mod layout;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The operations, per backend. Images are `[B, C, H, W]`, weights `[out, in, 3, 3]`, bias `[out]`.
#[backend_extension(Cube: cfg(feature = "gpu"), Flex, Autodiff)]
pub trait DilatedOps: Backend {
    /// See [`dilated_convolution`].
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self>;

    /// See [`dilated_block`].
    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self>;
}

/// Convolution with 3 x 3 weights `dilation` pixels apart, zero padding of as many pixels, and a bias: `[B, in, H, W]` to
/// `[B, out, H, W]`.
pub fn dilated_convolution(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, dilation: usize) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::dilated_convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        dilation,
    ))
}

/// `silu(convolution)`, with a residual `h + silu(convolution)`. Shapes as in [`dilated_convolution`]; with a residual there are as many
/// channels out as in.
pub fn dilated_block(
    h: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    dilation: usize,
    residual: bool,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::dilated_block(
        h.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        dilation,
        residual,
    ))
}
