//! The gradient of the weights and the bias: sums over every pixel, split over threads, then one small sum.
//!
//! A thread answers for some channels written and read and one frame of the kernel, all nine taps of each, and walks over every `splits`-th
//! row of the gradient. Per strip of [`STRIP`] pixels it loads the gradients and three rows of the input once.

use cubecl::prelude::*;

/// Pixels looked at before the sums are touched again.
pub const STRIP: u32 = 10;

/// Extents as the kernel takes them; frames without padding.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct WeightExtents {
    /// Images.
    pub batch: u32,
    /// Channels of the input.
    pub channels_in: u32,
    /// Channels of the gradient.
    pub channels_out: u32,
    /// Frames of the input.
    pub depth_in: u32,
    /// Frames of a kernel.
    pub depth_kernel: u32,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// Threads that share one weight.
    pub splits: u32,
    /// Where a thread's partial sums begin in `partial`.
    pub offset: u32,
    /// Where those of the bias begin.
    pub bias: u32,
    /// Numbers of `partial` per split.
    pub length: u32,
}

/// Partial sums: `[splits, length]`, weights `[out, in, depth, 3, 3]` from `offset` on, bias `[out]`
/// from `bias` on. x of the grid: groups of
/// output channels (`N` times `vectors`), of input channels (`inputs`), frames of the kernel, splits.
#[cube(launch)]
pub fn weight_gradient<N: Size>(
    x: &[f32],
    g: &[f32],
    partial: &mut [f32],
    e: WeightExtents,
    #[comptime] width: u32,
    #[comptime] vectors: u32,
    #[comptime] inputs: u32,
) {
    let groups_out = e.channels_out / comptime!(width * vectors);
    let groups_in = e.channels_in / inputs;
    let thread = ABSOLUTE_POS_X;
    if thread >= groups_out * groups_in * e.depth_kernel * e.splits {
        terminate!();
    }
    let output = (thread % groups_out) * comptime!(width * vectors);
    let rest = thread / groups_out;
    let input = (rest % groups_in) * inputs;
    let rest = rest / groups_in;
    let frame = rest % e.depth_kernel;
    let split = rest / e.depth_kernel;
    let depth_out = e.depth_in + 1 - e.depth_kernel;
    let plane = e.rows * e.columns;
    let strips = e.columns.div_ceil(STRIP);
    let lines = e.batch * depth_out * e.rows;
    let own = (lines + e.splits - 1 - split) / e.splits;

    let mut sums = Array::<Vector<f32, N>>::new(comptime!((9 * inputs * vectors) as usize));
    #[unroll]
    for n in 0..comptime!((9 * inputs * vectors) as usize) {
        sums[n] = Vector::new(0.0);
    }
    let mut biases = Array::<Vector<f32, N>>::new(comptime!(vectors as usize));
    #[unroll]
    for n in 0..comptime!(vectors as usize) {
        biases[n] = Vector::new(0.0);
    }

    for step in 0..own * strips {
        let line = split + (step / strips) * e.splits;
        let column = (step % strips) * STRIP;
        let row = line % e.rows;
        let depth = (line / e.rows) % depth_out;
        let image = line / (e.rows * depth_out);

        let mut gradients = Sequence::<Vector<f32, N>>::new();
        #[unroll]
        for v in 0..vectors {
            let from = (image * e.channels_out + output + comptime!(v * width)) * depth_out + depth;
            #[unroll]
            for n in 0..STRIP {
                let there = column + n < e.columns;
                let at = row * e.columns + u32::min(column + n, e.columns - 1);
                let mut gradient = Vector::<f32, N>::new(0.0);
                #[unroll]
                for lane in 0..width {
                    let value = g[((from + lane * depth_out) * plane + at) as usize];
                    gradient.insert(comptime!(lane as usize), select(there, value, 0.0));
                }
                gradients.push(gradient);
                biases[comptime!(v as usize)] += gradient;
            }
        }
        #[unroll]
        for i in 0..inputs {
            #[unroll]
            for ky in 0..3u32 {
                let from = row + ky;
                let inside = from >= 1 && from <= e.rows;
                let from = u32::min(u32::max(from, 1), e.rows) - 1;
                let start = ((image * e.channels_in + input + i) * e.depth_in + depth + frame) * plane
                    + from * e.columns;
                let mut pixels = Sequence::<f32>::new();
                #[unroll]
                for n in 0..comptime!(STRIP + 2) {
                    let at = column + n;
                    let there = inside && at >= 1 && at <= e.columns;
                    let at = u32::min(u32::max(at, 1), e.columns) - 1;
                    pixels.push(select(there, x[(start + at) as usize], 0.0));
                }
                #[unroll]
                for kx in 0..3u32 {
                    #[unroll]
                    for v in 0..vectors {
                        let at = comptime!((((i * 3 + ky) * 3 + kx) * vectors + v) as usize);
                        let mut sum = sums[at];
                        #[unroll]
                        for n in 0..STRIP {
                            let pixel = *pixels.index(comptime!((n + kx) as usize));
                            sum += Vector::new(pixel) * *gradients.index(comptime!((v * STRIP + n) as usize));
                        }
                        sums[at] = sum;
                    }
                }
            }
        }
    }

    let start = split * e.length + e.offset;
    #[unroll]
    for v in 0..vectors {
        #[unroll]
        for lane in 0..width {
            let channel = output + comptime!(v * width + lane);
            #[unroll]
            for i in 0..inputs {
                #[unroll]
                for tap in 0..9u32 {
                    let at =
                        start + ((channel * e.channels_in + input + i) * e.depth_kernel + frame) * 9 + tap;
                    partial[at as usize] = sums[comptime!(((i * 9 + tap) * vectors + v) as usize)]
                        .extract(comptime!(lane as usize));
                }
            }
            if input == 0 && frame == 0 {
                let at = split * e.length + e.bias + channel;
                partial[at as usize] = biases[comptime!(v as usize)].extract(comptime!(lane as usize));
            }
        }
    }
}

/// Sums of all splits: `[splits, length]` to the first `length` numbers of `total`.
#[cube(launch)]
pub fn sum_splits(partial: &[f32], total: &mut [f32], splits: u32, length: u32) {
    let thread = ABSOLUTE_POS_X;
    if thread >= length {
        terminate!();
    }
    let mut sum = 0.0f32;
    for split in 0..splits {
        sum += partial[(split * length + thread) as usize];
    }
    total[thread as usize] = sum;
}
