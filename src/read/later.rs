//! [`open`](super::open) for the browser: the decoders of HDF5 and TIFF are a fifth of a worker's bytes, and the demo needs none of them.
//!
//! In the built app they are a wasm file of their own, cut from the worker's by `wasm-split-cli` (`xtask/src/split.rs`) at the function marked
//! below and fetched with the first file. Elsewhere the same function is called at once.

use super::{Granule, ReadError, SharedSource};

#[cfg(all(feature = "split", feature = "worker", target_arch = "wasm32"))]
mod file {
    // The macro declares what it loads as a foreign function and exports it under a name of its own; both ends are this function.
    #![allow(unsafe_code)]

    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{Granule, ReadError, SharedSource};

    impl From<SplitLoaderError> for ReadError {
        fn from(_: SplitLoaderError) -> Self {
            ReadError::DecodersAbsent
        }
    }

    #[wasm_split(read, fallible)]
    pub fn open(source: SharedSource) -> Result<Granule, ReadError> {
        crate::read::open(source)
    }
}

#[cfg(not(all(feature = "split", feature = "worker", target_arch = "wasm32")))]
mod file {
    use super::{Granule, ReadError, SharedSource};

    #[allow(clippy::unused_async)] // As the split form.
    pub async fn open(source: SharedSource) -> Result<Granule, ReadError> {
        crate::read::open(source)
    }
}

/// [`open`](super::open), once its program is there.
///
/// # Errors
/// Those of [`open`](super::open); [`ReadError::DecodersAbsent`].
pub async fn open(source: SharedSource) -> Result<Granule, ReadError> {
    file::open(source).await
}
