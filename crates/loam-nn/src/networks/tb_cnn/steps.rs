//! The TB CNN's steps from a library to images, an estimate and scores (model.md, section 2). Used by the command line, the experiments and
//! the page's worker alike.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use burn::tensor::Device;
use jiff::civil::Date;

use crate::networks::smen::images::fewest_pixels;
use crate::tb_cnn::TbCnn;
use crate::{Candidate, FirstDates, TbImage, TrainError, batched, split_by_time};
use crate::{ModelError, Weights, predict_tb, read_back};
use ease_grid::{EaseWindow, Edges, Raster, Resolution};
use loam_core::layer::LayerKind;
use loam_core::network::TbCase;
use loam_core::score::ScoreReport;
use loam_core::score::{ScoreError, Scores, compare};
use loam_core::stack::{Library, Piece, Region, Series, SimulatedTemperatures, StackError, TbSample, Temperatures, dates_with, without};
use loam_core::training::{DateRole, UnusableDate};
use smap_files::{Overpass, QualityRule};

/// Metadata key of [`halo`].
pub const HALO_KEY: &str = "margin_cells";
/// Name of the network in score tables.
pub const TB_CNN: &str = "TB CNN";
/// Name of the interpolated input in score tables.
pub const BILINEAR: &str = "bilinear";
/// Name of the input in score tables.
pub const AS_IS: &str = "input as is (36 km)";
/// Fewest dates: one to train, one to validate, one to test.
pub(crate) const FEWEST_DATES: usize = 3;
/// Share of the cells below which a warning says how little was seen.
const LITTLE: f32 = 0.5;

/// Why the TB CNN's work failed.
#[derive(Debug, thiserror::Error)]
pub enum TbError {
    /// Input could not be put together.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The network failed or was cancelled.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Scores could not be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Too few dates for what is asked.
    #[error(
        "{found} dates can be used for the {}, {needed} are needed: {inputs} dates have {}, {targets} of them {}{}. Open more files, or choose \
         another region or other dates",
        .case.words(), inputs_of(*.case), target_of(*.case), left_out(*.unusable, .why)
    )]
    TooFew {
        /// Which case.
        case: TbCase,
        /// Usable dates.
        found: usize,
        /// Needed.
        needed: usize,
        /// Dates whose files have the inputs.
        inputs: usize,
        /// Dates of these whose files have the target, too.
        targets: usize,
        /// Dates of these that were left out after a look at their pixels.
        unusable: usize,
        /// The commonest reason.
        why: String,
    },
    /// One side of the split is empty.
    #[error(
        "of {found} usable dates, this split leaves {train} to train on, {validate} to validate and {test} to test: {}",
        FirstDates::words(.possible.as_ref())
    )]
    EmptySplit {
        /// All.
        found: usize,
        /// To train on.
        train: usize,
        /// To validate on.
        validate: usize,
        /// To test on.
        test: usize,
        /// First dates that leave each side something; `None` where there are none.
        possible: Option<FirstDates>,
    },
}

fn inputs_of(case: TbCase) -> &'static str {
    match case {
        TbCase::BrightnessTemperature => "36 km brightness temperature (SPL3SMP, SPL2SMP)",
        TbCase::SoilMoisture => "both SMAP soil moisture and land surface temperature",
    }
}

fn target_of(case: TbCase) -> &'static str {
    match case {
        TbCase::BrightnessTemperature => "brightness temperature at 9 km (SPL3SMAP, SPL2SMAP, SPL3SMP_E)",
        TbCase::SoilMoisture => "a 3 km map (SPL2SMAP_S)",
    }
}

fn left_out(unusable: usize, why: &str) -> String {
    if unusable == 0 { String::new() } else { format!(", and {unusable} were left out (mostly: {why})") }
}

impl From<ease_grid::GridError> for TbError {
    fn from(error: ease_grid::GridError) -> Self {
        Self::Stack(error.into())
    }
}

/// Reads (or simulates again) the temperatures of these dates, in order of time; `each` gets them one by one. `breathe` is awaited between
/// two days and may stop the work.
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
    mut breathe: impl AsyncFnMut(Date) -> ControlFlow<()>,
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
        if breathe(date).await.is_break() {
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
        if breathe(last).await.is_break() {
            return Err(ModelError::Cancelled.into());
        }
    }
    Ok(())
}

/// Images of a case and what the reader must know of them.
#[derive(Debug)]
pub struct TbGathered {
    /// In order of time, with their roles.
    pub images: Vec<TbImage>,
    /// Dates with inputs and a target that could not be used, with the reason.
    pub unusable: Vec<UnusableDate>,
    /// Any of it simulated.
    pub simulated: bool,
    /// What the targets are.
    pub targets: BTreeSet<String>,
    /// Some targets are the enhanced product: the same radiometer, interpolated.
    pub interpolated: bool,
    /// Files that failed.
    pub failures: Vec<(String, String)>,
}

impl TbGathered {
    /// Images of a role.
    pub fn of(&self, role: DateRole) -> impl Iterator<Item = &TbImage> {
        self.images.iter().filter(move |image| image.role == role)
    }

    /// What a score or a loss against these targets says.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        self.interpolated.then(|| {
            format!(
                "the target is {}, posted at 9 km but interpolated from the same radiometer: what is learnt from it is NASA's interpolation, not \
                 what lies within 36 km",
                self.targets.iter().cloned().collect::<Vec<_>>().join(", ")
            )
        })
    }
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
    breathe: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<TbGathered, TbError> {
    let mut gathered = TbGathered {
        images: Vec::new(),
        unusable: Vec::new(),
        simulated: false,
        targets: BTreeSet::new(),
        interpolated: false,
        failures: Vec::new(),
    };
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
        let mut unusable = |why: String| gathered.unusable.push(UnusableDate { date, why });
        match series.tb_sample(library, date, case, temperatures, &inner) {
            Ok(sample) => samples.push(TbSample { halo, ..sample }),
            Err(error @ (StackError::Missing { .. } | StackError::NoCoarse { .. })) => unusable(error.to_string()),
            Err(StackError::Elsewhere { what, .. }) => unusable(format!("the {what} has no value in the region")),
            Err(StackError::CoarseElsewhere { .. }) => unusable("SMAP did not see the region".to_owned()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    temperatures(library, &region, quality, case, dates, each, breathe).await?;
    samples.sort_by_key(|sample| sample.date);
    // Images of one run are of one size: the margin that all of them have.
    let margin = samples.iter().map(TbSample::margin).reduce(Edges::min).unwrap_or_default();
    for sample in samples {
        let date = sample.date;
        let sample = sample.on(&inner.widened(&margin))?;
        match image(&sample) {
            Ok(image) => {
                gathered.simulated |= sample.simulated;
                gathered.interpolated |= sample.interpolated;
                gathered.targets.insert(sample.target_name);
                gathered.images.push(image);
            }
            Err(why) => gathered.unusable.push(UnusableDate { date, why }),
        }
    }
    Ok(gathered)
}

/// The region that holds a window and so many of its cells around it.
fn widened(inner: &EaseWindow, halo: usize) -> Result<Region, TbError> {
    Ok(Region::new(inner.widened(&Edges::all(halo)).covering(Resolution::M03))?)
}

/// Makes the images of a case from every date that has inputs and a target, and parts them by time as SMEN's are (no history here, so no gap).
///
/// # Errors
/// [`TbError::TooFew`], [`TbError::EmptySplit`], and those of [`temperatures`].
pub async fn gather(
    library: &Library,
    series: &mut Series,
    case: TbCase,
    halo: usize,
    (validate_from, test_from): (Option<Date>, Option<Date>),
    breathe: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<TbGathered, TbError> {
    let (inputs, targets) = dates_with(library, case);
    let mut gathered = images(library, series, case, halo, &targets, breathe).await?;
    let found = gathered.images.len();
    if found < FEWEST_DATES {
        return Err(too_few(case, found, FEWEST_DATES, inputs.len(), targets.len(), &gathered.unusable));
    }
    let roles = split(gathered.images.iter().map(|image| image.date), (validate_from, test_from))?;
    for (image, role) in gathered.images.iter_mut().zip(roles) {
        image.role = role;
    }
    Ok(gathered)
}

/// The role of each date, in order of time. The TB CNN looks at no earlier dates, so none falls into a gap.
///
/// # Errors
/// [`TbError::EmptySplit`].
pub(crate) fn split(
    dates: impl Iterator<Item = Date>,
    (validate_from, test_from): (Option<Date>, Option<Date>),
) -> Result<Vec<DateRole>, TbError> {
    let candidates: Vec<Candidate> = dates.map(|date| Candidate { date, history: Vec::new() }).collect();
    let found = candidates.len();
    split_by_time(&candidates, validate_from, test_from).map_err(|error| match error {
        TrainError::EmptySplit { train, validate, test, possible, .. } => TbError::EmptySplit { found, train, validate, test, possible },
        other => other.into(),
    })
}

/// [`TbError::TooFew`] with the commonest reason.
#[must_use]
pub fn too_few(case: TbCase, found: usize, needed: usize, inputs: usize, targets: usize, unusable: &[UnusableDate]) -> TbError {
    let mut counts = BTreeMap::<&str, usize>::new();
    for day in unusable {
        *counts.entry(&day.why).or_default() += 1;
    }
    let why = counts.into_iter().max_by_key(|(_, n)| *n).map_or_else(String::new, |(why, _)| why.to_owned());
    TbError::TooFew { case, found, needed, inputs, targets, unusable: unusable.len(), why }
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
    let pixels = mask.chunks(cells).map(|plane| plane.iter().filter(|m| **m > 0.0).count()).min().unwrap_or(0);
    let Some(target) = sample.target.as_ref().filter(|_| pixels >= fewest) else {
        return Err(format!("inputs and target share too few pixels ({fewest} are needed)"));
    };
    let scaled = |values: &[f32], (centre, spread): (f32, f32)| values.iter().map(|v| (v - centre) / spread).collect::<Vec<f32>>();
    // Where the mask is 0 anything finite will do.
    let planes = |rasters: &[Raster]| -> Vec<f32> {
        let all = rasters.iter().zip(scales).flat_map(|(raster, scale)| scaled(raster.values(), scale));
        all.map(|v| if v.is_finite() { v } else { 0.0 }).collect()
    };
    let input = sample.planes().chunks(cells).zip(scales).flat_map(|(plane, scale)| scaled(plane, scale)).collect();
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

/// Scores of an image on the pixels of its mask, in the case's unit: the network, bilinear, and the input as is, for each channel.
///
/// # Errors
/// Those of the network.
pub async fn scored(network: &TbCnn, device: &Device, image: &TbImage) -> Result<Vec<ScoreReport>, TbError> {
    let estimate = estimate(network, device, image).await?;
    scores(network.case(), image, &[(TB_CNN, &estimate), (BILINEAR, &image.bilinear), (AS_IS, &image.input)])
}

/// The network's output for an image, one plane an output, scaled as its target.
///
/// # Errors
/// Those of the network.
pub(crate) async fn estimate(network: &TbCnn, device: &Device, image: &TbImage) -> Result<Vec<f32>, ModelError> {
    read_back(network.forward(batched(std::iter::once(&image.input), 2, image.size, device))).await
}

/// Scores of estimates by name, scaled planes as the target's, on the pixels of the image's mask, for each channel.
///
/// # Errors
/// [`TbError::Score`].
pub(crate) fn scores(case: TbCase, image: &TbImage, estimates: &[(&str, &[f32])]) -> Result<Vec<ScoreReport>, TbError> {
    let cells = image.size.0 * image.size.1;
    let mut scores = Vec::new();
    for (channel, (centre, spread)) in case.scales().into_iter().enumerate().take(case.outputs()) {
        let plane = |values: &[f32]| -> Vec<f32> {
            let range = channel * cells..(channel + 1) * cells;
            values.get(range).unwrap_or_default().iter().map(|v| v * spread + centre).collect()
        };
        let valid: Vec<bool> = image.mask.chunks(cells).nth(channel).unwrap_or_default().iter().map(|m| *m > 0.0).collect();
        let target = plane(&image.target);
        for (name, values) in estimates {
            scores.push(Scores::of(&plane(values), &target, &valid)?.report(format!("{name}{}", channel_name(case, channel))));
        }
    }
    Ok(scores)
}

/// A finished prediction of the TB CNN, without its margin.
#[derive(Debug)]
pub struct TbOutcome {
    /// What went in.
    pub sample: TbSample,
    /// The estimate: TB V and H at 9 km, or soil moisture at 3 km.
    pub estimates: Vec<Raster>,
    /// Cells whose receptive field leaves the data: marked, and left out of the scores.
    pub frame: Edges,
    /// Scores on the common pixels, a list a channel; the lists are empty without a reference.
    pub scores: Vec<Vec<ScoreReport>>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// What stands behind a name of a score where there are two channels.
pub(crate) fn channel_name(case: TbCase, channel: usize) -> &'static str {
    match (case, channel) {
        (TbCase::SoilMoisture, _) => "",
        (_, 0) => ", TB V",
        _ => ", TB H",
    }
}

/// Runs the network on a sample and puts the baselines beside it.
///
/// # Errors
/// Those of the network, and a cancel by `progress`.
pub async fn predict(
    network: &TbCnn,
    device: &Device,
    sample: TbSample,
    progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<TbOutcome, TbError> {
    let size = (sample.window.columns, sample.window.rows);
    let output = predict_tb(network, sample.case, device, size, &sample.planes(), progress).await?;
    let cropped = sample.masked_output(&output)?.iter().map(|estimate| estimate.cropped(&sample.inner)).collect::<Result<Vec<_>, _>>();
    let (estimates, frame) = (cropped?, sample.margin().missing(sample.halo));
    let inner = sample.inner;
    let sample = sample.on(&inner)?;
    let mut scores = vec![Vec::new(); sample.case.outputs()];
    if let Some(target) = &sample.target {
        for (channel, (reference, scores)) in target.iter().zip(&mut scores).enumerate() {
            let reference = &without(reference, &frame)?;
            let (Some(estimate), Some(bilinear), Some(coarse)) =
                (estimates.get(channel), sample.bilinear.get(channel), sample.coarse().get(channel))
            else {
                continue;
            };
            for mut score in compare(reference, &[(TB_CNN, estimate), (BILINEAR, bilinear), (AS_IS, coarse)])? {
                score.name.push_str(channel_name(sample.case, channel));
                scores.push(score);
            }
        }
    }
    let mut warnings = warnings(&sample);
    warnings.extend((!frame.is_empty()).then(|| {
        format!(
            "The files end near the region's edge. There the network sees zeros instead of what lies outside: {} are veiled on the map and left \
             out of the scores.",
            frame.words()
        )
    }));
    Ok(TbOutcome { sample, estimates, frame, scores, warnings })
}

fn warnings(sample: &TbSample) -> Vec<String> {
    let mut warnings = Vec::new();
    let share = |raster: &Raster| raster.valid_count() as f32 / raster.values().len().max(1) as f32;
    let what = match sample.case {
        TbCase::BrightnessTemperature => ["SMAP's V channel saw", "SMAP's H channel saw"],
        TbCase::SoilMoisture => ["SMAP saw", "land surface temperature was seen on"],
    };
    for (input, what) in sample.inputs.iter().zip(what) {
        if share(input) < LITTLE {
            warnings.push(format!("On this date {what} only {:.0} % of the region; the rest of the map is masked.", 100.0 * share(input)));
            break;
        }
    }
    if sample.overpass == Some(Overpass::Pm) {
        warnings.push("The brightness temperatures are those of the 6 pm overpass, which saw more of the region.".to_owned());
    }
    if sample.interpolated {
        warnings.push(format!(
            "The reference is {}, posted at 9 km but interpolated from the same radiometer: agreement with it says little of what lies within 36 km.",
            sample.target_name
        ));
    }
    warnings
}

impl TbOutcome {
    /// All layers that can be drawn, in order, on their own cells.
    ///
    /// # Errors
    /// Those of the rasters.
    pub fn layers(&self) -> Result<Vec<(LayerKind, Raster)>, TbError> {
        const KINDS: [[LayerKind; 5]; 2] = [
            [LayerKind::Coarse, LayerKind::Estimate, LayerKind::Reference, LayerKind::Difference, LayerKind::Bilinear],
            [LayerKind::CoarseH, LayerKind::EstimateH, LayerKind::ReferenceH, LayerKind::DifferenceH, LayerKind::BilinearH],
        ];
        let mut layers = Vec::new();
        for (channel, [coarse, estimate, reference, difference, bilinear]) in KINDS.into_iter().enumerate().take(self.estimates.len()) {
            let (Some(own), Some(map)) = (self.sample.coarse().get(channel), self.estimates.get(channel)) else { continue };
            layers.extend([(coarse, own.clone()), (estimate, map.clone())]);
            if let Some(target) = self.sample.target.as_ref().and_then(|t| t.get(channel)) {
                layers.push((reference, target.clone()));
                layers.push((difference, crate::networks::smen::estimate::difference(map, target)?));
            }
            layers.extend(self.sample.bilinear.get(channel).map(|raster| (bilinear, raster.clone())));
        }
        if self.sample.case == TbCase::SoilMoisture {
            layers.push((LayerKind::SurfaceTemperature, self.sample.inputs[1].clone()));
        }
        Ok(layers)
    }
}

/// Cells around a place that weights were trained to look at: [`crate::TB_HALO`], or none for those that were trained on the place alone, with zeros beyond
/// its edge. They are used as they were trained: given a margin, the latter lose what they learnt of the edge (uRMSE 0.0367 instead of 0.0317 m3/m3
/// on Tucson's simulated scenes, bilinear 0.0350).
#[must_use]
pub fn halo(weights: &Weights) -> usize {
    weights.metadata.get(HALO_KEY).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The grid of a case's estimate.
fn resolution(case: TbCase) -> Resolution {
    match case {
        TbCase::BrightnessTemperature => Resolution::M09,
        TbCase::SoilMoisture => Resolution::M03,
    }
}

/// The date's sample with a margin of up to `halo` cells ([`halo`]), from files or simulated again.
///
/// # Errors
/// [`StackError`] in words where an input is missing, and [`ModelError::Cancelled`].
pub async fn sample(
    library: &Library,
    series: &mut Series,
    case: TbCase,
    halo: usize,
    date: Date,
    breathe: impl AsyncFnMut(Date) -> ControlFlow<()>,
) -> Result<(TbSample, Vec<(String, String)>), TbError> {
    let mut found = Temperatures::default();
    let keep = |_, temperatures| {
        found = temperatures;
        Ok(())
    };
    // Days of the wider region are read as they are asked for.
    let inner = series.region.window().covering(resolution(case));
    let wide = widened(&inner, halo)?;
    let mut series = Series::new(wide, series.quality);
    temperatures(library, &wide, series.quality, case, &BTreeSet::from([date]), keep, breathe).await?;
    let failures = std::mem::take(&mut found.failures);
    let sample = series.tb_sample(library, date, case, found, &inner)?;
    Ok((TbSample { halo, ..sample }, failures))
}
