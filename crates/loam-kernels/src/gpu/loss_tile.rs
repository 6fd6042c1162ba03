//! The masked uRMSE by workgroups, one to an image: the tiled variant of `training.rs`'s row errors, for adapters on which barriers are
//! cheap.

use cubecl::prelude::*;

use super::total::total;

/// Threads of a workgroup.
pub const THREADS: u32 = 256;

/// Per image the mean error, what its pixels' errors are multiplied with in the gradient, and its uRMSE: the places of
/// [`super::training::urmse`]'s summary, and the images' uRMSE after them, `[1 + 3 images]`. [`mean_of_images`] makes the first number.
#[cube(launch)]
pub fn image_errors(
    estimate: &[f32],
    target: &[f32],
    mask: &[f32],
    summary: &mut [f32],
    nothing_left: f32,
    images: u32,
    pixels: u32,
) {
    let mut scratch = Shared::<[f32]>::new_slice(comptime!(THREADS as usize));
    let image = CUBE_POS_X;
    let start = image * pixels + UNIT_POS_X;
    let steps = (pixels + THREADS - 1 - UNIT_POS_X) / THREADS;
    let mut count = 0.0f32;
    let mut sum = 0.0f32;
    for step in 0..steps {
        let at = (start + step * THREADS) as usize;
        sum += (estimate[at] - target[at]) * mask[at];
        count += mask[at];
    }
    let count = total(&mut scratch, count, THREADS);
    let mean = total(&mut scratch, sum, THREADS) / f32::max(count, 1.0);
    let mut squares = 0.0f32;
    for step in 0..steps {
        let at = (start + step * THREADS) as usize;
        let distance = (estimate[at] - target[at] - mean) * mask[at];
        squares += distance * distance;
    }
    let square = total(&mut scratch, squares, THREADS) / f32::max(count, 1.0);
    if UNIT_POS_X == 0 {
        let root = f32::sqrt(square);
        let met = square < nothing_left;
        summary[(1 + image) as usize] = mean;
        summary[(1 + images + image) as usize] =
            select(met, 0.0, 1.0 / (root * count * f32::cast_from(images)));
        summary[(1 + 2 * images + image) as usize] = select(met, 0.0, root);
    }
}

/// The mean of the images' uRMSE. One thread.
#[cube(launch)]
pub fn mean_of_images(summary: &mut [f32], images: u32) {
    if ABSOLUTE_POS_X > 0 {
        terminate!();
    }
    let mut total = 0.0f32;
    for image in 0..images {
        total += summary[(1 + 2 * images + image) as usize];
    }
    summary[0] = total / f32::cast_from(images);
}
