//! How a message's head crosses between page and worker: postcard, behind the mark of the sources it was built from.
//!
//! Postcard carries no names, so a page and a worker of different builds (one of them from a cache) would read each other's numbers as
//! something else. Hence the mark: it changes with the text of the files that define the protocol, and a head with another mark is refused. Why
//! not JSON: reading and writing it took a fifth of the page's own code.

use serde::{Serialize, de::DeserializeOwned};

use super::Envelope;

/// Why a head cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Written by a program of another build.
    #[error("it was written by another version of Loam")]
    OtherVersion,
    /// Damaged, or not to be written.
    #[error("its head is damaged ({0})")]
    Broken(#[from] postcard::Error),
}

/// FNV-1a over everything whose text decides what the bytes mean.
const MARK: [u8; 8] = mark(&[
    include_bytes!("mod.rs"),
    include_bytes!("training.rs"),
    include_bytes!("wire.rs"),
    include_bytes!("../../crates/loam-core/src/file.rs"),
    include_bytes!("../../crates/loam-core/src/region_settings.rs"),
    include_bytes!("../../crates/loam-core/src/device_report.rs"),
    include_bytes!("../../crates/loam-core/src/weights_report.rs"),
    include_bytes!("../../crates/loam-core/src/network.rs"),
    include_bytes!("../../crates/loam-core/src/iso_date.rs"),
    include_bytes!("../../crates/loam-core/src/score/report.rs"),
    include_bytes!("../../crates/loam-core/src/training/plan.rs"),
    include_bytes!("../../crates/loam-core/src/training/run.rs"),
    include_bytes!("../../crates/loam-core/src/training/settings.rs"),
    include_bytes!("../../crates/smap-files/src/granule.rs"),
    include_bytes!("../../crates/ease-grid/src/ease2.rs"),
    include_bytes!("../../crates/ease-grid/src/edges.rs"),
    include_bytes!("../../crates/ease-grid/src/raster.rs"),
    env!("CARGO_PKG_VERSION").as_bytes(),
]);

const fn mark(texts: &[&[u8]]) -> [u8; 8] {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut text = 0;
    while text < texts.len() {
        let mut byte = 0;
        while byte < texts[text].len() {
            hash = (hash ^ texts[text][byte] as u64).wrapping_mul(0x0100_0000_01b3);
            byte += 1;
        }
        text += 1;
    }
    hash.to_le_bytes()
}

/// A head as bytes.
///
/// # Errors
/// [`WireError::Broken`]; never for the protocol's own types.
pub fn write<T: Serialize>(envelope: &Envelope<T>) -> Result<Vec<u8>, WireError> {
    Ok(postcard::to_extend(envelope, MARK.to_vec())?)
}

/// A head from bytes.
///
/// # Errors
/// [`WireError`].
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Envelope<T>, WireError> {
    let body = bytes.strip_prefix(&MARK).ok_or(WireError::OtherVersion)?;
    Ok(postcard::from_bytes(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Event, Request};

    #[test]
    fn a_head_comes_back_and_another_build_is_refused() -> Result<(), WireError> {
        let bytes = write(&Envelope { id: 7, body: Request::LoadWeights { name: "w.safetensors".into() } })?;
        let Envelope { id, body } = read::<Request>(&bytes)?;
        assert!(id == 7 && matches!(body, Request::LoadWeights { name } if name == "w.safetensors"));
        let mut other = bytes.clone();
        other[3] ^= 1;
        assert_eq!(read::<Request>(&other).err(), Some(WireError::OtherVersion));
        assert_eq!(read::<Event>(b"{\"id\":7}").err(), Some(WireError::OtherVersion));
        assert!(matches!(read::<Request>(&bytes[..12]), Err(WireError::Broken(_))));
        Ok(())
    }

    /// A file of the protocol that the mark misses would let page and worker of two builds read each other's numbers as something else.
    #[test]
    fn the_mark_holds_every_file_of_the_protocol_that_is_sent() -> std::io::Result<()> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol");
        let marked = std::fs::read_to_string(folder.join("wire.rs"))?;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let sent = std::fs::read_to_string(&path)?.lines().any(|line| line.starts_with("#[derive(") && line.contains("Serialize"));
            assert!(!sent || marked.contains(&format!("include_bytes!(\"{name}\")")), "{name} is sent, and not in the mark");
        }
        Ok(())
    }

    #[test]
    fn the_mark_changes_with_a_byte() {
        assert_ne!(mark(&[b"ab", b"c"]), mark(&[b"ab", b"d"]));
    }
}
