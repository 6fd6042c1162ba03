//! Colour maps, scales, graticule and coastline: what a canvas needs to draw an equal-area grid.
