//! Results to files: GeoTIFF, CSV.
