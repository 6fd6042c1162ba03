//! A bundle that is opened again.

use jiff::civil::Date;
use loam_core::iso_date;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use serde::{Deserialize, Serialize};

use super::packed::Packed;

/// What is wanted of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleRequest {
    /// Read it (attachment 0: its file). Answer: [`BundleEvent::Opened`].
    Open {
        /// Its method and weights answer from now on. Answer then: [`super::Event::Weights`] too.
        in_use: bool,
    },
    /// Compare it with the map last shown. Answer: [`super::Event::Progress`], [`BundleEvent::Compared`].
    Compare,
    /// Forget it: what it says of files holds no longer for those that are opened.
    Close,
}

/// What is found in a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BundleEvent {
    /// It was read.
    Opened(Packed<BundleReport>),
    /// It was compared.
    Compared(BundleComparison),
}

/// What a bundle's map was made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BundleReport {
    /// `SMEN, 2018-06-10, from SIMULATED scenes`.
    pub title: String,
    /// When, by which Loam and on what it was made.
    pub made: String,
    /// Dates of its maps: one, or those of a season in order.
    #[serde(with = "iso_date")]
    pub dates: Vec<Date>,
    /// Region and rules.
    pub settings: RegionSettings,
    /// Network or method in closed form.
    pub method: Method,
    /// Key of the demo whose scenes it was made from.
    pub demo: Option<String>,
    /// Its input files, which are not in it: names, with folders or archive as they were opened.
    pub inputs: Vec<String>,
}

/// How a map and that of the bundle differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleComparison {
    /// Reproduced, to the bit or within the bundle's tolerance.
    pub reproduced: bool,
    /// In a sentence.
    pub verdict: String,
    /// Map by map, and input files that are missing, changed or besides.
    pub details: Vec<String>,
}
