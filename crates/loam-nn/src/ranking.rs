//! Scores every method on the newest dates of a region ([`loam_core::ranking`]).

use std::collections::BTreeMap;

use burn::tensor::Device;
use jiff::civil::Date;
use loam_core::closed_form::ClosedForm;
use loam_core::estimate::Estimate;
use loam_core::method::Method;
use loam_core::output::Output;
use loam_core::ranking::{RankRow, Ranking};
use loam_core::score::Scores;

use crate::{AnyNetwork, AskedOfAny, Data, Hears, Listener, ModelError, Weights, WorkError};

/// The closed forms that are compared: those that see the date's own backscatter have more to go by than a network.
const COMPARED: [ClosedForm; 5] = [
    ClosedForm::Bilinear,
    ClosedForm::Bicubic,
    ClosedForm::Persistence,
    ClosedForm::HistoryMean,
    ClosedForm::Regression,
];

/// A network that takes part.
pub struct Contestant<'a> {
    /// On its device.
    pub model: &'a AnyNetwork,
    /// Its weights.
    pub weights: &'a Weights,
    /// Their name.
    pub name: &'a str,
}

/// Scores the closed forms and these networks.
///
/// # Errors
/// [`WorkError`] for faults that are not one method's, and a cancel.
pub async fn rank(
    data: Data<'_>,
    networks: &[Contestant<'_>],
    device: &Device,
    region: Option<&str>,
    listener: &mut dyn Listener,
) -> Result<Ranking, WorkError> {
    let Data { library, series, rule } = data;
    let found: Vec<Date> = series
        .covers()
        .iter()
        .filter(|(_, cover)| {
            cover.is_scorable() && cover.fine.is_some_and(|share| share > 0.0 && share >= rule.cover)
        })
        .map(|(date, _)| *date)
        .collect();
    let block = Ranking::block(&found).to_vec();
    let mut scores: BTreeMap<Method, (RankRow, Vec<f64>)> = BTreeMap::new();
    let mut left_out: BTreeMap<Method, String> = BTreeMap::new();
    let (mut pixels, mut simulated, mut dates) = (0, false, Vec::new());
    for (done, &date) in block.iter().enumerate() {
        let words = format!("comparing methods on {date}");
        if listener.hear(done, block.len(), &words).await.is_break() {
            return Err(ModelError::Cancelled.into());
        }
        let mut maps: Vec<(Method, Estimate)> = Vec::new();
        // Networks first: what they learn of the past serves the regression.
        for Contestant { model, weights, .. } in networks {
            let method = Method::Network(weights.network());
            if method.output() != Output::SoilMoisture || left_out.contains_key(&method) {
                continue;
            }
            let within = &mut Hears(async |_: usize, _: usize, _: &str| {
                listener.hear(done, block.len(), &words).await
            });
            let data = Data { library, series, rule };
            let asked = AskedOfAny { date, shift: false, weights, region, before: None, device, tile: None };
            match model.estimate(data, &asked, within).await {
                Ok(estimate) => maps.push((method, estimate)),
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => drop(left_out.insert(method, error.to_string())),
            }
        }
        for closed_form in COMPARED {
            let method = Method::ClosedForm(closed_form);
            if left_out.contains_key(&method) {
                continue;
            }
            match closed_form.estimate(library, series, date, rule) {
                Ok(estimate) => maps.push((method, estimate)),
                Err(error) => drop(left_out.insert(method, error.to_string())),
            }
        }
        let Some(reference) = maps.iter().find_map(|(_, made)| made.channels.first()?.reference.clone())
        else {
            continue;
        };
        let values =
            |made: &Estimate| made.channels.first().map(|c| c.estimate.values().to_vec()).unwrap_or_default();
        let mut valid: Vec<bool> = reference.values().iter().map(|v| v.is_finite()).collect();
        for (_, made) in &maps {
            let window = made.window;
            for (at, (valid, value)) in valid.iter_mut().zip(values(made)).enumerate() {
                let framed =
                    made.frame.hold(window.columns, window.rows, at % window.columns, at / window.columns);
                *valid &= value.is_finite() && !framed;
            }
        }
        let mut counted = false;
        for (method, made) in &maps {
            let found = Scores::of(&values(made), reference.values(), &valid)?;
            let Some(urmse) = found.urmse else { continue };
            (counted, simulated) = (true, simulated | made.simulated);
            pixels += if *method == Method::ClosedForm(ClosedForm::Bilinear) { found.pixels } else { 0 };
            let own = networks.iter().find(|one| Method::Network(one.weights.network()) == *method);
            let (row, by_date) = scores.entry(*method).or_insert_with(|| {
                let weights = own.map_or_else(String::new, |own| own.name.to_owned());
                (
                    RankRow { method: *method, weights, urmse: 0.0, over_bilinear: None, flattered: false },
                    Vec::new(),
                )
            });
            row.flattered |= own.is_some_and(|own| own.weights.seen_until(date, made.simulated).is_some());
            by_date.push(urmse);
        }
        dates.extend(counted.then_some(date));
    }
    // A method without a map on some date has no mean that could be compared.
    for (method, (_, by_date)) in &scores {
        if by_date.len() < dates.len() {
            left_out.entry(*method).or_insert_with(|| "it has no map of some of the dates".to_owned());
        }
    }
    let scores =
        scores.into_iter().filter(|(method, _)| !left_out.contains_key(method)).map(|(_, s)| s).collect();
    Ok(Ranking::of((dates, found.len(), pixels), scores, left_out.into_iter().collect(), simulated))
}
