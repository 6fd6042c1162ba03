//! The network over a raster of any size, in tiles with a halo, so that memory stays bounded and a cancel is heard.
//!
//! Each output pixel sees [`HALO`] pixels to each side (`model.md`: three blocks of f and h). A tile is computed with that much of its
//! surroundings and the halo is thrown away; at the raster's own border the window ends where the raster ends, so the network pads
//! zeros there exactly as it does on the whole raster.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};

use super::smen::read_back;
use super::{HISTORY, ModelError, SMALLEST_SIDE, Smen};

/// Receptive field of SMEN to each side, in pixels.
pub const HALO: usize = 4;

/// What the network needs of a region, row-major from the north-west corner, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    /// Columns, west to east.
    pub columns: usize,
    /// Rows, north to south.
    pub rows: usize,
    /// I(t): today's 36 km soil moisture on the 3 km grid, `rows * columns`.
    pub i: Vec<f32>,
    /// D(t): residuals of the 4 history dates, oldest first, `4 * rows * columns`; 0 where unknown.
    pub d: Vec<f32>,
}

impl Planes {
    /// Holds sizes and values against what the network needs.
    ///
    /// # Errors
    /// [`ModelError::TooSmall`], [`ModelError::PlaneLength`], [`ModelError::NonFiniteInput`].
    pub fn check(&self) -> Result<(), ModelError> {
        let (columns, rows) = (self.columns, self.rows);
        if columns < SMALLEST_SIDE || rows < SMALLEST_SIDE {
            return Err(ModelError::TooSmall { columns, rows });
        }
        let cells = columns * rows;
        for (plane, values, expected) in [("I(t)", &self.i, cells), ("D(t)", &self.d, HISTORY * cells)] {
            if values.len() != expected {
                return Err(ModelError::PlaneLength { plane, expected, found: values.len() });
            }
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                let cell = at % cells;
                return Err(ModelError::NonFiniteInput { plane, column: cell % columns, row: cell / columns, value: values[at] });
            }
        }
        Ok(())
    }

    /// A window as the network's tensors, `[1, 1, 1, h, w]` and `[1, 1, 4, h, w]`.
    fn window(&self, across: &Span, down: &Span, device: &Device) -> (Tensor<5>, Tensor<5>) {
        let cut = |plane: &[f32], into: &mut Vec<f32>| {
            for row in down.from..down.to {
                into.extend_from_slice(&plane[row * self.columns + across.from..row * self.columns + across.to]);
            }
        };
        let (h, w) = (down.to - down.from, across.to - across.from);
        let mut i = Vec::with_capacity(h * w);
        cut(&self.i, &mut i);
        let mut d = Vec::with_capacity(HISTORY * h * w);
        for plane in self.d.chunks_exact(self.columns * self.rows) {
            cut(plane, &mut d);
        }
        let place = |values, depth| Tensor::from_data(TensorData::new(values, [1, 1, depth, h, w]), device);
        (place(i, 1), place(d, HISTORY))
    }
}

/// A tile along one axis: it answers for `start..end` and looks at `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    pub from: usize,
    pub to: usize,
}

/// Cuts an axis into tiles of at most `tile` pixels, each with its halo.
pub(super) fn spans(length: usize, tile: usize, halo: usize) -> Vec<Span> {
    (0..length)
        .step_by(tile.max(1))
        .map(|start| {
            let end = (start + tile.max(1)).min(length);
            Span { start, end, from: start.saturating_sub(halo), to: (end + halo).min(length) }
        })
        .collect()
}

/// The estimate for every cell of the planes, m3/m3, row-major.
///
/// `tile` is the edge of a tile in pixels (halo not counted); memory grows with its square, about 2 kB a pixel, and not with the raster.
/// After each tile `progress` is awaited with (tiles done, tiles in all): it may hand the thread back for a moment, and
/// [`ControlFlow::Break`] stops the work.
///
/// # Errors
/// Those of [`Planes::check`]; [`ModelError::NonFiniteOutput`] where the network answered NaN or infinity; [`ModelError::Cancelled`];
/// [`ModelError::Readback`].
pub async fn predict(
    smen: &Smen,
    device: &Device,
    input: &Planes,
    tile: usize,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<f32>, ModelError> {
    input.check()?;
    let (across, down) = (spans(input.columns, tile, HALO), spans(input.rows, tile, HALO));
    let total = across.len() * down.len();
    let mut output = vec![0.0; input.columns * input.rows];
    let mut done = 0;
    for vertical in &down {
        for horizontal in &across {
            let (i, d) = input.window(horizontal, vertical, device);
            let values = read_back(smen.forward(i, d)).await?;
            let count = values.iter().filter(|value| !value.is_finite()).count();
            if count > 0 {
                return Err(ModelError::NonFiniteOutput { count, device: format!("{device:?}") });
            }
            let width = horizontal.to - horizontal.from;
            for row in vertical.start..vertical.end {
                let source = (row - vertical.from) * width + (horizontal.start - horizontal.from);
                let target = row * input.columns + horizontal.start;
                let length = horizontal.end - horizontal.start;
                output[target..target + length].copy_from_slice(&values[source..source + length]);
            }
            done += 1;
            if progress(done, total).await.is_break() {
                return Err(ModelError::Cancelled);
            }
        }
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_answer_for_every_pixel_once() {
        for (length, tile) in [(9, 9), (100, 100), (100, 33), (101, 1), (57, 64)] {
            let spans = spans(length, tile, HALO);
            assert_eq!(spans.iter().map(|span| span.end - span.start).sum::<usize>(), length);
            for span in &spans {
                assert!(span.from == 0 || span.start - span.from == HALO);
                assert!(span.to == length || span.to - span.end == HALO);
            }
        }
    }

    #[test]
    fn a_hole_in_the_input_is_named() {
        let mut planes = Planes { columns: 10, rows: 9, i: vec![0.2; 90], d: vec![0.0; 360] };
        assert_eq!(planes.check(), Ok(()));
        planes.d[90 + 23] = f32::INFINITY;
        assert_eq!(planes.check(), Err(ModelError::NonFiniteInput { plane: "D(t)", column: 3, row: 2, value: f32::INFINITY }));
        planes.d.pop();
        assert_eq!(planes.check(), Err(ModelError::PlaneLength { plane: "D(t)", expected: 360, found: 359 }));
        planes.rows = 8;
        assert_eq!(planes.check(), Err(ModelError::TooSmall { columns: 10, rows: 8 }));
    }
}
