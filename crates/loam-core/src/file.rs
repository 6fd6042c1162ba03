//! What a session knows of a file besides its content: its number, what it is used as, what the user says of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smap_files::{BackscatterScale, LayerUse, Orbit};

use crate::iso_date;

/// Number of a file in this session, given by the page when the file is opened. Survives a worker's restart.
pub type FileId = u32;
/// Id of the demo's one entry in the file list; the page counts the user's files from 1.
pub const DEMO_FILE: FileId = 0;

/// What the user says about a file against what was detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Correction {
    /// Its day.
    #[serde(with = "iso_date")]
    pub date: Option<Date>,
    /// Use it as 36 km input or 3 km map, when it cannot be told.
    pub usage: Option<Usage>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Backscatter scale.
    pub scale: Option<BackscatterScale>,
    /// What single layers of it are, and in which unit.
    #[serde(default)]
    pub layers: Vec<LayerUse>,
}

/// What a file is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// 36 or 9 km soil moisture: the network's input.
    Coarse,
    /// 3 km (or 1 km) soil moisture: history and reference.
    Fine,
    /// Backscatter.
    Backscatter,
    /// Land surface temperature: input of the TB CNN.
    Temperature,
    /// Listed, not used.
    Ignored,
}

/// Where a 3 km map comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FineOrigin {
    /// A 3 km product (SPL2SMAP_S).
    Product,
    /// Computed here from SMAP and backscatter (formats.md 2.7, change form).
    Disaggregated,
    /// An estimate that Loam made, which the user chose as 3 km map by hand.
    OwnMap,
    /// NISAR's soil moisture, averaged from 200 m; provisional.
    Nisar,
}

impl FineOrigin {
    /// A satellite's own map, not one made here.
    #[must_use]
    pub fn is_product(self) -> bool {
        matches!(self, Self::Product | Self::Nisar)
    }
}
