//! LSTM per pixel (model.md, section 3; the paper's related work [8]): burn's LSTM over the series of 36 km values and residuals up to t,
//! one set of weights for all pixels, trained with the loss of SMEN.
//!
//! Five steps: the four history dates and t. Each has (36 km value, residual, whether it is known), at t the residual is what is asked
//! for and 0. The answer is added to bilinear SMAP, so that the network need not learn the identity first. Settings are fixed in advance
//! and never tuned on test dates.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{Linear, LinearConfig, Lstm, LstmConfig};
use burn::tensor::{Device, Tensor, TensorData};

use loam_core::score::baselines::{Case, HISTORY};
use loam_nn::{Adam, urmse_loss};
use loam_nn::{ModelError, Random, read_back};

/// Features of a step.
const FEATURES: usize = 3;
/// Typical soil moisture and its spread, and the spread of residuals, m3/m3: they bring the inputs near 1 and are no fit to any data.
const MOISTURE: (f32, f32) = (0.2, 0.1);
const RESIDUAL: f32 = 0.05;

/// How it is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LstmSettings {
    /// Hidden units.
    pub hidden: usize,
    /// Passes over the training dates.
    pub epochs: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// First weights and order of the dates.
    pub seed: u64,
}

impl Default for LstmSettings {
    fn default() -> Self {
        Self { hidden: 24, epochs: 30, learning_rate: 2e-3, seed: 0 }
    }
}

/// LSTM and the layer that reads its last state.
#[derive(Module, Debug)]
struct Network {
    lstm: Lstm,
    out: Linear,
}

/// A trained network.
#[derive(Debug)]
pub struct PixelLstm {
    network: Network,
    device: Device,
    /// The loss is blind to a constant: set, as SMEN's, so that the mean error over the training pixels is 0. m3/m3.
    offset: f32,
}

/// Uniform in +-1/sqrt(hidden), PyTorch's first weights of an LSTM, from our own stream: burn's are drawn from a global one.
struct Draw(Random, f32);

impl ModuleMapper for Draw {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let shape = value.shape();
            let drawn: Vec<f32> = (0..shape.num_elements()).map(|_| self.0.symmetric(self.1)).collect();
            Tensor::from_data(TensorData::new(drawn, shape), &value.device()).require_grad()
        })
    }
}

/// Input of the pixels that count, `[pixels, HISTORY + 1, FEATURES]`.
fn series(case: &Case, pixels: &[usize], device: &Device) -> Tensor<3> {
    let mut values = Vec::with_capacity(pixels.len() * (HISTORY + 1) * FEATURES);
    let scaled = |moisture: f32| (moisture - MOISTURE.0) / MOISTURE.1;
    for &pixel in pixels {
        for n in 0..HISTORY {
            let past = case
                .past
                .get(n * case.len() + pixel)
                .copied()
                .filter(|z| z.is_finite())
                .unwrap_or(case.coarse[pixel]);
            let residual = case.residual(n, pixel);
            values.extend([
                scaled(past),
                residual.unwrap_or(0.0) / RESIDUAL,
                if residual.is_some() { 1.0 } else { 0.0 },
            ]);
        }
        values.extend([scaled(case.bilinear[pixel]), 0.0, 0.0]);
    }
    Tensor::from_data(TensorData::new(values, [pixels.len(), HISTORY + 1, FEATURES]), device)
}

impl Network {
    /// What is to be added to bilinear SMAP, `[pixels, 1]`, m3/m3.
    fn correction(&self, series: Tensor<3>) -> Tensor<2> {
        let (_, state) = self.lstm.forward(series, None);
        self.out.forward(state.hidden) * RESIDUAL
    }
}

impl PixelLstm {
    /// Trains on the dates, one date a step. `progress` hears (steps done, steps in all).
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn fit(
        cases: &[Case],
        settings: LstmSettings,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self, ModelError> {
        let device = Device::flex().autodiff();
        let network = Network {
            lstm: LstmConfig::new(FEATURES, settings.hidden, true).init(&device),
            out: LinearConfig::new(settings.hidden, 1).init(&device),
        };
        let mut random = Random::new(settings.seed);
        let bound = 1.0 / (settings.hidden as f32).sqrt();
        let mut network = network.map(&mut Draw(Random::new(random.next_u64()), bound));
        let mut adam = Adam::new();
        let mut order: Vec<usize> = (0..cases.len()).collect();
        let total = settings.epochs * cases.len();
        let mut done = 0;
        for _ in 0..settings.epochs {
            random.shuffle(&mut order);
            for &n in &order {
                let case = &cases[n];
                let pixels: Vec<usize> = case.pixels().collect();
                let shape = [1, 1, 1, 1, pixels.len()];
                let place =
                    |values: Vec<f32>| Tensor::<5>::from_data(TensorData::new(values, shape), &device);
                let bilinear = place(pixels.iter().map(|&p| case.bilinear[p]).collect());
                let target = place(pixels.iter().map(|&p| case.target[p]).collect());
                let estimate = bilinear + network.correction(series(case, &pixels, &device)).reshape(shape);
                let loss = urmse_loss(estimate, target, place(vec![1.0; pixels.len()]));
                network = adam.step(network, &loss.backward(), settings.learning_rate);
                done += 1;
                progress(done, total);
            }
        }
        let mut trained =
            Self { network: burn::module::Module::valid(&network), device: Device::flex(), offset: 0.0 };
        let (mut sum, mut count) = (0f64, 0usize);
        for case in cases {
            let estimate = trained.estimate(case).await?;
            for pixel in case.pixels() {
                sum += f64::from(case.target[pixel]) - f64::from(estimate[pixel]);
                count += 1;
            }
        }
        trained.offset = (sum / count.max(1) as f64) as f32;
        Ok(trained)
    }

    /// The estimate of a date on the pixels that count, m3/m3; NaN elsewhere.
    ///
    /// # Errors
    /// [`ModelError::Readback`].
    pub async fn estimate(&self, case: &Case) -> Result<Vec<f32>, ModelError> {
        let pixels: Vec<usize> = case.pixels().collect();
        let correction = read_back(self.network.correction(series(case, &pixels, &self.device))).await?;
        let mut estimate = vec![f32::NAN; case.len()];
        for (&pixel, correction) in pixels.iter().zip(correction) {
            estimate[pixel] = case.bilinear[pixel] + correction + self.offset;
        }
        Ok(estimate)
    }
}
