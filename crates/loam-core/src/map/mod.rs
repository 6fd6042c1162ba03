//! Colour maps, scales, graticule and coastline: what a canvas needs to draw an equal-area grid.
//!
//! Everything here is plain numbers and bytes and is tested natively; the canvas itself is in `ui`.

pub mod coastline;
pub mod colormap;
pub mod font;
pub mod graticule;
pub mod histogram;
pub mod paint;
pub mod scale;

pub use coastline::{Coastline, LineKind};
pub use colormap::{COLOUR_MAPS, ColourMap, MapUse};
pub use graticule::{Graticule, GraticuleLine, graticule};
pub use paint::{is_hatched, paint};
pub use scale::{ClipCounts, Scale, ScaleError};
