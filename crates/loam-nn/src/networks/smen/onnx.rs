//! SMEN as ONNX. Its 3D convolutions over four dates are written as 2D convolutions over dates and features together, their missing products
//! as zeros: the same sums.

use ease_grid::Resolution;

use super::norm::EPSILON;
use crate::onnx::{Graph, Signature, values};
use crate::smen::{CHANNELS, HISTORY};
use crate::{HALO, ModelError, Weights};

pub(crate) fn graph(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
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
            graph.batch_normalisation(&[&relu, a, b, c, d], &features, EPSILON as f32);
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
        ..Signature::default()
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
