//! Adam (Kingma and Ba 2015) with PyTorch's arithmetic: betas 0.9 and 0.999, epsilon 1e-8 outside the bias-corrected root.
//!
//! Burn's own Adam computes `1 - beta2^t` in float32, which is 6e-5 off in the first steps; here the corrections are float64 and only
//! the tensors are float32.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
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
    moments: HashMap<ParamId, (Tensor<1>, Tensor<1>)>,
}

impl Adam {
    /// No step yet.
    pub fn new() -> Self {
        Self::default()
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
        Self { steps: i32::try_from(steps).unwrap_or(i32::MAX), moments }
    }

    /// One step against the gradients. Parameters without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, module: M, gradients: &Gradients, learning_rate: f64) -> M {
        self.steps += 1;
        module.map(&mut Step { learning_rate, gradients, adam: self })
    }
}

/// One step, walking over the parameters.
struct Step<'a> {
    learning_rate: f64,
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
        let gradient = gradient.reshape([shape.num_elements()]);
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
