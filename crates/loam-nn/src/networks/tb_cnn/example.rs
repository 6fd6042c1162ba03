//! Images of the TB CNN and what is learnt from them (model.md, section 2): mean absolute error over the mask plus an L2 penalty.

use burn::tensor::{Device, Tensor};
use jiff::civil::Date;

use crate::tb_cnn::{self, TbCnn};
use crate::train::example::{Example, Trained, batched, broken, head, mirrored, read_head};
use crate::{Archive, ModelError, Random, Weights, read_back};
use crate::{KeptImage, TrainError, TrainSettings, train::parameters};
use loam_core::network::Network;
use loam_core::training::DateRole;

/// One date to learn from or to test on: planes one after the other, each row-major, scaled as the network wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct TbImage {
    /// The date.
    pub date: Date,
    /// What for.
    pub role: DateRole,
    /// Columns and rows.
    pub size: (usize, usize),
    /// Both input channels, a number everywhere.
    pub input: Vec<f32>,
    /// Bilinear baseline, one plane an output; anything where the mask is 0.
    pub bilinear: Vec<f32>,
    /// Target, one plane an output; a number everywhere.
    pub target: Vec<f32>,
    /// 1 where the target counts, else 0.
    pub mask: Vec<f32>,
}

impl TbImage {
    /// Cells of a plane.
    fn cells(&self) -> usize {
        self.size.0 * self.size.1
    }
}

impl Example for TbImage {
    type Network = TbCnn;
    /// Input, target and mask, each `[B, C, H, W]`.
    type Batch = [Tensor<4>; 3];
    type Statistics = ();

    fn size(&self) -> (usize, usize) {
        self.size
    }

    fn checked(self, sample: usize) -> Result<Self, TrainError> {
        let cells = self.cells();
        let outputs = self.mask.len() / cells.max(1);
        let lengths = [(2, &self.input), (outputs, &self.target), (outputs, &self.mask)];
        if let Some((planes, values)) =
            lengths.into_iter().find(|(planes, values)| values.len() != planes * cells)
        {
            let source = ModelError::PlaneLength {
                plane: "the TB CNN's image",
                expected: planes * cells,
                found: values.len(),
            };
            return Err(TrainError::Sample { sample, source });
        }
        if self.mask.contains(&1.0) { Ok(self) } else { Err(TrainError::EmptyMask { sample }) }
    }

    fn flipped(&self, random: &mut Random) -> Self {
        let (east_west, north_south) = (random.unit() < 0.5, random.unit() < 0.5);
        let flip = |values: &[f32]| mirrored(values, self.size, east_west, north_south);
        Self {
            input: flip(&self.input),
            bilinear: flip(&self.bilinear),
            target: flip(&self.target),
            mask: flip(&self.mask),
            ..*self
        }
    }

    fn network(weights: &Weights, settings: &TrainSettings, device: &Device) -> Result<TbCnn, TrainError> {
        let (network, found) = TbCnn::from_weights(weights, device)?;
        let found = Network::Tb(found);
        if found == settings.network {
            Ok(network)
        } else {
            Err(TrainError::OtherNetwork { found: found.words(), wanted: settings.network.words() })
        }
    }

    async fn weights(network: &TbCnn) -> Result<Weights, ModelError> {
        network.to_weights(Default::default()).await
    }

    fn trained(network: &TbCnn) -> Vec<Trained> {
        parameters::numbered(network, tb_cnn::schema(network.case()).into_iter())
    }

    fn batch(samples: &[Self], device: &Device) -> [Tensor<4>; 3] {
        let (size, cells) = samples.first().map_or(((1, 1), 1), |image| (image.size, image.cells()));
        let of = |plane: fn(&Self) -> &Vec<f32>| {
            let channels = samples.first().map_or(1, |image| plane(image).len() / cells.max(1));
            batched(samples.iter().map(plane), channels, size, device)
        };
        [of(|i| &i.input), of(|i| &i.target), of(|i| &i.mask)]
    }

    fn loss(network: &TbCnn, [input, target, mask]: [Tensor<4>; 3], _: &TrainSettings) -> (Tensor<1>, ()) {
        (network.loss(network.forward(input), target, mask), ())
    }

    fn error(network: &TbCnn, [input, target, mask]: [Tensor<4>; 3]) -> Tensor<1> {
        let [images, ..] = mask.dims();
        // Each image counts alike, however much of it was observed.
        let flat = |tensor: Tensor<4>| -> Tensor<2> { tensor.flatten(1, 3).sum_dim(1) };
        (flat((network.forward(input) - target).abs() * mask.clone()) / flat(mask)).reshape([images]).mean()
    }

    fn unit(network: &TbCnn) -> f64 {
        f64::from(network.case().spread())
    }

    fn absorb(_: &mut TbCnn, (): ()) {}

    async fn estimate(&self, network: &TbCnn, device: &Device) -> Result<Vec<f32>, ModelError> {
        let (centre, spread) = network.case().scales()[0];
        let input = batched(std::iter::once(&self.input), 2, self.size, device);
        let values = read_back(network.forward(input)).await?;
        Ok(values.iter().take(self.cells()).map(|v| v * spread + centre).collect())
    }
}

impl KeptImage for TbImage {
    type Example = Self;
    type Model = TbCnn;

    fn date(&self) -> Date {
        self.date
    }

    fn role(&self) -> DateRole {
        self.role
    }

    fn example(&self) -> &Self {
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut archive = head(self.date, self.role, self.size);
        for (name, values) in [
            ("input", &self.input),
            ("bilinear", &self.bilinear),
            ("target", &self.target),
            ("mask", &self.mask),
        ] {
            archive.put(name, values.clone());
        }
        archive.to_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let mut archive = Archive::from_bytes(bytes).map_err(broken)?;
        let (date, role, size) = read_head(&archive)?;
        let mut take = |name: &str| archive.take(name).map_err(broken);
        Ok(Self {
            date,
            role,
            size,
            input: take("input")?,
            bilinear: take("bilinear")?,
            target: take("target")?,
            mask: take("mask")?,
        })
    }
}
