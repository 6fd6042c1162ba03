//! Four `f32` at once: the vector of wasm's simd128 and of SSE2, which is what the compiler may assume natively.
//!
//! A plain array: with every operation inlined LLVM keeps it in one vector register. `core::arch` would say the same with loads that
//! are `unsafe`, which Loam does not use.

/// Lanes of a [`Lanes`].
pub const WIDTH: usize = 4;

/// Four numbers that are computed with alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lanes(pub [f32; WIDTH]);

impl Lanes {
    /// Four zeros.
    pub const ZERO: Lanes = Lanes([0.0; WIDTH]);

    /// The first four of a slice, which has as many.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let from = &from[..WIDTH];
        Lanes([from[0], from[1], from[2], from[3]])
    }

    /// The first of a slice, zero where it is shorter than four.
    #[inline(always)]
    pub fn load_some(from: &[f32]) -> Self {
        let mut lanes = [0.0; WIDTH];
        for (lane, value) in lanes.iter_mut().zip(from) {
            *lane = *value;
        }
        Lanes(lanes)
    }

    /// One number four times.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Lanes([value; WIDTH])
    }

    /// Into the first four of a slice, which has as many.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        to[..WIDTH].copy_from_slice(&self.0);
    }

    /// Into as many as the slice has, four at most.
    #[inline(always)]
    pub fn store_some(self, to: &mut [f32]) {
        for (to, value) in to.iter_mut().zip(self.0) {
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
        let pick = |lane: usize| if self.0[lane] < floor.0[lane] { floor.0[lane] } else { self.0[lane] };
        Lanes([pick(0), pick(1), pick(2), pick(3)])
    }

    /// Itself where `of` is above zero, zero elsewhere.
    #[inline(always)]
    pub fn where_positive(self, of: Lanes) -> Self {
        let pick = |lane: usize| if of.0[lane] > 0.0 { self.0[lane] } else { 0.0 };
        Lanes([pick(0), pick(1), pick(2), pick(3)])
    }

    /// The sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }

    /// Columns of four rows.
    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Lanes; WIDTH]) -> [Lanes; WIDTH] {
        let column = |lane: usize| Lanes([a.0[lane], b.0[lane], c.0[lane], d.0[lane]]);
        [column(0), column(1), column(2), column(3)]
    }

    /// Lanes 1, 2 and 3, then the first lane of what follows.
    #[inline(always)]
    pub fn shifted(self, next: Lanes) -> Self {
        Lanes([self.0[1], self.0[2], self.0[3], next.0[0]])
    }
}

impl std::ops::Add for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn add(self, other: Lanes) -> Lanes {
        Lanes([self.0[0] + other.0[0], self.0[1] + other.0[1], self.0[2] + other.0[2], self.0[3] + other.0[3]])
    }
}

impl std::ops::Sub for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn sub(self, other: Lanes) -> Lanes {
        Lanes([self.0[0] - other.0[0], self.0[1] - other.0[1], self.0[2] - other.0[2], self.0[3] - other.0[3]])
    }
}

impl std::ops::Mul for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, other: Lanes) -> Lanes {
        Lanes([self.0[0] * other.0[0], self.0[1] * other.0[1], self.0[2] * other.0[2], self.0[3] * other.0[3]])
    }
}

impl std::ops::Mul<f32> for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, factor: f32) -> Lanes {
        self * Lanes::splat(factor)
    }
}
