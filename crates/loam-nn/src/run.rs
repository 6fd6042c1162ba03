//! What the page's worker and `loam train` do alike around a training run: its images before, its metadata in the weights file, its result
//! after.

use std::ops::ControlFlow;

use burn::tensor::Device;
use loam_core::network::Network;
use loam_core::score::ScoreRow;
use loam_core::training::{DateRole, Start, TrainEnd, TrainPlan, TrainResult};
use loam_core::weights_report::WeightsReport;

use crate::evaluation::{Summary, summary};
use crate::{KeptImage, KeptRun, ModelError, NetworkModel, RunHead, RunImage, TrainError, Trainer, Weights};

/// Said where the weights to start from have seen some of the test dates. `simulated`: whether the run's dates are.
#[must_use]
pub fn overlap(base: &Weights, start: Start, plan: &TrainPlan, simulated: bool) -> Option<String> {
    let first = *plan.of(DateRole::Test).first().filter(|_| start == Start::Current)?;
    let until = base.seen_until(first, simulated)?;
    Some(format!(
        "The weights to start from were trained on dates up to {until}, and the test dates begin on {first}: the scores before training \
         flatter them. Choose a later first test date for an honest comparison."
    ))
}

/// Where a run from scratch starts, for the run table.
#[must_use]
pub fn from_scratch(network: Network, seed: u64) -> WeightsReport {
    WeightsReport { name: format!("from scratch, seed {seed}"), network, ..WeightsReport::default() }
}

/// A run under way: what its owner keeps of it.
pub struct Run<I: KeptImage = RunImage> {
    /// Trains.
    pub trainer: Trainer<I::Example>,
    /// Metadata of the run.
    pub head: RunHead,
    /// The weights it started from.
    pub base: Weights,
    /// All of its images.
    pub images: Vec<I>,
    /// Seconds of training so far, breaks left out; its owner has the clock.
    pub seconds: f64,
    /// Significant bits that the trained weights are rounded to before they are scored; whole float32 where none is given.
    pub significant_bits: Option<u32>,
}

/// A run, ended and scored.
pub struct Evaluated<N> {
    /// The best weights, with what the loss cannot see set ([`NetworkModel::set_offset`]).
    pub trained: Weights,
    /// The network with them.
    pub model: N,
    /// What was added to the offset, in the network's unit; none for a network whose loss sees it.
    pub offset: Option<f64>,
    /// The run's row.
    pub result: TrainResult,
}

impl<I: KeptImage> Run<I> {
    /// A run before its first step.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn new(head: RunHead, base: Weights, images: Vec<I>, device: &Device) -> Result<Self, TrainError> {
        let trainer = head.trainer(&base, &images, None, device)?;
        Ok(Self { trainer, head, base, images, seconds: 0.0, significant_bits: None })
    }

    /// A run as its last checkpoint left it.
    ///
    /// # Errors
    /// As [`Trainer::resumed`].
    pub fn resumed(kept: KeptRun<I>, device: &Device) -> Result<Self, TrainError> {
        let KeptRun { head, base, images, checkpoint } = kept;
        let seconds = checkpoint.as_ref().map_or(0.0, |checkpoint| checkpoint.seconds);
        let trainer = head.trainer(&base, &images, checkpoint, device)?;
        Ok(Self { trainer, head, base, images, seconds, significant_bits: None })
    }

    /// The best weights (those of now, where no epoch was finished), rounded where that is wanted.
    pub(crate) async fn kept(&self) -> Result<Weights, ModelError> {
        let mut trained = self.trainer.kept().await?;
        if let Some(bits) = self.significant_bits {
            trained.round(bits);
        }
        Ok(trained)
    }

    /// Images of a role.
    pub fn of(&self, role: DateRole) -> impl Iterator<Item = &I> {
        self.images.iter().filter(move |image| image.role() == role)
    }

    /// Rounds the best weights (those of now, where no epoch was finished) where that is wanted, and scores them on the test images
    /// beside the weights the run started from, the interpolated input and, where they are given, other weights `in_use` of the same
    /// network. `progress` hears what is done (number, of how many, what) and may stop the work.
    ///
    /// # Errors
    /// Those of a prediction.
    pub async fn evaluate(
        &self,
        end: TrainEnd,
        in_use: Option<&Weights>,
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Evaluated<I::Model>, ModelError> {
        let mut trained = self.kept().await?;
        let offset = I::Model::set_offset(&mut trained, &self.images, device, progress).await?;
        let (before, after) = (I::Model::load(&self.base, device)?, I::Model::load(&trained, device)?);
        let in_use = in_use.map(|weights| I::Model::load(weights, device)).transpose()?;
        let mut networks = vec![(ScoreRow::Estimate, &after), (ScoreRow::Before, &before)];
        networks.extend(in_use.as_ref().map(|network| (ScoreRow::InUse, network)));
        let tests: Vec<&I> = self.of(DateRole::Test).collect();
        let mut by_date = Vec::new();
        for (done, image) in tests.iter().enumerate() {
            let mut scoring = async |_: usize, _: usize, _: &str| {
                progress(done, tests.len(), "scoring the test dates").await
            };
            let scores = I::Model::score(&networks, device, image, &mut scoring).await?;
            // An image without a pixel to score has none.
            by_date.extend((!scores.is_empty()).then_some(scores));
        }
        let result = self.result(end, summary(&by_date, self.head.report.settings.network), &trained);
        Ok(Evaluated { trained, model: after, offset, result })
    }

    /// The run's row.
    fn result(&self, end: TrainEnd, summary: Summary, trained: &Weights) -> TrainResult {
        let Summary { scores, dates, over_bilinear, over_before, sentence } = summary;
        let (best_epoch, best_loss) = self.trainer.best_epoch().unwrap_or((0, f64::NAN));
        let count = |role| self.of(role).count();
        TrainResult {
            end,
            epochs: self.trainer.history().len(),
            best_epoch,
            best_loss,
            seconds: self.seconds,
            images: [
                count(DateRole::Train),
                count(DateRole::Validate),
                count(DateRole::Test),
                self.head.left_out,
            ],
            scores,
            dates,
            over_bilinear,
            over_before,
            sentence,
            hash: trained.hash(),
            choice: None,
        }
    }
}
