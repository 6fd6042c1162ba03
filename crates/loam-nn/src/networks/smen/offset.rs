//! The one number the loss cannot see: SMEN's constant offset.
//!
//! The unbiased RMSE (model.md, "Loss and training") is blind to a constant, so `h.bias` has a gradient of exactly zero and keeps its
//! random first value. After training it is set so that the mean error over the training pixels is zero.

use std::ops::ControlFlow;

use burn::tensor::Device;

use crate::TrainSample;
use crate::{ModelError, Planes, Smen, Weights, predict};

/// Name of the offset among the weights.
pub(crate) const OFFSET: &str = "h.bias";

/// Sets the offset from the masked pixels of these samples. Returns what was added, m3/m3; 0 where nothing is masked in.
///
/// # Errors
/// Those of the prediction.
///
/// `progress` hears after each image and may stop the work ([`ModelError::Cancelled`]).
pub async fn set_bias(
    weights: &mut Weights,
    samples: &[&TrainSample],
    device: &Device,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<f64, ModelError> {
    let model = Smen::from_weights(weights, device)?;
    let (mut sum, mut count) = (0f64, 0usize);
    for (done, sample) in samples.iter().enumerate() {
        if progress(done, samples.len()).await.is_break() {
            return Err(ModelError::Cancelled);
        }
        let planes = Planes {
            columns: sample.columns,
            rows: sample.rows,
            coarse_input: sample.coarse_input.clone(),
            residuals: sample.residuals.clone(),
        };
        let tile = sample.columns.max(sample.rows);
        let estimate = predict(&model, device, &planes, tile, async |_, _| ControlFlow::Continue(())).await?;
        for ((estimate, target), mask) in estimate.iter().zip(&sample.target).zip(&sample.mask) {
            if *mask > 0.0 {
                sum += f64::from(*target) - f64::from(*estimate);
                count += 1;
            }
        }
    }
    if count == 0 {
        return Ok(0.0);
    }
    let offset = sum / count as f64;
    if let Some(tensor) = weights.tensors.get_mut(OFFSET) {
        for value in &mut tensor.values {
            *value += offset as f32;
        }
    }
    Ok(offset)
}
