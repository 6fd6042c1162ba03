//! Names and shapes of the TB CNN's tensors.

use loam_core::network::TbCase;

/// Groups of layers.
pub const GROUPS: usize = 7;
/// Kernels of each of a group's two convolutions.
pub const KERNELS: usize = 64;
/// Value of the metadata key `model`.
pub(crate) const NAME: &str = "tb_cnn";

/// Names and shapes of all tensors, in the order of the forward pass.
#[must_use]
pub fn schema(case: TbCase) -> Vec<(String, Vec<usize>)> {
    let mut tensors = Vec::new();
    for group in 0..GROUPS {
        let channels = if group == 0 { 2 } else { 2 * KERNELS };
        for side in [3, 5] {
            tensors.push((format!("group{group}.conv{side}.weight"), vec![KERNELS, channels, side, side]));
            tensors.push((format!("group{group}.conv{side}.bias"), vec![KERNELS]));
        }
    }
    tensors.push(("out.weight".into(), vec![case.outputs(), 2 * KERNELS, 3, 3]));
    tensors.push(("out.bias".into(), vec![case.outputs()]));
    tensors
}
