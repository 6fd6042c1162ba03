//! A bundle read back. Nothing in it is trusted: names, sizes and hashes are checked before anything is used, and nothing is written to disk.

use std::collections::BTreeMap;

use smap_files::archive::{self, Member};
use smap_files::{SharedSource, read_all};

use super::manifest::{INPUTS, MANIFEST, Manifest};
use super::{BundleError, sha256};

/// Members at most, besides a season's two a date: a map's bundle has five.
const MOST_MEMBERS: usize = 64;
/// Members at most that are looked through for the manifest.
const MOST_LISTED: usize = 16_384;
/// Bytes of a manifest at most: a hundred thousand input files.
const LARGEST_MANIFEST: u64 = 64 << 20;
/// Bytes of weights at most: those of the largest network are 7 MB.
const LARGEST_WEIGHTS: u64 = 256 << 20;
/// Bytes of a map's cell at most: four bands of float32 with overviews, twice.
const CELL_BYTES: u64 = 44;
/// Bytes of a map besides its cells at most: tiles' edges, tags.
const LARGEST_TAGS: u64 = 64 << 20;

/// A bundle whose parts are what its manifest says.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What it says.
    pub manifest: Manifest,
    /// Safetensors, of a network.
    pub weights: Option<Vec<u8>>,
    /// GeoTIFFs, in the manifest's order.
    pub maps: Vec<Vec<u8>>,
}

/// Reads a bundle.
///
/// # Errors
/// [`BundleError`]: another file, an archive that is cut off, names that lead out of it, sizes beyond what such files have, another version,
/// bytes that are not those the manifest was written for.
pub fn read(source: &SharedSource) -> Result<Bundle, BundleError> {
    let members = archive::all_members(source)?.ok_or(BundleError::NotABundle("it is no zip archive"))?;
    const TOO_MANY: BundleError = BundleError::NotABundle("it holds too many files");
    if members.len() > MOST_LISTED {
        return Err(TOO_MANY);
    }
    let mut by_name = BTreeMap::new();
    for member in &members {
        let name = member.path();
        if !is_plain(name.strip_prefix(INPUTS).unwrap_or(name)) || by_name.insert(name, member).is_some() {
            return Err(BundleError::Name(name.chars().take(80).collect()));
        }
    }
    let manifest = by_name.get(MANIFEST).ok_or(BundleError::NotABundle("it holds no manifest.json"))?;
    let manifest = Manifest::read(&bytes(manifest, LARGEST_MANIFEST)?)?;
    let of_dates = if manifest.is_season() { 2 * manifest.maps.len() } else { 0 };
    if members.len() > MOST_MEMBERS + of_dates {
        return Err(TOO_MANY);
    }
    let named = |name: &str, limit: u64, hash: &str| {
        let member = by_name.get(name).ok_or_else(|| BundleError::Lacks(name.to_owned()))?;
        let bytes = bytes(member, limit)?;
        if sha256(&bytes) == hash { Ok(bytes) } else { Err(BundleError::Changed(name.to_owned())) }
    };
    let weights = manifest.weights.as_ref();
    let weights = weights.map(|of| named(&of.file, LARGEST_WEIGHTS, &of.sha256)).transpose()?;
    let largest = LARGEST_TAGS + CELL_BYTES * manifest.settings.window.len() as u64;
    let maps = manifest.maps.iter().map(|map| named(&map.file, largest, &map.sha256));
    let maps = maps.collect::<Result<_, _>>()?;
    Ok(Bundle { manifest, weights, maps })
}

/// A name without folders, drives and control characters.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

/// A member's bytes, at most so many.
fn bytes(member: &Member, limit: u64) -> Result<Vec<u8>, BundleError> {
    let too_large = |bytes: u64| BundleError::TooLarge { file: member.path().to_owned(), bytes, limit };
    if member.bytes() > limit {
        return Err(too_large(member.bytes()));
    }
    let source = member.source()?;
    // A stored member has the length it is stored in, whatever it is said to have.
    if source.len() > limit {
        return Err(too_large(source.len()));
    }
    Ok(read_all(source.as_ref())?)
}
