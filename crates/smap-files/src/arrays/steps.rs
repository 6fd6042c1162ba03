//! The steps of a time axis: which day each is of, and which of several times of a day is used.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use crate::Overpass;
use crate::arrays::axis::{bounds, unpacked};
use crate::arrays::file::{Array, Listing};
use crate::arrays::place::{time_axis, time_rank};
use crate::arrays::time::TimeUnit;

/// One step of a time axis.
pub(crate) struct Step {
    /// Index on the axis.
    pub index: u64,
    /// Its day.
    pub day: Date,
    /// Of SMAP's two times of a day.
    pub overpass: Option<Overpass>,
}

/// The steps of a time axis that are used.
pub(crate) struct Steps {
    /// In the order of the axis.
    pub steps: Vec<Step>,
    /// What is to be said of those that are not.
    pub left_out: Option<String>,
}

/// The moments of an array with a time axis: index on that axis and moment.
pub(crate) fn days_of(array: &Array, group: &[&Array], root: &[&Array]) -> Option<Vec<(u64, DateTime)>> {
    let axis = time_axis(array, group, root)?;
    let unit = TimeUnit::of(axis)?;
    let counts = unpacked(axis, 1 << 20).ok()?;
    // A count at the end of its interval is of the day before.
    let counts = match intervals(axis, group, root) {
        Some(of) => of.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect(),
        None => counts,
    };
    let moments: Vec<(u64, DateTime)> =
        (0u64..).zip(counts).filter_map(|(index, count)| Some((index, unit.moment(count)?))).collect();
    (!moments.is_empty()).then_some(moments)
}

/// Beginning and end of each step of a time axis, where the file gives them.
fn intervals(axis: &Array, group: &[&Array], root: &[&Array]) -> Option<Vec<f64>> {
    let numbers = unpacked(bounds(axis, group.iter().chain(root).copied())?, 1 << 20).ok()?;
    numbers.iter().all(|n| n.is_finite()).then_some(numbers)
}

/// Days that the longest interval of an array's time axis spans, where it is more than one.
pub(crate) fn days_spanned(array: &Array, group: &[&Array], root: &[&Array]) -> Option<f64> {
    let axis = time_axis(array, group, root)?;
    let unit = TimeUnit::of(axis)?;
    let spans = intervals(axis, group, root)?;
    let days = spans.chunks_exact(2).filter_map(|pair| unit.days_between(pair[0], pair[1]));
    Some(days.fold(0.0, |longest, days| days.abs().max(longest))).filter(|days| *days > 1.5)
}

/// Whether three steps or more are a month apart each, as those of monthly means are.
pub(crate) fn are_months(steps: &[Step]) -> bool {
    let month = |pair: &[Step]| (28..=31).contains(&(pair[1].day - pair[0].day).get_days());
    steps.len() > 2 && steps.windows(2).all(month)
}

/// SMAP's overpass of a time of the day, local or as its daily files count it.
fn overpass_at(moment: DateTime) -> Option<Overpass> {
    match f64::from(moment.hour()) + f64::from(moment.minute()) / 60.0 {
        hour if (4.5..7.5).contains(&hour) => Some(Overpass::Am),
        hour if (16.5..19.5).contains(&hour) => Some(Overpass::Pm),
        _ => None,
    }
}

/// What several times of one day are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfOneDay {
    /// SMAP's overpasses, if they are of 6 am and 6 pm.
    Overpasses,
    /// Scenes that lie side by side, of which one image is made.
    Scenes,
    /// Moments, of which the first counts.
    Moments,
}

/// Of several times of one day: SMAP's 6 am and 6 pm are two overpasses, of which 6 pm fills what 6 am did not see; of any others the first
/// is taken, and it is said. Their mean is not: it would be one of instants for some data and of a day for others, and the file does not say
/// which.
pub(crate) fn steps_of(moments: Vec<(u64, DateTime)>, several: OfOneDay) -> Steps {
    let mut of_days: BTreeMap<Date, Vec<(u64, DateTime)>> = BTreeMap::new();
    for (index, moment) in moments {
        of_days.entry(moment.date()).or_default().push((index, moment));
    }
    let passes = |of_day: &Vec<(u64, DateTime)>| {
        let passes: Vec<Option<Overpass>> = of_day.iter().map(|(_, moment)| overpass_at(*moment)).collect();
        let one = |pass| passes.iter().filter(|p| **p == Some(pass)).count() <= 1;
        !passes.contains(&None) && one(Overpass::Am) && one(Overpass::Pm)
    };
    let any = of_days.values().any(|of_day| of_day.len() > 1);
    let by_overpass = several == OfOneDay::Overpasses && any && of_days.values().all(passes);
    let mut left_out = None;
    let mut steps = Vec::new();
    for (day, of_day) in &of_days {
        let kept = if by_overpass || several == OfOneDay::Scenes { of_day.len() } else { 1 };
        if let (Some((_, first)), Some((_, other))) = (of_day.first(), of_day.get(kept)) {
            let clock = |moment: &DateTime| format!("{:02}:{:02}", moment.hour(), moment.minute());
            left_out.get_or_insert_with(|| {
                format!(
                    "some days have several times ({day}: {}, {}{}): the first of each day is used, the others are not. If you want the mean of \
                     each day, make it first, for example with cdo daymean",
                    clock(first),
                    clock(other),
                    if of_day.len() > 2 { ", ..." } else { "" }
                )
            });
        }
        steps.extend(of_day.iter().take(kept).map(|(index, moment)| Step {
            index: *index,
            day: *day,
            overpass: if by_overpass { overpass_at(*moment) } else { None },
        }));
    }
    steps.sort_by_key(|step| step.index);
    Steps { steps, left_out }
}

/// What to say of a file whose time is counted in a way that is not understood.
pub(crate) fn time_not_understood(listing: &Listing) -> Option<String> {
    let counts = |a: &Array| {
        let units = a.text("units")?;
        let calendar = a.text("calendar");
        // "day as %Y%m%d.%f": CDO's absolute times.
        let counted = [" since ", " as %y"].iter().any(|words| units.to_ascii_lowercase().contains(words));
        let is_time = a.is_numeric() && a.elements() == 1 && counted;
        (is_time && TimeUnit::parse(&units, calendar.as_deref()).is_none()).then_some((units, calendar))
    };
    let (units, calendar) = listing.arrays.iter().find_map(counts)?;
    let calendar = calendar.map_or_else(String::new, |c| format!(" of the calendar {c}"));
    Some(format!(
        "its time, counted in \"{units}\"{calendar}, is not understood: its day is the one in its name, where there is one. Give it its day in \
         the file list if that is another."
    ))
}

/// The day of the file's only time, which stands beside its maps, not on an axis of theirs.
pub(crate) fn only_time(listing: &Listing) -> Option<Date> {
    let is_time = |a: &&Array| {
        let named = ["time", "valid_time"].iter().any(|name| a.name().eq_ignore_ascii_case(name));
        a.elements() == 1 && a.is_numeric() && (named || a.text("standard_name").as_deref() == Some("time"))
    };
    let time = listing.arrays.iter().filter(is_time).min_by_key(|a| time_rank(a))?;
    let unit = TimeUnit::of(time)?;
    unit.day(unpacked(time, 1).ok()?.first().copied()?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn steps(hours: &[i8], of_smap: bool) -> (Vec<(u64, Option<Overpass>)>, Option<String>) {
        let moments = (0..).zip(hours.iter().map(|hour| date(2020, 6, 3).at(*hour, 0, 0, 0))).collect();
        let several = if of_smap { OfOneDay::Overpasses } else { OfOneDay::Moments };
        let Steps { steps, left_out } = steps_of(moments, several);
        (steps.iter().map(|step| (step.index, step.overpass)).collect(), left_out)
    }

    #[test]
    fn steps_a_month_apart_are_told_from_days() {
        let steps = |days: &[(i8, i8)]| -> Vec<Step> {
            let step =
                |(month, day): &(i8, i8)| Step { index: 0, day: date(2020, *month, *day), overpass: None };
            days.iter().map(step).collect()
        };
        assert!(are_months(&steps(&[(1, 1), (2, 1), (3, 1), (4, 1)])));
        assert!(!are_months(&steps(&[(1, 1), (2, 1)])));
        assert!(!are_months(&steps(&[(6, 1), (6, 2), (6, 3)])));
        assert!(!are_months(&steps(&[(5, 1), (6, 1), (6, 13)])));
    }

    #[test]
    fn of_several_times_of_a_day_overpasses_count_or_the_first() {
        let (am, pm) = (Some(Overpass::Am), Some(Overpass::Pm));
        assert_eq!(steps(&[6, 18], true), (vec![(0, am), (1, pm)], None));
        assert_eq!(steps(&[18, 6], true), (vec![(0, pm), (1, am)], None));
        assert_eq!(steps(&[12], true), (vec![(0, None)], None));
        for (hours, of_smap) in
            [(&[6, 18][..], false), (&[0, 12], true), (&[6, 7], true), (&[0, 6, 12, 18], false)]
        {
            let (kept, said) = steps(hours, of_smap);
            assert_eq!(kept, [(0, None)], "{hours:?}");
            assert!(said.is_some_and(|text| text.contains("2020-06-03") && text.contains("the first of each day")));
        }
    }
}
