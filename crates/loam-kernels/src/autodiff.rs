//! The backward pass through the operations, as one node of burn's graph each.
//!
//! A block keeps its input and the ReLU's result; from the gradient `dy` after the norm, per channel with n values,
//!
//! ```text
//! frozen norm   y = r s + t                      ds = sum dy r    dt = sum dy    dr = s dy
//! batch norm    y = (r - m) gamma / sd + beta    dgamma = S / sd  dbeta = sum dy  dr = gamma / sd (dy - mean dy - (r - m) S / (n sd^2))
//!                                                                                S = sum dy (r - m)
//! ReLU          dr where r > 0, else 0
//! ```

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{Flex, FlexTensor};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::flex::{
    affine, contiguous, convolved, input_gradient, pixels, place, scale_and_shift, sizes, statistics, values,
    weight_gradient,
};
use super::norm::{before_relu, channel_sums, gradient_sums, moments};
use super::sizes::Sizes;
use super::{KernelOps, plain};

/// Of [`super::convolution`].
#[derive(Debug)]
struct ConvolutionBackward;

impl Backward<Flex, 3> for ConvolutionBackward {
    type State = (Sizes, FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (sizes, x, weight) = ops.state;
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let [to_x, to_weight, to_bias] = ops.parents;
        if let Some(node) = to_bias {
            let sums = channel_sums(values(&dy), sizes.channels_out, pixels(&sizes));
            gradients.register::<Flex>(node.id, place(sums, [sizes.channels_out]));
        }
        if let Some(node) = to_weight {
            gradients.register::<Flex>(node.id, weight_gradient(&sizes, &x, values(&dy)));
        }
        if let Some(node) = to_x {
            gradients.register::<Flex>(node.id, input_gradient(&sizes, &weight, values(&dy)));
        }
    }
}

/// What a block keeps for its backward pass.
#[derive(Debug, Clone)]
struct Kept {
    sizes: Sizes,
    x: FlexTensor,
    weight: FlexTensor,
    /// After the ReLU.
    rectified: FlexTensor,
    /// Per channel: what is taken from the ReLU's result before it is multiplied with the gradient; 0 where the norm is frozen.
    centre: Vec<f32>,
    /// Per channel: what the norm multiplies with.
    scale: Vec<f32>,
    /// Per channel: one over the standard deviation; none where the norm is frozen.
    inverse_deviation: Option<Vec<f64>>,
}

/// Of [`super::block`] and [`super::block_of_batch`]: parents x, weight, bias, then scale and shift or gamma and beta.
#[derive(Debug)]
struct BlockBackward;

impl Backward<Flex, 5> for BlockBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { sizes, x, weight, rectified, centre, scale, inverse_deviation } = ops.state;
        let channels = sizes.channels_out;
        let extent = (channels, pixels(&sizes));
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let sums = gradient_sums(values(&dy), values(&rectified), extent, &centre);
        let count = (sizes.batch * pixels(&sizes)) as f64;
        let factors: Vec<[f32; 3]> = (0..channels)
            .map(|n| {
                let scale_n = f64::from(scale[n]);
                let Some(inverse) = inverse_deviation.as_ref().map(|inverse| inverse[n]) else {
                    return [scale[n], 0.0, 0.0];
                };
                let [sum, with_distance] = sums[n];
                let b = -scale_n * inverse * inverse * with_distance / count;
                [scale[n], b as f32, (-scale_n * sum / count - b * f64::from(centre[n])) as f32]
            })
            .collect();
        let (g, bias) = before_relu(values(&dy), values(&rectified), extent, &factors);
        let [to_x, to_weight, to_bias, to_scale, to_shift] = ops.parents;
        if let Some(node) = to_bias {
            gradients.register::<Flex>(node.id, place(bias, [channels]));
        }
        if let Some(node) = to_scale {
            let of =
                |n: usize| (sums[n][1] * inverse_deviation.as_ref().map_or(1.0, |inverse| inverse[n])) as f32;
            gradients.register::<Flex>(node.id, place((0..channels).map(of).collect(), [channels]));
        }
        if let Some(node) = to_shift {
            gradients.register::<Flex>(
                node.id,
                place(sums.iter().map(|sums| sums[0] as f32).collect(), [channels]),
            );
        }
        if let Some(node) = to_weight {
            gradients.register::<Flex>(node.id, weight_gradient(&sizes, &x, &g));
        }
        if let Some(node) = to_x {
            gradients.register::<Flex>(node.id, input_gradient(&sizes, &weight, &g));
        }
    }
}

impl<C: CheckpointStrategy> KernelOps for Autodiff<Flex, C> {
    fn kernels_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(x.primitive(), weight.primitive(), &[bias.primitive()]) else {
            return plain::convolution::<Self>(x, weight, bias);
        };
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| contiguous(tensor.into_primitive()));
        let y = convolved(&sizes, &x, &weight, &bias, false);
        match ConvolutionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((sizes, x, weight), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) = sizes(
            x.primitive(),
            weight.primitive(),
            &[bias.primitive(), scale.primitive(), shift.primitive()],
        ) else {
            return plain::block::<Self>(x, weight, bias, scale, shift);
        };
        let nodes = [x.node(), weight.node(), bias.node(), scale.node(), shift.node()];
        let [x, weight, bias, scale, shift] =
            [x, weight, bias, scale, shift].map(|tensor| contiguous(tensor.into_primitive()));
        match BlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let rectified = convolved(&sizes, &x, &weight, &bias, true);
                let scale = values(&scale).to_vec();
                let y = affine(&sizes, &rectified, &scale, values(&shift));
                let centre = vec![0.0; sizes.channels_out];
                prepared
                    .finish(Kept { sizes, x, weight, rectified, centre, scale, inverse_deviation: None }, y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Flex::kernels_block(x, weight, bias, scale, shift))
            }
        }
    }

    fn kernels_block_of_batch(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let Some(sizes) = sizes(
            x.primitive(),
            weight.primitive(),
            &[bias.primitive(), gamma.primitive(), beta.primitive()],
        ) else {
            return plain::block_of_batch::<Self>(x, weight, bias, gamma, beta, epsilon);
        };
        let nodes = [x.node(), weight.node(), bias.node(), gamma.node(), beta.node()];
        let [x, weight, bias, gamma, beta] =
            [x, weight, bias, gamma, beta].map(|tensor| contiguous(tensor.into_primitive()));
        let rectified = convolved(&sizes, &x, &weight, &bias, true);
        let moments = moments(values(&rectified), sizes.channels_out, pixels(&sizes));
        let (scale, shift) = scale_and_shift(&moments, values(&gamma), values(&beta), epsilon);
        let y = affine(&sizes, &rectified, &scale, &shift);
        let [mean, variance] = statistics(&moments).map(<Self as AutodiffBackend>::from_inner);
        let y = match BlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let centre = moments.iter().map(|moments| moments.mean as f32).collect();
                let inverse =
                    moments.iter().map(|moments| 1.0 / (moments.variance + epsilon).sqrt()).collect();
                prepared.finish(
                    Kept { sizes, x, weight, rectified, centre, scale, inverse_deviation: Some(inverse) },
                    y,
                )
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        (y, mean, variance)
    }
}
