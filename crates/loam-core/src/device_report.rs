//! The device in use, as page and command line show it.

use serde::{Deserialize, Serialize};

use crate::nan_json::null_as_nan_f32;

/// How adapters that compute on the CPU call themselves: words in lower case, with a space before and after.
const SOFTWARE: [&str; 7] = [
    " swiftshader ",
    " llvmpipe ",
    " lavapipe ",
    " softpipe ",
    " microsoft basic render ",
    " warp ",
    " software ",
];

/// Which device the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DevicePreference {
    /// A hardware GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU, whatever there is.
    Cpu,
    /// The GPU, even a software one.
    Gpu,
}

/// What the browser says of its graphics adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterReport {
    /// Vendor.
    pub vendor: String,
    /// Architecture (`swiftshader` for a CPU posing as a GPU).
    pub architecture: String,
    /// Device.
    pub device: String,
    /// Description.
    pub description: String,
    /// The browser's own word that this is a fallback adapter.
    pub fallback: bool,
    /// Largest buffer it can bind, bytes; 0 where the browser does not say.
    #[serde(default)]
    pub buffer_limit: u64,
}

impl DevicePreference {
    /// True where the GPU is to be used: on hardware, or where the user insists. The page decides by it which worker it starts.
    #[must_use]
    pub fn wants_gpu(self, adapter: Option<&AdapterReport>) -> bool {
        match self {
            DevicePreference::Cpu => false,
            DevicePreference::Gpu => adapter.is_some(),
            DevicePreference::Auto => adapter.is_some_and(|adapter| !adapter.is_software()),
        }
    }
}

impl AdapterReport {
    /// True for a CPU posing as a GPU, by the browser's word or by a name known for it.
    #[must_use]
    pub fn is_software(&self) -> bool {
        // Whole words, so that "warp" is not found in "warpspeed". Bytes, since text that knows Unicode takes kilobytes of the page.
        let mut words = Vec::new();
        for text in [&self.vendor, &self.architecture, &self.device, &self.description] {
            words.push(b' ');
            words.extend(
                text.bytes().map(|b| if b.is_ascii_alphabetic() { b.to_ascii_lowercase() } else { b' ' }),
            );
            words.push(b' ');
        }
        self.fallback || SOFTWARE.iter().any(|name| words.windows(name.len()).any(|at| at == name.as_bytes()))
    }
}

/// The device in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// True for WebGPU, false for the CPU.
    pub gpu: bool,
    /// Adapter name, or `CPU (WebAssembly SIMD, one thread)`.
    pub name: String,
    /// Why this device.
    pub why: String,
    /// Where the GPU's kernels keep what they share: registers, or workgroup memory where that was measured to be faster. None on the CPU.
    pub kernels: Option<String>,
    /// E.g. "software adapter: more than ten times slower than the CPU".
    pub warning: Option<String>,
    /// The golden tile.
    pub check: Option<SelfCheckReport>,
}

/// The golden tile, run on the device and on the CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheckReport {
    /// Runs on the device.
    pub runs: u32,
    /// Largest absolute difference to the CPU and to the stored tile over all runs, m3/m3; not finite where the device gave NaN (`null` in
    /// JSON).
    #[serde(deserialize_with = "null_as_nan_f32")]
    pub largest_difference: f32,
    /// Allowed.
    pub tolerance: f32,
    /// Passed; where not, the CPU is used.
    pub passed: bool,
}

impl SelfCheckReport {
    /// The golden tile's result in words; `gpu`: the device is one, so the CPU's own run of the tile is what it is compared with.
    #[must_use]
    pub fn text(&self, gpu: bool) -> String {
        let difference = if self.largest_difference.is_finite() {
            format!("{:.1e}", self.largest_difference)
        } else {
            "not a number".to_owned()
        };
        let with = if gpu { "the CPU" } else { "the tile stored with the program" };
        let result = match (self.passed, gpu) {
            (true, _) => "passed",
            (false, true) => "failed, so the CPU is used",
            (false, false) => "failed: do not trust the maps",
        };
        format!(
            "Self-check {result}: golden tile run {} times, largest difference to {with} {difference} m³/m³ (allowed {:.1e}).",
            self.runs, self.tolerance
        )
    }
}
