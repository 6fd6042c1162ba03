//! What the network sees of one date (model.md, section 1): I(t), the residual series D = J - Z, and the masked target.

use jiff::civil::Date;

use super::history_rule::{HistoryRule, HistorySlot};
use super::series::MARGIN;
use super::{Library, Region, Series, StackError};
use crate::file::FineOrigin;
use ease_grid::nearest_valid;
use ease_grid::{EaseWindow, Edges, GridError, Raster, Reason, resample};

/// k of model.md: three kernels of depth 2 without temporal padding take depth 4 to 1.
pub const HISTORY_LENGTH: usize = 4;

/// Input and, where there is one, target of the network for one date of a region. All planes are row-major, rows x columns. What goes into the
/// network (`coarse_input`, `residuals`) lies on [`Sample::input`], all else on the region.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The date t.
    pub date: Date,
    /// Where.
    pub region: Region,
    /// The region with as much of [`MARGIN`] around it as the date's SMAP files hold.
    pub input: EaseWindow,
    /// I(t), m3/m3, gaps filled with the nearest valid cell.
    pub coarse_input: Vec<f32>,
    /// I(t) as observed, with the reasons of its gaps: the output is masked alike.
    pub coarse: Raster,
    /// Which overpass each value of `coarse` is of: 0 for 6 am, 1 for 6 pm; masked where there is none or the file does not say.
    pub overpass: Option<Raster>,
    /// D, m3/m3: [`HISTORY_LENGTH`] planes, oldest first; 0 where J or Z is missing.
    pub residuals: Vec<f32>,
    /// The slots of `residuals`.
    pub history: [HistorySlot; HISTORY_LENGTH],
    /// J(t), where a 3 km map exists that was not disaggregated here.
    pub target: Option<Raster>,
    /// Where J(t) comes from.
    pub reference: Option<FineOrigin>,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
}

impl Series {
    /// The history dates of a prediction at `date`: the most recent dates before it (at most [`HISTORY_LENGTH`]) that have both SMAP and a
    /// 3 km map that the rule admits. Oldest first.
    #[must_use]
    pub fn history(&self, date: Date, rule: HistoryRule) -> Vec<Date> {
        let mut dates: Vec<Date> = self
            .covers()
            .range(..date)
            .rev()
            .filter(|(_, cover)| rule.admits(cover))
            .map(|(d, _)| *d)
            .take(HISTORY_LENGTH)
            .collect();
        dates.reverse();
        dates
    }

    /// The sample of a date. Slots without a date come first (they are the oldest) and hold residual 0.
    ///
    /// # Errors
    /// [`StackError::NoCoarse`] without a SMAP file, [`StackError::CoarseElsewhere`] where SMAP saw no cell of the region, or a failed read.
    pub fn sample(&mut self, library: &Library, date: Date, rule: HistoryRule) -> Result<Sample, StackError> {
        let mut files = Vec::new();
        let today = self.wide_day(library, date)?;
        let Some(wide) = today.coarse else {
            let dates = self.covers().iter().filter(|(_, c)| c.coarse.is_some()).map(|(d, _)| *d).collect();
            return Err(StackError::NoCoarse { date, dates });
        };
        let region = self.region.window();
        let coarse = wide.cropped(&region)?;
        if coarse.valid_count() == 0 {
            return Err(StackError::CoarseElsewhere { date });
        }
        let overpass =
            today.overpass.as_ref().map(|raster| resample::nearest(raster, &region)).transpose()?;
        let input = region.widened(&today.margin);
        let mut i = wide.cropped(&input)?.values().to_vec();
        nearest_valid(&mut i, input.columns);
        let cells = input.len();
        files.extend(today.files);
        let mut simulated = today.simulated;

        let empty = HistorySlot { date: None, known: 0.0, origin: None };
        let mut history = [empty; HISTORY_LENGTH];
        let mut d = vec![0f32; HISTORY_LENGTH * cells];
        let dates = self.history(date, rule);
        let skip = HISTORY_LENGTH - dates.len();
        for ((slot, plane), past) in history.iter_mut().zip(d.chunks_exact_mut(cells)).skip(skip).zip(dates) {
            let day = self.wide_day(library, past)?;
            let mut known = 0usize;
            if let (Some(z), Some(j)) = (&day.coarse, &day.fine) {
                let (z, j) = (z.cropped(&input)?, j.raster.cropped(&input)?);
                let margin = Edges::between(&region, &input);
                for (at, ((out, z), j)) in plane.iter_mut().zip(z.values()).zip(j.values()).enumerate() {
                    if z.is_finite() && j.is_finite() {
                        *out = j - z;
                        let outside =
                            margin.hold(input.columns, input.rows, at % input.columns, at / input.columns);
                        known += usize::from(!outside);
                    }
                }
            }
            *slot = HistorySlot {
                date: Some(past),
                known: known as f32 / region.len() as f32,
                origin: day.fine.map(|f| f.origin),
            };
            files.extend(day.files);
            simulated |= day.simulated;
        }
        files.sort();
        files.dedup();
        // A map disaggregated here is made from SMAP itself: it tells nothing of an estimate.
        let fine = today.fine.filter(|f| f.origin != FineOrigin::Disaggregated);
        let reference = fine.as_ref().map(|f| f.origin);
        let target = fine.map(|f| f.raster.cropped(&region)).transpose()?;
        Ok(Sample {
            date,
            region: self.region,
            input,
            coarse_input: i,
            coarse,
            overpass,
            residuals: d,
            history,
            target,
            reference,
            files,
            simulated,
        })
    }
}

impl Sample {
    /// Of each cell of the region what `of` makes of its known residuals, oldest first; 0 where it makes nothing. A residual of exactly 0
    /// counts as unknown, as for the network.
    #[must_use]
    pub fn residual_pattern(&self, of: impl Fn(&[f32]) -> Option<f32>) -> Vec<f32> {
        let margin = self.margin();
        let planes: Vec<Vec<f32>> = self
            .residuals
            .chunks_exact(self.input.len())
            .map(|plane| margin.cut(plane, self.input.columns))
            .collect();
        let mut known = Vec::with_capacity(HISTORY_LENGTH);
        (0..self.region.window().len())
            .map(|cell| {
                known.clear();
                known.extend(
                    planes
                        .iter()
                        .filter_map(|plane| plane.get(cell))
                        .copied()
                        .filter(|residual| *residual != 0.0),
                );
                of(&known).unwrap_or(0.0)
            })
            .collect()
    }

    /// What the user should know of SMAP's cover and of the reference.
    #[must_use]
    pub fn warnings_of_today(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let seen = self.coarse.valid_count() as f32 / self.coarse.values().len().max(1) as f32;
        if seen < 0.5 {
            warnings.push(format!(
                "SMAP saw only {:.0} % of the region on this date; the rest of the map is masked, and scores are of that part alone.",
                100.0 * seen
            ));
        }
        if self.reference == Some(FineOrigin::Nisar) {
            warnings.push("The reference is NISAR's soil moisture (SME2), which is provisional and not yet fully calibrated.".to_owned());
        }
        if self.reference == Some(FineOrigin::OwnMap) {
            warnings.push(
                "The reference is a map that Loam made, chosen by hand: the scores say nothing of the soil."
                    .to_owned(),
            );
        }
        warnings
    }

    /// What the user should know of the history, where the method uses it.
    #[must_use]
    pub fn warnings_of_history(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let found = self.history.iter().filter(|slot| slot.date.is_some()).count();
        if found < HISTORY_LENGTH {
            warnings.push(format!(
                "Only {found} of {HISTORY_LENGTH} history dates were found; the missing ones count as \"no residual known\" (0). \
                 Open earlier 3 km maps for a better estimate."
            ));
        }
        let own = self.history.iter().filter(|slot| slot.origin == Some(FineOrigin::OwnMap)).count();
        if own > 0 {
            warnings.push(format!(
                "{own} of the history's 3 km maps are estimates that Loam made, chosen by hand: their errors come back here."
            ));
        }
        let nisar = self.history.iter().filter(|slot| slot.origin == Some(FineOrigin::Nisar)).count();
        if nisar > 0 {
            warnings.push(format!(
                "{nisar} of the history's 3 km maps are NISAR's (SME2, averaged from 200 m), which are provisional and not yet fully calibrated; \
                 the shipped weights learnt from SPL2SMAP_S."
            ));
        }
        let known = self.history.iter().map(|slot| slot.known).fold(0f32, f32::max);
        if known < 0.5 {
            warnings.push(format!(
                "The best-covered history date knows only {:.0} % of the region; elsewhere the estimate rests on SMAP alone.",
                100.0 * known
            ));
        }
        warnings
    }

    /// True where no earlier date could serve as history.
    #[must_use]
    pub fn lacks_history(&self) -> bool {
        self.history.iter().all(|slot| slot.date.is_none())
    }

    /// True where the history holds a map disaggregated here.
    #[must_use]
    pub fn uses_disaggregation(&self) -> bool {
        self.history.iter().any(|slot| slot.origin == Some(FineOrigin::Disaggregated))
    }

    /// Which overpass of SMAP went in, and what fills it, in words.
    #[must_use]
    pub fn overpass_words(&self) -> String {
        overpass_words(&self.coarse, self.overpass.as_ref())
    }

    /// The margin around the region that the network looks at.
    #[must_use]
    pub fn margin(&self) -> Edges {
        Edges::between(&self.region.window(), &self.input)
    }

    /// Cells of the region whose receptive field leaves [`Sample::input`]: the network pads zeros there, which dries its estimate. They are marked
    /// on maps and left out of scores.
    #[must_use]
    pub fn frame(&self) -> Edges {
        self.margin().missing(MARGIN)
    }

    /// The network's output over [`Sample::input`] as a raster of the region: masked where SMAP saw nothing.
    ///
    /// # Errors
    /// [`GridError::WrongLength`] where the output does not fill the input's window.
    pub fn masked_output(&self, output: Vec<f32>) -> Result<Raster, GridError> {
        let cells = self.input.len();
        let whole = Raster::new(self.input.grid(), output, vec![Reason::Valid; cells])?;
        let (grid, values, _) = whole.cropped(&self.region.window())?.into_parts();
        Raster::new(grid, values, self.coarse.reasons().to_vec())
    }

    /// The reference that counts in scores: the target without the frame.
    ///
    /// # Errors
    /// Those of the raster.
    pub fn scored_target(&self) -> Result<Option<Raster>, GridError> {
        self.target.as_ref().map(|target| without(target, &self.frame())).transpose()
    }

    /// M(t) over the region: 1 where the target was observed, SMAP saw the cell, and the network sees no edge from there; else 0.
    #[must_use]
    pub fn mask(&self) -> Vec<f32> {
        let (frame, window) = (self.frame(), self.region.window());
        let Some(target) = &self.target else { return vec![0.0; window.len()] };
        let counts = |(at, (t, c)): (usize, (&Reason, &Reason))| {
            let framed = frame.hold(window.columns, window.rows, at % window.columns, at / window.columns);
            if (*t, *c, framed) == (Reason::Valid, Reason::Valid, false) { 1.0 } else { 0.0 }
        };
        target.reasons().iter().zip(self.coarse.reasons()).enumerate().map(counts).collect()
    }

    /// A plane of the region laid into the input's window, with `outside` in the margin.
    #[must_use]
    pub fn into_input<T: Copy>(&self, plane: &[T], outside: T) -> Vec<T> {
        self.margin().laid(plane, self.region.window().columns, outside)
    }
}

/// The overpass of SMAP's values, and how much of them the other one fills.
#[must_use]
pub fn overpass_words(coarse: &Raster, overpass: Option<&Raster>) -> String {
    let (am, pm) = ("6 am (descending)", "6 pm (ascending)");
    let valid = coarse.valid_count();
    let count = |wanted: f32| {
        let both = overpass.map(|raster| {
            raster.values().iter().zip(coarse.values()).filter(|(o, c)| **o == wanted && c.is_finite())
        });
        both.map_or(0, Iterator::count)
    };
    let (morning, evening) = (count(0.0), count(1.0));
    let share = |cells: usize| match 100.0 * cells as f64 / valid.max(1) as f64 {
        share if share < 1.0 => "less than 1 %".to_owned(),
        share => format!("{share:.0} %"),
    };
    match (morning, evening, valid - morning - evening) {
        (0, 0, _) => "the file does not say which overpass".to_owned(),
        (_, 0, 0) => am.to_owned(),
        (0, _, 0) => pm.to_owned(),
        (_, evening, 0) => format!("{am}; {pm} fills {} of the cells seen", share(evening)),
        (morning, evening, _) => {
            format!(
                "{am}: {}, {pm}: {} of the cells seen; of the rest the file does not say",
                share(morning),
                share(evening)
            )
        }
    }
}

/// A raster without the cells of a frame, which become [`Reason::OutsideFile`].
///
/// # Errors
/// Those of the raster.
pub fn without(raster: &Raster, frame: &Edges) -> Result<Raster, GridError> {
    let (grid, values, mut reasons) = raster.clone().into_parts();
    for (at, reason) in reasons.iter_mut().enumerate() {
        if frame.hold(grid.columns, grid.rows, at % grid.columns, at / grid.columns) {
            *reason = Reason::OutsideFile;
        }
    }
    Raster::new(grid, values, reasons)
}
