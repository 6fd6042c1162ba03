//! Four `f32` at once: the vector of wasm's simd128, of SSE2, which every x86-64 processor has, and of NEON.

use super::simd::{self, Register};

/// F32x4 of a [`F32x4`].
pub const WIDTH: usize = 4;

/// Four `f32` in one SIMD register.
#[derive(Debug, Clone, Copy)]
pub struct F32x4(Register);

impl F32x4 {
    /// Four zeros.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// Four numbers.
    #[inline(always)]
    pub fn new(values: [f32; WIDTH]) -> Self {
        F32x4(simd::new(values))
    }

    /// The first four of a slice, which has as many.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let mut lanes = [0.0; WIDTH];
        lanes.copy_from_slice(&from[..WIDTH]);
        Self::new(lanes)
    }

    /// The first of a slice, zero where it is shorter than four.
    #[inline(always)]
    pub fn load_some(from: &[f32]) -> Self {
        let mut lanes = [0.0; WIDTH];
        for (lane, value) in lanes.iter_mut().zip(from) {
            *lane = *value;
        }
        Self::new(lanes)
    }

    /// One number four times.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        F32x4(simd::splat(value))
    }

    /// The four numbers.
    #[inline(always)]
    pub fn values(self) -> [f32; WIDTH] {
        simd::values(self.0)
    }

    /// Into the first four of a slice, which has as many.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        to[..WIDTH].copy_from_slice(&self.values());
    }

    /// Into as many as the slice has, four at most.
    #[inline(always)]
    pub fn store_some(self, to: &mut [f32]) {
        for (to, value) in to.iter_mut().zip(self.values()) {
            *to = value;
        }
    }

    /// `self + a * b`, rounded twice (there is no fused operation in simd128).
    #[inline(always)]
    pub fn add_product(self, a: F32x4, b: F32x4) -> Self {
        self + a * b
    }

    /// Where smaller than `floor`, `floor`. NaN stays.
    #[inline(always)]
    pub fn at_least(self, floor: F32x4) -> Self {
        F32x4(simd::at_least(self.0, floor.0))
    }

    /// Itself where `of` is above zero, zero elsewhere.
    #[inline(always)]
    pub fn where_positive(self, of: F32x4) -> Self {
        F32x4(simd::where_positive(self.0, of.0))
    }

    /// Itself times two to the n-th, where `of` is `n + 1.5 * 2^23`: what is left of adding that number is n, in the lowest bits.
    #[inline(always)]
    pub fn times_power_of_two(self, of: F32x4) -> Self {
        F32x4(simd::add_exponent(self.0, of.0))
    }

    /// The sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.values();
        (a + c) + (b + d)
    }

    /// Columns of four rows.
    #[inline(always)]
    pub fn transpose(rows: [F32x4; WIDTH]) -> [F32x4; WIDTH] {
        simd::transpose(rows.map(|row| row.0)).map(F32x4)
    }

    /// F32x4 1, 2 and 3, then the first lane of what follows.
    #[inline(always)]
    pub fn shifted(self, next: F32x4) -> Self {
        F32x4(simd::shifted(self.0, next.0))
    }

    /// What a kernel's three columns see of these four pixels and the next: they, and they moved by one and by two pixels.
    ///
    /// Three loads would do, but LLVM then shares scalars between them and puts the vectors together lane by lane.
    #[inline(always)]
    pub fn windows(self, next: F32x4) -> [F32x4; 3] {
        [self, self.shifted(next), F32x4(simd::shifted_twice(self.0, next.0))]
    }
}

/// Makes every number of `to` from itself and the one of `from` in its place. The worker is linked for size: a plain loop stays one number
/// at a time there.
#[inline(always)]
pub fn combine(to: &mut [f32], from: &[f32], of: impl Fn(F32x4, F32x4) -> F32x4) {
    let ((to, to_rest), (from, rest)) = (to.as_chunks_mut::<WIDTH>(), from.as_chunks::<WIDTH>());
    for (to, from) in to.iter_mut().zip(from) {
        *to = of(F32x4::new(*to), F32x4::new(*from)).values();
    }
    of(F32x4::load_some(to_rest), F32x4::load_some(rest)).store_some(to_rest);
}

impl std::ops::Add for F32x4 {
    type Output = F32x4;
    #[inline(always)]
    fn add(self, other: F32x4) -> F32x4 {
        F32x4(simd::add(self.0, other.0))
    }
}

impl std::ops::Sub for F32x4 {
    type Output = F32x4;
    #[inline(always)]
    fn sub(self, other: F32x4) -> F32x4 {
        F32x4(simd::sub(self.0, other.0))
    }
}

impl std::ops::Mul for F32x4 {
    type Output = F32x4;
    #[inline(always)]
    fn mul(self, other: F32x4) -> F32x4 {
        F32x4(simd::mul(self.0, other.0))
    }
}

impl std::ops::Div for F32x4 {
    type Output = F32x4;
    #[inline(always)]
    fn div(self, other: F32x4) -> F32x4 {
        F32x4(simd::div(self.0, other.0))
    }
}

impl std::ops::Mul<f32> for F32x4 {
    type Output = F32x4;
    #[inline(always)]
    fn mul(self, factor: f32) -> F32x4 {
        self * F32x4::splat(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation is what it says, lane by lane, whatever stands behind it on this processor.
    #[test]
    fn operations_are_those_of_their_lanes() {
        let (a, b) = ([1.5, -2.0, f32::NAN, 0.0], [-3.0, 4.25, 0.5, f32::INFINITY]);
        let (lanes_a, lanes_b) = (F32x4::new(a), F32x4::new(b));
        let each = |of: fn(f32, f32) -> f32| [0, 1, 2, 3].map(|n: usize| of(a[n], b[n]).to_bits());
        let bits = |lanes: F32x4| lanes.values().map(f32::to_bits);
        assert_eq!(bits(lanes_a + lanes_b), each(|a, b| a + b));
        assert_eq!(bits(lanes_a - lanes_b), each(|a, b| a - b));
        assert_eq!(bits(lanes_b * lanes_b), [9.0f32, 18.0625, 0.25, f32::INFINITY].map(f32::to_bits));
        assert_eq!(
            bits(lanes_b / F32x4::splat(2.0)),
            [-1.5f32, 2.125, 0.25, f32::INFINITY].map(f32::to_bits)
        );
        let powers = F32x4::new([0.0, 1.0, -3.0, 20.0]) + F32x4::splat(12_582_912.0);
        assert_eq!(F32x4::splat(1.25).times_power_of_two(powers).values(), [1.25, 2.5, 0.15625, 1_310_720.0]);
        assert_eq!(
            bits(F32x4::splat(7.0).add_product(lanes_b, F32x4::splat(2.0))),
            [1.0f32, 15.5, 8.0, f32::INFINITY].map(f32::to_bits)
        );
        let floored = lanes_a.at_least(F32x4::splat(0.25)).values();
        assert!(floored[2].is_nan(), "NaN was taken for the floor");
        assert_eq!([floored[0], floored[1], floored[3]], [1.5, 0.25, 0.25]);
        assert_eq!(lanes_b.where_positive(lanes_a).values(), [-3.0, 0.0, 0.0, 0.0]);
        assert_eq!(lanes_b.where_positive(lanes_b).values(), [0.0, 4.25, 0.5, f32::INFINITY]);
    }

    /// Of every length, the last numbers too.
    #[test]
    fn slices_are_combined_number_by_number() {
        for length in 0..11 {
            let from: Vec<f32> = (0..length).map(|n| n as f32 + 0.5).collect();
            let mut to: Vec<f32> = (0..length).map(|n| 10.0 * n as f32).collect();
            combine(&mut to, &from, |to, from| to - from);
            assert_eq!(to, (0..length).map(|n| 9.0 * n as f32 - 0.5).collect::<Vec<f32>>());
        }
    }

    #[test]
    fn lanes_shift_left_and_transpose() {
        let rows = [0.0, 10.0, 20.0, 30.0].map(|ten: f32| F32x4::new([ten, ten + 1.0, ten + 2.0, ten + 3.0]));
        assert_eq!(rows[0].shifted(rows[1]).values(), [1.0, 2.0, 3.0, 10.0]);
        assert_eq!(rows[0].windows(rows[1]).map(F32x4::values)[2], [2.0, 3.0, 10.0, 11.0]);
        let transposed = F32x4::transpose(rows).map(F32x4::values);
        assert_eq!(transposed, [0.0, 1.0, 2.0, 3.0].map(|n: f32| [n, n + 10.0, n + 20.0, n + 30.0]));
        assert_eq!(F32x4::load_some(&[1.0, 2.0]).values(), [1.0, 2.0, 0.0, 0.0]);
        assert_eq!(F32x4::new([1.0, 2.0, 4.0, 8.0]).sum(), 15.0);
    }
}
