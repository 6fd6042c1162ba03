//! One date to learn from: what the pixel regression made of it from all earlier maps, and from a few of them, beside the 3 km map.

use burn::tensor::{Device, Tensor};
use jiff::civil::Date;
use loam_core::network::Network;
use loam_core::training::DateRole;

use super::model::{Rcn, loss, urmse};
use super::planes::{COUNT, RcnPlanes};
use super::schema;
use crate::train::example::{Example, Trained, batched, broken, head, mirrored, read_head};
use crate::train::parameters;
use crate::{Archive, KeptImage, ModelError, Random, TrainError, TrainSettings, Weights, read_back};

/// Of the times an image is shown, this share is of the whole past; the others are of a few maps, so that a user who has few does not lose.
const WHOLE_PAST: f32 = 0.6;

/// What the network sees of a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// [`COUNT`] planes, standardised.
    pub inputs: Vec<f32>,
    /// The regression's map, m3/m3.
    pub base: Vec<f32>,
}

/// One date of a run, complete. Planes are row-major from the north-west corner.
#[derive(Debug, Clone, PartialEq)]
pub struct RcnImage {
    /// Its date.
    pub date: Date,
    /// What it is used for.
    pub role: DateRole,
    /// Columns and rows.
    pub size: (usize, usize),
    /// From all earlier maps.
    pub seen: Seen,
    /// From the newest few of them; of training images alone.
    pub few: Option<Seen>,
    /// The 3 km map, m3/m3; a number everywhere.
    pub target: Vec<f32>,
    /// 1 where the target counts, else 0.
    pub mask: Vec<f32>,
    /// Bilinear SMAP, m3/m3: the baseline.
    pub bilinear: Vec<f32>,
    /// [`ease_grid::Reason`] of SMAP's cells, by number: where the estimate is masked.
    pub reasons: Vec<u8>,
}

impl RcnImage {
    fn cells(&self) -> usize {
        self.size.0 * self.size.1
    }
}

/// Planes of square images with rows and columns exchanged.
fn exchanged(values: &[f32], side: usize) -> Vec<f32> {
    let turn =
        |plane: &[f32]| (0..side * side).map(|at| plane[at % side * side + at / side]).collect::<Vec<_>>();
    values.chunks_exact(side * side).flat_map(turn).collect()
}

impl Example for RcnImage {
    type Network = Rcn;
    /// Inputs, base, target and mask, each `[B, C, H, W]`.
    type Batch = [Tensor<4>; 4];
    type Statistics = ();

    fn size(&self) -> (usize, usize) {
        self.size
    }

    fn checked(mut self, sample: usize) -> Result<Self, TrainError> {
        let cells = self.cells();
        let few = self.few.as_ref().unwrap_or(&self.seen);
        for (planes, values) in [
            (COUNT, &self.seen.inputs),
            (1, &self.seen.base),
            (COUNT, &few.inputs),
            (1, &few.base),
            (1, &self.target),
            (1, &self.mask),
        ] {
            if values.len() != planes * cells {
                let (expected, found) = (planes * cells, values.len());
                let source = ModelError::PlaneLength { plane: "RCN's image", expected, found };
                return Err(TrainError::Sample { sample, source });
            }
        }
        for (target, mask) in self.target.iter_mut().zip(&self.mask) {
            if *mask == 0.0 {
                *target = 0.0;
            }
        }
        if self.mask.contains(&1.0) { Ok(self) } else { Err(TrainError::EmptyMask { sample }) }
    }

    /// Mirrored, rows and columns of a square image exchanged, and with few earlier maps instead of all, each by chance.
    fn flipped(&self, random: &mut Random) -> Self {
        let (east_west, north_south) = (random.unit() < 0.5, random.unit() < 0.5);
        let (exchange, whole) = (random.unit() < 0.5, random.unit() < WHOLE_PAST);
        let flip = |values: &[f32]| {
            let flipped = mirrored(values, self.size, east_west, north_south);
            if exchange && self.size.0 == self.size.1 { exchanged(&flipped, self.size.0) } else { flipped }
        };
        let seen = self.few.as_ref().filter(|_| !whole).unwrap_or(&self.seen);
        Self {
            seen: Seen { inputs: flip(&seen.inputs), base: flip(&seen.base) },
            few: None,
            target: flip(&self.target),
            mask: flip(&self.mask),
            // Only what the loss sees.
            bilinear: Vec::new(),
            reasons: Vec::new(),
            ..*self
        }
    }

    fn network(weights: &Weights, settings: &TrainSettings, device: &Device) -> Result<Rcn, TrainError> {
        if settings.network == Network::Rcn {
            return Ok(Rcn::from_weights(weights, device)?);
        }
        Err(TrainError::OtherNetwork { found: Network::Rcn.words(), wanted: settings.network.words() })
    }

    async fn weights(network: &Rcn) -> Result<Weights, ModelError> {
        network.to_weights(Default::default()).await
    }

    fn trained(network: &Rcn) -> Vec<Trained> {
        parameters::numbered(network, schema::trained().into_iter())
    }

    fn batch(samples: &[Self], device: &Device) -> [Tensor<4>; 4] {
        let size = samples.first().map_or((1, 1), |image| image.size);
        let of = |plane: fn(&Self) -> &Vec<f32>, channels: usize| {
            batched(samples.iter().map(plane), channels, size, device)
        };
        [of(|i| &i.seen.inputs, COUNT), of(|i| &i.seen.base, 1), of(|i| &i.target, 1), of(|i| &i.mask, 1)]
    }

    fn loss(network: &Rcn, [x, base, target, mask]: [Tensor<4>; 4], _: &TrainSettings) -> (Tensor<1>, ()) {
        let (estimate, log_variance) = network.corrected(x, base);
        (loss(estimate, log_variance, target, mask), ())
    }

    fn error(network: &Rcn, [x, base, target, mask]: [Tensor<4>; 4]) -> Tensor<1> {
        urmse(network.corrected(x, base).0, target, mask)
    }

    fn unit(_: &Rcn) -> f64 {
        1.0
    }

    fn absorb(_: &mut Rcn, (): ()) {}

    async fn estimate(&self, network: &Rcn, device: &Device) -> Result<Vec<f32>, ModelError> {
        Ok(self.seen.map(network, device, self.size).await?.0)
    }
}

impl Seen {
    /// Planes as a network with these means and spreads of its inputs sees them.
    #[must_use]
    pub fn of(planes: &RcnPlanes, (mean, spread): (&[f32], &[f32])) -> Self {
        Self { inputs: planes.standardised(mean, spread), base: planes.base.clone() }
    }

    /// The network's map of a date and one standard deviation of its error, m3/m3.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn map(
        &self,
        network: &Rcn,
        device: &Device,
        size: (usize, usize),
    ) -> Result<(Vec<f32>, Vec<f32>), ModelError> {
        let inputs = batched(std::iter::once(&self.inputs), COUNT, size, device);
        let outputs = read_back(network.forward(inputs)).await?;
        Ok(Rcn::map(&self.base, &outputs))
    }
}

impl KeptImage for RcnImage {
    type Example = Self;
    type Model = Rcn;

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
            ("inputs", &self.seen.inputs),
            ("base", &self.seen.base),
            ("target", &self.target),
            ("mask", &self.mask),
            ("bilinear", &self.bilinear),
        ] {
            archive.put(name, values.clone());
        }
        if let Some(few) = &self.few {
            archive.put("few_inputs", few.inputs.clone());
            archive.put("few_base", few.base.clone());
        }
        archive.put("reasons", self.reasons.iter().map(|r| f32::from(*r)).collect());
        archive.to_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let mut archive = Archive::from_bytes(bytes).map_err(broken)?;
        let (date, role, size) = read_head(&archive)?;
        let few = match (archive.take("few_inputs"), archive.take("few_base")) {
            (Ok(inputs), Ok(base)) => Some(Seen { inputs, base }),
            _ => None,
        };
        let mut take = |name: &str| archive.take(name).map_err(broken);
        Ok(Self {
            date,
            role,
            size,
            seen: Seen { inputs: take("inputs")?, base: take("base")? },
            few,
            target: take("target")?,
            mask: take("mask")?,
            bilinear: take("bilinear")?,
            reasons: take("reasons")?.into_iter().map(|r| r as u8).collect(),
        })
    }
}
