//! RCN as ONNX: its planes as [`RcnPlanes`](super::planes::RcnPlanes) makes them, in their units, and the regression's map, to the map and one
//! standard deviation of its error. Planes are standardised in the file, so that zeros lie beyond the edge as in [`Rcn`](super::model::Rcn).

use ease_grid::Resolution;
use loam_core::regression::RECENT;

use super::model::{CORRECTION, VARIANCE};
use super::planes::COUNT;
use super::schema::{DILATIONS, MEAN, OUTPUTS, SPREAD, WIDTH};
use super::weights::checked;
use crate::onnx::{Graph, Signature, values};
use crate::{ModelError, Weights};

/// Cells to each side that an output depends on: one a cell of a kernel's distance, of the first, the last and the blocks between.
pub(crate) const SEES: usize = {
    let (mut sum, mut block) = (2, 0);
    while block < DILATIONS.len() {
        sum += DILATIONS[block];
        block += 1;
    }
    sum
};

/// Name, unit and making of each plane but those of the newest maps. B: bilinear SMAP; E: its exponential mean over earlier days (6 days);
/// W: B smoothed by a Gaussian of 8 cells, less 0.2 m3/m3; dW: B - E smoothed by 4 cells; theta: the regression's coefficients.
const FIRST: [(&str, &str, &str); 13] = [
    ("bilinear SMAP, less its mean", "m3/m3", "B - mean of B over the region"),
    ("SMAP's 36 km cells, less bilinear SMAP", "m3/m3", "I - B"),
    ("pixel regression, residual", "m3/m3", "theta . [1, W, dW]"),
    ("pixel regression, constant part", "m3/m3", "theta_0"),
    ("pixel regression, part by wetness", "m3/m3", "theta_1 W"),
    ("pixel regression, part by change of wetness", "m3/m3", "theta_2 dW"),
    (
        "pixel regression, spread",
        "1",
        "sqrt(x' (X'X + L)^-1 x), x = [1, W, dW]; 1 is the error of a single map",
    ),
    ("earlier maps of the pixel", "1", "ln(1 + n) / 4, n: number of earlier 3 km maps that know the pixel"),
    ("mean residual of the pixel", "m3/m3", "n / (n + 2) times the mean of its residuals J - B"),
    ("wetness", "m3/m3", "W: B smoothed by a Gaussian of 8 cells, less 0.2"),
    (
        "change of wetness",
        "m3/m3",
        "dW: B - E smoothed by a Gaussian of 4 cells; E: exponential mean of B, 6 days",
    ),
    ("departure from the days before", "m3/m3", "B - E"),
    ("mean of SMAP over the region", "m3/m3", "mean of B over the region, less 0.2; the same in every cell"),
];
/// Of each of the newest maps, the newest first.
const NEWEST: [(&str, &str, &str); 3] = [
    ("residual of newest map", "m3/m3", "J - B - kappa (F - B), its mean taken out; 0 where unknown"),
    ("known in newest map", "1", "1 where the residual is known, else 0"),
    ("age of newest map", "1", "exp(-days / 15) where the residual is known, else 0"),
];
const LAST: [(&str, &str, &str); 2] = [
    (
        "filtered SMAP",
        "m3/m3",
        "kappa (F - B), F: SMAP filtered over all its days; kappa: the share that maps follow",
    ),
    (
        "soil moisture by the pixel regression",
        "m3/m3",
        "B + kappa (F - B) + theta . x + mean level of the residuals",
    ),
];

/// Name, unit and making of each channel: the planes, and the regression's map.
fn bands() -> Vec<(String, &'static str, &'static str)> {
    let named = |(name, unit, how): (&str, &'static str, &'static str)| (name.to_owned(), unit, how);
    let newest = NEWEST.iter().flat_map(|(name, unit, how)| {
        (1..=RECENT).map(move |n| (format!("{name} {n}, newest first"), *unit, *how))
    });
    FIRST.into_iter().map(named).chain(newest).chain(LAST.into_iter().map(named)).collect()
}

pub(crate) fn graph(weights: &Weights) -> Result<(Graph, Signature), ModelError> {
    checked(weights)?;
    let mut graph = Graph::default();
    graph.channels("input", "planes", 0, COUNT as i64);
    graph.channels("input", "regression", COUNT as i64, COUNT as i64 + 1);
    graph.tensor("mean", &[1, COUNT, 1, 1], values(weights, MEAN));
    graph.tensor("spread", &[1, COUNT, 1, 1], values(weights, SPREAD));
    graph.node("Sub", &["planes", "mean"], "centred");
    graph.node("Div", &["centred", "spread"], "standardised");
    let convolution =
        |graph: &mut Graph, from: &str, name: &str, [out, into]: [usize; 2], dilation: usize| {
            let kernel = values(weights, &format!("{name}.weight"));
            graph.convolution(
                from,
                name,
                (kernel, [out, into, 3, 3]),
                values(weights, &format!("{name}.bias")),
                dilation,
            );
        };
    convolution(&mut graph, "standardised", "first", [WIDTH, COUNT], 1);
    graph.silu("first", "features");
    let mut features = "features".to_owned();
    for (block, dilation) in DILATIONS.into_iter().enumerate() {
        let name = format!("block{block}");
        convolution(&mut graph, &features, &name, [WIDTH, WIDTH], dilation);
        let (added, sum) = (format!("{name}.silu"), format!("{name}.sum"));
        graph.silu(&name, &added);
        graph.node("Add", &[&features, &added], &sum);
        features = sum;
    }
    convolution(&mut graph, &features, "last", [OUTPUTS, WIDTH], 1);
    graph.channels("last", "correction", 0, 1);
    graph.channels("last", "log_variance", 1, 2);
    graph.tensor("correction_scale", &[1], &[CORRECTION]);
    graph.node("Mul", &["correction", "correction_scale"], "scaled_correction");
    graph.node("Add", &["regression", "scaled_correction"], "estimate");
    graph.tensor("variance_scale", &[1], &[VARIANCE]);
    graph.node("Exp", &["log_variance"], "scaled_variance");
    graph.node("Div", &["scaled_variance", "variance_scale"], "variance");
    graph.node("Sqrt", &["variance"], "sigma");
    graph.concatenation(&["estimate", "sigma"], "output");
    let bands = bands();
    let signature = Signature {
        computed: bands.iter().map(|(_, _, how)| *how).collect(),
        bands: bands.into_iter().map(|(name, unit, _)| (name, unit)).collect(),
        outputs: vec![
            ("soil moisture, 3 km".to_owned(), "m3/m3"),
            ("one standard deviation of its error, before calibration".to_owned(), "m3/m3"),
        ],
        sees: SEES,
        pixel: Resolution::M03.cell_m(),
        mean_of: Some(COUNT),
        sigma: Some(1),
    };
    Ok((graph, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plane_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<String> = bands().into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), COUNT + 1);
        assert_eq!(SEES, 24);
    }
}
