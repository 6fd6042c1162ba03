//! The masked uRMSE of a batch: two dispatches for the value, one for the gradient of the estimate.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Cube, TensorMetadata};

use cubecl::prelude::*;

use super::launch::{CubeTensor, contiguous, empty, grid, section};
use super::variant::{self, Reduction};
use super::{loss_tile, training};

/// Estimate, target and mask, and the summary the value was made from.
type Kept = ([CubeTensor; 3], CubeTensor);

/// The loss, and what its gradient needs.
pub fn forward(tensors: [CubeTensor; 3], nothing_left: f64) -> (CubeTensor, Kept) {
    let tensors = tensors.map(contiguous);
    let summary = match variant::kernels().reduction {
        Reduction::Threads => by_rows(&tensors, nothing_left),
        Reduction::Workgroups => by_images(&tensors, nothing_left),
    };
    (section(&summary, 0, [1]), (tensors, summary))
}

/// The summary by threads, one to a row of an image.
fn by_rows(tensors: &[CubeTensor; 3], nothing_left: f64) -> CubeTensor {
    let [images, _, depth, rows, columns] = tensors[0].shape().dims::<5>();
    let rows = depth * rows;
    let client = tensors[0].client.clone();
    let [estimate, target, mask] = tensors.each_ref().map(|tensor| tensor.clone().into_buffer_arg());
    let partial = empty(&tensors[0], [3 * images * rows]);
    let (count, dim) = grid(images * rows);
    let lines = (images * rows) as u32;
    training::row_errors::launch(
        &client,
        count,
        dim,
        estimate,
        target,
        mask,
        partial.clone().into_buffer_arg(),
        lines,
        columns as u32,
    );
    let summary = empty(&tensors[0], [1 + 2 * images]);
    let (count, dim) = grid(1);
    let nothing_left = nothing_left as f32;
    let (images, rows) = (images as u32, rows as u32);
    training::urmse::launch(
        &client,
        count,
        dim,
        partial.into_buffer_arg(),
        summary.clone().into_buffer_arg(),
        nothing_left,
        images,
        rows,
    );
    summary
}

/// The same by workgroups, one to an image.
fn by_images(tensors: &[CubeTensor; 3], nothing_left: f64) -> CubeTensor {
    let [images, channels, depth, rows, columns] = tensors[0].shape().dims::<5>();
    let client = tensors[0].client.clone();
    let [estimate, target, mask] = tensors.each_ref().map(|tensor| tensor.clone().into_buffer_arg());
    let summary = empty(&tensors[0], [1 + 3 * images]);
    let pixels = (channels * depth * rows * columns) as u32;
    let (count, images) = (CubeCount::Static(images as u32, 1, 1), images as u32);
    let into = summary.clone().into_buffer_arg();
    let dim = CubeDim::new_1d(loss_tile::THREADS);
    loss_tile::image_errors::launch(
        &client,
        count,
        dim,
        estimate,
        target,
        mask,
        into,
        nothing_left as f32,
        images,
        pixels,
    );
    let (count, dim) = grid(1);
    loss_tile::mean_of_images::launch(&client, count, dim, summary.clone().into_buffer_arg(), images);
    summary
}

#[derive(Debug)]
struct UrmseBackward;

impl Backward<Cube, 1> for UrmseBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let ([estimate, target, mask], summary) = ops.state;
        let upstream = contiguous(gradients.consume::<Cube>(&ops.node));
        let [Some(node)] = ops.parents else { return };
        let shape = estimate.shape().dims::<5>();
        let gradient = empty(&estimate, shape);
        let pixels = shape[1..].iter().product::<usize>();
        let (count, dim) = grid(shape[0] * pixels);
        let client = estimate.client.clone();
        training::urmse_gradient::launch(
            &client,
            count,
            dim,
            estimate.into_buffer_arg(),
            target.into_buffer_arg(),
            mask.into_buffer_arg(),
            summary.into_buffer_arg(),
            upstream.into_buffer_arg(),
            gradient.clone().into_buffer_arg(),
            shape[0] as u32,
            pixels as u32,
        );
        gradients.register::<Cube>(node.id, gradient);
    }
}

/// On the graph.
pub fn tracked<C: CheckpointStrategy>(
    estimate: FloatTensor<Autodiff<Cube, C>>,
    target: FloatTensor<Autodiff<Cube, C>>,
    mask: FloatTensor<Autodiff<Cube, C>>,
    nothing_left: f64,
) -> FloatTensor<Autodiff<Cube, C>> {
    let node = estimate.node();
    let (loss, kept) = forward([estimate, target, mask].map(|tensor| tensor.into_primitive()), nothing_left);
    match UrmseBackward.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(kept, loss),
        OpsKind::UnTracked(prepared) => prepared.finish(loss),
    }
}
