//! The backward pass through the operations on the GPU, as one node of burn's graph each. The equations are those of
//! `super::super::autodiff`.
//!
//! What a node finds out goes into one buffer (weights, bias, the norm's factor, its offset), and the gradients are parts of it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Cube};

use super::super::sizes::Sizes;
use super::super::{KernelOps, plain};
use super::kernels_run;
use super::launch::{
    Channels, CubeTensor, Finish, GradientPlaces, Packed, before_relu, contiguous, convolve, empty,
    input_gradient, normalise, pack, section, sizes, weight_gradient,
};

/// Of [`super::super::convolution`].
#[derive(Debug)]
struct ConvolutionBackward;

impl Backward<Cube, 3> for ConvolutionBackward {
    type State = (Sizes, CubeTensor, Packed);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (sizes, x, packed) = ops.state;
        let dy = contiguous(gradients.consume::<Cube>(&ops.node));
        let [to_x, to_weight, to_bias] = ops.parents;
        if to_weight.is_some() || to_bias.is_some() {
            let places = GradientPlaces::new(&sizes);
            let found = empty(&dy, [places.length]);
            weight_gradient(&sizes, &x, &dy, &found, places);
            if let Some(node) = to_weight {
                gradients.register::<Cube>(node.id, section(&found, 0, shape_of_weights(&sizes)));
            }
            if let Some(node) = to_bias {
                gradients.register::<Cube>(node.id, section(&found, places.bias, [sizes.channels_out]));
            }
        }
        if let (Some(node), Some(flipped)) = (to_x, packed.flipped) {
            gradients.register::<Cube>(node.id, input_gradient(&sizes, &flipped, &dy));
        }
    }
}

fn shape_of_weights(sizes: &Sizes) -> [usize; 5] {
    [sizes.channels_out, sizes.channels_in, sizes.depth_kernel, 3, 3]
}

/// What a block keeps for its backward pass.
#[derive(Debug, Clone)]
struct Kept {
    sizes: Sizes,
    x: CubeTensor,
    flipped: Option<CubeTensor>,
    /// After the ReLU.
    rectified: CubeTensor,
    /// Of a batch norm: mean, variance, scale, one over the deviation. Of a frozen one: anything, anything, scale.
    statistics: CubeTensor,
    stride: usize,
    frozen: bool,
}

/// Of [`super::super::block`] and [`super::super::block_of_batch`]: parents x, weight, bias, then scale and shift or gamma and beta.
#[derive(Debug)]
struct BlockBackward;

impl Backward<Cube, 5> for BlockBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { sizes, x, flipped, rectified, statistics, stride, frozen } = ops.state;
        let dy = contiguous(gradients.consume::<Cube>(&ops.node));
        let [to_x, to_weight, to_bias, to_scale, to_shift] = ops.parents;
        let places = GradientPlaces::new(&sizes);
        let found = empty(&dy, [places.length]);
        let of = Channels::new(&sizes, stride);
        let sums = !frozen || to_scale.is_some() || to_shift.is_some();
        let g = before_relu(&of, [&dy, &rectified, &statistics], frozen, sums, &found, places);
        if to_weight.is_some() || to_bias.is_some() {
            weight_gradient(&sizes, &x, &g, &found, places);
        }
        if let Some(node) = to_weight {
            gradients.register::<Cube>(node.id, section(&found, 0, shape_of_weights(&sizes)));
        }
        for (node, from) in [(to_bias, places.bias), (to_scale, places.scale), (to_shift, places.shift)] {
            if let Some(node) = node {
                gradients.register::<Cube>(node.id, section(&found, from, [sizes.channels_out]));
            }
        }
        if let (Some(node), Some(flipped)) = (to_x, flipped) {
            gradients.register::<Cube>(node.id, input_gradient(&sizes, &flipped, &g));
        }
    }
}

impl<C: CheckpointStrategy> KernelOps for Autodiff<Cube, C> {
    fn kernels_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let Some(sizes) =
            sizes(x.primitive(), weight.primitive(), &[bias.primitive()]).filter(|_| kernels_run())
        else {
            return plain::convolution::<Self>(x, weight, bias);
        };
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| contiguous(tensor.into_primitive()));
        match ConvolutionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let packed = pack(&sizes, &weight, Some(&bias), None, false, true);
                let y = convolve(&sizes, &x, &packed.weights, Some(packed.finish()), None, false).0;
                prepared.finish((sizes, x, packed), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Cube::kernels_convolution(x, weight, bias)),
        }
    }

    fn kernels_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let others = [bias.primitive(), scale.primitive(), shift.primitive()];
        let Some(sizes) = sizes(x.primitive(), weight.primitive(), &others).filter(|_| kernels_run()) else {
            return plain::block::<Self>(x, weight, bias, scale, shift);
        };
        let nodes = [x.node(), weight.node(), bias.node(), scale.node(), shift.node()];
        let [x, weight, bias, scale, shift] =
            [x, weight, bias, scale, shift].map(|tensor| contiguous(tensor.into_primitive()));
        match BlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let Packed { weights, flipped, finish, stride } =
                    pack(&sizes, &weight, Some(&bias), Some((&scale, &shift)), true, true);
                let (y, rectified) =
                    convolve(&sizes, &x, &weights, Some(Finish { buffer: &finish, stride }), None, true);
                let rectified = rectified.unwrap_or_else(|| y.clone());
                prepared.finish(
                    Kept { sizes, x, flipped, rectified, statistics: finish, stride, frozen: true },
                    y,
                )
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Cube::kernels_block(x, weight, bias, scale, shift))
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
        let others = [bias.primitive(), gamma.primitive(), beta.primitive()];
        let Some(sizes) = sizes(x.primitive(), weight.primitive(), &others).filter(|_| kernels_run()) else {
            return plain::block_of_batch::<Self>(x, weight, bias, gamma, beta, epsilon);
        };
        let nodes = [x.node(), weight.node(), bias.node(), gamma.node(), beta.node()];
        let [x, weight, bias, gamma, beta] =
            [x, weight, bias, gamma, beta].map(|tensor| contiguous(tensor.into_primitive()));
        let Packed { weights, flipped, finish, stride } =
            pack(&sizes, &weight, Some(&bias), None, true, true);
        let rectified =
            convolve(&sizes, &x, &weights, Some(Finish { buffer: &finish, stride }), None, false).0;
        let (y, statistics) = normalise(&Channels::new(&sizes, stride), &rectified, &gamma, &beta, epsilon);
        let [mean, variance] = [0, stride].map(|from| {
            <Self as AutodiffBackend>::from_inner(section(&statistics, from, [sizes.channels_out]))
        });
        let y = match BlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish(Kept { sizes, x, flipped, rectified, statistics, stride, frozen: false }, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        (y, mean, variance)
    }
}
