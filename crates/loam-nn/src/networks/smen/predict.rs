//! The network over a raster of any size, in tiles with a halo, so that memory stays bounded and a cancel is heard.
//!
//! Each output pixel sees [`HALO`] pixels to each side (`model.md`: three blocks of f and h). A tile is computed with that much of its
//! surroundings and the halo is thrown away; at the raster's own border the window ends where the raster ends, so the network pads
//! zeros there exactly as it does on the whole raster.

use std::ops::ControlFlow;

use burn::tensor::Device;

use super::stream::{PLANES, Sink, Source, stream};
use crate::{HISTORY, ModelError, SMALLEST_SIDE, Smen};

/// What the network needs of a region, row-major from the north-west corner, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    /// Columns, west to east.
    pub columns: usize,
    /// Rows, north to south.
    pub rows: usize,
    /// I(t): today's 36 km soil moisture on the 3 km grid, `rows * columns`.
    pub coarse_input: Vec<f32>,
    /// D(t): residuals of the 4 history dates, oldest first, `4 * rows * columns`; 0 where unknown.
    pub residuals: Vec<f32>,
}

impl Planes {
    /// Checks sizes and values against what the network needs.
    ///
    /// # Errors
    /// [`ModelError::TooSmall`], [`ModelError::PlaneLength`], [`ModelError::NonFiniteInput`].
    pub fn check(&self) -> Result<(), ModelError> {
        let (columns, rows) = (self.columns, self.rows);
        if columns < SMALLEST_SIDE || rows < SMALLEST_SIDE {
            return Err(ModelError::TooSmall { columns, rows });
        }
        let cells = columns * rows;
        for (plane, values, expected) in
            [("I(t)", &self.coarse_input, cells), ("D(t)", &self.residuals, HISTORY * cells)]
        {
            if values.len() != expected {
                return Err(ModelError::PlaneLength { plane, expected, found: values.len() });
            }
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                let cell = at % cells;
                return Err(ModelError::NonFiniteInput {
                    plane,
                    column: cell % columns,
                    row: cell / columns,
                    value: values[at],
                });
            }
        }
        Ok(())
    }
}

/// Planes in memory, read from the north on.
struct InMemory<'a> {
    planes: &'a Planes,
    next: usize,
}

impl Source for InMemory<'_> {
    fn extent(&self) -> (usize, usize) {
        (self.planes.columns, self.planes.rows)
    }

    fn next_rows(&mut self, count: usize, planes: &mut [Vec<f32>; PLANES]) -> Result<(), ModelError> {
        let Planes { columns, rows, coarse_input: i, residuals: d } = self.planes;
        let cells = self.next * columns..(self.next + count) * columns;
        for (plane, all) in
            planes.iter_mut().zip(std::iter::once(i.as_slice()).chain(d.chunks_exact(columns * rows)))
        {
            plane.extend_from_slice(&all[cells.clone()]);
        }
        self.next += count;
        Ok(())
    }
}

impl Sink for Vec<f32> {
    fn take_rows(&mut self, _: usize, values: &[f32]) -> Result<(), ModelError> {
        self.extend_from_slice(values);
        Ok(())
    }
}

/// The estimate for every cell of the planes, m3/m3, row-major.
///
/// `tile` is the edge of a tile in pixels (halo not counted); memory grows with its square, about 2 kB a pixel, and not with the raster.
/// After each tile `progress` is awaited with (tiles done, tiles in all): it may hand the thread back for a moment, and
/// [`ControlFlow::Break`] stops the work. For a raster that does not fit in memory there is [`stream`](crate::stream()).
///
/// # Errors
/// Those of [`Planes::check`]; [`ModelError::NonFiniteOutput`] where the network answered NaN or infinity; [`ModelError::Cancelled`];
/// [`ModelError::Readback`].
pub async fn predict(
    smen: &Smen,
    device: &Device,
    input: &Planes,
    tile: usize,
    progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<f32>, ModelError> {
    input.check()?;
    let mut output = Vec::with_capacity(input.columns * input.rows);
    stream(smen, device, &mut InMemory { planes: input, next: 0 }, &mut output, tile, progress).await?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::smen::span::{HALO, spans};

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
        let mut planes =
            Planes { columns: 10, rows: 9, coarse_input: vec![0.2; 90], residuals: vec![0.0; 360] };
        assert_eq!(planes.check(), Ok(()));
        planes.residuals[90 + 23] = f32::INFINITY;
        assert_eq!(
            planes.check(),
            Err(ModelError::NonFiniteInput { plane: "D(t)", column: 3, row: 2, value: f32::INFINITY })
        );
        planes.residuals.pop();
        assert_eq!(planes.check(), Err(ModelError::PlaneLength { plane: "D(t)", expected: 360, found: 359 }));
        planes.rows = 8;
        assert_eq!(planes.check(), Err(ModelError::TooSmall { columns: 10, rows: 8 }));
    }
}
