//! SMEN against PyTorch: outputs, loss, gradients, tiles and the self-check.

#[path = "../../crates/loam-nn/tests/shared/goldens.rs"]
#[allow(dead_code, reason = "the native tests use the rest")]
mod goldens;

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use goldens::{Goldens, gradients, relative_difference};
use loam_nn::{GoldenTile, Inputs, Smen, device, golden_weights, predict};
use wasm_bindgen_test::console_log;

const TOLERANCE: f32 = 1e-4;

fn assert_close(name: &str, ours: &[f32], theirs: &[f32]) {
    let difference = relative_difference(ours, theirs);
    console_log!("{name}: {difference:.1e}");
    assert!(difference <= TOLERANCE, "{name} differs by {difference:.1e} of its largest value");
}

async fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_async().await.unwrap().try_into_vec::<f32>().unwrap()
}

/// Outputs of every variant, then output, loss and every gradient.
async fn forward_and_gradients(device: &Device) {
    let goldens = Goldens::read();
    for inputs in Inputs::ALL {
        let smen = Smen::from_weights(&golden_weights(inputs), device).unwrap();
        let output = smen.forward(goldens.tensor("i", device), goldens.tensor("d", device));
        assert_close(
            inputs.name(),
            &values(output).await,
            &goldens.values(&format!("eval.{}", inputs.name())),
        );
    }
    let (output, loss, gradients) = gradients(&goldens, device, false).await;
    assert_close("train.output", &output, &goldens.values("train.output"));
    assert_close("train.loss", &[loss], &goldens.values("train.loss"));
    assert_eq!(gradients.len(), 16);
    // The gradient of h.bias is exactly zero, up to rounding.
    for (name, gradient) in gradients.iter().filter(|(name, _)| *name != "h.bias") {
        assert_close(name, gradient, &goldens.values(&format!("grad.{name}")));
    }
}

/// The golden tile whole and in tiles, and the self-check.
async fn tiles_and_self_check(device: &Device) {
    let golden = GoldenTile::shipped().unwrap();
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), device).unwrap();
    for tile in [24, 10] {
        let answer = predict(&smen, device, &golden.planes, tile, async |_, _| ControlFlow::Continue(()))
            .await
            .unwrap();
        assert_close(&format!("golden tile by {tile}"), &answer, &golden.expected);
    }
    let report = device::self_check(device).await.unwrap();
    console_log!("{report:?}");
    assert!(report.passed && report.runs == 3, "{report:?}");
}

pub async fn agrees_with_pytorch(device: &Device) {
    forward_and_gradients(device).await;
    tiles_and_self_check(device).await;
}
