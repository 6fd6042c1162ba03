//! SMEN on burn's CPU backend against PyTorch (`tests/reference/make_goldens.py`): outputs, loss, the gradient of every parameter,
//! parameters and running statistics after five Adam steps. Tolerance 1e-4 of the largest value of each tensor.

use std::ops::ControlFlow;

use crate::goldens::{AFTER_FIVE, Goldens, gradients, relative_difference, train_five_steps};
use burn::tensor::{Device, Tensor};
use loam_nn::{
    GoldenTile, Inputs, ModelError, Planes, Processor, Smen, Weights, block_on, device, golden_weights,
    predict,
};

const TOLERANCE: f32 = 1e-4;

fn assert_close(name: &str, ours: &[f32], theirs: &[f32]) {
    let difference = relative_difference(ours, theirs);
    println!("{name}: {difference:.1e}");
    assert!(difference <= TOLERANCE, "{name} differs by {difference:.1e} of its largest value");
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

#[test]
fn outputs_agree_for_every_input_variant() {
    let goldens = Goldens::read();
    let device = Device::flex();
    for inputs in Inputs::ALL {
        let smen = Smen::from_weights(&golden_weights(inputs), &device).unwrap();
        let output = smen.forward(goldens.tensor("i", &device), goldens.tensor("d", &device));
        assert_eq!(output.dims(), [2, 1, 1, 12, 14]);
        assert_close(inputs.name(), &values(output), &goldens.values(&format!("eval.{}", inputs.name())));
    }
}

#[test]
fn training_output_loss_and_every_gradient_agree() {
    let goldens = Goldens::read();
    let (output, loss, gradients) = block_on(gradients(&goldens, &Device::flex(), false));
    assert_close("train.output", &output, &goldens.values("train.output"));
    assert_close("train.loss", &[loss], &goldens.values("train.loss"));
    let trained = loam_nn::smen::schema(Inputs::Spatiotemporal)
        .into_iter()
        .filter(|tensor| tensor.2)
        .map(|tensor| tensor.0);
    let mut compared = 0;
    for name in trained {
        let ours = gradients.get(&name).unwrap_or_else(|| panic!("no gradient for {name}"));
        if name == "h.bias" {
            // The loss is blind to an offset: exactly zero, in both up to rounding.
            assert!(ours[0].abs() < 1e-6);
            continue;
        }
        assert_close(&name, ours, &goldens.values(&format!("grad.{name}")));
        compared += 1;
    }
    assert_eq!(compared, 15);
}

#[test]
fn gradients_with_frozen_norms_agree() {
    let goldens = Goldens::read();
    let (_, _, gradients) = block_on(gradients(&goldens, &Device::flex(), true));
    for name in ["f0.bn.weight", "f2.conv.bias", "g.weight", "h.weight"] {
        assert_close(name, &gradients[name], &goldens.values(&format!("frozen.grad.{name}")));
    }
}

#[test]
fn weights_after_five_adam_steps_agree() {
    let goldens = Goldens::read();
    let theirs = Weights::from_bytes(AFTER_FIVE).unwrap();
    assert_eq!(theirs.metadata["trained_on"], "golden batch");
    let (ours, losses) = block_on(train_five_steps(&goldens, &Device::flex()));
    assert_close("losses", &losses, &goldens.losses());
    let first = golden_weights(Inputs::Spatiotemporal);
    for (name, tensor) in &theirs.tensors {
        if name == "h.bias" {
            continue; // its gradient is zero: Adam steps along rounding
        }
        assert!(
            relative_difference(&first.tensors[name].values, &tensor.values) > 1e-3,
            "{name} has not moved"
        );
        assert_close(name, &ours.tensors[name].values, &tensor.values);
    }
}

#[test]
fn weights_survive_the_way_to_a_device_and_back() {
    let weights = golden_weights(Inputs::Spatiotemporal);
    let smen = Smen::from_weights(&weights, &Device::flex().autodiff()).unwrap();
    let back = block_on(smen.to_weights()).unwrap();
    assert_eq!(back.tensors, weights.tensors);
}

#[test]
fn the_golden_tile_passes_on_the_cpu() {
    let processor = block_on(Processor::open_cpu());
    let report = block_on(device::self_check(processor.device())).unwrap();
    assert_eq!(report.runs, 3);
    assert!(report.passed && report.largest_difference < 1e-6, "{report:?}");
}

/// A raster of 61 x 47 cells cut from the golden tile's numbers.
fn raster() -> Planes {
    let tile = GoldenTile::shipped().unwrap().planes;
    let (columns, rows) = (61, 47);
    let take =
        |from: &[f32], length: usize| (0..length).map(|n| from[(n * 7 + n / columns) % from.len()]).collect();
    Planes {
        columns,
        rows,
        coarse_input: take(&tile.coarse_input, columns * rows),
        residuals: take(&tile.residuals, 4 * columns * rows),
    }
}

#[test]
fn tiles_equal_the_whole_raster_borders_included() {
    let device = Device::flex();
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device).unwrap();
    let planes = raster();
    let go = |tile| {
        block_on(predict(&smen, &device, &planes, tile, async |_, _| ControlFlow::Continue(()))).unwrap()
    };
    let whole = go(100);
    assert_eq!(whole.len(), 61 * 47);
    for tile in [10, 16, 33, 60] {
        let tiled = go(tile);
        let largest = whole.iter().zip(&tiled).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-6, "tile {tile}: {largest}");
    }
}

#[test]
fn a_prediction_counts_its_tiles_and_can_be_stopped() {
    let device = Device::flex();
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device).unwrap();
    let planes = raster();
    let mut seen = Vec::new();
    block_on(predict(&smen, &device, &planes, 32, async |done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(seen, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    let mut tiles = 0;
    let stopped = block_on(predict(&smen, &device, &planes, 32, async |_, _| {
        tiles += 1;
        if tiles == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }));
    assert_eq!((stopped, tiles), (Err(ModelError::Cancelled), 2));
}

#[test]
fn numbers_that_are_none_are_never_passed_on() {
    let device = Device::flex();
    let mut planes = raster();
    let mut weights = golden_weights(Inputs::Spatiotemporal);
    weights.tensors.get_mut("h.weight").unwrap().values[0] = f32::MAX;
    weights.tensors.get_mut("g.weight").unwrap().values.iter_mut().for_each(|value| *value *= 1e6);
    let smen = Smen::from_weights(&weights, &device).unwrap();
    let go = |planes: &Planes| {
        block_on(predict(&smen, &device, planes, 100, async |_, _| ControlFlow::Continue(())))
    };
    assert!(matches!(go(&planes), Err(ModelError::NonFiniteOutput { count, .. }) if count > 0));
    planes.coarse_input[61 * 3 + 2] = f32::NAN;
    assert!(matches!(go(&planes), Err(ModelError::NonFiniteInput { column: 2, row: 3, .. })));
}
