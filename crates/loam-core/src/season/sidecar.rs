//! The dates of a season that are done, in a file beside the output: what was interrupted resumes there.
//!
//! A head, then a record a date, each with its length and checksum. A record that was cut off is not there; a head of other inputs, rules
//! or weights makes the file void.

use super::SeasonDay;
use crate::iso_date;

const MAGIC: &[u8; 8] = b"LOAMSEA1";

/// The beginning of the file: `key` is whatever decides on the maps (inputs, method, weights, rules, region).
#[must_use]
pub fn head(key: &str) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&(key.len() as u32).to_le_bytes());
    head.extend_from_slice(key.as_bytes());
    head
}

/// The record of a date.
#[must_use]
pub fn record(day: &SeasonDay) -> Vec<u8> {
    let mut body = Vec::with_capacity(16 + day.values.len() * 10);
    let date = iso_date::text(&day.date);
    body.push(date.len() as u8);
    body.extend_from_slice(date.as_bytes());
    body.push(u8::from(day.half_width.is_some()) | u8::from(day.simulated) << 1);
    let files = day.files.join("\n");
    body.extend_from_slice(&(files.len() as u32).to_le_bytes());
    body.extend_from_slice(files.as_bytes());
    for value in day.values.iter().chain(day.half_width.iter().flatten()) {
        body.extend_from_slice(&value.to_le_bytes());
    }
    for bits in &day.flags {
        body.extend_from_slice(&bits.to_le_bytes());
    }
    let mut record = (body.len() as u32).to_le_bytes().to_vec();
    record.extend_from_slice(&checksum(&body).to_le_bytes());
    record.extend_from_slice(&body);
    record
}

/// What a file holds: the dates that are whole, and how many of its bytes they take with the head. `None` where it was begun with another
/// key, or is no such file.
#[must_use]
pub fn read(bytes: &[u8], key: &str, cells: usize) -> Option<(Vec<SeasonDay>, usize)> {
    let head = head(key);
    let mut rest = bytes.strip_prefix(head.as_slice())?;
    let (mut days, mut used) = (Vec::new(), head.len());
    while let Some((day, length)) = whole(rest, cells) {
        days.push(day);
        used += length;
        rest = rest.get(length..).unwrap_or_default();
    }
    Some((days, used))
}

fn whole(bytes: &[u8], cells: usize) -> Option<(SeasonDay, usize)> {
    let mut reader = Reader(bytes);
    let (length, sum) = (reader.u32()? as usize, reader.u32()?);
    let body = reader.take(length)?;
    if checksum(body) != sum {
        return None;
    }
    let mut body = Reader(body);
    let length = usize::from(*body.take(1)?.first()?);
    let date = iso_date::parse(std::str::from_utf8(body.take(length)?).ok()?)?;
    let marks = *body.take(1)?.first()?;
    let length = body.u32()? as usize;
    let files = std::str::from_utf8(body.take(length)?).ok()?;
    let files = files.split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let values = body.floats(cells)?;
    let half_width = if marks & 1 == 1 { Some(body.floats(cells)?) } else { None };
    let bits = body.take(2 * cells)?.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
    let day = SeasonDay { date, values, half_width, flags: bits, files, simulated: marks & 2 == 2 };
    (body.0.is_empty()).then(|| (day, bytes.len() - reader.0.len()))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn floats(&mut self, n: usize) -> Option<Vec<f32>> {
        let bytes = self.take(n.checked_mul(4)?)?;
        Some(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

/// FNV-1a: guards against a record cut off, not against ill will.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn day(date: &str, half_width: bool) -> SeasonDay {
        SeasonDay {
            date: date.parse().unwrap(),
            values: vec![0.1, 0.25, 0.3],
            half_width: half_width.then(|| vec![0.04, 0.05, 0.06]),
            flags: vec![0, 2, 2048],
            files: vec!["a.h5".into(), "b c.tif".into()],
            simulated: half_width,
        }
    }

    #[test]
    fn days_come_back_and_what_was_cut_off_does_not() {
        let days = [day("2018-01-01", false), day("2018-01-03", true)];
        let mut bytes = head("key");
        let mut ends = vec![bytes.len()];
        for day in &days {
            bytes.extend(record(day));
            ends.push(bytes.len());
        }
        assert_eq!(read(&bytes, "key", 3).unwrap(), (days.to_vec(), bytes.len()));
        for cut in ends[0]..bytes.len() {
            let (found, used) = read(&bytes[..cut], "key", 3).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!((found.as_slice(), used), (&days[..whole], ends[whole]), "cut at {cut}");
        }
        let mut damaged = bytes.clone();
        damaged[ends[0] + 30] ^= 1;
        assert_eq!(read(&damaged, "key", 3).unwrap(), (Vec::new(), ends[0]));
        assert_eq!(read(&bytes, "another", 3), None);
        assert_eq!(read(b"PK", "key", 3), None);
        assert!(read(&bytes, "key", 4).unwrap().0.is_empty(), "maps of another size are none of this season");
    }
}
