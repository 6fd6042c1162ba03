//! Floats of 16 bits (IEEE 754 half precision, GDAL's `NBITS=16`). The decoder refuses them. Whole numbers of 16 bits lie alike in the file, and
//! both predictors undo alike, so the decoder is shown those: the sample format's numbers are laid over.

use tiff_reader::{ByteOrder, Ifd, TiffFile};

use crate::Source;

const TAG_SAMPLE_FORMAT: u16 = 339;
/// The field type of numbers of 16 bits.
const SHORT: u16 = 3;
/// Sample format of whole numbers without a sign.
const WHOLE: u16 = 1;
/// Sample format of floats.
pub(super) const FLOAT: u16 = 3;

/// Bytes that stand for those of the file at a place.
#[derive(Clone)]
pub(super) struct Overlay {
    at: u64,
    bytes: Vec<u8>,
}

impl Overlay {
    /// Lays them over what was read from `offset` on.
    pub(super) fn over(&self, offset: u64, read: &mut [u8]) {
        for (i, byte) in self.bytes.iter().enumerate() {
            let place = (self.at + i as u64).checked_sub(offset).and_then(|n| usize::try_from(n).ok());
            if let Some(place) = place.and_then(|n| read.get_mut(n)) {
                *place = *byte;
            }
        }
    }
}

/// True for an image of floats of so many bits, in all its bands.
pub(super) fn is_float_of(ifd: &Ifd, bits: u16) -> bool {
    let all = |values: Vec<u16>, value: u16| !values.is_empty() && values.iter().all(|v| *v == value);
    ifd.sample_format().is_ok_and(|formats| all(formats, FLOAT))
        && ifd.bits_per_sample().is_ok_and(|of| all(of, bits))
}

/// What lets the decoder take a directory's floats for whole numbers; `None` where its sample format stands in no usual way.
pub(super) fn overlay(file: &TiffFile, ifd: &Ifd, source: &dyn Source) -> Option<Overlay> {
    let big = file.is_bigtiff();
    let little = file.byte_order() == ByteOrder::LittleEndian;
    let read = |at: u64, bytes: usize| -> Option<u64> {
        let mut buffer = [0; 8];
        source.read_at(at, buffer.get_mut(..bytes)?).ok()?;
        let number = buffer.iter().take(bytes).enumerate().map(|(i, byte)| {
            let place = if little { i } else { bytes - 1 - i };
            u64::from(*byte) << (8 * place)
        });
        Some(number.sum())
    };
    let (count_bytes, entry_bytes, place_bytes) = if big { (8, 20, 8) } else { (2, 12, 4) };
    let first = ifd.offset().checked_add(count_bytes as u64)?;
    for entry in 0..read(ifd.offset(), count_bytes)?.min(4096) {
        let at = first.checked_add(entry * entry_bytes)?;
        if read(at, 2)? != u64::from(TAG_SAMPLE_FORMAT) {
            continue;
        }
        let count = usize::try_from(read(at + 4, place_bytes)?).ok()?;
        let value = at + 4 + place_bytes as u64;
        let short = read(at + 2, 2)? == u64::from(SHORT) && count <= usize::from(u16::MAX);
        let one = if little { WHOLE.to_le_bytes() } else { WHOLE.to_be_bytes() };
        let at = if 2 * count <= place_bytes { value } else { read(value, place_bytes)? };
        return short.then(|| Overlay { at, bytes: one.repeat(count) });
    }
    None
}
