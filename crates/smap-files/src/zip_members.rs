//! What is inside a zip archive, by its own lists: names, places, sizes. Nothing is unpacked here.

use crate::Source;

/// Members listed at most where the central directory has them: an order of ten years of days has 20,000 files.
const LISTED: usize = 100_000;
/// Members listed at most where each must be looked for.
const WALKED: usize = 64;
/// Bytes of the central directory that are read.
const DIRECTORY_BYTES: u64 = 32 << 20;
/// End record without its comment.
const END: u64 = 22;
/// Longest end record.
const END_BYTES: u64 = END + 0xffff;
/// The field is in the record of 64 bits.
const IN_64_BITS: u32 = u32::MAX;

/// One file or folder of an archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Its path; that of a folder ends with `/`.
    pub name: String,
    /// Where its local header starts.
    pub at: u64,
    /// General purpose bits: 0 for encrypted, 3 for lengths behind the data.
    pub flags: u16,
    /// 0 stored, 8 deflated.
    pub method: u16,
    /// CRC-32 of the data.
    pub crc: u32,
    /// Bytes as stored.
    pub packed: u64,
    /// Bytes of the file itself.
    pub size: u64,
}

/// The members in the central directory, or, where the archive is cut off, the first ones.
pub(super) fn members(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let listed = directory(source)?;
    if listed.is_empty() { walk(source) } else { Ok(listed) }
}

/// The first bytes of a member's data, as stored.
pub(super) fn beginning(source: &dyn Source, member: &Member, bytes: usize) -> std::io::Result<Vec<u8>> {
    match data(source, member)? {
        Some(start) => read(source, start, bytes as u64),
        None => Ok(Vec::new()),
    }
}

/// Where a member's data start; none where its header is not there.
pub(super) fn data(source: &dyn Source, member: &Member) -> std::io::Result<Option<u64>> {
    let header = read(source, member.at, 30)?;
    let (Some(name), Some(extra)) = (u16_at(&header, 26), u16_at(&header, 28)) else { return Ok(None) };
    let there = header.starts_with(b"PK\x03\x04");
    Ok(there.then(|| member.at.saturating_add(30 + u64::from(name) + u64::from(extra))))
}

/// The members in the central directory, at the archive's end. Empty where there is none: the archive is cut off or empty.
pub(super) fn directory(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let from = source.len().saturating_sub(END_BYTES);
    let tail = read(source, from, END_BYTES)?;
    let Some(end) = tail.windows(4).rposition(|w| w == b"PK\x05\x06") else { return Ok(Vec::new()) };
    let (Some(size), Some(start)) = (u32_at(&tail, end + 12), u32_at(&tail, end + 16)) else {
        return Ok(Vec::new());
    };
    let mut behind = from + end as u64;
    let (mut size, mut start) = (u64::from(size), u64::from(start));
    if let Some((at, size_64, start_64)) = in_64_bits(source, behind)? {
        (behind, size, start) = (at, size_64, start_64);
    }
    // A program that unpacks itself stands before the archive, whose own places do not count it.
    let mut before = 0;
    let mut bytes = read(source, start, size.min(DIRECTORY_BYTES))?;
    if !bytes.starts_with(b"PK\x01\x02") {
        let begins = behind.saturating_sub(size);
        before = begins.saturating_sub(start);
        bytes = read(source, begins, size.min(DIRECTORY_BYTES))?;
    }
    let (mut members, mut rest) = (Vec::new(), bytes.as_slice());
    while rest.starts_with(b"PK\x01\x02") && members.len() < LISTED {
        let Some((member, length)) = listed(rest, before) else { break };
        members.push(member);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(members)
}

/// Where the end record of 64 bits stands, and the directory's size and place in it; none in archives below 4 GB.
fn in_64_bits(source: &dyn Source, end: u64) -> std::io::Result<Option<(u64, u64, u64)>> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    let locator = read(source, at, 20)?;
    let Some(at) = u64_at(&locator, 8).filter(|_| locator.starts_with(b"PK\x06\x07")) else {
        return Ok(None);
    };
    let record = read(source, at, 56)?;
    let place = u64_at(&record, 40).zip(u64_at(&record, 48));
    Ok(place.filter(|_| record.starts_with(b"PK\x06\x06")).map(|(size, start)| (at, size, start)))
}

/// The first entry of a directory, and its length.
fn listed(entry: &[u8], before: u64) -> Option<(Member, usize)> {
    let length = |at| u16_at(entry, at).map(usize::from);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let text = entry.get(46..46 + name)?;
    let mut member = Member {
        name: String::from_utf8_lossy(text).into_owned(),
        flags: u16_at(entry, 8)?,
        method: u16_at(entry, 10)?,
        crc: u32_at(entry, 16)?,
        packed: u64::from(u32_at(entry, 20)?),
        size: u64::from(u32_at(entry, 24)?),
        at: u64::from(u32_at(entry, 42)?),
    };
    // Fields that do not fit into 32 bits, in this order, and only those.
    let mut wide = field(entry.get(46 + name..46 + name + extra).unwrap_or_default(), 1);
    for value in [&mut member.size, &mut member.packed, &mut member.at] {
        if *value == u64::from(IN_64_BITS) {
            let Some((number, rest)) = wide.split_first_chunk::<8>() else { break };
            (*value, wide) = (u64::from_le_bytes(*number), rest);
        }
    }
    member.at = member.at.saturating_add(before);
    Some((member, 46 + name + extra + comment))
}

/// The data of one of the extra fields; empty where it is not there.
fn field(mut extra: &[u8], wanted: u16) -> &[u8] {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        if id == wanted {
            return extra.get(4..end).unwrap_or_default();
        }
        extra = extra.get(end..).unwrap_or_default();
    }
    &[]
}

/// From local header to local header, as far as these say how long their data are.
fn walk(source: &dyn Source) -> std::io::Result<Vec<Member>> {
    let (mut members, mut at) = (Vec::new(), 0u64);
    while members.len() < WALKED {
        let header = read(source, at, 30)?;
        let (Some(flags), Some(method), Some(crc), Some(packed), Some(size), Some(name), Some(extra)) = (
            u16_at(&header, 6),
            u16_at(&header, 8),
            u32_at(&header, 14),
            u32_at(&header, 18),
            u32_at(&header, 22),
            u16_at(&header, 26),
            u16_at(&header, 28),
        ) else {
            break;
        };
        let text = read(source, at.saturating_add(30), name.into())?;
        if !header.starts_with(b"PK\x03\x04") || text.len() < usize::from(name) {
            break;
        }
        members.push(Member {
            name: String::from_utf8_lossy(&text).into_owned(),
            at,
            flags,
            method,
            crc,
            packed: packed.into(),
            size: size.into(),
        });
        // A length that follows the data, or one of 64 bits: the next header cannot be found from here.
        if packed == IN_64_BITS || (flags & 8 != 0 && packed == 0) {
            break;
        }
        at = at.saturating_add(30 + u64::from(name) + u64::from(extra) + u64::from(packed));
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

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
