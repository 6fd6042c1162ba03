//! The backward pass through the operations on the CPU, as one node of burn's graph each.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{Flex, FlexTensor};
use burn::backend::tensor::FloatTensor;

use super::super::flex::contiguous;
use super::super::plain;
use super::DilatedOps;
use super::cpu::Plan;

/// What an operation keeps for its backward pass.
#[derive(Debug, Clone)]
struct Kept {
    plan: Plan,
    /// As the convolution reads it.
    input: FlexTensor,
    weight: FlexTensor,
    /// Of SiLU, in the convolution's layout; none where the operation is the convolution alone.
    slope: Option<FlexTensor>,
    residual: bool,
}

/// Of both operations: parents x or h, weight, bias.
#[derive(Debug)]
struct DilatedBackward;

impl Backward<Flex, 3> for DilatedBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { plan, input, weight, slope, residual } = ops.state;
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let g = plan.gradient(&dy, slope.as_ref());
        let [to_x, to_weight, to_bias] = ops.parents;
        if let Some(node) = to_bias {
            gradients.register::<Flex>(node.id, plan.bias_gradient(&g));
        }
        if let Some(node) = to_weight {
            gradients.register::<Flex>(node.id, plan.weight_gradient(&input, &g));
        }
        if let Some(node) = to_x {
            let dx = plan.input_gradient(&weight, &g, residual.then_some(&dy));
            gradients.register::<Flex>(node.id, dx);
        }
    }
}

impl<C: CheckpointStrategy> DilatedOps for Autodiff<Flex, C> {
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
        let input = plan.input(x);
        let y = plan.image(plan.convolve(&input, &weight, &bias));
        match DilatedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish(Kept { plan, input, weight, slope: None, residual: false }, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
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
                let input = plan.input(h.clone());
                let mut z = plan.convolve(&input, &weight, &bias);
                let y = plan.activated_with_slope(&mut z, residual.then_some(&h));
                let slope = Some(plan.place(z));
                prepared.finish(Kept { plan, input, weight, slope, residual }, y)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(Flex::dilated_block(h, weight, bias, dilation, residual))
            }
        }
    }
}
