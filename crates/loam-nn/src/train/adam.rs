//! Adam (Kingma and Ba 2015) with PyTorch's arithmetic: betas 0.9 and 0.999, epsilon 1e-8 outside the bias-corrected root.
//!
//! Burn's own Adam computes `1 - beta2^t` in float32, which is 6e-5 off in the first steps; here the corrections are float64 and only
//! the tensors are float32.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Gradients, Tensor};

/// Decay of the first moment.
pub const BETA_1: f64 = 0.9;
/// Decay of the second moment.
pub const BETA_2: f64 = 0.999;
/// Added to the root of the second moment.
pub const EPSILON: f64 = 1e-8;

/// The optimiser's state: both moments of every parameter, flat, without autodiff, and the number of steps.
#[derive(Debug, Clone, Default)]
pub struct Adam {
    steps: i32,
    clip: f64,
    moments: HashMap<ParamId, (Tensor<1>, Tensor<1>)>,
    /// On the GPU: values and moments in one buffer, of which those above are parts.
    #[cfg(feature = "gpu")]
    flat: Option<loam_kernels::gpu::Flat>,
}

impl Adam {
    /// No step yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gradients that together are longer than `clip` are shortened to it; 0 shortens none.
    #[must_use]
    pub fn clipped(self, clip: f64) -> Self {
        Self { clip, ..self }
    }

    /// Steps made.
    pub fn steps(&self) -> usize {
        self.steps.unsigned_abs() as usize
    }

    /// Both moments of a parameter; none before its first step.
    pub(super) fn moments(&self, id: ParamId) -> Option<&(Tensor<1>, Tensor<1>)> {
        self.moments.get(&id)
    }

    /// The state after `steps` steps.
    pub(super) fn restored(steps: usize, moments: HashMap<ParamId, (Tensor<1>, Tensor<1>)>) -> Self {
        Self {
            steps: i32::try_from(steps).unwrap_or(i32::MAX),
            clip: 0.0,
            moments,
            #[cfg(feature = "gpu")]
            flat: None,
        }
    }

    /// One step against the gradients, which together are no longer than what [`Adam::clipped`] says. Parameters without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, module: M, gradients: &Gradients, learning_rate: f64) -> M {
        self.steps += 1;
        let factor = (self.clip > 0.0).then(|| shortened(&module, gradients, self.clip)).flatten();
        #[cfg(feature = "gpu")]
        if factor.is_none()
            && let Some(moved) = self.step_on_gpu(&module, gradients, learning_rate)
        {
            return module.map(&mut gpu::Replace(moved.into_iter()));
        }
        module.map(&mut Step { learning_rate, factor, gradients, adam: self })
    }
}

/// What all gradients are multiplied with so that together they are no longer than `clip`; none without a gradient. The value stays on the
/// device.
fn shortened<M: Module>(module: &M, gradients: &Gradients, clip: f64) -> Option<Tensor<1>> {
    struct Squares<'a>(&'a Gradients, Option<Tensor<1>>);
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !param.is_require_grad() {
                return;
            }
            let Some(gradient) = param.val().grad(self.0) else { return };
            let squares = (gradient.clone() * gradient).sum();
            self.1 = Some(match self.1.take() {
                Some(sum) => sum + squares,
                None => squares,
            });
        }
    }
    let mut squares = Squares(gradients, None);
    module.visit(&mut squares);
    // As PyTorch's clip_grad_norm_, with operations that the losses use too: each more of burn's is several kB of the page's worker.
    squares.1.map(|sum| {
        let norm = sum.sqrt() + 1e-6;
        let norm = norm.clone().mask_fill(norm.lower_elem(clip), clip);
        (norm.clone() * 0.0 + clip) / norm
    })
}

/// One step, walking over the parameters.
struct Step<'a> {
    learning_rate: f64,
    factor: Option<Tensor<1>>,
    gradients: &'a Gradients,
    adam: &'a mut Adam,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        if !param.is_require_grad() {
            return param;
        }
        let Some(gradient) = param.val().grad(self.gradients) else { return param };
        let shape = gradient.shape();
        let gradient: Tensor<1> = gradient.reshape([shape.num_elements()]);
        let gradient = match &self.factor {
            Some(factor) => gradient * factor.clone(),
            None => gradient,
        };
        let (first, second) = match self.adam.moments.remove(&id) {
            Some((first, second)) => {
                let first = first.clone() + (gradient.clone() - first) * (1.0 - BETA_1);
                (first, second * BETA_2 + gradient.clone() * gradient * (1.0 - BETA_2))
            }
            None => (gradient.clone() * (1.0 - BETA_1), gradient.clone() * gradient * (1.0 - BETA_2)),
        };
        let correction_1 = 1.0 - BETA_1.powi(self.adam.steps);
        let correction_2 = 1.0 - BETA_2.powi(self.adam.steps);
        let root = second.clone().sqrt() * (1.0 / correction_2.sqrt()) + EPSILON;
        let change = (first.clone() / root * (self.learning_rate / correction_1)).reshape(shape);
        self.adam.moments.insert(id, (first, second));
        // The new value is a fresh leaf: the old graph must not hang on to it.
        param.map(|value| Tensor::from_inner(value.without_autodiff() - change).require_grad())
    }
}

/// The same over all parameters at once, on the GPU.
#[cfg(feature = "gpu")]
mod gpu {
    use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
    use burn::tensor::{Gradients, Tensor};

    use super::{Adam, BETA_1, BETA_2, EPSILON};
    use loam_kernels::gpu::{Flat, Part, Rates};

    impl Adam {
        /// New values of the parameters that have a gradient, in the order of a walk; none where that is not for the GPU's kernel.
        pub(super) fn step_on_gpu<M: Module>(
            &mut self,
            module: &M,
            gradients: &Gradients,
            rate: f64,
        ) -> Option<Vec<(ParamId, Tensor<1>)>> {
            let mut gather = Gather { gradients, moments: self, found: Some(Vec::new()) };
            module.visit(&mut gather);
            let (ids, parts): (Vec<ParamId>, Vec<Part>) = gather.found?.into_iter().unzip();
            let rates = Rates {
                rate: rate / (1.0 - BETA_1.powi(self.steps)),
                root_factor: 1.0 / (1.0 - BETA_2.powi(self.steps)).sqrt(),
                beta_1: BETA_1,
                beta_2: BETA_2,
                epsilon: EPSILON,
            };
            let (moved, flat) = Flat::step(self.flat.take(), &parts, rates)?;
            self.flat = Some(flat);
            let put = |(id, [value, first, second]): (ParamId, [Tensor<1>; 3])| {
                self.moments.insert(id, (first, second));
                (id, value)
            };
            Some(ids.into_iter().zip(moved).map(put).collect())
        }
    }

    /// Collects what moves; nothing where a tensor is not on the GPU.
    struct Gather<'a> {
        gradients: &'a Gradients,
        moments: &'a Adam,
        found: Option<Vec<(ParamId, Part)>>,
    }

    impl ModuleVisitor for Gather<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !param.is_require_grad() {
                return;
            }
            let value = param.val();
            let Some(gradient) = value.grad(self.gradients) else { return };
            if !loam_kernels::gpu::takes(&gradient) {
                self.found = None;
            }
            if let Some(found) = &mut self.found {
                let count = gradient.shape().num_elements();
                let moments = self.moments.moments(param.id).cloned();
                let (value, gradient) =
                    (value.without_autodiff().reshape([count]), gradient.reshape([count]));
                found.push((param.id, Part { value, gradient, moments }));
            }
        }
    }

    /// Puts the new values in.
    pub(super) struct Replace(pub std::vec::IntoIter<(ParamId, Tensor<1>)>);

    impl ModuleMapper for Replace {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if self.0.as_slice().first().is_none_or(|(id, _)| *id != param.id) {
                return param;
            }
            let Some((_, moved)) = self.0.next() else { return param };
            let shape = param.shape();
            // The new value is a fresh leaf: the old graph must not hang on to it.
            param.map(|_| Tensor::from_inner(moved.reshape(shape)).require_grad())
        }
    }
}
