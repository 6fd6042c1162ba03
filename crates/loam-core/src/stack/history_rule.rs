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

/// Maps of a history that are named one by one; more are summed up.
const NAMED: usize = 8;

impl HistorySlot {
    /// A long history in one phrase, `93 earlier 3 km maps, 2014-01-03 to 2018-06-10 (12 disaggregated here)`; `None` for one that is short
    /// enough to name its dates.
    #[must_use]
    pub fn sum_up(history: &[Self]) -> Option<String> {
        let dates = || history.iter().filter_map(|slot| slot.date);
        let (first, last) = (dates().min()?, dates().max()?);
        if dates().count() <= NAMED {
            return None;
        }
        let origins = [
            (FineOrigin::Disaggregated, "disaggregated here"),
            (FineOrigin::Nisar, "of NISAR"),
            (FineOrigin::OwnMap, "made by Loam"),
        ];
        let of = |(origin, words)| {
            let count =
                history.iter().filter(|slot| slot.date.is_some() && slot.origin == Some(origin)).count();
            (count > 0).then(|| format!("{count} {words}"))
        };
        let origins = origins.into_iter().filter_map(of).collect::<Vec<_>>().join(", ");
        let origins = if origins.is_empty() { origins } else { format!(" ({origins})") };
        Some(format!("{} earlier 3 km maps, {first} to {last}{origins}", dates().count()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn slots(days: i8, origin: impl Fn(i8) -> FineOrigin) -> Vec<HistorySlot> {
        let slot =
            |day| HistorySlot { date: Some(date(2018, 6, day)), known: 0.5, origin: Some(origin(day)) };
        (1..=days).map(slot).collect()
    }

    #[test]
    fn a_long_history_is_summed_up_and_a_short_one_is_not() {
        assert_eq!(HistorySlot::sum_up(&[]), None);
        let product = |_| FineOrigin::Product;
        assert_eq!(HistorySlot::sum_up(&slots(8, product)), None);
        assert_eq!(
            HistorySlot::sum_up(&slots(9, product)).as_deref(),
            Some("9 earlier 3 km maps, 2018-06-01 to 2018-06-09")
        );
        // A slot that no date fills is no map.
        let empty = HistorySlot { date: None, known: 0.0, origin: None };
        assert_eq!(HistorySlot::sum_up(&[vec![empty; 4], slots(8, product)].concat()), None);
        assert_eq!(HistorySlot::sum_up(&[empty; 12]), None);
    }

    #[test]
    fn what_is_of_no_product_is_counted() {
        let origin = |day| match day {
            1..=3 => FineOrigin::Disaggregated,
            4..=5 => FineOrigin::Nisar,
            6 => FineOrigin::OwnMap,
            _ => FineOrigin::Product,
        };
        assert_eq!(
            HistorySlot::sum_up(&slots(30, origin)).as_deref(),
            Some(
                "30 earlier 3 km maps, 2018-06-01 to 2018-06-30 (3 disaggregated here, 2 of NISAR, 1 made by Loam)"
            )
        );
    }
}
