//! Names and shapes of SMEN's tensors.

use loam_core::network::Inputs;

/// Earlier dates the network looks at: k.
pub const HISTORY: usize = 4;
/// Feature images of every hidden convolution.
pub const CHANNELS: usize = 32;

/// Names and shapes of all tensors of the network, in the order of the forward pass, with `true` where a gradient trains them.
pub fn schema(inputs: Inputs) -> Vec<(String, Vec<usize>, bool)> {
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: Vec<usize>, trained| tensors.push((name, shape, trained));
    if inputs.uses_history() {
        for (block, channels_in) in [1, CHANNELS, CHANNELS].into_iter().enumerate() {
            add(format!("f{block}.conv.weight"), vec![CHANNELS, channels_in, 2, 3, 3], true);
            add(format!("f{block}.conv.bias"), vec![CHANNELS], true);
            add(format!("f{block}.bn.weight"), vec![CHANNELS], true);
            add(format!("f{block}.bn.bias"), vec![CHANNELS], true);
            add(format!("f{block}.bn.running_mean"), vec![CHANNELS], false);
            add(format!("f{block}.bn.running_var"), vec![CHANNELS], false);
        }
    }
    if inputs.uses_coarse() {
        add("g.weight".into(), vec![CHANNELS, 1, 1, 3, 3], true);
        add("g.bias".into(), vec![CHANNELS], true);
    }
    add("h.weight".into(), vec![1, CHANNELS, 1, 3, 3], true);
    add("h.bias".into(), vec![1], true);
    tensors
}
