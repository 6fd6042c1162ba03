//! The norm of a batch and the backward pass through norm and ReLU: `super::super::autodiff` has the equations.
//!
//! Threads share a channel in turn: thread k of K takes values k, k + K, ... of the channel, so that neighbours read neighbours. What needs
//! a sum over the channel is two dispatches: every thread writes its own part, and every thread of the next adds up all parts. Means and
//! squares are kept as distances to the thread's first value and to its mean, and merged as in Chan, Golub and LeVeque 1983.
//!
//! Statistics of a norm are sections of one buffer, one every `stride` numbers: mean, variance, scale, one over the deviation.

use cubecl::prelude::*;

/// Extents of an image `[batch, channels, pixels]`, and how many threads share a channel.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct ChannelExtents {
    /// Images.
    pub batch: u32,
    /// Channels.
    pub channels: u32,
    /// Numbers of a channel of an image.
    pub pixels: u32,
    /// Threads of a channel.
    pub threads: u32,
    /// Numbers between two sections of the statistics.
    pub stride: u32,
}

/// Place of the n-th value of a channel.
#[cube]
fn place(e: &ChannelExtents, channel: u32, n: u32) -> usize {
    (((n / e.pixels) * e.channels + channel) * e.pixels + n % e.pixels) as usize
}

/// Values of thread `k`.
#[cube]
fn share(e: &ChannelExtents, k: u32) -> u32 {
    (e.batch * e.pixels + e.threads - 1 - k) / e.threads
}

/// Mean and sum of squared distances to it of every thread's share, `[2, channels, threads]`.
#[cube(launch)]
pub fn moments(x: &[f32], partial: &mut [f32], e: ChannelExtents) {
    let thread = ABSOLUTE_POS_X;
    if thread >= e.channels * e.threads {
        terminate!();
    }
    let k = thread % e.threads;
    let channel = thread / e.threads;
    let own = share(&e, k);
    let middle = x[place(&e, channel, k)];
    let mut sum = 0.0f32;
    let mut squares = 0.0f32;
    for step in 0..own {
        let distance = x[place(&e, channel, k + step * e.threads)] - middle;
        sum += distance;
        squares += distance * distance;
    }
    let beside = sum / f32::cast_from(own);
    partial[thread as usize] = middle + beside;
    partial[(thread + e.channels * e.threads) as usize] = squares - beside * sum;
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`; the statistics of the batch go to `statistics`.
#[cube(launch)]
pub fn normalise(
    x: &[f32],
    partial: &[f32],
    gamma: &[f32],
    beta: &[f32],
    y: &mut [f32],
    statistics: &mut [f32],
    epsilon: f32,
    e: ChannelExtents,
) {
    let thread = ABSOLUTE_POS_X;
    if thread >= e.channels * e.threads {
        terminate!();
    }
    let k = thread % e.threads;
    let channel = thread / e.threads;
    let mut count = 0.0f32;
    let mut mean = 0.0f32;
    let mut squares = 0.0f32;
    for other in 0..e.threads {
        let length = f32::cast_from(share(&e, other));
        let at = channel * e.threads + other;
        let distance = partial[at as usize] - mean;
        squares += partial[(at + e.channels * e.threads) as usize]
            + distance * distance * count * length / (count + length);
        mean += distance * length / (count + length);
        count += length;
    }
    let variance = squares / count;
    let inverse = 1.0 / f32::sqrt(variance + epsilon);
    let scale = gamma[channel as usize] * inverse;
    let shift = beta[channel as usize];
    if k == 0 {
        statistics[channel as usize] = mean;
        statistics[(channel + e.stride) as usize] = variance;
        statistics[(channel + 2 * e.stride) as usize] = scale;
        statistics[(channel + 3 * e.stride) as usize] = inverse;
    }
    for step in 0..share(&e, k) {
        let at = place(&e, channel, k + step * e.threads);
        y[at] = (x[at] - mean) * scale + shift;
    }
}

/// Sums of `dy` and of `dy * (x - centre)` over every thread's share, `[2, channels, threads]`; the centre is the mean, or 0 where the
/// norm is frozen.
#[cube(launch)]
pub fn gradient_sums(
    dy: &[f32],
    x: &[f32],
    statistics: &[f32],
    partial: &mut [f32],
    e: ChannelExtents,
    #[comptime] frozen: bool,
) {
    let thread = ABSOLUTE_POS_X;
    if thread >= e.channels * e.threads {
        terminate!();
    }
    let k = thread % e.threads;
    let channel = thread / e.threads;
    let mut centre = 0.0f32;
    if comptime!(!frozen) {
        centre = statistics[channel as usize];
    }
    let mut sum = 0.0f32;
    let mut along = 0.0f32;
    for step in 0..share(&e, k) {
        let at = place(&e, channel, k + step * e.threads);
        let gradient = dy[at];
        sum += gradient;
        along += gradient * (x[at] - centre);
    }
    partial[thread as usize] = sum;
    partial[(thread + e.channels * e.threads) as usize] = along;
}

/// The gradient before norm and ReLU: `dy * a + x * b + c` where `x`, the ReLU's result, is above zero, else 0. The gradients of the norm's
/// factor and offset go to `parameters` from `first` and `second` on. Without `partial` (nobody asks for those, and the norm is frozen)
/// they are left out.
#[cube(launch)]
pub fn before_relu(
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
    let thread = ABSOLUTE_POS_X;
    if thread >= e.channels * e.threads {
        terminate!();
    }
    let k = thread % e.threads;
    let channel = thread / e.threads;
    let scale = statistics[(channel + 2 * e.stride) as usize];
    let mut b = 0.0f32;
    let mut c = 0.0f32;
    #[comptime]
    if let ComptimeOption::Some(partial) = &partial {
        let mut sum = 0.0f32;
        let mut along = 0.0f32;
        for other in 0..e.threads {
            let at = channel * e.threads + other;
            sum += partial[at as usize];
            along += partial[(at + e.channels * e.threads) as usize];
        }
        let mut inverse = 1.0f32;
        if comptime!(!frozen) {
            inverse = statistics[(channel + 3 * e.stride) as usize];
            let count = f32::cast_from(e.batch * e.pixels);
            b = -scale * inverse * inverse * along / count;
            c = -scale * sum / count - b * statistics[channel as usize];
        }
        if k == 0 {
            parameters[(first + channel) as usize] = along * inverse;
            parameters[(second + channel) as usize] = sum;
        }
    }
    for step in 0..share(&e, k) {
        let at = place(&e, channel, k + step * e.threads);
        let value = x[at];
        g[at] = select(value > 0.0, dy[at] * scale + value * b + c, 0.0);
    }
}
