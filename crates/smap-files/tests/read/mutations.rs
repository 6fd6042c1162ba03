//! Sound files with a few bytes changed: none may panic, hang or ask for the moon. Seeds are fixed, so a failure comes back.
//!
//! `LOAM_MUTATION_SECONDS` sets how long (20 by default); fuzz/ looks further, with coverage as its guide. What it found lies in
//! tests/fixtures/fuzz.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smap_files::{BytesSource, ReadOptions};

/// A small generator (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Changes bytes as damaged downloads and careless tools do. Half of the places lie in the first kilobytes, where structure is.
fn mutated(original: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            break;
        }
        let reach = if random.below(2) == 0 { bytes.len().min(4096) } else { bytes.len() };
        let at = random.below(reach);
        let width = [1, 2, 4, 8][random.below(4)].min(bytes.len() - at);
        let values = [0u64, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, u64::MAX, bytes.len() as u64, 1 << 40];
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at..at + width].copy_from_slice(&values[random.below(10)].to_le_bytes()[..width]),
            2 => bytes[at..at + width].copy_from_slice(&values[random.below(10)].to_be_bytes()[8 - width..]),
            3 => bytes.truncate(at),
            4 => {
                bytes.drain(at..at + width);
            }
            _ => {
                let from = random.below(bytes.len() - width + 1);
                let part = bytes[from..from + width].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Time this thread has computed. A clock on the wall also counts what other programs took: beside a whole test run, niced, seconds become
/// minutes.
fn computed() -> Duration {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = scheduled.split(' ').next().and_then(|n| n.parse().ok());
    // Not on Linux: the wall's.
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

/// A page that hangs for longer is reloaded.
const LONGEST: Duration = Duration::from_secs(10);

/// Opens and reads everything; what comes out does not matter. Returns what it took.
fn read(name: &str, bytes: Vec<u8>) -> Duration {
    let begin = computed();
    if let Ok(granule) = smap_files::open(Arc::new(BytesSource::new(name, bytes))) {
        for index in 0..granule.variables.len().min(40) {
            let _ = granule.variable_statistics(index, &ReadOptions::default());
            let _ = granule.read(index, &ReadOptions::default(), None);
        }
    }
    computed().saturating_sub(begin)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e != "json") {
            found.push(path);
        }
    }
}

#[test]
fn changed_bytes_never_panic_or_hang() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = Vec::new();
    files(&fixtures, &mut found);
    found.sort();
    let originals: Vec<(String, Vec<u8>)> = found
        .iter()
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap()))
        // Small ones say as much about structure and are read in a moment.
        .filter(|(_, bytes)| bytes.len() < 40_000)
        .collect();
    assert!(originals.len() > 30, "{}", originals.len());
    let seconds = std::env::var("LOAM_MUTATION_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut failed = Vec::new();
    let (mut tries, mut slowest) = (0u64, Duration::ZERO);
    let mut check = |name: &str, original: &[u8], seed: u64| {
        let bytes = mutated(original, seed);
        match catch_unwind(AssertUnwindSafe(|| read(name, bytes))) {
            Err(_) => failed.push(format!("(\"{name}\", {seed}) panics")),
            Ok(took) if took > LONGEST => failed.push(format!("(\"{name}\", {seed}) took {took:?}")),
            Ok(took) => slowest = slowest.max(took),
        }
    };
    let first: u64 = std::env::var("LOAM_MUTATION_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    'all: for seed in first.. {
        for (name, original) in &originals {
            if Instant::now() > end {
                break 'all;
            }
            check(name, original, seed);
            tries += 1;
        }
    }
    eprintln!("{tries} changed files were read, the slowest in {slowest:?}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// 9473 samples a pixel took 33 s: every band decoded all of them.
#[test]
fn what_fuzzing_found_is_read_or_refused_in_a_moment() {
    let mut found = Vec::new();
    files(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz"), &mut found);
    assert!(!found.is_empty());
    for path in found {
        let took = read(&path.file_name().unwrap().to_string_lossy(), std::fs::read(&path).unwrap());
        assert!(took < LONGEST, "{}: {took:?}", path.display());
    }
}
