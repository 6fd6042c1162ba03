//! The TB CNN over a raster of any size. Each output pixel sees [`TB_HALO`] pixels to each side, so tiles as SMEN's would be mostly halo; here
//! each group of layers goes over the whole raster in strips of rows (a group looks 4 rows up and down), and only rasters of more than
//! [`BLOCK`] cells along an edge are cut into blocks with the full halo. Both give the whole raster's values.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};

use super::model::TbCnn;
use super::schema::GROUPS;
use crate::ModelError;
use crate::networks::smen::span::spans;
use crate::read_back;
use loam_core::network::TbCase;

/// Receptive field of the TB CNN to each side, pixels: 7 groups of 4 (5 x 5, dilation 2), and 1 of the last convolution.
pub const TB_HALO: usize = 4 * GROUPS + 1;
/// Rows that a group looks up and down.
const GROUP_HALO: usize = 4;
/// Edge of a block without its halo: two feature images of 128 channels take 64 MB.
const BLOCK: usize = 192;
/// Cells of a strip: the CPU's convolution unfolds 25 x 128 numbers for each, 64 MB.
const STRIP_CELLS: usize = 5_000;

/// The estimate for every cell, in the case's unit: its outputs one after the other, each row-major.
///
/// `input` holds both channels in their units ([`TbCase::scales`]), one after the other, a number in every cell. `progress` hears of each
/// strip (done, in all) and may stop the work.
///
/// # Errors
/// [`ModelError::PlaneLength`], [`ModelError::NonFiniteInput`], [`ModelError::NonFiniteOutput`], [`ModelError::Cancelled`],
/// [`ModelError::Readback`].
pub async fn predict_tb(
    network: &TbCnn,
    case: TbCase,
    device: &Device,
    (columns, rows): (usize, usize),
    input: &[f32],
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<f32>, ModelError> {
    let cells = columns * rows;
    if input.len() != 2 * cells || cells == 0 {
        return Err(ModelError::PlaneLength {
            plane: "the TB CNN's input",
            expected: 2 * cells,
            found: input.len(),
        });
    }
    if let Some(at) = input.iter().position(|value| !value.is_finite()) {
        let (cell, value) = (at % cells, input[at]);
        return Err(ModelError::NonFiniteInput {
            plane: "the TB CNN's input",
            column: cell % columns,
            row: cell / columns,
            value,
        });
    }
    let (across, down) = (spans(columns, BLOCK, TB_HALO), spans(rows, BLOCK, TB_HALO));
    let strips = |height: usize, width: usize| {
        spans(height, (STRIP_CELLS / width).saturating_sub(2 * GROUP_HALO).max(8), GROUP_HALO)
    };
    let blocks = || down.iter().flat_map(|v| across.iter().map(move |h| (v, h)));
    let total: usize = blocks().map(|(v, h)| GROUPS * strips(v.to - v.from, h.to - h.from).len()).sum();
    let (mut done, mut output) = (0, vec![0.0; case.outputs() * cells]);
    for (vertical, horizontal) in blocks() {
        let (h, w) = (vertical.to - vertical.from, horizontal.to - horizontal.from);
        let mut values = Vec::with_capacity(2 * h * w);
        for (plane, (centre, spread)) in input.chunks_exact(cells).zip(case.scales()) {
            for row in vertical.from..vertical.to {
                values.extend(
                    plane[row * columns + horizontal.from..row * columns + horizontal.to]
                        .iter()
                        .map(|v| (v - centre) / spread),
                );
            }
        }
        let x: Tensor<4> = Tensor::from_data(TensorData::new(values, [1, 2, h, w]), device);
        let mut features = x.clone();
        for group in 0..GROUPS {
            let mut parts = Vec::new();
            for strip in strips(h, w) {
                let part =
                    network.group(group, features.clone().narrow(2, strip.from, strip.to - strip.from));
                parts.push(part.narrow(2, strip.start - strip.from, strip.end - strip.start));
                done += 1;
                if progress(done, total).await.is_break() {
                    return Err(ModelError::Cancelled);
                }
            }
            features = Tensor::cat(parts, 2);
        }
        let estimate = read_back(network.last(features, x)).await?;
        let count = estimate.iter().filter(|value| !value.is_finite()).count();
        if count > 0 {
            return Err(ModelError::NonFiniteOutput { count, device: format!("{device:?}") });
        }
        for ((channel, estimate), (centre, spread)) in
            estimate.chunks_exact(h * w).enumerate().zip(case.scales())
        {
            for row in vertical.start..vertical.end {
                let source = (row - vertical.from) * w + (horizontal.start - horizontal.from);
                let target = channel * cells + row * columns + horizontal.start;
                let length = horizontal.end - horizontal.start;
                for (to, from) in
                    output[target..target + length].iter_mut().zip(&estimate[source..source + length])
                {
                    *to = from * spread + centre;
                }
            }
        }
    }
    Ok(output)
}
