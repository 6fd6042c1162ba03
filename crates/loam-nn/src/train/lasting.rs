//! Buffers that a training keeps on its device from step to step.
//!
//! A step asks for the same buffers as the one before. CubeCL's pools would serve them, too, but every thousand reservations they look which pages
//! lie idle, give back what was idle five times, and make it anew when it is wanted: what is reserved moves in steps of a page for the
//! first hundreds of steps of a training, and in a browser a buffer given back stays until the garbage collector comes for it. In a window of
//! lasting allocations a buffer is reused by its size and never given back, so that what is reserved is what the first epoch needed.

use burn::tensor::Device;

/// The device of a training; what it kept for the training goes back when this is dropped.
#[derive(Debug)]
pub(super) struct Lasting(Device);

impl Lasting {
    /// On this device. On the CPU nothing of this matters.
    pub fn on(device: &Device) -> Self {
        Self(device.clone().without_autodiff())
    }

    /// A piece of a step: the buffers it asks for last.
    pub fn within<I: Send, O: Send>(&self, input: I, work: impl Fn(I) -> O + Send) -> O {
        self.0.memory_persistent_allocations(input, work)
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.0.memory_cleanup();
    }
}
