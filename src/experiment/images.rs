//! From files or the simulator to the images of an experiment: which dates can be used, which are picked, and everything any method may
//! look at on each ([`Case`]).

use std::sync::Arc;

use jiff::civil::{Date, date};

use super::{ExperimentError, Images, paper};
use ease_grid::{EaseWindow, Raster, Reason};
use loam_core::file::{Correction, FineOrigin};
use loam_core::score::baselines::{Case, CaseInput, HISTORY, disaggregation, interpolation};
use loam_core::simulate::{Climate, Scene, Simulator, place};
use loam_core::stack::{
    Content, Entry, HISTORY_LENGTH, HistoryRule, Library, MARGIN, Preset, SceneDay, Series,
};
use loam_nn::TrainSample;
use loam_nn::networks::smen::images::fewest_pixels;

/// Years that the simulator may go beyond 2016-2018 on each side, to make as many images as the paper has.
const MOST_YEARS: i16 = 8;

/// Where images come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The simulator.
    Simulated {
        /// Its seed.
        seed: u64,
        /// Factor on the contrasts of soil and terrain ([`Climate::contrast`]): 1 is the preset; less makes the sub-grid pattern more
        /// event-driven, more makes it more persistent.
        contrast: f32,
    },
    /// A folder of files.
    Files(Box<Library>),
}

impl Source {
    /// A short word for file names.
    #[must_use]
    pub fn tag(&self) -> String {
        match self {
            Self::Simulated { seed, contrast } if *contrast == 1.0 => format!("sim-{seed}"),
            Self::Simulated { seed, contrast } => format!("sim-{seed}-contrast{contrast}"),
            Self::Files(library) => {
                // FNV-1a over the names: other files are another source.
                let mut hash = 0xCBF2_9CE4_8422_2325u64;
                for byte in library.iter().flat_map(|entry| entry.name.bytes().chain([0])) {
                    hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
                format!("files-{:08x}", hash >> 32)
            }
        }
    }

    /// In words; every figure says which.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Simulated { seed, contrast } if *contrast == 1.0 => {
                format!("SIMULATED scenes, not observed (seed {seed})")
            }
            Self::Simulated { seed, contrast } => {
                format!("SIMULATED scenes, not observed (seed {seed}, soil contrast x {contrast})")
            }
            Self::Files(library) => format!("from {} files", library.iter().count()),
        }
    }

    /// True for the simulator.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated { .. })
    }
}

/// The images of one region.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// Where, on the 3 km grid.
    pub window: EaseWindow,
    /// Training dates, in order.
    pub train: Vec<Case>,
    /// Test dates, in order.
    pub test: Vec<Case>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Any of it simulated: the simulator's, or files that say so.
    pub simulated: bool,
}

/// `wanted` of `all`, spread evenly; all where there are no more.
#[must_use]
pub fn evenly<T: Copy>(all: &[T], wanted: usize) -> Vec<T> {
    if wanted >= all.len() {
        return all.to_vec();
    }
    (0..wanted).filter_map(|n| all.get((2 * n + 1) * all.len() / (2 * wanted)).copied()).collect()
}

/// Usable dates before and from the boundary on, and how many more have a 3 km product, by reason.
#[derive(Default)]
struct Usable {
    before: Vec<Date>,
    after: Vec<Date>,
    unusable: Vec<(&'static str, usize)>,
    looked_at: usize,
}

fn usable(series: &Series, rule: HistoryRule) -> Usable {
    let fewest = fewest_pixels(series.region.window().len()) as f32 / series.region.window().len() as f32;
    let (mut all, mut unusable) = (Vec::new(), std::collections::BTreeMap::<&'static str, usize>::new());
    for (&date, cover) in
        series.covers().iter().filter(|(_, c)| c.fine_origin.is_some_and(FineOrigin::is_product))
    {
        let fine = cover.fine.unwrap_or(0.0);
        let why = if cover.coarse.is_none_or(|share| share <= 0.0) {
            Some("SMAP did not see the region")
        } else if fine < rule.cover || fine < fewest {
            Some("the 3 km map covers too little of the region")
        } else if series.history(date, rule).len() < HISTORY_LENGTH {
            Some("fewer than 4 earlier dates with SMAP and a 3 km map")
        } else {
            None
        };
        match why {
            Some(why) => *unusable.entry(why).or_default() += 1,
            None => all.push(date),
        }
    }
    let (mut before, after): (Vec<Date>, Vec<Date>) =
        all.into_iter().partition(|date| *date < paper::TEST_FROM);
    // A training date that a test date looks back at would come back as an input of the test.
    let looked: Vec<Date> = after.iter().flat_map(|date| series.history(*date, rule)).collect();
    let found = before.len();
    before.retain(|date| !looked.contains(date));
    Usable { looked_at: found - before.len(), before, after, unusable: unusable.into_iter().collect() }
}

pub(super) fn simulated(
    preset: Preset,
    seed: u64,
    contrast: f32,
    first: Date,
    last: Date,
) -> Result<(Library, Series), ExperimentError> {
    let region = preset.region()?;
    let mut climate =
        Climate::preset(preset.key).ok_or_else(|| ExperimentError::Region(preset.key.to_owned()))?;
    climate.contrast *= contrast;
    let days: Vec<SceneDay> = Simulator::with_margin(Scene { region, climate, seed, first, last }, MARGIN)
        .map(SceneDay::from)
        .collect();
    let mut library = Library::default();
    library.insert(Entry {
        id: 0,
        name: format!("SIMULATED scenes: {}", preset.name),
        content: Content::Simulated(Arc::new(days)),
        correction: Correction::default(),
    });
    loaded(preset, library)
}

pub(super) fn loaded(preset: Preset, library: Library) -> Result<(Library, Series), ExperimentError> {
    let mut series = Series::new(preset.region()?, Default::default());
    series.load_all(&library)?;
    Ok((library, series))
}

/// The days of a region, and which of them can be used.
pub(super) struct Scenes {
    pub(super) preset: Preset,
    pub(super) library: Library,
    pub(super) series: Series,
    dates: Usable,
    notes: Vec<String>,
}

impl Scenes {
    /// Read, or simulated over as many years as it takes.
    pub(super) fn of(source: &Source, images: &Images) -> Result<Self, ExperimentError> {
        let preset = place(&images.region).ok_or_else(|| ExperimentError::Region(images.region.clone()))?;
        let rule = HistoryRule::default();
        let mut notes = Vec::new();
        let (library, series, dates) = match source {
            Source::Files(library) => {
                let (library, series) = loaded(preset, (**library).clone())?;
                let dates = usable(&series, rule);
                (library, series, dates)
            }
            Source::Simulated { seed, contrast } => {
                let (mut first, mut last) = (paper::TRAIN_FROM.year(), paper::TEST_FROM.year());
                let year = |year: i16, month, day| {
                    if (2000..2100).contains(&year) { date(year, month, day) } else { paper::TRAIN_FROM }
                };
                let simulate =
                    |first, last| simulated(preset, *seed, *contrast, year(first, 1, 1), year(last, 12, 31));
                let (mut library, mut series) = simulate(first, last)?;
                let mut dates = usable(&series, rule);
                let short = |found: usize, wanted: usize, years: usize| match wanted {
                    Images::ALL => 0,
                    _ => (wanted.saturating_sub(found) * years).div_ceil(found.max(1)) as i16,
                };
                let (before, after) =
                    (short(dates.before.len(), images.train, 2), short(dates.after.len(), images.test, 1));
                if before > 0 || after > 0 {
                    (first, last) = (first - before.min(MOST_YEARS), last + after.min(MOST_YEARS));
                    (library, series) = simulate(first, last)?;
                    dates = usable(&series, rule);
                    notes.push(format!(
                        "2016-2018 has too few simulated images for the paper's counts, so {first}-{last} was simulated; training still ends before 2018"
                    ));
                }
                (library, series, dates)
            }
        };
        Ok(Self { preset, library, series, dates, notes })
    }
}

impl Gathered {
    /// The images of a region. Fewer than asked for are all there are, with a note; the simulator makes more years first.
    ///
    /// # Errors
    /// [`ExperimentError::NoImages`] without an image on either side, or a failed read.
    pub fn new(source: &Source, images: &Images) -> Result<Self, ExperimentError> {
        let Scenes { preset, library, mut series, dates, mut notes } = Scenes::of(source, images)?;
        let rule = HistoryRule::default();
        if dates.before.is_empty() || dates.after.is_empty() {
            let unusable = dates.unusable.iter().map(|(_, n)| n).sum();
            let commonest = dates.unusable.iter().max_by_key(|(_, n)| *n);
            return Err(ExperimentError::NoImages {
                region: preset.name.to_owned(),
                boundary: paper::TEST_FROM,
                train: dates.before.len(),
                test: dates.after.len(),
                unusable,
                why: commonest.map_or_else(String::new, |(why, n)| format!("; {n} of them because {why}"))
                    + &(if dates.looked_at > 0 {
                        format!("; {} more are history of test dates", dates.looked_at)
                    } else {
                        String::new()
                    }),
            });
        }
        for (side, found, wanted) in
            [("training", dates.before.len(), images.train), ("test", dates.after.len(), images.test)]
        {
            if found < wanted && wanted != Images::ALL {
                notes.push(format!("{wanted} {side} images were asked for, {found} exist: all are used"));
            }
        }
        if dates.looked_at > 0 {
            notes.push(format!(
                "{} dates before 2018 are history of test dates and were left out of the training",
                dates.looked_at
            ));
        }
        for (why, n) in &dates.unusable {
            notes.push(format!("{n} dates with a 3 km product were left out: {why}"));
        }
        let mut cases = |dates: Vec<Date>| -> Result<Vec<Case>, ExperimentError> {
            let mut made = Vec::new();
            for date in dates {
                match case(&library, &mut series, rule, date)? {
                    Some(case) => made.push(case),
                    None => {
                        notes.push(format!("{date} was left out: SMAP and the 3 km map share too few pixels"))
                    }
                }
            }
            Ok(made)
        };
        let (train, mut test) =
            (cases(evenly(&dates.before, images.train))?, cases(evenly(&dates.after, images.test))?);
        match disaggregate(&library, &mut series, &mut test) {
            Ok(()) => {}
            Err(ExperimentError::Stack(why)) => notes.push(format!("the disaggregation failed: {why}")),
            Err(other) => return Err(other),
        }
        if test.iter().all(|case| case.disaggregated.is_none()) {
            notes.push(
                "no disaggregation: too little Sentinel-1 backscatter before 2018, or none on the test dates"
                    .to_owned(),
            );
        }
        let simulated = series.covers().values().any(|cover| cover.simulated);
        Ok(Self { window: preset.region()?.window(), train, test, notes, simulated })
    }

    /// A plane as a raster; NaN becomes a masked cell.
    ///
    /// # Errors
    /// [`ease_grid::GridError::WrongLength`].
    pub fn raster(&self, values: &[f32]) -> Result<Raster, ExperimentError> {
        let reasons =
            values.iter().map(|v| if v.is_finite() { Reason::Valid } else { Reason::NoSmap }).collect();
        Ok(Raster::new(self.window.grid(), values.to_vec(), reasons)?)
    }
}

/// Everything of a date; `None` where too few pixels have both maps.
pub(super) fn case(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    date: Date,
) -> Result<Option<Case>, ExperimentError> {
    let window = series.region.window();
    let sample = series.sample(library, date, rule)?;
    let today = series.day(library, date)?;
    let (Some(target), Some(native)) = (&sample.target, &today.coarse_native) else { return Ok(None) };
    let [_, bilinear, bicubic] = interpolation::of(native, &window)?;
    let (bilinear, bicubic) = (bilinear.values().to_vec(), bicubic.values().to_vec());
    let scored: Vec<bool> = sample
        .mask()
        .iter()
        .zip(bilinear.iter().zip(&bicubic))
        .map(|(m, (l, c))| *m > 0.0 && l.is_finite() && c.is_finite())
        .collect();
    let mut past = vec![f32::NAN; HISTORY * window.len()];
    for (plane, slot) in past.chunks_exact_mut(window.len()).zip(&sample.history) {
        if let Some(coarse) =
            slot.date.map(|date| series.day(library, date)).transpose()?.and_then(|day| day.coarse)
        {
            plane.copy_from_slice(coarse.values());
        }
    }
    let input = CaseInput {
        columns: sample.input.columns,
        rows: sample.input.rows,
        margin: sample.margin(),
        coarse: sample.coarse_input,
        residuals: sample.residuals,
    };
    let residuals =
        input.residuals.chunks_exact(sample.input.len()).flat_map(|plane| input.in_region(plane)).collect();
    let case = Case {
        date,
        columns: window.columns,
        rows: window.rows,
        coarse: input.in_region(&input.coarse),
        input,
        bilinear,
        bicubic,
        residuals,
        past,
        target: target.values().to_vec(),
        scored,
        disaggregated: None,
    };
    Ok((case.scored_pixels() >= fewest_pixels(window.len())).then_some(case))
}

/// Lays the disaggregation beside the test dates, fitted to the days before the first of them.
fn disaggregate(library: &Library, series: &mut Series, test: &mut [Case]) -> Result<(), ExperimentError> {
    let with_both: Vec<Date> = series
        .covers()
        .iter()
        .filter(|(_, c)| c.backscatter.is_some() && c.coarse.is_some())
        .map(|(d, _)| *d)
        .collect();
    let mut days = Vec::new();
    for date in with_both.into_iter().filter(|date| *date < paper::TEST_FROM) {
        days.push((date, series.day(library, date)?));
    }
    let Ok(fitted) = disaggregation::fitted_before(&series.region, &days, paper::TEST_FROM) else {
        return Ok(());
    };
    for case in test {
        let day = series.day(library, case.date)?;
        case.disaggregated = disaggregation::estimate(&fitted, &day).ok().flatten();
    }
    Ok(())
}

/// What the trainer takes of a case.
pub(super) fn sample(case: &Case) -> TrainSample {
    TrainSample {
        columns: case.input.columns,
        rows: case.input.rows,
        coarse_input: case.input.coarse.clone(),
        residuals: case.input.residuals.clone(),
        target: case.input.laid(&case.target, f32::NAN),
        mask: case
            .input
            .laid(&case.scored.iter().map(|s| if *s { 1.0 } else { 0.0 }).collect::<Vec<_>>(), 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spread_evenly_and_never_twice() {
        let all: Vec<usize> = (0..47).collect();
        for wanted in [1, 2, 10, 23, 46] {
            let picked = evenly(&all, wanted);
            assert_eq!(picked.len(), wanted);
            assert!(picked.windows(2).all(|p| p[0] < p[1]), "{picked:?}");
            let gaps: Vec<usize> = picked.windows(2).map(|p| p[1] - p[0]).collect();
            assert!(gaps.iter().max().unwrap_or(&0) - gaps.iter().min().unwrap_or(&0) <= 1, "{gaps:?}");
        }
        assert_eq!(evenly(&all, 50), all);
    }
}
