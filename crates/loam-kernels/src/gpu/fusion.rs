//! `h(g(i) + features)`, the end of the network: two dispatches for the values and two to pack the weights, four for all gradients.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Cube, Dispatch, TensorMetadata};
use burn::tensor::Tensor;

use super::super::sizes::Sizes;
use super::launch::{
    CubeTensor, Partial, aligned, contiguous, convolve, empty, input_gradient, pack, section, sizes,
};
use super::{GpuOps, takes};

/// `h(g(i) + features)` on the GPU; none where the kernels cannot do it. `i` is `[B, 1, 1, H, W]`, `features` `[B, C, 1, H, W]`.
pub fn fusion(
    i: &Tensor<5>,
    features: &Tensor<5>,
    g: (Tensor<5>, Tensor<1>),
    h: (Tensor<5>, Tensor<1>),
) -> Option<Tensor<5>> {
    let plain = |tensor: &Tensor<5>| tensor.clone().without_autodiff().try_into_primitive::<Cube>().ok();
    if !takes(i) {
        return None;
    }
    let of_g = sizes(&plain(i)?, &plain(&g.0)?, &[])?;
    let of_h = sizes(&plain(features)?, &plain(&h.0)?, &[])?;
    let fits = (of_h.batch, of_h.channels_in, of_h.depth_in, of_h.plane())
        == (of_g.batch, of_g.channels_out, of_g.depth_out(), of_g.plane());
    fits.then(|| {
        let [features, g_bias, h_bias] =
            [features.clone().into_dispatch(), g.1.into_dispatch(), h.1.into_dispatch()];
        let weights = [g.0.into_dispatch(), h.0.into_dispatch()];
        let [g_weight, h_weight] = weights;
        Tensor::from_dispatch(Dispatch::gpu_fusion(
            i.clone().into_dispatch(),
            features,
            g_weight,
            g_bias,
            h_weight,
            h_bias,
        ))
    })
}

/// What the forward pass leaves behind.
#[derive(Debug, Clone)]
struct Kept {
    of_g: Sizes,
    of_h: Sizes,
    i: CubeTensor,
    sum: CubeTensor,
    flipped_g: Option<CubeTensor>,
    flipped_h: Option<CubeTensor>,
}

/// Values, and what is kept; weights are flipped only where `needs_backward`. [`fusion`] has checked the tensors.
fn forward(tensors: [CubeTensor; 6], needs_backward: bool) -> (CubeTensor, Kept) {
    let [i, features, g_weight, g_bias, h_weight, h_bias] = tensors.map(contiguous);
    let of = |image: &CubeTensor, weight: &CubeTensor| {
        let [batch, channels_in, depth_in, rows, columns] = image.shape().dims::<5>();
        let [channels_out, _, depth_kernel, ..] = weight.shape().dims::<5>();
        Sizes { batch, channels_in, channels_out, depth_in, depth_kernel, pad_depth: 0, rows, columns }
    };
    let (of_g, of_h) = (of(&i, &g_weight), of(&features, &h_weight));
    let g = pack(&of_g, &g_weight, Some(&g_bias), None, false, needs_backward);
    let h = pack(&of_h, &h_weight, Some(&h_bias), None, false, needs_backward);
    let sum = convolve(&of_g, &i, &g.weights, Some(g.finish()), Some(&features), false).0;
    let y = convolve(&of_h, &sum, &h.weights, Some(h.finish()), None, false).0;
    (y, Kept { of_g, of_h, i, sum, flipped_g: g.flipped, flipped_h: h.flipped })
}

/// Parents: i, features, weight and bias of g, weight and bias of h.
#[derive(Debug)]
struct FusionBackward;

impl Backward<Cube, 6> for FusionBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 6>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { of_g, of_h, i, sum, flipped_g, flipped_h } = ops.state;
        let dy = contiguous(gradients.consume::<Cube>(&ops.node));
        let [to_i, to_features, to_g_weight, to_g_bias, to_h_weight, to_h_bias] = ops.parents;
        let Some(flipped_h) = flipped_h else { return };
        let to_g = to_g_weight.is_some() || to_g_bias.is_some();
        let to_h = to_h_weight.is_some() || to_h_bias.is_some();
        let dsum =
            (to_i.is_some() || to_features.is_some() || to_g).then(|| input_gradient(&of_h, &flipped_h, &dy));
        let g_bias = aligned(of_g.length_weights());
        let h_weight = g_bias + aligned(of_g.channels_out);
        let h_bias = h_weight + aligned(of_h.length_weights());
        let length = h_bias + aligned(of_h.channels_out);
        if to_g || to_h {
            let partial = Partial::new(&of_g, &dy, length);
            if let Some(dsum) = dsum.as_ref().filter(|_| to_g) {
                partial.take(&of_g, &i, dsum, (0, g_bias));
            }
            if to_h {
                partial.take(&of_h, &sum, &dy, (h_weight, h_bias));
            }
            let found = empty(&dy, [length]);
            partial.sum(&found);
            if let Some(node) = to_g_weight {
                gradients.register::<Cube>(
                    node.id,
                    section(&found, 0, [of_g.channels_out, of_g.channels_in, of_g.depth_kernel, 3, 3]),
                );
            }
            if let Some(node) = to_h_weight {
                gradients.register::<Cube>(
                    node.id,
                    section(&found, h_weight, [of_h.channels_out, of_h.channels_in, of_h.depth_kernel, 3, 3]),
                );
            }
            for (node, from, channels) in
                [(to_g_bias, g_bias, of_g.channels_out), (to_h_bias, h_bias, of_h.channels_out)]
            {
                if let Some(node) = node {
                    gradients.register::<Cube>(node.id, section(&found, from, [channels]));
                }
            }
        }
        let Some(dsum) = dsum else { return };
        if let (Some(node), Some(flipped)) = (to_i, flipped_g) {
            gradients.register::<Cube>(node.id, input_gradient(&of_g, &flipped, &dsum));
        }
        if let Some(node) = to_features {
            gradients.register::<Cube>(node.id, dsum);
        }
    }
}

impl GpuOps for Cube {
    fn gpu_fusion(
        i: FloatTensor<Self>,
        features: FloatTensor<Self>,
        g_weight: FloatTensor<Self>,
        g_bias: FloatTensor<Self>,
        h_weight: FloatTensor<Self>,
        h_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        forward([i, features, g_weight, g_bias, h_weight, h_bias], false).0
    }

    fn gpu_urmse(
        estimate: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        nothing_left: f64,
    ) -> FloatTensor<Self> {
        super::loss::forward([estimate, target, mask], nothing_left).0
    }
}

impl<C: CheckpointStrategy> GpuOps for Autodiff<Cube, C> {
    fn gpu_fusion(
        i: FloatTensor<Self>,
        features: FloatTensor<Self>,
        g_weight: FloatTensor<Self>,
        g_bias: FloatTensor<Self>,
        h_weight: FloatTensor<Self>,
        h_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let tensors = [i, features, g_weight, g_bias, h_weight, h_bias];
        let nodes = [0, 1, 2, 3, 4, 5].map(|n: usize| tensors[n].node());
        let tensors = tensors.map(FloatTensor::<Self>::into_primitive);
        match FusionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (y, kept) = forward(tensors, true);
                prepared.finish(kept, y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(forward(tensors, false).0),
        }
    }

    fn gpu_urmse(
        estimate: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        nothing_left: f64,
    ) -> FloatTensor<Self> {
        super::loss::tracked::<C>(estimate, target, mask, nothing_left)
    }
}
