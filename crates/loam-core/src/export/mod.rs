//! Maps as files for other programs: GeoTIFF and CSV, each carrying where it came from.

pub mod csv;
pub mod geotiff;
pub mod png_text;
pub mod provenance;

pub use provenance::{MapKind, Provenance, Score};

/// Why a map could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The encoder refused.
    #[error("the GeoTIFF could not be written ({0}): choose a smaller region")]
    Tiff(String),
    /// A map in a system without an EPSG code.
    #[error("a map in {0} cannot be written as GeoTIFF: it has no EPSG code")]
    NoCode(String),
    /// Columns of a table, or bands of a file, that do not belong together.
    #[error("the maps to be written lie on different grids")]
    DifferentGrids,
}
