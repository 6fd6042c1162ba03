//! What a [`super::Trainer`] needs of an image, and of the network that learns from images of its kind.

use burn::module::{Module, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use jiff::civil::Date;

use super::{TrainError, TrainSettings};
use crate::{Archive, ModelError, Random, Weights};
use loam_core::iso_date;
use loam_core::training::DateRole;

/// Name, number and length of a trained parameter.
pub type Trained = (String, ParamId, usize);

/// An image to learn from: [`super::TrainSample`] for SMEN, [`super::TbImage`] for the TB CNN.
#[allow(async_fn_in_trait, reason = "one thread: no Send bound is wanted")]
pub trait Example: Clone + std::fmt::Debug + Send + Sync {
    /// The network.
    type Network: Module + std::fmt::Debug + Send + Sync;
    /// Images of one size side by side, as tensors on a device.
    type Batch: Clone + std::fmt::Debug + Send + Sync;
    /// What a training forward pass leaves beside the loss: the statistics of a batch norm.
    type Statistics: Send;

    /// Columns and rows.
    fn size(&self) -> (usize, usize);

    /// Checks it against what loss and network need; `number`: its place among the images, for the error.
    ///
    /// # Errors
    /// [`TrainError::Sample`], [`TrainError::EmptyMask`].
    fn checked(self, number: usize) -> Result<Self, TrainError>;

    /// Mirrored east-west and north-south, each by chance.
    #[must_use]
    fn flipped(&self, random: &mut Random) -> Self;

    /// The network of these weights on a device, frozen as the settings say.
    ///
    /// # Errors
    /// Weights that do not fit the network or the settings.
    fn network(
        weights: &Weights,
        settings: &TrainSettings,
        device: &Device,
    ) -> Result<Self::Network, TrainError>;

    /// Its weights, with the metadata that say which network they are of.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    async fn weights(network: &Self::Network) -> Result<Weights, ModelError>;

    /// Every trained parameter in the order of a walk over the network.
    fn trained(network: &Self::Network) -> Vec<Trained>;

    /// Images of one size, side by side on a device.
    fn batch(samples: &[Self], device: &Device) -> Self::Batch;

    /// The loss that is learnt from.
    fn loss(
        network: &Self::Network,
        batch: Self::Batch,
        settings: &TrainSettings,
    ) -> (Tensor<1>, Self::Statistics);

    /// The error that validation goes by: a mean over the images, without penalty and with the network's own statistics.
    fn error(network: &Self::Network, batch: Self::Batch) -> Tensor<1>;

    /// What losses and errors are multiplied by to be in [`loam_core::network::Network::unit`].
    fn unit(network: &Self::Network) -> f64;

    /// Takes the statistics in after a step.
    fn absorb(network: &mut Self::Network, statistics: Self::Statistics);

    /// The estimate of this image's first channel, row-major, in [`loam_core::network::Network::unit`].
    ///
    /// # Errors
    /// Those of a prediction.
    async fn estimate(&self, network: &Self::Network, device: &Device) -> Result<Vec<f32>, ModelError>;
}

/// Mirrors planes of `columns x rows` cells, one after the other.
pub(crate) fn mirrored(
    values: &[f32],
    (columns, rows): (usize, usize),
    east_west: bool,
    north_south: bool,
) -> Vec<f32> {
    let mut values = values.to_vec();
    if east_west {
        values.chunks_exact_mut(columns).for_each(<[f32]>::reverse);
    }
    if north_south {
        for plane in values.chunks_exact_mut(columns * rows) {
            for row in 0..rows / 2 {
                let (upper, lower) = plane.split_at_mut((rows - 1 - row) * columns);
                upper[row * columns..][..columns].swap_with_slice(&mut lower[..columns]);
            }
        }
    }
    values
}

/// Planes of several images as one batch.
pub fn batched<'a>(
    planes: impl Iterator<Item = &'a Vec<f32>>,
    channels: usize,
    (columns, rows): (usize, usize),
    device: &Device,
) -> Tensor<4> {
    let values: Vec<f32> = planes.flatten().copied().collect();
    let batch = values.len() / (channels * columns * rows).max(1);
    Tensor::from_data(TensorData::new(values, [batch, channels, rows, columns]), device)
}

/// A file that says date, role and size, and holds no planes yet.
pub(crate) fn head(date: Date, role: DateRole, (columns, rows): (usize, usize)) -> Archive {
    let mut archive = Archive::default();
    for (key, text) in [
        ("date", iso_date::text(&date)),
        ("role", serde_json::to_string(&role).unwrap_or_default()),
        ("columns", columns.to_string()),
        ("rows", rows.to_string()),
    ] {
        archive.metadata.insert(key.into(), text);
    }
    archive
}

/// What [`head`] wrote.
pub(crate) fn read_head(archive: &Archive) -> Result<(Date, DateRole, (usize, usize)), TrainError> {
    let text = |key: &str| archive.metadata.get(key).ok_or_else(|| broken(format!("{key} is missing")));
    let number =
        |key: &str| text(key)?.parse::<usize>().map_err(|_| broken(format!("{key} is not a number")));
    let date = iso_date::parse(text("date")?).ok_or_else(|| broken("its date".into()))?;
    let role = serde_json::from_str(text("role")?).map_err(|error| broken(error.to_string()))?;
    Ok((date, role, (number("columns")?, number("rows")?)))
}

/// An image that is not as it was written.
pub(crate) fn broken(reason: String) -> TrainError {
    TrainError::Checkpoint { reason: format!("an image of the run is damaged ({reason})") }
}
