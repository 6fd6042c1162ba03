//! A tensor as it lies in a file: numbers of some type, at an offset and with strides, in bytes that someone else wrote. Nothing is read
//! before its place is checked against those bytes.

use std::collections::BTreeMap;

use burn::tensor::{bf16, f16};

use crate::Mismatch;

/// Types of number. Only floating-point ones become weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    F32,
    F64,
    F16,
    BF16,
    /// Any other: its name for the table of mismatches, and its width in bytes.
    Other(&'static str, usize),
}

impl Number {
    /// From the name of PyTorch's storage class.
    pub fn from_storage(class: &str) -> Option<Self> {
        Some(match class {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::Other("I64", 8),
            "IntStorage" => Self::Other("I32", 4),
            "ShortStorage" => Self::Other("I16", 2),
            "CharStorage" => Self::Other("I8", 1),
            "ByteStorage" => Self::Other("U8", 1),
            "BoolStorage" => Self::Other("BOOL", 1),
            "ComplexFloatStorage" => Self::Other("C64", 8),
            "ComplexDoubleStorage" => Self::Other("C128", 16),
            _ => return None,
        })
    }

    /// Bytes of one.
    pub fn width(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::F16 | Self::BF16 => 2,
            Self::Other(_, width) => width,
        }
    }

    /// PyTorch's name of a type that is converted to float32.
    pub fn converted_from(self) -> Option<&'static str> {
        match self {
            Self::F64 => Some("float64"),
            Self::F16 => Some("float16"),
            Self::BF16 => Some("bfloat16"),
            Self::F32 | Self::Other(..) => None,
        }
    }

    /// `None` where it is no floating-point number or the bytes are not all there.
    fn decode(self, bytes: &[u8]) -> Option<f32> {
        match self {
            Self::F32 => bytes.first_chunk().map(|bytes| f32::from_le_bytes(*bytes)),
            // Beyond float32's range: infinite, which the table of mismatches names.
            Self::F64 => bytes.first_chunk().map(|bytes| f64::from_le_bytes(*bytes) as f32),
            Self::F16 => bytes.first_chunk().map(|bytes| f16::from_le_bytes(*bytes).to_f32()),
            Self::BF16 => bytes.first_chunk().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()),
            Self::Other(..) => None,
        }
    }
}

/// Shape, type and place of one tensor in `bytes` (little-endian).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored<'a> {
    number: Number,
    shape: Vec<usize>,
    /// Of the first number, counted in numbers.
    offset: usize,
    /// From one index to the next along each axis, counted in numbers.
    strides: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Stored<'a> {
    /// Row by row from the start of the bytes. `None` where these are too few.
    pub fn contiguous(number: Number, shape: &[usize], bytes: &'a [u8]) -> Option<Self> {
        let mut strides = vec![1usize; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].checked_mul(shape[axis])?;
        }
        Self::strided(number, shape, 0, &strides, bytes)
    }

    /// `None` where strides and shape differ in length or any number lies outside the bytes.
    pub fn strided(
        number: Number,
        shape: &[usize],
        offset: usize,
        strides: &[usize],
        bytes: &'a [u8],
    ) -> Option<Self> {
        (shape.len() == strides.len()).then_some(())?;
        if !shape.contains(&0) {
            let steps = shape
                .iter()
                .zip(strides)
                .try_fold(offset, |at, (size, stride)| at.checked_add((size - 1).checked_mul(*stride)?))?;
            (steps.checked_add(1)?.checked_mul(number.width())? <= bytes.len()).then_some(())?;
        }
        Some(Self { number, shape: shape.to_vec(), offset, strides: strides.to_vec(), bytes })
    }

    /// Type of the numbers.
    pub fn number(&self) -> Number {
        self.number
    }

    /// Its shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Row-major, as float32; zeros where [`Number::Other`]. As long as the shape says, whatever the bytes hold (strides may be 0): check
    /// the shape against what is expected first.
    pub fn values(&self) -> Vec<f32> {
        let length = self.shape.iter().product();
        let mut index = vec![0; self.shape.len()];
        let mut values = Vec::with_capacity(length);
        for _ in 0..length {
            let place: usize = self.offset
                + index.iter().zip(&self.strides).map(|(index, stride)| index * stride).sum::<usize>();
            let bytes = self.bytes.get(place * self.number.width()..).unwrap_or_default();
            values.push(self.number.decode(bytes).unwrap_or_default());
            for (index, size) in index.iter_mut().zip(&self.shape).rev() {
                *index += 1;
                if *index < *size {
                    break;
                }
                *index = 0;
            }
        }
        values
    }
}

/// What a file holds, before it is checked against the network.
#[derive(Debug, Default)]
pub(crate) struct Contents<'a> {
    /// By the file's own names.
    pub tensors: BTreeMap<String, Stored<'a>>,
    /// As in the file.
    pub metadata: BTreeMap<String, String>,
    /// What the file is, in words.
    pub source: String,
    /// Entries among the tensors that are none.
    pub rows: Vec<Mismatch>,
}
