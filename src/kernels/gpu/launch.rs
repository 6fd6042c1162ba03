//! Kernels on burn's tensors: buffers made, extents passed on, dispatches sent off.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Cube, TensorMetadata};
use burn::tensor::DType;
use cubecl::prelude::*;

use super::super::sizes::Sizes;
use super::convolve::{self, ACROSS, ExtentsLaunch};
use super::convolve_tile;
use super::form;
use super::norm::{self, ChannelExtentsLaunch};
use super::pack::{self};
use super::weights::{self, WeightExtentsLaunch};

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
    let sizes = Sizes { batch, channels_in, channels_out, depth_in, depth_kernel, pad_depth: 0, rows, columns };
    let some = batch > 0 && rows > 0 && columns > 0 && depth_kernel > 0 && depth_kernel <= depth_in;
    let in_vectors = [channels_in, channels_out].iter().all(|&channels| channels == 1 || channels.is_multiple_of(4));
    // Offsets are 32 bits wide, and a grid has at most so many workgroups to a side.
    let countable = |sizes: &Sizes| {
        sizes.length_in() < 1 << 31
            && sizes.length_out() < 1 << 31
            && sizes.batch <= MOST_WORKGROUPS
            && sizes.depth_out() * sizes.channels_out <= MOST_WORKGROUPS
            && sizes.plane() < 1 << 21
    };
    (single && some && kernel_in == channels_in && in_vectors && countable(&sizes) && countable(&sizes.backwards())).then_some(sizes)
}

/// A tensor whose values lie in one piece.
pub fn in_one_piece(tensor: CubeTensor) -> CubeTensor {
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
    /// For the convolution that goes back; none where nobody goes back.
    pub turned: Option<CubeTensor>,
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
    goes_back: bool,
) -> Packed {
    let length = sizes.length_weights();
    let stride = aligned(sizes.channels_out);
    let (weights, finish) = (empty(weight, [length]), empty(weight, [4 * stride]));
    let turned = goes_back.then(|| empty(weight, [length]));
    let (count, dim) = grid(length);
    pack::pack::launch(
        &weight.client,
        count,
        dim,
        weight.clone().into_buffer_arg(),
        bias.map(|bias| bias.clone().into_buffer_arg()).into(),
        affine.map(|(scale, shift)| (scale.clone().into_buffer_arg(), shift.clone().into_buffer_arg())).into(),
        weights.clone().into_buffer_arg(),
        turned.clone().map(CubeTensor::into_buffer_arg).into(),
        finish.clone().into_buffer_arg(),
        sizes.channels_out as u32,
        sizes.channels_in as u32,
        sizes.depth_kernel as u32,
        stride as u32,
        relu,
    );
    Packed { weights, turned, finish, stride }
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
    (form::kernels().convolve)(sizes, x, weights, finish, other, keep)
}

/// The convolution without barriers (`convolve.rs`); one dispatch.
pub fn convolve_in_registers(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    let (y, rectified) = outputs(sizes, x, keep);
    let (width, vectors) = vectors(sizes.channels_out, 4);
    let strips = sizes.rows * sizes.columns.div_ceil(ACROSS as usize);
    let groups = sizes.channels_out / (width * vectors);
    convolve::convolve::launch(
        &x.client,
        CubeCount::Static(strips.div_ceil(convolve::THREADS as usize) as u32, (groups * sizes.depth_out()) as u32, sizes.batch as u32),
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
    );
    (y, rectified)
}

/// The convolution with weights and halo in workgroup memory (`convolve_tile.rs`); one dispatch. Channels that do not fill its workgroups,
/// and images too long for its grid, are the other form's.
pub fn convolve_in_tiles(
    sizes: &Sizes,
    x: &CubeTensor,
    weights: &CubeTensor,
    finish: Option<Finish<'_>>,
    other: Option<&CubeTensor>,
    keep: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    let tiles = sizes.columns.div_ceil(convolve_tile::WIDE as usize) * sizes.rows.div_ceil(convolve_tile::HIGH as usize);
    let fills = sizes.channels_in.is_multiple_of(convolve_tile::CHUNK as usize)
        && sizes.channels_out.is_multiple_of(convolve_tile::CHANNELS as usize);
    if !fills || tiles > MOST_WORKGROUPS {
        return convolve_in_registers(sizes, x, weights, finish, other, keep);
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
pub fn input_gradient(sizes: &Sizes, turned: &CubeTensor, g: &CubeTensor) -> CubeTensor {
    convolve(&sizes.backwards(), g, turned, None, None, false).0
}

/// Where weights and bias, and what a norm has, lie in a buffer of gradients.
#[derive(Debug, Clone, Copy)]
pub struct GradientPlaces {
    /// After the weights, which begin it.
    pub bias: usize,
    /// The norm's factor.
    pub scale: usize,
    /// The norm's offset.
    pub shift: usize,
    /// Numbers in all.
    pub length: usize,
}

impl GradientPlaces {
    /// Of a convolution, or a block.
    pub fn new(sizes: &Sizes) -> Self {
        let bias = aligned(sizes.length_weights());
        let channel = aligned(sizes.channels_out);
        Self { bias, scale: bias + channel, shift: bias + 2 * channel, length: bias + 3 * channel }
    }
}

/// Partial sums of a gradient of weights and bias, still to be added up.
#[derive(Debug)]
pub struct Partial {
    sums: CubeTensor,
    splits: usize,
    length: usize,
}

impl Partial {
    /// Room for the first `length` numbers of a buffer of gradients of convolutions of these extents.
    pub fn new(sizes: &Sizes, like: &CubeTensor, length: usize) -> Self {
        let splits = (sizes.batch * sizes.depth_out() * sizes.rows).div_ceil(16).clamp(1, 32);
        Self { sums: empty(like, [splits * length]), splits, length }
    }

    /// One convolution's, by the kernels in use: see [`Kernels::weight_gradient`].
    ///
    /// [`Kernels::weight_gradient`]: super::Kernels::weight_gradient
    pub fn take(&self, sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, places: (usize, usize)) {
        (form::kernels().weight_gradient)(self, sizes, x, g, places);
    }

    /// One convolution's, with its weights from `offset` and its bias from `bias` on (`weights.rs`); one dispatch.
    pub fn take_by_rows(&self, sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, (offset, bias): (usize, usize)) {
        let (width, vectors) = vectors(sizes.channels_out, 2);
        let inputs = if sizes.channels_in.is_multiple_of(2) { 2 } else { 1 };
        let threads = sizes.channels_out / (width * vectors) * (sizes.channels_in / inputs) * sizes.depth_kernel * self.splits;
        let (count, dim) = grid(threads);
        weights::weight_gradient::launch(
            &x.client,
            count,
            dim,
            width,
            x.clone().into_buffer_arg(),
            g.clone().into_buffer_arg(),
            self.sums.clone().into_buffer_arg(),
            WeightExtentsLaunch::new(
                sizes.batch as u32,
                sizes.channels_in as u32,
                sizes.channels_out as u32,
                sizes.depth_in as u32,
                sizes.depth_kernel as u32,
                sizes.rows as u32,
                sizes.columns as u32,
                self.splits as u32,
                offset as u32,
                bias as u32,
                self.length as u32,
            ),
            width as u32,
            vectors as u32,
            inputs as u32,
        );
    }

    /// Adds them up into a buffer of gradients; one dispatch.
    pub fn sum(self, into: &CubeTensor) {
        let (count, dim) = grid(self.length);
        let client = self.sums.client.clone();
        let (splits, length) = (self.splits as u32, self.length as u32);
        weights::sum_splits::launch(&client, count, dim, self.sums.into_buffer_arg(), into.clone().into_buffer_arg(), splits, length);
    }
}

/// The gradients of weights and bias, into a buffer of gradients; two dispatches.
pub fn weight_gradient(sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, into: &CubeTensor, places: GradientPlaces) {
    let partial = Partial::new(sizes, x, places.scale);
    partial.take(sizes, x, g, (0, places.bias));
    partial.sum(into);
}

/// Numbers of a channel that one thread takes, about.
const SHARE: usize = 256;
/// Most threads to a channel.
const MOST_THREADS: usize = 128;

/// An image whose channels are summed over by several threads each.
#[derive(Debug, Clone, Copy)]
pub struct Channels {
    batch: usize,
    channels: usize,
    pixels: usize,
    threads: usize,
    stride: usize,
}

impl Channels {
    /// Of the result of a convolution; `stride` is that of the statistics.
    pub fn new(sizes: &Sizes, stride: usize) -> Self {
        let pixels = sizes.depth_out() * sizes.plane();
        let threads = (sizes.batch * pixels).div_ceil(SHARE).clamp(1, MOST_THREADS);
        Self { batch: sizes.batch, channels: sizes.channels_out, pixels, threads, stride }
    }

    fn extents(&self) -> ChannelExtentsLaunch {
        let Self { batch, channels, pixels, threads, stride } = *self;
        ChannelExtentsLaunch::new(batch as u32, channels as u32, pixels as u32, threads as u32, stride as u32)
    }

    fn grid(&self) -> (CubeCount, CubeDim) {
        grid(self.channels * self.threads)
    }

    fn partial(&self, like: &CubeTensor) -> CubeTensor {
        empty(like, [2 * self.channels * self.threads])
    }
}

/// The norm of a batch and its statistics (mean, variance, scale, one over the deviation, one every `stride` numbers); two dispatches.
pub fn normalise(of: &Channels, x: &CubeTensor, gamma: &CubeTensor, beta: &CubeTensor, epsilon: f64) -> (CubeTensor, CubeTensor) {
    let partial = of.partial(x);
    let (count, dim) = of.grid();
    norm::moments::launch(&x.client, count, dim, x.clone().into_buffer_arg(), partial.clone().into_buffer_arg(), of.extents());
    let y = empty(x, x.shape().dims::<5>());
    let statistics = empty(x, [4 * of.stride]);
    let (count, dim) = of.grid();
    norm::normalise::launch(
        &x.client,
        count,
        dim,
        x.clone().into_buffer_arg(),
        partial.into_buffer_arg(),
        gamma.clone().into_buffer_arg(),
        beta.clone().into_buffer_arg(),
        y.clone().into_buffer_arg(),
        statistics.clone().into_buffer_arg(),
        epsilon as f32,
        of.extents(),
    );
    (y, statistics)
}

/// The gradient before norm and ReLU, from the one after them, the ReLU's result and the norm's statistics. With `sums`, the gradients of
/// the norm's factor and offset go into the buffer of gradients: two dispatches, else (for a frozen norm) one.
pub fn before_relu(
    of: &Channels,
    [dy, rectified, statistics]: [&CubeTensor; 3],
    frozen: bool,
    sums: bool,
    into: &CubeTensor,
    places: GradientPlaces,
) -> CubeTensor {
    let partial = sums.then(|| {
        let partial = of.partial(dy);
        let (count, dim) = of.grid();
        norm::gradient_sums::launch(
            &dy.client,
            count,
            dim,
            dy.clone().into_buffer_arg(),
            rectified.clone().into_buffer_arg(),
            statistics.clone().into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            of.extents(),
            frozen,
        );
        partial
    });
    let g = empty(dy, dy.shape().dims::<5>());
    let (count, dim) = of.grid();
    norm::before_relu::launch(
        &dy.client,
        count,
        dim,
        dy.clone().into_buffer_arg(),
        rectified.clone().into_buffer_arg(),
        partial.map(CubeTensor::into_buffer_arg).into(),
        statistics.clone().into_buffer_arg(),
        g.clone().into_buffer_arg(),
        into.clone().into_buffer_arg(),
        places.scale as u32,
        places.shift as u32,
        of.extents(),
        frozen,
    );
    g
}
