//! The convolution with weights and halo in workgroup memory: for adapters on which many threads reading the same numbers from it is
//! cheaper than each reading them from the buffer. On a CPU posing as a GPU its barriers cost more than they save: which variant runs is
//! measured (`choice.rs`).
//!
//! A workgroup makes a tile of [`WIDE`] x [`HIGH`] pixels of [`CHANNELS`] channels. Channels are read [`CHUNK`] at a time, one frame after
//! the other: the tile with its border and the weights are laid into workgroup memory by all threads together (8 kB), then each thread adds
//! to its [`ACROSS`] neighbouring pixels of 8 channels, which it keeps in registers. What the next chunk needs is asked for before the
//! adding begins and laid down after it, so that nobody waits for the buffer. Where a frame is not there nothing is added, but every thread
//! comes to every barrier.

use cubecl::prelude::*;

use super::convolve::{Extents, ending, put};

/// Pixels of a tile, across.
pub const WIDE: u32 = 16;
/// And down.
pub const HIGH: u32 = 8;
/// Channels that a workgroup makes.
pub const CHANNELS: u32 = 32;
/// Channels read between two barriers.
pub const CHUNK: u32 = 4;
/// Pixels of a thread.
const ACROSS: u32 = 8;
/// Channels to a vector.
pub const WIDTH: u32 = 4;
/// Vectors of a thread.
const VECTORS: u32 = 2;
/// Threads that make the same pixels, of other channels.
const GROUPS: u32 = CHANNELS / (WIDTH * VECTORS);
/// Threads of a workgroup.
pub const THREADS: u32 = WIDE / ACROSS * HIGH * GROUPS;
/// A tile's row with its border.
const ROW: u32 = WIDE + 2;
/// A channel's tile with its border.
const TILE: u32 = ROW * (HIGH + 2);
/// Vectors of weights of one tap.
const TAP: u32 = CHANNELS / WIDTH;
/// Pixels of a chunk that a thread fetches.
const PIXELS_EACH: u32 = (CHUNK * TILE).div_ceil(THREADS);
/// Vectors of weights of a chunk that a thread fetches.
const TAPS_EACH: u32 = (CHUNK * 9 * TAP).div_ceil(THREADS);

/// True where the input has the frame that a kernel's `frame` looks at.
#[cube]
fn is_there(extents: &Extents, depth: u32, frame: u32) -> bool {
    let from = depth + frame;
    from >= extents.pad_depth && from < extents.depth_in + extents.pad_depth
}

/// As [`super::convolve::convolve`], for channels read that are a multiple of [`CHUNK`] and channels made that are one of [`CHANNELS`]. One
/// workgroup per tile, frame, 32 channels and image.
#[cube(launch)]
pub fn convolve_tile<N: Size>(
    x: &[f32],
    weights: &[Vector<f32, N>],
    finish: ComptimeOption<&[f32]>,
    other: ComptimeOption<&[f32]>,
    mut rectified: ComptimeOption<&mut [f32]>,
    y: &mut [f32],
    stride: u32,
    extents: Extents,
    #[comptime] channels_in: u32,
    #[comptime] channels_out: u32,
    #[comptime] depth_kernel: u32,
) {
    let across = extents.columns.div_ceil(WIDE);
    let first_column = (CUBE_POS_X % across) * WIDE;
    let first_row = (CUBE_POS_X / across) * HIGH;
    let blocks = comptime!(channels_out / CHANNELS);
    let block = CUBE_POS_Y % blocks;
    let depth = CUBE_POS_Y / blocks;
    let image = CUBE_POS_Z;
    let depth_out = extents.depth_in + 2 * extents.pad_depth + 1 - extents.depth_kernel;
    let plane = extents.rows * extents.columns;
    let thread = UNIT_POS_X;
    let group = thread % GROUPS;
    let strip = thread / GROUPS;
    let strip_row = strip / comptime!(WIDE / ACROSS);
    let strip_column = (strip % comptime!(WIDE / ACROSS)) * ACROSS;

    // As much as all threads together fetch: the last of them lay down a little that nobody reads.
    let mut tile = Shared::<[f32]>::new_slice(comptime!((PIXELS_EACH * THREADS) as usize));
    let mut taps = Shared::<[Vector<f32, N>]>::new_slice(comptime!((TAPS_EACH * THREADS) as usize));
    let mut sums = Array::<Vector<f32, N>>::new(comptime!((ACROSS * VECTORS) as usize));
    #[unroll]
    for n in 0..comptime!((ACROSS * VECTORS) as usize) {
        sums[n] = Vector::new(0.0);
    }

    // Where a thread's pixels and weights lie in the first chunk; the others are so many frames or taps further.
    let mut places = Array::<u32>::new(comptime!(PIXELS_EACH as usize));
    let mut inside = 0u32;
    #[unroll]
    for n in 0..PIXELS_EACH {
        let at = u32::min(comptime!(n * THREADS) + thread, comptime!(CHUNK * TILE - 1));
        // Row and column are counted from the border on, so that nothing is negative.
        let row = first_row + (at % TILE) / ROW;
        let column = first_column + at % ROW;
        let there = row >= 1 && row <= extents.rows && column >= 1 && column <= extents.columns;
        let row = u32::min(u32::max(row, 1), extents.rows) - 1;
        let column = u32::min(u32::max(column, 1), extents.columns) - 1;
        places[comptime!(n as usize)] =
            (at / TILE) * extents.depth_in * plane + row * extents.columns + column;
        inside |= select(there, comptime!(1u32 << n), 0);
    }
    let mut tap_places = Array::<u32>::new(comptime!(TAPS_EACH as usize));
    #[unroll]
    for n in 0..TAPS_EACH {
        let at = u32::min(comptime!(n * THREADS) + thread, comptime!(CHUNK * 9 * TAP - 1));
        let tap = at / comptime!(9 * TAP) * comptime!(depth_kernel * 9) + (at % comptime!(9 * TAP)) / TAP;
        tap_places[comptime!(n as usize)] = tap * comptime!(channels_out / WIDTH) + block * TAP + at % TAP;
    }
    let first_frame = image * channels_in * extents.depth_in + depth - extents.pad_depth;
    let mut next_pixels = Array::<f32>::new(comptime!(PIXELS_EACH as usize));
    let mut next_taps = Array::<Vector<f32, N>>::new(comptime!(TAPS_EACH as usize));

    // A count known beforehand: all threads go round equally often, the last time only to add.
    let steps = comptime!(channels_in / CHUNK * depth_kernel);
    for step in 0..comptime!(steps + 1) {
        // The chunk that was fetched in the round before, and the one to be fetched in this.
        let chunk_there =
            step > 0 && is_there(&extents, depth, (step + comptime!(depth_kernel - 1)) % depth_kernel);
        let next_frame = step % depth_kernel;
        let next_there = step < steps && is_there(&extents, depth, next_frame);
        // Nobody still reads the chunk before.
        sync_cube();
        if chunk_there {
            #[unroll]
            for n in 0..PIXELS_EACH {
                tile[(comptime!(n * THREADS) + thread) as usize] = next_pixels[comptime!(n as usize)];
            }
            #[unroll]
            for n in 0..TAPS_EACH {
                taps[(comptime!(n * THREADS) + thread) as usize] = next_taps[comptime!(n as usize)];
            }
        }
        if next_there {
            let chunk = step / depth_kernel * CHUNK;
            let from = (first_frame + chunk * extents.depth_in + next_frame) * plane;
            #[unroll]
            for n in 0..PIXELS_EACH {
                let value = x[(from + places[comptime!(n as usize)]) as usize];
                next_pixels[comptime!(n as usize)] = select(inside & comptime!(1u32 << n) > 0, value, 0.0);
            }
            let from = (chunk * depth_kernel + next_frame) * comptime!(9 * channels_out / WIDTH);
            #[unroll]
            for n in 0..TAPS_EACH {
                next_taps[comptime!(n as usize)] =
                    weights[(from + tap_places[comptime!(n as usize)]) as usize];
            }
        }
        sync_cube();
        if chunk_there {
            for channel_row in 0..comptime!(CHUNK * 3) {
                let channel = channel_row / 3;
                let tap_row = channel_row % 3;
                let start = channel * TILE + (strip_row + tap_row) * ROW + strip_column;
                let mut pixels = Sequence::<f32>::new();
                #[unroll]
                for n in 0..comptime!(ACROSS + 2) {
                    pixels.push(tile[(start + n) as usize]);
                }
                let weight = (channel_row * 3) * TAP + group * VECTORS;
                #[unroll]
                for k in 0..3u32 {
                    #[unroll]
                    for v in 0..VECTORS {
                        let w = taps[(weight + comptime!(k * TAP + v)) as usize];
                        #[unroll]
                        for n in 0..ACROSS {
                            let sum = comptime!((n * VECTORS + v) as usize);
                            sums[sum] += Vector::new(*pixels.index(comptime!((n + k) as usize))) * w;
                        }
                    }
                }
            }
        }
    }

    let row = first_row + strip_row;
    let column = first_column + strip_column;
    #[unroll]
    for v in 0..VECTORS {
        #[unroll]
        for lane in 0..WIDTH {
            let channel = block * CHANNELS + group * comptime!(WIDTH * VECTORS) + comptime!(v * WIDTH + lane);
            let ending = ending(&finish, stride, channel);
            let start = ((image * channels_out + channel) * depth_out + depth) * plane
                + row * extents.columns
                + column;
            #[unroll]
            for n in 0..ACROSS {
                if row < extents.rows && column + n < extents.columns {
                    let sum = sums[comptime!((n * VECTORS + v) as usize)].extract(comptime!(lane as usize));
                    put(sum, &ending, (start + n) as usize, &other, &mut rectified, y);
                }
            }
        }
    }
}
