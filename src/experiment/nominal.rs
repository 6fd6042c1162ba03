//! How wide RCN's interval is while too few of its errors are known: as its errors are at the places that it learnt at, on dates it did not learn from.

use burn::tensor::Device;
use loam_core::estimate::Interval;
use loam_core::regression::interval::{Calibration, NORMAL};
use loam_core::simulate::UNSEEN_PLACES;
use loam_nn::networks::rcn::prepared::{NOMINAL, ratios};
use loam_nn::rcn::seen;
use loam_nn::{Rcn, block_on};
use serde::Serialize;

use super::ExperimentError;
use super::paper::TEST_FROM;
use super::records::{Records, VALIDATE_FROM};

/// The fewest maps of each group of predictions whose errors are compared (`regression::interval`), which are the least sure ones of it.
const MAPS: [usize; NOMINAL.len()] = [1, 3, 10];

/// Errors on the validation dates of some places: one prediction a date for each number of maps that widths are sought for.
#[derive(Debug, Default)]
pub struct Validation {
    errors: Calibration,
    dates: usize,
    places: Vec<&'static str>,
}

/// What covers the level, and one date more, of a validation date's pixels, in sigmas.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NominalWidths {
    /// Dates.
    pub dates: usize,
    /// Keys of the places.
    pub places: Vec<&'static str>,
    /// (maps, sigmas).
    pub widths: Vec<(usize, f32)>,
}

impl Validation {
    /// Adds a place; one that no weights were trained at is none.
    ///
    /// # Errors
    /// Those of the network.
    pub fn add(&mut self, records: &Records, network: &Rcn) -> Result<(), ExperimentError> {
        let key = records.preset.key;
        if UNSEEN_PLACES.iter().any(|unseen| unseen.key == key) {
            return Ok(());
        }
        for date in &records.validation {
            let observed = records.observed.get(date.earlier);
            let Some(observed) = observed.filter(|observed| observed.mapped.date == date.case.date) else {
                continue;
            };
            for most in MAPS {
                let past = records.regression(date, Some(most));
                let size = (date.case.columns, date.case.rows);
                let (constants, wetness) = (network.constants(), date.wetness.clone());
                let seen = seen(constants, date.case.date, &date.smap, wetness, &past, size.0);
                let map = block_on(seen.map(network, &Device::flex(), size))?;
                self.errors.add(ratios(past.maps(), &date.smap, observed, &map));
            }
            self.dates += 1;
        }
        self.places.push(key);
        Ok(())
    }

    /// The widths; none where no date is known.
    #[must_use]
    pub fn widths(self) -> Option<NominalWidths> {
        let width = |maps| (maps, self.errors.width(Interval::LEVEL, maps, &NORMAL).sigmas);
        let widths = MAPS.map(width).to_vec();
        (self.dates > 0).then_some(NominalWidths { dates: self.dates, places: self.places, widths })
    }
}

impl NominalWidths {
    /// A section of the report.
    #[must_use]
    pub fn markdown(&self) -> String {
        let widths: Vec<String> = self
            .widths
            .iter()
            .map(|(maps, sigmas)| {
                format!("{sigmas:.3} sigma from {maps} map{}", if *maps == 1 { "" } else { "s" })
            })
            .collect();
        format!(
            "\n## RCN's nominal interval\n\nThe half-width that covers 90 % (d + 1) / d of the pixels, mean over the d = {} dates with a 3 km map from {VALIDATE_FROM} up to \
             {TEST_FROM} at {}, none of which the weights learnt from: {}. The program's are {}.\n",
            self.dates,
            self.places.join(", "),
            widths.join(", "),
            NOMINAL.map(|sigmas| sigmas.to_string()).join(", ")
        )
    }
}
