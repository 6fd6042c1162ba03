//! SMEN over N x N cells of 3 km, streamed with constant memory:
//!
//! `cargo run --release --example continent -- N [--gpu] [--tile EDGE] [--check]` (`--gpu` with `--features gpu`)
//!
//! The input is simulated: waves and noise made row by row, no satellite's data. Without `--tile` the edge is chosen by measuring. `--check`
//! compares the streamed estimate with the untiled one, which needs memory for the whole raster: small N only.

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod native {
    use std::error::Error;
    use std::ops::ControlFlow;
    use std::time::Instant;

    use loam_nn::{
        ModelError, PLANES, Planes, Processor, Sink, Smen, Source, Weights, block_on, predict, stream,
        tile_edge,
    };

    static WEIGHTS: &[u8] = include_bytes!("../public/weights/oklahoma-city.safetensors");

    /// Simulated rows: soil moisture that varies over hundreds of kilometres, residuals over tens, and noise.
    struct Simulated {
        side: usize,
        next: usize,
    }

    /// A number between -1 and 1 for a cell and a plane.
    fn noise(cell: usize, plane: usize) -> f32 {
        let mixed = (cell as u64 ^ ((plane as u64) << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    impl Source for Simulated {
        fn extent(&self) -> (usize, usize) {
            (self.side, self.side)
        }

        fn next_rows(&mut self, count: usize, planes: &mut [Vec<f32>; PLANES]) -> Result<(), ModelError> {
            for row in self.next..self.next + count {
                for column in 0..self.side {
                    let (x, y, cell) = (column as f32, row as f32, row * self.side + column);
                    for (n, plane) in planes.iter_mut().enumerate() {
                        plane.push(match n {
                            0 => 0.22 + 0.12 * (x * 0.013).sin() * (y * 0.017).cos(),
                            _ => {
                                0.04 * (x * 0.11 + n as f32).sin() * (y * 0.09).cos() + 0.01 * noise(cell, n)
                            }
                        });
                    }
                }
            }
            self.next += count;
            Ok(())
        }
    }

    /// Keeps no rows, only what they come to.
    #[derive(Default)]
    struct Summary {
        cells: usize,
        sum: f64,
        least: f32,
        most: f32,
    }

    impl Sink for Summary {
        fn take_rows(&mut self, first: usize, values: &[f32]) -> Result<(), ModelError> {
            if first == 0 {
                (self.least, self.most) = (f32::INFINITY, f32::NEG_INFINITY);
            }
            self.cells += values.len();
            self.sum += values.iter().map(|&value| f64::from(value)).sum::<f64>();
            self.least = values.iter().copied().fold(self.least, f32::min);
            self.most = values.iter().copied().fold(self.most, f32::max);
            Ok(())
        }
    }

    /// The most memory this process has had, MB, where the system tells.
    fn peak_megabytes() -> Option<f64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1e3)
    }

    fn processor(gpu: bool) -> Result<Processor, Box<dyn Error>> {
        if !gpu {
            return Ok(block_on(Processor::open_cpu()));
        }
        #[cfg(feature = "gpu")]
        {
            let processor = block_on(Processor::open_gpu())?;
            let begun = std::time::Instant::now();
            let (form, warnings) =
                block_on(loam_nn::trusted_gpu(processor.device(), || begun.elapsed().as_secs_f64() * 1e3))?;
            warnings.iter().for_each(|warning| println!("{warning}"));
            println!("kernels: {}", form.unwrap_or("burn's operations"));
            Ok(processor)
        }
        #[cfg(not(feature = "gpu"))]
        {
            Err("built without the feature gpu".into())
        }
    }

    pub fn main() -> Result<(), Box<dyn Error>> {
        let usage = "continent N [--gpu] [--tile EDGE] [--check]";
        let (mut side, mut tile, mut gpu, mut check) = (None, None, false, false);
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--gpu" => gpu = true,
                "--check" => check = true,
                "--tile" => tile = Some(words.next().ok_or(usage)?.parse::<usize>()?),
                number => side = Some(number.parse::<usize>().map_err(|_| usage)?),
            }
        }
        let side = side.ok_or(usage)?;
        let processor = processor(gpu)?;
        let device = processor.device();
        let smen = Smen::from_weights(&Weights::from_bytes(WEIGHTS)?, device)?;
        let start = Instant::now();
        let tile = match tile {
            Some(tile) => tile,
            None => block_on(tile_edge(&smen, device, || start.elapsed().as_secs_f64() * 1e3))?,
        };
        println!(
            "simulated input, {side} x {side} cells, {device:?}, tiles of {tile} x {tile} and a halo of 4"
        );
        let before = peak_megabytes();
        let start = Instant::now();
        let mut summary = Summary::default();
        let mut source = Simulated { side, next: 0 };
        let streamed =
            block_on(stream(&smen, device, &mut source, &mut summary, tile, async |done, total| {
                if done % 50 == 0 {
                    println!("  {done} of {total} tiles, {:.1} s", start.elapsed().as_secs_f64());
                }
                ControlFlow::Continue(())
            }))?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{} tiles in {seconds:.1} s: {:.0} cells/s", streamed.tiles, summary.cells as f64 / seconds);
        println!(
            "estimates from {:.3} to {:.3}, mean {:.3} m3/m3",
            summary.least,
            summary.most,
            summary.sum / summary.cells as f64
        );
        println!("input and output held at a time: at most {:.1} MB", streamed.most_bytes as f64 / 1e6);
        match (before, peak_megabytes()) {
            (Some(before), Some(after)) => {
                println!("process: {before:.0} MB at most before, {after:.0} MB at the end")
            }
            _ => println!("process: this system does not tell its peak memory"),
        }
        if check {
            let mut planes: [Vec<f32>; PLANES] = Default::default();
            Simulated { side, next: 0 }.next_rows(side, &mut planes)?;
            let (i, d) = (planes[0].clone(), planes[1..].concat());
            let whole = Planes { columns: side, rows: side, coarse_input: i, residuals: d };
            let go_on = async |_, _| ControlFlow::Continue(());
            let untiled = block_on(predict(&smen, device, &whole, side, go_on))?;
            let mut tiled = Vec::new();
            block_on(stream(&smen, device, &mut Simulated { side, next: 0 }, &mut tiled, tile, go_on))?;
            let apart = untiled.iter().zip(&tiled).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
            println!("streamed and untiled differ by at most {apart:.1e} m3/m3");
            if tiled.len() != untiled.len() || apart.is_nan() || apart > 1e-5 {
                return Err("streamed and untiled estimates differ by more than 1e-5 m3/m3".into());
            }
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
