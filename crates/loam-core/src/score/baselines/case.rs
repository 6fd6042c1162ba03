//! One date with everything a baseline may look at, as plain planes: every baseline is given the same dates, pixels and history as SMEN.

use jiff::civil::Date;

use ease_grid::Edges;

/// History dates: k of model.md.
pub const HISTORY: usize = 4;

/// What SMEN is given of a date: the region with its margin, row-major, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseInput {
    /// Columns, west to east.
    pub columns: usize,
    /// Rows, north to south.
    pub rows: usize,
    /// Cells around the region.
    pub margin: Edges,
    /// I(t), gaps filled with the nearest valid cell.
    pub coarse: Vec<f32>,
    /// D(t), [`HISTORY`] planes, oldest first; 0 where unknown.
    pub residuals: Vec<f32>,
}

impl CaseInput {
    /// The region's part of a plane over the input.
    #[must_use]
    pub fn in_region(&self, plane: &[f32]) -> Vec<f32> {
        self.margin.cut(plane, self.columns)
    }

    /// A plane of the region laid into the input's, with `outside` in the margin.
    #[must_use]
    pub fn laid(&self, plane: &[f32], outside: f32) -> Vec<f32> {
        self.margin.laid(plane, self.columns - self.margin.west - self.margin.east, outside)
    }
}

/// A date of a region. Planes are row-major from the north-west corner, `columns * rows` values, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The date t.
    pub date: Date,
    /// Columns, west to east.
    pub columns: usize,
    /// Rows, north to south.
    pub rows: usize,
    /// The network's input, with its margin.
    pub input: CaseInput,
    /// SMAP as is: each cell holds the value of the 36 km cell it lies in, gaps filled with the nearest valid one. I(t).
    pub coarse: Vec<f32>,
    /// SMAP interpolated bilinearly; NaN where SMAP saw nothing.
    pub bilinear: Vec<f32>,
    /// SMAP interpolated bicubically; NaN where SMAP saw nothing.
    pub bicubic: Vec<f32>,
    /// Residuals D = J - Z of the history dates, [`HISTORY`] planes, oldest first; 0 where unknown.
    pub residuals: Vec<f32>,
    /// SMAP of the history dates, Z, [`HISTORY`] planes, oldest first; NaN where it saw nothing.
    pub past: Vec<f32>,
    /// The 3 km map to be estimated, J(t); anything where `scored` is false.
    pub target: Vec<f32>,
    /// Pixels that count: the 3 km map, SMAP and both interpolations exist, and the network sees no edge of the data from there.
    pub scored: Vec<bool>,
    /// The SMAP/Sentinel-1 disaggregation of the date, NaN where it has no value; none without backscatter.
    pub disaggregated: Option<Vec<f32>>,
}

impl Case {
    /// Pixels of a plane.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// True for a case without pixels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pixels that count.
    #[must_use]
    pub fn scored_pixels(&self) -> usize {
        self.scored.iter().filter(|s| **s).count()
    }

    /// Residual of a pixel on the n-th history date (0 is the oldest); `None` where it is not known. A known residual of exactly 0 counts
    /// as unknown: the network cannot tell them apart either.
    #[must_use]
    pub fn residual(&self, n: usize, pixel: usize) -> Option<f32> {
        self.residuals.get(n * self.len() + pixel).copied().filter(|r| *r != 0.0)
    }

    /// Indices of the pixels that count.
    pub fn pixels(&self) -> impl Iterator<Item = usize> + '_ {
        self.scored.iter().enumerate().filter(|(_, scored)| **scored).map(|(pixel, _)| pixel)
    }
}
