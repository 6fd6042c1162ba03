//! A network on its way into the file: its operations and its weights.

use super::protobuf::{Message, float, int, ints, node, tensor, whole_number};

/// Operations in order, and the tensors they use. The first works on `input`, the last makes `output`.
#[derive(Default)]
pub struct Graph {
    pub(super) nodes: Vec<Message>,
    pub(super) tensors: Vec<Message>,
}

impl Graph {
    /// A constant.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.tensors.push(tensor(name, shape, values));
    }

    /// A convolution that keeps the size.
    pub(crate) fn convolution(
        &mut self,
        from: &str,
        to: &str,
        (weight, shape): (&[f32], [usize; 4]),
        bias: &[f32],
        dilation: usize,
    ) {
        let (w, b) = (format!("{to}.weight"), format!("{to}.bias"));
        self.tensor(&w, &shape, weight);
        self.tensor(&b, &[bias.len()], bias);
        let pad = (dilation * (shape[3] / 2)) as i64;
        let side = shape[3] as i64;
        let attributes = [
            ints("kernel_shape", &[side, side]),
            ints("pads", &[pad; 4]),
            ints("dilations", &[dilation as i64; 2]),
        ];
        self.nodes.push(node("Conv", &[from, &w, &b], to, &attributes));
    }

    /// An operation without attributes.
    pub(crate) fn node(&mut self, operation: &str, inputs: &[&str], output: &str) {
        self.nodes.push(node(operation, inputs, output, &[]));
    }

    /// A batch norm with running statistics: of (features, weight, bias, mean, variance).
    pub(crate) fn batch_normalisation(&mut self, inputs: &[&str; 5], output: &str, epsilon: f32) {
        self.nodes.push(node("BatchNormalization", inputs, output, &[float("epsilon", epsilon)]));
    }

    /// Channels one after the other.
    pub(crate) fn concatenation(&mut self, inputs: &[&str], output: &str) {
        self.nodes.push(node("Concat", inputs, output, &[int("axis", 1)]));
    }

    /// The channels from one on up to another.
    pub(crate) fn channels(&mut self, input: &str, output: &str, from: i64, to: i64) {
        let names = ["from", "to", "axis"].map(|part| format!("{output}.{part}"));
        for (name, value) in names.iter().zip([from, to, 1]) {
            self.tensors.push(whole_number(name, value));
        }
        self.node("Slice", &[input, &names[0], &names[1], &names[2]], output);
    }

    /// SiLU: x times the logistic function of x.
    pub(crate) fn silu(&mut self, input: &str, output: &str) {
        let gate = format!("{output}.gate");
        self.node("Sigmoid", &[input], &gate);
        self.node("Mul", &[input, &gate], output);
    }
}
