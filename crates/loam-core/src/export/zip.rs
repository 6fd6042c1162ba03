//! A zip archive of a few files, stored as they are: what goes in is compressed already.

use super::png_text::crc32;

/// 1 January 1980, the format's first day: an archive's bytes depend on its files alone.
const DATE: u16 = 0x21;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;

/// Files by name, in this order, as the bytes of an archive. `None` where it would not fit the format's 4 GB and 65,535 files.
pub(super) fn stored(files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (at, length) = (u32::try_from(out.len()).ok()?, u32::try_from(bytes.len()).ok()?);
        let name_length = u16::try_from(name.len()).ok()?;
        // From "version needed" to "extra field length", as both headers have it.
        let mut common = Vec::new();
        for word in [20, UTF8, 0, 0, DATE] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        for word in [crc32(bytes), length, length] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        for word in [name_length, 0] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&common);
        // No comment, first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(files.len()).ok()?;
    let (at, length) = (u32::try_from(out.len()).ok()?, u32::try_from(directory.len()).ok()?);
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    u32::try_from(out.len()).ok().map(|_| out)
}
