//! The operations of `loam_kernels` on the GPU against burn's own operations on the CPU: values and every gradient.
//!
//! Natively this runs on any Vulkan, Metal or DirectX adapter; where there is none, each test says so and passes. Chromium's package brings
//! a software one: `VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json LD_LIBRARY_PATH=/usr/lib/chromium cargo test --features gpu
//! --test kernels_gpu`. `web_worker/gpu_kernels.rs` runs the same in a browser.
#![cfg(all(feature = "gpu", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

#[path = "shared/gpu_dilated.rs"]
mod dilated;
#[path = "shared/gpu_faults.rs"]
mod faults;
#[path = "shared/gpu_memory.rs"]
mod memory;
#[path = "shared/gpu_kernels.rs"]
mod shared;

use std::sync::{Arc, Mutex, MutexGuard};

use burn::tensor::Device;
use cubecl::logging::{LaunchObservation, LaunchObserver};
use loam_kernels::gpu::{REGISTER_KERNELS, TILED_KERNELS, Variant, use_variant, variant_in_use};
use loam_nn::{Processor, block_on};
use loam_nn::{check_gpu, check_training};

/// One test at a time: launches are counted, and the variant in use is the program's.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The adapter, opened once for all tests.
fn device(test: &str) -> Option<Device> {
    static DEVICE: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
    let device = DEVICE
        .get_or_init(|| block_on(Processor::open_gpu()).ok().map(|processor| processor.device().clone()));
    if device.is_none() {
        println!("skipped {test}: no graphics adapter");
    }
    device.clone()
}

#[test]
fn convolution_and_its_gradients_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("convolution_and_its_gradients_are_burns") else { return };
    block_on(shared::convolution(&gpu));
}

#[test]
fn convolutions_with_workgroup_memory_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("convolutions_with_workgroup_memory_are_burns") else { return };
    let launches = Arc::new(Launches::default());
    let watching = LaunchObservation::new(launches.clone());
    block_on(shared::with_workgroup_memory(&gpu));
    drop(watching);
    // The variant gives way to the other where its workgroups are not filled: that it ran at all is not to be seen in the numbers.
    let names = launches.0.lock().unwrap().clone();
    for kernel in [
        "ConvolveTile",
        "WeightGradientTile",
        "SumSplitsTile",
        "MomentsTile",
        "NormaliseTile",
        "GradientSumsTile",
        "BeforeReluTile",
        "ImageErrors",
    ] {
        let count = names.iter().filter(|name| name.ends_with(kernel)).count();
        println!("{count} of {} dispatches: {kernel}", names.len());
        assert!(count > 14, "{kernel}: {count}");
    }
}

/// One of the two variants, with which numbers are the same; and the tiled one passes its check, which the choice need not
/// try.
#[test]
fn the_faster_variant_is_one_of_the_two() {
    let _alone = alone();
    let Some(gpu) = device("the_faster_variant_is_one_of_the_two") else { return };
    let start = std::time::Instant::now();
    let ([registers, tiles], name) = block_on(shared::choice(&gpu, || start.elapsed().as_secs_f64() * 1e3));
    let ratio = tiles / registers;
    println!(
        "a block in registers {registers:.1} ms, in workgroup memory {tiles:.1} ms, ratio {ratio:.2}; chosen: {name}"
    );
    let (report, warning) = block_on(check_gpu(&gpu, &[&TILED_KERNELS]));
    let in_use = variant_in_use();
    use_variant(Variant::Kernels(&REGISTER_KERNELS));
    assert!(
        in_use == Some("workgroup memory") && report.unwrap().passed && warning.is_none(),
        "{in_use:?}: {warning:?}"
    );
}

#[test]
fn a_block_with_frozen_norm_and_its_gradients_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("a_block_with_frozen_norm_and_its_gradients_are_burns") else { return };
    block_on(shared::frozen_block(&gpu));
}

#[test]
fn a_block_with_the_batchs_statistics_and_its_gradients_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("a_block_with_the_batchs_statistics_and_its_gradients_are_burns") else { return };
    block_on(shared::block_of_batch(&gpu));
}

#[test]
fn values_do_not_depend_on_who_asks() {
    let _alone = alone();
    let Some(gpu) = device("values_do_not_depend_on_who_asks") else { return };
    block_on(shared::small_print(&gpu));
}

#[test]
fn dilated_operations_and_their_gradients_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("dilated_operations_and_their_gradients_are_burns") else { return };
    for table in [&REGISTER_KERNELS, &TILED_KERNELS] {
        use_variant(Variant::Kernels(table));
        block_on(dilated::dilated(&gpu));
    }
    use_variant(Variant::Plain);
    block_on(dilated::dilated(&gpu));
    use_variant(Variant::Kernels(&REGISTER_KERNELS));
}

#[test]
fn the_end_of_the_network_and_its_gradients_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("the_end_of_the_network_and_its_gradients_are_burns") else { return };
    block_on(shared::fusion(&gpu));
}

#[test]
fn the_loss_and_its_gradient_are_burns() {
    let _alone = alone();
    let Some(gpu) = device("the_loss_and_its_gradient_are_burns") else { return };
    block_on(shared::loss(&gpu));
}

#[test]
fn training_goes_the_cpus_way() {
    let _alone = alone();
    let Some(gpu) = device("training_goes_the_cpus_way") else { return };
    block_on(shared::training(&gpu));
}

#[test]
fn training_of_the_tb_cnn_goes_the_cpus_way() {
    let _alone = alone();
    let Some(gpu) = device("training_of_the_tb_cnn_goes_the_cpus_way") else { return };
    block_on(shared::training_of_the_tb_cnn(&gpu));
}

#[test]
fn adam_changes_nothing_that_was_handed_out() {
    let _alone = alone();
    let Some(gpu) = device("adam_changes_nothing_that_was_handed_out") else { return };
    block_on(shared::adam(&gpu));
}

#[test]
fn kernels_stand_their_check_and_give_way_to_burns_where_told() {
    let _alone = alone();
    let Some(gpu) = device("kernels_stand_their_check_and_give_way_to_burns_where_told") else { return };
    let (report, warning) = block_on(check_gpu(&gpu, &[&REGISTER_KERNELS]));
    assert!(report.unwrap().passed && warning.is_none(), "{warning:?}");
    assert_eq!(block_on(check_training(&gpu)), None);
    use_variant(Variant::Plain);
    let report = block_on(loam_nn::device::self_check(&gpu));
    use_variant(Variant::Kernels(&REGISTER_KERNELS));
    assert!(report.unwrap().passed);
}

#[test]
fn a_wrong_kernel_is_noticed_and_burns_operations_take_over() {
    let _alone = alone();
    let Some(gpu) = device("a_wrong_kernel_is_noticed_and_burns_operations_take_over") else { return };
    block_on(faults::faults(&gpu));
}

/// Names of the kernels launched.
#[derive(Default)]
struct Launches(Mutex<Vec<&'static str>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        self.0.lock().unwrap().push(kernel);
    }
}

#[test]
fn a_step_of_training_is_at_most_forty_dispatches() {
    let _alone = alone();
    let Some(gpu) = device("a_step_of_training_is_at_most_forty_dispatches") else { return };
    let norms = || vec![loam_core::network::Part::Norms];
    for (table, frozen, most) in [
        (&REGISTER_KERNELS, Vec::new(), 40),
        (&REGISTER_KERNELS, norms(), 40),
        (&TILED_KERNELS, Vec::new(), 40),
        (&TILED_KERNELS, norms(), 40),
    ] {
        use_variant(Variant::Kernels(table));
        let mut trainer = shared::trainer(&gpu, frozen.clone());
        block_on(shared::steps(&mut trainer, 2));
        let launches = Arc::new(Launches::default());
        let watching = LaunchObservation::new(launches.clone());
        block_on(shared::steps(&mut trainer, 1));
        drop(watching);
        use_variant(Variant::Kernels(&REGISTER_KERNELS));
        let names = launches.0.lock().unwrap().clone();
        println!("{frozen:?}: {} dispatches: {names:#?}", names.len());
        assert!(!names.is_empty() && names.len() <= most, "{} dispatches", names.len());
    }
}

/// To the byte. A launch whose scalars change from step to step would show here: CubeCL keeps a buffer of each set.
#[test]
fn training_leaves_nothing_behind_on_the_device() {
    let _alone = alone();
    let Some(gpu) = device("training_leaves_nothing_behind_on_the_device") else { return };
    use loam_core::network::Part;
    use loam_nn::Inputs;
    for (inputs, frozen, steps) in [
        (Inputs::Spatiotemporal, Vec::new(), 500),
        (Inputs::Spatiotemporal, vec![Part::Norms], 160),
        (Inputs::Spatial, Vec::new(), 160),
    ] {
        let what = format!("{inputs:?} {frozen:?}");
        let mut trainer = shared::trainer_of(&gpu, inputs, frozen);
        block_on(memory::assert_flat(&what, &gpu, &mut trainer, steps, |line| println!("{line}")));
    }
}
