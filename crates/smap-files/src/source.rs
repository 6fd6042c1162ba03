//! Where bytes come from: a path, memory, or a `File` the user dropped on the page. Readers ask for ranges, never for the whole.

use std::sync::Arc;

use crate::auxiliary::{Auxiliary, LONGEST};
use crate::companion::Beside;

/// Random access to the bytes of one file.
pub trait Source: Send + Sync {
    /// File name without directories, as the user knows it.
    fn name(&self) -> &str;
    /// Length in bytes.
    fn len(&self) -> u64;
    /// True for a file of no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether a cache in front of it is worth its memory: false where a read is no more than a copy.
    fn needs_cache(&self) -> bool {
        true
    }
    /// What decides about its values in a file beside it. See [`with_beside`].
    fn beside(&self, _what: Beside) -> Option<SharedSource> {
        None
    }
    /// The same file without that; `None` where it has none.
    fn without(&self, _what: Beside) -> Option<SharedSource> {
        None
    }
    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// Whatever the operating system or the browser says; reading past the end is an error too.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()>;
}

/// A source shared by a granule and the readers it opens.
pub type SharedSource = Arc<dyn Source>;

/// A TIFF with what lies beside it.
struct With {
    inner: SharedSource,
    what: Beside,
    file: SharedSource,
}

/// A TIFF with what lies beside it: its mask, of which zero means no value, what GDAL's auxiliary file says of its bands, where that says
/// something that counts, or the flags of its retrievals.
#[must_use]
pub fn with_beside(inner: SharedSource, what: Beside, file: SharedSource) -> SharedSource {
    if what == Beside::Auxiliary && !auxiliary_counts(file.as_ref()) {
        return inner;
    }
    Arc::new(With { inner, what, file })
}

/// Whether a file that GDAL keeps beside a TIFF (`x.tif.aux.xml`) says something that counts. One of statistics alone does not; one that cannot
/// be read might.
#[must_use]
pub fn auxiliary_counts(file: &dyn Source) -> bool {
    auxiliary(file).is_none_or(|said| !said.is_empty())
}

/// What counts in such a file; `None` where it cannot be read.
pub(crate) fn auxiliary(file: &dyn Source) -> Option<Auxiliary> {
    let length = usize::try_from(file.len()).ok().filter(|_| file.len() <= LONGEST)?;
    let mut bytes = vec![0; length];
    file.read_at(0, &mut bytes).ok()?;
    Auxiliary::parse(&bytes)
}

impl Source for With {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn needs_cache(&self) -> bool {
        self.inner.needs_cache()
    }
    fn beside(&self, what: Beside) -> Option<SharedSource> {
        if what == self.what { Some(Arc::clone(&self.file)) } else { self.inner.beside(what) }
    }
    fn without(&self, what: Beside) -> Option<SharedSource> {
        if what == self.what {
            return Some(Arc::clone(&self.inner));
        }
        let inner = self.inner.without(what)?;
        Some(Arc::new(Self { inner, what: self.what, file: Arc::clone(&self.file) }))
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.inner.read_at(offset, buffer)
    }
}

/// Bytes in memory.
pub struct BytesSource {
    name: String,
    bytes: Vec<u8>,
}

impl BytesSource {
    /// Bytes under a file name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }
}

impl Source for BytesSource {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn needs_cache(&self) -> bool {
        false
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|s| s.checked_add(buffer.len()).and_then(|e| self.bytes.get(s..e)));
        match range {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(past_the_end(offset, buffer.len(), self.len())),
        }
    }
}

fn past_the_end(offset: u64, length: usize, total: u64) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::UnexpectedEof,
        format!("{length} bytes at {offset} of a file of {total} bytes: the file is cut off"),
    )
}

/// A file on disk, read by position.
#[cfg(not(target_arch = "wasm32"))]
pub struct PathSource {
    name: String,
    file: std::sync::Mutex<std::fs::File>,
    length: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl PathSource {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn open(path: &std::path::Path) -> std::io::Result<Self> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "is a folder"));
        }
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        Ok(Self { name, file: std::sync::Mutex::new(file), length: metadata.len() })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Source for PathSource {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.length
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.length) {
            return Err(past_the_end(offset, buffer.len(), self.length));
        }
        let mut file =
            self.file.lock().map_err(|_| std::io::Error::other("an earlier read of this file failed"))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}
