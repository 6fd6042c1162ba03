//! Training on WebGPU: against the CPU after 20 steps, and GPU memory over 200 steps.

#[path = "../../crates/loam-nn/tests/shared/gpu_memory.rs"]
mod memory;

use burn::tensor::Device;
use loam_core::network::Part;
use loam_nn::{Inputs, TrainEvent, TrainSettings, Trainer, Weights};
use wasm_bindgen_test::console_log;

use super::gpu_kernels::shared;

/// Counts the buffers that the browser makes.
const WATCH: &str = "
  globalThis.made = 0;
  const create = GPUDevice.prototype.createBuffer;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    globalThis.made += descriptor.size;
    return create.call(this, descriptor);
  };
";

fn trainer(device: &Device, inputs: Inputs, frozen: &[Part]) -> Trainer {
    let settings =
        TrainSettings { inputs, epochs: 1000, batch: 1, frozen: frozen.to_vec(), ..TrainSettings::default() };
    Trainer::new(
        &Weights::init(inputs, 1),
        shared::samples(2, (9, 9)),
        shared::samples(1, (9, 9)),
        settings,
        device,
    )
    .unwrap()
}

async fn losses(trainer: &mut Trainer, steps: usize) -> Vec<f64> {
    let mut losses = Vec::new();
    while losses.len() < steps {
        match trainer.step().await {
            Some(TrainEvent::StepDone { loss, .. }) => losses.push(loss),
            Some(TrainEvent::Failed(error)) => panic!("{error}"),
            Some(_) => {}
            None => break,
        }
    }
    losses
}

pub fn watch_buffers() {
    js_sys::eval(WATCH).unwrap();
}

pub async fn trains_like_the_cpu_and_keeps_its_memory(gpu: &Device) {
    // Frozen norms, as fine-tuning has them. Training with batch statistics is compared with PyTorch in `model.rs`.
    let (both, frozen) = (Inputs::Spatiotemporal, &[Part::Norms][..]);
    let (mut ours, mut cpu) = (trainer(gpu, both, frozen), trainer(&Device::flex(), both, frozen));
    let (on_gpu, on_cpu) = (losses(&mut ours, 20).await, losses(&mut cpu, 20).await);
    assert_eq!(on_gpu.len(), 20);
    let (a, b) = (ours.preview(0).await.unwrap().unwrap(), cpu.preview(0).await.unwrap().unwrap());
    let apart = a.iter().zip(&b).fold(0f32, |largest, (a, b)| largest.max((a - b).abs()));
    console_log!(
        "after 20 steps: losses {:.6} and {:.6}, estimates {apart:.1e} apart",
        on_gpu[19],
        on_cpu[19]
    );
    assert!(on_cpu[19] < on_cpu[0] && (on_gpu[19] - on_cpu[19]).abs() < 1e-3 && apart < 1e-3);
    drop(ours);
    // Of the whole network on the smallest images there are, so that a software adapter ends in time.
    for (inputs, frozen, steps) in [(both, frozen, 200), (Inputs::Spatial, &[][..], 100)] {
        let mut trainer = trainer(gpu, inputs, frozen);
        let made = std::cell::RefCell::new(Vec::new());
        memory::assert_flat(&format!("{inputs:?}"), gpu, &mut trainer, steps, |line| {
            let bytes = js_sys::eval("globalThis.made").unwrap().as_f64().unwrap();
            console_log!("{line}; bytes of buffers ever made: {bytes}");
            made.borrow_mut().push(bytes);
        })
        .await;
        // Nor is a buffer freed and allocated again: the browser would keep the old one until it collects garbage.
        let made = made.into_inner();
        assert!(
            made.len() > 2 && made.iter().all(|bytes| *bytes == made[0] && *bytes > 0.0),
            "{inputs:?}: {made:?} bytes made"
        );
    }
}
