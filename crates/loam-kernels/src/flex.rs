//! The operations on burn's CPU backend: tensors in, plain slices through the kernels, tensors out.

use burn::backend::TensorMetadata;
use burn::backend::flex::{Flex, FlexTensor};
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, TensorData};

use super::norm::{self, Moments};
use super::sizes::{Finish, Sizes, flipped};
use super::{KernelOps, direct, plain, winograd};

/// The extents of a convolution of these tensors, where there is a kernel for it.
pub fn sizes(x: &FlexTensor, weight: &FlexTensor, others: &[&FlexTensor]) -> Option<Sizes> {
    let single = [x, weight].iter().chain(others).all(|tensor| tensor.dtype() == DType::F32);
    let (image, kernel) = (x.shape(), weight.shape());
    let [batch, channels_in, depth_in, rows, columns] = *image.dims::<5>().as_slice() else { return None };
    let [channels_out, kernel_in, depth_kernel, 3, 3] = *kernel.dims::<5>().as_slice() else { return None };
    let sizes =
        Sizes { batch, channels_in, channels_out, depth_in, depth_kernel, pad_depth: 0, rows, columns };
    let some = batch > 0 && rows > 0 && columns > 0 && depth_kernel > 0 && depth_kernel <= depth_in;
    let fits = direct::fits(&sizes) || winograd::fits(&sizes);
    (single && some && kernel_in == channels_in && fits).then_some(sizes)
}

/// A tensor whose values are contiguous.
pub fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// Values of a contiguous tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

/// A tensor of values.
pub fn place<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// A tensor of the convolution's result.
fn image(sizes: &Sizes, values: Vec<f32>) -> FlexTensor {
    place(values, [sizes.batch, sizes.channels_out, sizes.depth_out(), sizes.rows, sizes.columns])
}

/// Numbers of one channel of one image of the convolution's result.
pub fn pixels(sizes: &Sizes) -> usize {
    sizes.depth_out() * sizes.plane()
}

/// The convolution by the kernel that fits.
fn convolve(sizes: &Sizes, x: &[f32], weights: &[f32], finish: &Finish<'_>) -> Vec<f32> {
    let mut out = vec![0.0; sizes.length_out()];
    if direct::fits(sizes) {
        direct::convolve(sizes, x, weights, finish, &mut out)
    } else {
        winograd::convolve(sizes, x, weights, finish, &mut out)
    }
    out
}

/// The convolution with bias, rectified or not, of contiguous tensors.
pub fn convolved(
    sizes: &Sizes,
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    relu: bool,
) -> FlexTensor {
    let finish = Finish { bias: Some(values(bias)), relu, affine: None };
    image(sizes, convolve(sizes, values(x), values(weight), &finish))
}

/// The gradient of the input.
pub fn input_gradient(sizes: &Sizes, weight: &FlexTensor, g: &[f32]) -> FlexTensor {
    let back = sizes.backwards();
    image(&back, convolve(&back, g, &flipped(sizes, values(weight)), &Finish::NONE))
}

/// The gradient of the weights.
pub fn weight_gradient(sizes: &Sizes, x: &FlexTensor, g: &[f32]) -> FlexTensor {
    let x = values(x);
    let gradient = if direct::fits(sizes) {
        direct::weight_gradient(sizes, x, g)
    } else {
        winograd::weight_gradient(sizes, x, g)
    };
    place(gradient, [sizes.channels_out, sizes.channels_in, sizes.depth_kernel, 3, 3])
}

/// Scale and shift per channel of a convolution's result.
pub fn affine(sizes: &Sizes, x: &FlexTensor, scale: &[f32], shift: &[f32]) -> FlexTensor {
    image(sizes, norm::affine(values(x), (sizes.channels_out, pixels(sizes)), scale, shift))
}

/// A batch norm's scale and shift, from the statistics.
pub fn scale_and_shift(
    moments: &[Moments],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f64,
) -> (Vec<f32>, Vec<f32>) {
    let channel = |(moments, (gamma, beta)): (&Moments, (&f32, &f32))| {
        let scale = f64::from(*gamma) / (moments.variance + epsilon).sqrt();
        (scale as f32, (f64::from(*beta) - moments.mean * scale) as f32)
    };
    moments.iter().zip(gamma.iter().zip(beta)).map(channel).unzip()
}

/// Mean and variance as tensors.
pub fn statistics(moments: &[Moments]) -> [FlexTensor; 2] {
    let gather = |of: fn(&Moments) -> f64| {
        place(moments.iter().map(|moments| of(moments) as f32).collect(), [moments.len()])
    };
    [gather(|moments| moments.mean), gather(|moments| moments.variance)]
}

impl KernelOps for Flex {
    fn kernels_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias]) else {
            return plain::convolution::<Self>(x, weight, bias);
        };
        let [x, weight, bias] = [x, weight, bias].map(contiguous);
        convolved(&sizes, &x, &weight, &bias, false)
    }

    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &scale, &shift]) else {
            return plain::block::<Self>(x, weight, bias, scale, shift);
        };
        let [x, weight, bias, scale, shift] = [x, weight, bias, scale, shift].map(contiguous);
        let finish =
            Finish { bias: Some(values(&bias)), relu: true, affine: Some((values(&scale), values(&shift))) };
        image(&sizes, convolve(&sizes, values(&x), values(&weight), &finish))
    }

    fn kernels_block_of_batch(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let Some(sizes) = sizes(&x, &weight, &[&bias, &gamma, &beta]) else {
            return plain::block_of_batch::<Self>(x, weight, bias, gamma, beta, epsilon);
        };
        let [x, weight, bias, gamma, beta] = [x, weight, bias, gamma, beta].map(contiguous);
        let rectified = convolved(&sizes, &x, &weight, &bias, true);
        let moments = norm::moments(values(&rectified), sizes.channels_out, pixels(&sizes));
        let (scale, shift) = scale_and_shift(&moments, values(&gamma), values(&beta), epsilon);
        let [mean, variance] = statistics(&moments);
        (affine(&sizes, &rectified, &scale, &shift), mean, variance)
    }
}
