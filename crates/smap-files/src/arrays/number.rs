//! Any HDF5 number as float64, and the element types' names.
//!
//! SMAP files mix float32, float64, signed and unsigned integers of every width, big-endian placeholders and enumerations.
//! Masks, flags and statistics need them all, so one decoder turns each into float64; every type in
//! SMAP files but 64-bit integers fits exactly.

use hdf5_reader::{ByteOrder, Datatype, H5Type, StringSize};

/// One element of any numeric type, as float64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub f64);

/// True where [`Number`] can decode the type.
pub(crate) fn is_numeric(datatype: &Datatype) -> bool {
    match datatype {
        Datatype::FixedPoint { size, .. } | Datatype::Bitfield { size, .. } => matches!(size, 1 | 2 | 4 | 8),
        Datatype::FloatingPoint { size, .. } => matches!(size, 2 | 4 | 8),
        Datatype::Enum { base, .. } => matches!(**base, Datatype::FixedPoint { size: 1 | 2 | 4 | 8, .. }),
        _ => false,
    }
}

/// True for whole numbers.
pub(crate) fn is_whole(datatype: &Datatype) -> bool {
    matches!(datatype, Datatype::FixedPoint { .. } | Datatype::Bitfield { .. } | Datatype::Enum { .. })
}

/// The type's name: numpy's where numpy has one.
pub(crate) fn type_name(datatype: &Datatype) -> String {
    match datatype {
        Datatype::FixedPoint { size, signed, .. } => {
            format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8)
        }
        Datatype::FloatingPoint { size, .. } => format!("float{}", u32::from(*size) * 8),
        Datatype::Bitfield { size, .. } => format!("bitfield{}", u32::from(*size) * 8),
        Datatype::String { size: StringSize::Fixed(n), .. } => format!("string({n})"),
        Datatype::String { .. } => "string".to_owned(),
        Datatype::VarLen { kind: hdf5_reader::VarLenKind::String, .. } => "string".to_owned(),
        Datatype::VarLen { base, .. } => format!("list of {}", type_name(base)),
        Datatype::Enum { base, .. } => format!("enum({})", type_name(base)),
        Datatype::Compound { fields, .. } => format!("compound of {} fields", fields.len()),
        Datatype::Array { base, dims } => format!("{}{dims:?}", type_name(base)),
        Datatype::Opaque { size, .. } => format!("opaque({size})"),
        Datatype::Reference { .. } => "reference".to_owned(),
    }
}

/// How numbers are stored that [`Number`] would misread, though it knows their size: not in all of their bits, or as floats of another make than
/// IEEE 754's (bfloat16, VAX). From the bytes of a datatype message, whose parsed form lacks it (HDF5 format specification, IV.A.2.d).
pub(crate) fn stored_otherwise(message: &[u8]) -> Option<String> {
    let two = |at: usize| Some(u16::from_le_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let size = u32::from_le_bytes(*message.get(4..8)?.first_chunk()?);
    let bits = size.saturating_mul(8);
    let (class, flags) = (message.first()? & 0x0f, *message.get(1)?);
    match class {
        0 | 4 => {
            let (offset, precision) = (two(8)?, two(10)?);
            (offset != 0 || u32::from(precision) != bits)
                .then(|| format!("whole numbers of {precision} bits within {bits}"))
        }
        1 => {
            let layout: [u8; 8] = *message.get(12..20)?.first_chunk()?;
            let (exponent, bias) = (layout[1], u32::from_le_bytes(*layout.last_chunk()?));
            let sign = *message.get(2)?;
            let ieee: Option<([u8; 4], u32, u8)> = match size {
                2 => Some(([10, 5, 0, 10], 15, 15)),
                4 => Some(([23, 8, 0, 23], 127, 31)),
                8 => Some(([52, 11, 0, 52], 1023, 63)),
                _ => None,
            };
            let (fields, of_bias, of_sign) = ieee?;
            let same = layout.first_chunk() == Some(&fields) && (bias, sign) == (of_bias, of_sign);
            let plain = two(8)? == 0 && u32::from(two(10)?) == bits && flags & 0x40 == 0;
            (!same || !plain).then(|| {
                format!("floats of {bits} bits, {exponent} of them of the exponent, which are not IEEE 754's")
            })
        }
        _ => None,
    }
}

fn little<const N: usize>(bytes: &[u8], order: ByteOrder) -> Option<[u8; N]> {
    let mut out: [u8; N] = bytes.get(..N)?.try_into().ok()?;
    if order == ByteOrder::BigEndian {
        out.reverse();
    }
    Some(out)
}

fn integer(bytes: &[u8], size: u8, signed: bool, order: ByteOrder) -> Option<f64> {
    Some(match (size, signed) {
        (1, false) => f64::from(u8::from_le_bytes(little(bytes, order)?)),
        (1, true) => f64::from(i8::from_le_bytes(little(bytes, order)?)),
        (2, false) => f64::from(u16::from_le_bytes(little(bytes, order)?)),
        (2, true) => f64::from(i16::from_le_bytes(little(bytes, order)?)),
        (4, false) => f64::from(u32::from_le_bytes(little(bytes, order)?)),
        (4, true) => f64::from(i32::from_le_bytes(little(bytes, order)?)),
        (8, false) => u64::from_le_bytes(little(bytes, order)?) as f64,
        (8, true) => i64::from_le_bytes(little(bytes, order)?) as f64,
        _ => return None,
    })
}

/// IEEE 754 half precision.
pub(crate) fn half_precision(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

fn decode(bytes: &[u8], datatype: &Datatype) -> Option<f64> {
    match datatype {
        Datatype::FixedPoint { size, signed, byte_order } => integer(bytes, *size, *signed, *byte_order),
        Datatype::Bitfield { size, byte_order } => integer(bytes, *size, false, *byte_order),
        Datatype::FloatingPoint { size: 2, byte_order } => {
            Some(half_precision(u16::from_le_bytes(little(bytes, *byte_order)?)))
        }
        Datatype::FloatingPoint { size: 4, byte_order } => {
            Some(f64::from(f32::from_le_bytes(little(bytes, *byte_order)?)))
        }
        Datatype::FloatingPoint { size: 8, byte_order } => {
            Some(f64::from_le_bytes(little(bytes, *byte_order)?))
        }
        Datatype::Enum { base, .. } => match **base {
            Datatype::FixedPoint { size, signed, byte_order } => integer(bytes, size, signed, byte_order),
            _ => None,
        },
        _ => None,
    }
}

impl H5Type for Number {
    fn hdf5_type() -> Datatype {
        Datatype::FloatingPoint { size: 8, byte_order: ByteOrder::LittleEndian }
    }

    fn from_bytes(bytes: &[u8], datatype: &Datatype) -> hdf5_reader::error::Result<Self> {
        decode(bytes, datatype).map(Self).ok_or_else(|| hdf5_reader::error::Error::TypeMismatch {
            expected: "a number".to_owned(),
            actual: type_name(datatype),
        })
    }

    fn element_size(datatype: &Datatype) -> usize {
        hdf5_reader::dtype_element_size(datatype).unwrap_or(0)
    }

    fn decode_vec(
        raw: &[u8],
        datatype: &Datatype,
        count: usize,
    ) -> Option<hdf5_reader::error::Result<Vec<Self>>> {
        // The types that fill almost every SMAP dataset, without a match per element.
        match datatype {
            Datatype::FloatingPoint { size: 4, byte_order: ByteOrder::LittleEndian }
                if raw.len() == count.checked_mul(4)? =>
            {
                Some(Ok(raw
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|b| Self(f64::from(f32::from_le_bytes(*b))))
                    .collect()))
            }
            Datatype::FixedPoint { size: 2, signed: false, byte_order: ByteOrder::LittleEndian }
                if raw.len() == count.checked_mul(2)? =>
            {
                Some(Ok(raw
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|b| Self(f64::from(u16::from_le_bytes(*b))))
                    .collect()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_stored_otherwise_are_told() {
        // float32, float16, int16 of HDF5, then bfloat16, 14 of 16 bits, VAX' order; as h5py writes them.
        let float32 = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
        let float16 = [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0];
        let int16 = [0x10, 8, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
        for plain in [&float32[..], &float16, &int16, &[], &[0x11], &[0x13, 0, 0, 0, 9, 0, 0, 0]] {
            assert_eq!(stored_otherwise(plain), None, "{plain:?}");
        }
        let bfloat16 = [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0];
        let fourteen = [0x10, 8, 0, 0, 2, 0, 0, 0, 2, 0, 14, 0];
        let vax = [0x11, 0x61, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
        for (message, words) in [
            (&bfloat16[..], "floats of 16 bits, 8 of them of the exponent"),
            (&fourteen, "whole numbers of 14 bits within 16"),
            (&vax, "not IEEE 754's"),
        ] {
            assert!(stored_otherwise(message).is_some_and(|text| text.contains(words)), "{words}");
        }
    }

    #[test]
    fn every_width_and_order_decodes() {
        let fixed = |size, signed, byte_order| Datatype::FixedPoint { size, signed, byte_order };
        let float = |size, byte_order| Datatype::FloatingPoint { size, byte_order };
        use ByteOrder::{BigEndian, LittleEndian};
        let cases: [(&[u8], Datatype, f64); 9] = [
            (&[0xfe], fixed(1, true, LittleEndian), -2.0),
            (&[0xfe, 0xff], fixed(2, false, LittleEndian), 65534.0),
            (&[0xff, 0xfe], fixed(2, false, BigEndian), 65534.0),
            (&[0xff, 0xff, 0xff, 0xfe], fixed(4, false, BigEndian), 4_294_967_294.0),
            (&(-9999i64).to_le_bytes(), fixed(8, true, LittleEndian), -9999.0),
            (&(-9999f32).to_be_bytes(), float(4, BigEndian), -9999.0),
            (&0.1f64.to_le_bytes(), float(8, LittleEndian), 0.1),
            (&[0x00, 0x3c], float(2, LittleEndian), 1.0),
            (&[0x01, 0x00], float(2, LittleEndian), 5.960_464_477_539_063e-8),
        ];
        for (bytes, datatype, expected) in cases {
            assert_eq!(decode(bytes, &datatype), Some(expected), "{}", type_name(&datatype));
            assert_eq!(
                decode(&bytes[..bytes.len() - 1], &datatype),
                None,
                "too short: {}",
                type_name(&datatype)
            );
        }
    }
}
