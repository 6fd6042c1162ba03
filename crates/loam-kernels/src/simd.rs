//! The SIMD register behind [`super::f32x4`]: an intrinsic type on wasm and x86-64, elsewhere an array that LLVM keeps in one.
//!
//! An array would do everywhere, but LLVM then splits loops into scalars: on wasm the direct convolution took 1.8 times as long, on
//! x86-64 the Winograd transforms, which transpose blocks of 4 x 4, 3 times. `core::arch` is safe to call on wasm; on x86-64 it is
//! not from a function that is to be inlined everywhere, and `safe_arch` wraps what every such processor has.

/// WebAssembly with simd128.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod processor {
    use core::arch::wasm32::{
        f32x4_add, f32x4_div, f32x4_gt, f32x4_mul, f32x4_pmax, f32x4_splat, f32x4_sub, i32x4_add, i32x4_shl,
        i32x4_shuffle, v128, v128_and,
    };

    pub type Register = v128;

    // The whole register at once. Lane by lane it was loaded and stored so in the worker: linked for size, nothing there is put together to
    // vectors, and RCN's training step took 1.4 times as long.
    #[inline(always)]
    pub fn new(values: [f32; 4]) -> Register {
        bytemuck::cast(values)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Register {
        f32x4_splat(value)
    }

    #[inline(always)]
    pub fn values(a: Register) -> [f32; 4] {
        bytemuck::cast(a)
    }

    #[inline(always)]
    pub fn add(a: Register, b: Register) -> Register {
        f32x4_add(a, b)
    }

    #[inline(always)]
    pub fn sub(a: Register, b: Register) -> Register {
        f32x4_sub(a, b)
    }

    #[inline(always)]
    pub fn mul(a: Register, b: Register) -> Register {
        f32x4_mul(a, b)
    }

    #[inline(always)]
    pub fn div(a: Register, b: Register) -> Register {
        f32x4_div(a, b)
    }

    /// The bits of `b`, moved up to where an exponent begins, added to those of `a`.
    #[inline(always)]
    pub fn add_exponent(a: Register, b: Register) -> Register {
        i32x4_add(a, i32x4_shl(b, 23))
    }

    /// `b` where `a < b`, else `a`.
    #[inline(always)]
    pub fn at_least(a: Register, b: Register) -> Register {
        f32x4_pmax(a, b)
    }

    /// `a` where `of > 0`, else 0.
    #[inline(always)]
    pub fn where_positive(a: Register, of: Register) -> Register {
        v128_and(a, f32x4_gt(of, f32x4_splat(0.0)))
    }

    /// Lanes 1, 2, 3 of `a`, lane 0 of `b`.
    #[inline(always)]
    pub fn shifted(a: Register, b: Register) -> Register {
        i32x4_shuffle::<1, 2, 3, 4>(a, b)
    }

    /// Lanes 2, 3 of `a`, lanes 0, 1 of `b`.
    #[inline(always)]
    pub fn shifted_twice(a: Register, b: Register) -> Register {
        i32x4_shuffle::<2, 3, 4, 5>(a, b)
    }

    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Register; 4]) -> [Register; 4] {
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

/// x86-64, which always has SSE2.
#[cfg(target_arch = "x86_64")]
mod processor {
    use safe_arch::{
        add_i32_m128i, add_m128, bitand_m128, cast_to_m128_from_m128i, cast_to_m128i_from_m128,
        cmp_gt_mask_m128, div_m128, m128, max_m128, move_high_low_m128, move_low_high_m128, mul_m128,
        set_splat_m128, shl_imm_u32_m128i, shuffle_abi_f32_all_m128, sub_m128, unpack_high_m128,
        unpack_low_m128, zeroed_m128,
    };

    pub type Register = m128;

    #[inline(always)]
    pub fn new(values: [f32; 4]) -> Register {
        m128::from_array(values)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Register {
        set_splat_m128(value)
    }

    #[inline(always)]
    pub fn values(a: Register) -> [f32; 4] {
        a.to_array()
    }

    #[inline(always)]
    pub fn add(a: Register, b: Register) -> Register {
        add_m128(a, b)
    }

    #[inline(always)]
    pub fn sub(a: Register, b: Register) -> Register {
        sub_m128(a, b)
    }

    #[inline(always)]
    pub fn mul(a: Register, b: Register) -> Register {
        mul_m128(a, b)
    }

    #[inline(always)]
    pub fn div(a: Register, b: Register) -> Register {
        div_m128(a, b)
    }

    /// The bits of `b`, moved up to where an exponent begins, added to those of `a`.
    #[inline(always)]
    pub fn add_exponent(a: Register, b: Register) -> Register {
        let exponent = shl_imm_u32_m128i::<23>(cast_to_m128i_from_m128(b));
        cast_to_m128_from_m128i(add_i32_m128i(cast_to_m128i_from_m128(a), exponent))
    }

    /// `b` where `a < b`, else `a`.
    #[inline(always)]
    pub fn at_least(a: Register, b: Register) -> Register {
        // MAXPS gives its second operand where they are equal or one is NaN.
        max_m128(b, a)
    }

    /// `a` where `of > 0`, else 0.
    #[inline(always)]
    pub fn where_positive(a: Register, of: Register) -> Register {
        bitand_m128(a, cmp_gt_mask_m128(of, zeroed_m128()))
    }

    /// Lanes 1, 2, 3 of `a`, lane 0 of `b`.
    #[inline(always)]
    pub fn shifted(a: Register, b: Register) -> Register {
        let seam = shuffle_abi_f32_all_m128::<0b00_00_11_11>(a, b);
        shuffle_abi_f32_all_m128::<0b10_00_10_01>(a, seam)
    }

    /// Lanes 2, 3 of `a`, lanes 0, 1 of `b`.
    #[inline(always)]
    pub fn shifted_twice(a: Register, b: Register) -> Register {
        shuffle_abi_f32_all_m128::<0b01_00_11_10>(a, b)
    }

    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Register; 4]) -> [Register; 4] {
        let (ab_low, ab_high) = (unpack_low_m128(a, b), unpack_high_m128(a, b));
        let (cd_low, cd_high) = (unpack_low_m128(c, d), unpack_high_m128(c, d));
        [
            move_low_high_m128(ab_low, cd_low),
            move_high_low_m128(cd_low, ab_low),
            move_low_high_m128(ab_high, cd_high),
            move_high_low_m128(cd_high, ab_high),
        ]
    }
}

/// Everywhere else.
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
mod processor {
    pub type Register = [f32; 4];

    #[inline(always)]
    pub fn new(values: [f32; 4]) -> Register {
        values
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Register {
        [value; 4]
    }

    #[inline(always)]
    pub fn values(a: Register) -> [f32; 4] {
        a
    }

    #[inline(always)]
    fn each(a: Register, b: Register, of: impl Fn(f32, f32) -> f32) -> Register {
        [of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2]), of(a[3], b[3])]
    }

    #[inline(always)]
    pub fn add(a: Register, b: Register) -> Register {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    pub fn sub(a: Register, b: Register) -> Register {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    pub fn mul(a: Register, b: Register) -> Register {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    pub fn div(a: Register, b: Register) -> Register {
        each(a, b, |a, b| a / b)
    }

    /// The bits of `b`, moved up to where an exponent begins, added to those of `a`.
    #[inline(always)]
    pub fn add_exponent(a: Register, b: Register) -> Register {
        each(a, b, |a, b| f32::from_bits(a.to_bits().wrapping_add(b.to_bits() << 23)))
    }

    /// `b` where `a < b`, else `a`.
    #[inline(always)]
    pub fn at_least(a: Register, b: Register) -> Register {
        each(a, b, |a, b| if a < b { b } else { a })
    }

    /// `a` where `of > 0`, else 0.
    #[inline(always)]
    pub fn where_positive(a: Register, of: Register) -> Register {
        each(a, of, |a, of| if of > 0.0 { a } else { 0.0 })
    }

    /// Lanes 1, 2, 3 of `a`, lane 0 of `b`.
    #[inline(always)]
    pub fn shifted(a: Register, b: Register) -> Register {
        [a[1], a[2], a[3], b[0]]
    }

    /// Lanes 2, 3 of `a`, lanes 0, 1 of `b`.
    #[inline(always)]
    pub fn shifted_twice(a: Register, b: Register) -> Register {
        [a[2], a[3], b[0], b[1]]
    }

    #[inline(always)]
    pub fn transpose(rows: [Register; 4]) -> [Register; 4] {
        [0, 1, 2, 3].map(|lane: usize| rows.map(|row| row[lane]))
    }
}

pub use processor::{
    Register, add, add_exponent, at_least, div, mul, new, shifted, shifted_twice, splat, sub, transpose,
    values, where_positive,
};
