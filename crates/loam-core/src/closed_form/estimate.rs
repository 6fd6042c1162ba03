//! The map of a date by a method in closed form, with its baselines and scores.

use jiff::civil::Date;

use super::{ClosedForm, ClosedFormError, Given, Made, Needs};
use crate::estimate::{Channel, Estimate, Interval, Layer};
use crate::file::FineOrigin;
use crate::layer::LayerKind;
use crate::method::Method;
use crate::output::Output;
use crate::score::{MassReport, ScoreRow, compare};
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
        let (about, output) = (self.about(), Output::SoilMoisture);
        let uses_history = about.needs == Needs::History;
        if uses_history && sample.lacks_history() {
            return Err(ClosedFormError::NoHistory { date, percent: 100.0 * rule.cover });
        }
        let today = series.day(library, date)?;
        let mut given = Given { library, series, date, rule, sample: &sample, today: &today };
        let Made { raster: estimate, mut files, simulated, sensitivity, history, interval } =
            self.map(&mut given)?;
        files.sort();
        files.dedup();
        let bilinear = given.bilinear().ok();
        let mut layers =
            vec![(LayerKind::Coarse, sample.coarse.clone()), (LayerKind::Estimate, estimate.clone())];
        let interval = interval.map(|(half_width, width)| Interval { half_width, width });
        layers.extend(interval.as_ref().map(|interval| (LayerKind::HalfWidth, interval.half_width.clone())));
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
        let mut warnings = if uses_history { sample.warnings_of_history() } else { Vec::new() };
        if let Some(history) = history.as_ref().filter(|_| about.needs == Needs::Past) {
            warnings.extend(few_maps(history.len()));
        }
        warnings.extend(interval.as_ref().and_then(Interval::warning));
        warnings.extend(sample.warnings_of_today());
        warnings.extend(output.out_of_range_warning(&estimate));
        let mass = MassReport::of(&estimate, &sample.coarse)?;
        let own = sample.reference == Some(FineOrigin::OwnMap);
        let overpass_words = sample.overpass_words();
        Ok(Estimate {
            method: Method::ClosedForm(self),
            date,
            window: sample.region.window(),
            channels: vec![Channel {
                output,
                estimate,
                coarse: Some(sample.coarse),
                reference: sample.target,
                reference_uncertainty: None,
                scores,
                interval,
            }],
            layers: layers.into_iter().map(|(kind, raster)| Layer { kind, channel: 0, raster }).collect(),
            history: history
                .unwrap_or_else(|| if uses_history { sample.history.to_vec() } else { Vec::new() }),
            overpass: sample.overpass,
            overpass_words,
            frame: ease_grid::Edges::default(),
            reference: sample.reference,
            reference_name: if own { "a map that Loam made" } else { "the 3 km product" }.to_owned(),
            shifted: false,
            mass,
            sensitivity,
            applicability: String::new(),
            files,
            simulated,
            citations: about.citations.iter().map(|c| (*c).to_owned()).collect(),
            warnings,
        })
    }
}

/// What is said where a method that lives from the past has little of it.
fn few_maps(maps: usize) -> Option<String> {
    match maps {
        0 => Some("No earlier date has both SMAP and a 3 km map: this is bilinear SMAP. Open earlier 3 km maps for a pattern.".to_owned()),
        1..=3 => Some(format!(
            "Made from {maps} earlier 3 km {}: more of them make it better.",
            if maps == 1 { "map" } else { "maps" }
        )),
        _ => None,
    }
}
