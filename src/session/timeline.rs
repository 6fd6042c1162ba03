//! The time line: which dates have what, and which history a prediction there would use.

use crate::protocol::{DayReport, Timeline};
use loam_core::stack::{Cover, HISTORY_LENGTH, HistoryRule, Series};

/// The dates of a loaded series.
#[must_use]
pub fn timeline(series: &Series, rule: HistoryRule) -> Timeline {
    let days = series
        .covers()
        .iter()
        .map(|(&date, cover)| {
            let history = series.history(date, rule);
            DayReport {
                date,
                coarse: cover.coarse,
                fine: cover.fine,
                fine_origin: cover.fine_origin,
                backscatter: cover.backscatter,
                blocked: blocked(cover, history.len(), rule),
                history,
                earlier: None,
                simulated: cover.simulated,
            }
        })
        .collect();
    Timeline { days }
}

/// Why nothing can be predicted on a date; `None` where something can.
fn blocked(cover: &Cover, history: usize, rule: HistoryRule) -> Option<String> {
    Some(match cover.coarse {
        _ if cover.coarse_elsewhere => {
            "No SMAP file of this date lies here: choose a region within the files, or open files that reach this one.".to_owned()
        }
        None => "No SMAP file on this date.".to_owned(),
        Some(share) if share <= 0.0 => "SMAP's swath missed this region on this date.".to_owned(),
        Some(_) if history == 0 => format!(
            "No earlier date has both SMAP and a 3 km map over at least {:.0} % of the region: open earlier SPL2SMAP_S files \
             (up to {HISTORY_LENGTH} dates are used){}.",
            100.0 * rule.cover,
            if rule.disaggregated { "" } else { ", or let maps disaggregated here serve as history" }
        ),
        Some(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_lie_elsewhere_are_no_missed_swath() {
        let rule = HistoryRule::default();
        let said = |cover: Cover, history| blocked(&cover, history, rule).unwrap_or_default();
        let seen = |share| Cover { coarse: Some(share), ..Cover::default() };
        let elsewhere = said(Cover { coarse_elsewhere: true, ..seen(0.0) }, 0);
        assert!(
            elsewhere.contains("No SMAP file of this date lies here") && !elsewhere.contains("swath"),
            "{elsewhere}"
        );
        assert_eq!(said(Cover { coarse_elsewhere: true, ..Cover::default() }, 4), elsewhere);
        assert!(said(seen(0.0), 4).contains("swath missed this region"));
        assert_eq!(said(Cover::default(), 4), "No SMAP file on this date.");
        assert!(said(seen(0.5), 0).starts_with("No earlier date has both SMAP and a 3 km map"));
        assert_eq!(blocked(&seen(0.5), 1, rule), None);
    }
}
