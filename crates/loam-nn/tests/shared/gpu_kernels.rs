//! The GPU's kernels against burn's own operations on the CPU, natively (`kernels_gpu.rs`) and in a browser (`web_worker/gpu_kernels.rs`).

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm_train, conv3d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use loam_core::network::TbCase;
use loam_core::training::DateRole;
use loam_kernels as kernels;
use loam_nn::{Adam, Example, TbImage, TrainEvent, TrainSample, TrainSettings, Trainer, urmse_loss};
use loam_nn::{Inputs, Random, Smen, Weights};

/// Allowed difference, relative to the largest value.
const TOLERANCE: f32 = 1e-4;

/// Extents of one case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    batch: usize,
    channels: (usize, usize),
    depth: usize,
    kernel: usize,
    rows: usize,
    columns: usize,
}

/// SMEN's five convolutions.
const LAYERS: [((usize, usize), (usize, usize)); 5] =
    [((1, 32), (4, 2)), ((32, 32), (3, 2)), ((32, 32), (2, 2)), ((1, 32), (1, 1)), ((32, 1), (1, 1))];

/// Few and small: a software adapter is a CPU. The paper's size once.
fn cases() -> Vec<Case> {
    let case = |batch, channels, (depth, kernel), (rows, columns)| Case {
        batch,
        channels,
        depth,
        kernel,
        rows,
        columns,
    };
    let mut cases = Vec::new();
    for (batch, size) in [(1, (9, 9)), (3, (9, 9)), (1, (17, 33))] {
        cases.extend(LAYERS.map(|(channels, depth)| case(batch, channels, depth, size)));
    }
    cases.push(case(8, (32, 32), (3, 2), (9, 9)));
    cases.push(case(8, (1, 32), (4, 2), (12, 10)));
    cases.push(case(1, (32, 32), (2, 2), (100, 100)));
    // Other channels and kernels; the last two have no kernel of their own.
    let mut random = Random::new(11);
    for (channels, depth) in [
        ((4, 8), (2, 1)),
        ((8, 4), (5, 3)),
        ((12, 20), (2, 2)),
        ((1, 8), (3, 3)),
        ((3, 5), (3, 2)),
        ((2, 1), (2, 1)),
    ] {
        let mut side = |most: usize| 1 + random.below(most);
        cases.push(case(side(3), channels, depth, (side(40), side(40))));
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

fn leaves(case: &Case, seed: u64, device: &Device) -> Leaves {
    let device = device.clone().autodiff();
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

async fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_async().await.unwrap().try_into_vec::<f32>().unwrap()
}

type Results = Vec<(String, Vec<f32>)>;

/// Result, gradients and what comes with the result of an operation that uses the first `used` of the per-channel leaves; the loss weighs
/// every pixel differently.
async fn run(
    case: &Case,
    used: usize,
    device: &Device,
    operation: impl Fn(&Leaves) -> (Tensor<5>, Vec<Tensor<1>>),
) -> Results {
    let leaves = leaves(case, 3, device);
    let (y, beside) = operation(&leaves);
    let mut random = Random::new(4);
    let weights: Vec<f32> = (0..y.shape().num_elements()).map(|_| random.symmetric(1.0)).collect();
    let weights = Tensor::<5>::from_data(TensorData::new(weights, y.shape()), &y.device());
    let gradients = (y.clone() * weights).sum().backward();
    let mut results = vec![
        ("y".to_owned(), values(y.without_autodiff()).await),
        ("dx".to_owned(), values(leaves.x.grad(&gradients).unwrap()).await),
        ("dweight".to_owned(), values(leaves.weight.grad(&gradients).unwrap()).await),
    ];
    for (index, leaf) in leaves.channel.iter().take(used).enumerate() {
        results.push((format!("per channel {index}"), values(leaf.grad(&gradients).unwrap()).await));
    }
    for (index, tensor) in beside.into_iter().enumerate() {
        results.push((format!("beside {index}"), values(tensor.without_autodiff()).await));
    }
    results
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

fn plain_convolution(leaves: &Leaves) -> Tensor<5> {
    let options = ConvOptions::new([1, 1, 1], [0, 1, 1], [1, 1, 1], 1);
    conv3d(leaves.x.clone(), leaves.weight.clone(), Some(leaves.channel[0].clone()), options)
}

fn per_channel(x: &Tensor<1>) -> Tensor<5> {
    let [channels] = x.dims();
    x.clone().reshape([1, channels, 1, 1, 1])
}

pub async fn convolution(gpu: &Device) {
    for case in cases() {
        let op = |leaves: &Leaves| {
            (
                kernels::convolution(leaves.x.clone(), leaves.weight.clone(), leaves.channel[0].clone()),
                Vec::new(),
            )
        };
        let plain = run(&case, 1, &Device::flex(), |leaves| (plain_convolution(leaves), Vec::new())).await;
        compare(&format!("{case:?}"), &run(&case, 1, gpu, op).await, &plain);
    }
}

/// Cases that the tiled variant takes, forwards or back: those of the table, and random ones.
fn cases_for_tiles() -> Vec<Case> {
    let fills = |from: usize, to: usize| from.is_multiple_of(4) && to.is_multiple_of(32);
    let mut cases: Vec<Case> = cases()
        .into_iter()
        .filter(|Case { channels: (from, to), .. }| fills(*from, *to) || fills(*to, *from))
        .collect();
    assert!(cases.len() > 6);
    // More channels than a workgroup makes, frames beyond both ends, tiles cut at both edges.
    cases.push(Case { batch: 2, channels: (8, 64), depth: 4, kernel: 3, rows: 21, columns: 5 });
    // Of the last two only the backward pass goes by tiles. Kernels of one and two frames are SMEN's.
    let mut random = Random::new(29);
    for channels in [(32, 32), (4, 32), (32, 64), (36, 32), (32, 4), (64, 12)] {
        let mut one_to = |most: usize| 1 + random.below(most);
        let (kernel, more) = (one_to(2), one_to(2));
        cases.push(Case {
            batch: one_to(3),
            channels,
            depth: kernel + more - 1,
            kernel,
            rows: one_to(20),
            columns: one_to(36),
        });
    }
    cases
}

/// The tiled variant: the block with all gradients over every case that its convolution takes, the norm of a batch, the end of
/// the network, the loss, and whole steps of training.
pub async fn with_workgroup_memory(gpu: &Device) {
    use loam_kernels::gpu::{REGISTER_KERNELS, TILED_KERNELS, Variant, use_variant};
    use_variant(Variant::Kernels(&TILED_KERNELS));
    for case in cases_for_tiles() {
        let op = |leaves: &Leaves| {
            let [bias, scale, shift] = leaves.channel.clone();
            (kernels::block(leaves.x.clone(), leaves.weight.clone(), bias, scale, shift), Vec::new())
        };
        let plain = |leaves: &Leaves| {
            (
                relu(plain_convolution(leaves)) * per_channel(&leaves.channel[1])
                    + per_channel(&leaves.channel[2]),
                Vec::new(),
            )
        };
        compare(
            &format!("workgroup memory {case:?}"),
            &run(&case, 3, gpu, op).await,
            &run(&case, 3, &Device::flex(), plain).await,
        );
    }
    block_of_batch(gpu).await;
    fusion(gpu).await;
    loss(gpu).await;
    training(gpu).await;
    use_variant(Variant::Kernels(&REGISTER_KERNELS));
}

/// Measuring gives a time for both variants, and the choice is one of the two, with which a block's numbers are burn's. `now`: milliseconds
/// since some fixed moment. Gives the times, ms, and the name of the choice.
pub async fn choice(gpu: &Device, now: impl Fn() -> f64) -> ([f64; 2], &'static str) {
    use loam_kernels::gpu::{
        REGISTER_KERNELS, VARIANTS, Variant, block_times, faster, use_variant, variant_in_use,
    };
    let times = block_times(gpu, &now).await.unwrap();
    assert!(times.iter().all(|time| time.is_finite() && *time >= 0.0), "{times:?}");
    // The same block beside it, waited for by its value: what is measured is its work, not its queueing. Wide bounds, and a coarse clock.
    let start = now();
    let [x, weight] =
        [[4, 32, 3, 64, 64], [32, 32, 2, 3, 3]].map(|shape| Tensor::<5>::ones(shape, gpu) * 1e-3);
    let channel = Tensor::<1>::ones([32], gpu);
    let y = kernels::block(x, weight, channel.clone(), channel.clone(), channel);
    values(y.slice([0..1, 0..1, 0..1, 0..1, 0..1])).await;
    let alone = now() - start;
    assert!(
        times.iter().all(|time| time + 1.0 > alone / 100.0),
        "{times:?} ms where a block alone takes {alone} ms"
    );
    let chosen = faster(gpu, &now).await;
    assert!(VARIANTS.iter().any(|(variant, _)| std::ptr::eq(*variant, chosen)));
    use_variant(Variant::Kernels(chosen));
    let name = variant_in_use().unwrap();
    let case = Case { batch: 2, channels: (32, 32), depth: 3, kernel: 2, rows: 9, columns: 19 };
    let op = |leaves: &Leaves| {
        (kernels::convolution(leaves.x.clone(), leaves.weight.clone(), leaves.channel[0].clone()), Vec::new())
    };
    let ours = run(&case, 1, gpu, op).await;
    use_variant(Variant::Kernels(&REGISTER_KERNELS));
    compare(
        name,
        &ours,
        &run(&case, 1, &Device::flex(), |leaves| (plain_convolution(leaves), Vec::new())).await,
    );
    (times, name)
}

pub async fn frozen_block(gpu: &Device) {
    for case in cases() {
        let op = |leaves: &Leaves| {
            let [bias, scale, shift] = leaves.channel.clone();
            (kernels::block(leaves.x.clone(), leaves.weight.clone(), bias, scale, shift), Vec::new())
        };
        let plain = |leaves: &Leaves| {
            (
                relu(plain_convolution(leaves)) * per_channel(&leaves.channel[1])
                    + per_channel(&leaves.channel[2]),
                Vec::new(),
            )
        };
        compare(
            &format!("{case:?}"),
            &run(&case, 3, gpu, op).await,
            &run(&case, 3, &Device::flex(), plain).await,
        );
    }
}

pub async fn block_of_batch(gpu: &Device) {
    for case in cases() {
        if case.rows * case.columns * case.batch < 16 {
            continue; // So few values that the variance, and with it the norm, is ill-conditioned.
        }
        let op = |leaves: &Leaves| {
            let [bias, gamma, beta] = leaves.channel.clone();
            let (y, mean, variance) =
                kernels::block_of_batch(leaves.x.clone(), leaves.weight.clone(), bias, gamma, beta, 1e-5);
            (y, vec![mean, variance])
        };
        let plain = |leaves: &Leaves| {
            let [_, gamma, beta] = leaves.channel.clone();
            let result = batch_norm_train(relu(plain_convolution(leaves)), gamma, beta, 1e-5);
            (result.output, vec![result.mean, result.variance])
        };
        compare(
            &format!("{case:?}"),
            &run(&case, 3, gpu, op).await,
            &run(&case, 3, &Device::flex(), plain).await,
        );
    }
}

/// Without gradients the values are the same; a view counts as its values; a hole in the input stays a hole.
pub async fn small_print(gpu: &Device) {
    let case = Case { batch: 2, channels: (32, 32), depth: 3, kernel: 2, rows: 10, columns: 14 };
    let Leaves { x, weight, channel: [bias, scale, shift] } = leaves(&case, 9, gpu);
    let tracked = kernels::block(x.clone(), weight.clone(), bias.clone(), scale.clone(), shift.clone());
    let transposed =
        kernels::convolution(x.clone().swap_dims(3, 4), weight.clone().swap_dims(3, 4), bias.clone())
            .swap_dims(3, 4);
    let straight = kernels::convolution(x.clone(), weight.clone(), bias.clone());
    compare(
        "transposed",
        &vec![(String::new(), values(transposed).await)],
        &vec![(String::new(), values(straight).await)],
    );
    let [x, weight] = [x, weight].map(Tensor::without_autodiff);
    let [bias, scale, shift] = [bias, scale, shift].map(Tensor::without_autodiff);
    let free = kernels::block(x.clone(), weight.clone(), bias.clone(), scale.clone(), shift.clone());
    assert_eq!(values(free).await, values(tracked.without_autodiff()).await);
    let holed = kernels::block(x * f32::NAN, weight, bias, scale, shift);
    assert!(values(holed).await.iter().all(|value| value.is_nan()));
}

fn image(device: &Device, seed: u64, shape: [usize; 5], middle: f32, bound: f32) -> Tensor<5> {
    let mut random = Random::new(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| middle + random.symmetric(bound)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// `h(g(i) + features)` with every gradient, frozen parts too.
pub async fn fusion(gpu: &Device) {
    for (batch, rows, columns) in [(1, 9, 9), (3, 17, 33), (2, 12, 41)] {
        let run = async |device: &Device| -> Results {
            let device = device.clone().autodiff();
            let ask = |tensor: Tensor<5>| tensor.require_grad();
            let i = ask(image(&device, 1, [batch, 1, 1, rows, columns], 0.2, 0.1));
            let features = ask(image(&device, 2, [batch, 32, 1, rows, columns], 0.0, 1.0));
            let g = ask(image(&device, 3, [32, 1, 1, 3, 3], 0.0, 0.3));
            let h = ask(image(&device, 4, [1, 32, 1, 3, 3], 0.0, 0.1));
            let g_bias = image(&device, 5, [32, 1, 1, 1, 1], 0.0, 0.3).reshape([32]).detach().require_grad();
            let h_bias = image(&device, 6, [1, 1, 1, 1, 1], 0.0, 0.3).reshape([1]).detach().require_grad();
            let y = kernels::fusion(
                i.clone(),
                features.clone(),
                (g.clone(), g_bias.clone()),
                (h.clone(), h_bias.clone()),
            );
            let weigh = image(&device, 7, y.dims(), 0.0, 1.0);
            let gradients = (y.clone() * weigh).sum().backward();
            let mut results = vec![("y".to_owned(), values(y.without_autodiff()).await)];
            for (name, leaf) in [("di", &i), ("dfeatures", &features), ("dg", &g), ("dh", &h)] {
                results.push((name.to_owned(), values(leaf.grad(&gradients).unwrap()).await));
            }
            for (name, leaf) in [("dg bias", &g_bias), ("dh bias", &h_bias)] {
                results.push((name.to_owned(), values(leaf.grad(&gradients).unwrap()).await));
            }
            results
        };
        compare(&format!("fusion {batch} {rows} {columns}"), &run(gpu).await, &run(&Device::flex()).await);
    }
}

/// The loss and its gradient, with a mask, an image met exactly among the images, and a factor behind the loss.
pub async fn loss(gpu: &Device) {
    for (batch, rows, columns) in [(1, 9, 9), (3, 17, 33), (8, 10, 11)] {
        let run = async |device: &Device| -> Results {
            let device = device.clone().autodiff();
            let shape = [batch, 1, 1, rows, columns];
            let target = image(&device, 2, shape, 0.3, 0.1);
            let mask = image(&device, 3, shape, 0.2, 1.0).greater_elem(0.0).float();
            let estimate = image(&device, 1, shape, 0.6, 0.05);
            let estimate = if batch > 1 {
                Tensor::cat(vec![target.clone().narrow(0, 0, 1) + 0.125, estimate.narrow(0, 1, batch - 1)], 0)
            } else {
                estimate
            };
            let estimate = estimate.detach().require_grad();
            let loss = urmse_loss(estimate.clone(), target, mask);
            let gradients = (loss.clone() * 3.0).sum().backward();
            vec![
                ("loss".to_owned(), values(loss.without_autodiff()).await),
                ("destimate".to_owned(), values(estimate.grad(&gradients).unwrap()).await),
            ]
        };
        compare(&format!("loss {batch} {rows} {columns}"), &run(gpu).await, &run(&Device::flex()).await);
    }
}

pub fn samples(count: usize, (columns, rows): (usize, usize)) -> Vec<TrainSample> {
    let mut random = Random::new(5);
    let cells = columns * rows;
    (0..count)
        .map(|_| {
            let i: Vec<f32> = (0..cells).map(|_| 0.2 + random.symmetric(0.15)).collect();
            let d: Vec<f32> = (0..4 * cells).map(|_| random.symmetric(0.1)).collect();
            let target = (0..cells).map(|n| i[n] + d[3 * cells + n]).collect();
            TrainSample { columns, rows, coarse_input: i, residuals: d, target, mask: vec![1.0; cells] }
        })
        .collect()
}

/// Steps of a whole training on both devices: losses, weights and moments stay together, over a break too, and nothing that was handed out
/// changes.
pub async fn training(gpu: &Device) {
    for (inputs, frozen, steps) in [
        (Inputs::Spatiotemporal, vec![], 5),
        (Inputs::Spatiotemporal, vec![loam_core::network::Part::Norms], 4),
        (Inputs::Spatial, vec![], 4),
        (Inputs::Temporal, vec![loam_core::network::Part::History], 3),
    ] {
        let what = format!("{inputs:?} {frozen:?}");
        let settings = TrainSettings { inputs, epochs: 100, batch: 2, frozen, ..TrainSettings::default() };
        trains_alike(
            gpu,
            &what,
            &Weights::init(inputs, 1),
            (samples(4, (11, 9)), samples(1, (11, 9))),
            &settings,
            steps,
        )
        .await;
    }
}

/// The same of the TB CNN, whose convolutions are burn's own and whose Adam is the same.
pub async fn training_of_the_tb_cnn(gpu: &Device) {
    for case in TbCase::ALL {
        assert_eq!(loam_nn::check_tb_training(gpu, case).await, None, "{case:?}");
        let settings = TrainSettings { epochs: 100, batch: 2, ..TrainSettings::tb_cnn(case) };
        let images = |count| tb_images(case, count, (11, 9));
        trains_alike(
            gpu,
            case.name(),
            &loam_nn::tb_cnn::first_weights(case, 1),
            (images(3), images(1)),
            &settings,
            3,
        )
        .await;
    }
}

fn tb_images(case: TbCase, count: usize, (columns, rows): (usize, usize)) -> Vec<TbImage> {
    let mut random = Random::new(7);
    let cells = columns * rows;
    let mut plane =
        |channels: usize| -> Vec<f32> { (0..channels * cells).map(|_| random.symmetric(1.0)).collect() };
    (0..count)
        .map(|n| TbImage {
            date: jiff::civil::date(2015, 4, 1 + n as i8),
            role: DateRole::Train,
            size: (columns, rows),
            input: plane(2),
            bilinear: plane(case.outputs()),
            target: plane(case.outputs()),
            mask: (0..case.outputs() * cells).map(|cell| if cell % 5 == 0 { 0.0 } else { 1.0 }).collect(),
        })
        .collect()
}

async fn trains_alike<E: Example>(
    gpu: &Device,
    what: &str,
    weights: &Weights,
    images: (Vec<E>, Vec<E>),
    settings: &TrainSettings,
    steps: usize,
) {
    let run = async |device: &Device| -> (Vec<f64>, Results) {
        let (train, validation) = images.clone();
        let mut trainer = Trainer::new(weights, train, validation, settings.clone(), device).unwrap();
        let mut losses = Vec::new();
        while losses.len() < steps {
            match trainer.step().await {
                Some(TrainEvent::StepDone { loss, .. }) => losses.push(loss),
                Some(TrainEvent::Failed(error)) => panic!("{what}: {error}"),
                _ => continue,
            }
            if losses.len() == 2 {
                let checkpoint = trainer.checkpoint(0.0).await.unwrap();
                let (train, validation) = images.clone();
                trainer = Trainer::resumed(checkpoint, weights, train, validation, settings.clone(), device)
                    .unwrap();
            }
        }
        let checkpoint = trainer.checkpoint(0.0).await.unwrap();
        let mut results: Results =
            checkpoint.now.tensors.into_iter().map(|(name, tensor)| (name, tensor.values)).collect();
        for (name, first, second) in checkpoint.moments {
            results.push((format!("{name} first"), first));
            results.push((format!("{name} second"), second));
        }
        (losses, results)
    };
    let ((ours, on_gpu), (plain, on_cpu)) = (run(gpu).await, run(&Device::flex()).await);
    for (ours, plain) in ours.iter().zip(&plain) {
        assert!((ours - plain).abs() < 1e-4 * plain, "{what}: losses {ours} and {plain}");
    }
    assert_eq!(
        on_gpu.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        on_cpu.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    for ((name, a), (_, b)) in on_gpu.iter().zip(&on_cpu) {
        // Adam divides by the gradient's size: where that is rounding noise, whole steps may differ in sign. The moments tell.
        let largest = b.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let gap = a.iter().zip(b).fold(0.0f32, |gap, (a, b)| gap.max((a - b).abs()));
        let allowed =
            if name.contains(' ') { 2e-2 * largest } else { 1e-3 * largest + 2.0 * steps as f32 * 1e-4 };
        assert!(gap <= allowed, "{what} {name}: {gap} off where the largest is {largest}");
    }
}

/// Adam on the GPU leaves what it handed out before as it was.
pub async fn adam(gpu: &Device) {
    let device = gpu.clone().autodiff();
    let mut smen = Smen::from_weights(&Weights::init(Inputs::Spatiotemporal, 3), &device).unwrap();
    let mut adam = Adam::new();
    let shape = |depth| [1, 1, depth, 9, 9];
    let mut step = |smen: Smen| {
        let estimate =
            smen.forward(image(&device, 1, shape(1), 0.2, 0.1), image(&device, 2, shape(4), 0.0, 0.1));
        let loss =
            urmse_loss(estimate, image(&device, 3, shape(1), 0.3, 0.1), Tensor::ones(shape(1), &device));
        let gradients = loss.backward();
        adam.step(smen, &gradients, 1e-3)
    };
    smen = step(smen);
    let (early, before) = (smen.clone(), smen.to_weights().await.unwrap());
    smen = step(smen);
    smen = step(smen);
    let (unchanged, after) = (early.to_weights().await.unwrap(), smen.to_weights().await.unwrap());
    assert_eq!(before.tensors, unchanged.tensors);
    assert_ne!(before.tensors, after.tensors);
}

/// A training of the whole network on four small images, two to a batch.
pub fn trainer(device: &Device, frozen: Vec<loam_core::network::Part>) -> Trainer {
    trainer_of(device, Inputs::Spatiotemporal, frozen)
}

/// The same with these inputs.
pub fn trainer_of(device: &Device, inputs: Inputs, frozen: Vec<loam_core::network::Part>) -> Trainer {
    let settings = TrainSettings { inputs, epochs: 1000, batch: 2, frozen, ..TrainSettings::default() };
    Trainer::new(&Weights::init(inputs, 1), samples(4, (11, 9)), Vec::new(), settings, device).unwrap()
}

/// Makes steps.
pub async fn steps(trainer: &mut Trainer, steps: usize) {
    let mut done = 0;
    while done < steps {
        match trainer.step().await {
            Some(TrainEvent::StepDone { .. }) => done += 1,
            Some(TrainEvent::Failed(error)) => panic!("{error}"),
            Some(_) => {}
            None => panic!("the run is over"),
        }
    }
}
