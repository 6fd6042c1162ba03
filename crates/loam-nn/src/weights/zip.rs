//! The entries of a zip archive that are stored as they are, found through its central directory (PKWARE APPNOTE.TXT 6.3, sections
//! 4.3.7, 4.3.12 and 4.3.14 to 4.3.16; zip64 in 4.5.3).
//!
//! Why not a crate: `torch.save` compresses nothing, so what is needed are offsets. The crate `zip` 9.4 brings a decompressor of its own
//! choice, `indexmap`, `typed-path` and `getrandom` with it, and copies each entry; here an entry is a slice of the file. The CRC-32 is
//! not looked at, as PyTorch itself does not: `torch.serialization.set_crc32_options(False)` writes files without one.

use std::collections::BTreeMap;

/// Every entry by its name, as a slice of `bytes`.
///
/// # Errors
/// Words for [`crate::ModelError::UnreadableWeights`]: no directory (a file cut off), one that points outside, compressed or encrypted entries.
pub(crate) fn stored_entries(bytes: &[u8]) -> Result<BTreeMap<&str, &[u8]>, String> {
    let (start, length) =
        directory(bytes).ok_or("its zip directory is missing, so the file is cut off or damaged")?;
    let broken = || "its zip directory is damaged".to_owned();
    let mut rest = slice(bytes, start, length).ok_or_else(broken)?;
    let mut entries = BTreeMap::new();
    // Until the directory ends: the count written beside it is not trusted.
    while rest.starts_with(b"PK\x01\x02") {
        let (flags, method) = (u16_at(rest, 8).ok_or_else(broken)?, u16_at(rest, 10).ok_or_else(broken)?);
        let lengths = [28, 30, 32].map(|at| u16_at(rest, at).map(u64::from));
        let [Some(name), Some(extra), Some(comment)] = lengths else { return Err(broken()) };
        let fields = slice(rest, 46 + name, extra).ok_or_else(broken)?;
        let name =
            slice(rest, 46, name).and_then(|name| std::str::from_utf8(name).ok()).ok_or_else(broken)?;
        // Uncompressed size, compressed size, place of the local header; from the zip64 field where they are all ones.
        let mut numbers = [24, 20, 42].map(|at| u32_at(rest, at).map(u64::from));
        let mut wide = zip64_field(fields);
        for number in numbers.iter_mut().filter(|number| **number == Some(0xffff_ffff)) {
            *number = u64_at(wide, 0);
            wide = wide.get(8..).unwrap_or_default();
        }
        let [Some(size), Some(packed), Some(place)] = numbers else { return Err(broken()) };
        if method != 0 || flags & 1 != 0 || size != packed {
            return Err(
                "its entries are compressed or encrypted, which torch.save never does (was it packed again?)"
                    .into(),
            );
        }
        entries.insert(
            name,
            local(bytes, place, size)
                .ok_or("it points at bytes it does not have, so it is cut off or damaged")?,
        );
        rest = slice(rest, 46 + name.len() as u64 + extra + comment, u64::MAX).ok_or_else(broken)?;
    }
    Ok(entries)
}

/// Where the central directory starts, and its length. The record of its end is the last thing in the file but a comment of at most
/// 65,535 bytes.
fn directory(bytes: &[u8]) -> Option<(u64, u64)> {
    let last = bytes.len().checked_sub(22)?;
    let end =
        (last.saturating_sub(0xffff)..=last).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06"))?;
    let narrow = (u64::from(u32_at(bytes, end + 16)?), u64::from(u32_at(bytes, end + 12)?));
    let locator = end.checked_sub(20).filter(|&at| bytes[at..].starts_with(b"PK\x06\x07"));
    match locator {
        Some(locator) => {
            let record = slice(bytes, u64_at(bytes, locator + 8)?, 56)?;
            record.starts_with(b"PK\x06\x06").then_some(())?;
            Some((u64_at(record, 48)?, u64_at(record, 40)?))
        }
        None => Some(narrow),
    }
}

/// The data behind the local header at `place`, whose name and padding may be longer than the directory says (PyTorch aligns so).
fn local(bytes: &[u8], place: u64, size: u64) -> Option<&[u8]> {
    let header = slice(bytes, place, 30)?;
    header.starts_with(b"PK\x03\x04").then_some(())?;
    let skipped = u64::from(u16_at(header, 26)?) + u64::from(u16_at(header, 28)?);
    slice(bytes, place.checked_add(30 + skipped)?, size)
}

/// Contents of the extra field 0x0001, empty where there is none.
fn zip64_field(mut fields: &[u8]) -> &[u8] {
    while let (Some(id), Some(length)) = (u16_at(fields, 0), u16_at(fields, 2)) {
        if id == 1 {
            return slice(fields, 4, u64::from(length)).unwrap_or_default();
        }
        fields = fields.get(4 + usize::from(length)..).unwrap_or_default();
    }
    &[]
}

/// `length` bytes from `start`, `u64::MAX` for all that follow; `None` where they are not all there.
fn slice(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let rest = bytes.get(usize::try_from(start).ok()?..)?;
    if length == u64::MAX { Some(rest) } else { rest.get(..usize::try_from(length).ok()?) }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
