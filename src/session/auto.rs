//! The choice of the method, where it is left to Loam.

use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;

/// What answers where the choice is left to Loam.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Auto {
    /// The choice is left to Loam.
    pub on: bool,
    /// The best method, and the region and rules it was found for.
    best: Option<(RegionSettings, Method)>,
}

impl Auto {
    /// Files or weights changed.
    pub fn forget(&mut self) {
        self.best = None;
    }

    /// The comparison was made.
    pub fn found(&mut self, settings: RegionSettings, best: Method) {
        self.best = Some((settings, best));
    }

    /// The best method, where the comparison was made.
    pub fn best_for(&self, settings: &RegionSettings) -> Option<Method> {
        // A shift to SMAP's means changes no rank.
        let same = |of: &RegionSettings| {
            RegionSettings { mass_correction: settings.mass_correction, ..of.clone() } == *settings
        };
        self.best.as_ref().filter(|(of, _)| same(of)).map(|(_, method)| *method)
    }
}
