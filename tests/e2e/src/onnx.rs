//! Writes SMEN as an ONNX file, for the bench: the peer must run the same network with the same weights.
//!
//! ONNX is protobuf; the few messages a network of convolutions needs are written by hand (field numbers from onnx.proto3). Two forms,
//! because the peer may be better at one: `Conv3d` as the model is defined, and `Conv2d` on neighbouring frames joined as channels,
//! which is the same sum (a kernel of depth 2 looks at two neighbouring frames).

use crate::weights::Weights;

/// How the temporal convolutions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Five-dimensional tensors; inputs `i [B,1,1,H,W]`, `d [B,1,4,H,W]`.
    Conv3d,
    /// Frames as batch, frame by frame; inputs `i [B,1,H,W]`, `d [4 B,1,H,W]`.
    Conv2d,
}

/// The model file for `batch` images of `height` x `width` cells; the output is called `estimate`.
pub fn smen(weights: &Weights, form: Form, batch: u64, height: u64, width: u64) -> Vec<u8> {
    let mut graph = Graph::default();
    let (spatial, i_shape, d_shape) = match form {
        Form::Conv3d => (3, vec![batch, 1, 1, height, width], vec![batch, 1, 4, height, width]),
        Form::Conv2d => (2, vec![batch, 1, height, width], vec![4 * batch, 1, height, width]),
    };
    graph.value(11, "i", &i_shape);
    graph.value(11, "d", &d_shape);
    let mut x = "d".to_owned();
    for block in 0..3 {
        let name = format!("f{block}");
        let weight = weights.get(&format!("{name}.conv.weight"));
        if form == Form::Conv2d {
            x = graph.neighbours(&name, &x, 4 - block, batch);
            graph.floats(
                &format!("{name}.w"),
                &[32, 2 * weight.shape[1], 3, 3],
                &depth_as_channels(weight.shape[1] as usize, &weight.values),
            );
        } else {
            graph.floats(&format!("{name}.w"), &weight.shape, &weight.values);
        }
        graph.floats(&format!("{name}.b"), &[32], &weights.get(&format!("{name}.conv.bias")).values);
        graph.conv(&x, &name, spatial, 2);
        graph.node("Relu", &[&format!("{name}.conv")], &format!("{name}.relu"), &[]);
        let norm: Vec<String> = ["weight", "bias", "running_mean", "running_var"]
            .iter()
            .map(|p| format!("{name}.bn.{p}"))
            .collect();
        for part in &norm {
            graph.floats(part, &[32], &weights.get(part).values);
        }
        let mut inputs = vec![format!("{name}.relu")];
        inputs.extend(norm);
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        x = format!("{name}.out");
        graph.node("BatchNormalization", &inputs, &x, &[float("epsilon", 1e-5)]);
    }
    for (name, channels) in [("g", 1), ("h", 32)] {
        let shape = |out: u64| {
            if form == Form::Conv3d { vec![out, channels, 1, 3, 3] } else { vec![out, channels, 3, 3] }
        };
        let bias = &weights.get(&format!("{name}.bias")).values;
        graph.floats(
            &format!("{name}.w"),
            &shape(bias.len() as u64),
            &weights.get(&format!("{name}.weight")).values,
        );
        graph.floats(&format!("{name}.b"), &[bias.len() as u64], bias);
    }
    graph.conv("i", "g", spatial, 1);
    graph.node("Add", &["g.conv", &x], "sum", &[]);
    graph.conv("sum", "h", spatial, 1);
    graph.node("Identity", &["h.conv"], "estimate", &[]);
    graph.value(12, "estimate", &i_shape);

    let mut opset = Vec::new();
    number(&mut opset, 2, 13);
    let mut model = Vec::new();
    number(&mut model, 1, 8);
    bytes(&mut model, 7, &graph.finished());
    bytes(&mut model, 8, &opset);
    model
}

/// `[out, channels, 2, 3, 3]` to `[out, 2 * channels, 3, 3]`: first all channels of the older frame, then those of the younger.
fn depth_as_channels(channels: usize, values: &[f32]) -> Vec<f32> {
    let kernels: Vec<&[f32]> = values.chunks(9).collect();
    let mut turned = Vec::with_capacity(values.len());
    for out in 0..kernels.len() / (2 * channels) {
        for depth in 0..2 {
            for channel in 0..channels {
                turned.extend_from_slice(kernels[(out * channels + channel) * 2 + depth]);
            }
        }
    }
    turned
}

#[derive(Default)]
struct Graph {
    body: Vec<u8>,
}

impl Graph {
    fn node(&mut self, kind: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) {
        let mut node = Vec::new();
        inputs.iter().for_each(|input| bytes(&mut node, 1, input.as_bytes()));
        bytes(&mut node, 2, output.as_bytes());
        bytes(&mut node, 4, kind.as_bytes());
        attributes.iter().for_each(|attribute| bytes(&mut node, 5, attribute));
        bytes(&mut self.body, 1, &node);
    }

    /// A convolution of `x` with `NAME.w` and `NAME.b`, padded by one pixel in space and by nothing in time, called `NAME.conv`.
    fn conv(&mut self, x: &str, name: &str, spatial: usize, depth: u64) {
        let (kernel, pads) = if spatial == 3 {
            (vec![depth, 3, 3], vec![0, 1, 1, 0, 1, 1])
        } else {
            (vec![3, 3], vec![1, 1, 1, 1])
        };
        let attributes = [integers("kernel_shape", &kernel), integers("pads", &pads)];
        self.node(
            "Conv",
            &[x, &format!("{name}.w"), &format!("{name}.b")],
            &format!("{name}.conv"),
            &attributes,
        );
    }

    /// Frames 0..n-1 and 1..n of `batch` images each, joined as channels.
    fn neighbours(&mut self, name: &str, x: &str, frames: u64, batch: u64) -> String {
        for (part, from, to) in [("older", 0, (frames - 1) * batch), ("younger", batch, frames * batch)] {
            let names: Vec<String> =
                ["from", "to", "axis"].iter().map(|n| format!("{name}.{part}.{n}")).collect();
            for (n, value) in names.iter().zip([from, to, 0]) {
                self.tensor(n, &[1], 7, &value.to_le_bytes());
            }
            self.node("Slice", &[x, &names[0], &names[1], &names[2]], &format!("{name}.{part}"), &[]);
        }
        let joined = format!("{name}.pairs");
        self.node(
            "Concat",
            &[&format!("{name}.older"), &format!("{name}.younger")],
            &joined,
            &[integer("axis", 1)],
        );
        joined
    }

    fn floats(&mut self, name: &str, shape: &[u64], values: &[f32]) {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor(name, shape, 1, &raw);
    }

    fn tensor(&mut self, name: &str, shape: &[u64], kind: u64, raw: &[u8]) {
        let mut tensor = Vec::new();
        shape.iter().for_each(|n| number(&mut tensor, 1, *n));
        number(&mut tensor, 2, kind);
        bytes(&mut tensor, 8, name.as_bytes());
        bytes(&mut tensor, 9, raw);
        bytes(&mut self.body, 5, &tensor);
    }

    /// A float32 input (field 11) or output (field 12) of the graph.
    fn value(&mut self, field: u64, name: &str, dims: &[u64]) {
        let mut shape = Vec::new();
        for n in dims {
            let mut dim = Vec::new();
            number(&mut dim, 1, *n);
            bytes(&mut shape, 1, &dim);
        }
        let (mut tensor, mut kind, mut value) = (Vec::new(), Vec::new(), Vec::new());
        number(&mut tensor, 1, 1);
        bytes(&mut tensor, 2, &shape);
        bytes(&mut kind, 1, &tensor);
        bytes(&mut value, 1, name.as_bytes());
        bytes(&mut value, 2, &kind);
        bytes(&mut self.body, field, &value);
    }

    fn finished(mut self) -> Vec<u8> {
        bytes(&mut self.body, 2, b"smen");
        self.body
    }
}

fn attribute(name: &str, kind: u64) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, 1, name.as_bytes());
    number(&mut out, 20, kind);
    out
}

fn integers(name: &str, values: &[u64]) -> Vec<u8> {
    let mut out = attribute(name, 7);
    values.iter().for_each(|v| number(&mut out, 8, *v));
    out
}

fn integer(name: &str, value: u64) -> Vec<u8> {
    let mut out = attribute(name, 2);
    number(&mut out, 3, value);
    out
}

fn float(name: &str, value: f32) -> Vec<u8> {
    let mut out = attribute(name, 1);
    varint(&mut out, 2 << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        assert_eq!(out, [0xac, 0x02]);
    }

    #[test]
    fn frames_become_channels() {
        // One output, two channels, two depths: kernels are numbered channel * 2 + depth.
        let values: Vec<f32> = (0..4).flat_map(|k| [k as f32; 9]).collect();
        let turned = depth_as_channels(2, &values);
        let order: Vec<f32> = turned.chunks(9).map(|k| k[0]).collect();
        assert_eq!(order, [0.0, 2.0, 1.0, 3.0]);
    }
}
