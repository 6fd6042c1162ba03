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

use super::lanes::{Lanes, WIDTH};
use super::multiply::{ROWS, add_product, product, turn};
use super::parallel;
use super::sizes::{Finish, Sizes};

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
    sizes.channels_in % WIDTH == 0 && sizes.channels_out % ROWS == 0 && sizes.channels_in > 0 && sizes.channels_out > 0
}

/// B^T of six values.
#[inline(always)]
fn of_input(d: [Lanes; PATCH]) -> [Lanes; PATCH] {
    let (even, odd) = (d[4] - d[2] * 4.0, d[3] - d[1] * 4.0);
    let (near, far) = (d[4] - d[2], (d[3] - d[1]) * 2.0);
    [d[0] * 4.0 - d[2] * 5.0 + d[4], even + odd, even - odd, near + far, near - far, d[1] * 4.0 - d[3] * 5.0 + d[5]]
}

/// A of four values.
#[inline(always)]
fn of_gradient(y: [Lanes; TILE]) -> [Lanes; PATCH] {
    let (even, odd) = (y[0] + y[2], y[1] + y[3]);
    let (even_2, odd_2) = (y[0] + y[2] * 4.0, y[1] * 2.0 + y[3] * 8.0);
    [y[0], even + odd, even - odd, even_2 + odd_2, even_2 - odd_2, y[3]]
}

/// A^T of six values.
#[inline(always)]
fn to_output(m: [Lanes; PATCH]) -> [Lanes; TILE] {
    let (sum, difference) = (m[1] + m[2], m[1] - m[2]);
    let (sum_2, difference_2) = (m[3] + m[4], m[3] - m[4]);
    [m[0] + sum + sum_2, difference + difference_2 * 2.0, sum + sum_2 * 4.0, difference + difference_2 * 8.0 + m[5]]
}

/// Rows of G.
const KERNEL: [[f32; 3]; PATCH] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// G w G^T of every kernel: per position and four output channels, one `[f32; 4]` per frame and input channel.
fn of_weights(sizes: &Sizes, weights: &[f32]) -> Vec<[f32; ROWS]> {
    let inner = sizes.depth_kernel * sizes.channels_in;
    let mut transformed = vec![[0.0; ROWS]; POSITIONS * sizes.channels_out / ROWS * inner];
    for (kernel, taps) in weights.as_chunks::<9>().0.iter().enumerate() {
        let (outer, frame) = (kernel / sizes.depth_kernel, kernel % sizes.depth_kernel);
        let (channel_out, channel_in) = (outer / sizes.channels_in, outer % sizes.channels_in);
        let half: [[f32; 3]; PATCH] =
            std::array::from_fn(|j| std::array::from_fn(|x| (0..3).map(|y| KERNEL[j][y] * taps[3 * y + x]).sum()));
        for (j, row) in half.iter().enumerate() {
            for (i, factors) in KERNEL.iter().enumerate() {
                let value = row.iter().zip(factors).map(|(value, factor)| value * factor).sum();
                let block = (j * PATCH + i) * sizes.channels_out / ROWS + channel_out / ROWS;
                transformed[block * inner + frame * sizes.channels_in + channel_in][channel_out % ROWS] = value;
            }
        }
    }
    transformed
}

/// G^T dU G: the gradient of the weights from that of the transformed ones, `[position, frame * in, out]`.
fn weights_from(sizes: &Sizes, transformed: &[f32]) -> Vec<f32> {
    let inner = sizes.depth_kernel * sizes.channels_in;
    let mut weights = vec![0.0; sizes.length_weights()];
    for (kernel, taps) in weights.as_chunks_mut::<9>().0.iter_mut().enumerate() {
        let (outer, frame) = (kernel / sizes.depth_kernel, kernel % sizes.depth_kernel);
        let (channel_out, channel_in) = (outer / sizes.channels_in, outer % sizes.channels_in);
        let at = |j: usize, i: usize| {
            transformed[((j * PATCH + i) * inner + frame * sizes.channels_in + channel_in) * sizes.channels_out + channel_out]
        };
        let half: [[f32; PATCH]; 3] =
            std::array::from_fn(|y| std::array::from_fn(|i| (0..PATCH).map(|j| KERNEL[j][y] * at(j, i)).sum()));
        for (y, row) in half.iter().enumerate() {
            for x in 0..3 {
                taps[3 * y + x] = (0..PATCH).map(|i| row[i] * KERNEL[i][x]).sum();
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
    turned: Vec<f32>,
    /// Rows of one tile row after the vertical half of a transform, `[6, width]`.
    rows: Vec<f32>,
    /// A row of zeros, above the first row and below the last.
    zeros: Vec<f32>,
}

impl Memory {
    fn new(sizes: &Sizes, cut: &Cut, outputs: usize) -> Self {
        Self {
            input: vec![0.0; POSITIONS * sizes.depth_in * sizes.channels_in * cut.stride],
            output: vec![0.0; POSITIONS * outputs * cut.stride],
            turned: vec![0.0; sizes.channels_out * cut.stride],
            rows: vec![0.0; PATCH * cut.width()],
            zeros: vec![0.0; cut.columns],
        }
    }
}

/// Transforms one tile row of a plane: `N` rows and columns of pixels a tile, the first of them `margin` outside the tile.
/// Position `p` of tile `t` goes to `to[p * step + t]`.
#[inline(always)]
fn spread<const N: usize>(
    cut: &Cut,
    plane: &[f32],
    tile_row: usize,
    margin: usize,
    transform: impl Fn([Lanes; N]) -> [Lanes; PATCH],
    (working, zeros): (&mut [f32], &[f32]),
    to: &mut [f32],
    step: usize,
) {
    let source: [&[f32]; N] = std::array::from_fn(|j| {
        let row = (TILE * tile_row + j).wrapping_sub(margin);
        if row < cut.rows { &plane[row * cut.columns..][..cut.columns] } else { zeros }
    });
    let width = cut.width();
    let mut at = 0;
    while at < cut.columns {
        let whole = at + WIDTH <= cut.columns;
        let values = transform(source.map(|row| if whole { Lanes::load(&row[at..]) } else { Lanes::load_some(&row[at..]) }));
        for (row, value) in working.chunks_exact_mut(width).zip(values) {
            value.store(&mut row[margin + at..]);
        }
        at += WIDTH;
    }
    for (j, row) in working.chunks_exact(width).enumerate() {
        let mut blocks = row.as_chunks::<{ TILE * WIDTH }>().0.iter().map(|block| {
            Lanes::transpose([
                Lanes::load(block),
                Lanes::load(&block[WIDTH..]),
                Lanes::load(&block[2 * WIDTH..]),
                Lanes::load(&block[3 * WIDTH..]),
            ])
        });
        let Some(mut here) = blocks.next() else { return };
        for (group, next) in blocks.enumerate() {
            let values = transform(std::array::from_fn(|i| if i < TILE { here[i] } else { here[i - TILE].shifted(next[i - TILE]) }));
            for (i, value) in values.into_iter().enumerate() {
                value.store(&mut to[(j * PATCH + i) * step + group * WIDTH..]);
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
    margin: usize,
    transform: impl Fn([Lanes; N]) -> [Lanes; PATCH] + Copy,
    working: (&mut [f32], &[f32]),
    to: &mut [f32],
) {
    let (rows, zeros) = working;
    let step = depth * channels * cut.stride;
    for (plane, pixels) in image.chunks_exact(cut.rows * cut.columns).enumerate() {
        let (channel, frame) = (plane / depth, plane % depth);
        let line = (frame * channels + channel) * cut.stride;
        for (index, tile_row) in cut.tile_rows(strip).enumerate() {
            spread(cut, pixels, tile_row, margin, transform, (&mut *rows, zeros), &mut to[line + index * cut.across..], step);
        }
    }
}

/// Transforms one channel's tile row back: position `p` of tile `t` is at `from[p * step + t]`; `slab` holds the strip's rows.
#[inline(always)]
fn gather(cut: &Cut, from: &[f32], step: usize, finish: super::sizes::ChannelFinish, first_row: usize, slab: &mut [f32]) {
    for group in 0..cut.groups() {
        let at = |p: usize| Lanes::load(&from[p * step + group * WIDTH..]);
        let columns: [[Lanes; TILE]; PATCH] = std::array::from_fn(|i| to_output(std::array::from_fn(|j| at(j * PATCH + i))));
        for (y, row) in slab.chunks_exact_mut(cut.columns).skip(first_row).take(TILE).enumerate() {
            let phases = to_output(std::array::from_fn(|i| columns[i][y]));
            let row = &mut row[group * TILE * WIDTH..];
            for (tile, value) in Lanes::transpose(phases).into_iter().enumerate() {
                let value = finish.apply(value);
                if row.len() >= (tile + 1) * TILE {
                    value.store(&mut row[tile * TILE..]);
                } else if row.len() > tile * TILE {
                    value.store_some(&mut row[tile * TILE..]);
                }
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
    let mut slabs: Vec<Vec<&mut [f32]>> = (0..sizes.batch * strips).map(|_| Vec::with_capacity(sizes.channels_out * depth_out)).collect();
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
        let working = (&mut memory.rows[..], &memory.zeros[..]);
        spread_strip(&cut, strip, (sizes.channels_in, sizes.depth_in), image, 1, of_input, working, &mut memory.input);
        let tiles = cut.tile_rows(strip).len() * cut.across;
        for depth in 0..depth_out {
            let (frames, place) = sizes.frames(depth);
            for position in 0..POSITIONS {
                let line = position * sizes.depth_in + frames.start;
                let input = &memory.input[line * sizes.channels_in * cut.stride..][..frames.len() * sizes.channels_in * cut.stride];
                let output = &mut memory.output[position * sizes.channels_out * cut.stride..][..sizes.channels_out * cut.stride];
                let weights = &weights[position * sizes.channels_out / ROWS * inner..][..sizes.channels_out / ROWS * inner];
                for (weights, output) in weights.chunks_exact(inner).zip(output.chunks_exact_mut(ROWS * cut.stride)) {
                    let weights = &weights[place * sizes.channels_in..][..frames.len() * sizes.channels_in];
                    product(weights, input, cut.stride, tiles.next_multiple_of(WIDTH), four_rows(output, cut.stride));
                }
            }
            let step = sizes.channels_out * cut.stride;
            for channel in 0..sizes.channels_out {
                let slab = &mut slabs[channel * depth_out + depth];
                for index in 0..cut.tile_rows(strip).len() {
                    let from = &memory.output[channel * cut.stride + index * cut.across..];
                    gather(&cut, from, step, finish.channel(channel), index * TILE, slab);
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
            if cut.tile_rows(strip).len() < STRIP {
                // What a whole strip left behind the tiles of this one must not count.
                memory.output.fill(0.0);
            }
            let working = (&mut memory.rows[..], &memory.zeros[..]);
            spread_strip(&cut, strip, (sizes.channels_in, sizes.depth_in), x, 1, of_input, working, &mut memory.input);
            memory.rows.fill(0.0);
            let working = (&mut memory.rows[..], &memory.zeros[..]);
            spread_strip(&cut, strip, (sizes.channels_out, depth_out), g, 0, of_gradient, working, &mut memory.output);
            memory.rows.fill(0.0);
            let used = tiles.next_multiple_of(WIDTH);
            for (position, sums) in share.chunks_exact_mut(sizes.channels_out * inner).enumerate() {
                for depth in 0..depth_out {
                    let (frames, place) = sizes.frames(depth);
                    let line = position * sizes.depth_in + frames.start;
                    let input = &memory.input[line * sizes.channels_in * cut.stride..][..frames.len() * sizes.channels_in * cut.stride];
                    let line = position * depth_out + depth;
                    let output = &memory.output[line * sizes.channels_out * cut.stride..][..sizes.channels_out * cut.stride];
                    let turned = &mut memory.turned[..used * sizes.channels_out];
                    turn(output, cut.stride, used, turned);
                    let sums = &mut sums[place * sizes.channels_in * sizes.channels_out..];
                    for (input, sums) in input.chunks_exact(ROWS * cut.stride).zip(sums.chunks_exact_mut(ROWS * sizes.channels_out)) {
                        let input = [0, 1, 2, 3].map(|row| &input[row * cut.stride..][..used]);
                        add_product(input, turned, sizes.channels_out, four_rows(sums, sizes.channels_out));
                    }
                }
            }
        }
    };
    parallel::for_each(tasks, || Memory::new(sizes, &cut, sizes.channels_out * depth_out), work);
    let mut shares = shares.into_iter();
    let mut sum = shares.next().unwrap_or_default();
    for share in shares {
        for (sum, value) in sum.iter_mut().zip(share) {
            *sum += value;
        }
    }
    weights_from(sizes, &sum)
}
