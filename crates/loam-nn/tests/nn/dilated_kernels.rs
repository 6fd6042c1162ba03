//! The dilated operations of `loam_kernels` on the CPU against the same thing in burn's own operations: values and every gradient.

use burn::tensor::activation::sigmoid;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use loam_kernels as kernels;
use loam_nn::{Random, block_on};

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

/// Channels of the network's first, middle and last convolutions.
const CHANNELS: [(usize, usize); 3] = [(25, 32), (32, 32), (32, 2)];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dilation in [1, 2, 4, 8] {
        for (batch, (rows, columns)) in
            [(1, (100, 100)), (1, (37, 41)), (2, (9, 9)), (2, (17, 30)), (1, (1, 5)), (1, (16, 3))]
        {
            cases.extend(CHANNELS.map(|channels| Case { batch, channels, rows, columns, dilation }));
        }
    }
    // Extents that have nothing to do with each other.
    let mut random = Random::new(11);
    for channels in [(1, 1), (3, 5), (8, 4), (5, 5), (12, 20)] {
        for _ in 0..2 {
            let mut one_to = |most: usize| 1 + random.below(most);
            let (batch, rows, columns, dilation) = (one_to(3), one_to(40), one_to(40), one_to(9));
            cases.push(Case { batch, channels, rows, columns, dilation });
        }
    }
    cases
}

/// Leaves that ask for their gradient.
struct Leaves {
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
}

fn draw<const D: usize>(random: &mut Random, shape: [usize; D], middle: f32, bound: f32) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| middle + random.symmetric(bound)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

fn leaves(case: &Case) -> Leaves {
    let mut random = Random::new(3);
    let Case { batch, channels: (from, to), rows, columns, .. } = *case;
    let bound = 2.0 / ((from * 9) as f32).sqrt();
    Leaves {
        x: draw(&mut random, [batch, from, rows, columns], 0.2, 1.5).require_grad(),
        weight: draw(&mut random, [to, from, 3, 3], 0.0, bound).require_grad(),
        bias: draw(&mut random, [to], 0.1, 0.5).require_grad(),
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

/// Result and gradients of an operation; the loss weighs every pixel differently.
fn run(case: &Case, operation: impl Fn(&Leaves) -> Tensor<4>) -> [(&'static str, Vec<f32>); 4] {
    let leaves = leaves(case);
    let y = operation(&leaves);
    let weigh = draw(&mut Random::new(4), y.dims(), 0.0, 1.0);
    let gradients = (y.clone() * weigh).sum().backward();
    [
        ("y", values(y.without_autodiff())),
        ("dx", values(leaves.x.grad(&gradients).unwrap())),
        ("dweight", values(leaves.weight.grad(&gradients).unwrap())),
        ("dbias", values(leaves.bias.grad(&gradients).unwrap())),
    ]
}

fn compare(what: &str, ours: &[(&str, Vec<f32>)], plain: &[(&str, Vec<f32>)]) {
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

#[test]
fn convolution_and_its_gradients_are_burns() {
    for case in cases() {
        let plain = run(&case, |leaves| plain_convolution(&case, leaves));
        compare(&format!("{case:?}"), &run(&case, |leaves| convolution(&case, leaves)), &plain);
    }
}

#[test]
fn a_block_and_its_gradients_are_burns() {
    for case in cases() {
        for residual in [false, true] {
            if residual && case.channels.0 != case.channels.1 {
                continue;
            }
            let plain = run(&case, |leaves| {
                let z = plain_convolution(&case, leaves);
                let y = z.clone() * sigmoid(z);
                if residual { leaves.x.clone() + y } else { y }
            });
            let ours = run(&case, |leaves| block(&case, leaves, residual));
            compare(&format!("{case:?}, residual {residual}"), &ours, &plain);
        }
    }
}

/// Blocks in a row hand their gradients on: the network in small.
#[test]
fn blocks_in_a_row_are_burns() {
    let case = Case { batch: 2, channels: (32, 32), rows: 21, columns: 18, dilation: 1 };
    let dilations = [1, 2, 4, 8, 4, 2, 1];
    let network = |leaves: &Leaves, layer: &dyn Fn(&Case, &Leaves) -> Tensor<4>| {
        dilations.iter().fold(leaves.x.clone(), |h, &dilation| {
            let (weight, bias) = (leaves.weight.clone() * 0.5, leaves.bias.clone());
            layer(&Case { dilation, ..case }, &Leaves { x: h, weight, bias })
        })
    };
    let plain = run(&case, |leaves| {
        network(leaves, &|case, leaves| {
            let z = plain_convolution(case, leaves);
            leaves.x.clone() + z.clone() * sigmoid(z)
        })
    });
    let ours = run(&case, |leaves| network(leaves, &|case, leaves| block(case, leaves, true)));
    compare("blocks in a row", &ours, &plain);
}

#[test]
fn without_a_gradient_the_values_are_the_same() {
    for (channels, residual) in [((25, 32), false), ((32, 32), true)] {
        for dilation in [1, 4] {
            let case = Case { batch: 2, channels, rows: 13, columns: 18, dilation };
            let tracked = leaves(&case);
            let free = {
                let Leaves { x, weight, bias } = leaves(&case);
                let [x, weight] = [x, weight].map(Tensor::without_autodiff);
                Leaves { x, weight, bias: bias.without_autodiff() }
            };
            assert_eq!(
                values(block(&case, &free, residual)),
                values(block(&case, &tracked, residual).without_autodiff())
            );
            assert_eq!(
                values(convolution(&case, &free)),
                values(convolution(&case, &tracked).without_autodiff())
            );
        }
    }
}

#[test]
fn a_view_counts_as_its_values() {
    let case = Case { batch: 2, channels: (32, 32), rows: 10, columns: 14, dilation: 2 };
    let straight = run(&case, |leaves| block(&case, leaves, true));
    let transposed = run(&case, |leaves| {
        let turned = Leaves {
            x: leaves.x.clone().swap_dims(2, 3),
            weight: leaves.weight.clone().swap_dims(2, 3),
            bias: leaves.bias.clone(),
        };
        block(&case, &turned, true).swap_dims(2, 3)
    });
    compare("transposed", &transposed, &straight);
}

#[test]
fn a_hole_in_the_input_stays_a_hole() {
    for dilation in [1, 4] {
        let case = Case { batch: 1, channels: (32, 32), rows: 12, columns: 12, dilation };
        let Leaves { x, weight, bias } = leaves(&case);
        let y = block(&case, &Leaves { x: x * f32::NAN, weight, bias }, true);
        assert!(values(y.without_autodiff()).iter().all(|value| value.is_nan()));
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for (channels, dilation) in [((32, 32), 1), ((32, 32), 4), ((25, 32), 2)] {
        let case = Case { batch: 2, channels, rows: 29, columns: 35, dilation };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(&case, |leaves| block(&case, leaves, channels.0 == channels.1)))
        };
        let once = with(1);
        for threads in [1, 2, 5] {
            assert_eq!(once, with(threads), "{threads} threads");
        }
    }
}
