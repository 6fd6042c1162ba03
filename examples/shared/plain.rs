//! SMEN in burn's own operations, without `loam_kernels`: what the kernels are measured against.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm_train, conv3d};
use burn::tensor::ops::ConvOptions;
use loam_nn::{BatchStatistics, Conv, Smen};

fn convolution(conv: &Conv, x: Tensor<5>) -> Tensor<5> {
    conv3d(x, conv.weight.val(), Some(conv.bias.val()), ConvOptions::new([1, 1, 1], [0, 1, 1], [1, 1, 1], 1))
}

/// The estimate; in training with the norms of the batch, whose statistics come back.
pub fn forward(
    model: &Smen,
    i: Tensor<5>,
    d: Tensor<5>,
    training: bool,
) -> (Tensor<5>, Vec<BatchStatistics>) {
    let mut statistics = Vec::new();
    let features = model.f.iter().fold(d, |x, block| {
        let x = relu(convolution(&block.conv, x));
        if training {
            let [batch, _, depth, rows, columns] = x.dims();
            let result = batch_norm_train(x, block.bn.weight.val(), block.bn.bias.val(), 1e-5);
            statistics.push(BatchStatistics::of_biased(
                result.mean,
                result.variance,
                batch * depth * rows * columns,
            ));
            return result.output;
        }
        let (scale, shift) = block.bn.scale_and_shift();
        let [channels] = scale.dims();
        let shape = [1, channels, 1, 1, 1];
        x * scale.reshape(shape) + shift.reshape(shape)
    });
    let sum = match &model.g {
        Some(g) => convolution(g, i) + features,
        None => features,
    };
    (convolution(&model.h, sum), statistics)
}
