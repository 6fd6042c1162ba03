//! What is noted while the dates of a validation are predicted.

use std::collections::BTreeMap;

use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::method::Method;
use loam_core::weights_report::WeightsReport;

/// What a method is called that is chosen by its scores on the region's own newest dates.
pub const BEST: &str = "best method (auto)";

/// What made the maps, and what could not be made.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Of each method what made its maps: weights and their hashes.
    pub used: BTreeMap<String, Vec<String>>,
    /// What to cite for the maps.
    pub citations: Vec<String>,
    /// Sentences of what could not be made, each with its number of dates.
    pub failures: BTreeMap<String, usize>,
    /// The maps are simulated.
    pub simulated: bool,
}

impl Notes {
    /// A method's maps (its name in the comparison) are made with these weights.
    pub fn used(&mut self, name: &str, weights: &WeightsReport) {
        let made_by = made_by(weights);
        let all = self.used.entry(name.to_owned()).or_default();
        if !all.contains(&made_by) {
            all.push(made_by);
        }
    }

    /// A map was made.
    pub fn made(&mut self, estimate: &Estimate) {
        for citation in &estimate.citations {
            if !self.citations.contains(citation) {
                self.citations.push(citation.clone());
            }
        }
    }

    /// A method has no map of a date; why. Reasons that differ in the date alone are one.
    pub fn failed(&mut self, method: Method, why: &str, date: Date) {
        let why = why.replace(&date.to_string(), "the date");
        *self.failures.entry(format!("{}: {why}", method.name())).or_default() += 1;
    }
}

/// A method and its weights in one line.
fn made_by(weights: &WeightsReport) -> String {
    let name = weights.method().name();
    if weights.closed_form.is_some() {
        return name.to_owned();
    }
    format!("{name}, weights {} trained on {} (SHA-256 {})", weights.name, weights.trained_on, weights.hash)
}
