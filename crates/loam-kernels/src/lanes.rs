//! Four `f32` at once: the vector of wasm's simd128, of SSE2, which every x86-64 processor has, and of NEON.

use super::four::{self, Four};

/// Lanes of a [`Lanes`].
pub const WIDTH: usize = 4;

/// Four numbers that are computed with alike.
#[derive(Debug, Clone, Copy)]
pub struct Lanes(Four);

impl Lanes {
    /// Four zeros.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// Four numbers.
    #[inline(always)]
    pub fn new(values: [f32; WIDTH]) -> Self {
        Lanes(four::new(values))
    }

    /// The first four of a slice, which has as many.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let from = &from[..WIDTH];
        Self::new([from[0], from[1], from[2], from[3]])
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
        Lanes(four::splat(value))
    }

    /// The four numbers.
    #[inline(always)]
    pub fn values(self) -> [f32; WIDTH] {
        four::values(self.0)
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
    pub fn add_product(self, a: Lanes, b: Lanes) -> Self {
        self + a * b
    }

    /// Where smaller than `floor`, `floor`. NaN stays.
    #[inline(always)]
    pub fn at_least(self, floor: Lanes) -> Self {
        Lanes(four::at_least(self.0, floor.0))
    }

    /// Itself where `of` is above zero, zero elsewhere.
    #[inline(always)]
    pub fn where_positive(self, of: Lanes) -> Self {
        Lanes(four::where_positive(self.0, of.0))
    }

    /// The sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.values();
        (a + c) + (b + d)
    }

    /// Columns of four rows.
    #[inline(always)]
    pub fn transpose(rows: [Lanes; WIDTH]) -> [Lanes; WIDTH] {
        four::transpose(rows.map(|row| row.0)).map(Lanes)
    }

    /// Lanes 1, 2 and 3, then the first lane of what follows.
    #[inline(always)]
    pub fn shifted(self, next: Lanes) -> Self {
        Lanes(four::shifted(self.0, next.0))
    }

    /// What a kernel's three columns see of these four pixels and the next: they, and they moved by one and by two pixels.
    ///
    /// Three loads would do, but LLVM then shares scalars between them and puts the vectors together lane by lane.
    #[inline(always)]
    pub fn windows(self, next: Lanes) -> [Lanes; 3] {
        [self, self.shifted(next), Lanes(four::shifted_twice(self.0, next.0))]
    }
}

impl std::ops::Add for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn add(self, other: Lanes) -> Lanes {
        Lanes(four::add(self.0, other.0))
    }
}

impl std::ops::Sub for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn sub(self, other: Lanes) -> Lanes {
        Lanes(four::sub(self.0, other.0))
    }
}

impl std::ops::Mul for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, other: Lanes) -> Lanes {
        Lanes(four::mul(self.0, other.0))
    }
}

impl std::ops::Mul<f32> for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, factor: f32) -> Lanes {
        self * Lanes::splat(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation is what it says, lane by lane, whatever stands behind it on this processor.
    #[test]
    fn operations_are_those_of_their_lanes() {
        let (a, b) = ([1.5, -2.0, f32::NAN, 0.0], [-3.0, 4.25, 0.5, f32::INFINITY]);
        let (lanes_a, lanes_b) = (Lanes::new(a), Lanes::new(b));
        let each = |of: fn(f32, f32) -> f32| [0, 1, 2, 3].map(|n: usize| of(a[n], b[n]).to_bits());
        let bits = |lanes: Lanes| lanes.values().map(f32::to_bits);
        assert_eq!(bits(lanes_a + lanes_b), each(|a, b| a + b));
        assert_eq!(bits(lanes_a - lanes_b), each(|a, b| a - b));
        assert_eq!(bits(lanes_b * lanes_b), [9.0f32, 18.0625, 0.25, f32::INFINITY].map(f32::to_bits));
        assert_eq!(bits(Lanes::splat(7.0).add_product(lanes_b, Lanes::splat(2.0))), [1.0f32, 15.5, 8.0, f32::INFINITY].map(f32::to_bits));
        let floored = lanes_a.at_least(Lanes::splat(0.25)).values();
        assert!(floored[2].is_nan(), "NaN was taken for the floor");
        assert_eq!([floored[0], floored[1], floored[3]], [1.5, 0.25, 0.25]);
        assert_eq!(lanes_b.where_positive(lanes_a).values(), [-3.0, 0.0, 0.0, 0.0]);
        assert_eq!(lanes_b.where_positive(lanes_b).values(), [0.0, 4.25, 0.5, f32::INFINITY]);
    }

    #[test]
    fn lanes_move_to_the_left_and_turn() {
        let rows = [0.0, 10.0, 20.0, 30.0].map(|ten: f32| Lanes::new([ten, ten + 1.0, ten + 2.0, ten + 3.0]));
        assert_eq!(rows[0].shifted(rows[1]).values(), [1.0, 2.0, 3.0, 10.0]);
        assert_eq!(rows[0].windows(rows[1]).map(Lanes::values)[2], [2.0, 3.0, 10.0, 11.0]);
        let turned = Lanes::transpose(rows).map(Lanes::values);
        assert_eq!(turned, [0.0, 1.0, 2.0, 3.0].map(|n: f32| [n, n + 10.0, n + 20.0, n + 30.0]));
        assert_eq!(Lanes::load_some(&[1.0, 2.0]).values(), [1.0, 2.0, 0.0, 0.0]);
        assert_eq!(Lanes::new([1.0, 2.0, 4.0, 8.0]).sum(), 15.0);
    }
}
