//! Files to open, and what is found in them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use ease_grid::{EaseWindow, Statistics};
use loam_core::file::{Correction, FileId, Usage};
use loam_core::iso_date;
use smap_files::{BackscatterScale, DateOrigin, Orbit, Product};

#[cfg(doc)]
use super::Request;

/// A file to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTicket {
    /// Its number.
    pub id: FileId,
    /// Its name (with folders, where dropped as a folder).
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Corrections made before (after a restart of the worker).
    pub correction: Correction,
    /// Its path in the archive that is attached; `None` where the attachment is the file itself.
    #[serde(default)]
    pub member: Option<String>,
}

/// Files that are no rows of the list, and what to open instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Their numbers.
    pub files: Vec<FileId>,
    /// Members of the archives among them, each to be opened as a file.
    pub members: Vec<FoundMember>,
    /// `7 companion files passed over: 5 .xml, 2 .tfw`, where there were any.
    pub said: Option<String>,
    /// It is a bundle of Loam, to be read by [`Request::Bundle`].
    pub bundle: bool,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMember {
    /// The archive.
    pub archive: FileId,
    /// Name shown: the archive's and the path.
    pub name: String,
    /// Its path in the archive.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
}

/// A row of the file list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileReport {
    /// Its number.
    pub id: FileId,
    /// Name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// What it is; `None` for a refused file.
    pub product: Option<Product>,
    /// What it is used as.
    pub usage: Option<Usage>,
    /// Its day.
    #[serde(with = "iso_date")]
    pub date: Option<Date>,
    /// Where the day came from.
    pub date_origin: Option<DateOrigin>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Grid, for people: `EASE-Grid 2.0 global 36 km, 964 x 406`.
    pub grid: Option<String>,
    /// The 3 km cells it covers; `None` where that is half of the globe or more, or not known.
    pub extent: Option<EaseWindow>,
    /// Variable used.
    pub variable: Option<String>,
    /// What that is and how it is known: "soil moisture, m3/m3, from AppEEARS' file name".
    pub evidence: String,
    /// Its statistics under the quality rule.
    pub statistics: Option<Statistics>,
    /// Backscatter scale, detected or corrected.
    pub scale: Option<BackscatterScale>,
    /// Made by the simulator.
    pub simulated: bool,
    /// Superseded by another file (its name), so not used.
    pub superseded_by: Option<String>,
    /// Arrays of a file of unknown product: (path, type and shape).
    pub arrays: Vec<(String, String)>,
    /// What the user should know.
    pub problems: Vec<String>,
    /// Why it was refused; the file stays listed.
    pub refused: Option<String>,
}

impl FileReport {
    /// A row of which nothing but name and size is known.
    #[must_use]
    pub fn blank(id: FileId, name: &str, bytes: u64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            bytes,
            product: None,
            usage: None,
            date: None,
            date_origin: None,
            orbit: None,
            grid: None,
            extent: None,
            variable: None,
            evidence: String::new(),
            statistics: None,
            scale: None,
            simulated: false,
            superseded_by: None,
            arrays: Vec::new(),
            problems: Vec::new(),
            refused: None,
        }
    }
}
