//! Which kernel variant is faster on a device: measured, once per device.

use burn::tensor::{Device, Tensor};

use super::variant::{self, Kernels, REGISTER_KERNELS, TILED_KERNELS, Variant, kernels_run, use_variant};

/// Edge of the image that is measured, pixels. With [`BATCH`] images and two frames there are 256 tiles, work for every processor of a
/// large card.
const SIDE: usize = 64;
/// Images of it.
const BATCH: usize = 4;
/// A measurement has as many blocks as take so long, ms: a fast card makes one in a tenth of a millisecond, which is also what a browser's
/// clock shows, and waiting for the result takes it longer than the block.
const MEASUREMENT_MS: f64 = 20.0;
/// And at most so many.
const MOST_BLOCKS: usize = 256;
/// Times that each variant is measured; the least counts, the others were disturbed.
const ROUNDS: usize = 3;

/// The kernel variants, register and tiled, by where they keep what they share: the names on the device line.
pub const VARIANTS: [(&Kernels, &str); 2] =
    [(&REGISTER_KERNELS, "registers"), (&TILED_KERNELS, "workgroup memory")];

/// Name of the variant that runs, where it is one of the program's.
pub fn variant_in_use() -> Option<&'static str> {
    VARIANTS
        .iter()
        .find(|(kernels, _)| kernels_run() && std::ptr::eq(*kernels, variant::kernels()))
        .map(|(_, name)| *name)
}

/// The variant that takes less time on this device by [`block_times`]. [`REGISTER_KERNELS`] where a variant gives no result: the check that
/// follows ([`loam_nn::check_gpu`]) reports it. `now`: milliseconds since some fixed moment. Leaves the variant in use undecided.
pub async fn faster(device: &Device, now: impl Fn() -> f64) -> &'static Kernels {
    match block_times(device, now).await {
        // A tie goes to the simpler variant.
        Some([registers, tiles]) if tiles < registers => VARIANTS[1].0,
        _ => VARIANTS[0].0,
    }
}

/// Milliseconds that a block with SMEN's costliest convolution (32 to 32 channels, 2 x 3 x 3; 4 images of 64 x 64, two frames made) takes
/// in each of [`VARIANTS`]: the least of some rounds in which the variants take turns, each run before, for its shader to be compiled and
/// for how many blocks a measurement needs. None where a variant gives no result. `now`: milliseconds since some fixed moment. Leaves the
/// variant in use undecided.
pub async fn block_times(device: &Device, now: impl Fn() -> f64) -> Option<[f64; VARIANTS.len()]> {
    let time = async |variant: usize, count: usize| {
        use_variant(Variant::Kernels(VARIANTS[variant].0));
        let start = now();
        blocks(device, count).await?;
        Some((now() - start) / count as f64)
    };
    // The same count for both, as many as the faster variant needs: waiting for the result is part of what is measured.
    let mut count = 1;
    for variant in 0..VARIANTS.len() {
        time(variant, 1).await?;
        while count < MOST_BLOCKS && time(variant, count).await? * (count as f64) < MEASUREMENT_MS {
            count *= 2;
        }
    }
    let mut least = [f64::INFINITY; VARIANTS.len()];
    for _ in 0..ROUNDS {
        for (variant, least) in least.iter_mut().enumerate() {
            *least = least.min(time(variant, count).await?);
        }
    }
    Some(least)
}

/// Blocks one after the other over the same frames; none where nothing can be read back.
async fn blocks(device: &Device, count: usize) -> Option<()> {
    let weight = Tensor::<5>::ones([32, 32, 2, 3, 3], device) * 1e-3;
    let channel = Tensor::<1>::ones([32], device);
    let x = Tensor::<5>::ones([BATCH, 32, 3, SIDE, SIDE], device);
    let mut last = None;
    for _ in 0..count {
        last =
            Some(crate::block(x.clone(), weight.clone(), channel.clone(), channel.clone(), channel.clone()));
    }
    let data = last?.slice([0..1, 0..1, 0..1, 0..1, 0..1]).into_data_async().await.ok()?;
    // Natively CubeCL copies only when the bytes are asked for (`read_lazy_async`): without it nothing has been waited for.
    data.try_into_vec::<f32>().ok().map(|_| ())
}
