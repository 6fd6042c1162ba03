//! From files to the images of a training run: temperatures of the days, which dates can be used, what each is used for, and the images.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use burn::tensor::Device;
use ease_grid::{EaseWindow, Edges, Raster, Resolution};
use jiff::civil::Date;
use loam_core::network::TbCase;
use loam_core::stack::{
    Library, Piece, Region, Series, SimulatedTemperatures, StackError, Temperatures, dates_with,
};
use loam_core::training::{DateRole, PlannedDate, Start, TrainPlan, TrainSettings, UnusableDate};
use smap_files::QualityRule;

use super::error::{TbError, too_few};
use super::sample::TbSample;
use crate::gathered::Gathered;
use crate::networks::smen::images::fewest_pixels;
use crate::tb_cnn::TbCnn;
use crate::{
    Candidate, MARGIN_KEY, ModelError, TRAINED_ON, TRAINED_UNTIL, TbImage, TrainError, Weights, batched,
    read_back, split_by_time,
};

/// Fewest dates: one to train, one to validate, one to test.
pub(super) const FEWEST_DATES: usize = 3;

/// Reads (or simulates again) the temperatures of these dates, in order of time; `each` gets them one by one. `yield_now` is awaited
/// between two days and may stop the work.
///
/// # Errors
/// Those of the readers that are not one file's, those of `each`, and [`ModelError::Cancelled`].
pub async fn temperatures(
    library: &Library,
    region: &Region,
    quality: QualityRule,
    case: TbCase,
    dates: &BTreeSet<Date>,
    mut each: impl FnMut(Date, Temperatures) -> Result<(), TbError>,
    mut yield_now: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<(), TbError> {
    let seen = |date: Date| {
        library.on(date).into_iter().find_map(|piece| match piece {
            Piece::Simulated(_, day) => Some(day),
            Piece::File(..) => None,
        })
    };
    let (simulated, files): (BTreeSet<Date>, BTreeSet<Date>) =
        dates.iter().copied().partition(|date| library.scene.is_some() && seen(*date).is_some());
    for date in files {
        each(date, Temperatures::read(library, region, date, quality, case)?)?;
        if yield_now(date).await.is_break() {
            return Err(ModelError::Cancelled.into());
        }
    }
    let Some(scene) = library.scene.as_ref().filter(|_| !simulated.is_empty()) else { return Ok(()) };
    let mut run = SimulatedTemperatures::new(scene, simulated, region);
    let mut last = scene.first;
    while let Some(day) = run.step() {
        if let Some((date, brightness, coarse)) = day {
            last = date;
            each(date, Temperatures::simulated(&brightness, region, coarse.as_ref())?)?;
        }
        if yield_now(last).await.is_break() {
            return Err(ModelError::Cancelled.into());
        }
    }
    Ok(())
}

/// The images of these dates, in order of time, with a margin of up to `halo` cells; all of them [`DateRole::Gap`] as yet.
///
/// # Errors
/// Those of [`temperatures`].
pub async fn images(
    library: &Library,
    series: &mut Series,
    case: TbCase,
    halo: usize,
    dates: &BTreeSet<Date>,
    yield_now: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<Gathered<TbImage>, TbError> {
    let mut gathered = Gathered::default();
    let mut interpolated = false;
    let quality = series.quality;
    let inner = series.region.window().covering(resolution(case));
    // Days of a wider region are read as they are asked for.
    let mut wider;
    let (region, series) = if halo > 0 {
        let region = widened(&inner, halo)?;
        wider = Series::new(region, quality);
        (region, &mut wider)
    } else {
        (series.region, series)
    };
    let mut samples: Vec<TbSample> = Vec::new();
    let each = |date, temperatures: Temperatures| {
        gathered.failures.extend(temperatures.failures.iter().cloned());
        let mut unusable = |why: String| gathered.plan.unusable.push(UnusableDate { date, why });
        match TbSample::of(series, library, date, case, temperatures, &inner) {
            Ok(sample) => samples.push(TbSample { halo, ..sample }),
            Err(error @ (StackError::Missing { .. } | StackError::NoCoarse { .. })) => {
                unusable(error.to_string())
            }
            Err(StackError::Elsewhere { what, .. }) => {
                unusable(format!("the {what} has no value in the region"))
            }
            Err(StackError::CoarseElsewhere { .. }) => unusable("SMAP did not see the region".to_owned()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    temperatures(library, &region, quality, case, dates, each, yield_now).await?;
    samples.sort_by_key(|sample| sample.date);
    // Images of one run are of one size: the margin that all of them have.
    let margin = samples.iter().map(TbSample::margin).reduce(Edges::min).unwrap_or_default();
    for sample in samples {
        let date = sample.date;
        let sample = sample.on(&inner.widened(&margin))?;
        match image(&sample) {
            Ok(image) => {
                gathered.simulated |= sample.simulated;
                interpolated |= sample.interpolated;
                gathered.targets.insert(sample.target_name);
                gathered.images.push(image);
            }
            Err(why) => gathered.plan.unusable.push(UnusableDate { date, why }),
        }
    }
    if interpolated {
        gathered.notes.push(format!(
            "the target is {}, posted at 9 km but interpolated from the same radiometer: what is learnt from it is NASA's \
             interpolation, not what lies within 36 km",
            gathered.targets.iter().cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(gathered)
}

/// The region that holds a window and so many of its cells around it.
pub(super) fn widened(inner: &EaseWindow, halo: usize) -> Result<Region, TbError> {
    Ok(Region::new(inner.widened(&Edges::all(halo)).covering(Resolution::M03))?)
}

/// Makes the images of a case from every date that has inputs and a target, and parts them by time as SMEN's are (no history here, so no
/// gap).
///
/// # Errors
/// [`TbError::TooFew`], [`TbError::EmptySplit`], and those of [`temperatures`].
pub async fn gather(
    library: &Library,
    series: &mut Series,
    case: TbCase,
    halo: usize,
    (validate_from, test_from): (Option<Date>, Option<Date>),
    yield_now: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<Gathered<TbImage>, TbError> {
    let (inputs, targets) = dates_with(library, case);
    let mut gathered = images(library, series, case, halo, &targets, yield_now).await?;
    let found = gathered.images.len();
    if found < FEWEST_DATES {
        return Err(too_few(case, found, FEWEST_DATES, inputs.len(), targets.len(), &gathered.plan.unusable));
    }
    let roles = split(gathered.images.iter().map(|image| image.date), (validate_from, test_from))?;
    for (image, role) in gathered.images.iter_mut().zip(roles) {
        image.role = role;
    }
    gathered.plan.dates =
        gathered.images.iter().map(|image| PlannedDate { date: image.date, role: image.role }).collect();
    Ok(gathered)
}

/// The role of each date, in order of time. The TB CNN looks at no earlier dates, so none falls into a gap.
///
/// # Errors
/// [`TbError::EmptySplit`].
pub(super) fn split(
    dates: impl Iterator<Item = Date>,
    (validate_from, test_from): (Option<Date>, Option<Date>),
) -> Result<Vec<DateRole>, TbError> {
    let candidates: Vec<Candidate> = dates.map(|date| Candidate { date, history: Vec::new() }).collect();
    let found = candidates.len();
    split_by_time(&candidates, validate_from, test_from).map_err(|error| match error {
        TrainError::EmptySplit { train, validate, test, possible, .. } => {
            TbError::EmptySplit { found, train, validate, test, possible }
        }
        other => other.into(),
    })
}

/// A sample as an image; the reason in words where its pixels do not do.
///
/// # Errors
/// In words.
pub fn image(sample: &TbSample) -> Result<TbImage, String> {
    let (scales, cells) = (sample.case.scales(), sample.window.len());
    let mask = sample.mask();
    let fewest = fewest_pixels(cells);
    // Both channels have the same mask but for the targets' own.
    let pixels =
        mask.chunks(cells).map(|plane| plane.iter().filter(|m| **m > 0.0).count()).min().unwrap_or(0);
    let Some(target) = sample.target.as_ref().filter(|_| pixels >= fewest) else {
        return Err(format!("inputs and target share too few pixels ({fewest} are needed)"));
    };
    let scaled = |values: &[f32], (centre, spread): (f32, f32)| {
        values.iter().map(|v| (v - centre) / spread).collect::<Vec<f32>>()
    };
    // Where the mask is 0 anything finite will do.
    let planes = |rasters: &[Raster]| -> Vec<f32> {
        let all = rasters.iter().zip(scales).flat_map(|(raster, scale)| scaled(raster.values(), scale));
        all.map(|v| if v.is_finite() { v } else { 0.0 }).collect()
    };
    let input =
        sample.planes().chunks(cells).zip(scales).flat_map(|(plane, scale)| scaled(plane, scale)).collect();
    Ok(TbImage {
        date: sample.date,
        role: DateRole::Gap,
        size: (sample.window.columns, sample.window.rows),
        input,
        bilinear: planes(&sample.bilinear),
        target: planes(target),
        mask,
    })
}

/// The network's output for an image, one plane an output, scaled as its target.
///
/// # Errors
/// Those of the network.
pub(super) async fn estimate(
    network: &TbCnn,
    device: &Device,
    image: &TbImage,
) -> Result<Vec<f32>, ModelError> {
    read_back(network.forward(batched(std::iter::once(&image.input), 2, image.size, device))).await
}

/// The grid of a case's estimate.
pub(super) fn resolution(case: TbCase) -> Resolution {
    match case {
        TbCase::BrightnessTemperature => Resolution::M09,
        TbCase::SoilMoisture => Resolution::M03,
    }
}

/// Which dates would train, validate and test, from what the files say of themselves; their pixels may leave some of them out
/// ([`gather`]).
///
/// # Errors
/// [`TbError::TooFew`], [`TbError::EmptySplit`].
pub fn plan(library: &Library, case: TbCase, settings: &TrainSettings) -> Result<TrainPlan, TbError> {
    let (inputs, dates) = dates_with(library, case);
    let found = dates.len();
    if found < FEWEST_DATES {
        return Err(too_few(case, found, FEWEST_DATES, inputs.len(), found, &[]));
    }
    let roles = split(dates.iter().copied(), (settings.validate_from, settings.test_from))?;
    let dates = dates.into_iter().zip(roles).map(|(date, role)| PlannedDate { date, role }).collect();
    Ok(TrainPlan { dates, unusable: Vec::new() })
}

/// What the weights of a run say of themselves: `region` (`key`), what they were trained on until when. `place`
/// is the region in the user's words.
#[must_use]
pub fn metadata(
    key: &str,
    place: &str,
    base: &Weights,
    settings: &TrainSettings,
    gathered: &Gathered<TbImage>,
) -> BTreeMap<String, String> {
    let dates = gathered.plan.of(DateRole::Train);
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return BTreeMap::new() };
    let what = if gathered.simulated { "SIMULATED scenes" } else { "files" };
    let targets = gathered.targets.iter().cloned().collect::<Vec<_>>().join(", ");
    let before = match settings.start {
        Start::Current => {
            base.metadata.get(TRAINED_ON).map(|text| format!("; before: {text}")).unwrap_or_default()
        }
        Start::Scratch => String::new(),
    };
    let mut metadata = BTreeMap::from([
        ("region".to_owned(), key.to_owned()),
        (TRAINED_ON.to_owned(), format!("{what} of {place}, target {targets}, {first} to {last}{before}")),
        (TRAINED_UNTIL.to_owned(), last.to_string()),
    ]);
    let margin = base.margin();
    metadata.extend((margin > 0).then(|| (MARGIN_KEY.to_owned(), margin.to_string())));
    metadata
}
