//! The PyTorch goldens, and the same computations here, native and in the browser alike (no file system, no waiting).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use loam_nn::safetensors::SafeTensors;
use loam_nn::{Adam, urmse_loss};
use loam_nn::{Inputs, Smen, Weights, golden_weights};

/// Weights file after five Adam steps.
pub static AFTER_FIVE: &[u8] = include_bytes!("../goldens/smen_after5.safetensors");
static STEP: &[u8] = include_bytes!("../goldens/smen_step.safetensors");
static FACTS: &str = include_str!("../goldens/smen_facts.json");

/// Tensors of the golden batch by name.
pub struct Goldens(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Goldens {
    pub fn read() -> Self {
        let file = SafeTensors::deserialize(STEP).expect("goldens");
        Self(
            file.iter()
                .map(|(name, view)| {
                    let values = view
                        .data()
                        .chunks_exact(4)
                        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                        .collect();
                    (name.to_owned(), (view.shape().to_vec(), values))
                })
                .collect(),
        )
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        self.0.get(name).unwrap_or_else(|| panic!("no golden {name}")).1.clone()
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = self.0.get(name).unwrap_or_else(|| panic!("no golden {name}"));
        Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device)
    }

    /// Losses before each of the five steps.
    pub fn losses(&self) -> Vec<f32> {
        let facts: serde_json::Value = serde_json::from_str(FACTS).expect("facts");
        facts["losses"]
            .as_array()
            .expect("losses")
            .iter()
            .map(|loss| loss.as_f64().expect("a number") as f32)
            .collect()
    }
}

/// Largest difference relative to the largest value; infinite where anything is NaN or lengths differ.
pub fn relative_difference(ours: &[f32], theirs: &[f32]) -> f32 {
    if ours.len() != theirs.len() || ours.iter().chain(theirs).any(|value| !value.is_finite()) {
        return f32::INFINITY;
    }
    let largest = theirs.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    ours.iter().zip(theirs).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs())) / largest
}

/// Collects every parameter's gradient under its path.
struct Collector<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    found: Vec<(String, Tensor<1>)>,
    seen: Vec<ParamId>,
}

impl ModuleVisitor for Collector<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Module paths say `f.0.conv.weight` where PyTorch says `f0.conv.weight`.
        let name = self.path.join(".").replacen("f.", "f", 1);
        let gradient = param.val().grad(self.gradients).unwrap_or_else(|| panic!("no gradient for {name}"));
        let elements = gradient.shape().num_elements();
        self.found.push((name, gradient.reshape([elements])));
        self.seen.push(param.id);
    }
}

async fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_async().await.expect("read back").try_into_vec::<f32>().expect("float32")
}

/// Output, loss and gradients of the golden batch. `frozen`: the norms use their running statistics.
pub async fn gradients(
    goldens: &Goldens,
    device: &Device,
    frozen: bool,
) -> (Vec<f32>, f32, BTreeMap<String, Vec<f32>>) {
    let device = device.clone().autodiff();
    let smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device).expect("golden weights");
    let (i, d) = (goldens.tensor("i", &device), goldens.tensor("d", &device));
    let output = if frozen { smen.forward(i, d) } else { smen.forward_train(i, d).0 };
    let loss = urmse_loss(output.clone(), goldens.tensor("target", &device), goldens.tensor("mask", &device));
    let gradients = loss.backward();
    let mut collector =
        Collector { path: Vec::new(), gradients: &gradients, found: Vec::new(), seen: Vec::new() };
    smen.visit(&mut collector);
    let mut named = BTreeMap::new();
    for (name, gradient) in collector.found {
        named.insert(name, read(gradient).await);
    }
    (read(output.without_autodiff()).await, read(loss.without_autodiff()).await[0], named)
}

/// Weights after five Adam steps on the golden batch, and the loss before each.
pub async fn train_five_steps(goldens: &Goldens, device: &Device) -> (Weights, Vec<f32>) {
    let device = device.clone().autodiff();
    let mut smen =
        Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device).expect("golden weights");
    let mut adam = Adam::new();
    let mut losses = Vec::new();
    for _ in 0..5 {
        let (output, statistics) =
            smen.forward_train(goldens.tensor("i", &device), goldens.tensor("d", &device));
        let loss = urmse_loss(output, goldens.tensor("target", &device), goldens.tensor("mask", &device));
        let gradients = loss.backward();
        smen = adam.step(smen, &gradients, 1e-3);
        smen.absorb(statistics);
        losses.push(read(loss.without_autodiff()).await[0]);
    }
    (smen.to_weights().await.expect("weights"), losses)
}
