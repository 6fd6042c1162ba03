//! The TB CNN as ONNX.

use ease_grid::Resolution;
use loam_core::network::TbCase;

use super::weights::checked;
use crate::onnx::{Graph, Signature, values};
use crate::tb_cnn::{GROUPS, KERNELS};
use crate::{ModelError, TB_HALO, Weights};

pub(crate) fn graph(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
    let case = checked(weights)?;
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
        graph.concatenation(&[&sides[0], &sides[1]], &both);
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
    Ok((graph, Signature { bands, outputs, sees: TB_HALO, pixel, ..Signature::default() }))
}
