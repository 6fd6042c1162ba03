//! Runs in the browser's origin-private file system: files only this site sees, which stay over a reload.
//!
//! Writing goes through a `FileSystemSyncAccessHandle`, which exists in workers only and locks its file for every other tab; that also
//! makes the locks, which the browser frees when a worker dies.

use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, File, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetFileOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageEstimate,
};

use loam_nn::{Store, StoreError};

/// The origin-private file system.
#[derive(Clone)]
pub struct BrowserStore {
    root: FileSystemDirectoryHandle,
}

/// A file locked for other tabs.
pub struct BrowserLock(FileSystemSyncAccessHandle);

impl loam_nn::Lock for BrowserLock {}

impl Drop for BrowserLock {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Name and message of a thrown value.
fn thrown(value: &JsValue) -> (String, String) {
    let text =
        |key: &str| Reflect::get(value, &key.into()).ok().and_then(|v| v.as_string()).unwrap_or_default();
    (text("name"), text("message"))
}

fn failed(path: &str, value: &JsValue, bytes: usize) -> StoreError {
    let (name, message) = thrown(value);
    match name.as_str() {
        "QuotaExceededError" => StoreError::Full { path: path.to_owned(), bytes: bytes as u64 },
        _ => StoreError::Failed { path: path.to_owned(), why: format!("{name}: {message}") },
    }
}

fn is(value: &JsValue, name: &str) -> bool {
    thrown(value).0 == name
}

/// Bytes that can still be kept, where the browser says.
pub async fn storage_left(scope: &DedicatedWorkerGlobalScope) -> Option<u64> {
    let estimate = JsFuture::from(scope.navigator().storage().estimate().ok()?).await.ok()?;
    let estimate: StorageEstimate = estimate.unchecked_into();
    Some((estimate.get_quota()? - estimate.get_usage()?).max(0.0) as u64)
}

impl BrowserStore {
    /// Opens it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the browser has none or refuses it, as some do in private windows.
    pub async fn open(scope: &DedicatedWorkerGlobalScope) -> Result<Self, StoreError> {
        let unavailable = |why: String| StoreError::Unavailable { why };
        let storage: JsValue = scope.navigator().storage().into();
        let get =
            Reflect::get(&storage, &"getDirectory".into()).ok().and_then(|f| f.dyn_into::<Function>().ok());
        let get = get.ok_or_else(|| unavailable("this browser has no file system for pages".into()))?;
        let refused = |value: JsValue| {
            let (name, message) = thrown(&value);
            unavailable(format!(
                "this browser refuses its file system ({name}: {message}), as in a private window"
            ))
        };
        let promise: js_sys::Promise = get.call0(&storage).map_err(refused)?.unchecked_into();
        let root = JsFuture::from(promise).await.map_err(refused)?;
        Ok(Self { root: root.unchecked_into() })
    }

    /// A folder; none where it is not there and not to be made.
    async fn folder(
        &self,
        path: &str,
        create: bool,
    ) -> Result<Option<FileSystemDirectoryHandle>, StoreError> {
        let mut folder = self.root.clone();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            // By reflection: `FileSystemGetDirectoryOptions` is not among our web-sys features, and one more would rebuild wgpu.
            let options = Object::new();
            let found = async {
                Reflect::set(&options, &"create".into(), &create.into())?;
                let get: Function = Reflect::get(&folder, &"getDirectoryHandle".into())?.dyn_into()?;
                let promise: js_sys::Promise = get.call2(&folder, &name.into(), &options)?.unchecked_into();
                JsFuture::from(promise).await
            };
            match found.await {
                Ok(handle) => folder = handle.unchecked_into(),
                Err(value) if is(&value, "NotFoundError") => return Ok(None),
                Err(value) => return Err(failed(path, &value, 0)),
            }
        }
        Ok(Some(folder))
    }

    /// A file; none where it is not there and not to be made.
    async fn file(&self, path: &str, create: bool) -> Result<Option<FileSystemFileHandle>, StoreError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(folder) = self.folder(folder, create).await? else { return Ok(None) };
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        match JsFuture::from(folder.get_file_handle_with_options(name, &options)).await {
            Ok(handle) => Ok(Some(handle.unchecked_into())),
            Err(value) if is(&value, "NotFoundError") => Ok(None),
            Err(value) => Err(failed(path, &value, 0)),
        }
    }

    async fn access(&self, path: &str) -> Result<Result<FileSystemSyncAccessHandle, JsValue>, StoreError> {
        let missing = || StoreError::Failed { path: path.to_owned(), why: "it could not be made".into() };
        let file = self.file(path, true).await?.ok_or_else(missing)?;
        Ok(JsFuture::from(file.create_sync_access_handle()).await.map(JsCast::unchecked_into))
    }
}

impl Store for BrowserStore {
    type Lock = BrowserLock;

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let handle = self.access(path).await?.map_err(|value| failed(path, &value, bytes.len()))?;
        let written = (|| {
            handle.truncate_with_u32(0)?;
            let written = handle.write_with_u8_array(bytes)?;
            handle.flush()?;
            Ok(written)
        })();
        handle.close();
        match written {
            Ok(written) if written as usize == bytes.len() => Ok(()),
            Ok(_) => Err(StoreError::Full { path: path.to_owned(), bytes: bytes.len() as u64 }),
            Err(value) => Err(failed(path, &value, bytes.len())),
        }
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = self.file(path, false).await? else { return Ok(None) };
        let bytes = async {
            let file: File = JsFuture::from(file.get_file()).await?.unchecked_into();
            JsFuture::from(file.array_buffer()).await
        };
        match bytes.await {
            Ok(buffer) => Ok(Some(Uint8Array::new(&buffer).to_vec())),
            Err(value) if is(&value, "NotFoundError") => Ok(None),
            Err(value) => Err(failed(path, &value, 0)),
        }
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let Some(handle) = self.folder(folder, false).await? else { return Ok(Vec::new()) };
        let keys = handle.keys();
        let mut names = Vec::new();
        loop {
            let next = async {
                let promise: js_sys::Promise = keys.next()?.unchecked_into();
                JsFuture::from(promise).await
            };
            let next: JsValue = next.await.map_err(|value| failed(folder, &value, 0))?;
            let get = |key: &str| Reflect::get(&next, &key.into()).unwrap_or(JsValue::UNDEFINED);
            if get("done").is_truthy() {
                break;
            }
            names.extend(get("value").as_string());
        }
        names.sort();
        Ok(names)
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(folder) = self.folder(folder, false).await? else { return Ok(()) };
        let options = FileSystemRemoveOptions::new();
        options.set_recursive(true);
        match JsFuture::from(folder.remove_entry_with_options(name, &options)).await {
            Err(value) if !is(&value, "NotFoundError") => Err(failed(path, &value, 0)),
            _ => Ok(()),
        }
    }

    async fn lock(&self, path: &str) -> Result<Option<BrowserLock>, StoreError> {
        match self.access(path).await? {
            Ok(handle) => Ok(Some(BrowserLock(handle))),
            // Held by another tab, or by a worker that is just dying.
            Err(value) if is(&value, "NoModificationAllowedError") || is(&value, "InvalidStateError") => {
                Ok(None)
            }
            Err(value) => Err(failed(path, &value, 0)),
        }
    }
}
