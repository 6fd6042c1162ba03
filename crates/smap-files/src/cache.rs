//! A cache in front of every file: readers ask for a few bytes at a time, and in a browser each read is a round trip to another process.
//!
//! Measured there (Chromium, two cores): 0.6 ms a read and 2 to 3 ms a megabyte. The headers of a SMAP granule lie all over it, a few
//! kilobytes each, so up to some size it is quicker read whole than in a hundred places; of a larger file blocks are read, more of them at
//! once the longer the readers go forward. What is kept is bounded for all files together ([`BUDGET`]), since a session holds thousands.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::companion::Beside;
use crate::{SharedSource, Source};

/// Files up to this many bytes are one block.
const WHOLE: u64 = 8 << 20;
/// Files up to this many bytes have blocks of [`BLOCK`], larger ones of [`SMALL_BLOCK`]: what is read beside what is asked for is at most the
/// file, or little.
const MEDIUM: u64 = 32 << 20;
const BLOCK: u64 = 1 << 20;
const SMALL_BLOCK: u64 = 64 << 10;
/// Blocks read at once at most (read-ahead), where readers go forward.
const READ_AHEAD: u64 = 8;
/// Reads from this many bytes on pass the cache: they would push out too much of it.
const LARGE: usize = 4 << 20;
/// Bytes kept of all files together.
const BUDGET: usize = 64 << 20;
/// What an entry takes beside its bytes, about.
const OVERHEAD: usize = 128;

/// File and block.
type Key = (u64, u64);

/// Blocks of all files.
struct Pool {
    /// With the time of their last use.
    blocks: BTreeMap<Key, (Arc<Vec<u8>>, u64)>,
    bytes: usize,
    clock: u64,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { blocks: BTreeMap::new(), bytes: 0, clock: 0 });

/// The pool is sound between any two statements that could panic.
fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    fn get(&mut self, key: Key) -> Option<Arc<Vec<u8>>> {
        let (bytes, used) = self.blocks.get_mut(&key)?;
        self.clock += 1;
        *used = self.clock;
        Some(Arc::clone(bytes))
    }

    /// Adds a block; those used longest ago make room.
    fn put(&mut self, key: Key, bytes: Arc<Vec<u8>>) {
        let size = bytes.len() + OVERHEAD;
        while self.bytes + size > BUDGET
            && let Some(oldest) = self.blocks.values().map(|(_, used)| *used).min()
        {
            // An eighth of the time at once, so that the oldest need not be looked for with every block.
            let until = oldest + (self.clock - oldest) / 8;
            self.keep(|_, used| used > until);
        }
        self.clock += 1;
        self.bytes += size;
        if let Some((old, _)) = self.blocks.insert(key, (bytes, self.clock)) {
            self.bytes -= old.len() + OVERHEAD;
        }
    }

    fn keep(&mut self, wanted: impl Fn(&Key, u64) -> bool) {
        let bytes = &mut self.bytes;
        self.blocks.retain(|key, (block, used)| {
            let kept = wanted(key, *used);
            if !kept {
                *bytes -= block.len() + OVERHEAD;
            }
            kept
        });
    }

    fn forget(&mut self, file: u64) {
        self.keep(|key, _| key.0 != file);
    }
}

/// A source with the cache in front of it.
pub(super) struct CachedSource {
    inner: SharedSource,
    /// Its number in the pool.
    file: u64,
    /// Bytes of a block.
    block: u64,
    /// The block behind the last read, and how many that read had.
    forward: Mutex<(u64, u64)>,
    /// Images beside it, cached too.
    mask: Option<SharedSource>,
    retrieval_flag: Option<SharedSource>,
}

impl CachedSource {
    /// The source with the cache in front of it; itself where it needs none.
    pub(super) fn around(inner: SharedSource) -> SharedSource {
        if inner.needs_cache() { Arc::new(Self::new(inner)) } else { inner }
    }

    fn new(inner: SharedSource) -> Self {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let block = match inner.len() {
            length if length <= WHOLE => length.max(1),
            length if length <= MEDIUM => BLOCK,
            _ => SMALL_BLOCK,
        };
        let file = FILES.fetch_add(1, Ordering::Relaxed);
        let beside = |what| inner.beside(what).map(Self::around);
        let (mask, retrieval_flag) = (beside(Beside::Mask), beside(Beside::RetrievalFlag));
        Self { inner, file, block, forward: Mutex::new((0, 0)), mask, retrieval_flag }
    }

    /// Reads a block and, in the same read, the following ones up to `last`, or as many as going forward lets expect; returns the first.
    fn fetch(&self, block: u64, last: u64) -> io::Result<Arc<Vec<u8>>> {
        let mut forward = self.forward.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = if forward.0 == block { (forward.1 * 2).min(READ_AHEAD) } else { 1 };
        let end = (block + expected).max(last + 1).min(self.len().div_ceil(self.block));
        let end = {
            let pool = pool();
            (block + 1..end).find(|next| pool.blocks.contains_key(&(self.file, *next))).unwrap_or(end)
        };
        *forward = (end, end - block);
        drop(forward);
        let start = block * self.block;
        let length = (end * self.block).min(self.len()) - start;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.inner.read_at(start, &mut bytes)?;
        let mut pool = pool();
        let mut put = |number, bytes| {
            let bytes = Arc::new(bytes);
            pool.put((self.file, number), Arc::clone(&bytes));
            bytes
        };
        if end == block + 1 {
            return Ok(put(block, bytes));
        }
        let mut blocks = bytes.chunks(usize::try_from(self.block).map_err(io::Error::other)?);
        let first = put(block, blocks.next().unwrap_or_default().to_vec());
        for (number, bytes) in (block + 1..).zip(blocks) {
            put(number, bytes.to_vec());
        }
        Ok(first)
    }
}

impl Drop for CachedSource {
    fn drop(&mut self) {
        pool().forget(self.file);
    }
}

impl Source for CachedSource {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn needs_cache(&self) -> bool {
        false
    }
    fn beside(&self, what: Beside) -> Option<SharedSource> {
        match what {
            Beside::Mask => self.mask.clone(),
            Beside::RetrievalFlag => self.retrieval_flag.clone(),
            Beside::Auxiliary => self.inner.beside(what),
        }
    }
    fn without(&self, what: Beside) -> Option<SharedSource> {
        self.inner.without(what)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        // What lies past the end is refused by the source, in its own words.
        if end > self.len() || (buffer.len() >= LARGE && self.len() > WHOLE) {
            return self.inner.read_at(offset, buffer);
        }
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let block = at / self.block;
            let held = pool().get((self.file, block));
            let bytes = match held {
                Some(bytes) => bytes,
                None => self.fetch(block, (end - 1) / self.block)?,
            };
            let from = usize::try_from(at % self.block).map_err(io::Error::other)?;
            let there = bytes.get(from..).unwrap_or_default();
            let length = there.len().min(rest.len());
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (now, later) = rest.split_at_mut(length);
            now.copy_from_slice(&there[..length]);
            at += length as u64;
            rest = later;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Byte n is n modulo 251; counts its reads.
    struct Counting(u64, AtomicU64);

    impl Source for Counting {
        fn name(&self) -> &str {
            "counting"
        }
        fn len(&self) -> u64 {
            self.0
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            assert!(offset + buffer.len() as u64 <= self.0, "{offset}");
            self.1.fetch_add(1, Ordering::Relaxed);
            (offset..).zip(buffer).for_each(|(n, byte)| *byte = (n % 251) as u8);
            Ok(())
        }
    }

    fn checked(source: &dyn Source, offset: u64, length: usize) {
        let mut bytes = vec![0; length];
        source.read_at(offset, &mut bytes).unwrap();
        assert!((offset..).zip(&bytes).all(|(n, byte)| *byte == (n % 251) as u8), "{offset} {length}");
    }

    #[test]
    fn bytes_are_the_files_and_memory_is_bounded() {
        for length in [1, 1000, WHOLE, WHOLE + 1, MEDIUM + 1, 3 * BUDGET as u64 + 7] {
            let counting = Arc::new(Counting(length, AtomicU64::new(0)));
            let source = CachedSource::around(Arc::clone(&counting) as _);
            let mut at = 1u64;
            for n in 0..300u64 {
                at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n) % length;
                let most = (length - at).min([9, 5000, 300_000, LARGE as u64 + 5][n as usize % 4]);
                checked(source.as_ref(), at, most as usize);
                assert!(pool().bytes <= BUDGET);
            }
            checked(source.as_ref(), length - 1, 1);
            if length <= WHOLE {
                assert_eq!(counting.1.load(Ordering::Relaxed), 1);
            }
        }
    }

    #[test]
    fn a_forward_reader_is_read_ahead_of_and_a_closed_file_is_forgotten() {
        let counting = Arc::new(Counting(MEDIUM, AtomicU64::new(0)));
        let source = CachedSource::new(Arc::clone(&counting) as _);
        let file = source.file;
        for at in (0..MEDIUM).step_by(1000) {
            checked(&source, at, 1000.min((MEDIUM - at) as usize));
        }
        assert!(counting.1.load(Ordering::Relaxed) <= 3 + MEDIUM / (READ_AHEAD * BLOCK));
        let held = || pool().blocks.range((file, 0)..(file + 1, 0)).count();
        assert!(held() > 0);
        drop(source);
        assert_eq!(held(), 0);
    }
}
