//! Random numbers that depend on nothing but their address, and the few functions around them that must give the same bits
//! natively and on wasm.
//!
//! Noise here is a hash of (seed, stream, day, column, row) instead of a sequence: a cell's noise does not depend on how large
//! the window around it is or which days were made before. The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
//!
//! `f64::exp` and `f64::cos` come from the platform's mathematical library, whose last bit differs between platforms; [`exp`] and
//! [`cos_turns`] use additions and multiplications only, which IEEE 754 defines exactly.

/// Golden ratio times 2^64: the increment of SplitMix64.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A stream of noise: seed, purpose and day folded into one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The stream of a purpose (any constant number) under a seed.
    #[must_use]
    pub const fn new(seed: u64, purpose: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(GAMMA)).wrapping_add(purpose.wrapping_mul(GAMMA))))
    }

    /// The stream's part for one day (any whole number).
    #[must_use]
    pub const fn day(self, day: i64) -> Self {
        Self(mix(self.0.wrapping_add((day as u64).wrapping_mul(0xD1B5_4A32_D192_ED03)).wrapping_add(GAMMA)))
    }

    /// 64 random bits at a place.
    #[must_use]
    pub const fn bits(self, column: i64, row: i64) -> u64 {
        mix(self.0 ^ mix((column as u64).wrapping_mul(GAMMA) ^ mix(row as u64 ^ 0xA076_1D64_78BD_642F)))
    }

    /// Uniform in 0..1 (1 excluded), 53 bits.
    #[must_use]
    pub fn uniform(self, column: i64, row: i64) -> f64 {
        (self.bits(column, row) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normal, mean 0, variance 1: the sum of twelve uniform numbers of 16 bits less its mean (Irwin-Hall), so never beyond +-6.
    #[must_use]
    pub fn normal(self, column: i64, row: i64) -> f32 {
        let mut word = self.bits(column, row);
        let mut sum = 0u64;
        for _ in 0..3 {
            sum += (word & 0xFFFF) + ((word >> 16) & 0xFFFF) + ((word >> 32) & 0xFFFF) + (word >> 48);
            word = mix(word.wrapping_add(GAMMA));
        }
        // Each uniform takes the values 0..=65535, mean 32767.5; twelve of them have unit variance per 65536 squared.
        ((sum as f64 - 12.0 * 32_767.5) / 65_536.0) as f32
    }
}

/// SplitMix64 as a sequence, for jobs that draw one number after another (the bootstrap).
#[derive(Debug, Clone)]
pub struct Sequence(u64);

impl Sequence {
    /// A sequence from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A whole number below `count` (0 for a count of 0 or 1); the bias of the multiplication is below count / 2^64.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }
}

/// e^x for x in -700..700, relative error below 1e-15; the same bits everywhere.
#[must_use]
pub fn exp(x: f64) -> f64 {
    const LN2: f64 = std::f64::consts::LN_2;
    let k = (x.clamp(-700.0, 700.0) / LN2).round();
    let r = x.clamp(-700.0, 700.0) - k * LN2;
    // Taylor series in Horner's form; |r| <= 0.35, so the 14th term is below 1e-17.
    let mut sum = 1.0;
    for n in (1..=14u32).rev() {
        sum = 1.0 + r * sum / f64::from(n);
    }
    sum * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// Cosine of an angle in turns (1 = 360 degrees), error below 1e-12; the same bits everywhere.
#[must_use]
pub fn cos_turns(turns: f64) -> f64 {
    // Distance to the nearest whole turn, 0..0.5; the second half mirrors the first.
    let t = (turns - turns.round()).abs();
    let (t, sign) = if t > 0.25 { (0.5 - t, -1.0) } else { (t, 1.0) };
    let x2 = (t * std::f64::consts::TAU) * (t * std::f64::consts::TAU);
    let mut sum = 1.0;
    for n in (1..=9u32).rev() {
        sum = 1.0 - x2 * sum / f64::from((2 * n - 1) * (2 * n));
    }
    sign * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_the_platform() {
        for i in -4000..4000 {
            let x = f64::from(i) * 0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-14, "exp {x}");
            assert!((cos_turns(x * 0.1) - (x * 0.1 * std::f64::consts::TAU).cos()).abs() < 1e-11, "cos {x}");
        }
    }

    /// The published first outputs of SplitMix64 for seed 1234567.
    #[test]
    fn the_sequence_is_splitmix64() {
        let mut s = Sequence::new(1_234_567);
        assert_eq!(s.bits(), 6_457_827_717_110_365_317);
        assert_eq!(s.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn normals_have_mean_0_and_variance_1_and_neighbours_are_independent() {
        let key = Key::new(7, 1).day(3);
        let (mut sum, mut squares, mut product) = (0f64, 0f64, 0f64);
        let n = 400i64;
        for row in 0..n {
            for column in 0..n {
                let a = f64::from(key.normal(column, row));
                sum += a;
                squares += a * a;
                product +=
                    a * f64::from(key.normal(column + 1, row)) + a * f64::from(key.normal(column, row + 1));
            }
        }
        let count = (n * n) as f64;
        assert!((sum / count).abs() < 0.01, "mean {}", sum / count);
        assert!((squares / count - 1.0).abs() < 0.01, "variance {}", squares / count);
        assert!((product / (2.0 * count)).abs() < 0.01, "correlation {}", product / (2.0 * count));
    }
}
