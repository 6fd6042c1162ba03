//! Dilated convolutions on the GPU: burn's own operations, forwards and back. Burn's convolution knows dilation, so that nothing is laid out anew.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Cube};

use super::super::{DilatedOps, plain};

impl DilatedOps for Cube {
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self> {
        plain::dilated_convolution::<Self>(x, weight, bias, dilation)
    }

    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self> {
        plain::dilated_block::<Self>(h, weight, bias, dilation, residual)
    }
}

impl<C: CheckpointStrategy> DilatedOps for Autodiff<Cube, C> {
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self> {
        plain::dilated_convolution::<Self>(x, weight, bias, dilation)
    }

    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self> {
        plain::dilated_block::<Self>(h, weight, bias, dilation, residual)
    }
}
