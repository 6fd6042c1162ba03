//! Checks the GPU's kernels before they are trusted: the golden tile, and two steps of training compared with the CPU's.
//!
//! On WebGPU a shader that fails to compile is only logged and stale numbers come back. Kernels that fail here give way to burn's own
//! operations, which are slower and must pass the same check.

use crate::refusals::Trial;
use crate::{GoldenTile, ModelError, Random, Weights, device, golden_weights, rcn, tb_cnn};
use burn::tensor::{Device, Tensor};
use loam_core::device_report::SelfCheckReport;
use loam_core::network::Inputs;
use loam_core::network::{Network, TbCase};
use loam_core::training::{DateRole, TrainSettings};
use loam_kernels::gpu::{
    Kernels, REGISTER_KERNELS, Variant, faster, kernels_run, use_variant, variant_in_use,
};

use super::{Checkpoint, Example, TbImage, TrainEvent, TrainSample, Trainer};

/// Allowed difference of a gradient's moment after two steps, relative to the largest of its tensor.
const TOLERANCE: f32 = 1e-3;
/// Edge of the training image, pixels.
const SIDE: usize = 12;

/// The self-check of a GPU: the golden tile with these kernels, one variant after the other until one passes, which stays in use; a variant
/// named twice is tried once. Where none does, the report is that of burn's own operations. The second value is a sentence about what
/// failed.
///
/// # Errors
/// As [`device::self_check`].
pub async fn check_gpu(
    gpu: &Device,
    variants: &[&'static Kernels],
) -> (Result<SelfCheckReport, ModelError>, Option<String>) {
    let trial = Trial::begin();
    let mut failed: Option<String> = None;
    for (at, kernels) in variants.iter().enumerate() {
        // A second run of what failed may pass by chance, and is not another variant.
        if variants[..at].iter().any(|tried| std::ptr::eq(*tried, *kernels)) {
            continue;
        }
        use_variant(Variant::Kernels(kernels));
        let report = device::self_check(gpu).await;
        let refusal = trial.refusal();
        let reason = match &report {
            // Whatever came back was not computed by it.
            _ if refusal.is_some() => format!("the device refuses it: {}", refusal.unwrap_or_default()),
            Ok(check) if check.passed => {
                let other = |why| {
                    format!(
                        "the faster variant of this program's own GPU kernels failed its check ({why}): another variant is used"
                    )
                };
                return (report, failed.map(other));
            }
            Ok(check) if !check.largest_difference.is_finite() => "the golden tile gave NaN".into(),
            Ok(check) => format!("the golden tile differs by {:.1e} m3/m3", check.largest_difference),
            Err(error) => format!("the golden tile could not be run: {error}"),
        };
        failed.get_or_insert(reason);
        settle(gpu, &trial).await;
    }
    let sentence = give_way(failed.as_deref().unwrap_or("there are none"));
    let report = device::self_check(gpu).await;
    let report = trial.refusal().map_or(report, |reason| Err(ModelError::Readback { reason }));
    (report, Some(sentence))
}

/// Refusals come as events of their own, later than the numbers: some trips to the device and back, so that those of a variant that failed
/// are not taken for the next one's.
async fn settle(gpu: &Device, trial: &Trial) {
    for _ in 0..3 {
        let one = Tensor::<1>::ones([1], gpu) + 1.0;
        // The next check tells whether it comes back.
        let _ = one.into_data_async().await;
        let _ = trial.refusal();
    }
}

/// A GPU made ready for a program without a page: the faster variant of its kernels, compared with the CPU in a prediction and in training.
/// The variant's name, where one of them runs, and a sentence for each check that failed. `now`: milliseconds since some fixed moment.
///
/// # Errors
/// [`ModelError::FailedSelfCheck`] where burn's operations fail too, and a device's faults.
pub async fn trusted_gpu(
    gpu: &Device,
    now: impl Fn() -> f64,
) -> Result<(Option<&'static str>, Vec<String>), ModelError> {
    let _trial = Trial::begin();
    let faster = faster(gpu, now).await;
    let (report, warning) = check_gpu(gpu, &[faster, &REGISTER_KERNELS]).await;
    let report = report?;
    if !report.passed {
        return Err(ModelError::FailedSelfCheck {
            difference: report.largest_difference,
            tolerance: report.tolerance,
        });
    }
    let warnings = warning.into_iter().chain(check_training(gpu).await).collect();
    Ok((variant_in_use(), warnings))
}

/// Two steps of training beside the CPU's, before a GPU's first training: its shaders take seconds to compile, which who only predicts need
/// not wait for. Where the kernels fail, they are switched off, and a sentence says so.
pub async fn check_training(gpu: &Device) -> Option<String> {
    if !kernels_run() {
        return None;
    }
    let weights = golden_weights(Inputs::Spatiotemporal);
    let settings = TrainSettings { epochs: 3, batch: 1, ..TrainSettings::default() };
    fault(gpu, &weights, golden_sample()?, &settings, 2).await.map(|reason| give_way(&reason))
}

/// A step of the TB CNN's training beside the CPU's, before a GPU's first one. Its convolutions are burn's own, so nothing is there to give
/// way to: the words say why the GPU must not train it.
pub async fn check_tb_training(gpu: &Device, case: TbCase) -> Option<String> {
    let mut random = Random::new(1);
    let cells = SIDE * SIDE;
    let mut planes =
        |channels: usize| -> Vec<f32> { (0..channels * cells).map(|_| random.symmetric(1.0)).collect() };
    let image = TbImage {
        date: jiff::civil::date(2015, 4, 1),
        role: DateRole::Train,
        size: (SIDE, SIDE),
        input: planes(2),
        bilinear: Vec::new(),
        target: planes(case.outputs()),
        mask: (0..case.outputs() * cells).map(|n| if n % 5 == 0 { 0.0 } else { 1.0 }).collect(),
    };
    fault(gpu, &tb_cnn::first_weights(case, 1), image, &TrainSettings::tb_cnn(case), 1).await
}

/// A step of RCN's training beside the CPU's, before a GPU's first one.
pub async fn check_rcn_training(gpu: &Device) -> Option<String> {
    let mut random = Random::new(1);
    let cells = SIDE * SIDE;
    let mut planes = |count: usize, most: f32| -> Vec<f32> {
        (0..count * cells).map(|_| random.symmetric(most)).collect()
    };
    let image = rcn::RcnImage {
        date: jiff::civil::date(2015, 4, 1),
        role: DateRole::Train,
        size: (SIDE, SIDE),
        seen: rcn::Seen { inputs: planes(rcn::COUNT, 1.0), base: planes(1, 0.1) },
        few: None,
        target: planes(1, 0.1),
        mask: (0..cells).map(|n| if n % 5 == 0 { 0.0 } else { 1.0 }).collect(),
        bilinear: Vec::new(),
        reasons: Vec::new(),
    };
    // The last convolution starts at zero, which would hide what the others do: a seed's own instead.
    let mut weights = rcn::first_weights(1);
    for (_, tensor) in weights.tensors.iter_mut().filter(|(name, _)| name.starts_with("last.")) {
        tensor.values.iter_mut().for_each(|value| *value = random.symmetric(0.05));
    }
    let settings =
        TrainSettings { flips: false, batch: 1, epochs: 3, ..TrainSettings::proposed(Network::Rcn) };
    fault(gpu, &weights, image, &settings, 1).await
}

/// What is wrong with some steps of training on this device, in words; none where they are the CPU's.
async fn fault<E: Example>(
    gpu: &Device,
    weights: &Weights,
    sample: E,
    settings: &TrainSettings,
    count: usize,
) -> Option<String> {
    let trial = Trial::begin();
    let (ours, cpu) = (
        steps(weights, &sample, settings, count, gpu).await,
        steps(weights, &sample, settings, count, &Device::flex()).await,
    );
    let reason = match (ours.zip(cpu), trial.refusal()) {
        (_, Some(refusal)) => format!("the device refuses a command: {refusal}"),
        (None, None) => "a step of training gave NaN".into(),
        (Some((ours, cpu)), None) => match difference(&ours, &cpu) {
            apart if apart <= TOLERANCE => return None,
            apart if !apart.is_finite() => "gradients are not numbers".into(),
            apart => format!("gradients differ from the CPU's by {apart:.1e} of their largest value"),
        },
    };
    settle(gpu, &trial).await;
    Some(reason)
}

fn give_way(reason: &str) -> String {
    use_variant(Variant::Plain);
    format!(
        "this program's own GPU kernels failed their check ({reason}): burn's general operations are used, which are slower"
    )
}

/// Largest difference of Adam's moments, relative to the largest of each tensor; NaN where there is one.
fn difference(ours: &Checkpoint, cpu: &Checkpoint) -> f32 {
    let mut largest = 0.0f32;
    for ((_, first, second), (_, cpu_first, cpu_second)) in ours.moments.iter().zip(&cpu.moments) {
        for (a, b) in [(first, cpu_first), (second, cpu_second)] {
            let size = b.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
            for (a, b) in a.iter().zip(b) {
                let apart = (a - b).abs() / size;
                largest = if apart.is_nan() || largest.is_nan() { f32::NAN } else { largest.max(apart) };
            }
        }
    }
    largest
}

/// A corner of the golden tile to learn from.
fn golden_sample() -> Option<TrainSample> {
    let planes = GoldenTile::shipped().ok()?.planes;
    let cut = |plane: &[f32]| -> Vec<f32> {
        plane
            .chunks_exact(planes.columns * planes.rows)
            .flat_map(|image| (0..SIDE).flat_map(|row| &image[row * planes.columns..][..SIDE]))
            .copied()
            .collect()
    };
    let (i, d) = (cut(&planes.coarse_input), cut(&planes.residuals));
    let target = i.iter().zip(&d).map(|(i, d)| i + d).collect();
    let mask = (0..SIDE * SIDE).map(|n| if n % 5 == 0 { 0.0 } else { 1.0 }).collect();
    Some(TrainSample { columns: SIDE, rows: SIDE, coarse_input: i, residuals: d, target, mask })
}

/// The state of a run after some steps with the norms of the batch; none where the device fails.
async fn steps<E: Example>(
    weights: &Weights,
    sample: &E,
    settings: &TrainSettings,
    count: usize,
    device: &Device,
) -> Option<Checkpoint> {
    let mut trainer =
        Trainer::new(weights, vec![sample.clone()], Vec::new(), settings.clone(), device).ok()?;
    while trainer.steps() < count {
        if let TrainEvent::Failed(_) = trainer.step().await? {
            return None;
        }
    }
    trainer.checkpoint(0.0).await.ok()
}
