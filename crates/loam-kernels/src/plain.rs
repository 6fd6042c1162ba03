//! The operations in burn's own terms: what they mean, and what runs where there is no kernel for it.

use burn::backend::ops::{BatchNormTrain, ConvOptions};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};

/// [`super::convolution`].
pub fn convolution<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    B::conv3d(x, weight, Some(bias), ConvOptions::new([1, 1, 1], [0, 1, 1], [1, 1, 1], 1))
}

/// [`super::block`].
pub fn block<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
) -> FloatTensor<B> {
    let rectified = B::relu(convolution::<B>(x, weight, bias));
    B::float_add(B::float_mul(rectified, per_channel::<B>(scale)), per_channel::<B>(shift))
}

/// [`super::block_of_batch`].
pub fn block_of_batch<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let rectified = B::relu(convolution::<B>(x, weight, bias));
    let BatchNormTrain { output, mean, variance } = B::batch_norm_train(rectified, gamma, beta, epsilon);
    (output, mean, variance)
}

/// [`super::dilated_convolution`].
pub fn dilated_convolution<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    dilation: usize,
) -> FloatTensor<B> {
    B::conv2d(x, weight, Some(bias), ConvOptions::new([1, 1], [dilation; 2], [dilation; 2], 1))
}

/// [`super::dilated_block`].
pub fn dilated_block<B: Backend>(
    h: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    dilation: usize,
    residual: bool,
) -> FloatTensor<B> {
    let z = dilated_convolution::<B>(h.clone(), weight, bias, dilation);
    let y = B::float_mul(z.clone(), B::sigmoid(z));
    if residual { B::float_add(h, y) } else { y }
}

/// `[C]` as `[1, C, 1, 1, 1]`.
fn per_channel<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let channels = x.shape()[0];
    B::float_reshape(x, [1, channels, 1, 1, 1].into())
}
