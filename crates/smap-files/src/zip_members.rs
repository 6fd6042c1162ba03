//! What is inside a zip archive, by the names alone: an archive is never unpacked here, but a refusal says what it holds.

use super::Source;

/// Members listed at most where the central directory has them.
const LISTED: usize = 1000;
/// Members listed at most where each must be looked for.
const WALKED: usize = 64;
/// Bytes of the central directory that are read.
const DIRECTORY_BYTES: u64 = 256 << 10;
/// Longest end record: 22 bytes and a comment.
const END_BYTES: u64 = 22 + 0xffff;

/// One file or folder of an archive.
pub(super) struct Member {
    /// Its path; that of a folder ends with `/`.
    pub name: String,
    /// Where its local header starts.
    pub at: u64,
}

/// The members in the central directory, or, where the archive is cut off or larger than 4 GB, the first ones.
pub(super) fn members(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let listed = directory(source)?;
    if listed.is_empty() { walk(source) } else { Ok(listed) }
}

/// The first bytes of a member's data, as stored.
pub(super) fn beginning(source: &dyn Source, member: &Member, bytes: usize) -> std::io::Result<Vec<u8>> {
    let header = read(source, member.at, 30)?;
    let skipped = 30
        + u64::from(u16_at(&header, 26).unwrap_or_default())
        + u64::from(u16_at(&header, 28).unwrap_or_default());
    read(source, member.at.saturating_add(skipped), bytes as u64)
}

fn directory(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let tail = read(source, source.len().saturating_sub(END_BYTES), END_BYTES)?;
    let place = || {
        let end = tail.windows(4).rposition(|w| w == b"PK\x05\x06")?;
        Some((u32_at(&tail, end + 16)?, u32_at(&tail, end + 12)?))
    };
    let Some((start, size)) = place() else { return Ok(Vec::new()) };
    let bytes = read(source, start.into(), u64::from(size).min(DIRECTORY_BYTES))?;
    let (mut members, mut rest) = (Vec::new(), bytes.as_slice());
    while rest.starts_with(b"PK\x01\x02") && members.len() < LISTED {
        let field = |at| u16_at(rest, at).map(usize::from);
        let (Some(name), Some(extra), Some(comment), Some(at)) =
            (field(28), field(30), field(32), u32_at(rest, 42))
        else {
            break;
        };
        let Some(text) = rest.get(46..46 + name) else { break };
        members.push(Member { name: String::from_utf8_lossy(text).into_owned(), at: at.into() });
        rest = rest.get(46 + name + extra + comment..).unwrap_or_default();
    }
    Ok(members)
}

/// From local header to local header, as far as these say how long their data are.
fn walk(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let (mut members, mut at) = (Vec::new(), 0u64);
    while members.len() < WALKED {
        let header = read(source, at, 30)?;
        let (Some(flags), Some(size), Some(name), Some(extra)) =
            (u16_at(&header, 6), u32_at(&header, 18), u16_at(&header, 26), u16_at(&header, 28))
        else {
            break;
        };
        let text = read(source, at.saturating_add(30), name.into())?;
        if !header.starts_with(b"PK\x03\x04") || text.len() < usize::from(name) {
            break;
        }
        members.push(Member { name: String::from_utf8_lossy(&text).into_owned(), at });
        // A length that follows the data, or one of 64 bits: the next header cannot be found from here.
        if size == u32::MAX || (flags & 8 != 0 && size == 0) {
            break;
        }
        at = at.saturating_add(30 + u64::from(name) + u64::from(extra) + u64::from(size));
    }
    Ok(members)
}

/// Up to `length` bytes from `at`, fewer where the file ends.
pub(super) fn read(source: &dyn Source, at: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let there = source.len().saturating_sub(at).min(length);
    let mut bytes = vec![0; usize::try_from(there).map_err(std::io::Error::other)?];
    if !bytes.is_empty() {
        source.read_at(at, &mut bytes)?;
    }
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
