//! The pixel regression over a region's days. It resumes after the last date asked for; a date before that, another rule or changed files
//! begin it anew.

use std::ops::ControlFlow;

use jiff::civil::Date;

use super::history_rule::{HistoryRule, HistorySlot};
use super::past::PixelHistory;
use super::{Day, Library, Series, StackError};
use crate::regression::filter::Looks;
use crate::regression::interval::{Calibration, Ratios};
use crate::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes};

/// Hears of what the regression is about to learn, and whether to go on.
#[allow(async_fn_in_trait, reason = "one thread: no Send bound is wanted")]
pub trait Watcher {
    /// A method whose errors are kept beside the regression's: its name. Errors of another, and of the regression alone, begin it anew.
    fn method(&self) -> Option<&str>;

    /// A date with a 3 km map, before the regression learns from it: how far the method's prediction is off, where it was asked. `to_come`: maps
    /// after this one.
    async fn off(
        &mut self,
        past: &PixelRegression,
        smap: &SmapPlanes,
        observed: &Observed,
        to_come: usize,
    ) -> Option<Ratios>;

    /// After each day: those done and in all.
    async fn between(&mut self, done: usize, total: usize) -> ControlFlow<()>;
}

/// Hears nothing, and goes on.
struct Silent;

impl Watcher for Silent {
    fn method(&self) -> Option<&str> {
        None
    }

    async fn off(&mut self, _: &PixelRegression, _: &SmapPlanes, _: &Observed, _: usize) -> Option<Ratios> {
        None
    }

    async fn between(&mut self, _: usize, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The regression before a date, and what went into it.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// What SMAP said before.
    pub memory: &'a SmapMemory,
    /// Over all dates before.
    pub regression: &'a PixelRegression,
    /// How far the watched method's predictions were off.
    pub errors: &'a Calibration,
    /// The dates that had a 3 km map, oldest first.
    pub maps: &'a [HistorySlot],
    /// Their files.
    pub files: &'a [String],
    /// Any of it simulated.
    pub simulated: bool,
}

impl Day {
    /// SMAP without gaps on the day's own cells; `None` where it saw nothing. `memory`: of the days before.
    ///
    /// # Errors
    /// [`StackError::Grid`].
    pub fn smap_planes(
        &self,
        date: Date,
        region: &ease_grid::EaseWindow,
        memory: &SmapMemory,
    ) -> Result<Option<SmapPlanes>, StackError> {
        let (Some(coarse), Some(first)) = (&self.coarse, &self.coarse_native) else { return Ok(None) };
        let looks = Looks { first, overpass: self.overpass.as_ref(), evening: self.evening.as_ref() };
        Ok(memory.planes(date, coarse, &looks, region)?)
    }

    /// SMAP of the day into what was seen of it before; whether it saw anything.
    fn pass_smap(
        &self,
        date: Date,
        region: &ease_grid::EaseWindow,
        memory: &mut SmapMemory,
    ) -> Result<bool, StackError> {
        let (Some(coarse), Some(first)) = (&self.coarse, &self.coarse_native) else { return Ok(false) };
        let looks = Looks { first, overpass: self.overpass.as_ref(), evening: self.evening.as_ref() };
        Ok(memory.pass(date, coarse, &looks, region)?)
    }
}

impl Series {
    /// Adds every date before `date` to the regression, one by one. Where the watcher breaks, what the regression learnt stays.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub async fn remember_in_steps(
        &mut self,
        library: &Library,
        date: Date,
        rule: HistoryRule,
        watcher: &mut impl Watcher,
    ) -> Result<ControlFlow<()>, StackError> {
        let window = self.region.window();
        let kept = self.past.take().filter(|past| {
            let watched = watcher
                .method()
                .is_none_or(|method| past.errors.as_ref().is_some_and(|(of, _)| of == method));
            past.rule == rule && past.last < date && watched
        });
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
        let admitted = |date: &Date| self.covers.get(date).is_some_and(|cover| rule.admits(cover));
        let mut to_come = wanted.iter().filter(|date| admitted(date)).count();
        for (done, &past) in wanted.iter().enumerate() {
            let counts = self.covers.get(&past).is_some_and(|cover| rule.admits(cover));
            // Most days have no map: SMAP alone is kept of them.
            let day = if counts { self.day(library, past)? } else { self.smap_of(library, past)? };
            let mut history = self.past.take().unwrap_or_else(|| PixelHistory {
                rule,
                last: past,
                memory: SmapMemory::default(),
                regression: PixelRegression::new(window.columns, window.len()),
                errors: watcher.method().map(|method| (method.to_owned(), Calibration::default())),
                maps: Vec::new(),
                files: Vec::new(),
                simulated: false,
            });
            let saw = match day.fine.as_ref().filter(|_| counts) {
                None => day.pass_smap(past, &window, &mut history.memory)?,
                Some(fine) => match day.smap_planes(past, &window, &history.memory)? {
                    None => false,
                    Some(smap) => {
                        let wetness = history.memory.wetness(&smap, window.columns);
                        history.memory.add(past, &smap);
                        if let Some(observed) = Observed::new(past, &smap, wetness, fine.raster.values()) {
                            let off = watcher.off(&history.regression, &smap, &observed, to_come - 1).await;
                            // Errors with a gap would make an interval depend on what was asked before.
                            match &mut history.errors {
                                Some((_, errors)) if watcher.method().is_some() => {
                                    off.into_iter().for_each(|off| errors.add(off));
                                }
                                errors => *errors = None,
                            }
                            history.regression.add(&observed);
                            let cover = self.covers.get(&past);
                            history.maps.push(HistorySlot {
                                date: Some(past),
                                known: cover.and_then(|cover| cover.fine).unwrap_or_default(),
                                origin: cover.and_then(|cover| cover.fine_origin),
                            });
                            history.files.extend_from_slice(&day.files);
                        }
                        true
                    }
                },
            };
            if saw {
                history.last = past;
                history.simulated |= day.simulated;
                to_come -= usize::from(counts);
            }
            self.past = (saw || !history.memory.is_empty()).then_some(history);
            if watcher.between(done + 1, wanted.len()).await.is_break() {
                // Which dates are judged follows from the date that was asked for: another one may need others.
                self.past.iter_mut().for_each(|past| past.errors = None);
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
        super::series::at_once(self.remember_in_steps(library, date, rule, &mut Silent)).map(|_| ())?;
        const NONE: &Calibration = &Calibration::NONE;
        Ok(self.past.as_ref().map(|past| Past {
            errors: past.errors.as_ref().map_or(NONE, |(_, errors)| errors),
            memory: &past.memory,
            regression: &past.regression,
            maps: &past.maps,
            files: &past.files,
            simulated: past.simulated,
        }))
    }
}
