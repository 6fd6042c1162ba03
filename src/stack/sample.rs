//! What the network sees of one date (model.md, section 1): I(t), the residual series D = J - Z, and the masked target.

use jiff::civil::Date;

use super::fill::nearest_valid;
use super::{Cover, Library, Region, Series, StackError};
use crate::grid::{Raster, Reason};
use crate::protocol::{FineOrigin, Settings};

/// k of model.md: three kernels of depth 2 without temporal padding take depth 4 to 1.
pub const HISTORY_LENGTH: usize = 4;

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

impl From<&Settings> for HistoryRule {
    fn from(settings: &Settings) -> Self {
        Self { cover: settings.history_cover, disaggregated: settings.history_disaggregated }
    }
}

impl HistoryRule {
    fn admits(self, cover: &Cover) -> bool {
        cover.coarse.is_some_and(|share| share > 0.0)
            && cover.fine.is_some_and(|share| share > 0.0 && share >= self.cover)
            && (self.disaggregated || cover.fine_origin != Some(FineOrigin::Disaggregated))
    }
}

/// One history slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistorySlot {
    /// The date; `None` where no date was left to fill the slot.
    pub date: Option<Date>,
    /// Share of the region (0..1) whose residual is known.
    pub known: f32,
    /// Where the 3 km map came from.
    pub origin: Option<FineOrigin>,
}

/// Input and, where there is one, target of the network for one date of a region. All planes are row-major, rows x columns.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The date t.
    pub date: Date,
    /// Where.
    pub region: Region,
    /// I(t), m3/m3, gaps filled with the nearest valid cell.
    pub i: Vec<f32>,
    /// I(t) as observed, with the reasons of its gaps: the output is masked alike.
    pub coarse: Raster,
    /// D, m3/m3: [`HISTORY_LENGTH`] planes, oldest first; 0 where J or Z is missing.
    pub d: Vec<f32>,
    /// The slots of `d`.
    pub history: [HistorySlot; HISTORY_LENGTH],
    /// J(t), where a 3 km product (not one disaggregated here) exists.
    pub target: Option<Raster>,
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
        let mut dates: Vec<Date> =
            self.covers().range(..date).rev().filter(|(_, cover)| rule.admits(cover)).map(|(d, _)| *d).take(HISTORY_LENGTH).collect();
        dates.reverse();
        dates
    }

    /// The sample of a date. Slots without a date come first (they are the oldest) and hold residual 0.
    ///
    /// # Errors
    /// [`StackError::NoCoarse`] without a SMAP file, [`StackError::CoarseElsewhere`] where SMAP saw no cell of the region, or a failed read.
    pub fn sample(&mut self, library: &Library, date: Date, rule: HistoryRule) -> Result<Sample, StackError> {
        let mut files = Vec::new();
        let today = self.day(library, date)?;
        let Some(coarse) = today.coarse else {
            let dates = self.covers().iter().filter(|(_, c)| c.coarse.is_some()).map(|(d, _)| *d).collect();
            return Err(StackError::NoCoarse { date, dates });
        };
        let columns = self.region.window().columns;
        let cells = self.region.window().len();
        let mut i = coarse.values().to_vec();
        if !nearest_valid(&mut i, columns) {
            return Err(StackError::CoarseElsewhere { date });
        }
        files.extend(today.files);
        let mut simulated = today.simulated;

        let empty = HistorySlot { date: None, known: 0.0, origin: None };
        let mut history = [empty; HISTORY_LENGTH];
        let mut d = vec![0f32; HISTORY_LENGTH * cells];
        let dates = self.history(date, rule);
        let skip = HISTORY_LENGTH - dates.len();
        for ((slot, plane), past) in history.iter_mut().zip(d.chunks_exact_mut(cells)).skip(skip).zip(dates) {
            let day = self.day(library, past)?;
            let mut known = 0usize;
            if let (Some(z), Some(j)) = (&day.coarse, &day.fine) {
                for ((out, z), j) in plane.iter_mut().zip(z.values()).zip(j.raster.values()) {
                    if z.is_finite() && j.is_finite() {
                        *out = j - z;
                        known += 1;
                    }
                }
            }
            *slot = HistorySlot { date: Some(past), known: known as f32 / cells as f32, origin: day.fine.map(|f| f.origin) };
            files.extend(day.files);
            simulated |= day.simulated;
        }
        files.sort();
        files.dedup();
        let target = today.fine.filter(|f| f.origin == FineOrigin::Product).map(|f| f.raster);
        Ok(Sample { date, region: self.region, i, coarse, d, history, target, files, simulated })
    }
}

impl Sample {
    /// The network's output as a raster: masked where SMAP saw nothing.
    ///
    /// # Errors
    /// [`crate::grid::GridError::WrongLength`] where the output does not fill the region.
    pub fn masked_output(&self, output: Vec<f32>) -> Result<Raster, crate::grid::GridError> {
        Raster::new(self.coarse.grid().clone(), output, self.coarse.reasons().to_vec())
    }

    /// M(t): 1 where the target was observed and SMAP saw the cell, else 0.
    #[must_use]
    pub fn mask(&self) -> Vec<f32> {
        match &self.target {
            Some(target) => target
                .reasons()
                .iter()
                .zip(self.coarse.reasons())
                .map(|(t, c)| if (*t, *c) == (Reason::Valid, Reason::Valid) { 1.0 } else { 0.0 })
                .collect(),
            None => vec![0.0; self.i.len()],
        }
    }
}
