//! The poster's brightness-temperature CNN trained and tested on simulated scenes (model.md, section 2), one network for a place of about
//! 100 x 100 km: the nine 36 km cells in the middle of a region.
//!
//! Case 1: TB V and H, 36 km to 9 km, April to June 2015 (the weeks of SMAP's radar), the last third of the days to test. The simulated
//! target is the true TB at 9 km with the radar product's noise left out, which is kinder than Earth.
//! Case 2: SMAP soil moisture and land surface temperature to the 3 km map; 2016-2017 to train, 2018 to test.
//! Beside each: the input as is, and interpolated bilinearly, on the same pixels.

use burn::tensor::{Device, Tensor, TensorData};
use jiff::civil::date;

use super::{ExperimentError, paper};
use crate::grid::{EaseWindow, Raster, Reason, Resolution, resample};
use crate::model::tb_cnn::{TbCase, TbCnn};
use crate::model::{Archive, ModelError, Random, block_on, read_back};
use crate::score::OverDates;
use crate::simulate::{Scene, Simulator};
use crate::stack::Preset;
use crate::train::Adam;

/// 36 km cells along an edge of a place.
const CELLS: usize = 3;
/// Images per step.
const BATCH: usize = 4;
/// Fewest pixels of a target.
const FEWEST: usize = 100;

/// One date: planes of a square, scaled as the network wants them; the mask is 1 or 0.
#[derive(Debug, Clone)]
struct Image {
    input: Vec<f32>,
    bilinear: Vec<f32>,
    target: Vec<f32>,
    mask: Vec<f32>,
}

/// A method's scores over the test dates.
#[derive(Debug, Clone, PartialEq)]
pub struct TbScore {
    /// Name and channel.
    pub name: String,
    /// Mean over dates of the uRMSE, in the target's unit.
    pub urmse: f64,
    /// Mean over dates of the RMSE.
    pub rmse: f64,
    /// Pixels.
    pub pixels: usize,
}

/// What came out of a case.
#[derive(Debug)]
pub struct TbResult {
    /// Which.
    pub case: TbCase,
    /// Training and test dates.
    pub images: (usize, usize),
    /// The network, then the baselines.
    pub scores: Vec<TbScore>,
    /// The trained weights.
    pub weights: Archive,
    /// Loss of the first and of the last epoch.
    pub losses: (f64, f64),
    /// Seconds of training.
    pub seconds: f64,
}

/// A place: a window of whole 36 km cells within the simulator's.
struct Place {
    m36: EaseWindow,
    m03: EaseWindow,
}

impl Place {
    fn middle_of(truth: &EaseWindow) -> Self {
        let all = truth.covering(Resolution::M36);
        let m36 = EaseWindow {
            first_column: all.first_column + (all.columns - CELLS) / 2,
            first_row: all.first_row + (all.rows - CELLS) / 2,
            columns: CELLS,
            rows: CELLS,
            ..all
        };
        Self { m36, m03: m36.covering(Resolution::M03) }
    }
}

fn raster(window: &EaseWindow, values: Vec<f32>) -> Result<Raster, ExperimentError> {
    let reasons = values.iter().map(|v| if v.is_finite() { Reason::Valid } else { Reason::NoSmap }).collect();
    Ok(Raster::new(window.grid(), values, reasons)?)
}

/// The images of case 1, in order of time.
fn brightness(preset: Preset, seed: u64) -> Result<(Vec<Image>, usize), ExperimentError> {
    let mut scene = Scene::preset(preset.key, seed).ok_or_else(|| ExperimentError::Region(preset.key.to_owned()))?;
    (scene.first, scene.last) = (date(2015, 4, 1), date(2015, 6, 30));
    let mut simulator = Simulator::new(scene);
    let window = simulator.truth_window();
    let place = Place::middle_of(&window);
    let m09 = place.m36.covering(Resolution::M09);
    let coarse = window.covering(Resolution::M36);
    let scales = TbCase::BrightnessTemperature.scales();
    let mut images = Vec::new();
    while simulator.next().is_some() {
        let Some(tb) = simulator.brightness() else { continue };
        let mut image = Image { input: Vec::new(), bilinear: Vec::new(), target: Vec::new(), mask: vec![1.0; 2 * m09.len()] };
        for ((footprints, fine), (centre, spread)) in tb.footprints.into_iter().zip([tb.v, tb.h]).zip(scales) {
            let footprints = raster(&coarse, footprints)?;
            let scaled = |raster: Raster| raster.values().iter().map(|v| (v - centre) / spread).collect::<Vec<f32>>();
            image.input.extend(scaled(resample::nearest(&footprints, &m09)?));
            image.bilinear.extend(scaled(resample::bilinear(&footprints, &m09)?));
            image.target.extend(scaled(resample::block_mean(&raster(&window, fine)?, &m09)?));
        }
        images.push(image);
    }
    Ok((images, m09.columns))
}

/// The images of case 2, in order of time, and how many of them are before 2018.
fn moisture(preset: Preset, seed: u64) -> Result<(Vec<Image>, usize, usize), ExperimentError> {
    let scene = Scene::preset(preset.key, seed).ok_or_else(|| ExperimentError::Region(preset.key.to_owned()))?;
    let mut simulator = Simulator::new(scene);
    let window = simulator.truth_window();
    let place = Place::middle_of(&window);
    let scales = TbCase::SoilMoisture.scales();
    let scaled = |values: &[f32], (centre, spread): (f32, f32)| values.iter().map(|v| (v - centre) / spread).collect::<Vec<f32>>();
    let (mut images, mut before) = (Vec::new(), 0);
    while let Some(day) = simulator.next() {
        let (Some(coarse), Some(fine), Some(tb)) = (day.coarse(), &day.fine, simulator.brightness()) else { continue };
        let [nearest, bilinear] = [resample::nearest(&coarse, &place.m03)?, resample::bilinear(&coarse, &place.m03)?];
        let target = resample::nearest(fine, &place.m03)?;
        let surface = resample::nearest(&raster(&window, tb.surface)?, &place.m03)?;
        let mask: Vec<f32> =
            target.values().iter().zip(bilinear.values()).map(|(t, b)| if t.is_finite() && b.is_finite() { 1.0 } else { 0.0 }).collect();
        if mask.iter().filter(|m| **m > 0.0).count() < FEWEST {
            continue;
        }
        // SMAP's gaps hold the centre of the scale, 0; they are masked.
        let filled = |values: Vec<f32>| values.into_iter().map(|v| if v.is_finite() { v } else { 0.0 }).collect::<Vec<f32>>();
        let mut input = filled(scaled(nearest.values(), scales[0]));
        input.extend(filled(scaled(surface.values(), scales[1])));
        before += usize::from(day.date < paper::TEST_FROM);
        images.push(Image {
            input,
            bilinear: filled(scaled(bilinear.values(), scales[0])),
            target: filled(scaled(target.values(), scales[0])),
            mask,
        });
    }
    Ok((images, place.m03.columns, before))
}

fn place<'a>(images: impl Iterator<Item = &'a Vec<f32>>, channels: usize, side: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = images.flatten().copied().collect();
    let batch = values.len() / (channels * side * side).max(1);
    Tensor::from_data(TensorData::new(values, [batch, channels, side, side]), device)
}

/// Trains and tests a case on the simulated scenes of a region. `progress` hears (steps done, steps in all).
///
/// # Errors
/// Those of the simulator's grids and of the network.
pub fn tb_cnn(
    case: TbCase,
    region: &str,
    scene_seed: u64,
    seed: u64,
    epochs: usize,
    mut progress: impl FnMut(usize, usize),
) -> Result<TbResult, ExperimentError> {
    let preset = Preset::find(region).ok_or_else(|| ExperimentError::Region(region.to_owned()))?;
    let (images, side, before) = match case {
        TbCase::BrightnessTemperature => {
            let (images, side) = brightness(preset, scene_seed)?;
            let before = images.len() * 2 / 3;
            (images, side, before)
        }
        TbCase::SoilMoisture => moisture(preset, scene_seed)?,
    };
    let (train, test) = images.split_at(before);
    if train.is_empty() || test.is_empty() {
        return Err(ExperimentError::NoImages {
            region: preset.name.to_owned(),
            boundary: paper::TEST_FROM,
            train: train.len(),
            test: test.len(),
            unusable: 0,
            why: String::new(),
        });
    }
    let begun = std::time::Instant::now();
    let device = Device::flex().autodiff();
    let (mut network, _) = TbCnn::from_weights(&case.first_weights(seed), &device)?;
    let outputs = case.outputs();
    let (mut adam, mut random) = (Adam::new(), Random::new(seed));
    let mut order: Vec<usize> = (0..train.len()).collect();
    let total = epochs * train.len().div_ceil(BATCH);
    let (mut done, mut losses) = (0, (f64::NAN, f64::NAN));
    for epoch in 0..epochs {
        random.shuffle(&mut order);
        let mut sum = 0.0;
        for batch in order.chunks(BATCH) {
            let of = |plane: fn(&Image) -> &Vec<f32>, channels| place(batch.iter().map(|n| plane(&train[*n])), channels, side, &device);
            let estimate = network.forward(of(|i| &i.input, 2));
            let loss = network.loss(estimate, of(|i| &i.target, outputs), of(|i| &i.mask, outputs));
            let value = block_on(read_back(loss.clone().without_autodiff()))?.first().copied().unwrap_or(f32::NAN);
            network = adam.step(network, &loss.backward(), paper::LEARNING_RATE);
            sum += f64::from(value) * batch.len() as f64;
            done += 1;
            progress(done, total);
        }
        let mean = sum / train.len() as f64;
        losses = (if epoch == 0 { mean } else { losses.0 }, mean);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let facts = [
        ("trained_on", format!("SIMULATED scenes of {} (seed {scene_seed})", preset.name)),
        ("seed", seed.to_string()),
        ("epochs", epochs.to_string()),
        ("app_version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let weights = block_on(network.to_weights(case, facts.map(|(k, v)| (k.to_owned(), v)).into()))?;
    Ok(TbResult { case, images: (train.len(), test.len()), scores: scores(&weights, case, test, side)?, weights, losses, seconds })
}

/// The network, the input as is and bilinear on the test dates, each channel for itself, in the target's unit.
fn scores(weights: &Archive, case: TbCase, test: &[Image], side: usize) -> Result<Vec<TbScore>, ExperimentError> {
    let device = Device::flex();
    let (network, _) = TbCnn::from_weights(weights, &device)?;
    let outputs = case.outputs();
    let estimate = |image: &Image| -> Result<Vec<f32>, ModelError> {
        block_on(read_back(network.forward(place(std::iter::once(&image.input), 2, side, &device))))
    };
    type Estimate<'a> = Box<dyn Fn(&Image) -> Result<Vec<f32>, ModelError> + 'a>;
    let methods: [(&str, Estimate); 3] = [
        ("TB CNN", Box::new(estimate)),
        ("input as is (36 km)", Box::new(|image| Ok(image.input.clone()))),
        ("input, bilinear", Box::new(|image| Ok(image.bilinear.clone()))),
    ];
    let cells = side * side;
    let mut all = Vec::new();
    for (channel, (_, spread)) in case.scales().into_iter().enumerate().take(outputs) {
        for (name, estimate) in &methods {
            let mut over = OverDates::default();
            for image in test {
                let map = estimate(image)?;
                let range = channel * cells..(channel + 1) * cells;
                let unscaled =
                    |values: &[f32]| values.get(range.clone()).unwrap_or_default().iter().map(|v| v * spread).collect::<Vec<f32>>();
                let valid: Vec<bool> = image.mask.get(range.clone()).unwrap_or_default().iter().map(|m| *m > 0.0).collect();
                over.add(&unscaled(&map), &unscaled(&image.target), &valid)?;
            }
            let mean = over.mean_of_images();
            let channel = match (case, channel) {
                (TbCase::SoilMoisture, _) => "soil moisture, m3/m3",
                (_, 0) => "TB V, K",
                _ => "TB H, K",
            };
            all.push(TbScore {
                name: format!("{name}: {channel}"),
                urmse: mean.urmse.unwrap_or(f64::NAN),
                rmse: mean.rmse.unwrap_or(f64::NAN),
                pixels: mean.pixels,
            });
        }
    }
    Ok(all)
}

/// A case as Markdown.
#[must_use]
pub fn tb_markdown(result: &TbResult, region: &str, epochs: usize) -> String {
    let (what, unit) = match result.case {
        TbCase::BrightnessTemperature => ("case 1, brightness temperature 36 km to 9 km, April to June 2015", "K"),
        TbCase::SoilMoisture => ("case 2, soil moisture and land surface temperature to the 3 km map", "m3/m3"),
    };
    let mut text = format!(
        "### TB CNN, {what}: {region} (SIMULATED scenes)\n\n{} training and {} test dates of one place of 108 x 108 km, {epochs} epoch(s), Adam 1e-4, {BATCH} images a step, \
         {:.0} s; loss {:.4} to {:.4} (scaled).\n\n| test dates | uRMSE, {unit} | RMSE, {unit} | pixels |\n|---|---|---|---|\n",
        result.images.0, result.images.1, result.seconds, result.losses.0, result.losses.1
    );
    for score in &result.scores {
        text.push_str(&format!("| {} | {:.4} | {:.4} | {} |\n", score.name, score.urmse, score.rmse, score.pixels));
    }
    text
}
