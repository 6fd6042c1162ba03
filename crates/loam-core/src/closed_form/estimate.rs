//! The map of a date by a method in closed form, with its baselines and scores.

use jiff::civil::Date;

use super::{ClosedForm, ClosedFormError, Given, Needs};
use crate::estimate::{Channel, Estimate, HistoryDate, Layer};
use crate::file::FineOrigin;
use crate::layer::LayerKind;
use crate::method::Method;
use crate::output::Output;
use crate::score::{ScoreRow, compare};
use crate::stack::{HistoryRule, Library, Series};

impl ClosedForm {
    /// The map of a date with its baselines and scores.
    ///
    /// # Errors
    /// [`ClosedFormError`].
    pub fn estimate(
        self,
        library: &Library,
        series: &mut Series,
        date: Date,
        rule: HistoryRule,
    ) -> Result<Estimate, ClosedFormError> {
        let sample = series.sample(library, date, rule)?;
        let today = series.day(library, date)?;
        let mut given = Given { library, series, date, sample: &sample, today: &today };
        let estimate = self.raster(&mut given)?;
        let bilinear = given.bilinear().ok();
        let mut layers =
            vec![(LayerKind::Coarse, sample.coarse.clone()), (LayerKind::Estimate, estimate.clone())];
        let mut scores = Vec::new();
        if let Some(reference) = &sample.target {
            let mut rows = vec![(ScoreRow::Estimate, &estimate)];
            rows.extend(
                bilinear
                    .as_ref()
                    .filter(|_| self != Self::Bilinear)
                    .map(|raster| (ScoreRow::Bilinear, raster)),
            );
            rows.push((ScoreRow::AsIs, &sample.coarse));
            scores = compare(reference, self, 0, &rows)?;
            layers.push((LayerKind::Reference, reference.clone()));
            layers.push((LayerKind::Difference, estimate.minus(reference)?));
        }
        layers.extend(bilinear.map(|raster| (LayerKind::Bilinear, raster)));
        layers.extend(today.vv.clone().map(|raster| (LayerKind::BackscatterVv, raster)));
        layers.extend(today.vh.clone().map(|raster| (LayerKind::BackscatterVh, raster)));
        let about = self.about();
        let overpass_words = sample.overpass_words();
        let history = sample.history.iter().filter(|_| about.needs == Needs::History);
        let own = sample.reference == Some(FineOrigin::OwnMap);
        let seen = sample.coarse.valid_count() as f32 / sample.coarse.values().len().max(1) as f32;
        let mut warnings = Vec::new();
        if seen < 0.5 {
            warnings.push(format!(
                "SMAP saw only {:.0} % of the region on this date; the rest of the map is masked.",
                100.0 * seen
            ));
        }
        if own {
            warnings.push(
                "The reference is a map that Loam made, chosen by hand: the scores say nothing of the soil."
                    .to_owned(),
            );
        }
        Ok(Estimate {
            method: Method::ClosedForm(self),
            date,
            window: sample.region.window(),
            channels: vec![Channel {
                output: Output::SoilMoisture,
                estimate,
                coarse: Some(sample.coarse.clone()),
                reference: sample.target.clone(),
                scores,
            }],
            layers: layers.into_iter().map(|(kind, raster)| Layer { kind, channel: 0, raster }).collect(),
            history: history
                .map(|s| HistoryDate { date: s.date, known: s.known, origin: s.origin })
                .collect(),
            overpass: sample.overpass.clone(),
            overpass_words,
            frame: ease_grid::Edges::default(),
            reference: sample.reference,
            reference_name: if own { "a map that Loam made" } else { "the 3 km product" }.to_owned(),
            shifted: false,
            mass: None,
            sensitivity: None,
            out_of_range: 0,
            applicability: String::new(),
            files: sample.files.clone(),
            simulated: sample.simulated,
            citations: about.citations.iter().map(|c| (*c).to_owned()).collect(),
            warnings,
        })
    }
}
