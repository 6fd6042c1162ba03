//! What a step of training does besides the network: the masked uRMSE and its gradient, Adam over all parameters, the running statistics of
//! a norm. A few dispatches where burn's own operations take hundreds.

// The outer of two ifs is decided when the kernel is compiled, the inner one by each thread.
#![allow(clippy::collapsible_if, reason = "outer: when compiled, inner: by each thread")]

use cubecl::prelude::*;

/// Mean and sum of squared distances to it of `(estimate - target)` over the masked pixels of a row, and their number: `[3, lines]`. One
/// thread per row of an image.
#[cube(launch)]
pub fn row_errors(
    estimate: &[f32],
    target: &[f32],
    mask: &[f32],
    partial: &mut [f32],
    lines: u32,
    columns: u32,
) {
    let line = ABSOLUTE_POS_X;
    if line >= lines {
        terminate!();
    }
    let mut count = 0.0f32;
    let mut sum = 0.0f32;
    for column in 0..columns {
        let at = (line * columns + column) as usize;
        sum += (estimate[at] - target[at]) * mask[at];
        count += mask[at];
    }
    let mean = sum / f32::max(count, 1.0);
    let mut squares = 0.0f32;
    for column in 0..columns {
        let at = (line * columns + column) as usize;
        let distance = (estimate[at] - target[at] - mean) * mask[at];
        squares += distance * distance;
    }
    partial[line as usize] = count;
    partial[(lines + line) as usize] = mean;
    partial[(2 * lines + line) as usize] = squares;
}

/// Merges rows `first .. first + rows`: count, mean and mean square of the distances to it.
#[cube]
fn merged(partial: &[f32], lines: u32, first: u32, rows: u32) -> (f32, f32, f32) {
    let mut count = 0.0f32;
    let mut mean = 0.0f32;
    let mut squares = 0.0f32;
    for row in 0..rows {
        let length = partial[(first + row) as usize];
        let distance = partial[(lines + first + row) as usize] - mean;
        let share = length / f32::max(count + length, 1.0);
        squares += partial[(2 * lines + first + row) as usize] + distance * distance * count * share;
        mean += distance * share;
        count += length;
    }
    (count, mean, squares / f32::max(count, 1.0))
}

/// The mean of the images' uRMSE, and per image the mean error and what its pixels' errors are multiplied with in the gradient:
/// `[1 + 2 images]`. A mean square under `nothing_left` counts as 0, its gradient too. One thread.
#[cube(launch)]
pub fn urmse(partial: &[f32], summary: &mut [f32], nothing_left: f32, images: u32, rows: u32) {
    if ABSOLUTE_POS_X > 0 {
        terminate!();
    }
    let mut total = 0.0f32;
    for image in 0..images {
        let (count, mean, square) = merged(partial, images * rows, image * rows, rows);
        let root = f32::sqrt(square);
        let met = square < nothing_left;
        total += select(met, 0.0, root);
        summary[(1 + image) as usize] = mean;
        summary[(1 + images + image) as usize] =
            select(met, 0.0, 1.0 / (root * count * f32::cast_from(images)));
    }
    summary[0] = total / f32::cast_from(images);
}

/// The gradient of the estimate, from the one of the loss.
#[cube(launch)]
pub fn urmse_gradient(
    estimate: &[f32],
    target: &[f32],
    mask: &[f32],
    summary: &[f32],
    upstream: &[f32],
    gradient: &mut [f32],
    images: u32,
    pixels: u32,
) {
    let at = ABSOLUTE_POS_X;
    if at >= images * pixels {
        terminate!();
    }
    let image = at / pixels;
    let at = at as usize;
    let factor = summary[(1 + images + image) as usize] * upstream[0];
    gradient[at] = (estimate[at] - target[at] - summary[(1 + image) as usize]) * mask[at] * factor;
}

/// One step of Adam over a state `[values, first moments, second moments]` of `length` numbers each, whose gradients lie in up to four
/// buffers one after the other; the second begins at `start_1` and so on. `rest_1` and
/// `rest_2` are what the decays leave of 1: in `f32` 1 - 0.999 would be 5e-5 off.
///
/// `rates` is `[rate, root_factor]`: numbers that change from step to step must not be scalars of a launch, for CubeCL keeps a small buffer of
/// each set of scalars it has met, for ever.
#[cube(launch)]
pub fn adam(
    state: &[f32],
    next: &mut [f32],
    gradient_0: &[f32],
    gradient_1: ComptimeOption<&[f32]>,
    gradient_2: ComptimeOption<&[f32]>,
    gradient_3: ComptimeOption<&[f32]>,
    rates: &[f32],
    length: u32,
    start_1: u32,
    start_2: u32,
    start_3: u32,
    rest_1: f32,
    beta_2: f32,
    rest_2: f32,
    epsilon: f32,
) {
    let at = ABSOLUTE_POS_X;
    if at >= length {
        terminate!();
    }
    let mut gradient = gradient_0[u32::min(at, start_1 - 1) as usize];
    #[comptime]
    if let ComptimeOption::Some(source) = gradient_1 {
        if at >= start_1 && at < start_2 {
            gradient = source[(at - start_1) as usize];
        }
    }
    #[comptime]
    if let ComptimeOption::Some(source) = gradient_2 {
        if at >= start_2 && at < start_3 {
            gradient = source[(at - start_2) as usize];
        }
    }
    #[comptime]
    if let ComptimeOption::Some(source) = gradient_3 {
        if at >= start_3 {
            gradient = source[(at - start_3) as usize];
        }
    }
    let first = state[(length + at) as usize];
    let first = first + (gradient - first) * rest_1;
    let second = state[(2 * length + at) as usize] * beta_2 + gradient * gradient * rest_2;
    next[at as usize] = state[at as usize] - first / (f32::sqrt(second) * rates[1] + epsilon) * rates[0];
    next[(length + at) as usize] = first;
    next[(2 * length + at) as usize] = second;
}

/// Copies into a part of a buffer; without a source, zeros.
#[cube(launch)]
pub fn copy(from: ComptimeOption<&[f32]>, into: &mut [f32], at: u32, length: u32) {
    let n = ABSOLUTE_POS_X;
    if n >= length {
        terminate!();
    }
    #[comptime]
    match from {
        ComptimeOption::Some(from) => into[(at + n) as usize] = from[n as usize],
        ComptimeOption::None => into[(at + n) as usize] = 0.0,
    }
}

/// A norm's place in [`absorb`]: first numbers of its running mean and variance, of the batch's mean and variance, and what makes the
/// batch's variance unbiased.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub struct NormPlace {
    /// Running mean.
    pub mean: u32,
    /// Running variance.
    pub variance: u32,
    /// The batch's mean.
    pub batch_mean: u32,
    /// The batch's variance.
    pub batch_variance: u32,
    /// Factor of the batch's variance.
    pub unbiased: f32,
}

/// One channel of one norm: mean and variance go to `next`, `stride` numbers for each of them, norm after norm.
#[cube]
fn move_one(
    running: &[f32],
    batch: &[f32],
    next: &mut [f32],
    place: &NormPlace,
    channel: u32,
    to: u32,
    stride: u32,
    rest: f32,
    momentum: f32,
) {
    next[(to + channel) as usize] = running[(place.mean + channel) as usize] * rest
        + batch[(place.batch_mean + channel) as usize] * momentum;
    next[(to + stride + channel) as usize] = running[(place.variance + channel) as usize] * rest
        + batch[(place.batch_variance + channel) as usize] * place.unbiased * momentum;
}

/// Moves the running statistics of up to three norms towards a batch's.
#[cube(launch)]
pub fn absorb(
    running: &[f32],
    batch: &[f32],
    running_1: ComptimeOption<&[f32]>,
    batch_1: ComptimeOption<&[f32]>,
    running_2: ComptimeOption<&[f32]>,
    batch_2: ComptimeOption<&[f32]>,
    next: &mut [f32],
    place: NormPlace,
    place_1: NormPlace,
    place_2: NormPlace,
    channels: u32,
    stride: u32,
    rest: f32,
    momentum: f32,
) {
    let channel = ABSOLUTE_POS_X;
    if channel >= channels {
        terminate!();
    }
    move_one(running, batch, next, &place, channel, 0, stride, rest, momentum);
    #[comptime]
    if let ComptimeOption::Some(running) = running_1 {
        #[comptime]
        if let ComptimeOption::Some(batch) = batch_1 {
            move_one(running, batch, next, &place_1, channel, 2 * stride, stride, rest, momentum);
        }
    }
    #[comptime]
    if let ComptimeOption::Some(running) = running_2 {
        #[comptime]
        if let ComptimeOption::Some(batch) = batch_2 {
            move_one(running, batch, next, &place_2, channel, 4 * stride, stride, rest, momentum);
        }
    }
}

/// A norm with its running statistics as factor and offset, `[factor .., offset ..]`, one every `stride` numbers.
#[cube(launch)]
pub fn frozen_norm(
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    next: &mut [f32],
    channels: u32,
    stride: u32,
    epsilon: f32,
) {
    let channel = ABSOLUTE_POS_X;
    if channel >= channels {
        terminate!();
    }
    let at = channel as usize;
    let scale = gamma[at] / f32::sqrt(variance[at] + epsilon);
    next[at] = scale;
    next[(stride + channel) as usize] = beta[at] - mean[at] * scale;
}
