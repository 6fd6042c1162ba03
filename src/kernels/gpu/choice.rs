//! Which of the program's forms is the faster on a device: measured, once per device.

use burn::tensor::{Device, Tensor};

use super::form::{self, Form, KERNELS, Kernels, TILE_KERNELS, kernels_run, use_form};
use crate::kernels;

/// Edge of the image that is measured, pixels. With [`BATCH`] images and two frames there are 256 tiles, work for every processor of a large card.
const SIDE: usize = 64;
/// Images of it.
const BATCH: usize = 4;
/// Blocks between two looks at the clock: a browser's clock shows tenths of a millisecond.
const BLOCKS: usize = 8;
/// Times that each form is measured; the least counts, the others were disturbed.
const ROUNDS: usize = 3;

/// The program's forms, as the device line names them.
pub const FORMS: [(&Kernels, &str); 2] = [(&KERNELS, "registers"), (&TILE_KERNELS, "workgroup memory")];

/// Name of the form that runs, where it is one of the program's.
pub fn form_in_use() -> Option<&'static str> {
    FORMS.iter().find(|(kernels, _)| kernels_run() && std::ptr::eq(*kernels, form::kernels())).map(|(_, name)| *name)
}

/// The faster form for SMEN's costliest convolution (32 to 32 channels, 2 x 3 x 3) on this device; taking turns, each once before for its
/// shader to be compiled. [`KERNELS`] where a form gives no result: the check that follows ([`crate::train::check_gpu`]) will say so. `now`: milliseconds since
/// some fixed moment. Leaves the form in use undecided.
pub async fn faster(device: &Device, now: impl Fn() -> f64) -> &'static Kernels {
    let mut least = [f64::INFINITY; FORMS.len()];
    for round in 0..=ROUNDS {
        for (least, (kernels, _)) in least.iter_mut().zip(FORMS) {
            use_form(Form::Kernels(kernels));
            let start = now();
            if blocks(device, if round == 0 { 1 } else { BLOCKS }).await.is_none() {
                return FORMS[0].0;
            }
            if round > 0 {
                *least = least.min(now() - start);
            }
        }
    }
    // A tie is the simpler form's.
    if least[1] < least[0] { FORMS[1].0 } else { FORMS[0].0 }
}

/// Blocks one after the other, each over the last one's frames; none where nothing can be read back.
async fn blocks(device: &Device, count: usize) -> Option<()> {
    let weight = Tensor::<5>::ones([32, 32, 2, 3, 3], device) * 1e-3;
    let channel = Tensor::<1>::ones([32], device);
    let x = Tensor::<5>::ones([BATCH, 32, 3, SIDE, SIDE], device);
    let mut last = None;
    for _ in 0..count {
        last = Some(kernels::block(x.clone(), weight.clone(), channel.clone(), channel.clone(), channel.clone()));
    }
    last?.slice([0..1, 0..1, 0..1, 0..1, 0..1]).into_data_async().await.ok().map(|_| ())
}
