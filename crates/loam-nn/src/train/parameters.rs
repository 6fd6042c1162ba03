//! The trained parameters by their names: what is frozen, and which of Adam's moments belongs to which.
//!
//! Burn numbers parameters again whenever a network is built, so a checkpoint goes by the names of the network's schema, in whose order a
//! module is walked over.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

use super::example::Trained;
use crate::networks::smen::offset::OFFSET;
use crate::{Smen, smen};
use loam_core::network::Part;
use loam_core::training::TrainSettings;

/// The part of the network a tensor belongs to.
fn part_of(name: &str) -> Part {
    match name {
        _ if name.contains(".bn.") => Part::Norms,
        _ if name.starts_with("g.") => Part::Coarse,
        _ if name.starts_with("h.") => Part::Fusion,
        _ => Part::History,
    }
}

/// Names of the trained tensors in the order of a walk.
fn names(smen: &Smen) -> impl Iterator<Item = String> {
    smen::schema(smen.inputs()).into_iter().filter(|(_, _, trained)| *trained).map(|(name, ..)| name)
}

/// Name, number and length of every trained parameter, from the names and shapes in the order of a walk.
pub(crate) fn numbered<M: Module>(
    network: &M,
    schema: impl Iterator<Item = (String, Vec<usize>)>,
) -> Vec<Trained> {
    struct Numbers(Vec<ParamId>);
    impl ModuleVisitor for Numbers {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut numbers = Numbers(Vec::new());
    network.visit(&mut numbers);
    schema.zip(numbers.0).map(|((name, shape), number)| (name, number, shape.iter().product())).collect()
}

/// The network with the frozen parts asking for no gradient, and the offset: the loss is blind to it, so its gradient is rounding noise,
/// which Adam would blow up to full steps. It is set after training ([`super::set_bias`]).
pub(crate) fn frozen(smen: Smen, settings: &TrainSettings) -> Smen {
    struct Freeze<I: Iterator<Item = bool>>(I);
    impl<I: Iterator<Item = bool>> ModuleMapper for Freeze<I> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let freeze = self.0.next().unwrap_or(false);
            if freeze { param.set_require_grad(false) } else { param }
        }
    }
    let names: Vec<String> = names(&smen).collect();
    let frozen = names.iter().map(|name| name == OFFSET || settings.freezes(part_of(name)));
    smen.map(&mut Freeze(frozen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Example;
    use crate::Weights;
    use burn::tensor::Device;
    use loam_core::network::Inputs;

    #[test]
    fn a_walk_meets_the_tensors_in_the_order_of_the_schema() {
        struct Shapes(Vec<Vec<usize>>);
        impl ModuleVisitor for Shapes {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().dims().to_vec());
            }
        }
        for inputs in Inputs::ALL {
            let Ok(smen) = Smen::from_weights(&Weights::init(inputs, 1), &Device::flex()) else {
                panic!("first weights fit")
            };
            let mut shapes = Shapes(Vec::new());
            smen.visit(&mut shapes);
            let wanted: Vec<_> = smen::schema(inputs).into_iter().filter(|t| t.2).map(|t| t.1).collect();
            assert_eq!(shapes.0, wanted);
            let lengths: Vec<usize> =
                crate::TrainSample::trained(&smen).iter().map(|(.., length)| *length).collect();
            assert_eq!(lengths, wanted.iter().map(|shape| shape.iter().product()).collect::<Vec<usize>>());
        }
    }
}
