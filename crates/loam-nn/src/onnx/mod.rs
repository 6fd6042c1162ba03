//! SMEN and the TB CNN as ONNX (opset 17), for ONNX Runtime, QGIS and other programs.
//!
//! One input `[N, C, H, W]` in physical units, one output in physical units; N, H and W are open. SMEN's 3D convolutions over four dates are
//! written as 2D convolutions over dates and features together, their missing products as zeros: the same sums.

mod protobuf;

use ease_grid::Resolution;
use loam_core::network::{Network, TbCase};

use self::protobuf::{Message, float, image, int, ints, node, tensor};
use crate::networks::smen::norm::EPSILON;
use crate::smen::{CHANNELS, HISTORY};
use crate::tb_cnn::{GROUPS, KERNELS};
use crate::{HALO, ModelError, TB_HALO, Weights};

/// IR version 8 and opset 17 are what ONNX Runtime 1.12 (2022) and everything since reads.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
/// Edge of a tile that is proposed to programs that cut.
const TILE: usize = 512;

/// Why a network is not written.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The weights are not the network's.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A network without a form in ONNX.
    #[error(
        "{name} is not written as ONNX: it needs what the pixel regression knows of all earlier dates; choose SMEN or the TB CNN"
    )]
    Network {
        /// Its name.
        name: &'static str,
    },
}

/// A network on its way into the file.
#[derive(Default)]
struct Graph {
    nodes: Vec<Message>,
    tensors: Vec<Message>,
}

/// What users of the file must know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Of the input's channels: name, unit.
    pub bands: Vec<(String, &'static str)>,
    /// Of the output's.
    pub outputs: Vec<(String, &'static str)>,
    /// Pixels to each side that an output pixel depends on: how far tiles must overlap.
    pub sees: usize,
    /// Metres of a pixel.
    pub pixel: f64,
}

/// The file, and what its channels are.
///
/// # Errors
/// [`OnnxError`].
pub fn write(weights: &Weights, name: &str) -> Result<(Vec<u8>, Signature), OnnxError> {
    let (graph, signature) = match weights.network() {
        Network::Smen => smen(weights)?,
        Network::Tb(_) => tb_cnn(weights)?,
        other => return Err(OnnxError::Network { name: other.about().name }),
    };
    let whole = graph.nodes.iter().fold(Message::default(), |whole, node| whole.bytes(1, &node.0));
    let whole = graph.tensors.iter().fold(whole.text(2, "loam"), |whole, tensor| whole.bytes(5, &tensor.0));
    let whole = whole
        .bytes(11, &image("input", signature.bands.len()).0)
        .bytes(12, &image("output", signature.outputs.len()).0);
    let model = Message::default()
        .int(1, IR_VERSION)
        .text(2, "Loam")
        .text(3, env!("CARGO_PKG_VERSION"))
        .text(6, &description(weights, &signature))
        .bytes(7, &whole.0)
        .bytes(8, &Message::default().text(1, "").int(2, OPSET).0);
    let model = metadata(weights, name, &signature).into_iter().fold(model, |model, (key, value)| {
        model.bytes(14, &Message::default().text(1, &key).text(2, &value).0)
    });
    Ok((model.0, signature))
}

fn description(weights: &Weights, signature: &Signature) -> String {
    let list = |channels: &[(String, &str)]| {
        channels.iter().map(|(name, unit)| format!("{name} ({unit})")).collect::<Vec<_>>().join(", ")
    };
    format!(
        "{}. Input [N, {}, H, W]: {}. Output: {}. A number in every cell: fill what SMAP lacks from the nearest cell, residuals with 0, and mask \
         the output there.",
        weights.network().words(),
        signature.bands.len(),
        list(&signature.bands),
        list(&signature.outputs)
    )
}

/// Properties of the file: Loam's own, and those by which QGIS's plugin Deepness knows what to do (values in JSON).
fn metadata(weights: &Weights, name: &str, signature: &Signature) -> Vec<(String, String)> {
    let report = weights.report(name);
    let json = |names: Vec<&str>| serde_json::json!(names).to_string();
    let names =
        |channels: &[(String, &'static str)]| json(channels.iter().map(|(name, _)| name.as_str()).collect());
    let units = |channels: &[(String, &'static str)]| json(channels.iter().map(|(_, unit)| *unit).collect());
    // In percent of a tile.
    let overlap = (2 * signature.sees * 100).div_ceil(TILE);
    [
        ("bands", names(&signature.bands)),
        ("band_units", units(&signature.bands)),
        ("outputs", names(&signature.outputs)),
        ("output_units", units(&signature.outputs)),
        ("pixels_seen_to_each_side", signature.sees.to_string()),
        ("pixel_metres", signature.pixel.to_string()),
        ("crs", "EPSG:6933".to_owned()),
        ("network", weights.network().about().key.to_owned()),
        ("weights", report.name),
        ("weights_sha256", report.hash),
        ("trained_on", report.trained_on),
        ("simulated", report.simulated.to_string()),
        // Deepness 0.6: centimetres, pixels, percent.
        ("model_type", "\"Regressor\"".to_owned()),
        ("resolution", (signature.pixel * 100.0).to_string()),
        ("tiles_size", TILE.to_string()),
        ("tiles_overlap", overlap.to_string()),
        ("reg_output_scaling", "1.0".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

fn values<'a>(weights: &'a Weights, name: &str) -> &'a [f32] {
    // `check` has seen every name of the schema, with its shape.
    weights.tensors.get(name).map_or(&[], |tensor| tensor.values.as_slice())
}

fn smen(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
    weights.check()?;
    let inputs = weights.inputs();
    let mut graph = Graph::default();
    let bands = usize::from(inputs.uses_coarse()) + if inputs.uses_history() { HISTORY } else { 0 };
    // Where the residuals begin among the input's channels.
    let first = usize::from(inputs.uses_coarse());
    let mut features = "input".to_owned();
    if inputs.uses_history() {
        // Channels of the input that belong to no date are passed over with zeros.
        let (mut depth, mut channels, mut before) = (HISTORY, 1, first);
        for block in 0..3 {
            let kernel = values(weights, &format!("f{block}.conv.weight"));
            let (flat, shape) = flattened(kernel, channels, depth, before);
            let repeated = |part: &str| values(weights, &format!("f{block}.{part}")).repeat(depth - 1);
            let conv = format!("f{block}.conv");
            graph.convolution(&features, &conv, (&flat, shape), &repeated("conv.bias"), 1);
            let relu = format!("f{block}.relu");
            graph.node("Relu", &[&conv], &relu);
            let parts = ["weight", "bias", "running_mean", "running_var"].map(|part| {
                let name = format!("f{block}.bn.{part}");
                let plane = repeated(&format!("bn.{part}"));
                graph.tensor(&name, &[plane.len()], &plane);
                name
            });
            features = format!("f{block}");
            let [a, b, c, d] = parts.each_ref().map(String::as_str);
            let epsilon = [float("epsilon", EPSILON as f32)];
            graph.nodes.push(node("BatchNormalization", &[&relu, a, b, c, d], &features, &epsilon));
            (depth, channels, before) = (depth - 1, CHANNELS, 0);
        }
    }
    if inputs.uses_coarse() {
        // Over all channels of the input, with zeros for the residuals'.
        let kernel = values(weights, "g.weight");
        let flat: Vec<f32> = kernel
            .chunks_exact(9)
            .flat_map(|nine| nine.iter().copied().chain(std::iter::repeat_n(0.0, 9 * (bands - 1))))
            .collect();
        graph.convolution("input", "g", (&flat, [CHANNELS, bands, 3, 3]), values(weights, "g.bias"), 1);
        features = if inputs.uses_history() {
            graph.node("Add", &["g", &features], "fused");
            "fused".to_owned()
        } else {
            "g".to_owned()
        };
    }
    let last = (values(weights, "h.weight"), [1, CHANNELS, 3, 3]);
    graph.convolution(&features, "output", last, values(weights, "h.bias"), 1);
    let coarse = inputs.uses_coarse().then(|| "SMAP soil moisture, 36 km laid on 3 km".to_owned());
    let dates = (1..=HISTORY).filter(|_| inputs.uses_history());
    let named =
        coarse.into_iter().chain(dates.map(|n| format!("residual of earlier date {n}, oldest first")));
    let signature = Signature {
        bands: named.map(|name| (name, "m3/m3")).collect(),
        outputs: vec![("soil moisture, 3 km".to_owned(), "m3/m3")],
        sees: HALO,
        pixel: Resolution::M03.cell_m(),
    };
    Ok((graph, signature))
}

/// A kernel `[out, in, 2, 3, 3]` over `depth` dates as one `[(depth - 1) out, before + depth in, 3, 3]`: output (z, o) is made of the dates z and
/// z + 1. Dates are the outer index on both sides; `before` channels come first and count nothing.
fn flattened(kernel: &[f32], channels: usize, depth: usize, before: usize) -> (Vec<f32>, [usize; 4]) {
    let (out, wide) = (kernel.len() / (channels * 18), before + depth * channels);
    let mut flat = vec![0.0; (depth - 1) * out * wide * 9];
    for z in 0..depth - 1 {
        for (n, nine) in kernel.chunks_exact(9).enumerate() {
            // n counts (o, c, slice).
            let (o, c, slice) = (n / (2 * channels), n / 2 % channels, n % 2);
            let at = ((z * out + o) * wide + before + (z + slice) * channels + c) * 9;
            if let Some(place) = flat.get_mut(at..at + 9) {
                place.copy_from_slice(nine);
            }
        }
    }
    (flat, [(depth - 1) * out, wide, 3, 3])
}

fn tb_cnn(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
    let case = crate::networks::tb_cnn::weights::checked(weights)?;
    let mut graph = Graph::default();
    let [centre, spread] = [|(centre, _): (f32, f32)| centre, |(_, spread): (f32, f32)| spread]
        .map(|part| case.scales().map(part));
    graph.tensor("centre", &[1, 2, 1, 1], &centre);
    graph.tensor("spread", &[1, 2, 1, 1], &spread);
    graph.node("Sub", &["input", "centre"], "centred");
    graph.node("Div", &["centred", "spread"], "scaled");
    let mut features = "scaled".to_owned();
    for group in 0..GROUPS {
        let channels = if group == 0 { 2 } else { 2 * KERNELS };
        let sides = [(3, 1), (5, 2)].map(|(side, dilation)| {
            let name = format!("group{group}.conv{side}");
            let kernel = values(weights, &format!("{name}.weight"));
            let bias = values(weights, &format!("{name}.bias"));
            graph.convolution(&features, &name, (kernel, [KERNELS, channels, side, side]), bias, dilation);
            name
        });
        let both = format!("group{group}.both");
        graph.nodes.push(node("Concat", &[&sides[0], &sides[1]], &both, &[int("axis", 1)]));
        features = format!("group{group}");
        graph.node("Relu", &[&both], &features);
    }
    let outputs = case.outputs();
    let kernel = (values(weights, "out.weight"), [outputs, 2 * KERNELS, 3, 3]);
    graph.convolution(&features, "last", kernel, values(weights, "out.bias"), 1);
    // The input is added: of soil moisture its first channel, picked by a kernel of one pixel.
    let picked: Vec<f32> =
        (0..outputs).flat_map(|o| [0, 1].map(|c| if o == c { 1.0 } else { 0.0 })).collect();
    graph.convolution("scaled", "picked", (&picked, [outputs, 2, 1, 1]), &vec![0.0; outputs], 1);
    graph.node("Add", &["last", "picked"], "sum");
    graph.tensor("output_centre", &[1, outputs, 1, 1], &centre[..outputs]);
    graph.tensor("output_spread", &[1, outputs, 1, 1], &spread[..outputs]);
    graph.node("Mul", &["sum", "output_spread"], "unscaled");
    graph.node("Add", &["unscaled", "output_centre"], "output");
    let name = |names: &[(&str, &'static str)]| names.iter().map(|(n, u)| ((*n).to_owned(), *u)).collect();
    let (bands, outputs, pixel): (Vec<_>, Vec<_>, f64) = match case {
        TbCase::BrightnessTemperature => (
            name(&[
                ("brightness temperature V, 36 km laid on 9 km", "K"),
                ("brightness temperature H, 36 km laid on 9 km", "K"),
            ]),
            name(&[("brightness temperature V, 9 km", "K"), ("brightness temperature H, 9 km", "K")]),
            Resolution::M09.cell_m(),
        ),
        TbCase::SoilMoisture => (
            name(&[("SMAP soil moisture, 36 km laid on 3 km", "m3/m3"), ("land surface temperature", "K")]),
            name(&[("soil moisture, 3 km", "m3/m3")]),
            Resolution::M03.cell_m(),
        ),
    };
    Ok((graph, Signature { bands, outputs, sees: TB_HALO, pixel }))
}

impl Graph {
    fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.tensors.push(tensor(name, shape, values));
    }

    /// A convolution that keeps the size.
    fn convolution(
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

    fn node(&mut self, operation: &str, inputs: &[&str], output: &str) {
        self.nodes.push(node(operation, inputs, output, &[]));
    }
}

#[cfg(test)]
mod tests {
    use super::flattened;

    /// One kernel over three dates of one channel, one channel of no date before them: two outputs, each of two dates that follow each other.
    #[test]
    fn a_kernel_over_dates_lies_on_its_dates() {
        let kernel: Vec<f32> = (1..=18u8).map(f32::from).collect();
        let (flat, shape) = flattened(&kernel, 1, 3, 1);
        assert_eq!(shape, [2, 4, 3, 3]);
        let of = |output: usize, channel: usize| &flat[(output * 4 + channel) * 9..][..9];
        let (older, newer) = kernel.split_at(9);
        for output in 0..2 {
            for channel in 0..4 {
                let expected: &[f32] = match channel {
                    c if c == output + 1 => older,
                    c if c == output + 2 => newer,
                    _ => &[0.0; 9],
                };
                assert_eq!(of(output, channel), expected, "output {output}, channel {channel}");
            }
        }
    }
}
