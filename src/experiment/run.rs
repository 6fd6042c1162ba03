//! Runs what is not on disk yet: gathers a region's images, trains and scores the cells, and scores the baselines on the same pixels.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use burn::tensor::Device;

use super::estimate::{estimate, masked, score, where_disaggregated};
use super::images::sample;
use super::resumable::{KEPT_EVERY, Resumable};
use super::table::{FOREST, Kind, Options, Row, SMEN, SMEN_SHIFTED, Table, Wanted};
use super::{Baselines, Cell, CellResult, ExperimentError, Gathered, Images, Method, Source, past};
use loam_core::score::baselines::residuals::{Usual, history_mean};
use loam_core::score::baselines::{Case, Forest, last_known};
use loam_core::training::TrainSettings;
use loam_nn::{Smen, TRAINED_ON, TRAINED_UNTIL, Weights, block_on};

use super::lstm::{LstmSettings, PixelLstm};
use loam_core::score::{InputRange, Scores, mass_corrected};
use loam_nn::{TrainEvent, TrainSample, set_bias};

/// What happens, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Images of a region are put together.
    Gathering(String),
    /// A piece of work begins, with its number of steps.
    Begun(String, usize),
    /// Steps done of it.
    Step(usize),
    /// It is done.
    Done,
}

/// Steps that a GPU is given before their losses are read, together: a card that is worth the name makes them in some hundredths of a
/// second.
const UNREAD: usize = 16;

/// Hears what happens, and on which of the threads that work side by side, counted from 0.
pub type Listen<'a> = dyn Fn(usize, Progress) + Sync + 'a;

/// Runs experiments. Results are kept in `folder`; images of the last region stay in memory.
pub struct Runner<'a> {
    /// Where images come from.
    pub source: Source,
    /// Where results are kept.
    pub folder: PathBuf,
    /// Where the network is trained.
    pub device: Device,
    /// Its name, for the report.
    pub device_name: String,
    /// How often a checkpoint of a training is written, to resume from after an interruption.
    pub kept_every: Duration,
    /// RCN's weights, where it is to stand in the tables.
    pub rcn: Option<Weights>,
    /// Hears what happens.
    pub listen: Box<Listen<'a>>,
    /// The images last put together.
    gathered: Option<(Images, Gathered)>,
}

impl<'a> Runner<'a> {
    /// A runner that has done nothing yet.
    pub fn new(
        source: Source,
        folder: PathBuf,
        device: Device,
        device_name: String,
        listen: impl Fn(usize, Progress) + Sync + 'a,
    ) -> Self {
        Self {
            source,
            folder,
            device,
            device_name,
            kept_every: KEPT_EVERY,
            rcn: None,
            listen: Box::new(listen),
            gathered: None,
        }
    }

    /// A whole table.
    ///
    /// # Errors
    /// The first cell's that cannot be computed; finished cells stay on disk.
    pub fn table(&mut self, kind: Kind, options: &Options) -> Result<Table, ExperimentError> {
        let wanted = kind.rows(options, &self.source);
        if wanted.is_empty() {
            return Err(ExperimentError::NoRows(kind.title()));
        }
        self.make_folder()?;
        let mut rows = Vec::new();
        for wanted in wanted {
            rows.push(self.row(&wanted)?);
        }
        let simulated_files = !self.source.is_simulated() && rows.iter().any(|row| row.simulated);
        let source = self.source.words() + if simulated_files { ", SIMULATED, not observed" } else { "" };
        Ok(Table { kind, source, options: options.clone(), device: self.device_name.clone(), rows })
    }

    pub(super) fn make_folder(&self) -> Result<(), ExperimentError> {
        let failed = |e: std::io::Error| ExperimentError::File {
            path: self.folder.clone(),
            what: "written",
            why: e.to_string(),
        };
        std::fs::create_dir_all(&self.folder).map_err(failed)
    }

    fn row(&mut self, wanted: &Wanted) -> Result<Row, ExperimentError> {
        let mut results = Vec::new();
        let mut baselines = None;
        for cell in &wanted.cells {
            if baselines.is_none() {
                baselines = Some(self.baselines(&cell.images)?);
            }
            results.push(self.cell(cell)?);
        }
        let baselines = baselines.ok_or_else(|| ExperimentError::Region(wanted.label.clone()))?;
        Ok(Row::of(wanted, &results, &baselines))
    }

    /// The images of a region, from memory where they are the last ones.
    ///
    /// # Errors
    /// Those of [`Gathered::new`].
    pub fn gathered(&mut self, images: &Images) -> Result<&Gathered, ExperimentError> {
        if self.gathered.as_ref().is_none_or(|(kept, _)| kept != images) {
            self.gathered = None;
            self.gathered = Some((images.clone(), self.gather(images)?));
        }
        match &self.gathered {
            Some((_, gathered)) => Ok(gathered),
            None => Err(ExperimentError::Region(images.region.clone())),
        }
    }

    pub(super) fn gather(&self, images: &Images) -> Result<Gathered, ExperimentError> {
        (self.listen)(
            0,
            Progress::Gathering(format!("{}, {} + {} images", images.region, images.train, images.test)),
        );
        let gathered = Gathered::new(&self.source, images)?;
        (self.listen)(0, Progress::Done);
        Ok(gathered)
    }

    /// A cell: from disk, or trained and kept there.
    ///
    /// # Errors
    /// Those of training, prediction and scores.
    pub fn cell(&mut self, cell: &Cell) -> Result<CellResult, ExperimentError> {
        if let Some(kept) = CellResult::kept(&self.folder, cell) {
            return Ok(kept);
        }
        self.gathered(&cell.images)?;
        let Some((_, gathered)) = &self.gathered else {
            return Err(ExperimentError::Region(cell.images.region.clone()));
        };
        self.place(gathered).cell(cell, &|progress| (self.listen)(0, progress))
    }

    /// Every baseline on the test images: from disk, or computed and kept there.
    ///
    /// # Errors
    /// Those of the trained baselines.
    pub fn baselines(&mut self, images: &Images) -> Result<Baselines, ExperimentError> {
        if let Some(kept) = self.whole_baselines(images) {
            return Ok(kept);
        }
        self.gathered(images)?;
        let Some((_, gathered)) = &self.gathered else {
            return Err(ExperimentError::Region(images.region.clone()));
        };
        self.place(gathered).baselines(images, &|progress| (self.listen)(0, progress))
    }

    /// Kept baselines that lack none. Those of an earlier version may lack what is then added to them.
    pub(super) fn whole_baselines(&self, images: &Images) -> Option<Baselines> {
        let kept = Baselines::kept(&self.folder, images)?;
        let has = |name: &str| kept.methods.iter().any(|method| method.name == name);
        (has(past::REGRESSION) && (self.rcn.is_none() || has(past::RCN))).then_some(kept)
    }

    pub(super) fn place<'b>(&'b self, gathered: &'b Gathered) -> Place<'b> {
        Place {
            gathered,
            source: &self.source,
            rcn: self.rcn.as_ref(),
            folder: &self.folder,
            device: &self.device,
            kept_every: self.kept_every,
        }
    }
}

/// Where a piece of work is done: what it needs beside what it is.
pub(super) struct Place<'a> {
    pub(super) gathered: &'a Gathered,
    source: &'a Source,
    rcn: Option<&'a Weights>,
    folder: &'a Path,
    device: &'a Device,
    kept_every: Duration,
}

impl Place<'_> {
    /// Trains and scores a cell and keeps what came out.
    pub(super) fn cell(
        &self,
        cell: &Cell,
        progress: &dyn Fn(Progress),
    ) -> Result<CellResult, ExperimentError> {
        let Self { gathered, folder, device, .. } = self;
        let (trained, training) = train(cell, self, progress)?;
        let seconds = training.seconds();
        let smen = Smen::from_weights(&trained.weights, device)?;
        let train_scores: Vec<f64> = gathered
            .train
            .iter()
            .map(|case| Ok(Scores::of(&estimate(&smen, device, case)?, &case.target, &case.scored)?.urmse))
            .collect::<Result<Vec<_>, ExperimentError>>()?
            .into_iter()
            .flatten()
            .collect();
        let (mut whole, mut shifted, mut there) = (Vec::new(), Vec::new(), Vec::new());
        let mut outside = (0.0, 0.0);
        for case in &gathered.test {
            let map = estimate(&smen, device, case)?;
            whole.extend(score(gathered, case, &map, &case.scored)?);
            let (map_raster, coarse) =
                (gathered.raster(&masked(&map, case))?, gathered.raster(&masked(&case.coarse, case))?);
            shifted.extend(score(
                gathered,
                case,
                mass_corrected(&map_raster, &coarse)?.values(),
                &case.scored,
            )?);
            if let Some(pixels) = where_disaggregated(case) {
                there.extend(score(gathered, case, &map, &pixels)?);
            }
            let (i, d) = trained.range.outside(&case.coarse, &case.residuals);
            let n = gathered.test.len() as f64;
            outside = (outside.0 + i / n, outside.1 + d / n);
        }
        let method = |name: &str, partial, dates| Method { name: name.to_owned(), partial, dates };
        let result = CellResult {
            format: CellResult::FORMAT,
            train_urmse: train_scores.iter().sum::<f64>() / train_scores.len().max(1) as f64,
            smen: method(SMEN, false, whole),
            smen_mass: method(SMEN_SHIFTED, false, shifted),
            smen_there: (!there.is_empty())
                .then(|| method("SMEN where the disaggregation exists", true, there)),
            best_epoch: trained.best_epoch,
            weights: trained.weights.hash(),
            outside,
            seconds,
        };
        let weights = folder.join(format!("{}.safetensors", cell.key()));
        std::fs::write(&weights, trained.weights.to_bytes()).map_err(|e| ExperimentError::File {
            path: weights,
            what: "written",
            why: e.to_string(),
        })?;
        result.keep(folder, cell)?;
        training.over();
        // As it was kept: JSON's last digit may differ, and a table must not depend on which cells were there before.
        Ok(CellResult::kept(folder, cell).unwrap_or(result))
    }

    /// Computes every baseline on the test images that is not kept already, and keeps what came out.
    pub(super) fn baselines(
        &self,
        images: &Images,
        progress: &dyn Fn(Progress),
    ) -> Result<Baselines, ExperimentError> {
        let baselines = match Baselines::kept(self.folder, images) {
            Some(kept) => kept,
            None => self.trained_baselines(images, progress)?,
        };
        let baselines = self.with_past(baselines, images, progress)?;
        baselines.keep(self.folder, images)?;
        Ok(Baselines::kept(self.folder, images).unwrap_or(baselines))
    }

    /// Adds the methods that learn from every earlier map, in front of the one that sees the date's own backscatter.
    fn with_past(
        &self,
        mut baselines: Baselines,
        images: &Images,
        progress: &dyn Fn(Progress),
    ) -> Result<Baselines, ExperimentError> {
        progress(Progress::Begun(format!("{}: every earlier map", images.region), 1));
        for (name, estimates) in past::estimates(self.source, images, self.rcn)? {
            let mut dates = Vec::new();
            for case in &self.gathered.test {
                if let Some(map) = estimates.get(&case.date) {
                    dates.extend(score(self.gathered, case, map, &case.scored)?);
                }
            }
            baselines.methods.retain(|method| method.name != name);
            let at = baselines.methods.iter().position(|method| method.partial);
            let at = at.unwrap_or(baselines.methods.len());
            baselines.methods.insert(at, Method { name: name.to_owned(), partial: false, dates });
        }
        progress(Progress::Done);
        Ok(baselines)
    }

    /// Those that are trained on the training images, or need no training.
    fn trained_baselines(
        &self,
        images: &Images,
        progress: &dyn Fn(Progress),
    ) -> Result<Baselines, ExperimentError> {
        let Self { gathered, source, .. } = self;
        progress(Progress::Begun(format!("{}: random forest", images.region), 1));
        let forest = Forest::fit(&gathered.train, 0)?;
        progress(Progress::Done);
        let settings = LstmSettings::default();
        progress(Progress::Begun(
            format!("{}: LSTM per pixel", images.region),
            settings.epochs * gathered.train.len(),
        ));
        let lstm =
            block_on(PixelLstm::fit(&gathered.train, settings, |done, _| progress(Progress::Step(done))))?;
        progress(Progress::Done);
        let usual = Usual::of(&gathered.train);
        type Estimate<'b> = (&'static str, Box<dyn Fn(&Case) -> Result<Vec<f32>, ExperimentError> + 'b>);
        let whole: Vec<Estimate> = vec![
            ("SMAP as is (36 km)", Box::new(|case| Ok(case.coarse.clone()))),
            ("bilinear SMAP", Box::new(|case| Ok(case.bilinear.clone()))),
            ("bicubic SMAP", Box::new(|case| Ok(case.bicubic.clone()))),
            ("persistence (last known residual)", Box::new(|case| Ok(last_known(case)))),
            ("bilinear SMAP + mean of the history's residuals", Box::new(|case| Ok(history_mean(case)))),
            (
                "bilinear SMAP + mean training residual of the pixel",
                Box::new(|case| Ok(usual.estimate(case))),
            ),
            (FOREST, Box::new(|case| Ok(forest.estimate(case)?))),
            ("LSTM per pixel", Box::new(|case| Ok(block_on(lstm.estimate(case))?))),
        ];
        let mut methods = Vec::new();
        for (name, estimate) in &whole {
            let mut dates = Vec::new();
            for case in &gathered.test {
                dates.extend(score(gathered, case, &estimate(case)?, &case.scored)?);
            }
            methods.push(Method { name: (*name).to_owned(), partial: false, dates });
        }
        let mut dates = Vec::new();
        for case in &gathered.test {
            if let (Some(map), Some(pixels)) = (&case.disaggregated, where_disaggregated(case)) {
                dates.extend(score(gathered, case, map, &pixels)?);
            }
        }
        if !dates.is_empty() {
            let name = "SMAP/Sentinel-1 disaggregation (sees the date's backscatter)".to_owned();
            methods.push(Method { name, partial: true, dates });
        }
        Ok(Baselines {
            format: Baselines::FORMAT,
            simulated: gathered.simulated,
            source: source.words(),
            train: gathered.train.iter().map(|case| case.date).collect(),
            test: gathered.test.iter().map(|case| case.date).collect(),
            notes: gathered.notes.clone(),
            methods,
        })
    }
}

/// What a training leaves.
struct Trained {
    weights: Weights,
    best_epoch: usize,
    range: InputRange,
}

fn train(
    cell: &Cell,
    place: &Place,
    progress: &dyn Fn(Progress),
) -> Result<(Trained, Resumable<TrainSample>), ExperimentError> {
    let Place { gathered, source, device, folder, kept_every, .. } = place;
    let settings = TrainSettings {
        inputs: cell.inputs,
        epochs: cell.epochs,
        learning_rate: cell.learning_rate,
        batch: cell.batch,
        seed: cell.seed,
        ..TrainSettings::default()
    };
    let mut first = Weights::init(cell.inputs, cell.seed);
    first.metadata.insert("region".into(), cell.images.region.clone());
    first.metadata.insert(TRAINED_ON.into(), format!("{}: {}", cell.images.region, source.words()));
    if let Some(last) = gathered.train.last() {
        first.metadata.insert(TRAINED_UNTIL.into(), last.date.to_string());
    }
    let planes = gathered.train.iter().map(|case| (case.coarse.as_slice(), case.residuals.as_slice()));
    // Without a known residual anywhere there would be no image: a full history is asked for.
    let range = InputRange::of(planes).unwrap_or(InputRange { coarse: (0.0, 1.0), residuals: (-1.0, 1.0) });
    first.metadata.extend(range.to_metadata());
    let samples: Vec<_> = gathered.train.iter().map(sample).collect();
    let path = folder.join(format!("{}.checkpoint", cell.key()));
    let mut training =
        Resumable::new(path, *kept_every, (&first, samples.clone(), Vec::new()), settings, device)?;
    if cell.gpu {
        training.trainer.read_every(UNREAD);
    }
    let images = gathered.train.len();
    let what = format!(
        "{}, {}, {images} images, seed {}{}",
        cell.images.region,
        cell.inputs.name(),
        cell.seed,
        training.words
    );
    progress(Progress::Begun(what, cell.epochs * training.trainer.steps_per_epoch()));
    while let Some(event) = training.step()? {
        if let TrainEvent::StepDone { .. } = event {
            progress(Progress::Step(training.trainer.steps()));
        }
    }
    progress(Progress::Done);
    let trainer = &training.trainer;
    let best_epoch = trainer.best_epoch().map_or(0, |(epoch, _)| epoch);
    let mut weights = block_on(trainer.kept())?;
    block_on(set_bias(&mut weights, &samples.iter().collect::<Vec<_>>(), device, async |_, _| {
        ControlFlow::Continue(())
    }))?;
    Ok((Trained { weights, best_epoch, range }, training))
}
