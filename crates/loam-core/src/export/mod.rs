//! Maps as files for other programs, each carrying where it came from: GeoTIFF (cloud-optimised), NetCDF, CSV, KMZ, figures, and a STAC item
//! that describes a GeoTIFF. A bundle holds a map with all it takes to make it again.

pub mod bundle;
mod cog;
pub mod csv;
pub mod figure;
pub mod flags;
pub mod geotiff;
pub mod kmz;
#[cfg(feature = "netcdf")]
pub mod netcdf;
mod picture;
mod png;
pub mod png_text;
pub mod provenance;
pub mod resampled;
pub mod stac;
mod svg;
mod zip;

pub use provenance::{MapKind, Provenance, Score};

/// Why a map could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The encoder refused.
    #[error("the GeoTIFF could not be written ({0}): choose a smaller region")]
    Tiff(String),
    /// The encoder refused.
    #[error("the NetCDF file could not be written ({0}): choose a smaller region or period")]
    NetCdf(String),
    /// The encoder refused.
    #[error("the KMZ file could not be written ({0}): choose a smaller region")]
    Kmz(String),
    /// It does not fit its format.
    #[error("the bundle could not be written ({0})")]
    Bundle(String),
    /// A map in a system without an EPSG code.
    #[error("a map in {0} cannot be written as GeoTIFF: it has no EPSG code")]
    NoCode(String),
    /// A system that maps are not resampled to.
    #[error(
        "\"{0}\" is no coordinate system that maps are resampled to: name 4326, utm, or a UTM zone on WGS84 such as 32614"
    )]
    UnknownSystem(String),
    /// The region does not fit the system.
    #[error("the map cannot be resampled ({0}): choose another coordinate system")]
    Grid(#[from] ease_grid::GridError),
    /// Columns of a table, or bands of a file, that do not belong together.
    #[error("the maps to be written lie on different grids")]
    DifferentGrids,
}
