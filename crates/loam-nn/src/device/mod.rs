//! The device the network runs on: which one, why, and whether it computes correctly.
//!
//! A hardware GPU comes first. A software adapter (a CPU posing as a GPU) is more than ten times slower than the CPU path, so it is used
//! only where the user insists. Whatever was chosen runs the golden tile before it is trusted: on WebGPU a shader that fails to
//! compile is only logged, and stale numbers come back.

#[cfg(any(feature = "gpu", test))]
pub mod refusals;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod wait;

use burn::tensor::Device;

use crate::{GoldenTile, ModelError, Smen, golden_weights, predict};
use loam_core::device_report::{AdapterReport, DevicePreference, DeviceReport, SelfCheckReport};
use loam_core::network::Inputs;

/// Allowed difference of a device to the CPU on the golden tile, m3/m3: a fortieth of SMAP's own error requirement.
pub const TOLERANCE: f32 = 1e-3;
/// Runs of the golden tile in a self-check.
pub const RUNS: u32 = 3;
/// Name of the CPU device, for people.
#[cfg(target_arch = "wasm32")]
pub const CPU_NAME: &str = "CPU (WebAssembly SIMD, one thread)";
/// Name of the CPU device, for people.
#[cfg(not(target_arch = "wasm32"))]
pub const CPU_NAME: &str = "CPU (native SIMD, all cores)";

/// A device, open.
#[derive(Debug, Clone)]
pub enum Processor {
    /// Burn's pure-Rust CPU backend.
    Cpu(Device),
    /// Burn's wgpu backend.
    Gpu(Device),
}

#[cfg(all(feature = "gpu", target_family = "wasm"))]
thread_local! {
    /// Submits nothing to the open GPU.
    static QUEUE: std::cell::RefCell<Option<Box<dyn Fn()>>> = const { std::cell::RefCell::new(None) };
}

/// Submits nothing to the GPU, if one is open: some browsers look then whether it has finished something.
#[cfg(all(feature = "gpu", target_family = "wasm"))]
pub fn submit_nothing() {
    QUEUE.with_borrow(|submit| submit.as_ref().map(|submit| submit()));
}

impl Processor {
    /// The CPU: always there.
    pub async fn open_cpu() -> Self {
        Processor::Cpu(Device::flex())
    }

    /// The GPU. At most once per worker: the runtime cannot be set up a second time.
    ///
    /// # Errors
    /// [`ModelError::NoDevice`] where there is no adapter, or it was opened before.
    #[cfg(feature = "gpu")]
    pub async fn open_gpu() -> Result<Self, ModelError> {
        let opened = Device::wgpu_options().init_with_setup_async().await;
        let (device, setup) = opened.map_err(|error| ModelError::NoDevice { reason: error.to_string() })?;
        // In place of CubeCL's own handler, which panics.
        #[cfg(target_family = "wasm")]
        {
            setup.device.on_uncaptured_error(std::sync::Arc::new(|error| {
                crate::refusals::refused(&format!("{error}"));
            }));
            QUEUE.set(Some(Box::new(move || {
                setup.queue.submit([]);
            })));
        }
        #[cfg(not(target_family = "wasm"))]
        drop(setup);
        Ok(Processor::Gpu(device))
    }

    /// Burn's handle.
    pub fn device(&self) -> &Device {
        match self {
            Processor::Cpu(device) | Processor::Gpu(device) => device,
        }
    }

    /// True for the GPU.
    pub fn is_gpu(&self) -> bool {
        matches!(self, Processor::Gpu(_))
    }
}

/// Which device, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The GPU rather than the CPU.
    pub gpu: bool,
    /// For people.
    pub why: String,
    /// Something they should know.
    pub warning: Option<String>,
}

/// Chooses a device from what the user wants and what the browser says.
pub fn decide(preference: DevicePreference, adapter: Option<&AdapterReport>) -> Decision {
    let slow = "software adapter: more than ten times slower than the CPU".to_owned();
    let gpu = preference.wants_gpu(adapter);
    match (preference, adapter) {
        (DevicePreference::Cpu, _) => Decision { gpu, why: "you chose the CPU".into(), warning: None },
        (DevicePreference::Gpu, None) => Decision {
            gpu,
            why: "this browser offers no WebGPU".into(),
            warning: Some("you chose the GPU, but this browser offers none: the CPU is used".into()),
        },
        (DevicePreference::Auto, None) => {
            Decision { gpu, why: "this browser offers no WebGPU".into(), warning: None }
        }
        (DevicePreference::Gpu, Some(adapter)) => {
            Decision { gpu, why: "you chose the GPU".into(), warning: adapter.is_software().then_some(slow) }
        }
        (DevicePreference::Auto, Some(adapter)) if adapter.is_software() => Decision {
            gpu,
            why: format!(
                "the graphics adapter ({}) computes in software, slower than the CPU path",
                adapter_name(adapter)
            ),
            warning: None,
        },
        (DevicePreference::Auto, Some(_)) => {
            Decision { gpu, why: "a hardware graphics adapter is present".into(), warning: None }
        }
    }
}

/// An adapter for people: its description, or vendor and architecture where the browser hides that.
pub fn adapter_name(adapter: &AdapterReport) -> String {
    let parts = match (adapter.description.trim(), adapter.device.trim()) {
        ("", "") => vec![adapter.vendor.trim(), adapter.architecture.trim()],
        ("", device) => vec![adapter.vendor.trim(), device],
        (description, _) => vec![description],
    };
    let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if name.is_empty() { "unnamed graphics adapter".into() } else { name }
}

/// What the page shows of a decision that was carried out.
pub fn report(
    decision: &Decision,
    adapter: Option<&AdapterReport>,
    check: Option<SelfCheckReport>,
) -> DeviceReport {
    let name =
        if decision.gpu { adapter.map_or_else(|| "GPU".into(), adapter_name) } else { CPU_NAME.into() };
    DeviceReport {
        gpu: decision.gpu,
        name,
        why: decision.why.clone(),
        kernels: None,
        warning: decision.warning.clone(),
        check,
    }
}

/// Runs the golden tile [`RUNS`] times on a device and once on the CPU, and compares both with each other and with PyTorch's answer.
///
/// # Errors
/// [`ModelError::UnreadableWeights`] where the shipped tile is broken, [`ModelError::Readback`] where the CPU itself gives no result.
/// A device that gives no result, or numbers that are not finite, is no error but a check not passed.
pub async fn self_check(device: &Device) -> Result<SelfCheckReport, ModelError> {
    let golden = GoldenTile::shipped()?;
    let cpu = run(&Device::flex(), &golden).await?;
    let mut largest = largest_difference(&cpu, &golden.expected);
    for _ in 0..RUNS {
        largest = match run(device, &golden).await {
            Ok(values) => worse(
                worse(largest, largest_difference(&values, &cpu)),
                largest_difference(&values, &golden.expected),
            ),
            Err(_) => f32::NAN,
        };
    }
    Ok(self_check_report(largest))
}

/// The report of a largest difference.
fn self_check_report(largest_difference: f32) -> SelfCheckReport {
    SelfCheckReport {
        runs: RUNS,
        largest_difference,
        tolerance: TOLERANCE,
        passed: largest_difference <= TOLERANCE,
    }
}

/// One run of the golden tile: weights go to the device again, as a user's would.
async fn run(device: &Device, golden: &GoldenTile) -> Result<Vec<f32>, ModelError> {
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), device)?;
    predict(&smen, device, &golden.planes, golden.planes.columns, async |_, _| {
        std::ops::ControlFlow::Continue(())
    })
    .await
}

/// Largest absolute difference; NaN where any value is NaN or the lengths differ.
fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return f32::NAN;
    }
    a.iter().zip(b).fold(0.0, |largest, (a, b)| worse(largest, (a - b).abs()))
}

/// The larger of two, NaN winning.
fn worse(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(vendor: &str, architecture: &str, description: &str, fallback: bool) -> AdapterReport {
        AdapterReport {
            vendor: vendor.into(),
            architecture: architecture.into(),
            device: String::new(),
            description: description.into(),
            fallback,
            buffer_limit: 0,
        }
    }

    #[test]
    fn software_adapters_are_known() {
        for software in [
            adapter("google", "swiftshader", "", false),
            adapter("", "", "llvmpipe (LLVM 19.1.7, 256 bits)", false),
            adapter("mesa", "", "Lavapipe", false),
            adapter("microsoft", "", "Microsoft Basic Render Driver", false),
            adapter("nvidia", "ampere", "", true),
        ] {
            assert!(software.is_software(), "{software:?}");
            let auto = decide(DevicePreference::Auto, Some(&software));
            assert!(!auto.gpu && auto.why.contains("software"), "{auto:?}");
            let insisted = decide(DevicePreference::Gpu, Some(&software));
            assert!(
                insisted.gpu && insisted.warning.is_some_and(|warning| warning.contains("ten times slower"))
            );
        }
    }

    #[test]
    fn hardware_adapters_are_used() {
        for hardware in [
            adapter("nvidia", "ampere", "NVIDIA GeForce RTX 3060", false),
            adapter("apple", "metal-3", "", false),
            adapter("intel", "gen-12lp", "", false),
            adapter("amd", "rdna-3", "AMD Radeon (Warpdrive)", false),
            adapter("", "", "", false),
        ] {
            assert!(decide(DevicePreference::Auto, Some(&hardware)).gpu, "{hardware:?}");
            assert_eq!(decide(DevicePreference::Gpu, Some(&hardware)).warning, None);
            assert!(!decide(DevicePreference::Cpu, Some(&hardware)).gpu);
        }
    }

    #[test]
    fn without_webgpu_the_cpu_serves() {
        assert_eq!(decide(DevicePreference::Auto, None).warning, None);
        let insisted = decide(DevicePreference::Gpu, None);
        assert!(!insisted.gpu && insisted.warning.is_some());
    }

    #[test]
    fn a_nan_never_passes() {
        assert!(self_check_report(9e-4).passed);
        assert!(!self_check_report(1.1e-3).passed);
        assert!(!self_check_report(f32::NAN).passed);
        assert!(!self_check_report(f32::INFINITY).passed);
        assert!(largest_difference(&[0.1, f32::NAN, 0.2], &[0.1, 0.1, 0.2]).is_nan());
        assert!(worse(f32::NAN, 0.0).is_nan() && worse(0.0, f32::NAN).is_nan());
        assert!(largest_difference(&[0.1], &[]).is_nan());
    }
}
