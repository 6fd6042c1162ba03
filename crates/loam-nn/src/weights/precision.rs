//! Rounding to fewer significant bits, so that weights take less of a transfer.
//!
//! The low bits of a trained float32's mantissa are noise: they change no score, and no compression finds anything in them. Rounded to
//! 11 significant bits, as float16 has, and still written as float32, every reader of the file works as before and brotli leaves out what
//! was zeroed.

/// Bits that float32 has: rounding to these changes nothing.
pub const WHOLE: u32 = 24;

/// `value` rounded to `bits` significant bits (2 to 24; others count as the nearest of these), ties to even. What would round beyond the
/// largest float32 becomes the largest number of that many bits, never infinite. Below float32's smallest normal number, 2^-126, the step
/// no longer shrinks with the number, as in every IEEE format. NaN and infinities stay.
#[must_use]
pub fn rounded(value: f32, bits: u32) -> f32 {
    let dropped = WHOLE - bits.clamp(2, WHOLE);
    if dropped == 0 || !value.is_finite() {
        return value;
    }
    // Sign and magnitude: adding to the bits of the magnitude walks through the numbers in order, a carry out of the mantissa being the
    // next power of two.
    let (sign, magnitude) = (value.to_bits() & 0x8000_0000, value.to_bits() & 0x7FFF_FFFF);
    let kept = !((1u32 << dropped) - 1);
    let odd = magnitude >> dropped & 1;
    let nearest = (magnitude + (1 << (dropped - 1)) - 1 + odd) & kept;
    let nearest = if nearest >= f32::INFINITY.to_bits() { f32::MAX.to_bits() & kept } else { nearest };
    f32::from_bits(sign | nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    /// The definition, in float64, which holds every product and quotient here exactly.
    fn defined(value: f32, bits: u32) -> f64 {
        let exact = f64::from(value);
        let exponent =
            if exact == 0.0 { -126 } else { ((exact.to_bits() >> 52 & 0x7FF) as i32 - 1023).max(-126) };
        let step = 2f64.powi(exponent - (bits as i32 - 1));
        (exact / step).round_ties_even() * step
    }

    #[test]
    fn equals_the_definition_for_every_kind_of_number() {
        let mut random = Random::new(5);
        for n in 0..300_000 {
            let value = f32::from_bits(random.next_u64() as u32);
            let bits = 2 + n % 23;
            if !value.is_finite() {
                assert_eq!(rounded(value, bits).to_bits(), value.to_bits());
                continue;
            }
            let (found, wanted) = (f64::from(rounded(value, bits)), defined(value, bits));
            if wanted.abs() <= f64::from(f32::MAX) {
                assert_eq!(found, wanted, "{value:e} to {bits} bits");
            } else {
                assert!(found.is_finite() && found.signum() == wanted.signum());
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_the_ends_of_the_range_hold() {
        // 11 bits at 1: steps of 2^-10.
        let step = 2f32.powi(-10);
        assert_eq!(rounded(1.0 + 0.5 * step, 11), 1.0);
        assert_eq!(rounded(1.0 + 1.5 * step, 11), 1.0 + 2.0 * step);
        assert_eq!(rounded(-1.0 - 1.5 * step, 11), -1.0 - 2.0 * step);
        assert_eq!(rounded(1.0 + 0.5 * step + f32::EPSILON, 11), 1.0 + step);
        // A carry out of the mantissa.
        assert_eq!(rounded(2.0 - f32::EPSILON, 11), 2.0);
        // Near overflow: the largest of 11 bits, not infinity.
        assert_eq!(rounded(f32::MAX, 11), (2.0 - step) * 2f32.powi(127));
        assert_eq!(rounded(f32::MIN, 11), -(2.0 - step) * 2f32.powi(127));
        // Subnormal numbers: steps of 2^-136, below half of which there is only 0, with its sign.
        let smallest = 2f32.powi(-126) * step;
        assert_eq!(rounded(1.5 * smallest, 11), 2.0 * smallest);
        assert_eq!(rounded(0.5 * smallest, 11), 0.0);
        assert_eq!(rounded(f32::from_bits(1), 11).to_bits(), 0);
        assert_eq!(rounded(-f32::from_bits(1), 11).to_bits(), (-0.0f32).to_bits());
        assert_eq!(rounded(f32::MIN_POSITIVE, 11), f32::MIN_POSITIVE);
        assert!(rounded(f32::NAN, 11).is_nan() && rounded(f32::INFINITY, 11) == f32::INFINITY);
        // Whole numbers stay, and twice is once.
        assert_eq!(rounded(0.1, WHOLE).to_bits(), 0.1f32.to_bits());
        assert_eq!(rounded(rounded(0.1, 11), 11).to_bits(), rounded(0.1, 11).to_bits());
    }

    #[test]
    fn eleven_bits_are_those_of_float16() {
        let mut random = Random::new(9);
        for _ in 0..100_000 {
            let value = random.symmetric(4.0);
            if value.abs() > 2f32.powi(-14) {
                assert_eq!(rounded(value, 11), burn::tensor::f16::from_f32(value).to_f32(), "{value:e}");
            }
        }
    }
}
