//! RCN for the browser's bench.

use burn::tensor::{Device, Tensor, TensorData};
use loam_core::network::Network;
use loam_core::training::TrainSettings;
use loam_nn::rcn::{COUNT, RcnPlanes, Seen, loss, read};
use loam_nn::{Adam, Rcn};
use wasm_bindgen::prelude::*;

/// RCN on burn's flex backend, for prediction or for training.
#[wasm_bindgen]
pub struct RcnNetwork {
    model: Rcn,
    device: Device,
    adam: Adam,
}

/// What gradients are shortened to in RCN's training.
#[wasm_bindgen]
pub fn rcn_clip() -> f64 {
    TrainSettings::proposed(Network::Rcn).clip
}

/// The network as Loam writes it out.
#[wasm_bindgen]
pub fn rcn_onnx(weights: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(loam_nn::onnx::write(&read(weights)?, "bench")?.0)
}

#[wasm_bindgen]
impl RcnNetwork {
    /// From the bytes of a safetensors file.
    pub fn from_safetensors(bytes: &[u8], training: bool) -> Result<RcnNetwork, JsError> {
        let device = if training { Device::flex().autodiff() } else { Device::flex() };
        let model = Rcn::from_weights(&read(bytes)?, &device)?;
        Ok(Self { model, device, adam: Adam::new().clipped(rcn_clip()) })
    }

    fn image(&self, values: Vec<f32>, channels: usize, side: usize) -> Tensor<4> {
        Tensor::from_data(TensorData::new(values, [1, channels, side, side]), &self.device)
    }

    /// The map and one standard deviation of its error, one after the other, from planes as the regression makes them and its map.
    pub async fn forward(&self, planes: Vec<f32>, base: Vec<f32>, side: usize) -> Result<Vec<f32>, JsError> {
        let seen = Seen::of(&RcnPlanes { size: (side, side), inputs: planes, base }, self.model.constants());
        let (mut map, sigma) = seen.map(&self.model, &self.device, (side, side)).await?;
        map.extend(sigma);
        Ok(map)
    }

    /// One step of training on one image, its planes standardised as images of a run keep them: the loss before it.
    pub async fn step(
        &mut self,
        inputs: Vec<f32>,
        base: Vec<f32>,
        target: Vec<f32>,
        mask: Vec<f32>,
        side: usize,
        learning_rate: f64,
    ) -> Result<f32, JsError> {
        let (inputs, base) = (self.image(inputs, COUNT, side), self.image(base, 1, side));
        let (target, mask) = (self.image(target, 1, side), self.image(mask, 1, side));
        let (estimate, log_variance) = self.model.corrected(inputs, base);
        let loss = loss(estimate, log_variance, target, mask);
        let value = loss
            .clone()
            .into_scalar_async::<f32>()
            .await
            .map_err(|error| JsError::new(&format!("{error:?}")))?;
        let gradients = loss.backward();
        self.model = self.adam.step(self.model.clone(), &gradients, learning_rate);
        Ok(value)
    }
}
