//! How often a file is read, and how many bytes of it: in a browser each read is a round trip to another process.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use smap_files::{self as read, PathSource, QualityRule, ReadOptions, Source};

/// A file that counts.
struct Counting {
    inner: PathSource,
    cached: bool,
    reads: AtomicU64,
    bytes: AtomicU64,
    /// Of each piece of the file, whether it was read.
    touched: Mutex<Vec<bool>>,
}

const PIECE: u64 = 4 << 10;

impl Counting {
    /// With the cache of the reader in front of it, or without: then it counts what the reader asks for.
    fn open(path: &Path, cached: bool) -> Arc<Self> {
        let inner = PathSource::open(path).unwrap();
        let touched = Mutex::new(vec![false; inner.len().div_ceil(PIECE) as usize]);
        Arc::new(Self { inner, cached, reads: AtomicU64::new(0), bytes: AtomicU64::new(0), touched })
    }

    /// Reads and bytes so far.
    fn so_far(&self) -> (u64, u64) {
        (self.reads.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Bytes of the file that were read at least once, about.
    fn distinct(&self) -> u64 {
        self.touched.lock().unwrap().iter().filter(|t| **t).count() as u64 * PIECE
    }
}

impl Source for Counting {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn needs_cache(&self) -> bool {
        self.cached
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        if !buffer.is_empty() {
            let last = (offset + buffer.len() as u64 - 1) / PIECE;
            let mut touched = self.touched.lock().unwrap();
            (offset / PIECE..=last).for_each(|piece| {
                if let Some(piece) = touched.get_mut(piece as usize) {
                    *piece = true;
                }
            });
        }
        self.inner.read_at(offset, buffer)
    }
}

/// All that can be asked of a file: structure, statistics of every array, pixels of every map.
fn everything(source: &Arc<Counting>) {
    let Ok(granule) = read::open(Arc::clone(source) as _) else { return };
    let options = ReadOptions { quality: QualityRule::Recommended, scale: None };
    for (index, variable) in granule.variables.iter().enumerate() {
        let _ = granule.variable_statistics(index, &options);
        if variable.grid.is_some() {
            let _ = granule.read(index, &options, None);
        }
    }
}

/// Files of the fixtures, and of the real data where they are here.
fn files() -> Vec<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let shared = ["smap", "sentinel1", "foreign"].map(|name| format!("../../../shared/data/{name}"));
    for folder in std::iter::once("tests/fixtures").chain(shared.iter().map(String::as_str)) {
        match here.join(folder).read_dir() {
            Ok(entries) => files.extend(entries.flatten().map(|e| e.path()).filter(|p| p.is_file())),
            Err(_) => eprintln!("skipped: {} is not here", folder.trim_start_matches("../../")),
        }
    }
    let known =
        |p: &PathBuf| p.extension().is_some_and(|e| ["h5", "nc", "nc4", "tif"].iter().any(|k| e == *k));
    files.retain(known);
    files.sort();
    files
}

#[test]
fn a_file_is_read_once_however_much_is_asked_of_it() {
    for path in files() {
        let source = Counting::open(&path, true);
        everything(&source);
        let (reads, bytes) = source.so_far();
        let length = source.len();
        println!("{}: {length} bytes, {reads} reads, {bytes} bytes read", source.name());
        if length <= 8 << 20 {
            assert_eq!((reads, bytes), (1, length), "{}", path.display());
        } else {
            assert!(2 * bytes <= 3 * source.distinct(), "{bytes} bytes of {}", path.display());
            // What is needed is what the reader asks for where nothing is read beside it, each piece once.
            let needed = Counting::open(&path, false);
            everything(&needed);
            let needed = needed.distinct();
            assert!(2 * bytes <= 3 * needed, "{bytes} bytes for {needed} needed of {}", path.display());
            assert!(reads <= 4 + length / (64 << 10), "{reads} reads of {}", path.display());
        }
    }
}
