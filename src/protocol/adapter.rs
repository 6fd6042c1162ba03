//! Whether the GPU is to be used, from what the user wants and the browser says. The page decides by it which worker it starts.

use super::{AdapterReport, DevicePreference};

/// How adapters that compute on the CPU call themselves, in lower case.
const SOFTWARE: [&str; 7] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "microsoft basic render", "warp", "software"];

impl AdapterReport {
    /// True for a CPU posing as a GPU, by the browser's word or by a name known for it.
    #[must_use]
    pub fn is_software(&self) -> bool {
        let says = [&self.vendor, &self.architecture, &self.device, &self.description]
            .map(|text| text.to_lowercase().replace(['-', '_'], " "))
            .join(" | ");
        self.fallback || SOFTWARE.iter().any(|name| contains_word(&says, name))
    }
}

impl DevicePreference {
    /// True where the GPU is to be used: on hardware, or where the user insists.
    #[must_use]
    pub fn wants_gpu(self, adapter: Option<&AdapterReport>) -> bool {
        match self {
            DevicePreference::Cpu => false,
            DevicePreference::Gpu => adapter.is_some(),
            DevicePreference::Auto => adapter.is_some_and(|adapter| !adapter.is_software()),
        }
    }
}

/// True where `word` stands in `text` without a letter before or after it, so that "warp" is not found in "warpspeed".
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic)
    })
}
