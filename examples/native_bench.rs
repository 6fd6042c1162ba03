//! Prediction and training step of SMEN on this machine's CPU, beside the same network in burn's own operations, taking turns:
//!
//! `RAYON_NUM_THREADS=1 cargo run --release --example native_bench [ROUNDS]`

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#[path = "shared/plain.rs"]
mod plain;

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod native {
    use std::time::Instant;

    use burn::tensor::{Device, Tensor, TensorData};
    use loam::model::{Inputs, ModelError, Smen, golden_weights};
    use loam::train::{Adam, urmse_loss};

    use super::plain;

    const SIDE: usize = 100;

    fn wave(count: usize, middle: f32, height: f32) -> Vec<f32> {
        (0..count).map(|k| middle + height * (k as f32 * 0.37).sin() * (k as f32 * 0.011).cos()).collect()
    }

    /// A network, and one run of what is measured.
    struct Runner {
        model: Smen,
        adam: Adam,
        plain: bool,
        images: [Tensor<5>; 4],
    }

    impl Runner {
        fn new(batch: usize, training: bool, plain: bool) -> Result<Self, ModelError> {
            let device = if training { Device::flex().autodiff() } else { Device::flex() };
            let image = |depth: usize, middle, height| {
                let values = wave(batch * depth * SIDE * SIDE, middle, height);
                Tensor::<5>::from_data(TensorData::new(values, [batch, 1, depth, SIDE, SIDE]), &device)
            };
            let images = [image(1, 0.25, 0.1), image(4, 0.0, 0.05), image(1, 0.28, 0.08), image(1, 1.0, 0.0)];
            Ok(Self { model: Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device)?, adam: Adam::new(), plain, images })
        }

        /// Milliseconds of one run.
        fn run(&mut self, training: bool) -> f64 {
            let [i, d, target, mask] = self.images.clone();
            let start = Instant::now();
            let (estimate, statistics) = match (self.plain, training) {
                (true, _) => plain::forward(&self.model, i, d, training),
                (false, true) => self.model.forward_train(i, d),
                (false, false) => (self.model.forward(i, d), Vec::new()),
            };
            if training {
                let gradients = urmse_loss(estimate, target, mask).backward();
                self.model = self.adam.step(self.model.clone(), &gradients, 1e-4);
                self.model.absorb(statistics);
            } else {
                drop(estimate.into_data());
            }
            start.elapsed().as_secs_f64() * 1e3
        }
    }

    pub fn main() -> Result<(), ModelError> {
        let rounds: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(15);
        println!("{:<28} {:>8} {:>8} {:>8} {:>8}", "milliseconds", "Loam", "least", "plain", "least");
        for (training, batch) in [(false, 1), (false, 8), (true, 1), (true, 4)] {
            let mut runners = [Runner::new(batch, training, false)?, Runner::new(batch, training, true)?];
            let mut times = [Vec::new(), Vec::new()];
            for round in 0..rounds + 2 {
                for (runner, times) in runners.iter_mut().zip(&mut times) {
                    let time = runner.run(training);
                    if round >= 2 {
                        times.push(time);
                    }
                }
            }
            times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
            let [ours, plain] = times.map(|times| (times[times.len() / 2], times[0]));
            let what = format!("{}, batch of {batch}", if training { "training step" } else { "prediction" });
            println!("{what:<28} {:>8.1} {:>8.1} {:>8.1} {:>8.1}", ours.0, ours.1, plain.0, plain.1);
        }
        Ok(())
    }
}

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
fn main() -> Result<(), loam::model::ModelError> {
    native::main()
}

#[cfg(not(all(feature = "cli", not(target_arch = "wasm32"))))]
fn main() {}
