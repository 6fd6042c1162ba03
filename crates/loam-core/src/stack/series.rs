//! One region's days: what SMAP saw, what the 3 km maps hold, aligned on the region's 3 km cells.
//!
//! A day is put together from all its files: AM before PM for SMAP (6 am is the mission's reference overpass; PM fills what AM did
//! not see), and the mean of all scenes that cover a cell for the 3 km map, so that overlapping scenes are mosaicked once.
//! Days are read one at a time ([`Series::load`]), so that a caller can yield, show progress and cancel in between; their rasters
//! are kept while they fit the budget and read again where they do not.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::task::{Context, Poll, Waker};

use jiff::civil::Date;

use super::cover::Cover;
use super::library::Piece;
use super::mosaic::{Mosaic, Scale};
use super::past::PixelHistory;
use super::sensitivity::Sensitivity;
use super::{Entry, Library, Region, StackError};
use crate::file::{FineOrigin, Usage};
use ease_grid::{EaseWindow, Edges, GridError, Raster, Reason, Resolution, resample};
use smap_files::{
    Granule, Orbit, Overpass, Product, QualityRule, ReadError, ReadOptions, Role, Variable, sentinel1,
};

/// Cells read beyond the region on each side, where files hold them: SMEN's receptive field (`model::HALO`), so that an estimate at the region's
/// edge sees what lies outside instead of zeros.
pub const MARGIN: usize = 4;
/// Coarse cells read beyond the region on each side, so that interpolation at the region's edge sees its neighbours.
const COARSE_MARGIN: usize = 2;
/// Rasters kept in memory, bytes: 5 bytes a cell and layer. Beyond it, days are read again when asked for.
const BUDGET_BYTES: usize = 512 << 20;

/// A 3 km map of a day.
#[derive(Debug, Clone)]
pub struct Fine {
    /// m3/m3 on the region's cells.
    pub raster: Raster,
    /// Where it comes from.
    pub origin: FineOrigin,
}

/// One day of a region. Every raster but [`Day::coarse_native`] lies on the region's 3 km grid, or (inside a series) on the region's with its
/// margin.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// SMAP soil moisture, m3/m3: each 3 km cell holds the value of the 36 km (or 9 km) cell it lies in. Masked where not seen.
    pub coarse: Option<Raster>,
    /// The same on SMAP's own cells, with a margin around the region: for interpolation.
    pub coarse_native: Option<Raster>,
    /// Which overpass each of SMAP's own cells is of: 0 for 6 am, 1 for 6 pm; masked where the file does not say.
    pub overpass: Option<Raster>,
    /// SMAP at 6 pm on its own cells, where 6 am saw them too: a second look, m3/m3. Masked elsewhere.
    pub evening: Option<Raster>,
    /// The 3 km map, scenes of the day mosaicked.
    pub fine: Option<Fine>,
    /// Backscatter VV, dB (averaged in linear power).
    pub vv: Option<Raster>,
    /// Backscatter VH, dB.
    pub vh: Option<Raster>,
    /// Names of the files that went in.
    pub files: Vec<String>,
    /// Made by the simulator.
    pub simulated: bool,
    /// Cells beyond the region, up to [`MARGIN`] on each side, on which the day's SMAP files say anything.
    pub margin: Edges,
    /// There are SMAP files of the day, and the region lies outside all of them.
    pub coarse_elsewhere: bool,
}

impl Day {
    /// The part of its 3 km rasters on another window of the 3 km grid.
    fn cropped(&self, window: &EaseWindow) -> Result<Self, StackError> {
        let crop = |raster: &Option<Raster>| raster.as_ref().map(|raster| raster.cropped(window)).transpose();
        let fine = self
            .fine
            .as_ref()
            .map(|fine| Ok::<_, StackError>(Fine { raster: fine.raster.cropped(window)?, ..*fine }));
        Ok(Self {
            coarse: crop(&self.coarse)?,
            coarse_native: self.coarse_native.clone(),
            overpass: self.overpass.clone(),
            evening: self.evening.clone(),
            fine: fine.transpose()?,
            vv: crop(&self.vv)?,
            vh: crop(&self.vh)?,
            files: self.files.clone(),
            ..*self
        })
    }

    fn bytes(&self) -> usize {
        let layers = [
            self.coarse.as_ref(),
            self.coarse_native.as_ref(),
            self.evening.as_ref(),
            self.fine.as_ref().map(|f| &f.raster),
            self.vv.as_ref(),
            self.vh.as_ref(),
        ];
        layers.into_iter().flatten().map(|r| r.values().len() * 5).sum()
    }

    fn cover(&self) -> Cover {
        let share = |raster: &Raster| raster.valid_count() as f32 / raster.values().len().max(1) as f32;
        Cover {
            coarse: self.coarse.as_ref().map(share),
            fine: self.fine.as_ref().map(|f| share(&f.raster)),
            fine_origin: self.fine.as_ref().map(|f| f.origin),
            backscatter: self.vv.as_ref().map(share),
            simulated: self.simulated,
            coarse_elsewhere: self.coarse_elsewhere,
        }
    }
}

/// All days of a region.
#[derive(Debug, Clone)]
pub struct Series {
    /// Where.
    pub region: Region,
    /// Which retrievals count.
    pub quality: QualityRule,
    /// The region and [`MARGIN`] cells around it, as far as the globe reaches.
    pub(super) wide: EaseWindow,
    pub(super) covers: BTreeMap<Date, Cover>,
    /// On [`Series::wide`].
    kept: BTreeMap<Date, Day>,
    kept_bytes: usize,
    budget: usize,
    /// 3 km maps computed from backscatter, laid over the files' own days; on [`Series::wide`].
    disaggregated: BTreeMap<Date, Raster>,
    /// Sensitivity of the disaggregation, where it was fitted ([`Series::fill_gaps`]).
    pub sensitivity: Option<Sensitivity>,
    /// Files that failed while their pixels were read, with the sentence to show.
    pub failures: Vec<(String, String)>,
    /// Soil moisture that added nothing to that of its day, and the one that came before it; in order of names.
    pub shadowed: Vec<(String, String)>,
    /// What the pixel regression has learnt so far.
    pub(super) past: Option<PixelHistory>,
}

impl Series {
    /// An empty series; days come by [`Series::load`].
    #[must_use]
    pub fn new(region: Region, quality: QualityRule) -> Self {
        Self {
            region,
            quality,
            wide: region.window().widened(&Edges::all(MARGIN)),
            covers: BTreeMap::new(),
            kept: BTreeMap::new(),
            kept_bytes: 0,
            budget: BUDGET_BYTES,
            disaggregated: BTreeMap::new(),
            sensitivity: None,
            failures: Vec::new(),
            shadowed: Vec::new(),
            past: None,
        }
    }

    /// Bytes of the days kept in memory.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// Reads one day from the library. A file that fails is noted in [`Series::failures`]; the day's other files still count.
    ///
    /// # Errors
    /// Only for faults that are not one file's: [`StackError::Grid`].
    pub fn load(&mut self, library: &Library, date: Date) -> Result<(), StackError> {
        at_once(self.load_in_steps(library, date, &mut async || ControlFlow::Continue(()))).map(|_| ())
    }

    /// The same in steps: a variable, or some rows of a large file. `between` is asked after each whether to go on; where it breaks, the day
    /// is as if it had not been asked for.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub async fn load_in_steps(
        &mut self,
        library: &Library,
        date: Date,
        between: &mut impl AsyncFnMut() -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StackError> {
        self.forget(date);
        let Some(day) = self.read_day(library, date, between).await? else {
            return Ok(ControlFlow::Break(()));
        };
        self.covers.insert(date, day.cropped(&self.region.window())?.cover());
        self.keep(date, day);
        Ok(ControlFlow::Continue(()))
    }

    /// The days of the library that are still to be read. Forgets days that the library has no more, and the maps that [`Series::fill_gaps`]
    /// made, which depend on all days.
    pub fn missing(&mut self, library: &Library) -> Vec<Date> {
        let dates = library.dates();
        let made = std::mem::take(&mut self.disaggregated);
        let old = |date: &Date| made.contains_key(date) || !dates.contains(date);
        let old: Vec<Date> = self.covers.keys().copied().filter(old).collect();
        old.into_iter().for_each(|date| self.forget(date));
        self.sensitivity = None;
        dates.into_iter().filter(|date| !self.covers.contains_key(date)).collect()
    }

    /// Forgets a day, whose files changed.
    pub fn forget(&mut self, date: Date) {
        self.covers.remove(&date);
        self.past.take_if(|past| past.holds(date));
        if let Some(day) = self.kept.remove(&date) {
            self.kept_bytes -= day.bytes().min(self.kept_bytes);
        }
    }

    /// What to say of soil moisture that added nothing to that of its day.
    #[must_use]
    pub fn note_shadowed(&self) -> Option<String> {
        let (name, before) = self.shadowed.first()?;
        let more = match self.shadowed.len() - 1 {
            0 => String::new(),
            n => format!(" The same holds for {n} more."),
        };
        Some(format!(
            "{name} adds nothing to the soil moisture of its day, which {before} gives: SMAP's comes before other products', cells of 36 km before those \
             of 9 km and any others, and then the first name counts.{more}"
        ))
    }

    /// Loads every day of the library. For callers that need neither progress nor cancel.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub fn load_all(&mut self, library: &Library) -> Result<(), StackError> {
        for date in library.dates() {
            self.load(library, date)?;
        }
        Ok(())
    }

    /// Days in memory, by date, on [`Series::wide`].
    pub(super) fn kept_days(&self) -> impl Iterator<Item = &Day> + Clone {
        self.kept.values()
    }

    /// Days in memory before a date, on [`Series::wide`].
    pub(super) fn kept_days_before(&self, date: Date) -> impl Iterator<Item = &Day> + Clone {
        self.kept.range(..date).map(|(_, day)| day)
    }

    /// A day, if it is in memory, on [`Series::wide`].
    pub(super) fn kept_day(&self, date: Date) -> Option<&Day> {
        self.kept.get(&date)
    }

    fn keep(&mut self, date: Date, day: Day) {
        let bytes = day.bytes();
        if self.kept_bytes + bytes <= self.budget {
            self.kept_bytes += bytes;
            self.kept.insert(date, day);
        }
    }

    /// What each day covers, by date.
    #[must_use]
    pub fn covers(&self) -> &BTreeMap<Date, Cover> {
        &self.covers
    }

    /// Dates of a span with SMAP and a 3 km product to score against, in order.
    #[must_use]
    pub fn scorable(&self, span: RangeInclusive<Date>) -> Vec<Date> {
        let within = self.covers.iter().filter(|(date, cover)| span.contains(date) && cover.is_scorable());
        within.map(|(date, _)| *date).collect()
    }

    /// One day, from memory or read again. Includes the disaggregated 3 km map where there is one.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub fn day(&mut self, library: &Library, date: Date) -> Result<Day, StackError> {
        self.day_on(library, date, self.region.window())
    }

    /// The same on [`Series::wide`].
    pub(super) fn wide_day(&mut self, library: &Library, date: Date) -> Result<Day, StackError> {
        self.day_on(library, date, self.wide)
    }

    fn day_on(&mut self, library: &Library, date: Date, window: EaseWindow) -> Result<Day, StackError> {
        let mut day = match self.kept.get(&date) {
            Some(day) => day.cropped(&window)?,
            None => {
                let all = &mut async || ControlFlow::Continue(());
                at_once(self.read_day(library, date, all))?.unwrap_or_default().cropped(&window)?
            }
        };
        if day.fine.is_none()
            && let Some(raster) = self.disaggregated.get(&date)
        {
            let raster = raster.cropped(&window)?;
            day.fine = Some(Fine { raster, origin: FineOrigin::Disaggregated });
        }
        Ok(day)
    }

    /// What SMAP saw of a day, without the other layers.
    ///
    /// # Errors
    /// As [`Series::load`].
    pub(super) fn smap_of(&mut self, library: &Library, date: Date) -> Result<Day, StackError> {
        let Some(kept) = self.kept.get(&date) else { return self.day(library, date) };
        let coarse = kept.coarse.as_ref();
        Ok(Day {
            coarse: coarse.map(|coarse| coarse.cropped(&self.region.window())).transpose()?,
            coarse_native: kept.coarse_native.clone(),
            overpass: kept.overpass.clone(),
            evening: kept.evening.clone(),
            simulated: kept.simulated,
            ..Day::default()
        })
    }

    /// How uncertain NISAR says its 3 km map of a date is, m3/m3, over the region; `None` where no file gives it. It is the mean of the
    /// 200 m cells' uncertainties: the standard error of a mean whose cells err together. Of independent errors it would be smaller by the
    /// root of their number, which the product does not claim. Read when asked for: it is as large as the map.
    ///
    /// # Errors
    /// [`StackError::Read`] for a file that fails, [`StackError::Grid`].
    pub fn uncertainty(&self, library: &Library, date: Date) -> Result<Option<Raster>, StackError> {
        let window = self.region.window();
        let mut mosaic = Mosaic::new(window);
        for piece in library.on(date) {
            let Piece::File(entry, granule) = piece else { continue };
            if entry.usage() != Usage::Fine || granule.product != Product::Nisar {
                continue;
            }
            let is_it =
                |v: &Variable| v.role == Role::SoilMoistureUncertainty && v.grid.is_some() && v.is_of(date);
            let Some(index) = granule.variables.iter().position(is_it) else { continue };
            let options = ReadOptions { quality: self.quality, scale: entry.correction.scale };
            let raster = read_elsewhere(granule, index, &options, &window)
                .map_err(|error| StackError::Read { file: granule.file.clone(), error })?;
            mosaic.add(&resample::to_window(&raster, &window)?, Scale::Linear);
        }
        mosaic.finish(Some(Reason::NoSentinel1))
    }

    /// Lays a 3 km map computed from backscatter over a day that has none.
    pub(super) fn set_disaggregated(&mut self, date: Date, raster: Raster) -> Result<(), GridError> {
        let inside = raster.cropped(&self.region.window())?;
        if let Some(cover) = self.covers.get_mut(&date)
            && cover.fine.is_none_or(|share| share == 0.0)
        {
            cover.fine = Some(inside.valid_count() as f32 / inside.values().len().max(1) as f32);
            cover.fine_origin = Some(FineOrigin::Disaggregated);
            if let Some(day) = self.kept.get_mut(&date) {
                day.fine = None;
            }
            self.past.take_if(|past| past.holds(date));
            self.disaggregated.insert(date, raster);
        }
        Ok(())
    }

    /// `None` where `between` broke.
    async fn read_day(
        &mut self,
        library: &Library,
        date: Date,
        between: &mut impl AsyncFnMut() -> ControlFlow<()>,
    ) -> Result<Option<Day>, StackError> {
        let (window, region) = (self.wide, self.region.window());
        let options = |scale| ReadOptions { quality: self.quality, scale };
        let mut day = Day::default();
        let mut coarse = Layers::default();
        let mut fine = Mosaic::new(window);
        let mut own = Mosaic::new(window);
        let mut nisar = Mosaic::new(window);
        let mut vv = Mosaic::new(window);
        let mut vh = Mosaic::new(window);
        let mut failures = Vec::new();
        for piece in library.on(date) {
            let used = match piece {
                Piece::Simulated(_, simulated) => {
                    day.simulated = true;
                    if let Some(raster) = &simulated.coarse {
                        let unknown = || Raster::masked(raster.grid().clone(), Reason::NotObserved);
                        coarse.push_mixed(raster.clone(), simulated.overpass.clone().unwrap_or_else(unknown));
                        if let Some(evening) = &simulated.evening {
                            coarse.push(LayerRank::default(), Some(Overpass::Pm), evening.clone(), "")?;
                        }
                    }
                    for (mosaic, raster, scale) in [
                        (&mut fine, &simulated.fine, Scale::Linear),
                        (&mut vv, &simulated.vv, Scale::Decibel),
                        (&mut vh, &simulated.vh, Scale::Decibel),
                    ] {
                        if let Some(raster) = raster {
                            mosaic.add(&resample::nearest(raster, &window)?, scale);
                        }
                    }
                    true
                }
                Piece::File(entry, granule) => {
                    day.simulated |= granule.simulated;
                    let options = options(entry.correction.scale);
                    let read = match entry.usage() {
                        Usage::Coarse => read_coarse(entry, granule, date, &options, &window, &mut coarse),
                        Usage::Fine if granule.product == Product::OwnMap => {
                            read_fine(granule, date, &options, &window, &mut own)
                        }
                        Usage::Fine if granule.product == Product::Nisar => {
                            read_fine(granule, date, &options, &window, &mut nisar)
                        }
                        Usage::Fine => read_fine(granule, date, &options, &window, &mut fine),
                        Usage::Backscatter | Usage::Temperature | Usage::Ignored => Ok(false),
                    };
                    let backscatter = match (entry.usage(), &read) {
                        (Usage::Fine, Ok(_)) => granule.product != Product::Nisar,
                        (usage, _) => usage == Usage::Backscatter,
                    };
                    let sigma = if backscatter && granule.product != Product::OwnMap {
                        read_backscatter(granule, date, &options, &window, (&mut vv, &mut vh), between).await
                    } else {
                        Ok(Some(false))
                    };
                    let mut fails = |error: ReadError| {
                        failures.push((granule.file.clone(), error.to_string()));
                        false
                    };
                    let read = read.unwrap_or_else(&mut fails);
                    match sigma {
                        Ok(None) => return Ok(None),
                        Ok(Some(used)) => read || used,
                        Err(error) => fails(error),
                    }
                }
            };
            if between().await.is_break() {
                return Ok(None);
            }
            if used {
                day.files.push(match piece {
                    Piece::File(entry, _) | Piece::Simulated(entry, _) => entry.label(),
                });
            }
        }
        if let Some(Combined { first: native, overpass, evening, shadowed }) = coarse.combine()? {
            for pair in shadowed {
                if let Err(place) = self.shadowed.binary_search(&pair) {
                    self.shadowed.insert(place, pair);
                }
            }
            day.overpass = Some(overpass);
            day.evening = evening;
            let laid = resample::nearest(&native, &window)?;
            day.margin = Edges::all(MARGIN).filled(&laid, &region);
            day.coarse_elsewhere =
                laid.cropped(&region)?.reasons().iter().all(|reason| *reason == Reason::OutsideFile);
            day.coarse = Some(not_seen(laid, Reason::NoSmap)?);
            day.coarse_native = Some(native);
        }
        // A product comes before NISAR's, which is provisional, and before a map that Loam made, whoever chose it; they are never averaged.
        let of = |mosaic: Mosaic, origin| {
            Ok::<_, StackError>(
                mosaic.finish(Some(Reason::NoSentinel1))?.map(|raster| Fine { raster, origin }),
            )
        };
        day.fine = match of(fine, FineOrigin::Product)? {
            Some(fine) => Some(fine),
            None => match of(nisar, FineOrigin::Nisar)? {
                Some(fine) => Some(fine),
                None => of(own, FineOrigin::OwnMap)?,
            },
        };
        day.vv = vv.finish_decibel()?;
        day.vh = vh.finish_decibel()?;
        for failure in failures {
            if !self.failures.contains(&failure) {
                self.failures.push(failure);
            }
        }
        Ok(Some(day))
    }
}

/// A future that never waits, at once.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// `NotObserved` and `OutsideFile` said in the map's words ("no SMAP").
fn not_seen(raster: Raster, instead: Reason) -> Result<Raster, StackError> {
    let (grid, values, mut reasons) = raster.into_parts();
    for reason in &mut reasons {
        if matches!(reason, Reason::NotObserved | Reason::OutsideFile) {
            *reason = instead;
        }
    }
    Ok(Raster::new(grid, values, reasons)?)
}

/// Where a SMAP layer of a day comes from. Layers are ordered by it, best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct LayerRank {
    /// No cell of the file lies around the region.
    elsewhere: bool,
    /// Root zone or profile, not the surface.
    below_surface: bool,
    /// 36 km, 9 km, any other grid.
    resolution: u8,
    /// Not SMAP's.
    of_others: bool,
    /// 6 pm fills what 6 am did not see.
    evening: bool,
}

/// A SMAP layer on its native cells, with the overpass of each cell: 0 for 6 am, 1 for 6 pm, masked where the file does not say.
struct Layer {
    rank: LayerRank,
    /// Its scene, or its file: of two files of one rank the same counts in whichever order they were opened.
    name: String,
    raster: Raster,
    overpass: Raster,
}

/// SMAP layers of a day.
#[derive(Default)]
struct Layers(Vec<Layer>);

impl Layers {
    fn push(
        &mut self,
        rank: LayerRank,
        overpass: Option<Overpass>,
        raster: Raster,
        name: &str,
    ) -> Result<(), GridError> {
        let grid = raster.grid().clone();
        let overpasses = match overpass {
            None => Raster::masked(grid, Reason::NotObserved),
            Some(overpass) => Raster::new(
                grid,
                vec![f32::from(overpass as u8); raster.values().len()],
                raster.reasons().to_vec(),
            )?,
        };
        let elsewhere = raster.reasons().iter().all(|reason| *reason == Reason::OutsideFile);
        let rank = LayerRank { elsewhere, evening: overpass == Some(Overpass::Pm), ..rank };
        self.0.push(Layer { rank, name: name.to_owned(), raster, overpass: overpasses });
        Ok(())
    }

    /// A simulated day's 36 km cells, each with its own overpass.
    fn push_mixed(&mut self, raster: Raster, overpass: Raster) {
        let rank = LayerRank::default();
        self.0.push(Layer { rank, name: String::new(), raster, overpass });
    }

    /// The first valid value of each cell in order of rank; of masked cells the first reason that says more than "not observed".
    /// Only layers of the first one's depth and resolution are combined, and SMAP's never with others'.
    fn combine(mut self) -> Result<Option<Combined>, StackError> {
        let others = self.0.iter().any(|layer| layer.rank.of_others);
        let sees = |layer: &Layer| !layer.rank.of_others && layer.raster.valid_count() > 0;
        if others && !self.0.iter().any(sees) {
            self.0.retain(|layer| layer.rank.of_others);
        }
        self.0.sort_by(|a, b| (a.rank, &a.name).cmp(&(b.rank, &b.name)));
        let mut layers = self.0.into_iter();
        let Some(Layer { rank, raster: first, overpass, name: of_first }) = layers.next() else {
            return Ok(None);
        };
        let (grid, mut values, mut reasons) = first.into_parts();
        let (_, mut passes, mut known) = overpass.into_parts();
        let mut evening = None;
        let mut shadowed = Vec::new();
        for Layer { rank: other, raster, overpass, name } in layers {
            let goes_with_it = *raster.grid() == grid
                && (other.below_surface, other.resolution, other.of_others)
                    == (rank.below_surface, rank.resolution, rank.of_others);
            let mut gives = raster.valid_count() == 0 || name == of_first;
            let cells = raster.values().iter().zip(raster.reasons()).enumerate().filter(|_| goes_with_it);
            for (i, (&value, &reason)) in cells {
                let vague = matches!(reasons[i], Reason::NotObserved | Reason::OutsideFile);
                if reasons[i] != Reason::Valid && (reason == Reason::Valid || vague) {
                    gives |= reason == Reason::Valid;
                    (values[i], reasons[i]) = (value, reason);
                    (passes[i], known[i]) = (overpass.values()[i], overpass.reasons()[i]);
                } else if reason == Reason::Valid && passes[i] == 0.0 && overpass.values()[i] == 1.0 {
                    let looks = evening.get_or_insert_with(|| vec![f32::NAN; values.len()]);
                    gives |= !looks[i].is_finite();
                    // Two files of one evening are one look.
                    looks[i] = if looks[i].is_finite() { looks[i] } else { value };
                }
            }
            if !gives {
                shadowed.push((name, of_first.clone()));
            }
        }
        let masked = |v: &f32| if v.is_finite() { Reason::Valid } else { Reason::NotObserved };
        let evening = evening.map(|looks| {
            let reasons = looks.iter().map(masked).collect();
            Raster::new(grid.clone(), looks, reasons)
        });
        Ok(Some(Combined {
            first: Raster::new(grid.clone(), values, reasons)?,
            overpass: Raster::new(grid.clone(), passes, known)?,
            evening: evening.transpose()?,
            shadowed,
        }))
    }
}

/// A day's SMAP on its own cells.
struct Combined {
    first: Raster,
    /// Of each value of `first`: 0 for 6 am, 1 for 6 pm.
    overpass: Raster,
    /// 6 pm where `first` is of 6 am.
    evening: Option<Raster>,
    /// Layers that gave nothing, each with the one that came before it.
    shadowed: Vec<(String, String)>,
}

fn with_margin(window: EaseWindow) -> EaseWindow {
    let left = window.first_column.min(COARSE_MARGIN);
    let top = window.first_row.min(COARSE_MARGIN);
    let right = (window.resolution.columns() - window.first_column - window.columns).min(COARSE_MARGIN);
    let bottom = (window.resolution.rows() - window.first_row - window.rows).min(COARSE_MARGIN);
    EaseWindow {
        first_column: window.first_column - left,
        first_row: window.first_row - top,
        columns: window.columns + left + right,
        rows: window.rows + top + bottom,
        ..window
    }
}

/// SMAP's own cells around a region: those of the region and a margin.
#[must_use]
pub fn coarse_window(region: &EaseWindow, resolution: Resolution) -> EaseWindow {
    with_margin(region.covering(resolution))
}

fn read_coarse(
    entry: &Entry,
    granule: &Granule,
    date: Date,
    options: &ReadOptions,
    region: &EaseWindow,
    layers: &mut Layers,
) -> Result<bool, ReadError> {
    let mut used = false;
    for (index, variable) in
        granule.variables.iter().enumerate().filter(|(_, v)| v.role == Role::SoilMoisture && v.is_of(date))
    {
        if variable.grid.is_none() {
            continue;
        }
        // A group's own overpass, else that of the orbit: SMAP descends at 6 am and ascends at 6 pm.
        let overpass =
            variable.overpass.or(entry.correction.orbit.or(granule.orbit).map(|orbit| match orbit {
                Orbit::Ascending => Overpass::Pm,
                Orbit::Descending => Overpass::Am,
            }));
        let (rank, raster) = match variable.resolution {
            Some(resolution @ (Resolution::M36 | Resolution::M09)) => {
                let native = coarse_window(region, resolution);
                (u8::from(resolution == Resolution::M09), granule.read(index, options, Some(&native))?)
            }
            // Any other grid: laid on 36 km cells, the network's own input resolution.
            _ => {
                let native = coarse_window(region, Resolution::M36);
                (2, resample::to_window(&read_elsewhere(granule, index, options, &native)?, &native)?)
            }
        };
        used |= raster.valid_count() > 0;
        let name = granule.identity.as_deref().unwrap_or(&granule.file);
        let rank = LayerRank {
            below_surface: variable.is_below_surface(),
            resolution: rank,
            of_others: granule.is_of_others(),
            ..LayerRank::default()
        };
        layers.push(rank, overpass, raster, name)?;
    }
    Ok(used)
}

/// The part around a window of a variable that is not on the global EASE-Grid: GeoTIFFs are read in windows, HDF5 grids (polar, degrees)
/// whole.
pub(super) fn read_elsewhere(
    granule: &Granule,
    index: usize,
    options: &ReadOptions,
    window: &EaseWindow,
) -> Result<Raster, ReadError> {
    let windowed = matches!(
        granule.product,
        Product::SoilMoistureGeoTiff | Product::OwnMap | Product::SurfaceTemperature | Product::Unknown
    );
    granule.read(index, options, windowed.then_some(window))
}

fn read_fine(
    granule: &Granule,
    date: Date,
    options: &ReadOptions,
    region: &EaseWindow,
    mosaic: &mut Mosaic,
) -> Result<bool, ReadError> {
    let candidates = || {
        let fits =
            |(_, v): &(usize, &Variable)| v.role == Role::SoilMoisture && v.grid.is_some() && v.is_of(date);
        granule.variables.iter().enumerate().filter(fits)
    };
    // The 3 km field where the file has one; else any other, brought to 3 km.
    let chosen = candidates()
        .find(|(_, v)| v.resolution == Some(Resolution::M03))
        .or_else(|| candidates().find(|(_, v)| !v.is_coarse()))
        .or_else(|| candidates().next());
    let Some((index, variable)) = chosen else { return Ok(false) };
    let raster = match variable.resolution {
        Some(Resolution::M03) => granule.read(index, options, Some(region))?,
        Some(resolution) => {
            resample::to_window(&granule.read(index, options, Some(&region.covering(resolution)))?, region)?
        }
        None => resample::to_window(&read_elsewhere(granule, index, options, region)?, region)?,
    };
    mosaic.add(&raster, Scale::Linear);
    Ok(raster.valid_count() > 0)
}

/// `None` where `between` broke.
async fn read_backscatter(
    granule: &Granule,
    date: Date,
    options: &ReadOptions,
    region: &EaseWindow,
    (vv, vh): (&mut Mosaic, &mut Mosaic),
    between: &mut impl AsyncFnMut() -> ControlFlow<()>,
) -> Result<Option<bool>, ReadError> {
    let mut used = false;
    for (role, mosaic) in [(Role::BackscatterVv, vv), (Role::BackscatterVh, vh)] {
        let fits = |(_, v): &(usize, &Variable)| v.role == role && v.grid.is_some() && v.is_of(date);
        let of_role = || granule.variables.iter().enumerate().filter(fits);
        let of_product = granule.product == Product::Spl2smapS;
        let native = of_role().find(|(_, v)| v.resolution == Some(Resolution::M03)).filter(|_| of_product);
        // Several of one day are scenes that lie side by side.
        let images = of_role().filter(|(index, _)| native.is_none_or(|(native, _)| native == *index));
        for (index, _) in images {
            let raster = if of_product {
                in_decibel(granule.read(index, options, Some(region))?)?
            } else {
                let mut aggregation = sentinel1::Aggregation::begin(granule, index, options, region)?;
                while aggregation.step()? {
                    if between().await.is_break() {
                        return Ok(None);
                    }
                }
                aggregation.finish()?
            };
            used |= raster.valid_count() > 0;
            mosaic.add(&raster, Scale::Decibel);
        }
    }
    Ok(Some(used))
}

/// SPL2SMAP_S holds sigma0 on the 3 km grid already, in linear power (formats.md 2.1). Power that is not positive has no decibel.
fn in_decibel(raster: Raster) -> Result<Raster, ReadError> {
    let (grid, mut values, mut reasons) = raster.into_parts();
    for (value, reason) in values.iter_mut().zip(&mut reasons).filter(|(_, reason)| **reason == Reason::Valid)
    {
        match sentinel1::decibel(f64::from(*value)) {
            Some(decibel) => *value = decibel as f32,
            None => *reason = Reason::OutOfRange,
        }
    }
    Ok(Raster::new(grid, values, reasons)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_of_one_overpass_the_same_counts_in_either_order() {
        let window = EaseWindow::new(Resolution::M36, 10, 10, 2, 1).unwrap();
        let raster = |value: f32| Raster::new(window.grid(), vec![value; 2], vec![Reason::Valid; 2]).unwrap();
        let first = |order: [(&str, f32); 2]| {
            let mut layers = Layers::default();
            for (name, value) in order {
                layers.push(LayerRank::default(), Some(Overpass::Am), raster(value), name).unwrap();
            }
            layers.combine().unwrap().unwrap().first.values()[0]
        };
        let files = [("sm_20200603T0130.tif", 0.1), ("sm_20200603T0430.tif", 0.2)];
        assert_eq!((first(files), first([files[1], files[0]])), (0.1, 0.1));
    }

    #[test]
    fn other_products_neither_replace_nor_fill_smap_and_that_is_said() {
        let window = EaseWindow::new(Resolution::M36, 10, 10, 2, 1).unwrap();
        let raster = |value: f32, second: Reason| {
            Raster::new(window.grid(), vec![value; 2], vec![Reason::Valid, second]).unwrap()
        };
        let combined = |of_others: bool, second: Reason| {
            let mut layers = Layers::default();
            let rank = LayerRank { resolution: 2, of_others, ..LayerRank::default() };
            layers.push(rank, None, raster(0.3, Reason::Valid), "ESACCI.nc").unwrap();
            let rank = LayerRank { of_others: false, ..rank };
            layers.push(rank, None, raster(0.1, second), "SPL3SMP_E.tif").unwrap();
            let Combined { first, shadowed, .. } = layers.combine().unwrap().unwrap();
            (first.values()[0], first.valid_count(), shadowed)
        };
        let pair = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
        assert_eq!(combined(true, Reason::NotObserved), (0.1, 1, pair("ESACCI.nc", "SPL3SMP_E.tif")));
        assert_eq!(combined(true, Reason::Valid), (0.1, 2, pair("ESACCI.nc", "SPL3SMP_E.tif")));
        assert_eq!(combined(false, Reason::Valid), (0.3, 2, pair("SPL3SMP_E.tif", "ESACCI.nc")));
        // Nor are cells of one size filled from those of another.
        let mut layers = Layers::default();
        let day = raster(0.1, Reason::NotObserved);
        layers.push(LayerRank::default(), None, day, "SPL3SMP.h5").unwrap();
        let nine = EaseWindow::new(Resolution::M09, 40, 40, 2, 1).unwrap();
        let nine = Raster::new(nine.grid(), vec![0.2; 2], vec![Reason::Valid; 2]).unwrap();
        layers.push(LayerRank { resolution: 1, ..LayerRank::default() }, None, nine, "SPL3SMP_E.h5").unwrap();
        let Combined { first, shadowed, .. } = layers.combine().unwrap().unwrap();
        assert_eq!((first.valid_count(), shadowed), (1, pair("SPL3SMP_E.h5", "SPL3SMP.h5")));
    }
}
