//! The norm of a batch and the backward pass through it on burn's tensors.

use burn::backend::TensorMetadata;
use cubecl::prelude::*;

use super::super::super::sizes::Sizes;
use super::super::norm::{self, ChannelExtentsLaunch};
use super::super::norm_tile;
use super::super::variant::{self, Reduction};
use super::weights::GradientPlaces;
use super::{CubeTensor, empty, grid};

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

    /// The grid of the kernels with which a channel is shared in that way.
    fn grid(&self, reduction: Reduction) -> (CubeCount, CubeDim) {
        match reduction {
            Reduction::Threads => grid(self.channels * self.threads),
            Reduction::Workgroups => {
                let chunks = self.pixels.div_ceil(norm_tile::CHUNK as usize);
                (
                    CubeCount::Static(chunks as u32, self.channels as u32, self.batch as u32),
                    CubeDim::new_1d(norm_tile::THREADS),
                )
            }
        }
    }

    /// Room for two sums of every part of every channel.
    fn partial(&self, like: &CubeTensor, reduction: Reduction) -> CubeTensor {
        let parts = match reduction {
            Reduction::Threads => self.threads,
            Reduction::Workgroups => self.batch * self.pixels.div_ceil(norm_tile::CHUNK as usize),
        };
        empty(like, [2 * self.channels * parts])
    }
}

/// Launches one of two kernels of the same arguments.
macro_rules! launch_by {
    ($reduction:expr, $threads:ident, $workgroups:ident, ($($argument:expr),* $(,)?)) => {
        match $reduction {
            Reduction::Threads => norm::$threads::launch($($argument),*),
            Reduction::Workgroups => norm_tile::$workgroups::launch($($argument),*),
        }
    };
}

/// The norm of a batch and its statistics (mean, variance, scale, one over the deviation, one every `stride` numbers); two dispatches.
pub fn normalise(
    of: &Channels,
    x: &CubeTensor,
    gamma: &CubeTensor,
    beta: &CubeTensor,
    epsilon: f64,
) -> (CubeTensor, CubeTensor) {
    let reduction = variant::kernels().reduction;
    let partial = of.partial(x, reduction);
    let (count, dim) = of.grid(reduction);
    launch_by!(
        reduction,
        moments,
        moments_tile,
        (&x.client, count, dim, x.clone().into_buffer_arg(), partial.clone().into_buffer_arg(), of.extents())
    );
    let y = empty(x, x.shape().dims::<5>());
    let statistics = empty(x, [4 * of.stride]);
    let (count, dim) = of.grid(reduction);
    launch_by!(
        reduction,
        normalise,
        normalise_tile,
        (
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
        )
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
    let reduction = variant::kernels().reduction;
    let partial = sums.then(|| {
        let partial = of.partial(dy, reduction);
        let (count, dim) = of.grid(reduction);
        launch_by!(
            reduction,
            gradient_sums,
            gradient_sums_tile,
            (
                &dy.client,
                count,
                dim,
                dy.clone().into_buffer_arg(),
                rectified.clone().into_buffer_arg(),
                statistics.clone().into_buffer_arg(),
                partial.clone().into_buffer_arg(),
                of.extents(),
                frozen,
            )
        );
        partial
    });
    let g = empty(dy, dy.shape().dims::<5>());
    let (count, dim) = of.grid(reduction);
    launch_by!(
        reduction,
        before_relu,
        before_relu_tile,
        (
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
        )
    );
    g
}
