//! What happens when a kernel is wrong: natively (`kernels_gpu.rs`) and in a browser (`web_worker/gpu_kernels.rs`).
//!
//! The check is given a table of kernels with one error in it, made here. It must find the error, say so, and hand over to burn's own
//! operations; then predictions and training must be the CPU's. An error that only shows in training must pass the golden tile, else the
//! check of training would not be what found it.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::Cube;
use burn::tensor::{Device, Tensor, TensorData};
use cubecl::prelude::*;
use loam_kernels::gpu::{
    CubeTensor, Finish, Kernels, Partial, REGISTER_KERNELS, TILED_KERNELS, Variant, kernels_run, use_variant,
    variant_in_use,
};
use loam_kernels::sizes::Sizes;
use loam_nn::{GoldenTile, Inputs, Smen, golden_weights, predict};
use loam_nn::{check_gpu, check_training};

/// A convolution's values, made other than they should be.
fn spoilt(y: CubeTensor, how: impl FnOnce(Tensor<5>) -> Tensor<5>) -> CubeTensor {
    how(Tensor::from_primitive::<Cube>(y)).try_into_primitive::<Cube>().unwrap()
}

/// A convolution that does what another does, and then something wrong with its values: `wrong(sizes, values)`.
macro_rules! wrong_convolution {
    ($(#[$doc:meta])* $name:ident, $of:expr, $wrong:expr) => {
        $(#[$doc])*
        fn $name(
            sizes: &Sizes,
            x: &CubeTensor,
            weights: &CubeTensor,
            finish: Option<Finish<'_>>,
            other: Option<&CubeTensor>,
            keep: bool,
        ) -> (CubeTensor, Option<CubeTensor>) {
            let (y, kept) = ($of.convolve)(sizes, x, weights, finish, other, keep);
            let wrong: fn(&Sizes, CubeTensor) -> CubeTensor = $wrong;
            (wrong(sizes, y), kept)
        }
    };
}

/// Twice the allowed difference on every sum of the last convolution: 0.002 m3/m3.
fn off(sizes: &Sizes, y: CubeTensor) -> CubeTensor {
    if sizes.channels_out == 1 { spoilt(y, |y| y + 0.002) } else { y }
}

wrong_convolution!(wrong_sum, REGISTER_KERNELS, off);
wrong_convolution!(
    /// The same in the tiled variant.
    wrong_sum_in_tiles,
    TILED_KERNELS,
    off
);
wrong_convolution!(
    /// A wrong sum in the first image alone: a second check would find nothing.
    wrong_at_first,
    REGISTER_KERNELS,
    |sizes, y| {
        static MADE: AtomicBool = AtomicBool::new(false);
        if sizes.channels_out == 1 && !MADE.swap(true, Ordering::Relaxed) { off(sizes, y) } else { y }
    }
);
wrong_convolution!(
    /// One number of the last convolution that is none.
    not_a_number,
    REGISTER_KERNELS,
    |sizes, y| {
        let hole = |y: Tensor<5>| {
            let mut values = vec![0.0; y.shape().num_elements()];
            values[7] = f32::NAN;
            y.clone() + Tensor::from_data(TensorData::new(values, y.shape()), &y.device())
        };
        if sizes.channels_out == 1 { spoilt(y, hole) } else { y }
    }
);
wrong_convolution!(
    /// The gradient of a block's input, a hundredth too large; values are right. Only on the backward pass are frames padded.
    long_gradient_of_input,
    REGISTER_KERNELS,
    |sizes, y| if sizes.pad_depth > 0 { spoilt(y, |y| y * 1.01) } else { y }
);
wrong_convolution!(
    /// A kernel that cannot be launched: no device has workgroups of so many threads. Its output holds what memory held before.
    no_launch,
    REGISTER_KERNELS,
    |_, y| {
        ones::launch(&y.client, CubeCount::Static(1, 1, 1), CubeDim::new_1d(1 << 20), y.clone().into_buffer_arg());
        y
    }
);

/// The gradient of weights and bias, a hundredth too large.
fn long_gradient_of_weights(
    partial: &Partial,
    sizes: &Sizes,
    x: &CubeTensor,
    g: &CubeTensor,
    places: (usize, usize),
) {
    let longer = spoilt(g.clone(), |g| g * 1.01);
    (REGISTER_KERNELS.weight_gradient)(partial, sizes, x, &longer, places);
}

#[cube(launch)]
fn ones(y: &mut [f32]) {
    y[ABSOLUTE_POS_X as usize] = 1.0;
}

/// The estimate of the golden tile, m3/m3.
async fn estimate(device: &Device) -> Vec<f32> {
    let golden = GoldenTile::shipped().unwrap();
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), device).unwrap();
    let go_on = async |_, _| std::ops::ControlFlow::Continue(());
    predict(&smen, device, &golden.planes, golden.planes.columns, go_on).await.unwrap()
}

/// With burn's operations in place: predictions and the losses of three steps of training are the CPU's.
async fn numbers_are_right(what: &str, gpu: &Device) {
    assert!(!kernels_run(), "{what}: the kernels still run");
    let (ours, cpu) = (estimate(gpu).await, estimate(&Device::flex()).await);
    let apart = ours.iter().zip(&cpu).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(ours.iter().all(|value| value.is_finite()) && apart < 1e-4, "{what}: estimates {apart} apart");
    let losses = async |device: &Device| {
        let mut trainer = super::shared::trainer(device, Vec::new());
        super::shared::steps(&mut trainer, 3).await;
        trainer.losses().to_vec()
    };
    for (ours, cpu) in losses(gpu).await.iter().zip(&losses(&Device::flex()).await) {
        assert!((ours - cpu).abs() < 1e-4 * cpu, "{what}: losses {ours} and {cpu}");
    }
}

/// Every fault, one after the other; at the end the program's kernels are back.
pub async fn faults(gpu: &Device) {
    static WRONG_SUM: Kernels = Kernels { convolve: wrong_sum, ..REGISTER_KERNELS };
    static WRONG_TILES: Kernels = Kernels { convolve: wrong_sum_in_tiles, ..TILED_KERNELS };
    static WRONG_AT_FIRST: Kernels = Kernels { convolve: wrong_at_first, ..REGISTER_KERNELS };
    static NOT_A_NUMBER: Kernels = Kernels { convolve: not_a_number, ..REGISTER_KERNELS };
    static NO_LAUNCH: Kernels = Kernels { convolve: no_launch, ..REGISTER_KERNELS };
    static LONG_INPUT: Kernels = Kernels { convolve: long_gradient_of_input, ..REGISTER_KERNELS };
    static LONG_WEIGHTS: Kernels = Kernels { weight_gradient: long_gradient_of_weights, ..REGISTER_KERNELS };

    for (what, kernels, words) in [
        ("a wrong sum", &WRONG_SUM, "differs by 2.0e-3"),
        ("a NaN", &NOT_A_NUMBER, "gave NaN"),
        ("a failing launch", &NO_LAUNCH, "gave NaN"),
    ] {
        let (report, warning) = check_gpu(gpu, &[kernels]).await;
        let warning = warning.unwrap_or_else(|| panic!("{what} was not noticed"));
        assert!(warning.contains(words) && warning.contains("slower"), "{what}: {warning}");
        // The report is that of the variant that took over.
        assert!(report.unwrap().passed, "{what}");
        numbers_are_right(what, gpu).await;
    }
    for (what, kernels) in [
        ("a gradient of the input 1 % off", &LONG_INPUT),
        ("a gradient of the weights 1 % off", &LONG_WEIGHTS),
    ] {
        let (report, warning) = check_gpu(gpu, &[kernels]).await;
        assert!(report.unwrap().passed && warning.is_none(), "{what} shows in a prediction: {warning:?}");
        let warning = check_training(gpu).await.unwrap_or_else(|| panic!("{what} was not noticed"));
        assert!(warning.contains("gradients differ"), "{what}: {warning}");
        numbers_are_right(what, gpu).await;
    }
    // A variant that fails gives way to the next before burn's operations are asked.
    for (what, kernels, words) in [
        ("a wrong sum in tiles", &WRONG_TILES, "differs by 2.0e-3"),
        ("a failing launch", &NO_LAUNCH, "gave NaN"),
    ] {
        let (report, warning) = check_gpu(gpu, &[kernels, &REGISTER_KERNELS]).await;
        assert!(
            report.unwrap().passed && variant_in_use() == Some("registers"),
            "{what}: {:?}",
            variant_in_use()
        );
        assert!(
            warning.as_ref().is_some_and(|w| w.contains(words) && w.contains("another variant")),
            "{what}: {warning:?}"
        );
    }
    // The same variant again is none.
    let (report, warning) = check_gpu(gpu, &[&WRONG_AT_FIRST, &WRONG_AT_FIRST]).await;
    assert!(report.unwrap().passed && !kernels_run(), "tried twice");
    assert!(
        warning.as_ref().is_some_and(|w| w.contains("differs by 2.0e-3") && w.contains("slower")),
        "{warning:?}"
    );
    // And it is no check that finds fault with everything.
    use_variant(Variant::Plain);
    let (report, warning) = check_gpu(gpu, &[&REGISTER_KERNELS]).await;
    assert!(report.unwrap().passed && warning.is_none() && kernels_run(), "{warning:?}");
    assert_eq!(check_training(gpu).await, None);
}
