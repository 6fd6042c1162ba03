//! How large a tile may be on a device: by its largest buffer, and by the time of one dispatch, measured.
//!
//! A dispatch that runs long blocks whatever else the graphics card draws, and browsers take a device away after some seconds.

use burn::tensor::{Device, Tensor};

use super::span::HALO;
use crate::read_back;
use crate::{CHANNELS, HISTORY, ModelError, Smen};

/// Longest time of one dispatch, ms.
pub const DISPATCH_MS: f64 = 100.0;
/// What is aimed at: a measured time is that of one moment.
const AIM_MS: f64 = DISPATCH_MS / 2.0;
/// Share of the second block, the costliest dispatch, in a tile's multiply-adds: 2 of its frames of 32 x 32 x 18, over
/// those of all three blocks (3 x 32 x 18, 2 and 1 x 32 x 32 x 18) and of g and h (2 x 32 x 9).
const COSTLIEST: f64 = 36_864.0 / (1_728.0 + 36_864.0 + 18_432.0 + 576.0);
/// Bytes of a pixel in the largest buffer: three frames of the first block.
const LARGEST_BYTES: u64 = (3 * CHANNELS * size_of::<f32>()) as u64;
/// Edge of the tile that is measured, pixels, halo and all.
const PROBE: usize = 64;
/// Edges offered, halo not counted: below, most of a tile would be halo; above, a tile takes hundreds of megabytes.
pub const EDGES: std::ops::RangeInclusive<usize> = 32..=512;

/// The edge of a tile for [`stream`](crate::stream()) on this device, halo not counted: measured on a tile of zeros, run twice, the first
/// time to compile the shaders. `now`: milliseconds since some fixed moment.
///
/// # Errors
/// [`ModelError::Readback`].
pub async fn tile_edge(smen: &Smen, device: &Device, now: impl Fn() -> f64) -> Result<usize, ModelError> {
    let run = async || {
        let image = |depth| Tensor::<5>::zeros([1, 1, depth, PROBE, PROBE], device);
        read_back(smen.forward(image(1), image(HISTORY))).await
    };
    run().await?;
    let start = now();
    run().await?;
    Ok(edge_for((now() - start) / (PROBE * PROBE) as f64, largest_buffer(device)))
}

/// The edge for a tile's time per pixel, ms, and the largest buffer, bytes.
fn edge_for(ms_per_pixel: f64, largest_buffer: Option<u64>) -> usize {
    let by_time = AIM_MS / (COSTLIEST * ms_per_pixel.max(1e-9));
    let by_size = largest_buffer.map_or(f64::INFINITY, |bytes| (bytes / LARGEST_BYTES) as f64);
    let edge = by_time.min(by_size).sqrt() as usize;
    edge.saturating_sub(2 * HALO).clamp(*EDGES.start(), *EDGES.end())
}

/// The largest buffer of a graphics device, bytes; none for the CPU.
fn largest_buffer(device: &Device) -> Option<u64> {
    #[cfg(feature = "gpu")]
    if let Some(bytes) = loam_kernels::gpu::largest_buffer(&Tensor::zeros([1], device)) {
        return Some(bytes);
    }
    let _ = device;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_follow_time_and_buffers() {
        // A software adapter: 172 ms for 100 x 100 pixels. The costliest dispatch of a tile with its halo stays under the limit.
        let slow = 172.0 / 1e4;
        let edge = edge_for(slow, None);
        let dispatch = COSTLIEST * slow * ((edge + 2 * HALO) * (edge + 2 * HALO)) as f64;
        assert!(dispatch < DISPATCH_MS && dispatch > DISPATCH_MS / 4.0, "{edge}: {dispatch} ms");
        // A fast card with the buffers every WebGPU device has (128 MiB).
        assert_eq!(edge_for(1e-6, Some(128 << 20)), 512);
        // And one with small buffers: the tile with its halo fits.
        let edge = edge_for(1e-6, Some(16 << 20));
        assert!(((edge + 2 * HALO) * (edge + 2 * HALO)) as u64 * LARGEST_BYTES <= 16 << 20);
        assert!(((edge + 2 * HALO + 1) * (edge + 2 * HALO + 1)) as u64 * LARGEST_BYTES > 16 << 20);
        // However slow, a tile is not mostly halo; and a clock that shows nothing is no reason for an endless tile.
        assert_eq!(edge_for(10.0, None), 32);
        assert_eq!(edge_for(0.0, None), 512);
    }
}
