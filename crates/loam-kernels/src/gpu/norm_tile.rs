//! The norm of a batch and the backward pass through norm and ReLU by workgroups: the tiled variant of `norm.rs`, for adapters on which
//! barriers are cheap.
//!
//! A workgroup takes up to [`CHUNK`] neighbouring values of one channel of one image and adds up its part in workgroup memory. Each
//! workgroup of the next dispatch adds up the parts of its channel again, as many at a time as it has threads. The parts' means and squares
//! are distances to the chunk's first value, merged as in `norm.rs`; statistics are the same sections.

use cubecl::prelude::*;

use super::norm::ChannelExtents;
use super::total::total;

/// Threads of a workgroup.
pub const THREADS: u32 = 64;
/// Values of a workgroup.
pub const CHUNK: u32 = 1024;

/// Values of the workgroup, its channel, the first value's place, and its number among the channel's parts.
#[cube]
fn own(e: &ChannelExtents) -> (u32, u32, u32, u32) {
    let first = CUBE_POS_X * CHUNK;
    let channel = CUBE_POS_Y;
    let image = CUBE_POS_Z;
    let count = u32::min(e.pixels - first, CHUNK);
    (
        count,
        channel,
        (image * e.channels + channel) * e.pixels + first,
        image * e.pixels.div_ceil(CHUNK) + CUBE_POS_X,
    )
}

/// Parts of a channel.
#[cube]
fn parts(e: &ChannelExtents) -> u32 {
    e.batch * e.pixels.div_ceil(CHUNK)
}

/// Values of the n-th part.
#[cube]
fn length(e: &ChannelExtents, part: u32) -> f32 {
    let first = (part % e.pixels.div_ceil(CHUNK)) * CHUNK;
    f32::cast_from(u32::min(e.pixels - first, CHUNK))
}

/// The n-th part's share of what a thread of a workgroup goes through.
#[cube]
fn steps(count: u32) -> u32 {
    (count + THREADS - 1 - UNIT_POS_X) / THREADS
}

/// Mean and sum of squared distances to it of every part, `[2, channels, parts]`.
#[cube(launch)]
pub fn moments_tile(x: &[f32], partial: &mut [f32], e: ChannelExtents) {
    let mut scratch = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let (count, channel, start, part) = own(&e);
    let middle = x[start as usize];
    let mut sum = 0.0f32;
    let mut squares = 0.0f32;
    for step in 0..steps(count) {
        let distance = x[(start + step * THREADS + UNIT_POS_X) as usize] - middle;
        sum += distance;
        squares += distance * distance;
    }
    let sum = total(&mut scratch, sum, THREADS);
    let squares = total(&mut scratch, squares, THREADS);
    if UNIT_POS_X == 0 {
        let beside = sum / f32::cast_from(count);
        let at = channel * parts(&e) + part;
        partial[at as usize] = middle + beside;
        partial[(at + e.channels * parts(&e)) as usize] = squares - beside * sum;
    }
}

/// As [`super::norm::normalise`].
#[cube(launch)]
pub fn normalise_tile(
    x: &[f32],
    partial: &[f32],
    gamma: &[f32],
    beta: &[f32],
    y: &mut [f32],
    statistics: &mut [f32],
    epsilon: f32,
    e: ChannelExtents,
) {
    let mut scratch = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let (count, channel, start, part) = own(&e);
    let parts = parts(&e);
    let all = f32::cast_from(e.batch * e.pixels);
    let mut sum = 0.0f32;
    for step in 0..steps(parts) {
        let other = step * THREADS + UNIT_POS_X;
        sum += partial[(channel * parts + other) as usize] * length(&e, other);
    }
    let mean = total(&mut scratch, sum, THREADS) / all;
    let mut squares = 0.0f32;
    for step in 0..steps(parts) {
        let other = step * THREADS + UNIT_POS_X;
        let distance = partial[(channel * parts + other) as usize] - mean;
        squares += partial[(channel * parts + other + e.channels * parts) as usize]
            + distance * distance * length(&e, other);
    }
    let variance = total(&mut scratch, squares, THREADS) / all;
    let inverse = 1.0 / f32::sqrt(variance + epsilon);
    let scale = gamma[channel as usize] * inverse;
    let shift = beta[channel as usize];
    if part == 0 && UNIT_POS_X == 0 {
        statistics[channel as usize] = mean;
        statistics[(channel + e.stride) as usize] = variance;
        statistics[(channel + 2 * e.stride) as usize] = scale;
        statistics[(channel + 3 * e.stride) as usize] = inverse;
    }
    for step in 0..steps(count) {
        let at = (start + step * THREADS + UNIT_POS_X) as usize;
        y[at] = (x[at] - mean) * scale + shift;
    }
}

/// Sums of `dy` and of `dy * (x - centre)` over every part, `[2, channels, parts]`: see [`super::norm::gradient_sums`].
#[cube(launch)]
pub fn gradient_sums_tile(
    dy: &[f32],
    x: &[f32],
    statistics: &[f32],
    partial: &mut [f32],
    e: ChannelExtents,
    #[comptime] frozen: bool,
) {
    let mut scratch = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let (count, channel, start, part) = own(&e);
    let mut centre = 0.0f32;
    if comptime!(!frozen) {
        centre = statistics[channel as usize];
    }
    let mut sum = 0.0f32;
    let mut along = 0.0f32;
    for step in 0..steps(count) {
        let at = (start + step * THREADS + UNIT_POS_X) as usize;
        let gradient = dy[at];
        sum += gradient;
        along += gradient * (x[at] - centre);
    }
    let sum = total(&mut scratch, sum, THREADS);
    let along = total(&mut scratch, along, THREADS);
    if UNIT_POS_X == 0 {
        let at = channel * parts(&e) + part;
        partial[at as usize] = sum;
        partial[(at + e.channels * parts(&e)) as usize] = along;
    }
}

/// As [`super::norm::before_relu`].
#[cube(launch)]
pub fn before_relu_tile(
    dy: &[f32],
    x: &[f32],
    partial: ComptimeOption<&[f32]>,
    statistics: &[f32],
    g: &mut [f32],
    parameters: &mut [f32],
    first: u32,
    second: u32,
    e: ChannelExtents,
    #[comptime] frozen: bool,
) {
    let mut scratch = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let (count, channel, start, part) = own(&e);
    let scale = statistics[(channel + 2 * e.stride) as usize];
    let mut b = 0.0f32;
    let mut c = 0.0f32;
    #[comptime]
    if let ComptimeOption::Some(partial) = &partial {
        let parts = parts(&e);
        let mut sum = 0.0f32;
        let mut along = 0.0f32;
        for step in 0..steps(parts) {
            let at = channel * parts + step * THREADS + UNIT_POS_X;
            sum += partial[at as usize];
            along += partial[(at + e.channels * parts) as usize];
        }
        let sum = total(&mut scratch, sum, THREADS);
        let along = total(&mut scratch, along, THREADS);
        let mut inverse = 1.0f32;
        if comptime!(!frozen) {
            inverse = statistics[(channel + 3 * e.stride) as usize];
            let all = f32::cast_from(e.batch * e.pixels);
            b = -scale * inverse * inverse * along / all;
            c = -scale * sum / all - b * statistics[channel as usize];
        }
        if part == 0 && UNIT_POS_X == 0 {
            parameters[(first + channel) as usize] = along * inverse;
            parameters[(second + channel) as usize] = sum;
        }
    }
    for step in 0..steps(count) {
        let at = (start + step * THREADS + UNIT_POS_X) as usize;
        let value = x[at];
        g[at] = select(value > 0.0, dy[at] * scale + value * b + c, 0.0);
    }
}
