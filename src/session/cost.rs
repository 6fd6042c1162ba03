//! What a training step takes, and whether it can work here: a start that cannot is refused with numbers and a proposal.

use ease_grid::EaseWindow;
use loam_core::network::Network;
use loam_nn::CHANNELS;

/// Bytes of one step's tensors for one cell of one image, about: 640 activations (three blocks of 3, 2 and 1 frames with convolution, ReLU
/// and norm; g and the sum), as many gradients, float32, and a tenth for what the allocator keeps.
const BYTES_PER_CELL: u64 = 640 * 2 * 4 * 11 / 10;
/// Bytes of an image kept: input, history, target, mask, bilinear, reasons.
const BYTES_PER_IMAGE_CELL: u64 = 9 * 4;
/// What a 32-bit WebAssembly program can have, less a quarter for files and fragmentation.
const TAB_BYTES: u64 = 3 << 30;
/// Weights, both moments, best weights, in two slots.
const CHECKPOINT_BYTES: u64 = 2 * 4 * 160_000;
/// The TB CNN's parameters, about.
const TB_PARAMETERS: u64 = 1_680_000;
/// Bytes of one of its steps for one cell of one image, about: seven groups of 128 channels, each with both convolutions, their
/// concatenation and ReLU, as many gradients, float32, and a tenth for what the allocator keeps.
const TB_BYTES_PER_CELL: u64 = 7 * 128 * 3 * 2 * 4 * 11 / 10;
/// Bytes of an image of it: two inputs, and at most two targets, masks and baselines.
const TB_BYTES_PER_IMAGE_CELL: u64 = 8 * 4;
/// Channels between two of its groups.
const TB_CHANNELS: u64 = 128;

/// Sizes, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Images and one step's tensors.
    pub memory: u64,
    /// The first block's features, the largest single tensor.
    pub largest_tensor: u64,
    /// Images and checkpoints.
    pub storage: u64,
}

/// What a run of this size takes.
#[must_use]
pub fn of(network: Network, columns: usize, rows: usize, images: usize, batch: usize) -> Needs {
    let cells = (columns * rows) as u64;
    let (images, batch) = (images as u64, batch as u64);
    if network != Network::Smen {
        return Needs {
            // Weights, gradients, both moments and the best weights beside them.
            memory: cells * (batch * TB_BYTES_PER_CELL + 2 * images * TB_BYTES_PER_IMAGE_CELL) + 5 * 4 * TB_PARAMETERS,
            largest_tensor: cells * batch * TB_CHANNELS * 4,
            storage: cells * images * TB_BYTES_PER_IMAGE_CELL + 2 * 4 * 4 * TB_PARAMETERS,
        };
    }
    Needs {
        // Images are held twice: by the trainer and for the scores.
        memory: cells * (batch * BYTES_PER_CELL + 2 * images * BYTES_PER_IMAGE_CELL),
        largest_tensor: cells * batch * CHANNELS as u64 * 3 * 4,
        storage: cells * images * BYTES_PER_IMAGE_CELL + CHECKPOINT_BYTES,
    }
}

/// Holds them against the adapter's buffer limit and a tab's memory.
///
/// # Errors
/// What does not fit with its numbers, and what to do.
pub fn hold(needs: &Needs, buffer_limit: Option<u64>, window: &EaseWindow, batch: usize) -> Result<(), (String, String)> {
    let mega = |bytes: u64| bytes.div_ceil(1 << 20);
    let (what, have, need) = match buffer_limit {
        Some(limit) if limit > 0 && needs.largest_tensor > limit => ("the graphics adapter's largest buffer", limit, needs.largest_tensor),
        _ if cfg!(target_arch = "wasm32") && needs.memory > TAB_BYTES => ("the memory a tab can have", TAB_BYTES, needs.memory),
        _ => return Ok(()),
    };
    let fits = (batch as u64 * have / need).max(1);
    let remedy = if batch > 1 && (fits as usize) < batch {
        format!("Set the batch to {fits}, or choose a smaller region.")
    } else {
        let share = (have as f64 / need as f64).sqrt();
        let side = |edge: usize| ((edge as f64 * share) as usize).max(9);
        format!("Choose a region of about {} x {} cells.", side(window.columns), side(window.rows))
    };
    Err((
        format!("{} x {} cells at batch {batch} need {} MB, more than {what} ({} MB)", window.columns, window.rows, mega(need), mega(have)),
        remedy,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::Resolution;

    #[test]
    fn what_does_not_fit_is_refused_with_numbers_and_a_proposal() {
        let window = EaseWindow { resolution: Resolution::M03, first_column: 0, first_row: 0, columns: 1000, rows: 1000 };
        let needs = of(Network::Smen, 1000, 1000, 10, 4);
        assert_eq!(needs.largest_tensor, 1000 * 1000 * 4 * 384);
        assert_eq!(hold(&needs, None, &window, 4), Ok(()));
        let Err((what, remedy)) = hold(&needs, Some(512 << 20), &window, 4) else { panic!("accepted") };
        assert!(what.contains("1465 MB") && what.contains("512 MB"), "{what}");
        assert!(remedy.contains("batch to 1"), "{remedy}");
        let Err((_, remedy)) = hold(&of(Network::Smen, 1000, 1000, 10, 1), Some(128 << 20), &window, 1) else { panic!("accepted") };
        assert!(remedy.contains("590 x 590") || remedy.contains("591 x 591"), "{remedy}");
    }
}
