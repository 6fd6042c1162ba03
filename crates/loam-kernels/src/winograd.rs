//! Convolution from many channels to many, by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, "Fast Algorithms for
//! Convolutional Neural Networks", section 4.3): 36 products where 144 were.
//!
//! ```text
//! Y = A^T [ (G w G^T) * (B^T x B) ] A          * element by element; x 6 x 6 pixels, Y the 4 x 4 in their middle
//! ```
//!
//! The frames a kernel looks at count as channels, so that each of the 36 positions is one matrix product of `[out, frames * in]` with
//! `[frames * in, tiles]`, and the transform of a frame serves every output frame that needs it. Work goes in strips of tile rows, whose
//! transforms stay in the second-level cache. The vector's four lanes are four tiles side by side.

use super::f32x4::{F32x4, WIDTH, combine};
use super::multiply::{ROWS, add_product, product, transpose};
use super::parallel;
use super::sizes::{ChannelFinish, Finish, Sizes};

/// Pixels of a tile's edge that are written.
const TILE: usize = 4;
/// Pixels of a tile's edge that are read.
const PATCH: usize = 6;
/// Positions of a transformed tile.
const POSITIONS: usize = PATCH * PATCH;
/// Tile rows of a strip.
const STRIP: usize = 4;
/// Sums that the gradient of the weights is cut into, so that threads can share it; they are added in order.
const SHARES: usize = 8;

/// True where [`convolve`] and [`weight_gradient`] apply.
pub fn fits(sizes: &Sizes) -> bool {
    sizes.channels_in > 0
        && sizes.channels_in.is_multiple_of(WIDTH)
        && sizes.channels_out > 0
        && sizes.channels_out.is_multiple_of(ROWS)
}

/// B^T of six values.
#[inline(always)]
fn of_input(d: [F32x4; PATCH]) -> [F32x4; PATCH] {
    let (even, odd) = (d[4] - d[2] * 4.0, d[3] - d[1] * 4.0);
    let (near, far) = (d[4] - d[2], (d[3] - d[1]) * 2.0);
    [
        d[0] * 4.0 - d[2] * 5.0 + d[4],
        even + odd,
        even - odd,
        near + far,
        near - far,
        d[1] * 4.0 - d[3] * 5.0 + d[5],
    ]
}

/// A of four values.
#[inline(always)]
fn of_gradient(y: [F32x4; TILE]) -> [F32x4; PATCH] {
    let (even, odd) = (y[0] + y[2], y[1] + y[3]);
    let (even_2, odd_2) = (y[0] + y[2] * 4.0, y[1] * 2.0 + y[3] * 8.0);
    [y[0], even + odd, even - odd, even_2 + odd_2, even_2 - odd_2, y[3]]
}

/// A^T of six values.
#[inline(always)]
fn to_output(m: [F32x4; PATCH]) -> [F32x4; TILE] {
    let (sum, difference) = (m[1] + m[2], m[1] - m[2]);
    let (sum_2, difference_2) = (m[3] + m[4], m[3] - m[4]);
    [
        m[0] + sum + sum_2,
        difference + difference_2 * 2.0,
        sum + sum_2 * 4.0,
        difference + difference_2 * 8.0 + m[5],
    ]
}

/// G of three values.
#[inline(always)]
fn of_kernel(w: [F32x4; 3]) -> [F32x4; PATCH] {
    let (even, even_2) = (w[0] + w[2], w[0] + w[2] * 4.0);
    let odd_2 = w[1] * 2.0;
    let (sixth, part) = (-1.0 / 6.0, 1.0 / 24.0);
    [
        w[0] * 0.25,
        (even + w[1]) * sixth,
        (even - w[1]) * sixth,
        (even_2 + odd_2) * part,
        (even_2 - odd_2) * part,
        w[2],
    ]
}

/// G^T of six values.
#[inline(always)]
fn to_kernel(u: [F32x4; PATCH]) -> [F32x4; 3] {
    let (sixth, part) = (-1.0 / 6.0, 1.0 / 24.0);
    let (sum, difference) = ((u[1] + u[2]) * sixth, (u[1] - u[2]) * sixth);
    let (sum_2, difference_2) = ((u[3] + u[4]) * part, (u[3] - u[4]) * part);
    [u[0] * 0.25 + sum + sum_2, difference + difference_2 * 2.0, sum + sum_2 * 4.0 + u[5]]
}

/// G w G^T of every kernel: per position and four output channels, one `[f32; 4]` per frame and input channel.
fn of_weights(sizes: &Sizes, weights: &[f32]) -> Vec<[f32; ROWS]> {
    let inner = sizes.depth_kernel * sizes.channels_in;
    let blocks = sizes.channels_out / ROWS;
    let mut transformed = vec![[0.0; ROWS]; POSITIONS * blocks * inner];
    for (block, weights) in weights.chunks_exact(ROWS * inner * 9).enumerate() {
        for at in 0..inner {
            let (channel, frame) = (at / sizes.depth_kernel, at % sizes.depth_kernel);
            let taps: [[F32x4; 3]; 3] = std::array::from_fn(|x| {
                std::array::from_fn(|y| {
                    F32x4::new(std::array::from_fn(|n| weights[(n * inner + at) * 9 + 3 * y + x]))
                })
            });
            let half = taps.map(of_kernel);
            for j in 0..PATCH {
                for (i, value) in of_kernel(half.map(|column| column[j])).into_iter().enumerate() {
                    transformed
                        [((j * PATCH + i) * blocks + block) * inner + frame * sizes.channels_in + channel] =
                        value.values();
                }
            }
        }
    }
    transformed
}

/// G^T dU G: the gradient of the weights from that of the transformed ones, `[position, frame * in, out]`.
fn weights_from(sizes: &Sizes, transformed: &[f32]) -> Vec<f32> {
    let inner = sizes.depth_kernel * sizes.channels_in;
    let mut weights = vec![0.0; sizes.length_weights()];
    for (block, weights) in weights.chunks_exact_mut(ROWS * inner * 9).enumerate() {
        for at in 0..inner {
            let (channel, frame) = (at / sizes.depth_kernel, at % sizes.depth_kernel);
            let line = |p: usize| {
                (p * inner + frame * sizes.channels_in + channel) * sizes.channels_out + block * ROWS
            };
            let half: [[F32x4; 3]; PATCH] = std::array::from_fn(|i| {
                to_kernel(std::array::from_fn(|j| F32x4::load(&transformed[line(j * PATCH + i)..])))
            });
            for y in 0..3 {
                for (x, value) in to_kernel(half.map(|column| column[y])).into_iter().enumerate() {
                    for (n, value) in value.values().into_iter().enumerate() {
                        weights[(n * inner + at) * 9 + 3 * y + x] = value;
                    }
                }
            }
        }
    }
    weights
}

/// How an image is cut into tiles and strips.
#[derive(Debug, Clone, Copy)]
struct Cut {
    rows: usize,
    columns: usize,
    /// Tiles side by side.
    across: usize,
    /// Tiles one above the other.
    down: usize,
    /// Numbers kept per row of tiles of a strip: at least three more than its tiles, because four are always written.
    stride: usize,
}

impl Cut {
    fn new(sizes: &Sizes) -> Self {
        let across = sizes.columns.div_ceil(TILE);
        let stride = (STRIP * across + WIDTH - 1).next_multiple_of(WIDTH);
        Self { rows: sizes.rows, columns: sizes.columns, across, down: sizes.rows.div_ceil(TILE), stride }
    }

    fn strips(&self) -> usize {
        self.down.div_ceil(STRIP)
    }

    /// Tile rows of a strip.
    fn tile_rows(&self, strip: usize) -> std::ops::Range<usize> {
        strip * STRIP..(strip * STRIP + STRIP).min(self.down)
    }

    /// Groups of four tiles side by side.
    fn groups(&self) -> usize {
        self.across.div_ceil(WIDTH)
    }

    /// Columns of the working rows: a group more than there are, for the neighbours of the last.
    fn width(&self) -> usize {
        (self.groups() + 1) * TILE * WIDTH
    }
}

/// Working memory of a strip.
struct Memory {
    /// Transformed input, `[position, frame * in, stride]`.
    input: Vec<f32>,
    /// Transformed output, `[position, out, stride]`; for the gradient of the weights `[position, frame * out, stride]`.
    output: Vec<f32>,
    /// One position and frame of the transformed output with its columns as rows, `[stride, out]`.
    transposed: Vec<f32>,
    /// Rows of one tile row between the two halves of a transform.
    rows: Vec<f32>,
}

impl Memory {
    fn new(sizes: &Sizes, cut: &Cut, outputs: usize) -> Self {
        Self {
            input: vec![0.0; POSITIONS * sizes.depth_in * sizes.channels_in * cut.stride],
            output: vec![0.0; POSITIONS * outputs * cut.stride],
            transposed: vec![0.0; sizes.channels_out * cut.stride],
            rows: vec![0.0; (PATCH * cut.width()).max(PATCH * TILE * cut.groups() * WIDTH)],
        }
    }
}

/// The next `N` rows, each cut to `length` groups of four.
#[inline(always)]
fn next_rows<'a, const N: usize>(
    rows: &mut impl Iterator<Item = &'a mut [f32]>,
    length: usize,
) -> [&'a mut [[f32; WIDTH]]; N] {
    std::array::from_fn(|_| &mut rows.next().unwrap_or_default().as_chunks_mut::<WIDTH>().0[..length])
}

/// Transforms one tile row of a plane: `N` rows and columns of pixels a tile, what is more than the tile's own on both sides of it.
/// Position `p` of tile `t` goes to `to[p * step + t]`. `working` is zero wherever this function does not write with this `N`.
#[inline(always)]
fn spread<const N: usize>(
    cut: &Cut,
    plane: &[f32],
    tile_row: usize,
    transform: impl Fn([F32x4; N]) -> [F32x4; PATCH],
    working: &mut [f32],
    to: &mut [f32],
    step: usize,
) {
    let margin = (N - TILE) / 2;
    let row = |j: usize| (TILE * tile_row + j).checked_sub(margin).filter(|&row| row < cut.rows);
    let whole = cut.columns / WIDTH;
    let width = cut.width();
    if (0..N).all(|j| row(j).is_some()) {
        let first = TILE * tile_row - margin;
        let source: [&[f32]; N] = std::array::from_fn(|j| &plane[(first + j) * cut.columns..][..cut.columns]);
        let chunks = source.map(|row| &row.as_chunks::<WIDTH>().0[..whole]);
        let to: [_; PATCH] =
            next_rows(&mut working.chunks_exact_mut(width).map(|row| &mut row[margin..]), whole + 1);
        for at in 0..whole {
            let values = transform(chunks.map(|row| F32x4::new(row[at])));
            for (j, value) in values.into_iter().enumerate() {
                to[j][at] = value.values();
            }
        }
        if whole * WIDTH < cut.columns {
            let values = transform(source.map(|row| F32x4::load_some(&row[whole * WIDTH..])));
            for (j, value) in values.into_iter().enumerate() {
                to[j][whole] = value.values();
            }
        }
    } else {
        // At the upper or lower edge some rows are outside, and zero.
        for at in (0..cut.columns).step_by(WIDTH) {
            let values = transform(std::array::from_fn(|j| match row(j) {
                Some(row) => F32x4::load_some(&plane[row * cut.columns + at..(row + 1) * cut.columns]),
                None => F32x4::zero(),
            }));
            for (row, value) in working.chunks_exact_mut(width).zip(values) {
                value.store(&mut row[margin + at..]);
            }
        }
    }
    let mut lines = to.chunks_mut(step);
    for row in working.chunks_exact(width).take(PATCH) {
        let to: [_; PATCH] = next_rows(&mut lines, cut.groups());
        let blocks = row.as_chunks::<{ TILE * WIDTH }>().0;
        let columns = |block: &[f32; TILE * WIDTH]| {
            F32x4::transpose([0, 1, 2, 3].map(|part: usize| F32x4::load(&block[part * WIDTH..])))
        };
        let Some((first, following)) = blocks.split_first() else { return };
        let mut here = columns(first);
        for (group, next) in following[..cut.groups()].iter().enumerate() {
            let next = columns(next);
            let values = transform(std::array::from_fn(|i| {
                if i < TILE { here[i] } else { here[i - TILE].shifted(next[i - TILE]) }
            }));
            for (i, value) in values.into_iter().enumerate() {
                to[i][group] = value.values();
            }
            here = next;
        }
    }
}

/// Transforms a strip of every frame and channel of one image, `[channel, frame, row, column]`, to `[position, frame * channel, stride]`.
fn spread_strip<const N: usize>(
    cut: &Cut,
    strip: usize,
    (channels, depth): (usize, usize),
    image: &[f32],
    transform: impl Fn([F32x4; N]) -> [F32x4; PATCH] + Copy,
    rows: &mut [f32],
    to: &mut [f32],
) {
    rows.fill(0.0);
    let step = depth * channels * cut.stride;
    for (plane, pixels) in image.chunks_exact(cut.rows * cut.columns).enumerate() {
        let (channel, frame) = (plane / depth, plane % depth);
        let line = (frame * channels + channel) * cut.stride;
        for (index, tile_row) in cut.tile_rows(strip).enumerate() {
            spread(cut, pixels, tile_row, transform, rows, &mut to[line + index * cut.across..], step);
        }
    }
    // Lanes behind the last tile that the last row of tiles did not reach.
    let count = cut.tile_rows(strip).len();
    let (written, used) =
        ((count - 1) * cut.across + cut.groups() * WIDTH, (count * cut.across).next_multiple_of(WIDTH));
    if written < used {
        to.chunks_exact_mut(cut.stride).for_each(|line| line[written..used].fill(0.0));
    }
}

/// Transforms one channel's tile row back: position `p` of tile `t` is at `from[p * step + t]`; `slab` holds the strip's rows.
#[inline(always)]
fn gather(
    cut: &Cut,
    from: &[f32],
    step: usize,
    finish: ChannelFinish,
    working: &mut [f32],
    slab: &mut [f32],
) {
    let groups = cut.groups();
    let line = |p: usize| &from[p * step..][..groups * WIDTH].as_chunks::<WIDTH>().0[..groups];
    for (i, working) in working.chunks_exact_mut(TILE * groups * WIDTH).take(PATCH).enumerate() {
        let lines: [_; PATCH] = std::array::from_fn(|j| line(j * PATCH + i));
        let to: [_; TILE] = next_rows(&mut working.chunks_exact_mut(groups * WIDTH), groups);
        for group in 0..groups {
            let values = to_output(lines.map(|line| F32x4::new(line[group])));
            for (y, value) in values.into_iter().enumerate() {
                to[y][group] = value.values();
            }
        }
    }
    for (y, row) in slab.chunks_exact_mut(cut.columns).take(TILE).enumerate() {
        let lines: [_; PATCH] = std::array::from_fn(|i| {
            &working[(i * TILE + y) * groups * WIDTH..][..groups * WIDTH].as_chunks::<WIDTH>().0[..groups]
        });
        let pixels = |group: usize| {
            F32x4::transpose(to_output(lines.map(|line| F32x4::new(line[group]))))
                .map(|pixels| finish.apply(pixels))
        };
        let (whole, rest) = row.as_chunks_mut::<{ TILE * WIDTH }>();
        for (group, to) in whole.iter_mut().enumerate() {
            for (to, value) in to.as_chunks_mut::<WIDTH>().0.iter_mut().zip(pixels(group)) {
                *to = value.values();
            }
        }
        if !rest.is_empty() {
            for (to, value) in rest.chunks_mut(WIDTH).zip(pixels(groups - 1)) {
                value.store_some(to);
            }
        }
    }
}

/// Four rows of a matrix.
#[inline(always)]
fn four_rows(rows: &mut [f32], stride: usize) -> [&mut [f32]; ROWS] {
    let (low, high) = rows.split_at_mut(2 * stride);
    let ((a, b), (c, d)) = (low.split_at_mut(stride), high.split_at_mut(stride));
    [a, b, c, d]
}

/// The convolution, finished, into `out`.
pub fn convolve(sizes: &Sizes, x: &[f32], weights: &[f32], finish: &Finish<'_>, out: &mut [f32]) {
    let cut = Cut::new(sizes);
    let (strips, depth_out) = (cut.strips(), sizes.depth_out());
    let inner = sizes.depth_kernel * sizes.channels_in;
    let weights = of_weights(sizes, weights);
    // The rows that each strip of each image writes: per channel and frame one slab.
    let mut slabs: Vec<Vec<&mut [f32]>> =
        (0..sizes.batch * strips).map(|_| Vec::with_capacity(sizes.channels_out * depth_out)).collect();
    for (plane, pixels) in out.chunks_exact_mut(sizes.plane()).enumerate() {
        let image = plane / (sizes.channels_out * depth_out);
        for (strip, slab) in pixels.chunks_mut(STRIP * TILE * cut.columns).enumerate() {
            slabs[image * strips + strip].push(slab);
        }
    }
    let tasks = slabs.into_iter().enumerate().collect();
    let work = |memory: &mut Memory, (task, mut slabs): (usize, Vec<&mut [f32]>)| {
        let (image, strip) = (task / strips, task % strips);
        let length = sizes.length_in() / sizes.batch;
        let image = &x[image * length..][..length];
        spread_strip(
            &cut,
            strip,
            (sizes.channels_in, sizes.depth_in),
            image,
            of_input,
            &mut memory.rows,
            &mut memory.input,
        );
        let tiles = cut.tile_rows(strip).len() * cut.across;
        for depth in 0..depth_out {
            let (frames, place) = sizes.frames(depth);
            for position in 0..POSITIONS {
                let line = position * sizes.depth_in + frames.start;
                let input = &memory.input[line * sizes.channels_in * cut.stride..]
                    [..frames.len() * sizes.channels_in * cut.stride];
                let output = &mut memory.output[position * sizes.channels_out * cut.stride..]
                    [..sizes.channels_out * cut.stride];
                let weights = &weights[position * sizes.channels_out / ROWS * inner..]
                    [..sizes.channels_out / ROWS * inner];
                for (weights, output) in
                    weights.chunks_exact(inner).zip(output.chunks_exact_mut(ROWS * cut.stride))
                {
                    let weights = &weights[place * sizes.channels_in..][..frames.len() * sizes.channels_in];
                    product(
                        weights,
                        input,
                        cut.stride,
                        tiles.next_multiple_of(WIDTH),
                        four_rows(output, cut.stride),
                    );
                }
            }
            let step = sizes.channels_out * cut.stride;
            for channel in 0..sizes.channels_out {
                let slab = &mut slabs[channel * depth_out + depth];
                for index in 0..cut.tile_rows(strip).len() {
                    let from = &memory.output[channel * cut.stride + index * cut.across..];
                    let slab = &mut slab[index * TILE * cut.columns..];
                    gather(&cut, from, step, finish.channel(channel), &mut memory.rows, slab);
                }
            }
        }
    };
    parallel::for_each(tasks, || Memory::new(sizes, &cut, sizes.channels_out), work);
}

/// The gradient of the weights, from the input `x` and the gradient `g` of the output.
pub fn weight_gradient(sizes: &Sizes, x: &[f32], g: &[f32]) -> Vec<f32> {
    let cut = Cut::new(sizes);
    let (strips, depth_out) = (cut.strips(), sizes.depth_out());
    let inner = sizes.depth_kernel * sizes.channels_in;
    let all: Vec<usize> = (0..sizes.batch * strips).collect();
    let mut shares = vec![vec![0.0; POSITIONS * sizes.channels_out * inner]; all.len().clamp(1, SHARES)];
    // Always the same strips in the same share, however many threads there are.
    let per_share = all.len().div_ceil(shares.len()).max(1);
    let tasks = all.chunks(per_share).zip(shares.iter_mut()).collect();
    let work = |memory: &mut Memory, (tasks, share): (&[usize], &mut Vec<f32>)| {
        for task in tasks {
            let (image, strip) = (task / strips, task % strips);
            let (length_in, length_out) = (sizes.length_in() / sizes.batch, sizes.length_out() / sizes.batch);
            let (x, g) = (&x[image * length_in..][..length_in], &g[image * length_out..][..length_out]);
            let tiles = cut.tile_rows(strip).len() * cut.across;
            spread_strip(
                &cut,
                strip,
                (sizes.channels_in, sizes.depth_in),
                x,
                of_input,
                &mut memory.rows,
                &mut memory.input,
            );
            spread_strip(
                &cut,
                strip,
                (sizes.channels_out, depth_out),
                g,
                of_gradient,
                &mut memory.rows,
                &mut memory.output,
            );
            let used = tiles.next_multiple_of(WIDTH);
            for (position, sums) in share.chunks_exact_mut(sizes.channels_out * inner).enumerate() {
                for depth in 0..depth_out {
                    let (frames, place) = sizes.frames(depth);
                    let line = position * sizes.depth_in + frames.start;
                    let input = &memory.input[line * sizes.channels_in * cut.stride..]
                        [..frames.len() * sizes.channels_in * cut.stride];
                    let line = position * depth_out + depth;
                    let output = &memory.output[line * sizes.channels_out * cut.stride..]
                        [..sizes.channels_out * cut.stride];
                    let transposed = &mut memory.transposed[..used * sizes.channels_out];
                    transpose(output, cut.stride, used, transposed);
                    let sums = &mut sums[place * sizes.channels_in * sizes.channels_out..];
                    for (input, sums) in input
                        .chunks_exact(ROWS * cut.stride)
                        .zip(sums.chunks_exact_mut(ROWS * sizes.channels_out))
                    {
                        let input = [0, 1, 2, 3].map(|row| &input[row * cut.stride..][..used]);
                        add_product(
                            input,
                            transposed,
                            sizes.channels_out,
                            four_rows(sums, sizes.channels_out),
                        );
                    }
                }
            }
        }
    };
    parallel::for_each(tasks, || Memory::new(sizes, &cut, sizes.channels_out * depth_out), work);
    let mut shares = shares.into_iter();
    let mut sum = shares.next().unwrap_or_default();
    for share in shares {
        combine(&mut sum, &share, |sum, share| sum + share);
    }
    weights_from(sizes, &sum)
}
