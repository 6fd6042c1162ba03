//! Colour maps, scales, graticule, coastlines, rivers and towns: what a canvas needs to draw an equal-area grid, and in which strokes.
//!
//! Everything here is plain numbers and bytes and is tested natively; the canvas itself is in `ui`.

pub mod basemap;
pub mod coastline;
pub mod colormap;
pub mod font;
pub mod graticule;
pub mod histogram;
pub mod labels;
pub mod lines;
pub mod paint;
pub mod pen;
pub mod places;
pub mod scale;
pub mod sketch;

pub use basemap::Basemap;
pub use coastline::Coastline;
pub use colormap::{COLOUR_MAPS, ColourMap, MapUse};
pub use graticule::{Graticule, GraticuleLine, graticule};
pub use lines::LineKind;
pub use paint::{is_hatched, paint};
pub use places::Places;
pub use scale::{ClipCounts, Scale, ScaleError};
