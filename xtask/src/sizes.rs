//! Transfer sizes of the built app, raw and as brotli, held to the bars the project set itself.
//!
//! The page is what the first screen needs. The CPU path adds all that a user without a graphics card ever computes with: the CPU's worker,
//! the coastline and one region's weights, counted with the largest of them. The GPU's worker loads in place of the CPU's, where a hardware
//! adapter exists or the user insists. Other weights, rivers and towns, which come after the first map, and what loads only when it is asked for
//! have no bar.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::app::{all_files, content_hash, relative};
use crate::{Result, failure, process, target_dir};

/// Bars in bytes of brotli.
const BARS: [(&str, u64); 3] =
    [("the page", 200_000), ("page and CPU path", 1_500_000), ("the GPU's worker", 3_400_000)];

/// Sizes of a `dist/` folder.
#[derive(Debug)]
pub struct Sizes {
    /// Bytes of brotli: page; page and CPU path; the GPU's worker.
    pub brotli: [u64; 3],
}

impl Sizes {
    /// Which bars are broken, as sentences.
    pub fn broken(&self) -> Vec<String> {
        let pairs = BARS.iter().zip(self.brotli);
        pairs
            .filter(|((_, bar), size)| size > bar)
            .map(|((name, bar), size)| format!("{name}: {size} bytes as brotli, the bar is {bar}"))
            .collect()
    }

    /// An error where a bar is broken.
    pub fn hold(&self) -> Result<()> {
        let broken = self.broken();
        if broken.is_empty() { Ok(()) } else { Err(failure(broken.join("\n"))) }
    }
}

/// Prints each file and the three sums.
pub fn report(dist: &Path) -> Result<Sizes> {
    if !dist.is_dir() {
        return Err(failure(format!(
            "{} is not there. Build the app first: cargo xtask build",
            dist.display()
        )));
    }
    let (mut parts, mut largest_weights) = ([0; 3], 0);
    println!("\n{:<44} {:>12} {:>12}  part", "file", "bytes", "brotli");
    let mut files = Vec::new();
    for path in all_files(dist)? {
        let Some(name) = relative(dist, &path) else { continue };
        files.push((name, std::fs::read(&path).map_err(process::at(&path))?));
    }
    for ((name, bytes), small) in files.iter().zip(brotli_sizes(&files)?) {
        let part = part_of(name);
        println!("{name:<44} {:>12} {small:>12}  {}", bytes.len(), part.name());
        match part {
            Part::Page => parts[0] += small,
            Part::CpuPath => parts[1] += small,
            Part::Gpu => parts[2] += small,
            Part::OnDemand => {}
            Part::Weights => largest_weights = largest_weights.max(small),
        }
    }
    let brotli = [parts[0], parts[0] + parts[1] + largest_weights, parts[2]];
    for ((name, bar), size) in BARS.iter().zip(brotli) {
        println!(
            "{name:<44} {:>12} {size:>12}  bar {bar}: {}",
            "",
            if size <= *bar { "held" } else { "BROKEN" }
        );
    }
    Ok(Sizes { brotli })
}

/// When a file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// At the start.
    Page,
    /// For the first prediction on the CPU.
    CpuPath,
    /// In place of the CPU's worker.
    Gpu,
    /// One region's, when it is predicted.
    Weights,
    /// When asked for, or after the first map.
    OnDemand,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Page => "page",
            Part::CpuPath => "CPU path",
            Part::Gpu => "GPU",
            Part::Weights => "CPU path, the largest once",
            Part::OnDemand => "on demand",
        }
    }
}

fn part_of(name: &str) -> Part {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    if file == "rcn.safetensors" || file == "places.bin" {
        // The page begins with SMEN; RCN's come when methods are compared, or it is chosen. No map waits for its towns.
        Part::OnDemand
    } else if file.ends_with(".safetensors") {
        Part::Weights
    } else if file.starts_with("worker-gpu") {
        Part::Gpu
    } else if matches!(folder, "weights" | "about" | "words")
        || file == "words.js"
        || file.starts_with("worker-cpu-training-")
        || file.starts_with("app-") && file.contains("-season-")
    {
        Part::OnDemand
    } else if file.starts_with("worker-cpu")
        || file.starts_with("app-") && (file.contains("-later-") || file.contains("-chunk_"))
        || file == "coastline.bin"
    {
        Part::CpuPath
    } else {
        Part::Page
    }
}

/// Of each file, on every core.
fn brotli_sizes(files: &[(String, Vec<u8>)]) -> Result<Vec<u64>> {
    // The largest first, so that no core is left with it at the end.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse(files[*n].1.len()));
    let (order, next) = (&order, &AtomicUsize::new(0));
    let some = move || -> Result<Vec<(usize, u64)>> {
        let mine = std::iter::from_fn(|| order.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.map(|n| Ok((*n, brotli_size(&files[*n].1)?))).collect()
    };
    let mut sizes = vec![0; files.len()];
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Result<Vec<(usize, u64)>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(some)).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(failure("brotli panicked")))).collect()
    });
    for part in parts {
        for (n, size) in part? {
            sizes[n] = size;
        }
    }
    Ok(sizes)
}

/// Bytes at quality 11; cached by content, because the GPU's worker takes half a minute.
fn brotli_size(bytes: &[u8]) -> Result<u64> {
    let cache = target_dir().join("brotli-cache");
    std::fs::create_dir_all(&cache).map_err(process::at(&cache))?;
    let kept = cache.join(content_hash(&[bytes]));
    if let Some(size) = std::fs::read_to_string(&kept).ok().and_then(|text| text.parse().ok()) {
        return Ok(size);
    }
    let mut counter = Counter(0);
    {
        let mut writer = brotli::CompressorWriter::new(&mut counter, 1 << 16, 11, 24);
        writer.write_all(bytes).map_err(|e| failure(format!("brotli: {e}")))?;
    }
    std::fs::write(&kept, counter.0.to_string()).map_err(process::at(&kept))?;
    Ok(counter.0)
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(part_of("index.html"), Part::Page);
        assert_eq!(part_of("app-1a2b_bg.wasm"), Part::Page);
        assert_eq!(part_of("app-1a2b-later-3c4d.wasm"), Part::CpuPath);
        assert_eq!(part_of("app-1a2b-chunk_0-3c4d.wasm"), Part::CpuPath);
        assert_eq!(part_of("app-1a2b-season-3c4d.wasm"), Part::OnDemand);
        assert_eq!(part_of("worker-cpu-1a2b_bg.wasm"), Part::CpuPath);
        assert_eq!(part_of("worker-cpu-parts-1a2b.js"), Part::CpuPath);
        assert_eq!(part_of("worker-cpu-training-1a2b.wasm"), Part::OnDemand);
        assert_eq!(part_of("coastline.bin"), Part::CpuPath);
        assert_eq!(part_of("places.bin"), Part::OnDemand);
        assert_eq!(part_of("weights/geneva.safetensors"), Part::Weights);
        assert_eq!(part_of("weights/geneva.html"), Part::OnDemand);
        assert_eq!(part_of("words/es.json"), Part::OnDemand);
        assert_eq!(part_of("words.js"), Part::OnDemand);
        assert_eq!(part_of("weights/rcn.safetensors"), Part::OnDemand);
        assert_eq!(part_of("worker-gpu-1a2b_loader.js"), Part::Gpu);
        // What nobody has thought of counts where it hurts.
        assert_eq!(part_of("else.png"), Part::Page);
    }

    #[test]
    fn the_largest_weights_count_once() {
        let dist = std::env::temp_dir().join(format!("loam-sizes-{}", std::process::id()));
        std::fs::create_dir_all(dist.join("weights")).unwrap();
        let noise = |length: u32| -> Vec<u8> {
            (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
        };
        std::fs::write(dist.join("weights/a.safetensors"), noise(100)).unwrap();
        std::fs::write(dist.join("weights/b.safetensors"), noise(400)).unwrap();
        std::fs::write(dist.join("weights/c.safetensors"), noise(200)).unwrap();
        let [page, cpu, gpu] = report(&dist).unwrap().brotli;
        std::fs::remove_dir_all(&dist).unwrap();
        let size = |length| brotli_size(&noise(length)).unwrap();
        assert_eq!((page, cpu, gpu), (0, size(400), 0));
    }

    #[test]
    fn brotli_counts_and_bars_break() {
        let size = brotli_size(&[7; 100_000]).unwrap();
        assert!(size < 100, "{size}");
        assert_eq!(Sizes { brotli: [200_000, 1_500_000, 3_400_000] }.broken().len(), 0);
        assert_eq!(Sizes { brotli: [200_001, 1_500_000, 3_400_001] }.broken().len(), 2);
    }
}
