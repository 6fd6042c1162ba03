//! Compressions of HDF5 chunks beyond those that the reader brings: Zstandard and LZF. Others are refused by name.

use std::io::Read;

use hdf5_reader::FilterRegistry;
use hdf5_reader::error::Error;

/// Numbers that the HDF Group registered.
const LZF: u16 = 32000;
const ZSTANDARD: u16 = 32015;
/// Names of compressions, for refusals.
const NAMES: [(u16, &str); 10] = [
    (307, "bzip2"),
    (LZF, "LZF"),
    (32001, "Blosc"),
    (32004, "LZ4"),
    (32008, "Bitshuffle"),
    (32013, "ZFP"),
    (ZSTANDARD, "Zstandard"),
    (32017, "SZ"),
    (32019, "FPZIP"),
    (32026, "Blosc2"),
];

/// The reader's own filters and ours; no chunk may unpack to more than `limit` bytes.
pub(crate) fn registry(limit: usize) -> FilterRegistry {
    let mut registry = FilterRegistry::new();
    registry.register(
        ZSTANDARD,
        Box::new(move |_, data, _| {
            let failed = |why: String| Error::DecompressionError(format!("Zstandard: {why}"));
            let decoder = ruzstd::decoding::StreamingDecoder::new(data).map_err(|e| failed(e.to_string()))?;
            let mut out = Vec::new();
            decoder.take(limit as u64 + 1).read_to_end(&mut out).map_err(|e| failed(e.to_string()))?;
            if out.len() > limit {
                Err(failed(format!("a chunk of more than {limit} bytes")))
            } else {
                Ok(out)
            }
        }),
    );
    registry.register(
        LZF,
        Box::new(move |_, data, _| {
            lzf(data, limit).ok_or_else(|| Error::DecompressionError("LZF: the chunk is damaged".to_owned()))
        }),
    );
    registry
}

/// Name of a compression by what the reader says of it: `filter id 32001`.
pub(crate) fn named(refusal: &str) -> Option<&'static str> {
    let id: u16 = refusal.rsplit("filter id ").next()?.trim_end_matches(')').trim().parse().ok()?;
    NAMES.iter().find(|(number, _)| *number == id).map(|(_, name)| *name)
}

/// LZF as h5py writes it (liblzf): runs of literals, and copies of what was written before.
fn lzf(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let control = usize::from(*data.get(at)?);
        at += 1;
        if control < 32 {
            out.extend_from_slice(data.get(at..at + control + 1)?);
            at += control + 1;
        } else {
            let mut length = control >> 5;
            if length == 7 {
                length += usize::from(*data.get(at)?);
                at += 1;
            }
            let back = ((control & 31) << 8) + usize::from(*data.get(at)?) + 1;
            at += 1;
            let start = out.len().checked_sub(back)?;
            for i in start..start + length + 2 {
                out.push(*out.get(i)?);
            }
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lzf_copies_what_was_written() {
        // "abc", then 6 bytes from 3 back.
        assert_eq!(lzf(&[2, b'a', b'b', b'c', 4 << 5, 2], 100).as_deref(), Some(&b"abcabcabc"[..]));
        assert_eq!(lzf(&[1 << 5, 200], 100), None, "nothing stands there");
        assert_eq!(lzf(&[4 << 5], 100), None, "cut off");
        assert_eq!(named("unsupported filter: filter id 32001"), Some("Blosc"));
    }
}
