//! A value that the page's first part only passes on: as bytes, so that what reads and writes it lies in the part that is loaded when it is looked at.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value as bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Packed<T> {
    bytes: Vec<u8>,
    #[serde(skip)]
    of: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Packed<T> {
    /// Packs.
    ///
    /// # Errors
    /// Those of postcard; never for the protocol's own types.
    pub fn of(value: &T) -> Result<Self, postcard::Error> {
        Ok(Self { bytes: postcard::to_allocvec(value)?, of: PhantomData })
    }

    /// Opens.
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn open(&self) -> Result<T, postcard::Error> {
        postcard::from_bytes(&self.bytes)
    }
}
