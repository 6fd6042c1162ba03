//! Names and shapes of RCN's tensors.

/// Feature planes of every hidden convolution.
pub const WIDTH: usize = 32;
/// Distance between the cells that a block's kernel looks at, block by block.
pub const DILATIONS: [usize; 7] = [1, 2, 4, 8, 4, 2, 1];
/// Correction, and logarithm of the error's variance.
pub const OUTPUTS: usize = 2;
/// Value of the metadata key `model`.
pub(crate) const NAME: &str = "rcn";
/// Means and spreads of the input planes: constants, not trained.
pub(crate) const MEAN: &str = "inputs.mean";
/// See [`MEAN`].
pub(crate) const SPREAD: &str = "inputs.spread";

/// Names and shapes of the trained tensors, in the order of the forward pass.
#[must_use]
pub fn trained() -> Vec<(String, Vec<usize>)> {
    let mut tensors = Vec::new();
    let mut convolution = |name: String, channels_in: usize, channels_out: usize| {
        tensors.push((format!("{name}.weight"), vec![channels_out, channels_in, 3, 3]));
        tensors.push((format!("{name}.bias"), vec![channels_out]));
    };
    convolution("first".into(), super::planes::COUNT, WIDTH);
    (0..DILATIONS.len()).for_each(|block| convolution(format!("block{block}"), WIDTH, WIDTH));
    convolution("last".into(), WIDTH, OUTPUTS);
    tensors
}

/// Names and shapes of all tensors.
#[must_use]
pub fn schema() -> Vec<(String, Vec<usize>)> {
    let constants = [MEAN, SPREAD].map(|name| (name.to_owned(), vec![super::planes::COUNT]));
    constants.into_iter().chain(trained()).collect()
}
