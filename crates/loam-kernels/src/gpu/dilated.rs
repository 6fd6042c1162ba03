//! Dilated convolutions and blocks: the convolution's kernels on rearranged images (`layout`). The equations are those of
//! `super::super::dilated`.
//!
//! A block without gradients is four dispatches: the image laid out, the weights packed, the convolution, and its result as an
//! image again, with SiLU.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Cube, TensorMetadata};

use super::super::dilated::extents::Extents;
use super::super::sizes::Sizes;
use super::super::{DilatedOps, plain};
use super::kernels_run;
use super::launch::{
    CubeTensor, GradientPlaces, Planes, collect, contiguous, convolve, empty, fits, input_gradient, pack,
    section, spread, weight_gradient,
};

/// Channels of a vector.
const VECTOR: usize = 4;

/// A dilated convolution as one without dilation.
#[derive(Debug, Clone)]
struct Plan {
    /// Of the convolution without dilation: channels in fours, rearranged images.
    sizes: Sizes,
    /// Of the input.
    read: Planes,
    /// Of the result.
    written: Planes,
}

impl Plan {
    /// For these tensors, where kernels run and fit.
    fn new(
        x: &CubeTensor,
        weight: &CubeTensor,
        bias: &CubeTensor,
        dilation: usize,
        residual: bool,
    ) -> Option<Self> {
        let Extents { batch, channels, image } = Extents::of([x, weight, bias], dilation, residual)?;
        if !kernels_run() {
            return None;
        }
        let planes = |channels: usize| Planes {
            batch,
            channels,
            filled: channels.next_multiple_of(VECTOR),
            image,
            dilation,
        };
        let (read, written) = (planes(channels.0), planes(channels.1));
        let (rows, columns) = read.extents();
        let sizes = Sizes {
            batch,
            channels_in: read.filled,
            channels_out: written.filled,
            depth_in: 1,
            depth_kernel: 1,
            pad_depth: 0,
            rows,
            columns,
        };
        (fits(&sizes) && read.fit() && written.fit()).then_some(Self { sizes, read, written })
    }

    /// The input as the convolution reads it.
    fn input(&self, x: &CubeTensor) -> CubeTensor {
        if self.read.stay() { x.clone() } else { spread(&self.read, x, None) }
    }

    /// Input channels of the weights, for each output channel.
    fn inputs(&self) -> Planes {
        Planes { batch: self.written.channels, image: (3, 3), dilation: 1, ..self.read.clone() }
    }

    /// Weights and bias with zeros for the channels that are filled up.
    fn filled(&self, weight: CubeTensor, bias: CubeTensor) -> [CubeTensor; 2] {
        let outputs =
            |numbers: usize| Planes { batch: 1, image: (numbers, 1), dilation: 1, ..self.written.clone() };
        let fill = |of: Planes, x: CubeTensor| if of.stay() { x } else { spread(&of, &x, None) };
        let weight = fill(self.inputs(), weight);
        [fill(outputs(self.read.filled * 9), weight), fill(outputs(1), bias)]
    }

    /// The convolution of an [`input`](Self::input), in its layout, and the weights for its backward pass.
    fn convolve(
        &self,
        input: &CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        needs_backward: bool,
    ) -> (CubeTensor, Option<CubeTensor>) {
        let [weight, bias] = self.filled(weight, bias);
        let packed = pack(&self.sizes, &weight, Some(&bias), None, false, needs_backward);
        let z = convolve(&self.sizes, input, &packed.weights, Some(packed.finish()), None, false).0;
        (z, packed.flipped)
    }

    /// The image of the convolution's result.
    fn image(&self, z: &CubeTensor) -> CubeTensor {
        restored(&self.written, z, None)
    }

    /// The gradient of the weights as it was found, without the channels that were filled up.
    fn weights_of(&self, found: &CubeTensor) -> CubeTensor {
        let (out, inputs) = (self.written.channels, self.inputs());
        let all = section(found, 0, [out, self.read.filled, 3, 3]);
        if inputs.stay() { all } else { collect(&inputs, &all, None, None, false) }
    }
}

/// The image of planes that were rearranged, added to `other`.
fn restored(of: &Planes, planes: &CubeTensor, other: Option<&CubeTensor>) -> CubeTensor {
    if of.stay() && other.is_none() {
        section(planes, 0, [of.batch, of.channels, of.image.0, of.image.1])
    } else {
        collect(of, planes, other, None, false)
    }
}

/// What an operation keeps for its backward pass.
#[derive(Debug, Clone)]
struct Kept {
    plan: Plan,
    /// As the convolution reads it.
    input: CubeTensor,
    flipped: Option<CubeTensor>,
    /// Of SiLU, in the convolution's layout; none where the operation is the convolution alone.
    slope: Option<CubeTensor>,
    residual: bool,
}

/// Of both operations: parents x or h, weight, bias.
#[derive(Debug)]
struct DilatedBackward;

impl Backward<Cube, 3> for DilatedBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { plan, input, flipped, slope, residual } = ops.state;
        let dy = contiguous(gradients.consume::<Cube>(&ops.node));
        let g = if slope.is_none() && plan.written.stay() {
            dy.clone()
        } else {
            spread(&plan.written, &dy, slope.as_ref())
        };
        let [to_x, to_weight, to_bias] = ops.parents;
        if to_weight.is_some() || to_bias.is_some() {
            let places = GradientPlaces::new(&plan.sizes);
            let found = empty(&dy, [places.length]);
            weight_gradient(&plan.sizes, &input, &g, &found, places);
            if let Some(node) = to_weight {
                gradients.register::<Cube>(node.id, plan.weights_of(&found));
            }
            if let Some(node) = to_bias {
                gradients.register::<Cube>(node.id, section(&found, places.bias, [plan.written.channels]));
            }
        }
        if let (Some(node), Some(flipped)) = (to_x, flipped) {
            let dx = input_gradient(&plan.sizes, &flipped, &g);
            gradients.register::<Cube>(node.id, restored(&plan.read, &dx, residual.then_some(&dy)));
        }
    }
}

impl DilatedOps for Cube {
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(&x, &weight, &bias, dilation, false) else {
            return plain::dilated_convolution::<Self>(x, weight, bias, dilation);
        };
        let [x, weight, bias] = [x, weight, bias].map(contiguous);
        plan.image(&plan.convolve(&plan.input(&x), weight, bias, false).0)
    }

    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(&h, &weight, &bias, dilation, residual) else {
            return plain::dilated_block::<Self>(h, weight, bias, dilation, residual);
        };
        let [h, weight, bias] = [h, weight, bias].map(contiguous);
        let z = plan.convolve(&plan.input(&h), weight, bias, false).0;
        collect(&plan.written, &z, residual.then_some(&h), None, true)
    }
}

impl<C: CheckpointStrategy> DilatedOps for Autodiff<Cube, C> {
    fn dilated_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(x.primitive(), weight.primitive(), bias.primitive(), dilation, false)
        else {
            return plain::dilated_convolution::<Self>(x, weight, bias, dilation);
        };
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| contiguous(tensor.into_primitive()));
        match DilatedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let input = plan.input(&x);
                let (z, flipped) = plan.convolve(&input, weight, bias, true);
                let y = plan.image(&z);
                prepared.finish(Kept { plan, input, flipped, slope: None, residual: false }, y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Cube::dilated_convolution(x, weight, bias, dilation))
            }
        }
    }

    fn dilated_block(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        dilation: usize,
        residual: bool,
    ) -> FloatTensor<Self> {
        let Some(plan) = Plan::new(h.primitive(), weight.primitive(), bias.primitive(), dilation, residual)
        else {
            return plain::dilated_block::<Self>(h, weight, bias, dilation, residual);
        };
        let nodes = [h.node(), weight.node(), bias.node()];
        let [h, weight, bias] = [h, weight, bias].map(|tensor| contiguous(tensor.into_primitive()));
        match DilatedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let input = plan.input(&h);
                let (z, flipped) = plan.convolve(&input, weight, bias, true);
                let slope = empty(&z, z.shape().dims::<5>());
                let y = collect(&plan.written, &z, residual.then_some(&h), Some(&slope), true);
                prepared.finish(Kept { plan, input, flipped, slope: Some(slope), residual }, y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Cube::dilated_block(h, weight, bias, dilation, residual))
            }
        }
    }
}
