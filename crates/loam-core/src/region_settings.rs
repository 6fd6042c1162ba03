//! Region and rules of a prediction.

use ease_grid::EaseWindow;
use serde::{Deserialize, Serialize};
use smap_files::QualityRule;

/// What runs kept before there was a choice were trained with.
fn yes() -> bool {
    true
}

/// Region and rules of a prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionSettings {
    /// 3 km cells to compute.
    pub window: EaseWindow,
    /// Name of the preset, where it is one.
    pub region: Option<String>,
    /// Which retrievals count.
    pub quality: QualityRule,
    /// Smallest share of the region a 3 km map must cover to serve as history (0..1). Default 0.10.
    pub history_cover: f32,
    /// Maps disaggregated here from backscatter may serve as history, where a date has no 3 km product. Default on.
    #[serde(default = "yes")]
    pub history_disaggregated: bool,
    /// Each 36 km block of the estimate is shifted to SMAP's mean (model.md, section 4). Default off.
    #[serde(default)]
    pub mass_correction: bool,
}
