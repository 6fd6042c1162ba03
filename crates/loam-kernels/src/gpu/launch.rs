//! Kernels on burn's tensors: buffers made, extents passed on, dispatches sent off.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Cube, TensorMetadata};
use burn::tensor::DType;
use cubecl::prelude::*;

use super::super::sizes::Sizes;
use super::convolve::{self, ExtentsLaunch};
use super::convolve_tile;
use super::pack::{self};
use super::variant;

mod layout;
mod norm;
mod weights;

pub use layout::{Planes, collect, spread};
pub use norm::{Channels, before_relu, normalise};
pub use weights::{GradientPlaces, Partial, splits_by_rows, splits_by_tiles, weight_gradient};

/// A tensor of burn's CubeCL backend.
pub type CubeTensor = FloatTensor<Cube>;

/// Threads of a workgroup of the small kernels.
const THREADS: u32 = 64;
/// Workgroups along one axis that every WebGPU device has.
const MOST_WORKGROUPS: usize = 65_535;
/// Numbers between two starts of tensors in one buffer: WebGPU binds storage from every 256th byte on.
const ALIGNMENT: usize = 64;

/// The place after a part of a buffer where the next may begin.
pub fn aligned(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

/// The extents of a convolution of these tensors, where the kernels can do it.
pub fn sizes(x: &CubeTensor, weight: &CubeTensor, others: &[&CubeTensor]) -> Option<Sizes> {
    let single = [x, weight].iter().chain(others).all(|tensor| tensor.dtype() == DType::F32);
    let (image, kernel) = (x.shape(), weight.shape());
    let [batch, channels_in, depth_in, rows, columns] = *image.dims::<5>().as_slice() else { return None };
    let [channels_out, kernel_in, depth_kernel, 3, 3] = *kernel.dims::<5>().as_slice() else { return None };
    let sizes =
        Sizes { batch, channels_in, channels_out, depth_in, depth_kernel, pad_depth: 0, rows, columns };
    let some = batch > 0 && rows > 0 && columns > 0 && depth_kernel > 0 && depth_kernel <= depth_in;
    (single && some && kernel_in == channels_in && fits(&sizes)).then_some(sizes)
}

/// True where the kernels can do a convolution of these extents, forwards and back.
pub fn fits(sizes: &Sizes) -> bool {
    let in_vectors = [sizes.channels_in, sizes.channels_out]
        .iter()
        .all(|&channels| channels == 1 || channels.is_multiple_of(4));
    // Offsets are 32 bits wide, and a grid has at most so many workgroups to a side.
    let countable = |sizes: &Sizes| {
        sizes.length_in() < 1 << 31
            && sizes.length_out() < 1 << 31
            && sizes.batch <= MOST_WORKGROUPS
            && sizes.depth_out() * sizes.channels_out <= MOST_WORKGROUPS
            && sizes.plane() < 1 << 21
    };
    in_vectors && countable(sizes) && countable(&sizes.backwards())
}

/// A tensor whose values are contiguous.
pub fn contiguous(tensor: CubeTensor) -> CubeTensor {
    if tensor.is_contiguous() {
        return tensor;
    }
    let (client, device, shape) = (tensor.client.clone(), tensor.device.clone(), tensor.shape());
    let copy = cubecl::std::tensor::into_contiguous(&client, tensor.binding(), f32::elem_type_native());
    CubeTensor::new_contiguous(client, device, shape, copy.handle, DType::F32)
}

/// Room for a tensor, on the device of another.
pub fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let handle = like.client.empty(shape.iter().product::<usize>() * size_of::<f32>());
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape.into(), handle, DType::F32)
}

/// The tensor that begins at the n-th number of a flat one, an [`aligned`] place.
pub fn section<const D: usize>(of: &CubeTensor, from: usize, shape: [usize; D]) -> CubeTensor {
    let bytes = |numbers: usize| (numbers * size_of::<f32>()) as u64;
    let end = bytes(of.shape().num_elements() - from - shape.iter().product::<usize>());
    let handle = of.handle.clone().offset_start(bytes(from)).offset_end(end);
    CubeTensor::new_contiguous(of.client.clone(), of.device.clone(), shape.into(), handle, DType::F32)
}

/// A grid of single threads.
pub fn grid(threads: usize) -> (CubeCount, CubeDim) {
    (CubeCount::Static(threads.div_ceil(THREADS as usize) as u32, 1, 1), CubeDim::new_1d(THREADS))
}

/// Weights as the kernels read them.
#[derive(Debug, Clone)]
pub struct Packed {
    /// For the convolution.
    pub weights: CubeTensor,
    /// For the gradient of the input; none without a backward pass.
    pub flipped: Option<CubeTensor>,
    /// What a sum goes through: bias, floor, scale, shift, one every `stride` numbers.
    pub finish: CubeTensor,
    /// See `finish`.
    pub stride: usize,
}

impl Packed {
    /// What a sum goes through.
    pub fn finish(&self) -> Finish<'_> {
        Finish { buffer: &self.finish, stride: self.stride }
    }
}

/// What the sums of a convolution go through before they are written.
#[derive(Debug, Clone, Copy)]
pub struct Finish<'a> {
    /// Bias, floor, scale and shift per channel, one every `stride` numbers.
    pub buffer: &'a CubeTensor,
    /// See `buffer`.
    pub stride: usize,
}

/// Packs weights, bias and (factor, offset); one dispatch.
pub fn pack(
    sizes: &Sizes,
    weight: &CubeTensor,
    bias: Option<&CubeTensor>,
    affine: Option<(&CubeTensor, &CubeTensor)>,
    relu: bool,
    needs_backward: bool,
) -> Packed {
    let length = sizes.length_weights();
    let stride = aligned(sizes.channels_out);
    let (weights, finish) = (empty(weight, [length]), empty(weight, [4 * stride]));
    let flipped = needs_backward.then(|| empty(weight, [length]));
    let (count, dim) = grid(length);
    pack::pack::launch(
        &weight.client,
        count,
        dim,
        weight.clone().into_buffer_arg(),
        bias.map(|bias| bias.clone().into_buffer_arg()).into(),
        affine
            .map(|(scale, shift)| (scale.clone().into_buffer_arg(), shift.clone().into_buffer_arg()))
            .into(),
        weights.clone().into_buffer_arg(),
        flipped.clone().map(CubeTensor::into_buffer_arg).into(),
        finish.clone().into_buffer_arg(),
        sizes.channels_out as u32,
        sizes.channels_in as u32,
        sizes.depth_kernel as u32,
        stride as u32,
        relu,
    );
    Packed { weights, flipped, finish, stride }
}

/// Channels to a vector, and vectors to a thread.
fn vectors(channels: usize, most: usize) -> (usize, usize) {
    if channels == 1 {
        return (1, 1);
    }
    let vectors = [4, 2, 1].into_iter().find(|&n| n <= most && channels.is_multiple_of(4 * n));
    (4, vectors.unwrap_or(1))
}

/// The convolution with packed weights, by the kernels in use: see [`Kernels::convolve`].
///
/// [`Kernels::convolve`]: super::Kernels::convolve
pub fn convolve(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    (variant::kernels().convolve)(sizes, x, weights, finish, other, keep)
}

/// The convolution without barriers (`convolve.rs`); one dispatch.
pub fn convolve_register(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    in_strips(sizes, x, weights, finish, other, keep, convolve::ACROSS)
}

/// Pixels of a thread where the costly convolutions go by tiles: on a large card the others want many threads, not much work for each.
const ACROSS_BESIDE_TILES: u32 = 4;

/// The convolution without barriers, `across` pixels to a thread.
fn in_strips(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
    across: u32,
) -> (CubeTensor, Option<CubeTensor>) {
    let (y, rectified) = outputs(sizes, x, keep);
    let (width, vectors) = vectors(sizes.channels_out, 4);
    let strips = sizes.rows * sizes.columns.div_ceil(across as usize);
    let groups = sizes.channels_out / (width * vectors);
    convolve::convolve::launch(
        &x.client,
        CubeCount::Static(
            strips.div_ceil(convolve::THREADS as usize) as u32,
            (groups * sizes.depth_out()) as u32,
            sizes.batch as u32,
        ),
        CubeDim::new_1d(convolve::THREADS),
        width,
        x.clone().into_buffer_arg(),
        weights.clone().into_buffer_arg(),
        finish.map(|finish| finish.buffer.clone().into_buffer_arg()).into(),
        other.map(|other| other.clone().into_buffer_arg()).into(),
        rectified.clone().map(CubeTensor::into_buffer_arg).into(),
        y.clone().into_buffer_arg(),
        finish.map_or(0, |finish| finish.stride as u32),
        extents(sizes),
        sizes.channels_out as u32,
        width as u32,
        vectors as u32,
        across,
    );
    (y, rectified)
}

/// The convolution with weights and halo in workgroup memory (`convolve_tile.rs`); one dispatch. Channels that do not fill its workgroups,
/// and images too long for its grid, fall back to the register variant.
pub fn convolve_tiled(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    let tiles = sizes.columns.div_ceil(convolve_tile::WIDE as usize)
        * sizes.rows.div_ceil(convolve_tile::HIGH as usize);
    let fills = sizes.channels_in.is_multiple_of(convolve_tile::CHUNK as usize)
        && sizes.channels_out.is_multiple_of(convolve_tile::CHANNELS as usize);
    if !fills || tiles > MOST_WORKGROUPS {
        return in_strips(sizes, x, weights, finish, other, keep, ACROSS_BESIDE_TILES);
    }
    let (y, rectified) = outputs(sizes, x, keep);
    let blocks = sizes.channels_out / convolve_tile::CHANNELS as usize;
    convolve_tile::convolve_tile::launch(
        &x.client,
        CubeCount::Static(tiles as u32, (blocks * sizes.depth_out()) as u32, sizes.batch as u32),
        CubeDim::new_1d(convolve_tile::THREADS),
        convolve_tile::WIDTH as usize,
        x.clone().into_buffer_arg(),
        weights.clone().into_buffer_arg(),
        finish.map(|finish| finish.buffer.clone().into_buffer_arg()).into(),
        other.map(|other| other.clone().into_buffer_arg()).into(),
        rectified.clone().map(CubeTensor::into_buffer_arg).into(),
        y.clone().into_buffer_arg(),
        finish.map_or(0, |finish| finish.stride as u32),
        extents(sizes),
        sizes.channels_in as u32,
        sizes.channels_out as u32,
        sizes.depth_kernel as u32,
    );
    (y, rectified)
}

/// Room for a convolution's values, and for those before scale and shift where they are wanted.
fn outputs(sizes: &Sizes, like: &CubeTensor, keep: bool) -> (CubeTensor, Option<CubeTensor>) {
    let shape = [sizes.batch, sizes.channels_out, sizes.depth_out(), sizes.rows, sizes.columns];
    (empty(like, shape), keep.then(|| empty(like, shape)))
}

fn extents(sizes: &Sizes) -> ExtentsLaunch {
    ExtentsLaunch::new(
        sizes.channels_in as u32,
        sizes.depth_in as u32,
        sizes.depth_kernel as u32,
        sizes.pad_depth as u32,
        sizes.rows as u32,
        sizes.columns as u32,
    )
}

/// The gradient of the input, from the one of the output; one dispatch.
pub fn input_gradient(sizes: &Sizes, flipped: &CubeTensor, g: &CubeTensor) -> CubeTensor {
    convolve(&sizes.backwards(), g, flipped, None, None, false).0
}
