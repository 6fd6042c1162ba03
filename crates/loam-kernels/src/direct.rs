//! Convolutions with a single channel on one side: the first layer, the last one, and g. Too thin for a transform to pay: the sums are
//! made as they are written, a few rows of pixels times a few channels in registers.

use super::f32x4::{F32x4, WIDTH};
use super::parallel;
use super::sizes::{Finish, Sizes, flipped};

/// Channels that are worked on together.
const BLOCK: usize = 4;
/// Rows that are worked on together where there is one channel to write.
const SLAB: usize = 4;
/// Pixels side by side that are worked on together.
const RUN: usize = 2 * WIDTH;

/// True where the functions here apply.
pub fn fits(sizes: &Sizes) -> bool {
    let many = sizes.channels_in.max(sizes.channels_out);
    sizes.channels_in.min(sizes.channels_out) == 1 && many.is_multiple_of(BLOCK)
}

/// The convolution, finished, into `out`.
pub fn convolve(sizes: &Sizes, x: &[f32], weights: &[f32], finish: &Finish<'_>, out: &mut [f32]) {
    if sizes.channels_in == 1 {
        spread(sizes, x, weights, finish, out)
    } else {
        collect(sizes, x, weights, finish, out)
    }
}

/// The gradient of the weights, from the input `x` and the gradient `g` of the output.
pub fn weight_gradient(sizes: &Sizes, x: &[f32], g: &[f32]) -> Vec<f32> {
    if sizes.channels_in == 1 {
        return taps(sizes, x, g);
    }
    // With one channel out, input and gradient change places, and the kernel is met from its end.
    let back = sizes.backwards();
    flipped(&back, &taps(&back, g, x))
}

/// Numbers in a row with a zero before it and enough behind it for whole runs and the vector after them.
fn padded_row(columns: usize) -> usize {
    columns.next_multiple_of(RUN) + WIDTH
}

/// What a kernel's three columns see of a run of pixels: two vectors each.
#[inline(always)]
fn windows(row: &[f32], at: usize) -> [[F32x4; 2]; 3] {
    let row = &row[at..at + RUN + WIDTH];
    let [a, b, c] = [F32x4::load(row), F32x4::load(&row[WIDTH..]), F32x4::load(&row[RUN..])];
    let (low, high) = (a.windows(b), b.windows(c));
    [[low[0], high[0]], [low[1], high[1]], [low[2], high[2]]]
}

/// Planes with a border of zeros.
fn padded(sizes: &Sizes, planes: &[f32]) -> Vec<f32> {
    let width = padded_row(sizes.columns);
    let mut padded = vec![0.0; planes.len() / sizes.plane() * (sizes.rows + 2) * width];
    for (to, from) in
        padded.chunks_exact_mut((sizes.rows + 2) * width).zip(planes.chunks_exact(sizes.plane()))
    {
        for (to, from) in to[width..].chunks_exact_mut(width).zip(from.chunks_exact(sizes.columns)) {
            to[1..=sizes.columns].copy_from_slice(from);
        }
    }
    padded
}

/// From one channel to many.
fn spread(sizes: &Sizes, x: &[f32], weights: &[f32], finish: &Finish<'_>, out: &mut [f32]) {
    let (width, depth_out) = (padded_row(sizes.columns), sizes.depth_out());
    let kernel = sizes.depth_kernel * 9;
    let padded = padded(sizes, x);
    let blocks = sizes.channels_out / BLOCK;
    let tasks = out.chunks_exact_mut(BLOCK * depth_out * sizes.plane()).enumerate().collect();
    let work = |(): &mut (), (task, out): (usize, &mut [f32])| {
        let (image, block) = (task / blocks, task % blocks);
        let weights: Vec<[f32; BLOCK]> = (0..kernel)
            .map(|tap| std::array::from_fn(|n| weights[(block * BLOCK + n) * kernel + tap]))
            .collect();
        let finish: [_; BLOCK] = std::array::from_fn(|n| finish.channel(block * BLOCK + n));
        let mut source: Vec<&[f32]> = Vec::with_capacity(kernel / 3);
        for depth in 0..depth_out {
            let (frames, place) = sizes.frames(depth);
            let weights = weights[place * 9..][..frames.len() * 9].as_chunks::<3>().0;
            for row in 0..sizes.rows {
                source.clear();
                for frame in frames.clone() {
                    let line = (image * sizes.depth_in + frame) * (sizes.rows + 2) + row;
                    source.extend(padded[line * width..][..3 * width].chunks_exact(width));
                }
                for at in (0..sizes.columns).step_by(RUN) {
                    let mut sums = [[F32x4::zero(); 2]; BLOCK];
                    for (row, weights) in source.iter().zip(weights) {
                        for (weights, [low, high]) in weights.iter().zip(windows(row, at)) {
                            for (sum, weight) in sums.iter_mut().zip(weights) {
                                let weight = F32x4::splat(*weight);
                                sum[0] = sum[0].add_product(weight, low);
                                sum[1] = sum[1].add_product(weight, high);
                            }
                        }
                    }
                    for (n, sum) in sums.into_iter().enumerate() {
                        let row = &mut out[((n * depth_out + depth) * sizes.rows + row) * sizes.columns..]
                            [..sizes.columns];
                        write(sum.map(|sum| finish[n].apply(sum)), &mut row[at..]);
                    }
                }
            }
        }
    };
    parallel::for_each(tasks, || (), work);
}

/// A run of pixels, or what of it the row has left.
#[inline(always)]
fn write([low, high]: [F32x4; 2], to: &mut [f32]) {
    if to.len() >= RUN {
        low.store(to);
        high.store(&mut to[WIDTH..]);
    } else {
        let (first, second) = to.split_at_mut(WIDTH.min(to.len()));
        low.store_some(first);
        high.store_some(second);
    }
}

/// From many channels to one.
fn collect(sizes: &Sizes, x: &[f32], weights: &[f32], finish: &Finish<'_>, out: &mut [f32]) {
    let (width, depth_out, plane) = (padded_row(sizes.columns), sizes.depth_out(), sizes.plane());
    let finish = finish.channel(0);
    let mut tasks: Vec<(usize, usize, usize, &mut [f32])> = Vec::new();
    for (frame, pixels) in out.chunks_exact_mut(plane).enumerate() {
        for (slab, pixels) in pixels.chunks_mut(SLAB * sizes.columns).enumerate() {
            tasks.push((frame / depth_out, frame % depth_out, slab * SLAB, pixels));
        }
    }
    let memory =
        || (vec![0.0; (SLAB + 2) * width], vec![[[F32x4::zero(); 2]; SLAB]; sizes.columns.div_ceil(RUN)]);
    type Memory = (Vec<f32>, Vec<[[F32x4; 2]; SLAB]>);
    let work = |(rows, sums): &mut Memory, (image, depth, first, out): (usize, usize, usize, &mut [f32])| {
        sums.fill([[F32x4::zero(); 2]; SLAB]);
        let (frames, place) = sizes.frames(depth);
        for channel in 0..sizes.channels_in {
            for (index, frame) in frames.clone().enumerate() {
                let pixels =
                    &x[((image * sizes.channels_in + channel) * sizes.depth_in + frame) * plane..][..plane];
                for (y, row) in rows.chunks_exact_mut(width).enumerate() {
                    match (first + y).checked_sub(1).filter(|&source| source < sizes.rows) {
                        Some(source) => row[1..=sizes.columns]
                            .copy_from_slice(&pixels[source * sizes.columns..][..sizes.columns]),
                        None => row.fill(0.0),
                    }
                }
                let at = (channel * sizes.depth_kernel + place + index) * 9;
                let weights: [F32x4; 9] = std::array::from_fn(|tap| F32x4::splat(weights[at + tap]));
                for (run, sums) in sums.iter_mut().enumerate() {
                    add_patch(rows, width, run * RUN, &weights, sums);
                }
            }
        }
        for (run, sums) in sums.iter().enumerate() {
            for (row, sum) in out.chunks_exact_mut(sizes.columns).zip(sums) {
                write(sum.map(|sum| finish.apply(sum)), &mut row[run * RUN..]);
            }
        }
    };
    parallel::for_each(tasks, memory, work);
}

/// Adds one channel's share of [`SLAB`] rows of a run of pixels; `rows` are the rows that they look at.
#[inline(always)]
fn add_patch(rows: &[f32], width: usize, at: usize, weights: &[F32x4; 9], sums: &mut [[F32x4; 2]; SLAB]) {
    for (j, row) in rows.chunks_exact(width).take(SLAB + 2).enumerate() {
        for (x, [low, high]) in windows(row, at).into_iter().enumerate() {
            for (y, sum) in sums.iter_mut().enumerate() {
                if (y..y + 3).contains(&j) {
                    let weight = weights[(j - y) * 3 + x];
                    sum[0] = sum[0].add_product(weight, low);
                    sum[1] = sum[1].add_product(weight, high);
                }
            }
        }
    }
}

/// The gradient of the weights where `x` has one channel.
fn taps(sizes: &Sizes, x: &[f32], g: &[f32]) -> Vec<f32> {
    let (width, depth_out, plane) = (padded_row(sizes.columns), sizes.depth_out(), sizes.plane());
    let kernel = sizes.depth_kernel * 9;
    let padded = padded(sizes, x);
    let mut gradient = vec![0.0; sizes.length_weights()];
    let tasks = gradient.chunks_exact_mut(BLOCK * kernel).enumerate().collect();
    let work = |(): &mut (), (block, gradient): (usize, &mut [f32])| {
        let mut totals = vec![[[F32x4::zero(); 3]; BLOCK]; kernel / 3];
        for image in 0..sizes.batch {
            for depth in 0..depth_out {
                let (frames, place) = sizes.frames(depth);
                for row in 0..sizes.rows {
                    let g: [&[f32]; BLOCK] = std::array::from_fn(|n| {
                        let channel = image * sizes.channels_out + block * BLOCK + n;
                        &g[(channel * depth_out + depth) * plane + row * sizes.columns..][..sizes.columns]
                    });
                    for (index, frame) in frames.clone().enumerate() {
                        let line = (image * sizes.depth_in + frame) * (sizes.rows + 2) + row;
                        let source = padded[line * width..][..3 * width].chunks_exact(width);
                        for (row, totals) in source.zip(&mut totals[(place + index) * 3..]) {
                            add_row(row, g, totals);
                        }
                    }
                }
            }
        }
        for (tap, totals) in totals.iter().enumerate() {
            for (n, totals) in totals.iter().enumerate() {
                for (x, total) in totals.iter().enumerate() {
                    gradient[n * kernel + tap * 3 + x] = total.sum();
                }
            }
        }
    };
    parallel::for_each(tasks, || (), work);
    gradient
}

/// Adds the products of a padded row, at three offsets, with rows of four channels.
#[inline(always)]
fn add_row(row: &[f32], g: [&[f32]; BLOCK], totals: &mut [[F32x4; 3]; BLOCK]) {
    let mut sums = [[F32x4::zero(); 3]; BLOCK];
    let mut add = |at: usize, g: [F32x4; BLOCK]| {
        let row = &row[at..at + 2 * WIDTH];
        let shifted = F32x4::load(row).windows(F32x4::load(&row[WIDTH..]));
        for (sums, g) in sums.iter_mut().zip(g) {
            for (sum, x) in sums.iter_mut().zip(shifted) {
                *sum = sum.add_product(g, x);
            }
        }
    };
    let columns = g[0].len();
    let whole = columns - columns % WIDTH;
    for at in (0..whole).step_by(WIDTH) {
        add(at, g.map(|row| F32x4::load(&row[at..])));
    }
    if whole < columns {
        add(whole, g.map(|row| F32x4::load_some(&row[whole..])));
    }
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = *total + sum;
        }
    }
}
