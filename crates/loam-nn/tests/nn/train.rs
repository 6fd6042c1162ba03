//! Loss and trainer on the CPU: the loss against its formula in float64, what it must not see, and runs from the first event to the last.

use burn::tensor::{Device, Tensor, TensorData};
use loam_core::network::Part;
use loam_core::training::{EpochReport, SettingError};
use loam_nn::{Inputs, Random, Weights, block_on};
use loam_nn::{TrainError, TrainEvent, TrainSample, TrainSettings, Trainer, urmse_loss};

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

fn draw(random: &mut Random, length: usize, bound: f32) -> Vec<f32> {
    (0..length).map(|_| random.symmetric(bound)).collect()
}

/// Two images of 9 x 10: estimate, target, mask.
fn images() -> [Vec<f32>; 3] {
    let mut random = Random::new(5);
    let estimate = draw(&mut random, 180, 0.2);
    let target = draw(&mut random, 180, 0.2);
    let mask = (0..180).map(|_| if random.unit() < 0.6 { 1.0 } else { 0.0 }).collect();
    [estimate, target, mask]
}

/// Loss and its gradient by the estimate, on the CPU backend.
fn loss_and_gradient([estimate, target, mask]: &[Vec<f32>; 3]) -> (f32, Vec<f32>) {
    let device = Device::flex().autodiff();
    let place = |values: &Vec<f32>| {
        Tensor::<5>::from_data(TensorData::new(values.clone(), [2, 1, 1, 9, 10]), &device)
    };
    let estimate = place(estimate).require_grad();
    let loss = urmse_loss(estimate.clone(), place(target), place(mask));
    let gradient = estimate.grad(&loss.backward()).unwrap();
    (values(loss.without_autodiff())[0], values(gradient))
}

/// The formula of model.md, in float64.
fn formula(estimate: &[f64], target: &[f32], mask: &[f32]) -> f64 {
    let image = |range: std::ops::Range<usize>| {
        let difference: Vec<f64> =
            range.filter(|&n| mask[n] > 0.0).map(|n| estimate[n] - f64::from(target[n])).collect();
        let count = difference.len() as f64;
        let mean = difference.iter().sum::<f64>() / count;
        (difference.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / count).sqrt()
    };
    (image(0..90) + image(90..180)) / 2.0
}

#[test]
fn loss_and_gradient_follow_the_formula() {
    let images = images();
    let (loss, gradient) = loss_and_gradient(&images);
    let [estimate, target, mask] = &images;
    let mut estimate: Vec<f64> = estimate.iter().map(|&value| value.into()).collect();
    assert!((f64::from(loss) - formula(&estimate, target, mask)).abs() < 1e-7);
    let largest = gradient.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    assert!(largest > 1e-3);
    for n in 0..180 {
        let middle = estimate[n];
        let step = 1e-5;
        estimate[n] = middle + step;
        let above = formula(&estimate, target, mask);
        estimate[n] = middle - step;
        let slope = (above - formula(&estimate, target, mask)) / (2.0 * step);
        estimate[n] = middle;
        assert!(
            (slope - f64::from(gradient[n])).abs() < 1e-5 * f64::from(largest) + 1e-8,
            "pixel {n}: {slope} {}",
            gradient[n]
        );
    }
}

#[test]
fn pixels_outside_the_mask_do_not_matter() {
    let before = images();
    let mut after = before.clone();
    for n in 0..180 {
        if before[2][n] == 0.0 {
            after[0][n] += 3.0;
            after[1][n] = -7.0;
        }
    }
    let (loss, gradient) = loss_and_gradient(&before);
    assert_eq!(loss_and_gradient(&after), (loss, gradient.clone()));
    assert!(gradient.iter().zip(&before[2]).all(|(gradient, mask)| *mask > 0.0 || *gradient == 0.0));
}

#[test]
fn a_constant_offset_does_not_matter() {
    let before = images();
    let mut after = before.clone();
    after[0].iter_mut().for_each(|value| *value += 0.25);
    let ((a, _), (b, gradient)) = (loss_and_gradient(&before), loss_and_gradient(&after));
    assert!((a - b).abs() < 1e-7, "{a} {b}");
    assert!(gradient.iter().sum::<f32>().abs() < 1e-6);
}

#[test]
fn an_image_met_exactly_gives_zero_and_finite_gradients() {
    let mut images = images();
    let copy = images[1][..90].to_vec();
    images[0][..90].copy_from_slice(&copy);
    let (loss, gradient) = loss_and_gradient(&images);
    assert!(loss > 0.0 && gradient.iter().all(|value| value.is_finite()));
    assert!(
        gradient[..90].iter().all(|&value| value == 0.0) && gradient[90..].iter().any(|&value| value != 0.0)
    );
    images[0] = images[1].clone();
    let (loss, gradient) = loss_and_gradient(&images);
    assert_eq!((loss, gradient), (0.0, vec![0.0; 180]));
}

/// A scene that the network can learn: the target is today's value plus the newest residual.
fn sample(random: &mut Random, side: usize) -> TrainSample {
    let cells = side * side;
    let i: Vec<f32> = draw(random, cells, 0.15).into_iter().map(|value| value + 0.2).collect();
    let d = draw(random, 4 * cells, 0.1);
    let mask: Vec<f32> = (0..cells).map(|_| if random.unit() < 0.7 { 1.0 } else { 0.0 }).collect();
    let target = (0..cells).map(|n| if mask[n] > 0.0 { i[n] + d[3 * cells + n] } else { f32::NAN }).collect();
    TrainSample { columns: side, rows: side, coarse_input: i, residuals: d, target, mask }
}

fn samples(seed: u64, count: usize, side: usize) -> Vec<TrainSample> {
    let mut random = Random::new(seed);
    (0..count).map(|_| sample(&mut random, side)).collect()
}

fn run(trainer: &mut Trainer) -> Vec<TrainEvent> {
    let mut events = Vec::new();
    while let Some(event) = block_on(trainer.step()) {
        events.push(event);
    }
    events
}

fn settings(epochs: usize) -> TrainSettings {
    TrainSettings { epochs, learning_rate: 1e-3, batch: 2, seed: 11, ..TrainSettings::default() }
}

#[test]
fn one_image_is_learnt_by_heart() {
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    let mut trainer = Trainer::new(
        &weights,
        samples(1, 1, 16),
        Vec::new(),
        TrainSettings { batch: 1, ..settings(300) },
        &Device::flex(),
    )
    .unwrap();
    let losses: Vec<f64> = run(&mut trainer)
        .iter()
        .filter_map(|event| if let TrainEvent::StepDone { loss, .. } = event { Some(*loss) } else { None })
        .collect();
    assert_eq!(losses.len(), 300);
    // At this rate the loss of a step jumps about, differently with every rounding: the least of the last thirty tells.
    let least = losses[270..].iter().fold(f64::INFINITY, |least, loss| least.min(*loss));
    assert!(losses[0] > 0.5 && least < 0.015, "first {}, least of the last thirty {least}", losses[0]);
}

#[test]
fn a_run_is_a_stream_of_events() {
    let mut weights = Weights::init(Inputs::Spatiotemporal, 1);
    weights.metadata.insert("region".into(), "tucson".into());
    let mut trainer =
        Trainer::new(&weights, samples(1, 3, 9), samples(2, 3, 9), settings(2), &Device::flex()).unwrap();
    let events = run(&mut trainer);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            TrainEvent::Started { .. } => "started",
            TrainEvent::StepDone { .. } => "step",
            TrainEvent::Validated { .. } => "validated",
            TrainEvent::EpochDone(_) => "epoch",
            TrainEvent::Warning(_) => "warning",
            TrainEvent::Finished { .. } => "finished",
            TrainEvent::Failed(_) => "failed",
        })
        .collect();
    let epoch = ["step", "step", "validated", "validated", "epoch"];
    assert_eq!(kinds, [&["started", "warning"][..], &epoch, &epoch, &["finished"]].concat());
    assert_eq!(events[0], TrainEvent::Started { epochs: 2, steps_per_epoch: 2, train: 3, validation: 3 });
    let Some(TrainEvent::EpochDone(EpochReport { validation: Some(second), .. })) = events.get(11) else {
        panic!("{events:?}")
    };
    assert!(*second > 0.0 && *second < 0.3);
    assert_eq!(block_on(trainer.step()), None);
    let best = trainer.best().unwrap();
    assert_eq!((best.metadata["region"].as_str(), best.metadata["seed"].as_str()), ("tucson", "11"));
    assert_eq!(Weights::from_bytes(&best.to_bytes()).unwrap(), *best);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let go = |seed| {
        let settings = TrainSettings { seed, flips: true, ..settings(3) };
        let weights = Weights::init(Inputs::Spatiotemporal, 1);
        let mut trainer =
            Trainer::new(&weights, samples(1, 5, 12), samples(2, 2, 12), settings, &Device::flex()).unwrap();
        let events = run(&mut trainer);
        (events, block_on(trainer.current()).unwrap().tensors)
    };
    let first = go(3);
    assert_eq!(first, go(3));
    assert_ne!(first.1, go(4).1);
}

#[test]
fn frozen_norms_stay_as_they_are() {
    let weights = loam_nn::golden_weights(Inputs::Spatiotemporal);
    let train = |frozen: &[Part]| {
        let settings = TrainSettings { frozen: frozen.to_vec(), ..settings(2) };
        let mut trainer =
            Trainer::new(&weights, samples(1, 4, 9), Vec::new(), settings, &Device::flex()).unwrap();
        run(&mut trainer);
        block_on(trainer.current()).unwrap()
    };
    let (frozen, free) = (train(&[Part::Norms]), train(&[]));
    for name in ["f0.bn.running_mean", "f1.bn.running_var", "f2.bn.running_var"] {
        assert_eq!(frozen.tensors[name], weights.tensors[name]);
        assert_ne!(free.tensors[name], weights.tensors[name]);
    }
    for name in ["f0.bn.weight", "f2.bn.bias"] {
        assert_eq!(frozen.tensors[name], weights.tensors[name], "frozen norms keep scale and offset too");
        assert_ne!(free.tensors[name], weights.tensors[name]);
    }
    assert_ne!(frozen.tensors["f0.conv.weight"], weights.tensors["f0.conv.weight"]);
    let only_h = train(&[Part::Norms, Part::History, Part::Coarse]);
    for (name, tensor) in &only_h.tensors {
        assert_eq!(
            *tensor == weights.tensors[name],
            name != "h.weight",
            "{name}: only h's kernel learns (the loss is blind to its bias)"
        );
    }
}

#[test]
fn every_variant_trains() {
    for inputs in Inputs::ALL {
        let settings = TrainSettings { inputs, ..settings(20) };
        let mut trainer =
            Trainer::new(&Weights::init(inputs, 2), samples(1, 2, 9), Vec::new(), settings, &Device::flex())
                .unwrap();
        let losses: Vec<f64> = run(&mut trainer)
            .iter()
            .filter_map(|event| {
                if let TrainEvent::EpochDone(report) = event { Some(report.train_loss) } else { None }
            })
            .collect();
        assert!(losses[19] < losses[0], "{inputs:?}: {losses:?}");
        assert_eq!(block_on(trainer.current()).unwrap().inputs(), inputs);
    }
}

/// Losses read together, images that stay on the device: the same events and the same bits.
#[test]
fn steps_sent_off_together_change_nothing() {
    for batch in [1, 2] {
        let go = |at_once| {
            let weights = Weights::init(Inputs::Spatiotemporal, 4);
            let settings = TrainSettings { batch, ..settings(2) };
            let mut trainer =
                Trainer::new(&weights, samples(7, 5, 9), samples(8, 2, 9), settings, &Device::flex())
                    .unwrap();
            trainer.read_every(at_once);
            let events = run(&mut trainer);
            (events, block_on(trainer.current()).unwrap())
        };
        let one_by_one = go(1);
        assert_eq!(go(3), one_by_one);
        assert_eq!(go(100), one_by_one);
    }
}

#[test]
fn a_run_that_leaves_the_numbers_stops_and_keeps_the_best() {
    a_run_that_leaves_the_numbers(1);
    a_run_that_leaves_the_numbers(2);
}

fn a_run_that_leaves_the_numbers(at_once: usize) {
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    let mut bad = samples(1, 2, 9);
    // Finite, but its square is not.
    bad[1]
        .target
        .iter_mut()
        .filter(|value| value.is_finite())
        .enumerate()
        .for_each(|(n, value)| *value = if n % 2 == 0 { 3e38 } else { -3e38 });
    let mut trainer =
        Trainer::new(&weights, bad, Vec::new(), TrainSettings { batch: 1, ..settings(5) }, &Device::flex())
            .unwrap();
    trainer.read_every(at_once);
    let events = run(&mut trainer);
    assert!(
        matches!(events.last(), Some(TrainEvent::Failed(TrainError::LossNotFinite { epoch: 1, .. }))),
        "{events:?}"
    );
    assert!(trainer.best().is_none());
    // The weights before the bad step still hold numbers.
    assert_eq!(block_on(trainer.current()).unwrap().check(), Ok(()));
}

#[test]
fn unusable_samples_and_settings_are_refused() {
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    let refuse = |train: Vec<TrainSample>, validation: Vec<TrainSample>, settings: TrainSettings| {
        Trainer::new(&weights, train, validation, settings, &Device::flex()).expect_err("refused")
    };
    assert_eq!(refuse(Vec::new(), Vec::new(), settings(1)), TrainError::NoSamples);
    let mut empty = samples(1, 2, 9);
    empty[1].mask = vec![0.0; 81];
    assert_eq!(refuse(empty, Vec::new(), settings(1)), TrainError::EmptyMask { sample: 1 });
    let unequal = refuse(samples(1, 2, 9), samples(1, 1, 10), settings(1));
    assert!(matches!(unequal, TrainError::UnequalSizes { sample: 2, columns: 10, first_columns: 9, .. }));
    let mut hole = samples(1, 1, 9);
    hole[0].mask = vec![1.0; 81];
    assert!(matches!(refuse(hole, Vec::new(), settings(1)), TrainError::Sample { sample: 0, .. }));
    let fast = refuse(samples(1, 1, 9), Vec::new(), TrainSettings { learning_rate: 2.0, ..settings(1) });
    assert_eq!(fast.to_string(), "the learning rate is 2, it must lie between 0.0000001 and 1");
    let frozen =
        refuse(samples(1, 1, 9), Vec::new(), TrainSettings { frozen: Part::ALL.to_vec(), ..settings(1) });
    assert_eq!(frozen, TrainError::Setting(SettingError::AllFrozen));
    let other =
        refuse(samples(1, 1, 9), Vec::new(), TrainSettings { inputs: Inputs::Spatial, ..settings(1) });
    assert_eq!(other, TrainError::OtherInputs { found: "spatiotemporal", wanted: "spatial" });
}

#[test]
fn a_run_stops_where_validation_no_longer_improves() {
    // A learning rate far too high to improve after the first epochs.
    let settings = TrainSettings { learning_rate: 0.3, patience: 3, ..settings(200) };
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    let mut trainer =
        Trainer::new(&weights, samples(1, 4, 9), samples(2, 2, 9), settings, &Device::flex()).unwrap();
    let events = run(&mut trainer);
    let epochs: Vec<EpochReport> = events
        .iter()
        .filter_map(|e| if let TrainEvent::EpochDone(report) = e { Some(*report) } else { None })
        .collect();
    let Some(TrainEvent::Finished { early: true, best_epoch, best_loss }) = events.last() else {
        panic!("{:?}", events.last())
    };
    assert_eq!(epochs.len(), best_epoch + 3);
    let best = epochs.iter().map(|e| e.validation.unwrap()).fold(f64::INFINITY, f64::min);
    assert_eq!(best, *best_loss);
}

/// The gradient of the whole network's loss by every kind of tensor, against finite differences of a float64 re-computation in float32
/// steps: convolution, norm with batch statistics, norm with running statistics, ReLU.
#[test]
fn gradients_of_every_layer_follow_finite_differences() {
    use burn::module::{Module, ModuleVisitor, Param};
    use loam_nn::Smen;

    struct Collect<'a>(&'a burn::tensor::Gradients, Vec<Vec<f32>>);
    impl ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).unwrap();
            self.1.push(values(gradient));
        }
    }
    let device = Device::flex().autodiff();
    let sample = &samples(3, 1, 9)[0];
    let place = |values: &[f32], depth: usize| {
        Tensor::<5>::from_data(TensorData::new(values.to_vec(), [1, 1, depth, 9, 9]), &device)
    };
    let target: Vec<f32> = sample.target.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect();
    for frozen_norms in [true, false] {
        let weights = loam_nn::golden_weights(Inputs::Spatiotemporal);
        let loss_of = |weights: &Weights| {
            let smen = Smen::from_weights(weights, &device).unwrap();
            let (i, d) = (place(&sample.coarse_input, 1), place(&sample.residuals, 4));
            let estimate = if frozen_norms { smen.forward(i, d) } else { smen.forward_train(i, d).0 };
            (urmse_loss(estimate, place(&target, 1), place(&sample.mask, 1)), smen)
        };
        let (loss, smen) = loss_of(&weights);
        let gradients = loss.backward();
        let mut collect = Collect(&gradients, Vec::new());
        smen.visit(&mut collect);
        let names: Vec<String> =
            loam_nn::smen::schema(Inputs::Spatiotemporal).into_iter().filter(|t| t.2).map(|t| t.0).collect();
        let value = |weights: &Weights| f64::from(values(loss_of(weights).0.without_autodiff())[0]);
        for (name, gradient) in names.iter().zip(&collect.1) {
            // The direction of the gradient itself: its slope is the gradient's norm, far above float32's noise.
            let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            if name == "h.bias" {
                assert!(norm < 1e-6, "the loss is blind to the offset");
                continue;
            }
            // A bias before a norm with batch statistics is cancelled by the norm's mean only without the ReLU between: so none is zero.
            // Far enough that the loss moves by many of float32's steps, near enough that it is still a line.
            let scale = (5e-6 / norm).clamp(2e-4, 1e-2);
            let moved = |sign: f64| {
                let mut moved = weights.clone();
                for (value, g) in moved.tensors.get_mut(name).unwrap().values.iter_mut().zip(gradient) {
                    *value += (sign * scale * f64::from(*g) / norm) as f32;
                }
                value(&moved)
            };
            let slope = (moved(1.0) - moved(-1.0)) / (2.0 * scale);
            assert!(
                (slope - norm).abs() < 0.03 * norm + 1e-5,
                "{name}, frozen norms {frozen_norms}: slope {slope}, gradient {norm}"
            );
        }
    }
}
