//! The network alone, for `cargo xtask bench`: built as the CPU worker is, but with a function to call instead of messages.
//! Nothing of this is part of the app.

#[cfg(all(target_arch = "wasm32", feature = "worker"))]
mod web {
    use burn::tensor::{Device, Tensor, TensorData};
    use loam::model::{Smen, Weights};
    use wasm_bindgen::prelude::*;

    /// SMEN on burn's flex backend.
    #[wasm_bindgen]
    pub struct Network {
        model: Smen,
        device: Device,
    }

    #[wasm_bindgen]
    impl Network {
        /// From the bytes of a safetensors file.
        pub fn from_safetensors(bytes: &[u8]) -> Result<Network, JsError> {
            let device = Device::flex();
            let weights = Weights::from_bytes(bytes)?;
            Ok(Self { model: Smen::from_weights(&weights, &device)?, device })
        }

        /// The estimate of one sample: `i` is `[height, width]`, `d` is `[4, height, width]`.
        pub async fn forward(&self, i: Vec<f32>, d: Vec<f32>, height: usize, width: usize) -> Result<Vec<f32>, JsError> {
            let i = Tensor::<5>::from_data(TensorData::new(i, [1, 1, 1, height, width]), &self.device);
            let d = Tensor::<5>::from_data(TensorData::new(d, [1, 1, 4, height, width]), &self.device);
            let out = self.model.forward(i, d).into_data_async().await.map_err(|e| JsError::new(&format!("{e:?}")))?;
            out.try_to_vec::<f32>().map_err(|e| JsError::new(&format!("{e:?}")))
        }
    }
}

fn main() {}
