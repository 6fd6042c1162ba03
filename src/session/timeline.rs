//! The time line: which dates have what, and which history a prediction there would use.

use crate::protocol::{DayReport, Timeline};
use crate::stack::{HISTORY_LENGTH, HistoryRule, Series};

/// The dates of a loaded series.
#[must_use]
pub fn timeline(series: &Series, rule: HistoryRule) -> Timeline {
    let days = series
        .covers()
        .iter()
        .map(|(&date, cover)| {
            let history = series.history(date, rule);
            let blocked = match cover.coarse {
                None => Some("No SMAP file on this date.".to_owned()),
                Some(share) if share <= 0.0 => Some("SMAP did not see this region on this date.".to_owned()),
                Some(_) if history.is_empty() => Some(format!(
                    "No earlier date has both SMAP and a 3 km map over at least {:.0} % of the region: open earlier SPL2SMAP_S files \
                     (up to {HISTORY_LENGTH} dates are used){}.",
                    100.0 * rule.cover,
                    if rule.disaggregated { "" } else { ", or let maps disaggregated here serve as history" }
                )),
                Some(_) => None,
            };
            DayReport {
                date,
                coarse: cover.coarse,
                fine: cover.fine,
                fine_origin: cover.fine_origin,
                backscatter: cover.backscatter,
                history,
                blocked,
                simulated: cover.simulated,
            }
        })
        .collect();
    Timeline { days }
}
