//! A training run of the TB CNN: the place it is trained for, its images before, its facts in the weights file, its result after. As
//! `run.rs` does it for SMEN, for the page's worker and `loam train` alike.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::tensor::Device;

use super::steps::{
    AS_IS, BILINEAR, FEWEST_DATES, HALO_KEY, TB_CNN, TbError, TbGathered, channel_name, estimate, halo, scores, split, too_few,
};
use crate::TbImage;
use crate::evaluation::{Named, verdict_of};
use crate::run::{Judge, Judged, Run};
use crate::tb_cnn::TbCnn;
use crate::{ModelError, TRAINED_ON, TRAINED_UNTIL, Weights};
use ease_grid::GridError;
use loam_core::network::TbCase;
use loam_core::stack::{Library, Preset, Region, dates_with};
use loam_core::training::{DateRole, PlannedDate, Start, TrainEnd, TrainPlan, TrainSettings};

/// Name of the network before training in score tables.
pub const BEFORE: &str = "TB CNN before training";
/// Name of the network that was in use before a run from scratch, in score tables.
pub const IN_USE: &str = "TB CNN in use before the run";

/// The place that the network is trained for: of a preset the poster's, about 100 x 100 km in its middle; a region of one's own is taken
/// as it is.
///
/// # Errors
/// As [`Region::place`].
pub fn place(region: Region, preset: Option<Preset>) -> Result<Region, GridError> {
    preset.map_or(Ok(region), Region::place)
}

/// Which dates would train, validate and test, from what the files say of themselves; their pixels may leave some of them out
/// ([`super::steps::gather`]).
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

impl TbGathered {
    /// What each date is used for.
    #[must_use]
    pub fn plan(&self) -> TrainPlan {
        let dates = self.images.iter().map(|image| PlannedDate { date: image.date, role: image.role }).collect();
        TrainPlan { dates, unusable: self.unusable.clone() }
    }
}

/// What the weights of a run say of themselves: `region` (`key`), what they were trained on until when. `place`
/// is the region in the user's words.
#[must_use]
pub fn facts(key: &str, place: &str, base: &Weights, settings: &TrainSettings, gathered: &TbGathered) -> BTreeMap<String, String> {
    let dates = gathered.plan().of(DateRole::Train);
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return BTreeMap::new() };
    let what = if gathered.simulated { "SIMULATED scenes" } else { "files" };
    let targets = gathered.targets.iter().cloned().collect::<Vec<_>>().join(", ");
    let before = match settings.start {
        Start::Current => base.metadata.get(TRAINED_ON).map(|text| format!("; before: {text}")).unwrap_or_default(),
        Start::Scratch => String::new(),
    };
    let mut facts = BTreeMap::from([
        ("region".to_owned(), key.to_owned()),
        (TRAINED_ON.to_owned(), format!("{what} of {place}, target {targets}, {first} to {last}{before}")),
        (TRAINED_UNTIL.to_owned(), last.to_string()),
    ]);
    let halo = halo(base);
    facts.extend((halo > 0).then(|| (HALO_KEY.to_owned(), halo.to_string())));
    facts
}

/// Names of the score table's rows, channel by channel.
fn names(case: TbCase) -> Vec<Named> {
    let of = |channel| {
        let named = |name: &str| format!("{name}{}", channel_name(case, channel));
        Named { after: named(TB_CNN), before: named(BEFORE), in_use: named(IN_USE), bilinear: named(BILINEAR) }
    };
    (0..case.outputs()).map(of).collect()
}

impl Judge for Run<TbImage> {
    type Network = TbCnn;

    async fn judge(
        &self,
        end: TrainEnd,
        in_use: Option<&Weights>,
        device: &Device,
        progress: &mut impl AsyncFnMut(usize, usize, &str) -> ControlFlow<()>,
    ) -> Result<Judged<TbCnn>, ModelError> {
        let trained = self.kept().await?;
        let ((before, _), (after, case)) = (TbCnn::from_weights(&self.base, device)?, TbCnn::from_weights(&trained, device)?);
        let in_use = in_use.map(|weights| TbCnn::from_weights(weights, device)).transpose()?;
        let tests: Vec<&TbImage> = self.of(DateRole::Test).collect();
        let mut by_date = Vec::new();
        for (done, image) in tests.iter().enumerate() {
            if progress(done, tests.len(), "scoring the test dates").await.is_break() {
                return Err(ModelError::Cancelled);
            }
            let (a, b) = (estimate(&after, device, image).await?, estimate(&before, device, image).await?);
            let c = match &in_use {
                Some((network, _)) => Some(estimate(network, device, image).await?),
                None => None,
            };
            let mut estimates: Vec<(&str, &[f32])> = vec![(TB_CNN, &a), (BEFORE, &b)];
            estimates.extend(c.as_deref().map(|c| (IN_USE, c)));
            estimates.extend([(BILINEAR, image.bilinear.as_slice()), (AS_IS, image.input.as_slice())]);
            // An image without a pixel to score was not made.
            by_date.extend(scores(case, image, &estimates).ok());
        }
        let result = self.result(end, verdict_of(&by_date, case.unit(), &names(case)), &trained);
        Ok(Judged { trained, model: after, offset: None, result })
    }
}
