//! From a loaded series to the images of a training run: which dates can be used, what each is used for, and the images themselves.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ease_grid::{Edges, Reason, resample};
use jiff::civil::Date;
use loam_core::file::FineOrigin;
use loam_core::score::InputRange;
use loam_core::stack::{HISTORY_LENGTH, HistoryRule, Library, Series, StackError};
use loam_core::training::{DateRole, PlannedDate, TrainPlan, TrainSettings, UnusableDate};

use crate::gathered::{GatherError, Gathered};
use crate::{Candidate, KeptImage, RunImage, TrainError, TrainSample, Weights, split_by_time};

/// Fewest pixels of a target, in a small region a quarter of its cells: an image needs a spread to have an uRMSE.
#[must_use]
pub fn fewest_pixels(cells: usize) -> usize {
    (cells / 4).min(100)
}

/// Dates that could be images, in order, and those with a 3 km product that could not, with the reason.
fn candidates(series: &Series, rule: HistoryRule) -> (Vec<Candidate>, Vec<UnusableDate>) {
    let cells = series.region.window().len() as f32;
    let fewest = fewest_pixels(series.region.window().len());
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for (&date, cover) in series.covers() {
        // A map disaggregated here is made from SMAP itself: learning it would be learning our own formula.
        let Some(fine) = cover.fine.filter(|_| cover.fine_origin != Some(FineOrigin::Disaggregated)) else {
            continue;
        };
        let history = series.history(date, rule);
        let why = if cover.coarse.is_none_or(|share| share <= 0.0) {
            Some("SMAP did not see the region on this date".to_owned())
        } else if fine < rule.cover {
            Some(format!(
                "the 3 km map covers {:.0} % of the region, {:.0} % are asked for",
                100.0 * fine,
                100.0 * rule.cover
            ))
        } else if fine * cells < fewest as f32 {
            Some(format!("the 3 km map has {:.0} pixels in the region, {fewest} are needed", fine * cells))
        } else if history.len() < HISTORY_LENGTH {
            Some(format!("only {} of {HISTORY_LENGTH} earlier dates with SMAP and a 3 km map", history.len()))
        } else {
            None
        };
        match why {
            Some(why) => unusable.push(UnusableDate { date, why }),
            None => usable.push(Candidate { date, history }),
        }
    }
    (usable, unusable)
}

/// Which dates train, validate and test.
///
/// # Errors
/// [`TrainError::TooFewDates`], [`TrainError::EmptySplit`].
pub fn plan(series: &Series, rule: HistoryRule, settings: &TrainSettings) -> Result<TrainPlan, TrainError> {
    let (usable, unusable) = candidates(series, rule);
    let roles = split_by_time(&usable, settings.validate_from, settings.test_from)?;
    let dates = usable
        .iter()
        .zip(roles)
        .map(|(candidate, role)| PlannedDate { date: candidate.date, role })
        .collect();
    Ok(TrainPlan { dates, unusable })
}

/// The image of a date; the reason in words where its pixels do not do.
///
/// # Errors
/// A failed read.
pub fn image(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    date: Date,
    role: DateRole,
) -> Result<Result<RunImage, String>, StackError> {
    let window = series.region.window();
    let sample = series.sample(library, date, rule)?;
    let mask = sample.mask();
    let pixels = mask.iter().filter(|m| **m > 0.0).count();
    let fewest = fewest_pixels(window.len());
    let (Some(target), true) = (&sample.target, pixels >= fewest) else {
        return Ok(Err(format!("SMAP and the 3 km map share {pixels} pixels, {fewest} are needed")));
    };
    let native = series.day(library, date)?.coarse_native;
    let bilinear = match native.as_ref().map(|native| resample::bilinear(native, &window)).transpose()? {
        Some(raster) => raster.values().to_vec(),
        None => vec![f32::NAN; window.len()],
    };
    let reasons: Vec<u8> = sample.coarse.reasons().iter().map(|reason| *reason as u8).collect();
    let (target, mask) = (sample.into_input(target.values(), f32::NAN), sample.into_input(&mask, 0.0));
    let (bilinear, reasons) =
        (sample.into_input(&bilinear, f32::NAN), sample.into_input(&reasons, Reason::OutsideFile as u8));
    let (margin, input) = (sample.margin(), sample.input);
    let sample = TrainSample {
        columns: input.columns,
        rows: input.rows,
        coarse_input: sample.coarse_input,
        residuals: sample.residuals,
        target,
        mask,
    };
    Ok(Ok(RunImage { date, role, sample, margin, bilinear, reasons }))
}

/// Plans a run and makes its images. `progress` hears of each date before it is read (number, of how many, date) and may stop the work.
///
/// # Errors
/// See [`GatherError`].
pub async fn gather(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    settings: &TrainSettings,
    mut progress: impl AsyncFnMut(usize, usize, Date) -> ControlFlow<()>,
) -> Result<Gathered<RunImage>, GatherError> {
    let plan = plan(series, rule, settings)?;
    let planned = plan.dates.clone();
    let mut gathered = Gathered { plan, ..Gathered::default() };
    for (done, day) in planned.iter().enumerate() {
        if progress(done, planned.len(), day.date).await.is_break() {
            return Err(GatherError::Cancelled);
        }
        if day.role == DateRole::Gap {
            continue;
        }
        match image(library, series, rule, day.date, day.role)? {
            Ok(image) => gathered.images.push(image),
            Err(why) => gathered.take_out(day.date, why),
        }
        let cover = series.covers().get(&day.date);
        gathered.simulated |= cover.is_some_and(|cover| cover.simulated);
        gathered.own_maps |= cover.is_some_and(|cover| cover.fine_origin == Some(FineOrigin::OwnMap));
    }
    // Images of one run are of one size: the margin that all of them have.
    if let Some(margin) = gathered.images.iter().map(|image| image.margin).reduce(Edges::min) {
        gathered.images = gathered.images.into_iter().map(|image| image.narrowed(margin)).collect();
    }
    gathered.complete(planned.len(), |date| series.history(date, rule))
}

/// What the weights of a run say of themselves, with the range of their training inputs.
#[must_use]
pub fn metadata(
    keys: &[String],
    region: &str,
    base: &Weights,
    settings: &TrainSettings,
    gathered: &Gathered<RunImage>,
) -> BTreeMap<String, String> {
    let mut metadata = gathered.metadata(keys, region, base, settings);
    // Of this run's images alone: the weights fit what they were last trained on.
    let planes: Vec<_> = RunImage::samples(&gathered.images, DateRole::Train)
        .map(|sample| (sample.coarse_input.as_slice(), sample.residuals.as_slice()))
        .collect();
    metadata.extend(InputRange::of(planes.into_iter()).into_iter().flat_map(|range| range.to_metadata()));
    metadata
}
