//! The poster's brightness-temperature CNN trained and tested on simulated scenes (model.md, section 2), one network for a place of about
//! 100 x 100 km: the nine 36 km cells in the middle of a region.
//!
//! Case 1: TB V and H, 36 km to 9 km, April to June 2015 (the weeks of SMAP's radar), June to test. The simulated target is the true TB at
//! 9 km with the radar product's noise left out, which is kinder than Earth.
//! Case 2: SMAP soil moisture and land surface temperature to the 3 km map; 2016-2017 to train, 2018 to test.
//! Beside each: the input as is, and interpolated bilinearly, on the same pixels. The same steps as `loam train --network tb-…`.

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::cell::{self, FORMAT, Versioned};
use super::resumable::{KEPT_EVERY, Resumable};
use super::{ExperimentError, paper};
use loam_core::score::{ScoreRow, means};
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{Library, Preset, Region, SceneDay, Series};
use loam_core::training::{DateRole, EpochReport};
use loam_nn::block_on;
use loam_nn::networks::tb_cnn::images::gather;
use loam_nn::tb_cnn::{TbCase, TbCnn};
use loam_nn::{NetworkModel, TrainEvent, TrainSettings};

/// Images per step.
const BATCH: usize = 4;

/// What is trained and tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TbCell {
    /// Which case.
    pub case: TbCase,
    /// Key of the region in whose middle the place lies.
    pub region: String,
    /// Seed of the scenes.
    pub scene_seed: u64,
    /// Seed of first weights and order.
    pub seed: u64,
    /// Passes over the training images.
    pub epochs: usize,
}

impl TbCell {
    /// File name: everything the result depends on.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { case, region, scene_seed, seed, epochs } = self;
        format!("tb_cnn_{}_{region}_sim-{scene_seed}_epochs{epochs}_batch{BATCH}_seed{seed}", case.name())
    }
}

/// A method's scores over the test dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TbResult {
    /// Version of this file.
    pub format: u32,
    /// Which.
    pub case: TbCase,
    /// Training and test dates.
    pub images: (usize, usize),
    /// The network, then the baselines.
    pub scores: Vec<TbScore>,
    /// SHA-256 of the trained weights, first 16 hex digits.
    pub weights: String,
    /// Loss of the first and of the last epoch.
    pub losses: (f64, f64),
    /// Seconds of training.
    pub seconds: f64,
}

impl Versioned for TbResult {
    fn format(&self) -> u32 {
        self.format
    }
}

/// The scenes of a case, and the first test date.
fn library(preset: Preset, case: TbCase, seed: u64) -> Result<(Library, Date), ExperimentError> {
    let mut scene =
        Scene::preset(preset.key, seed).ok_or_else(|| ExperimentError::Region(preset.key.to_owned()))?;
    let mut test_from = paper::TEST_FROM;
    if case == TbCase::BrightnessTemperature {
        (scene.first, scene.last, test_from) = (date(2015, 4, 1), date(2015, 6, 30), date(2015, 6, 1));
    }
    let days: Vec<SceneDay> = Simulator::new(scene.clone()).map(SceneDay::from).collect();
    Ok((Library::simulated(scene, format!("SIMULATED scenes: {}", preset.name), days), test_from))
}

/// Trains and tests a case on the simulated scenes of a region, or reads what came out before; result and weights are kept in `folder`.
/// `progress` hears (steps done, steps in all).
///
/// # Errors
/// Those of the simulator's grids, of the network and of the folder.
pub fn tb_cnn(
    cell: &TbCell,
    folder: &Path,
    mut progress: impl FnMut(usize, usize),
) -> Result<TbResult, ExperimentError> {
    let path = folder.join(format!("{}.json", cell.key()));
    if let Some(kept) = cell::read(&path) {
        return Ok(kept);
    }
    let &TbCell { case, ref region, scene_seed, seed, epochs } = cell;
    let preset = Preset::find(region).ok_or_else(|| ExperimentError::Region(region.clone()))?;
    let (library, test_from) = library(preset, case, scene_seed)?;
    let mut series = Series::new(Region::place(preset)?, Default::default());
    series.load_all(&library)?;
    let gathered = block_on(gather(&library, &mut series, case, 0, (None, Some(test_from)), async |_| {
        ControlFlow::Continue(())
    }))?;
    let of = |role| gathered.of(role).cloned().collect::<Vec<_>>();
    let (train, validate, test) = (of(DateRole::Train), of(DateRole::Validate), of(DateRole::Test));
    let images = (train.len() + validate.len(), test.len());
    let mut start = loam_nn::tb_cnn::first_weights(case, seed);
    let provenance = [("trained_on", format!("SIMULATED scenes of {} (seed {scene_seed})", preset.name))];
    start.metadata.extend(provenance.map(|(key, value)| (key.to_owned(), value)));
    let settings = TrainSettings { epochs, batch: BATCH, seed, patience: 0, ..TrainSettings::tb_cnn(case) };
    let checkpoint = folder.join(format!("{}.checkpoint", cell.key()));
    let mut training =
        Resumable::new(checkpoint, KEPT_EVERY, (&start, train, validate), settings, &Device::flex())?;
    let steps = training.trainer.steps_per_epoch();
    while let Some(event) = training.step()? {
        if let TrainEvent::StepDone { .. } = event {
            progress(training.trainer.steps(), steps * epochs);
        }
    }
    let (seconds, trainer) = (training.seconds(), &training.trainer);
    let loss = |epoch: Option<&EpochReport>| epoch.map_or(f64::NAN, |epoch| epoch.train_loss);
    let losses = (loss(trainer.history().first()), loss(trainer.history().last()));
    let weights = trainer.best().cloned().unwrap_or(start);
    let (network, _) = TbCnn::from_weights(&weights, &Device::flex())?;
    let networks = [(ScoreRow::Estimate, &network)];
    let scored = |image| {
        block_on(TbCnn::score(&networks, &Device::flex(), image, &mut async |_, _, _| {
            ControlFlow::Continue(())
        }))
    };
    let by_date: Vec<_> = test.iter().map(scored).collect::<Result<_, _>>()?;
    let score = |s: loam_core::score::ScoreReport| TbScore {
        name: format!("{}, {}", s.name, case.unit()),
        urmse: s.urmse.unwrap_or(f64::NAN),
        rmse: s.rmse.unwrap_or(f64::NAN),
        pixels: s.pixels,
    };
    let file = folder.join(format!("{}.safetensors", cell.key()));
    std::fs::write(&file, weights.to_bytes()).map_err(|e| ExperimentError::File {
        path: file,
        what: "written",
        why: e.to_string(),
    })?;
    let scores = means(&by_date).into_iter().map(score).collect();
    let result = TbResult { format: FORMAT, case, images, scores, weights: weights.hash(), losses, seconds };
    cell::write(&path, &result)?;
    training.over();
    // As it was kept: JSON's last digit may differ.
    Ok(cell::read(&path).unwrap_or(result))
}

/// A case as Markdown.
#[must_use]
pub fn tb_markdown(cell: &TbCell, result: &TbResult) -> String {
    let TbCell { region, epochs, .. } = cell;
    let (what, unit) = match result.case {
        TbCase::BrightnessTemperature => {
            ("case 1, brightness temperature 36 km to 9 km, April to June 2015", "K")
        }
        TbCase::SoilMoisture => {
            ("case 2, soil moisture and land surface temperature to the 3 km map", "m3/m3")
        }
    };
    let mut text = format!(
        "### TB CNN, {what}: {region} (SIMULATED scenes)\n\n{} training and {} test dates of one place of 108 x 108 km, {epochs} epoch{}, Adam 1e-4, {BATCH} images a step, \
         {:.0} s; loss {:.4} to {:.4} {unit}.\n\n| test dates | uRMSE, {unit} | RMSE, {unit} | pixels |\n|---|---|---|---|\n",
        result.images.0,
        result.images.1,
        if *epochs == 1 { "" } else { "s" },
        result.seconds,
        result.losses.0,
        result.losses.1
    );
    for score in &result.scores {
        text.push_str(&format!(
            "| {} | {:.4} | {:.4} | {} |\n",
            score.name, score.urmse, score.rmse, score.pixels
        ));
    }
    text
}
