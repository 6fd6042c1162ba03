//! The network over a raster that need not fit in memory: rows of the input come from a [`Source`] as they are wanted, rows of the estimate
//! go to a [`Sink`] as they are done, north to south.
//!
//! In memory at a time are one band of input rows (a tile's height with its halo), one strip of output rows, and [`IN_FLIGHT`] tiles: while
//! a GPU computes one and sends it back, the next is cut and uploaded. None of that grows with the number of rows. Each tile is cut with
//! its halo as in `predict.rs`, so the estimate is that of the whole raster.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::Poll;

use burn::tensor::{Device, Tensor, TensorData};

use super::span::{HALO, Span, spans};
use crate::read_back;
use crate::{HISTORY, ModelError, SMALLEST_SIDE, Smen};

/// Tiles under way at a time: one that computes or is read back, one that is uploaded.
pub const IN_FLIGHT: usize = 2;
/// Planes of the input: I(t) and the history.
pub const PLANES: usize = 1 + HISTORY;

/// Where the rows of the input come from.
pub trait Source {
    /// Columns and rows of the raster.
    fn extent(&self) -> (usize, usize);

    /// Appends the next `count` rows, row-major, `count * columns` values to each plane: I(t), then the residuals of the 4 history dates,
    /// oldest first; m3/m3, a number in every cell. Called from the northernmost row on, each row once.
    ///
    /// # Errors
    /// [`ModelError::Rows`].
    fn next_rows(&mut self, count: usize, planes: &mut [Vec<f32>; PLANES]) -> Result<(), ModelError>;
}

/// Where the rows of the estimate go.
pub trait Sink {
    /// Takes the next rows, whole and row-major, m3/m3; `first` is the number of the first of them.
    ///
    /// # Errors
    /// [`ModelError::Rows`].
    fn take_rows(&mut self, first: usize, values: &[f32]) -> Result<(), ModelError>;
}

/// What a run over a raster came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streamed {
    /// Tiles computed.
    pub tiles: usize,
    /// Most bytes of input and output in memory at a time: band, strip, and the tiles under way.
    pub most_bytes: usize,
}

/// The rows of the input that are held.
struct Band {
    columns: usize,
    /// Number of the first row held.
    first: usize,
    planes: [Vec<f32>; PLANES],
}

impl Band {
    fn end(&self) -> usize {
        self.first + self.planes[0].len() / self.columns
    }

    /// Lets go of the rows before `from` and reads on up to `to`.
    fn move_to(&mut self, source: &mut impl Source, from: usize, to: usize) -> Result<(), ModelError> {
        let gone = from.min(self.end()) - self.first;
        for plane in &mut self.planes {
            plane.drain(..gone * self.columns);
        }
        self.first += gone;
        let first_new = self.end();
        let wanted = to.saturating_sub(first_new);
        if wanted == 0 {
            return Ok(());
        }
        let held = self.planes[0].len();
        // To the number: a band never has more rows than a tile and its halo.
        self.planes.iter_mut().for_each(|plane| plane.reserve_exact(wanted * self.columns));
        source.next_rows(wanted, &mut self.planes)?;
        let expected = held + wanted * self.columns;
        for (n, plane) in self.planes.iter().enumerate() {
            let name = if n == 0 { "I(t)" } else { "D(t)" };
            if plane.len() != expected {
                return Err(ModelError::PlaneLength {
                    plane: name,
                    expected: expected - held,
                    found: plane.len().saturating_sub(held),
                });
            }
            if let Some(at) = plane[held..].iter().position(|value| !value.is_finite()) {
                let (column, row) = (at % self.columns, first_new + at / self.columns);
                return Err(ModelError::NonFiniteInput { plane: name, column, row, value: plane[held + at] });
            }
        }
        Ok(())
    }

    /// A window as the network's tensors, `[1, 1, 1, h, w]` and `[1, 1, 4, h, w]`.
    fn window(&self, across: &Span, down: &Span, device: &Device) -> (Tensor<5>, Tensor<5>) {
        let (h, w) = (down.to - down.from, across.to - across.from);
        let cut = |planes: &[Vec<f32>]| {
            let mut values = Vec::with_capacity(planes.len() * h * w);
            for plane in planes {
                for row in down.from - self.first..down.to - self.first {
                    values.extend_from_slice(
                        &plane[row * self.columns + across.from..row * self.columns + across.to],
                    );
                }
            }
            Tensor::from_data(TensorData::new(values, [1, 1, planes.len(), h, w]), device)
        };
        (cut(&self.planes[..1]), cut(&self.planes[1..]))
    }
}

/// The rows of the estimate that are not whole yet.
struct Strip {
    columns: usize,
    values: Vec<f32>,
}

impl Strip {
    /// Puts in what a tile answers for, and gives the rows away with the last tile of the strip.
    fn land(
        &mut self,
        sink: &mut impl Sink,
        [across, down]: [&Span; 2],
        values: &[f32],
    ) -> Result<(), ModelError> {
        let width = across.to - across.from;
        self.values.resize((down.end - down.start) * self.columns, 0.0);
        for row in down.start..down.end {
            let from = (row - down.from) * width + (across.start - across.from);
            let to = (row - down.start) * self.columns + across.start;
            let length = across.end - across.start;
            self.values[to..to + length].copy_from_slice(&values[from..from + length]);
        }
        if across.end == self.columns { sink.take_rows(down.start, &self.values) } else { Ok(()) }
    }
}

/// A future that was polled once, so that what it asks of a device is on its way.
enum Begun<F: Future> {
    Waiting(Pin<Box<F>>),
    Over(F::Output),
}

impl<F: Future> Begun<F> {
    async fn new(future: F) -> Self {
        let mut future = Box::pin(future);
        match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
            Poll::Ready(output) => Begun::Over(output),
            Poll::Pending => Begun::Waiting(future),
        }
    }

    async fn end(self) -> F::Output {
        match self {
            Begun::Waiting(future) => future.await,
            Begun::Over(output) => output,
        }
    }
}

/// The estimate for every cell of a raster, from `source` into `sink`.
///
/// `tile` is the edge of a tile in pixels, halo not counted: see [`tile_edge`](crate::tile_edge). After each tile `progress` is awaited
/// with (tiles done, tiles in all): it may hand the thread back for a moment, and [`ControlFlow::Break`] stops the work.
///
/// # Errors
/// [`ModelError::TooSmall`]; [`ModelError::PlaneLength`] and [`ModelError::NonFiniteInput`] of the source's rows;
/// [`ModelError::NonFiniteOutput`] where the network answered NaN or infinity; [`ModelError::Cancelled`]; [`ModelError::Readback`]; what
/// source and sink say.
pub async fn stream(
    smen: &Smen,
    device: &Device,
    source: &mut impl Source,
    sink: &mut impl Sink,
    tile: usize,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Streamed, ModelError> {
    let (columns, rows) = source.extent();
    if columns < SMALLEST_SIDE || rows < SMALLEST_SIDE {
        return Err(ModelError::TooSmall { columns, rows });
    }
    let (across, down) = (spans(columns, tile, HALO), spans(rows, tile, HALO));
    let total = across.len() * down.len();
    let mut band = Band { columns, first: 0, planes: Default::default() };
    let mut strip = Strip { columns, values: Vec::new() };
    let mut flight = VecDeque::with_capacity(IN_FLIGHT);
    let (mut done, mut most) = (0, 0);
    let mut todo =
        down.iter().flat_map(|vertical| across.iter().map(move |horizontal| (vertical, horizontal)));
    while done < total {
        if flight.len() < IN_FLIGHT
            && let Some((vertical, horizontal)) = todo.next()
        {
            if horizontal.start == 0 {
                band.move_to(source, vertical.from, vertical.to)?;
            }
            let (i, d) = band.window(horizontal, vertical, device);
            flight.push_back((vertical, horizontal, Begun::new(read_back(smen.forward(i, d))).await));
            let under_way: usize = flight
                .iter()
                .map(|(down, across, _)| (down.to - down.from) * (across.to - across.from))
                .sum();
            let held = band.planes.iter().map(Vec::capacity).sum::<usize>()
                + strip.values.capacity()
                + (PLANES + 1) * under_way;
            most = most.max(held * size_of::<f32>());
            continue;
        }
        let Some((vertical, horizontal, reading)) = flight.pop_front() else { break };
        let values = reading.end().await?;
        let count = values.iter().filter(|value| !value.is_finite()).count();
        if count > 0 {
            return Err(ModelError::NonFiniteOutput { count, device: format!("{device:?}") });
        }
        strip.land(sink, [horizontal, vertical], &values)?;
        done += 1;
        if progress(done, total).await.is_break() {
            return Err(ModelError::Cancelled);
        }
    }
    Ok(Streamed { tiles: done, most_bytes: most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{block_on, golden_weights};
    use loam_core::network::Inputs;

    /// Rows made from their number, and how many were given.
    struct Rows {
        columns: usize,
        rows: usize,
        given: usize,
        hole: Option<(usize, usize)>,
    }

    impl Source for Rows {
        fn extent(&self) -> (usize, usize) {
            (self.columns, self.rows)
        }

        fn next_rows(&mut self, count: usize, planes: &mut [Vec<f32>; PLANES]) -> Result<(), ModelError> {
            for row in self.given..self.given + count {
                for column in 0..self.columns {
                    let number = (row * self.columns + column) as f32;
                    for (n, plane) in planes.iter_mut().enumerate() {
                        let value = if n == 0 { 0.25 } else { 0.0 } + 0.05 * (number * 0.37 + n as f32).sin();
                        plane.push(if n == 2 && self.hole == Some((column, row)) { f32::NAN } else { value });
                    }
                }
            }
            self.given += count;
            Ok(())
        }
    }

    #[derive(Default)]
    struct Kept(Vec<f32>);

    impl Sink for Kept {
        fn take_rows(&mut self, first: usize, values: &[f32]) -> Result<(), ModelError> {
            assert_eq!(first * 50, self.0.len(), "rows come in order");
            self.0.extend_from_slice(values);
            Ok(())
        }
    }

    fn run(
        rows: usize,
        tile: usize,
        hole: Option<(usize, usize)>,
    ) -> (Result<Streamed, ModelError>, Vec<f32>, usize) {
        let device = Device::flex();
        let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device)
            .unwrap_or_else(|e| panic!("{e}"));
        let (mut source, mut sink) = (Rows { columns: 50, rows, given: 0, hole }, Kept::default());
        let result = block_on(stream(&smen, &device, &mut source, &mut sink, tile, async |_, _| {
            ControlFlow::Continue(())
        }));
        (result, sink.0, source.given)
    }

    #[test]
    fn rows_streamed_are_those_of_the_whole_raster() {
        let (whole, expected, _) = run(61, 100, None);
        assert_eq!(whole.map(|streamed| streamed.tiles), Ok(1));
        assert_eq!(expected.len(), 50 * 61);
        for tile in [9, 16, 25, 40] {
            let (streamed, values, given) = run(61, tile, None);
            assert_eq!(
                streamed.map(|streamed| streamed.tiles),
                Ok(50usize.div_ceil(tile) * 61usize.div_ceil(tile))
            );
            assert_eq!((values.len(), given), (expected.len(), 61));
            let apart = values.iter().zip(&expected).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart < 1e-5, "tiles of {tile}: {apart} apart");
        }
    }

    #[test]
    fn memory_does_not_grow_with_the_rows() {
        let most = |rows| run(rows, 16, None).0.map(|streamed| streamed.most_bytes);
        let (short, long) = (most(48), most(480));
        assert_eq!(short, long);
        // Band of 24 rows in 5 planes, strip of 16 rows, two tiles of 24 x 24 in 6 planes.
        let exact = 4 * (5 * 24 * 50 + 16 * 50 + 2 * 6 * 24 * 24);
        assert!(long.as_ref().is_ok_and(|&bytes| bytes <= exact), "{long:?}, at most {exact}");
    }

    #[test]
    fn a_hole_far_south_is_named_and_nothing_after_it_is_read() {
        let (result, values, given) = run(90, 16, Some((7, 53)));
        match result {
            Err(ModelError::NonFiniteInput { plane: "D(t)", column: 7, row: 53, value }) => {
                assert!(value.is_nan())
            }
            other => panic!("{other:?}"),
        }
        assert!(given < 90 && values.len() < 53 * 50, "{given} rows read, {} values out", values.len());
    }
}
