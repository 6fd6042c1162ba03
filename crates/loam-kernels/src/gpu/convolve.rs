//! The convolution as one kernel: borders, bias, ReLU, norm and a sum with another image in a single dispatch.
//!
//! A thread makes some ([`ACROSS`] as a rule) neighbouring pixels of several channels and keeps their sums in registers. Per channel, frame
//! and row read it loads the pixels with their border once and each weight once, so that a loaded number serves many multiply-adds. Nothing
//! is shared between threads: no barriers, no workgroup memory, which a CPU posing as a GPU emulates at several times the price.
//!
//! Weights come packed as `[in, depth, 3, 3, out]` (`pack.rs`), so that the weights of a tap for neighbouring channels are one load.

use cubecl::prelude::*;

/// Pixels of a thread, as a rule.
pub const ACROSS: u32 = 20;
/// Threads of a workgroup.
pub const THREADS: u32 = 32;
/// No value is below it: the floor of what is not rectified.
pub const NO_FLOOR: f32 = f32::MIN;

/// Bits of the largest number below zero.
const AFTER_MINUS_ZERO: u32 = 0x8000_0001;
/// From there to the bits of minus infinity, after which negative NaNs begin.
const TO_MINUS_INFINITY: u32 = 0x7f7f_ffff;

/// Extents as the kernel takes them.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct Extents {
    /// Channels read.
    pub channels_in: u32,
    /// Frames read.
    pub depth_in: u32,
    /// Frames a kernel looks at.
    pub depth_kernel: u32,
    /// Frames of zeros before the first and after the last.
    pub pad_depth: u32,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
}

/// What a channel's sums go through.
#[derive(CubeType, Clone, Copy)]
pub struct Ending {
    bias: f32,
    floor: f32,
    scale: f32,
    shift: f32,
}

/// Of a channel; without `finish` nothing is done to a sum.
#[cube]
pub fn ending(finish: &ComptimeOption<&[f32]>, stride: u32, channel: u32) -> Ending {
    let mut bias = 0.0f32;
    let mut floor = f32::new(NO_FLOOR);
    let mut scale = 1.0f32;
    let mut shift = 0.0f32;
    #[comptime]
    if let ComptimeOption::Some(finish) = finish {
        bias = finish[channel as usize];
        floor = finish[(stride + channel) as usize];
        scale = finish[(2 * stride + channel) as usize];
        shift = finish[(3 * stride + channel) as usize];
    }
    Ending { bias, floor, scale, shift }
}

/// Writes a sum that went through its channel's ending.
#[cube]
pub fn put(
    sum: f32,
    ending: &Ending,
    at: usize,
    other: &ComptimeOption<&[f32]>,
    rectified: &mut ComptimeOption<&mut [f32]>,
    y: &mut [f32],
) {
    let value = sum + ending.bias;
    // Neither `max` nor the comparison alone: a driver (NVIDIA's) makes either drop a NaN, and a network whose training diverged gives NaN.
    // The bits say whether it is a number below zero: from the smallest after -0 to the infinite.
    let below_zero = u32::reinterpret(value) - AFTER_MINUS_ZERO <= TO_MINUS_INFINITY;
    let value = select(below_zero && value < ending.floor, ending.floor, value);
    #[comptime]
    if let ComptimeOption::Some(rectified) = rectified {
        rectified[at] = value;
    }
    let mut result = value * ending.scale + ending.shift;
    #[comptime]
    if let ComptimeOption::Some(other) = other {
        result += other[at];
    }
    y[at] = result;
}

/// `y = max(sum + bias, floor) * scale + shift + other`; `rectified` takes the value before scale and shift. One thread per strip of
/// pixels, frame, group of channels and image; `N` channels to a vector, `vectors` of them and `pixels_across` pixels to a
/// thread.
///
/// `finish` holds bias, floor, scale and shift, one every `stride` numbers; without it, `y` is the sum.
#[cube(launch)]
pub fn convolve<N: Size>(
    x: &[f32],
    weights: &[Vector<f32, N>],
    finish: ComptimeOption<&[f32]>,
    other: ComptimeOption<&[f32]>,
    mut rectified: ComptimeOption<&mut [f32]>,
    y: &mut [f32],
    stride: u32,
    extents: Extents,
    #[comptime] channels_out: u32,
    #[comptime] width: u32,
    #[comptime] vectors: u32,
    #[comptime] pixels_across: u32,
) {
    let groups = comptime!(channels_out / (width * vectors));
    let across = extents.columns.div_ceil(pixels_across);
    let thread = ABSOLUTE_POS_X;
    if thread >= across * extents.rows {
        terminate!();
    }
    let column = (thread % across) * pixels_across;
    let row = thread / across;
    let group = CUBE_POS_Y % groups;
    let depth = CUBE_POS_Y / groups;
    let image = CUBE_POS_Z;
    let depth_out = extents.depth_in + 2 * extents.pad_depth + 1 - extents.depth_kernel;
    let plane = extents.rows * extents.columns;

    // The frames there are among those the kernel looks at: first .. first + frames of the kernel.
    let first = u32::saturating_sub(extents.pad_depth, depth);
    let last = u32::min(extents.depth_kernel, extents.depth_in + extents.pad_depth - depth);
    let frames = last - first;

    let mut sums = Array::<Vector<f32, N>>::new(comptime!((pixels_across * vectors) as usize));
    #[unroll]
    for n in 0..comptime!((pixels_across * vectors) as usize) {
        sums[n] = Vector::new(0.0);
    }

    for step in 0..extents.channels_in * frames * 3 {
        let tap = step % 3;
        let frame = first + (step / 3) % frames;
        let channel = step / (3 * frames);
        // Row and columns are counted from the border on, so that nothing is negative.
        let from = row + tap;
        let inside = from >= 1 && from <= extents.rows;
        let from = u32::min(u32::max(from, 1), extents.rows) - 1;
        let start = ((image * extents.channels_in + channel) * extents.depth_in + depth + frame
            - extents.pad_depth)
            * plane
            + from * extents.columns;
        let mut pixels = Sequence::<f32>::new();
        #[unroll]
        for n in 0..comptime!(pixels_across + 2) {
            let at = column + n;
            let there = inside && at >= 1 && at <= extents.columns;
            let at = u32::min(u32::max(at, 1), extents.columns) - 1;
            pixels.push(select(there, x[(start + at) as usize], 0.0));
        }
        let weight = ((channel * extents.depth_kernel + frame) * 3 + tap)
            * comptime!(3 * channels_out / width)
            + group * vectors;
        #[unroll]
        for k in 0..3u32 {
            #[unroll]
            for v in 0..vectors {
                let w = weights[(weight + comptime!(k * channels_out / width + v)) as usize];
                #[unroll]
                for n in 0..pixels_across {
                    let sum = comptime!((n * vectors + v) as usize);
                    sums[sum] += Vector::new(*pixels.index(comptime!((n + k) as usize))) * w;
                }
            }
        }
    }

    #[unroll]
    for v in 0..vectors {
        #[unroll]
        for lane in 0..width {
            let channel = group * comptime!(width * vectors) + comptime!(v * width + lane);
            let ending = ending(&finish, stride, channel);
            let start =
                ((image * channels_out + channel) * depth_out + depth) * plane + row * extents.columns;
            #[unroll]
            for n in 0..pixels_across {
                if column + n < extents.columns {
                    let at = (start + column + n) as usize;
                    let sum = sums[comptime!((n * vectors + v) as usize)].extract(comptime!(lane as usize));
                    put(sum, &ending, at, &other, &mut rectified, y);
                }
            }
        }
    }
}
