//! F32x8 `f32` at once where the processor has AVX2, which is asked when the program runs: a program for x86-64 may assume SSE2 only.
//!
//! Work is written for any [`Vector`] and compiled twice, by pulp, which also asks the processor. Every number of a result is the sum of
//! the same products in the same order with either vector, and no product is fused with its sum: the bits are the same on every processor,
//! and those of the browser.

use super::f32x4::{self, F32x4};

/// A SIMD vector of `f32`.
pub trait Vector: Copy {
    /// How many.
    const WIDTH: usize;

    /// One number in every place.
    fn splat(value: f32) -> Self;

    /// The first [`Vector::WIDTH`] of a slice, which has as many.
    fn load(from: &[f32]) -> Self;

    /// Into the first [`Vector::WIDTH`] of a slice, which has as many.
    fn store(self, to: &mut [f32]);

    /// `self + a * b`, rounded twice.
    fn add_product(self, a: Self, b: Self) -> Self;
}

/// Work that can be done with any vector.
pub trait Work {
    /// Does it. To be compiled for each processor, this and all it calls must be `#[inline(always)]`.
    fn with<V: Vector>(self);
}

impl Vector for F32x4 {
    const WIDTH: usize = f32x4::WIDTH;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        F32x4::splat(value)
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        F32x4::load(from)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        F32x4::store(self, to);
    }

    #[inline(always)]
    fn add_product(self, a: Self, b: Self) -> Self {
        F32x4::add_product(self, a, b)
    }
}

/// Does the work with the widest vector of this processor.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn run(work: impl Work) {
    pulp::Arch::new().dispatch(x86::Compiled(work));
}

/// Does the work. Four numbers at once are what wasm's simd128 and NEON have.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn run(work: impl Work) {
    work.with::<F32x4>();
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{F32x4, Vector, Work};

    /// F32x8 numbers: an AVX register.
    #[derive(Clone, Copy)]
    struct F32x8([f32; 8]);

    impl Vector for F32x8 {
        const WIDTH: usize = 8;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            Self([value; 8])
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            Self(std::array::from_fn(|lane| from[..8][lane]))
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            to[..8].copy_from_slice(&self.0);
        }

        #[inline(always)]
        fn add_product(self, a: Self, b: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] + a.0[lane] * b.0[lane]))
        }
    }

    pub struct Compiled<W>(pub W);

    impl<W: Work> pulp::WithSimd for Compiled<W> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            if S::F32_LANES >= F32x8::WIDTH { self.0.with::<F32x8>() } else { self.0.with::<F32x4>() }
        }
    }
}
