#![doc = include_str!("../README.md")]

pub mod archive;
mod arrays;
mod auxiliary;
mod backscatter;
mod cache;
pub mod catalogue;
pub mod companion;
mod error;
pub mod geotiff;
mod granule;
mod layer_use;
pub mod names;
pub mod own;
mod sample;
pub mod sentinel1;
mod smap;
pub mod sniff;
mod source;
mod summary;
mod values;
mod wkt;
mod zip_members;

pub use error::ReadError;
pub use granule::{
    BackscatterScale, DateOrigin, Given, Granule, Orbit, Overpass, Problem, Product, QualityRule,
    ReadOptions, Role, Variable,
};
pub use layer_use::LayerUse;
pub use sample::Sampling;
#[cfg(not(target_arch = "wasm32"))]
pub use source::PathSource;
pub use source::{BytesSource, SharedSource, Source, auxiliary_counts, with_beside};

use ease_grid::{EaseWindow, Raster, Statistics};

/// Recognises a file and lists what it holds. Reads no pixels.
///
/// # Errors
/// [`ReadError`], a sentence or two for the person who dropped the file.
pub fn open(source: SharedSource) -> Result<Granule, ReadError> {
    let source = cache::CachedSource::around(source);
    if let Some(granule) = geotiff::auxiliary(&source) {
        return Ok(granule);
    }
    match sniff::sniff(source.as_ref())? {
        sniff::Format::Hdf5 => arrays::scan::scan(source),
        sniff::Format::Tiff => geotiff::scan(source),
    }
}

impl Granule {
    /// Soil moisture of another product than SMAP's, or of one that the file does not name.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        match self.origin {
            Some(origin) => catalogue::whose(origin) == Some(catalogue::Whose::Others),
            None => self.product == Product::OtherSoilMoisture,
        }
    }

    /// Pixels of a variable on its own grid, each with the reason where it has none.
    ///
    /// `window` crops variables of the global EASE-Grid (it must have the variable's resolution): the raster is the window asked
    /// for, and cells outside the file are `OutsideFile`. Variables on other HDF5 grids (polar, degrees) are read whole. Values are
    /// as stored: soil moisture in m3/m3, SPL2SMAP_S backscatter in linear power. Of a third axis the first layer is read.
    ///
    /// # Errors
    /// [`ReadError::NoSuchVariable`]; [`ReadError::Unsuitable`] for an array that is no map; [`ReadError::Grid`] for a window of
    /// another resolution; [`ReadError::TooLarge`]; [`ReadError::Dataset`] for damaged or undecodable data.
    pub fn read(
        &self,
        variable: usize,
        options: &ReadOptions,
        window: Option<&EaseWindow>,
    ) -> Result<Raster, ReadError> {
        match self.format {
            sniff::Format::Hdf5 => arrays::pixels::read(self, variable, options, window),
            sniff::Format::Tiff => geotiff::read(self, variable, options, window),
        }
    }

    /// Count, extremes and mean of an array of any shape. Soil moisture is screened by the quality rule ([`QualityRule::All`]: by fill
    /// and valid range alone); everything else by its declared fill, -9999 and SMAP's integer fill values.
    ///
    /// # Errors
    /// As [`Granule::read`]; arrays need no place on a map here, but must hold numbers.
    pub fn variable_statistics(
        &self,
        variable: usize,
        options: &ReadOptions,
    ) -> Result<Statistics, ReadError> {
        match self.format {
            sniff::Format::Hdf5 => arrays::pixels::statistics(self, variable, options),
            sniff::Format::Tiff => geotiff::statistics(self, variable, options),
        }
    }
}

/// A whole file in memory: for small ones (weights), never for granules.
///
/// # Errors
/// Those of [`Source::read_at`].
pub fn read_all(source: &dyn Source) -> std::io::Result<Vec<u8>> {
    let length = usize::try_from(source.len()).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; length];
    source.read_at(0, &mut bytes)?;
    Ok(bytes)
}
