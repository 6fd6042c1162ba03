//! Which variant of the operations runs on the GPU: kernels, given as a table of functions, or burn's own operations.
//!
//! The table is a value that whoever checks the device passes in ([`loam_nn::check_gpu`]); the program has two, [`REGISTER_KERNELS`] and
//! [`TILED_KERNELS`], of which the faster is found by measuring ([`super::faster`]). A table with an error in it can only come from
//! somebody who wrote it: the tests do, to see that the check finds it and burn's operations take over.

use std::sync::{PoisonError, RwLock};

use super::super::sizes::Sizes;
use super::launch::{self, CubeTensor, Finish, Partial};

/// The convolution with packed weights (`pack.rs`): extents, x `[B, in, D, H, W]`, weights, what a sum goes through, an image of the
/// output's shape to add after that, and whether the values before scale and shift are wanted too; to `[B, out, D', H, W]` and those
/// values. With flipped weights and [`Sizes::backwards`] it is the gradient of the input.
pub type Convolve = fn(
    &Sizes,
    &CubeTensor,
    &CubeTensor,
    Option<Finish<'_>>,
    Option<&CubeTensor>,
    bool,
) -> (CubeTensor, Option<CubeTensor>);

/// The gradient of weights and bias as partial sums: where they go, extents, the input, the output's gradient, and the places of weights
/// and bias among the sums.
pub type WeightGradient = fn(&Partial, &Sizes, &CubeTensor, &CubeTensor, (usize, usize));

/// How sums over many numbers (norms, loss, partial sums of weights) are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Each thread adds up its part, and every thread of the next dispatch all parts: no barriers.
    Threads,
    /// The threads of a workgroup add up theirs in workgroup memory.
    Workgroups,
}

/// The two kernels that a step's time goes into, as functions on tensors of one device, and how the rest adds up.
#[derive(Debug, Clone, Copy)]
pub struct Kernels {
    /// The convolution, forwards and back to its input.
    pub convolve: Convolve,
    /// The gradient of weights and bias.
    pub weight_gradient: WeightGradient,
    /// Partial sums of that gradient.
    pub splits: fn(&Sizes) -> usize,
    /// Sums beside it.
    pub reduction: Reduction,
}

/// The register variant: sums are kept in registers and nothing is shared, so no barriers. Software adapters always run this one.
pub static REGISTER_KERNELS: Kernels = Kernels {
    convolve: launch::convolve_register,
    weight_gradient: Partial::take_by_rows,
    splits: launch::splits_by_rows,
    reduction: Reduction::Threads,
};

/// The tiled variant: the same work with workgroup memory and barriers, for many more threads.
pub static TILED_KERNELS: Kernels = Kernels {
    convolve: launch::convolve_tiled,
    weight_gradient: Partial::take_by_tiles,
    splits: launch::splits_by_tiles,
    reduction: Reduction::Workgroups,
};

/// What the operations on the GPU run.
#[derive(Debug, Clone, Copy)]
pub enum Variant {
    /// Kernels.
    Kernels(&'static Kernels),
    /// Burn's own operations.
    Plain,
}

static VARIANT: RwLock<Variant> = RwLock::new(Variant::Kernels(&REGISTER_KERNELS));

/// Sets the variant that the GPU runs from now on: one device per program, so one variant.
pub fn use_variant(variant: Variant) {
    *VARIANT.write().unwrap_or_else(PoisonError::into_inner) = variant;
}

fn variant() -> Variant {
    *VARIANT.read().unwrap_or_else(PoisonError::into_inner)
}

/// True where kernels run, false where burn's own operations do.
pub fn kernels_run() -> bool {
    matches!(variant(), Variant::Kernels(_))
}

/// The kernels in use. With [`Variant::Plain`] the register variant: a graph that was begun with kernels needs kernels for its backward
/// pass.
pub(super) fn kernels() -> &'static Kernels {
    match variant() {
        Variant::Kernels(kernels) => kernels,
        Variant::Plain => &REGISTER_KERNELS,
    }
}
