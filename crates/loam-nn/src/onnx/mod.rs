//! Networks as ONNX (opset 17), for ONNX Runtime, QGIS and other programs.
//!
//! One input `[N, C, H, W]` in physical units, one output in physical units; N, H and W are open. A network's own operations and channels are
//! in its folder (`networks/*/onnx.rs`).

mod graph;
mod protobuf;

pub use self::graph::Graph;
use self::protobuf::{Message, image};
use crate::{ModelError, Weights};

/// IR version 8 and opset 17 are what ONNX Runtime 1.12 (2022) and everything since reads.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
/// Edge of a tile that is proposed to programs that cut.
const TILE: usize = 512;

/// What users of the file must know of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signature {
    /// Of the input's channels: name, unit.
    pub bands: Vec<(String, &'static str)>,
    /// How each of them is computed, where its name does not say it.
    pub computed: Vec<&'static str>,
    /// Of the output's.
    pub outputs: Vec<(String, &'static str)>,
    /// Pixels to each side that an output pixel depends on: how far tiles must overlap.
    pub sees: usize,
    /// Metres of a pixel.
    pub pixel: f64,
    /// The channel of the input whose mean over the whole region the first output keeps: who runs the network takes the mean of their
    /// difference out, which a tile alone does not know.
    pub mean_of: Option<usize>,
    /// The output that is one standard deviation of the first one's error, where there is one.
    pub sigma: Option<usize>,
}

/// The file, and what its channels are.
///
/// # Errors
/// [`ModelError`] for weights that are not their network's.
pub fn write(weights: &Weights, name: &str) -> Result<(Vec<u8>, Signature), ModelError> {
    let (graph, signature) = weights.onnx()?;
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
    let mean = signature.mean_of.map_or_else(String::new, |band| {
        format!(
            " Over the whole region, subtract from the first output the mean of (first output less input channel {band}, counted from 0)."
        )
    });
    format!(
        "{}. Input [N, {}, H, W]: {}. Output: {}. A number in every cell: fill what SMAP lacks from the nearest cell, residuals with 0, and mask \
         the output there.{mean}",
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
    let mut properties = vec![
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
    ];
    if !signature.computed.is_empty() {
        properties.push(("bands_computed", json(signature.computed.clone())));
    }
    properties.extend(signature.mean_of.map(|band| ("first_output_keeps_mean_of_band", band.to_string())));
    properties.extend(signature.sigma.map(|output| ("standard_deviation_output", output.to_string())));
    properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A tensor's values.
pub(crate) fn values<'a>(weights: &'a Weights, name: &str) -> &'a [f32] {
    // `check` has seen every name of the schema, with its shape.
    weights.tensors.get(name).map_or(&[], |tensor| tensor.values.as_slice())
}
