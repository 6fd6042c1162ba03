//! The GPU's dilated convolutions and blocks against burn's own operations on the CPU, natively (`kernels_gpu.rs`) and in a browser
//! (`web_worker/gpu_kernels.rs`).

use burn::tensor::activation::sigmoid;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use loam_kernels as kernels;
use loam_nn::Random;

/// Allowed difference, relative to the largest value.
const TOLERANCE: f32 = 1e-4;

/// Extents of one case.
#[derive(Debug, Clone, Copy)]
struct Case {
    batch: usize,
    channels: (usize, usize),
    rows: usize,
    columns: usize,
    dilation: usize,
}

/// Few and small: a software adapter is a CPU. The network's size once.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dilation in [1, 2, 4, 8] {
        for (batch, channels, (rows, columns)) in [
            (1, (25, 32), (13, 17)),
            (1, (32, 2), (13, 17)),
            (2, (32, 32), (9, 9)),
            (1, (32, 32), (16, 3)),
            (1, (3, 5), (37, 21)),
        ] {
            cases.push(Case { batch, channels, rows, columns, dilation });
        }
    }
    cases.push(Case { batch: 1, channels: (32, 32), rows: 100, columns: 100, dilation: 8 });
    cases
}

/// Leaves that ask for their gradient.
struct Leaves {
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
}

fn draw<const D: usize>(
    random: &mut Random,
    shape: [usize; D],
    (middle, bound): (f32, f32),
    device: &Device,
) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| middle + random.symmetric(bound)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn leaves(case: &Case, device: &Device) -> Leaves {
    let device = device.clone().autodiff();
    let mut random = Random::new(3);
    let Case { batch, channels: (from, to), rows, columns, .. } = *case;
    let bound = 2.0 / ((from * 9) as f32).sqrt();
    Leaves {
        x: draw(&mut random, [batch, from, rows, columns], (0.2, 1.5), &device).require_grad(),
        weight: draw(&mut random, [to, from, 3, 3], (0.0, bound), &device).require_grad(),
        bias: draw(&mut random, [to], (0.1, 0.5), &device).require_grad(),
    }
}

async fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_async().await.unwrap().try_into_vec::<f32>().unwrap()
}

type Results = [(&'static str, Vec<f32>); 4];

/// Result and gradients of an operation; the loss weighs every pixel differently.
async fn run(case: &Case, device: &Device, operation: impl Fn(&Leaves) -> Tensor<4>) -> Results {
    let leaves = leaves(case, device);
    let y = operation(&leaves);
    let weigh = draw(&mut Random::new(4), y.dims(), (0.0, 1.0), &y.device());
    let gradients = (y.clone() * weigh).sum().backward();
    [
        ("y", values(y.without_autodiff()).await),
        ("dx", values(leaves.x.grad(&gradients).unwrap()).await),
        ("dweight", values(leaves.weight.grad(&gradients).unwrap()).await),
        ("dbias", values(leaves.bias.grad(&gradients).unwrap()).await),
    ]
}

fn compare(what: &str, ours: &Results, plain: &Results) {
    for ((name, ours), (_, plain)) in ours.iter().zip(plain) {
        assert_eq!(ours.len(), plain.len(), "{what} {name}");
        let largest = plain.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let gap = ours.iter().zip(plain).fold(0.0f32, |gap, (a, b)| gap.max((a - b).abs()));
        let finite = ours.iter().all(|value| value.is_finite());
        assert!(
            finite && gap <= TOLERANCE * largest,
            "{what} {name}: {gap} off where the largest is {largest}"
        );
    }
}

fn convolution(case: &Case, leaves: &Leaves) -> Tensor<4> {
    kernels::dilated_convolution(leaves.x.clone(), leaves.weight.clone(), leaves.bias.clone(), case.dilation)
}

fn block(case: &Case, leaves: &Leaves, residual: bool) -> Tensor<4> {
    let Leaves { x, weight, bias } = leaves;
    kernels::dilated_block(x.clone(), weight.clone(), bias.clone(), case.dilation, residual)
}

fn plain_convolution(case: &Case, leaves: &Leaves) -> Tensor<4> {
    let options = ConvOptions::new([1, 1], [case.dilation; 2], [case.dilation; 2], 1);
    conv2d(leaves.x.clone(), leaves.weight.clone(), Some(leaves.bias.clone()), options)
}

fn plain_block(case: &Case, leaves: &Leaves, residual: bool) -> Tensor<4> {
    let z = plain_convolution(case, leaves);
    let y = z.clone() * sigmoid(z);
    if residual { leaves.x.clone() + y } else { y }
}

/// Both operations with all gradients; then without gradients, on a view, with a hole in the input, and of numbers that SiLU takes to zero.
pub async fn dilated(gpu: &Device) {
    let cpu = Device::flex();
    for case in cases() {
        let what = format!("{case:?}");
        let plain = run(&case, &cpu, |leaves| plain_convolution(&case, leaves)).await;
        compare(&what, &run(&case, gpu, |leaves| convolution(&case, leaves)).await, &plain);
        let residual = case.channels.0 == case.channels.1;
        let plain = run(&case, &cpu, |leaves| plain_block(&case, leaves, residual)).await;
        compare(&what, &run(&case, gpu, |leaves| block(&case, leaves, residual)).await, &plain);
    }
    let case = Case { batch: 2, channels: (32, 32), rows: 10, columns: 14, dilation: 4 };
    let straight = run(&case, gpu, |leaves| block(&case, leaves, true)).await;
    let turned = |leaves: &Leaves| {
        let [x, weight] = [&leaves.x, &leaves.weight].map(|tensor| tensor.clone().swap_dims(2, 3));
        block(&case, &Leaves { x, weight, bias: leaves.bias.clone() }, true).swap_dims(2, 3)
    };
    compare("transposed", &run(&case, gpu, turned).await, &straight);
    let Leaves { x, weight, bias } = leaves(&case, gpu);
    let [x, weight] = [x, weight].map(Tensor::without_autodiff);
    let free = |x: Tensor<4>| {
        let (weight, bias) = (weight.clone(), bias.clone().without_autodiff());
        block(&case, &Leaves { x, weight, bias }, true)
    };
    assert_eq!(values(free(x.clone())).await, straight[0].1);
    assert!(values(free(x * f32::NAN)).await.iter().all(|value| value.is_nan()));
    let far = |leaves: &Leaves| Leaves {
        x: leaves.x.clone() * 1e3,
        weight: leaves.weight.clone(),
        bias: leaves.bias.clone(),
    };
    let plain = run(&case, &cpu, |leaves| plain_block(&case, &far(leaves), true)).await;
    compare("far from zero", &run(&case, gpu, |leaves| block(&case, &far(leaves), true)).await, &plain);
}
