//! The vector register behind [`super::lanes`]: on wasm by name, elsewhere an array that LLVM keeps in one.
//!
//! An array would do on wasm too, but LLVM then takes some loops apart into scalars (the direct convolution took 1.8 times as long). Natively
//! the named operations are `unsafe` to call, which Loam does not do.

/// WebAssembly with simd128.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod processor {
    use core::arch::wasm32::{
        f32x4, f32x4_add, f32x4_extract_lane, f32x4_gt, f32x4_mul, f32x4_pmax, f32x4_splat, f32x4_sub, i32x4_shuffle, v128, v128_and,
    };

    pub type Four = v128;

    #[inline(always)]
    pub fn new([a, b, c, d]: [f32; 4]) -> Four {
        f32x4(a, b, c, d)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Four {
        f32x4_splat(value)
    }

    #[inline(always)]
    pub fn values(a: Four) -> [f32; 4] {
        [f32x4_extract_lane::<0>(a), f32x4_extract_lane::<1>(a), f32x4_extract_lane::<2>(a), f32x4_extract_lane::<3>(a)]
    }

    #[inline(always)]
    pub fn add(a: Four, b: Four) -> Four {
        f32x4_add(a, b)
    }

    #[inline(always)]
    pub fn sub(a: Four, b: Four) -> Four {
        f32x4_sub(a, b)
    }

    #[inline(always)]
    pub fn mul(a: Four, b: Four) -> Four {
        f32x4_mul(a, b)
    }

    /// `b` where `a < b`, else `a`.
    #[inline(always)]
    pub fn at_least(a: Four, b: Four) -> Four {
        f32x4_pmax(a, b)
    }

    /// `a` where `of > 0`, else 0.
    #[inline(always)]
    pub fn where_positive(a: Four, of: Four) -> Four {
        v128_and(a, f32x4_gt(of, f32x4_splat(0.0)))
    }

    /// Lanes 1, 2, 3 of `a`, lane 0 of `b`.
    #[inline(always)]
    pub fn shifted(a: Four, b: Four) -> Four {
        i32x4_shuffle::<1, 2, 3, 4>(a, b)
    }

    /// Lanes 2, 3 of `a`, lanes 0, 1 of `b`.
    #[inline(always)]
    pub fn shifted_twice(a: Four, b: Four) -> Four {
        i32x4_shuffle::<2, 3, 4, 5>(a, b)
    }

    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Four; 4]) -> [Four; 4] {
        let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
        let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        [
            i32x4_shuffle::<0, 1, 4, 5>(ab_low, cd_low),
            i32x4_shuffle::<2, 3, 6, 7>(ab_low, cd_low),
            i32x4_shuffle::<0, 1, 4, 5>(ab_high, cd_high),
            i32x4_shuffle::<2, 3, 6, 7>(ab_high, cd_high),
        ]
    }
}

/// Everywhere else.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod processor {
    pub type Four = [f32; 4];

    #[inline(always)]
    pub fn new(values: [f32; 4]) -> Four {
        values
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Four {
        [value; 4]
    }

    #[inline(always)]
    pub fn values(a: Four) -> [f32; 4] {
        a
    }

    #[inline(always)]
    fn each(a: Four, b: Four, of: impl Fn(f32, f32) -> f32) -> Four {
        [of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2]), of(a[3], b[3])]
    }

    #[inline(always)]
    pub fn add(a: Four, b: Four) -> Four {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    pub fn sub(a: Four, b: Four) -> Four {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    pub fn mul(a: Four, b: Four) -> Four {
        each(a, b, |a, b| a * b)
    }

    /// `b` where `a < b`, else `a`.
    #[inline(always)]
    pub fn at_least(a: Four, b: Four) -> Four {
        each(a, b, |a, b| if a < b { b } else { a })
    }

    /// `a` where `of > 0`, else 0.
    #[inline(always)]
    pub fn where_positive(a: Four, of: Four) -> Four {
        each(a, of, |a, of| if of > 0.0 { a } else { 0.0 })
    }

    /// Lanes 1, 2, 3 of `a`, lane 0 of `b`.
    #[inline(always)]
    pub fn shifted(a: Four, b: Four) -> Four {
        [a[1], a[2], a[3], b[0]]
    }

    /// Lanes 2, 3 of `a`, lanes 0, 1 of `b`.
    #[inline(always)]
    pub fn shifted_twice(a: Four, b: Four) -> Four {
        [a[2], a[3], b[0], b[1]]
    }

    #[inline(always)]
    pub fn transpose(rows: [Four; 4]) -> [Four; 4] {
        [0, 1, 2, 3].map(|lane: usize| rows.map(|row| row[lane]))
    }
}

pub use processor::{Four, add, at_least, mul, new, shifted, shifted_twice, splat, sub, transpose, values, where_positive};
