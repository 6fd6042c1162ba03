//! The gradients of weights and bias on burn's tensors.

use cubecl::prelude::*;

use super::super::super::sizes::Sizes;
use super::super::variant::{self, Reduction};
use super::super::weights::{self, WeightExtentsLaunch};
use super::super::weights_tile::{self, Shares};
use super::{CubeTensor, aligned, empty, grid, vectors};

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
    reduction: Reduction,
}

impl Partial {
    /// Room for the first `length` numbers of a buffer of gradients of convolutions of these extents.
    pub fn new(sizes: &Sizes, like: &CubeTensor, length: usize) -> Self {
        let kernels = variant::kernels();
        let splits = (kernels.splits)(sizes);
        Self { sums: empty(like, [splits * length]), splits, length, reduction: kernels.reduction }
    }

    /// One convolution's, by the kernels in use: see [`Kernels::weight_gradient`].
    ///
    /// [`Kernels::weight_gradient`]: super::Kernels::weight_gradient
    pub fn take(&self, sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, places: (usize, usize)) {
        (variant::kernels().weight_gradient)(self, sizes, x, g, places);
    }

    /// One convolution's, with its weights from the first place and its bias from the second on (`weights.rs`); one dispatch.
    pub fn take_by_rows(&self, sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, places: (usize, usize)) {
        let (width, vectors) = vectors(sizes.channels_out, 2);
        let inputs = if sizes.channels_in.is_multiple_of(2) { 2 } else { 1 };
        let threads = sizes.channels_out / (width * vectors)
            * (sizes.channels_in / inputs)
            * sizes.depth_kernel
            * self.splits;
        let (count, dim) = grid(threads);
        weights::weight_gradient::launch(
            &x.client,
            count,
            dim,
            width,
            x.clone().into_buffer_arg(),
            g.clone().into_buffer_arg(),
            self.sums.clone().into_buffer_arg(),
            self.extents(sizes, places),
            width as u32,
            vectors as u32,
            inputs as u32,
        );
    }

    /// The same with input and gradient in workgroup memory (`weights_tile.rs`); one dispatch. Channels that do not fill its workgroups,
    /// and sums made room for by the other variant, fall back to the register variant.
    pub fn take_by_tiles(&self, sizes: &Sizes, x: &CubeTensor, g: &CubeTensor, places: (usize, usize)) {
        let shares = Shares::of(sizes.channels_out, sizes.channels_in)
            .filter(|shares| self.splits.is_multiple_of(shares.sets() as usize));
        let Some(shares) = shares else { return self.take_by_rows(sizes, x, g, places) };
        let blocks =
            sizes.channels_out / shares.outputs() as usize * (sizes.channels_in / shares.reads() as usize);
        weights_tile::weight_gradient_tile::launch(
            &x.client,
            CubeCount::Static(
                (self.splits / shares.sets() as usize) as u32,
                (blocks * sizes.depth_kernel) as u32,
                1,
            ),
            CubeDim::new_1d(weights_tile::THREADS),
            shares.width as usize,
            x.clone().into_buffer_arg(),
            g.clone().into_buffer_arg(),
            self.sums.clone().into_buffer_arg(),
            self.extents(sizes, places),
            shares.width,
            shares.vectors,
            shares.groups,
            shares.inputs,
        );
    }

    fn extents(&self, sizes: &Sizes, (offset, bias): (usize, usize)) -> WeightExtentsLaunch {
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
        )
    }

    /// Adds them up into a buffer of gradients; one dispatch.
    pub fn sum(self, into: &CubeTensor) {
        let client = self.sums.client.clone();
        let (splits, length) = (self.splits as u32, self.length as u32);
        let (sums, into) = (self.sums.into_buffer_arg(), into.clone().into_buffer_arg());
        match self.reduction {
            Reduction::Threads => {
                let (count, dim) = grid(self.length);
                weights::sum_splits::launch(&client, count, dim, sums, into, splits, length);
            }
            Reduction::Workgroups => {
                let count = CubeCount::Static(length.div_ceil(weights_tile::NUMBERS), 1, 1);
                weights_tile::sum_splits_tile::launch(
                    &client,
                    count,
                    CubeDim::new_1d(weights_tile::SUMMING),
                    sums,
                    into,
                    splits,
                    length,
                );
            }
        }
    }
}

/// How many ways the sums of a weight are split where every thread walks over rows: few threads are enough for a processor.
pub fn splits_by_rows(sizes: &Sizes) -> usize {
    (sizes.batch * sizes.depth_out() * sizes.rows).div_ceil(16).clamp(1, 32)
}

/// Most workgroups that share the tiles of a weight: with the blocks of channels and frames some hundreds, enough for a large card.
const MOST_WALKERS: usize = 128;
/// And where threads of a workgroup share pixels too.
const MOST_WALKERS_OF_SETS: usize = 64;

/// The same where workgroups walk over tiles, two at least each.
pub fn splits_by_tiles(sizes: &Sizes) -> usize {
    let Some(shares) = Shares::of(sizes.channels_out, sizes.channels_in) else {
        return splits_by_rows(sizes);
    };
    let plane = sizes.rows.div_ceil(weights_tile::HIGH as usize)
        * sizes.columns.div_ceil(weights_tile::WIDE as usize);
    let sets = shares.sets() as usize;
    let most = if sets > 1 { MOST_WALKERS_OF_SETS } else { MOST_WALKERS };
    (sizes.batch * sizes.depth_out() * plane).div_ceil(2).clamp(1, most) * sets
}

/// The gradients of weights and bias, into a buffer of gradients; two dispatches.
pub fn weight_gradient(
    sizes: &Sizes,
    x: &CubeTensor,
    g: &CubeTensor,
    into: &CubeTensor,
    places: GradientPlaces,
) {
    let partial = Partial::new(sizes, x, places.scale);
    partial.take(sizes, x, g, (0, places.bias));
    partial.sum(into);
}
