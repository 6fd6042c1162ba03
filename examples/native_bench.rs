//! Prediction and training step of SMEN on this machine, ours on the CPU and on a graphics adapter, burn's own operations, and PyTorch,
//! taking turns. The native half of `cargo xtask bench --native`:
//!
//! `cargo run --release [--features gpu] --example native_bench -- [--side N] [--rounds N] [--json FILE]`
//!
//! PyTorch is `tests/reference/bench_torch.py`, run with `python3` (or what `PYTHON` names); where that has no torch, its rows are left out
//! and the reason is said. `RAYON_NUM_THREADS` sets the threads of both sides.

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#[path = "shared/plain.rs"]
mod plain;
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#[path = "shared/torch.rs"]
mod torch;

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod native {
    use std::error::Error;
    use std::time::Instant;

    use burn::tensor::{Device, Tensor, TensorData};
    use loam_nn::{Adam, urmse_loss};
    use loam_nn::{Inputs, Smen, golden_weights};
    use serde_json::{Value, json};

    use super::{plain, torch::Torch};

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    /// What is measured: a training step or a prediction, and the images of a batch.
    pub const TASKS: [(bool, usize); 5] = [(false, 1), (false, 8), (true, 1), (true, 4), (true, 8)];
    /// Runs before the first that counts: shaders are compiled, and what they give is compared.
    const WARM: usize = 3;
    /// Allowed difference of the mean estimate, or of the losses of the first steps, to ours on the CPU, relative.
    const GAP: f64 = 1e-3;
    /// The same for who rounds every factor to 10 bits.
    const GAP_OF_TF32: f64 = 1e-2;

    /// In float32 throughout, as the other side makes it.
    fn wave(count: usize, middle: f32, height: f32) -> Vec<f32> {
        (0..count).map(|k| middle + height * (k as f32 * 0.37).sin() * (k as f32 * 0.011).cos()).collect()
    }

    /// A network of ours and its images, for one task.
    struct Ours {
        model: Smen,
        adam: Adam,
        plain: bool,
        /// Name of the GPU's variant; burn's own operations where there is none.
        #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "asked for by the GPU's check alone"))]
        variant: Option<&'static str>,
        training: bool,
        images: [Tensor<5>; 4],
    }

    impl Ours {
        fn new(
            (training, batch): (bool, usize),
            side: usize,
            device: &Device,
            plain: bool,
            variant: Option<&'static str>,
        ) -> Result<Self> {
            let device = if training { device.clone().autodiff() } else { device.clone() };
            let image = |depth: usize, middle, height| {
                let values = wave(batch * depth * side * side, middle, height);
                Tensor::<5>::from_data(TensorData::new(values, [batch, 1, depth, side, side]), &device)
            };
            let images = [image(1, 0.25, 0.1), image(4, 0.0, 0.05), image(1, 0.28, 0.08), image(1, 1.0, 0.0)];
            let model = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device)?;
            Ok(Self { model, adam: Adam::new(), plain, variant, training, images })
        }

        /// Milliseconds of one run, and the mean estimate or the loss before the step.
        fn run(&mut self) -> Result<(f64, f64)> {
            #[cfg(feature = "gpu")]
            {
                use loam_kernels::gpu::{VARIANTS, Variant, use_variant};
                let kernels = VARIANTS
                    .iter()
                    .find(|(_, name)| Some(*name) == self.variant)
                    .map_or(Variant::Plain, |(kernels, _)| Variant::Kernels(kernels));
                use_variant(if self.plain { Variant::Plain } else { kernels });
            }
            let [i, d, target, mask] = self.images.clone();
            let values =
                |tensor: Tensor<5>| tensor.into_data().try_into_vec::<f32>().map_err(|e| format!("{e:?}"));
            let start = Instant::now();
            let (estimate, statistics) = match (self.plain, self.training) {
                (true, training) => plain::forward(&self.model, i, d, training),
                (false, true) => self.model.forward_train(i, d),
                (false, false) => (self.model.forward(i, d), Vec::new()),
            };
            if !self.training {
                let estimate = values(estimate)?;
                let ms = start.elapsed().as_secs_f64() * 1e3;
                return Ok((ms, estimate.iter().map(|&v| f64::from(v)).sum::<f64>() / estimate.len() as f64));
            }
            let loss = urmse_loss(estimate, target, mask);
            let value = loss
                .clone()
                .without_autodiff()
                .into_data()
                .try_into_vec::<f32>()
                .map_err(|e| format!("{e:?}"))?;
            let gradients = loss.backward();
            self.model = self.adam.step(self.model.clone(), &gradients, 1e-4);
            self.model.absorb(statistics);
            // A graphics adapter works on after the loss was read: the step is over when its last parameter is there.
            values(self.model.h.weight.val().without_autodiff())?;
            Ok((start.elapsed().as_secs_f64() * 1e3, f64::from(value[0])))
        }
    }

    /// Who is measured.
    pub enum Runner {
        Ours { name: &'static str, device: Device, plain: bool, variant: Option<&'static str> },
        Torch(Torch),
    }

    impl Runner {
        fn name(&self) -> String {
            match self {
                Runner::Ours { name, .. } => (*name).to_owned(),
                Runner::Torch(torch) => torch.name(),
            }
        }
    }

    /// A runner's times of one task.
    #[derive(Default)]
    struct Row {
        times: Vec<f64>,
        numbers: Vec<f64>,
        dispatches: Option<usize>,
    }

    impl Row {
        fn at(&self, share: f64) -> f64 {
            let mut sorted = self.times.clone();
            sorted.sort_by(f64::total_cmp);
            sorted
                .get((share * (sorted.len().saturating_sub(1)) as f64) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        }
    }

    /// Counts the kernels launched while `run` runs.
    #[cfg(feature = "gpu")]
    fn launches<T>(run: impl FnOnce() -> T) -> (T, usize) {
        use cubecl::logging::{LaunchObservation, LaunchObserver};
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};

        #[derive(Default)]
        struct Count(AtomicUsize);
        impl LaunchObserver for Count {
            fn launched(&self, _: &'static str) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let count = Arc::new(Count::default());
        let watching = LaunchObservation::new(count.clone());
        let result = run();
        drop(watching);
        (result, count.0.load(Ordering::Relaxed))
    }

    #[cfg(not(feature = "gpu"))]
    fn launches<T>(run: impl FnOnce() -> T) -> (T, usize) {
        (run(), 0)
    }

    fn measure(task: (bool, usize), side: usize, rounds: usize, runners: &mut [Runner]) -> Result<Vec<Row>> {
        let mut ours = Vec::new();
        for runner in runners.iter() {
            ours.push(match runner {
                Runner::Ours { device, plain, variant, .. } => {
                    Some(Ours::new(task, side, device, *plain, *variant)?)
                }
                Runner::Torch(_) => None,
            });
        }
        let mut rows: Vec<Row> = runners.iter().map(|_| Row::default()).collect();
        for round in 0..WARM + rounds {
            // Everybody begins a round in turn, so that a busy machine disturbs all alike.
            for place in 0..runners.len() {
                let n = (place + round) % runners.len();
                let ((result, dispatches), row) = match (&mut ours[n], &mut runners[n]) {
                    (Some(ours), _) => (launches(|| ours.run()), &mut rows[n]),
                    (None, Runner::Torch(torch)) => ((torch.run(task), 0), &mut rows[n]),
                    (None, Runner::Ours { .. }) => continue,
                };
                let (ms, number) = result?;
                if round < WARM {
                    row.numbers.push(number);
                    row.dispatches = Some(dispatches).filter(|&count| count > 0);
                } else {
                    row.times.push(ms);
                }
            }
        }
        for runner in runners.iter_mut() {
            if let Runner::Torch(torch) = runner {
                torch.reset(task)?;
            }
        }
        Ok(rows)
    }

    /// The most memory this process has had, MB, where the system tells.
    fn peak_megabytes() -> Option<f64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1e3)
    }

    /// Bytes that a graphics device has given, MB.
    #[cfg(feature = "gpu")]
    fn reserved_megabytes(device: &Device) -> Option<f64> {
        let one = Tensor::<1>::zeros([1], device).try_into_primitive::<burn::backend::Cube>().ok()?;
        Some(one.client.memory_report(cubecl::MemoryScope::Device).usage().bytes_reserved as f64 / 1e6)
    }

    #[cfg(not(feature = "gpu"))]
    fn reserved_megabytes(_: &Device) -> Option<f64> {
        None
    }

    /// The graphics adapter and its name.
    #[cfg(feature = "gpu")]
    fn adapter() -> std::result::Result<(Device, String), String> {
        let (device, setup) = Device::wgpu_options().init_with_setup().map_err(|error| error.to_string())?;
        let info = setup.adapter.get_info();
        Ok((device, format!("{} ({:?}, {:?})", info.name, info.backend, info.device_type)))
    }

    #[cfg(not(feature = "gpu"))]
    fn adapter() -> std::result::Result<(Device, String), String> {
        Err("built without the feature gpu".into())
    }

    /// The variant of the kernels that is the faster there and passes the check, as the program would choose it.
    #[cfg(feature = "gpu")]
    fn trusted(device: &Device) -> Result<Option<&'static str>> {
        let begun = Instant::now();
        let (variant, warnings) =
            loam_nn::block_on(loam_nn::trusted_gpu(device, || begun.elapsed().as_secs_f64() * 1e3))?;
        warnings.iter().for_each(|warning| println!("{warning}"));
        Ok(variant)
    }

    #[cfg(not(feature = "gpu"))]
    fn trusted(_: &Device) -> Result<Option<&'static str>> {
        Ok(None)
    }

    /// A variant beside the one in use; none where burn's operations are in use.
    #[cfg(feature = "gpu")]
    fn other_variant(used: Option<&'static str>) -> Option<&'static str> {
        loam_kernels::gpu::VARIANTS
            .iter()
            .map(|(_, name)| *name)
            .find(|name| used.is_some_and(|used| used != *name))
    }

    #[cfg(not(feature = "gpu"))]
    fn other_variant(_: Option<&'static str>) -> Option<&'static str> {
        None
    }

    pub fn main() -> Result<()> {
        let (mut side, mut rounds, mut json) = (100, 15, None);
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--side" => side = value()?.parse()?,
                "--rounds" => rounds = value()?.parse()?,
                "--json" => json = Some(value()?),
                _ => return Err("native_bench [--side N] [--rounds N] [--json FILE]".into()),
            }
        }
        let mut runners = vec![
            Runner::Ours { name: "Loam, CPU", device: Device::flex(), plain: false, variant: None },
            Runner::Ours {
                name: "burn's own operations, CPU",
                device: Device::flex(),
                plain: true,
                variant: None,
            },
        ];
        println!(
            "SMEN natively, {side} x {side} images, {rounds} rounds in turn, {} threads",
            rayon::current_num_threads()
        );
        let gpu = match adapter() {
            Ok((device, name)) => {
                println!("graphics adapter: {name}");
                let variant = trusted(&device)?;
                println!("kernels on it: {}", variant.unwrap_or("burn's operations"));
                runners.push(Runner::Ours {
                    name: "Loam, GPU",
                    device: device.clone(),
                    plain: false,
                    variant,
                });
                // The variant that was not chosen, to see by how much.
                let other = other_variant(variant);
                if other.is_some() {
                    runners.push(Runner::Ours {
                        name: "Loam, GPU, the other variant",
                        device: device.clone(),
                        plain: false,
                        variant: other,
                    });
                }
                Some((device, name))
            }
            Err(reason) => {
                println!("no graphics adapter: {reason}");
                None
            }
        };
        // On a card of NVIDIA's, PyTorch on the same card as well.
        let nvidia = gpu.as_ref().is_some_and(|(_, name)| name.to_lowercase().contains("nvidia"));
        let on_card: &[(&str, bool)] = if nvidia { &[("cuda", false), ("cuda", true)] } else { &[] };
        for &(device, tf32) in [("cpu", false)].iter().chain(on_card) {
            match Torch::start(device, tf32, side, rayon::current_num_threads()) {
                Ok(torch) => {
                    println!("{}", torch.about());
                    runners.push(Runner::Torch(torch));
                }
                Err(reason) => println!("PyTorch on {device} is left out: {reason}"),
            }
        }
        let mut out: Vec<Value> = Vec::new();
        for task in TASKS {
            let (training, batch) = task;
            let rows = measure(task, side, rounds, &mut runners)?;
            let what = format!("{}, batch of {batch}", if training { "training step" } else { "prediction" });
            println!(
                "\n{what:<34} {:>9} {:>9} {:>19} {:>10} {:>9}",
                "median ms", "least", "middle half", "dispatches", "gap"
            );
            let reference = rows[0].numbers.clone();
            for (row, runner) in rows.iter().zip(&runners) {
                let gap = row
                    .numbers
                    .iter()
                    .zip(&reference)
                    .fold(0.0f64, |most, (a, b)| most.max(((a - b) / b).abs()));
                let name = runner.name();
                let half = format!("{:.1} - {:.1}", row.at(0.25), row.at(0.75));
                let dispatches = row.dispatches.map_or(String::new(), |count| count.to_string());
                println!(
                    "{name:<34} {:>9.1} {:>9.1} {half:>19} {dispatches:>10} {gap:>9.1e}",
                    row.at(0.5),
                    row.at(0.0)
                );
                let allowed = match runner {
                    Runner::Torch(torch) if torch.rounds() => GAP_OF_TF32,
                    _ => GAP,
                };
                if row.numbers.iter().any(|number| !number.is_finite()) || gap > allowed {
                    return Err(format!(
                        "{name} does not compute what we compute ({gap:.1e} apart): the times mean nothing"
                    )
                    .into());
                }
                out.push(json!({
                    "task": if training { "step" } else { "forward" }, "batch": batch, "name": name, "median": row.at(0.5), "least": row.at(0.0),
                    "quarter": row.at(0.25), "three_quarters": row.at(0.75), "dispatches": row.dispatches, "gap": gap,
                }));
            }
        }
        let peak = peak_megabytes();
        let reserved = gpu.as_ref().and_then(|(device, _)| reserved_megabytes(device));
        println!();
        match peak {
            Some(megabytes) => println!("peak memory of this process: {megabytes:.0} MB"),
            None => println!("peak memory of this process: this system does not tell"),
        }
        if let Some(megabytes) = reserved {
            println!("reserved on the graphics device at the end, all tasks together: {megabytes:.0} MB");
        }
        if let Some(file) = json {
            let adapter = gpu.map(|(_, name)| name);
            let machine = json!({ "threads": rayon::current_num_threads(), "adapter": adapter, "peak_mb": peak, "reserved_mb": reserved });
            std::fs::write(
                &file,
                json!({ "side": side, "rounds": rounds, "machine": machine, "results": out }).to_string(),
            )?;
        }
        Ok(())
    }
}

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    native::main()
}

#[cfg(not(all(feature = "cli", not(target_arch = "wasm32"))))]
fn main() {}
