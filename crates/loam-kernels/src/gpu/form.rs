//! Which form the operations take on the GPU: kernels, given as a table of functions, or burn's own operations.
//!
//! The table is a value that whoever checks the device passes in ([`loam_nn::check_gpu`]); the program has two, [`KERNELS`] and
//! [`TILE_KERNELS`], of which the faster is found by measuring ([`super::faster`]). A table with an error in it can only come from somebody
//! who wrote it: the tests do, to see that the check finds it and burn's operations take over.

use std::sync::{PoisonError, RwLock};

use super::super::sizes::Sizes;
use super::launch::{self, CubeTensor, Finish, Partial};

/// The convolution with packed weights (`pack.rs`): extents, x `[B, in, D, H, W]`, weights, what a sum goes through, an image of the
/// output's shape to add after that, and whether the values before scale and shift are wanted too; to `[B, out, D', H, W]` and those
/// values. With turned weights and [`Sizes::backwards`] it is the gradient of the input.
pub type Convolve = fn(&Sizes, &CubeTensor, &CubeTensor, Option<Finish<'_>>, Option<&CubeTensor>, bool) -> (CubeTensor, Option<CubeTensor>);

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

/// The program's kernels, which keep everything in registers: without barriers, so the form for software adapters too.
pub static KERNELS: Kernels = Kernels {
    convolve: launch::convolve_in_registers,
    weight_gradient: Partial::take_by_rows,
    splits: launch::splits_by_rows,
    reduction: Reduction::Threads,
};

/// The same work with workgroup memory and barriers, and for many more threads.
pub static TILE_KERNELS: Kernels = Kernels {
    convolve: launch::convolve_in_tiles,
    weight_gradient: Partial::take_by_tiles,
    splits: launch::splits_by_tiles,
    reduction: Reduction::Workgroups,
};

/// What the operations on the GPU are made of.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Kernels.
    Kernels(&'static Kernels),
    /// Burn's own operations.
    Plain,
}

static FORM: RwLock<Form> = RwLock::new(Form::Kernels(&KERNELS));

/// From now on the GPU runs this form: one device per program, so one form.
pub fn use_form(form: Form) {
    *FORM.write().unwrap_or_else(PoisonError::into_inner) = form;
}

fn form() -> Form {
    *FORM.read().unwrap_or_else(PoisonError::into_inner)
}

/// True where kernels run, false where burn's own operations do.
pub fn kernels_run() -> bool {
    matches!(form(), Form::Kernels(_))
}

/// The kernels in use. In the plain form the program's own: a graph that was begun with kernels goes its way back with them.
pub(super) fn kernels() -> &'static Kernels {
    match form() {
        Form::Kernels(kernels) => kernels,
        Form::Plain => &KERNELS,
    }
}
