//! Buffers that a training keeps on its device from step to step.
//!
//! A step asks for the same buffers as the one before. CubeCL's pools would serve them too, but every thousand reservations they free the
//! pages that were idle five times in a row, and allocate them again when they are needed: reserved memory moves in steps of a page for the
//! first hundreds of steps, and in a browser a freed buffer stays until the garbage collector runs. Within persistent allocations a buffer
//! is reused by its size and never freed, so that what is reserved is what the first epoch needed.

use burn::tensor::Device;

/// The device of a training; its persistent buffers are freed when this is dropped.
#[derive(Debug)]
pub(super) struct PersistentBuffers(Device);

impl PersistentBuffers {
    /// On this device. On the CPU nothing of this matters.
    pub fn on(device: &Device) -> Self {
        Self(device.clone().without_autodiff())
    }

    /// Runs a piece of a step whose buffers persist.
    pub fn within<I: Send, O: Send>(&self, input: I, work: impl Fn(I) -> O + Send) -> O {
        self.0.memory_persistent_allocations(input, work)
    }
}

impl Drop for PersistentBuffers {
    fn drop(&mut self) {
        self.0.memory_cleanup();
    }
}
