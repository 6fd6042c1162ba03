//! From a loaded series to the images of a training run.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use jiff::civil::Date;
use loam_core::file::FineOrigin;
use loam_core::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes, Wetness};
use loam_core::stack::{HistoryRule, Library, Series};
use loam_core::training::{DateRole, PlannedDate, TrainPlan, TrainSettings, UnusableDate};

use super::example::{RcnImage, Seen};
use super::planes::RcnPlanes;
use super::schema::{MEAN, SPREAD};
use crate::gathered::{GatherError, Gathered};
use crate::networks::smen::images::fewest_pixels;
use crate::{Candidate, TrainError, Weights, split_by_time};

/// How many of the newest maps an image of a short past is made from; a date has one of them.
const FEW: [usize; 7] = [0, 1, 2, 4, 8, 16, 32];
/// The most of them.
const MOST: usize = 32;

/// Which dates train, validate and test. A date's earlier maps are its input, whatever they are used for: no gap is left between the sides.
///
/// # Errors
/// [`TrainError::TooFewDates`], [`TrainError::EmptySplit`].
pub fn plan(series: &Series, rule: HistoryRule, settings: &TrainSettings) -> Result<TrainPlan, TrainError> {
    let cells = series.region.window().len();
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for (&date, cover) in series.covers() {
        let made_here = cover.fine_origin == Some(FineOrigin::Disaggregated);
        // A map disaggregated here is made from SMAP itself: learning it would be learning our own formula.
        let Some(fine) = cover.fine.filter(|_| !made_here) else { continue };
        let why = if cover.coarse.is_none_or(|share| share <= 0.0) {
            Some("SMAP did not see the region on this date".to_owned())
        } else if fine < rule.cover || (fine * cells as f32) < fewest_pixels(cells) as f32 {
            Some(format!("the 3 km map covers only {:.0} % of the region", 100.0 * fine))
        } else if series.history(date, rule).is_empty() {
            Some("no earlier date with SMAP and a 3 km map".to_owned())
        } else {
            None
        };
        match why {
            Some(why) => unusable.push(UnusableDate { date, why }),
            None => usable.push(Candidate { date, history: Vec::new() }),
        }
    }
    let roles = split_by_time(&usable, settings.validate_from, settings.test_from)?;
    let dates = usable.iter().zip(roles).map(|(one, role)| PlannedDate { date: one.date, role }).collect();
    Ok(TrainPlan { dates, unusable })
}

/// The network's input of a day, standardised with the constants of `weights`.
#[must_use]
pub fn seen(
    weights: (&[f32], &[f32]),
    date: Date,
    smap: &SmapPlanes,
    wetness: Wetness,
    past: &PixelRegression,
    columns: usize,
) -> Seen {
    let made = past.predict(smap, wetness);
    Seen::of(&RcnPlanes::new(date, smap, past, &made, columns), weights)
}

/// The maps so far: all of them, and the newest.
struct PastMaps {
    all: PixelRegression,
    newest: VecDeque<Observed>,
}

impl PastMaps {
    fn new(columns: usize, cells: usize) -> Self {
        Self { all: PixelRegression::new(columns, cells), newest: VecDeque::with_capacity(MOST) }
    }

    fn add(&mut self, observed: &Observed) {
        self.all.add(observed);
        if self.newest.len() == MOST {
            self.newest.pop_front();
        }
        self.newest.push_back(observed.clone());
    }

    /// Over the newest maps alone.
    fn few(&self, most: usize, columns: usize, cells: usize) -> PixelRegression {
        let mut few = PixelRegression::new(columns, cells);
        self.newest.range(self.newest.len().saturating_sub(most)..).for_each(|observed| few.add(observed));
        few
    }
}

/// Plans a run and makes its images. Where maps disaggregated here count, three training dates of four are made from products alone:
/// weights must serve whoever has none of the former, which is usual. `progress` hears of each day before it is read (number, of how many, date) and may stop the work.
///
/// # Errors
/// See [`GatherError`].
pub async fn gather(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    base: &Weights,
    settings: &TrainSettings,
    mut progress: impl AsyncFnMut(usize, usize, Date) -> ControlFlow<()>,
) -> Result<Gathered<RcnImage>, GatherError> {
    let plan = plan(series, rule, settings)?;
    let window = series.region.window();
    let constants = |name: &str| base.tensors.get(name).map(|t| t.values.clone()).unwrap_or_default();
    let (mean, spread) = (constants(MEAN), constants(SPREAD));
    let planned: BTreeMap<Date, DateRole> = plan.dates.iter().map(|day| (day.date, day.role)).collect();
    let last = planned.keys().next_back().copied();
    let days: Vec<(Date, bool)> = series
        .covers()
        .iter()
        .filter(|(date, cover)| {
            last.is_some_and(|last| **date <= last) && cover.coarse.is_some_and(|s| s > 0.0)
        })
        .map(|(date, cover)| (*date, rule.admits(cover)))
        .collect();
    let mut memory = SmapMemory::default();
    let mut admitted_maps = PastMaps::new(window.columns, window.len());
    let mut products = PastMaps::new(window.columns, window.len());
    let mut gathered = Gathered { plan, ..Gathered::default() };
    let total = days.len();
    for (done, (date, admitted)) in days.into_iter().enumerate() {
        if progress(done, total, date).await.is_break() {
            return Err(GatherError::Cancelled);
        }
        let day = series.day(library, date)?;
        let Some(smap) = day.smap_planes(date, &window, &memory)? else { continue };
        let role = planned.get(&date).copied();
        if let (Some(fine), true) = (&day.fine, role.is_some() || admitted) {
            let wetness = memory.wetness(&smap, window.columns);
            let map = fine.raster.values();
            if let Some(role) = role {
                let of = |past: &PixelRegression| {
                    seen((&mean, &spread), date, &smap, wetness.clone(), past, window.columns)
                };
                let training = role == DateRole::Train;
                let past = if training && date.day_of_year() % 4 != 0 { &products } else { &admitted_maps };
                let few = training.then(|| {
                    let most = FEW[date.day_of_year() as usize % FEW.len()];
                    of(&past.few(most, window.columns, window.len()))
                });
                let mask: Vec<f32> = map
                    .iter()
                    .zip(&smap.seen)
                    .map(|(j, seen)| f32::from(u8::from(j.is_finite() && *seen)))
                    .collect();
                let pixels = mask.iter().filter(|m| **m > 0.0).count();
                let fewest = fewest_pixels(window.len());
                if pixels < fewest {
                    let why = format!("SMAP and the 3 km map share {pixels} pixels, {fewest} are needed");
                    gathered.take_out(date, why);
                } else {
                    gathered.images.push(RcnImage {
                        date,
                        role,
                        size: (window.columns, window.rows),
                        seen: of(&past.all),
                        few,
                        target: map.iter().map(|j| if j.is_finite() { *j } else { 0.0 }).collect(),
                        mask,
                        bilinear: smap.bilinear.clone(),
                        reasons: day.coarse.iter().flat_map(|c| c.reasons()).map(|r| *r as u8).collect(),
                    });
                    gathered.simulated |= day.simulated;
                    gathered.own_maps |= fine.origin == FineOrigin::OwnMap;
                }
            }
            if let Some(observed) = Observed::new(date, &smap, wetness, map).filter(|_| admitted) {
                admitted_maps.add(&observed);
                if fine.origin != FineOrigin::Disaggregated {
                    products.add(&observed);
                }
            }
        }
        memory.add(date, &smap);
    }
    gathered.complete(planned.len(), |_| Vec::new())
}
