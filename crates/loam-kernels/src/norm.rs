//! What a block does besides its convolution: statistics of a batch, scale and shift, and the backward pass through norm and ReLU.
//!
//! Images are `[batch, channels, pixels]` with all frames of a channel in `pixels`. Sums are made in `f32` over a few thousand values
//! and in `f64` above, channel by channel, so that they neither drift nor depend on the number of threads.

use super::f32x4::{F32x4, WIDTH, combine};
use super::parallel;

/// Values whose sum is made in `f32`.
const CHUNK: usize = 2048;
/// Partial sums, so that one addition need not wait for the one before.
const PARTS: usize = 4;

/// Mean and (biased) variance of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Mean square of the distance to the mean.
    pub variance: f64,
}

/// Sums of `N` quantities over a chunk, four values at a time.
#[inline(always)]
fn sums<const N: usize, const M: usize>(
    from: [&[f32]; M],
    quantities: impl Fn([F32x4; M]) -> [F32x4; N],
) -> [f64; N] {
    let mut totals = [[F32x4::zero(); PARTS]; N];
    let length = from[0].len();
    let mut at = 0;
    while at + PARTS * WIDTH <= length {
        for part in 0..PARTS {
            let values = quantities(from.map(|from| F32x4::load(&from[at + part * WIDTH..])));
            for (total, value) in totals.iter_mut().zip(values) {
                total[part] = total[part] + value;
            }
        }
        at += PARTS * WIDTH;
    }
    let mut rest = [0.0; N];
    for at in at..length {
        let values = quantities(from.map(|from| F32x4::splat(from[at])));
        for (rest, value) in rest.iter_mut().zip(values) {
            *rest += value.values()[0];
        }
    }
    std::array::from_fn(|n| {
        f64::from(((totals[n][0] + totals[n][1]) + (totals[n][2] + totals[n][3])).sum() + rest[n])
    })
}

/// Runs of one channel, at most [`CHUNK`] long, in order.
fn runs(values: &[f32], channels: usize, pixels: usize, channel: usize) -> impl Iterator<Item = &[f32]> {
    values.chunks_exact(pixels).skip(channel).step_by(channels).flat_map(|image| image.chunks(CHUNK))
}

/// One result per channel, each made by one task.
fn per_channel<T: Send + Default + Clone>(channels: usize, of: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    let mut results = vec![T::default(); channels];
    parallel::for_each(
        results.iter_mut().enumerate().collect(),
        || (),
        |(), (channel, result)| *result = of(channel),
    );
    results
}

/// Mean and variance of every channel (merged as in Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance").
pub fn moments(x: &[f32], channels: usize, pixels: usize) -> Vec<Moments> {
    per_channel(channels, |channel| {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for run in runs(x, channels, pixels, channel) {
            let length = run.len() as f64;
            let [sum] = sums([run], |[x]| [x]);
            let own = sum / length;
            let middle = F32x4::splat(own as f32);
            let [beside, around] = sums([run], |[x]| [x - middle, (x - middle) * (x - middle)]);
            // `middle` is the mean rounded to f32: `beside` takes the rounding back out.
            let own_squares = around - beside * beside / length;
            let distance = own - mean;
            squares += own_squares + distance * distance * count * length / (count + length);
            mean += distance * length / (count + length);
            count += length;
        }
        Moments { mean, variance: (squares / count).max(0.0) }
    })
}

/// Sum of every channel.
pub fn channel_sums(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    per_channel(channels, |channel| {
        runs(x, channels, pixels, channel).map(|run| sums([run], |[x]| [x])[0]).sum::<f64>() as f32
    })
}

/// `x * scale + shift`.
pub fn affine(x: &[f32], (channels, pixels): (usize, usize), scale: &[f32], shift: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    let tasks = out.chunks_exact_mut(pixels).zip(x.chunks_exact(pixels)).enumerate().collect();
    parallel::for_each(
        tasks,
        || (),
        |(), (plane, (out, x)): (usize, (&mut [f32], &[f32]))| {
            let [scale, shift] = [scale, shift].map(|of| F32x4::splat(of[plane % channels]));
            combine(out, x, |_, x| x * scale + shift);
        },
    );
    out
}

/// Per channel the sums of `dy` and of `dy * (x - centre)`.
pub fn gradient_sums(
    dy: &[f32],
    x: &[f32],
    (channels, pixels): (usize, usize),
    centre: &[f32],
) -> Vec<[f64; 2]> {
    per_channel(channels, |channel| {
        let centre = F32x4::splat(centre[channel]);
        let pairs = runs(dy, channels, pixels, channel).zip(runs(x, channels, pixels, channel));
        pairs.fold([0.0; 2], |total, (dy, x)| {
            let [first, second] = sums([dy, x], |[dy, x]| [dy, dy * (x - centre)]);
            [total[0] + first, total[1] + second]
        })
    })
}

/// Of one channel of one image: the gradient before norm and ReLU, the one after them, and the ReLU's result.
type Plane<'a> = (&'a mut [f32], &'a [f32], &'a [f32]);

/// The gradient before norm and ReLU: `dy * a + x * b + c` where `x`, the ReLU's result, is above zero, and 0 elsewhere; with its sum per
/// channel, the gradient of the bias. `factors` are a, b and c of every channel.
pub fn before_relu(
    dy: &[f32],
    x: &[f32],
    (channels, pixels): (usize, usize),
    factors: &[[f32; 3]],
) -> (Vec<f32>, Vec<f32>) {
    let mut out = vec![0.0; x.len()];
    let mut planes: Vec<Vec<Plane<'_>>> = (0..channels).map(|_| Vec::new()).collect();
    let all = out.chunks_exact_mut(pixels).zip(dy.chunks_exact(pixels)).zip(x.chunks_exact(pixels));
    for (plane, ((out, dy), x)) in all.enumerate() {
        planes[plane % channels].push((out, dy, x));
    }
    let mut totals = vec![0.0; channels];
    let tasks = planes.into_iter().zip(factors).zip(&mut totals).collect();
    type Task<'a> = ((Vec<Plane<'a>>, &'a [f32; 3]), &'a mut f32);
    parallel::for_each(
        tasks,
        || (),
        |(), ((planes, factors), total): Task<'_>| {
            let [a, b, c] = factors.map(F32x4::splat);
            let mut sum = 0.0;
            for (out, dy, x) in planes {
                for ((out, dy), x) in out.chunks_mut(CHUNK).zip(dy.chunks(CHUNK)).zip(x.chunks(CHUNK)) {
                    for ((out, dy), x) in out.chunks_mut(WIDTH).zip(dy.chunks(WIDTH)).zip(x.chunks(WIDTH)) {
                        if out.len() == WIDTH {
                            let (dy, x) = (F32x4::load(dy), F32x4::load(x));
                            (dy * a + x * b + c).where_positive(x).store(out);
                        } else {
                            let (dy, x) = (F32x4::load_some(dy), F32x4::load_some(x));
                            (dy * a + x * b + c).where_positive(x).store_some(out);
                        }
                    }
                    // Read again while it is still in the first-level cache.
                    sum += sums([&*out], |[g]| [g])[0];
                }
            }
            *total = sum as f32;
        },
    );
    (out, totals)
}
