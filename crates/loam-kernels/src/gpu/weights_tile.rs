//! The gradient of the weights and the bias with input and gradient in workgroup memory: the tiled variant, as `convolve_tile.rs`, for
//! adapters on which reading the same numbers from there is cheaper than each thread reading them from the buffer.
//!
//! A workgroup answers for up to 32 channels written, up to 16 read and one frame of the kernel, all nine taps of each, and walks over
//! every n-th tile of [`WIDE`] x [`HIGH`] pixels. A tile's gradients, and its input with the border, are laid into workgroup memory by all
//! threads together (16 kB), then each thread adds up [`ACROSS`] pixels at a time for its channels. Where so few channels leave threads
//! over, several threads share the tile's pixels, and each writes a partial sum of its own.

use cubecl::prelude::*;

use super::weights::WeightExtents;

/// Pixels of a tile, across.
pub const WIDE: u32 = 16;
/// And down.
pub const HIGH: u32 = 4;
/// Pixels between two looks at the sums.
const ACROSS: u32 = 8;
/// Threads of a workgroup.
pub const THREADS: u32 = 64;
/// Strips of a tile.
pub const STRIPS: u32 = WIDE / ACROSS * HIGH;
/// A tile's row with its border.
const ROW: u32 = WIDE + 2;
/// A channel's tile with its border.
const TILE: u32 = ROW * (HIGH + 2);

/// How the threads of a workgroup share channels and pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Channels written, to a vector.
    pub width: u32,
    /// Vectors of channels written, one to a thread.
    pub vectors: u32,
    /// Groups of channels read.
    pub groups: u32,
    /// Channels of a group, all of them a thread's.
    pub inputs: u32,
}

impl Shares {
    /// For so many channels written and read; none where threads would be idle or numbers not fit.
    pub fn of(channels_out: usize, channels_in: usize) -> Option<Self> {
        let (width, vectors) = match channels_out {
            1 => (1, 1),
            n if n.is_multiple_of(32) => (4, 8),
            _ => return None,
        };
        let (groups, inputs) = match channels_in {
            1 => (1, 1),
            n if n.is_multiple_of(16) => (8, 2),
            _ => return None,
        };
        Some(Self { width, vectors, groups, inputs })
    }

    /// Threads that share the pixels of the same channels.
    pub fn sets(&self) -> u32 {
        THREADS / (self.vectors * self.groups)
    }

    /// Channels written by a workgroup.
    pub fn outputs(&self) -> u32 {
        self.width * self.vectors
    }

    /// Channels read by a workgroup.
    pub fn reads(&self) -> u32 {
        self.groups * self.inputs
    }
}

/// As [`super::weights::weight_gradient`]. Workgroups: splits divided by `sets` across; frames of the kernel, blocks of channels read,
/// blocks of channels written down.
#[cube(launch)]
pub fn weight_gradient_tile<N: Size>(
    x: &[f32],
    g: &[f32],
    partial: &mut [f32],
    e: WeightExtents,
    #[comptime] width: u32,
    #[comptime] vectors: u32,
    #[comptime] groups: u32,
    #[comptime] inputs: u32,
) {
    let sets = comptime!(THREADS / (vectors * groups));
    let reads = comptime!(groups * inputs);
    // One vector more than a pixel has: neighbours then lie in other banks of the memory.
    let pitch = comptime!(if vectors > 1 { vectors + 1 } else { 1 });
    let thread = UNIT_POS_X;
    let vector = thread % vectors;
    let group = (thread / vectors) % groups;
    let set = thread / comptime!(vectors * groups);
    let walker = CUBE_POS_X;
    let walkers = e.splits / sets;
    let frame = CUBE_POS_Y % e.depth_kernel;
    let rest = CUBE_POS_Y / e.depth_kernel;
    let blocks = e.channels_in / reads;
    let first_input = (rest % blocks) * reads;
    let first_output = (rest / blocks) * comptime!(width * vectors);

    let depth_out = e.depth_in + 1 - e.depth_kernel;
    let plane = e.rows * e.columns;
    let across = e.columns.div_ceil(WIDE);
    let down = e.rows.div_ceil(HIGH);
    let tiles = e.batch * depth_out * down * across;
    let own = (tiles + walkers - 1 - walker) / walkers;

    // As much as all threads together fetch: the last of them lay down a little that nobody reads.
    let pixels_each = comptime!((reads * TILE).div_ceil(THREADS));
    let mut pixels_in = Shared::<[f32]>::new_slice(comptime!((pixels_each * THREADS) as usize));
    let mut gradients_in = Shared::<[Vector<f32, N>]>::new_slice(comptime!((WIDE * HIGH * pitch) as usize));
    let mut sums = Array::<Vector<f32, N>>::new(comptime!((9 * inputs) as usize));
    #[unroll]
    for n in 0..comptime!((9 * inputs) as usize) {
        sums[n] = Vector::new(0.0);
    }
    let mut bias = Vector::<f32, N>::new(0.0);

    for step in 0..own {
        let tile = walker + step * walkers;
        let first_column = (tile % across) * WIDE;
        let rest = tile / across;
        let first_row = (rest % down) * HIGH;
        let rest = rest / down;
        let depth = rest % depth_out;
        let image = rest / depth_out;

        // Nobody still reads the tile before.
        sync_cube();
        // Unrolled: all that is fetched is under way at once.
        let first_frame = (image * e.channels_in + first_input) * e.depth_in + depth + frame;
        #[unroll]
        for n in 0..pixels_each {
            let at = comptime!(n * THREADS) + thread;
            let of = u32::min(at, comptime!(reads * TILE - 1));
            // Row and column are counted from the border on, so that nothing is negative.
            let row = first_row + (of % TILE) / ROW;
            let column = first_column + of % ROW;
            let inside = row >= 1 && row <= e.rows && column >= 1 && column <= e.columns;
            let row = u32::min(u32::max(row, 1), e.rows) - 1;
            let column = u32::min(u32::max(column, 1), e.columns) - 1;
            let from = (first_frame + of / TILE * e.depth_in) * plane + row * e.columns + column;
            pixels_in[at as usize] = select(inside, x[from as usize], 0.0);
        }
        #[unroll]
        for n in 0..comptime!((WIDE * HIGH * vectors).div_ceil(THREADS)) {
            let at = comptime!(n * THREADS) + thread;
            let pixel = at % comptime!(WIDE * HIGH);
            let of = at / comptime!(WIDE * HIGH);
            let row = first_row + pixel / WIDE;
            let column = first_column + pixel % WIDE;
            let there = row < e.rows && column < e.columns;
            let place = u32::min(row, e.rows - 1) * e.columns + u32::min(column, e.columns - 1);
            let from = (image * e.channels_out + first_output + of * width) * depth_out + depth;
            let mut gradient = Vector::<f32, N>::new(0.0);
            #[unroll]
            for lane in 0..width {
                let value = g[((from + lane * depth_out) * plane + place) as usize];
                gradient.insert(comptime!(lane as usize), select(there, value, 0.0));
            }
            gradients_in[(pixel * pitch + of) as usize] = gradient;
        }
        sync_cube();

        for n in 0..comptime!(STRIPS / sets) {
            let strip = n * sets + set;
            let strip_row = strip / comptime!(WIDE / ACROSS);
            let strip_column = (strip % comptime!(WIDE / ACROSS)) * ACROSS;
            let mut gradients = Sequence::<Vector<f32, N>>::new();
            #[unroll]
            for n in 0..ACROSS {
                let gradient =
                    gradients_in[((strip_row * WIDE + strip_column + n) * pitch + vector) as usize];
                bias += gradient;
                gradients.push(gradient);
            }
            #[unroll]
            for i in 0..inputs {
                #[unroll]
                for ky in 0..3u32 {
                    let from = (group * inputs + i) * TILE + (strip_row + ky) * ROW + strip_column;
                    let mut pixels = Sequence::<f32>::new();
                    #[unroll]
                    for n in 0..comptime!(ACROSS + 2) {
                        pixels.push(pixels_in[(from + n) as usize]);
                    }
                    #[unroll]
                    for kx in 0..3u32 {
                        let at = comptime!(((i * 3 + ky) * 3 + kx) as usize);
                        let mut sum = sums[at];
                        #[unroll]
                        for n in 0..ACROSS {
                            sum += Vector::new(*pixels.index(comptime!((n + kx) as usize)))
                                * *gradients.index(comptime!(n as usize));
                        }
                        sums[at] = sum;
                    }
                }
            }
        }
    }

    let start = (walker * sets + set) * e.length;
    #[unroll]
    for lane in 0..width {
        let channel = first_output + vector * width + lane;
        #[unroll]
        for i in 0..inputs {
            let input = first_input + group * inputs + i;
            #[unroll]
            for tap in 0..9u32 {
                let at =
                    start + e.offset + ((channel * e.channels_in + input) * e.depth_kernel + frame) * 9 + tap;
                partial[at as usize] =
                    sums[comptime!((i * 9 + tap) as usize)].extract(comptime!(lane as usize));
            }
        }
        if first_input + group == 0 && frame == 0 {
            partial[(start + e.bias + channel) as usize] = bias.extract(comptime!(lane as usize));
        }
    }
}

/// Threads of a workgroup of [`sum_splits_tile`].
pub const SUMMING: u32 = 256;
/// Numbers that it adds up.
pub const NUMBERS: u32 = 16;
/// Threads that share each of them.
const PARTS: u32 = SUMMING / NUMBERS;
/// Numbers that a thread fetches at once.
const AT_ONCE: u32 = 4;

/// As [`super::weights::sum_splits`], several threads to a number.
#[cube(launch)]
pub fn sum_splits_tile(partial: &[f32], total: &mut [f32], splits: u32, length: u32) {
    let number = UNIT_POS_X % NUMBERS;
    let part = UNIT_POS_X / NUMBERS;
    let at = u32::min(CUBE_POS_X * NUMBERS + number, length - 1);
    let mut parts = Shared::<[f32]>::new_slice(comptime!(SUMMING as usize));
    let mut sum = 0.0f32;
    for step in 0..splits.div_ceil(PARTS * AT_ONCE) {
        #[unroll]
        for n in 0..AT_ONCE {
            let split = (step * AT_ONCE + n) * PARTS + part;
            let value = partial[(u32::min(split, splits - 1) * length + at) as usize];
            sum += select(split < splits, value, 0.0);
        }
    }
    parts[UNIT_POS_X as usize] = sum;
    sync_cube();
    if part == 0 && CUBE_POS_X * NUMBERS + number < length {
        let mut sum = 0.0f32;
        #[unroll]
        for part in 0..PARTS {
            sum += parts[(part * NUMBERS + number) as usize];
        }
        total[at as usize] = sum;
    }
}
