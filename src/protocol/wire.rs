//! How a message's head crosses between page and worker: postcard.
//!
//! Postcard carries no names, so a page and a worker of different builds would read each other's numbers as something else. They never
//! meet: the names of a build's files carry a hash of their contents, and the page holds the names of its own workers
//! (`src/link`). Why not JSON: reading and writing it took a fifth of the page's own code.

use serde::{Serialize, de::DeserializeOwned};

use super::Envelope;

/// A head that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its head is damaged ({0})")]
pub struct WireError(#[from] postcard::Error);

/// A head as bytes.
///
/// # Errors
/// [`WireError`]; never for the protocol's own types.
pub fn write<T: Serialize>(envelope: &Envelope<T>) -> Result<Vec<u8>, WireError> {
    Ok(postcard::to_allocvec(envelope)?)
}

/// A head from bytes.
///
/// # Errors
/// [`WireError`].
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Envelope<T>, WireError> {
    Ok(postcard::from_bytes(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Request;

    #[test]
    fn a_head_comes_back_and_a_short_one_is_refused() -> Result<(), WireError> {
        let bytes = write(&Envelope { id: 7, body: Request::LoadWeights { name: "w.safetensors".into() } })?;
        let Envelope { id, body } = read::<Request>(&bytes)?;
        assert!(id == 7 && matches!(body, Request::LoadWeights { name } if name == "w.safetensors"));
        assert!(read::<Request>(&bytes[..4]).is_err());
        Ok(())
    }
}
