//! Transfer sizes of the built app, raw and as brotli, held to the bars the project set itself.
//!
//! The page is what the first screen needs; the CPU path adds the worker, weights and coast lines that a demo prediction needs; the
//! GPU worker loads only where a hardware adapter exists or the user insists.

use std::io::Write;
use std::path::Path;

use crate::app::{all_files, content_hash, relative};
use crate::{Result, failure, process, target_dir};

/// Bars in bytes of brotli, cumulative: page; page and CPU path; everything.
const BARS: [(&str, u64); 3] = [("the page", 330_000), ("page and CPU path", 2_200_000), ("everything", 5_500_000)];

/// Sizes of a `dist/` folder.
#[derive(Debug)]
pub struct Sizes {
    /// Bytes of brotli: page; page and CPU path; everything.
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
        return Err(failure(format!("{} is not there. Build the app first: cargo xtask build", dist.display())));
    }
    let mut parts = [0; 3];
    println!("\n{:<44} {:>12} {:>12}  part", "file", "bytes", "brotli");
    for path in all_files(dist)? {
        let Some(name) = relative(dist, &path) else { continue };
        let bytes = std::fs::read(&path).map_err(process::at(&path))?;
        let (small, part) = (brotli_size(&bytes)?, part_of(&name));
        println!("{name:<44} {:>12} {small:>12}  {}", bytes.len(), ["page", "CPU path", "GPU path"][part]);
        parts[part] += small;
    }
    let brotli = [parts[0], parts[0] + parts[1], parts[0] + parts[1] + parts[2]];
    for ((name, bar), size) in BARS.iter().zip(brotli) {
        println!("{name:<44} {:>12} {size:>12}  bar {bar}: {}", "", if size <= *bar { "held" } else { "BROKEN" });
    }
    Ok(Sizes { brotli })
}

/// 0 page, 1 CPU path, 2 GPU path.
fn part_of(name: &str) -> usize {
    let file = name.rsplit('/').next().unwrap_or(name);
    let extension = file.rsplit('.').next().unwrap_or_default();
    if file.starts_with("worker_gpu") {
        2
    } else if file.starts_with("worker_cpu") || matches!(extension, "safetensors" | "bin" | "geojson") || file.starts_with("coast") {
        1
    } else {
        0
    }
}

/// Bytes at quality 11; cached by content, because the GPU worker takes half a minute.
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(part_of("index.html"), 0);
        assert_eq!(part_of("app-1a2b_bg.wasm"), 0);
        assert_eq!(part_of("worker_cpu_bg.wasm"), 1);
        assert_eq!(part_of("weights/geneva.safetensors"), 1);
        assert_eq!(part_of("worker_gpu.js"), 2);
    }

    #[test]
    fn brotli_counts_and_bars_break() {
        let size = brotli_size(&[7; 100_000]).unwrap();
        assert!(size < 100, "{size}");
        assert_eq!(Sizes { brotli: [330_000, 2_200_000, 5_500_000] }.broken().len(), 0);
        assert_eq!(Sizes { brotli: [330_001, 2_200_000, 5_500_001] }.broken().len(), 2);
    }
}
