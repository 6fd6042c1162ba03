//! SiLU, `z / (1 + exp(-z))`, and its slope, four numbers at once, with an exponential function of our own.

use super::f32x4::{F32x4, WIDTH};

/// Beyond this the exponential function leaves the range of `f32`.
const LARGEST: f32 = 87.0;
/// Adding it rounds to a whole number, which is then in the lowest bits.
const ROUNDS: f32 = 12_582_912.0;
/// The natural logarithm of 2 in two parts: a whole number times the first is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// `(exp(r) - 1 - r) / r^2` for r from `-ln(2) / 2` to `ln(2) / 2`, the highest power first (Moshier's Cephes library, `expf.c`).
const POWERS: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// The exponential function from -[`LARGEST`] to [`LARGEST`].
#[inline(always)]
fn exp(x: F32x4) -> F32x4 {
    let rounded = x * std::f32::consts::LOG2_E + F32x4::splat(ROUNDS);
    let whole = rounded - F32x4::splat(ROUNDS);
    let r = x - whole * LN_2[0] - whole * LN_2[1];
    let [first, others @ ..] = POWERS.map(F32x4::splat);
    let sum = others.into_iter().fold(first, |sum, power| power.add_product(sum, r));
    (r.add_product(sum, r * r) + F32x4::splat(1.0)).times_power_of_two(rounded)
}

/// SiLU and its slope. Beyond -[`LARGEST`], where both are below 1e-34, they stay at the sigmoid of that number.
#[inline(always)]
fn silu(z: F32x4) -> [F32x4; 2] {
    let one = F32x4::splat(1.0);
    // NaN stays NaN: it is below no floor.
    let above = z.at_least(F32x4::splat(-LARGEST));
    let e = exp((F32x4::zero() - above).at_least(F32x4::splat(-LARGEST)));
    let sigmoid = one / (one + e);
    let value = z * sigmoid;
    [value, sigmoid * one.add_product(value, e)]
}

/// SiLU of every number, into as many of `to`.
pub fn activate(z: &[f32], to: &mut [f32]) {
    let ((z, rest), (to, to_rest)) = (z.as_chunks::<WIDTH>(), to.as_chunks_mut::<WIDTH>());
    for (z, to) in z.iter().zip(to) {
        *to = silu(F32x4::new(*z))[0].values();
    }
    silu(F32x4::load_some(rest))[0].store_some(to_rest);
}

/// SiLU of every number, into as many of `to`; its slope takes the number's place.
pub fn activate_and_keep_slope(z: &mut [f32], to: &mut [f32]) {
    let ((z, rest), (to, to_rest)) = (z.as_chunks_mut::<WIDTH>(), to.as_chunks_mut::<WIDTH>());
    for (z, to) in z.iter_mut().zip(to) {
        let [value, slope] = silu(F32x4::new(*z));
        (*z, *to) = (slope.values(), value.values());
    }
    let [value, slope] = silu(F32x4::load_some(rest));
    slope.store_some(rest);
    value.store_some(to_rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(z: f32) -> [f32; 2] {
        silu(F32x4::splat(z)).map(|lanes| lanes.values()[0])
    }

    /// Against the same in f64, over the whole range: to four units in the last place, and the slope, which passes through zero at -1.28,
    /// to four of one.
    #[test]
    fn values_and_slopes_are_those_of_f64() {
        let (mut worst, mut worst_slope) = (0.0f64, 0.0f64);
        for n in -870_000..=1_200_000 {
            let z = n as f32 * 1e-4;
            let [value, slope] = both(z);
            let wide = f64::from(z);
            let sigmoid = 1.0 / (1.0 + (-wide).exp());
            let expected = wide * sigmoid;
            if n != 0 {
                worst = worst.max(((f64::from(value) - expected) / expected).abs());
            }
            let expected = sigmoid * (1.0 + wide * (1.0 - sigmoid));
            worst_slope = worst_slope.max((f64::from(slope) - expected).abs());
        }
        let unit = f64::from(f32::EPSILON);
        println!("SiLU {:.2} units off, its slope {:.2}", worst / unit, worst_slope / unit);
        assert!(worst <= 4.0 * unit && worst_slope <= 4.0 * unit, "{worst} {worst_slope}");
    }

    #[test]
    fn beyond_the_range_nothing_breaks() {
        assert_eq!(both(0.0), [0.0, 0.5]);
        assert_eq!(both(1e6), [1e6, 1.0]);
        for z in [-87.5, -200.0, -1e6] {
            assert!(both(z).iter().all(|value| value.abs() < 1e-30), "{z}: {:?}", both(z));
        }
        assert!(both(f32::NAN).iter().all(|value| value.is_nan()));
    }

    /// Slices of every length, with and without the slope.
    #[test]
    fn slices_hold_the_values_of_their_numbers() {
        for length in 0..11 {
            let z: Vec<f32> = (0..length).map(|n| n as f32 - 4.5).collect();
            let (mut value, mut again, mut slope) = (vec![0.0; length], vec![0.0; length], z.clone());
            activate(&z, &mut value);
            activate_and_keep_slope(&mut slope, &mut again);
            let expected = |part: usize| -> Vec<f32> { z.iter().map(|&z| both(z)[part]).collect() };
            assert_eq!([&value, &again, &slope], [&expected(0), &expected(0), &expected(1)]);
        }
    }
}
