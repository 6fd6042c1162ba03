//! Where a run is kept: a folder natively, the browser's origin-private file system in a worker (`worker/store.rs`), memory in tests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why something could not be kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no storage at all.
    #[error("nothing can be kept here: {why}")]
    Unavailable {
        /// E.g. the browser's words in a private window.
        why: String,
    },
    /// No room.
    #[error("the storage is full: {path} needs {bytes} bytes. Delete old runs, or free disk space")]
    Full {
        /// What was being written.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// Anything else.
    #[error("{path} cannot be used: {why}")]
    Failed {
        /// Which file or folder.
        path: String,
        /// Why.
        why: String,
    },
}

/// Held while a run is trained; given up when dropped, or when its holder dies.
pub trait Lock {}

/// Files by paths with `/`; folders come with their files.
#[allow(async_fn_in_trait, reason = "one thread: no Send bound is wanted")]
pub trait Store: Clone {
    /// A lock on a path.
    type Lock: Lock;

    /// Writes a whole file; what is written stays when this returns.
    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Reads a whole file; none where there is no such file.
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Names in a folder (empty: the root), sorted; none of them where there is no such folder.
    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError>;
    /// Takes a folder with all in it, or a file, away. Not there is no error.
    async fn remove(&self, path: &str) -> Result<(), StoreError>;
    /// Locks a path against other tabs and processes; none where one of them holds it.
    async fn lock(&self, path: &str) -> Result<Option<Self::Lock>, StoreError>;
}

/// In memory: for tests, and to see what a store is.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    /// Files by path.
    pub files: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    /// Bytes it holds at most; 0 for as many as come.
    pub capacity: Rc<Cell<usize>>,
    locked: Rc<RefCell<Vec<String>>>,
}

/// A lock of [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryLock(Rc<RefCell<Vec<String>>>, String);

impl Lock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.0.borrow_mut().retain(|path| *path != self.1);
    }
}

impl Store for MemoryStore {
    type Lock = MemoryLock;

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut files = self.files.borrow_mut();
        let held: usize = files.iter().filter(|(name, _)| *name != path).map(|(_, bytes)| bytes.len()).sum();
        if self.capacity.get() > 0 && held + bytes.len() > self.capacity.get() {
            return Err(StoreError::Full { path: path.to_owned(), bytes: bytes.len() as u64 });
        }
        files.insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files.borrow().get(path).cloned())
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let files = self.files.borrow();
        let mut names: Vec<String> = files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next().map(str::to_owned))
            .collect();
        names.dedup();
        Ok(names)
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        let prefix = format!("{path}/");
        self.files.borrow_mut().retain(|name, _| name != path && !name.starts_with(&prefix));
        Ok(())
    }

    async fn lock(&self, path: &str) -> Result<Option<MemoryLock>, StoreError> {
        let mut locked = self.locked.borrow_mut();
        if locked.iter().any(|held| held == path) {
            return Ok(None);
        }
        locked.push(path.to_owned());
        Ok(Some(MemoryLock(Rc::clone(&self.locked), path.to_owned())))
    }
}

/// A folder on disk.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Clone)]
pub struct FolderStore(pub std::path::PathBuf);

#[cfg(not(target_arch = "wasm32"))]
impl FolderStore {
    fn failed(path: &str, error: &std::io::Error, bytes: usize) -> StoreError {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                StoreError::Full { path: path.to_owned(), bytes: bytes as u64 }
            }
            _ => StoreError::Failed { path: path.to_owned(), why: error.to_string() },
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Lock for std::fs::File {}

#[cfg(not(target_arch = "wasm32"))]
impl Store for FolderStore {
    type Lock = std::fs::File;

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let write = || -> std::io::Result<()> {
            let file = self.0.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = std::fs::File::create(file)?;
            std::io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        };
        write().map_err(|error| Self::failed(path, &error, bytes.len()))
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match std::fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Self::failed(path, &error, 0)),
        }
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let entries = match std::fs::read_dir(self.0.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Self::failed(folder, &error, 0)),
        };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        let full = self.0.join(path);
        let removed = if full.is_dir() { std::fs::remove_dir_all(full) } else { std::fs::remove_file(full) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Self::failed(path, &error, 0)),
            _ => Ok(()),
        }
    }

    async fn lock(&self, path: &str) -> Result<Option<std::fs::File>, StoreError> {
        let open = || -> std::io::Result<Option<std::fs::File>> {
            let file = self.0.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = std::fs::File::create(file)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(std::fs::TryLockError::WouldBlock) => Ok(None),
                Err(std::fs::TryLockError::Error(error)) => Err(error),
            }
        };
        open().map_err(|error| Self::failed(path, &error, 0))
    }
}
