//! The methods alone, for `cargo xtask bench`: built as the CPU worker is, but with functions to call instead of messages.
//! Nothing of this is part of the app.

#[cfg(all(target_arch = "wasm32", feature = "worker"))]
#[path = "shared/plain.rs"]
mod plain;

#[cfg(all(target_arch = "wasm32", feature = "worker"))]
#[path = "shared/web_rcn.rs"]
mod rcn;

#[cfg(all(target_arch = "wasm32", feature = "worker"))]
#[path = "shared/web_regression.rs"]
mod regression;

#[cfg(all(target_arch = "wasm32", feature = "worker"))]
mod web {
    use burn::tensor::{Device, Tensor, TensorData};
    use loam_nn::{Adam, urmse_loss};
    use loam_nn::{Smen, Weights};
    use wasm_bindgen::prelude::*;

    use super::plain;

    /// SMEN on burn's flex backend, for prediction or for training.
    #[wasm_bindgen]
    pub struct Network {
        model: Smen,
        device: Device,
        adam: Adam,
        /// In burn's own operations instead of those of `loam_kernels`.
        plain: bool,
    }

    #[cfg(feature = "gpu")]
    thread_local! {
        static GPU: std::cell::RefCell<Option<Device>> = const { std::cell::RefCell::new(None) };
    }

    /// Opens WebGPU; once.
    #[cfg(feature = "gpu")]
    #[wasm_bindgen]
    pub async fn open_gpu() -> Result<(), JsError> {
        let processor = loam_nn::Processor::open_gpu().await?;
        GPU.set(Some(processor.device().clone()));
        Ok(())
    }

    /// Has CubeCL give back the buffers that nothing uses.
    #[cfg(feature = "gpu")]
    #[wasm_bindgen]
    pub fn let_go() {
        GPU.with_borrow(|device| device.iter().for_each(Device::memory_cleanup));
    }

    /// Bytes of the buffers that CubeCL holds, in use or not; 0 before [`open_gpu`].
    #[cfg(feature = "gpu")]
    #[wasm_bindgen]
    pub fn reserved() -> f64 {
        let client = GPU.with_borrow(|device| {
            let one = Tensor::<1>::zeros([1], device.as_ref()?);
            Some(one.try_into_primitive::<burn::backend::Cube>().ok()?.client)
        });
        client.map_or(0.0, |client| {
            client.memory_report(cubecl::MemoryScope::Device).usage().bytes_reserved as f64
        })
    }

    fn failed(error: impl std::fmt::Debug) -> JsError {
        JsError::new(&format!("{error:?}"))
    }

    #[wasm_bindgen]
    impl Network {
        /// From the bytes of a safetensors file.
        pub fn from_safetensors(bytes: &[u8], training: bool, plain: bool) -> Result<Network, JsError> {
            Self::on(Device::flex(), bytes, training, plain)
        }

        /// The same on WebGPU, once [`open_gpu`] has opened it. There the plain form has burn's Adam and loss as well.
        #[cfg(feature = "gpu")]
        pub fn on_gpu(bytes: &[u8], training: bool, plain: bool) -> Result<Network, JsError> {
            let device = GPU.with_borrow(Clone::clone).ok_or_else(|| JsError::new("open_gpu comes first"))?;
            Self::on(device, bytes, training, plain)
        }

        fn on(device: Device, bytes: &[u8], training: bool, plain: bool) -> Result<Network, JsError> {
            let device = if training { device.autodiff() } else { device };
            let weights = Weights::from_bytes(bytes)?;
            Ok(Self { model: Smen::from_weights(&weights, &device)?, device, adam: Adam::new(), plain })
        }

        fn image(&self, values: Vec<f32>, depth: usize, side: usize) -> Tensor<5> {
            let batch = values.len() / (depth * side * side);
            Tensor::from_data(TensorData::new(values, [batch, 1, depth, side, side]), &self.device)
        }

        /// Says which form runs now: burn's loss and optimiser look at it.
        fn choose(&self) {
            #[cfg(feature = "gpu")]
            {
                use loam_kernels::gpu::{REGISTER_KERNELS, Variant, use_variant};
                use_variant(if self.plain { Variant::Plain } else { Variant::Kernels(&REGISTER_KERNELS) });
            }
        }

        /// The estimates: `i` is `[batch, side, side]`, `d` is `[batch, 4, side, side]`.
        pub async fn forward(&self, i: Vec<f32>, d: Vec<f32>, side: usize) -> Result<Vec<f32>, JsError> {
            self.choose();
            let (i, d) = (self.image(i, 1, side), self.image(d, 4, side));
            let estimate = if self.plain {
                plain::forward(&self.model, i, d, false).0
            } else {
                self.model.forward(i, d)
            };
            estimate.into_data_async().await.map_err(failed)?.try_into_vec::<f32>().map_err(failed)
        }

        /// One step of training with the norms of the batch: the loss before it. `target` and `mask` are `[batch, side, side]`.
        pub async fn step(
            &mut self,
            i: Vec<f32>,
            d: Vec<f32>,
            target: Vec<f32>,
            mask: Vec<f32>,
            side: usize,
            learning_rate: f64,
        ) -> Result<f32, JsError> {
            self.choose();
            let (i, d) = (self.image(i, 1, side), self.image(d, 4, side));
            let (target, mask) = (self.image(target, 1, side), self.image(mask, 1, side));
            let (estimate, statistics) = if self.plain {
                plain::forward(&self.model, i, d, true)
            } else {
                self.model.forward_train(i, d)
            };
            let loss = urmse_loss(estimate, target, mask);
            let value = loss.clone().into_scalar_async::<f32>().await.map_err(failed)?;
            let gradients = loss.backward();
            self.model = self.adam.step(self.model.clone(), &gradients, learning_rate);
            self.model.absorb(statistics);
            // The GPU works on after the loss was read: the step is over when its last parameter is there.
            #[cfg(feature = "gpu")]
            self.model.h.weight.val().without_autodiff().into_data_async().await.map_err(failed)?;
            Ok(value)
        }
    }
}

fn main() {}
