//! Which of the program's forms is the faster on a device: measured, once per device.

use burn::tensor::{Device, Tensor};

use super::form::{self, Form, KERNELS, Kernels, TILE_KERNELS, kernels_run, use_form};

/// Edge of the image that is measured, pixels. With [`BATCH`] images and two frames there are 256 tiles, work for every processor of a
/// large card.
const SIDE: usize = 64;
/// Images of it.
const BATCH: usize = 4;
/// A measurement has as many blocks as take so long, ms: a fast card makes one in a tenth of a millisecond, which is also what a browser's
/// clock shows, and waiting for the result takes it longer than the block.
const LASTING_MS: f64 = 20.0;
/// And at most so many.
const MOST_BLOCKS: usize = 256;
/// Times that each form is measured; the least counts, the others were disturbed.
const ROUNDS: usize = 3;

/// The program's forms, as the device line names them.
pub const FORMS: [(&Kernels, &str); 2] = [(&KERNELS, "registers"), (&TILE_KERNELS, "workgroup memory")];

/// Name of the form that runs, where it is one of the program's.
pub fn form_in_use() -> Option<&'static str> {
    FORMS.iter().find(|(kernels, _)| kernels_run() && std::ptr::eq(*kernels, form::kernels())).map(|(_, name)| *name)
}

/// The form that takes less time on this device by [`block_times`]. [`KERNELS`] where a form gives no result: the check that follows
/// ([`loam_nn::check_gpu`]) will say so. `now`: milliseconds since some fixed moment. Leaves the form in use undecided.
pub async fn faster(device: &Device, now: impl Fn() -> f64) -> &'static Kernels {
    match block_times(device, now).await {
        // A tie is the simpler form's.
        Some([registers, tiles]) if tiles < registers => FORMS[1].0,
        _ => FORMS[0].0,
    }
}

/// Milliseconds that a block with SMEN's costliest convolution (32 to 32 channels, 2 x 3 x 3; 4 images of 64 x 64, two frames made) takes
/// in each of [`FORMS`]: the least of some rounds in which the forms take turns, each run before, for its shader to be compiled and
/// for how many blocks a measurement needs. None where a form gives no result. `now`: milliseconds since some fixed moment. Leaves the form
/// in use undecided.
pub async fn block_times(device: &Device, now: impl Fn() -> f64) -> Option<[f64; FORMS.len()]> {
    let time = async |form: usize, count: usize| {
        use_form(Form::Kernels(FORMS[form].0));
        let start = now();
        blocks(device, count).await?;
        Some((now() - start) / count as f64)
    };
    // The same count for both, as many as the faster form needs: waiting for the result is part of what is measured.
    let mut count = 1;
    for form in 0..FORMS.len() {
        time(form, 1).await?;
        while count < MOST_BLOCKS && time(form, count).await? * (count as f64) < LASTING_MS {
            count *= 2;
        }
    }
    let mut least = [f64::INFINITY; FORMS.len()];
    for _ in 0..ROUNDS {
        for (form, least) in least.iter_mut().enumerate() {
            *least = least.min(time(form, count).await?);
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
        last = Some(crate::block(x.clone(), weight.clone(), channel.clone(), channel.clone(), channel.clone()));
    }
    let data = last?.slice([0..1, 0..1, 0..1, 0..1, 0..1]).into_data_async().await.ok()?;
    // Natively CubeCL copies only when the bytes are asked for (`read_lazy_async`): without it nothing has been waited for.
    data.try_into_vec::<f32>().ok().map(|_| ())
}
