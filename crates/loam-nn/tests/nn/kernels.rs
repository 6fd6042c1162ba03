//! The operations of `loam_kernels` on the CPU against the same thing in burn's own operations: values and every gradient.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm_train, conv3d};
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
    depth: usize,
    kernel: usize,
    rows: usize,
    columns: usize,
}

impl Case {
    fn new(
        batch: usize,
        channels: (usize, usize),
        (depth, kernel): (usize, usize),
        (rows, columns): (usize, usize),
    ) -> Self {
        Self { batch, channels, depth, kernel, rows, columns }
    }
}

/// SMEN's five convolutions.
const LAYERS: [((usize, usize), (usize, usize)); 5] =
    [((1, 32), (4, 2)), ((32, 32), (3, 2)), ((32, 32), (2, 2)), ((1, 32), (1, 1)), ((32, 1), (1, 1))];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (batch, size) in
        [(1, (9, 9)), (3, (9, 9)), (1, (17, 33)), (8, (12, 10)), (1, (100, 100)), (2, (31, 21))]
    {
        cases.extend(LAYERS.map(|(channels, depth)| Case::new(batch, channels, depth, size)));
    }
    // Other channels and kernels; the last two have no kernel of their own.
    let mut random = Random::new(11);
    for (channels, depth) in [
        ((4, 8), (2, 1)),
        ((8, 4), (5, 3)),
        ((12, 20), (2, 2)),
        ((1, 8), (3, 3)),
        ((8, 1), (4, 2)),
        ((3, 5), (3, 2)),
        ((1, 1), (2, 1)),
    ] {
        for _ in 0..2 {
            let mut side = |most: usize| 1 + random.below(most);
            cases.push(Case::new(side(3), channels, depth, (side(40), side(40))));
        }
    }
    cases
}

/// Leaves that ask for their gradient: x, weight and three times one value per output channel (bias, scale, shift).
///
/// The numbers are coarse, so that no sum comes nearer to zero than 1/8192: there a rounding would decide which side of the ReLU it is on,
/// and the gradients could not be compared.
struct Leaves {
    x: Tensor<5>,
    weight: Tensor<5>,
    channel: [Tensor<1>; 3],
}

fn leaves(case: &Case, seed: u64) -> Leaves {
    let device = Device::flex().autodiff();
    let mut random = Random::new(seed);
    let Case { batch, channels: (from, to), depth, kernel, rows, columns } = *case;
    let mut draw = |shape: Vec<usize>, middle: f32, bound: f32, grain: f32, offset: f32| {
        let mut one = || ((middle + random.symmetric(bound)) / grain).round() * grain + offset;
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| one()).collect();
        TensorData::new(values, shape)
    };
    let bound = 1.0 / ((from * kernel * 9) as f32).sqrt();
    Leaves {
        x: Tensor::from_data(
            draw(vec![batch, from, depth, rows, columns], 0.2, 1.0, 1.0 / 16.0, 0.0),
            &device,
        )
        .require_grad(),
        weight: Tensor::from_data(draw(vec![to, from, kernel, 3, 3], 0.0, bound, 1.0 / 256.0, 0.0), &device)
            .require_grad(),
        channel: [0.1, 1.0, 0.0].map(|middle| {
            Tensor::from_data(draw(vec![to], middle, 0.5, 1.0 / 4096.0, 1.0 / 8192.0), &device).require_grad()
        }),
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

/// Result and gradients of an operation that uses the first `used` of the per-channel leaves; the loss weighs every pixel differently.
fn run(case: &Case, used: usize, operation: impl Fn(&Leaves) -> Tensor<5>) -> Vec<(String, Vec<f32>)> {
    let leaves = leaves(case, 3);
    let y = operation(&leaves);
    let mut random = Random::new(4);
    let weights: Vec<f32> = (0..y.shape().num_elements()).map(|_| random.symmetric(1.0)).collect();
    let weights = Tensor::<5>::from_data(TensorData::new(weights, y.shape()), &y.device());
    let gradients = (y.clone() * weights).sum().backward();
    let mut results = vec![
        ("y".to_owned(), values(y.without_autodiff())),
        ("dx".to_owned(), values(leaves.x.grad(&gradients).unwrap())),
        ("dweight".to_owned(), values(leaves.weight.grad(&gradients).unwrap())),
    ];
    for (index, leaf) in leaves.channel.iter().take(used).enumerate() {
        results.push((format!("per channel {index}"), values(leaf.grad(&gradients).unwrap())));
    }
    results
}

fn compare(what: &str, ours: &[(String, Vec<f32>)], plain: &[(String, Vec<f32>)]) {
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

fn plain_convolution(leaves: &Leaves) -> Tensor<5> {
    let options = ConvOptions::new([1, 1, 1], [0, 1, 1], [1, 1, 1], 1);
    conv3d(leaves.x.clone(), leaves.weight.clone(), Some(leaves.channel[0].clone()), options)
}

fn per_channel(x: &Tensor<1>) -> Tensor<5> {
    let [channels] = x.dims();
    x.clone().reshape([1, channels, 1, 1, 1])
}

#[test]
fn convolution_and_its_gradients_are_burns() {
    for case in cases() {
        let ours = run(&case, 1, |leaves| {
            kernels::convolution(leaves.x.clone(), leaves.weight.clone(), leaves.channel[0].clone())
        });
        compare(&format!("{case:?}"), &ours, &run(&case, 1, plain_convolution));
    }
}

#[test]
fn a_block_with_frozen_norm_and_its_gradients_are_burns() {
    for case in cases() {
        let ours = run(&case, 3, |leaves| {
            let [bias, scale, shift] = leaves.channel.clone();
            kernels::block(leaves.x.clone(), leaves.weight.clone(), bias, scale, shift)
        });
        let plain = run(&case, 3, |leaves| {
            relu(plain_convolution(leaves)) * per_channel(&leaves.channel[1])
                + per_channel(&leaves.channel[2])
        });
        compare(&format!("{case:?}"), &ours, &plain);
    }
}

#[test]
fn a_block_with_the_batchs_statistics_and_its_gradients_are_burns() {
    for case in cases() {
        let statistics = |mean: Tensor<1>, variance: Tensor<1>| {
            [values(mean.without_autodiff()), values(variance.without_autodiff())]
        };
        let (ours_of, plain_of) = (std::cell::RefCell::new(None), std::cell::RefCell::new(None));
        let ours = run(&case, 3, |leaves| {
            let [bias, gamma, beta] = leaves.channel.clone();
            let (y, mean, variance) =
                kernels::block_of_batch(leaves.x.clone(), leaves.weight.clone(), bias, gamma, beta, 1e-5);
            ours_of.replace(Some(statistics(mean, variance)));
            y
        });
        let plain = run(&case, 3, |leaves| {
            let [_, gamma, beta] = leaves.channel.clone();
            let result = batch_norm_train(relu(plain_convolution(leaves)), gamma, beta, 1e-5);
            plain_of.replace(Some(statistics(result.mean, result.variance)));
            result.output
        });
        if case.rows * case.columns * case.batch < 16 {
            continue; // So few values that the variance, and with it the norm, is ill-conditioned.
        }
        compare(&format!("{case:?}"), &ours, &plain);
        for (name, (ours, plain)) in
            ["mean", "variance"].iter().zip(ours_of.take().unwrap().into_iter().zip(plain_of.take().unwrap()))
        {
            compare(&format!("{case:?}"), &[((*name).to_owned(), ours)], &[((*name).to_owned(), plain)]);
        }
    }
}

#[test]
fn without_a_gradient_the_values_are_the_same() {
    for (channels, depth) in LAYERS {
        let case = Case::new(2, channels, depth, (13, 18));
        let leaves = leaves(&case, 9);
        let [bias, scale, shift] = leaves.channel.clone();
        let y = kernels::block(
            leaves.x.clone(),
            leaves.weight.clone(),
            bias.clone(),
            scale.clone(),
            shift.clone(),
        );
        let [x, weight] = [leaves.x, leaves.weight].map(Tensor::without_autodiff);
        let [bias, scale, shift] = [bias, scale, shift].map(Tensor::without_autodiff);
        assert_eq!(values(kernels::block(x, weight, bias, scale, shift)), values(y.without_autodiff()));
    }
}

#[test]
fn a_view_counts_as_its_values() {
    let case = Case::new(2, (32, 32), (3, 2), (10, 14));
    let Leaves { x, weight, channel: [bias, ..] } = leaves(&case, 5);
    let transposed =
        kernels::convolution(x.clone().swap_dims(3, 4), weight.clone().swap_dims(3, 4), bias.clone())
            .swap_dims(3, 4);
    let straight = kernels::convolution(x, weight, bias);
    compare("transposed", &[(String::new(), values(transposed))], &[(String::new(), values(straight))]);
}

#[test]
fn a_hole_in_the_input_stays_a_hole() {
    let case = Case::new(1, (32, 32), (2, 2), (12, 12));
    let Leaves { x, weight, channel: [bias, scale, shift] } = leaves(&case, 5);
    let y = kernels::block(x * f32::NAN, weight, bias, scale, shift);
    assert!(values(y.without_autodiff()).iter().all(|value| value.is_nan()));
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let case = Case::new(3, (32, 32), (3, 2), (29, 35));
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            run(&case, 3, |leaves| {
                let [bias, gamma, beta] = leaves.channel.clone();
                kernels::block_of_batch(leaves.x.clone(), leaves.weight.clone(), bias, gamma, beta, 1e-5).0
            })
        })
    };
    let once = with(1);
    for threads in [1, 2, 5] {
        assert_eq!(once, with(threads), "{threads} threads");
    }
}
