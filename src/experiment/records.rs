//! All of a place: every 3 km map with what SMAP said that day, and the dates that methods are trained on and tested on.

use jiff::civil::{Date, date};
use loam_core::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes, Wetness};
use loam_core::score::baselines::Case;
use loam_core::stack::{HISTORY_LENGTH, HistoryRule, Library, Preset, Series};
use loam_nn::networks::smen::images::fewest_pixels;

use super::images::{case, loaded, simulated};
use super::{ExperimentError, Source, paper};

/// First simulated date: some years of maps before the test year.
pub const FROM: Date = date(2014, 1, 1);
/// Last simulated date.
pub const UNTIL: Date = date(2018, 12, 31);
/// First date that RCN's shipped weights were validated on (`cargo xtask weights`).
pub const VALIDATE_FROM: Date = date(2017, 7, 1);
/// A test date with everything any method may look at.
pub struct TestDate {
    /// What the baselines look at.
    pub case: Case,
    /// SMAP without gaps.
    pub smap: SmapPlanes,
    /// The regression's x.
    pub wetness: Wetness,
    /// How many of [`Records::observed`] lie before it.
    pub earlier: usize,
}

/// All of a place.
pub struct Records {
    /// Where.
    pub preset: Preset,
    /// Columns of the region.
    pub columns: usize,
    /// Every 3 km map with what SMAP said that day, in order.
    pub observed: Vec<Observed>,
    /// SMAP of those days.
    pub smaps: Vec<SmapPlanes>,
    /// Dates before the test year, for methods that are trained on the place.
    pub train: Vec<Case>,
    /// Dates of the half year before the test year, from which no shipped weights learnt.
    pub validation: Vec<TestDate>,
    /// Dates of the test year.
    pub test: Vec<TestDate>,
}

impl Records {
    /// Of a place: simulated from [`FROM`] to [`UNTIL`], or from files.
    ///
    /// # Errors
    /// A failed read, or a region that has no scenes.
    pub fn new(source: &Source, preset: Preset) -> Result<Self, ExperimentError> {
        let rule = HistoryRule::default();
        let (library, mut series) = match source {
            Source::Simulated { seed, contrast } => simulated(preset, *seed, *contrast, FROM, UNTIL)?,
            Source::Files(library) => loaded(preset, (**library).clone())?,
        };
        Self::of(&library, &mut series, preset, rule)
    }

    pub(super) fn of(
        library: &Library,
        series: &mut Series,
        preset: Preset,
        rule: HistoryRule,
    ) -> Result<Self, ExperimentError> {
        let window = series.region.window();
        let least = rule.cover.max(fewest_pixels(window.len()) as f32 / window.len() as f32);
        let days: Vec<(Date, bool)> = series
            .covers()
            .iter()
            .filter(|(_, cover)| cover.coarse.is_some_and(|share| share > 0.0))
            .map(|(date, cover)| {
                let product = cover.fine_origin.is_some_and(|origin| origin.is_product());
                (*date, product && cover.fine.is_some_and(|share| share >= least))
            })
            .collect();
        let mut records = Self {
            preset,
            columns: window.columns,
            observed: Vec::new(),
            smaps: Vec::new(),
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
        };
        let mut memory = SmapMemory::default();
        for (date, mapped) in days {
            let day = series.day(library, date)?;
            let Some(smap) = day.smap_planes(date, &window, &memory)? else { continue };
            if let Some(fine) = day.fine.filter(|_| mapped) {
                let wetness = memory.wetness(&smap, window.columns);
                let full = series.history(date, rule).len() == HISTORY_LENGTH;
                if let Some(case) = case(library, series, rule, date)?.filter(|_| full) {
                    let dates = if date >= paper::TEST_FROM {
                        Some(&mut records.test)
                    } else {
                        records.train.push(case.clone());
                        (date >= VALIDATE_FROM).then_some(&mut records.validation)
                    };
                    let earlier = records.observed.len();
                    dates.into_iter().for_each(|dates| {
                        dates.push(TestDate {
                            case: case.clone(),
                            smap: smap.clone(),
                            wetness: wetness.clone(),
                            earlier,
                        });
                    });
                }
                if let Some(observed) = Observed::new(date, &smap, wetness, fine.raster.values()) {
                    records.observed.push(observed);
                    records.smaps.push(smap.clone());
                }
            }
            memory.add(date, &smap);
        }
        Ok(records)
    }

    /// The regression over the last `most` maps before a test date; all of them for `None`.
    #[must_use]
    pub fn regression(&self, test: &TestDate, most: Option<usize>) -> PixelRegression {
        let first = most.map_or(0, |most| test.earlier.saturating_sub(most));
        let mut regression = PixelRegression::new(self.columns, self.columns * test.case.rows);
        self.observed[first..test.earlier].iter().for_each(|observed| regression.add(observed));
        regression
    }
}
