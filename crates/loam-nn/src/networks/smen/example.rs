//! One image to learn from: a network input and the 3 km map of its date.

use burn::tensor::{Device, Tensor, TensorData};

use crate::train::example::{Example, Trained, mirrored};
use crate::{BatchStatistics, HISTORY, ModelError, Planes, Random, Smen, Weights, predict, smen};
use crate::{TrainError, TrainSettings, train::parameters, urmse_loss};
use loam_core::network::{Network, Part};

/// Input, target and mask of a date, row-major from the north-west corner, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSample {
    /// Columns, west to east.
    pub columns: usize,
    /// Rows, north to south.
    pub rows: usize,
    /// I(t), `rows * columns`.
    pub coarse_input: Vec<f32>,
    /// D(t), `4 * rows * columns`, oldest date first.
    pub residuals: Vec<f32>,
    /// J(t), `rows * columns`; anything where the mask is 0, NaN too.
    pub target: Vec<f32>,
    /// 1 where J(t) was observed, else 0, `rows * columns`.
    pub mask: Vec<f32>,
}

impl Example for TrainSample {
    type Network = Smen;
    type Batch = Batch;
    type Statistics = Vec<BatchStatistics>;

    fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// Sets the target to 0 where it was not observed, too.
    fn checked(mut self, sample: usize) -> Result<Self, TrainError> {
        let refuse = |source| TrainError::Sample { sample, source };
        let planes = Planes {
            columns: self.columns,
            rows: self.rows,
            coarse_input: self.coarse_input,
            residuals: self.residuals,
        };
        planes.check().map_err(refuse)?;
        (self.coarse_input, self.residuals) = (planes.coarse_input, planes.residuals);
        let expected = self.columns * self.rows;
        for (plane, values) in [("the target", &self.target), ("the mask", &self.mask)] {
            if values.len() != expected {
                return Err(refuse(ModelError::PlaneLength { plane, expected, found: values.len() }));
            }
        }
        for (at, (target, mask)) in self.target.iter_mut().zip(&mut self.mask).enumerate() {
            let observed = *mask > 0.0;
            *mask = if observed { 1.0 } else { 0.0 };
            if !observed {
                *target = 0.0;
            } else if !target.is_finite() {
                let (column, row) = (at % self.columns, at / self.columns);
                return Err(refuse(ModelError::NonFiniteInput {
                    plane: "the observed target",
                    column,
                    row,
                    value: *target,
                }));
            }
        }
        if self.mask.contains(&1.0) { Ok(self) } else { Err(TrainError::EmptyMask { sample }) }
    }

    fn flipped(&self, random: &mut Random) -> Self {
        let (east_west, north_south) = (random.unit() < 0.5, random.unit() < 0.5);
        let flip = |values: &[f32]| mirrored(values, self.size(), east_west, north_south);
        Self {
            coarse_input: flip(&self.coarse_input),
            residuals: flip(&self.residuals),
            target: flip(&self.target),
            mask: flip(&self.mask),
            ..*self
        }
    }

    fn network(weights: &Weights, settings: &TrainSettings, device: &Device) -> Result<Smen, TrainError> {
        if settings.network != Network::Smen {
            return Err(TrainError::OtherNetwork {
                found: Network::Smen.words(),
                wanted: settings.network.words(),
            });
        }
        let found = weights.inputs();
        if found != settings.inputs {
            return Err(TrainError::OtherInputs { found: found.name(), wanted: settings.inputs.name() });
        }
        Ok(parameters::frozen(Smen::from_weights(weights, device)?, settings))
    }

    async fn weights(network: &Smen) -> Result<Weights, ModelError> {
        network.to_weights().await
    }

    fn trained(network: &Smen) -> Vec<Trained> {
        let schema = smen::schema(network.inputs()).into_iter().filter(|(_, _, trained)| *trained);
        parameters::numbered(network, schema.map(|(name, shape, _)| (name, shape)))
    }

    fn batch(samples: &[Self], device: &Device) -> Batch {
        Batch::new(samples, device)
    }

    fn loss(network: &Smen, batch: Batch, settings: &TrainSettings) -> (Tensor<1>, Self::Statistics) {
        let (estimate, statistics) = if settings.freezes(Part::Norms) {
            (network.forward(batch.coarse_input, batch.residuals), Vec::new())
        } else {
            network.forward_train(batch.coarse_input, batch.residuals)
        };
        (urmse_loss(estimate, batch.target, batch.mask), statistics)
    }

    fn error(network: &Smen, batch: Batch) -> Tensor<1> {
        urmse_loss(network.forward(batch.coarse_input, batch.residuals), batch.target, batch.mask)
    }

    fn unit(_: &Smen) -> f64 {
        1.0
    }

    fn absorb(network: &mut Smen, statistics: Self::Statistics) {
        network.absorb(statistics);
    }

    async fn estimate(&self, network: &Smen, device: &Device) -> Result<Vec<f32>, ModelError> {
        let planes = Planes {
            columns: self.columns,
            rows: self.rows,
            coarse_input: self.coarse_input.clone(),
            residuals: self.residuals.clone(),
        };
        let tile = self.columns.max(self.rows);
        predict(network, device, &planes, tile, async |_, _| std::ops::ControlFlow::Continue(())).await
    }
}

/// The tensors of a batch.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[B, 1, 1, H, W]`.
    coarse_input: Tensor<5>,
    /// `[B, 1, 4, H, W]`.
    residuals: Tensor<5>,
    /// `[B, 1, 1, H, W]`.
    target: Tensor<5>,
    /// `[B, 1, 1, H, W]`.
    mask: Tensor<5>,
}

impl Batch {
    /// Samples of one size, side by side.
    fn new(samples: &[TrainSample], device: &Device) -> Self {
        let (columns, rows) = samples.first().map_or((0, 0), |sample| (sample.columns, sample.rows));
        let gather = |plane: fn(&TrainSample) -> &Vec<f32>, depth| {
            let values: Vec<f32> = samples.iter().flat_map(|sample| plane(sample).iter().copied()).collect();
            Tensor::from_data(TensorData::new(values, [samples.len(), 1, depth, rows, columns]), device)
        };
        Self {
            coarse_input: gather(|sample| &sample.coarse_input, 1),
            residuals: gather(|sample| &sample.residuals, HISTORY),
            target: gather(|sample| &sample.target, 1),
            mask: gather(|sample| &sample.mask, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_move_every_plane_alike() {
        let cells: Vec<f32> = (0..90).map(|n| n as f32).collect();
        let d = (0..360).map(|n| (n % 90) as f32).collect();
        let sample = TrainSample {
            columns: 10,
            rows: 9,
            coarse_input: cells.clone(),
            residuals: d,
            target: cells.clone(),
            mask: vec![1.0; 90],
        };
        let mut random = Random::new(1);
        let mut corners: Vec<f32> = (0..64)
            .map(|_| {
                let flipped = sample.flipped(&mut random);
                assert_eq!(flipped.coarse_input, flipped.target);
                assert!(flipped.residuals.chunks(90).all(|plane| plane == flipped.coarse_input));
                flipped.coarse_input[0]
            })
            .collect();
        corners.sort_by(f32::total_cmp);
        corners.dedup();
        assert_eq!(corners, [0.0, 9.0, 80.0, 89.0]);
    }
}
