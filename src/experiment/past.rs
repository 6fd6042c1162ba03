//! The methods that learn from every earlier map of a place, on a table's test dates: they have no training of their own, and each date sees
//! what is strictly earlier, other test dates among it.

use std::collections::BTreeMap;

use burn::tensor::Device;
use jiff::civil::Date;
use loam_core::stack::HistoryRule;
use loam_nn::{Rcn, Weights};

use super::images::Scenes;
use super::methods::{self, by_regression};
use super::records::Records;
use super::{ExperimentError, Images, Source};

/// Names in tables.
pub(super) const REGRESSION: &str = "pixel regression (every earlier map)";
/// The same.
pub(super) const RCN: &str = "RCN, shipped weights (every earlier map)";

/// Estimates by date.
pub(super) type ByDate = BTreeMap<Date, Vec<f32>>;

/// Their estimates of every date that can be tested.
///
/// # Errors
/// Those of reading and of the network.
pub(super) fn estimates(
    source: &Source,
    images: &Images,
    rcn: Option<&Weights>,
) -> Result<Vec<(&'static str, ByDate)>, ExperimentError> {
    let Scenes { preset, library, mut series, .. } = Scenes::of(source, images)?;
    let records = Records::of(&library, &mut series, preset, HistoryRule::default())?;
    let dates = || records.test.iter().map(|test| test.case.date);
    let regression =
        records.test.iter().map(|test| by_regression(&records.regression(test, None), test).estimate);
    let mut all = vec![(REGRESSION, dates().zip(regression).collect::<ByDate>())];
    if let Some(weights) = rcn {
        let network = Rcn::from_weights(weights, &Device::flex())?;
        let maps = methods::rcn(&records, &network)?.maps;
        all.push((RCN, dates().zip(maps.into_iter().map(|map| map.estimate)).collect()));
    }
    Ok(all)
}
