//! The pixel regression over a region's days. It goes on from the last date asked for; a date before that, another rule or changed files
//! begin it anew.

use std::ops::ControlFlow;

use jiff::civil::Date;

use super::history_rule::{HistoryRule, HistorySlot};
use super::past::PixelHistory;
use super::{Day, Library, Series, StackError};
use crate::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes};

/// The regression before a date, and what went into it.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// What SMAP said before.
    pub memory: &'a SmapMemory,
    /// Over all dates before.
    pub regression: &'a PixelRegression,
    /// The dates that had a 3 km map, oldest first.
    pub maps: &'a [HistorySlot],
    /// Their files.
    pub files: &'a [String],
    /// Any of it simulated.
    pub simulated: bool,
}

impl Day {
    /// SMAP without gaps on the day's own cells; `None` where it saw nothing.
    ///
    /// # Errors
    /// [`StackError::Grid`].
    pub fn smap_planes(&self, region: &ease_grid::EaseWindow) -> Result<Option<SmapPlanes>, StackError> {
        let (Some(coarse), Some(native)) = (&self.coarse, &self.coarse_native) else { return Ok(None) };
        Ok(SmapPlanes::of(coarse, native, region)?)
    }
}

impl Series {
    /// Adds every date before `date` to the regression, one by one. `between` is asked after each whether to go on, with the dates done and
    /// in all; where it breaks, what was added stays.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub async fn remember_in_steps(
        &mut self,
        library: &Library,
        date: Date,
        rule: HistoryRule,
        between: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StackError> {
        let window = self.region.window();
        let kept = self.past.take().filter(|past| past.rule == rule && past.last < date);
        let after = kept.as_ref().map(|past| past.last);
        let wanted: Vec<Date> = self
            .covers()
            .range(..date)
            .filter(|(day, cover)| {
                after.is_none_or(|after| **day > after) && cover.coarse.is_some_and(|share| share > 0.0)
            })
            .map(|(day, _)| *day)
            .collect();
        self.past = kept;
        for (done, &past) in wanted.iter().enumerate() {
            let day = self.day(library, past)?;
            if let Some(smap) = day.smap_planes(&window)? {
                let counts = self.covers.get(&past).is_some_and(|cover| rule.admits(cover));
                let history = self.past.get_or_insert_with(|| PixelHistory {
                    rule,
                    last: past,
                    memory: SmapMemory::default(),
                    regression: PixelRegression::new(window.columns, window.len()),
                    maps: Vec::new(),
                    files: Vec::new(),
                    simulated: false,
                });
                let map = day.fine.as_ref().filter(|_| counts).map(|fine| fine.raster.values());
                let observed = map.and_then(|map| {
                    let wetness = history.memory.wetness(&smap, window.columns);
                    Observed::new(past, &smap, wetness, map)
                });
                history.memory.add(past, &smap);
                history.last = past;
                history.simulated |= day.simulated;
                if let Some(observed) = observed {
                    history.regression.add(&observed);
                    let cover = self.covers.get(&past);
                    history.maps.push(HistorySlot {
                        date: Some(past),
                        known: cover.and_then(|cover| cover.fine).unwrap_or_default(),
                        origin: cover.and_then(|cover| cover.fine_origin),
                    });
                    history.files.extend_from_slice(&day.files);
                }
            }
            if between(done + 1, wanted.len()).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The dates whose 3 km maps the regression learns from, in order.
    pub fn maps(&self, rule: HistoryRule) -> impl Iterator<Item = Date> {
        self.covers().iter().filter(move |(_, cover)| rule.admits(cover)).map(|(date, _)| *date)
    }

    /// The regression over all dates before `date`; `None` where there is no earlier day of SMAP.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub fn past(
        &mut self,
        library: &Library,
        date: Date,
        rule: HistoryRule,
    ) -> Result<Option<Past<'_>>, StackError> {
        let all = &mut async |_, _| ControlFlow::Continue(());
        super::series::at_once(self.remember_in_steps(library, date, rule, all)).map(|_| ())?;
        Ok(self.past.as_ref().map(|past| Past {
            memory: &past.memory,
            regression: &past.regression,
            maps: &past.maps,
            files: &past.files,
            simulated: past.simulated,
        }))
    }
}
