//! What a training holds on the device, natively (`kernels_gpu.rs`) and in a browser (`web_worker/gpu_train.rs`).
//!
//! Two numbers, both as CubeCL's memory management counts them over all its pools, those of its staging and uniform buffers among them: the bytes
//! in use and the bytes reserved, which the device has given. Both after everything that was queued has run. Counting `createBuffer` and
//! `destroy` in the browser does not tell: wgpu 30 leaves a buffer that was dropped to the garbage collector, so a page that a pool gave back and
//! took again counts twice.

use burn::backend::Cube;
use burn::tensor::{Device, Tensor};
use cubecl::MemoryScope;
use loam_kernels::gpu::CubeTensor;
use loam_nn::Trainer;

use super::shared;

/// Steps until every size of buffer has been asked for: several epochs of the tests' two steps, each with a validation and, where it was the
/// best so far, the weights read back.
const WARM: usize = 50;

/// Buffers, bytes in use, bytes reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    buffers: u64,
    in_use: u64,
    reserved: u64,
}

/// Reads what is held. It keeps one small tensor, so that reading takes and gives back nothing.
pub struct Gauge(CubeTensor);

impl Gauge {
    pub fn on(gpu: &Device) -> Self {
        Self(Tensor::<1>::zeros([1], gpu).try_into_primitive::<Cube>().unwrap())
    }

    /// When everything queued has run.
    pub async fn held(&self) -> Held {
        self.0.client.sync().await.unwrap();
        let usage = self.0.client.memory_report(MemoryScope::Device).usage();
        Held { buffers: usage.number_allocs, in_use: usage.bytes_in_use, reserved: usage.bytes_reserved }
    }
}

/// Bytes that may be added to what is reserved. In a browser one thread asks for buffers and serves them, and nothing may. Natively another thread
/// serves: whether a buffer is free again when the next of its size is asked for depends on which of the two is faster, so a few are still
/// added when that turns out otherwise for the first time. Up to what the program's own order needs and no further; 1,024 bytes were seen.
const ADDED: u64 = if cfg!(target_arch = "wasm32") { 0 } else { 64 << 10 };

/// Makes `steps` steps in all. From [`WARM`] on, at every 25th, what is in use may not be more than it was then, to the byte, nor what is
/// reserved, but for [`ADDED`].
pub async fn assert_flat(
    what: &str,
    gpu: &Device,
    trainer: &mut Trainer,
    steps: usize,
    say: impl Fn(String),
) {
    let gauge = Gauge::on(gpu);
    shared::steps(trainer, WARM).await;
    let (warm, mut done) = (gauge.held().await, WARM);
    say(format!("{what}, {done} steps: {warm:?}"));
    while done < steps {
        let more = (steps - done).min(25);
        shared::steps(trainer, more).await;
        done += more;
        let now = gauge.held().await;
        say(format!("{what}, {done} steps: {now:?}"));
        let flat =
            now.in_use <= warm.in_use && now.buffers <= warm.buffers && now.reserved <= warm.reserved + ADDED;
        assert!(flat, "{what}: {warm:?} after {WARM} steps, {now:?} after {done}");
    }
}
