//! Which earlier dates count, and what a map remembers of them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::cover::Cover;
use crate::file::FineOrigin;
use crate::iso_date;
use crate::region_settings::RegionSettings;

/// Which earlier dates may serve as history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryRule {
    /// Smallest share of the region (0..1) a 3 km map must cover.
    pub cover: f32,
    /// Maps disaggregated here from SMAP and backscatter (formats.md 2.7) may serve, beside those of products.
    pub disaggregated: bool,
}

impl Default for HistoryRule {
    fn default() -> Self {
        Self { cover: 0.10, disaggregated: true }
    }
}

impl From<&RegionSettings> for HistoryRule {
    fn from(settings: &RegionSettings) -> Self {
        Self { cover: settings.history_cover, disaggregated: settings.history_disaggregated }
    }
}

impl HistoryRule {
    /// True where a day may serve.
    #[must_use]
    pub fn admits(self, cover: &Cover) -> bool {
        cover.coarse.is_some_and(|share| share > 0.0)
            && cover.fine.is_some_and(|share| share > 0.0 && share >= self.cover)
            && (self.disaggregated || cover.fine_origin != Some(FineOrigin::Disaggregated))
    }
}

/// One history slot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HistorySlot {
    /// The date; `None` where no date was left to fill the slot: its residual is 0.
    #[serde(with = "iso_date")]
    pub date: Option<Date>,
    /// Share of the region (0..1) whose residual is known.
    pub known: f32,
    /// Where the 3 km map came from.
    pub origin: Option<FineOrigin>,
}
